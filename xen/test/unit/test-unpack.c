/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decompression against what the system's gzip, xz, zstd and lz4 produce, inside a bzImage as well,
 * and damage of all kinds. Skipped where the tools are missing.
 */
#include "unit.h"

#include <string.h>
#include <unistd.h>

#include <xen/compiler.h>
#include <xen/crc32.h>
#include <xen/decompress.h>
#include <xen/xxhash.h>

#define PLAIN (300 << 10)

static u8 *plain;

/* Text-like, code-like, repeating and random stretches, to reach every kind of symbol. */
static int make_plain(void **state)
{
	static const char words[] = "the hypervisor gives each guest what it may have ";
	u32 n = 0;

	unit_seed();
	plain = malloc(PLAIN);
	while (n < PLAIN) {
		/* Damage is tried on the first bytes only, so these change their kind often. */
		u32 len = 1 + unit_random_below(n < 3000 ? 200 : 3000), kind = unit_random_below(5);

		len = len > PLAIN - n ? PLAIN - n : len;
		for (u32 i = 0; i < len; i++, n++) {
			u32 back = 1 + unit_random_below(8);

			switch (kind) {
			case 0: plain[n] = (u8)words[unit_random_below(48)]; break;
			case 1: plain[n] = (u8)unit_random(); break;
			case 2: plain[n] = (u8)(n / 100); break;
			case 3: plain[n] = n > 20000 ? plain[n - 20000] : 'x'; break;
			default:
				/* Calls and jumps, close to each other. */
				plain[n] = (const u8[]){ 0xe8, 0xe9, 0, 0xff, 0x10, 0x90,
							 0xe8, 0 }[back - 1];
			}
		}
	}
	return 0;
}

static int free_plain(void **state)
{
	free(plain);
	return 0;
}

/* The output of @command fed with the first @len bytes of the text; NULL without the tool. */
static u8 *pack(const char *command, size_t len, size_t *out_len)
{
	char in[] = "/tmp/unit-unpack-XXXXXX", line[512];
	int fd = mkstemp(in);
	u8 *out = malloc(PLAIN * 2);
	FILE *p;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, plain, len), len);
	close(fd);
	snprintf(line, sizeof(line), "%s < %s 2>/dev/null", command, in);
	p = popen(line, "r");
	assert_non_null(p);
	*out_len = fread(out, 1, PLAIN * 2, p);
	pclose(p);
	unlink(in);
	if (*out_len)
		return out;
	free(out);
	skip();
	return NULL;
}

static struct unpack_work work;

static enum unpack_error unpack(const u8 *in, size_t len, u8 *out, size_t size, size_t *out_len)
{
	struct unpack_buf b = { .in = in, .in_len = len, .out = out, .out_size = size };
	enum unpack_error e;

	switch (in[0]) {
	case 0x1f: e = gzip_decompress(&b, &work); break;
	case 0x28: e = zstd_decompress(&b, &work); break;
	case 0x5a:
	case 0x5d: e = lzma_decompress(&b, &work); break;
	case 0x02: e = lz4_decompress(&b); break;
	default: e = xz_decompress(&b, &work);
	}
	*out_len = b.out_len;
	assert_true(e || (b.in_used <= len && b.out_len <= size));
	return e;
}

static void round_trip(const char *command)
{
	static const size_t sizes[] = { 0, 1, 5, 70000, PLAIN };

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t packed_len, n, len = sizes[i];
		u8 *packed = pack(command, len, &packed_len), *out = malloc(len + 1);

		assert_int_equal(unpack(packed, packed_len, out, len, &n), UNPACK_OK);
		assert_int_equal(n, len);
		assert_memory_equal(out, plain, len);
		if (len) {
			assert_int_equal(unpack(packed, packed_len, out, len - 1, &n),
					 UNPACK_NO_SPACE);
		}
		free(out);
		free(packed);
	}
}

