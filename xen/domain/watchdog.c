/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCHEDOP_watchdog: a guest arms a timer and must rearm it in time. When it fails to, its domain is
 * shut down with SHUTDOWN_watchdog, and the toolstack acts on that.
 */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/printk.h>

#include "private.h"

#define NS_PER_SECOND 1000000000LL

static void expired(void *arg)
{
	struct domain *d = arg;

	/* The domain has shut down already or is being destroyed. */
	if (d->is_shutting_down || d->dying != DOM_ALIVE)
		return;
	printk(LOG_G_WARN "d%u: its watchdog was not served in time\n", d->id);
	domain_shutdown(d, SHUTDOWN_watchdog);
}

void watchdogs_init(struct domain *d)
{
	for (u32 i = 0; i < DOMAIN_WATCHDOGS; i++)
		timer_init(&d->watchdog[i], expired, d, 0);
}

void watchdogs_kill(struct domain *d)
{
	for (u32 i = 0; i < DOMAIN_WATCHDOGS; i++)
		timer_kill(&d->watchdog[i]);
}

static void arm(struct domain *d, u32 index, u32 seconds)
{
	ASSERT(index < DOMAIN_WATCHDOGS && spin_is_locked_by_me(&d->lock));
	timer_set(&d->watchdog[index], hal_now_ns() + seconds * NS_PER_SECOND);
}

/* Returns the identifier, which is never 0. */
static long take_one(struct domain *d, u32 seconds)
{
	for (u32 i = 0; i < DOMAIN_WATCHDOGS; i++) {
		if (d->watchdogs_taken & 1U << i)
			continue;
		d->watchdogs_taken |= 1U << i;
		arm(d, i, seconds);
		return (long)i + 1;
	}
	return -XEN_ENOSPC;
}

static long change(struct domain *d, u32 index, u32 seconds)
{
	ASSERT(spin_is_locked_by_me(&d->lock));
	if (!(d->watchdogs_taken & 1U << index))
		return -XEN_EINVAL;
	if (seconds) {
		arm(d, index, seconds);
	} else {
		timer_stop(&d->watchdog[index]);
		d->watchdogs_taken &= ~(1U << index);
	}
	return 0;
}

long sched_op_watchdog(struct vcpu *v, guest_ptr_t arg)
{
	struct domain *d = v->domain;
	struct sched_watchdog w;
	long rc;

	if (guest_copy_in(v, &w, arg, sizeof(w)))
		return -XEN_EFAULT;
	if (w.id > DOMAIN_WATCHDOGS || (!w.id && !w.timeout))
		return -XEN_EINVAL;
	spin_lock(&d->lock);
	rc = w.id ? change(d, array_index_nospec(w.id - 1, DOMAIN_WATCHDOGS), w.timeout)
		  : take_one(d, w.timeout);
	spin_unlock(&d->lock);
	return rc;
}
