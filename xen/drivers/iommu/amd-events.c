/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of events of AMD's IOMMU (section 2.5 of its specification), read when its interrupt
 * comes. A device can cause events without end, so the interrupt is switched off once a whole log
 * was read in one go, and a timer reads on later: a flood costs one log each period.
 *
 * The timer also looks once a second whether requests were aborted of which the log says nothing.
 * QEMU 7.2 and 10.0 as Debian builds them never write the log (docs/emulators.md).
 */
#include "amd.h"
#include "private.h"

#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/hal/irq.h>
#include <xen/hal/time.h>
#include <xen/printk.h>

#define FLOOD_PERIOD 100000000L	/* ns */
#define LOOK_PERIOD 1000000000L
#define PCI_REG_STATUS 0x06
#define PCI_STATUS_ABORTED BIT(11)	/* the function signalled a target abort */

#define EVENT_CODE_SHIFT 60
#define EVENT_FLAG_INTERRUPT BIT(51)
#define EVENT_FLAG_WRITE BIT(53)
#define INTERRUPT_PAGES 0xfeeUL

enum event_code {
	EVENT_BAD_DEVICE = 1,
	EVENT_PAGE_FAULT = 2,
	EVENT_DEVICE_TABLE = 3,
	EVENT_PAGE_TABLE = 4,
	EVENT_BAD_COMMAND = 5,
	EVENT_COMMAND = 6,
	EVENT_IOTLB_TIMEOUT = 7,
	EVENT_BAD_REQUEST = 8,
};

static const char *const causes[16] = {
	[EVENT_BAD_DEVICE] = "its entry in the device table is not valid",
	[EVENT_PAGE_FAULT] = "its domain may not access that memory so",
	[EVENT_DEVICE_TABLE] = "the device table cannot be read",
	[EVENT_PAGE_TABLE] = "its page tables cannot be read",
	[EVENT_BAD_COMMAND] = "an illegal command of the hypervisor",
	[EVENT_COMMAND] = "a command of the hypervisor cannot be read",
	[EVENT_IOTLB_TIMEOUT] = "the device does not answer an invalidation",
	[EVENT_BAD_REQUEST] = "the request is not valid",
};

static void report(u64 low, u64 address)
{
	const char *cause = causes[low >> EVENT_CODE_SHIFT];
	bool interrupt = low & EVENT_FLAG_INTERRUPT && address >> 20 == INTERRUPT_PAGES;
	struct iommu_fault f = {
		.bdf = (u16)low, .address = address,
		.access = interrupt ? "interrupt" : low & EVENT_FLAG_WRITE ? "write" : "access",
		.cause = cause ? cause : "for a reason that is not known",
	};

	iommu_report(&f);
}

/*
 * Read what is in the log, at most all of it once. An entry is complete when its code is not zero,
 * and is cleared once it was read. Returns whether the bound was met.
 */
static bool drain(struct amd_unit *u)
{
	for (u32 n = 0; n < AMD_RING_ENTRIES; n++) {
		u64 *e = u->events + u->event_head * 2;
		u64 low = __atomic_load_n(&e[0], __ATOMIC_ACQUIRE);

		if (!(low >> EVENT_CODE_SHIFT))
			return false;
		report(low, e[1]);
		u->told = true;
		e[1] = 0;
		__atomic_store_n(&e[0], 0, __ATOMIC_RELEASE);
		u->event_head = (u->event_head + 1) % AMD_RING_ENTRIES;
		writeq((u64)u->event_head * AMD_ENTRY_BYTES, u->regs + AMD_EVENT_HEAD);
	}
	return true;
}

static void set_control(struct amd_unit *u, u64 clear, u64 set)
{
	writeq((readq(u->regs + AMD_CONTROL) & ~clear) | set, u->regs + AMD_CONTROL);
}

/* Begin with an empty log. */
static void start_log(struct amd_unit *u)
{
	set_control(u, CONTROL_EVENT_LOG | CONTROL_EVENT_INTERRUPT, 0);
	/* Bits that are written as ones become zero. */
	writeq(STATUS_EVENT_OVERFLOW | STATUS_EVENT_INTERRUPT, u->regs + AMD_STATUS);
	for (u32 i = 0; i < AMD_RING_ENTRIES * 2; i++)
		u->events[i] = 0;
	u->event_head = 0;
	writeq(iommu_address(u->events) | AMD_RING_LENGTH,
	       u->regs + AMD_EVENT_BASE);
	writeq(0, u->regs + AMD_EVENT_HEAD);
	writeq(0, u->regs + AMD_EVENT_TAIL);
	set_control(u, 0, CONTROL_EVENT_LOG | CONTROL_EVENT_INTERRUPT);
}

/* Returns how long the timer is to wait. */
static s_time_t service(struct amd_unit *u)
{
	bool flood = drain(u);

	ASSERT(spin_is_locked_by_me(&u->event_lock));
	if (readq(u->regs + AMD_STATUS) & STATUS_EVENT_OVERFLOW) {
		flood = true;
		start_log(u);
	} else {
		writeq(STATUS_EVENT_INTERRUPT, u->regs + AMD_STATUS);
		/* An event that came before that write raises no interrupt. */
		flood |= drain(u);
	}
	set_control(u, CONTROL_EVENT_INTERRUPT, flood ? 0 : CONTROL_EVENT_INTERRUPT);
	return flood ? FLOOD_PERIOD : LOOK_PERIOD;
}

static void on_interrupt(void *unit)
{
	struct amd_unit *u = unit;
	u64 flags = spin_lock_irqsave(&u->event_lock);

	timer_set(&u->timer, hal_now_ns() + service(u));
	spin_unlock_irqrestore(&u->event_lock, flags);
}

/* Did the unit abort a request without a word in its log since the last look? */
static bool aborted_silently(struct amd_unit *u)
{
	bool aborted = pci_read(u->at, PCI_REG_STATUS, 2) & PCI_STATUS_ABORTED;
	bool silent = aborted && !u->told;

	/* A bit that is written as one becomes zero. */
	if (aborted)
		pci_write(u->at, PCI_REG_STATUS, 2, PCI_STATUS_ABORTED);
	u->told = false;
	return silent;
}

static void on_timer(void *unit)
{
	struct amd_unit *u = unit;
	u64 flags = spin_lock_irqsave(&u->event_lock);
	s_time_t wait = service(u);
	bool silent = aborted_silently(u);

	timer_set(&u->timer, hal_now_ns() + wait);
	spin_unlock_irqrestore(&u->event_lock, flags);
	if (silent)
		printk(LOG_WARN "IOMMU: unit %u refused accesses of a device; its log does not say "
		       "which\n", u->index);
}

const char *amd_events_init(struct amd_unit *u)
{
	const char *why = NULL;
	struct hal_msi msi;

	spin_lock_init(&u->event_lock, "amd-iommu-events", LOCK_RANK_NONE);
	timer_init(&u->timer, on_timer, u, 0);
	if (hal_irq_request_msi(on_interrupt, u, &msi))
		why = "no interrupt vector is free";
	else if (!pci_set_msi(u->at, msi.address, msi.data))
		why = "it has no MSI capability";
	start_log(u);
	timer_set(&u->timer, hal_now_ns() + LOOK_PERIOD);
	return why;
}
