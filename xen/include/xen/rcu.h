/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deferred freeing. A CPU is quiescent when it runs softirqs, idles or is in a guest; readers hold
 * no reference across those. call_rcu's function runs after every CPU has been quiescent.
 */
#ifndef XEN_RCU_H
#define XEN_RCU_H

#include <xen/list.h>

struct rcu_head {
	struct list_head link;
	void (*fn)(struct rcu_head *head);
};

static inline void rcu_read_lock(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
static inline void rcu_read_unlock(void) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
/** This CPU passed a quiescent state; called by softirq_run. */
void rcu_quiescent(void);
/** Entering / leaving idle or guest: such a CPU is not waited for. */
void rcu_idle_enter(void);
void rcu_idle_exit(void);

#endif
