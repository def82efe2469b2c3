/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start-up of a microguest, its verdict and its end. */
#include "cpu.h"

#include <public/arch-x86/hvm/start_info.h>

char cmdline[1024];
struct region memory_map[64];
u32 memory_map_entries;
u32 start_flags;
u8 stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(STACK_SIZE)));
struct shared_info shared_info PAGE_ALIGNED;

extern u32 start_info_pa;
extern char image_end[];

static u64 next_free;
static u32 failures;

void cpu_main(struct cpu *self);

/** Prints the line run.py looks for. */
static void verdict(const char *word, const char *fmt, va_list ap)
{
	char why[300];

	format(why, sizeof(why), fmt, ap);
	print("## %s: %s%s%s\n", test_name, word, why[0] ? ": " : "", why);
}

#define DEFINE_VERDICT(name)                                                                       \
	void (test_##name)(const char *fmt, ...)                                                   \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		verdict(#name, fmt, ap);                                                           \
		va_end(ap);                                                                        \
		shutdown(SHUTDOWN_poweroff);                                                       \
	}
DEFINE_VERDICT(skip)
DEFINE_VERDICT(error)
DEFINE_VERDICT(failure)

void (check_failed)(const char *where, const char *fmt, ...)
{
	char what[300];
	va_list ap;

	va_start(ap, fmt);
	format(what, sizeof(what), fmt, ap);
	va_end(ap);
	/* A check in a loop must not flood the output. */
	if (failures++ < 20)
		print("wrong: %s: %s\n", where, what);
}

void test_success_before_end(void)
{
	if (failures)
		test_failure("%u checks", failures);
	print("## %s: success\n", test_name);
}

void shutdown(u32 reason)
{
	struct sched_shutdown sd = { .reason = reason };

	for (;;)
		sched_op(SCHEDOP_shutdown, &sd);
}

bool arg_has(const char *word)
{
	size_t n = strlen(word);

	for (const char *s = cmdline; *s; s++)
		if ((s == cmdline || s[-1] == ' ') && !strncmp(s, word, n) &&
		    (s[n] == ' ' || !s[n]))
			return true;
	return false;
}

u64 arg_u64(const char *name, u64 fallback)
{
	size_t n = strlen(name);

	for (const char *s = cmdline; *s; s++) {
		u64 v = 0;

		if ((s != cmdline && s[-1] != ' ') || strncmp(s, name, n) || s[n] != '=')
			continue;
		for (s += n + 1; *s >= '0' && *s <= '9'; s++)
			v = v * 10 + (u64)(*s - '0');
		return v;
	}
	return fallback;
}

bool is_privileged(void)
{
	return start_flags & SIF_PRIVILEGED;
}

bool is_mapped_1to1(void)
{
	return start_flags & SIF_INITDOMAIN;
}

u16 own_domid(void)
{
	/* Leaf 4: EBX the vCPU's id, ECX the domain's when EAX bit 4 says so. */
	struct cpuid r = cpuid(0x40000004, 0);

	return r.a & BIT(4) ? (u16)r.c : 0;
}

void *alloc_pages(u32 count, u64 align)
{
	u64 at = (next_free + align - 1) & ~(align - 1);

	for (u32 i = 0; i < memory_map_entries; i++) {
		const struct region *r = &memory_map[i];

		if (r->type == XEN_HVM_MEMMAP_TYPE_RAM && at >= r->start &&
		    at + count * PAGE_SIZE <= r->start + r->size) {
			next_free = at + count * PAGE_SIZE;
			return memset((void *)at, 0, count * PAGE_SIZE);
		}
	}
	test_error("no %u pages of memory left at %#lx", count, at);
}

static void take_start_info(void)
{
	const struct hvm_start_info *si = (const void *)(u64)start_info_pa;
	const struct hvm_memmap_table_entry *map = (const void *)si->memmap_paddr;

	start_flags = si->flags;
	if (si->cmdline_paddr)
		memcpy(cmdline, (const void *)si->cmdline_paddr,
		       MIN(strlen((const char *)si->cmdline_paddr), sizeof(cmdline) - 1));
	memory_map_entries = (u32)MIN(si->memmap_entries, ARRAY_SIZE(memory_map));
	for (u32 i = 0; i < memory_map_entries; i++)
		memory_map[i] = (struct region){ map[i].addr, map[i].size, map[i].type };
	/* Modules and the start info itself were copied or are of no use. */
	next_free = (u64)image_end;
}

/* Xen reports memory to its first domain only when asked. */
static void ask_for_memory_map(void)
{
	static struct {
		u64 start, size;
		u32 type;
	} __attribute__((packed)) e820[ARRAY_SIZE(memory_map)];
	struct xen_memory_map m = { .nr_entries = ARRAY_SIZE(e820) };

	set_xen_guest_handle(m.buffer, e820);
	if (memory_map_entries || memory_op(XENMEM_memory_map, &m))
		return;
	memory_map_entries = m.nr_entries;
	for (u32 i = 0; i < memory_map_entries; i++)
		memory_map[i] = (struct region){ e820[i].start, e820[i].size, e820[i].type };
}

static void map_shared_info(void)
{
	struct xen_add_to_physmap xatp = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
					   .gpfn = (u64)&shared_info / PAGE_SIZE };
	long rc = memory_op(XENMEM_add_to_physmap, &xatp);

	if (rc)
		test_error("cannot map the shared info page: %ld", rc);
}

void trap_init_cpu(struct cpu *self);
void smp_idle(struct cpu *self) NORETURN;

/* Every vCPU comes here from head.S, on its own stack. */
void cpu_main(struct cpu *self)
{
	trap_init_cpu(self);
	if (self != cpu_of(0))
		smp_idle(self);
	wrmsr(0x40000000, (u64)hypercall_page);
	take_start_info();
	ask_for_memory_map();
	self->up = true;
	map_shared_info();
	test_main();
	test_success_before_end();
	shutdown(SHUTDOWN_poweroff);
}
