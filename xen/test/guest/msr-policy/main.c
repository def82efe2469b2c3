/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("MSR policy: unknown ones fault, EFER, PAT, MTRRs, the APIC base; nothing of the host's");

static void efer(void)
{
	u64 v = rdmsr(MSR_EFER);

	CHECK((v & EFER_LONG) == efer_long(), "EFER %#lx", v);
	CHECK(!(v & BIT(12)), "SVME shows");
	CHECK(!try_wrmsr(MSR_EFER, v | BIT(12)), "SVME was accepted");
	CHECK(!try_wrmsr(MSR_EFER, v | BIT(40)), "a reserved bit was accepted");
	CHECK(!has_paging || !try_wrmsr(MSR_EFER, v ^ BIT(8)), "LME changed with paging on");
	CHECK(try_wrmsr(MSR_EFER, v | BIT(0)), "SCE refused");
	CHECK_EQ(rdmsr(MSR_EFER), v | 1);
	CHECK(try_wrmsr(MSR_EFER, v), "the old value refused");
}

static void pat_mtrr(void)
{
	u64 pat = rdmsr(MSR_PAT), cap, v;

	CHECK(!try_wrmsr(MSR_PAT, (pat & ~(u64)0xff) | 2), "PAT type 2 was accepted");
	CHECK(try_wrmsr(MSR_PAT, 0x0007010600070106), "a good PAT was refused");
	CHECK_EQ(rdmsr(MSR_PAT), 0x0007010600070106);
	wrmsr(MSR_PAT, pat);
	if (!(cpuid(1, 0).d & BIT(12)))
		return;
	CHECK(try_rdmsr(0xfe, &cap), "no MTRR capabilities");
	CHECK(!try_wrmsr(0xfe, cap), "MTRR capabilities were written");
	CHECK(try_rdmsr(0x2ff, &v), "no MTRR default type");
	CHECK(!try_wrmsr(0x2ff, (v & ~(u64)0xff) | 0x2), "type 2 was accepted");
	if (cap & 0xff) {
		CHECK(try_rdmsr(0x200, &v), "no variable range");
		CHECK(try_wrmsr(0x200, 0xc0000000), "a range was refused");
		CHECK_EQ(rdmsr(0x200), 0xc0000000);
		CHECK(try_wrmsr(0x200, v), "the old range was refused");
	}
}

void test_main(void)
{
	/* VM_CR, HSAVE_PA, feature control, VMX capabilities, an RTIT and two made-up ones. */
	static const u32 none[] = { 0xc0010117, 0x480, 0x570, 0x12345678, 0xdeadbeef };
	u64 v;

	for (u32 i = 0; i < ARRAY_SIZE(none); i++) {
		CHECK(!try_rdmsr(none[i], &v), "rdmsr %#x gives %#lx", none[i], v);
		CHECK(!try_wrmsr(none[i], 0), "wrmsr %#x is accepted", none[i]);
	}
	efer();
	pat_mtrr();
	CHECK(try_rdmsr(MSR_APIC_BASE, &v), "no APIC base");
	CHECK((v & 0x900) == 0x900, "APIC base %#lx", v);
	CHECK_EQ(v & ~(u64)0xfff, 0xfee00000);
	CHECK(try_rdmsr(MSR_TSC, &v) && v, "the TSC reads %lu", v);
}
