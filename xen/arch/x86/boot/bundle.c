/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several boot modules in one file.
 *
 * Some loaders pass a single module without arguments (one is QEMU's -kernel with the PVH entry).
 * So when the only module is a cpio archive with a file called "modules", each line of that file
 * names a file of the archive, followed by its arguments. These files become the modules, in that
 * order, and are used in place. scripts/bundle.py makes such archives.
 */
#include <xen/cpio.h>
#include <xen/string.h>

#include "boot.h"

#define INDEX_NAME "modules"

struct bundle {
	const char *data;
	u64 size;
	u64 address;
};

/* The next line of [*pos, end) without its newline, copied to @line. False: none, or a fault. */
static bool next_line(const char **pos, const char *end, char *line, size_t size)
{
	size_t len = 0;

	while (*pos < end && **pos == '\n')
		(*pos)++;
	if (*pos == end)
		return false;
	while (*pos + len < end && (*pos)[len] != '\n')
		len++;
	if (len >= size) {
		boot_fault("a line of the bundle's \"%s\" is longer than %u characters; shorten it",
			   INDEX_NAME, (u32)size - 1);
		return false;
	}
	memcpy(line, *pos, len);
	line[len] = '\0';
	*pos += len;
	return true;
}

/* One line of the index: @line is a file's name, then blanks and the arguments. */
static void add_line(const struct bundle *b, char *line)
{
	struct cpio_file file;
	char *args = line;
	u64 at;

	while (*args && *args != ' ')
		args++;
	if (*args)
		*args++ = '\0';
	while (*args == ' ')
		args++;
	if (cpio_find(b->data, b->size, line, &file) != 1) {
		boot_fault("the bundle has no file \"%s\", which its \"%s\" names", line,
			   INDEX_NAME);
		return;
	}
	at = b->address + (u64)((const char *)file.data - b->data);
	boot_add_module(at, at + file.size, args, false);
}

void boot_open_bundle(void)
{
	static char line[BOOT_MODULE_CMDLINE_MAX];
	struct boot_module *only = &boot_info.modules[0];
	struct bundle b = { .address = only->start.v, .size = only->end.v - only->start.v };
	struct cpio_file index;
	const char *pos;

	if (boot_info.nr_modules != 1)
		return;
	b.data = boot_ptr(b.address, b.size);
	if (!b.data || cpio_find(b.data, b.size, INDEX_NAME, &index) != 1)
		return;
	boot_info.nr_modules = 0;
	pos = index.data;
	while (next_line(&pos, (const char *)index.data + index.size, line, sizeof(line)))
		add_line(&b, line);
}
