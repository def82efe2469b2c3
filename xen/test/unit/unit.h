/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What most unit tests include: cmocka, and a random generator whose seed is printed. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t unit_rng_state;

/** Seed from UNIT_SEED, else a fixed one (runs are repeatable); the seed is printed. */
static inline uint64_t unit_seed(void)
{
	const char *s = getenv("UNIT_SEED");

	unit_rng_state = s ? strtoull(s, NULL, 0) : 20221;
	print_message("seed %llu (set UNIT_SEED to change it)\n",
		      (unsigned long long)unit_rng_state);
	return unit_rng_state;
}

static inline uint64_t unit_random(void)
{
	uint64_t z = unit_rng_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/** 0 <= result < @n. */
static inline uint32_t unit_random_below(uint32_t n)
{
	return (uint32_t)(unit_random() % n);
}

#endif
