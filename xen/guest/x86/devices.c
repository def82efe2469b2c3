/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of a domain's devices. */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/string.h>
#include <xen/x86/devices.h>
#include <xen/xmalloc.h>

void device_no_eoi(struct device *dev, u8 vector)
{
}

void device_no_release(struct device *dev)
{
}

struct device *device_no_more(const struct device_table *t, enum device_space space, u64 addr,
			      u32 bytes)
{
	return NULL;
}

void device_table_init(struct device_table *t, device_more_fn more)
{
	memset(t, 0, sizeof(*t));
	t->more = more;
	spin_lock_init(&t->lock, "devices", LOCK_RANK_DEVICES);
	list_init(&t->devices);
}

static void free_ranges(struct rcu_head *head)
{
	xfree(container_of(head, struct device_ranges, rcu));
}

void device_table_destroy(struct device_table *t)
{
	struct device *dev;

	/* A domain may end before it had a table. */
	while (t->devices.next && !list_empty(&t->devices)) {
		dev = container_of(t->devices.prev, struct device, link);
		list_del_init(&dev->link);
		dev->ops->release(dev);
	}
	for (u32 i = 0; i < DEVICE_SPACES; i++) {
		xfree(t->ranges[i]);
		t->ranges[i] = NULL;
	}
	t->eoi = NULL;
}

int device_add(struct device_table *t, struct device *dev, const struct device_ops *ops)
{
	int rc = 0;

	spin_lock(&t->lock);
	if (ops->eoi != device_no_eoi) {
		if (t->eoi)
			rc = -XEN_EEXIST;
		else
			t->eoi = dev;
	}
	if (!rc) {
		dev->ops = ops;
		list_add_tail(&dev->link, &t->devices);
	}
	spin_unlock(&t->lock);
	return rc;
}

/* The number of ranges of @rs that begin at or below @addr. */
static u32 count_up_to(const struct device_ranges *rs, u64 addr)
{
	u32 low = 0, high = rs ? rs->nr : 0;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (rs->r[mid].first <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool __unused holds_range_of(const struct device_table *t, const struct device *dev)
{
	for (u32 s = 0; s < DEVICE_SPACES; s++)
		for (u32 i = 0; t->ranges[s] && i < t->ranges[s]->nr; i++)
			if (t->ranges[s]->r[i].dev == dev)
				return true;
	return false;
}

void device_remove(struct device_table *t, struct device *dev)
{
	spin_lock(&t->lock);
	ASSERT(!holds_range_of(t, dev));
	ASSERT(t->eoi != dev);
	list_del_init(&dev->link);
	spin_unlock(&t->lock);
}

static bool __unused is_sorted(const struct device_ranges *rs)
{
	for (u32 i = 0; i < rs->nr; i++)
		if (rs->r[i].first > rs->r[i].last ||
		    (i && rs->r[i - 1].last >= rs->r[i].first))
			return false;
	return true;
}

/* Lock held. Publish @new; the old snapshot is freed when no reader can hold it. */
static void replace(struct device_table *t, enum device_space space, struct device_ranges *new)
{
	struct device_ranges *old = t->ranges[space];

	ASSERT(spin_is_locked_by_me(&t->lock));
	ASSERT(!new || is_sorted(new));
	__atomic_store_n(&t->ranges[space], new, __ATOMIC_RELEASE);
	if (old)
		call_rcu(&old->rcu, free_ranges);
}

static struct device_ranges *alloc_ranges(u32 nr)
{
	struct device_ranges *rs = xzalloc_bytes(sizeof(*rs) + nr * sizeof(rs->r[0]));

	if (!rs)
		return NULL;
	ASSERT(nr);	/* a space without ranges has no snapshot */
	rs->nr = nr;
	rs->hint = rs->r;
	return rs;
}

/* Lock held. */
static int insert(struct device_table *t, struct device *dev, enum device_space space, u64 first,
		  u64 last)
{
	const struct device_ranges *old = t->ranges[space];
	u32 nr = old ? old->nr : 0, at = count_up_to(old, first);
	struct device_ranges *new;

	if ((at && old->r[at - 1].last >= first) || (at < nr && old->r[at].first <= last))
		return -XEN_EEXIST;
	new = alloc_ranges(nr + 1);
	if (!new)
		return -XEN_ENOMEM;
	if (at)
		memcpy(new->r, old->r, at * sizeof(new->r[0]));
	new->r[at] = (struct device_range){ first, last, dev };
	if (at < nr)
		memcpy(&new->r[at + 1], &old->r[at], (nr - at) * sizeof(new->r[0]));
	replace(t, space, new);
	return 0;
}

int device_claim(struct device_table *t, struct device *dev, enum device_space space, u64 first,
		 u64 last)
{
	int rc;

	ASSERT(first <= last && space < DEVICE_SPACES);
	ASSERT(dev->ops);
	spin_lock(&t->lock);
	rc = insert(t, dev, space, first, last);
	spin_unlock(&t->lock);
	return rc;
}

/* Lock held; @at is the range's number. */
static void remove_at(struct device_table *t, enum device_space space, u32 at)
{
	struct device_ranges *old = t->ranges[space], *new;

	if (old->nr == 1) {
		replace(t, space, NULL);
		return;
	}
	new = alloc_ranges(old->nr - 1);
	if (!new) {
		WRITE_ONCE(old->r[at].dev, NULL);
		return;
	}
	memcpy(new->r, old->r, at * sizeof(new->r[0]));
	memcpy(&new->r[at], &old->r[at + 1], (old->nr - at - 1) * sizeof(new->r[0]));
	replace(t, space, new);
}

void device_unclaim(struct device_table *t, struct device *dev, enum device_space space, u64 first)
{
	u32 at;

	spin_lock(&t->lock);
	at = count_up_to(t->ranges[space], first);
	ASSERT(at && t->ranges[space]->r[at - 1].first == first);
	ASSERT(t->ranges[space]->r[at - 1].dev == dev);
	remove_at(t, space, at - 1);
	spin_unlock(&t->lock);
}

static struct device *search_ranges(struct device_ranges *rs, u64 addr, u32 bytes)
{
	u32 at = count_up_to(rs, addr);
	const struct device_range *r;

	if (!at || addr > rs->r[at - 1].last)
		return NULL;
	r = &rs->r[at - 1];
	WRITE_ONCE(rs->hint, r);
	return bytes - 1 <= r->last - addr ? READ_ONCE(r->dev) : NULL;
}

struct device *device_search(const struct device_table *t, enum device_space space, u64 addr,
			     u32 bytes)
{
	struct device_ranges *rs = __atomic_load_n(&t->ranges[space], __ATOMIC_ACQUIRE);
	struct device *dev = search_ranges(rs, addr, bytes);

	return dev ? dev : t->more(t, space, addr, bytes);
}

void device_for_each_gap(const struct device_table *t, enum device_space space, u64 first, u64 last,
			 void (*fn)(u64 first, u64 last, void *arg), void *arg)
{
	const struct device_ranges *rs = __atomic_load_n(&t->ranges[space], __ATOMIC_ACQUIRE);

	for (u32 i = 0; rs && i < rs->nr && rs->r[i].first <= last; i++) {
		if (rs->r[i].last < first)
			continue;
		if (rs->r[i].first > first)
			fn(first, rs->r[i].first - 1, arg);
		if (rs->r[i].last >= last)
			return;
		first = rs->r[i].last + 1;
	}
	fn(first, last, arg);
}
