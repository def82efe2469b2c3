/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the parts of the Zstandard decoder: the bit reader and the two entropy coders. */
#ifndef LIB_ZSTD_H
#define LIB_ZSTD_H

#include <xen/types.h>

/* RFC 8878: the largest table of each kind of code, as a power of two. */
#define FSE_LOG_MAX 9
#define HUF_LOG_MAX 11
#define HUF_SYMBOLS 256

/**
 * A bit stream that is read from its end to its start. Bits before the start read as zero, with a
 * negative @left.
 */
struct zstd_bits {
	const u8 *start;
	size_t bytes;
	s64 left;	/* bits not read yet */
};

/** Begin at the end of @bytes bytes. False when the mark that ends every stream is missing. */
bool zstd_bits_open(struct zstd_bits *b, const u8 *start, size_t bytes);
/** The next @n bits (at most 32) without consuming them; the first one read is the highest. */
u32 zstd_bits_peek(const struct zstd_bits *b, u32 n);
/** The next @n bits (at most 32). */
u32 zstd_bits_read(struct zstd_bits *b, u32 n);

/** A decoding table of a finite state entropy code (RFC 8878, section 4.1). */
struct fse_table {
	u32 log;	/* 1 << log states */
	struct fse_state {
		u8 symbol, bits;
		u16 next;	/* the next state is this plus @bits bits */
	} state[1 << FSE_LOG_MAX];
};

/**
 * Make a table from a probability for each of @nr symbols: -1 means "less than one". Their sum must
 * be 1 << @log, with -1 counted as 1.
 */
void fse_build(struct fse_table *t, u32 log, const s16 *share, u32 nr);
/** Make the table of a code with the single symbol @symbol, which takes no bits. */
void fse_build_single(struct fse_table *t, u8 symbol);
/**
 * Read the description of a table from @in. @max_log and @max_symbols (at most HUF_SYMBOLS) are the
 * limits of the code.
 * Return: the bytes read; 0 when the description is damaged or cut short.
 */
size_t fse_read(struct fse_table *t, const u8 *in, size_t bytes, u32 max_log, u32 max_symbols);

/** A decoding table of a Huffman code (RFC 8878, section 4.2), indexed by the next @log bits. */
struct huf_table {
	u32 log;	/* 0: there is no table */
	struct {
		u8 symbol, bits;
	} code[1 << HUF_LOG_MAX];
};

/**
 * Read the description of a Huffman code from @in; overwrites @scratch.
 * Return: the bytes read; 0 when the description is damaged or cut short.
 */
size_t huf_read(struct huf_table *t, const u8 *in, size_t bytes, struct fse_table *scratch);
/** Decode the next symbol. */
u8 huf_symbol(const struct huf_table *t, struct zstd_bits *b);

#endif
