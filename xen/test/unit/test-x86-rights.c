/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an x86 guest may do without the hypervisor, and what it may write: ports, MSRs, extended
 * state, translations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/string.h>
#include <xen/hal/mm.h>

#include <asm/host.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include "x86-play.h"

#include <hvm/save.h>
#include <public/hvm/save.h>

#define MSRPM_HIGH (0x800UL * 8)	/* the bit of MSR c0000000 (APM volume 2, section 15.11) */
#define NR_PORTS 0x10000
#define NOT_CANONICAL (1UL << 47)

/* ---- permission maps ---- */

static bool bit_of(u64 map_pa, u64 bit)
{
	return ((const u8 *)hal_direct_map)[map_pa + bit / 8] >> bit % 8 & 1;
}

static u64 msrpm_bit(u32 msr)
{
	return msr < 0x2000 ? msr * 2UL : MSRPM_HIGH + (msr - 0xc0000000) * 2UL;
}

/* Reads and writes of exactly these, which VMLOAD and VMSAVE move, are the guest's own. */
static void look_at_msrs(struct soft_entry *e)
{
	static const u32 own[] = { MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_STAR,
				   MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_FS_BASE, MSR_GS_BASE,
				   MSR_KERNEL_GS_BASE };
	u32 open = 0;

	for (u64 bit = 0; bit < 2 * PAGE_SIZE * 8; bit++)
		open += !bit_of(e->vmcb->msrpm_pa, bit);
	HOST_CHECK(open == 2 * ARRAY_SIZE(own));
	for (u32 i = 0; i < ARRAY_SIZE(own); i++)
		for (u32 write = 0; write < 2; write++)
			HOST_CHECK(!bit_of(e->vmcb->msrpm_pa, msrpm_bit(own[i]) + write));
}

static void own_msrs(void *arg)
{
	static const u64 list[] = { SVM_EXIT_PAUSE, 0 };

	x86_play(list, look_at_msrs, false);
}

static void test_own_msrs(void **state)
{
	assert_int_equal(host_isolated(own_msrs, NULL)->status, 0);
}

static u32 open_ports;

static void count_open_ports(struct soft_entry *e)
{
	open_ports = 0;
	for (u32 port = 0; port < NR_PORTS; port++)
		open_ports += !bit_of(e->vmcb->iopm_pa, port);
}

static void no_ports(void *arg)
{
	static const u64 list[] = { SVM_EXIT_PAUSE, 0 };

	x86_play(list, count_open_ports, false);
	HOST_CHECK(!open_ports);
}

/* Of the hypervisor, its serial port and its timer; those that reset or configure the machine. */
static const struct { u16 first, last; } closed[] = {
	{ 0x20, 0x21 }, { 0x40, 0x43 }, { 0x60, 0x61 }, { 0x64, 0x64 }, { 0x92, 0x92 },
	{ 0xa0, 0xa1 }, { 0x3f8, 0x3ff }, { 0x4d0, 0x4d1 }, { 0x604, 0x607 }, { 0xcf8, 0xcff },
};

static void look_at_ports(struct soft_entry *e)
{
	u32 watched = 0;

	count_open_ports(e);
	for (u32 i = 0; i < ARRAY_SIZE(closed); i++)
		for (u32 port = closed[i].first; port <= closed[i].last; port++, watched++)
			HOST_CHECK(bit_of(e->vmcb->iopm_pa, port));
	HOST_CHECK(open_ports == NR_PORTS - watched);
}

static void most_ports(void *arg)
{
	static const u64 list[] = { SVM_EXIT_PAUSE, 0 };

	x86_play(list, look_at_ports, true);
}

static void test_ports(void **state)
{
	assert_int_equal(host_isolated(no_ports, NULL)->status, 0);
	assert_int_equal(host_isolated(most_ports, NULL)->status, 0);
}

/* ---- values of registers ---- */

static void switch_long_mode(struct soft_entry *e)
{
	if (e->vmcb->exit_code == SVM_EXIT_MSR)
		x86_play_wrmsr(e, MSR_EFER, 0);
}

static void long_mode_stays(void *arg)
{
	static const u64 list[] = { SVM_EXIT_MSR, 0 };

	x86_play(list, switch_long_mode, false);
	HOST_CHECK(play.events ==
		   (SVM_EV_VALID | SVM_EV_TYPE_EXC | SVM_EV_ERROR_VALID | X86_VEC_GP));
}

/* EFER.LME does not change while paging is on (APM volume 2, section 14.6). */
static void test_long_mode_stays(void **state)
{
	assert_int_equal(host_isolated(long_mode_stays, NULL)->status, 0);
}