static void test_xz(void **state)
{
	round_trip("xz -c -1 --check=crc32");
	round_trip("xz -c -9e --check=none");
	round_trip("xz -c --check=crc64");
	round_trip("xz -c --check=crc32 --x86 --lzma2=preset=6,dict=64KiB");
	round_trip("xz -c --check=crc32 --x86=start=4096 --lzma2=preset=3,lc=0,lp=2,pb=0");
	round_trip("xz -c --check=sha256 --block-size=50000");
}

static void test_gzip(void **state)
{
	round_trip("gzip -c -1");
	round_trip("gzip -c -9");
}

/* Codes by a run of lengths that ends with the last one, or goes beyond it: RFC 1951, 3.2.7. */
static void test_gzip_lengths(void **state)
{
	static const u8 whole[] = {
		0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0x05, 0xc0,
		0x01, 0x09, 0x00, 0x00, 0x00, 0x00, 0x90, 0x6d, 0xfe, 0x9f, 0x92, 0x8b,
		0x9e, 0xd9, 0xd3, 0x01, 0x00, 0x00, 0x00,
	}, beyond[] = {
		0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0x05, 0xc0,
		0x21, 0x01, 0x00, 0x00, 0x00, 0x00, 0x90, 0x6d, 0xfe, 0x9f, 0x12, 0x04,
		0x8b, 0x9e, 0xd9, 0xd3, 0x01, 0x00, 0x00, 0x00,
	};
	size_t n;
	u8 out[4];

	assert_int_equal(unpack(whole, sizeof(whole), out, sizeof(out), &n), UNPACK_OK);
	assert_true(n == 1 && out[0] == 'A');
	assert_int_equal(unpack(beyond, sizeof(beyond), out, sizeof(out), &n), UNPACK_CORRUPT);
}

static void test_lz4(void **state)
{
	round_trip("lz4 -l -c -1");
	round_trip("lz4 -l -c -9");
}

static void test_lzma(void **state)
{
	round_trip("xz -c --format=lzma -1");
	round_trip("xz -c --format=lzma -9e");
	round_trip("xz -c --format=lzma --lzma1=preset=6,lc=0,lp=0,pb=2");
}

static void test_zstd(void **state)
{
	round_trip("zstd -c -q -1");
	round_trip("zstd -c -q --fast=9");
	round_trip("zstd -c -q -9 --no-check");
	round_trip("zstd -c -q -19 --no-content-size");
	round_trip("zstd -c -q --ultra -22 --long=27");
	round_trip("cat | zstd -c -q -22 --ultra");
}

/* Without checksums damage may go unnoticed, but it stays within the buffers. */
static void test_lz4_damage(void **state)
{
	enum { LEN = 6000 };
	size_t len, n;
	u8 *packed = pack("lz4 -l -c -9", LEN, &len), *out = malloc(LEN);
	/* A match before the start; one of distance 0; a block longer than the file. */
	static const u8 before[] = { 2, 0x21, 0x4c, 0x18, 5, 0, 0, 0, 0x10, 'x', 2, 0, 0 };
	static const u8 zero[] = { 2, 0x21, 0x4c, 0x18, 5, 0, 0, 0, 0x10, 'x', 0, 0, 0 };
	static const u8 good[] = { 2, 0x21, 0x4c, 0x18, 6, 0, 0, 0, 0x10, 'x', 1, 0, 0x10, 'y' };

	for (size_t cut = 1; cut < len; cut += 1 + len / 300) {
		u8 *copy = malloc(cut);

		memcpy(copy, packed, cut);
		assert_true(cut == 4 || unpack(copy, cut, out, LEN, &n) != UNPACK_OK);
		free(copy);
	}
	for (u32 i = 0; i < 3000; i++) {
		u8 *copy = malloc(len);

		memcpy(copy, packed, len);
		copy[4 + unit_random_below((u32)len - 4)] ^= (u8)(1 << unit_random_below(8));
		unpack(copy, len, out, LEN, &n);
		free(copy);
	}
	assert_int_equal(unpack(before, sizeof(before), out, LEN, &n), UNPACK_CORRUPT);
	assert_int_equal(unpack(zero, sizeof(zero), out, LEN, &n), UNPACK_CORRUPT);
	assert_int_equal(unpack(good, sizeof(good) - 1, out, LEN, &n), UNPACK_TRUNCATED);
	assert_int_equal(unpack(good, sizeof(good), out, LEN, &n), UNPACK_OK);
	assert_int_equal(n, 6);
	assert_memory_equal(out, "xxxxxy", 6);
	free(out);
	free(packed);
}

