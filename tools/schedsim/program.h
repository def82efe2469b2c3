/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a vCPU of the simulation does: a small program, shared by all vCPUs that do the same. */
#ifndef SCHEDSIM_PROGRAM_H
#define SCHEDSIM_PROGRAM_H

#include <xen/types.h>

#include "random.h"

enum amount_kind { AMOUNT_FIXED, AMOUNT_UNIFORM, AMOUNT_EXPONENTIAL };

/** A time in ns: fixed at @a, uniform in [@a, @b], or exponential with mean @a, at most @b. */
struct amount {
	enum amount_kind kind;
	s64 a, b;
};

enum op_kind {
	OP_RUN,		/* compute for @amount; @flag: until so much time has passed */
	OP_SLEEP,	/* block for @amount */
	OP_UNTIL,	/* block until the absolute time @amount; nothing when it has passed */
	OP_PERIOD,	/* block until @amount after the last release: the next one; @flag: when it
			 * has passed, count from now on */
	OP_JOB,		/* a job begins; its deadline is @amount after the release */
	OP_JOB_END,
	OP_LOCK,	/* take @object; @flag: spin while another has it, else block */
	OP_UNLOCK,
	OP_BARRIER,	/* block until @count vCPUs have come to @object */
	OP_WAIT,	/* block until @object is signalled */
	OP_SIGNAL,	/* wake one waiter of @object; @flag: all */
	OP_IO,		/* ask the device @object, which needs @amount; block until its interrupt */
	OP_YIELD,
	OP_LOOP,	/* go to the operation @target, @count times in all; 0: for ever */
	OP_END,		/* the vCPU goes down */
};

struct op {
	u8 kind;
	bool flag;
	u32 object, count, target;
	struct amount amount;
};

struct program {
	struct op *op;
	u32 nr, room;
};

/** Append @op and return its index. Exits when there is no memory. */
u32 program_add(struct program *p, struct op op);
void program_free(struct program *p);
/** The fixed amount @ns. */
static inline struct amount amount_fixed(s64 ns)
{
	return (struct amount){ .kind = AMOUNT_FIXED, .a = ns, .b = ns };
}

/** A sample of @a; *@state is the generator's. */
s64 amount_draw(const struct amount *a, u64 *state);

#endif
