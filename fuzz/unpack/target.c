/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the decoders of compressed kernels, which are told apart by how the data begins: whatever
 * the bytes, nothing is read or written outside of the buffers, and what comes out is within its
 * size. The first byte of the input chooses how much room there is.
 */
#include <stdlib.h>
#include <string.h>

#include <xen/decompress.h>

#define ROOM_UNIT 1024

static struct unpack_work work;

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	size_t room, out_len = 0;
	struct bzimage_info info;
	u8 *out;

	if (len < 2)
		return 0;
	room = (size_t)data[0] * ROOM_UNIT;
	info = (struct bzimage_info){ .payload = data + 1, .payload_len = len - 1 };
	out = malloc(room);
	for (u32 i = 0; i < room; i += ROOM_UNIT / 2)
		out[i] = 0;
	/* The decoders' own checks are what is tested: let the size pass. */
	info.unpacked_len = (u32)room;
	if (bzimage_decompress(&info, out, room, &out_len, &work) == UNPACK_OK && out_len > room)
		abort();
	free(out);
	return 0;
}
