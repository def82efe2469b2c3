/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions that the toolstack gives to its guest: an IOMMU, which only has tables, and the
 * calls about functions, their interrupts, frames and ports.
 */
#include "exits.h"

#include <string.h>

#include <xen/domain_iommu.h>
#include <xen/errno.h>
#include <xen/hal/vcpu.h>

#include "../../xen/drivers/iommu/private.h"

#include <public/domctl.h>
#include <public/physdev.h>
#include <public/xen.h>

#define FIRST_PIRQ 256U
#define BARS (SOFT_PCI_BAR_BASE >> PAGE_SHIFT)
#define NR_BAR_FRAMES 0x30
#define PORTS 0x300

static u64 leaf(mfn_t mfn, u32 level) { return mfn.v << PAGE_SHIFT | 1 | (level ? BIT(7) : 0); }
static u64 table(mfn_t mfn, u32 level) { return mfn.v << PAGE_SHIFT | 1 | BIT(1) | BIT(2); }
static int attach(u16 bdf, const struct iommu_space *s) { return 0; }
static void flush(const struct iommu_space *s) {}

static const struct iommu_hw hw = {
	.name = "tables alone", .present = 1, .leaf_mask = BIT(7), .leaf_value = BIT(7),
	.addr = 0x000ffffffffff000UL, .read = BIT(1), .write = BIT(2), .leaf = leaf, .table = table,
	.attach = attach, .flush = flush,
};

static void check(bool ok)
{
	if (!ok)
		run_failed(NULL, "the passed function cannot be set up");
}

void passed_boot(void)
{
	iommu_hw = &hw;
	iommu_limits = (struct iommu_limits){ .levels = 4, .leaf_levels = 3, .nr_spaces = 8,
					      .coherent = true };
	check(iommu_spaces_init());
	iommu_hw = NULL;
	world_settle();
}

void passed_begin(void)
{
	iommu_hw = &hw;
}

void passed_create(void)
{
	struct domain *d = run.world[1].d, *toolstack = run.world[0].d;
	const struct pci_addr a = { .bdf = PASSED_FUNCTION << 3 };

	check(!rangeset_add(&toolstack->ioport_caps, PORTS, PORTS + 15));
	check(!rangeset_add(&d->ioport_caps, PORTS, PORTS + 15));
	check(!rangeset_add(&d->iomem_caps, BARS, BARS + NR_BAR_FRAMES - 1));
	check(!domain_iommu_attach(d, a) && !hal_pci_give(d, a));
}

static u32 bdf_of(const struct step *s) { return (u32)(s->b & 7) << 3 | (s->b >> 3 & 0x800); }
static u32 pirq_of(const struct step *s) { return FIRST_PIRQ + (u32)(s->c & 3); }

static u32 physdev(const struct step *s, struct passed_call *c, bool map)
{
	struct physdev_map_pirq m = {
		.domid = run.other, .type = s->reg & 8 ? (int)s->insn[0] : MAP_PIRQ_TYPE_MSI,
		.index = -1, .pirq = s->reg & 4 ? (int)s->c : -1, .devfn = (int)bdf_of(s),
		.entry_nr = (int)(s->c >> 8 & 0xff), .table_base = s->c >> 16 & 1,
	};
	struct physdev_unmap_pirq u = { .domid = run.other, .pirq = (int)pirq_of(s) };

	c->cmd = map ? PHYSDEVOP_map_pirq : PHYSDEVOP_unmap_pirq;
	c->len = map ? sizeof(m) : sizeof(u);
	memcpy(&c->op, map ? (void *)&m : (void *)&u, c->len);
	return __HYPERVISOR_physdev_op;
}

static void device(const struct step *s, struct xen_domctl *op)
{
	if (op->cmd == XEN_DOMCTL_get_device_group) {
		op->u.get_device_group.machine_sbdf = bdf_of(s) << 8;
		op->u.get_device_group.max_sdevs = (u32)s->c & 7;
		return;
	}
	op->u.assign_device.u.pci.machine_sbdf = bdf_of(s);
	op->u.assign_device.flags = s->reg & 4 ? (u32)s->c : 0;
	if (s->reg & 8)
		op->domain = DOMID_IO;
}

static void interrupt(const struct step *s, struct xen_domctl *op)
{
	op->u.bind_pt_irq.machine_irq = pirq_of(s);
	op->u.bind_pt_irq.irq_type = s->reg & 8 ? (u32)s->b : (u32)PT_IRQ_TYPE_MSI;
	op->u.bind_pt_irq.u.msi.gvec = (u8)(s->c >> 8);
	op->u.bind_pt_irq.u.msi.gflags = (u32)(s->c >> 16) & 0x1ffff;
}

static void frames(const struct step *s, struct xen_domctl *op)
{
	op->u.memory_mapping.first_gfn = s->reg & 4 ? s->c : BARS + (s->c & 0x3f);
	op->u.memory_mapping.first_mfn = BARS + (s->b & 0x3f);
	op->u.memory_mapping.nr_mfns = s->b >> 8 & 0x7f;
	op->u.memory_mapping.add_mapping = s->reg & 3;
}

static void ports(const struct step *s, struct xen_domctl *op)
{
	op->u.ioport_mapping.first_gport = s->reg & 4 ? (u32)s->c : PORTS + (u32)(s->c & 0x1f);
	op->u.ioport_mapping.first_mport = PORTS + (u32)(s->b & 0x1f);
	op->u.ioport_mapping.nr_ports = (u32)(s->b >> 8 & 0x1f);
	op->u.ioport_mapping.add_mapping = s->reg & 3;
}

u32 passed_call(const struct step *s, struct passed_call *c)
{
	static const struct { u32 cmd; void (*fill)(const struct step *s, struct xen_domctl *op); }
		calls[] = {
			{ XEN_DOMCTL_assign_device, device },
			{ XEN_DOMCTL_deassign_device, device },
			{ XEN_DOMCTL_test_assign_device, device },
			{ XEN_DOMCTL_get_device_group, device },
			{ XEN_DOMCTL_bind_pt_irq, interrupt },
			{ XEN_DOMCTL_unbind_pt_irq, interrupt },
			{ XEN_DOMCTL_memory_mapping, frames },
			{ XEN_DOMCTL_ioport_mapping, ports },
		};
	u32 which = s->a % (ARRAY_SIZE(calls) + 2);

	memset(c, 0, sizeof(*c));
	if (which >= ARRAY_SIZE(calls))
		return physdev(s, c, which == ARRAY_SIZE(calls));
	c->op = (struct xen_domctl){ .cmd = calls[which].cmd, .domain = run.other,
				     .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
	calls[which].fill(s, &c->op);
	c->len = sizeof(c->op);
	return __HYPERVISOR_domctl;
}
