/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: the FIFO ABI, with a well-behaved guest and with hostile ones. */
#include "fake-world.h"

#include <xen/errno.h>
#include <xen/evtchn.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define PENDING (1U << EVTCHN_FIFO_PENDING)
#define MASKED (1U << EVTCHN_FIFO_MASKED)
#define LINKED (1U << EVTCHN_FIFO_LINKED)
#define BUSY (1U << EVTCHN_FIFO_BUSY)
#define LINK(w) ((w) & EVTCHN_FIFO_LINK_MASK)
#define PER_PAGE (PAGE_SIZE / sizeof(event_word_t))

#define NR_VCPUS 3
#define RAM 160
#define CB_GFN 1	/* control blocks of all vCPUs share this page */
#define ARRAY_GFN 8

static struct domain *dom0, *dom1;
static u64 refs_at_start;

static struct domain *make(u16 id)
{
	struct domain *d = world_domain(id, NR_VCPUS, RAM);
	struct vcpu *v;

	assert_int_equal(evtchn_domain_init(d, 0), 0);
	for_each_vcpu(d, v)
		assert_int_equal(evtchn_vcpu_init(v), 0);
	return d;
}

static int setup(void **state)
{
	world_init();
	dom0 = make(0);
	dom1 = make(1);
	dom0->is_privileged = true;
	refs_at_start = world_total_refs();
	return 0;
}

static int teardown(void **state)
{
	struct domain *all[] = { dom0, dom1 };

	for (u32 i = 0; i < 2; i++) {
		while (evtchn_domain_destroy(all[i]))
			;
		evtchn_domain_free(all[i]);
		/* The pages that the domain gave as event arrays are ordinary memory again. */
		assert_int_equal(world_page(all[i], CB_GFN)->refs, 1);
		world_domain_free(all[i]);
	}
	assert_int_equal(world_used_frames(), 0);
	return 0;
}

static long call(struct domain *d, u32 cmd, void *arg)
{
	return evtchn_op(d->vcpu[0], cmd, world_ptr(arg));
}

static long init_control(struct domain *d, u32 vcpu, u64 gfn, u32 offset)
{
	struct evtchn_init_control op = { .control_gfn = gfn, .offset = offset, .vcpu = vcpu };
	long rc = call(d, EVTCHNOP_init_control, &op);

	if (!rc)
		assert_int_equal(op.link_bits, 17);
	return rc;
}

static long expand(struct domain *d, u64 gfn)
{
	struct evtchn_expand_array op = { .array_gfn = gfn };

	return call(d, EVTCHNOP_expand_array, &op);
}

static u32 bind_ipi(struct domain *d, u32 vcpu)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };

	assert_int_equal(call(d, EVTCHNOP_bind_ipi, &op), 0);
	return op.port;
}

static long one_port(struct domain *d, u32 cmd, u32 port)
{
	return call(d, cmd, &port);
}

static long set_priority(struct domain *d, u32 port, u32 priority)
{
	struct evtchn_set_priority op = { .port = port, .priority = priority };

	return call(d, EVTCHNOP_set_priority, &op);
}

static long bind_vcpu(struct domain *d, u32 port, u32 vcpu)
{
	struct evtchn_bind_vcpu op = { .port = port, .vcpu = vcpu };

	return call(d, EVTCHNOP_bind_vcpu, &op);
}

static struct evtchn_fifo_control_block *control(struct domain *d, u32 vcpu)
{
	return (void *)((u8 *)world_mem(d, CB_GFN) + vcpu * 128);
}

static u32 *word(struct domain *d, u32 port)
{
	return (u32 *)world_mem(d, ARRAY_GFN + port / PER_PAGE) + port % PER_PAGE;
}

static void start_fifo(struct domain *d)
{
	for (u32 i = 0; i < NR_VCPUS; i++)
		assert_int_equal(init_control(d, i, CB_GFN, i * 128), 0);
	assert_int_equal(expand(d, ARRAY_GFN), 0);
}

/* What a guest does: take the head off a queue. 0 when the queue is empty. */
static u32 head_of[NR_VCPUS][EVTCHN_FIFO_MAX_QUEUES];

