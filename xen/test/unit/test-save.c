/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of a domain: every kind is saved and loaded through the table, and every fault in a
 * stream is found before any state is changed.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>

#include "save-domain.h"

#include <public/xen.h>
#include <public/hvm/save.h>

#define STREAM_MAX 65536
#define SEC 1000000000L

static u8 record[SAVE_RECORD_MAX];

static void ioapic_write(struct save_domain *d, u32 reg, u32 val)
{
	struct vioapic *a = &d->pc.ioapic.apic[0];

	vioapic_mmio_write(&d->pc.ioapic, a, 0, 4, reg);
	vioapic_mmio_write(&d->pc.ioapic, a, 0x10, 4, val);
}

/* Give every device a state that differs from the one after save_domain_make(). */
static void use(struct save_domain *d)
{
	struct vlapic *apic = &d->vcpu[1].apic;

	vpic_write(&d->pc.pic, 0x21, 0xfb);
	vpic_write(&d->pc.pic, 0x4d1, 0x0e);
	vpic_set_irq(&d->pc.pic, 10, true);
	ioapic_write(d, 0x10 + 2 * 9, 0x8061);
	vpit_write(&d->pc.pit, 0x43, 0x34, 0);
	vpit_write(&d->pc.pit, 0x40, 0xa9, 0);
	vpit_write(&d->pc.pit, 0x40, 0x04, 0);
	vrtc_write(&d->pc.rtc, 0x70, 0xb, 0);
	vrtc_write(&d->pc.rtc, 0x71, 0x12, 0);
	vhpet_mmio_write(&d->pc.hpet, 0x10, 4, 1, 0);
	vhpet_mmio_write(&d->pc.hpet, 0x120, 4, 4, 0);
	vhpet_mmio_write(&d->pc.hpet, 0x128, 8, 500, 0);
	pmtimer_event_write(&d->pc.pmtimer, 2, 2, PM1_POWER_BUTTON, 0);
	vlapic_mmio_write(apic, 0xf0, 4, 0x1ff, 0);
	vlapic_mmio_write(apic, 0x80, 4, 0x20, 0);
	vlapic_set_irq(apic, 0x81, true);
	vlapic_ack(apic, 0x81);
	vlapic_set_irq(apic, 0x92, false);
	mtrr_write(&d->vcpu[1].msrs.mtrr, MSR_PAT, 0x0001040600070406UL);
	d->vcpu[1].msrs.tsc_adjust = 77;
}

struct buffer {
	struct save_sink sink;
	u8 data[STREAM_MAX];
	u32 used, limit;
};

static int put(struct save_sink *k, const void *buf, u32 len)
{
	struct buffer *b = container_of(k, struct buffer, sink);

	if (b->used + len > b->limit)
		return -XEN_ENOSPC;
	memcpy(b->data + b->used, buf, len);
	b->used += len;
	return 0;
}

static int save(struct save_domain *d, struct buffer *b, s_time_t now)
{
	struct hvm_save_header h = { .magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION };
	struct save_set s = save_domain_set(d, now);

	b->sink.put = put;
	b->used = 0;
	b->limit = STREAM_MAX;
	return save_stream(&s, &h, &b->sink, record);
}

static int check(struct save_domain *d, const struct buffer *b)
{
	struct save_set s = save_domain_set(d, 0);

	return save_check(&s, b->data, b->used, record);
}

static int restore(struct save_domain *d, const struct buffer *b, s_time_t now)
{
	struct save_set s = save_domain_set(d, now);
	int rc = save_check(&s, b->data, b->used, record);

	if (!rc)
		save_load(&s, b->data, b->used, record);
	return rc;
}

/* The record of @type and @instance in the stream, and its descriptor. */
static void *find(struct buffer *b, u16 type, u16 instance, struct hvm_save_descriptor **desc)
{
	for (u32 at = 0; at < b->used;) {
		struct hvm_save_descriptor *r = (void *)(b->data + at);

		if (r->typecode == type && r->instance == instance) {
			if (desc)
				*desc = r;
			return r + 1;
		}
		at += (u32)sizeof(*r) + r->length;
	}
	fail_msg("no record %u.%u", type, instance);
	return NULL;
}

static struct save_domain a, b;
static struct buffer one, two;

static int set_up(void **state)
{
	save_domain_make(&a);
	save_domain_make(&b);
	return 0;
}

