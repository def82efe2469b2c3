/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's device tree and the modules that it names. */
#include <xen/bundle.h>
#include <xen/format.h>
#include <xen/hal/build.h>
#include <xen/hal/tree.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <asm/mm.h>
#include <asm/setup.h>

#define SIZE_2M (1UL << 21)
#define TREE_MAX SIZE_2M	/* Linux's arm64 boot protocol: no more than 2 MiB */

_Static_assert(BUNDLE_LINE_MAX <= BOOT_MODULE_CMDLINE_MAX, "all arguments of a line fit");

struct fdt machine_tree;
struct dt_machine machine;
struct dt_range tree_mapped;

static struct boot_module modules[BOOT_MAX_MODULES];
static u32 nr_modules;
/* The archive that bundled modules lie in; they are freed with it. */
static u64 bundle_start, bundle_end;

const struct fdt *__init hal_machine_tree(void) { return &machine_tree; }

void __init boot_tree_init(u64 pa)
{
	const char *error;
	enum fdt_error e;

	if (!pa || pa % 8)
		panic("the boot loader gave no device tree (X0 is %#lx)", pa);
	tree_mapped.start = ROUND_DOWN(pa, SIZE_2M);
	tree_mapped.size = ROUND_UP(pa + TREE_MAX, SIZE_2M) - tree_mapped.start;
	BUG_ON(map_pages(DIRECT_MAP_BASE + tree_mapped.start, paddr_make(tree_mapped.start),
			 tree_mapped.size, PROT_RW));
	e = fdt_open(&machine_tree, paddr_to_virt(paddr_make(pa)), TREE_MAX);
	if (e != FDT_OK)
		panic("the device tree at %#lx: %s", pa, fdt_error_text(e));
	error = dt_machine_parse(&machine_tree, &machine);
	/* The console may be known even if the rest is not: let the reason be seen. */
	console_init_early();
	if (error)
		panic("the device tree of %s: %s", machine.model ? machine.model : "the machine",
		      error);
}

static void __init add_module(u64 start, u64 end, const char *cmdline)
{
	struct boot_module *m = &modules[nr_modules];

	if (nr_modules == BOOT_MAX_MODULES)
		panic("more than %u boot modules", BOOT_MAX_MODULES);
	m->start = paddr_make(start);
	m->end = paddr_make(end);
	scnprintf(m->cmdline, sizeof(m->cmdline), "%s", cmdline);
	nr_modules++;
}

static bool __init in_ram(u64 start, u64 end)
{
	for (u32 i = 0; i < machine.nr_banks; i++)
		if (start >= machine.bank[i].start && start < end &&
		    end - machine.bank[i].start <= machine.bank[i].size)
			return true;
	return false;
}

static void __init add_bundled(void *ctx, const char *args, const void *data, u64 size)
{
	u64 at = virt_to_paddr(data).v;

	add_module(at, at + size, args);
}

static void __init open_initrd(void)
{
	char why[160];
	int rc;

	if (!in_ram(machine.initrd_start, machine.initrd_end))
		panic("the initial RAM disk [%#lx, %#lx) is not in RAM", machine.initrd_start,
		      machine.initrd_end);
	rc = bundle_read(paddr_to_virt(paddr_make(machine.initrd_start)),
			 machine.initrd_end - machine.initrd_start, add_bundled, NULL, why,
			 sizeof(why));
	if (rc < 0)
		panic("the initial RAM disk: %s", why);
	if (!rc)
		panic("the initial RAM disk is not a bundle of modules; make one with "
		      "scripts/bundle.py");
	bundle_start = machine.initrd_start;
	bundle_end = machine.initrd_end;
}

/* The order of the nodes is that of the modules. */
static void __init add_nodes(fdt_node_t chosen)
{
	fdt_node_t n;

	fdt_for_each_child(n, &machine_tree, chosen) {
		const char *args = fdt_get_string(&machine_tree, n, "bootargs");
		struct dt_range r;

		if (!fdt_is_compatible(&machine_tree, n, "multiboot,module"))
			continue;
		if (!dt_reg(&machine_tree, n, 0, &r) || !in_ram(r.start, r.start + r.size))
			panic("boot module %s has no address in RAM",
			      fdt_node_name(&machine_tree, n));
		add_module(r.start, r.start + r.size, args ? args : "");
	}
}

void __init boot_modules_init(void)
{
	fdt_node_t chosen = fdt_find_path(&machine_tree, "/chosen");

	if (fdt_node_ok(chosen))
		add_nodes(chosen);
	if (!nr_modules && machine.initrd_end)
		open_initrd();
}

bool boot_module_range(u32 i, u64 *start, u64 *end)
{
	if (bundle_end) {
		*start = bundle_start;
		*end = bundle_end;
		return i == 0;
	}
	if (i >= nr_modules)
		return false;
	*start = modules[i].start.v;
	*end = modules[i].end.v;
	return true;
}

struct boot_module *__init hal_boot_modules(u32 *nr)
{
	*nr = nr_modules;
	return modules;
}

u64 __init hal_boot_modules_free(void)
{
	u64 start, end, freed = 0;

	for (u32 i = 0; boot_module_range(i, &start, &end); i++) {
		start = ROUND_UP(start, PAGE_SIZE);
		end = ROUND_DOWN(end, PAGE_SIZE);
		if (start >= end)
			continue;
		heap_add_region(paddr_to_mfn(paddr_make(start)), paddr_to_mfn(paddr_make(end)), 0,
				false);
		freed += end - start;
	}
	nr_modules = 0;
	bundle_end = 0;
	return freed;
}