static u32 consume(struct domain *d, u32 vcpu, u32 prio)
{
	struct evtchn_fifo_control_block *cb = control(d, vcpu);
	u32 port = head_of[vcpu][prio], *w, old;

	if (!port)
		port = cb->head[prio];
	w = word(d, port);
	old = __atomic_fetch_and(w, ~(LINKED | EVTCHN_FIFO_LINK_MASK), __ATOMIC_SEQ_CST);
	head_of[vcpu][prio] = LINK(old);
	if (!LINK(old))
		__atomic_fetch_and(&cb->ready, ~(1U << prio), __ATOMIC_SEQ_CST);
	__atomic_fetch_and(w, ~PENDING, __ATOMIC_SEQ_CST);
	return port;
}

static bool ready(struct domain *d, u32 vcpu, u32 prio)
{
	return control(d, vcpu)->ready & (1U << prio);
}

static void test_setup(void **state)
{
	u32 p = bind_ipi(dom1, 0);

	assert_int_equal(expand(dom1, ARRAY_GFN), -XEN_EOPNOTSUPP);
	assert_int_equal(set_priority(dom1, p, 3), -XEN_ENOSYS);
	assert_int_equal(init_control(dom1, NR_VCPUS, CB_GFN, 0), -XEN_ENOENT);
	assert_int_equal(init_control(dom1, 0, CB_GFN, 4), -XEN_EINVAL);
	assert_int_equal(init_control(dom1, 0, CB_GFN, 4032), -XEN_EINVAL);
	assert_int_equal(init_control(dom1, 0, CB_GFN, ~0U - 7), -XEN_EINVAL);
	assert_int_equal(init_control(dom1, 0, RAM, 0), -XEN_EINVAL);
	assert_int_equal(world_total_refs(), refs_at_start);
	assert_int_equal(init_control(dom1, 0, CB_GFN, 0), 0);
	assert_int_equal(init_control(dom1, 0, CB_GFN, 128), -XEN_EINVAL);
	assert_int_equal(world_total_refs(), refs_at_start + 1);
	assert_int_equal(set_priority(dom1, p, 16), -XEN_EINVAL);
	assert_int_equal(set_priority(dom1, p + 1, 1), -XEN_EINVAL);
	assert_int_equal(set_priority(dom1, p, 15), 0);

	/* At most the 128 pages the link field can reach. */
	for (u32 i = 0; i < 128; i++)
		assert_int_equal(expand(dom1, ARRAY_GFN + i), 0);
	assert_int_equal(expand(dom1, ARRAY_GFN), -XEN_ENOSPC);
	assert_int_equal(expand(dom1, RAM), -XEN_EINVAL);
	assert_int_equal(world_total_refs(), refs_at_start + 129);
}

static void test_queue(void **state)
{
	u32 p[4];

	start_fifo(dom1);
	memset(head_of, 0, sizeof(head_of));
	for (u32 i = 0; i < 4; i++) {
		p[i] = bind_ipi(dom1, 1);
		assert_int_equal(one_port(dom1, EVTCHNOP_send, p[i]), 0);
	}
	assert_true(ready(dom1, 1, 7));
	assert_int_equal(control(dom1, 1)->ready, 1U << 7);
	assert_int_equal(control(dom1, 1)->head[7], p[0]);
	assert_int_equal(LINK(*word(dom1, p[0])), p[1]);
	assert_int_equal(*word(dom1, p[3]), PENDING | LINKED);
	assert_int_equal(fake_vcpu(dom1, 1)->notified, 1);
	assert_int_equal(fake_vcpu(dom1, 0)->notified, 0);
	/* It is pending already, so nothing changes. */
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p[0]), 0);
	assert_int_equal(*word(dom1, p[3]), PENDING | LINKED);
	assert_true(evtchn_port_pending(dom1, p[2]));

	for (u32 i = 0; i < 4; i++)
		assert_int_equal(consume(dom1, 1, 7), p[i]);
	assert_false(ready(dom1, 1, 7));
	/* The tail was consumed: the next one makes the queue anew. */
	dom1->vcpu[1]->vcpu_info->evtchn_upcall_pending = 0;
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p[2]), 0);
	assert_int_equal(control(dom1, 1)->head[7], p[2]);
	assert_int_equal(fake_vcpu(dom1, 1)->notified, 2);
	assert_int_equal(consume(dom1, 1, 7), p[2]);
	/* The same for the event that is the tail itself. */
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p[2]), 0);
	assert_int_equal(*word(dom1, p[2]), PENDING | LINKED);
	assert_int_equal(consume(dom1, 1, 7), p[2]);
}

