/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing registers, stack words and backtraces. */
#include <xen/hal/cpu.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <asm/desc.h>
#include <asm/processor.h>
#include <asm/sections.h>
#include <asm/symbols.h>
#include <asm/traps.h>

#define MAX_FRAMES 24
#define STACK_WORDS 16

static void print_location(u64 addr)
{
	u64 offset, size;
	const char *name = symbol_lookup(addr, &offset, &size);

	if (name)
		printk(LOG_ERR "  [%016lx] %s+%#lx/%#lx\n", addr, name, offset, size);
	else
		printk(LOG_ERR "  [%016lx]\n", addr);
}

/* @words at @p lie on this CPU's stack and not in its guard page. */
static bool on_this_stack(u64 p, u64 words)
{
	u64 here = (u64)cpu_info() & ~(STACK_SIZE - 1UL), end = p + words * 8;
	u64 guard = here + STACK_GUARD_OFFSET;

	if ((p & 7) || p < here || end > here + STACK_SIZE - CPU_INFO_SIZE)
		return false;
	return end <= guard || p >= guard + PAGE_SIZE;
}

void backtrace(u64 rip, u64 rbp)
{
	printk(LOG_ERR "Backtrace:\n");
	print_location(rip);
	for (u32 i = 0; i < MAX_FRAMES && on_this_stack(rbp, 2); i++) {
		const u64 *frame = (const u64 *)rbp;

		if (frame[1] == 0)
			return;
		print_location(frame[1]);
		if (frame[0] <= rbp)
			return;
		rbp = frame[0];
	}
}

static void print_stack(u64 rsp)
{
	printk(LOG_ERR "Stack at %016lx:\n", rsp);
	for (u32 i = 0; i < STACK_WORDS && on_this_stack(rsp + i * 8, 4); i += 4) {
		const u64 *p = (const u64 *)(rsp + i * 8);

		printk(LOG_ERR "  %016lx %016lx %016lx %016lx\n", p[0], p[1], p[2], p[3]);
	}
}

void regs_dump(const struct cpu_regs *r)
{
	printk(LOG_ERR "CPU%u rip %04lx:%016lx rflags %08lx\n", hal_smp_cpu_id(), r->cs & 0xffff,
	       r->rip, r->rflags);
	printk(LOG_ERR "rax %016lx rbx %016lx rcx %016lx\n", r->rax, r->rbx, r->rcx);
	printk(LOG_ERR "rdx %016lx rsi %016lx rdi %016lx\n", r->rdx, r->rsi, r->rdi);
	printk(LOG_ERR "rbp %016lx rsp %016lx r8  %016lx\n", r->rbp, r->rsp, r->r8);
	printk(LOG_ERR "r9  %016lx r10 %016lx r11 %016lx\n", r->r9, r->r10, r->r11);
	printk(LOG_ERR "r12 %016lx r13 %016lx r14 %016lx\n", r->r12, r->r13, r->r14);
	printk(LOG_ERR "r15 %016lx cr0 %016lx cr2 %016lx\n", r->r15, read_cr0(), read_cr2());
	printk(LOG_ERR "cr3 %016lx cr4 %016lx\n", read_cr3(), read_cr4());
	print_stack(r->rsp);
	backtrace(r->rip, r->rbp);
}

void hal_cpu_dump_state(void)
{
	const struct cpu_regs *fatal = this_cpu(fatal_regs);
	struct cpu_regs now = { .rflags = read_flags() };

	if (fatal) {
		regs_dump(fatal);
		return;
	}
	/*
	 * Registers as the caller sees them: only those that the calling convention preserves are
	 * meaningful.
	 */
	__asm__ volatile("mov %%rbx, %0; mov %%rbp, %1; mov %%rsp, %2; mov %%cs, %3; "
			 "lea (%%rip), %4"
			 : "=m"(now.rbx), "=m"(now.rbp), "=m"(now.rsp), "=r"(now.cs),
			   "=r"(now.rip));
	__asm__ volatile("mov %%r12, %0; mov %%r13, %1; mov %%r14, %2; mov %%r15, %3"
			 : "=m"(now.r12), "=m"(now.r13), "=m"(now.r14), "=m"(now.r15));
	regs_dump(&now);
}