/* Loaded elsewhere and saved again, the stream is the same. */
static void test_round_trip(void **state)
{
	use(&a);
	assert_int_equal(save(&a, &one, 1000), 0);
	assert_int_equal(restore(&b, &one, 1000), 0);
	assert_int_equal(save(&b, &two, 1000), 0);
	assert_int_equal(one.used, two.used);
	assert_memory_equal(one.data, two.data, one.used);
	assert_int_equal(b.vcpu[0].loaded, 2);
	assert_int_equal(b.vcpu[1].loaded, 2);
	assert_int_equal(vlapic_pending(&b.vcpu[1].apic), 0x92);
	assert_int_equal(vpic_read(&b.pc.pic, 0x4d1), 0x0e);
	/* Header, PIC twice, five devices, four kinds of two vCPUs, end. */
	assert_int_equal(one.used, 17 * 8 + HVM_SAVE_LENGTH(HEADER) + 2 * HVM_SAVE_LENGTH(PIC) +
			 HVM_SAVE_LENGTH(IOAPIC) + HVM_SAVE_LENGTH(PIT) + HVM_SAVE_LENGTH(RTC) +
			 HVM_SAVE_LENGTH(HPET) + HVM_SAVE_LENGTH(PMTIMER) +
			 2 * (HVM_SAVE_LENGTH(LAPIC) + HVM_SAVE_LENGTH(LAPIC_REGS) +
			      HVM_SAVE_LENGTH(MTRR) + HVM_SAVE_LENGTH(TSC_ADJUST)));
}

static void test_single_records(void **state)
{
	struct save_set s = save_domain_set(&a, 0);

	use(&a);
	assert_int_equal(save_record(&s, HVM_SAVE_CODE(PIC), 1, record), HVM_SAVE_LENGTH(PIC));
	assert_int_equal(((struct hvm_hw_vpic *)record)->elcr, 0x0e);
	assert_int_equal(save_record(&s, HVM_SAVE_CODE(PIC), 2, record), -XEN_ENOENT);
	assert_int_equal(save_record(&s, HVM_SAVE_CODE(MTRR), 2, record), -XEN_ENOENT);
	assert_int_equal(save_record(&s, HVM_SAVE_CODE(MTRR), 400, record), -XEN_ENOENT);
	assert_int_equal(save_record(&s, HVM_SAVE_CODE(PCI_IRQ), 0, record), -XEN_ENOENT);
	s.devices = NULL;
	assert_int_equal(save_record(&s, HVM_SAVE_CODE(PIC), 0, record), -XEN_ENOENT);
}

/* A PVH domain writes no records of devices, and takes none. */
static void test_without_devices(void **state)
{
	struct hvm_save_header h = { .magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION };
	struct save_set s = save_domain_set(&a, 0);

	assert_int_equal(save(&a, &one, 0), 0);
	s.devices = NULL;
	assert_int_equal(save_check(&s, one.data, one.used, record), -XEN_ENODEV);
	two.used = 0;
	two.limit = STREAM_MAX;
	two.sink.put = put;
	assert_int_equal(save_stream(&s, &h, &two.sink, record), 0);
	assert_int_equal(two.used, 10 * 8 + HVM_SAVE_LENGTH(HEADER) +
			 2 * (HVM_SAVE_LENGTH(LAPIC) + HVM_SAVE_LENGTH(LAPIC_REGS) +
			      HVM_SAVE_LENGTH(MTRR) + HVM_SAVE_LENGTH(TSC_ADJUST)));
	assert_int_equal(save_check(&s, two.data, two.used, record), 0);
	for (two.limit = 0; two.limit < two.used; two.limit += 7) {
		u32 had = two.used;

		two.used = 0;
		assert_int_equal(save_stream(&s, &h, &two.sink, record), -XEN_ENOSPC);
		two.used = had;
	}
}

static void test_cut_short(void **state)
{
	u32 whole;

	use(&a);
	assert_int_equal(save(&a, &one, 0), 0);
	whole = one.used;
	for (one.used = 0; one.used < whole; one.used++)
		assert_int_equal(check(&b, &one), -XEN_EINVAL);
	/* Bytes after the end mark are ignored. */
	one.used = whole + 8;
	assert_int_equal(check(&b, &one), 0);
}

static void expect_descriptor(u16 type, u16 instance, u32 len, int rc)
{
	struct hvm_save_descriptor *desc, was;

	assert_int_equal(save(&a, &one, 0), 0);
	find(&one, HVM_SAVE_CODE(MTRR), 1, &desc);
	was = *desc;
	*desc = (struct hvm_save_descriptor){ type, instance, len };
	assert_int_equal(check(&b, &one), rc);
	*desc = was;
	assert_int_equal(check(&b, &one), 0);
}

