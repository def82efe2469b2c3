/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains that start at boot: the order in which they are built, and their start. */
#include <xen/printk.h>
#include <xen/reap.h>

#include "build.h"

void __init boot_domains_build(void)
{
	struct dom0_plan plan;
	u64 freed;
	u32 nr;

	console_io_init();
	manifest_find();
	/* dom0 first: it is mapped 1:1 and needs the memory where its kernel is linked. */
	if (manifest_plan_dom0(&plan))
		hardware_domain = dom0_build(&plan);
	heap_set_from_top(false);
	nr = manifest_build();
	if (!hardware_domain && !nr)
		boot_reject("there is no domain to start; see the lines above");
	freed = hal_boot_modules_free();
	printk(LOG_INFO "Boot modules: %lu KiB given back, %lu KiB free\n", freed >> 10,
	       free_page_count(NUMA_NO_NODE) << (PAGE_SHIFT - 10));
	reap_init();
}

static void __init start(struct domain *d)
{
	ASSERT(d->vcpu[0] && d->vcpu[0]->is_initialised);
	d->creation_finished = true;
	__atomic_fetch_and(&d->vcpu[0]->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	domain_unpause_by_systemcontroller(d);
}

void __init boot_domains_start(void)
{
	rcu_read_lock();
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d))
		start(d);
	rcu_read_unlock();
}
