/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that an exit can cost: VMRUN into code that does nothing but CPUID, and out again. The
 * registers are changed by the hypervisor's own svm_vmrun(), which is linked, so that what Xenolith
 * spends beyond it can be seen.
 *
 * The guest shares our page tables and runs without nested paging: how memory is translated does
 * not change which instructions run. Offsets are those of the APM, volume 2, appendix B.
 */
#include "bench.h"

#define MSR_VM_HSAVE_PA 0xc0010117
#define EFER_SVME BIT(12)

#define INTERCEPT1 0x00c
#define INTERCEPT2 0x010
#define I1_CPUID BIT(18)
#define I2_VMRUN BIT(0)
#define ASID 0x058
#define EXIT_CODE 0x070
#define EXIT_CPUID 0x072
#define SEG_ES 0x400
#define SEG_CS 0x410
#define SEG_SS 0x420
#define SEG_DS 0x430
#define GDTR 0x460
#define IDTR 0x480
#define STATE_EFER 0x4d0
#define STATE_CR4 0x548
#define STATE_CR3 0x550
#define STATE_CR0 0x558
#define STATE_RFLAGS 0x570
#define STATE_RIP 0x578
#define STATE_RSP 0x5d8
#define ATTR_CODE64 0xa9b
#define ATTR_DATA 0xc93
#define CPUID_BYTES 2

/* CPUID for ever; the jump is there for those who step over it. */
void floor_guest(void);
__asm__(".globl floor_guest\nfloor_guest: cpuid\njmp floor_guest\n");

static u8 vmcb[PAGE_SIZE] PAGE_ALIGNED, host_save[PAGE_SIZE] PAGE_ALIGNED;
static u8 guest_stack[256] __attribute__((aligned(16)));
static u64 gpr[16];

static void set32(u32 at, u32 val)
{
	*(volatile u32 *)(vmcb + at) = val;
}

static void set64(u32 at, u64 val)
{
	*(volatile u64 *)(vmcb + at) = val;
}

static u64 get64(u32 at)
{
	return *(volatile u64 *)(vmcb + at);
}

static void set_segment(u32 at, u16 sel, u16 attr)
{
	set32(at, sel | (u32)attr << 16);
	set32(at + 4, ~0U);
	set64(at + 8, 0);
}

static void set_table(u32 at, const u8 *dt)
{
	set32(at + 4, *(const u16 *)dt);
	memcpy(vmcb + at + 8, dt + 2, 8);
}

static void fill_vmcb(void)
{
	u8 dt[10];

	set32(INTERCEPT1, I1_CPUID);
	set32(INTERCEPT2, I2_VMRUN);
	set32(ASID, 1);
	set_segment(SEG_ES, 0x10, ATTR_DATA);
	set_segment(SEG_CS, 0x08, ATTR_CODE64);
	set_segment(SEG_SS, 0x10, ATTR_DATA);
	set_segment(SEG_DS, 0x10, ATTR_DATA);
	__asm__ volatile("sgdt %0" : "=m"(dt));
	set_table(GDTR, dt);
	__asm__ volatile("sidt %0" : "=m"(dt));
	set_table(IDTR, dt);
	set64(STATE_EFER, rdmsr(MSR_EFER));
	set64(STATE_CR4, read_cr4());
	set64(STATE_CR3, read_cr3());
	set64(STATE_CR0, read_cr0());
	set64(STATE_RFLAGS, 2);
	set64(STATE_RIP, (u64)floor_guest);
	set64(STATE_RSP, (u64)guest_stack + sizeof(guest_stack));
}

static bool svm_ready(const char *name)
{
	if (!(cpuid(0x80000001, 0).c & BIT(2))) {
		bench_skip(name, "no SVM");
		return false;
	}
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, (u64)host_save);
	fill_vmcb();
	__asm__ volatile("vmrun" :: "a"(vmcb) : "memory", "rbx", "rcx", "rdx");
	if (get64(EXIT_CODE) == EXIT_CPUID)
		return true;
	bench_skip(name, "VMRUN ends with %#lx", get64(EXIT_CODE));
	return false;
}

/* In and out, no register saved: the guest never gets past its first instruction. */
static void vmrun_alone(const char *name, u32 rounds)
{
	if (svm_ready(name))
		MEASURE(name, rounds, __asm__ volatile("vmrun" :: "a"(vmcb) : "memory"));
}

static void run_guest(void)
{
	u64 *regs = gpr;
	u8 *block = vmcb;

	__asm__ volatile("clgi" ::: "memory");
	/* The hypervisor's (xen/arch/x86/svm/entry.S): registers in the order of the encoding. */
	__asm__ volatile("call svm_vmrun"
			 : "+D"(regs), "+a"(block) :
			 : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r14", "r15", "cc",
			   "memory");
}

/* With all registers changed, interrupts held off meanwhile. */
static void with_registers(const char *name, u32 rounds)
{
	if (svm_ready(name))
		MEASURE(name, rounds, run_guest());
}

static void run_and_step(void)
{
	run_guest();
	if (get64(EXIT_CODE) == EXIT_CPUID)
		set64(STATE_RIP, get64(STATE_RIP) + CPUID_BYTES);
}

/* And a look at the reason, and the guest's next instruction: nothing that does less is an exit. */
static void with_dispatch(const char *name, u32 rounds)
{
	if (svm_ready(name))
		MEASURE(name, rounds, run_and_step());
}

static const struct benchmark table[] = {
	{ "floor.vmrun", vmrun_alone, 4000 },
	{ "floor.registers", with_registers, 4000 },
	{ "floor.dispatch", with_dispatch, 4000 },
};
DEFINE_GROUP(floor, table);
