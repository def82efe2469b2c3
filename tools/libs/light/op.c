/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running operations step by step. */
#include <assert.h>
#include <errno.h>

#include "op.h"

static void finish(struct lx_op *op, int rc)
{
	assert(!op->finished);
	op->finished = true;
	lx_timer_cancel(op->loop, &op->timer);
	op->done(op, rc);
}

static void unwind(struct lx_op *op, int rc)
{
	for (unsigned int i = op->at + 1; i-- > 0;)
		if (op->step[i].name && op->step[i].undo)
			op->step[i].undo(op);
	finish(op, rc);
}

static void turn(struct lx_timer *timer)
{
	struct lx_op *op = timer->user;
	int rc;

	assert(!op->finished && op->step[op->at].name);

	if (op->cancelled) {
		unwind(op, -ECANCELED);
		return;
	}
	if (op->progress)
		op->progress(op, op->step[op->at].name);
	rc = op->step[op->at].run(op);
	if (rc < 0) {
		unwind(op, rc);
		return;
	}
	if (rc == LX_WAIT) {
		/* Something will wake it up: a timer, or an event that a step watches for. */
		return;
	}
	assert(!rc || rc == LX_MORE);
	if (rc == 0 && !op->step[++op->at].name) {
		finish(op, 0);
		return;
	}
	lx_timer_set(op->loop, &op->timer, 0);
}

void lx_op_start(struct lx_op *op, struct lx_loop *loop, const struct lx_step *steps)
{
	assert(op->done && steps->name);
	op->loop = loop;
	op->step = steps;
	op->at = 0;
	op->cancelled = op->finished = false;
	op->timer.fn = turn;
	op->timer.user = op;
	lx_timer_set(loop, &op->timer, 0);
}

void lx_op_wake(struct lx_op *op)
{
	lx_op_wake_after(op, 0);
}

void lx_op_wake_after(struct lx_op *op, uint64_t ms)
{
	if (!op->finished)
		lx_timer_set(op->loop, &op->timer, ms);
}

void lx_op_cancel(struct lx_op *op)
{
	if (op->finished)
		return;
	op->cancelled = true;
	lx_timer_set(op->loop, &op->timer, 0);
}
