/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mutations that know what an input of "exits" is made of: whole steps are added, dropped, repeated
 * and exchanged between inputs, and a changed step stays one.
 */
#include <stdlib.h>
#include <string.h>

#include "exits.h"

size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max);

struct input {
	struct head head;
	struct step step[MAX_STEPS];
};

static u64 state;

static u64 next(void)
{
	u64 z = state += 0x9e3779b97f4a7c15UL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
	return z ^ z >> 27;
}

static u32 below(u32 n)
{
	return (u32)(next() >> 33) % n;
}

static u64 number(void)
{
	switch (below(4)) {
	case 0:
		return below(16);
	case 1:
		return BIT(below(64)) - below(3);
	case 2:
		return next() & 0xffffffff;
	default:
		return next();
	}
}

static void random_step(struct step *s)
{
	*s = (struct step){ .kind = (u8)below(STEP_KINDS), .pick = (u8)next(), .reg = (u8)next(),
			    .a = (u32)number(), .b = number(), .c = number() };
	/* Most guests run with interrupts on and next-RIP saving, and no time passes. */
	s->flags = below(4) ? FLAG_IF : (u8)next();
	if (!below(8)) {
		s->len = 1 + (u8)below(INSN_ROOM);
		for (u32 i = 0; i < INSN_ROOM; i++)
			s->insn[i] = (u8)next();
	}
}

static void change_step(struct step *s)
{
	switch (below(8)) {
	case 0:
		s->kind = (u8)below(STEP_KINDS);
		break;
	case 1:
		s->flags ^= (u8)BIT(below(8));
		break;
	case 2:
		s->pick = (u8)next();
		break;
	case 3:
		s->reg = (u8)next();
		break;
	case 4:
		s->a = (u32)number();
		break;
	case 5:
		s->b = number();
		break;
	case 6:
		s->c = number();
		break;
	default:
		LLVMFuzzerMutate(s->insn, sizeof(s->insn), sizeof(s->insn));
		s->len = 1 + (u8)below(INSN_ROOM);
	}
}

static u32 insert(struct input *in, u32 nr, u32 at, const struct step *s)
{
	if (nr == MAX_STEPS)
		return nr;
	memmove(&in->step[at + 1], &in->step[at], (nr - at) * sizeof(*s));
	in->step[at] = *s;
	return nr + 1;
}

static u32 drop(struct input *in, u32 nr, u32 at)
{
	if (nr < 2)
		return nr;
	memmove(&in->step[at], &in->step[at + 1], (nr - at - 1) * sizeof(in->step[0]));
	return nr - 1;
}

static u32 mutate(struct input *in, u32 nr)
{
	u32 at = below(nr);
	struct step s = in->step[at];

	switch (below(8)) {
	case 0:
	case 1:
		random_step(&s);
		return insert(in, nr, at, &s);
	case 2:
		return drop(in, nr, at);
	case 3:
		return insert(in, nr, below(nr), &s);
	case 4:
		in->head.scene = (u8)below(HEAD_SCENES);
		in->head.flags ^= (u8)(below(4) * HEAD_CHIPSET);
		in->head.seed = (u8)next();
		return nr;
	default:
		change_step(&in->step[at]);
		return nr;
	}
}

static u32 steps_of(size_t size)
{
	size_t nr = size < sizeof(struct head) ? 0 : (size - sizeof(struct head)) /
						     sizeof(struct step);

	return nr > MAX_STEPS ? MAX_STEPS : (u32)nr;
}

static size_t bytes_of(u32 nr)
{
	return sizeof(struct head) + nr * sizeof(struct step);
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed)
{
	static struct input in;
	u32 nr = steps_of(size);

	if (max < bytes_of(2))
		return size;
	state = seed;
	memset(&in, 0, sizeof(in));
	memcpy(&in, data, size < sizeof(in) ? size : sizeof(in));
	if (!nr) {
		random_step(&in.step[0]);
		nr = 1;
	}
	for (u32 i = 1 + below(4); i; i--)
		nr = mutate(&in, nr);
	while (bytes_of(nr) > max)
		nr--;
	memcpy(data, &in, bytes_of(nr));
	return bytes_of(nr);
}

/* The beginning of one, the end of the other. */
size_t LLVMFuzzerCustomCrossOver(const u8 *a, size_t a_size, const u8 *b, size_t b_size, u8 *out,
				 size_t max, unsigned int seed)
{
	u32 from_a = steps_of(a_size), from_b = steps_of(b_size);
	size_t n;

	if (!from_a || !from_b || max < bytes_of(2))
		return 0;
	state = seed;
	from_a = 1 + below(from_a);
	from_b = 1 + below(from_b);
	while (from_a + from_b > MAX_STEPS || bytes_of(from_a + from_b) > max)
		if (from_a > from_b)
			from_a--;
		else
			from_b--;
	n = bytes_of(from_a);
	memcpy(out, a, n);
	memcpy(out + n, b + bytes_of(steps_of(b_size) - from_b), from_b * sizeof(struct step));
	return n + from_b * sizeof(struct step);
}
