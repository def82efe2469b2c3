/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chipset of a guest that is a PC: the 8259s, the 8254, the real-time clock, the HPET and the
 * ACPI timer, each if the domain's XEN_X86_EMU_* say so, wired to the guest's interrupt lines
 * (lines.c). All domains have the counters of a 8254; only a PC's interrupts.
 *
 * A timer that runs out only notes that it is due and wakes a vCPU; that vCPU does the rest before
 * it enters its guest. So no timer fires twice before the guest has run.
 */
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/ops.h>
#include <xen/xmalloc.h>

#include "private.h"

#include <public/arch-x86/xen.h>
#include <public/hvm/params.h>

#define PIT_LINE 0
#define RTC_LINE 8
#define SCI_LINE 9
/* Where the HPET's first two timers interrupt when they replace the 8254 and the clock. */
#define HPET_PIT_INPUT 2
#define HPET_RTC_INPUT 8

#define DEBUG_PORT 0xe9	/* firmware's log */
#define RTC_FIRST 0x70
#define RTC_LAST 0x71
#define HPET_BYTES 0x400
#define PM_EVENT_BYTES 4
#define PM_TIMER 8	/* from the start of the event block */
#define PM_BYTES 12
#define PM_PLACES 2

/* First port of the ACPI block, by HVM_PARAM_ACPI_IOPORTS_LOCATION (public/hvm/ioreq.h). */
static const u16 pm_first[PM_PLACES] = { 0x1f40, 0xb000 };

/* Ranges of ports of the two 8259s and of their edge and level registers. */
static const struct {
	u16 first, last;
} pic_ports[] = { { 0x20, 0x21 }, { 0xa0, 0xa1 }, { 0x4d0, 0x4d1 } };

enum { TIMER_PIT, TIMER_RTC, TIMER_PM, TIMER_HPET, TIMERS = TIMER_HPET + VHPET_TIMERS };

struct chip_timer {
	struct chipset *chipset;	/* [const] */
	struct timer t;
};

struct chipset {
	struct x86_domain *xd;		/* [const] */
	struct device pic, rtc, hpet, pm, debug;
	struct chip_timer timer[TIMERS];
	bool timers;			/* [const] once vCPU 0 exists, who pays for them */
	u32 due;			/* atomic: the timers that have run out */
	bool pic_output;		/* [vioapic_lock] to write: the master asks for the CPU */
};

static bool emulates(const struct x86_domain *xd, u32 flag)
{
	return xd->emulation_flags & flag;
}

/* The vCPU that does the domain's work: the first that is not down. */
static struct x86_vcpu *worker(const struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v)
		if (!(READ_ONCE(v->pause_flags) & VPF_DOWN))
			return to_xv(v);
	return NULL;
}

static void wake(struct x86_vcpu *xv)
{
	WRITE_ONCE(xv->work_pending, true);
	hvm_kick(xv);
}

static void timer_due(void *arg)
{
	struct chip_timer *t = arg;
	struct chipset *c = t->chipset;
	struct x86_vcpu *xv = worker(&c->xd->d);

	__atomic_fetch_or(&c->due, BIT(t - c->timer), __ATOMIC_SEQ_CST);
	if (xv)
		wake(xv);
}

static void set_timer(struct x86_domain *xd, u32 which, s_time_t deadline)
{
	struct chipset *c = xd->chipset;
	struct timer *t;

	ASSERT(spin_is_locked_by_me(&xd->plat_lock) && which < TIMERS);
	if (!c || !c->timers)
		return;
	t = &c->timer[which].t;
	if (deadline == INT64_MAX) {
		timer_stop(t);
		return;
	}
	/* It moves with the vCPU that works on it, as that one is woken when it runs out. */
	if (t->cpu != hal_smp_cpu_id())
		timer_migrate(t, hal_smp_cpu_id());
	timer_set(t, deadline);
}

/* --- the 8259s: LINT0 of the first vCPU --- */

