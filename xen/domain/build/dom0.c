/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hardware domain. Its guest physical addresses are the machine's (1:1), so that devices can
 * reach its memory without an IOMMU. It gets free RAM from the lowest address upwards, and the
 * kernel is loaded where it was linked.
 */
#include <xen/dom0_params.h>
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/trace.h>

#include "build.h"

#define MIN_RESERVE (64UL << 20)
/* What the hypervisor needs at least to build the domain. */
#define OWN_MIN (8UL << 20)
/* A smaller domain is a configuration mistake. */
#define DOM0_MIN (32UL << 20)

/* The command line comes first, then the manifest; without either, it gets nearly all. */
static u64 __init dom0_pages(const struct dom0_plan *plan)
{
	u64 free = free_page_count(NUMA_NO_NODE);
	u64 keep = max(free / 8, MIN_RESERVE >> PAGE_SHIFT) + plan->keep_pages;
	u64 fallback = plan->pages ? plan->pages : free > keep ? free - keep : 0;

	return dom0_mem_pages(free, total_page_count(), fallback);
}

/* Ends a message about too little memory: names what may use most of it. */
static const char *__init trace_note(void)
{
	static char note[80] __initdata;

	if (trace_ring_pages() >> 8)
		scnprintf(note, sizeof(note), "; the trace buffers hold %lu MiB: tbuf_size= makes "
			  "them smaller", trace_ring_pages() >> 8);
	return note;
}

/* More than there is would leave the hypervisor nothing to build the domain with. */
static void __init check_room(u64 pages)
{
	u64 room = free_page_count(NUMA_NO_NODE);

	room -= min(room, OWN_MIN >> PAGE_SHIFT);
	if (pages > room)
		boot_reject("dom0 is to have %lu MiB, but only %lu MiB are free; set dom0_mem= (or "
			    "the manifest's memory) to less, or give the machine more%s",
			    pages >> 8, room >> 8, trace_note());
	if (pages < DOM0_MIN >> PAGE_SHIFT)
		boot_reject("only %lu MiB of memory for dom0; give the machine more, or set "
			    "dom0_mem=%s", pages >> 8, trace_note());
}

struct take {
	struct domain *d;
	u64 left;
	u32 nr;
	struct guest_region chunk[GUEST_MAP_MAX / 2];
};

/* heap_for_each_free calls in ascending order; neighbours are joined. */
static void __init note_chunk(mfn_t start, u64 n, void *arg)
{
	struct take *t = arg;
	struct guest_region *last = t->nr ? &t->chunk[t->nr - 1] : NULL;

	ASSERT(!last || last->start + last->size <= start.v << PAGE_SHIFT);
	n = min(n, t->left);
	if (!n)
		return;
	if (last && last->start + last->size == start.v << PAGE_SHIFT) {
		last->size += n << PAGE_SHIFT;
	} else if (t->nr < ARRAY_SIZE(t->chunk)) {
		t->chunk[t->nr++] = (struct guest_region){ start.v << PAGE_SHIFT, n << PAGE_SHIFT,
							   GUEST_REGION_RAM };
	} else {
		return;
	}
	t->left -= n;
}

static int __init reserve(u64 start, u64 size)
{
	return reserve_free_range(paddr_to_mfn(paddr_make(start)), size >> PAGE_SHIFT);
}

/* Give @d frames that are reserved. */
static int __init give_reserved(struct domain *d, u64 start, u64 size)
{
	mfn_t mfn = paddr_to_mfn(paddr_make(start));
	u64 n = size >> PAGE_SHIFT;
	int rc = 0;

	ASSERT(d->is_hardware && d->is_mapped_1to1 && !page_offset(start | size));
	for (u64 i = 0; i < n && !rc; i++)
		rc = assign_pages(d, mfn_to_page(mfn_add(mfn, i)), 0);
	if (!rc)
		rc = p2m_map_range(d->p2m, gfn_make(mfn.v), mfn, n, P2M_RAM_RW);
	if (!rc && !guest_map_add(hal_guest_map(d), start, size, GUEST_REGION_RAM))
		rc = -XEN_E2BIG;
	return rc;
}

