/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32, reflected polynomial 0xedb88320, four bytes a step: a kernel image is large, and it is
 * checked on every boot.
 */
#include <xen/compiler.h>
#include <xen/crc32.h>

/* For reading any four bytes at once. */
typedef u32 __attribute__((may_alias, aligned(1))) any_u32_t;

#define POLYNOMIAL 0xedb88320

/* table[k][b]: the effect of byte b followed by k zero bytes. Filled once; filling again on
 * another CPU writes the same values. */
static u32 table[4][256];
static bool ready;

static void fill_table(void)
{
	for (u32 b = 0; b < 256; b++) {
		u32 v = b;

		for (u32 i = 0; i < 8; i++)
			v = v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
		table[0][b] = v;
	}
	for (u32 k = 1; k < 4; k++)
		for (u32 b = 0; b < 256; b++)
			table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 0xff];
	__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
}

u32 crc32(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;

	if (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		fill_table();
	crc = ~crc;
	for (; len >= 4; len -= 4, p += 4) {
		crc ^= *(const any_u32_t *)p;
		crc = table[3][crc & 0xff] ^ table[2][crc >> 8 & 0xff] ^
		      table[1][crc >> 16 & 0xff] ^ table[0][crc >> 24];
	}
	for (; len; len--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return ~crc;
}
