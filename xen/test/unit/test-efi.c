/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the EFI stub reads and writes: its configuration, the memory map, the device tree. */
#include "unit.h"

#include <string.h>

#include <xen/compiler.h>
#include <xen/dt_efi.h>

static struct efi_config c;
static u32 line;

static const char *read_text(const char *text)
{
	return efi_config_read(text, (u32)strlen(text), &c, &line);
}

static bool is(struct efi_text t, const char *s)
{
	return t.len == strlen(s) && !memcmp(t.at, s, t.len);
}

static void test_sections(void **state)
{
	struct efi_text rest;

	assert_null(read_text("[global]\ndefault = two\n\n[one]\nkernel=a\n[two]\r\n# a remark\r\n"
			      "module= m1 with words \r\nramdisk=r\r\noptions = dom0_mem=1G x=y\r\n"
			      "kernel=k  console=hvc0 quiet\r\nmodule=m2"));
	assert_true(is(c.options, "dom0_mem=1G x=y"));
	assert_int_equal(c.nr_modules, 4);
	assert_true(is(c.module[1], "r") && is(c.module[2], "m1 with words"));
	assert_true(is(c.module[3], "m2"));
	rest = c.module[0];
	assert_true(is(efi_text_word(&rest), "k"));
	assert_true(is(rest, "console=hvc0 quiet"));
	/* Without a default, the first section that is not [global]. */
	assert_null(read_text("[global]\n[one]\nkernel=a\n[two]\nkernel=b"));
	assert_true(c.nr_modules == 1 && is(c.module[0], "a"));
}

static void test_errors(void **state)
{
	static const struct { const char *text, *error; u32 line; } cases[] = {
		{ "", "there is no section", 0 },
		{ "kernel=a\n", "there is no section", 0 },
		{ "[global]\ndefault=x\n[y]\n",
		  "the section that is to be used does not exist", 3 },
		{ "[a]\n\nkernel\n", "neither a section nor KEY=VALUE", 3 },
		{ "[a]\nvideo=none\n",
		  "an unknown key (there are: options, kernel, ramdisk, module)", 2 },
		{ "[a]\nramdisk=r\n", "a ramdisk without a kernel", 2 },
		{ "[a]\nmodule=\n", "a module without a file", 2 },
		{ "[]\nkernel=a\n[b", "neither a section nor KEY=VALUE", 3 },
	};
	static char many[1024] = "[a]\nkernel=k\n";

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *error = read_text(cases[i].text);

		assert_non_null(error);
		assert_string_equal(error, cases[i].error);
		if (cases[i].line)
			assert_int_equal(line, cases[i].line);
	}
	for (u32 i = 0; i < EFI_CONFIG_MODULES; i++)
		strcat(many, "module=m\n");
	assert_string_equal(read_text(many), "too many modules");
}

static u8 blob[16384] __aligned(8), out[16384] __aligned(8);
static struct fdt_writer w;
static struct efi_boot boot;

static void make(struct fdt *t)
{
	u32 len;

	fdt_write_begin(&w, blob, sizeof(blob));
	fdt_write_u32(&w, "#address-cells", 2);
	fdt_write_u32(&w, "#size-cells", 2);
	fdt_write_node(&w, "chosen");
	fdt_write_string(&w, "stdout-path", "/serial@9000000");
	fdt_write_string(&w, "bootargs", "of the loader");
	fdt_write_close(&w);
	fdt_write_node_at(&w, "memory", 0x40000000);
	fdt_write_string(&w, "device_type", "memory");
	fdt_write_ranges(&w, "reg", (u64[]){ 0x40000000, 1UL << 30 }, 1);
	fdt_write_close(&w);
	fdt_write_node_at(&w, "serial", 0x9000000);
	fdt_write_ranges(&w, "reg", (u64[]){ 0x9000000, 0x1000 }, 1);
	fdt_write_close(&w);
	len = fdt_write_end(&w);
	assert_int_equal(fdt_open(t, blob, len), FDT_OK);
}

static void rewrite(const struct fdt *t, struct fdt *to)
{
	u32 len;

	fdt_write_begin(&w, out, sizeof(out));
	dt_write_efi(&w, t, &boot);
	len = fdt_write_end(&w);
	assert_int_equal(fdt_open(to, out, len), FDT_OK);
}

static void test_tree(void **state)
{
	struct fdt t, made;
	struct dt_range r;
	fdt_node_t n;

	memset(&boot, 0, sizeof(boot));
	make(&t);
	/* Neighbours are joined. */
	assert_true(efi_add_memory(&boot, 0x40000000, 0x1000));
	assert_true(efi_add_memory(&boot, 0x40001000, 0x1000));
	assert_true(efi_add_memory(&boot, 0x40010000, 0x100000));
	assert_int_equal(boot.nr_banks, 2);
	/* The boot loader's modules and arguments stay when there are none of a configuration. */
	rewrite(&t, &made);
	assert_string_equal(fdt_get_string(&made, fdt_find_path(&made, "/chosen"), "bootargs"),
			    "of the loader");
	assert_true(dt_reg(&made, fdt_find_path(&made, "/memory@40000000"), 0, &r));
	assert_int_equal(r.size, 0x2000);
	assert_true(dt_reg(&made, fdt_find_path(&made, "/memory@40010000"), 0, &r));
	assert_true(fdt_node_ok(fdt_find_path(&made, "/serial@9000000")));

	boot.options = (struct efi_text){ "loglvl=all", 10 };
	boot.module[0] = (struct efi_module){ { 0x50000000, 0x1234 }, { "quiet more", 5 } };
	boot.nr_modules = 1;
	rewrite(&t, &made);
	n = fdt_find_path(&made, "/chosen");
	assert_string_equal(fdt_get_string(&made, n, "xen,xen-bootargs"), "loglvl=all");
	assert_string_equal(fdt_get_string(&made, n, "stdout-path"), "/serial@9000000");
	assert_null(fdt_get_string(&made, n, "bootargs"));
	n = fdt_find_path(&made, "/chosen/module@50000000");
	assert_true(fdt_is_compatible(&made, n, "multiboot,module"));
	assert_string_equal(fdt_get_string(&made, n, "bootargs"), "quiet");
	assert_true(dt_reg(&made, n, 0, &r));
	assert_true(r.start == 0x50000000 && r.size == 0x1234);
}

static void test_limits(void **state)
{
	struct fdt t;

	memset(&boot, 0, sizeof(boot));
	for (u64 i = 0; i < DT_MAX_BANKS; i++)
		assert_true(efi_add_memory(&boot, i << 20, 0x1000));
	assert_false(efi_add_memory(&boot, 1UL << 40, 0x1000));
	assert_true(efi_add_memory(&boot, 1UL << 41, 0));
	/* A command line that is too long fails the tree, and is not cut off. */
	make(&t);
	boot.nr_modules = 1;
	boot.options = (struct efi_text){ (const char *)blob, EFI_TEXT_MAX };
	fdt_write_begin(&w, out, sizeof(out));
	dt_write_efi(&w, &t, &boot);
	assert_int_equal(fdt_write_end(&w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