int __init boot_give_ram_1to1(struct domain *d, u64 start, u64 size)
{
	int rc = reserve(start, size);

	return rc ? rc : give_reserved(d, start, size);
}

static int __init give_ram(struct domain *d, u64 pages)
{
	static struct take t __initdata;
	int rc = 0;

	t.left = pages;
	heap_for_each_free(note_chunk, &t);
	/* All frames are taken before the first is mapped, as page tables take free frames too. */
	for (u32 i = 0; i < t.nr && !rc; i++)
		rc = reserve(t.chunk[i].start, t.chunk[i].size);
	for (u32 i = 0; i < t.nr && !rc; i++)
		rc = give_reserved(d, t.chunk[i].start, t.chunk[i].size);
	if (!rc && t.left)
		printk(LOG_WARN "dom0: %lu MiB less than dom0_mem= asked for\n", t.left >> 8);
	return rc;
}

static struct domain *__init make_domain(const struct dom0_plan *plan, u64 pages)
{
	const struct manifest_domain *md = plan->desc;
	struct domain_config cfg = {
		.domid = 0,
		.max_pages = dom0_mem_max_pages(free_page_count(NUMA_NO_NODE), total_page_count(),
						pages),
		.is_hardware = true,
		.is_privileged = true,
		.node = NUMA_NO_NODE,
		.max_grant_frames = md ? md->max_grant_frames : 64,
		.max_maptrack_frames = md ? md->max_maptrack_frames : 1024,
		.max_grant_version = md ? md->max_grant_version : 2,
		.max_evtchn_port = md ? md->max_event_port : 0,
		.name = "dom0",
	};
	struct domain *d;
	cpumask_t cpus;
	int rc;

	cpus_in_use(&cpus);
	cfg.max_vcpus = dom0_vcpus(cpumask_weight(&cpus), plan->vcpus);
	d = domain_create(&cfg, &rc);
	if (!d)
		panic("dom0: cannot create the domain: error %d", rc);
	d->is_mapped_1to1 = true;
	for (u32 i = 0; i < cfg.max_vcpus; i++) {
		if ((rc = domain_vcpu_create(d, i)))
			panic("dom0: cannot create vCPU %u: error %d", i, rc);
		dom0_pin_vcpu(d->vcpu[i]);
	}
	return d;
}

static int __init load(struct domain *d, const struct dom0_plan *plan)
{
	struct load_plan lp = { .name = "dom0", .initrd = plan->initrd, .cmdline = plan->cmdline };
	u64 file_len;
	const void *file = boot_module_data(plan->kernel, &file_len);
	int rc;

	lp.kernel = kernel_image_get("dom0", file, file_len, &lp.kernel_len);
	if (!lp.kernel)
		return -XEN_EINVAL;
	rc = load_domain(d, &lp);
	kernel_image_put(lp.kernel, lp.kernel_len, file);
	return rc;
}

struct domain *__init dom0_build(const struct dom0_plan *plan)
{
	u64 pages = dom0_pages(plan);
	struct domain *d;
	int rc;

	check_room(pages);
	d = make_domain(plan, pages);
	if ((rc = give_ram(d, pages)) || (rc = hal_hardware_domain_init(d)))
		panic("dom0: cannot set up its memory: error %d", rc);
	rc = load(d, plan);
	if (rc)
		boot_reject("dom0 cannot be started; see the line above");
	if (plan->desc)
		manifest_apply_sched(d, plan->desc);
	printk(LOG_INFO "dom0: %lu MiB, %u vCPUs, mapped 1:1\n", d->tot_pages >> 8, d->max_vcpus);
	return d;
}
