/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's code for x86's guests, from VMRUN on, on the host port's software processor:
 * exits are handled, interrupts are offered and taken, and everything comes back in the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/string.h>

#include <asm/host.h>
#include <asm/page.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include "x86-play.h"

#include <public/version.h>

#define CPUID_XEN 0x40000000
#define APIC_SELF_IPI 0x83f
#define VECTOR 0x55

static void ask_cpuid(struct soft_entry *e)
{
	if (play.step == 1)
		e->vmcb->rax = CPUID_XEN;
	else if (play.step == 2 && e->vmcb->exit_code == SVM_EXIT_VMMCALL)
		e->vmcb->rax = ~0UL;
}

static void cpuid_and_hypercall(void *arg)
{
	static const u64 list[] = { SVM_EXIT_CPUID, SVM_EXIT_VMMCALL, 0 };

	x86_play(list, ask_cpuid, false);
	/* The unknown hypercall answers -ENOSYS, and each exit skips its instruction. */
	HOST_CHECK(play.rax == (u64)-XEN_ENOSYS);
	HOST_CHECK(play.rip == WORLD_CODE * PAGE_SIZE + 4);
}

static void test_cpuid_and_hypercall(void **state)
{
	assert_int_equal(host_isolated(cpuid_and_hypercall, NULL)->status, 0);
}

/* x2APIC mode, software-enable the APIC, an IPI to itself, then interrupts on. */
static void send_self(struct soft_entry *e)
{
	static const struct { u32 msr; u64 val; } writes[] = {
		{ 0x1b, VLAPIC_DEFAULT_BASE | APIC_BASE_EN | APIC_BASE_EXTD | APIC_BASE_BSP },
		{ 0x80f, 0x1ff }, { APIC_SELF_IPI, VECTOR },
	};

	if (e->vmcb->exit_code == SVM_EXIT_MSR) {
		x86_play_wrmsr(e, writes[play.step - 1].msr, writes[play.step - 1].val);
	} else if (play.step == 4 && e->vmcb->exit_code == SVM_EXIT_INTR) {
		HOST_CHECK(play.taken < 0);
		e->vmcb->rflags |= X86_EFLAGS_IF;
	}
}

static void interrupt(void *arg)
{
	static const u64 list[] = { SVM_EXIT_MSR, SVM_EXIT_MSR, SVM_EXIT_MSR, SVM_EXIT_INTR,
				    SVM_EXIT_INTR, 0 };

	x86_play(list, send_self, false);
	HOST_CHECK(play.taken == VECTOR);
}

static void test_interrupt(void **state)
{
	assert_int_equal(host_isolated(interrupt, NULL)->status, 0);
}

/* The first function's identity through the ports, then an entry of the IO-APIC is bound. */
static void use_machine(struct soft_entry *e)
{
	if (play.step == 1 && e->vmcb->exit_code == SVM_EXIT_IOIO) {
		e->vmcb->exit_info1 = 0xcf8UL << 16 | 4 << 4;
		e->vmcb->rax = 0x80000000;
	} else if (play.step == 2 && e->vmcb->exit_code == SVM_EXIT_IOIO) {
		e->vmcb->exit_info1 = 0xcfcUL << 16 | 4 << 4 | 1;
	}
	e->vmcb->exit_info2 = e->vmcb->rip + 1;
}

static void machine(void *arg)
{
	static const u64 list[] = { SVM_EXIT_IOIO, SVM_EXIT_IOIO, 0 };

	x86_play(list, use_machine, true);
	HOST_CHECK(play.rax == 0x00101022);
}

static void test_machine(void **state)
{
	assert_int_equal(host_isolated(machine, NULL)->status, 0);
}

/* INT n, at RIP and with its stack outside RAM, which is why it is emulated. */
static u8 int_vector;

static void soft_interrupt(struct soft_entry *e)
{
	const u8 insn[] = { 0xcd, int_vector };

	memcpy(play.world.ram + WORLD_CODE * PAGE_SIZE, insn, sizeof(insn));
	e->vmcb->rip = WORLD_CODE * PAGE_SIZE;
	e->vmcb->rsp = WORLD_HOLE * PAGE_SIZE;
	if (e->vmcb->exit_code != SVM_EXIT_NPF)
		return;
	e->vmcb->exit_info1 = BIT(32) | BIT(1);
	e->vmcb->exit_info2 = WORLD_HOLE * PAGE_SIZE;
	e->vmcb->exit_int_info = SVM_EV_VALID | SVM_EV_TYPE_SOFT | int_vector;
}

static void emulated_int(void *arg)
{
	static const u64 list[] = { SVM_EXIT_NPF, 0 };

	int_vector = (u8)(uintptr_t)arg;
	x86_play(list, soft_interrupt, false);
	HOST_CHECK(play.events == (SVM_EV_VALID | SVM_EV_TYPE_EXC | X86_VEC_UD));
}

/* No vector that a guest chooses becomes an exception, least of all that of the NMI. */
static void test_emulated_int(void **state)
{
	static const u8 vectors[] = { 0, X86_VEC_NMI, X86_VEC_DF, X86_VEC_PF, X86_VEC_AC, 31, 32 };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_int_equal(host_isolated(emulated_int, (void *)(uintptr_t)vectors[i])->status,
				 0);
}

