/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an x86 guest meets at its entries: exceptions, NMIs one at a time, interrupts and upcalls,
 * each exactly once, also when an exit interrupted their delivery.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/string.h>

#include <asm/host.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include "x86-play.h"

#include "../../domain/evtchn/private.h"

#include <public/sched.h>

#define US 1000LL
#define MS 1000000LL
#define MSR_SPIV 0x80f
#define MSR_SELF_IPI 0x83f
#define VECTOR 0x55
#define NMI (SVM_EV_VALID | SVM_EV_TYPE_NMI | X86_VEC_NMI)
#define GP_OF_ZERO (SVM_EV_VALID | SVM_EV_TYPE_EXC | SVM_EV_ERROR_VALID | X86_VEC_GP)

/* ---- exceptions ---- */

static void read_bad_msr(struct soft_entry *e)
{
	e->gpr[GPR_RCX] = 0x12345;
}

static void error_code_zero(void *arg)
{
	static const u64 list[] = { SVM_EXIT_MSR, 0 };

	x86_play(list, read_bad_msr, false);
	HOST_CHECK(play.events == GP_OF_ZERO);
}

/* An error code of 0 is one as well. */
static void test_error_code_zero(void **state)
{
	assert_int_equal(host_isolated(error_code_zero, NULL)->status, 0);
}

static u64 interrupted;

static void interrupt_delivery(struct soft_entry *e)
{
	if (e->vmcb->exit_code == SVM_EXIT_PAUSE)
		e->vmcb->exit_int_info = interrupted;
}

static void delivered_again(void *arg)
{
	static const u64 list[] = { SVM_EXIT_PAUSE, 0 };

	interrupted = *(const u64 *)arg;
	x86_play(list, interrupt_delivery, false);
	HOST_CHECK(play.events == interrupted);
}

static void test_exception_again(void **state)
{
	static u64 infos[] = {
		SVM_EV_VALID | SVM_EV_TYPE_EXC | SVM_EV_ERROR_VALID | X86_VEC_PF | 2UL << 32,
		SVM_EV_VALID | SVM_EV_TYPE_EXC | X86_VEC_DB, SVM_EV_VALID | SVM_EV_TYPE_NMI | 2,
	};

	for (u32 i = 0; i < ARRAY_SIZE(infos); i++)
		assert_int_equal(host_isolated(delivered_again, &infos[i])->status, 0);
}

static void not_delivered_again(void *arg)
{
	static const u64 list[] = { SVM_EXIT_PAUSE, 0 };

	interrupted = *(const u64 *)arg;
	x86_play(list, interrupt_delivery, false);
	HOST_CHECK(!play.events);
}

/* RIP is still at these instructions, so that they raise their events again. */
static void test_instruction_again(void **state)
{
	static u64 infos[] = {
		SVM_EV_VALID | SVM_EV_TYPE_EXC | X86_VEC_BP,
		SVM_EV_VALID | SVM_EV_TYPE_EXC | X86_VEC_OF, SVM_EV_VALID | SVM_EV_TYPE_SOFT | 0x80,
	};

	for (u32 i = 0; i < ARRAY_SIZE(infos); i++)
		assert_int_equal(host_isolated(not_delivered_again, &infos[i])->status, 0);
}

/* ---- interrupts ---- */

/* Steps 1 and 2: x2APIC mode, and the APIC is on. */
static bool enable_apic(struct soft_entry *e)
{
	if (play.step == 1)
		x86_play_wrmsr(e, MSR_APIC_BASE, VLAPIC_DEFAULT_BASE | APIC_BASE_EN |
						 APIC_BASE_EXTD | APIC_BASE_BSP);
	else if (play.step == 2)
		x86_play_wrmsr(e, MSR_SPIV, 0x1ff);
	return play.step <= 2;
}

static void lose_interrupt(struct soft_entry *e)
{
	if (e->vmcb->exit_code == SVM_EXIT_HLT || enable_apic(e))
		return;
	if (play.step == 3) {
		x86_play_wrmsr(e, MSR_SELF_IPI, VECTOR);
		e->vmcb->rflags |= X86_EFLAGS_IF;
	} else if (play.step == 4) {
		HOST_CHECK(e->vector == VECTOR);
		e->vmcb->exit_int_info = SVM_EV_VALID | SVM_EV_TYPE_INTR | VECTOR;
	}
}

