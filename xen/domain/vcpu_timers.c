/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timers that a guest sets by hypercall: VCPUOP_set_periodic_timer and _singleshot_timer, and
 * the older set_timer_op. (SCHEDOP_poll's timeout: poll.c.)
 */
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>

#include "private.h"

/* The shortest period that a guest may set. */
#define PERIODIC_MIN_NS 100000

/* The next tick comes one period after @last. */
static void arm_periodic(struct vcpu *v, s_time_t last)
{
	s_time_t period = READ_ONCE(v->periodic_period);

	ASSERT(!period || period >= PERIODIC_MIN_NS);
	if (period)
		timer_set(&v->periodic_timer, last + period);
}

static void singleshot_fired(void *arg)
{
	evtchn_send_vcpu_virq(arg, VIRQ_TIMER);
}

/*
 * After a tick while the vCPU is off its CPU the timer stops until the vCPU runs again. The event
 * stays pending, so more ticks would tell the guest nothing, but would take time from others.
 */
static void periodic_fired(void *arg)
{
	struct vcpu *v = arg;

	evtchn_send_vcpu_virq(v, VIRQ_TIMER);
	WRITE_ONCE(v->periodic_last, hal_now_ns());
	if (!sched_at_next_run(v, VSW_PERIODIC))
		arm_periodic(v, v->periodic_last);
}

void vcpu_periodic_resume(struct vcpu *v)
{
	s_time_t now = hal_now_ns(), period = READ_ONCE(v->periodic_period);

	ASSERT(v->running);
	__atomic_fetch_and(&v->switch_work, ~(u32)VSW_PERIODIC, __ATOMIC_RELAXED);
	/* Keep the phase of the ticks that were skipped. */
	if (period)
		arm_periodic(v, now - (now - READ_ONCE(v->periodic_last)) % period);
}

void vcpu_timers_init(struct vcpu *v)
{
	timer_init(&v->singleshot_timer, singleshot_fired, v, hal_smp_cpu_id());
	timer_init(&v->periodic_timer, periodic_fired, v, hal_smp_cpu_id());
	timer_init(&v->poll_timer, vcpu_poll_timed_out, v, hal_smp_cpu_id());
	timer_charge_to(&v->singleshot_timer, v);
	timer_charge_to(&v->periodic_timer, v);
	timer_charge_to(&v->poll_timer, v);
}

void vcpu_timers_kill(struct vcpu *v)
{
	timer_kill(&v->singleshot_timer);
	timer_kill(&v->periodic_timer);
	timer_kill(&v->poll_timer);
}

bool vcpu_timers_active(const struct vcpu *v)
{
	return timer_is_active(&v->singleshot_timer) || timer_is_active(&v->periodic_timer) ||
	       timer_is_active(&v->poll_timer);
}

void vcpu_timers_move(struct vcpu *v, u32 cpu)
{
	ASSERT(cpu == hal_smp_cpu_id());
	timer_migrate(&v->singleshot_timer, cpu);
	timer_migrate(&v->periodic_timer, cpu);
	timer_migrate(&v->poll_timer, cpu);
}

static int set_singleshot(struct vcpu *v, guest_ptr_t arg)
{
	struct vcpu_set_singleshot_timer t;

	if (guest_copy_in(v, &t, arg, sizeof(t)))
		return -XEN_EFAULT;
	if ((t.flags & VCPU_SSHOTTMR_future) && (s_time_t)t.timeout_abs_ns < hal_now_ns())
		return -XEN_ETIME;
	if (v->singleshot_timer.cpu != hal_smp_cpu_id())
		timer_migrate(&v->singleshot_timer, hal_smp_cpu_id());
	timer_set(&v->singleshot_timer, (s_time_t)t.timeout_abs_ns);
	return 0;
}

static int set_periodic(struct vcpu *v, guest_ptr_t arg)
{
	struct vcpu_set_periodic_timer t;

	if (guest_copy_in(v, &t, arg, sizeof(t)))
		return -XEN_EFAULT;
	if (t.period_ns < PERIODIC_MIN_NS || t.period_ns > (u64)INT64_MAX / 2)
		return -XEN_EINVAL;
	WRITE_ONCE(v->periodic_period, (s_time_t)t.period_ns);
	v->periodic_last = hal_now_ns();
	arm_periodic(v, v->periodic_last);
	return 0;
}

static int stop_periodic(struct vcpu *v)
{
	WRITE_ONCE(v->periodic_period, 0);
	timer_stop(&v->periodic_timer);
	return 0;
}

/* Only the vCPU itself may make these calls, because its timers follow it from CPU to CPU. */
long vcpu_timer_op(struct vcpu *v, u32 cmd, guest_ptr_t arg)
{
	switch (cmd) {
	case VCPUOP_set_periodic_timer:
		return set_periodic(v, arg);
	case VCPUOP_stop_periodic_timer:
		return stop_periodic(v);
	case VCPUOP_set_singleshot_timer:
		return set_singleshot(v, arg);
	default:
		timer_stop(&v->singleshot_timer);
		return 0;
	}
}

/* The old single timer call: absolute time, 0 stops it. */
long do_set_timer_op(struct vcpu *v, struct hypercall *hc)
{
	s_time_t timeout = (s_time_t)hc->arg[0];

	if (!timeout) {
		timer_stop(&v->singleshot_timer);
		return 0;
	}
	if (v->singleshot_timer.cpu != hal_smp_cpu_id())
		timer_migrate(&v->singleshot_timer, hal_smp_cpu_id());
	timer_set(&v->singleshot_timer, timeout < 0 ? INT64_MAX : timeout);
	return 0;
}
