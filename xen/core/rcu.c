/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deferred freeing by grace periods. One grace period runs at a time: it waits for every CPU that
 * was neither idle nor in a guest when it began. Callbacks that arrive meanwhile wait for the next.
 *
 * Ordering: an object is unlinked before call_rcu() and thus before the grace period looks at the
 * idle flags. A CPU seen idle clears its flag later, with a full barrier, so it cannot find the
 * object any more.
 */
#include <xen/hal/smp.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>

static DEFINE_SPINLOCK(lock, LOCK_RANK_RCU);

/* Callbacks. All [lock]; need is also read without it, to avoid the lock in the common case. */
static struct list_head waiting = LIST_HEAD_INIT(waiting);	/* for this grace period */
static struct list_head next = LIST_HEAD_INIT(next);		/* for the next one */
static struct list_head done = LIST_HEAD_INIT(done);		/* ready to be called */
static cpumask_t need;

static DEFINE_PER_CPU(bool, idle);	/* idle or in a guest; written by its own CPU */

#ifdef NDEBUG
bool rcu_read_locked(void)
{
	return true;
}
#else
static DEFINE_PER_CPU(u32, readers);	/* nesting of rcu_read_lock() [own CPU] */

void rcu_read_lock(void)
{
	this_cpu(readers)++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void rcu_read_unlock(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	BUG_ON(this_cpu(readers) == 0);
	this_cpu(readers)--;
}

bool rcu_read_locked(void)
{
	return this_cpu(readers) != 0;
}
#endif

static void rcu_softirq(void);

static void splice_tail(struct list_head *from, struct list_head *to)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

/*
 * Begin a grace period if none runs and a callback waits for one. Fills @kick with the CPUs to
 * notify; true when callbacks are ready to be called. Lock held.
 */
static bool advance(cpumask_t *kick)
{
	u32 cpu;

	ASSERT(spin_is_locked_by_me(&lock));
	cpumask_clear(kick);
	/* A grace period that is over has no CPU left to wait for. */
	ASSERT(!list_empty(&waiting) || cpumask_empty(&need));
	while (list_empty(&waiting) && !list_empty(&next)) {
		splice_tail(&next, &waiting);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		cpumask_for_each(cpu, &cpu_online_map)
			if (!__atomic_load_n(&per_cpu(idle, cpu), __ATOMIC_SEQ_CST))
				cpumask_set(&need, cpu);
		*kick = need;
		if (cpumask_empty(&need))
			splice_tail(&waiting, &done);
	}
	return !list_empty(&done);
}

/* Make the CPUs pass a quiescent state soon. Called after advance(), without the lock. */
static void tell(const cpumask_t *kick, bool ready)
{
	u32 cpu;

	if (ready)
		softirq_raise(SOFTIRQ_RCU);
	cpumask_for_each(cpu, kick)
		softirq_raise_cpu(cpu, SOFTIRQ_RCU);
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	cpumask_t kick;
	bool ready;
	u64 flags = spin_lock_irqsave(&lock);

	softirq_register(SOFTIRQ_RCU, rcu_softirq);
	head->fn = fn;
	list_add_tail(&head->link, &next);
	ready = advance(&kick);
	spin_unlock_irqrestore(&lock, flags);
	tell(&kick, ready);
}

/* The current grace period waits for this CPU, or did a moment ago. */
static void pass_grace_period(u32 me)
{
	u64 flags = spin_lock_irqsave(&lock);
	bool ready = false;
	cpumask_t kick;

	cpumask_clear(&kick);
	if (cpumask_test(&need, me)) {
		cpumask_unset(&need, me);
		if (cpumask_empty(&need)) {
			splice_tail(&waiting, &done);
			ready = advance(&kick);
		}
	}
	spin_unlock_irqrestore(&lock, flags);
	tell(&kick, ready);
}

/* This CPU holds no RCU-protected reference now. */
static void quiescent(void)
{
	u32 me = hal_smp_cpu_id();

	ASSERT(!rcu_read_locked());
	if (unlikely(cpumask_test(&need, me)))
		pass_grace_period(me);
}

void rcu_idle_enter(void)
{
	ASSERT(!this_cpu(idle));
	__atomic_store_n(&this_cpu(idle), true, __ATOMIC_SEQ_CST);
	/* A grace period may have begun to wait for this CPU just before. */
	quiescent();
}

void rcu_idle_exit(void)
{
	ASSERT(this_cpu(idle));
	__atomic_store_n(&this_cpu(idle), false, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/*
 * Raised on each CPU that a grace period waits for, and on the one that finds callbacks ready.
 * Callbacks run without the lock and may call call_rcu() themselves.
 */
static void rcu_softirq(void)
{
	struct list_head ready = LIST_HEAD_INIT(ready);
	struct rcu_head *head, *tmp;
	u64 flags;

	quiescent();
	flags = spin_lock_irqsave(&lock);
	splice_tail(&done, &ready);
	spin_unlock_irqrestore(&lock, flags);
	list_for_each_entry_safe(head, tmp, &ready, link)
		head->fn(head);
}
