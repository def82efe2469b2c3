/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: states, permissions, the 2-level ABI, teardown. */
#include "fake-world.h"

#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/ops.h>
#include <xen/shared_info.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct domain *dom0, *dom1;

static int setup(void **state)
{
	struct domain *d;
	struct vcpu *v;

	world_init();
	dom0 = world_domain(0, 2, 8);
	dom1 = world_domain(1, 3, 8);
	dom0->is_privileged = dom0->is_hardware = true;
	hardware_domain = dom0;
	for (u32 i = 0; i < 2; i++) {
		d = i ? dom1 : dom0;
		assert_int_equal(evtchn_domain_init(d, 0), 0);
		for_each_vcpu(d, v)
			assert_int_equal(evtchn_vcpu_init(v), 0);
	}
	return 0;
}

static int teardown(void **state)
{
	while (evtchn_domain_destroy(dom1))
		;
	while (evtchn_domain_destroy(dom0))
		;
	evtchn_domain_free(dom1);
	evtchn_domain_free(dom0);
	world_domain_free(dom1);
	world_domain_free(dom0);
	assert_int_equal(world_used_frames(), 0);
	assert_int_equal(world_pirqs_bound, 0);
	return 0;
}

/* Hypercalls as a guest makes them. Those that return a port return it or the error. */

static long call(struct domain *d, u32 vcpu, u32 cmd, void *arg)
{
	return evtchn_op(d->vcpu[vcpu], cmd, world_ptr(arg));
}

static long alloc_unbound(struct domain *d, u16 dom, u16 remote)
{
	struct evtchn_alloc_unbound op = { .dom = dom, .remote_dom = remote };
	long rc = call(d, 0, EVTCHNOP_alloc_unbound, &op);

	return rc ? rc : op.port;
}

static long bind_interdomain(struct domain *d, u16 remote, u32 port)
{
	struct evtchn_bind_interdomain op = { .remote_dom = remote, .remote_port = port };
	long rc = call(d, 0, EVTCHNOP_bind_interdomain, &op);

	return rc ? rc : op.local_port;
}

static long bind_virq(struct domain *d, u32 virq, u32 vcpu)
{
	struct evtchn_bind_virq op = { .virq = virq, .vcpu = vcpu };
	long rc = call(d, 0, EVTCHNOP_bind_virq, &op);

	return rc ? rc : op.port;
}

static long bind_ipi(struct domain *d, u32 vcpu)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };
	long rc = call(d, 0, EVTCHNOP_bind_ipi, &op);

	return rc ? rc : op.port;
}

static long bind_pirq(struct domain *d, u32 pirq)
{
	struct evtchn_bind_pirq op = { .pirq = pirq };
	long rc = call(d, 0, EVTCHNOP_bind_pirq, &op);

	return rc ? rc : op.port;
}

static long one_port(struct domain *d, u32 cmd, long port)
{
	u32 op = (u32)port;

	return call(d, 0, cmd, &op);
}

static long bind_vcpu(struct domain *d, long port, u32 vcpu)
{
	struct evtchn_bind_vcpu op = { .port = (u32)port, .vcpu = vcpu };

	return call(d, 0, EVTCHNOP_bind_vcpu, &op);
}

static struct evtchn_status status_of(struct domain *d, long port)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = (u32)port };

	assert_int_equal(call(d, 0, EVTCHNOP_status, &op), 0);
	return op;
}

static bool pending(struct domain *d, long port)
{
	return bit_test(d->shared_info->evtchn_pending, (u32)port);
}

/* What a guest does in its upcall: take everything. */
static void ack_all(struct domain *d)
{
	struct vcpu *v;

	memset(d->shared_info->evtchn_pending, 0, sizeof(d->shared_info->evtchn_pending));
	for_each_vcpu(d, v) {
		v->vcpu_info->evtchn_upcall_pending = 0;
		v->vcpu_info->evtchn_pending_sel = 0;
		fake_vcpu(d, v->id)->notified = 0;
	}
}

