/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed objects to JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
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

static const char *const texts[] = { NULL, "", "plain", "with \"quotes\" and \\ and \n", "\u00fc" };

static void fill_map(struct lx_cpumap *m)
{
	memset(m, 0, sizeof(*m));
	for (unsigned int i = 0; i < 3; i++)
		lx_cpumap_set(m, (unsigned int)rand() % LX_MAX_CPUS);
}

static void fill_any(const struct lx_type *type, void *object);

/* A member with a value of its kind, by chance. */
static void fill_field(const struct lx_field *f, char *at, uint32_t *count)
{
	size_t bytes = f->kind == LX_CPUMAPS ? sizeof(struct lx_cpumap) :
		       f->kind == LX_U32S ? sizeof(uint32_t) :
		       f->kind == LX_STRINGS ? sizeof(char *) : f->type ? f->type->bytes : 0;
	const char *text;
	uint32_t n = 0;

	switch (f->kind) {
	case LX_BOOL:
	case LX_INT_BOOL:
	case LX_DEFBOOL:
		*(bool *)at = rand() & 1;
		break;
	case LX_U32:
	case LX_S32:
		*(uint32_t *)at = (uint32_t)rand() << (rand() & 31);
		break;
	case LX_U64:
		*(uint64_t *)at = (uint64_t)rand() << (rand() & 63);
		break;
	case LX_STRING:
		text = texts[(unsigned int)rand() % (sizeof(texts) / sizeof(texts[0]))];
		*(char **)at = text ? strdup(text) : NULL;
		break;
	case LX_ENUM:
		while (f->names[n])
			n++;
		*(uint32_t *)at = (uint32_t)rand() % n;
		break;
	case LX_UUID:
		lx_uuid_random((uint8_t *)at);
		break;
	case LX_CPUMAP:
		fill_map((struct lx_cpumap *)at);
		break;
	case LX_OBJECT:
		fill_any(f->type, at);
		break;
	case LX_POINTER:
		*(void **)at = rand() & 1 ? calloc(1, bytes) : NULL;
		if (*(void **)at)
			fill_any(f->type, *(void **)at);
		break;
	case LX_MARK:
		break;
	default:
		*count = (uint32_t)rand() % 4;
		*(char **)at = *count ? calloc(*count, bytes) : NULL;
		for (uint32_t i = 0; i < *count; i++) {
			if (f->kind == LX_STRINGS)
				((char **)*(char **)at)[i] = strdup("a word");
			else if (f->kind == LX_U32S)
				((uint32_t *)*(char **)at)[i] = (uint32_t)rand();
			else if (f->type)
				fill_any(f->type, *(char **)at + i * bytes);
			else
				fill_map((struct lx_cpumap *)(*(char **)at + i * bytes));
		}
	}
}

static void fill_any(const struct lx_type *type, void *object)
{
	for (const struct lx_field *f = type->field; f->name; f++)
		fill_field(f, (char *)object + f->at, (uint32_t *)((char *)object + f->count));
}

/* Every member of every object, whatever its value: back as it was. */
static void test_every_object(void **state)
{
	static const struct lx_type *const types[] = { &lx_domain_config_type, &lx_disk_type,
						       &lx_nic_type };
	char a[2048], b[2048], *text, *again;

	srand(7);
	for (unsigned int round = 0; round < 600; round++) {
		const struct lx_type *type = types[round % 3];

		assert_true(type->bytes <= sizeof(a));
		memset(a, 0, sizeof(a));
		fill_any(type, a);
		text = lx_to_text(type, a);
		lx_init(type, b);
		assert_int_equal(lx_from_text(type, b, text, err), 0);
		again = lx_to_text(type, b);
		assert_string_equal(text, again);
		free(again);
		lx_dispose(type, b);
		assert_int_equal(lx_copy(type, b, a), 0);
		again = lx_to_text(type, b);
		assert_string_equal(text, again);
		free(text);
		free(again);
		lx_dispose(type, b);
		lx_dispose(type, a);
	}
}

