/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCHEDOP_poll against those who end it: another vCPU, an interrupt handler and a softirq on any
 * CPU, at every moment that the seed chooses. Each sends one event and waits until the poller has
 * seen it, so an event whose wake is lost leaves a machine with nothing to do.
 *
 * POLL_SEED=N runs only that seed, in this process, for a debugger.
 */
#include "unit.h"

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/printk.h>
#include <xen/tasklet.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>

#include "../../domain/private.h"

#define CPUS 3
#define SEEDS 40
#define EVENTS 60
#define LIMIT (1000 * 1000000LL)

static struct domain *dom;
static u32 port, sent, seen;
static struct tasklet softirq;

static void send(void *arg)
{
	HOST_CHECK(evtchn_send(dom, port) == 0);
}

static void raise_softirq(void *arg)
{
	tasklet_schedule(&softirq);
}

static void on_some_cpu(void (*fn)(void *arg))
{
	cpumask_t where;

	cpumask_clear(&where);
	cpumask_set(&where, host_random_below(CPUS));
	hal_smp_call(&where, fn, NULL, false);
}

static void sender(struct vcpu *v, void *arg)
{
	host_guest_compute(v, 1 + host_random_below(3000));
	if (READ_ONCE(seen) != sent || sent == EVENTS)
		return;
	sent++;
	switch (host_random_below(3)) {
	case 0:
		send(NULL);
		break;
	case 1:
		on_some_cpu(send);
		break;
	default:
		on_some_cpu(raise_softirq);
	}
}

/* As a guest does: it forgets the event, looks what it was about, and waits for the next. */
static void poller(struct vcpu *v, void *arg)
{
	evtchn_port_t ports[] = { port, port };

	bit_clear(dom->shared_info->evtchn_pending, port);
	v->vcpu_info->evtchn_upcall_pending = 0;
	WRITE_ONCE(seen, READ_ONCE(sent));
	if (seen == EVENTS)
		host_stop();
	HOST_CHECK(vcpu_poll(v, 1 + host_random_below(2), ports, 0) == 0);
}

static void start(struct vcpu *v, host_guest_fn fn)
{
	v->is_initialised = true;
	host_guest_set(v, fn, NULL);
	__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_wake(v);
}

static void make_domain(void)
{
	struct domain_config cfg = { .domid = 1, .max_vcpus = 2, .max_pages = 16,
				     .node = NUMA_NO_NODE };
	struct evtchn_bind_ipi ipi = { .vcpu = 0 };
	int err;

	dom = domain_create(&cfg, &err);
	HOST_CHECK(dom && !domain_vcpu_create(dom, 0) && !domain_vcpu_create(dom, 1));
	HOST_CHECK(!evtchn_op(dom->vcpu[0], EVTCHNOP_bind_ipi,
			      gvaddr_make((u64)(uintptr_t)&ipi)));
	port = ipi.port;
}

static void run_polls(void *arg)
{
	u64 seed = *(u64 *)arg;
	enum host_stop why;

	host_init(seed, CPUS, 16 << 20);
	host_start();
	tasklet_init(&softirq, send, NULL);
	make_domain();
	start(dom->vcpu[0], poller);
	start(dom->vcpu[1], sender);
	HOST_CHECK(domain_unpause_by_systemcontroller(dom) == 0);
	why = host_run(hal_now_ns() + LIMIT);
	if (why != HOST_STOP_ASKED)
		panic("seed %lu: the poller sleeps through event %u: its wake was lost", seed,
		      sent);
}

static void test_no_wake_is_lost(void **state)
{
	const char *one = getenv("POLL_SEED");
	u64 seed = one ? strtoull(one, NULL, 0) : 1;

	if (one) {
		setenv("HOST_VERBOSE", "1", 1);
		run_polls(&seed);
		return;
	}
	for (; seed <= SEEDS; seed++) {
		const struct host_outcome *o = host_isolated(run_polls, &seed);

		if (o->status || o->panicked)
			print_message("POLL_SEED=%lu\n%s", (unsigned long)seed, o->console);
		assert_false(o->panicked);
		assert_int_equal(o->status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_wake_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