static void test_interdomain(void **state)
{
	long p1 = alloc_unbound(dom1, DOMID_SELF, 0);
	long p0;

	assert_int_equal(p1, 1);
	assert_int_equal(status_of(dom1, p1).status, EVTCHNSTAT_unbound);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p1), 0);

	p0 = bind_interdomain(dom0, 1, p1);
	assert_int_equal(p0, 1);
	assert_int_equal(status_of(dom1, p1).u.interdomain.dom, 0);
	assert_int_equal(status_of(dom0, p0).u.interdomain.port, p1);
	/* The binder gets one event at first, whatever was sent before. */
	assert_true(pending(dom0, p0));
	assert_int_equal(fake_vcpu(dom0, 0)->notified, 1);
	assert_int_equal(bind_interdomain(dom0, 1, p1), -XEN_EINVAL);

	ack_all(dom0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p1), 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p1), 0);
	assert_true(pending(dom0, p0));
	assert_int_equal(dom0->vcpu[0]->vcpu_info->evtchn_pending_sel, 1);
	assert_int_equal(fake_vcpu(dom0, 0)->notified, 1);
	assert_true(evtchn_vcpu_pending(dom0->vcpu[0]));
	assert_false(evtchn_vcpu_pending(dom1->vcpu[0]));

	assert_int_equal(one_port(dom0, EVTCHNOP_close, p0), 0);
	assert_false(pending(dom0, p0));
	assert_int_equal(status_of(dom1, p1).status, EVTCHNSTAT_unbound);
	assert_int_equal(status_of(dom1, p1).u.unbound.dom, 0);
	assert_int_equal(one_port(dom0, EVTCHNOP_close, p0), -XEN_EINVAL);
	assert_int_equal(one_port(dom0, EVTCHNOP_send, p0), -XEN_EINVAL);
	assert_int_equal(bind_interdomain(dom0, 1, p1), p0);
}

static void test_loopback(void **state)
{
	long a = alloc_unbound(dom1, DOMID_SELF, DOMID_SELF);
	long b = bind_interdomain(dom1, DOMID_SELF, a);

	assert_true(b > 0 && b != a);
	ack_all(dom1);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, a), 0);
	assert_true(pending(dom1, b) && !pending(dom1, a));
	assert_int_equal(one_port(dom1, EVTCHNOP_close, a), 0);
	assert_int_equal(status_of(dom1, b).status, EVTCHNSTAT_unbound);
	/* The port just freed is what a new binding gets: it cannot bind to itself. */
	assert_int_equal(bind_interdomain(dom1, DOMID_SELF, a), -XEN_EINVAL);
}

static void test_permissions(void **state)
{
	struct evtchn_status st = { .dom = 0, .port = 1 };
	struct evtchn_reset rst = { .dom = 0 };
	long p;

	assert_int_equal(alloc_unbound(dom1, 0, 1), -XEN_EPERM);
	assert_int_equal(alloc_unbound(dom1, 77, 1), -XEN_EPERM);
	assert_int_equal(alloc_unbound(dom0, 77, 1), -XEN_ESRCH);
	assert_int_equal(call(dom1, 0, EVTCHNOP_status, &st), -XEN_EPERM);
	assert_int_equal(call(dom1, 0, EVTCHNOP_reset, &rst), -XEN_EPERM);
	assert_int_equal(bind_pirq(dom1, 5), -XEN_EPERM);

	/* Offered to domain 0 only. */
	p = alloc_unbound(dom0, 1, 0);
	assert_int_equal(p, 1);
	assert_int_equal(bind_interdomain(dom1, DOMID_SELF, p), -XEN_EINVAL);
	assert_int_equal(bind_interdomain(dom1, 99, p), -XEN_ESRCH);
	assert_int_equal(bind_interdomain(dom0, 1, 0), -XEN_EINVAL);
	assert_int_equal(bind_interdomain(dom0, 1, 1U << 31), -XEN_EINVAL);
	assert_int_equal(bind_interdomain(dom0, 1, p), 1);

	/* A running domain is not reset by another. */
	rst.dom = 1;
	assert_int_equal(call(dom0, 0, EVTCHNOP_reset, &rst), -XEN_EINVAL);
	dom1->controller_pause_count = 1;
	assert_int_equal(call(dom0, 0, EVTCHNOP_reset, &rst), 0);
	assert_int_equal(status_of(dom1, p).status, EVTCHNSTAT_closed);
}

