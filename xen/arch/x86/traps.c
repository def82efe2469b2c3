/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions and interrupts taken in the hypervisor.
 *
 * There are two IDTs. The usual one gives NMI, #DF and #MC stacks of their own through the TSS. The
 * plain one is used while the task register holds a guest's value, when no TSS can be trusted.
 */
#include <xen/errno.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/trace.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/sections.h>
#include <asm/trace.h>
#include <asm/traps.h>

#define GATE_INTERRUPT 0x8e

struct extable_entry {
	s32 fault, fixup;	/* relative to the field itself */
};

extern const struct extable_entry extable_start[], extable_end[];
extern const char trap_stubs[];
void trap_dispatch(struct cpu_regs *regs);

static struct idt_entry idt_ist[NR_VECTORS] __aligned(4096);
static struct idt_entry idt_plain[NR_VECTORS] __aligned(4096);
static void (*irq_handlers[NR_VECTORS])(u8 vector);	/* set once each, read without a lock */
static bool (*nmi_handler)(const struct cpu_regs *regs);
static DEFINE_PER_CPU(u32, spurious_irqs);

DEFINE_PER_CPU(const struct cpu_regs *, fatal_regs);

static const char *const exception_names[32] = {
	"#DE divide error", "#DB debug", "NMI", "#BP breakpoint", "#OF overflow", "#BR bounds",
	"#UD invalid opcode", "#NM no FPU", "#DF double fault", "9", "#TS invalid TSS",
	"#NP segment not present", "#SS stack fault", "#GP general protection", "#PF page fault",
	"15", "#MF x87", "#AC alignment", "#MC machine check", "#XM SIMD", "#VE virtualisation",
	"#CP control protection", "22", "23", "24", "25", "26", "27", "#HV hypervisor",
	"#VC VMM communication", "#SX security", "31",
};

static void set_gate(struct idt_entry *e, const void *stub, u8 ist)
{
	u64 a = (u64)stub;

	*e = (struct idt_entry){
		.offset_low = a & 0xffff,
		.selector = SEL_CODE64,
		.ist = ist,
		.type = GATE_INTERRUPT,
		.offset_mid = (a >> 16) & 0xffff,
		.offset_high = a >> 32,
	};
}

void __init traps_init(void)
{
	for (u32 v = 0; v < NR_VECTORS; v++) {
		set_gate(&idt_ist[v], trap_stubs + v * STUB_SIZE, 0);
		set_gate(&idt_plain[v], trap_stubs + v * STUB_SIZE, 0);
	}
	idt_ist[X86_VEC_DF].ist = IST_DF;
	idt_ist[X86_VEC_NMI].ist = IST_NMI;
	idt_ist[X86_VEC_MC].ist = IST_MC;
}

void idt_use_ist(bool use)
{
	struct desc_ptr p = {
		.limit = sizeof(idt_ist) - 1,
		.base = (u64)(use ? idt_ist : idt_plain),
	};

	lidt(&p);
}

void irq_set_handler(u8 vector, void (*fn)(u8 vector))
{
	ASSERT(vector >= FIRST_IRQ_VECTOR);
	__atomic_store_n(&irq_handlers[vector], fn, __ATOMIC_RELEASE);
}

void nmi_set_handler(bool (*fn)(const struct cpu_regs *regs))
{
	__atomic_store_n(&nmi_handler, fn, __ATOMIC_RELEASE);
}

void irq_dispatch(u8 vector)
{
	void (*fn)(u8) = __atomic_load_n(&irq_handlers[vector], __ATOMIC_ACQUIRE);

	cpu_info()->irq_depth++;
	trace_irq_entry(vector);
	if (fn)
		fn(vector);
	else if (this_cpu(spurious_irqs)++ == 0)
		printk(LOG_WARN "CPU%u: interrupt on vector %#x, which has no handler\n",
		       hal_smp_cpu_id(), vector);
	trace_irq_exit(vector);
	cpu_info()->irq_depth--;
}

static bool fix_up(struct cpu_regs *regs)
{
	for (const struct extable_entry *e = extable_start; e < extable_end; e++) {
		if (regs->rip != (u64)&e->fault + e->fault)
			continue;
		regs->rip = (u64)&e->fixup + e->fixup;
		return true;
	}
	return false;
}

static void __noreturn fatal(struct cpu_regs *regs)
{
	this_cpu(fatal_regs) = regs;
	if (regs->vector == X86_VEC_PF)
		panic("CPU%u: page fault: %s at %#lx%s (error code %#lx)", hal_smp_cpu_id(),
		      (regs->error_code & 0x10) ? "fetch" :
		      (regs->error_code & 2) ? "write" : "read", read_cr2(),
		      (regs->error_code & 1) ? ", forbidden" : ", not mapped", regs->error_code);
	panic("CPU%u: %s (error code %#lx)", hal_smp_cpu_id(), exception_names[regs->vector],
	      regs->error_code);
}

static void exception(struct cpu_regs *regs)
{
	bool (*nmi)(const struct cpu_regs *) = __atomic_load_n(&nmi_handler, __ATOMIC_ACQUIRE);

	switch (regs->vector) {
	case X86_VEC_NMI:
		if (nmi == NULL || !nmi(regs))
			fatal(regs);
		return;
	case X86_VEC_BP:
		if (trace_site_trap(regs))
			return;
		break;
	case X86_VEC_GP:
		if (fix_up(regs))
			return;
		break;
	}
	fatal(regs);
}

void trap_dispatch(struct cpu_regs *regs)
{
	if (regs->vector >= FIRST_IRQ_VECTOR) {
		irq_dispatch(regs->vector);
		return;
	}
	cpu_info()->irq_depth++;
	exception(regs);
	cpu_info()->irq_depth--;
}

int rdmsr_safe(u32 msr, u64 *v)
{
	u32 lo, hi;
	int err;

	__asm__ volatile("xor %[err], %[err]\n"
			 "1: rdmsr\n"
			 "2:\n"
			 ".pushsection .text.fixup, \"ax\"\n"
			 "3: mov %[fault], %[err]\n"
			 "xor %%eax, %%eax\n"
			 "xor %%edx, %%edx\n"
			 "jmp 2b\n"
			 ".popsection\n" EXTABLE(1b, 3b)
			 : [err] "=&r"(err), "=a"(lo), "=d"(hi)
			 : "c"(msr), [fault] "i"(-XEN_EFAULT));
	*v = lo | (u64)hi << 32;
	return err;
}

int wrmsr_safe(u32 msr, u64 v)
{
	int err;

	__asm__ volatile("xor %[err], %[err]\n"
			 "1: wrmsr\n"
			 "2:\n"
			 ".pushsection .text.fixup, \"ax\"\n"
			 "3: mov %[fault], %[err]\n"
			 "jmp 2b\n"
			 ".popsection\n" EXTABLE(1b, 3b)
			 : [err] "=&r"(err)
			 : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)), [fault] "i"(-XEN_EFAULT)
			 : "memory");
	return err;
}
