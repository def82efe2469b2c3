/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event queue of ARM's SMMUv3 (section 7 of its specification). A device can cause events
 * without end, so the interrupt is switched off once a whole ring was read in one go, and a timer
 * reads on later: a flood costs one ring each period.
 */
#include "smmu3.h"
#include "private.h"

#include <xen/hal/io.h>
#include <xen/hal/irq.h>
#include <xen/hal/time.h>

#define FLOOD_PERIOD 100000000L	/* ns */
#define LOOK_PERIOD 1000000000L
#define NR_EVENTS (1U << SMMU3_EVENTS_LOG2)
#define INDEX_MASK ((2U << SMMU3_EVENTS_LOG2) - 1)
#define OVERFLOW_FLAG BIT(31)		/* changes when events are lost */
#define BASE_CACHED BIT(62)

#define EVENT_KIND(e) ((u8)(e)[0])
#define EVENT_STREAM(e) ((u16)((e)[0] >> 32))
#define EVENT_READ BIT(35)		/* of word 1 */

static const char *const causes[] = {
	[0x01] = "the request is not valid",
	[0x02] = "the unit has no such stream",
	[0x03] = "its entry in the stream table cannot be read",
	[0x04] = "its entry in the stream table is not valid",
	[0x05] = "the kind of request is not permitted",
	[0x06] = "the device belongs to nothing",
	[0x07] = "it names a process",
	[0x0b] = "its page tables cannot be read",
	[0x10] = "its domain has nothing there",
	[0x11] = "beyond what the unit can address",
	[0x12] = "its page tables are not valid",
	[0x13] = "its domain may not access that memory so",
	[0x20] = "two translations contradict each other",
	[0x21] = "two configurations contradict each other",
};

static void report(const u64 *e)
{
	u8 kind = EVENT_KIND(e);
	const char *cause = kind < ARRAY_SIZE(causes) ? causes[kind] : NULL;
	struct iommu_fault f = {
		.bdf = EVENT_STREAM(e), .address = e[2],
		.access = e[1] & EVENT_READ ? "read" : "write",
		.cause = cause ? cause : "for a reason that is not known",
	};

	iommu_report(&f);
}

/* Read what is in the ring, at most all of it once. Was it full, or were events lost? */
static bool drain(struct smmu3_unit *u)
{
	u32 prod = readl(u->regs + SMMU3_EVENTQ_PROD), n = 0;
	bool lost = (prod ^ u->event_head) & OVERFLOW_FLAG;

	for (; n < NR_EVENTS && (u->event_head ^ prod) & INDEX_MASK; n++) {
		report(u->events + (u->event_head % NR_EVENTS) * SMMU3_EVENT_WORDS);
		u->event_head = (u->event_head & OVERFLOW_FLAG) |
				((u->event_head + 1) & INDEX_MASK);
	}
	u->event_head = (u->event_head & INDEX_MASK) | (prod & OVERFLOW_FLAG);
	writel(u->event_head, u->regs + SMMU3_EVENTQ_CONS);
	return lost || n == NR_EVENTS;
}

/* Both the interrupt and the timer. */
static void look(void *unit)
{
	struct smmu3_unit *u = unit;
	u64 flags = spin_lock_irqsave(&u->event_lock);
	bool flood = drain(u);

	writel(flood || !u->irq ? 0 : IRQ_EVENTS, u->regs + SMMU3_IRQ_CTRL);
	/* An event that came before that write raises no interrupt. */
	if (!flood)
		flood = drain(u);
	timer_set(&u->timer, hal_now_ns() + (flood ? FLOOD_PERIOD : LOOK_PERIOD));
	spin_unlock_irqrestore(&u->event_lock, flags);
}

void smmu3_events_prepare(struct smmu3_unit *u)
{
	u->event_head = 0;
	writeq(iommu_address(u->events) | BASE_CACHED | SMMU3_EVENTS_LOG2,
	       u->regs + SMMU3_EVENTQ_BASE);
	writel(0, u->regs + SMMU3_EVENTQ_PROD);
	writel(0, u->regs + SMMU3_EVENTQ_CONS);
	/* The interrupt is the line, not a message. */
	writeq(0, u->regs + SMMU3_EVENTQ_IRQ_CFG0);
}

const char *smmu3_events_start(struct smmu3_unit *u)
{
	const struct hal_irq_line line = { .number = u->irq };
	const char *why = NULL;

	spin_lock_init(&u->event_lock, "smmu-events", LOCK_RANK_NONE);
	timer_init(&u->timer, look, u, 0);
	if (!u->irq)
		why = "the device tree names no interrupt for them";
	else if (hal_irq_request(&line, look, u))
		why = "their interrupt is in use";
	if (why)
		u->irq = 0;
	look(u);
	return why;
}
