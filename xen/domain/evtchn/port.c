/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: the ports of a domain, from its creation to its end. */
#include "private.h"

#include <xen/xmalloc.h>

/* Free ports that are passed over in one search because a queue holds them. */
#define MAX_HELD 64

static struct evtchn_bucket *bucket_of(const struct evtchn_domain *ed, u32 port)
{
	ASSERT(port < READ_ONCE(ed->nr_ports));
	return ed->group[port / EVTCHN_PER_GROUP]
		->bucket[port / EVTCHN_PER_BUCKET % EVTCHN_BUCKETS_PER_GROUP];
}

/* First port of the bucket after @port's. */
static u32 next_bucket(u32 port)
{
	return ROUND_DOWN(port, EVTCHN_PER_BUCKET) + EVTCHN_PER_BUCKET;
}

/* Add the next bucket. 0 or -XEN_ENOMEM. */
static int add_bucket(struct evtchn_domain *ed)
{
	u32 first = ed->nr_ports;
	u32 g = first / EVTCHN_PER_GROUP;
	struct evtchn_bucket *b;

	ASSERT(first % EVTCHN_PER_BUCKET == 0 && first < EVTCHN_FIFO_NR_CHANNELS);
	if (!ed->group[g]) {
		ed->group[g] = xzalloc(struct evtchn_group);
		if (!ed->group[g])
			return -XEN_ENOMEM;
	}
	b = xzalloc(struct evtchn_bucket);
	if (!b)
		return -XEN_ENOMEM;
	for (u32 i = 0; i < EVTCHN_PER_BUCKET; i++) {
		struct evtchn *chn = &b->chn[i];

		spin_lock_init(&chn->lock, "event channel", LOCK_RANK_EVTCHN_CHANNEL);
		chn->port = first + i;
		chn->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
		chn->fifo_last = fifo_queue_id(0, EVTCHN_FIFO_PRIORITY_DEFAULT);
	}
	ASSERT(!ed->group[g]->bucket[first / EVTCHN_PER_BUCKET % EVTCHN_BUCKETS_PER_GROUP]);
	ed->group[g]->bucket[first / EVTCHN_PER_BUCKET % EVTCHN_BUCKETS_PER_GROUP] = b;
	__atomic_store_n(&ed->nr_ports, first + EVTCHN_PER_BUCKET, __ATOMIC_RELEASE);
	return 0;
}

static u32 port_limit(const struct domain *d)
{
	return min(d->evtchn->max_port + 1, d->evtchn->ops->nr_ports(d));
}

/*
 * The lowest free port that no queue of the guest still holds; nr_ports when there is none. Passes
 * over MAX_HELD ports at most, as the guest decides how many there are, and takes the next one.
 */
static u32 find_port(struct domain *d)
{
	struct evtchn_domain *ed = d->evtchn;
	u32 lowest = ~0U, held = 0;

	for (u32 first = ed->hint; first < ed->nr_ports; first = next_bucket(first)) {
		u32 bucket = ROUND_DOWN(first, EVTCHN_PER_BUCKET);

		for (u64 free = ~bucket_of(ed, first)->used; free; free &= free - 1) {
			u32 port = bucket + (u32)__builtin_ctzl(free);

			lowest = min(lowest, port);
			if (held < MAX_HELD && ed->ops->is_held(d, evtchn_from_port(d, port))) {
				held++;
				continue;
			}
			ed->hint = lowest == port ? port + 1 : lowest;
			return port;
		}
	}
	ed->hint = min(lowest, ed->nr_ports);
	return ed->nr_ports;
}

int evtchn_port_get(struct domain *d)
{
	struct evtchn_domain *ed = d->evtchn;
	u32 port;

	ASSERT(spin_is_locked_by_me(&ed->lock));
	if (ed->closed)
		return -XEN_EINVAL;
	port = find_port(d);
	if (port >= port_limit(d)) {
		ed->hint = min(ed->hint, port);
		return -XEN_ENOSPC;
	}
	if (port >= ed->nr_ports) {
		int rc = add_bucket(ed);

		if (rc)
			return rc;
		if (ed->hint == port)
			ed->hint++;
	}
	/* The last bucket has a free port if no earlier one has, and port 0 is never free. */
	ASSERT(port && !(bucket_of(ed, port)->used & BIT(port % EVTCHN_PER_BUCKET)));
	ASSERT(ed->hint <= port + 1);
	bucket_of(ed, port)->used |= BIT(port % EVTCHN_PER_BUCKET);
	ed->nr_open++;
	return (int)port;
}

void evtchn_port_put(struct domain *d, u32 port)
{
	struct evtchn_domain *ed = d->evtchn;

	ASSERT(spin_is_locked_by_me(&ed->lock));
	ASSERT(port && ed->nr_open);
	ASSERT(bucket_of(ed, port)->used & BIT(port % EVTCHN_PER_BUCKET));
	ASSERT(evtchn_from_port(d, port)->state == EVTCHNSTAT_closed);
	bucket_of(ed, port)->used &= ~BIT(port % EVTCHN_PER_BUCKET);
	ed->nr_open--;
	ed->hint = min(ed->hint, port);
}

int evtchn_domain_init(struct domain *d, u32 max_port)
{
	struct evtchn_domain *ed = xzalloc(struct evtchn_domain);
	int rc;

	if (!ed)
		return -XEN_ENOMEM;
	spin_lock_init(&ed->lock, "event channels", LOCK_RANK_EVTCHN);
	ed->ops = &evtchn_2l_ops;
	ed->max_port = EVTCHN_FIFO_NR_CHANNELS - 1;
	if (max_port && max_port < ed->max_port)
		ed->max_port = max_port;
	rc = add_bucket(ed);
	if (rc) {
		xfree(ed->group[0]);
		xfree(ed);
		return rc;
	}
	/* Port 0 means "none" everywhere. */
	bucket_of(ed, 0)->used = 1;
	ed->hint = 1;
	d->evtchn = ed;
	return 0;
}

void evtchn_domain_free(struct domain *d)
{
	struct evtchn_domain *ed = d->evtchn;
	struct vcpu *v;

	/* A domain whose creation failed early has no vCPUs either. */
	if (!ed)
		return;
	for_each_vcpu(d, v) {
		xfree(v->evtchn);
		v->evtchn = NULL;
	}
	ASSERT(!ed->nr_open && !ed->fifo);
	for (u32 g = 0; g < EVTCHN_NR_GROUPS && ed->group[g]; g++) {
		for (u32 b = 0; b < EVTCHN_BUCKETS_PER_GROUP; b++)
			xfree(ed->group[g]->bucket[b]);
		xfree(ed->group[g]);
	}
	xfree(ed->pirq_port);
	xfree(ed);
	d->evtchn = NULL;
}

u32 evtchn_next_open(const struct domain *d, u32 from)
{
	const struct evtchn_domain *ed = d->evtchn;
	u32 nr = READ_ONCE(ed->nr_ports);
	u32 port = from;

	while (port < nr) {
		u64 used = READ_ONCE(bucket_of(ed, port)->used) >> (port % EVTCHN_PER_BUCKET);

		/* Port 0 is marked as used but is not a channel. */
		if (port == 0)
			used &= ~1UL;
		if (used)
			return port + (u32)__builtin_ctzl(used);
		port = next_bucket(port);
	}
	return nr;
}
