/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables of 64-bit mode, and user mode in it. */
#include "cpu.h"

struct gate {
	u16 low, sel, attr, mid;
	u32 high, zero;
};

struct table {
	u16 limit;
	u64 base;
} __attribute__((packed));

static struct gate idt[256] __attribute__((aligned(16)));

extern char trap_stubs[];
u64 user_enter(word *kernel_sp, u64 rip, u64 arg, u64 rsp);
void user_start(void);

#define TSS_SEL 0x30
#define USER_ALIAS 0x10000000000UL

void set_trap_stack(struct regs *regs, word sp)
{
	regs->rsp = sp;
	regs->cs = KERNEL_CS;
	regs->ss = KERNEL_DS;
}

u64 user_call(u64 (*fn)(void))
{
	extern char image_start[], image_end[];
	static bool mapped;
	static u8 user_stack[PAGE_SIZE] PAGE_ALIGNED;
	struct cpu *c = cpu_self();
	u64 rsp0;

	for (u64 at = (u64)image_start; !mapped && at < (u64)image_end; at += PAGE_SIZE)
		map_page(USER_ALIAS + at, at, PTE_P | PTE_W | PTE_U);
	mapped = true;
	/* What INT pushes must not hit our own frames. */
	__asm__ volatile("lea -1024(%%rsp), %0" : "=r"(rsp0));
	c->tss[1] = (u32)(rsp0 & ~15UL);
	c->tss[2] = (u32)(rsp0 >> 32);
	return user_enter(&c->user_sp, USER_ALIAS + (u64)user_start, USER_ALIAS + (u64)fn,
			  USER_ALIAS + (u64)user_stack + PAGE_SIZE);
}

static void fill_idt(void)
{
	for (u32 i = 0; i < 256; i++) {
		u64 at = (u64)trap_stubs + i * 16;
		u16 dpl = i == USER_EXIT_VECTOR ? 0x6000 : 0;

		idt[i] = (struct gate){ (u16)at, KERNEL_CS, 0x8e00 | dpl, (u16)(at >> 16),
					(u32)(at >> 32), 0 };
	}
}

void trap_load_tables(struct cpu *self)
{
	static const u64 segments[] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff,
					0x00cff3000000ffff, 0x00affb000000ffff,
					0x00cf9b000000ffff };
	struct table gdtr = { sizeof(self->gdt) - 1, (u64)self->gdt };
	struct table idtr = { sizeof(idt) - 1, (u64)idt };
	u64 tss = (u64)self->tss;

	if (self == cpu_of(0))
		fill_idt();
	memcpy(self->gdt, segments, sizeof(segments));
	self->gdt[6] = (sizeof(self->tss) - 1) | (tss & 0xffffff) << 16 | 0x89UL << 40 |
		       (tss >> 24 & 0xff) << 56;
	self->gdt[7] = tss >> 32;
	self->tss[25] = sizeof(self->tss) << 16;
	__asm__ volatile("lgdt %0; lidt %1; ltr %w2" :: "m"(gdtr), "m"(idtr), "r"(TSS_SEL)
			 : "memory");
	__asm__ volatile("mov %0, %%fs; mov %0, %%gs" :: "r"(0));
}
