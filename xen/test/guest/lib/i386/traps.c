/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables of 32-bit mode, and user mode in it. */
#include "cpu.h"

struct gate {
	u16 low, sel, attr, high;
};

struct table {
	u16 limit;
	u32 base;
} __attribute__((packed));

static struct gate idt[256] __attribute__((aligned(16)));

extern char trap_stubs[];
u64 user_enter(word *kernel_sp, word eip, word arg, word esp);
void user_start(void);

#define TSS_SEL 0x30

void set_trap_stack(struct regs *regs, word sp)
{
	regs->rsp = sp;
	regs->cs = KERNEL_CS;
}

/* All of the identity map is open to user mode, as is everything without paging. */
u64 user_call(u64 (*fn)(void))
{
	static u8 user_stack[PAGE_SIZE] PAGE_ALIGNED;
	struct cpu *c = cpu_self();
	u32 esp0;

	/* What INT pushes must not hit our own frames. */
	__asm__ volatile("lea -1024(%%esp), %0" : "=r"(esp0));
	c->tss[1] = esp0 & ~15U;
	c->tss[2] = KERNEL_DS;
	return user_enter(&c->user_sp, (word)user_start, (word)fn,
			  (word)user_stack + PAGE_SIZE);
}

static void fill_idt(void)
{
	for (u32 i = 0; i < 256; i++) {
		u32 at = (u32)trap_stubs + i * 16;
		u16 dpl = i == USER_EXIT_VECTOR ? 0x6000 : 0;

		idt[i] = (struct gate){ (u16)at, KERNEL_CS, 0x8e00 | dpl, (u16)(at >> 16) };
	}
}

void trap_load_tables(struct cpu *self)
{
	static const u64 segments[] = { 0, 0x00cf9b000000ffff, 0x00cf93000000ffff,
					0x00cff3000000ffff, 0x00cffb000000ffff, 0 };
	struct table gdtr = { sizeof(self->gdt) - 1, (u32)self->gdt };
	struct table idtr = { sizeof(idt) - 1, (u32)idt };
	u64 tss = (u32)self->tss;

	if (self == cpu_of(0))
		fill_idt();
	memcpy(self->gdt, segments, sizeof(segments));
	self->gdt[6] = (sizeof(self->tss) - 1) | (tss & 0xffffff) << 16 | (u64)0x89 << 40 |
		       (tss >> 24 & 0xff) << 56;
	self->tss[25] = sizeof(self->tss) << 16;
	__asm__ volatile("lgdt %0; lidt %1; ltr %w2" :: "m"(gdtr), "m"(idtr), "r"(TSS_SEL)
			 : "memory");
	__asm__ volatile("mov %0, %%fs; mov %0, %%gs" :: "r"(0));
}
