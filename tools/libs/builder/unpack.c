/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compressions a Linux kernel may be packed with, through their libraries. The size of the
 * result is known, so that nothing can grow beyond it. Behind every format but gzip the kernel's
 * build appends that size (4 bytes).
 */
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "private.h"

#define XZ_MEMORY (192UL << 20)
#define LZ4_LEGACY_MAGIC 0x184c2102U
#define LZ4_CHUNK (8UL << 20)		/* what one chunk of the legacy format unpacks to at most */

struct job {
	const uint8_t *in;
	size_t in_bytes;
	uint8_t *out;
	size_t out_bytes;
};

static bool unpack_gzip(const struct job *j)
{
	z_stream z = { .next_in = (Bytef *)j->in, .avail_in = (uInt)j->in_bytes,
		       .next_out = j->out, .avail_out = (uInt)j->out_bytes };
	int rc;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return false;
	rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return rc == Z_STREAM_END && z.avail_out == 0;
}

static bool run_lzma(lzma_stream *s, const struct job *j)
{
	lzma_ret rc;

	s->next_in = j->in;
	s->avail_in = j->in_bytes;
	s->next_out = j->out;
	s->avail_out = j->out_bytes;
	rc = lzma_code(s, LZMA_FINISH);
	lzma_end(s);
	/* The old format ends when its output is full, not with a mark. */
	return s->avail_out == 0 && (rc == LZMA_STREAM_END || rc == LZMA_OK);
}

static bool unpack_xz(const struct job *j)
{
	lzma_stream s = LZMA_STREAM_INIT;

	return lzma_stream_decoder(&s, XZ_MEMORY, 0) == LZMA_OK && run_lzma(&s, j);
}

static bool unpack_lzma(const struct job *j)
{
	lzma_stream s = LZMA_STREAM_INIT;

	return lzma_alone_decoder(&s, XZ_MEMORY) == LZMA_OK && run_lzma(&s, j);
}

static bool unpack_zstd(const struct job *j)
{
	ZSTD_DStream *s = ZSTD_createDStream();
	ZSTD_inBuffer in = { j->in, j->in_bytes, 0 };
	ZSTD_outBuffer out = { j->out, j->out_bytes, 0 };
	size_t rc = 1;

	if (!s)
		return false;
	while (rc && in.pos < in.size) {
		size_t in_before = in.pos, out_before = out.pos;

		rc = ZSTD_decompressStream(s, &out, &in);
		if (ZSTD_isError(rc) || (in.pos == in_before && out.pos == out_before))
			break;
	}
	ZSTD_freeDStream(s);
	return rc == 0 && out.pos == out.size;
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool unpack_lz4(const struct job *j)
{
	size_t in = 4, out = 0;

	while (j->in_bytes - in >= 4 && out < j->out_bytes) {
		uint32_t n = le32(j->in + in);
		size_t room = j->out_bytes - out;
		int got;

		in += 4;
		if (n == LZ4_LEGACY_MAGIC)	/* joined archives */
			continue;
		if (!n || n > j->in_bytes - in)
			return false;
		got = LZ4_decompress_safe((const char *)j->in + in, (char *)j->out + out, (int)n,
					  (int)(room < LZ4_CHUNK ? room : LZ4_CHUNK));
		if (got <= 0)
			return false;
		in += n;
		out += (size_t)got;
	}
	return out == j->out_bytes;
}

static const struct format {
	const char *name;
	uint8_t magic[6], magic_bytes;
	bool (*unpack)(const struct job *j);	/* NULL: known, not read */
} formats[] = {
	{ "gzip", { 0x1f, 0x8b }, 2, unpack_gzip },
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_xz },
	{ "lzma", { 0x5d, 0, 0 }, 3, unpack_lzma },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
	{ "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4, unpack_lz4 },
	{ "bzip2", { 'B', 'Z', 'h' }, 3, NULL },
	{ "lzo", { 0x89, 'L', 'Z', 'O' }, 4, NULL },
};

static const struct format *find_format(const uint8_t *in, size_t bytes)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (bytes >= sizeof(formats[i].magic) &&
		    !memcmp(in, formats[i].magic, formats[i].magic_bytes))
			return &formats[i];
	return NULL;
}

int bld_unpack(const uint8_t *in, size_t in_bytes, size_t out_bytes, uint8_t **out,
	       struct bld_error *err)
{
	const struct format *f = find_format(in, in_bytes);
	struct job j = { in, in_bytes, NULL, out_bytes };

	if (!f)
		return bld_fail(err, -ENOEXEC, "the kernel's compression is not known");
	if (!f->unpack)
		return bld_fail(err, -ENOEXEC, "the kernel is compressed by %s, which is not "
				"supported: unpack it first", f->name);
	if (!out_bytes || out_bytes > BLD_MAX_KERNEL || in_bytes > BLD_MAX_KERNEL)
		return bld_fail(err, -ENOEXEC, "the kernel is too large");
	j.out = malloc(out_bytes);
	if (!j.out)
		return bld_fail(err, -ENOMEM, "no memory to unpack the kernel");
	if (!f->unpack(&j)) {
		free(j.out);
		return bld_fail(err, -ENOEXEC, "the kernel's %s data is damaged", f->name);
	}
	*out = j.out;
	return 0;
}
