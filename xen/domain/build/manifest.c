/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building the domains of a boot manifest. An error costs that domain and prints a line; the other
 * domains start.
 */
#include <xen/errno.h>
#include <xen/fdt_partial.h>
#include <xen/hal/numa.h>
#include <xen/hal/time.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/string.h>

#include "build.h"

#define ORDER_2M 9
/* Memory for page tables, vCPUs and so on, in addition to a domain's RAM. */
#define OVERHEAD_PAGES 512
#define OVERHEAD_SHARE 64

static struct manifest manifest __initdata;
static u32 self __initdata = MANIFEST_NO_MODULE;
static struct fdt tree __initdata;

/* The kernel that was unpacked last: domains that share a kernel mostly follow each other. */
static struct {
	const struct boot_module *module;
	const void *image;
	u64 len;
} unpacked __initdata;

static void __init complain(void *ctx, const char *line)
{
	printk(LOG_WARN "Manifest: %s\n", line);
}

static bool __init claim_devices(u32 index, char *why, size_t size)
{
	u64 len;
	const void *blob = boot_module_data(boot_module(index), &len);

	return hal_guest_devices_claim(blob, len, why, size);
}

/* A device tree as well, but of a domain's devices. */
static bool __init is_partial(const void *blob, u64 len)
{
	struct fdt t;

	return fdt_open(&t, blob, len) == FDT_OK && fdt_is_partial(&t);
}

void __init manifest_find(void)
{
	cpumask_t cpus;
	struct manifest_limits lim = {
		.nr_modules = boot_nr_modules(),
		.nr_nodes = hal_numa_nr_nodes(),
		.total_kib = total_page_count() << (PAGE_SHIFT - 10),
		.cpus = &cpus,
		.claim_devices = claim_devices,
	};
	enum fdt_error e;
	u64 len;

	cpus_in_use(&cpus);
	for (u32 i = 0; i < boot_nr_modules(); i++) {
		const void *blob = boot_module_data(boot_module(i), &len);

		if (!manifest_is_one(blob, len) || is_partial(blob, len))
			continue;
		if (self != MANIFEST_NO_MODULE) {
			printk(LOG_WARN "Manifest: module %u is a second one and has no effect; "
			       "pass one\n", i + 1);
			manifest.named |= 1UL << i;
			continue;
		}
		self = lim.self = i;
		e = fdt_open(&tree, blob, len);
		if (e)
			printk(LOG_WARN "Manifest: module %u cannot be read: %s\n", i + 1,
			       fdt_error_text(e));
		else
			manifest_parse(&manifest, &tree, &lim, complain, NULL);
		manifest.named |= 1UL << i;
	}
	if (self != MANIFEST_NO_MODULE)
		printk(LOG_INFO "Manifest: module %u, %u domains, %u rejected\n", self + 1,
		       manifest.nr_domains, manifest.nr_rejected);
}

static u64 __init pages_needed(void)
{
	u64 sum = 0;

	for (u32 i = 0; i < manifest.nr_domains; i++) {
		u64 pages = manifest.domain[i].memory_kib >> (PAGE_SHIFT - 10);

		if (!manifest.domain[i].is_hardware)
			sum += pages + pages / OVERHEAD_SHARE + OVERHEAD_PAGES;
	}
	return sum;
}

static const struct boot_module *__init next_unnamed(u32 *i)
{
	for (; *i < boot_nr_modules(); (*i)++)
		if (!(manifest.named & 1UL << *i))
			return boot_module((*i)++);
	return NULL;
}

bool __init manifest_plan_dom0(struct dom0_plan *plan)
{
	const struct manifest_domain *md = &manifest.domain[0];
	u32 i = 0;

	*plan = (struct dom0_plan){ .keep_pages = pages_needed() };
	if (manifest.nr_domains && md->is_hardware) {
		plan->kernel = boot_module(md->kernel);
		plan->initrd = boot_module(md->ramdisk);
		plan->cmdline = md->cmdline;
		plan->pages = md->memory_kib >> (PAGE_SHIFT - 10);
		plan->vcpus = md->vcpus;
		plan->desc = md;
		return true;
	}
	plan->kernel = next_unnamed(&i);
	if (!plan->kernel)
		return false;
	plan->initrd = next_unnamed(&i);
	plan->cmdline = plan->kernel->cmdline;
	return true;
}

static void __init apply_share(struct domain *d, const struct manifest_domain *md)
{
	struct sched_domain_params p;
	int rc = sched_get_domain_params(d, &p);

	if (!rc) {
		if (md->has_weight)
			p.weight = md->weight;
		if (md->has_cap)
			p.cap = md->cap;
		rc = sched_set_domain_params(d, &p);
	}
	if (rc)
		printk(LOG_WARN "Manifest: %s: the scheduler %s has no such weight or cap (error "
		       "%d)\n", md->name, sched_name(d), rc);
}

void __init manifest_apply_sched(struct domain *d, const struct manifest_domain *md)
{
	cpumask_t hard, soft;
	struct vcpu *v;

	if (md->has_weight || md->has_cap)
		apply_share(d, md);
	for_each_vcpu(d, v) {
		bool h = manifest_affinity(&md->hard, md->hard_entries, v->id, &hard);
		bool s = manifest_affinity(&md->soft, md->soft_entries, v->id, &soft);

		if ((h || s) && vcpu_set_affinity(v, h ? &hard : NULL, s ? &soft : NULL))
			printk(LOG_WARN "Manifest: %s: vCPU %u cannot have this affinity\n",
			       md->name, v->id);
	}
}

