/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domain builder: layouts, compressed kernels, and what reaches the hypervisor. */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <xentoollog.h>
#include <zlib.h>
#include <zstd.h>

#include "builder/builder.h"
#include "fake-kernel.h"
#include "fake-xen.h"

#include <public/arch-x86/hvm/start_info.h>
#include <public/hvm/save.h>

#define MIB (1UL << 20)
#define GIB (1UL << 30)

static uint8_t elf[FAKE_KERNEL_BYTES];
static struct bld_error err;

static int setup(void **state)
{
	fake_kernel(elf);
	return 0;
}

static struct bld_config config_of(struct bld_kernel *k, uint64_t ram)
{
	assert_int_equal(bld_kernel_open(k, elf, sizeof(elf), &err), 0);
	return (struct bld_config){ .kernel = k, .ram_bytes = ram, .vcpus = 2,
				    .cmdline = "console=hvc0" };
}

static const struct bld_piece *piece(const struct bld_plan *p, const char *what)
{
	for (uint32_t i = 0; i < p->nr_pieces; i++)
		if (!strcmp(p->piece[i].what, what))
			return &p->piece[i];
	return NULL;
}

/* Every piece lies in a region, none overlaps another. */
static void check_plan(const struct bld_plan *p)
{
	for (uint32_t i = 0; i < p->nr_pieces; i++) {
		uint64_t at = p->piece[i].at.v, n = p->piece[i].bytes + p->piece[i].zeros;
		bool inside = false;

		for (uint32_t r = 0; r < p->nr_regions; r++)
			inside |= at >= p->region[r].start.v &&
				  at + n <= p->region[r].start.v + p->region[r].bytes;
		assert_true(inside);
		for (uint32_t k = 0; k < i; k++)
			assert_true(at + n <= p->piece[k].at.v ||
				    at >= p->piece[k].at.v + p->piece[k].bytes +
					  p->piece[k].zeros);
	}
	for (uint32_t r = 1; r < p->nr_regions; r++)
		assert_true(p->region[r].start.v >= p->region[r - 1].start.v +
			    p->region[r - 1].bytes);
}

static void test_layout(void **state)
{
	static const uint64_t sizes[] = { 8 * MIB, 160 * MIB, BLD_LOW_RAM_END, 4 * GIB, 64 * GIB };
	static const char ramdisk[5000] = "ramdisk";
	struct bld_kernel k;

	for (unsigned int i = 0; i < 5; i++) {
		struct bld_config c = config_of(&k, sizes[i]);
		struct bld_plan p;
		uint64_t ram = 0;

		c.ramdisk = ramdisk;
		c.ramdisk_bytes = sizeof(ramdisk);
		assert_int_equal(bld_plan_make(&p, &c, &err), 0);
		check_plan(&p);
		for (uint32_t r = 0; r < p.nr_regions; r++)
			if (p.region[r].type == XEN_HVM_MEMMAP_TYPE_RAM)
				ram += p.region[r].bytes;
		assert_true(ram == sizes[i]);
		assert_int_equal(p.entry, FAKE_KERNEL_ENTRY);
		assert_non_null(piece(&p, "ramdisk"));
		bld_plan_free(&p);
		bld_kernel_close(&k);
	}
}

static void test_start_info(void **state)
{
	struct bld_kernel k;
	struct bld_config c = config_of(&k, 64 * MIB);
	const struct hvm_start_info *info;
	const struct hvm_memmap_table_entry *map;
	struct bld_plan p;
	uint64_t base;

	assert_int_equal(bld_plan_make(&p, &c, &err), 0);
	info = (const void *)p.info;
	base = p.start_info;
	assert_int_equal(info->magic, XEN_HVM_START_MAGIC_VALUE);
	assert_int_equal(info->version, 1);
	assert_int_equal(info->nr_modules, 0);
	assert_int_equal(info->memmap_entries, p.nr_regions);
	assert_string_equal((const char *)p.info + (info->cmdline_paddr - base), "console=hvc0");
	map = (const void *)(p.info + (info->memmap_paddr - base));
	for (uint32_t i = 0; i < p.nr_regions; i++)
		assert_true(map[i].addr == p.region[i].start.v &&
			    map[i].size == p.region[i].bytes && map[i].type == p.region[i].type);
	bld_plan_free(&p);
}