static void pic_output(void *ctx, bool asserted)
{
	struct x86_domain *xd = ctx;
	struct vcpu *first = xd->d.vcpu[0];

	ASSERT(spin_is_locked_by_me(&xd->vioapic_lock));
	WRITE_ONCE(xd->chipset->pic_output, asserted);
	if (asserted && first)
		wake(to_xv(first));
}

static const struct vpic_ops pic_ops = { .set_output = pic_output };
OPS_TABLE(pic_ops, set_output);

/*
 * The 8259s are wired to input 0 of the IO-APIC as well, where Xen's firmware has them heard.
 * Only the first vCPU hears them so.
 */
static bool ioapic_takes_extint(const struct x86_domain *xd)
{
	u64 rte = vioapic_rte(&xd->pc.ioapic, 0);

	return !(rte & RTE_MASKED) && RTE_MODE(rte) == APIC_DM_EXTINT;
}

bool hvm_pic_asks(const struct x86_vcpu *xv)
{
	const struct x86_domain *xd = to_xd(xv->v.domain);

	return xd->chipset && xv->v.id == 0 && READ_ONCE(xd->chipset->pic_output) &&
	       (vlapic_takes_extint(&xv->vlapic) || ioapic_takes_extint(xd));
}

void hvm_pic_pin_changed(struct x86_domain *xd)
{
	if (xd->chipset && xd->d.vcpu[0])
		wake(to_xv(xd->d.vcpu[0]));
}

s32 hvm_pic_ack(struct x86_vcpu *xv)
{
	struct x86_domain *xd = to_xd(xv->v.domain);
	s32 vector = -1;
	u64 flags;

	ASSERT(&xv->v == hal_current_vcpu() && xd->chipset);
	flags = spin_lock_irqsave(&xd->vioapic_lock);
	if (xd->chipset->pic_output) {
		vector = vpic_ack(&xd->pc.pic);
		/* The next one may ask already; the output does not change then. */
		if (xd->chipset->pic_output)
			WRITE_ONCE(xv->work_pending, true);
	}
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
	return vector;
}

void hvm_pic_unack(struct x86_vcpu *xv)
{
	struct x86_domain *xd = to_xd(xv->v.domain);
	u64 flags;

	ASSERT(xd->chipset);
	flags = spin_lock_irqsave(&xd->vioapic_lock);
	vpic_unack(&xd->pc.pic);
	/* The output may have stayed up for another input. */
	WRITE_ONCE(xv->work_pending, true);
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
}

static enum device_rc pic_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct x86_domain *xd = container_of(dev, struct chipset, pic)->xd;
	u64 flags;

	if (a->bytes != 1)
		return DEVICE_ABSENT;
	flags = spin_lock_irqsave(&xd->vioapic_lock);
	hvm_callback_settle(xd);
	if (a->write)
		vpic_write(&xd->pc.pic, (u32)a->addr, (u8)a->val);
	else
		a->val = vpic_read(&xd->pc.pic, (u32)a->addr);
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
	return DEVICE_DONE;
}

/* --- the 8254 --- */

/* A rising edge; the output is high most of the time. */
static void pit_irq(void *ctx)
{
	struct x86_domain *xd = ctx;

	if (vhpet_legacy(&xd->pc.hpet))
		return;
	hvm_set_chip_line(xd, PIT_LINE, false);
	hvm_set_chip_line(xd, PIT_LINE, true);
}

static void pit_set_timer(void *ctx, s_time_t deadline)
{
	set_timer(ctx, TIMER_PIT, deadline);
}

static const struct vpit_ops pit_ops = { .irq = pit_irq, .set_timer = pit_set_timer };
OPS_TABLE(pit_ops, irq);

/* A PVH guest has the counters only, against which kernels calibrate other clocks. */
static void no_irq(void *ctx)
{
}

static void no_timer(void *ctx, s_time_t deadline)
{
}

static const struct vpit_ops counter_ops = { .irq = no_irq, .set_timer = no_timer };
OPS_TABLE(counter_ops, irq);

/* --- the real-time clock --- */

static void rtc_irq(void *ctx, bool asserted)
{
	struct x86_domain *xd = ctx;

	hvm_set_chip_line(xd, RTC_LINE, asserted && !vhpet_legacy(&xd->pc.hpet));
}

