/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running domains: how they end, how they are scheduled, and that their files follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "light-world.h"
#include "light/pool.h"
#include "light/sched.h"

#include <public/sched.h>

static unsigned int deaths;
static enum lx_death last_death;

static void died(struct lx_death_watch *w, enum lx_death how)
{
	deaths++;
	last_death = how;
	lx_loop_stop(&w->lx->loop);
}

static void turn_loop(unsigned int times)
{
	for (unsigned int i = 0; i < times; i++) {
		struct pollfd fds[4];
		int timeout, n = lx_loop_before(&lx.loop, fds, 4, &timeout);

		poll(fds, (nfds_t)n, 0);
		lx_loop_after(&lx.loop, fds, n);
	}
}

static void test_death(void **state)
{
	struct lx_death_watch w = { .fn = died };
	uint32_t domid;

	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	deaths = 0;
	assert_int_equal(lx_death_watch_start(&w, &lx, domid), 0);
	/* Somebody else's death is none. */
	fake_store_fire(&store);
	turn_loop(3);
	assert_int_equal(deaths, 0);
	assert_int_equal(ctl_domain_shutdown(lx.ctl, domid, SHUTDOWN_crash), 0);
	fake_store_fire(&store);
	assert_int_equal(lx_loop_run(&lx.loop), 0);
	assert_int_equal(deaths, 1);
	assert_int_equal(last_death, LX_DEATH_CRASH);
	assert_int_equal(lx_action_for(&config, last_death), LX_PRESERVE);
	assert_int_equal(lx_action_for(&config, LX_DEATH_REBOOT), LX_RESTART);
	assert_int_equal(store.watches, 0);
	lx_destroy(&lx, domid);
	/* It may be gone before anybody looks. */
	assert_int_equal(lx_death_watch_start(&w, &lx, domid), 0);
	assert_int_equal(lx_loop_run(&lx.loop), 0);
	assert_int_equal(last_death, LX_DEATH_GONE);
	assert_no_trace();
}

/* A setting is given to the scheduler that has it, and refused for any other. */
static void test_scheduling(void **state)
{
	static const uint32_t without[] = { XEN_SCHEDULER_CREDIT, XEN_SCHEDULER_CREDIT2,
					    XEN_SCHEDULER_ARINC653, XEN_SCHEDULER_NULL };
	struct lx_sched *s = &config.b_info.sched_params;
	uint32_t domid;

	*s = (struct lx_sched){ -1, -1, 20000, 5000, 0 };
	for (unsigned int i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		fake_xen.pool[0].sched = without[i];
		assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EINVAL);
		assert_no_trace();
	}
	fake_xen.pool[0].sched = XEN_SCHEDULER_RTDS;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(fake_xen.d[domid].rtds[i].period, 20000);
		assert_int_equal(fake_xen.d[domid].rtds[i].budget, 5000);
		assert_int_equal(fake_xen.d[domid].rtds[i].flags, 0);
	}
	lx_destroy(&lx, domid);
	/* What is not set is the scheduler's, and may not fit. */
	s->period = -1;
	fake_xen.d[1].rtds[0].period = 0;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EINVAL);
	assert_no_trace();
	*s = (struct lx_sched){ 300, -1, -1, -1, -1 };
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EINVAL);
	fake_xen.pool[0].sched = XEN_SCHEDULER_CREDIT;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_xen.d[domid].credit.weight, 300);
	lx_destroy(&lx, domid);
	assert_no_trace();
}

/* In another pool a domain has that scheduler's defaults, also when it is made anew. */
static void test_move_to_pool(void **state)
{
	struct lx_domain_config saved;
	uint32_t domid, id;

	config.b_info.sched_params.weight = 300;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	fake_xen.cpus = 4;
	assert_int_equal(lx_pool_create(&lx, "rt", XEN_SCHEDULER_RTDS, &(struct lx_cpumap){ { 8 } },
					&id), 0);
	assert_int_equal(lx_pool_move_domain(&lx, id, domid), 0);
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.c_info.pool_name, "rt");
	assert_int_equal(saved.b_info.sched_params.weight, -1);
	lx_destroy(&lx, domid);
	assert_int_equal(lx_create_now(&lx, &saved, false, &domid), 0);
	assert_int_equal(fake_xen.d[domid].pool, id);
	lx_dispose(&lx_domain_config_type, &saved);
	lx_destroy(&lx, domid);
	assert_int_equal(lx_pool_destroy(&lx, id), 0);
	assert_no_trace();
}

/* What is changed on the running domain is in its file. */
static void test_state_follows(void **state)
{
	struct lx_domain_config saved;
	struct lx_cpumap both = { { 3 } };
	uint32_t domid;

	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(lx_rename(&lx, domid, "other"), 0);
	assert_int_equal(lx_rename(&lx, domid, "a/b"), -EINVAL);
	assert_int_equal(lx_set_vcpus(&lx, domid, &both), 0);
	assert_int_equal(lx_set_max_memory(&lx, domid, 16 << 10), 0);
	assert_int_equal(lx_set_memory_target(&lx, domid, 9 << 10), 0);
	assert_int_equal(lx_set_memory_target(&lx, domid, 17 << 10), -EINVAL);
	assert_int_equal(lx_set_max_memory(&lx, domid, 1 << 10), -EINVAL);
	assert_string_equal(fake_store_get(&store, "/local/domain/1/cpu/1/availability"),
			    "online");
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.c_info.name, "other");
	assert_true(lx_cpumap_test(&saved.b_info.avail_vcpus, 1));
	assert_int_equal(saved.b_info.max_memkb, 16 << 10);
	assert_int_equal(saved.b_info.target_memkb, 9 << 10);
	lx_dispose(&lx_domain_config_type, &saved);
	lx_destroy(&lx, domid);
	assert_no_trace();
}

/* While xenstored is away the hypervisor is asked now and then; when it is back, events count. */
static void test_death_without_store(void **state)
{
	struct lx_death_watch w = { .fn = died };
	uint32_t domid;

	for (unsigned int back = 0; back < 2; back++) {
		assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
		deaths = 0;
		assert_int_equal(lx_death_watch_start(&w, &lx, domid), 0);
		store.away = true;
		for (unsigned int i = 0; i < 3; i++) {
			assert_true(w.timer.armed);
			w.timer.at = 0;
			turn_loop(1);
		}
		assert_null(lx.loop.fds);
		store.away = !back;
		w.timer.at = 0;
		turn_loop(1);
		assert_int_equal(lx.loop.fds != NULL, back);
		assert_int_equal(ctl_domain_shutdown(lx.ctl, domid, SHUTDOWN_poweroff), 0);
		if (back)
			fake_store_fire(&store);
		else
			w.timer.at = 0;
		assert_int_equal(lx_loop_run(&lx.loop), 0);
		assert_int_equal(deaths, 1);
		assert_int_equal(last_death, LX_DEATH_POWEROFF);
		store.away = false;
		lx_destroy(&lx, domid);
	}
	assert_no_trace();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_death), TEST(test_scheduling), TEST(test_move_to_pool),
		TEST(test_state_follows), TEST(test_death_without_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
