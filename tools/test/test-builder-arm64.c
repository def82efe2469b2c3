/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domain builder's pure part for ARM: kernels, layouts, and the device tree. */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <xen/fdt.h>
#include <xen/fdt_write.h>

#include "builder/arm64/layout.h"

#define MIB (1UL << 20)
#define GIB (1UL << 30)
#define FILE_BYTES 8192
#define IMAGE_BYTES (3 * MIB)
#define TEXT_OFFSET 0x80000UL
#define AT_TEXT_OFFSET 8
#define AT_IMAGE_SIZE 16
#define AT_MAGIC 56

static uint8_t image[FILE_BYTES];
static struct bld_error err;

static void set64(uint32_t at, uint64_t v) { memcpy(image + at, &v, sizeof(v)); }

static int setup(void **state)
{
	memset(image, 0x5a, sizeof(image));
	set64(AT_TEXT_OFFSET, TEXT_OFFSET);
	set64(AT_IMAGE_SIZE, IMAGE_BYTES);
	memcpy(image + AT_MAGIC, "ARM\x64", 4);
	return 0;
}

static struct bld_config config_of(struct bld_kernel *k, uint64_t ram)
{
	assert_int_equal(bld_kernel_open(k, image, sizeof(image), &err), 0);
	return (struct bld_config){ .kernel = k, .ram_bytes = ram, .vcpus = 18,
				    .cmdline = "console=hvc0" };
}

static const struct bld_piece *piece(const struct bld_plan *p, const char *what)
{
	for (uint32_t i = 0; i < p->nr_pieces; i++)
		if (!strcmp(p->piece[i].what, what))
			return &p->piece[i];
	fail_msg("no piece %s", what);
	return NULL;
}

static bool inside(const struct bld_plan *p, uint64_t at, uint64_t bytes)
{
	for (uint32_t r = 0; r < p->nr_regions; r++)
		if (at >= p->region[r].start.v &&
		    at + bytes <= p->region[r].start.v + p->region[r].bytes)
			return true;
	return false;
}

static void check_plan(const struct bld_plan *p)
{
	for (uint32_t i = 0; i < p->nr_pieces; i++) {
		const struct bld_piece *a = &p->piece[i];

		assert_true(inside(p, a->at.v, a->bytes + a->zeros));
		for (uint32_t k = 0; k < i; k++) {
			const struct bld_piece *b = &p->piece[k];

			assert_true(a->at.v + a->bytes + a->zeros <= b->at.v ||
				    a->at.v >= b->at.v + b->bytes + b->zeros);
		}
	}
}

static void test_layout(void **state)
{
	static const uint64_t sizes[] = { 16 * MIB, 160 * MIB, 3 * GIB, 4 * GIB, 64 * GIB };
	static const char ramdisk[5000] = "ramdisk";
	struct bld_kernel k;

	for (unsigned int i = 0; i < 5; i++) {
		struct bld_config c = config_of(&k, sizes[i]);
		struct bld_plan p;

		c.ramdisk = ramdisk;
		c.ramdisk_bytes = sizeof(ramdisk);
		assert_int_equal(bld_plan_make(&p, &c, &err), 0);
		check_plan(&p);
		assert_int_equal(p.pages, (sizes[i] >> PAGE_SHIFT) + 2);
		assert_int_equal(p.entry, RAM0_BASE + TEXT_OFFSET);
		assert_int_equal(piece(&p, "kernel")->at.v, p.entry);
		assert_int_equal(piece(&p, "kernel")->bytes, FILE_BYTES);
		assert_int_equal(piece(&p, "kernel")->zeros, IMAGE_BYTES - FILE_BYTES);
		assert_int_equal(piece(&p, "device tree")->at.v, p.start_info);
		assert_int_equal(p.start_info % (2 * MIB), 0);
		assert_int_equal(p.ramdisk_at, piece(&p, "ramdisk")->at.v);
		/* More than 3 GiB lie in two banks. */
		assert_int_equal(p.nr_regions, sizes[i] > 3 * GIB ? 3 : 2);
		bld_plan_free(&p);
		bld_kernel_close(&k);
	}
}

static void test_no_room(void **state)
{
	struct bld_kernel k;
	struct bld_config c = config_of(&k, 2 * MIB);
	struct bld_plan p;

	assert_int_equal(bld_plan_make(&p, &c, &err), -ENOMEM);	/* for the kernel */
	c.ram_bytes = 4 * MIB;
	assert_int_equal(bld_plan_make(&p, &c, &err), -ENOMEM);	/* for the tree */
	c.ram_bytes = 64 * MIB;
	c.ramdisk = image;
	c.ramdisk_bytes = 61 * MIB;
	assert_int_equal(bld_plan_make(&p, &c, &err), -ENOMEM);	/* for the ramdisk */
	c.ramdisk_bytes = 0;
	c.ram_bytes = RAM0_BYTES + RAM1_BYTES + PAGE_SIZE;
	assert_int_equal(bld_plan_make(&p, &c, &err), -EINVAL);
	c.ram_bytes = 64 * MIB;
	c.vcpus = BLD_MAX_VCPUS + 1;
	assert_int_equal(bld_plan_make(&p, &c, &err), -EINVAL);
}

