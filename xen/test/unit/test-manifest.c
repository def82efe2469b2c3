/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot manifest: what a valid one means, and the message for each mistake. */
#include "unit.h"

#include <string.h>

#include <xen/manifest.h>

#include "dtb.h"

static struct manifest m;
static struct manifest_limits lim;
static cpumask_t cpus;
static char lines[16384];

static void complain(void *ctx, const char *line)
{
	size_t used = strlen(lines);

	snprintf(lines + used, sizeof(lines) - used, "%s\n", line);
}

static u32 claims;

static bool claim(u32 index, char *why, size_t size)
{
	assert_true(index < lim.nr_modules);
	claims++;
	if (index != 4)
		return true;
	snprintf(why, size, "rtc: another guest has it");
	return false;
}

static int setup(void **state)
{
	claims = 0;
	cpumask_clear(&cpus);
	for (u32 i = 0; i < 4; i++)
		cpumask_set(&cpus, i);
	lim = (struct manifest_limits){ .nr_modules = 5, .self = 2, .nr_nodes = 2,
					.total_kib = 1048576, .cpus = &cpus,
					.claim_devices = claim };
	lines[0] = '\0';
	dtb_start();
	dtb_begin("chosen");
	return 0;
}

static void parse(void)
{
	enum fdt_error e;
	const void *blob;
	struct fdt t;
	u32 len;

	dtb_end();
	blob = dtb_finish(&len);
	assert_true(manifest_is_one(blob, len));
	e = fdt_open(&t, blob, len);
	assert_int_equal(e, FDT_OK);
	manifest_parse(&m, &t, &lim, complain, NULL);
}

/* A description up to its kernel node; the caller adds properties before end_domain. */
static void begin_domain(const char *name)
{
	dtb_begin(name);
	dtb_string("compatible", "xen,domain");
}

static void module_node(const char *name, const char *what, u32 nr)
{
	dtb_begin(name);
	dtb_string("compatible", what);
	dtb_u32("module", nr);
	dtb_end();
}

static void end_domain(u32 kernel, u32 ramdisk)
{
	module_node("kernel", "multiboot,kernel", kernel);
	if (ramdisk)
		module_node("ramdisk", "multiboot,ramdisk", ramdisk);
	dtb_end();
}

static void size(u64 kib, u32 nr_cpus)
{
	dtb_u64("memory", kib);
	dtb_u32("cpus", nr_cpus);
}

static void plain_domain(const char *name)
{
	begin_domain(name);
	size(65536, 1);
	end_domain(1, 0);
}

/* The domain under test was refused with that message; the other one is kept. */
static void expect_refused(const char *text)
{
	plain_domain("beside");
	parse();
	if (!strstr(lines, text))
		fail_msg("no \"%s\" in:\n%s", text, lines);
	assert_int_equal(m.nr_rejected, 1);
	assert_int_equal(m.nr_domains, 1);
	assert_string_equal(m.domain[0].name, "beside");
	/* One line each. */
	assert_ptr_equal(strchr(lines, '\n'), lines + strlen(lines) - 1);
}

