/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains built at boot: dom0 and those of a manifest, from the modules of a bundle, each time on a
 * fresh simulated machine. What lies in their memory, what they are told, and the line that each
 * mistake costs.
 */
#include "unit.h"

#include <elf.h>
#include <string.h>

#include <asm/host.h>
#include <xen/crc32.h>
#include <xen/guest_access.h>
#include <xen/hal/build.h>
#include <xen/hal/numa.h>
#include <xen/hal/time.h>
#include <xen/manifest.h>
#include <xen/p2m.h>
#include <xen/sched.h>
#include <xen/x86/pvh-start.h>

#include <public/xen.h>

#include "dtb.h"

#define MIB (1UL << 20)
#define MACHINE_BYTES (192 * MIB)
#define KERNEL_AT MIB			/* guest physical */
#define ENTRY (KERNEL_AT + 0x10)
#define BSS_BYTES 0x3000
#define TEXT "the kernel's first bytes"
#define INITRD "the initrd's bytes"
#define CELLS 8
#define KERNEL_BYTES 4096
#define TEXT_AT 0x400
#define NOTE_AT 0x800

struct entry_note {
	Elf64_Nhdr h;
	char name[4];
	u32 entry;
};

/* A kernel for @paddr: TEXT, then zeros. */
static void make_elf64(u8 *f, u64 paddr)
{
	*(Elf64_Ehdr *)f = (Elf64_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr), .e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	((Elf64_Phdr *)(f + sizeof(Elf64_Ehdr)))[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = TEXT_AT, .p_paddr = paddr,
		.p_filesz = sizeof(TEXT), .p_memsz = BSS_BYTES };
	((Elf64_Phdr *)(f + sizeof(Elf64_Ehdr)))[1] = (Elf64_Phdr){
		.p_type = PT_NOTE, .p_offset = NOTE_AT, .p_filesz = sizeof(struct entry_note) };
}

static void make_elf32(u8 *f, u64 paddr)
{
	*(Elf32_Ehdr *)f = (Elf32_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_386, .e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf32_Ehdr), .e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 2,
		.e_shentsize = sizeof(Elf32_Shdr),
	};
	((Elf32_Phdr *)(f + sizeof(Elf32_Ehdr)))[0] = (Elf32_Phdr){
		.p_type = PT_LOAD, .p_offset = TEXT_AT, .p_paddr = (u32)paddr,
		.p_filesz = sizeof(TEXT), .p_memsz = BSS_BYTES };
	((Elf32_Phdr *)(f + sizeof(Elf32_Ehdr)))[1] = (Elf32_Phdr){
		.p_type = PT_NOTE, .p_offset = NOTE_AT, .p_filesz = sizeof(struct entry_note) };
}

static const u8 *kernel(bool narrow, u64 paddr)
{
	static u8 f[KERNEL_BYTES] __attribute__((aligned(8)));
	const struct entry_note n = { { 4, 4, 18 }, "Xen", (u32)paddr + 0x10 };

	memset(f, 0, sizeof(f));
	if (narrow)
		make_elf32(f, paddr);
	else
		make_elf64(f, paddr);
	memcpy(f + TEXT_AT, TEXT, sizeof(TEXT));
	memcpy(f + NOTE_AT, &n, sizeof(n));
	return f;
}

/* The same kernel as a bzImage with a gzip payload (RFC 1952) of one stored block (RFC 1951). */
static u32 bzimage(u8 *to, const u8 *elf)
{
	enum { SETUP = 3 * 512 };
	static const u8 gzip[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1 };
	const u16 len[2] = { KERNEL_BYTES, (u16)~KERNEL_BYTES };
	u32 sum = crc32(0, elf, KERNEL_BYTES), size = KERNEL_BYTES, at = 0;
	u32 payload[2] = { 0, sizeof(gzip) + sizeof(len) + KERNEL_BYTES + 2 * sizeof(u32) };

	memset(to, 0, SETUP);
	to[0x1f1] = 2;
	memcpy(to + 0x1fe, "\x55\xaa", 2);
	memcpy(to + 0x202, "HdrS\x0f\x02", 6);
	memcpy(to + 0x248, payload, sizeof(payload));
	to += SETUP;
	memcpy(to, gzip, sizeof(gzip));
	memcpy(to + (at += sizeof(gzip)), len, sizeof(len));
	memcpy(to + (at += sizeof(len)), elf, KERNEL_BYTES);
	memcpy(to + (at += KERNEL_BYTES), &sum, sizeof(sum));
	memcpy(to + (at += sizeof(sum)), &size, sizeof(size));
	return SETUP + at + sizeof(size);
}

