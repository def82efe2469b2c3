/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deferred freeing. A CPU is quiescent between softirqs, when it idles and when it is in a guest;
 * readers hold no reference across those. call_rcu's function runs after every CPU has been
 * quiescent.
 */
#ifndef XEN_RCU_H
#define XEN_RCU_H

#include <xen/list.h>

struct rcu_head {
	struct list_head link;
	void (*fn)(struct rcu_head *head);
};

/**
 * Between these two, what an RCU-protected pointer leads to is not freed. They nest, cost nothing
 * (but are counted where assertions are on), and forbid to run softirqs, to idle or to enter a
 * guest meanwhile.
 */
#ifdef NDEBUG
static inline void rcu_read_lock(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
static inline void rcu_read_unlock(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
#else
void rcu_read_lock(void);
void rcu_read_unlock(void);
#endif
/** Whether this CPU is between the two; for assertions. True when they are not counted. */
bool rcu_read_locked(void);
/** Call @fn(@head) in a softirq of some CPU once every CPU has been quiescent. Any context. */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
/** Entering / leaving idle or guest: such a CPU is not waited for. Interrupts off. */
void rcu_idle_enter(void);
void rcu_idle_exit(void);

#endif