static void interrupt_again(void *arg)
{
	static const u64 list[] = { SVM_EXIT_MSR, SVM_EXIT_MSR, SVM_EXIT_MSR, SVM_EXIT_PAUSE,
				    SVM_EXIT_PAUSE, SVM_EXIT_PAUSE, 0 };

	x86_play(list, lose_interrupt, false);
	HOST_CHECK(play.nr_taken == 2 && play.taken == VECTOR);
}

static void test_interrupt_again(void **state)
{
	assert_int_equal(host_isolated(interrupt_again, NULL)->status, 0);
}

static void upcall_before_apic(struct soft_entry *e)
{
	if (e->vmcb->exit_code == SVM_EXIT_HLT)
		return;
	if (play.step == 1) {
		to_xv(e->v)->upcall_vector = VECTOR;
		hal_vcpu_event_notify(e->v);
	}
	if (!enable_apic(e))
		e->vmcb->rflags |= X86_EFLAGS_IF;
}

static void upcall_waits(void *arg)
{
	static const u64 list[] = { SVM_EXIT_MSR, SVM_EXIT_MSR, SVM_EXIT_PAUSE, SVM_EXIT_PAUSE, 0 };

	x86_play(list, upcall_before_apic, false);
	HOST_CHECK(play.nr_taken == 1 && play.taken == VECTOR);
}

/* An upcall is raised once for all events that follow, so it must outlive an APIC that is off. */
static void test_upcall_waits(void **state)
{
	assert_int_equal(host_isolated(upcall_waits, NULL)->status, 0);
}

static u64 shadows[2];

/* STI came right before the CPUID that exits. */
static void cpuid_after_sti(struct soft_entry *e)
{
	shadows[play.step - 1] = e->vmcb->interrupt_shadow;
	if (e->vmcb->exit_code == SVM_EXIT_CPUID)
		e->vmcb->interrupt_shadow = 1;
}

static void shadow_ends(void *arg)
{
	static const u64 list[] = { SVM_EXIT_CPUID, SVM_EXIT_PAUSE, 0 };

	x86_play(list, cpuid_after_sti, false);
	HOST_CHECK(!shadows[0] && !shadows[1]);
}

/* The instruction after STI or MOV SS is done: interrupts may come. */
static void test_shadow_ends(void **state)
{
	assert_int_equal(host_isolated(shadow_ends, NULL)->status, 0);
}

/* ---- polls ---- */

#define POLL_FOR (200 * US)
static struct {
	bool takes_interrupts;	/* RFLAGS.IF at the poll */
	s_time_t asked, back;
} poll;

/* An event of another port waits, which is not the one that is polled. */
static void poll_with_upcall(struct soft_entry *e)
{
	const u64 at = WORLD_DATA * PAGE_SIZE;
	struct { struct sched_poll poll; evtchn_port_t port; } arg = { 0 };
	struct domain *d = e->v->domain;

	if (e->vmcb->exit_code == SVM_EXIT_HLT || enable_apic(e))
		return;
	if (play.step == 4) {
		poll.back = hal_now_ns();
		return;
	}
	to_xv(e->v)->upcall_vector = VECTOR;
	HOST_CHECK(evtchn_bind_ipi(d, 0) == 1 && evtchn_bind_ipi(d, 0) == 2);
	HOST_CHECK(!evtchn_send(d, 1) && e->v->vcpu_info->evtchn_upcall_pending);
	poll.asked = hal_now_ns();
	arg.port = 2;
	arg.poll.nr_ports = 1;
	arg.poll.timeout = (u64)(poll.asked + POLL_FOR);
	set_xen_guest_handle(arg.poll.ports, (evtchn_port_t *)(at + sizeof(arg.poll)));
	memcpy(play.world.ram + at, &arg, sizeof(arg));
	e->vmcb->rax = __HYPERVISOR_sched_op;
	e->gpr[GPR_RDI] = SCHEDOP_poll;
	e->gpr[GPR_RSI] = at;
	if (poll.takes_interrupts)
		e->vmcb->rflags |= X86_EFLAGS_IF;
}