static uint8_t sum(const uint8_t *p, size_t n)
{
	uint8_t s = 0;

	while (n--)
		s = (uint8_t)(s + *p++);
	return s;
}

static uint32_t table_bytes(const uint8_t *t)
{
	uint32_t n;

	memcpy(&n, t + 4, 4);
	return n;
}

static void test_acpi(void **state)
{
	static const uint32_t vcpus[] = { 1, 2, 127, 128 };

	for (unsigned int i = 0; i < 4; i++) {
		uint8_t *a;
		size_t n = bld_acpi(0x1000, vcpus[i], i & 1, &a);
		uint64_t xsdt, table;
		uint32_t bytes, cpus = 0;

		assert_true(n);
		assert_int_equal(sum(a, 20), 0);
		assert_int_equal(sum(a, 36), 0);
		memcpy(&xsdt, a + 24, 8);
		xsdt -= 0x1000;
		assert_memory_equal(a + xsdt, "XSDT", 4);
		bytes = table_bytes(a + xsdt);
		assert_int_equal(bytes, 36 + 16);
		assert_true(xsdt + bytes <= n);
		assert_int_equal(sum(a + xsdt, bytes), 0);
		for (unsigned int t = 0; t < 2; t++) {
			const uint8_t *at;

			memcpy(&table, a + xsdt + 36 + t * 8, 8);
			at = a + table - 0x1000;
			assert_int_equal(sum(at, table_bytes(at)), 0);
		}
		assert_memory_equal(a + table - 0x1000, "APIC", 4);
		for (uint32_t at = 44; at < table_bytes(a + table - 0x1000); cpus++)
			at += a[table - 0x1000 + at + 1];
		assert_int_equal(cpus, vcpus[i]);
		/* The FADT's DSDT, by both of its addresses. */
		memcpy(&table, a + xsdt + 36, 8);
		memcpy(&xsdt, a + table - 0x1000 + 140, 8);
		memcpy(&bytes, a + table - 0x1000 + 40, 4);
		assert_int_equal(bytes, xsdt);
		assert_memory_equal(a + xsdt - 0x1000, "DSDT", 4);
		assert_int_equal(sum(a + xsdt - 0x1000, table_bytes(a + xsdt - 0x1000)), 0);
		assert_int_equal(memmem(a, n, "PCI0", 4) != NULL, i & 1);
		free(a);
	}
}

static void test_refused(void **state)
{
	static char line[BLD_MAX_CMDLINE + 1];
	struct bld_kernel k;
	struct bld_config good = config_of(&k, 16 * MIB), c = good;
	struct bld_plan p;

	c.vcpus = 0;
	assert_int_equal(bld_plan_make(&p, &c, &err), -EINVAL);
	c.vcpus = 129;
	assert_int_equal(bld_plan_make(&p, &c, &err), -EINVAL);
	c = good;
	c.ram_bytes += 1;
	assert_int_equal(bld_plan_make(&p, &c, &err), -EINVAL);
	c.ram_bytes = MIB;
	assert_int_equal(bld_plan_make(&p, &c, &err), -ENOMEM);
	c = good;
	c.ramdisk = elf;
	c.ramdisk_bytes = 15 * MIB;
	assert_int_equal(bld_plan_make(&p, &c, &err), -ENOMEM);
	c.ramdisk_bytes = SIZE_MAX - 4096;
	assert_int_equal(bld_plan_make(&p, &c, &err), -ENOMEM);
	c = good;
	memset(line, 'x', BLD_MAX_CMDLINE);
	c.cmdline = line;
	assert_int_equal(bld_plan_make(&p, &c, &err), -E2BIG);
	assert_int_equal(bld_kernel_open(&k, "no kernel at all", 16, &err), -ENOEXEC);
	assert_int_equal(bld_kernel_open(&k, elf, 100, &err), -ENOEXEC);
	elf[0x40 + 56] = 0;	/* the note is no note any more */
	assert_int_equal(bld_kernel_open(&k, elf, sizeof(elf), &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "CONFIG_PVH"));
}

