/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that a device answers later, as when its model runs in another domain. Hypervisor code
 * never waits: the instruction ends unfinished and its vCPU stops under a pause flag of its own.
 * The answer wakes the vCPU, and the same instruction is run again with the answer available.
 *
 * An instruction may make several accesses. Completed ones are kept until it is finished, so that
 * each reaches its device only once however often the instruction is restarted. A repeated string
 * instruction forgets them after each iteration.
 *
 * A request is asked (the vCPU does not run), then answered (it may run, and finishes the
 * instruction before anything else). A vCPU can be saved only when there is none. Its state may be
 * replaced at any time: a request that is asked is then dropped. The vCPU still waits for the
 * answer, which is forgotten, because a device that knows one request of each vCPU would give it
 * to the next request.
 *
 * Locking: the vCPU's own CPU does everything except pending_answer(), which any CPU may call.
 * Callers of pending_answer() and pending_drop() hold a reference to the domain.
 */
#ifndef XEN_X86_PENDING_H
#define XEN_X86_PENDING_H

#include <xen/x86/devices.h>

enum pending_state {
	PENDING_NONE,
	PENDING_ASKED,
	PENDING_ANSWERING,	/* for a moment: the answer is being written */
	PENDING_ANSWERED,
	PENDING_DROPPED,	/* the vCPU was reset; it starts when the answer comes */
};

#define PENDING_STATE_BITS 3

/** More than any instruction needs; further accesses do not reach a device. */
#define PENDING_MAX_ACCESSES 64

/** Stopping and waking a vCPU. Every slot must be filled. */
struct pending_ops {
	/**
	 * Stop @v, the current vCPU, until resume() is called for it. Raises a softirq, so that @v
	 * does not enter its guest even if the answer is there at once.
	 */
	void (*stop)(struct vcpu *v);
	/** Any CPU, any context without a run-queue lock; harmless for a vCPU that runs. */
	void (*resume)(struct vcpu *v);
};

struct pending {
	const struct pending_ops *ops;	/* [const] */
	u64 word;	/* [atomic] enum pending_state in bits 0-2, the request's number above */
	struct device_access access;	/* the request; val is the answer to a read */
	/* Completed accesses of the current instruction [owner] */
	u32 nr, next;	/* accesses completed; index of the next one */
	struct device_access done[PENDING_MAX_ACCESSES];
};

void pending_init(struct pending *p, const struct pending_ops *ops);

static inline enum pending_state pending_state(const struct pending *p)
{
	return __atomic_load_n(&p->word, __ATOMIC_ACQUIRE) &
	       ((1U << PENDING_STATE_BITS) - 1);
}

/** The number of the newest request; it changes when another is made. */
static inline u64 pending_number(const struct pending *p)
{
	return __atomic_load_n(&p->word, __ATOMIC_ACQUIRE) >> PENDING_STATE_BITS;
}

/* --- the emulator's side: the current vCPU @v --- */

/** An instruction starts or restarts. */
static inline void pending_begin(struct pending *p) { p->next = 0; }
/** A repeated instruction finished an iteration: its accesses so far will not be repeated. */
static inline void pending_step(struct pending *p) { p->nr = p->next = 0; }
/** The instruction is finished, or another one has replaced it. */
void pending_end(struct pending *p);
/** Do @a, an access to @dev (NULL: there is no device), unless the instruction did it before. */
enum device_rc pending_access(struct pending *p, struct device *dev, struct vcpu *v,
			      struct device_access *a);

/* --- the device's side --- */

/**
 * Called from a device's access function, which then returns DEVICE_PENDING: stop @v until the
 * answer to @a arrives. Call it before the device model can see the request. Returns the request's
 * number.
 */
u64 pending_ask(struct pending *p, struct vcpu *v, const struct device_access *a);
/**
 * Answer request @number of @v; @val is the value of a read. False: @v no longer waits for that
 * request. Any CPU, any context without a run-queue lock.
 */
bool pending_answer(struct pending *p, struct vcpu *v, u64 number, u64 val);

/**
 * Drop a request, because @v, which does not run, gets another state. If it was not answered, @v
 * goes on only when the answer has come.
 */
void pending_drop(struct pending *p, struct vcpu *v);

#endif