static void test_mask_and_close(void **state)
{
	u32 p, q;

	start_fifo(dom1);
	memset(head_of, 0, sizeof(head_of));
	p = bind_ipi(dom1, 0);
	q = bind_ipi(dom1, 0);
	*word(dom1, p) = MASKED;
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_int_equal(*word(dom1, p), MASKED | PENDING);
	assert_false(ready(dom1, 0, 7));
	assert_int_equal(one_port(dom1, EVTCHNOP_unmask, p), 0);
	assert_int_equal(*word(dom1, p), PENDING | LINKED);
	assert_true(ready(dom1, 0, 7));
	assert_int_equal(one_port(dom1, EVTCHNOP_send, q), 0);

	/* A closed port stays linked, not pending: until the guest took it off, others are used. */
	assert_int_equal(one_port(dom1, EVTCHNOP_close, p), 0);
	assert_int_equal(*word(dom1, p), LINKED | q);
	assert_int_equal(bind_ipi(dom1, 2), q + 1);
	assert_int_equal(consume(dom1, 0, 7), p);
	assert_int_equal(consume(dom1, 0, 7), q);
	assert_int_equal(bind_ipi(dom1, 2), p);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_int_equal(control(dom1, 2)->head[7], p);
	assert_int_equal(bind_ipi(dom1, 2), q + 2);
}

/* However many closed ports a guest leaves linked, a search looks at a few of them. */
static void test_many_held(void **state)
{
	u32 p[100];

	start_fifo(dom1);
	for (u32 i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = bind_ipi(dom1, 0);
	for (u32 i = 0; i < ARRAY_SIZE(p); i++) {
		assert_int_equal(one_port(dom1, EVTCHNOP_send, p[i]), 0);
		assert_int_equal(one_port(dom1, EVTCHNOP_close, p[i]), 0);
	}
	assert_int_equal(bind_ipi(dom1, 0), p[64]);
	*word(dom1, p[10]) = 0;
	assert_int_equal(bind_ipi(dom1, 0), p[10]);
	/* One less is free and held. */
	assert_int_equal(bind_ipi(dom1, 0), p[66]);
	*word(dom1, p[0]) = 0;
	assert_int_equal(bind_ipi(dom1, 0), p[0]);
}

/* An event that was the tail of one queue goes to another: the old queue must not append to it. */
static void test_moving(void **state)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain bi = { .remote_dom = DOMID_SELF };
	u32 p, q, r;

	start_fifo(dom1);
	memset(head_of, 0, sizeof(head_of));
	assert_int_equal(call(dom1, EVTCHNOP_alloc_unbound, &op), 0);
	p = op.port;
	bi.remote_port = p;
	assert_int_equal(call(dom1, EVTCHNOP_bind_interdomain, &bi), 0);
	q = bi.local_port;
	r = bind_ipi(dom1, 0);
	assert_int_equal(consume(dom1, 0, 7), q);

	assert_int_equal(one_port(dom1, EVTCHNOP_send, q), 0);
	assert_int_equal(consume(dom1, 0, 7), p);
	assert_int_equal(bind_vcpu(dom1, p, 1), 0);
	assert_int_equal(set_priority(dom1, p, 0), 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, q), 0);
	assert_int_equal(control(dom1, 1)->head[0], p);
	assert_true(ready(dom1, 1, 0));
	assert_int_equal(one_port(dom1, EVTCHNOP_send, r), 0);
	assert_int_equal(LINK(*word(dom1, p)), 0);
	assert_int_equal(control(dom1, 0)->head[7], r);
	assert_true(ready(dom1, 0, 7));
	/* It is still linked: it stays in place until the guest takes it. */
	assert_int_equal(bind_vcpu(dom1, p, 2), 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, q), 0);
	assert_int_equal(consume(dom1, 1, 0), p);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, q), 0);
	assert_int_equal(control(dom1, 2)->head[0], p);
}

