/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See x86-world.h: machines and domains. */
#include "x86-world.h"

#include <xen/assert.h>
#include <xen/iommu.h>
#include <xen/mm.h>
#include <xen/p2m.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/string.h>
#include <xen/timer.h>
#include <xen/hal/time.h>

#include <asm/host.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>
#include <asm/vpci.h>

#define RAM_ORDER 6
#define ARENA_BYTES (64UL << 20)
#define PTE_FLAGS 0x067UL	/* present, writable, user, accessed, dirty */
#define PTE_LARGE 0x080UL
#define IOMEM_FRAMES (1UL << (40 - PAGE_SHIFT))
#define RUN_SLICE 20000
#define KILL_TRIES 1000
#define FREE_TRIES 100
/* Each size class of small objects may keep a page. */
#define SLACK_PAGES 16

static u64 free_at_boot;

void world_boot_alone(void)
{
	host_boot(&(struct host_config){ .seed = 1, .cpus = 1, .ram_bytes = ARENA_BYTES });
	soft_processor_init();
	timer_init_subsystem();
	sched_init();
	domains_init();
}

static void fill_tables(const struct world_domain *w)
{
	u64 *pml4 = (u64 *)w->ram, *pdpt = pml4 + PAGE_SIZE / 8;
	u64 *pae = (u64 *)(w->ram + WORLD_PAE_TABLES * PAGE_SIZE), *pd = pae + PAGE_SIZE / 8;
	u32 *pse = (u32 *)(w->ram + WORLD_PSE_TABLE * PAGE_SIZE);

	pml4[0] = (w->base + PAGE_SIZE) | PTE_FLAGS;
	for (u64 i = 0; i < 512; i++)
		pdpt[i] = i << 30 | PTE_FLAGS | PTE_LARGE;
	for (u64 i = 0; i < 4; i++)
		pae[i] = (w->base + (WORLD_PAE_TABLES + 1 + i) * PAGE_SIZE) | 1;
	for (u64 i = 0; i < 2048; i++)
		pd[i] = i << 21 | PTE_FLAGS | PTE_LARGE;
	for (u32 i = 0; i < 1024; i++)
		pse[i] = i << 22 | PTE_FLAGS | PTE_LARGE;
}

void world_fill_ram(const struct world_domain *w)
{
	fill_tables(w);
	/* HLT everywhere. */
	memset(w->ram + WORLD_CODE * PAGE_SIZE, 0xf4, (WORLD_STACK - WORLD_CODE) * PAGE_SIZE);
	memset(w->ram + WORLD_STACK * PAGE_SIZE, 0, (WORLD_HOLE - WORLD_STACK) * PAGE_SIZE);
}

static void give_ram(struct world_domain *w)
{
	struct page_info *pg = alloc_domain_pages(w->d, RAM_ORDER, 0);
	mfn_t mfn;

	HOST_CHECK(pg);
	mfn = page_to_mfn(pg);
	w->ram = page_to_virt(pg);
	w->base = w->hardware ? mfn_to_paddr(mfn).v : 0;
	for (u32 i = 0; i < WORLD_HOLE; i++)
		HOST_CHECK(!p2m_map(w->d->p2m, gfn_make((w->base >> PAGE_SHIFT) + i),
				    mfn_add(mfn, i), 0,
				    i == WORLD_READ_ONLY ? P2M_RAM_RO : P2M_RAM_RW));
	guest_map_add(&to_xd(w->d)->map, w->base, WORLD_HOLE * PAGE_SIZE, GUEST_REGION_RAM);
	world_fill_ram(w);
}

/* What arch/x86/build gives the hardware domain. From here on nothing treats it specially. */
static void give_machine(struct domain *d)
{
	d->is_mapped_1to1 = true;
	HOST_CHECK(!rangeset_add(&d->iomem_caps, 0, IOMEM_FRAMES - 1));
	HOST_CHECK(!rangeset_remove(&d->iomem_caps, 0, max_mfn - 1));
	HOST_CHECK(!rangeset_remove(&d->iomem_caps, VLAPIC_DEFAULT_BASE >> PAGE_SHIFT,
				    VLAPIC_DEFAULT_BASE >> PAGE_SHIFT));
	HOST_CHECK(!rangeset_remove(&d->iomem_caps, SOFT_IOAPIC_BASE >> PAGE_SHIFT,
				    SOFT_IOAPIC_BASE >> PAGE_SHIFT));
	HOST_CHECK(!vpci_init(d));
	d->is_hardware = false;
	hardware_domain = NULL;
}

u32 world_devices = XEN_X86_EMU_LAPIC;

