/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices of the machine that guests of the manifest get, by partial device trees. They are set
 * aside when the manifest is read, so that the hardware domain, which is built first, goes without;
 * a guest that is not built in the end leaves them unused.
 */
#include <xen/domain_iommu.h>
#include <xen/dt_partial.h>
#include <xen/errno.h>
#include <xen/fdt_partial.h>
#include <xen/format.h>
#include <xen/hal/build.h>
#include <xen/hal/vcpu.h>
#include <xen/iommu.h>
#include <xen/manifest.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <asm/setup.h>

#include "private.h"

/* Of the ABI (public/arch-arm.h): the interrupt controller, and what the toolstack or the
 * hypervisor places between it and the memory. */
#define GUEST_GIC_START 0x03000000UL
#define GUEST_GIC_END 0x04020000UL
#define GUEST_OWN_START 0x22000000UL
#define GUEST_OWN_END 0x3a000000UL

static struct dt_partial partial __initdata;	/* the tree that was read last */
static struct fdt partial_tree __initdata;
/* The trees whose devices were set aside, and how much was before each. */
static struct claim {
	const void *blob;
	u32 nodes, regs;	/* counts of machine's passed ones */
} claims[MANIFEST_MAX_DOMAINS] __initdata;
static u32 nr_claims __initdata;
static struct rangeset irqs, streams;		/* set aside; constant after the boot */

bool guest_device_passed_irq(u32 irq) { return rangeset_contains(&irqs, irq, irq); }
bool guest_device_passed_stream(u16 stream)
{
	return rangeset_contains(&streams, stream, stream);
}

static bool __init read_tree(const void *blob, u64 len, char *why, size_t size)
{
	enum fdt_error e = fdt_open(&partial_tree, blob, len);

	if (e) {
		scnprintf(why, size, "it cannot be read: %s", fdt_error_text(e));
		return false;
	}
	return dt_partial_read(&partial_tree, &machine_tree, &machine, iommu_in_use(),
			       GUEST_PHYS_BITS, &partial, why, size);
}

/* What two devices share cannot be given to one domain without the other. */
static bool __init is_free(const struct dt_partial *p, char *why, size_t size)
{
	for (u32 i = 0; i < p->nr_irqs; i++)
		if (guest_device_passed_irq(p->irq[i])) {
			scnprintf(why, size, "interrupt %u is that of another guest's device",
				  p->irq[i]);
			return false;
		}
	for (u32 i = 0; i < p->nr_streams; i++)
		if (rangeset_overlaps(&streams, p->stream[i].first,
				      p->stream[i].first + p->stream[i].n - 1)) {
			scnprintf(why, size, "stream %#x is that of another guest's device",
				  p->stream[i].first);
			return false;
		}
	if (machine.nr_passed + p->nr_regs <= DT_MAX_PASSED &&
	    machine.nr_passed_nodes + p->nr_nodes <= DT_MAX_PASSED)
		return true;
	scnprintf(why, size, "guests get more than %u devices or pieces of registers",
		  DT_MAX_PASSED);
	return false;
}

static int __init set_aside(const struct dt_partial *p)
{
	int rc = 0;

	for (u32 i = 0; i < p->nr_irqs && !rc; i++)
		rc = rangeset_add(&irqs, p->irq[i], p->irq[i]);
	for (u32 i = 0; i < p->nr_streams && !rc; i++)
		rc = rangeset_add(&streams, p->stream[i].first,
				  p->stream[i].first + p->stream[i].n - 1);
	for (u32 i = 0; i < p->nr_nodes; i++)
		machine.passed_node[machine.nr_passed_nodes++] = p->node[i];
	for (u32 i = 0; i < p->nr_regs; i++)
		machine.passed[machine.nr_passed++] = (struct dt_range){ p->reg[i].start,
									 p->reg[i].size };
	return rc;
}

bool __init hal_guest_devices_claim(const void *blob, u64 len, char *why, size_t size)
{
	struct claim *c = &claims[nr_claims];

	/* A domain is accepted after this. */
	ASSERT(nr_claims < MANIFEST_MAX_DOMAINS);
	if (!read_tree(blob, len, why, size) || !is_free(&partial, why, size))
		return false;
	*c = (struct claim){ blob, machine.nr_passed_nodes, machine.nr_passed };
	nr_claims++;
	if (set_aside(&partial))
		panic("no memory to note the devices of guests");
	return true;
}