static void test_full(void **state)
{
	cpumask_t mask;

	begin_domain("domU1");
	size(262144, 2);
	dtb_string("xenolith,name", "web");
	dtb_prop("xenolith,arguments", "run\0fast", 9);
	dtb_prop("xenolith,hard-affinity", "0-1\0" "3", 6);
	dtb_string("xenolith,soft-affinity", "2");
	dtb_u32("xenolith,numa-node", 1);
	dtb_u32("xenolith,weight", 512);
	dtb_u32("xenolith,cap", 150);
	dtb_u32("xenolith,max-grant-frames", 7);
	dtb_u32("xenolith,max-maptrack-frames", 8);
	dtb_u32("xenolith,max-grant-version", 1);
	dtb_u32("xenolith,max-event-port", 99);
	dtb_prop("xenolith,privileged", NULL, 0);
	dtb_prop("xenolith,keep", NULL, 0);
	dtb_begin("kernel");
	dtb_string("compatible", "multiboot,kernel");
	dtb_u32("module", 4);
	dtb_string("bootargs", "quiet");
	dtb_end();
	module_node("initrd", "multiboot,ramdisk", 5);
	dtb_end();
	dtb_begin("something-else");
	dtb_end();
	parse();
	assert_string_equal(lines, "");
	assert_int_equal(m.nr_domains, 1);
	assert_string_equal(m.domain[0].name, "web");
	assert_string_equal(m.domain[0].cmdline, "quiet run fast");
	assert_int_equal(m.domain[0].kernel, 3);
	assert_int_equal(m.domain[0].ramdisk, 4);
	assert_int_equal(m.named, 0x18);
	assert_int_equal(m.domain[0].memory_kib, 262144);
	assert_int_equal(m.domain[0].vcpus, 2);
	assert_int_equal(m.domain[0].node, 1);
	assert_int_equal(m.domain[0].weight, 512);
	assert_int_equal(m.domain[0].cap, 150);
	assert_int_equal(m.domain[0].max_grant_frames, 7);
	assert_int_equal(m.domain[0].max_maptrack_frames, 8);
	assert_int_equal(m.domain[0].max_grant_version, 1);
	assert_int_equal(m.domain[0].max_event_port, 99);
	assert_true(m.domain[0].is_privileged && m.domain[0].keep && !m.domain[0].is_hardware);
	assert_true(manifest_affinity(&m.domain[0].hard, m.domain[0].hard_entries, 1, &mask));
	assert_int_equal(mask.bits[0], 8);
	assert_true(manifest_affinity(&m.domain[0].hard, m.domain[0].hard_entries, 0, &mask));
	assert_int_equal(mask.bits[0], 3);
	assert_true(manifest_affinity(&m.domain[0].soft, m.domain[0].soft_entries, 1, &mask));
	assert_int_equal(mask.bits[0], 4);
}

static void test_defaults(void **state)
{
	cpumask_t mask;

	begin_domain("domU1");
	dtb_u32("memory", 65536);		/* one cell will do */
	dtb_u32("cpus", 1);
	end_domain(1, 0);
	parse();
	assert_string_equal(lines, "");
	assert_string_equal(m.domain[0].name, "domU1");
	assert_string_equal(m.domain[0].cmdline, "");
	assert_int_equal(m.domain[0].ramdisk, MANIFEST_NO_MODULE);
	assert_int_equal(m.domain[0].node, MANIFEST_NO_NODE);
	assert_int_equal(m.domain[0].max_grant_frames, 32);
	assert_false(m.domain[0].has_weight || m.domain[0].has_cap || m.domain[0].is_privileged);
	assert_false(manifest_affinity(&m.domain[0].hard, m.domain[0].hard_entries, 0, &mask));
}

static void test_hardware_domain_comes_first(void **state)
{
	plain_domain("one");
	plain_domain("two");
	begin_domain("dom0");
	dtb_prop("xenolith,hardware-domain", NULL, 0);
	end_domain(1, 2);
	begin_domain("another");
	dtb_prop("xenolith,hardware-domain", NULL, 0);
	end_domain(1, 2);
	parse();
	assert_int_equal(m.nr_domains, 3);
	assert_string_equal(m.domain[0].name, "dom0");
	assert_string_equal(m.domain[1].name, "one");
	assert_string_equal(m.domain[2].name, "two");
	assert_true(m.domain[0].is_privileged);
	assert_int_equal(m.domain[0].memory_kib, 0);
	assert_int_equal(m.domain[0].vcpus, 0);
	assert_string_equal(lines,
			    "another: dom0 is the hardware domain already; there can be one\n");
}

static void test_no_domains(void **state)
{
	parse();
	assert_string_equal(lines, "/chosen: no node in it is compatible with \"xen,domain\"\n");
	assert_int_equal(m.nr_domains, 0);
}

static void test_unknown_property_is_reported(void **state)
{
	begin_domain("domU1");
	size(65536, 1);
	dtb_u32("xenolith,wieght", 1);
	end_domain(1, 0);
	parse();
	assert_int_equal(m.nr_domains, 1);
	assert_string_equal(lines, "domU1: the property \"xenolith,wieght\" is unknown and has no "
				   "effect\n");
}

