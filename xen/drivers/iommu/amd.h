/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD's IOMMU: registers and structures in memory. Facts: AMD I/O Virtualization Technology (IOMMU)
 * specification, document 48882, sections 2 (structures), 3.4 (registers).
 */
#ifndef DRIVERS_IOMMU_AMD_H
#define DRIVERS_IOMMU_AMD_H

#include <xen/pci.h>
#include <xen/spinlock.h>
#include <xen/timer.h>

#define AMD_REGISTERS 0x4000UL
#define AMD_DEVICE_TABLE 0x0000
#define AMD_COMMAND_BASE 0x0008
#define AMD_EVENT_BASE 0x0010
#define AMD_CONTROL 0x0018
#define AMD_FEATURES 0x0030
#define AMD_COMMAND_HEAD 0x2000
#define AMD_COMMAND_TAIL 0x2008
#define AMD_EVENT_HEAD 0x2010
#define AMD_EVENT_TAIL 0x2018
#define AMD_STATUS 0x2020

#define FEATURE_INVALIDATE_ALL BIT(6)

#define CONTROL_ENABLE BIT(0)
#define CONTROL_EVENT_LOG BIT(2)
#define CONTROL_EVENT_INTERRUPT BIT(3)
#define CONTROL_COHERENT BIT(10)
#define CONTROL_COMMANDS BIT(12)

#define STATUS_EVENT_OVERFLOW BIT(0)
#define STATUS_EVENT_INTERRUPT BIT(1)
#define STATUS_EVENT_RUNS BIT(3)

/* Both rings have 256 entries of 16 bytes: a page. The length is in bits 56-59. */
#define AMD_RING_ENTRIES 256U
#define AMD_RING_LENGTH (8UL << 56)
#define AMD_ENTRY_BYTES 16U

/** One unit. */
struct amd_unit {
	u8 *regs;			/* [const] */
	u32 index;			/* [const] */
	struct pci_addr at;		/* [const] the function that is the unit */
	struct spinlock lock;
	u64 *commands;			/* [const] the ring; its entries [lock] */
	u32 tail;			/* the next entry to write [lock] */
	u64 waits;			/* number of the last completion wait [lock] */
	u64 *completed;			/* [const] where the unit writes that number */
	struct spinlock event_lock;
	u64 *events;			/* [const] the ring; its entries [event_lock] */
	u32 event_head;			/* the next entry to read [event_lock] */
	bool told;			/* an event came since the timer's last look [event_lock] */
	struct timer timer;		/* reads the log when no interrupt does */
};

/** Have all units a command that makes them forget everything? */
bool amd_forgets_all(void);
/** Give that command and wait for its end. Any context. */
void amd_forget_all(void);
/** The third word of all devices' entries, which names the table of interrupts. */
void amd_set_interrupt_table(u64 word);

/* Remapping of interrupts, see struct iommu_hw. */
const char *amd_remap(bool wide);
void amd_set_interrupt(u8 vector, u32 apic_id, bool level, bool valid);
void amd_message(u8 vector, u64 *address, u32 *data);
u32 amd_line_word(u8 vector);

/** Start the log of events and its interrupt. NULL, or why no interrupt will come. Boot. */
const char *amd_events_init(struct amd_unit *u);

#endif
