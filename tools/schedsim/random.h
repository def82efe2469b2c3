/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudo-random numbers, the same on every machine. */
#ifndef SCHEDSIM_RANDOM_H
#define SCHEDSIM_RANDOM_H

#include <stdint.h>

/** The next number of the sequence whose state is *@state, by SplitMix64. */
static inline uint64_t random_u64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15UL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebUL;
	return z ^ z >> 31;
}

#endif