/* By whatever way a guest writes them; a real processor checks only those that do not exit. */
static void write_addresses(struct soft_entry *e)
{
	static const u32 msrs[] = { MSR_LSTAR, MSR_CSTAR, MSR_FS_BASE, MSR_GS_BASE,
				    MSR_KERNEL_GS_BASE, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP };
	struct x86_vcpu *xv = to_xv(e->v);
	u64 val;

	for (u32 i = 0; i < ARRAY_SIZE(msrs); i++) {
		HOST_CHECK(!hvm_msr_write(xv, msrs[i], ~0UL << 47));
		HOST_CHECK(hvm_msr_write(xv, msrs[i], NOT_CANONICAL));
		HOST_CHECK(!hvm_msr_read(xv, msrs[i], &val) && val == ~0UL << 47);
	}
}

static void addresses(void *arg)
{
	static const u64 list[] = { SVM_EXIT_PAUSE, 0 };

	x86_play(list, write_addresses, false);
}

static void test_addresses(void **state)
{
	assert_int_equal(host_isolated(addresses, NULL)->status, 0);
}

/* ---- the record of the extended state ---- */

static u8 fpu_record[SAVE_RECORD_MAX];
static u32 fpu_record_len;

static int check_fpu(const struct x86_vcpu *xv)
{
	return hvm_fpu_record.check(xv, 0, fpu_record, fpu_record_len);
}

#define FPU_REFUSED(xv, field, value)                             \
	do {                                                      \
		typeof(field) was_ = (field);                     \
		(field) = (typeof(field))(value);                 \
		HOST_CHECK(check_fpu(xv) == -XEN_EINVAL);         \
		(field) = was_;                                   \
		HOST_CHECK(!check_fpu(xv));                       \
	} while (0)

static void fpu_records(void *arg)
{
	struct hvm_hw_cpu_xsave *r = (void *)fpu_record;
	struct world_domain w;
	struct x86_vcpu *xv;
	s32 len;

	world_boot(1);
	world_create(&w, false, 1);
	xv = to_xv(w.d->vcpu[0]);
	len = hvm_fpu_record.save(xv, 0, fpu_record, 0);
	HOST_CHECK(len >= (s32)sizeof(*r));
	fpu_record_len = (u32)len;
	HOST_CHECK(!check_fpu(xv));
	/* A component that the processor lacks, a compact form, and AVX without SSE. */
	FPU_REFUSED(xv, r->save_area.xsave_hdr.xstate_bv, 1UL << 9);
	FPU_REFUSED(xv, r->save_area.xsave_hdr.xstate_bv, 1UL << 63);
	FPU_REFUSED(xv, r->save_area.xsave_hdr.xcomp_bv, 1UL << 63);
	FPU_REFUSED(xv, r->save_area.xsave_hdr.reserved[0], 1);
	FPU_REFUSED(xv, r->save_area.xsave_hdr.reserved[5], 1);
	FPU_REFUSED(xv, r->xcr0, 0);
	FPU_REFUSED(xv, r->xcr0, 5);
	FPU_REFUSED(xv, r->xcr0, 7 | 1UL << 9);
	/* MXCSR: bit 16 is reserved, and XRSTOR would raise #GP in the hypervisor. */
	FPU_REFUSED(xv, fpu_record[offsetof(struct hvm_hw_cpu_xsave, save_area) + 26], 1);
	fpu_record_len++;
	HOST_CHECK(check_fpu(xv) == -XEN_EINVAL);
	HOST_CHECK(!world_destroy(&w) && !world_left_over());
}

static void test_fpu_records(void **state)
{
	assert_int_equal(host_isolated(fpu_records, NULL)->status, 0);
}

/* ---- translations ---- */

#define FLUSHES 40

static void ask_for_flush(struct soft_entry *e)
{
	hvm->flush_tlb(to_xv(e->v));
}

/* The identifiers are used up twice; the processor looks at each entry (arch/host/x86/tlb.c). */
static void flushes(void *arg)
{
	static u64 list[FLUSHES + 1];

	for (u32 i = 0; i < FLUSHES; i++)
		list[i] = SVM_EXIT_PAUSE;
	x86_play(list, ask_for_flush, false);
}

static void test_flushes(void **state)
{
	assert_int_equal(host_isolated(flushes, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_msrs),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_long_mode_stays),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_fpu_records),
		cmocka_unit_test(test_flushes),
	};

	return cmocka_run_group_tests_name("x86-rights", tests, NULL, NULL);
}
