/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device interrupts: ownership of vectors, and the protocol of <asm/irq.h>. */
#include <asm/irq.h>

#include <xen/acpi.h>
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/iommu.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/trace.h>
#include <asm/traps.h>

#include "ioapic.h"

#define NR_DEVICE_VECTORS (VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1)
#define NO_GSI 0xffffffffU
#define MSI_ADDRESS 0xfee00000UL
#define ISA_LINES 16

/** One vector. @fn and @arg are also read by the handler, without the lock: @fn is set last and
 * cleared first. The rest [irq_lock]. */
struct irq_desc {
	void (*fn)(void *arg);
	void *arg;
	u32 gsi;		/* NO_GSI for an MSI */
	u32 cpu;
	u64 fired;
	bool used, level, low;
	bool wait_eoi;		/* level: masked until irq_guest_eoi */
	bool masked;		/* masked by the owner */
	bool auto_eoi;		/* the hypervisor's own: its handler has quieted the device */
};

static DEFINE_SPINLOCK(irq_lock, LOCK_RANK_IRQ);
static struct irq_desc descs[NR_DEVICE_VECTORS];
static u32 nr_gsis;

static u8 vector_of(const struct irq_desc *d)
{
	return (u8)(VECTOR_DEVICE_FIRST + (d - descs));
}

static struct irq_desc *desc_of(int vector)
{
	if (vector < VECTOR_DEVICE_FIRST || vector > VECTOR_DEVICE_LAST)
		return NULL;
	return &descs[vector - VECTOR_DEVICE_FIRST];
}

static struct irq_desc *desc_by_gsi(u32 gsi)
{
	for (u32 i = 0; i < NR_DEVICE_VECTORS; i++)
		if (descs[i].used && descs[i].gsi == gsi)
			return &descs[i];
	return NULL;
}

static void update_mask(const struct irq_desc *d)
{
	ASSERT(spin_is_locked_by_me(&irq_lock) && d->used && d->gsi != NO_GSI);
	ioapic_set_mask(d->gsi, d->wait_eoi || d->masked);
}

static void end_level(struct irq_desc *d)
{
	if (!d->wait_eoi)
		return;
	/* Only a level line is masked until its end. */
	ASSERT(d->level);
	trace_irq_eoi(d->gsi);
	d->wait_eoi = false;
	update_mask(d);
}

