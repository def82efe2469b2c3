/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counted pausing of vCPUs and domains. */
#include <xen/errno.h>
#include <xen/printk.h>

#include "internal.h"

void vcpu_pause_nosync(struct vcpu *v)
{
	__atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
	vcpu_sleep_nosync(v);
}

void vcpu_pause(struct vcpu *v)
{
	__atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
	vcpu_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
	u32 old = __atomic_fetch_sub(&v->pause_count, 1, __ATOMIC_SEQ_CST);

	BUG_ON(old == 0);
	if (old == 1)
		vcpu_wake(v);
}

void domain_pause_nosync(struct domain *d)
{
	struct vcpu *v;

	__atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	for_each_vcpu(d, v)
		vcpu_sleep_nosync(v);
}

void domain_pause(struct domain *d)
{
	struct vcpu *v;

	/* Ask all vCPUs to stop first, so that the waits overlap. */
	domain_pause_nosync(d);
	for_each_vcpu(d, v)
		vcpu_sleep_sync(v);
}

void domain_unpause(struct domain *d)
{
	u32 old = __atomic_fetch_sub(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	struct vcpu *v;

	BUG_ON(old == 0);
	if (old != 1)
		return;
	for_each_vcpu(d, v)
		vcpu_wake(v);
}

int domain_pause_by_systemcontroller(struct domain *d)
{
	spin_lock(&d->lock);
	if (d->controller_pause_count == UINT32_MAX / 2) {
		spin_unlock(&d->lock);
		return -XEN_EOVERFLOW;
	}
	d->controller_pause_count++;
	spin_unlock(&d->lock);
	/* Without the domain lock: a vCPU that this waits for may be waiting for that lock. */
	domain_pause(d);
	return 0;
}

int domain_unpause_by_systemcontroller(struct domain *d)
{
	spin_lock(&d->lock);
	if (d->controller_pause_count == 0) {
		spin_unlock(&d->lock);
		return -XEN_EINVAL;
	}
	d->controller_pause_count--;
	d->creation_finished = true;
	spin_unlock(&d->lock);
	domain_unpause(d);
	return 0;
}
