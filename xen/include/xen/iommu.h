/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOMMUs: what devices may reach of memory. A space is a set of I/O page tables; each function of
 * the machine's PCI buses is in one. A function that was put into no other is in quarantine, a
 * space without mappings. All units use the same tables, so nothing here depends on which unit
 * serves a device. Addresses that devices use are counted in frames (dfn), like gfns.
 */
#ifndef XEN_IOMMU_H
#define XEN_IOMMU_H

#include <xen/list.h>
#include <xen/pci.h>

/* Rights of a mapping. */
#define IOMMU_READ BIT(0)
#define IOMMU_WRITE BIT(1)

/**
 * The I/O page tables of some devices. The caller lets only one CPU at a time change a space, for
 * example by the lock of the p2m that it follows.
 */
struct iommu_space {
	u16 id;			/* [const] the hardware's domain number */
	mfn_t root;		/* [const] */
	u64 tables;		/* pages that its tables take */
	u64 max_tables;		/* the caller may change it */
	u32 functions;		/* that are in it [the driver's lock] */
	u64 lost;		/* frames that are not mapped because memory ran out */
	bool stale;		/* units may hold what is no longer in the tables */
	struct list_head dead;	/* tables that units may still read: freed after a flush */
};

/**
 * Find the machine's IOMMUs and prepare them; devices are not restricted yet. Prints what was
 * found, or why nothing is used. Boot, after acpi_init, irq_init and timers.
 */
void iommu_init(void);
/** Is there an IOMMU that is used? Constant after iommu_init(). */
bool iommu_in_use(void);
/** "AMD-Vi", "VT-d", "SMMUv2" (also for units of version 1) or "SMMUv3", NULL when none is used. */
const char *iommu_name(void);
/** Restrict all devices to the spaces that they are in, from now on. Boot, once. */
void iommu_start(void);

/* The owner of the quarantine's devices. */
#define IOMMU_NO_OWNER 0xffffU

/**
 * An empty space of domain @owner, a number that iommu_owner() and messages name; it uses at most
 * @max_tables pages for tables. NULL: no memory, or no number left. iommu_in_use().
 */
struct iommu_space *iommu_space_create(u16 owner, u64 max_tables);
/** No function is in @s any more. */
void iommu_space_destroy(struct iommu_space *s);
/**
 * Let the @n frames from @dfn on be those from @mfn on, with @rights; no rights: nothing. Frames
 * that the units cannot address stay unmapped, and so do those for which no memory is left (@lost
 * counts them): a device never reaches what it should not. Devices may see the old mappings until
 * iommu_flush().
 */
void iommu_set(struct iommu_space *s, u64 dfn, mfn_t mfn, u64 n, u32 rights);
/** When this returns, no device uses a mapping that was replaced. */
void iommu_flush(struct iommu_space *s);
/** The frame that devices in @s reach at @dfn, and the rights; 0 rights: none. */
mfn_t iommu_lookup(const struct iommu_space *s, u64 dfn, u32 *rights);

/**
 * Put a function into @s, NULL: into quarantine, together with the numbers that its DMA may carry.
 * When this returns, its DMA uses nothing of the space that it was in. 0; -XEN_ENODEV (the units
 * do not serve its segment) or -XEN_ENOMEM: then it is in quarantine. Not in IRQ context.
 */
int iommu_attach(struct pci_addr a, struct iommu_space *s);
/** The same for a function that was never put anywhere; others stay where they are, and 0. */
int iommu_attach_new(struct pci_addr a, struct iommu_space *s);
/** Put all functions that are in @s into quarantine. Not in IRQ context. */
void iommu_detach_all(struct iommu_space *s);
/** Was this function ever put into a space or into quarantine? Any context. */
bool iommu_serves(struct pci_addr a);
/** The owner of the space that a function of segment 0 is in, or IOMMU_NO_OWNER. Any context. */
u16 iommu_owner(u16 bdf);
/**
 * The functions whose DMA may carry a number that that of @a carries too, so that they reach the
 * same memory: the first @max of them in @bdf, without @a. Returns how many there are. Any context.
 */
u32 iommu_group(struct pci_addr a, u16 *bdf, u32 max);
/** Is this function an IOMMU, which no domain may access? Any context. */
bool iommu_owns_pci(struct pci_addr a);
/** The registers of unit @i, *@size bytes; false past the last one. */
bool iommu_unit_registers(u32 i, paddr_t *base, u64 *size);
/** Memory that devices need mapped to itself, piece @i; false past the last one. */
bool iommu_unity(u32 i, u64 *start, u64 *size);

/**
 * Let all interrupts of devices go through a table of the hypervisor's, in which an interrupt's
 * number is its vector; numbers that were not set are refused. @wide: local APICs are in x2APIC
 * mode. False, with one line printed: they are not remapped. Boot, after iommu_start().
 */
bool iommu_remap_interrupts(bool wide);
bool iommu_remaps_interrupts(void);
/** The functions below: any context, iommu_remaps_interrupts(). Deliver @vector to this APIC. */
void iommu_set_interrupt(u8 vector, u32 apic_id, bool level);
/** Refuse it from now on. */
void iommu_clear_interrupt(u8 vector);
/** What a device writes to raise @vector. */
void iommu_interrupt_message(u8 vector, u64 *address, u32 *data);
/** The upper half of an IO-APIC's entry that raises @vector. */
u32 iommu_line_word(u8 vector);

#endif
