/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an x86 guest does outside its memory, and how its vCPUs halt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/domain.h>
#include <xen/string.h>
#include <xen/hal/time.h>

#include <asm/host.h>
#include <asm/page.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include "x86-play.h"

#define MS 1000000LL
#define NPF_WRITE BIT(1)
#define NPF_FETCH BIT(4)
#define NPF_FINAL BIT(32)
#define REVOKED (SOFT_PCI_BAR_BASE + (1UL << 20))

static u64 fault_at, fault_info;
static u8 insn[2];

/* Step 1 executes an instruction whose operand is at RAX, and faults. */
static void access_once(struct soft_entry *e)
{
	if (play.step != 1 || e->vmcb->exit_code != SVM_EXIT_NPF)
		return;
	memcpy(play.world.ram + WORLD_CODE * PAGE_SIZE, insn, sizeof(insn));
	e->vmcb->rip = play.world.base + WORLD_CODE * PAGE_SIZE;
	e->vmcb->rax = fault_at;
	e->gpr[GPR_RCX] = 0x11223344;
	e->vmcb->exit_info1 = fault_info | NPF_FINAL;
	e->vmcb->exit_info2 = fault_at;
}

static u32 seen_ecx;
static u64 seen_rip;

static void look_after(struct soft_entry *e)
{
	access_once(e);
	if (play.step == 1 && fault_at == REVOKED)
		HOST_CHECK(!rangeset_remove(&play.world.d->iomem_caps, REVOKED >> PAGE_SHIFT,
					    REVOKED >> PAGE_SHIFT));
	if (play.step == 2 && e->vmcb->exit_code == SVM_EXIT_PAUSE) {
		seen_ecx = (u32)e->gpr[GPR_RCX];
		seen_rip = e->vmcb->rip - play.world.base;
	}
}

static void play_access(u64 at, u64 info, bool hardware)
{
	static const u64 list[] = { SVM_EXIT_NPF, SVM_EXIT_PAUSE, 0 };

	fault_at = at;
	fault_info = info;
	insn[0] = info & NPF_WRITE ? 0x89 : 0x8b;	/* mov between %ecx and (%rax) */
	insn[1] = 0x08;
	x86_play(list, look_after, hardware);
	HOST_CHECK(seen_rip == WORLD_CODE * PAGE_SIZE + 2);
}

/* It goes on after the write, which had no effect: else it would fault again for ever. */
static void write_to_read_only(void *arg)
{
	play_access(WORLD_READ_ONLY * PAGE_SIZE, NPF_WRITE, false);
}

static void read_of_hole(void *arg)
{
	play_access(WORLD_HOLE * PAGE_SIZE, 0, false);
	HOST_CHECK(seen_ecx == ~0U);
}

/* Only what the domain has rights to is mapped when it is touched. */
static void read_without_rights(void *arg)
{
	play_access(REVOKED, 0, true);
	HOST_CHECK(seen_ecx == ~0U);
}

static void test_no_effect(void **state)
{
	assert_int_equal(host_isolated(write_to_read_only, NULL)->status, 0);
	assert_int_equal(host_isolated(read_of_hole, NULL)->status, 0);
	assert_int_equal(host_isolated(read_without_rights, NULL)->status, 0);
}

/* ---- ends ---- */

static struct world_domain world;
static u32 entries;
static void (*on_entry)(struct soft_entry *e);

static void entered(struct soft_entry *e)
{
	HOST_CHECK(++entries < 1000);
	on_entry(e);
}

static void run_domain(void (*fn)(struct soft_entry *e), u32 vcpus)
{
	world_boot(2);
	soft_guest_set(entered);
	on_entry = fn;
	world_create(&world, false, vcpus);
	domain_unpause_by_systemcontroller(world.d);
	host_run(hal_now_ns() + MS);
}

static void fetch_hole(struct soft_entry *e)
{
	e->vmcb->rip = WORLD_HOLE * PAGE_SIZE;
	e->vmcb->exit_code = SVM_EXIT_NPF;
	e->vmcb->exit_info1 = NPF_FETCH | NPF_FINAL;
	e->vmcb->exit_info2 = WORLD_HOLE * PAGE_SIZE;
}

static void runs_in_hole(void *arg)
{
	run_domain(fetch_hole, 1);
	HOST_CHECK(world.d->is_shut_down && world.d->shutdown_code == SHUTDOWN_crash);
	HOST_CHECK(!world_destroy(&world) && !world_left_over());
}

/* A guest that runs where nothing is ends; it does not fault for ever. */
static void test_runs_in_hole(void **state)
{
	assert_int_equal(host_isolated(runs_in_hole, NULL)->status, 0);
}

static void halt(struct soft_entry *e)
{
	e->vmcb->exit_code = SVM_EXIT_HLT;
	e->vmcb->rflags &= ~(u64)X86_EFLAGS_IF;
	e->vmcb->next_rip = e->vmcb->rip + 1;
}

static void one_of_two(void *arg)
{
	world_boot(2);
	soft_guest_set(halt);
	world_create(&world, false, 2);
	/* The second one is up, and its toolstack keeps it paused. */
	__atomic_fetch_and(&world.d->vcpu[1]->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_pause(world.d->vcpu[1]);
	domain_unpause_by_systemcontroller(world.d);
	host_run(hal_now_ns() + MS);
	HOST_CHECK(world.d->vcpu[0]->pause_flags & VPF_DOWN);
	HOST_CHECK(!world.d->is_shut_down);
	vcpu_unpause(world.d->vcpu[1]);
	host_run(hal_now_ns() + MS);
	HOST_CHECK(world.d->is_shut_down && world.d->shutdown_code == SHUTDOWN_poweroff);
	HOST_CHECK(!world_destroy(&world) && !world_left_over());
}

/* A domain ends with the last of its vCPUs that halts for good. */
static void test_one_of_two(void **state)
{
	assert_int_equal(host_isolated(one_of_two, NULL)->status, 0);
}

/* The exit of HLT has interrupted the delivery of an exception, which must not wait. */
static void halt_in_delivery(struct soft_entry *e)
{
	if (e->vmcb->exit_code != SVM_EXIT_PAUSE)
		return;
	e->vmcb->exit_code = SVM_EXIT_HLT;
	e->vmcb->next_rip = e->vmcb->rip + 1;
	e->vmcb->exit_int_info = SVM_EV_VALID | SVM_EV_TYPE_EXC | X86_VEC_DB;
	e->vmcb->rflags |= X86_EFLAGS_IF;
}

static void event_ends_halt(void *arg)
{
	static const u64 list[] = { SVM_EXIT_PAUSE, 0 };

	x86_play(list, halt_in_delivery, false);
	HOST_CHECK(play.events == (SVM_EV_VALID | SVM_EV_TYPE_EXC | X86_VEC_DB));
}

static void test_event_ends_halt(void **state)
{
	assert_int_equal(host_isolated(event_ends_halt, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_effect),
		cmocka_unit_test(test_runs_in_hole),
		cmocka_unit_test(test_one_of_two),
		cmocka_unit_test(test_event_ends_halt),
	};

	return cmocka_run_group_tests_name("x86-faults", tests, NULL, NULL);
}