/* A bundle under construction: an archive in the format of cpio(5), "newc". */
static struct {
	char index[512], files[MIB];
	u32 index_len, len, nr;
} bundle;

static void put_file(char *to, u32 *at, const char *name, const void *data, u32 len)
{
	*at += (u32)sprintf(to + *at, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
			    0, 0100644, 0, 0, 1, 0, len, 0, 0, 0, 0, (u32)strlen(name) + 1, 0);
	memcpy(to + *at, name, strlen(name) + 1);
	*at = (*at + (u32)strlen(name) + 1 + 3) & ~3U;
	memcpy(to + *at, data, len);
	*at = (*at + len + 3) & ~3U;
}

static void module(const void *data, u32 len, const char *args)
{
	char name[8];

	snprintf(name, sizeof(name), "m%u", ++bundle.nr);
	bundle.index_len += (u32)sprintf(bundle.index + bundle.index_len, "%s %s\n", name, args);
	put_file(bundle.files, &bundle.len, name, data, len);
}

static void text_module(const char *text, const char *args)
{
	module(text, (u32)strlen(text) + 1, args);
}

/* What a run starts from; the rest is in the bundle. */
static struct {
	const char *cmdline;
	u64 ram;
	u32 nodes;			/* 1 or 2, each with one of the CPUs */
} machine;

static int start(void **state)
{
	memset(&bundle, 0, sizeof(bundle));
	machine.cmdline = "dom0_mem=40M";
	machine.ram = MACHINE_BYTES;
	machine.nodes = 1;
	return 0;
}

static void boot(void)
{
	static char archive[2 * MIB];
	struct host_config cfg = { .seed = 7, .cpus = 2, .ram_bytes = machine.ram,
				   .cmdline = machine.cmdline,
				   .cores_per_socket = 2 / machine.nodes };
	char why[160];
	u32 len = 0;

	host_boot(&cfg);
	host_start();
	HOST_CHECK(hal_numa_nr_nodes() == machine.nodes);
	/* A frame of the hypervisor's in the middle, as a PC's low memory has some. */
	HOST_CHECK(reserve_free_range(mfn_make(5 * MIB >> PAGE_SHIFT), 1) == 0);
	put_file(archive, &len, "modules", bundle.index, bundle.index_len);
	memcpy(archive + len, bundle.files, bundle.len);
	len += bundle.len;
	put_file(archive, &len, "TRAILER!!!", "", 0);
	why[0] = '\0';
	if (host_bundle_add(archive, len, why, sizeof(why)) != 1)
		boot_reject("no bundle: %s", why);
	boot_domains_build();
}

static struct domain *by_name(const char *name)
{
	struct domain *d;

	rcu_read_lock();
	d = domain_next(NULL);
	while (d && strcmp(d->name, name))
		d = domain_next(d);
	rcu_read_unlock();
	return d;
}

static void read_guest(struct domain *d, u64 at, void *to, size_t len)
{
	HOST_CHECK(guest_phys_read(d, to, gpaddr_make(at), len) == 0);
}

static bool holds(struct domain *d, u64 at, const char *text)
{
	char got[64];

	read_guest(d, at, got, sizeof(got));
	return !strcmp(got, text);
}

/* The kernel of @d is loaded, and its start info leads to all it should know. */
static void check_told(struct domain *d, const char *cmdline, bool has_initrd, u32 flags)
{
	static struct pvh_start s;
	u64 info;
	u8 bss[64];

	HOST_CHECK(holds(d, KERNEL_AT, TEXT));
	read_guest(d, KERNEL_AT + BSS_BYTES - sizeof(bss), bss, sizeof(bss));
	for (u32 i = 0; i < sizeof(bss); i++)
		HOST_CHECK(!bss[i]);
	HOST_CHECK(host_guest_start(d->vcpu[0], &info) == ENTRY);
	HOST_CHECK(d->vcpu[0]->is_initialised && info >= KERNEL_AT + BSS_BYTES);
	read_guest(d, info, &s, sizeof(s));
	HOST_CHECK(s.info.magic == XEN_HVM_START_MAGIC_VALUE && s.info.version == 1);
	HOST_CHECK(s.info.flags == flags);
	HOST_CHECK(holds(d, s.info.cmdline_paddr, cmdline));
	HOST_CHECK(holds(d, s.info.rsdp_paddr, "tables of the simulated firmware"));
	HOST_CHECK(s.info.nr_modules == has_initrd);
	if (has_initrd) {
		HOST_CHECK(s.info.modlist_paddr == info + offsetof(struct pvh_start, module));
		HOST_CHECK(s.module.size == sizeof(INITRD) && s.module.paddr % (2 * MIB) == 0);
		HOST_CHECK(holds(d, s.module.paddr, INITRD));
	}
	/* The map that it reads is the domain's, in order, and all RAM that it names is there. */
	HOST_CHECK(s.info.memmap_paddr == info + offsetof(struct pvh_start, map));
	HOST_CHECK(s.info.memmap_entries == hal_guest_map(d)->nr);
	for (u32 i = 0; i < s.info.memmap_entries; i++) {
		char byte;

		HOST_CHECK(!i || s.map[i].addr >= s.map[i - 1].addr + s.map[i - 1].size);
		if (s.map[i].type != XEN_HVM_MEMMAP_TYPE_RAM)
			continue;
		read_guest(d, s.map[i].addr, &byte, 1);
		read_guest(d, s.map[i].addr + s.map[i].size - 1, &byte, 1);
	}
}