static void rtc_set_timer(void *ctx, s_time_t deadline)
{
	set_timer(ctx, TIMER_RTC, deadline);
}

static const struct vrtc_ops rtc_ops = { .set_irq = rtc_irq, .set_timer = rtc_set_timer };
OPS_TABLE(rtc_ops, set_irq);

/*
 * The clock's registers are here. What else is in CMOS memory, as sizes and boot devices, belongs
 * to a device model if there is one.
 */
static enum device_rc rtc_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct x86_domain *xd = container_of(dev, struct chipset, rtc)->xd;
	enum device_rc rc = DEVICE_DONE;
	bool clock;

	if (a->bytes != 1)
		return DEVICE_ABSENT;
	spin_lock(&xd->plat_lock);
	if (a->write && a->addr == RTC_FIRST)
		vrtc_write(&xd->pc.rtc, RTC_FIRST, (u8)a->val, hal_now_ns());
	clock = vrtc_is_clock(xd->pc.rtc.index);
	if (a->write && a->addr != RTC_FIRST)
		vrtc_write(&xd->pc.rtc, (u32)a->addr, (u8)a->val, hal_now_ns());
	else if (!a->write)
		a->val = vrtc_read(&xd->pc.rtc, (u32)a->addr, hal_now_ns());
	spin_unlock(&xd->plat_lock);
	if (!clock)
		rc = hvm_ioreq_pass(v, a);
	return rc == DEVICE_ABSENT ? DEVICE_DONE : rc;
}

/* --- the HPET --- */

/* Edges, as the two old lines always were. */
static void hpet_irq(void *ctx, u32 gsi, bool asserted)
{
	struct x86_domain *xd = ctx;

	if (gsi != HPET_PIT_INPUT && gsi != HPET_RTC_INPUT) {
		hvm_set_chip_input(xd, gsi, asserted);
		return;
	}
	if (!asserted)
		return;
	hvm_set_chip_line(xd, gsi == HPET_PIT_INPUT ? PIT_LINE : RTC_LINE, false);
	hvm_set_chip_line(xd, gsi == HPET_PIT_INPUT ? PIT_LINE : RTC_LINE, true);
}

static void hpet_set_timer(void *ctx, u32 timer, s_time_t deadline)
{
	set_timer(ctx, TIMER_HPET + timer, deadline);
}

static const struct vhpet_ops hpet_ops = { .set_irq = hpet_irq, .set_timer = hpet_set_timer };
OPS_TABLE(hpet_ops, set_irq);

/* A toolstack that wants the HPET says so by a parameter as well. */
static enum device_rc hpet_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct x86_domain *xd = container_of(dev, struct chipset, hpet)->xd;
	u32 offset = (u32)(a->addr - VHPET_DEFAULT_BASE);

	if (!READ_ONCE(xd->d.hvm_params[HVM_PARAM_HPET_ENABLED]))
		return DEVICE_ABSENT;
	spin_lock(&xd->plat_lock);
	if (a->write)
		vhpet_mmio_write(&xd->pc.hpet, offset, a->bytes, a->val, hal_now_ns());
	else
		a->val = vhpet_mmio_read(&xd->pc.hpet, offset, a->bytes, hal_now_ns());
	spin_unlock(&xd->plat_lock);
	return DEVICE_DONE;
}

/* --- the ACPI timer and its event block --- */

static void pm_sci(void *ctx, bool asserted)
{
	hvm_set_chip_line(ctx, SCI_LINE, asserted);
}

static void pm_set_timer(void *ctx, s_time_t deadline)
{
	set_timer(ctx, TIMER_PM, deadline);
}

static const struct pmtimer_ops pm_ops = { .set_sci = pm_sci, .set_timer = pm_set_timer };
OPS_TABLE(pm_ops, set_sci);

static void pm_access_events(struct x86_domain *xd, u32 offset, struct device_access *a)
{
	if (a->write)
		pmtimer_event_write(&xd->pc.pmtimer, offset, a->bytes, (u32)a->val, hal_now_ns());
	else
		a->val = pmtimer_event_read(&xd->pc.pmtimer, offset, a->bytes);
}