/* A 32-bit file of the same content gives the same plan. */
static void test_32bit_kernel(void **state)
{
	uint8_t file[FAKE_KERNEL_BYTES];
	struct bld_kernel k, wide;
	struct bld_plan p, q;
	struct bld_config c = config_of(&wide, 16 * MIB);

	assert_int_equal(bld_plan_make(&q, &c, &err), 0);
	fake_kernel32(file);
	assert_int_equal(bld_kernel_open(&k, file, sizeof(file), &err), 0);
	c.kernel = &k;
	assert_int_equal(bld_plan_make(&p, &c, &err), 0);
	check_plan(&p);
	assert_int_equal(p.entry, FAKE_KERNEL_ENTRY);
	assert_int_equal(p.start_info, q.start_info);
	assert_int_equal(p.nr_pieces, q.nr_pieces);
	assert_int_equal(piece(&p, "kernel")->at.v, FAKE_KERNEL_AT);
	assert_int_equal(piece(&p, "kernel")->bytes, FAKE_KERNEL_BYTES);
	assert_int_equal(piece(&p, "kernel")->zeros,
			 FAKE_KERNEL_MEMORY - FAKE_KERNEL_BYTES);
	bld_plan_free(&p);
	bld_plan_free(&q);
	/* One for another machine is refused, and the reason named. */
	file[18] = 40;
	assert_int_equal(bld_kernel_open(&k, file, sizeof(file), &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "another machine"));
	fake_kernel32(file);
	file[52 + 32] = 0;	/* the note is no note any more */
	assert_int_equal(bld_kernel_open(&k, file, sizeof(file), &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "CONFIG_PVH"));
}

/* Each compression, packed here, must give the kernel back; cut short it must be refused. */
static void check_packed(const uint8_t *packed, size_t n, int append)
{
	struct bld_kernel k;
	size_t total;
	uint8_t *b = fake_bzimage(packed, n, sizeof(elf), append, &total);
	uint32_t shorter = (uint32_t)n / 2;

	assert_int_equal(bld_kernel_open(&k, b, total, &err), 0);
	assert_int_equal(k.bytes, sizeof(elf));
	assert_memory_equal(k.image, elf, sizeof(elf));
	bld_kernel_close(&k);
	free(b);
	b = fake_bzimage(packed, shorter, sizeof(elf), 1, &total);
	assert_int_equal(bld_kernel_open(&k, b, total, &err), -ENOEXEC);
	free(b);
	b = fake_bzimage(packed, n, sizeof(elf) - 1, 1, &total);
	assert_int_equal(bld_kernel_open(&k, b, total, &err), -ENOEXEC);
	free(b);
}

static void test_gzip(void **state)
{
	uint8_t out[3 * FAKE_KERNEL_BYTES];
	z_stream z = { .next_in = elf, .avail_in = sizeof(elf), .next_out = out,
		       .avail_out = sizeof(out) };

	deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	check_packed(out, z.total_out, 0);
}

static void test_xz(void **state)
{
	uint8_t out[3 * FAKE_KERNEL_BYTES];
	size_t n = 0;

	assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, elf, sizeof(elf), out,
						 &n, sizeof(out)), LZMA_OK);
	check_packed(out, n, 1);
}

static void test_zstd(void **state)
{
	uint8_t out[3 * FAKE_KERNEL_BYTES];

	check_packed(out, ZSTD_compress(out, sizeof(out), elf, sizeof(elf), 3), 1);
}

static void test_lz4(void **state)
{
	uint8_t out[3 * FAKE_KERNEL_BYTES] = { 0x02, 0x21, 0x4c, 0x18 };
	int n = LZ4_compress_default((char *)elf, (char *)out + 8, sizeof(elf), sizeof(out) - 8);

	memcpy(out + 4, &n, 4);
	check_packed(out, (size_t)n + 8, 1);
}