static void expect_refused(const char *text)
{
	struct bld_kernel k;

	assert_int_equal(bld_kernel_open(&k, image, sizeof(image), &err), -ENOEXEC);
	assert_non_null(strstr(err.text, text));
	assert_null(k.unpacked);
}

static void test_bad_kernels(void **state)
{
	struct bld_kernel k;

	assert_int_equal(bld_kernel_open(&k, image, 40, &err), -ENOEXEC);
	set64(AT_IMAGE_SIZE, 0);
	expect_refused("how much memory");
	set64(AT_IMAGE_SIZE, ~0UL);
	expect_refused("impossible");
	set64(AT_IMAGE_SIZE, IMAGE_BYTES);
	set64(AT_TEXT_OFFSET, 2 * MIB);
	expect_refused("impossible");
	image[AT_MAGIC] = 'X';
	expect_refused("not an Image");
	/* Says that it is packed, and is not. */
	memcpy(image, "\037\213", 2);
	expect_refused("unpacks to");
	memset(image + FILE_BYTES - 4, 1, 2);
	memset(image + FILE_BYTES - 2, 0, 2);
	expect_refused("damaged");
	setup(NULL);
}

/* The file may be longer than its header says: all of it is loaded. */
static void test_small_size(void **state)
{
	struct bld_kernel k;

	set64(AT_IMAGE_SIZE, 4096);
	assert_int_equal(bld_kernel_open(&k, image, sizeof(image), &err), 0);
	assert_int_equal(k.elf.segment[0].memsz, FILE_BYTES);
	bld_kernel_close(&k);
	setup(NULL);
}

static void test_gzip(void **state)
{
	static uint8_t packed[2 * FILE_BYTES];
	z_stream z = { .next_in = image, .avail_in = sizeof(image), .next_out = packed,
		       .avail_out = sizeof(packed) };
	struct bld_kernel k;

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(bld_kernel_open(&k, packed, z.total_out, &err), 0);
	deflateEnd(&z);
	assert_int_equal(k.bytes, FILE_BYTES);
	assert_memory_equal(k.image, image, FILE_BYTES);
	bld_kernel_close(&k);
}

static fdt_node_t node(const struct fdt *t, const char *path)
{
	fdt_node_t n = fdt_find_path(t, path);

	if (!fdt_node_ok(n))
		fail_msg("no node %s", path);
	return n;
}

static uint64_t cells(const struct fdt *t, const char *path, const char *prop, uint32_t index,
		      uint32_t width)
{
	struct fdt_prop p;
	u64 v;

	assert_true(fdt_get_prop(t, node(t, path), prop, &p));
	assert_true(fdt_prop_cells(&p, index, width, &v));
	return v;
}

/* What a kernel must find, with each version of the GIC. */
static void check_tree(uint32_t gic, uint32_t hz)
{
	static const char ramdisk[5000];
	struct bld_platform platform = { .gic_version = gic, .timer_hz = hz };
	struct bld_kernel k;
	struct bld_config c = config_of(&k, 4 * GIB);
	const char *gic_path = "/interrupt-controller@3001000";
	struct bld_plan p;
	struct fdt t;
	u32 v;

	c.ramdisk = ramdisk;
	c.ramdisk_bytes = sizeof(ramdisk);
	assert_int_equal(bld_plan_make(&p, &c, &err), 0);
	assert_int_equal(bld_plan_complete(&p, &platform, &err), 0);
	assert_int_equal(fdt_open(&t, p.info, TREE_BYTES), FDT_OK);
	assert_string_equal(fdt_get_string(&t, node(&t, "/chosen"), "bootargs"), "console=hvc0");
	assert_int_equal(cells(&t, "/chosen", "linux,initrd-start", 0, 2), p.ramdisk_at);
	assert_int_equal(cells(&t, "/chosen", "linux,initrd-end", 0, 2),
			 p.ramdisk_at + sizeof(ramdisk));
	assert_int_equal(cells(&t, "/memory@40000000", "reg", 0, 2), RAM0_BASE);
	assert_int_equal(cells(&t, "/memory@40000000", "reg", 2, 2), 3 * GIB);
	assert_int_equal(cells(&t, "/memory@200000000", "reg", 2, 2), GIB);
	/* The seventeenth vCPU is the first of the second cluster. */
	assert_int_equal(cells(&t, "/cpus/cpu@f", "reg", 0, 1), 0xf);
	assert_int_equal(cells(&t, "/cpus/cpu@101", "reg", 0, 1), 0x101);
	assert_false(fdt_node_ok(fdt_find_path(&t, "/cpus/cpu@102")));
	assert_true(fdt_is_compatible(&t, node(&t, gic_path),
				      gic == 2 ? "arm,cortex-a15-gic" : "arm,gic-v3"));
	assert_int_equal(cells(&t, gic_path, "reg", 4, 2), gic == 2 ? 0x3002000 : 0x3020000);
	assert_int_equal(cells(&t, gic_path, "reg", 6, 2), gic == 2 ? 0x2000 : 18 * 0x20000);
	assert_int_equal(cells(&t, "/", "interrupt-parent", 0, 1),
			 cells(&t, gic_path, "phandle", 0, 1));
	assert_int_equal(cells(&t, "/timer", "interrupts", 7, 1), 27 - 16);
	assert_int_equal(fdt_get_u32(&t, node(&t, "/timer"), "clock-frequency", &v), hz != 0);
	assert_string_equal(fdt_get_string(&t, node(&t, "/psci"), "method"), "hvc");
	assert_true(fdt_is_compatible(&t, node(&t, "/hypervisor"), "xen,xen"));
	assert_int_equal(cells(&t, "/hypervisor", "reg", 0, 2), 0x38000000);
	assert_int_equal(cells(&t, "/hypervisor", "interrupts", 1, 1), 31 - 16);
	bld_plan_free(&p);
	bld_kernel_close(&k);
}

