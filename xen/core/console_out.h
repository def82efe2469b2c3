/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the console share: locked output to the ring and the devices. */
#ifndef CORE_CONSOLE_OUT_H
#define CORE_CONSOLE_OUT_H

#include <xen/compiler.h>

/** Take the console for a whole message; does nothing once output is synchronous. */
u64 console_lock(void);
void console_unlock(u64 flags);

/** Send characters to the ring and to all devices. Console locked. */
void console_emit(const char *s, size_t len);
/** Begin a hypervisor's line: ends a raw line of a guest, then prints prefix and stamp. */
void console_begin_line(void);
/** The guest's raw output leaves the cursor behind text: the next line must break first. */
void console_set_midline(bool midline);

/** Tokens that refill with time, to bound what guests make us print. */
struct rate_limit {
	s64 last;		/* system time of the last refill */
	u32 tokens, burst;
	u32 per_second;
	u64 dropped;		/* since the last line that passed */
};

/** Take a token; false (and counted) when there is none. Console locked. */
bool rate_limit_take(struct rate_limit *r, s64 now);

#endif
