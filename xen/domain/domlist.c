/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of all domains, their ids, and references to them.
 *
 * Locking: domlist_lock protects the list; readers walk it under RCU. A domain stays while it has
 * references; the list holds one.
 */
#include <xen/errno.h>
#include <xen/printk.h>

#include "private.h"

struct domain *hardware_domain;

static LIST_HEAD(domain_list);	/* ascending ids [domlist_lock, RCU readers] */
static DEFINE_SPINLOCK(domlist_lock, LOCK_RANK_DOMLIST);

void domain_get(struct domain *d)
{
	/* The caller has a reference already; a dead domain never gets a new one. */
	ASSERT(READ_ONCE(d->refs) > 0);
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
}

void domain_put(struct domain *d)
{
	u32 left = __atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL);

	ASSERT(left != ~0U);
	if (left == 0)
		call_rcu(&d->rcu, d->free);
}

struct domain *domain_get_by_id(u16 domid)
{
	struct domain *d, *found = NULL;

	spin_lock(&domlist_lock);
	list_for_each_entry(d, &domain_list, link) {
		if (d->id == domid) {
			domain_get(d);
			found = d;
			break;
		}
	}
	spin_unlock(&domlist_lock);
	return found;
}

struct domain *domain_next(const struct domain *d)
{
	struct list_head *next = d ? READ_ONCE(d->link.next) : READ_ONCE(domain_list.next);

	ASSERT(rcu_read_locked());
	return next == &domain_list ? NULL : list_entry(next, struct domain, link);
}

static bool domid_in_use(u16 domid)
{
	struct domain *o;

	ASSERT(spin_is_locked_by_me(&domlist_lock));
	list_for_each_entry(o, &domain_list, link)
		if (o->id == domid)
			return true;
	return false;
}

static u16 domid_after(u16 domid)
{
	return domid + 1 >= DOMID_FIRST_RESERVED ? 1 : domid + 1;
}

u16 domid_choose(u16 wanted)
{
	static u16 next_id = 1;
	u16 domid;

	if (wanted != DOMID_INVALID)
		return wanted;
	spin_lock(&domlist_lock);
	domid = next_id;
	for (u32 tries = 0; tries < DOMID_FIRST_RESERVED && domid_in_use(domid); tries++)
		domid = domid_after(domid);
	next_id = domid_after(domid);
	spin_unlock(&domlist_lock);
	return domid;
}

int domlist_insert(struct domain *d)
{
	struct list_head *pos;
	struct domain *o;
	int rc = 0;

	ASSERT(list_empty(&d->link) && d->refs > 0 && d->free);
	spin_lock(&domlist_lock);
	pos = &domain_list;
	list_for_each_entry(o, &domain_list, link) {
		if (o->id == d->id)
			rc = -XEN_EEXIST;
		if (o->id >= d->id) {
			pos = &o->link;
			break;
		}
	}
	if (!rc)
		list_add_tail(&d->link, pos);
	spin_unlock(&domlist_lock);
	return rc;
}

void domlist_remove(struct domain *d)
{
	ASSERT(d->dying == DOM_DEAD);
	spin_lock(&domlist_lock);
	/* Readers may be at this node: keep its links until a grace period has passed. */
	d->link.next->prev = d->link.prev;
	d->link.prev->next = d->link.next;
	spin_unlock(&domlist_lock);
	domain_put(d);
}
