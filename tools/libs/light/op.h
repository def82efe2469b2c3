/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations that take a while: a list of steps, each with its undoing. The loop runs one step, or
 * a part of one, at a time. When a step fails or the operation is cancelled, what the steps before
 * it did is undone in reverse order, so that nothing of it stays.
 */
#ifndef TOOLS_LIGHT_OP_H
#define TOOLS_LIGHT_OP_H

#include "loop.h"

/* What a step returns besides 0 (done) and -errno. */
#define LX_MORE 1	/* run it again in the next round */
#define LX_WAIT 2	/* run it again after lx_op_wake() */

struct lx_op;

struct lx_step {
	const char *name;		/* for progress and errors */
	int (*run)(struct lx_op *op);
	/** Undo; NULL: nothing to undo. Also called for the step that failed, so it must cope with
	 * half of it. */
	void (*undo)(struct lx_op *op);
};

struct lx_op {
	struct lx_loop *loop;
	const struct lx_step *step;	/* ends with one without a name */
	unsigned int at;
	bool cancelled, finished;
	struct lx_timer timer;
	/** Called once, from the loop; @op may be freed in it. @rc: 0 or -errno (-ECANCELED). */
	void (*done)(struct lx_op *op, int rc);
	/** May be NULL: a step begins, or goes on. */
	void (*progress)(struct lx_op *op, const char *step);
	void *user;
};

/** Start; the first step runs in the loop's next round. Set done, progress and user before. */
void lx_op_start(struct lx_op *op, struct lx_loop *loop, const struct lx_step *steps);
/** Go on with a step that said LX_WAIT. */
void lx_op_wake(struct lx_op *op);
/** Wake up by itself, at the latest after so long. */
void lx_op_wake_after(struct lx_op *op, uint64_t ms);
/** Undo instead of the next step; done() is called from the loop. Nothing if it has ended. */
void lx_op_cancel(struct lx_op *op);

#endif
