/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the IOMMU driver: the interface of a kind of hardware. */
#ifndef DRIVERS_IOMMU_PRIVATE_H
#define DRIVERS_IOMMU_PRIVATE_H

#include <xen/acpi_iommu.h>
#include <xen/hal/mm.h>
#include <xen/iommu.h>

#define IOMMU_LEVEL_BITS 9
#define IOMMU_ENTRIES (1U << IOMMU_LEVEL_BITS)

/** What the units can do: the least that any of them can. */
struct iommu_limits {
	u32 levels;		/* of tables */
	u32 root_order;		/* 2^root_order tables side by side are the root */
	u32 leaf_levels;	/* levels that can have mappings */
	u32 nr_spaces;		/* numbers of spaces from 0 on */
	bool coherent;		/* units see the caches of CPUs */
	bool caches_absent;	/* units may remember that nothing was mapped */
};

/**
 * One kind of IOMMU, which all units of the machine are. Levels of tables count from 0, the lowest:
 * entries there map 4 KiB.
 */
struct iommu_hw {
	const char *name;
	u64 registers;		/* bytes of a unit's registers that are used */
	/* The format of table entries. */
	u64 present;		/* an entry with any of these bits is present */
	u64 leaf_mask;		/* above level 0 a present entry with (entry & leaf_mask) == */
	u64 leaf_value;		/* leaf_value is a mapping, else a pointer */
	u64 addr;		/* bits of an entry that hold an address */
	u64 absent;		/* what is written where nothing is mapped */
	u64 read, write;	/* the rights' bits in a mapping */
	/** Prepare all units and fill in @l. NULL, or why they cannot be used. */
	const char *(*init)(const struct acpi_iommus *m, struct iommu_limits *l);
	/** An entry that maps, without rights. */
	u64 (*leaf)(mfn_t mfn, u32 level);
	/** An entry at @level that points to a table. */
	u64 (*table)(mfn_t mfn, u32 level);
	/** Let DMA that carries @bdf use @s in all units. 0, or -XEN_ENOMEM: nothing changed. */
	int (*attach)(u16 bdf, const struct iommu_space *s);
	/** Forget all translations of @s in all units. */
	void (*flush)(const struct iommu_space *s);
	/** Begin to translate in all units. */
	void (*start)(void);
	/** Use a table of 256 interrupts, all refused so far. NULL, or why that cannot be done. */
	const char *(*remap)(bool wide);
	/** Write entry @vector; not @valid: refuse it. In force in all units when this returns. */
	void (*set_interrupt)(u8 vector, u32 apic_id, bool level, bool valid);
	/** What raises that entry: a message, and the upper half of an IO-APIC's entry. */
	void (*message)(u8 vector, u64 *address, u32 *data);
	u32 (*line_word)(u8 vector);
};

extern const struct iommu_hw iommu_amd, iommu_vtd, iommu_smmu2, iommu_smmu3;

/** Look for what firmware describes, and use it: fill in iommu_firmware and end with iommu_use().
 * NULL, or why there is none that can be used. One for each kind of firmware. Boot. */
const char *iommu_find(void);
/** Prepare the units of iommu_firmware, which are @hw. NULL, or why they cannot be used. Boot. */
const char *iommu_use(const struct iommu_hw *hw);

/** The kind of hardware in use, NULL: none. Constant after iommu_init(). */
extern const struct iommu_hw *iommu_hw;
extern struct iommu_limits iommu_limits;
/** What firmware says about the units. */
extern struct acpi_iommus iommu_firmware;
/** The space of functions that are in no other one. */
extern struct iommu_space *iommu_quarantine;

/** Make the quarantine, after iommu_hw and iommu_limits were set. False: no memory. Boot. */
bool iommu_spaces_init(void);
/** Give @s its root. False: no memory. */
bool iommu_space_init(struct iommu_space *s, u16 id, u64 max_tables);
/** Free all tables of @s, which no unit uses any more. */
void iommu_space_fini(struct iommu_space *s);

/** Write an entry of a table that units read. */
void iommu_write_entry(u64 *entry, u64 val);
/** A page for tables that units read, all zero, seen by them; NULL: no memory. */
void *iommu_alloc_pages(u32 order);

/** The physical address of a structure that units read. */
static inline u64 iommu_address(const void *p)
{
	return hal_virt_to_mfn(p).v << PAGE_SHIFT | page_offset((u64)p);
}

#define IOMMU_INTERRUPTS 256U
/* Where devices write messages. */
#define IOMMU_MESSAGES 0xfee00000UL

/** Can IOMMUs of this kind of firmware remap interrupts? Else [no-]intremap is refused. */
extern const bool iommu_kind_remaps;
/** iommu=no-intremap */
extern bool iommu_keeps_interrupts;

/** An access that a unit refused. */
struct iommu_fault {
	u16 bdf;
	u64 address;		/* that the device used, in bytes */
	const char *access;	/* "read", "write", "interrupt" or "access" */
	const char *cause;	/* a constant string */
};
/** Say so on the console, once a second for a device and a cause. Any context. */
void iommu_report(const struct iommu_fault *f);

/** Wait until @done says so; panics after a second, as DMA cannot be held back then. */
void iommu_wait(bool (*done)(void *unit), void *unit, const char *what);

#endif