/* Firmware chooses which of the two places is in use; the other may be a device model's. */
static enum device_rc pm_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct x86_domain *xd = container_of(dev, struct chipset, pm)->xd;
	u64 place = READ_ONCE(xd->d.hvm_params[HVM_PARAM_ACPI_IOPORTS_LOCATION]);
	u32 offset;

	ASSERT(place < PM_PLACES);
	offset = (u32)a->addr - pm_first[place];
	if (offset >= PM_BYTES)
		return hvm_ioreq_pass(v, a);
	spin_lock(&xd->plat_lock);
	if (offset < PM_EVENT_BYTES)
		pm_access_events(xd, offset, a);
	else if (!a->write)
		a->val = pmtimer_read(&xd->pc.pmtimer, hal_now_ns()) >> (offset - PM_TIMER) * 8;
	spin_unlock(&xd->plat_lock);
	return DEVICE_DONE;
}

/* --- the port where firmware writes its log, as in Xen --- */

static enum device_rc debug_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	char c = (char)a->val;

	if (a->bytes != 1 || !a->write)
		return DEVICE_ABSENT;
	console_guest_write(v->domain->id, &c, 1, false);
	return DEVICE_DONE;
}

long hvm_press_button(struct domain *d, bool sleep)
{
	struct x86_domain *xd = to_xd(d);

	if (!emulates(xd, XEN_X86_EMU_PM))
		return -XEN_EOPNOTSUPP;
	spin_lock(&xd->plat_lock);
	pmtimer_raise(&xd->pc.pmtimer, sleep ? PM1_SLEEP_BUTTON : PM1_POWER_BUTTON);
	spin_unlock(&xd->plat_lock);
	return 0;
}

/* --- all of them --- */

void hvm_chipset_work(struct x86_vcpu *xv)
{
	struct x86_domain *xd = to_xd(xv->v.domain);
	struct pc_devices *pc = &xd->pc;
	s_time_t now;
	u32 due;

	ASSERT(xd->chipset);
	if (likely(!READ_ONCE(xd->chipset->due)))
		return;
	due = __atomic_exchange_n(&xd->chipset->due, 0, __ATOMIC_SEQ_CST);
	now = hal_now_ns();
	spin_lock(&xd->plat_lock);
	if (due & BIT(TIMER_PIT))
		vpit_fired(&pc->pit, now);
	if (due & BIT(TIMER_RTC))
		vrtc_fired(&pc->rtc, now);
	if (due & BIT(TIMER_PM))
		pmtimer_fired(&pc->pmtimer, now);
	for (u32 i = 0; i < VHPET_TIMERS; i++)
		if (due & BIT(TIMER_HPET + i))
			vhpet_fired(&pc->hpet, i, now);
	spin_unlock(&xd->plat_lock);
}

void hvm_chipset_wallclock(struct domain *d, s64 wall_ns)
{
	struct x86_domain *xd = to_xd(d);

	if (!emulates(xd, XEN_X86_EMU_RTC))
		return;
	spin_lock(&xd->plat_lock);
	vrtc_set_wallclock(&xd->pc.rtc, wall_ns, hal_now_ns());
	spin_unlock(&xd->plat_lock);
}

void hvm_chipset_start(struct vcpu *payer)
{
	struct chipset *c = to_xd(payer->domain)->chipset;

	if (!c)
		return;
	ASSERT(payer->id == 0 && !c->timers);
	for (u32 i = 0; i < TIMERS; i++) {
		c->timer[i].chipset = c;
		timer_init(&c->timer[i].t, timer_due, &c->timer[i], hal_smp_cpu_id());
		timer_charge_to(&c->timer[i].t, payer);
	}
	c->timers = true;
}

void hvm_chipset_stop(struct domain *d)
{
	struct chipset *c = to_xd(d)->chipset;

	for (u32 i = 0; c && c->timers && i < TIMERS; i++)
		timer_kill(&c->timer[i].t);
}

