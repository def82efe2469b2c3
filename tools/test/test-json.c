/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed objects to JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "light/types.h"

static char err[256];

static void fill(struct lx_domain_config *c)
{
	lx_init(&lx_domain_config_type, c);
	c->c_info.name = strdup("with \"quotes\" and \\ and \n");
	lx_uuid_random(c->c_info.uuid);
	c->b_info.max_vcpus = 300;
	lx_cpumap_set(&c->b_info.avail_vcpus, 299);
	c->b_info.max_memkb = UINT64_MAX;
	c->b_info.sched_params.weight = -1;
	c->b_info.hard = calloc(2, sizeof(*c->b_info.hard));
	c->b_info.nr_hard = 2;
	lx_cpumap_set(&c->b_info.hard[1], 511);
	c->disks = calloc(2, sizeof(*c->disks));
	c->nr_disks = 2;
	lx_init(&lx_disk_type, &c->disks[0]);
	lx_init(&lx_disk_type, &c->disks[1]);
	c->disks[1].vdev = strdup("xvda");
	c->disks[1].format = LX_FORMAT_QCOW2;
	c->on_crash = LX_RENAME_RESTART;
}

static void test_round_trip(void **state)
{
	struct lx_domain_config a, b;
	char *text, *again;

	fill(&a);
	text = lx_to_text(&lx_domain_config_type, &a);
	lx_init(&lx_domain_config_type, &b);
	assert_int_equal(lx_from_text(&lx_domain_config_type, &b, text, err), 0);
	again = lx_to_text(&lx_domain_config_type, &b);
	assert_string_equal(text, again);
	assert_string_equal(a.c_info.name, b.c_info.name);
	assert_memory_equal(a.c_info.uuid, b.c_info.uuid, 16);
	assert_true(b.b_info.max_memkb == UINT64_MAX);
	assert_int_equal(b.b_info.sched_params.weight, -1);
	assert_int_equal(b.nr_disks, 2);
	assert_int_equal(b.disks[1].format, LX_FORMAT_QCOW2);
	assert_true(lx_cpumap_test(&b.b_info.hard[1], 511));
	assert_int_equal(b.on_crash, LX_RENAME_RESTART);
	free(text);
	free(again);
	lx_dispose(&lx_domain_config_type, &b);
	assert_int_equal(lx_copy(&lx_domain_config_type, &b, &a), 0);
	assert_string_equal(a.c_info.name, b.c_info.name);
	lx_dispose(&lx_domain_config_type, &b);
	lx_dispose(&lx_domain_config_type, &a);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"", "[", "[]", "7", "{\"c_info\": 3}", "{\"c_info\": {\"name\": 3}}",
		"{\"c_info\": {\"uuid\": \"short\"}}", "{\"c_info\": {\"name\": \"a\\u0000b\"}}",
		"{\"b_info\": {\"max_vcpus\": -1}}", "{\"b_info\": {\"max_vcpus\": 4294967296}}",
		"{\"b_info\": {\"avail_vcpus\": [512]}}", "{\"b_info\": {\"avail_vcpus\": 1}}",
		"{\"disks\": [3]}", "{\"disks\": {}}", "{\"on_crash\": \"explode\"}",
		"{\"disks\": [{\"readwrite\": null}]}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct lx_domain_config c;

		lx_init(&lx_domain_config_type, &c);
		assert_int_equal(lx_from_text(&lx_domain_config_type, &c, bad[i], err), -EINVAL);
		lx_dispose(&lx_domain_config_type, &c);
	}
}

/* What libxl 4.17 writes: unknown members, booleans as strings, names with underscores. */
static void test_libxl(void **state)
{
	struct lx_domain_config c;

	lx_init(&lx_domain_config_type, &c);
	assert_int_equal(lx_from_text(&lx_domain_config_type, &c, "{\"c_info\": {\"type\": "
		"\"pvh\", \"hap\": \"True\", \"name\": \"u1\"}, \"b_info\": {\"max_vcpus\": 2, "
		"\"type.pvh\": {}}, \"disks\": [{\"readwrite\": 1, \"is_cdrom\": \"True\"}], "
		"\"on_crash\": \"rename_restart\"}", err), 0);
	assert_string_equal(c.c_info.name, "u1");
	assert_true(c.disks[0].is_cdrom);
	assert_int_equal(c.on_crash, LX_RENAME_RESTART);
	lx_dispose(&lx_domain_config_type, &c);
}

static void test_uuid(void **state)
{
	uint8_t a[16], b[16];
	char text[LX_UUID_TEXT];

	lx_uuid_random(a);
	lx_uuid_text(a, text);
	assert_true(lx_uuid_parse(text, b));
	assert_memory_equal(a, b, 16);
	assert_false(lx_uuid_parse("00112233", b));
	assert_false(lx_uuid_parse("zz112233-4455-6677-8899-aabbccddeeff", b));
	assert_false(lx_uuid_parse("00112233-4455-6677-8899-aabbccddeeff0", b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_libxl), cmocka_unit_test(test_uuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
