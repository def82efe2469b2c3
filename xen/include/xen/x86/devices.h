/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices of a domain: the ranges of ports and of guest physical memory that each answers, and
 * the device that is told of completed interrupts. Everything that a domain can reach is an entry
 * in its table; no device answers at an address without an entry.
 *
 * Locking: the table's own lock protects adding and removing entries. Looking up takes no lock: it
 * is done between an exit of a vCPU and its next entry, and the result stays valid for that time
 * (RCU). A device's functions do their own locking.
 */
#ifndef XEN_X86_DEVICES_H
#define XEN_X86_DEVICES_H

#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/spinlock.h>

struct vcpu;
struct device;
struct pending;

enum device_space { DEVICE_PORTS, DEVICE_MMIO, DEVICE_SPACES };

/** One access: 1, 2 or 4 bytes of ports, or 1 to 8 of memory, all within one entry's range. */
struct device_access {
	enum device_space space;
	u32 bytes;
	bool write;
	/*
	 * 0, or so many accesses of a port in turn, between it and guest memory from address @val
	 * on, all in one page. Only device models in other domains are given these.
	 */
	u16 count;
	u64 addr;	/* port, or guest physical */
	u64 val;	/* to be written, or the value read; bits beyond @bytes are ignored */
	struct pending *pending;	/* the vCPU's, for a device that answers later */
};

enum device_rc {
	DEVICE_DONE,
	DEVICE_ABSENT,	/* it does not answer: reads return all ones, writes are dropped */
	DEVICE_PENDING,	/* it answers later: pending_ask() (xen/x86/pending.h) */
};

/** Every slot must be filled; see device_no_eoi() and device_no_release(). */
struct device_ops {
	const char *name;
	/** An access by @v, the current vCPU. */
	enum device_rc (*access)(struct device *dev, struct vcpu *v, struct device_access *a);
	/** A local APIC completed the level-triggered @vector. Any CPU; only if has_eoi. */
	void (*eoi)(struct device *dev, u8 vector);
	/** The domain ends: release the device's resources. The last call. */
	void (*release)(struct device *dev);
};

/** For devices without interrupt lines, and for devices that have nothing to release. */
void device_no_eoi(struct device *dev, u8 vector);
void device_no_release(struct device *dev);

/** Embedded in a device's own state. */
struct device {
	const struct device_ops *ops;	/* [const] */
	struct list_head link;		/* [table.lock] */
};

struct device_range {
	u64 first, last;
	struct device *dev;	/* NULL: removed, but there was no memory for a new snapshot */
};

/**
 * A snapshot of the ranges of one space, sorted, without overlaps. It is replaced, never changed.
 */
struct device_ranges {
	struct rcu_head rcu;
	u32 nr;
	const struct device_range *hint;	/* the last hit, in r */
	struct device_range r[];
};

struct device_table;

/**
 * A device that answers all of an access at which the table has none, or NULL: devices whose ranges
 * are kept elsewhere, as those of device models.
 */
typedef struct device *(*device_more_fn)(const struct device_table *t, enum device_space space,
					 u64 addr, u32 bytes);

struct device_table {
	struct spinlock lock;
	struct device_ranges *ranges[DEVICE_SPACES];	/* [lock] to replace; RCU to read */
	struct list_head devices;	/* [lock] all, in the order they were added */
	struct device *eoi;	/* [const] once the domain runs: the one with interrupt lines */
	device_more_fn more;	/* [const] */
};

/** For tables that have all devices. */
struct device *device_no_more(const struct device_table *t, enum device_space space, u64 addr,
			      u32 bytes);

void device_table_init(struct device_table *t, device_more_fn more);
/** Release all devices, the newest first, and forget them. The domain must not run any more. */
void device_table_destroy(struct device_table *t);

/** Add @dev with operations @ops. One device of a table may have an eoi function: -XEN_EEXIST. */
int device_add(struct device_table *t, struct device *dev, const struct device_ops *ops);
/** Remove a device that has no ranges left. Its memory must outlive readers (call_rcu). */
void device_remove(struct device_table *t, struct device *dev);

/**
 * Let @dev answer @first to @last, inclusive. -XEN_EEXIST when part of it already belongs to a
 * device, -XEN_ENOMEM. May allocate: hold no lock that is taken with interrupts off.
 */
int device_claim(struct device_table *t, struct device *dev, enum device_space space, u64 first,
		 u64 last);
/**
 * Give back a range exactly as claimed. Never fails: without memory it stays, and reads as ones.
 */
void device_unclaim(struct device_table *t, struct device *dev, enum device_space space,
		    u64 first);

/** Slow half of the next. */
struct device *device_search(const struct device_table *t, enum device_space space, u64 addr,
			     u32 bytes);

/** The device that answers all of @addr to @addr + @bytes - 1, or NULL. */
static inline struct device *device_find(const struct device_table *t, enum device_space space,
					 u64 addr, u32 bytes)
{
	struct device_ranges *rs = __atomic_load_n(&t->ranges[space], __ATOMIC_ACQUIRE);
	const struct device_range *r;

	ASSERT(bytes);
	if (unlikely(!rs))
		return device_search(t, space, addr, bytes);
	/* Most accesses are to the same range as the previous one. */
	r = READ_ONCE(rs->hint);
	if (likely(addr >= r->first && addr <= r->last && bytes - 1 <= r->last - addr))
		return READ_ONCE(r->dev);
	return device_search(t, space, addr, bytes);
}

/**
 * Call @fn for every run of addresses in @first to @last that no device claims, in ascending order.
 */
void device_for_each_gap(const struct device_table *t, enum device_space space, u64 first, u64 last,
			 void (*fn)(u64 first, u64 last, void *arg), void *arg);

/** Tell the device with interrupt lines, if there is one, that @vector was completed. */
static inline void device_eoi(const struct device_table *t, u8 vector)
{
	if (t->eoi)
		t->eoi->ops->eoi(t->eoi, vector);
}

/** The value that @bytes bytes read as when no device answers. */
static inline u64 device_ones(u32 bytes)
{
	return bytes >= 8 ? ~0UL : (1UL << bytes * 8) - 1;
}

#endif