static void device_interrupt(u8 vector)
{
	struct irq_desc *d = desc_of(vector);
	void (*fn)(void *arg);
	u64 flags = spin_lock_irqsave(&irq_lock);

	ASSERT(d && !hal_irq_is_enabled());
	fn = d->fn;
	d->fired++;
	if (fn && d->level) {
		d->wait_eoi = true;
		update_mask(d);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	apic_eoi();
	if (!fn)
		return;
	fn(d->arg);
	if (!d->auto_eoi)
		return;
	flags = spin_lock_irqsave(&irq_lock);
	end_level(d);
	spin_unlock_irqrestore(&irq_lock, flags);
}

u32 irq_nr_gsis(void) { return nr_gsis; }

bool hal_irq_isa_line(u8 irq, struct hal_irq_line *line)
{
	const struct acpi_madt *m = acpi_madt();

	*line = (struct hal_irq_line){ .number = irq };
	for (u32 i = 0; m && i < m->nr_overrides; i++)
		if (m->override[i].source == irq)
			*line = (struct hal_irq_line){ m->override[i].gsi, m->override[i].level,
						       m->override[i].active_low };
	return irq < ISA_LINES;
}

/* Find a free vector. Allocation spreads over the priority classes (the high four bits), as the
 * APIC can hold only two interrupts of a class. */
static struct irq_desc *alloc_desc(void)
{
	ASSERT(spin_is_locked_by_me(&irq_lock));
	for (u32 low = 0; low < 16; low++)
		for (u32 i = low; i < NR_DEVICE_VECTORS; i += 16)
			if (!descs[i].used)
				return &descs[i];
	return NULL;
}

static void route(const struct irq_desc *d, bool masked)
{
	ASSERT(d->used && d->gsi != NO_GSI);
	if (iommu_remaps_interrupts())
		iommu_set_interrupt(vector_of(d), cpu_apic_id[d->cpu], d->level);
	ioapic_route(d->gsi, vector_of(d), (u8)cpu_apic_id[d->cpu], d->level, d->low, masked);
}

static int request_gsi(u32 gsi, const struct irq_desc *want)
{
	u64 flags = spin_lock_irqsave(&irq_lock);
	struct irq_desc *d = alloc_desc();
	int rc = !ioapic_has(gsi) ? -XEN_EINVAL : desc_by_gsi(gsi) ? -XEN_EBUSY :
		 !d ? -XEN_ENOSPC : 0;

	if (!rc) {
		*d = *want;
		route(d, false);
		rc = vector_of(d);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	return rc;
}

int irq_request_gsi(u32 gsi, bool level, bool low, void (*fn)(void *arg), void *arg)
{
	struct irq_desc want = {
		.fn = fn, .arg = arg, .gsi = gsi, .used = true, .level = level, .low = low,
	};

	return request_gsi(gsi, &want);
}

int hal_irq_request(const struct hal_irq_line *line, void (*fn)(void *arg), void *arg)
{
	struct irq_desc want = {
		.fn = fn, .arg = arg, .gsi = line->number, .used = true, .level = line->level,
		.low = line->active_low, .auto_eoi = true,
	};

	return min(request_gsi(line->number, &want), 0);
}

static void compose_msi(const struct irq_desc *d, struct msi_msg *out)
{
	ASSERT(d->used && d->gsi == NO_GSI && cpu_apic_id[d->cpu] <= 0xff);
	if (iommu_remaps_interrupts()) {
		iommu_set_interrupt(vector_of(d), cpu_apic_id[d->cpu], false);
		iommu_interrupt_message(vector_of(d), &out->address, &out->data);
		return;
	}
	out->address = MSI_ADDRESS | (cpu_apic_id[d->cpu] & 0xff) << 12;
	out->data = vector_of(d);	/* fixed, edge */
}

int irq_alloc_msi_vector(void (*fn)(void *arg), void *arg, struct msi_msg *out)
{
	u64 flags = spin_lock_irqsave(&irq_lock);
	struct irq_desc *d = alloc_desc();

	if (d) {
		*d = (struct irq_desc){ .fn = fn, .arg = arg, .gsi = NO_GSI, .used = true };
		compose_msi(d, out);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	return d ? vector_of(d) : -XEN_ENOSPC;
}

int hal_irq_request_msi(void (*fn)(void *arg), void *arg, struct hal_msi *msi)
{
	struct msi_msg m;
	int vector = irq_alloc_msi_vector(fn, arg, &m);

	if (vector < 0)
		return vector;
	*msi = (struct hal_msi){ .address = m.address, .data = m.data };
	return 0;
}

void __init irq_remap(void)
{
	u64 flags = spin_lock_irqsave(&irq_lock);

	/* Lines that the hypervisor has are routed anew; no device sends messages yet. */
	if (iommu_remap_interrupts(apic_is_x2apic()))
		for (u32 i = 0; i < NR_DEVICE_VECTORS; i++)
			if (descs[i].used && descs[i].gsi != NO_GSI)
				route(&descs[i], descs[i].wait_eoi || descs[i].masked);
	spin_unlock_irqrestore(&irq_lock, flags);
}

void irq_free(int vector)
{
	struct irq_desc *d = desc_of(vector);
	u64 flags;

	if (!d)
		return;
	flags = spin_lock_irqsave(&irq_lock);
	if (d->used && d->gsi != NO_GSI)
		ioapic_route(d->gsi, 0, 0, false, false, true);
	if (d->used && iommu_remaps_interrupts())
		iommu_clear_interrupt((u8)vector);
	d->fn = NULL;
	d->used = false;
	spin_unlock_irqrestore(&irq_lock, flags);
}

int irq_set_cpu(int vector, u32 cpu, struct msi_msg *out)
{
	struct irq_desc *d = desc_of(vector);
	int rc = -XEN_EINVAL;
	u64 flags;

	if (!d || cpu >= NR_CPUS || !cpumask_test(&cpu_online_map, cpu) || cpu_apic_id[cpu] > 0xfe)
		return -XEN_EINVAL;
	flags = spin_lock_irqsave(&irq_lock);
	if (d->used) {
		rc = 0;
		d->cpu = cpu;
		if (d->gsi != NO_GSI)
			route(d, d->wait_eoi || d->masked);
		else if (out)
			compose_msi(d, out);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	return rc;
}

void irq_guest_eoi(u32 gsi)
{
	u64 flags = spin_lock_irqsave(&irq_lock);
	struct irq_desc *d = gsi == NO_GSI ? NULL : desc_by_gsi(gsi);

	if (d)
		end_level(d);
	spin_unlock_irqrestore(&irq_lock, flags);
}

static void set_masked(u32 gsi, bool masked)
{
	u64 flags = spin_lock_irqsave(&irq_lock);
	struct irq_desc *d = gsi == NO_GSI ? NULL : desc_by_gsi(gsi);

	if (d && d->masked != masked) {
		d->masked = masked;
		update_mask(d);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
}

void irq_mask_gsi(u32 gsi) { set_masked(gsi, true); }
void irq_unmask_gsi(u32 gsi) { set_masked(gsi, false); }

static void dump_all(char key)
{
	for (u32 i = 0; i < NR_DEVICE_VECTORS; i++) {
		u64 flags = spin_lock_irqsave(&irq_lock);
		struct irq_desc d = descs[i];

		spin_unlock_irqrestore(&irq_lock, flags);
		if (!d.used)
			continue;
		if (d.gsi == NO_GSI)
			printk(LOG_INFO "vector %#x: MSI, CPU%u, fired %lu times\n",
			       VECTOR_DEVICE_FIRST + i, d.cpu, d.fired);
		else
			printk(LOG_INFO "vector %#x: line %u, %s%s, CPU%u, fired %lu times\n",
			       VECTOR_DEVICE_FIRST + i, d.gsi, d.level ? "level" : "edge",
			       d.wait_eoi ? ", waits for its EOI" : d.masked ? ", masked" : "",
			       d.cpu, d.fired);
	}
}

void __init irq_init(void)
{
	nr_gsis = ioapic_init();
	if (!nr_gsis)
		printk(LOG_WARN "IRQ: no IO-APIC, devices have no lines (only MSIs)\n");
	for (int v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++)
		irq_set_handler((u8)v, device_interrupt);
	keyhandler_register('i', dump_all, "show the device interrupts");
}
