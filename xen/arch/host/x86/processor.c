/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A processor that is software: CPUID, MSRs, control and debug registers, and the extended state,
 * as far as the code of x86's guests uses them (asm/insns.h). What raises an exception on a real
 * processor ends the run.
 */
#include <xen/assert.h>
#include <xen/string.h>
#include <xen/hal/cpu.h>
#include <xen/x86/emul.h>

#include <asm/features.h>
#include <asm/hvm.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "processor.h"

#define MXCSR_OFFSET 24
#define XMM_OFFSET 160
#define XSTATE_BV FPU_LEGACY_BYTES
#define XCR0_SUPPORTED (XCR0_X87 | XCR0_SSE | XCR0_AVX)
#define MSR_SPEC_CTRL 0x48

static struct soft_cpu cpus[NR_CPUS + 1];
struct cpu_model boot_cpu = { .vendor = CPU_VENDOR_AMD, .phys_bits = 48, .virt_bits = 48 };

struct soft_cpu *soft_cpu_of(u32 cpu)
{
	ASSERT(cpu <= NR_CPUS);
	return &cpus[cpu];
}

struct soft_cpu *soft_cpu(void)
{
	return soft_cpu_of(hal_smp_cpu_id());
}

void soft_fault(const char *what)
{
	panic("software processor: %s", what);
}

/* ---- CPUID: a made-up processor of AMD's family 17h ---- */

static const struct {
	u32 leaf, subleaf;
	struct cpuid_regs r;
} cpuid_table[] = {
	{ 0x00000000, 0, { 0xd, 0x68747541, 0x444d4163, 0x69746e65 } },
	{ 0x00000001, 0, { 0x00800f12, 0x00080800, 0x7ed8320b, 0x178bfbff } },
	{ 0x00000007, 0, { 0, 0x209c01a9, 0, 0 } },
	{ 0x0000000d, 0, { XCR0_SUPPORTED, FPU_BYTES, FPU_BYTES, 0 } },
	{ 0x0000000d, 1, { 1, 0, 0, 0 } },
	{ 0x0000000d, 2, { 256, FPU_AVX_OFFSET, 0, 0 } },
	{ 0x80000000, 0, { 0x8000001f, 0x68747541, 0x444d4163, 0x69746e65 } },
	{ 0x80000001, 0, { 0x00800f12, 0, 0x35c233ff, 0x2fd3fbff } },
	{ 0x80000002, 0, { 0x74666f53, 0x65726177, 0x6f727020, 0x73736563 } },
	{ 0x80000003, 0, { 0x726f, 0, 0, 0 } },
	{ 0x80000007, 0, { 0, 0, 0, BIT(8) } },
	{ 0x80000008, 0, { 0x00003030, 0x00001000, 0, 0 } },
	{ 0x8000000a, 0, { 1, SOFT_NR_ASIDS, 0, BIT(0) | BIT(3) } },
};

struct cpuid_regs cpuid_count(u32 leaf, u32 subleaf)
{
	for (u32 i = 0; i < ARRAY_SIZE(cpuid_table); i++)
		if (cpuid_table[i].leaf == leaf && cpuid_table[i].subleaf == subleaf)
			return cpuid_table[i].r;
	return (struct cpuid_regs){ 0 };
}

/* ---- registers ---- */

u64 read_cr3(void) { return 0x1000; }
u64 read_cr4(void) { return soft_cpu()->cr4; }
void write_cr4(u64 v) { soft_cpu()->cr4 = v; }

u64 read_dr0(void) { return soft_cpu()->dr[0]; }
u64 read_dr1(void) { return soft_cpu()->dr[1]; }
u64 read_dr2(void) { return soft_cpu()->dr[2]; }
u64 read_dr3(void) { return soft_cpu()->dr[3]; }
void write_dr0(u64 v) { soft_cpu()->dr[0] = v; }
void write_dr1(u64 v) { soft_cpu()->dr[1] = v; }
void write_dr2(u64 v) { soft_cpu()->dr[2] = v; }
void write_dr3(u64 v) { soft_cpu()->dr[3] = v; }

u64 rdmsr(u32 msr)
{
	switch (msr) {
	case MSR_EFER:
		return soft_cpu()->efer;
	case MSR_VM_CR:
		return 0;
	default:
		soft_fault("RDMSR of an MSR that it lacks");
	}
}

void wrmsr(u32 msr, u64 v)
{
	switch (msr) {
	case MSR_EFER:
		soft_cpu()->efer = v;
		break;
	case MSR_VM_HSAVE_PA:
		if (page_offset(v))
			soft_fault("VM_HSAVE_PA is not page-aligned");
		soft_cpu()->hsave = v;
		break;
	case MSR_TSC_AUX:
		if (v >> 32)
			soft_fault("TSC_AUX takes 32 bits");
		break;
	case MSR_PRED_CMD:
		if (v & ~PRED_CMD_IBPB)
			soft_fault("a reserved bit of PRED_CMD");
		break;
	default:
		soft_fault("WRMSR of an MSR that it lacks");
	}
}