static void test_descriptors(void **state)
{
	const u32 len = HVM_SAVE_LENGTH(MTRR);

	expect_descriptor(HVM_SAVE_CODE(MTRR), 0, len, -XEN_EEXIST);
	expect_descriptor(HVM_SAVE_CODE(MTRR), 2, len, -XEN_EINVAL);
	expect_descriptor(HVM_SAVE_CODE(MTRR), 3, len, -XEN_EINVAL);
	expect_descriptor(HVM_SAVE_CODE(MTRR), 0xffff, len, -XEN_EINVAL);
	expect_descriptor(HVM_SAVE_CODE(MTRR), 1, len - 1, -XEN_EINVAL);
	expect_descriptor(HVM_SAVE_CODE(MTRR), 1, len + 1, -XEN_EINVAL);
	expect_descriptor(HVM_SAVE_CODE(MTRR), 1, ~0U, -XEN_EINVAL);
	expect_descriptor(HVM_SAVE_CODE(HEADER), 1, len, -XEN_EOPNOTSUPP);
	expect_descriptor(HVM_SAVE_CODE(PCI_IRQ), 1, len, -XEN_EOPNOTSUPP);
	expect_descriptor(0xffff, 1, len, -XEN_EOPNOTSUPP);
	expect_descriptor(HVM_SAVE_CODE(PIC), 2, len, -XEN_EINVAL);
	expect_descriptor(HVM_SAVE_CODE(END), 0, len, -XEN_EINVAL);
	expect_descriptor(HVM_SAVE_CODE(END), 1, 0, -XEN_EINVAL);
}

/* A record that is longer than its kind, with all that follows in its place. */
static void test_longer(void **state)
{
	struct hvm_save_descriptor *desc;
	u8 *end;

	assert_int_equal(save(&a, &one, 0), 0);
	end = find(&one, HVM_SAVE_CODE(MTRR), 1, &desc);
	end += desc->length;
	assert_true(one.used + 8 <= STREAM_MAX);
	memmove(end + 8, end, one.data + one.used - end);
	one.used += 8;
	desc->length += 8;
	assert_int_equal(check(&b, &one), -XEN_EINVAL);
}

static void test_header(void **state)
{
	struct hvm_save_header *h;

	assert_int_equal(save(&a, &one, 0), 0);
	h = find(&one, HVM_SAVE_CODE(HEADER), 0, NULL);
	h->magic ^= 1;
	assert_int_equal(check(&b, &one), -XEN_EINVAL);
	h->magic ^= 1;
	h->version++;
	assert_int_equal(check(&b, &one), -XEN_EINVAL);
	h->version--;
	one.data[2] = 1;
	assert_int_equal(check(&b, &one), -XEN_EINVAL);
	one.data[2] = 0;
	assert_int_equal(check(&b, &one), 0);
}

/* Values that no guest could have caused. @at, @bytes: the field in the record. */
struct bad {
	u16 type, instance;
	u32 at, bytes;
	u64 value;
};

#define BAD(name, instance, type, field, value)                          \
	{ HVM_SAVE_CODE(name), instance, offsetof(struct type, field), \
	  sizeof(((struct type *)0)->field), value }
#define APIC(reg, value) { HVM_SAVE_CODE(LAPIC_REGS), 1, (reg) * 16, 4, value }

