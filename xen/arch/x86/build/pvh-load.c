/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading a kernel the PVH way: ELF segments at their physical addresses, the initrd after them,
 * and the start info that EBX points at (ABI: public/arch-x86/hvm/start_info.h).
 */
#include <xen/elf.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/trace.h>

#include <asm/e820.h>
#include <asm/hvm.h>

#include "build.h"

#include <public/arch-x86/hvm/start_info.h>

#define EM_X86_64 62
#define LIMIT_4G (1UL << 32)
#define INITRD_ALIGN (2UL << 20)

/* Everything the start info points at lies in one run of pages. */
struct boot_area {
	struct hvm_start_info info;
	struct hvm_modlist_entry module;
	struct hvm_memmap_table_entry map[GUEST_MAP_MAX];
	char cmdline[BOOT_MODULE_CMDLINE_MAX];
};

static int put(struct domain *d, const struct pvh_image *img, u64 at, const void *src, u64 len)
{
	int rc = guest_phys_write(d, gpaddr_make(at), src, len);

	if (rc)
		printk(LOG_ERR "%s: %lu bytes at %#lx do not lie in the domain's memory; "
		       "give it more\n", img->name, len, at);
	return rc;
}

static int zero(struct domain *d, const struct pvh_image *img, u64 at, u64 len)
{
	static const char zeros[PAGE_SIZE];

	while (len) {
		u64 n = min(len, PAGE_SIZE - page_offset(at));
		int rc = put(d, img, at, zeros, n);

		if (rc)
			return rc;
		at += n;
		len -= n;
	}
	return 0;
}

/* Say why the memory at @at is not the domain's. dom0, mapped 1:1, needs exactly these frames. */
static void explain_missing(const struct domain *d, const struct pvh_image *img, u64 at)
{
	mfn_t mfn = paddr_to_mfn(paddr_make(at));
	u64 total = total_page_count(), others = free_page_count(NUMA_NO_NODE) + d->tot_pages;

	if (!d->is_mapped_1to1 ||
	    (mfn_is_ram(mfn) && mfn_to_page(mfn)->state == PAGE_STATE_FREE))
		printk(LOG_ERR "%s: the kernel needs memory at %#lx; give the domain more\n",
		       img->name, at);
	else if (!mfn_is_ram(mfn))
		printk(LOG_ERR "%s: the kernel needs memory at %#lx, where the machine has none\n",
		       img->name, at);
	else
		printk(LOG_ERR "%s: the kernel needs memory at %#lx, but the hypervisor holds it "
		       "(%lu MiB in all, %lu MiB of them for trace buffers); give the machine more "
		       "memory, or set tbuf_size= to less\n", img->name, at,
		       (total - min(total, others)) >> 8, trace_ring_pages() >> 8);
}

static int load_segments(struct domain *d, const struct pvh_image *img, const struct elf_image *elf)
{
	for (u32 i = 0; i < elf->nr_segments; i++) {
		const struct elf_segment *s = &elf->segment[i];
		int rc;

		if (!guest_map_is_ram(&to_xd(d)->map, s->paddr, s->memsz)) {
			u64 at = s->paddr;

			while (guest_map_is_ram(&to_xd(d)->map, at, 1))
				at = ROUND_DOWN(at, PAGE_SIZE) + PAGE_SIZE;
			explain_missing(d, img, at);
			return -XEN_ENOMEM;
		}
		rc = put(d, img, s->paddr, (const char *)img->kernel + s->offset, s->filesz);
		if (!rc)
			rc = zero(d, img, s->paddr + s->filesz, s->memsz - s->filesz);
		if (rc)
			return rc;
	}
	return 0;
}

static void fill_map(struct boot_area *a, const struct guest_map *m)
{
	for (u32 i = 0; i < m->nr; i++)
		a->map[i] = (struct hvm_memmap_table_entry){ .addr = m->region[i].start,
							     .size = m->region[i].size,
							     .type = m->region[i].type };
}

static int write_start_info(struct domain *d, const struct pvh_image *img, u64 at, u64 initrd)
{
	static struct boot_area a;
	const struct guest_map *m = &to_xd(d)->map;

	memset(&a, 0, sizeof(a));
	a.info.magic = XEN_HVM_START_MAGIC_VALUE;
	a.info.version = 1;
	a.info.flags = (d->is_hardware ? SIF_INITDOMAIN : 0) |
		       (d->is_privileged ? SIF_PRIVILEGED : 0);
	a.info.rsdp_paddr = img->rsdp;
	a.info.memmap_paddr = at + offsetof(struct boot_area, map);
	a.info.memmap_entries = m->nr;
	if (initrd) {
		a.info.nr_modules = 1;
		a.info.modlist_paddr = at + offsetof(struct boot_area, module);
		a.module.paddr = initrd;
		a.module.size = img->initrd_len;
	}
	if (img->cmdline) {
		a.info.cmdline_paddr = at + offsetof(struct boot_area, cmdline);
		memcpy(a.cmdline, img->cmdline, min(strlen(img->cmdline), sizeof(a.cmdline) - 1));
	}
	fill_map(&a, m);
	return put(d, img, at, &a, sizeof(a));
}

int pvh_load(struct domain *d, const struct pvh_image *img)
{
	const struct guest_map *m = &to_xd(d)->map;
	struct elf_image elf;
	enum elf_error e = elf_parse(img->kernel, img->kernel_len, EM_X86_64, &elf);
	u64 initrd = 0, info, after;
	int rc;

	if (e != ELF_OK) {
		printk(LOG_ERR "%s: cannot boot this kernel: %s\n", img->name, elf_error_text(e));
		return -XEN_EINVAL;
	}
	if (elf.end >= LIMIT_4G) {
		printk(LOG_ERR "%s: the kernel asks for memory above 4 GiB\n", img->name);
		return -XEN_EINVAL;
	}
	rc = load_segments(d, img, &elf);
	if (rc)
		return rc;
	after = elf.end;
	if (img->initrd_len) {
		initrd = guest_map_find_ram(m, after, LIMIT_4G, img->initrd_len, INITRD_ALIGN);
		if (!initrd) {
			printk(LOG_ERR "%s: no room for %lu bytes of initrd below 4 GiB; give the "
			       "domain more memory\n", img->name, img->initrd_len);
			return -XEN_ENOMEM;
		}
		rc = put(d, img, initrd, img->initrd, img->initrd_len);
		if (rc)
			return rc;
		after = initrd + img->initrd_len;
	}
	info = guest_map_find_ram(m, after, LIMIT_4G, sizeof(struct boot_area), PAGE_SIZE);
	if (!info) {
		printk(LOG_ERR "%s: no room for the start info; give it more memory\n", img->name);
		return -XEN_ENOMEM;
	}
	rc = write_start_info(d, img, info, initrd);
	if (!rc)
		hvm_set_pvh_state(to_xv(d->vcpu[0]), (u32)elf.phys32_entry, (u32)info);
	return rc;
}
