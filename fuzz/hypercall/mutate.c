/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing inputs by steps: libFuzzer's own mutations see bytes, which mostly break a sequence. */
#include "hypercall.h"

#include <xen/string.h>

size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max);

static u32 state;

static u32 below(u32 n)
{
	state = state * 1664525U + 1013904223U;
	return (u32)(((u64)(state >> 4) * n) >> 28);
}

static void random_step(struct step *s)
{
	u8 *b = (u8 *)s;

	for (u32 i = 0; i < sizeof(*s); i++)
		b[i] = (u8)below(256);
	/* The place of a call in the table stays right when the table grows. */
	s->call = (u8)below(call_count);
	/* Most steps are plain; each peculiarity hides what the others would show. */
	s->how = 0;
	for (u32 bit = 0; bit < HOW_BITS; bit++)
		if (!below(8))
			s->how |= (u8)(1U << bit);
	if (step_kind_of(s) == STEP_EVENT && below(2))
		s->how |= HOW_INTERRUPTS;
	if (below(8))
		s->alloc_fails = 0;
	else
		s->alloc_fails = (u8)(1 + below(12));
	if (below(4))
		s->race = 0;
	for (u32 i = 0; i < STEP_FIELDS; i++)
		if (below(8))
			s->field[i] &= 0x1fff;
}

static void change_step(struct step *s)
{
	switch (below(10)) {
	case 0:
		s->call = (u8)below(call_count);
		break;
	case 1:
		s->who = (u8)below(NR_GUEST_VCPUS);
		break;
	case 2:
		s->how ^= (u8)(1U << below(HOW_BITS));
		break;
	case 3:
		s->race = (u8)below(256);
		break;
	case 4:
		s->alloc_fails = (u8)below(16);
		break;
	case 5:
		s->items = (u8)below(256);
		s->pick = (u8)below(256);
		break;
	case 6:
		LLVMFuzzerMutate((u8 *)s, sizeof(*s), sizeof(*s));
		break;
	case 7:
		s->field[below(STEP_FIELDS)] = (u16)(below(4) ? below(0x2000) : below(0x10000));
		break;
	default:
		s->field[below(STEP_FIELDS)] += (u16)(below(3) - 1);
	}
}

size_t mutate(u8 *data, size_t size, size_t max, u32 seed)
{
	struct input_header *h = (struct input_header *)data;
	struct step *step = (struct step *)(h + 1);
	u32 most, n, at;

	state = seed;
	if (max < sizeof(*h) + sizeof(*step))
		return size;
	most = (u32)min((max - sizeof(*h)) / sizeof(*step), (size_t)MAX_STEPS);
	if (size < sizeof(*h)) {
		memset(data, 0, sizeof(*h));
		size = sizeof(*h);
	}
	n = min((u32)((size - sizeof(*h)) / sizeof(*step)), most);
	at = n ? below(n) : 0;
	switch (n ? below(12) : 0) {
	case 0:
	case 1:
		if (n < most) {
			memmove(&step[at + 1], &step[at], (n - at) * sizeof(*step));
			random_step(&step[at]);
			n++;
			break;
		}
		random_step(&step[at]);
		break;
	case 2:
		memmove(&step[at], &step[at + 1], (n - at - 1) * sizeof(*step));
		n--;
		break;
	case 3: {
		/* The same once more, perhaps by another vCPU. */
		struct step copy = step[below(n)];

		if (n == most)
			break;
		memmove(&step[at + 1], &step[at], (n - at) * sizeof(*step));
		if (below(2))
			copy.who = (u8)below(NR_GUEST_VCPUS);
		step[at] = copy;
		n++;
		break;
	}
	case 4: {
		u32 other = below(n);
		struct step copy = step[other];

		step[other] = step[at];
		step[at] = copy;
		break;
	}
	case 5:
		h->seed = below(1U << 28);
		break;
	default:
		for (u32 i = 1 + below(3); i; i--)
			change_step(&step[below(n)]);
	}
	/* The end of all guests takes longer than eight steps. */
	h->flags = below(16) ? 0 : INPUT_FINALE;
	return sizeof(*h) + n * sizeof(*step);
}

/* The beginning of one and the end of the other. */
size_t cross_over(const u8 *a, size_t na, const u8 *b, size_t nb, u8 *out, size_t max, u32 seed)
{
	const size_t head = sizeof(struct input_header), one = sizeof(struct step);
	size_t steps_a = na > head ? (na - head) / one : 0;
	size_t steps_b = nb > head ? (nb - head) / one : 0;
	size_t keep, from, n, most = max > head ? (max - head) / one : 0;

	state = seed;
	if (!steps_a || !steps_b || !most)
		return 0;
	keep = min((size_t)1 + below((u32)steps_a), most);
	from = below((u32)steps_b);
	n = min(steps_b - from, most - keep);
	memcpy(out, a, head + keep * one);
	memcpy(out + head + keep * one, b + head + from * one, n * one);
	return head + (keep + n) * one;
}
