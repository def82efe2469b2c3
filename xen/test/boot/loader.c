/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot loader that passes false information. QEMU starts it by Multiboot 1 with the hypervisor as
 * its first module. It copies the hypervisor into place and enters it with boot information made up
 * for one case, named by the first word of its own arguments. Freestanding 32-bit code without
 * libraries.
 */
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;

#define MB1_BOOT_MAGIC 0x2badb002
#define MB2_BOOT_MAGIC 0x36d76289
#define PVH_MAGIC 0x336ec578
#define RAM 1
#define LOW_RAM_END 0x9f000
#define RAM_START 0x100000
#define RAM_END 0x8000000	/* the cases run with at least 128 MiB */
#define MODULE_AT 0x5000000
#define MODULE_SIZE 0x3000

struct mb1_info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
	u32 mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name;
};

struct mb1_module { u32 start, end, cmdline, reserved; };

struct mb1_map_entry {
	u32 size;
	u64 start, length;
	u32 type;
} __attribute__((packed));

struct elf_header {
	u8 ident[16];
	uint16_t type, machine;
	u32 version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment { u32 type, offset, vaddr, paddr, filesz, memsz, flags, align; };

struct mb2_buffer {
	u32 total_size, reserved;
	u32 cmdline_tag[2];
	char cmdline[8];
	u32 map_tag[4];
	u64 map[3][3];
	u32 module_tag[4];
	char module_cmdline[24];
	u32 end_tag[2];
};

struct pvh_start {
	u32 magic, version, flags, nr_modules;
	u64 modlist, cmdline, rsdp, memmap;
	u32 memmap_entries, reserved;
};

struct boot_case {
	const char *name;
	void (*change)(void);
	u32 magic;
	void *info;
};

void loader_main(u32 magic, struct mb1_info *mbi);
void loader_enter(u32 entry, u32 magic, void *info) __attribute__((noreturn));

static struct mb1_map_entry map[2] = {
	{ 20, 0, LOW_RAM_END, RAM },
	{ 20, RAM_START, RAM_END - RAM_START, RAM },
};
static struct mb1_module modules[40] = {
	{ MODULE_AT, MODULE_AT + MODULE_SIZE, (u32)"kernel first", 0 },
	{ MODULE_AT + MODULE_SIZE, MODULE_AT + 2 * MODULE_SIZE, (u32)"initrd second", 0 },
};
static char long_text[4000];
static struct mb1_info mb1 = {
	.flags = 0x24c, .cmdline = (u32)"xenolith loglvl=all", .mods_count = 2,
	.mods_addr = (u32)modules, .mmap_length = sizeof(map), .mmap_addr = (u32)map,
	.loader_name = (u32)"liar",
};
static struct mb2_buffer mb2 __attribute__((aligned(8))) = {
	.total_size = sizeof(mb2), .cmdline_tag = { 1, 16 }, .cmdline = "debug=1",
	.map_tag = { 6, 16 + 3 * 24, 24, 0 },
	.map = { { 0, LOW_RAM_END, RAM }, { RAM_START, RAM_END - RAM_START, RAM },
		 { 0xf0000, 0x10000, 2 } },
	.module_tag = { 3, 40, MODULE_AT, MODULE_AT + MODULE_SIZE },
	.module_cmdline = "placeholder args",
	.end_tag = { 0, 8 },
};
static u64 pvh_map[2][3] = {
	{ 0, LOW_RAM_END, RAM }, { RAM_START, RAM_END - RAM_START, RAM },
};
static u64 pvh_modules[1][4] = { { MODULE_AT, MODULE_SIZE, 0, 0 } };
static struct pvh_start pvh = { .magic = PVH_MAGIC, .version = 1, .memmap_entries = 2,
				.nr_modules = 1 };

static void copy(void *to, const void *from, u32 n)
{
	for (u32 i = 0; i < n; i++)
		((u8 *)to)[i] = ((const u8 *)from)[i];
}

/* ACPI tables of the loader's own: a root with a MADT and a FADT. */
static u8 rsdp[36], xsdt[52], madt[64], fadt[244];

static void put32(u8 *at, u32 v) { copy(at, &v, 4); }

static void set_sum(u8 *table, u32 len, u32 at)
{
	u8 sum = 0;

	table[at] = 0;
	for (u32 i = 0; i < len; i++)
		sum += table[i];
	table[at] = -sum;
}

static void table(u8 *t, const char *signature, u32 len)
{
	copy(t, signature, 4);
	put32(t + 4, len);
	t[8] = 4;
	set_sum(t, len, 9);
}

static void acpi_good(void)
{
	static const u8 cpu_and_ioapic[] = { 0, 8, 0, 0, 1, 0, 0, 0,
					     1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0 };

	put32(madt + 36, 0xfee00000);
	copy(madt + 44, cpu_and_ioapic, sizeof(cpu_and_ioapic));
	table(madt, "APIC", sizeof(madt));
	table(fadt, "FACP", sizeof(fadt));
	put32(xsdt + 36, (u32)madt);
	put32(xsdt + 44, (u32)fadt);
	table(xsdt, "XSDT", sizeof(xsdt));
	copy(rsdp, "RSD PTR ", 8);
	rsdp[15] = 2;
	put32(rsdp + 20, sizeof(rsdp));
	put32(rsdp + 24, (u32)xsdt);
	set_sum(rsdp, 20, 8);
	set_sum(rsdp, sizeof(rsdp), 32);
	pvh.rsdp = (u32)rsdp;
}

static void acpi_bad_root(void) { acpi_good(), rsdp[8]++; }
static void acpi_long_root(void) { acpi_good(), put32(xsdt + 4, 0x7fffffff); }
static void acpi_bad_sum(void) { acpi_good(), madt[50]++; }
static void acpi_root_of_itself(void)
{
	acpi_good();
	put32(xsdt + 36, (u32)xsdt);
	put32(xsdt + 44, 0xfffffff0);
	table(xsdt, "XSDT", sizeof(xsdt));
}
static void acpi_empty_entry(void)
{
	acpi_good();
	madt[45] = 0;
	table(madt, "APIC", sizeof(madt));
}
static void acpi_short_fadt(void)
{
	acpi_good();
	table(fadt, "FACP", 60);
}
static void acpi_wild_fadt(void)
{
	acpi_good();
	for (u32 i = 40; i < sizeof(fadt); i++)
		fadt[i] = 0xf3;
	table(fadt, "FACP", sizeof(fadt));
}
static void overlapping_modules(void) { modules[1].start -= 1; }
static void overlapping_image(void) { modules[0].start = 0x201000, modules[0].end = 0x202000; }
static void module_outside(void) { modules[1].start = RAM_END - 1, modules[1].end = RAM_END + 1; }
static void module_low(void) { modules[0].start = 0x5000, modules[0].end = 0x6000; }
static void module_empty(void) { modules[1].end = modules[1].start; }
static void no_module(void) { mb1.mods_count = 0; }
static void many_modules(void)
{
	mb1.mods_count = 33;
	for (u32 i = 2; i < 40; i++)
		modules[i] = (struct mb1_module){ MODULE_AT + i * MODULE_SIZE,
						  MODULE_AT + (i + 1) * MODULE_SIZE, 0, 0 };
}
static void modules_nowhere(void) { mb1.mods_addr = 0; }
static void no_usable_ram(void) { mb1.mmap_length = sizeof(map[0]); }
static void no_map(void) { mb1.flags &= ~0x40u; }
static void image_not_in_ram(void) { map[1].start = 0x1000000; }
static void short_entry(void) { map[0].size = 4; }
static void little_ram(void)
{
	map[1].length = 0x300000;
	modules[0].start = RAM_START;
	modules[0].end = RAM_START + MODULE_SIZE;
	mb1.mods_count = 1;
}
static void wrapping_map(void) { map[0].start = ~0ull - 0xfff; map[0].length = 0x10000; }
static void overlapping_map(void)
{
	map[0] = (struct mb1_map_entry){ 20, 0x3000000, 0x1000000, 2 };
}
static void long_cmdline(void)
{
	for (u32 i = 0; i < sizeof(long_text) - 1; i++)
		long_text[i] = i == 4 ? ' ' : 'a';
	mb1.cmdline = (u32)long_text;
}
static void grub(void) { mb1.loader_name = (u32)"GRUB 2.06"; }
static void nothing(void) { }
static void mb2_bad_tag(void) { mb2.map_tag[1] = 0x10000; }
static void mb2_bad_map(void) { mb2.map_tag[2] = 8; }
static void pvh_old(void) { pvh.version = 0; }
static void pvh_no_magic(void) { pvh.magic = 0; }
static void pvh_wrapping_module(void) { pvh_modules[0][1] = ~0ull; }

/* A cpio archive at MODULE_AT, the only module. */
static u8 *archive_end = (u8 *)MODULE_AT;

static u32 length(const char *s)
{
	u32 n = 0;

	while (s[n])
		n++;
	return n;
}

static void archive_put(const char *s, u32 n)
{
	for (u32 i = 0; i < n; i++)
		*archive_end++ = (u8)s[i];
}

static void archive_pad(void)
{
	while ((u32)archive_end % 4)
		*archive_end++ = 0;
}

static void archive_add(const char *name, const char *data)
{
	/* Fields 6 and 11 of 13 are the sizes of data and name; a reader needs no others. */
	for (u32 i = 0; i < 14; i++) {
		static const char digits[] = "0123456789ABCDEF";
		u32 value = i == 7 ? length(data) : i == 12 ? length(name) + 1 : 0;

		if (i == 0) {
			archive_put("070701", 6);
			continue;
		}
		for (s32 shift = 28; shift >= 0; shift -= 4)
			*archive_end++ = (u8)digits[value >> shift & 15];
	}
	archive_put(name, length(name) + 1);
	archive_pad();
	archive_put(data, length(data));
	archive_pad();
}

static void bundle_of(const char *index)
{
	archive_add("modules", index);
	archive_add("first", "some bytes");
	archive_add("second", "others");
	archive_add("TRAILER!!!", "");
	pvh_modules[0][1] = (u32)archive_end - MODULE_AT;
}

static void bundle(void) { bundle_of("second  its arguments\n\nfirst"); }
static void bundle_missing(void) { bundle_of("first\nthird x\n"); }
static void bundle_empty(void) { bundle_of("\n"); }
static void bundle_long(void)
{
	for (u32 i = 0; i < sizeof(long_text) - 1; i++)
		long_text[i] = 'a';
	bundle_of(long_text);
}

static const struct boot_case cases[] = {
	{ "good", nothing, MB1_BOOT_MAGIC, &mb1 },
	{ "grub", grub, MB1_BOOT_MAGIC, &mb1 },
	{ "overlapping-modules", overlapping_modules, MB1_BOOT_MAGIC, &mb1 },
	{ "overlapping-image", overlapping_image, MB1_BOOT_MAGIC, &mb1 },
	{ "module-outside", module_outside, MB1_BOOT_MAGIC, &mb1 },
	{ "module-low", module_low, MB1_BOOT_MAGIC, &mb1 },
	{ "module-empty", module_empty, MB1_BOOT_MAGIC, &mb1 },
	{ "no-module", no_module, MB1_BOOT_MAGIC, &mb1 },
	{ "many-modules", many_modules, MB1_BOOT_MAGIC, &mb1 },
	{ "modules-nowhere", modules_nowhere, MB1_BOOT_MAGIC, &mb1 },
	{ "no-usable-ram", no_usable_ram, MB1_BOOT_MAGIC, &mb1 },
	{ "no-map", no_map, MB1_BOOT_MAGIC, &mb1 },
	{ "image-not-in-ram", image_not_in_ram, MB1_BOOT_MAGIC, &mb1 },
	{ "short-entry", short_entry, MB1_BOOT_MAGIC, &mb1 },
	{ "little-ram", little_ram, MB1_BOOT_MAGIC, &mb1 },
	{ "wrapping-map", wrapping_map, MB1_BOOT_MAGIC, &mb1 },
	{ "overlapping-map", overlapping_map, MB1_BOOT_MAGIC, &mb1 },
	{ "long-cmdline", long_cmdline, MB1_BOOT_MAGIC, &mb1 },
	{ "bad-magic", nothing, 0x12345678, &mb1 },
	{ "no-info", nothing, MB1_BOOT_MAGIC, NULL },
	{ "mb2-good", nothing, MB2_BOOT_MAGIC, &mb2 },
	{ "mb2-bad-tag", mb2_bad_tag, MB2_BOOT_MAGIC, &mb2 },
	{ "mb2-bad-map", mb2_bad_map, MB2_BOOT_MAGIC, &mb2 },
	{ "pvh-good", nothing, PVH_MAGIC, &pvh },
	{ "pvh-old", pvh_old, PVH_MAGIC, &pvh },
	{ "pvh-no-magic", pvh_no_magic, PVH_MAGIC, &pvh },
	{ "pvh-wrapping-module", pvh_wrapping_module, PVH_MAGIC, &pvh },
	{ "bundle", bundle, PVH_MAGIC, &pvh },
	{ "bundle-missing", bundle_missing, PVH_MAGIC, &pvh },
	{ "bundle-empty", bundle_empty, PVH_MAGIC, &pvh },
	{ "bundle-long", bundle_long, PVH_MAGIC, &pvh },
	{ "acpi-good", acpi_good, PVH_MAGIC, &pvh },
	{ "acpi-bad-root", acpi_bad_root, PVH_MAGIC, &pvh },
	{ "acpi-long-root", acpi_long_root, PVH_MAGIC, &pvh },
	{ "acpi-bad-sum", acpi_bad_sum, PVH_MAGIC, &pvh },
	{ "acpi-root-of-itself", acpi_root_of_itself, PVH_MAGIC, &pvh },
	{ "acpi-empty-entry", acpi_empty_entry, PVH_MAGIC, &pvh },
	{ "acpi-short-fadt", acpi_short_fadt, PVH_MAGIC, &pvh },
	{ "acpi-wild-fadt", acpi_wild_fadt, PVH_MAGIC, &pvh },
};

static u32 load(const u8 *file)
{
	const struct elf_header *eh = (const void *)file;
	const struct elf_segment *seg = (const void *)(file + eh->phoff);

	for (u32 i = 0; i < eh->phnum; i++) {
		u8 *at = (u8 *)seg[i].paddr;

		if (seg[i].type != 1)
			continue;
		copy(at, file + seg[i].offset, seg[i].filesz);
		for (u32 j = seg[i].filesz; j < seg[i].memsz; j++)
			at[j] = 0;
	}
	return eh->entry;
}

/* The case's name is the last word of the command line. */
static int names(const char *line, const char *name)
{
	const char *last = line;

	for (; *line; line++)
		if (*line == ' ')
			last = line + 1;
	while (*name && *name == *last)
		name++, last++;
	return *name == *last;
}

void loader_main(u32 magic, struct mb1_info *mbi)
{
	const struct mb1_module *image = (const void *)mbi->mods_addr;

	pvh.modlist = (u32)pvh_modules;
	pvh.memmap = (u32)pvh_map;
	pvh.cmdline = (u32)"loglvl=all";
	if (magic != MB1_BOOT_MAGIC || mbi->mods_count != 1)
		return;
	for (u32 i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!names((const char *)mbi->cmdline, cases[i].name))
			continue;
		cases[i].change();
		loader_enter(load((const u8 *)image->start), cases[i].magic, cases[i].info);
	}
}