static void steps(struct vcpu *v, void *arg)
{
	host_result()->value[v->domain->id]++;
	vcpu_block(v);
}

/* All domains start when they are told to, and not before. */
static void check_starts(void)
{
	struct domain *d;

	rcu_read_lock();
	for (d = domain_next(NULL); d; d = domain_next(d))
		host_guest_set(d->vcpu[0], steps, NULL);
	rcu_read_unlock();
	host_run(hal_now_ns() + 1000000);
	for (u32 i = 0; i < CELLS; i++)
		HOST_CHECK(!host_result()->value[i]);
	boot_domains_start();
	host_run(hal_now_ns() + 1000000);
	rcu_read_lock();
	for (d = domain_next(NULL); d; d = domain_next(d))
		HOST_CHECK(host_result()->value[d->id]);
	rcu_read_unlock();
}

static void dom0_run(void *arg)
{
	enum p2m_type type;
	u64 before;

	boot();
	HOST_CHECK(hardware_domain && hardware_domain == by_name("dom0"));
	HOST_CHECK(hardware_domain->tot_pages == 40 * MIB >> PAGE_SHIFT);
	HOST_CHECK(hardware_domain->max_vcpus == 2 && hardware_domain->is_privileged);
	/* Its addresses are the machine's. */
	HOST_CHECK(p2m_lookup(hardware_domain->p2m, gfn_make(KERNEL_AT >> PAGE_SHIFT), &type,
			      NULL).v == KERNEL_AT >> PAGE_SHIFT && type == P2M_RAM_RW);
	check_told(hardware_domain, "quiet root=1", true, SIF_INITDOMAIN | SIF_PRIVILEGED);
	before = free_page_count(NUMA_NO_NODE);
	check_starts();
	HOST_CHECK(free_page_count(NUMA_NO_NODE) == before);
}

static void expect(void (*run)(void *arg), bool stops, const char *const *lines)
{
	const struct host_outcome *o = host_isolated(run, NULL);
	const char *at = o->console;

	if (o->panicked || o->halted != stops || o->status != (stops ? 3 : 0))
		fail_msg("status %d, halted %d:\n%s", o->status, o->halted, o->console);
	for (; *lines; lines++) {
		at = strstr(at, *lines);
		if (!at)
			fail_msg("no \"%s\" in its place:\n%s", *lines, o->console);
	}
}
#define EXPECT(run, stops, ...) expect(run, stops, (const char *const[]){ __VA_ARGS__, NULL })

static void test_dom0(void **state)
{
	static u8 packed[2 * KERNEL_BYTES];

	for (u32 narrow = 0; narrow < 2; narrow++) {
		start(NULL);
		module(kernel(narrow, KERNEL_AT), KERNEL_BYTES, "quiet root=1");
		module(INITRD, sizeof(INITRD), "");
		EXPECT(dom0_run, false, "dom0: 40 MiB, 2 vCPUs, mapped 1:1",
		       "Boot modules: 8 KiB given back");
	}
	start(NULL);
	module(packed, bzimage(packed, kernel(false, KERNEL_AT)), "quiet root=1");
	module(INITRD, sizeof(INITRD), "");
	EXPECT(dom0_run, false, "dom0: 40 MiB, 2 vCPUs, mapped 1:1");
}

static void near_all_run(void *arg)
{
	boot();
	HOST_CHECK(hardware_domain->tot_pages == 150 * MIB >> PAGE_SHIFT);
	check_told(hardware_domain, "quiet", false, SIF_INITDOMAIN | SIF_PRIVILEGED);
	check_starts();
}

