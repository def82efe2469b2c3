/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the models of a PC's devices: PIC, IO-APIC, PIT, RTC, HPET, PM timer, local APIC and the
 * MSRs with the MTRRs. A guest accesses their registers in any order and at any time. What they are
 * then must be savable, a saved state must be accepted, and a model with it must save the same.
 *
 * Input: steps of 16 bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#include "save-domain.h"

#define STREAM_MAX 65536
#define NR_TIMERS 8
/* A model that has fired may be due again at once, but not for ever. */
#define MAX_FIRES 4

struct step {
	u8 device, size;
	u16 at;
	u32 time;
	u64 val;
};

struct buffer {
	struct save_sink sink;
	u8 data[STREAM_MAX];
	u32 used;
};

static struct save_domain d, copy;
static u8 record[SAVE_RECORD_MAX];
static s_time_t now;

static void failed(const char *what)
{
	fprintf(stderr, "devices: %s\n", what);
	abort();
}

static void fire(u32 timer)
{
	switch (timer) {
	case T_PIT:
		vpit_fired(&d.pc.pit, now);
		break;
	case T_RTC:
		vrtc_fired(&d.pc.rtc, now);
		break;
	case T_HPET ... T_PM - 1:
		vhpet_fired(&d.pc.hpet, timer - T_HPET, now);
		break;
	case T_PM:
		pmtimer_fired(&d.pc.pmtimer, now);
		break;
	case T_LAPIC:
		vlapic_timer_fired(&d.vcpu[0].apic, now);
	}
}

static void fire_due(void)
{
	for (u32 i = 0; i < NR_TIMERS; i++)
		for (u32 fires = 0; save_timer[i] && save_timer[i] <= now; fires++) {
			if (fires == MAX_FIRES)
				failed("a timer that has fired is due again and again");
			save_timer[i] = 0;
			fire(i);
		}
}

static void access_apic(const struct step *s, u32 size, bool write)
{
	struct vlapic *apic = &d.vcpu[0].apic;
	int vector;
	u64 val;

	if (s->at & 0x8000) {
		if (write)
			vlapic_msr_write(apic, MSR_X2APIC_FIRST + (s->at & 0x3f), s->val, now);
		else
			vlapic_msr_read(apic, MSR_X2APIC_FIRST + (s->at & 0x3f), &val, now);
	} else if (s->at & 0x4000) {
		vlapic_base_write(apic, s->val);
	} else if (vlapic_mmio_active(apic)) {
		if (write)
			vlapic_mmio_write(apic, s->at & 0xff8, size, s->val, now);
		else
			vlapic_mmio_read(apic, s->at & 0xff8, size, now);
	}
	vector = vlapic_pending(apic);
	if (vector >= 0 && (s->time & 1))
		vlapic_ack(apic, (u8)vector);
}

static void access_msr(const struct step *s, bool write)
{
	u32 msr = 0x200 + s->at % 0x100;
	u64 val;

	if (!mtrr_owns_msr(msr))
		return;
	if (write)
		mtrr_write(&d.vcpu[0].msrs.mtrr, msr, s->val);
	else
		mtrr_read(&d.vcpu[0].msrs.mtrr, msr, &val);
	mtrr_type(&d.vcpu[0].msrs.mtrr, gpaddr_make(s->val & ((1UL << 40) - 1)));
}

static void access_pic(const struct step *s, bool write)
{
	static const u16 ports[] = { 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1 };
	u16 port = ports[s->at % ARRAY_SIZE(ports)];

	vpic_set_irq(&d.pc.pic, (u32)(s->val >> 8 & 15), s->val >> 16 & 1);
	if (write)
		vpic_write(&d.pc.pic, port, (u8)s->val);
	else
		vpic_read(&d.pc.pic, port);
	if (s->time & 1)
		vpic_ack(&d.pc.pic);
}