static void test_bad_arguments(void **state)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF };

	for (u32 cmd = 0; cmd <= EVTCHNOP_set_priority; cmd++)
		assert_int_equal(evtchn_op(dom1->vcpu[0], cmd, gvaddr_make(0)), -XEN_EFAULT);
	assert_int_equal(call(dom1, 0, EVTCHNOP_set_priority + 1, &op), -XEN_ENOSYS);
	assert_int_equal(call(dom1, 0, ~0U, &op), -XEN_ENOSYS);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, 0), -XEN_EINVAL);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, ~0U), -XEN_EINVAL);
	assert_int_equal(one_port(dom1, EVTCHNOP_close, 0), -XEN_EINVAL);
	assert_int_equal(one_port(dom1, EVTCHNOP_unmask, 0), -XEN_EINVAL);
	assert_int_equal(bind_ipi(dom1, 3), -XEN_ENOENT);
	assert_int_equal(bind_virq(dom1, NR_VIRQS, 0), -XEN_EINVAL);
	assert_int_equal(bind_virq(dom1, VIRQ_TIMER, ~0U), -XEN_ENOENT);

	/* The port cannot be handed out: nothing stays open. */
	world_copy_fails_in = 2;
	assert_int_equal(call(dom1, 0, EVTCHNOP_alloc_unbound, &op), -XEN_EFAULT);
	world_copy_fails_in = 0;
	assert_int_equal(status_of(dom1, 1).status, EVTCHNSTAT_closed);
	assert_int_equal(alloc_unbound(dom1, DOMID_SELF, 0), 1);
}

static void test_ipi(void **state)
{
	long p = bind_ipi(dom1, 2);

	assert_int_equal(status_of(dom1, p).vcpu, 2);
	assert_int_equal(bind_vcpu(dom1, p, 1), -XEN_EINVAL);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_true(pending(dom1, p));
	assert_int_equal(fake_vcpu(dom1, 2)->notified, 1);
	assert_int_equal(fake_vcpu(dom1, 0)->notified, 0);
}

static void test_virq(void **state)
{
	long timer = bind_virq(dom1, VIRQ_TIMER, 1);
	long console = bind_virq(dom0, VIRQ_CONSOLE, 0);

	assert_true(timer > 0 && console > 0);
	assert_int_equal(bind_virq(dom1, VIRQ_TIMER, 1), -XEN_EEXIST);
	assert_true(bind_virq(dom1, VIRQ_TIMER, 0) > 0);
	assert_int_equal(bind_virq(dom0, VIRQ_CONSOLE, 0), -XEN_EEXIST);
	assert_int_equal(bind_virq(dom0, VIRQ_DOM_EXC, 1), -XEN_EINVAL);
	assert_int_equal(bind_vcpu(dom1, timer, 0), -XEN_EINVAL);
	assert_int_equal(bind_vcpu(dom0, console, 1), 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, timer), -XEN_EINVAL);

	evtchn_send_vcpu_virq(dom1->vcpu[1], VIRQ_TIMER);
	assert_true(pending(dom1, timer));
	assert_int_equal(fake_vcpu(dom1, 1)->notified, 1);
	evtchn_send_vcpu_virq(dom1->vcpu[2], VIRQ_TIMER);
	assert_int_equal(fake_vcpu(dom1, 2)->notified, 0);
	evtchn_send_global_virq(VIRQ_CONSOLE);
	assert_true(pending(dom0, console));
	assert_int_equal(fake_vcpu(dom0, 1)->notified, 1);
	evtchn_send_global_virq(VIRQ_DOM_EXC);

	assert_int_equal(one_port(dom1, EVTCHNOP_close, timer), 0);
	ack_all(dom1);
	evtchn_send_vcpu_virq(dom1->vcpu[1], VIRQ_TIMER);
	assert_int_equal(fake_vcpu(dom1, 1)->notified, 0);
	assert_int_equal(bind_virq(dom1, VIRQ_TIMER, 1), timer);
	hardware_domain = NULL;
	evtchn_send_global_virq(VIRQ_CONSOLE);
}

