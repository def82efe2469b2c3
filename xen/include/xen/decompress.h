/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decompression from memory to memory: gzip, XZ, LZMA, Zstandard, LZ4, and the kernel inside a
 * Linux bzImage. The input is not trusted: every read and write is bounded, and every loop makes
 * progress.
 */
#ifndef XEN_DECOMPRESS_H
#define XEN_DECOMPRESS_H

#include <xen/types.h>

enum unpack_error {
	UNPACK_OK,
	UNPACK_TRUNCATED,	/* the input ends too early */
	UNPACK_BAD_MAGIC,	/* not this format */
	UNPACK_BAD_HEADER,	/* a header contradicts itself or its checksum */
	UNPACK_UNSUPPORTED,	/* valid, but uses something not implemented */
	UNPACK_CORRUPT,		/* the compressed data is impossible */
	UNPACK_BAD_CHECK,	/* the data does not match its checksum or size */
	UNPACK_NO_SPACE,	/* the output does not fit */
	UNPACK_NOT_BZIMAGE,	/* no Linux boot header, or one too old */
	UNPACK_NO_PAYLOAD,	/* the boot header's payload lies outside the file */
	UNPACK_NO_DECODER,	/* a known format that is not supported */
};

/** Text for a log line. */
const char *unpack_error_text(enum unpack_error e);

/** Scratch memory of the decoders; too large for a stack. Contents need no initialisation. */
struct unpack_work {
	u64 space[4096];
};

struct unpack_buf {
	const u8 *in;
	size_t in_len;
	u8 *out;
	size_t out_size;
	size_t in_used, out_len;	/* results, valid with UNPACK_OK */
};

/** One XZ stream: LZMA2, with or without the x86 filter. Checks CRC32; other checks are
 * skipped over. */
enum unpack_error xz_decompress(struct unpack_buf *b, struct unpack_work *work);
/** One gzip member. */
enum unpack_error gzip_decompress(struct unpack_buf *b, struct unpack_work *work);

/**
 * One stream in the container of the LZMA utilities (LZMA_Alone), of known size or with an end
 * mark. The format has no checksum.
 */
enum unpack_error lzma_decompress(struct unpack_buf *b, struct unpack_work *work);
/** One Zstandard frame (RFC 8878) without a dictionary. A checksum is checked if there is one. */
enum unpack_error zstd_decompress(struct unpack_buf *b, struct unpack_work *work);

/** A legacy LZ4 frame that takes up the whole input. The format has no checksum. */
enum unpack_error lz4_decompress(struct unpack_buf *b);

/** The place of the compressed kernel in a bzImage, and the unpacked size that the file states. */
struct bzimage_info {
	const u8 *payload;
	size_t payload_len;
	u32 unpacked_len;		/* a hint from the file; not to be trusted */
};
enum unpack_error bzimage_parse(const void *image, size_t len, struct bzimage_info *info);
/** The compression's name by the first bytes, NULL when unknown. It may have no decoder. */
const char *bzimage_compression(const struct bzimage_info *info);
/** Decompress a payload of any of these kinds (known by its first bytes), which may end with the
 * size that the kernel's build appends. */
enum unpack_error bzimage_decompress(const struct bzimage_info *info, void *out, size_t out_size,
				     size_t *out_len, struct unpack_work *work);

#endif
