/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compressions of Linux kernels, which are recognised by the first bytes of the data. */
#include <xen/compiler.h>
#include <xen/decompress.h>
#include <xen/string.h>

/* The kernel's build appends the size of the data to every format but gzip, which has it. */
#define SIZE_APPENDED 4
#define MAGIC_MAX 6

static enum unpack_error run_lz4(struct unpack_buf *b, struct unpack_work *work)
{
	return lz4_decompress(b);
}

static const struct format {
	const char *name;
	u8 magic[MAGIC_MAX], magic_len;
	u8 appended;
	enum unpack_error (*unpack)(struct unpack_buf *b, struct unpack_work *work);
} formats[] = {
	{ "gzip", { 0x1f, 0x8b }, 2, 0, gzip_decompress },
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, SIZE_APPENDED, xz_decompress },
	{ "lzma", { 0x5d, 0, 0 }, 3, SIZE_APPENDED, lzma_decompress },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, SIZE_APPENDED, zstd_decompress },
	{ "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4, SIZE_APPENDED, run_lz4 },
	/* Recognised, but without a decoder. */
	{ "bzip2", { 'B', 'Z', 'h' }, 3, SIZE_APPENDED, NULL },
	{ "lzo", { 0x89, 'L', 'Z', 'O' }, 4, SIZE_APPENDED, NULL },
};

static const struct format *find(const struct bzimage_info *info)
{
	for (u32 i = 0; i < ARRAY_SIZE(formats); i++)
		if (info->payload_len >= MAGIC_MAX + SIZE_APPENDED &&
		    !memcmp(info->payload, formats[i].magic, formats[i].magic_len))
			return &formats[i];
	return NULL;
}

const char *bzimage_compression(const struct bzimage_info *info)
{
	const struct format *f = find(info);

	return f ? f->name : NULL;
}

enum unpack_error bzimage_decompress(const struct bzimage_info *info, void *out, size_t out_size,
				     size_t *out_len, struct unpack_work *work)
{
	const struct format *f = find(info);
	struct unpack_buf b = { .in = info->payload, .out = out, .out_size = out_size };
	enum unpack_error e;

	if (!f)
		return UNPACK_BAD_MAGIC;
	if (!f->unpack)
		return UNPACK_NO_DECODER;
	b.in_len = info->payload_len - f->appended;
	e = f->unpack(&b, work);
	if (e)
		return e;
	if (b.in_used != b.in_len || (u32)b.out_len != info->unpacked_len)
		return UNPACK_BAD_CHECK;
	*out_len = b.out_len;
	return UNPACK_OK;
}