static void test_pirq(void **state)
{
	long p;

	evtchn_send_pirq(dom0, 5);
	assert_int_equal(bind_pirq(dom0, 5000), -XEN_EINVAL);
	assert_int_equal(bind_pirq(dom0, 13), -XEN_EBUSY);
	assert_int_equal(world_pirqs_bound, 0);
	p = bind_pirq(dom0, 5);
	assert_int_equal(p, 1);
	assert_int_equal(bind_pirq(dom0, 5), -XEN_EEXIST);
	assert_int_equal(status_of(dom0, p).u.pirq, 5);
	evtchn_send_pirq(dom0, 6);
	assert_false(pending(dom0, p));
	evtchn_send_pirq(dom0, 5);
	assert_true(pending(dom0, p));
	assert_int_equal(one_port(dom0, EVTCHNOP_close, p), 0);
	assert_int_equal(world_pirqs_bound, 0);
}

static void test_mask(void **state)
{
	long p = bind_ipi(dom1, 0);

	bit_set(dom1->shared_info->evtchn_mask, (u32)p);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_true(pending(dom1, p));
	assert_int_equal(fake_vcpu(dom1, 0)->notified, 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_unmask, p), 0);
	assert_false(bit_test(dom1->shared_info->evtchn_mask, (u32)p));
	assert_int_equal(fake_vcpu(dom1, 0)->notified, 1);
	assert_true(evtchn_port_pending(dom1, (u32)p));
	/* It is not masked any more: the vCPU has been told, even if it has not looked yet. */
	dom1->vcpu[0]->vcpu_info->evtchn_upcall_pending = 0;
	dom1->vcpu[0]->vcpu_info->evtchn_pending_sel = 0;
	assert_int_equal(one_port(dom1, EVTCHNOP_unmask, p), 0);
	assert_int_equal(fake_vcpu(dom1, 0)->notified, 1);
	ack_all(dom1);
	assert_int_equal(one_port(dom1, EVTCHNOP_unmask, p), 0);
	assert_int_equal(fake_vcpu(dom1, 0)->notified, 0);
	assert_false(evtchn_port_pending(dom1, (u32)p));
}

static void test_poll(void **state)
{
	long p = bind_ipi(dom1, 0), q = bind_ipi(dom1, 0);

	dom1->vcpu[1]->poll_evtchn = (u32)p;
	dom1->vcpu[2]->poll_evtchn = ~0U;
	dom1->vcpu[1]->pause_flags = dom1->vcpu[2]->pause_flags = VPF_POLL;
	bit_set(dom1->shared_info->evtchn_mask, (u32)q);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, q), 0);
	assert_int_equal(fake_vcpu(dom1, 1)->unblocked, 0);
	assert_int_equal(fake_vcpu(dom1, 2)->unblocked, 1);
	assert_int_equal(dom1->vcpu[2]->poll_evtchn, 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_int_equal(fake_vcpu(dom1, 1)->unblocked, 1);
	assert_int_equal(fake_vcpu(dom1, 2)->unblocked, 1);

	/* After a poll that ended for another reason, its port must not end a later block. */
	dom1->vcpu[1]->poll_evtchn = (u32)p;
	dom1->vcpu[1]->pause_flags = VPF_BLOCKED;
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_int_equal(fake_vcpu(dom1, 1)->unblocked, 1);
}

static void test_vcpu_info_moves(void **state)
{
	struct vcpu *v = dom1->vcpu[0];
	struct vcpu_info info;
	long p = bind_ipi(dom1, 0);

	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	info = *v->vcpu_info;
	info.evtchn_upcall_pending = 0;
	v->vcpu_info = &info;
	evtchn_vcpu_info_moved(v);
	assert_int_equal(info.evtchn_upcall_pending, 1);
	assert_int_equal(info.evtchn_pending_sel, ~0UL);
	assert_int_equal(fake_vcpu(dom1, 0)->notified, 2);
	v->vcpu_info = &dom1->shared_info->vcpu_info[0];
}

