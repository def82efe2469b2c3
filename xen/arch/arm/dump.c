/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing registers and backtraces. */
#include <xen/arm/syndrome.h>
#include <xen/hal/cpu.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <asm/symbols.h>
#include <asm/layout.h>
#include <asm/sysreg.h>
#include <asm/traps.h>

#define MAX_FRAMES 24

static DEFINE_PER_CPU(const struct cpu_regs *, fatal_regs);

static void print_location(u64 addr)
{
	u64 into, size;
	const char *name = symbol_lookup(addr, &into, &size);

	if (name)
		printk(LOG_ERR "  [%012lx] %s+%#lx/%#lx\n", addr, name, into, size);
	else
		printk(LOG_ERR "  [%012lx]\n", addr);
}

/* Frame records: the caller's record and the return address (AAPCS64, section 6.4.6). */
static void backtrace(u64 pc, u64 fp)
{
	u64 stack = (u64)__builtin_frame_address(0) & ~(STACK_SIZE - 1UL);

	printk(LOG_ERR "Backtrace:\n");
	print_location(pc);
	for (u32 i = 0; i < MAX_FRAMES; i++) {
		const u64 *frame = (const u64 *)fp;

		if (fp % 16 || fp < stack || fp > stack + STACK_SIZE - 16 || !frame[1])
			return;
		print_location(frame[1]);
		if (frame[0] <= fp)
			return;
		fp = frame[0];
	}
}

void regs_dump(const struct cpu_regs *r)
{
	printk(LOG_ERR "CPU%u pc %012lx pstate %08lx sp %012lx\n", hal_smp_cpu_id(), r->pc,
	       r->pstate, r->sp);
	for (u32 i = 0; i < 30; i += 3)
		printk(LOG_ERR "x%-2u %016lx x%-2u %016lx x%-2u %016lx\n", i, r->x[i], i + 1,
		       r->x[i + 1], i + 2, r->x[i + 2]);
	printk(LOG_ERR "lr  %016lx\n", r->x[30]);
	backtrace(r->pc, r->x[29]);
}

void hal_cpu_dump_state(void)
{
	if (this_cpu(fatal_regs)) {
		regs_dump(this_cpu(fatal_regs));
		return;
	}
	backtrace((u64)__builtin_return_address(0), (u64)__builtin_frame_address(0));
}

void __noreturn el2_exception(struct cpu_regs *r, u32 which)
{
	static const char *const kinds[] = { "exception", "interrupt", "FIQ", "SError" };
	u64 esr = sysreg_read(esr_el2);

	this_cpu(fatal_regs) = r;
	panic("%s at EL2: ESR %#lx (class %#x) FAR %#lx pc %#lx", kinds[which % 4], esr,
	      ESR_EC(esr), sysreg_read(far_el2), r->pc);
}