/*
 * Events raised before their page exists, or before the guest changes the ABI, are delivered later.
 */
static void test_early(void **state)
{
	u32 p = bind_ipi(dom1, 0), q = bind_ipi(dom1, 0);

	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_int_equal(init_control(dom1, 0, CB_GFN, 0), 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, q), 0);
	assert_true(evtchn_port_pending(dom1, p));
	assert_true(evtchn_port_pending(dom1, q));
	assert_int_equal(expand(dom1, ARRAY_GFN), 0);
	memset(head_of, 0, sizeof(head_of));
	assert_int_equal(consume(dom1, 0, 7), p);
	assert_int_equal(consume(dom1, 0, 7), q);

	/* A vCPU without control block: pending, not linked, no notification. */
	p = bind_ipi(dom1, 1);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_int_equal(*word(dom1, p), PENDING);
	assert_int_equal(fake_vcpu(dom1, 1)->notified, 0);
}

/* The same for the ports at both ends of a second page. */
static void test_early_page(void **state)
{
	memset(head_of, 0, sizeof(head_of));
	start_fifo(dom1);
	for (u32 i = 1; i < 2 * PER_PAGE + 1; i++)
		assert_int_equal(bind_ipi(dom1, 0), i);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, PER_PAGE), 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, 2 * PER_PAGE - 1), 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, 2 * PER_PAGE), 0);
	assert_false(ready(dom1, 0, 7));
	assert_int_equal(expand(dom1, ARRAY_GFN + 1), 0);
	assert_int_equal(consume(dom1, 0, 7), PER_PAGE);
	assert_int_equal(consume(dom1, 0, 7), 2 * PER_PAGE - 1);
	assert_false(ready(dom1, 0, 7));
}

/* An event raised early goes when its port is closed: the port's next user did not raise it. */
static void test_early_closed(void **state)
{
	u32 p = bind_ipi(dom1, 0);

	assert_int_equal(init_control(dom1, 0, CB_GFN, 0), 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_close, p), 0);
	assert_int_equal(bind_ipi(dom1, 0), p);
	assert_false(evtchn_port_pending(dom1, p));
	assert_int_equal(expand(dom1, ARRAY_GFN), 0);
	assert_int_equal(*word(dom1, p) & PENDING, 0);
	assert_false(ready(dom1, 0, 7));
}

static void test_reset(void **state)
{
	struct evtchn_reset op = { .dom = DOMID_SELF };
	u32 p;

	start_fifo(dom1);
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(one_port(dom1, EVTCHNOP_send, bind_ipi(dom1, i % NR_VCPUS)), 0);
	world_preempt_every = 1;
	assert_int_equal(call(dom1, EVTCHNOP_reset, &op), -XEN_ERESTART);
	while (call(dom1, EVTCHNOP_reset, &op) == -XEN_ERESTART)
		;
	assert_int_equal(world_total_refs(), refs_at_start);
	p = bind_ipi(dom1, 0);
	assert_int_equal(p, 1);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_true(bit_test(dom1->shared_info->evtchn_pending, p));
	assert_int_equal(one_port(dom1, EVTCHNOP_close, p), 0);
	memset(world_mem(dom1, CB_GFN), 0, PAGE_SIZE);
	memset(world_mem(dom1, ARRAY_GFN), 0, PAGE_SIZE);
	start_fifo(dom1);
	p = bind_ipi(dom1, 0);
	assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
	assert_int_equal(control(dom1, 0)->head[7], p);
}

static void test_many_ports(void **state)
{
	memset(head_of, 0, sizeof(head_of));
	start_fifo(dom1);
	for (u32 i = 1; i < 10; i++)
		assert_int_equal(expand(dom1, ARRAY_GFN + i), 0);
	for (u32 i = 1; i < 10 * PER_PAGE; i++)
		assert_int_equal(bind_ipi(dom1, 0), i);
	for (u32 i = 1; i < 10 * PER_PAGE; i += 7)
		assert_int_equal(one_port(dom1, EVTCHNOP_send, i), 0);
	for (u32 i = 1; i < 10 * PER_PAGE; i += 7)
		assert_int_equal(consume(dom1, 0, 7), i);
	assert_false(ready(dom1, 0, 7));
}

