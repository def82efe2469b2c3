/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device interrupts: vectors, IO-APIC lines (GSIs) and MSIs.
 *
 * A vector belongs to one owner, on all CPUs, from 0x30 to 0xdf. Its handler runs in IRQ context
 * with interrupts off on the CPU the interrupt is routed to (the boot CPU unless moved).
 *
 * Edge lines and MSIs: the local APIC is acknowledged, then the handler runs; the next one can
 * come at once.
 *
 * Level lines, as handed to a guest: the line is masked at the IO-APIC, the local APIC is
 * acknowledged, then the handler runs (it sets the guest's interrupt pending). The line stays
 * masked until irq_guest_eoi(): call it when the guest has acknowledged its virtual interrupt. If
 * the device still asserts the line then, the interrupt comes again. A guest that never
 * acknowledges stops only its own line. irq_guest_eoi() on a line that is not waiting does nothing.
 */
#ifndef ASM_X86_IRQ_H
#define ASM_X86_IRQ_H

#include <xen/hal/irq.h>
#include <asm/apic.h>

#define VECTOR_DEVICE_FIRST 0x30
#define VECTOR_DEVICE_LAST 0xdf

/** What a device writes to raise an interrupt. */
struct msi_msg {
	u64 address;
	u32 data;
};

/** One past the highest GSI. */
u32 irq_nr_gsis(void);
/** Number of pins of the IO-APIC that starts at @gsi_base; 0 when it was not usable. */
u32 irq_ioapic_pins(u32 gsi_base);

/**
 * Route @gsi to a new vector and unmask it. Returns the vector, or -XEN_EINVAL (no such GSI),
 * -XEN_EBUSY (it has an owner), -XEN_ENOSPC (no free vector). Any context but IRQ.
 */
int irq_request_gsi(u32 gsi, bool level, bool low, void (*fn)(void *arg), void *arg);
/** Allocate a vector for an MSI and compose the message. Returns the vector or -XEN_ENOSPC. */
int irq_alloc_msi_vector(void (*fn)(void *arg), void *arg, struct msi_msg *out);
/** Mask and give back; the handler may still be running on another CPU when this returns. */
void irq_free(int vector);
/**
 * Move to @cpu. A GSI is moved at once; for an MSI @out gets the message to write to the device.
 * -XEN_EINVAL: free vector, CPU offline, or its APIC id does not fit a device's 8 bits.
 */
int irq_set_cpu(int vector, u32 cpu, struct msi_msg *out);

/**
 * Let the IOMMU remap the interrupts of devices, if it can. Boot, after iommu_start() and before a
 * domain has devices.
 */
void irq_remap(void);

/** End of a level interrupt, see above. Any context. */
void irq_guest_eoi(u32 gsi);
/** Mask or unmask for the owner; independent of waiting for EOI. Any context. */
void irq_mask_gsi(u32 gsi);
void irq_unmask_gsi(u32 gsi);

/** Boot CPU, after apic_init and acpi_init: IO-APICs masked, vectors ready. */
void irq_init(void);

#endif
