/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domain's IO-APICs. For the hardware domain each pin stands for the real line of that number:
 * programming an entry binds the line, completing a level interrupt lets it fire again. The line
 * comes to the CPU where the vCPU that the entry names ran when the entry was written.
 */
#include <xen/errno.h>
#include <xen/acpi.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>

#include <asm/irq.h>

#include "private.h"

/* A physical line handed to the hardware domain [vioapic_lock]. */
struct gsi_binding {
	struct domain *d;
	u32 gsi;
	int vector;		/* 0: not bound */
	bool level, low;
};

static struct gsi_binding *bindings;	/* [irq_nr_gsis()] of the hardware domain */

/* IRQ context: the line fired. A level line stays masked until the guest's EOI. */
static void line_fired(void *arg)
{
	struct gsi_binding *b = arg;
	struct x86_domain *xd = to_xd(b->d);
	u64 flags = spin_lock_irqsave(&xd->vioapic_lock);

	if (b->level)
		vioapic_set_line(&xd->vioapic, b->gsi, true);
	else
		vioapic_pulse(&xd->vioapic, b->gsi);
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
}

static void deliver(void *ctx, const struct apic_msg *msg)
{
	/* Only a processor may reset another: from a device that is a guest's mistake. */
	if (msg->mode != APIC_DM_INIT && msg->mode != APIC_DM_STARTUP)
		hvm_deliver(ctx, msg, NULL);
}

static void follow(struct domain *d, const struct gsi_binding *b, u64 rte)
{
	struct apic_msg msg = { .dest = RTE_DEST(rte), .vector = RTE_VECTOR(rte),
				.mode = RTE_MODE(rte), .logical = rte & RTE_LOGICAL };

	irq_set_cpu(b->vector, hvm_message_cpu(d, &msg), NULL);
}

static void bind_line(struct domain *d, u32 gsi, u64 rte)
{
	struct gsi_binding *b = &bindings[gsi];
	int vector;

	b->d = d;
	b->gsi = gsi;
	b->level = rte & RTE_LEVEL;
	b->low = rte & RTE_ACTIVE_LOW;
	vector = irq_request_gsi(gsi, b->level, b->low, line_fired, b);
	if (vector < 0)
		printk(LOG_G_WARN "Line %u cannot be handed to the hardware domain: error %d\n",
		       gsi, vector);
	else
		b->vector = vector;
	if (b->vector)
		follow(d, b, rte);
}

/* The guest calls the line something else now (kernels start all lines as edges). */
static void rebind_line(struct domain *d, u32 gsi, u64 rte)
{
	irq_free(bindings[gsi].vector);
	bindings[gsi].vector = 0;
	/* If it is up, it fires again. */
	vioapic_set_line(&to_xd(d)->vioapic, gsi, false);
	bind_line(d, gsi, rte);
}

static void rte_changed(void *ctx, u32 gsi, u64 old, u64 new)
{
	struct domain *d = ctx;
	struct gsi_binding *b;

	if (!d->is_hardware || gsi >= irq_nr_gsis())
		return;
	b = &bindings[gsi];
	if (new & RTE_MASKED) {
		if (b->vector)
			irq_mask_gsi(gsi);
	} else if (!b->vector) {
		bind_line(d, gsi, new);
	} else if (b->level != !!(new & RTE_LEVEL) || b->low != !!(new & RTE_ACTIVE_LOW)) {
		rebind_line(d, gsi, new);
	} else {
		if (RTE_DEST(old) != RTE_DEST(new) || ((old ^ new) & RTE_LOGICAL))
			follow(d, b, new);
		irq_unmask_gsi(gsi);
	}
}

/* The real line may still be high: it comes again by itself then. */
static void line_eoi(void *ctx, u32 gsi)
{
	struct domain *d = ctx;

	if (!d->is_hardware || gsi >= irq_nr_gsis() || !bindings[gsi].vector)
		return;
	vioapic_set_line(&to_xd(d)->vioapic, gsi, false);
	irq_guest_eoi(gsi);
}

static const struct vioapic_ops vioapic_ops = {
	.deliver = deliver,
	.rte_changed = rte_changed,
	.eoi = line_eoi,
};
OPS_TABLE(vioapic_ops, deliver);

int hvm_vioapic_init(struct domain *d)
{
	struct x86_domain *xd = to_xd(d);
	const struct acpi_madt *madt = acpi_madt();

	spin_lock_init(&xd->vioapic_lock, "vioapic", LOCK_RANK_VIOAPIC);
	vioapic_group_init(&xd->vioapic, &vioapic_ops, d);
	if (!d->is_hardware || !madt)
		return 0;
	bindings = xzalloc_array(struct gsi_binding, irq_nr_gsis());
	if (!bindings)
		return -XEN_ENOMEM;
	for (u32 i = 0; i < madt->nr_ioapics; i++) {
		const struct acpi_madt_ioapic *io = &madt->ioapic[i];
		u32 pins = irq_ioapic_pins(io->gsi_base);
		int rc;

		if (!pins)
			continue;
		rc = vioapic_add(&xd->vioapic, gpaddr_make(io->address.v), io->gsi_base, pins,
				 io->id);
		if (rc)
			return rc;
	}
	return 0;
}

bool hvm_vioapic_claims(struct domain *d, gpaddr_t gpa)
{
	return vioapic_at(&to_xd(d)->vioapic, gpa) != NULL;
}

bool hvm_vioapic_access(struct domain *d, gpaddr_t gpa, u32 bytes, bool write, u64 *val)
{
	struct x86_domain *xd = to_xd(d);
	struct vioapic *a = vioapic_at(&xd->vioapic, gpa);
	u64 flags;

	if (!a)
		return false;
	flags = spin_lock_irqsave(&xd->vioapic_lock);
	if (write)
		vioapic_mmio_write(&xd->vioapic, a, page_offset(gpa.v), bytes, *val);
	else
		*val = vioapic_mmio_read(a, page_offset(gpa.v), bytes);
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
	return true;
}

void hvm_vioapic_eoi(struct domain *d, u8 vector)
{
	struct x86_domain *xd = to_xd(d);
	u64 flags;

	if (!xd->vioapic.nr)
		return;
	flags = spin_lock_irqsave(&xd->vioapic_lock);
	vioapic_eoi(&xd->vioapic, vector);
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
}
