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
 * Between these two, the target of an RCU-protected pointer is not freed. They nest, and cost
 * nothing but a count where assertions are enabled. The code between them must not run softirqs,
 * idle or enter a guest.
 */
#ifdef NDEBUG
static inline void rcu_read_lock(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
static inline void rcu_read_unlock(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
#else
void rcu_read_lock(void);
void rcu_read_unlock(void);
#endif
/** True when this CPU is between the two, or when they are not counted. For assertions. */
bool rcu_read_locked(void);
/** Call @fn(@head) in a softirq of some CPU once every CPU has been quiescent. Any context. */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
/** Enter / leave idle or a guest: grace periods do not wait for such a CPU. Interrupts off. */
void rcu_idle_enter(void);
void rcu_idle_exit(void);

#endif