/* One property set wrongly in an otherwise good description. */
struct mistake {
	const char *prop;
	const char *value;
	u32 len;
	const char *says;
};

#define CELL(a, b, c, d) ((const char[]){ (char)(a), (char)(b), (char)(c), (char)(d) }), 4
#define CELLS2(a, b) ((const char[]){ 0, 0, 0, (a), 0, 0, (char)((b) >> 8), (char)(b) }), 8

static const struct mistake mistakes[] = {
	{ "memory", CELLS2(0, 1023), "\"memory\" is 1023 KiB; give at least 1024 KiB" },
	{ "memory", CELLS2(0, 2049), "\"memory\" is 2049 KiB; give a multiple of 4 KiB" },
	{ "memory", CELLS2(1, 0), "the machine has only 1048576 KiB; give less" },
	{ "memory", CELL(0xff, 0xff, 0xff, 0xff), "the machine has only 1048576 KiB; give less" },
	{ "memory", "abc", 3, "\"memory\" has 3 bytes; give its size in KiB as two cells" },
	{ "cpus", CELL(0, 0, 0, 0), "\"cpus\" is 0; it may be 1 to 128" },
	{ "cpus", CELL(0, 0, 0, 129), "\"cpus\" is 129; it may be 1 to 128" },
	{ "cpus", CELL(0xff, 0xff, 0xff, 0xff), "\"cpus\" is 4294967295; it may be 1 to 128" },
	{ "cpus", "", 0, "\"cpus\" has 0 bytes; give it one cell" },
	{ "xenolith,name", "a b", 4, "the name may only have letters, digits and -_.+@" },
	{ "xenolith,name", "", 1, "the name has 0 characters; it may have 1 to 31" },
	{ "xenolith,name", "abcdefghijklmnopqrstuvwxyz012345", 33, "the name has 32 characters" },
	{ "xenolith,name", "ab", 2, "\"xenolith,name\" is not one string" },
	{ "xenolith,arguments", "ab", 2, "\"xenolith,arguments\" is not a list of strings" },
	{ "xenolith,hard-affinity", "1-", 3, "has \"1-\"; give a list of CPUs such as \"0-1,4\"" },
	{ "xenolith,hard-affinity", "", 1, "has \"\"; give a list of CPUs" },
	{ "xenolith,hard-affinity", "x", 1, "\"xenolith,hard-affinity\" is not a list of strings" },
	{ "xenolith,hard-affinity", "9999999999", 11, "give a list of CPUs" },
	{ "xenolith,soft-affinity", "4-7", 4, "has \"4-7\", but none of these CPUs is online" },
	{ "xenolith,soft-affinity", "0\0001\0002", 6, "has 3 lists for 1 vCPUs; give one" },
	{ "xenolith,numa-node", CELL(0, 0, 0, 2), "\"xenolith,numa-node\" is 2; it may be 0 to 1" },
	{ "xenolith,weight", CELL(0, 0, 0, 0), "\"xenolith,weight\" is 0; it may be 1 to 65535" },
	{ "xenolith,cap", CELL(0, 0, 0, 101), "\"xenolith,cap\" is 101; it may be 0 to 100" },
	{ "xenolith,max-grant-frames", CELL(1, 0, 0, 0), "it may be 1 to 4096" },
	{ "xenolith,max-grant-version", CELL(0, 0, 0, 3), "it may be 1 to 2" },
};

static void test_mistakes(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(mistakes); i++) {
		const struct mistake *k = &mistakes[i];

		setup(NULL);
		begin_domain("domU1");
		/* Of two properties of one name the first counts. */
		dtb_prop(k->prop, k->value, k->len);
		size(65536, 1);
		end_domain(1, 0);
		expect_refused(k->says);
	}
}

