/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: a binary heap for each CPU, ordered by deadline.
 *
 * timer_set() works in any context, so it cannot allocate. When the heap is full the timer goes
 * to the CPU's overflow list, and the softirq enlarges the heap. If it gets no memory, it serves
 * the timers from the list, only slower.
 */
#include <xen/errno.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/spinlock.h>
#include <xen/string.h>
#include <xen/timer.h>
#include <xen/trace.h>
#include <xen/xmalloc.h>

#define FIRST_SIZE 64U
#define IN_OVERFLOW ~0U		/* heap_index of a timer on the overflow list */

/* All [lock] */
struct timers {
	struct spinlock lock;
	struct timer **heap;	/* [1] is the earliest; [0] is not used */
	u32 count, size;
	struct timer *overflow;
	struct timer *running;	/* its handler is being called; read without the lock */
	bool in_softirq;	/* the softirq programs the hardware at its end */
};

static DEFINE_PER_CPU(struct timers, timers);

static void no_biller(struct vcpu *v, s64 ns)
{
}

static void (*bill)(struct vcpu *v, s64 ns) = no_biller;	/* set at boot */

void timer_set_biller(void (*fn)(struct vcpu *v, s64 ns))
{
	bill = fn;
}

static void heap_place(struct timers *ts, u32 i, struct timer *t)
{
	ASSERT(i && i <= ts->count && ts->count < ts->size);
	ts->heap[i] = t;
	t->heap_index = i;
}

static void sift_up(struct timers *ts, u32 i, struct timer *t)
{
	for (; i > 1 && ts->heap[i / 2]->expires > t->expires; i /= 2)
		heap_place(ts, i, ts->heap[i / 2]);
	heap_place(ts, i, t);
}

static void sift_down(struct timers *ts, u32 i, struct timer *t)
{
	for (;;) {
		u32 c = 2 * i;

		if (c > ts->count)
			break;
		if (c < ts->count && ts->heap[c + 1]->expires < ts->heap[c]->expires)
			c++;
		if (ts->heap[c]->expires >= t->expires)
			break;
		heap_place(ts, i, ts->heap[c]);
		i = c;
	}
	heap_place(ts, i, t);
}

static void insert(struct timers *ts, struct timer *t)
{
	ASSERT(spin_is_locked_by_me(&ts->lock));
	ASSERT(!t->heap_index && !t->dead);
	if (ts->count + 1 < ts->size) {
		sift_up(ts, ++ts->count, t);
		return;
	}
	t->heap_index = IN_OVERFLOW;
	t->next_overflow = ts->overflow;
	ts->overflow = t;
}

static void remove(struct timers *ts, struct timer *t)
{
	struct timer *last, **link = &ts->overflow;
	u32 i = t->heap_index;

	ASSERT(spin_is_locked_by_me(&ts->lock));
	ASSERT(i && (i == IN_OVERFLOW || ts->heap[i] == t));
	t->heap_index = 0;
	if (i == IN_OVERFLOW) {
		while (*link != t)
			link = &(*link)->next_overflow;
		*link = t->next_overflow;
		return;
	}
	last = ts->heap[ts->count--];
	if (last == t)
		return;
	if (i > 1 && ts->heap[i / 2]->expires > last->expires)
		sift_up(ts, i, last);
	else
		sift_down(ts, i, last);
}

/* The earliest of all, the overflow list included; NULL when there is none. */
static struct timer *earliest(const struct timers *ts)
{
	struct timer *first = ts->count ? ts->heap[1] : NULL;

	for (struct timer *t = ts->overflow; t; t = t->next_overflow)
		if (!first || t->expires < first->expires)
			first = t;
	return first;
}

/* Lock the timers of the CPU that @t is on, which may change until the lock is held. */
static struct timers *lock_timers(const struct timer *t, u64 *flags)
{
	for (;;) {
		u32 cpu = READ_ONCE(t->cpu);
		struct timers *ts = &per_cpu(timers, cpu);

		*flags = spin_lock_irqsave(&ts->lock);
		if (READ_ONCE(t->cpu) == cpu)
			return ts;
		spin_unlock_irqrestore(&ts->lock, *flags);
	}
}

/* After @t was inserted: make sure that its CPU looks at it in time. Lock held. */
static void announce(struct timers *ts, const struct timer *t)
{
	if (t->heap_index == IN_OVERFLOW || earliest(ts) == t) {
		if (t->cpu != hal_smp_cpu_id())
			softirq_raise_cpu(t->cpu, SOFTIRQ_TIMER);
		else if (t->heap_index == IN_OVERFLOW || t->expires <= hal_now_ns())
			softirq_raise(SOFTIRQ_TIMER);
		else if (!ts->in_softirq)
			hal_timer_program(t->expires);
	}
}

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, u32 cpu)
{
	ASSERT(fn && cpu < NR_CPUS);
	*t = (struct timer){ .fn = fn, .arg = arg, .cpu = cpu };
}

void timer_set(struct timer *t, s_time_t expires)
{
	u64 flags;
	struct timers *ts = lock_timers(t, &flags);

	trace_timer_arm(t->cpu, expires);
	if (t->heap_index)
		remove(ts, t);
	t->expires = expires;
	if (!t->dead) {
		insert(ts, t);
		announce(ts, t);
	}
	spin_unlock_irqrestore(&ts->lock, flags);
}

