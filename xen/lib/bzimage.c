/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locating the compressed kernel in a Linux bzImage (boot protocol 2.08 and later). */
#include <xen/compiler.h>
#include <xen/decompress.h>
#include <xen/string.h>

/* Offsets of the real-mode header, from Linux's boot protocol document. */
#define SETUP_SECTS 0x1f1
#define BOOT_FLAG 0x1fe
#define HEADER_MAGIC 0x202
#define PROTOCOL 0x206
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define HEADER_END 0x250
#define PROTOCOL_WITH_PAYLOAD 0x208
#define SECTOR 512

const char *unpack_error_text(enum unpack_error e)
{
	static const char *const text[] = {
		[UNPACK_OK] = "no error",
		[UNPACK_TRUNCATED] = "the compressed data ends too early",
		[UNPACK_BAD_MAGIC] = "the compression is not known",
		[UNPACK_NO_DECODER] = "not supported; unpack it with extract-vmlinux and load that",
		[UNPACK_BAD_HEADER] = "a header of the compressed data is damaged",
		[UNPACK_UNSUPPORTED] = "the compression uses a feature that is not supported",
		[UNPACK_CORRUPT] = "the compressed data is damaged",
		[UNPACK_BAD_CHECK] = "the data does not match its checksum or size",
		[UNPACK_NO_SPACE] = "the data is larger than the room for it",
		[UNPACK_NOT_BZIMAGE] = "not a Linux bzImage of boot protocol 2.08 or later",
		[UNPACK_NO_PAYLOAD] = "the bzImage's payload lies outside the file",
	};

	return e < ARRAY_SIZE(text) ? text[e] : "unknown error";
}

static u32 le16(const u8 *p)
{
	return p[0] | (u32)p[1] << 8;
}

static u32 le32(const u8 *p)
{
	return le16(p) | le16(p + 2) << 16;
}

enum unpack_error bzimage_parse(const void *image, size_t len, struct bzimage_info *info)
{
	const u8 *p = image;
	u64 start, size;

	if (len < HEADER_END || le16(p + BOOT_FLAG) != 0xaa55 ||
	    memcmp(p + HEADER_MAGIC, "HdrS", 4) || le16(p + PROTOCOL) < PROTOCOL_WITH_PAYLOAD)
		return UNPACK_NOT_BZIMAGE;
	/* It follows the boot sector and the setup sectors; 0 setup sectors means 4. */
	start = ((p[SETUP_SECTS] ? p[SETUP_SECTS] : 4) + 1UL) * SECTOR + le32(p + PAYLOAD_OFFSET);
	size = le32(p + PAYLOAD_LENGTH);
	if (size < 16 || start > len || size > len - start)
		return UNPACK_NO_PAYLOAD;
	info->payload = p + start;
	info->payload_len = size;
	info->unpacked_len = le32(p + start + size - 4);
	return UNPACK_OK;
}