static const struct bad bad[] = {
	/* flags of the slave in the place of the master's: is_master is bit 6 of that byte */
	{ HVM_SAVE_CODE(PIC), 0, 5, 1, 0 }, { HVM_SAVE_CODE(PIC), 1, 5, 1, 0x40 },
	BAD(PIC, 0, hvm_hw_vpic, irq_base, 0x31), { HVM_SAVE_CODE(PIC), 0, 4, 1, 0x80 },
	BAD(PIC, 0, hvm_hw_vpic, elcr, 4), BAD(PIC, 1, hvm_hw_vpic, elcr, 1),
	BAD(PIC, 1, hvm_hw_vpic, int_output, 2),
	BAD(IOAPIC, 0, hvm_hw_vioapic, base_address, 0xfec01000),
	BAD(IOAPIC, 0, hvm_hw_vioapic, ioregsel, 0x100), BAD(IOAPIC, 0, hvm_hw_vioapic, id, 16),
	BAD(IOAPIC, 0, hvm_hw_vioapic, redirtbl[3], 1UL << 17),
	BAD(IOAPIC, 0, hvm_hw_vioapic, redirtbl[47], 1UL << 14),
	BAD(PIT, 0, hvm_hw_pit, channels[0].count, 0),
	BAD(PIT, 0, hvm_hw_pit, channels[2].count, 0x10001),
	BAD(PIT, 0, hvm_hw_pit, channels[1].mode, 6),
	BAD(PIT, 0, hvm_hw_pit, channels[1].rw_mode, 4),
	BAD(PIT, 0, hvm_hw_pit, channels[1].read_state, 5),
	BAD(PIT, 0, hvm_hw_pit, channels[1].write_state, 5),
	BAD(PIT, 0, hvm_hw_pit, channels[1].count_latched, 5),
	BAD(PIT, 0, hvm_hw_pit, channels[1].status_latched, 2),
	BAD(PIT, 0, hvm_hw_pit, channels[1].bcd, 2), BAD(PIT, 0, hvm_hw_pit, channels[1].gate, 2),
	BAD(PIT, 0, hvm_hw_pit, speaker_data_on, 2),
	BAD(RTC, 0, hvm_hw_rtc, rtc_offset, 1UL << 41),
	BAD(RTC, 0, hvm_hw_rtc, rtc_offset, 1UL << 63),
	BAD(RTC, 0, hvm_hw_rtc, cmos_index, 128),
	BAD(HPET, 0, hvm_hw_hpet, capability, 0x00f42400UL << 32),
	BAD(HPET, 0, hvm_hw_hpet, config, 4), BAD(HPET, 0, hvm_hw_hpet, isr, 8),
	BAD(HPET, 0, hvm_hw_hpet, timers[2].config, 1UL << 14),
	BAD(HPET, 0, hvm_hw_hpet, timers[0].config, 5UL << 9),
	BAD(PMTIMER, 0, hvm_hw_pmtimer, pm1a_sts, 2),
	BAD(MTRR, 1, hvm_hw_mtrr, msr_pat_cr, 2), BAD(MTRR, 1, hvm_hw_mtrr, msr_mtrr_def_type, 2),
	BAD(MTRR, 1, hvm_hw_mtrr, msr_mtrr_fixed[10], 3),
	BAD(MTRR, 1, hvm_hw_mtrr, msr_mtrr_var[15], 1),
	BAD(LAPIC, 1, hvm_hw_lapic, apic_base_msr, 0xfee00801),
	BAD(LAPIC, 1, hvm_hw_lapic, apic_base_msr, 0xfee00400),
	BAD(LAPIC, 1, hvm_hw_lapic, apic_base_msr, 1UL << 40 | 0x800),
	BAD(LAPIC, 1, hvm_hw_lapic, disabled, 4),
	APIC(APIC_REG_TPR, 0x100), APIC(APIC_REG_SPIV, 0x400), APIC(APIC_REG_ESR, 0x100),
	APIC(APIC_REG_TDCR, 4), APIC(APIC_REG_IRR, 1), APIC(APIC_REG_ISR, 0x8000),
	APIC(APIC_REG_TMR, 2), APIC(APIC_REG_LVTT, 3 << 17), APIC(APIC_REG_LVT0, 1 << 17),
	APIC(APIC_REG_LVT_ERROR, 1 << 9),
};

static void test_fields(void **state)
{
	struct save_domain before;
	u8 was[8];

	use(&a);
	assert_int_equal(save(&a, &one, 0), 0);
	before = b;
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		u8 *at = (u8 *)find(&one, bad[i].type, bad[i].instance, NULL) + bad[i].at;

		memcpy(was, at, bad[i].bytes);
		memcpy(at, &bad[i].value, bad[i].bytes);
		if (restore(&b, &one, 5) != -XEN_EINVAL)
			fail_msg("bad[%u]: type %u offset %u", i, bad[i].type, bad[i].at);
		assert_memory_equal(&b, &before, sizeof(b));
		memcpy(at, was, bad[i].bytes);
	}
	assert_int_equal(restore(&b, &one, 5), 0);
	assert_true(memcmp(&b, &before, sizeof(b)));
}

/* Random damage is refused without a change, or loaded without breaking what saving relies on. */
static void test_damage(void **state)
{
	struct save_domain before;
	u32 loaded = 0;

	unit_seed();
	use(&a);
	for (u32 i = 0; i < 20000; i++) {
		assert_int_equal(save(&a, &one, 0), 0);
		for (u32 n = unit_random_below(3) + 1; n; n--)
			one.data[unit_random_below(one.used)] ^= 1 << unit_random_below(8);
		before = b;
		if (restore(&b, &one, i * 1000)) {
			assert_memory_equal(&b, &before, sizeof(b));
			continue;
		}
		loaded++;
		assert_int_equal(save(&b, &two, i * 1000), 0);
		assert_int_equal(check(&a, &two), 0);
	}
	assert_in_range(loaded, 100, 19900);
}

