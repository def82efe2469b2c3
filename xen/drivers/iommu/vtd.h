/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel's IOMMU: registers and structures in memory. Facts: Intel Virtualization Technology for
 * Directed I/O, architecture specification, sections 6.5 (invalidation queue), 7 (faults),
 * 9 (structures) and 11 (registers).
 */
#ifndef DRIVERS_IOMMU_VTD_H
#define DRIVERS_IOMMU_VTD_H

#include <xen/spinlock.h>
#include <xen/timer.h>

#define VTD_REGISTERS 0x1000UL
#define VTD_CAPABILITIES 0x08
#define VTD_EXTENDED 0x10
#define VTD_COMMAND 0x18
#define VTD_STATUS 0x1c
#define VTD_ROOT 0x20
#define VTD_FAULT_STATUS 0x34
#define VTD_FAULT_CONTROL 0x38
#define VTD_FAULT_DATA 0x3c
#define VTD_FAULT_ADDRESS 0x40
#define VTD_FAULT_ADDRESS_HIGH 0x44
#define VTD_PROTECTED 0x64
#define VTD_QUEUE_HEAD 0x80
#define VTD_QUEUE_TAIL 0x88
#define VTD_QUEUE 0x90
#define VTD_INTERRUPTS 0xb8

#define CAP_DOMAIN_BITS(c) (4 + 2 * (u32)((c) & 7))
#define CAP_WRITE_BUFFERS BIT(4)
#define CAP_PROTECTED (3UL << 5)
#define CAP_CACHES_ABSENT BIT(7)
#define CAP_3_LEVELS BIT(9)
#define CAP_4_LEVELS BIT(10)
#define CAP_FAULT_PLACE(c) ((u32)((c) >> 24 & 0x3ff) * 16)
#define CAP_2M BIT(34)
#define CAP_1G BIT(35)
#define CAP_FAULTS(c) ((u32)((c) >> 40 & 0xff) + 1)
#define CAP_DRAINS_WRITES BIT(54)
#define CAP_DRAINS_READS BIT(55)

#define EXT_COHERENT BIT(0)
#define EXT_QUEUE BIT(1)
#define EXT_INTERRUPTS BIT(3)
#define EXT_WIDE_APICS BIT(4)

/* Bits of the command register, and of the status register that answers it. */
#define COMMAND_TRANSLATE BIT(31)
#define COMMAND_SET_ROOT BIT(30)
#define COMMAND_FLUSH_BUFFERS BIT(27)
#define COMMAND_QUEUE BIT(26)
#define COMMAND_REMAP BIT(25)
#define COMMAND_SET_INTERRUPTS BIT(24)
/* Commands that are states, and not done once. */
#define COMMAND_STATES 0x96ffffffU

/** One unit. */
struct vtd_unit {
	u8 *regs;			/* [const] */
	u32 index;			/* [const] */
	u64 cap;			/* [const] its capabilities */
	struct spinlock lock;
	u64 *queue;			/* [const] 256 entries of 16 bytes; those: [lock] */
	u32 tail;			/* the next entry to write [lock] */
	u32 waits;			/* number of the last wait [lock] */
	u32 *completed;			/* [const] where the unit writes that number */
	struct spinlock fault_lock;
	struct timer timer;		/* looks for faults after a flood of them */
};

/** Unit @i, NULL past the last one. */
struct vtd_unit *vtd_unit(u32 i);
/** Set a bit of the command register and wait until the status register has it; @what is for a
 * message. */
void vtd_command(struct vtd_unit *u, u32 bit, const char *what);
/** Let the unit carry out an invalidation, and wait until it has. Any context. */
void vtd_forget(struct vtd_unit *u, u64 what);

/* Remapping of interrupts, see struct iommu_hw. */
const char *vtd_remap(bool wide);
void vtd_set_interrupt(u8 vector, u32 apic_id, bool level, bool valid);
void vtd_message(u8 vector, u64 *address, u32 *data);
u32 vtd_line_word(u8 vector);

/** Start the reports of refused accesses. NULL, or why there will be none. Boot. */
const char *vtd_faults_init(struct vtd_unit *u);

#endif