static void test_limits(void **state)
{
	struct domain *d = world_domain(9, 1, 0);
	long p;

	assert_int_equal(evtchn_domain_init(d, 100), 0);
	assert_int_equal(evtchn_vcpu_init(d->vcpu[0]), 0);
	for (u32 i = 1; i <= 100; i++)
		assert_int_equal(bind_ipi(d, 0), i);
	assert_int_equal(bind_ipi(d, 0), -XEN_ENOSPC);
	assert_int_equal(one_port(d, EVTCHNOP_close, 37), 0);
	assert_int_equal(bind_ipi(d, 0), 37);
	assert_false(evtchn_port_valid(d, 4096));

	/* Closing is preemptible, and what was closed stays closed. */
	world_preempt_every = 1;
	p = 0;
	while (evtchn_domain_destroy(d) == -XEN_ERESTART)
		p++;
	assert_true(p >= 2);
	assert_int_equal(evtchn_domain_destroy(d), 0);
	assert_int_equal(bind_ipi(d, 0), -XEN_EINVAL);
	evtchn_domain_free(d);
	world_domain_free(d);

	/* The 2-level ABI has fewer ports than the FIFO ABI. */
	for (u32 i = 1; i < EVTCHN_2L_NR_CHANNELS; i++)
		assert_int_equal(bind_ipi(dom1, 0), i);
	assert_int_equal(bind_ipi(dom1, 0), -XEN_ENOSPC);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, EVTCHN_2L_NR_CHANNELS - 1), 0);
	assert_true(pending(dom1, EVTCHN_2L_NR_CHANNELS - 1));
	assert_int_equal(dom1->vcpu[0]->vcpu_info->evtchn_pending_sel, 1UL << 63);
}

/* A 32-bit guest has a quarter of the ports, and its mask at another offset than a 64-bit one. */
static void test_32bit_layout(void **state)
{
	unsigned long *mask;
	u32 *sel = (u32 *)dom1->vcpu[0]->vcpu_info + 1;
	long p;

	dom1->shared_info_is_32bit = true;
	mask = shared_evtchn_mask(dom1);
	for (u32 i = 1; i < 1024; i++)
		assert_int_equal(bind_ipi(dom1, 0), i);
	assert_int_equal(bind_ipi(dom1, 0), -XEN_ENOSPC);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, 1023), 0);
	assert_true(pending(dom1, 1023));
	assert_int_equal(*sel, 1U << 31);
	assert_int_equal(fake_vcpu(dom1, 0)->notified, 1);
	bit_set(mask, 100);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, 100), 0);
	assert_int_equal(*sel, 1U << 31);
	assert_int_equal(one_port(dom1, EVTCHNOP_unmask, 100), 0);
	assert_false(bit_test(mask, 100));
	assert_int_equal(*sel, 1U << 31 | 1U << 3);

	/*
	 * With the wide layout it opens more ports; back in the narrow layout those are invisible.
	 */
	dom1->shared_info_is_32bit = false;
	p = bind_ipi(dom1, 0);
	assert_int_equal(p, 1024);
	dom1->shared_info_is_32bit = true;
	ack_all(dom1);
	*sel = 0;
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_int_equal(*sel, 0);
	assert_int_equal(fake_vcpu(dom1, 0)->notified, 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_unmask, p), 0);
	assert_int_equal(*mask, 0);
	assert_false(evtchn_port_pending(dom1, (u32)p));
}

static void test_peer_dies(void **state)
{
	struct domain *d = world_domain(9, 1, 0);
	long p, q;

	assert_int_equal(evtchn_domain_init(d, 0), 0);
	assert_int_equal(evtchn_vcpu_init(d->vcpu[0]), 0);
	p = alloc_unbound(dom0, 9, 0);
	q = bind_interdomain(dom0, 9, p);
	assert_true(q > 0);
	assert_int_equal(evtchn_domain_destroy(d), 0);
	assert_int_equal(status_of(dom0, q).status, EVTCHNSTAT_unbound);
	assert_int_equal(alloc_unbound(dom0, 9, 0), -XEN_EINVAL);
	evtchn_domain_free(d);
	world_domain_free(d);
	assert_int_equal(one_port(dom0, EVTCHNOP_send, q), 0);
}

/* Random calls of two domains, checked against a plain model of each port's state. */

#define MODEL_PORTS 200

struct model_port {
	u8 state;
	u16 peer_dom;
	u32 peer_port, vcpu;
	bool pending;
};

static struct model_port model[2][MODEL_PORTS];

