/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domain's IO-APICs. The pins of the hardware domain's IO-APICs are the machine's lines with
 * the same numbers: programming an entry binds the line, and completing a level interrupt lets it
 * fire again. The line is routed to the CPU where the vCPU that the entry names ran when the entry
 * was written.
 */
#include <xen/errno.h>
#include <xen/acpi.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>

#include <asm/irq.h>

#include "private.h"

#define GUEST_IOAPIC_ID 1

/*
 * A physical line of the machine, and the vCPU it is delivered to [vioapic_lock]. The domain that
 * has the machine's lines has one of these for each of irq_nr_gsis().
 */
struct gsi_binding {
	struct domain *d;
	u32 gsi;
	int vector;		/* 0: not bound */
	bool level, low;
};

/* IRQ context: the line fired. A level line stays masked until the guest's EOI. */
static void line_fired(void *arg)
{
	struct gsi_binding *b = arg;
	struct x86_domain *xd = to_xd(b->d);
	u64 flags = spin_lock_irqsave(&xd->vioapic_lock);

	if (b->level)
		vioapic_set_line(&xd->pc.ioapic, b->gsi, true);
	else
		vioapic_pulse(&xd->pc.ioapic, b->gsi);
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
}

static void deliver(void *ctx, const struct apic_msg *msg)
{
	/* INIT and SIPI come from processors only; a pin that sends one is set up wrongly. */
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
	struct gsi_binding *b = &to_xd(d)->bindings[gsi];
	int vector;

	ASSERT(spin_is_locked_by_me(&to_xd(d)->vioapic_lock));
	ASSERT(!b->vector);
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

/* The guest changed trigger or polarity (kernels start all lines as edges). */
static void rebind_line(struct domain *d, u32 gsi, u64 rte)
{
	struct gsi_binding *b = &to_xd(d)->bindings[gsi];

	irq_free(b->vector);
	b->vector = 0;
	/* If it is up, it fires again. */
	vioapic_set_line(&to_xd(d)->pc.ioapic, gsi, false);
	bind_line(d, gsi, rte);
}

/* The binding of the machine's line @gsi; NULL when the domain does not own that line. */
static struct gsi_binding *binding_of(struct domain *d, u32 gsi)
{
	struct gsi_binding *bindings = to_xd(d)->bindings;

	return bindings && gsi < irq_nr_gsis() ? &bindings[gsi] : NULL;
}

static void rte_changed(void *ctx, u32 gsi, u64 old, u64 new)
{
	struct domain *d = ctx;
	struct gsi_binding *b = binding_of(d, gsi);

	if (!gsi)
		hvm_pic_pin_changed(to_xd(d));
	if (!b)
		return;
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

/* If the line is still high, the machine's or that of events, the interrupt comes again. */
static void line_eoi(void *ctx, u32 gsi)
{
	struct domain *d = ctx;
	struct gsi_binding *b = binding_of(d, gsi);

	if (to_xd(d)->lines)
		hvm_callback_settle(to_xd(d));
	if (!b || !b->vector)
		return;
	vioapic_set_line(&to_xd(d)->pc.ioapic, gsi, false);
	irq_guest_eoi(gsi);
}

static const struct vioapic_ops vioapic_ops = {
	.deliver = deliver,
	.rte_changed = rte_changed,
	.eoi = line_eoi,
};
OPS_TABLE(vioapic_ops, deliver);

static struct x86_domain *domain_of(struct device *dev)
{
	return container_of(dev, struct x86_domain, vioapic_device);
}

static enum device_rc access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct x86_domain *xd = domain_of(dev);
	struct vioapic *apic = vioapic_at(&xd->pc.ioapic, gpaddr_make(a->addr));
	u32 offset = page_offset(a->addr);
	u64 flags;

	ASSERT(apic);	/* its page is what was claimed */
	flags = spin_lock_irqsave(&xd->vioapic_lock);
	if (a->write)
		vioapic_mmio_write(&xd->pc.ioapic, apic, offset, a->bytes, a->val);
	else
		a->val = vioapic_mmio_read(apic, offset, a->bytes);
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
	return DEVICE_DONE;
}

static void eoi(struct device *dev, u8 vector)
{
	struct x86_domain *xd = domain_of(dev);
	u64 flags = spin_lock_irqsave(&xd->vioapic_lock);

	vioapic_eoi(&xd->pc.ioapic, vector);
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
}

static void release(struct device *dev)
{
	struct x86_domain *xd = domain_of(dev);

	for (u32 i = 0; xd->bindings && i < irq_nr_gsis(); i++)
		if (xd->bindings[i].vector)
			irq_free(xd->bindings[i].vector);
	xfree(xd->bindings);
	xd->bindings = NULL;
}

static const struct device_ops vioapic_device_ops = {
	.name = "IO-APIC", .access = access, .eoi = eoi, .release = release,
};
OPS_TABLE(vioapic_device_ops, name);

/* The emulated counterpart of an IO-APIC of the machine. */
static int add_ioapic(struct x86_domain *xd, const struct acpi_madt_ioapic *io)
{
	u32 pins = irq_ioapic_pins(io->gsi_base);
	int rc;

	if (!pins)
		return 0;
	rc = vioapic_add(&xd->pc.ioapic, gpaddr_make(io->address.v), io->gsi_base, pins, io->id);
	return rc ? rc : device_claim(&xd->devices, &xd->vioapic_device, DEVICE_MMIO,
				      io->address.v, io->address.v + PAGE_SIZE - 1);
}

/* What a PC has: all of its inputs are lines from the chipset and from device models. */
static int add_guest_ioapic(struct x86_domain *xd)
{
	int rc = vioapic_add(&xd->pc.ioapic, gpaddr_make(VIOAPIC_DEFAULT_BASE), 0, HVM_GUEST_PINS,
			     GUEST_IOAPIC_ID);

	ASSERT(!rc);	/* the group is empty, and the figures are ours */
	rc = device_add(&xd->devices, &xd->vioapic_device, &vioapic_device_ops);
	return rc ? rc : device_claim(&xd->devices, &xd->vioapic_device, DEVICE_MMIO,
				      VIOAPIC_DEFAULT_BASE, VIOAPIC_DEFAULT_BASE + PAGE_SIZE - 1);
}

int hvm_vioapic_init(struct domain *d)
{
	struct x86_domain *xd = to_xd(d);
	const struct acpi_madt *madt = acpi_madt();
	int rc;

	spin_lock_init(&xd->vioapic_lock, "vioapic", LOCK_RANK_VIOAPIC);
	vioapic_group_init(&xd->pc.ioapic, &vioapic_ops, d);
	if (!d->is_hardware)
		return xd->emulation_flags & XEN_X86_EMU_IOAPIC ? add_guest_ioapic(xd) : 0;
	if (!madt)
		return 0;
	xd->bindings = xzalloc_array(struct gsi_binding, irq_nr_gsis());
	if (!xd->bindings)
		return -XEN_ENOMEM;
	rc = device_add(&xd->devices, &xd->vioapic_device, &vioapic_device_ops);
	for (u32 i = 0; !rc && i < madt->nr_ioapics; i++)
		rc = add_ioapic(xd, &madt->ioapic[i]);
	return rc;
}