static void test_unsupported(void **state)
{
	size_t len, n;
	u8 *packed = pack("xz -c --delta --lzma2", 1000, &len), out[1000];

	assert_int_equal(unpack(packed, len, out, sizeof(out), &n), UNPACK_UNSUPPORTED);
	assert_int_equal(unpack((const u8 *)"0123456789abcdef", 16, out, sizeof(out), &n),
			 UNPACK_BAD_MAGIC);
	free(packed);
}

/* Without a checksum damage may go unnoticed. */
static bool may_differ(const char *command)
{
	return strstr(command, "no-check") || strstr(command, "format=lzma");
}

static void damaged(const char *command, const u8 *good, const u8 *copy, size_t packed, u8 *out,
		    size_t len)
{
	size_t n;

	if (unpack(copy, packed, out, len, &n) == UNPACK_OK && !may_differ(command) &&
	    memcmp(good, copy, packed)) {
		assert_int_equal(n, len);
		assert_memory_equal(out, plain, len);
	}
}

/* Every truncation fails; no flipped bit changes what comes out; nothing leaves its buffers. */
static void damage(const char *command, size_t len)
{
	size_t packed_len, n;
	u8 *packed = pack(command, len, &packed_len), *out = malloc(len);
	u8 *copy = malloc(packed_len);

	for (size_t cut = 1; cut < packed_len; cut++) {
		u8 *part = malloc(cut);

		memcpy(part, packed, cut);
		assert_int_not_equal(unpack(part, cut, out, len, &n), UNPACK_OK);
		free(part);
	}
	for (size_t bit = 0; bit < packed_len * 8; bit++) {
		memcpy(copy, packed, packed_len);
		copy[bit / 8] ^= (u8)(1 << bit % 8);
		damaged(command, packed, copy, packed_len, out, len);
	}
	free(copy);
	free(out);
	free(packed);
}

/* Many bytes that are wrong, in data of several blocks. */
static void much_damage(const char *command)
{
	size_t packed_len;
	u8 *packed = pack(command, PLAIN, &packed_len), *out = malloc(PLAIN);
	u8 *copy = malloc(packed_len);

	for (u32 i = 0; i < 100; i++) {
		memcpy(copy, packed, packed_len);
		for (u32 k = 1 + unit_random_below(20); k; k--)
			copy[4 + unit_random_below((u32)packed_len - 4)] = (u8)unit_random();
		damaged(command, packed, copy, packed_len, out, PLAIN);
	}
	free(copy);
	free(out);
	free(packed);
}

static void test_damage(void **state)
{
	static const char *const commands[] = {
		"xz -c --check=crc32", "xz -c --check=crc32 --x86 --lzma2", "gzip -c",
		"xz -c --format=lzma", "zstd -c -q -1", "zstd -c -q --ultra -22 --no-check",
		"cat | zstd -c -q -19",
	};

	for (u32 i = 0; i < ARRAY_SIZE(commands); i++) {
		damage(commands[i], 1500);
		much_damage(commands[i]);
	}
}