static void access_ioapic(const struct step *s, u32 size, bool write)
{
	struct vioapic *apic = vioapic_at(&d.pc.ioapic, gpaddr_make(VIOAPIC_DEFAULT_BASE));

	if (s->at & 0x8000)
		vioapic_set_line(&d.pc.ioapic, s->at % 48, s->val & 1);
	else if (s->at & 0x4000)
		vioapic_eoi(&d.pc.ioapic, (u8)s->val);
	else if (write)
		vioapic_mmio_write(&d.pc.ioapic, apic, s->at & 0x5f, size, s->val);
	else
		vioapic_mmio_read(apic, s->at & 0x5f, size);
}

static void access_pm(const struct step *s, u32 size, bool write)
{
	u32 offset = s->at % 4;

	size = size > 4 - offset ? 1 : size;
	if (write)
		pmtimer_event_write(&d.pc.pmtimer, offset, size, (u32)s->val, now);
	else if (s->at & 0x8000)
		pmtimer_read(&d.pc.pmtimer, now);
	else if (s->at & 0x4000)
		pmtimer_raise(&d.pc.pmtimer, (u16)s->val);
	else
		pmtimer_event_read(&d.pc.pmtimer, offset, size);
}

static void play(const struct step *s)
{
	bool write = s->device & 0x80;
	u32 size = 1U << s->size % 4;

	now += s->time;
	fire_due();
	switch (s->device & 7) {
	case 0:
		access_pic(s, write);
		break;
	case 1:
		access_ioapic(s, size, write);
		break;
	case 2:
		if (write)
			vpit_write(&d.pc.pit, s->at % 5 == 4 ? 0x61 : 0x40 + s->at % 5, (u8)s->val,
				   now);
		else
			vpit_read(&d.pc.pit, s->at % 5 == 4 ? 0x61 : 0x40 + s->at % 5, now);
		break;
	case 3:
		if (write)
			vrtc_write(&d.pc.rtc, 0x70 + s->at % 2, (u8)s->val, now);
		else
			vrtc_read(&d.pc.rtc, 0x70 + s->at % 2, now);
		break;
	case 4:
		if (write)
			vhpet_mmio_write(&d.pc.hpet, s->at & 0x3ff, size, s->val, now);
		else
			vhpet_mmio_read(&d.pc.hpet, s->at & 0x3ff, size, now);
		break;
	case 5:
		access_pm(s, size, write);
		break;
	case 6:
		access_apic(s, size, write);
		break;
	default:
		access_msr(s, write);
	}
}

static int put(struct save_sink *k, const void *buf, u32 len)
{
	struct buffer *b = container_of(k, struct buffer, sink);

	if (b->used + len > STREAM_MAX)
		failed("the stream is too long");
	memcpy(b->data + b->used, buf, len);
	b->used += len;
	return 0;
}

static void save(struct save_domain *from, struct buffer *b)
{
	static const struct hvm_save_header h = { .magic = HVM_FILE_MAGIC,
						  .version = HVM_FILE_VERSION };
	struct save_set s = save_domain_set(from, now);

	b->used = 0;
	if (save_stream(&s, &h, &b->sink, record))
		failed("the state cannot be saved");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct buffer first = { .sink = { put } }, second = { .sink = { put } };
	struct save_set s;
	struct step step;

	now = 1000;
	memset(save_timer, 0, sizeof(save_timer));
	save_domain_make(&d);
	for (size_t at = 0; at + sizeof(step) <= size; at += sizeof(step)) {
		memcpy(&step, data + at, sizeof(step));
		play(&step);
	}
	save(&d, &first);
	save_domain_make(&copy);
	s = save_domain_set(&copy, now);
	if (save_check(&s, first.data, first.used, record))
		failed("the saved state is refused");
	save_load(&s, first.data, first.used, record);
	save(&copy, &second);
	if (first.used != second.used || memcmp(first.data, second.data, first.used))
		failed("a loaded state is saved as another one");
	return 0;
}
