/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: debug key 'g' lists what every domain grants and maps. */
#include "private.h"

#include <xen/console.h>
#include <xen/printk.h>

static void dump_entries(const struct grant_table *gt)
{
	for (u32 ref = 0; ref < grant_table_nr_refs(gt); ref++) {
		const struct grant_pin *p = grant_pin_of(gt, ref);

		if (!p || !p->users)
			continue;
		printk(LOG_INFO "  %5u: to d%u frame %#lx [%u+%u] users %u writers %u%s\n", ref,
		       p->grantee, p->page ? (unsigned long)page_to_mfn(p->page).v : 0UL, p->start,
		       p->length, p->users, p->writers, p->transitive ? " transitive" : "");
	}
}

void gnttab_dump(struct domain *d)
{
	struct grant_table *gt = d->gnttab;

	if (!gt)
		return;
	spin_lock(&gt->lock);
	printk(LOG_INFO "d%u: grant table v%u, %u/%u frames, %u entries in use, %u mappings held\n",
	       d->id, gt->version, gt->nr_frames, gt->max_frames, gt->nr_pinned,
	       READ_ONCE(gt->maptrack.nr_used));
	dump_entries(gt);
	spin_unlock(&gt->lock);
}

static void dump_all(char key)
{
	rcu_read_lock();
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d))
		gnttab_dump(d);
	rcu_read_unlock();
}

void gnttab_register_key(void)
{
	keyhandler_register('g', dump_all, "list grants in use");
}
