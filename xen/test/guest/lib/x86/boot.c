/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a microguest finds when it starts as a PVH guest. */
#include "cpu.h"

#include <public/arch-x86/hvm/start_info.h>

u8 stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(STACK_SIZE)));

extern u32 start_info_pa;

void cpu_main(struct cpu *self);

u16 own_domid(void)
{
	/* Leaf 4: EBX the vCPU's id, ECX the domain's when EAX bit 4 says so. */
	struct cpuid r = cpuid(0x40000004, 0);

	return r.a & BIT(4) ? (u16)r.c : 0;
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
	if (si->nr_modules) {
		const struct hvm_modlist_entry *m = (const void *)si->modlist_paddr;

		boot_module = (struct region){ m->paddr, m->size, XEN_HVM_MEMMAP_TYPE_RAM };
	}
	/* Modules and the start info itself were copied or are of no use. */
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
	test_run();
}