/* Page tables made for one part of its memory do not lie in another, on whatever node they are. */
static void test_dom0_on_nodes(void **state)
{
	for (u32 nodes = 1; nodes <= 2; nodes++) {
		start(NULL);
		machine.cmdline = "dom0_mem=150M";
		machine.nodes = nodes;
		module(kernel(false, KERNEL_AT), KERNEL_BYTES, "quiet");
		EXPECT(near_all_run, false, "dom0: 150 MiB, 2 vCPUs");
	}
}

static void begin_guest(const char *name, u32 mib, u32 vcpus)
{
	dtb_begin(name);
	dtb_string("compatible", "xen,domain");
	dtb_u64("memory", mib * 1024UL);
	dtb_u32("cpus", vcpus);
}

static void file_node(const char *name, const char *what, u32 nr)
{
	dtb_begin(name);
	dtb_string("compatible", what);
	dtb_u32("module", nr);
	dtb_string("bootargs", "as described");
	dtb_end();
}

/* Modules count from 1; no ramdisk: 0. */
static void end_guest(u32 kernel_module, u32 ramdisk_module)
{
	file_node("kernel", "multiboot,kernel", kernel_module);
	if (ramdisk_module)
		file_node("ramdisk", "multiboot,ramdisk", ramdisk_module);
	dtb_end();
}

static void add_manifest(void)
{
	const void *blob;
	u32 len;

	dtb_end();
	blob = dtb_finish(&len);
	module(blob, len, "");
}

static void manifest_run(void *arg)
{
	struct domain *d;
	cpumask_t one;

	boot();
	check_told(hardware_domain, "quiet", false, SIF_INITDOMAIN | SIF_PRIVILEGED);
	d = by_name("wide");
	HOST_CHECK(d && d->max_vcpus == 3 && d->tot_pages == 8 * MIB >> PAGE_SHIFT && d->reap);
	check_told(d, "as described", true, SIF_PRIVILEGED);
	cpumask_clear(&one);
	cpumask_set(&one, 1);
	HOST_CHECK(!memcmp(&d->vcpu[2]->unit.hard, &one, sizeof(one)));
	d = by_name("narrow");
	HOST_CHECK(d && d->max_vcpus == 1 && !d->reap);
	check_told(d, "as described", false, 0);
	HOST_CHECK(!by_name("damaged"));
	check_starts();
}

/* One domain with a kernel that cannot boot costs only itself. */
static void test_manifest(void **state)
{
	dtb_start();
	dtb_begin("chosen");
	begin_guest("wide", 8, 3);
	dtb_prop("xenolith,privileged", NULL, 0);
	dtb_string("xenolith,hard-affinity", "1");
	end_guest(3, 4);
	begin_guest("damaged", 8, 1);
	end_guest(6, 0);
	begin_guest("narrow", 4, 1);
	dtb_prop("xenolith,keep", NULL, 0);
	end_guest(5, 0);
	module(kernel(false, KERNEL_AT), KERNEL_BYTES, "quiet");
	add_manifest();
	module(kernel(false, KERNEL_AT), KERNEL_BYTES, "");
	module(INITRD, sizeof(INITRD), "");
	module(kernel(true, KERNEL_AT), KERNEL_BYTES, "");
	text_module("not a kernel", "");
	EXPECT(manifest_run, false, "Manifest: module 2, 3 domains, 0 rejected",
	       "Manifest: wide is d1, 8192 KiB, 3 vCPUs",
	       "damaged: the kernel module is neither an ELF file nor a bzImage",
	       "Manifest: narrow is d", "Boot modules: ");
}

static void described_run(void *arg)
{
	boot();
	HOST_CHECK(hardware_domain->tot_pages == 48 * MIB >> PAGE_SHIFT);
	HOST_CHECK(hardware_domain->max_vcpus == 1);
	check_told(hardware_domain, "as described", true, SIF_INITDOMAIN | SIF_PRIVILEGED);
	check_starts();
}

/* dom0 as the manifest describes it; the parameters of the command line come first. */
static void test_described_dom0(void **state)
{
	machine.cmdline = "dom0_max_vcpus=1";
	dtb_start();
	dtb_begin("chosen");
	begin_guest("dom0", 48, 2);
	dtb_prop("xenolith,hardware-domain", NULL, 0);
	end_guest(2, 3);
	add_manifest();
	module(kernel(true, KERNEL_AT), KERNEL_BYTES, "not this");
	module(INITRD, sizeof(INITRD), "");
	EXPECT(described_run, false, "dom0: 48 MiB, 1 vCPUs");
}

static void boot_only(void *arg)
{
	boot();
}

static void stops(const char *line)
{
	EXPECT(boot_only, true, line, "Cannot boot: ");
	start(NULL);
}