/* What libxl 4.17 calls the members that are written, and of what JSON type it takes them. */
static const struct {
	const char *path;
	enum json_type type;
} libxl_members[] = {
	{ "c_info.type", json_type_string }, { "c_info.name", json_type_string },
	{ "c_info.uuid", json_type_string }, { "c_info.pool_name", json_type_string },
	{ "b_info.max_vcpus", json_type_int }, { "b_info.avail_vcpus", json_type_array },
	{ "b_info.max_memkb", json_type_int }, { "b_info.target_memkb", json_type_int },
	{ "b_info.shadow_memkb", json_type_int }, { "b_info.event_channels", json_type_int },
	{ "b_info.max_grant_frames", json_type_int },
	{ "b_info.max_maptrack_frames", json_type_int },
	{ "b_info.max_grant_version", json_type_int },
	{ "b_info.rtc_timeoffset", json_type_int }, { "b_info.tsc_mode", json_type_string },
	{ "b_info.kernel", json_type_string }, { "b_info.ramdisk", json_type_string },
	{ "b_info.cmdline", json_type_string }, { "b_info.sched_params.weight", json_type_int },
	{ "b_info.sched_params.cap", json_type_int },
	{ "b_info.sched_params.period", json_type_int },
	{ "b_info.sched_params.budget", json_type_int },
	{ "b_info.sched_params.extratime", json_type_int },
	{ "b_info.vcpu_hard_affinity", json_type_array },
	{ "b_info.vcpu_soft_affinity", json_type_array }, { "b_info.nodemap", json_type_array },
	{ "disks.pdev_path", json_type_string }, { "disks.vdev", json_type_string },
	{ "disks.script", json_type_string }, { "disks.backend_domname", json_type_string },
	{ "disks.format", json_type_string }, { "disks.readwrite", json_type_int },
	{ "disks.is_cdrom", json_type_int }, { "disks.direct_io_safe", json_type_boolean },
	{ "disks.discard_enable", json_type_string }, { "disks.removable", json_type_int },
	{ "disks.trusted", json_type_string }, { "nics.trusted", json_type_string },
	{ "nics.devid", json_type_int },
	{ "pcidevs.func", json_type_int }, { "pcidevs.dev", json_type_int },
	{ "pcidevs.bus", json_type_int }, { "pcidevs.domain", json_type_int },
	{ "nics.mac", json_type_string }, { "nics.bridge", json_type_string },
	{ "nics.ip", json_type_string }, { "nics.script", json_type_string },
	{ "nics.ifname", json_type_string }, { "nics.model", json_type_string },
	{ "nics.backend_domname", json_type_string }, { "nics.gatewaydev", json_type_string },
	{ "nics.mtu", json_type_int }, { "nics.rate_bytes_per_interval", json_type_int },
	{ "nics.rate_interval_usecs", json_type_int }, { "on_poweroff", json_type_string },
	{ "on_reboot", json_type_string }, { "on_watchdog", json_type_string },
	{ "on_crash", json_type_string }, { "on_soft_reset", json_type_string },
	{ "b_info.video_memkb", json_type_int },
	{ "b_info.device_model_version", json_type_string },
	{ "b_info.device_model", json_type_string },
	{ "b_info.device_tree", json_type_string }, { "b_info.irqs", json_type_array },
	{ "b_info.iomem.start", json_type_int }, { "b_info.iomem.number", json_type_int },
	{ "b_info.iomem.gfn", json_type_int }, { "dtdevs.path", json_type_string },
	{ "b_info.extra", json_type_array },
	{ "b_info.extra_hvm", json_type_array },
	{ "nics.nictype", json_type_string },
	{ "b_info.type.hvm.firmware", json_type_string },
	{ "b_info.type.hvm.bios", json_type_string },
	{ "b_info.apic", json_type_string },
	{ "b_info.acpi", json_type_string },
	{ "b_info.type.hvm.acpi_s3", json_type_string },
	{ "b_info.type.hvm.acpi_s4", json_type_string },
	{ "b_info.type.hvm.acpi_laptop_slate", json_type_string },
	{ "b_info.type.hvm.hpet", json_type_string },
	{ "b_info.type.hvm.vpt_align", json_type_string },
	{ "b_info.timer_mode", json_type_string },
	{ "b_info.type.hvm.system_firmware", json_type_string },
	{ "b_info.type.hvm.hdtype", json_type_string },
	{ "b_info.type.hvm.nographic", json_type_string },
	{ "b_info.type.hvm.vga.kind", json_type_string },
	{ "b_info.type.hvm.vnc.enable", json_type_string },
	{ "b_info.type.hvm.vnc.listen", json_type_string },
	{ "b_info.type.hvm.vnc.passwd", json_type_string },
	{ "b_info.type.hvm.vnc.findunused", json_type_string },
	{ "b_info.type.hvm.keymap", json_type_string },
	{ "b_info.type.hvm.boot", json_type_string },
	{ "b_info.type.hvm.serial", json_type_string },
	{ "b_info.type.hvm.usb", json_type_string },
	{ "b_info.type.hvm.usbdevice", json_type_string },
	{ "b_info.type.hvm.xen_platform_pci", json_type_string },
	{ "b_info.type.hvm.mmio_hole_memkb", json_type_int },
	{ "b_info.type.hvm.vnc.display", json_type_int },
	{ "b_info.type.hvm.usbversion", json_type_int },
	{ "b_info.type.hvm.serial_list", json_type_array },
	{ "b_info.type.hvm.usbdevice_list", json_type_array },
	/* Our own; libxl passes over what it does not look for. */
	{ "disks.share_writes", json_type_boolean }, { "b_info.device_models", json_type_array },
};