void raise_machine_check(void)
{
	soft_fault("machine check");
}

/* ---- extended state ---- */

u64 xgetbv(u32 reg)
{
	if (reg)
		soft_fault("XGETBV of another register than XCR0");
	return soft_cpu()->xcr0;
}

void xsetbv(u32 reg, u64 v)
{
	if (reg || !(v & XCR0_X87) || (v & ~XCR0_SUPPORTED) ||
	    (v & (XCR0_SSE | XCR0_AVX)) == XCR0_AVX)
		soft_fault("XSETBV raises #GP");
	soft_cpu()->xcr0 = v;
}

void fxsave(void *area) { memcpy(area, soft_cpu()->fpu, FPU_LEGACY_BYTES); }

void fxrstor(const void *area)
{
	u32 mxcsr;

	memcpy(&mxcsr, (const u8 *)area + MXCSR_OFFSET, sizeof(mxcsr));
	if (mxcsr & ~MXCSR_VALID)
		soft_fault("FXRSTOR or XRSTOR raises #GP: MXCSR");
	memcpy(soft_cpu()->fpu, area, FPU_LEGACY_BYTES);
}

void xsave(void *area)
{
	u64 *header = (u64 *)((u8 *)area + XSTATE_BV);

	fxsave(area);
	*header = (*header & ~XCR0_SUPPORTED) | soft_cpu()->xcr0;
	memcpy((u8 *)area + FPU_AVX_OFFSET, soft_cpu()->fpu + FPU_AVX_OFFSET,
	       FPU_BYTES - FPU_AVX_OFFSET);
}

/* A component whose bit in XSTATE_BV is clear gets its initial value. */
void xrstor(const void *area)
{
	const u64 *header = (const u64 *)((const u8 *)area + XSTATE_BV);
	u8 *avx = soft_cpu()->fpu + FPU_AVX_OFFSET;

	if (header[0] & ~soft_cpu()->xcr0)
		soft_fault("XRSTOR raises #GP: XSTATE_BV");
	for (u32 i = 1; i < FPU_HEADER_BYTES / sizeof(u64); i++)
		if (header[i])
			soft_fault("XRSTOR raises #GP: a reserved field of the header");
	fxrstor(area);
	memcpy(avx, (const u8 *)area + FPU_AVX_OFFSET, FPU_BYTES - FPU_AVX_OFFSET);
	if (!(header[0] & XCR0_AVX))
		memset(avx, 0, FPU_BYTES - FPU_AVX_OFFSET);
}

void fpu_clear_pointers(void)
{
	memset(soft_cpu()->fpu + 8, 0, 16);
}

/* The slots of the emulator that are in arch/x86/hvm/vector.c on the metal. */
int hvm_get_vec(struct x86_emul_ctx *ctx, u32 reg, void *buf, u32 bytes);
int hvm_put_vec(struct x86_emul_ctx *ctx, u32 reg, const void *buf, u32 bytes, bool zero_upper);

static bool has_avx(void)
{
	return (soft_cpu()->xcr0 & XCR0_SUPPORTED) == XCR0_SUPPORTED;
}

int hvm_get_vec(struct x86_emul_ctx *ctx, u32 reg, void *buf, u32 bytes)
{
	ASSERT(reg < 16 && (bytes == 16 || bytes == 32));
	if (bytes == 32 && !has_avx())
		return X86EMUL_UNHANDLEABLE;
	memcpy(buf, soft_cpu()->fpu + XMM_OFFSET + reg * 16, 16);
	if (bytes == 32)
		memcpy((u8 *)buf + 16, soft_cpu()->fpu + FPU_AVX_OFFSET + reg * 16, 16);
	return X86EMUL_OKAY;
}

int hvm_put_vec(struct x86_emul_ctx *ctx, u32 reg, const void *buf, u32 bytes, bool zero_upper)
{
	u8 *upper = soft_cpu()->fpu + FPU_AVX_OFFSET + reg * 16;

	ASSERT(reg < 16 && (bytes == 16 || bytes == 32));
	if (zero_upper && !has_avx())
		return X86EMUL_UNHANDLEABLE;
	memcpy(soft_cpu()->fpu + XMM_OFFSET + reg * 16, buf, 16);
	if (zero_upper)
		memset(upper, 0, 16);
	if (bytes == 32)
		memcpy(upper, (const u8 *)buf + 16, 16);
	return X86EMUL_OKAY;
}
