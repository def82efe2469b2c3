/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dead domains and killed commands leave: each thing alone is found, named and mended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "light-world.h"
#include "light/device.h"
#include "light/health.h"

#define UUID1 "11111111-2222-3333-4444-555555555555"
#define UUID2 "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

static struct lx_problem *all;
static unsigned int n;

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

/* A whole domain, as xl makes it. */
static void domain(uint32_t domid, const char *uuid)
{
	char path[128];

	fake_xen.d[domid].used = true;
	fake_xen.d[domid].destroy_rounds = 1;
	assert_true(lx_uuid_parse(uuid, fake_xen.d[domid].handle));
	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	put(path, uuid);
	snprintf(path, sizeof(path), "/vm/%s/uuid", uuid);
	put(path, uuid);
}

static void file(const char *dir, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static int setup(void **state)
{
	char command[400];

	if (light_world_setup(state))
		return -1;
	snprintf(command, sizeof(command), "mkdir -p -m 700 %s %s %s", states, libxls, runs);
	if (system(command))
		return -1;
	put("/local/domain/0/name", "Domain-0");
	domain(1, UUID1);
	file(states, UUID1 ".json");
	file(libxls, "userdata-d.1." UUID1 ".libxl-json");
	file(libxls, "something-else");
	return 0;
}

static int teardown(void **state)
{
	free(all);
	all = NULL;
	return light_world_teardown(state);
}

static void look(void)
{
	free(all);
	assert_int_equal(lx_health(&lx, &all, &n), 0);
}

/* The one problem there is, which mending ends. */
static void expect(enum lx_problem_kind kind, const char *says)
{
	char what[LX_FILE_BYTES + 128], remedy[160];

	look();
	assert_int_equal(n, 1);
	assert_int_equal(all[0].kind, kind);
	lx_problem_text(&all[0], what, remedy);
	if (!strstr(what, says))
		fail_msg("\"%s\" is not in \"%s\"", says, what);
	if (!lx_repairable(&all[0])) {
		assert_int_equal(lx_repair(&lx, &all[0]), -EOPNOTSUPP);
		return;
	}
	assert_int_equal(lx_repair(&lx, &all[0]), 0);
	look();
	assert_int_equal(n, 0);
	/* Nothing of the domain that lives was touched. */
	assert_string_equal(fake_store_get(&store, "/local/domain/1/name"), UUID1);
	assert_string_equal(fake_store_get(&store, "/vm/" UUID1 "/uuid"), UUID1);
}

static void test_well(void **state)
{
	/* A domain that the boot manifest made has no nodes, and needs none. */
	fake_xen.d[2].used = true;
	look();
	assert_int_equal(n, 0);
}

static void test_nodes_of_dead(void **state)
{
	put("/local/domain/7/name", "dead");
	put("/local/domain/7/vm", "/vm/" UUID2);
	put("/vm/" UUID2 "/uuid", UUID2);
	put("/libxl/7/type", "pvh");
	put("/libxl/7/device/vbd/51712/backend", "/local/domain/0/backend/vbd/7/51712");
	put("/local/domain/0/backend/vbd/7/51712/state", "6");
	put("/local/domain/0/backend/vbd/7/51712/params", "/disk.img");
	expect(LX_NODES_OF_DEAD, "domain 7");
	assert_null(fake_store_get(&store, "/vm/" UUID2 "/uuid"));
	assert_null(fake_store_get(&store, "/local/domain/0/backend/vbd/7/51712/params"));
	assert_null(fake_store_get(&store, "/libxl/7/type"));
}

static void test_backend_of_dead(void **state)
{
	put("/local/domain/0/backend/vif/5/0/state", "6");
	expect(LX_NODES_OF_DEAD, "domain 5");
	assert_null(fake_store_get(&store, "/local/domain/0/backend/vif/5/0/state"));
}

/* Its UUID lives on, under the number it got when it was started again. */
static void test_reborn(void **state)
{
	put("/local/domain/6/vm", "/vm/" UUID1);
	expect(LX_NODES_OF_DEAD, "domain 6");
}

static void test_store_lost(void **state)
{
	domain(2, UUID2);
	store.s.ops->remove(&store.s, 0, "/local/domain/2");
	expect(LX_NO_NODES, "domain 2");
}

static void test_stale_files(void **state)
{
	file(states, UUID2 ".json");
	expect(LX_STALE_FILE, "/domains/" UUID2 ".json is of a domain that is not there");
	file(states, UUID2 ".json.new");
	expect(LX_STALE_FILE, ".json.new");
	file(libxls, "userdata-d.3." UUID2 ".domain-userdata-lock");
	expect(LX_STALE_FILE, "domain-userdata-lock");
	file(libxls, "userdata-n.3." UUID2 ".xl");
	expect(LX_STALE_FILE, "userdata-n.3.");
}

/* A domain that is being made has files before the hypervisor knows its UUID. */
static void test_being_made(void **state)
{
	uint8_t uuid[16];
	int claim;

	assert_true(lx_uuid_parse(UUID2, uuid));
	claim = lx_claim_take(&lx, uuid);
	assert_true(claim >= 0);
	file(states, UUID2 ".json");
	/* Locks are the process's own: another one looks. */
	look();
	assert_int_equal(n, 0);
	lx_claim_drop(&lx, uuid, claim);
	expect(LX_STALE_FILE, UUID2);
}

static void test_half_made(void **state)
{
	uint8_t uuid[16];
	int claim;

	assert_true(lx_uuid_parse(UUID2, uuid));
	claim = lx_claim_take(&lx, uuid);
	assert_true(claim >= 0);
	close(claim);		/* what the kernel does when the process is killed */
	domain(2, UUID2);
	put("/local/domain/2/vm", "/vm/" UUID2);
	file(states, UUID2 ".json");
	expect(LX_HALF_MADE, UUID2);
	assert_false(fake_xen.d[2].used);
}

static void test_no_folder(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", libxls);
	assert_int_equal(system(command), 0);
	expect(LX_NO_FOLDER, "/libxl");
	assert_int_equal(access(libxls, F_OK), 0);
}

static void test_hypervisor_silent(void **state)
{
	put("/local/domain/7/name", "dead");
	fake_xen.fail_at = fake_xen.calls + 1;
	fake_xen.fail_with = -EPERM;
	assert_int_equal(lx_health(&lx, &all, &n), -EPERM);
	assert_int_equal(n, 0);
	assert_null(all);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_well), T(test_nodes_of_dead), T(test_backend_of_dead),
		T(test_reborn), T(test_store_lost), T(test_stale_files),
		T(test_being_made), T(test_half_made), T(test_no_folder),
		T(test_hypervisor_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