static struct domain *__init create(const struct manifest_domain *md)
{
	struct domain_config cfg = {
		.domid = DOMID_INVALID,
		.max_vcpus = md->vcpus,
		.max_evtchn_port = md->max_event_port,
		.max_grant_frames = md->max_grant_frames,
		.max_maptrack_frames = md->max_maptrack_frames,
		.max_grant_version = md->max_grant_version,
		.max_pages = md->memory_kib >> (PAGE_SHIFT - 10),
		.is_privileged = md->is_privileged,
		.node = md->node,
	};
	struct domain *d;
	int rc;

	memcpy(cfg.name, md->name, sizeof(cfg.name));
	hal_guest_config(&cfg, md->devices != MANIFEST_NO_MODULE);
	d = domain_create(&cfg, &rc);
	if (!d) {
		printk(LOG_ERR "Manifest: %s: cannot be created: error %d\n", md->name, rc);
		return NULL;
	}
	d->reap = !md->keep;
	return d;
}

static int __init create_vcpus(struct domain *d)
{
	int rc = 0;

	for (u32 i = 0; i < d->max_vcpus && !rc; i++)
		rc = domain_vcpu_create(d, i);
	if (rc)
		printk(LOG_ERR "Manifest: %s: its vCPUs cannot be created: error %d\n", d->name,
		       rc);
	return rc;
}

/* Allocate RAM at [@gfn, @gfn + @pages) in the largest blocks possible. */
static int __init populate(struct domain *d, u64 gfn, u64 pages)
{
	while (pages) {
		u32 order = gfn % BIT(ORDER_2M) == 0 && pages >= BIT(ORDER_2M) ? ORDER_2M : 0;
		struct page_info *pg = alloc_domain_pages(d, order, 0);
		int rc;

		if (!pg && order)
			pg = alloc_domain_pages(d, order = 0, 0);
		if (!pg) {
			printk(LOG_ERR "Manifest: %s: %lu KiB of memory are missing; give it less, "
			       "or dom0\n", d->name, pages << (PAGE_SHIFT - 10));
			return -XEN_ENOMEM;
		}
		rc = p2m_map(d->p2m, gfn_make(gfn), page_to_mfn(pg), order, P2M_RAM_RW);
		if (rc) {
			printk(LOG_ERR "Manifest: %s: no memory for page tables\n", d->name);
			return rc;
		}
		gfn += BIT(order);
		pages -= BIT(order);
	}
	return 0;
}

static int __init give_ram(struct domain *d, u64 bytes)
{
	struct guest_map *m = hal_guest_map(d);
	int rc = 0;

	hal_guest_plan_ram(m, bytes);
	for (u32 i = 0; i < m->nr && !rc; i++)
		rc = populate(d, m->region[i].start >> PAGE_SHIFT, m->region[i].size >> PAGE_SHIFT);
	return rc;
}

static void __init drop_unpacked(void)
{
	u64 len;

	if (unpacked.image)
		kernel_image_put(unpacked.image, unpacked.len,
				 boot_module_data(unpacked.module, &len));
	unpacked.image = NULL;
}

static const void *__init kernel_of(const struct manifest_domain *md, u64 *len)
{
	const struct boot_module *m = boot_module(md->kernel);
	const void *file;
	u64 file_len;

	if (!unpacked.image || unpacked.module != m) {
		drop_unpacked();
		file = boot_module_data(m, &file_len);
		unpacked.module = m;
		unpacked.image = kernel_image_get(md->name, file, file_len, &unpacked.len);
	}
	*len = unpacked.len;
	return unpacked.image;
}

static int __init load(struct domain *d, const struct manifest_domain *md)
{
	struct load_plan lp = { .name = md->name, .initrd = boot_module(md->ramdisk),
				.cmdline = md->cmdline };

	lp.kernel = kernel_of(md, &lp.kernel_len);
	return lp.kernel ? load_domain(d, &lp) : -XEN_EINVAL;
}

/* Before it is loaded, as the start info tells of its devices. */
static int __init give_devices(struct domain *d, const struct manifest_domain *md)
{
	const void *blob;
	u64 len;

	if (md->devices == MANIFEST_NO_MODULE)
		return 0;
	blob = boot_module_data(boot_module(md->devices), &len);
	return hal_guest_devices_give(d, blob, len);
}

/* Destroy a domain that could not be finished. It never ran, so the loop ends. */
static void __init discard(struct domain *d)
{
	while (domain_kill(d) == -XEN_ERESTART)
		;
}

static bool __init build_one(const struct manifest_domain *md)
{
	s_time_t start = hal_now_ns();
	struct domain *d = create(md);

	ASSERT(!md->is_hardware && md->kernel < boot_nr_modules());
	if (!d)
		return false;
	if (create_vcpus(d) || give_ram(d, md->memory_kib << 10) || give_devices(d, md) ||
	    load(d, md)) {
		discard(d);
		return false;
	}
	manifest_apply_sched(d, md);
	printk(LOG_INFO "Manifest: %s is d%u, %lu KiB, %u vCPUs, built in %lld ns\n", d->name,
	       d->id, md->memory_kib, d->max_vcpus, (long long)(hal_now_ns() - start));
	return true;
}

u32 __init manifest_build(void)
{
	u32 built = 0;

	for (u32 i = 0; i < manifest.nr_domains; i++)
		if (!manifest.domain[i].is_hardware)
			built += build_one(&manifest.domain[i]);
	drop_unpacked();
	return built;
}
