/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables, exceptions and interrupts, and code that is expected to fault. */
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
static vector_fn handlers[256];

extern char trap_stubs[];
extern char try_recover[];
extern char user_leave[];
bool try_enter(u64 *try_rsp, void (*fn)(void *arg), void *arg);
u64 user_enter(u64 *kernel_rsp, u64 rip, u64 arg, u64 rsp);
void user_start(void);
void trap_entry(struct regs *regs);
void trap_init_cpu(struct cpu *self);

#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define TSS_SEL 0x30
#define USER_EXIT_VECTOR 0x81
#define USER_ALIAS 0x10000000000UL

void set_vector(u32 vector, vector_fn fn)
{
	handlers[vector] = fn;
}

static void leave_user(struct regs *regs)
{
	regs->rip = (u64)user_leave;
	regs->cs = KERNEL_CS;
	regs->ss = KERNEL_DS;
	regs->rflags = 2;
	regs->rsp = cpu_self()->user_rsp;
}

static void recover(struct regs *regs, struct cpu *c)
{
	c->trap = (struct trap){ .taken = true, .vector = (u32)regs->vector,
				 .error = (u32)regs->error, .cr2 = read_cr2(), .rip = regs->rip };
	regs->rip = (u64)try_recover;
	regs->rsp = c->try_rsp - 16;
	regs->cs = KERNEL_CS;
	regs->ss = KERNEL_DS;
	regs->rflags &= ~RFLAGS_TF;
}

void trap_entry(struct regs *regs)
{
	struct cpu *c = cpu_self();

	if (handlers[regs->vector])
		handlers[regs->vector](regs);
	else if (regs->vector < 32 && regs->vector != VEC_NMI && c->try_rsp)
		recover(regs, c);
	else
		test_failure("vector %lu error %#lx at %#lx rsp %#lx cr2 %#lx vCPU %u: unexpected",
			     regs->vector, regs->error, regs->rip, regs->rsp, read_cr2(), c->id);
}

struct trap try_call(void (*fn)(void *arg), void *arg)
{
	struct cpu *c = cpu_self();

	c->trap.taken = false;
	if (!try_enter(&c->try_rsp, fn, arg))
		c->trap.taken = false;
	return c->trap;
}

struct msr_arg {
	u32 msr;
	u64 val;
};

static void do_rdmsr(void *arg)
{
	struct msr_arg *m = arg;

	m->val = rdmsr(m->msr);
}

static void do_wrmsr(void *arg)
{
	struct msr_arg *m = arg;

	wrmsr(m->msr, m->val);
}

bool try_rdmsr(u32 msr, u64 *val)
{
	struct msr_arg m = { .msr = msr };
	struct trap t = try_call(do_rdmsr, &m);

	*val = m.val;
	CHECK(!t.taken || (t.vector == VEC_GP && !t.error), "rdmsr %#x: vector %u error %#x", msr,
	      t.vector, t.error);
	return !t.taken;
}

bool try_wrmsr(u32 msr, u64 val)
{
	struct msr_arg m = { .msr = msr, .val = val };
	struct trap t = try_call(do_wrmsr, &m);

	CHECK(!t.taken || (t.vector == VEC_GP && !t.error), "wrmsr %#x: vector %u error %#x", msr,
	      t.vector, t.error);
	return !t.taken;
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
	return user_enter(&c->user_rsp, USER_ALIAS + (u64)user_start, USER_ALIAS + (u64)fn,
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
	set_vector(USER_EXIT_VECTOR, leave_user);
}

void trap_init_cpu(struct cpu *self)
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
