/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the two parts of the emulator's callbacks: memory accesses and the rest. */
#ifndef X86_HVM_EMULATE_H
#define X86_HVM_EMULATE_H

#include <xen/x86/emul.h>

#include <asm/domain.h>

static inline struct x86_vcpu *emul_xv(const struct x86_emul_ctx *ctx)
{
	return ctx->opaque;
}

/** Make the emulated instruction end in an exception. */
static inline int emul_raise(struct x86_emul_ctx *ctx, u8 vector, bool has_error, u32 error,
			     u64 cr2)
{
	ctx->exc = (struct x86_exception){ .vector = vector, .has_error = has_error,
					   .error = error, .cr2 = cr2 };
	return X86EMUL_EXCEPTION;
}

/* Slots of struct x86_emul_ops: memory by the current vCPU's page tables (emul-memory.c). */
int emul_fetch(struct x86_emul_ctx *ctx, gvaddr_t va, void *buf, u32 len);
int emul_read(struct x86_emul_ctx *ctx, gvaddr_t va, void *buf, u32 len, u32 flags);
int emul_write(struct x86_emul_ctx *ctx, gvaddr_t va, const void *buf, u32 len, u32 flags);
int emul_cmpxchg(struct x86_emul_ctx *ctx, gvaddr_t va, const void *old, const void *desired,
		 u32 len);

/** The RAM at @va, if it is RAM that the vCPU may read, or with @write write. */
bool emul_ram(struct x86_emul_ctx *ctx, gvaddr_t va, bool write, gpaddr_t *gpa);

#endif
