/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the parts of the console: locked output to the ring and the devices. */
#ifndef CORE_CONSOLE_OUT_H
#define CORE_CONSOLE_OUT_H

#include <xen/compiler.h>

/** Take the console for a whole message; does nothing once output is synchronous. */
u64 console_lock(void);
void console_unlock(u64 flags);

/** Send characters to the ring and to all devices. Console locked. */
void console_emit(const char *s, size_t len);
/** Begin a line of the hypervisor: end a guest's raw line, then print prefix and stamp. */
void console_begin_line(void);
/** Say whether raw output ended in mid-line, so that the next line needs a newline first. */
void console_set_midline(bool midline);

/** A bucket of tokens that refills with time. It bounds what guests make us print. */
struct rate_limit {
	s64 last;		/* system time of the last refill */
	u32 tokens, burst;
	u32 per_second;
	u64 dropped;		/* lines, since the last one that passed */
};

/** Take a token. Without one it counts a dropped line and returns false. Console locked. */
bool rate_limit_take(struct rate_limit *r, s64 now);

#endif
