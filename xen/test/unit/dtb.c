/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes flattened device trees of version 17 (Devicetree Specification 0.4, chapter 5). */
#include "dtb.h"

#include <string.h>

#include <xen/compiler.h>

#define BODY_AT 56
#define MAX_BYTES (256 * 1024)

static u8 bytes[MAX_BYTES] __aligned(8);
static u32 len;
static char strings[16 * 1024];
static u32 strings_len;

static void put32(u32 v)
{
	for (int i = 24; i >= 0; i -= 8)
		bytes[len++] = (u8)(v >> i);
}

static void put_bytes(const void *p, u32 n)
{
	if (n)
		memcpy(bytes + len, p, n);
	len = ROUND_UP(len + n, 4U);
}

static u32 string_at(const char *s)
{
	u32 at = 0;

	while (at < strings_len && strcmp(strings + at, s))
		at += (u32)strlen(strings + at) + 1;
	if (at == strings_len) {
		strcpy(strings + at, s);
		strings_len += (u32)strlen(s) + 1;
	}
	return at;
}

void dtb_start(void)
{
	memset(bytes, 0, sizeof(bytes));
	len = BODY_AT;
	strings_len = 0;
	dtb_begin("");
}

void dtb_begin(const char *name)
{
	put32(1);
	put_bytes(name, (u32)strlen(name) + 1);
}

void dtb_end(void)
{
	put32(2);
}

void dtb_prop(const char *name, const void *value, u32 n)
{
	put32(3);
	put32(n);
	put32(string_at(name));
	put_bytes(value, n);
}

void dtb_u32(const char *name, u32 v)
{
	u32 be = __builtin_bswap32(v);

	dtb_prop(name, &be, 4);
}

void dtb_u64(const char *name, u64 v)
{
	u64 be = __builtin_bswap64(v);

	dtb_prop(name, &be, 8);
}

void dtb_string(const char *name, const char *s)
{
	dtb_prop(name, s, (u32)strlen(s) + 1);
}

const void *dtb_finish(u32 *out_len)
{
	u32 body_end, end;

	dtb_end();
	put32(9);
	body_end = len;
	memcpy(bytes + len, strings, strings_len);
	end = len + strings_len;
	len = 0;
	put32(0xd00dfeed);
	put32(end);
	put32(BODY_AT);
	put32(body_end);
	put32(40);
	put32(17);
	put32(16);
	put32(0);
	put32(strings_len);
	put32(body_end - BODY_AT);
	*out_len = end;
	return bytes;
}