static void test_unknown_format(void **state)
{
	static const uint8_t bzip2[32] = "BZh9", nothing[32] = "????";
	uint8_t *out;

	assert_int_equal(bld_unpack(bzip2, 32, 4096, &out, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "bzip2"));
	assert_int_equal(bld_unpack(nothing, 32, 4096, &out, &err), -ENOEXEC);
}

/* From the plan into a guest, with large pages and without. */
static void build(bool small_only)
{
	static const char ramdisk[10000] = "a ramdisk";
	xentoollog_logger *log = (void *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	struct xen_domctl_createdomain d = { .max_vcpus = 2 };
	struct bld_kernel k;
	struct bld_config c = config_of(&k, 11 * MIB);
	struct bld_plan p;
	struct bld_job job;
	uint32_t domid = 0;
	uint8_t byte;
	HVM_SAVE_TYPE(CPU) cpu;
	struct ctl *ctl;
	int rc;

	fake_reset(64);
	fake_xen.small_only = small_only;
	ctl = ctl_open(&fake_backend, log);
	c.ramdisk = ramdisk;
	c.ramdisk_bytes = sizeof(ramdisk);
	assert_int_equal(bld_plan_make(&p, &c, &err), 0);
	assert_int_equal(ctl_domain_create(ctl, &d, &domid), 0);
	assert_int_equal(ctl_domain_max_mem(ctl, domid, 12 << 10), 0);
	bld_job_init(&job, ctl, domid, &p);
	while ((rc = bld_populate(&job)) == 1)
		;
	assert_int_equal(rc, 0);
	assert_int_equal(fake_xen.d[domid].pages, p.pages);
	while ((rc = bld_write(&job)) == 1)
		;
	assert_int_equal(rc, 0);
	assert_int_equal(bld_finish(&job, 2), 0);
	/* Each piece's first and last byte and its zeros. */
	for (uint32_t i = 0; i < p.nr_pieces; i++) {
		const struct bld_piece *q = &p.piece[i];

		if (q->bytes) {
			assert_true(fake_read(domid, q->at.v, &byte, 1));
			assert_int_equal(byte, q->data[0]);
			assert_true(fake_read(domid, q->at.v + q->bytes - 1, &byte, 1));
			assert_int_equal(byte, q->data[q->bytes - 1]);
		}
		if (q->zeros) {
			assert_true(fake_read(domid, q->at.v + q->bytes, &byte, 1));
			assert_int_equal(byte, 0);
			assert_true(fake_read(domid, q->at.v + q->bytes + q->zeros - 1, &byte, 1));
			assert_int_equal(byte, 0);
		}
	}
	assert_int_equal(fake_xen.d[domid].map_entries, p.nr_regions);
	assert_true(fake_xen.d[domid].up);
	memcpy(&cpu, fake_xen.d[domid].context + 3 * sizeof(struct hvm_save_descriptor) +
	       HVM_SAVE_LENGTH(HEADER) + HVM_SAVE_LENGTH(MTRR), sizeof(cpu));
	assert_int_equal(cpu.rip, FAKE_KERNEL_ENTRY);
	assert_int_equal(cpu.rbx, p.start_info);
	assert_int_equal(cpu.cr0, 0x11);
	assert_int_equal(fake_xen.bufs, 0);
	assert_int_equal(fake_xen.maps, 0);
	bld_plan_free(&p);
	ctl_close(ctl);
	xtl_logger_destroy(log);
	fake_reset(0);
}

static void test_build(void **state)
{
	build(false);
}

static void test_build_small_pages(void **state)
{
	build(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_layout, setup),
		cmocka_unit_test_setup(test_start_info, setup),
		cmocka_unit_test_setup(test_acpi, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_32bit_kernel, setup),
		cmocka_unit_test_setup(test_gzip, setup),
		cmocka_unit_test_setup(test_xz, setup),
		cmocka_unit_test_setup(test_zstd, setup),
		cmocka_unit_test_setup(test_lz4, setup),
		cmocka_unit_test_setup(test_unknown_format, setup),
		cmocka_unit_test_setup(test_build, setup),
		cmocka_unit_test_setup(test_build_small_pages, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
