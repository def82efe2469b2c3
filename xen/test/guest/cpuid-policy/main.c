/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("CPUID: the hypervisor's leaves, what is hidden, topology, CR4-dependent bits");

static void signature(void)
{
	struct cpuid r = cpuid(0x40000000, 0);
	u32 text[3] = { r.b, r.c, r.d };

	CHECK(!memcmp(text, "XenVMMXenVMM", 12), "signature %#x", text[0]);
	CHECK(r.a >= 0x40000004 && r.a < 0x40000100, "highest leaf %#x", r.a);
	r = cpuid(0x40000001, 0);
	CHECK(r.a >> 16 == 4 && (r.a & 0xffff) >= 17, "version %#x", r.a);
	r = cpuid(0x40000004, 0);
	CHECK(r.a & BIT(3), "no vCPU id");
	CHECK_EQ(r.b, 0);
	CHECK(r.a & BIT(6), "no upcall vector");
}

static void features(void)
{
	struct cpuid r = cpuid(1, 0), x = cpuid(0x80000001, 0);

	CHECK(r.c & BIT(31), "no hypervisor bit");
	CHECK(!(r.c & BIT(5)), "VMX shows");
	CHECK(!(r.c & BIT(3)), "MONITOR shows");
	CHECK(!(x.c & BIT(2)), "SVM shows");
	CHECK(r.d & BIT(9), "no APIC");
	CHECK(x.d & BIT(29), "no long mode");
	CHECK_EQ(!!(r.c & BIT(27)), !!(read_cr4() & BIT(18)));
	CHECK(cpuid(0x80000000, 0).a >= 0x80000008, "highest extended leaf");
	CHECK((cpuid(0x80000008, 0).a & 0xff) >= 36, "physical address bits");
	if (r.c & BIT(26)) {
		write_cr4(read_cr4() | BIT(18));
		CHECK(cpuid(1, 0).c & BIT(27), "OSXSAVE does not follow CR4");
		CHECK(cpuid(0xd, 0).b >= 576, "state size %u", cpuid(0xd, 0).b);
		write_cr4(read_cr4() & ~BIT(18));
	}
}

static void topology(void)
{
	struct cpuid r;

	if (cpuid(0, 0).a < 0xb)
		return;
	for (u32 sub = 0; sub < 2; sub++) {
		r = cpuid(0xb, sub);
		CHECK_EQ(r.d, 0);
		CHECK_EQ(r.c & 0xff, sub);
	}
	CHECK_EQ(cpuid(0xb, 2).b, 0);
}

void test_main(void)
{
	struct cpuid a, b;

	signature();
	features();
	topology();
	/* Leaves beyond the last one must not show any host data. */
	a = cpuid(0x4fffffff, 0);
	CHECK(!a.a && !a.b && !a.c && !a.d, "leaf 0x4fffffff is %#x %#x %#x %#x", a.a, a.b,
	      a.c, a.d);
	a = cpuid(0x80000000, 5);
	b = cpuid(0x80000000, 0);
	CHECK_EQ(a.a, b.a);
}
