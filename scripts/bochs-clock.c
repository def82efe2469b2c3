/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's clock as Bochs sees it: it stands still. Bochs lets a few timers of its display
 * follow the host's time whatever its configuration says, and how far string instructions get at
 * once depends on the next timer of any kind. Preloaded by bochs.py.
 */
#include <sys/time.h>
#include <time.h>

enum { NOW = 1704067200 };	/* 2024-01-01 0:00 UTC, as time0 of the configuration */

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	(void)zone;
	*tv = (struct timeval){ .tv_sec = NOW };
	return 0;
}

/* Also the seed of the random numbers that guests get. */
time_t time(time_t *out)
{
	if (out)
		*out = NOW;
	return NOW;
}
