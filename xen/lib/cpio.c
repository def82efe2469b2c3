/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpio archives: walking the headers and finding a file by its name. */
#include <xen/compiler.h>
#include <xen/cpio.h>
#include <xen/errno.h>
#include <xen/string.h>

#define MAGIC		"070701"
#define MAGIC_LEN	6
#define FIELD_LEN	8	/* each a hexadecimal number */
#define HEADER_LEN	(MAGIC_LEN + 13 * FIELD_LEN)
#define FIELD_FILE_SIZE 6
#define FIELD_NAME_SIZE 11
#define END_MARK	"TRAILER!!!"

static bool hex_digit(char c, u32 *value)
{
	if (c >= '0' && c <= '9')
		*value = c - '0';
	else if (c >= 'a' && c <= 'f')
		*value = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		*value = c - 'A' + 10;
	else
		return false;
	return true;
}

static bool read_field(const char *header, u32 index, u64 *value)
{
	const char *s = header + MAGIC_LEN + index * FIELD_LEN;
	u32 digit;

	*value = 0;
	for (u32 i = 0; i < FIELD_LEN; i++) {
		if (!hex_digit(s[i], &digit))
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

int cpio_next(const void *archive, u64 len, u64 *pos, struct cpio_file *file)
{
	const char *base = archive;
	u64 at = *pos, size, name_size;

	if (at > len || len - at < HEADER_LEN || memcmp(base + at, MAGIC, MAGIC_LEN) ||
	    !read_field(base + at, FIELD_FILE_SIZE, &size) ||
	    !read_field(base + at, FIELD_NAME_SIZE, &name_size))
		return -XEN_EINVAL;
	at += HEADER_LEN;
	if (name_size == 0 || name_size > len - at || base[at + name_size - 1] != '\0')
		return -XEN_EINVAL;
	file->name = base + at;
	/* Sizes have 32 bits, so none of these sums overflows. */
	at = ROUND_UP(at + name_size, 4);
	if (at > len || size > len - at)
		return -XEN_EINVAL;
	file->data = base + at;
	file->size = size;
	*pos = ROUND_UP(at + size, 4);
	return strcmp(file->name, END_MARK) != 0;
}

int cpio_find(const void *archive, u64 len, const char *name, struct cpio_file *file)
{
	u64 pos = 0;
	int rc;

	while ((rc = cpio_next(archive, len, &pos, file)) > 0)
		if (!strcmp(file->name, name))
			break;
	return rc;
}