static u32 lowest_free(u32 dom)
{
	for (u32 p = 1; p < MODEL_PORTS; p++)
		if (model[dom][p].state == EVTCHNSTAT_closed)
			return p;
	return 0;
}

static void model_close(u32 dom, u32 p)
{
	struct model_port *m = &model[dom][p];

	if (m->state == EVTCHNSTAT_interdomain) {
		model[m->peer_dom][m->peer_port].state = EVTCHNSTAT_unbound;
		model[m->peer_dom][m->peer_port].peer_dom = (u16)dom;
	}
	*m = (struct model_port){ 0 };
}

static void storm_bind(struct domain *d, u32 rdom, u32 rport)
{
	u32 want = lowest_free(d->id);
	struct model_port *r = &model[rdom][rport];
	long got = bind_interdomain(d, (u16)rdom, rport);

	if (r->state != EVTCHNSTAT_unbound || r->peer_dom != d->id || !want) {
		assert_true(got < 0);
		return;
	}
	assert_int_equal(got, want);
	model[d->id][want] = (struct model_port){ EVTCHNSTAT_interdomain, (u16)rdom, rport, 0,
						  true };
	r->state = EVTCHNSTAT_interdomain;
	r->peer_dom = d->id;
	r->peer_port = want;
}

static void storm_send(struct domain *d, u32 p)
{
	struct model_port *m = &model[d->id][p];
	long rc = one_port(d, EVTCHNOP_send, p);

	assert_int_equal(rc == 0, m->state == EVTCHNSTAT_interdomain ||
			 m->state == EVTCHNSTAT_unbound || m->state == EVTCHNSTAT_ipi);
	if (m->state == EVTCHNSTAT_interdomain)
		model[m->peer_dom][m->peer_port].pending = true;
	else if (m->state == EVTCHNSTAT_ipi)
		m->pending = true;
}

static void storm_step(struct domain *d)
{
	u32 p = 1 + (u32)rand() % 40, want = lowest_free(d->id), rdom = (u32)rand() % 2;
	struct model_port *m = &model[d->id][p];

	switch (rand() % 6) {
	case 0:
		assert_int_equal(alloc_unbound(d, DOMID_SELF, (u16)rdom), want);
		model[d->id][want] = (struct model_port){ EVTCHNSTAT_unbound, (u16)rdom, 0, 0, 0 };
		break;
	case 1:
		storm_bind(d, rdom, p);
		break;
	case 2:
		assert_int_equal(bind_ipi(d, rdom), want);
		model[d->id][want] = (struct model_port){ EVTCHNSTAT_ipi, 0, 0, rdom, 0 };
		break;
	case 3:
		assert_int_equal(one_port(d, EVTCHNOP_close, p) == 0, m->state != 0);
		model_close(d->id, p);
		break;
	case 4:
		assert_int_equal(bind_vcpu(d, p, rdom) == 0, m->state == EVTCHNSTAT_unbound ||
				 m->state == EVTCHNSTAT_interdomain);
		if (m->state == EVTCHNSTAT_unbound || m->state == EVTCHNSTAT_interdomain)
			m->vcpu = rdom;
		break;
	default:
		storm_send(d, p);
		break;
	}
}

static void storm_compare(struct domain *d)
{
	for (u32 p = 1; p < 64; p++) {
		struct model_port *m = &model[d->id][p];
		struct evtchn_status st = status_of(d, p);

		assert_int_equal(st.status, m->state);
		assert_int_equal(pending(d, p), m->pending);
		if (m->state)
			assert_int_equal(st.vcpu, m->vcpu);
		if (m->state == EVTCHNSTAT_interdomain)
			assert_int_equal(st.u.interdomain.port, m->peer_port);
	}
}

/* There was no memory for its array of vCPUs. */
static void test_half_made_domain(void **state)
{
	struct domain d = { .id = 9 };

	evtchn_domain_free(&d);
}

static void test_storm(void **state)
{
	memset(model, 0, sizeof(model));
	srand(7);
	for (u32 i = 0; i < 20000; i++) {
		storm_step(rand() % 2 ? dom1 : dom0);
		/* Keep the population below what the model holds. */
		for (u32 d = 0; d < 2; d++)
			while (lowest_free(d) > 60) {
				u32 p = 1 + (u32)rand() % 60;

				one_port(d ? dom1 : dom0, EVTCHNOP_close, p);
				model_close(d, p);
			}
		if (i % 100 == 0) {
			storm_compare(dom0);
			storm_compare(dom1);
		}
	}
}

