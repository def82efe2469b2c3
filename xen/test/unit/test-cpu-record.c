/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a vCPU's registers: invalid values, and events pending for delivery. */
#include "unit.h"

#include <string.h>

#include <xen/errno.h>
#include <xen/x86/cpu-record.h>
#include <xen/x86/regs.h>

#include <public/xen.h>
#include <public/hvm/save.h>

static struct cpuid_policy policy;
static struct hvm_hw_cpu rec;

static void offer(u32 *word, u32 feature)
{
	*word |= 1u << feature % 32;
}

/* A 64-bit kernel that runs. */
static int set_up(void **state)
{
	memset(&policy, 0, sizeof(policy));
	offer(&policy.basic[1].d, XEN_X86_FEATURE_PAE);
	offer(&policy.basic[1].c, XEN_X86_FEATURE_PCID);
	offer(&policy.ext[1].d, XEN_X86_FEATURE_LM);
	offer(&policy.ext[1].d, XEN_X86_FEATURE_NX);
	memset(&rec, 0, sizeof(rec));
	rec.cr0 = X86_CR0_PG | X86_CR0_PE | X86_CR0_ET;
	rec.cr4 = X86_CR4_PAE;
	rec.cr3 = 0x1000;
	rec.msr_efer = EFER_LME | EFER_LMA | EFER_NXE;
	rec.cs_arbytes = 0xa9b;
	rec.rflags = 2;
	rec.flags = XEN_X86_FPU_INITIALISED;
	rec.fpu_regs[24] = 0x80;
	rec.fpu_regs[25] = 0x1f;
	return 0;
}

static int check(void)
{
	return cpu_record_check(&policy, &rec);
}

#define REFUSED(field, value)                                         \
	do {                                                          \
		typeof(rec.field) was_ = rec.field;                   \
		rec.field = (value);                                  \
		if (check() != -XEN_EINVAL)                           \
			fail_msg("%s = %s was taken", #field, #value); \
		rec.field = was_;                                     \
		assert_int_equal(check(), 0);                         \
	} while (0)

static void test_control(void **state)
{
	assert_int_equal(check(), 0);
	REFUSED(pad0, 1);
	REFUSED(flags, 2);
	REFUSED(fpu_regs[26], 1);
	REFUSED(cr0, rec.cr0 | 1UL << 32);
	REFUSED(cr0, X86_CR0_PG);
	REFUSED(cr0, rec.cr0 | X86_CR0_NW);
	REFUSED(cr0, X86_CR0_PE);		/* EFER.LMA without paging */
	REFUSED(cr3, 1UL << 52);
	REFUSED(cr4, 0);			/* long mode without PAE */
	REFUSED(cr4, rec.cr4 | X86_CR4_SMEP);	/* not offered */
	REFUSED(msr_efer, rec.msr_efer | EFER_SVME);
	REFUSED(msr_efer, rec.msr_efer | EFER_SCE);
	REFUSED(msr_efer, EFER_LMA);
	REFUSED(cs_arbytes, 0xe9b);		/* 64-bit code with 32-bit operands */
	REFUSED(dr6, 1UL << 32);
	REFUSED(dr7, 1UL << 32);
	REFUSED(msr_tsc_aux, 1UL << 32);
	/* Out of long mode PCIDs do not exist. */
	rec.msr_efer = 0;
	rec.cs_arbytes = 0xc9b;
	assert_int_equal(check(), 0);
	REFUSED(cr4, rec.cr4 | X86_CR4_PCIDE);
	/* MXCSR is ignored in a record without FPU state. */
	rec.fpu_regs[26] = 1;
	rec.flags = 0;
	assert_int_equal(check(), 0);
}

static void test_addresses(void **state)
{
	const u64 bad = 1UL << 47;

	REFUSED(fs_base, bad);
	REFUSED(gs_base, bad);
	REFUSED(tr_base, bad);
	REFUSED(ldtr_base, bad);
	REFUSED(gdtr_base, bad);
	REFUSED(idtr_base, bad);
	REFUSED(shadow_gs, bad);
	REFUSED(msr_lstar, bad);
	REFUSED(msr_cstar, bad);
	REFUSED(sysenter_eip, bad);
	REFUSED(sysenter_esp, bad);
	REFUSED(cs_sel, 0x10000);
	REFUSED(ldtr_sel, 0x10000);
	rec.msr_lstar = ~0UL << 47;
	assert_int_equal(check(), 0);
}

/* The word is what processors call the injected event: vector, type, error code valid, valid. */
static void expect_event(u32 word, bool good)
{
	rec.pending_event = word;
	rec.error_code = 5;
	if (check() != (good ? 0 : -XEN_EINVAL))
		fail_msg("event %#x", word);
}

static void test_event_values(void **state)
{
	expect_event(0x00000fff, true);		/* none at all */
	expect_event(0x80000030, true);
	expect_event(0x80000008, true);		/* the 8259s give such vectors */
	expect_event(0x80000830, false);
	expect_event(0x80000202, true);
	expect_event(0x80000203, false);
	expect_event(0x80000a02, false);
	expect_event(0x80000b0d, true);		/* #GP(5) */
	expect_event(0x8000030d, true);		/* in real mode it pushes nothing */
	expect_event(0x80000b06, false);	/* #UD has no error code */
	expect_event(0x80000302, false);
	expect_event(0x80000320, false);
	for (u32 type = 0; type < 8; type++)
		if (type != X86_EVENT_INTR && type != X86_EVENT_EXC)
			expect_event(0x80000012 | type << 8, false);
	expect_event(0x8000130d, false);
	expect_event(0xc000030d, false);
}

static void test_event_round_trip(void **state)
{
	static const struct x86_event events[] = {
		{ .vector = 0x31, .type = X86_EVENT_INTR },
		{ .vector = 8, .type = X86_EVENT_INTR },
		{ .vector = 2, .type = X86_EVENT_NMI },
		{ .vector = 6, .type = X86_EVENT_EXC },
		{ .vector = 14, .type = X86_EVENT_EXC, .has_error = true, .error = 0x1234 },
	};
	struct x86_event e;

	assert_false(cpu_record_event(&rec, &e));
	for (u32 i = 0; i < ARRAY_SIZE(events); i++) {
		rec.pending_event = 0;
		cpu_record_put_event(&rec, &events[i]);
		assert_int_equal(check(), 0);
		assert_true(rec.pending_event >> 31);
		assert_true(cpu_record_event(&rec, &e));
		assert_int_equal(e.vector, events[i].vector);
		assert_int_equal(e.type, events[i].type);
		assert_int_equal(e.has_error, events[i].has_error);
		assert_int_equal(e.error, events[i].error);
	}
	/* The last one had an error code, which real mode has not. */
	rec.cr0 = X86_CR0_ET;
	rec.msr_efer = 0;
	assert_true(cpu_record_event(&rec, &e));
	assert_false(e.has_error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_control, set_up),
		cmocka_unit_test_setup(test_addresses, set_up),
		cmocka_unit_test_setup(test_event_values, set_up),
		cmocka_unit_test_setup(test_event_round_trip, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
