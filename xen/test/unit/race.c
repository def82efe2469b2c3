/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "race.h"

#include "../../arch/host/libc.h"

#define MAX_FIBERS 16

static void (*const *functions)(void);
static bool done[MAX_FIBERS + 1];
static u32 nr, current;		/* fibers are numbered from 1; 0 is race_run() */
static u64 state;

u32 race_random(u32 n)
{
	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return (u32)((state >> 33) % n);
}

static void go_to(u32 to)
{
	u32 from = current;

	if (to == from)
		return;
	current = to;
	libc_fiber_switch(from, to);
}

/* A fiber that has not ended; 0 when all have. */
static u32 pick(void)
{
	u32 first = race_random(nr);

	for (u32 i = 0; i < nr; i++)
		if (!done[(first + i) % nr + 1])
			return (first + i) % nr + 1;
	return 0;
}

void race_point(void)
{
	if (current && race_random(2))
		go_to(pick());
}

void race_stop(void)
{
	go_to(0);
}

static void fiber(void *arg)
{
	functions[current - 1]();
	done[current] = true;
	for (;;)
		go_to(pick());
}

void race_run(u64 seed, void (*const *fn)(void), u32 n)
{
	state = seed * 0x9e3779b97f4a7c15UL + 1;
	functions = fn;
	nr = n;
	for (u32 i = 1; i <= n; i++) {
		done[i] = false;
		libc_fiber_create(i, fiber, NULL);
	}
	go_to(1);
}

/* What the compiler calls: a point, then the access itself, which is one step. */

void __tsan_init(void) {}
void __tsan_func_entry(void *at) {}
void __tsan_func_exit(void *at) {}

#define PLAIN(name) void __tsan_##name(void *p) { race_point(); }
PLAIN(read1) PLAIN(read2) PLAIN(read4) PLAIN(read8) PLAIN(read16)
PLAIN(write1) PLAIN(write2) PLAIN(write4) PLAIN(write8) PLAIN(write16)
PLAIN(unaligned_read4) PLAIN(unaligned_read8) PLAIN(unaligned_write4) PLAIN(unaligned_write8)

void __tsan_read_range(void *p, long n) { race_point(); }
void __tsan_write_range(void *p, long n) { race_point(); }
void __tsan_volatile_read1(void *p) { race_point(); }
void __tsan_volatile_read4(void *p) { race_point(); }
void __tsan_volatile_read8(void *p) { race_point(); }
void __tsan_volatile_write1(void *p) { race_point(); }
void __tsan_volatile_write4(void *p) { race_point(); }
void __tsan_volatile_write8(void *p) { race_point(); }

#define CHANGE(bits, name, value)                                                             \
	u##bits __tsan_atomic##bits##_##name(volatile void *at, u##bits v, int order)         \
	{                                                                                     \
		volatile u##bits *p = at;                                                     \
		u##bits old;                                                                  \
                                                                                              \
		race_point();                                                                 \
		old = *p;                                                                     \
		*p = (value);                                                                 \
		return old;                                                                   \
	}
#define ATOMIC(bits)                                                                          \
	u##bits __tsan_atomic##bits##_load(const volatile void *at, int order)                \
	{                                                                                     \
		race_point();                                                                 \
		return *(const volatile u##bits *)at;                                         \
	}                                                                                     \
	void __tsan_atomic##bits##_store(volatile void *at, u##bits v, int order)             \
	{                                                                                     \
		race_point();                                                                 \
		*(volatile u##bits *)at = v;                                                  \
	}                                                                                     \
	bool __tsan_atomic##bits##_compare_exchange_strong(volatile void *at, void *expected, \
							   u##bits v, int order, int failed)  \
	{                                                                                     \
		volatile u##bits *p = at;                                                     \
		u##bits *old = expected, now;                                                 \
                                                                                              \
		race_point();                                                                 \
		now = *p;                                                                     \
		if (now != *old) {                                                            \
			*old = now;                                                           \
			return false;                                                         \
		}                                                                             \
		*p = v;                                                                       \
		return true;                                                                  \
	}                                                                                     \
	CHANGE(bits, exchange, v)                                                             \
	CHANGE(bits, fetch_or, old | v)                                                       \
	CHANGE(bits, fetch_and, old & v)
ATOMIC(8)
ATOMIC(32)
ATOMIC(64)