static void test_missing(void **state)
{
	begin_domain("domU1");
	dtb_u32("cpus", 1);
	end_domain(1, 0);
	expect_refused("domU1: \"memory\" is missing; give its size in KiB as two cells");
	setup(NULL);
	begin_domain("domU1");
	dtb_u64("memory", 65536);
	end_domain(1, 0);
	expect_refused("domU1: \"cpus\" is missing; give the number of vCPUs as one cell");
	setup(NULL);
	begin_domain("domU1");
	size(65536, 1);
	dtb_end();
	expect_refused("domU1: it has no kernel; add a \"multiboot,kernel\" node");
}

/* A description with these modules; 0: no such property. */
static void with_modules(u32 kernel, u32 ramdisk)
{
	setup(NULL);
	begin_domain("domU1");
	size(65536, 1);
	dtb_begin("kernel");
	dtb_string("compatible", "multiboot,kernel");
	if (kernel)
		dtb_u32("module", kernel);
	dtb_end();
	if (ramdisk)
		module_node("ramdisk", "multiboot,ramdisk", ramdisk);
	dtb_end();
}

static void test_modules(void **state)
{
	with_modules(0, 0);
	expect_refused("its kernel lacks \"module\"; give the module's number as one cell");
	with_modules(6, 0);
	expect_refused("its kernel is module 6, but there are modules 1 to 5");
	with_modules(~0U, 0);
	expect_refused("its kernel is module 4294967295, but there are modules 1 to 5");
	with_modules(3, 0);
	expect_refused("its kernel is module 3, which is the manifest itself");
	with_modules(4, 4);
	expect_refused("module 4 is both its kernel and its ramdisk");
	with_modules(4, 9);
	expect_refused("its ramdisk is module 9, but there are modules 1 to 5");
	/* Modules of a refused description are not taken for those of the hardware domain. */
	assert_int_equal(m.named, 0x9);
}

/* A description with a device tree that is module @tree. */
static void with_devices(const char *name, u32 kernel, u32 tree, bool hardware)
{
	begin_domain(name);
	size(65536, 1);
	if (hardware)
		dtb_prop("xenolith,hardware-domain", NULL, 0);
	module_node("devices", "multiboot,device-tree", tree);
	end_domain(kernel, 0);
}

static void test_devices(void **state)
{
	with_devices("one", 1, 4, false);
	plain_domain("two");
	parse();
	assert_string_equal(lines, "");
	assert_int_equal(m.nr_domains, 2);
	assert_int_equal(m.domain[0].devices, 3);
	assert_int_equal(m.domain[1].devices, MANIFEST_NO_MODULE);
	assert_int_equal(m.named, 1 | 1 << 3);
	assert_int_equal(claims, 1);
}

static void test_devices_refused(void **state)
{
	with_devices("one", 1, 5, false);
	expect_refused("one: module 5: rtc: another guest has it");
	setup(NULL);
	with_devices("one", 1, 4, true);
	expect_refused("the hardware domain gets all devices that no other domain gets");
	setup(NULL);
	with_devices("one", 4, 4, false);
	expect_refused("module 4 is its device tree and another part");
	setup(NULL);
	with_devices("one", 1, 9, false);
	expect_refused("its device tree is module 9, but there are modules 1 to 5");
	assert_int_equal(claims, 0);
}

static void test_devices_shared(void **state)
{
	with_devices("one", 1, 4, false);
	with_devices("two", 1, 4, false);
	with_devices("three", 4, 5, false);
	with_devices("four", 2, 1, false);
	parse();
	assert_string_equal(lines,
			    "two: its device tree, module 4, is one of the modules of one\n"
			    "three: its kernel, module 4, is the device tree of one\n"
			    "four: its device tree, module 1, is one of the modules of one\n");
	assert_int_equal(m.nr_domains, 1);
}

static void test_module_roles(void **state)
{
	plain_domain("one");
	begin_domain("two");
	size(65536, 1);
	end_domain(4, 1);
	begin_domain("three");
	size(65536, 1);
	end_domain(1, 5);
	begin_domain("four");
	size(65536, 1);
	end_domain(5, 0);
	parse();
	assert_int_equal(m.nr_domains, 2);	/* one and three may share a kernel */
	assert_string_equal(lines, "two: its ramdisk, module 1, is the kernel of one\n"
				   "four: its kernel, module 5, is the ramdisk of three\n");
}