/* ---- ends of the hypervisor ---- */

static struct {
	struct evtchn_consumer c;
	u32 events, closed;
} ours;

static void note_event(struct evtchn_consumer *c)
{
	assert_ptr_equal(c, &ours.c);
	ours.events++;
}

static void note_closed(struct evtchn_consumer *c)
{
	assert_ptr_equal(c, &ours.c);
	ours.closed++;
}

static const struct evtchn_consumer_ops note_ops = { "note", note_event, note_closed };
OPS_TABLE(note_ops, name);

static void test_consumer(void **state)
{
	struct evtchn_reset reset = { .dom = DOMID_SELF };
	long mine, port;

	memset(&ours, 0, sizeof(ours));
	mine = evtchn_consumer_open(dom1, 0, &ours.c, &note_ops);
	assert_true(mine > 0);
	assert_int_equal(status_of(dom1, mine).status, EVTCHNSTAT_unbound);
	assert_false(evtchn_consumer_send(dom1, (u32)mine));

	/* Only the domain that it is for can bind it, once. */
	assert_int_equal(bind_interdomain(dom1, 1, (u32)mine), -XEN_EINVAL);
	port = bind_interdomain(dom0, 1, (u32)mine);
	assert_true(port > 0 && pending(dom0, port));
	assert_int_equal(bind_interdomain(dom0, 1, (u32)mine), -XEN_EINVAL);
	assert_int_equal(status_of(dom0, port).status, EVTCHNSTAT_interdomain);
	assert_int_equal(status_of(dom0, port).u.interdomain.port, mine);
	assert_int_equal(status_of(dom1, mine).u.interdomain.port, port);

	/* Events in both directions; none of them shows in the domain that it is about. */
	dom0->shared_info->evtchn_pending[0] = 0;
	assert_true(evtchn_consumer_send(dom1, (u32)mine));
	assert_true(pending(dom0, port));
	assert_int_equal(one_port(dom0, EVTCHNOP_send, port), 0);
	assert_int_equal(ours.events, 1);
	assert_false(pending(dom1, mine));

	/* That domain has no power over it. */
	assert_int_equal(one_port(dom1, EVTCHNOP_send, mine), -XEN_EINVAL);
	assert_int_equal(one_port(dom1, EVTCHNOP_close, mine), -XEN_EINVAL);
	assert_int_equal(bind_vcpu(dom1, mine, 1), -XEN_EINVAL);
	assert_int_equal(call(dom1, 0, EVTCHNOP_reset, &reset), 0);
	assert_int_equal(status_of(dom1, mine).status, EVTCHNSTAT_interdomain);

	/* The other end may move between vCPUs, be closed, and be bound anew. */
	assert_int_equal(bind_vcpu(dom0, port, 1), 0);
	assert_int_equal(one_port(dom0, EVTCHNOP_close, port), 0);
	assert_int_equal(ours.closed, 1);
	assert_false(evtchn_consumer_send(dom1, (u32)mine));
	port = bind_interdomain(dom0, 1, (u32)mine);
	assert_true(port > 0);

	/* Closing our end leaves the other unbound, and nothing calls us any more. */
	evtchn_consumer_close(dom1, (u32)mine);
	assert_int_equal(status_of(dom0, port).status, EVTCHNSTAT_unbound);
	assert_int_equal(one_port(dom0, EVTCHNOP_send, port), 0);
	assert_int_equal(one_port(dom0, EVTCHNOP_close, port), 0);
	assert_int_equal(ours.events, 1);
	assert_int_equal(ours.closed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_interdomain), T(test_loopback), T(test_permissions), T(test_bad_arguments),
		T(test_ipi), T(test_virq), T(test_pirq), T(test_mask), T(test_poll),
		T(test_vcpu_info_moves), T(test_limits), T(test_half_made_domain),
		T(test_32bit_layout), T(test_peer_dies),
		T(test_storm),
		cmocka_unit_test_setup_teardown(test_consumer, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