/* Frames made by hand, as no version of the tool makes them. */
static void test_zstd_frames(void **state)
{
	static const struct {
		u8 in[24];
		u32 len;
		enum unpack_error e;
	} cases[] = {
		/* One raw block, one of repeated bytes */
		{ "\x28\xb5\x2f\xfd\x20\x03\x19\0\0abc", 12, UNPACK_OK },
		{ "\x28\xb5\x2f\xfd\x20\x05\x2b\0\0z", 10, UNPACK_OK },
		/* An empty frame */
		{ "\x28\xb5\x2f\xfd\x20\0\x01\0\0", 9, UNPACK_OK },
		/* Another size; reserved bit; dictionary 7, dictionary 0; reserved block */
		{ "\x28\xb5\x2f\xfd\x20\x04\x19\0\0abc", 12, UNPACK_BAD_CHECK },
		{ "\x28\xb5\x2f\xfd\x28\x03\x19\0\0abc", 12, UNPACK_UNSUPPORTED },
		{ "\x28\xb5\x2f\xfd\x21\x07\x03\x19\0\0abc", 13, UNPACK_UNSUPPORTED },
		{ "\x28\xb5\x2f\xfd\x21\x00\x03\x19\0\0abc", 13, UNPACK_OK },
		{ "\x28\xb5\x2f\xfd\x20\x03\x1f\0\0abc", 12, UNPACK_CORRUPT },
		/* A block larger than the window */
		{ "\x28\xb5\x2f\xfd\x20\x03\x21\0\0abcd", 13, UNPACK_CORRUPT },
		/* Literals only; no count of sequences; bytes after the count */
		{ "\x28\xb5\x2f\xfd\0\0\x2d\0\0\x18""abc\0", 14, UNPACK_OK },
		{ "\x28\xb5\x2f\xfd\0\0\x25\0\0\x18""abc", 13, UNPACK_CORRUPT },
		{ "\x28\xb5\x2f\xfd\0\0\x35\0\0\x18""abc\0\0", 15, UNPACK_CORRUPT },
		/* Literals whose Huffman table is to be repeated, and there is none */
		{ "\x28\xb5\x2f\xfd\0\0\x2d\0\0\x33\x40\0\x01\0", 14, UNPACK_CORRUPT },
		/* Tables of sequences to be repeated, and there are none; reserved mode bits */
		{ "\x28\xb5\x2f\xfd\0\0\x3d\0\0\x08""a\x01\xfc\x01\0\x01", 16,
		  UNPACK_CORRUPT },
		{ "\x28\xb5\x2f\xfd\0\0\x3d\0\0\x08""a\x01\x03\x01\0\x01", 16,
		  UNPACK_CORRUPT },
		/* One symbol for each code, distance 1: "a", then four more; distance 0; too far */
		{ "\x28\xb5\x2f\xfd\0\0\x45\0\0\x08""a\x01\x54\x01\0\x01\x01", 16,
		  UNPACK_TRUNCATED },
		{ "\x28\xb5\x2f\xfd\0\0\x45\0\0\x08""a\x01\x54\x01\0\x01\x01", 17,
		  UNPACK_OK },
		{ "\x28\xb5\x2f\xfd\0\0\x45\0\0\x08""a\x01\x54\x01\x02\x01\x05", 17,
		  UNPACK_CORRUPT },
	};
	u8 out[16];
	size_t n;

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *copy = malloc(cases[i].len);

		memcpy(copy, cases[i].in, cases[i].len);
		if (unpack(copy, cases[i].len, out, sizeof(out), &n) != cases[i].e)
			fail_msg("case %u", i);
		free(copy);
	}
	assert_int_equal(unpack(cases[16].in, 17, out, sizeof(out), &n), UNPACK_OK);
	assert_memory_equal(out, "aaaaa", 5);
}

static void put_le32(u8 *p, u32 v)
{
	for (u32 i = 0; i < 4; i++)
		p[i] = (u8)(v >> (8 * i));
}

