/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits of a real guest, a few of them in a row. */
#include "grammar.h"

#define IN_A_ROW 8u

static const struct {
	struct outcome (*fn)(const u64 *arg);
	u64 arg[3];
} recorded[] = {
#include "recorded.h"
};

struct outcome do_recorded(const u64 *arg)
{
	struct outcome all = { 0 };

	for (u32 i = 0; i < IN_A_ROW; i++) {
		u32 at = (u32)((arg[0] + i) % ARRAY_SIZE(recorded));
		struct outcome o = recorded[at].fn(recorded[at].arg);

		all.value = all.value * 0x100000001b3UL ^ o.trap.vector;
		all.value ^= o.hidden ? 0 : o.value;
	}
	return all;
}
