/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a kernel file: an Image by Linux's arm64 boot protocol, plain or packed by gzip. */
#include <endian.h>

#include "builder/private.h"

/* The header (Linux, Documentation/arm64/booting.rst). */
struct image_header {
	uint32_t code[2];
	uint64_t text_offset;		/* from any multiple of 2 MiB */
	uint64_t image_size;		/* with what it wants beyond its file */
	uint64_t flags;
	uint64_t res[3];
	uint32_t magic;
	uint32_t pe_offset;
};

#define IMAGE_MAGIC 0x644d5241U
#define TEXT_ALIGN (2UL << 20)
#define GZIP_MAGIC "\037\213"

/* Behind what gzip packed is its size, of 32 bits. */
static int unpack(struct bld_kernel *k, struct bld_error *err)
{
	uint32_t bytes;
	uint8_t *out;
	int rc;

	memcpy(&bytes, k->image + k->bytes - sizeof(bytes), sizeof(bytes));
	bytes = le32toh(bytes);
	if (!bytes || bytes > BLD_MAX_KERNEL)
		return bld_fail(err, -ENOEXEC, "the kernel says that it unpacks to %u bytes",
				bytes);
	rc = bld_unpack(k->image, k->bytes, bytes, &out, err);
	if (rc)
		return rc;
	k->unpacked = out;
	k->image = out;
	k->bytes = bytes;
	return 0;
}

static int read_header(struct bld_kernel *k, struct bld_error *err)
{
	struct image_header h;
	uint64_t offset, size;

	if (k->bytes >= sizeof(h))
		memcpy(&h, k->image, sizeof(h));
	if (k->bytes < sizeof(h) || le32toh(h.magic) != IMAGE_MAGIC)
		return bld_fail(err, -ENOEXEC, "the kernel is not an Image of arm64, plain or "
				"packed by gzip");
	offset = le64toh(h.text_offset);
	size = le64toh(h.image_size);
	if (!size)
		return bld_fail(err, -ENOEXEC, "the Image's header does not say how much memory it "
				"needs: it is older than Linux 3.17");
	if (offset >= TEXT_ALIGN || size > BLD_MAX_KERNEL)
		return bld_fail(err, -ENOEXEC, "the Image's header has impossible sizes");
	if (size < k->bytes)
		size = k->bytes;
	k->elf = (struct elf_image){
		.nr_segments = 1,
		.segment[0] = { .filesz = k->bytes, .memsz = size, .paddr = offset },
		.entry = offset, .start = offset, .end = offset + size,
	};
	return 0;
}

int bld_kernel_open(struct bld_kernel *k, const void *file, size_t bytes, struct bld_error *err)
{
	int rc = 0;

	*k = (struct bld_kernel){ .image = file, .bytes = bytes };
	if (bytes > BLD_MAX_KERNEL)
		return bld_fail(err, -ENOEXEC, "the kernel is too large");
	if (bytes > sizeof(uint32_t) && !memcmp(file, GZIP_MAGIC, 2))
		rc = unpack(k, err);
	if (!rc)
		rc = read_header(k, err);
	if (rc)
		bld_kernel_close(k);
	return rc;
}
