/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that a device answers later, as one whose model runs in another domain does. Hypervisor
 * code never waits, so the instruction ends unfinished, its vCPU stops under a pause flag of its
 * own, the answer wakes it, and the same instruction is run again with the answer at hand.
 *
 * An instruction may make several accesses. Those that were done are kept until it is finished, so
 * that each reaches its device once however often the instruction starts again. A repeated string
 * instruction forgets them after each iteration.
 *
 * Three states: not asked, asked (the vCPU does not run), answered (it may run, and finishes the
 * instruction before anything else). A vCPU is saved and its state replaced only in the first.
 *
 * Locking: the vCPU's own CPU does everything but pending_answer(), which any CPU may call; whoever
 * calls that or pending_drop() holds a reference to the domain.
 */
#ifndef XEN_X86_PENDING_H
#define XEN_X86_PENDING_H

#include <xen/x86/devices.h>

enum pending_state {
	PENDING_NONE,
	PENDING_ASKED,
	PENDING_ANSWERING,	/* for a moment: the answer is being written */
	PENDING_ANSWERED,
};

/** More than any instruction needs; what is beyond reaches no device. */
#define PENDING_MAX_ACCESSES 64

/** How a vCPU is stopped and woken. Every slot must be filled. */
struct pending_ops {
	/** @v, the current vCPU, runs no more until resume() was called for it. */
	void (*stop)(struct vcpu *v);
	/** Any CPU, any context without a run-queue lock; harmless for a vCPU that runs. */
	void (*resume)(struct vcpu *v);
};

struct pending {
	const struct pending_ops *ops;	/* [const] */
	u64 word;	/* [atomic] enum pending_state in bits 0-1, the request's number above */
	struct device_access access;	/* the request; val is the answer to a read */
	/* What the instruction under way has done [owner] */
	u32 nr, next;	/* accesses done; which of them it comes to next */
	struct device_access done[PENDING_MAX_ACCESSES];
};

void pending_init(struct pending *p, const struct pending_ops *ops);

static inline enum pending_state pending_state(const struct pending *p)
{
	return __atomic_load_n(&p->word, __ATOMIC_ACQUIRE) & 3;
}

/** The number of the newest request; it changes when another is made. */
static inline u64 pending_number(const struct pending *p)
{
	return __atomic_load_n(&p->word, __ATOMIC_ACQUIRE) >> 2;
}

/* --- the emulator's side: the current vCPU @v --- */

/** An instruction starts, or starts again. */
static inline void pending_begin(struct pending *p) { p->next = 0; }
/** A repeated instruction finished an iteration: what it did so far will not come again. */
static inline void pending_step(struct pending *p) { p->nr = p->next = 0; }
/** The instruction is over, or another one came in its place. */
void pending_end(struct pending *p);
/** Do @a, an access to @dev (NULL: nothing is there), unless the instruction did it before. */
enum device_rc pending_access(struct pending *p, struct device *dev, struct vcpu *v,
			      struct device_access *a);

/* --- the device's side --- */

/**
 * From a device's access function, which then returns DEVICE_PENDING: stop @v until the answer to
 * @a comes. Call it before the request can be seen by who answers. Returns the request's number.
 */
u64 pending_ask(struct pending *p, struct vcpu *v, const struct device_access *a);
/**
 * The answer to request @number of @v; @val is what a read gets. False: @v does not wait for that
 * one any more. Any CPU, any context without a run-queue lock.
 */
bool pending_answer(struct pending *p, struct vcpu *v, u64 number, u64 val);

/** Forget a request: @v, which does not run, is reset. A late answer will find nothing. */
void pending_drop(struct pending *p, struct vcpu *v);

#endif