/* Read a tree again as it was read when its devices were set aside: that went well, and what was
 * set aside before is the same still. */
static void __init read_again(const void *blob, u64 len)
{
	u32 nodes = machine.nr_passed_nodes, regs = machine.nr_passed, i = 0;
	char why[200];

	while (claims[i].blob != blob) {
		i++;
		ASSERT(i < nr_claims);
	}
	machine.nr_passed_nodes = claims[i].nodes;
	machine.nr_passed = claims[i].regs;
	if (!read_tree(blob, len, why, sizeof(why)))
		panic("a device tree has changed since it was read: %s", why);
	machine.nr_passed_nodes = nodes;
	machine.nr_passed = regs;
}

static bool __init overlaps(const struct dt_partial_reg *r, u64 start, u64 end)
{
	return r->guest < end && start < r->guest + r->size;
}

/* Is there something of the guest's own at the guest's address? */
static bool __init is_taken(const struct domain *d, const struct dt_partial_reg *r)
{
	const struct guest_map *m = &to_ad(d)->map;

	for (u32 i = 0; i < m->nr; i++)
		if (overlaps(r, m->region[i].start, m->region[i].start + m->region[i].size))
			return true;
	return overlaps(r, GUEST_GIC_START, GUEST_GIC_END) ||
	       overlaps(r, GUEST_OWN_START, GUEST_OWN_END);
}

static int __init give_registers(struct domain *d, const struct dt_partial_reg *r)
{
	u64 first = r->start >> PAGE_SHIFT, n = r->size >> PAGE_SHIFT;
	int rc;

	if (is_taken(d, r)) {
		printk(LOG_ERR "Manifest: %s: the registers at guest address [%#lx, %#lx) overlap "
		       "its memory or what it has of its own; give another address\n", d->name,
		       r->guest, r->guest + r->size);
		return -XEN_EEXIST;
	}
	rc = rangeset_add(&d->iomem_caps, first, first + n - 1);
	return rc ? rc : p2m_map_range(d->p2m, gfn_make(r->guest >> PAGE_SHIFT), mfn_make(first),
				       n, P2M_MMIO_DIRECT);
}

static int __init give_irq(struct domain *d, u32 irq)
{
	int rc = rangeset_add(&d->irq_caps, irq, irq);

	return rc ? rc : guest_irq_give(d, irq);
}

static int __init give_streams(struct domain *d, const struct dt_streams *s)
{
	int rc = 0;

	for (u32 i = 0; i < s->n && !rc; i++)
		rc = domain_iommu_attach(d, (struct pci_addr){ .bdf = (u16)(s->first + i) });
	return rc;
}

/* The hardware domain is built first; without one, the first guest with devices comes here. */
void __init guest_start_iommu(void)
{
	static bool started __initdata;

	if (!started)
		iommu_start();
	started = true;
}

static int __init give_all(struct domain *d, const struct dt_partial *p)
{
	int rc = 0;

	for (u32 i = 0; i < p->nr_regs && !rc; i++)
		rc = give_registers(d, &p->reg[i]);
	for (u32 i = 0; i < p->nr_irqs && !rc; i++)
		rc = give_irq(d, p->irq[i]);
	if (!iommu_in_use())
		return rc;
	for (u32 i = 0; i < p->nr_streams && !rc; i++)
		rc = give_streams(d, &p->stream[i]);
	if (!rc)
		guest_start_iommu();
	return rc;
}

int __init hal_guest_devices_give(struct domain *d, const void *blob, u64 len)
{
	int rc;

	read_again(blob, len);
	rc = give_all(d, &partial);
	if (rc == -XEN_EEXIST)
		return rc;
	if (rc)
		printk(LOG_ERR "Manifest: %s: its devices cannot be given to it: error %d\n",
		       d->name, rc);
	else
		printk(LOG_INFO "Manifest: %s has %u pieces of device memory, %u interrupts and %u "
		       "groups of streams\n", d->name, partial.nr_regs, partial.nr_irqs,
		       partial.nr_streams);
	to_ad(d)->partial = !rc;
	return rc;
}

void __init guest_write_devices(const struct domain *d, struct fdt_writer *w)
{
	ASSERT(!d->is_hardware);
	if (to_ad(d)->partial)
		fdt_write_partial(w, &partial_tree);
}

u32 __init guest_gic_phandle(const struct domain *d)
{
	return to_ad(d)->partial ? fdt_partial_gic(&partial_tree) : 0;
}