static void check_member(const char *path, struct json_object *v)
{
	if (json_object_is_type(v, json_type_object)) {
		json_object_object_foreach(v, name, member) {
			char longer[128];

			snprintf(longer, sizeof(longer), "%s%s%s", path, *path ? "." : "", name);
			check_member(longer, member);
		}
		return;
	}
	if (!strcmp(path, "disks") || !strcmp(path, "nics") || !strcmp(path, "dtdevs") ||
	    !strcmp(path, "pcidevs") || !strcmp(path, "b_info.iomem")) {
		for (size_t i = 0; i < json_object_array_length(v); i++)
			check_member(path, json_object_array_get_idx(v, i));
		return;
	}
	for (size_t i = 0; i < sizeof(libxl_members) / sizeof(libxl_members[0]); i++) {
		if (strcmp(path, libxl_members[i].path))
			continue;
		assert_int_equal(json_object_get_type(v), libxl_members[i].type);
		if (json_object_is_type(v, json_type_string) && !strncmp(path, "on_", 3))
			assert_null(strchr(json_object_get_string(v), '-'));
		return;
	}
	fail_msg("libxl has no member %s", path);
}

static void test_libxl_reads(void **state)
{
	struct lx_domain_config c;
	struct json_object *j;

	for (unsigned int round = 0; round < 50; round++) {
		memset(&c, 0, sizeof(c));
		fill_any(&lx_domain_config_type, &c);
		j = lx_to_json(&lx_domain_config_type, &c);
		check_member("", j);
		json_object_put(j);
		lx_dispose(&lx_domain_config_type, &c);
	}
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
		/* What was read of the array is not lost. */
		"{\"disks\": [{\"vdev\": \"xvda\", \"pdev_path\": \"/d\"}, "
			"{\"vdev\": \"xvdb\", \"pdev_path\": \"/e\", \"vdev\": 3}]}",
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
		"\"on_crash\": \"restart_rename\"}", err), 0);
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
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_every_object),
		cmocka_unit_test(test_libxl_reads), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_libxl), cmocka_unit_test(test_uuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
