/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCHEDOP_poll: sleep until one of several event channels is pending, or a time is reached.
 *
 * The vCPU first sets VPF_POLL and poll_evtchn, then checks the ports; the sender of an event first
 * makes the port pending, then looks for pollers. So no event is lost.
 */
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/hal/vcpu.h>
#include <xen/softirq.h>

#include "private.h"

/* A guest may poll this many ports at once. */
#define POLL_MAX_PORTS 128

void vcpu_poll_timed_out(void *arg)
{
	struct vcpu *v = arg;

	WRITE_ONCE(v->poll_evtchn, 0);
	if (__atomic_fetch_and(&v->pause_flags, ~VPF_POLL, __ATOMIC_SEQ_CST) & VPF_POLL)
		vcpu_wake(v);
}

/*
 * An interrupt ends a poll when the vCPU can take it, as on Xen. The flag of a pending upcall says
 * nothing: a guest that polls with interrupts off leaves it set for as long as it likes.
 */
static bool any_pending(struct vcpu *v, u32 nr_ports, const evtchn_port_t *ports)
{
	for (u32 i = 0; i < nr_ports; i++)
		if (evtchn_port_pending(v->domain, ports[i]))
			return true;
	return hal_vcpu_takes_pending(v);
}

int vcpu_poll(struct vcpu *v, u32 nr_ports, const evtchn_port_t *ports, s_time_t timeout)
{
	for (u32 i = 0; i < nr_ports; i++)
		if (!evtchn_port_valid(v->domain, ports[i]))
			return -XEN_EINVAL;

	ASSERT(nr_ports <= POLL_MAX_PORTS && v->poll_timer.fn);
	WRITE_ONCE(v->poll_evtchn, nr_ports == 1 ? ports[0] : ~0U);
	__atomic_fetch_or(&v->pause_flags, VPF_POLL, __ATOMIC_SEQ_CST);
	if (any_pending(v, nr_ports, ports)) {
		WRITE_ONCE(v->poll_evtchn, 0);
		__atomic_fetch_and(&v->pause_flags, ~VPF_POLL, __ATOMIC_SEQ_CST);
		return 0;
	}
	/* A timer left from an earlier poll would end this one early. */
	if (timeout)
		timer_set(&v->poll_timer, timeout);
	else
		timer_stop(&v->poll_timer);
	softirq_raise(SOFTIRQ_SCHEDULE);
	return 0;
}

long sched_op_poll(struct vcpu *v, guest_ptr_t arg)
{
	evtchn_port_t ports[POLL_MAX_PORTS];
	struct sched_poll poll;

	if (guest_copy_in(v, &poll, arg, sizeof(poll)))
		return -XEN_EFAULT;
	if (poll.nr_ports > POLL_MAX_PORTS)
		return -XEN_EINVAL;
	if (guest_copy_in(v, ports, guest_handle_ptr(poll.ports),
			  poll.nr_ports * sizeof(ports[0])))
		return -XEN_EFAULT;
	return vcpu_poll(v, poll.nr_ports, ports, (s_time_t)poll.timeout);
}
