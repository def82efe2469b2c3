/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building domains on the simulated machine. Its modules are what the program hands over; its
 * guests are told of their domain as PVH guests are. Firmware's tables are one line of text, so
 * that a test can see where they went.
 */
#include <xen/bundle.h>
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/guest_access.h>
#include <xen/hal/build.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/x86/pvh-start.h>

#include "private.h"

#define KERNEL_LIMIT (1UL << 32)
#define EM_X86_64 62
#define TABLES "tables of the simulated firmware"
#define REGION_RESERVED 2	/* as in ACPI */

static struct boot_module modules[BOOT_MAX_MODULES];
static u32 orders[BOOT_MAX_MODULES], nr_modules;

void host_module_add(const void *data, size_t len, const char *cmdline)
{
	struct boot_module *m = &modules[nr_modules];
	struct page_info *pg;
	u32 order = 0;

	BUG_ON(nr_modules == BOOT_MAX_MODULES || !len);
	heap_set_from_top(true);
	while ((PAGE_SIZE << order) < len)
		order++;
	pg = alloc_pages(order, 0);
	BUG_ON(!pg);
	memcpy(page_to_virt(pg), data, len);
	m->start = mfn_to_paddr(page_to_mfn(pg));
	m->end = paddr_make(m->start.v + len);
	scnprintf(m->cmdline, sizeof(m->cmdline), "%s", cmdline);
	orders[nr_modules++] = order;
}

static void add(void *ctx, const char *args, const void *data, u64 size)
{
	host_module_add(data, size, args);
}

int host_bundle_add(const void *archive, size_t len, char *why, size_t why_len)
{
	return bundle_read(archive, len, add, NULL, why, why_len);
}

struct boot_module *hal_boot_modules(u32 *nr)
{
	*nr = nr_modules;
	return modules;
}

u64 hal_boot_modules_free(void)
{
	u64 freed = 0;

	while (nr_modules--) {
		free_pages(mfn_to_page(paddr_to_mfn(modules[nr_modules].start)),
			   orders[nr_modules]);
		freed += PAGE_SIZE << orders[nr_modules];
	}
	nr_modules = 0;
	return freed;
}

void hal_guest_config(struct domain_config *cfg, bool devices)
{
}

bool hal_guest_devices_claim(const void *tree, u64 len, char *why, size_t size)
{
	scnprintf(why, size, "devices are given by a device tree on ARM only; remove the node");
	return false;
}

int hal_guest_devices_give(struct domain *d, const void *tree, u64 len)
{
	return -XEN_EOPNOTSUPP;
}

struct guest_map *hal_guest_map(struct domain *d)
{
	return &container_of(d, struct host_domain, d)->map;
}

void hal_guest_plan_ram(struct guest_map *m, u64 bytes)
{
	ASSERT(!m->nr);
	guest_map_add(m, 0, bytes, GUEST_REGION_RAM);
}

/* Its only device is in the page after its RAM. */
int hal_hardware_domain_init(struct domain *d)
{
	if (!guest_map_add(hal_guest_map(d), max_mfn << PAGE_SHIFT, PAGE_SIZE, REGION_RESERVED))
		return -XEN_E2BIG;
	return rangeset_add(&d->iomem_caps, max_mfn, max_mfn);
}

int hal_firmware_tables(struct domain *d, u64 *address)
{
	struct guest_map *m = hal_guest_map(d);

	*address = guest_map_find_ram(m, PAGE_SIZE, KERNEL_LIMIT, PAGE_SIZE, PAGE_SIZE);
	if (!*address || !guest_map_carve(m, *address, PAGE_SIZE, GUEST_REGION_ACPI)) {
		printk(LOG_ERR "%s: no room for its firmware's tables; give it more memory\n",
		       d->name);
		return -XEN_ENOMEM;
	}
	return guest_phys_write(d, gpaddr_make(*address), TABLES, sizeof(TABLES));
}

const char *hal_kernel_parse(const struct domain *d, const void *kernel, u64 len,
			     struct kernel_layout *out)
{
	enum elf_error e = elf_parse(kernel, len, EM_X86_64, &out->image);

	out->entry = out->image.phys32_entry;
	out->limit = KERNEL_LIMIT;
	return e == ELF_OK ? NULL : elf_error_text(e);
}

u64 hal_start_info_bytes(void)
{
	return sizeof(struct pvh_start);
}

const void *hal_start_info(const struct domain *d, u64 at, const struct boot_args *args, u64 *len)
{
	static struct pvh_start s;

	pvh_start_fill(&s, at, &container_of(d, struct host_domain, d)->map, args);
	*len = sizeof(s);
	return &s;
}

void hal_vcpu_set_entry(struct vcpu *v, u64 entry, u64 start_info)
{
	host_vcpu(v)->entry = entry;
	host_vcpu(v)->start_info = start_info;
	v->is_initialised = true;
}

u64 host_guest_start(const struct vcpu *v, u64 *start_info)
{
	*start_info = host_vcpu(v)->start_info;
	return host_vcpu(v)->entry;
}
