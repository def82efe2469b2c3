/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The current vCPU's vector registers, for the emulator. They are in the CPU: the hypervisor does
 * not use them, so the guest's values stay there while the vCPU is current. The same holds for
 * XCR0, which tells whether the CPU would accept an AVX instruction now.
 */
#include <xen/x86/emul.h>

#include <asm/msr.h>

#include "private.h"

#define XCR0_SSE_AVX 6UL

struct vec128 {
	u8 byte[16];
};
struct vec256 {
	u8 byte[32];
};

#define STORE(n, type, insn, reg) \
	case n: __asm__ volatile(insn " %%" reg #n ", %0" : "=m"(*(type *)buf)); break;
#define LOAD(n, type, insn, reg) \
	case n: __asm__ volatile(insn " %0, %%" reg #n :: "m"(*(const type *)buf)); break;
#define ALL(op, type, insn, reg)                                               \
	op(0, type, insn, reg) op(1, type, insn, reg) op(2, type, insn, reg)   \
	op(3, type, insn, reg) op(4, type, insn, reg) op(5, type, insn, reg)   \
	op(6, type, insn, reg) op(7, type, insn, reg) op(8, type, insn, reg)   \
	op(9, type, insn, reg) op(10, type, insn, reg) op(11, type, insn, reg) \
	op(12, type, insn, reg) op(13, type, insn, reg)                        \
	op(14, type, insn, reg) op(15, type, insn, reg)

static bool has_avx(void)
{
	return fpu_host_xcr0() && (xgetbv(0) & XCR0_SSE_AVX) == XCR0_SSE_AVX;
}

int hvm_get_vec(struct x86_emul_ctx *ctx, u32 reg, void *buf, u32 bytes)
{
	ASSERT(reg < 16 && (bytes == sizeof(struct vec128) || bytes == sizeof(struct vec256)));
	if (bytes == sizeof(struct vec128)) {
		switch (reg) {
		ALL(STORE, struct vec128, "movups", "xmm")
		}
		return X86EMUL_OKAY;
	}
	if (!has_avx())
		return X86EMUL_UNHANDLEABLE;
	switch (reg) {
	ALL(STORE, struct vec256, "vmovups", "ymm")
	}
	return X86EMUL_OKAY;
}

int hvm_put_vec(struct x86_emul_ctx *ctx, u32 reg, const void *buf, u32 bytes, bool zero_upper)
{
	ASSERT(reg < 16 && (bytes == sizeof(struct vec128) || bytes == sizeof(struct vec256)));
	ASSERT(zero_upper || bytes == sizeof(struct vec128));
	if (!zero_upper) {
		switch (reg) {
		ALL(LOAD, struct vec128, "movups", "xmm")
		}
		return X86EMUL_OKAY;
	}
	if (!has_avx())
		return X86EMUL_UNHANDLEABLE;
	if (bytes == sizeof(struct vec128)) {
		switch (reg) {
		ALL(LOAD, struct vec128, "vmovups", "xmm")
		}
		return X86EMUL_OKAY;
	}
	switch (reg) {
	ALL(LOAD, struct vec256, "vmovups", "ymm")
	}
	return X86EMUL_OKAY;
}
