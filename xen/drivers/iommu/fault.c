/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of refused accesses: a device that makes millions of them costs a line a second. */
#include <xen/format.h>
#include <xen/hal/time.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

#include "private.h"

#define TOLD_TOGETHER 16
#define PERIOD 1000000000L	/* ns */

/** What was said last about a device and a cause. [lock] */
static struct told {
	const char *cause;	/* NULL: unused */
	u16 bdf;
	s_time_t at;
	u64 untold;		/* faults since then */
} told[TOLD_TOGETHER];
static u64 unknown;		/* faults for which there was no room above [lock] */
static DEFINE_SPINLOCK(lock, LOCK_RANK_NONE);

/* The record of that device and cause, or one whose time is over. NULL: all are in use. */
static struct told *find(const struct iommu_fault *f, s_time_t now)
{
	struct told *oldest = &told[0];

	for (u32 i = 0; i < TOLD_TOGETHER; i++) {
		if (told[i].cause == f->cause && told[i].bdf == f->bdf)
			return &told[i];
		if (!told[i].cause || (oldest->cause && told[i].at < oldest->at))
			oldest = &told[i];
	}
	if (oldest->cause && now - oldest->at < PERIOD)
		return NULL;
	unknown += oldest->untold;
	*oldest = (struct told){ .cause = f->cause, .bdf = f->bdf, .at = now - PERIOD };
	return oldest;
}

static void name_owner(char *out, size_t size, u16 domid)
{
	if (domid == IOMMU_NO_OWNER)
		scnprintf(out, size, "quarantined");
	else
		scnprintf(out, size, "d%u's", domid);
}

void iommu_report(const struct iommu_fault *f)
{
	u64 flags = spin_lock_irqsave(&lock), others = 0, same = 0;
	s_time_t now = hal_now_ns();
	struct told *t = find(f, now);
	char owner[16];
	bool tell = t && now - t->at >= PERIOD;

	if (tell) {
		same = t->untold;
		others = unknown;
		t->untold = unknown = 0;
		t->at = now;
	} else if (t) {
		t->untold++;
	} else {
		unknown++;
	}
	spin_unlock_irqrestore(&lock, flags);
	if (!tell)
		return;
	name_owner(owner, sizeof(owner), iommu_owner(f->bdf));
	printk(LOG_WARN "IOMMU: %s device %02x:%02x.%u: %s at %#lx refused: %s\n", owner,
	       f->bdf >> 8, f->bdf >> 3 & 0x1f, f->bdf & 7, f->access, f->address, f->cause);
	if (same || others)
		printk(LOG_WARN "IOMMU: and before that %lu of the same kind and %lu others\n",
		       same, others);
}
