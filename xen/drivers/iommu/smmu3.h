/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARM's SMMUv3: registers and structures in memory. Facts: Arm System Memory Management Unit
 * Architecture Specification, document IHI 0070, sections 3.5 (queues), 5 (stream table), 6
 * (registers), 7.3 (events).
 */
#ifndef DRIVERS_IOMMU_SMMU3_H
#define DRIVERS_IOMMU_SMMU3_H

#include <xen/spinlock.h>
#include <xen/timer.h>
#include <xen/types.h>

#define SMMU3_REGISTERS 0x20000UL
#define SMMU3_IDR0 0x00
#define SMMU3_IDR1 0x04
#define SMMU3_IDR3 0x0c
#define SMMU3_IDR5 0x14
#define SMMU3_CR0 0x20
#define SMMU3_CR0ACK 0x24
#define SMMU3_CR1 0x28
#define SMMU3_CR2 0x2c
#define SMMU3_GBPA 0x44
#define SMMU3_IRQ_CTRL 0x50
#define SMMU3_GERROR 0x60
#define SMMU3_GERRORN 0x64
#define SMMU3_STRTAB_BASE 0x80
#define SMMU3_STRTAB_BASE_CFG 0x88
#define SMMU3_CMDQ_BASE 0x90
#define SMMU3_CMDQ_PROD 0x98
#define SMMU3_CMDQ_CONS 0x9c
#define SMMU3_EVENTQ_BASE 0xa0
#define SMMU3_EVENTQ_IRQ_CFG0 0xb0
#define SMMU3_EVENTQ_PROD 0x100a8
#define SMMU3_EVENTQ_CONS 0x100ac

#define CR0_ENABLE BIT(0)
#define CR0_EVENTS BIT(2)
#define CR0_COMMANDS BIT(3)
#define IRQ_EVENTS BIT(2)

/* A page of commands of 16 bytes, and one of events of 32. An index has a bit more, which changes
 * with each turn. */
#define SMMU3_COMMANDS_LOG2 8U
#define SMMU3_EVENTS_LOG2 7U
#define SMMU3_EVENT_WORDS 4U

/** One unit. */
struct smmu3_unit {
	u8 *regs;			/* [const] */
	u32 irq;			/* [const] of its events; 0: none is known */
	struct spinlock lock;
	u64 *commands;			/* [const] the ring; its entries [lock] */
	u32 tail;			/* index of the next command [lock] */
	struct spinlock event_lock;
	const u64 *events;		/* [const] the ring, which the unit writes */
	u32 event_head;			/* index of the next event to read [event_lock] */
	struct timer timer;		/* reads events when the interrupt does not */
};

/** Before the unit is switched on: an empty ring of events. */
void smmu3_events_prepare(struct smmu3_unit *u);
/** Report events from now on, by interrupt or each second. NULL, or why no interrupt will come. */
const char *smmu3_events_start(struct smmu3_unit *u);

#endif
