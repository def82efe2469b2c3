/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading a domain: the kernel's segments at their physical addresses, the initrd after them, and
 * the start info after that.
 */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/trace.h>

#include "build.h"

#define INITRD_ALIGN (2UL << 20)

static int __init put(struct domain *d, const struct load_plan *plan, u64 at, const void *src,
		      u64 len)
{
	int rc = guest_phys_write(d, gpaddr_make(at), src, len);

	if (rc)
		printk(LOG_ERR "%s: %lu bytes at %#lx do not lie in the domain's memory; "
		       "give it more\n", plan->name, len, at);
	return rc;
}

static int __init zero(struct domain *d, const struct load_plan *plan, u64 at, u64 len)
{
	static const char zeros[PAGE_SIZE];

	while (len) {
		u64 n = min(len, PAGE_SIZE - page_offset(at));
		int rc = put(d, plan, at, zeros, n);

		if (rc)
			return rc;
		at += n;
		len -= n;
	}
	return 0;
}

/* Say why the memory at @at is not the domain's. dom0, mapped 1:1, needs exactly these frames. */
static void __init explain_missing(const struct domain *d, const struct load_plan *plan, u64 at)
{
	mfn_t mfn = paddr_to_mfn(paddr_make(at));
	u64 total = total_page_count(), others = free_page_count(NUMA_NO_NODE) + d->tot_pages;

	if (!d->is_mapped_1to1 ||
	    (mfn_is_ram(mfn) && mfn_to_page(mfn)->state == PAGE_STATE_FREE))
		printk(LOG_ERR "%s: the kernel needs memory at %#lx; give the domain more\n",
		       plan->name, at);
	else if (!mfn_is_ram(mfn))
		printk(LOG_ERR "%s: the kernel needs memory at %#lx, where the machine has none\n",
		       plan->name, at);
	else
		printk(LOG_ERR "%s: the kernel needs memory at %#lx, but the hypervisor holds it "
		       "(%lu MiB in all, %lu MiB of them for trace buffers); give the machine more "
		       "memory, or set tbuf_size= to less\n", plan->name, at,
		       (total - min(total, others)) >> 8, trace_ring_pages() >> 8);
}

static int __init load_segments(struct domain *d, const struct load_plan *plan,
				const struct elf_image *elf)
{
	const struct guest_map *m = hal_guest_map(d);

	for (u32 i = 0; i < elf->nr_segments; i++) {
		const struct elf_segment *s = &elf->segment[i];
		int rc;

		ASSERT(s->filesz <= s->memsz && s->offset <= plan->kernel_len &&
		       s->filesz <= plan->kernel_len - s->offset);
		if (!guest_map_is_ram(m, s->paddr, s->memsz)) {
			u64 at = s->paddr;

			while (guest_map_is_ram(m, at, 1))
				at = ROUND_DOWN(at, PAGE_SIZE) + PAGE_SIZE;
			explain_missing(d, plan, at);
			return -XEN_ENOMEM;
		}
		rc = put(d, plan, s->paddr, (const char *)plan->kernel + s->offset, s->filesz);
		if (!rc)
			rc = zero(d, plan, s->paddr + s->filesz, s->memsz - s->filesz);
		if (rc)
			return rc;
	}
	return 0;
}

/* Put the initrd into RAM from *@after on, which becomes its end. */
static int __init load_initrd(struct domain *d, const struct load_plan *plan, u64 limit, u64 *after,
			      struct boot_args *args)
{
	const void *data;
	u64 len;
	int rc;

	if (!plan->initrd)
		return 0;
	data = boot_module_data(plan->initrd, &len);
	args->initrd = guest_map_find_ram(hal_guest_map(d), *after, limit, len, INITRD_ALIGN);
	if (!args->initrd) {
		printk(LOG_ERR "%s: no room for %lu bytes of initrd below %lu GiB; give the "
		       "domain more memory\n", plan->name, len, limit >> 30);
		return -XEN_ENOMEM;
	}
	args->initrd_len = len;
	rc = put(d, plan, args->initrd, data, len);
	*after = args->initrd + len;
	return rc;
}

static int __init load_start_info(struct domain *d, const struct load_plan *plan,
				  const struct kernel_layout *k, u64 after,
				  const struct boot_args *args)
{
	u64 len, at = guest_map_find_ram(hal_guest_map(d), after, k->limit, hal_start_info_bytes(),
					 PAGE_SIZE);
	const void *info;
	int rc;

	if (!at) {
		printk(LOG_ERR "%s: no room for the start info; give it more memory\n", plan->name);
		return -XEN_ENOMEM;
	}
	info = hal_start_info(d, at, args, &len);
	ASSERT(len <= hal_start_info_bytes());
	rc = put(d, plan, at, info, len);
	if (!rc)
		hal_vcpu_set_entry(d->vcpu[0], k->entry, at);
	return rc;
}

int __init load_domain(struct domain *d, const struct load_plan *plan)
{
	struct boot_args args = { .cmdline = plan->cmdline, .is_hardware = d->is_hardware,
				  .is_privileged = d->is_privileged };
	static struct kernel_layout k __initdata;
	const char *why = hal_kernel_parse(d, plan->kernel, plan->kernel_len, &k);
	u64 after;
	int rc;

	if (why) {
		printk(LOG_ERR "%s: cannot boot this kernel: %s\n", plan->name, why);
		return -XEN_EINVAL;
	}
	if (k.image.end >= k.limit) {
		printk(LOG_ERR "%s: the kernel asks for memory above %lu GiB\n", plan->name,
		       k.limit >> 30);
		return -XEN_EINVAL;
	}
	after = k.image.end;
	rc = hal_firmware_tables(d, &args.tables);
	if (!rc)
		rc = load_segments(d, plan, &k.image);
	if (!rc)
		rc = load_initrd(d, plan, k.limit, &after, &args);
	return rc ? rc : load_start_info(d, plan, &k, after, &args);
}