void world_create(struct world_domain *w, bool hardware, u32 vcpus)
{
	struct domain_config cfg = {
		.domid = DOMID_INVALID,
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap |
			 (iommu_in_use() ? XEN_DOMCTL_CDF_iommu : 0),
		.max_vcpus = vcpus, .max_grant_frames = 2, .max_maptrack_frames = 1,
		.max_grant_version = 2, .max_pages = 2 * WORLD_PAGES, .is_hardware = hardware,
		.is_privileged = hardware, .node = NUMA_NO_NODE, .name = "world",
		.emulation_flags = world_devices,
	};
	int err;

	*w = (struct world_domain){ .hardware = hardware };
	soft_pci_reset();
	w->d = domain_create(&cfg, &err);
	HOST_CHECK(w->d);
	domain_get(w->d);
	for (u32 i = 0; i < vcpus; i++)
		HOST_CHECK(!domain_vcpu_create(w->d, i));
	give_ram(w);
	if (hardware)
		give_machine(w->d);
	for (u32 i = 0; i < vcpus; i++) {
		struct x86_vcpu *xv = to_xv(w->d->vcpu[i]);

		hvm_set_pvh_state(xv, (u32)w->base + WORLD_CODE * PAGE_SIZE, 0);
		hvm_state_begin(xv);
		world_set_mode(w, xv, WORLD_LONG, 0);
		hvm_state_end(xv);
	}
	__atomic_fetch_and(&w->d->vcpu[0]->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
}

const char *world_destroy(struct world_domain *w)
{
	/* A toolstack may have been faster. */
	for (u32 tries = 0; w->d->dying != DOM_DEAD && domain_kill(w->d); tries++)
		if (tries == KILL_TRIES)
			return "the domain's end takes too many steps";
	domain_put(w->d);
	return NULL;
}

void world_settle(void)
{
	free_at_boot = free_page_count(NUMA_NO_NODE);
}

const char *world_left_over(void)
{
	bool pages = false;

	/* A domain's last parts are freed after a grace period of RCU. */
	for (u32 tries = 0; tries < FREE_TRIES; tries++) {
		pages = free_page_count(NUMA_NO_NODE) + SLACK_PAGES >= free_at_boot;
		if (pages && !soft_vectors_in_use())
			return NULL;
		host_run(hal_now_ns() + RUN_SLICE);
	}
	return pages ? "vectors of devices are in use after their domain's end"
		     : "pages of the heap did not come back";
}

/* One domain of each kind first, so that everything that stays is allocated. */
void world_boot(u32 cpus)
{
	struct world_domain w;

	host_boot(&(struct host_config){ .seed = 1, .cpus = cpus, .ram_bytes = ARENA_BYTES });
	soft_processor_init();
	host_start();
	domains_init();
	for (u32 hardware = 0; hardware < 2; hardware++) {
		world_create(&w, hardware, 2);
		HOST_CHECK(!world_destroy(&w));
		host_run(hal_now_ns() + RUN_SLICE);
	}
	world_settle();
}

/* ---- modes ---- */

struct mode_regs {
	u64 cr0, cr4, efer;
	u32 tables;
	u16 code_attr, data_attr;
};

static const struct mode_regs modes[WORLD_MODES] = {
	[WORLD_REAL] = { X86_CR0_ET, 0, 0, 0, 0x09b, 0x093 },
	[WORLD_FLAT] = { X86_CR0_PE | X86_CR0_ET, 0, 0, 0, 0xc9b, 0xc93 },
	[WORLD_PSE] = { X86_CR0_PG | X86_CR0_PE | X86_CR0_ET, X86_CR4_PSE, 0, WORLD_PSE_TABLE,
			0xc9b, 0xc93 },
	[WORLD_PAE] = { X86_CR0_PG | X86_CR0_PE | X86_CR0_ET, X86_CR4_PAE, 0, WORLD_PAE_TABLES,
			0xc9b, 0xc93 },
	[WORLD_LONG] = { X86_CR0_PG | X86_CR0_PE | X86_CR0_ET,
			 X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXSAVE, EFER_LME | EFER_LMA,
			 WORLD_LONG_TABLES, 0xa9b, 0xc93 },
	[WORLD_COMPAT] = { X86_CR0_PG | X86_CR0_PE | X86_CR0_ET, X86_CR4_PAE,
			   EFER_LME | EFER_LMA, WORLD_LONG_TABLES, 0xc9b, 0xc93 },
};

void world_set_mode(const struct world_domain *w, struct x86_vcpu *xv, enum world_mode mode,
		    u32 cpl)
{
	const struct mode_regs *m = &modes[mode];
	u32 limit = mode == WORLD_REAL ? 0xffff : ~0U;
	/* Real mode reaches only 64 KiB from its base. */
	u64 base = mode == WORLD_REAL ? w->base : 0;
	u16 dpl = mode == WORLD_REAL ? 0 : (u16)(cpl << 5);
	struct hvm_seg code = { (u16)cpl, m->code_attr | dpl, limit, base };
	struct hvm_seg data = { (u16)cpl, m->data_attr | dpl, limit, base };

	hvm->set_efer(xv, m->efer);
	hvm->set_cr(xv, 4, m->cr4);
	hvm->set_cr(xv, 3, w->base + m->tables * PAGE_SIZE);
	hvm->set_cr(xv, 0, m->cr0);
	hvm->set_seg(xv, HVM_CS, &code);
	for (enum hvm_segment s = HVM_ES; s <= HVM_GS; s++)
		if (s != HVM_CS)
			hvm->set_seg(xv, s, &data);
}