#define CHIP(chip)                                                                            \
	static const struct device_ops chip##_device_ops = {                                  \
		.name = #chip, .access = chip##_access, .eoi = device_no_eoi,                 \
		.release = device_no_release,                                                 \
	};                                                                                    \
	OPS_TABLE(chip##_device_ops, name)
CHIP(pic);
CHIP(rtc);
CHIP(hpet);
CHIP(pm);
CHIP(debug);

/* The ranges that each device answers. */
static int claim(struct x86_domain *xd)
{
	struct device_table *t = &xd->devices;
	struct chipset *c = xd->chipset;
	int rc = device_claim(t, &c->debug, DEVICE_PORTS, DEBUG_PORT, DEBUG_PORT);

	for (u32 i = 0; !rc && emulates(xd, XEN_X86_EMU_PIC) && i < ARRAY_SIZE(pic_ports); i++)
		rc = device_claim(t, &c->pic, DEVICE_PORTS, pic_ports[i].first,
				  pic_ports[i].last);
	if (!rc && emulates(xd, XEN_X86_EMU_RTC))
		rc = device_claim(t, &c->rtc, DEVICE_PORTS, RTC_FIRST, RTC_LAST);
	if (!rc && emulates(xd, XEN_X86_EMU_HPET))
		rc = device_claim(t, &c->hpet, DEVICE_MMIO, VHPET_DEFAULT_BASE,
				  VHPET_DEFAULT_BASE + HPET_BYTES - 1);
	for (u32 i = 0; !rc && emulates(xd, XEN_X86_EMU_PM) && i < PM_PLACES; i++) {
		rc = device_claim(t, &c->pm, DEVICE_PORTS, pm_first[i],
				  pm_first[i] + PM_EVENT_BYTES - 1u);
		if (!rc)
			rc = device_claim(t, &c->pm, DEVICE_PORTS, pm_first[i] + PM_TIMER,
					  pm_first[i] + PM_BYTES - 1u);
	}
	return rc;
}

static void init_devices(struct x86_domain *xd)
{
	struct pc_devices *pc = &xd->pc;
	s_time_t now = hal_now_ns();

	vpic_init(&pc->pic, &pic_ops, xd);
	vpit_init(&pc->pit, now, emulates(xd, XEN_X86_EMU_PIT) ? &pit_ops : &counter_ops, xd);
	vrtc_init(&pc->rtc, 0, 0, now, &rtc_ops, xd);
	vhpet_init(&pc->hpet, &hpet_ops, xd);
	pmtimer_init(&pc->pmtimer, true, now, &pm_ops, xd);
}

int hvm_chipset_init(struct domain *d)
{
	const struct { u32 flag; u16 at; const struct device_ops *ops; } devices[] = {
		{ XEN_X86_EMU_PIC, offsetof(struct chipset, pic), &pic_device_ops },
		{ XEN_X86_EMU_RTC, offsetof(struct chipset, rtc), &rtc_device_ops },
		{ XEN_X86_EMU_HPET, offsetof(struct chipset, hpet), &hpet_device_ops },
		{ XEN_X86_EMU_PM, offsetof(struct chipset, pm), &pm_device_ops },
	};
	struct x86_domain *xd = to_xd(d);
	int rc;

	init_devices(xd);
	if (!emulates(xd, HVM_CHIPSET_FLAGS))
		return 0;
	xd->chipset = xzalloc(struct chipset);
	if (!xd->chipset)
		return -XEN_ENOMEM;
	xd->chipset->xd = xd;
	rc = device_add(&xd->devices, &xd->chipset->debug, &debug_device_ops);
	for (u32 i = 0; !rc && i < ARRAY_SIZE(devices); i++)
		if (emulates(xd, devices[i].flag))
			rc = device_add(&xd->devices, (void *)xd->chipset + devices[i].at,
					devices[i].ops);
	return rc ? rc : claim(xd);
}

void hvm_chipset_free(struct x86_domain *xd)
{
	xfree(xd->chipset);
	xd->chipset = NULL;
}
