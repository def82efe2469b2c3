/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Posted interrupts: others request vectors of a vCPU without touching its local APIC, which a
 * processor may be changing at that moment. They set bits in a descriptor (SDM volume 3, section
 * 30.6), and the first to do so notifies the vCPU. Where the descriptor's owner is decides how:
 *
 *   on a CPU       a vector to that CPU. A processor that is in the guest moves the requests
 *                  into the APIC by itself, without an exit.
 *   blocked        another to the CPU where it blocked, which keeps a list of such vCPUs.
 *   can run, waits nothing: SN suppresses it. It looks when it comes to a CPU.
 *
 * The owner calls posted_load(), posted_suspend() and posted_block() as it moves between these, and
 * posted_collect() before it enters its guest. All of it is pure, so that unit tests run the same
 * object with every access interleaved.
 *
 * Level-triggered requests take a way of their own, as the owner has to learn of them before they
 * are delivered: their end must be an exit.
 */
#ifndef XEN_X86_POSTED_H
#define XEN_X86_POSTED_H

#include <xen/list.h>
#include <xen/spinlock.h>
#include <xen/x86/vlapic.h>

/** The control word of a descriptor, which is bits 256 to 319 of the whole. */
#define POSTED_ON BIT(0)	/* notified: the owner has yet to collect */
#define POSTED_SN BIT(1)	/* suppress notifications */
#define POSTED_NV_SHIFT 16	/* the vector that notifies, 8 bits */
#define POSTED_NDST_SHIFT 32	/* the CPU that it goes to, 32 bits */

/** What processors and IOMMUs read and write. */
struct posted_desc {
	u32 pir[8];		/* [atomic] requested vectors */
	u64 control;		/* [atomic] POSTED_* */
	u64 reserved[3];
} __aligned(64);
BUILD_BUG_ON(sizeof(struct posted_desc) != 64);

/** The vCPUs that blocked on one CPU. */
struct posted_waiters {
	struct spinlock lock;
	struct list_head list;		/* [lock] of struct posted */
};

struct posted {
	struct posted_desc desc;
	u32 held[8];		/* [atomic] requested level-triggered vectors */
	bool holds;		/* [atomic] held has news for the owner */
	struct posted_waiters *where;	/* [owner] the list that it joined last */
	struct list_head link;		/* [where->lock] */
};

/** The vectors of notifications. */
struct posted_vectors {
	u8 running, wake;
};

enum posted_result {
	POSTED_MERGED,		/* the vector was requested already */
	POSTED_QUIET,		/* nothing is to be done: the owner will look */
	POSTED_NOTIFY,		/* send @vector to @cpu */
	POSTED_KICK,		/* make the owner leave its guest, and end its block */
};

/** Where a notification goes. */
struct posted_target {
	u32 cpu;
	u8 vector;
};

/** A descriptor of a vCPU that is not on a CPU and has not blocked. */
void posted_init(struct posted *p);
void posted_waiters_init(struct posted_waiters *w);

/**
 * Request @vector of the APIC @vl that @p belongs to. Any CPU, any context; not the owner's CPU
 * while the vCPU is current there, which uses vlapic_set_irq(). Vectors below 16, and all while
 * the APIC is disabled, are as for vlapic_set_irq(), and count as merged.
 */
enum posted_result posted_request(struct posted *p, struct vlapic *vl, u8 vector, bool level,
				  struct posted_target *to);

/* The owner, interrupts off. */

/** The vCPU comes to @cpu. */
void posted_load(struct posted *p, u32 cpu, const struct posted_vectors *vectors);
/** It leaves its CPU, and can run. */
void posted_suspend(struct posted *p);
/**
 * It leaves @cpu, whose list is @w, and waits. True: something was requested before, and its
 * requester may not have known that it would wait, so it must be woken now.
 */
bool posted_block(struct posted *p, struct posted_waiters *w, u32 cpu,
		  const struct posted_vectors *vectors);

enum posted_news { POSTED_NONE, POSTED_EDGES, POSTED_LEVELS };
/** Has posted_collect() anything to do? */
static inline bool posted_waits(const struct posted *p)
{
	return (READ_ONCE(p->desc.control) & POSTED_ON) || READ_ONCE(p->holds);
}
/**
 * Move the requests to the APIC. POSTED_LEVELS: there were level-triggered ones, so TMR may have
 * changed. An owner that had declared that it waits must stop waiting, as posted_block() cannot see
 * these requests any more. The vCPU is not in its guest; another CPU may call this only while it
 * cannot run.
 */
enum posted_news posted_collect(struct posted *p, struct vlapic *vl);
/** Forget all requests, as at INIT. The vCPU does not run. */
void posted_drop(struct posted *p);

/* The wake-up vector, and the end. */

/** Call @wake for each vCPU on the list that was notified, and take it off. IRQ context. */
void posted_wake(struct posted_waiters *w, void (*wake)(struct posted *p));
/** Leave the list that it is on, if any. posted_load() does so too. */
void posted_leave_list(struct posted *p);

#endif