static void test_tree(void **state)
{
	check_tree(2, 0);
	check_tree(3, 62500000);
}

/* Devices of the host: their nodes, and the phandle that they have for the controller. */
static void test_devices(void **state)
{
	static uint8_t blob[4096] __attribute__((aligned(8)));
	struct bld_platform platform = { .gic_version = 3 };
	struct bld_kernel k;
	struct bld_config c = config_of(&k, 64 * MIB);
	static struct fdt_writer w;
	struct bld_plan p;
	struct fdt t;

	fdt_write_begin(&w, blob, sizeof(blob));
	fdt_write_node(&w, "gic");
	fdt_write_u32(&w, "phandle", 0xfde8);
	fdt_write_close(&w);
	fdt_write_node(&w, "passthrough");
	fdt_write_node(&w, "rtc");
	fdt_write_string(&w, "xen,path", "/rtc");
	fdt_write_u32(&w, "interrupts", 34);
	fdt_write_close(&w);
	fdt_write_close(&w);
	c.device_tree = blob;
	c.device_tree_bytes = fdt_write_end(&w);
	assert_int_equal(bld_plan_make(&p, &c, &err), 0);
	assert_int_equal(bld_plan_complete(&p, &platform, &err), 0);
	assert_int_equal(fdt_open(&t, p.info, TREE_BYTES), FDT_OK);
	assert_int_equal(cells(&t, "/passthrough/rtc", "interrupts", 0, 1), 34);
	assert_null(fdt_get_string(&t, node(&t, "/passthrough/rtc"), "xen,path"));
	assert_int_equal(cells(&t, "/", "interrupt-parent", 0, 1), 0xfde8);
	assert_int_equal(cells(&t, "/interrupt-controller@3001000", "phandle", 0, 1), 0xfde8);
	assert_false(fdt_node_ok(fdt_find_path(&t, "/gic")));
	bld_plan_free(&p);
	/* A whole tree, and none at all. */
	fdt_write_begin(&w, blob, sizeof(blob));
	c.device_tree_bytes = fdt_write_end(&w);
	assert_int_equal(bld_plan_make(&p, &c, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no node /passthrough"));
	blob[0] = 0;
	assert_int_equal(bld_plan_make(&p, &c, &err), -EINVAL);
	assert_non_null(strstr(err.text, "cannot be read"));
	bld_kernel_close(&k);
}

/* The longest command line and the most vCPUs have room. */
static void test_largest_tree(void **state)
{
	struct bld_platform platform = { .gic_version = 3 };
	static char cmdline[BLD_MAX_CMDLINE];
	struct bld_kernel k;
	struct bld_config c = config_of(&k, 64 * MIB);
	struct bld_plan p;
	struct fdt t;

	memset(cmdline, 'x', sizeof(cmdline) - 1);
	c.cmdline = cmdline;
	c.vcpus = BLD_MAX_VCPUS;
	assert_int_equal(bld_plan_make(&p, &c, &err), 0);
	assert_int_equal(bld_plan_complete(&p, &platform, &err), 0);
	assert_int_equal(fdt_open(&t, p.info, TREE_BYTES), FDT_OK);
	assert_int_equal(cells(&t, "/cpus/cpu@70f", "reg", 0, 1), 0x70f);
	bld_plan_free(&p);
	bld_kernel_close(&k);
}

static void test_unknown_gic(void **state)
{
	struct bld_platform platform = { .gic_version = 0 };
	struct bld_kernel k;
	struct bld_config c = config_of(&k, 64 * MIB);
	struct bld_plan p;

	assert_int_equal(bld_plan_make(&p, &c, &err), 0);
	assert_int_equal(bld_plan_complete(&p, &platform, &err), -EOPNOTSUPP);
	bld_plan_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_bad_kernels),
		cmocka_unit_test(test_small_size),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_largest_tree),
		cmocka_unit_test(test_unknown_gic),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