static void bzimage_of(const char *command)
{
	enum { SETUP = 3 * 512, AT = 0x120 };
	size_t len, n, total;
	u8 *packed = pack(command, PLAIN, &len);
	u8 *image, *out = malloc(PLAIN);
	struct bzimage_info info;

	/* gzip's own trailer is the size. */
	len -= packed[0] == 0x1f ? 4 : 0;
	total = SETUP + AT + len + 4;
	image = calloc(1, total);
	image[0x1f1] = 2;
	image[0x1fe] = 0x55;
	image[0x1ff] = 0xaa;
	memcpy(image + 0x202, "HdrS\x0f\x02", 6);
	put_le32(image + 0x248, AT);
	put_le32(image + 0x24c, (u32)len + 4);
	memcpy(image + SETUP + AT, packed, len);
	put_le32(image + total - 4, PLAIN);
	assert_int_equal(bzimage_parse(image, total, &info), UNPACK_OK);
	assert_int_equal(info.unpacked_len, PLAIN);
	assert_int_equal(bzimage_decompress(&info, out, PLAIN, &n, &work), UNPACK_OK);
	assert_int_equal(n, PLAIN);
	assert_memory_equal(out, plain, PLAIN);
	assert_int_equal(bzimage_parse(image, total - 1, &info), UNPACK_NO_PAYLOAD);
	assert_int_equal(bzimage_parse(image, 0x24f, &info), UNPACK_NOT_BZIMAGE);
	put_le32(image + total - 4, PLAIN + 1);
	assert_int_equal(bzimage_parse(image, total, &info), UNPACK_OK);
	assert_int_equal(bzimage_decompress(&info, out, PLAIN, &n, &work), UNPACK_BAD_CHECK);
	put_le32(image + 0x248, ~0U);
	assert_int_equal(bzimage_parse(image, total, &info), UNPACK_NO_PAYLOAD);
	image[0x206] = 7;
	assert_int_equal(bzimage_parse(image, total, &info), UNPACK_NOT_BZIMAGE);
	free(out);
	free(image);
	free(packed);
}

static void test_bzimage(void **state)
{
	bzimage_of("xz -c --check=crc32 --x86 --lzma2");
	bzimage_of("lz4 -l -c -9");
	bzimage_of("gzip -n -c -9");
	bzimage_of("xz -c --format=lzma -9");
	bzimage_of("cat | zstd -c -q --ultra -22");
}

/* Test each compression that has a name; one without a decoder is reported. */
static void test_compressions(void **state)
{
	static const struct {
		const char *begins, *name;
		enum unpack_error e;
	} cases[] = {
		{ "\x1f\x8b", "gzip", UNPACK_UNSUPPORTED },
		{ "\xfd" "7zXZ", "xz", UNPACK_BAD_HEADER },
		{ "\x5d\0\0", "lzma", UNPACK_NO_SPACE },
		{ "\x28\xb5\x2f\xfd", "zstd", UNPACK_TRUNCATED },
		{ "\x02\x21\x4c\x18", "lz4", UNPACK_BAD_CHECK },
		{ "BZh9", "bzip2", UNPACK_NO_DECODER },
		{ "\x89LZO", "lzo", UNPACK_NO_DECODER },
		{ "none", NULL, UNPACK_BAD_MAGIC },
	};
	u8 payload[32], out[16];
	struct bzimage_info info = { .payload = payload, .payload_len = sizeof(payload),
				     .unpacked_len = 16 };
	size_t n;

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(payload, 0, sizeof(payload));
		memcpy(payload, cases[i].begins, cases[i].begins[1] ? strlen(cases[i].begins) : 3);
		payload[6] = i == 2 ? 1 : 0;
		if (cases[i].name)
			assert_string_equal(bzimage_compression(&info), cases[i].name);
		else
			assert_null(bzimage_compression(&info));
		assert_int_equal(bzimage_decompress(&info, out, sizeof(out), &n, &work),
				 cases[i].e);
	}
}

static void test_xxh64(void **state)
{
	assert_int_equal(xxh64("", 0), 0xef46db3751d8e999);
	assert_int_equal(xxh64("a", 1), 0xd24ec4f1a98c6e5b);
	assert_int_equal(xxh64("abc", 3), 0x44bc2cf5ad770999);
}

static void test_crc32(void **state)
{
	assert_int_equal(crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32(crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
	assert_int_equal(crc32(0, "", 0), 0);
	for (u32 e = 0; e <= UNPACK_NO_DECODER; e++)
		assert_string_not_equal(unpack_error_text((enum unpack_error)e), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc32),
		cmocka_unit_test(test_xxh64),
		cmocka_unit_test(test_xz),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_gzip_lengths),
		cmocka_unit_test(test_lz4),
		cmocka_unit_test(test_lz4_damage),
		cmocka_unit_test(test_lzma),
		cmocka_unit_test(test_zstd),
		cmocka_unit_test(test_zstd_frames),
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_bzimage),
		cmocka_unit_test(test_compressions),
	};

	return cmocka_run_group_tests(tests, make_plain, free_plain);
}
