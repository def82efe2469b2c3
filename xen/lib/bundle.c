/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the index of a bundle of boot modules. */
#include <xen/bundle.h>
#include <xen/compiler.h>
#include <xen/cpio.h>
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/string.h>

#define INDEX_NAME "modules"

/* The next line of [*pos, end) without its newline, copied to @line. 1, 0: none, -XEN_EINVAL. */
static int next_line(const char **pos, const char *end, char *line)
{
	size_t len = 0;

	while (*pos < end && **pos == '\n')
		(*pos)++;
	if (*pos == end)
		return 0;
	while (*pos + len < end && (*pos)[len] != '\n')
		len++;
	if (len >= BUNDLE_LINE_MAX)
		return -XEN_EINVAL;
	memcpy(line, *pos, len);
	line[len] = '\0';
	*pos += len;
	return 1;
}

/* Cut @line after the name of a file; returns the arguments, which follow blanks. */
static char *split(char *line)
{
	char *args = line + strcspn(line, " ");

	if (*args)
		*args++ = '\0';
	while (*args == ' ')
		args++;
	return args;
}

int bundle_read(const void *archive, u64 size, bundle_fn *fn, void *ctx, char *why, size_t why_len)
{
	static char line[BUNDLE_LINE_MAX];
	struct cpio_file index, file;
	const char *pos, *end;
	int rc;

	if (cpio_find(archive, size, INDEX_NAME, &index) != 1)
		return 0;
	pos = index.data;
	end = pos + index.size;
	while ((rc = next_line(&pos, end, line)) == 1) {
		const char *args = split(line);

		if (cpio_find(archive, size, line, &file) != 1) {
			scnprintf(why, why_len, "the bundle has no file \"%s\", which its \"%s\" "
				  "names", line, INDEX_NAME);
			return -XEN_EINVAL;
		}
		fn(ctx, args, file.data, file.size);
	}
	if (rc)
		scnprintf(why, why_len, "a line of the bundle's \"%s\" is longer than %u "
			  "characters; shorten it", INDEX_NAME, BUNDLE_LINE_MAX - 1);
	return rc ? rc : 1;
}
