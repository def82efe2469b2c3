/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain with a PC's devices and a few local APICs, whose effects are discarded. */
#include "save-domain.h"

#include <string.h>

#include <public/xen.h>
#include <public/hvm/save.h>

bool save_line[64];
s_time_t save_timer[8];

static void pic_output(void *ctx, bool on) { }
static void pit_irq(void *ctx) { }
static void pit_timer(void *ctx, s_time_t at) { save_timer[T_PIT] = at; }
static void rtc_irq(void *ctx, bool on) { save_line[8] = on; }
static void rtc_timer(void *ctx, s_time_t at) { save_timer[T_RTC] = at; }
static void hpet_irq(void *ctx, u32 gsi, bool on) { save_line[gsi] = on; }
static void hpet_timer(void *ctx, u32 n, s_time_t at) { save_timer[T_HPET + n] = at; }
static void pm_sci(void *ctx, bool on) { save_line[9] = on; }
static void pm_timer(void *ctx, s_time_t at) { save_timer[T_PM] = at; }
static void ioapic_deliver(void *ctx, const struct apic_msg *m) { }
static void ioapic_changed(void *ctx, u32 gsi, u64 old, u64 new) { }
static void ioapic_eoi(void *ctx, u32 gsi) { }
static void lapic_post(void *ctx, u8 vector, bool level) { vlapic_set_irq(ctx, vector, level); }
static void lapic_ipi(void *ctx, const struct apic_msg *m) { }
static void lapic_eoi(void *ctx, u8 vector) { }
static void lapic_timer(void *ctx, s_time_t at) { save_timer[T_LAPIC] = at; }
static s_time_t lapic_time(void *ctx, u64 tsc) { return (s_time_t)tsc; }
static void lapic_lint0(void *ctx) { }

static const struct vpic_ops pic_ops = { pic_output };
static const struct vpit_ops pit_ops = { pit_irq, pit_timer };
static const struct vrtc_ops rtc_ops = { rtc_irq, rtc_timer };
static const struct vhpet_ops hpet_ops = { hpet_irq, hpet_timer };
static const struct pmtimer_ops pm_ops = { pm_sci, pm_timer };
static const struct vioapic_ops ioapic_ops = { ioapic_deliver, ioapic_changed, ioapic_eoi };
static const struct vlapic_ops lapic_ops = { lapic_post, lapic_ipi, lapic_eoi, lapic_timer,
					     lapic_time, lapic_lint0 };

static void count_loaded(void *owner)
{
	((struct save_vcpu *)owner)->loaded++;
}

#define VCPU(record, member, loaded) \
	{ &(record), SAVE_VCPU, 1, offsetof(struct save_vcpu, member), loaded }

static const struct save_row rows[] = {
	PC_SAVE_ROWS,
	VCPU(vlapic_record, apic, NULL),
	VCPU(vlapic_regs_record, apic, NULL),
	VCPU(mtrr_record, msrs.mtrr, count_loaded),
	VCPU(tsc_adjust_record, msrs, count_loaded),
};

/* The last vCPU has not been made. */
static void *vcpu_of(const struct save_set *s, u32 id)
{
	struct save_domain *d = s->domain;

	return id < SAVE_VCPUS - 1 ? &d->vcpu[id] : NULL;
}

struct save_set save_domain_set(struct save_domain *d, s_time_t now)
{
	return (struct save_set){
		.row = rows, .nr_rows = ARRAY_SIZE(rows), .devices = &d->pc, .nr_vcpus = SAVE_VCPUS,
		.vcpu = vcpu_of, .domain = d, .now = now,
	};
}

void save_domain_make(struct save_domain *d)
{
	memset(d, 0, sizeof(*d));
	memset(save_line, 0, sizeof(save_line));
	vpic_init(&d->pc.pic, &pic_ops, NULL);
	vioapic_group_init(&d->pc.ioapic, &ioapic_ops, NULL);
	vioapic_add(&d->pc.ioapic, gpaddr_make(VIOAPIC_DEFAULT_BASE), 0, 48, 1);
	vpit_init(&d->pc.pit, 0, &pit_ops, NULL);
	vrtc_init(&d->pc.rtc, 0, 0, 0, &rtc_ops, NULL);
	vhpet_init(&d->pc.hpet, &hpet_ops, NULL);
	pmtimer_init(&d->pc.pmtimer, true, 0, &pm_ops, NULL);
	for (u32 i = 0; i < SAVE_VCPUS; i++) {
		vlapic_init(&d->vcpu[i].apic, &d->vcpu[i].page, vcpu_apic_id(i), i == 0, 40,
			    &lapic_ops, &d->vcpu[i].apic);
		guest_msrs_init(&d->vcpu[i].msrs, 40, 1);
	}
}