static void poll_once(void *arg)
{
	static const u64 list[] = { SVM_EXIT_MSR, SVM_EXIT_MSR, SVM_EXIT_VMMCALL, SVM_EXIT_PAUSE,
				    0 };

	poll.takes_interrupts = arg;
	x86_play(list, poll_with_upcall, false);
	HOST_CHECK(poll.asked && poll.back >= poll.asked);
	HOST_CHECK((poll.back - poll.asked < POLL_FOR) == poll.takes_interrupts);
	HOST_CHECK(play.nr_taken == poll.takes_interrupts);
}

/* An upcall that the guest can take ends its poll; another does not. */
static void test_poll_and_upcall(void **state)
{
	assert_int_equal(host_isolated(poll_once, &poll)->status, 0);
	assert_int_equal(host_isolated(poll_once, NULL)->status, 0);
}

/* ---- NMIs ---- */

static u32 nmis[16];

/* A second NMI comes while the guest handles the first, which ends with the IRET of step 4. */
static void handle_nmis(struct soft_entry *e)
{
	struct vmcb *b = e->vmcb;

	if (b->exit_code == SVM_EXIT_HLT)
		return;
	nmis[play.step] = e->event == NMI;
	if (play.step == 1 || play.step == 2)
		hal_vcpu_nmi(e->v);
	if (play.step == 4)
		HOST_CHECK(b->intercept1 & SVM_I1_IRET);
	if (play.step == 5) {
		HOST_CHECK(b->rflags & X86_EFLAGS_TF);
		b->rip = WORLD_CODE * PAGE_SIZE;
		b->rflags &= ~(u64)X86_EFLAGS_TF;
		b->dr6 |= X86_DR6_BS;
	}
}

static void nmis_in_turn(void *arg)
{
	static const u64 list[] = { SVM_EXIT_PAUSE, SVM_EXIT_PAUSE, SVM_EXIT_PAUSE, SVM_EXIT_IRET,
				    SVM_EXIT_EXC_BASE + X86_VEC_DB, SVM_EXIT_PAUSE, 0 };

	x86_play(list, handle_nmis, false);
	HOST_CHECK(nmis[2] && !nmis[3] && !nmis[4] && !nmis[5] && nmis[6]);
	HOST_CHECK(play.events == NMI);
}

/* The next NMI waits for the IRET, and the guest sees nothing of the trap that shows its end. */
static void test_nmis_in_turn(void **state)
{
	assert_int_equal(host_isolated(nmis_in_turn, NULL)->status, 0);
}

/* ---- a vCPU that runs ---- */

static s_time_t posted, met;

static void compute(struct soft_entry *e)
{
	if (e->event && !met)
		met = hal_now_ns();
	e->vmcb->exit_code = SVM_EXIT_INTR;
	if (!met)
		return soft_guest_computes(5 * MS);
	e->vmcb->exit_code = SVM_EXIT_HLT;
	e->vmcb->rflags &= ~(u64)X86_EFLAGS_IF;
	e->vmcb->next_rip = e->vmcb->rip + 1;
}

static void told_at_once(void *arg)
{
	struct world_domain *w = &play.world;

	world_boot(2);
	world_create(w, false, 1);
	soft_guest_set(compute);
	domain_unpause_by_systemcontroller(w->d);
	host_run(hal_now_ns() + 100 * US);
	HOST_CHECK(w->d->vcpu[0]->running);
	posted = hal_now_ns();
	hal_vcpu_nmi(w->d->vcpu[0]);
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(met && met - posted < 100 * US);
	HOST_CHECK(!world_destroy(w) && !world_left_over());
}

/* A guest that computes does not exit by itself: its CPU has to be told of an event. */
static void test_told_at_once(void **state)
{
	assert_int_equal(host_isolated(told_at_once, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_code_zero),
		cmocka_unit_test(test_exception_again),
		cmocka_unit_test(test_instruction_again),
		cmocka_unit_test(test_interrupt_again),
		cmocka_unit_test(test_upcall_waits),
		cmocka_unit_test(test_shadow_ends),
		cmocka_unit_test(test_poll_and_upcall),
		cmocka_unit_test(test_nmis_in_turn),
		cmocka_unit_test(test_told_at_once),
	};

	return cmocka_run_group_tests_name("x86-events", tests, NULL, NULL);
}