#define SORRY "Cannot boot: dom0 cannot be started; see the line above"

/* Each mistake stops the boot with a line of its own. */
static void test_bad_dom0(void **state)
{
	static u8 cut[KERNEL_BYTES], packed[2 * KERNEL_BYTES];
	u32 len;

	len = bzimage(packed, kernel(false, KERNEL_AT));
	packed[3000] ^= 1;
	module(packed, len, "");
	stops("dom0: cannot unpack the bzImage (gzip): ");
	text_module("#!/bin/sh", "");
	stops("dom0: the kernel module is neither an ELF file nor a bzImage");
	module(kernel(false, 64 * MIB), KERNEL_BYTES, "");
	stops("dom0: the kernel needs memory at 0x4000000; give the domain more");
	module(kernel(false, 512 * MIB), KERNEL_BYTES, "");
	stops("dom0: the kernel needs memory at 0x20000000, where the machine has none");
	module(kernel(false, 5UL << 30), KERNEL_BYTES, "");
	stops("dom0: cannot boot this kernel: ");
	memcpy(cut, kernel(false, KERNEL_AT), KERNEL_BYTES);
	((Elf64_Phdr *)(cut + sizeof(Elf64_Ehdr)))[0].p_memsz = 4UL << 30;
	module(cut, KERNEL_BYTES, "");
	stops("dom0: the kernel asks for memory above 4 GiB");
	module(kernel(false, KERNEL_AT), TEXT_AT, "");
	stops("dom0: cannot boot this kernel: ");
	memcpy(cut, kernel(false, KERNEL_AT), KERNEL_BYTES);
	((Elf64_Ehdr *)cut)->e_machine = EM_AARCH64;
	module(cut, KERNEL_BYTES, "");
	stops("dom0: cannot boot this kernel: ");
	machine.cmdline = "dom0_mem=1G";
	module(kernel(false, KERNEL_AT), KERNEL_BYTES, "");
	stops("Cannot boot: dom0 is to have 1024 MiB, but only ");
	machine.cmdline = "dom0_mem=8M";
	module(kernel(false, KERNEL_AT), KERNEL_BYTES, "");
	stops("Cannot boot: only 8 MiB of memory for dom0");
}

static void test_no_domain(void **state)
{
	dtb_start();
	dtb_begin("chosen");
	begin_guest("damaged", 8, 1);
	end_guest(2, 0);
	begin_guest("tiny", 1, 1);
	end_guest(3, 0);
	begin_guest("full", 2, 1);
	end_guest(3, 4);
	add_manifest();
	text_module("not a kernel", "");
	module(kernel(false, KERNEL_AT), KERNEL_BYTES, "");
	text_module("an initrd", "");
	EXPECT(boot_only, true, "damaged: the kernel module is neither",
	       "tiny: the kernel needs memory at 0x100000; give the domain more",
	       "full: no room for 10 bytes of initrd below 4 GiB; give the domain more memory",
	       "Cannot boot: there is no domain to start; see the lines above");
}

/* Damaged files never do worse than stop the boot. */
static void test_random_damage(void **state)
{
	u32 built = 0;

	unit_seed();
	for (u32 round = 0; round < 60; round++) {
		const struct host_outcome *o;

		start(NULL);
		dtb_start();
		dtb_begin("chosen");
		begin_guest("guest", 4, 1);
		end_guest(3, 0);
		module(kernel(unit_random_below(2), KERNEL_AT), KERNEL_BYTES, "quiet");
		add_manifest();
		module(kernel(unit_random_below(2), KERNEL_AT), KERNEL_BYTES, "");
		for (u32 i = 0; i < 1 + unit_random_below(12); i++) {
			u32 file = bundle.len / 3 * unit_random_below(3), at = file + 112;

			/* Mostly in the headers, where it tells. */
			at += unit_random_below(unit_random_below(2) ? 160 : 3000);
			bundle.files[at % bundle.len] = (char)unit_random();
		}
		o = host_isolated(boot_only, NULL);
		if (o->panicked || !(o->status == 0 || (o->status == 3 && o->halted)))
			fail_msg("round %u: status %d\n%s", round, o->status, o->console);
		built += o->status == 0;
	}
	assert_true(built > 5 && built < 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_dom0, start),
		cmocka_unit_test_setup(test_dom0_on_nodes, start),
		cmocka_unit_test_setup(test_manifest, start),
		cmocka_unit_test_setup(test_described_dom0, start),
		cmocka_unit_test_setup(test_bad_dom0, start),
		cmocka_unit_test_setup(test_no_domain, start),
		cmocka_unit_test_setup(test_random_damage, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