/* Every event sent is consumed, in order of queue, however sends and consumption mix. */
static void test_storm(void **state)
{
	static u32 expect[EVTCHN_FIFO_MAX_QUEUES][64], first[EVTCHN_FIFO_MAX_QUEUES],
		next[EVTCHN_FIFO_MAX_QUEUES];

	memset(head_of, 0, sizeof(head_of));
	start_fifo(dom1);
	for (u32 i = 1; i <= 32; i++)
		assert_int_equal(bind_ipi(dom1, 1), i);
	srand(5);
	for (u32 i = 0; i < 50000; i++) {
		u32 p = 1 + (u32)rand() % 32, q = (u32)rand() % 16;

		if (rand() % 2) {
			if (!(*word(dom1, p) & LINKED)) {
				assert_int_equal(set_priority(dom1, p, q), 0);
				expect[q][next[q]++ % 64] = p;
			}
			assert_int_equal(one_port(dom1, EVTCHNOP_send, p), 0);
			assert_true(*word(dom1, p) & LINKED);
		} else if (first[q] != next[q]) {
			assert_true(ready(dom1, 1, q));
			assert_int_equal(consume(dom1, 1, q), expect[q][first[q]++ % 64]);
		} else {
			assert_false(ready(dom1, 1, q));
		}
	}
}

/* Words with loops, wild links, reserved bits: only the guest's own events suffer. */
static void test_hostile_words(void **state)
{
	struct evtchn_fifo_control_block *cb;

	start_fifo(dom1);
	for (u32 i = 1; i < 64; i++)
		assert_int_equal(bind_ipi(dom1, i % NR_VCPUS), i);
	cb = control(dom1, 0);
	srand(9);
	for (u32 i = 0; i < 100000; i++) {
		u32 p = 1 + (u32)rand() % 63;

		/* Loop, out of range, ours, anything. */
		switch (rand() % 5) {
		case 0:
			*word(dom1, p) = LINKED | p;
			break;
		case 1:
			*word(dom1, p) = LINKED | EVTCHN_FIFO_LINK_MASK;
			break;
		case 2:
			*word(dom1, p) = (u32)rand() * 3U;
			break;
		case 3:
			cb->ready = (u32)rand();
			cb->head[rand() % 16] = (u32)rand() * 7U;
			break;
		default:
			*word(dom1, p) = 0;
			break;
		}
		assert_int_equal(one_port(dom1, EVTCHNOP_send, 1 + (u32)rand() % 63), 0);
		assert_int_equal(one_port(dom1, EVTCHNOP_unmask, p), 0);
		assert_int_equal(set_priority(dom1, p, (u32)rand() % 16), 0);
	}
	for (u32 i = 1; i < 64; i++)
		assert_int_equal(one_port(dom1, EVTCHNOP_close, i), 0);
}

static u32 stop;

static void *flip(void *arg)
{
	u32 n = 1, *words = arg;

	/* Keep LINKED and change the rest: the exchange for the link fails time and again. */
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		for (u32 p = 1; p < 8; p++)
			__atomic_store_n(&words[p], LINKED | (n++ & EVTCHN_FIFO_LINK_MASK),
					 __ATOMIC_RELAXED);
		__atomic_store_n(&words[n % 8], 0, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void test_hostile_race(void **state)
{
	pthread_t t;

	start_fifo(dom1);
	for (u32 i = 1; i < 8; i++)
		assert_int_equal(bind_ipi(dom1, 0), i);
	__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
	assert_int_equal(pthread_create(&t, NULL, flip, world_mem(dom1, ARRAY_GFN)), 0);
	for (u32 i = 0; i < 200000; i++)
		assert_int_equal(one_port(dom1, EVTCHNOP_send, 1 + i % 7), 0);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	for (u32 i = 1; i < 8; i++)
		assert_int_equal(one_port(dom1, EVTCHNOP_close, i), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_setup), T(test_queue), T(test_mask_and_close), T(test_many_held),
		T(test_moving), T(test_early), T(test_early_page), T(test_early_closed),
		T(test_reset), T(test_many_ports), T(test_storm), T(test_hostile_words),
		T(test_hostile_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