void timer_stop(struct timer *t)
{
	u64 flags;
	struct timers *ts = lock_timers(t, &flags);

	if (t->heap_index)
		remove(ts, t);
	spin_unlock_irqrestore(&ts->lock, flags);
}

void timer_migrate(struct timer *t, u32 cpu)
{
	struct timers *from, *to = &per_cpu(timers, cpu);
	u64 flags = hal_irq_save();
	u32 old;
	bool active;

	/* Hold both locks, so that the timer is always on one CPU; the lower CPU's lock first. */
	for (;;) {
		old = READ_ONCE(t->cpu);
		if (old == cpu)
			goto out;
		from = &per_cpu(timers, old);
		spin_lock(old < cpu ? &from->lock : &to->lock);
		spin_lock_nested(old < cpu ? &to->lock : &from->lock);
		if (t->cpu == old)
			break;
		spin_unlock(&from->lock);
		spin_unlock(&to->lock);
	}
	active = t->heap_index != 0;
	if (active)
		remove(from, t);
	WRITE_ONCE(t->cpu, cpu);
	if (active) {
		insert(to, t);
		announce(to, t);
	}
	spin_unlock(&from->lock);
	spin_unlock(&to->lock);
out:
	hal_irq_restore(flags);
}

void timer_leave_cpu(u32 cpu, u32 to)
{
	struct timers *old = &per_cpu(timers, cpu), *new = &per_cpu(timers, to);
	struct timers *first = cpu < to ? old : new, *second = cpu < to ? new : old;
	u64 flags = spin_lock_irqsave(&first->lock);
	struct timer *t;

	ASSERT(cpu != to);
	spin_lock_nested(&second->lock);
	while ((t = earliest(old)) != NULL) {
		remove(old, t);
		WRITE_ONCE(t->cpu, to);
		insert(new, t);
		announce(new, t);
	}
	spin_unlock(&second->lock);
	spin_unlock_irqrestore(&first->lock, flags);
}

static bool is_running(const struct timer *t)
{
	for (u32 cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (__atomic_load_n(&per_cpu(timers, cpu).running, __ATOMIC_ACQUIRE) == t)
			return true;
	return false;
}

void timer_kill(struct timer *t)
{
	u64 flags;
	struct timers *ts = lock_timers(t, &flags);

	if (t->heap_index)
		remove(ts, t);
	t->dead = true;
	spin_unlock_irqrestore(&ts->lock, flags);
	while (is_running(t))
		hal_cpu_relax();
}

void timer_interrupt(void)
{
	softirq_raise(SOFTIRQ_TIMER);
}

/* Double the heap. Allocates without the lock: only this CPU changes the size of its heap. */
static void grow(struct timers *ts)
{
	u32 size = ts->size * 2;
	struct timer **heap = xzalloc_array(struct timer *, size), **old = ts->heap;
	u64 flags;

	if (!heap)
		return;
	flags = spin_lock_irqsave(&ts->lock);
	memcpy(heap, old, (ts->count + 1) * sizeof(*heap));
	ts->heap = heap;
	ts->size = size;
	while (ts->overflow && ts->count + 1 < ts->size) {
		struct timer *t = ts->overflow;

		ts->overflow = t->next_overflow;
		t->heap_index = 0;
		insert(ts, t);
	}
	spin_unlock_irqrestore(&ts->lock, flags);
	xfree(old);
}

/* Call the handler of a timer that was just taken out. Returns the time afterwards. */
static s_time_t fire(struct timers *ts, struct timer *t, s_time_t now)
{
	s_time_t end;

	trace_timer_fire(t->expires);
	t->fn(t->arg);
	end = hal_now_ns();
	if (t->charged)
		bill(t->charged, end - now);
	__atomic_store_n(&ts->running, NULL, __ATOMIC_RELEASE);
	return end;
}

static void timer_softirq(void)
{
	struct timers *ts = &this_cpu(timers);
	s_time_t now = hal_now_ns();
	struct timer *t;
	u64 flags;

	if (READ_ONCE(ts->overflow))
		grow(ts);
	flags = spin_lock_irqsave(&ts->lock);
	ts->in_softirq = true;
	while ((t = earliest(ts)) != NULL && t->expires <= now) {
		remove(ts, t);
		__atomic_store_n(&ts->running, t, __ATOMIC_RELEASE);
		spin_unlock_irqrestore(&ts->lock, flags);
		now = fire(ts, t, now);
		flags = spin_lock_irqsave(&ts->lock);
	}
	ts->in_softirq = false;
	hal_timer_program(t ? t->expires : INT64_MAX);
	spin_unlock_irqrestore(&ts->lock, flags);
}

int timer_cpu_prepare(u32 cpu)
{
	struct timers *ts = &per_cpu(timers, cpu);

	if (ts->heap)
		return 0;
	spin_lock_init(&ts->lock, "timers", LOCK_RANK_TIMER);
	ts->heap = xzalloc_array(struct timer *, FIRST_SIZE);
	if (!ts->heap)
		return -XEN_ENOMEM;
	ts->size = FIRST_SIZE;
	return 0;
}

void timer_init_subsystem(void)
{
	softirq_register(SOFTIRQ_TIMER, timer_softirq);
	if (timer_cpu_prepare(hal_smp_cpu_id()))
		panic("no memory for the first CPU's timers");
}