static void test_duplicate_names(void **state)
{
	plain_domain("same");
	plain_domain("same");
	parse();
	assert_int_equal(m.nr_domains, 1);
	assert_string_equal(lines, "same: another domain is called \"same\" already; rename one\n");
}

static void test_long_command_line(void **state)
{
	char args[MANIFEST_CMDLINE_MAX];

	memset(args, 'x', sizeof(args));
	args[MANIFEST_CMDLINE_MAX - 1] = '\0';
	begin_domain("domU1");
	size(65536, 1);
	dtb_string("xenolith,arguments", args);
	end_domain(1, 0);
	parse();
	assert_int_equal(m.nr_domains, 1);
	assert_string_equal(m.domain[0].cmdline, args);
	setup(NULL);
	begin_domain("domU1");
	size(65536, 1);
	dtb_prop("xenolith,arguments", "a\0", 2);
	dtb_begin("kernel");
	dtb_string("compatible", "multiboot,kernel");
	dtb_u32("module", 1);
	args[MANIFEST_CMDLINE_MAX - 2] = '\0';
	dtb_string("bootargs", args);
	dtb_end();
	dtb_end();
	expect_refused("the command line is longer than 1023 characters; shorten it");
}

static void test_too_many_domains(void **state)
{
	char name[16];

	for (u32 i = 0; i < MANIFEST_MAX_DOMAINS + 2; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		plain_domain(name);
	}
	parse();
	assert_int_equal(m.nr_domains, MANIFEST_MAX_DOMAINS);
	assert_int_equal(m.nr_rejected, 2);
	assert_string_equal(lines, "d64: there are more than 64 domains\n"
				   "d65: there are more than 64 domains\n");
}

/* Damage that leaves the tree readable must not be able to break the reader. */
static void test_random_damage(void **state)
{
	static u8 copy[65536] __aligned(8);
	const void *blob;
	struct fdt t;
	u32 len, opened = 0;

	unit_seed();
	begin_domain("dom0");
	dtb_prop("xenolith,hardware-domain", NULL, 0);
	end_domain(1, 2);
	begin_domain("domU1");
	size(65536, 2);
	dtb_string("xenolith,hard-affinity", "0-1");
	dtb_prop("xenolith,arguments", "run\0fast", 9);
	end_domain(4, 5);
	dtb_end();
	blob = dtb_finish(&len);
	for (u32 round = 0; round < 20000; round++) {
		memcpy(copy, blob, len);
		for (u32 i = 1 + unit_random_below(4); i; i--)
			copy[unit_random_below(len)] ^= (u8)(1U << unit_random_below(8));
		if (fdt_open(&t, copy, len))
			continue;
		lines[0] = '\0';
		manifest_parse(&m, &t, &lim, complain, NULL);
		opened++;
		for (u32 i = 0; i < m.nr_domains; i++) {
			assert_true(m.domain[i].kernel < lim.nr_modules);
			assert_true(m.domain[i].memory_kib <= lim.total_kib);
			assert_true(m.domain[i].vcpus <= MANIFEST_MAX_VCPUS);
		}
	}
	assert_true(opened > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_full, setup),
		cmocka_unit_test_setup(test_defaults, setup),
		cmocka_unit_test_setup(test_hardware_domain_comes_first, setup),
		cmocka_unit_test_setup(test_no_domains, setup),
		cmocka_unit_test_setup(test_unknown_property_is_reported, setup),
		cmocka_unit_test_setup(test_mistakes, setup),
		cmocka_unit_test_setup(test_missing, setup),
		cmocka_unit_test_setup(test_modules, setup),
		cmocka_unit_test_setup(test_devices, setup),
		cmocka_unit_test_setup(test_devices_refused, setup),
		cmocka_unit_test_setup(test_devices_shared, setup),
		cmocka_unit_test_setup(test_module_roles, setup),
		cmocka_unit_test_setup(test_duplicate_names, setup),
		cmocka_unit_test_setup(test_long_command_line, setup),
		cmocka_unit_test_setup(test_too_many_domains, setup),
		cmocka_unit_test_setup(test_random_damage, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
