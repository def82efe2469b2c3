/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains that start at boot. */
#include <xen/manifest.h>
#include <xen/printk.h>
#include <xen/reap.h>
#include <xen/serial.h>
#include <xen/string.h>

#include <asm/mm.h>

#include "build.h"

/* Modules below this may be where kernels are linked. */
#define MOVE_LIMIT (256UL << 20)

/* The last page of a module is not free if another module begins in it. */
static u64 __init end_of_free(const struct boot_module *m)
{
	u64 end = ROUND_UP(m->end.v, PAGE_SIZE);

	for (u32 i = 0; i < boot_info.nr_modules; i++) {
		u64 start = boot_info.modules[i].start.v;

		if (start >= m->end.v && start < end)
			end -= PAGE_SIZE;
	}
	return end;
}

void __init boot_modules_move(void)
{
	for (u32 i = 0; i < boot_info.nr_modules; i++) {
		struct boot_module *m = &boot_info.modules[i];
		u64 len = m->end.v - m->start.v;
		void *to;

		if (m->start.v >= MOVE_LIMIT || !len)
			continue;
		to = boot_alloc(len, PAGE_SIZE);
		memcpy(to, paddr_to_virt(m->start), len);
		boot_alloc_give(ROUND_UP(m->start.v, PAGE_SIZE), end_of_free(m));
		m->start = virt_to_paddr(to);
		m->end = paddr_make(m->start.v + len);
	}
}

/* Everything is loaded: give the modules' memory to the heap. */
static void __init free_modules(void)
{
	u64 freed = 0;

	for (u32 i = 0; i < boot_info.nr_modules; i++) {
		u64 start = ROUND_UP(boot_info.modules[i].start.v, PAGE_SIZE);
		u64 end = end_of_free(&boot_info.modules[i]);

		if (start >= end)
			continue;
		heap_add_boot_memory(start, end);
		freed += end - start;
	}
	printk(LOG_INFO "Boot modules: %lu KiB given back, %lu KiB free\n", freed >> 10,
	       free_page_count(NUMA_NO_NODE) << (PAGE_SHIFT - 10));
}

void boot_domain_start(struct domain *d)
{
	d->creation_finished = true;
	__atomic_fetch_and(&d->vcpu[0]->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	domain_unpause_by_systemcontroller(d);
}

void __init boot_domains(void)
{
	struct dom0_plan plan;
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
	free_modules();
	reap_init();
	serial_boot_done();
	/* Unpause all together, so that none has the machine to itself while another is built. */
	rcu_read_lock();
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d))
		boot_domain_start(d);
	rcu_read_unlock();
}