/* A read of the hole, with the trap flag set. */
static u64 dr6_seen;

static void step_over_read(struct soft_entry *e)
{
	static const u8 insn[] = { 0x8b, 0x08 };	/* mov (%rax), %ecx */

	dr6_seen = e->event ? e->vmcb->dr6 : dr6_seen;
	if (e->vmcb->exit_code != SVM_EXIT_NPF) {
		e->vmcb->rflags &= ~(u64)X86_EFLAGS_TF;
		return;
	}
	memcpy(play.world.ram + WORLD_CODE * PAGE_SIZE, insn, sizeof(insn));
	e->vmcb->rip = WORLD_CODE * PAGE_SIZE;
	e->vmcb->rax = WORLD_HOLE * PAGE_SIZE;
	e->vmcb->rflags |= X86_EFLAGS_TF;
	e->vmcb->exit_info1 = BIT(32);
	e->vmcb->exit_info2 = WORLD_HOLE * PAGE_SIZE;
}

static void stepped(void *arg)
{
	static const u64 list[] = { SVM_EXIT_NPF, 0 };

	x86_play(list, step_over_read, false);
	HOST_CHECK(play.events == (SVM_EV_VALID | SVM_EV_TYPE_EXC | X86_VEC_DB));
	HOST_CHECK(dr6_seen & X86_DR6_BS);
}

/* A debugger finds in DR6 that the trap was a step, also after an emulated instruction. */
static void test_stepped(void **state)
{
	assert_int_equal(host_isolated(stepped, NULL)->status, 0);
}

/* XENVER_extraversion into a page that the guest may only read. */
static void ask_into_read_only(struct soft_entry *e)
{
	if (e->vmcb->exit_code != SVM_EXIT_VMMCALL)
		return;
	e->vmcb->rax = __HYPERVISOR_xen_version;
	e->gpr[GPR_RDI] = XENVER_extraversion;
	e->gpr[GPR_RSI] = WORLD_READ_ONLY * PAGE_SIZE;
}

static void result_into_read_only(void *arg)
{
	static const u64 list[] = { SVM_EXIT_VMMCALL, 0 };

	x86_play(list, ask_into_read_only, false);
	HOST_CHECK(play.rax == (u64)-XEN_EFAULT);
}

static void test_read_only_result(void **state)
{
	assert_int_equal(host_isolated(result_into_read_only, NULL)->status, 0);
}

/* Where every page is the kernel's, a user program has no instructions. */
static u32 fetched[2];

static void fetch_by_both(struct soft_entry *e)
{
	u64 *tables = (u64 *)(play.world.ram + WORLD_PAE_TABLES * PAGE_SIZE);
	u8 insn[4];

	if (e->vmcb->exit_code != SVM_EXIT_INTR)
		return;
	for (u32 i = PTES_PER_TABLE; i < 5 * PTES_PER_TABLE; i++)
		tables[i] &= ~(u64)PTE_USER;
	for (u32 user = 0; user < 2; user++) {
		world_set_mode(&play.world, to_xv(e->v), WORLD_PAE, user ? 3 : 0);
		fetched[user] = hvm_fetch(to_xv(e->v), WORLD_CODE * PAGE_SIZE, insn, sizeof(insn));
	}
	world_set_mode(&play.world, to_xv(e->v), WORLD_LONG, 0);
}

static void fetches(void *arg)
{
	static const u64 list[] = { SVM_EXIT_INTR, 0 };

	x86_play(list, fetch_by_both, false);
	HOST_CHECK(fetched[0] == 4 && fetched[1] == 0);
}

static void test_fetch_rights(void **state)
{
	assert_int_equal(host_isolated(fetches, NULL)->status, 0);
}

/* RDMSR of an MSR that does not exist, in real mode. */
static void read_bad_msr(struct soft_entry *e)
{
	if (e->vmcb->exit_code != SVM_EXIT_MSR)
		return;
	world_set_mode(&play.world, to_xv(e->v), WORLD_REAL, 0);
	e->gpr[GPR_RCX] = 0x12345;
}

static void real_mode_fault(void *arg)
{
	static const u64 list[] = { SVM_EXIT_MSR, 0 };

	x86_play(list, read_bad_msr, false);
	HOST_CHECK(play.events == (SVM_EV_VALID | SVM_EV_TYPE_EXC | X86_VEC_GP));
}

/* In real mode no exception has an error code. */
static void test_real_mode_fault(void **state)
{
	assert_int_equal(host_isolated(real_mode_fault, NULL)->status, 0);
}

static void break_cr4(struct soft_entry *e)
{
	e->vmcb->cr4 |= 1UL << 63;
}

static void refused(void *arg)
{
	static const u64 list[] = { SVM_EXIT_PAUSE, 0 };

	x86_play(list, break_cr4, false);
}

/* The processor is a check of the hypervisor, so it must refuse what a real one refuses. */
static void test_refused(void **state)
{
	assert_true(host_panics(refused, NULL, "VMRUN refuses"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpuid_and_hypercall),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_emulated_int),
		cmocka_unit_test(test_stepped),
		cmocka_unit_test(test_real_mode_fault),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_read_only_result),
		cmocka_unit_test(test_fetch_rights),
	};

	return cmocka_run_group_tests_name("x86-guests", tests, NULL, NULL);
}