/* An interrupt whose time has come, but which the timer has not delivered yet, is not lost. */
static void test_due_at_save(void **state)
{
	struct vlapic *apic = &a.vcpu[1].apic;

	vlapic_mmio_write(apic, 0xf0, 4, 0x1ff, 0);
	vlapic_mmio_write(apic, 0x320, 4, 0x31, 0);
	vlapic_mmio_write(apic, 0x3e0, 4, 0xb, 0);
	vlapic_mmio_write(apic, 0x380, 4, 1000, 0);
	vhpet_mmio_write(&a.pc.hpet, 0x10, 4, 1, 0);
	vhpet_mmio_write(&a.pc.hpet, 0x100, 4, 20 << 9 | 6, 0);
	vhpet_mmio_write(&a.pc.hpet, 0x108, 8, 50, 0);
	pmtimer_event_write(&a.pc.pmtimer, 2, 2, PM1_TMR, 0);
	assert_true(save_timer[T_PM] < 601 * SEC);
	assert_int_equal(save(&a, &one, 601 * SEC), 0);
	memset(save_line, 0, sizeof(save_line));
	assert_int_equal(restore(&b, &one, 0), 0);
	assert_int_equal(vlapic_pending(&b.vcpu[1].apic), 0x31);
	assert_true(save_line[20]);
	assert_true(save_line[9]);
}

/* Both orders of the two records give the guest its deadline, and only in deadline mode. */
static void test_tsc_deadline(void **state)
{
	struct vlapic *from = &a.vcpu[1].apic, *to = &b.vcpu[1].apic;
	u64 val;

	vlapic_mmio_write(from, 0xf0, 4, 0x1ff, 0);
	vlapic_mmio_write(from, 0x320, 4, 2 << 17 | 0x31, 0);
	vlapic_msr_write(from, MSR_TSC_DEADLINE, 5000, 0);
	assert_int_equal(save(&a, &one, 100), 0);
	save_timer[T_LAPIC] = 0;
	assert_int_equal(restore(&b, &one, 100), 0);
	assert_int_equal(save_timer[T_LAPIC], 5000);
	assert_int_equal(vlapic_msr_read(to, MSR_TSC_DEADLINE, &val, 100), 0);
	assert_int_equal(val, 5000);
	/* In another mode it reads as zero and does nothing. */
	((struct hvm_hw_lapic *)find(&one, HVM_SAVE_CODE(LAPIC), 0, NULL))->tdt_msr = 7000;
	assert_int_equal(restore(&b, &one, 100), 0);
	assert_int_equal(vlapic_msr_read(&b.vcpu[0].apic, MSR_TSC_DEADLINE, &val, 100), 0);
	assert_int_equal(val, 0);
}

/* Xen saves a current count of zero: a periodic timer then goes on with a whole period. */
static void test_periodic_of_xen(void **state)
{
	struct vlapic *apic = &a.vcpu[1].apic;
	u8 *regs;

	vlapic_mmio_write(apic, 0xf0, 4, 0x1ff, 0);
	vlapic_mmio_write(apic, 0x320, 4, 0x20031, 0);
	vlapic_mmio_write(apic, 0x3e0, 4, 0xb, 0);
	vlapic_mmio_write(apic, 0x380, 4, 1000000, 0);
	assert_int_equal(save(&a, &one, 300000), 0);
	assert_int_equal(restore(&b, &one, 0), 0);
	assert_int_equal(save_timer[T_LAPIC], 700000);
	regs = find(&one, HVM_SAVE_CODE(LAPIC_REGS), 1, NULL);
	memset(regs + APIC_REG_TMCCT * 16, 0, 4);
	assert_int_equal(restore(&b, &one, 0), 0);
	assert_int_equal(save_timer[T_LAPIC], 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_round_trip, set_up),
		cmocka_unit_test_setup(test_single_records, set_up),
		cmocka_unit_test_setup(test_without_devices, set_up),
		cmocka_unit_test_setup(test_cut_short, set_up),
		cmocka_unit_test_setup(test_descriptors, set_up),
		cmocka_unit_test_setup(test_longer, set_up),
		cmocka_unit_test_setup(test_header, set_up),
		cmocka_unit_test_setup(test_fields, set_up),
		cmocka_unit_test_setup(test_damage, set_up),
		cmocka_unit_test_setup(test_due_at_save, set_up),
		cmocka_unit_test_setup(test_tsc_deadline, set_up),
		cmocka_unit_test_setup(test_periodic_of_xen, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
