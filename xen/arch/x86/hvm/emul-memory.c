/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory accesses of emulated instructions, through the current vCPU's page tables to RAM or to the
 * registers of a device.
 */
#include <xen/guest_access.h>
#include <xen/printk.h>
#include <xen/string.h>

#include <asm/processor.h>

#include "emulate.h"
#include "private.h"

/* Access rights of an access with @flags (X86_ACC_*), as X86_WALK_*. */
static u32 walk_rights(const struct x86_emul_ctx *ctx, u32 flags)
{
	if (flags & X86_ACC_SYSTEM)
		return X86_WALK_IMPLICIT;
	return ctx->cpl == 3 ? X86_WALK_USER : 0;
}

static int translate(struct x86_emul_ctx *ctx, gvaddr_t va, u32 access, gpaddr_t *gpa)
{
	struct x86_walk_result res;
	struct hvm_walk hw;
	int rc;

	hvm_walk_begin(emul_xv(ctx), &hw);
	rc = x86_walk(&hw.walk, va, access | X86_WALK_NO_AD, &res);
	hvm_walk_end(&hw);
	switch (rc) {
	case X86_WALK_OK:
		*gpa = res.gpa;
		return X86EMUL_OKAY;
	case X86_WALK_FAULT:
		return emul_raise(ctx, X86_VEC_PF, true, res.pfec, va.v);
	default:
		return X86EMUL_UNHANDLEABLE;
	}
}

bool emul_ram(struct x86_emul_ctx *ctx, gvaddr_t va, bool write, gpaddr_t *gpa)
{
	u32 walk = (write ? X86_WALK_WRITE : 0) | walk_rights(ctx, 0);
	struct x86_exception none = ctx->exc;
	struct p2m_view view;
	bool ok = translate(ctx, va, walk, gpa) == X86EMUL_OKAY;

	ctx->exc = none;
	if (!ok)
		return false;
	p2m_view_begin(&view, emul_xv(ctx)->v.domain->p2m);
	ok = p2m_view_at(&view, *gpa, write) != NULL;
	p2m_view_end(&view);
	return ok;
}

/* Access at most 8 bytes of a device's registers. */
static int access_registers(struct x86_vcpu *xv, gpaddr_t gpa, void *buf, u32 n, bool write)
{
	struct device_access a = { .space = DEVICE_MMIO, .addr = gpa.v, .bytes = n,
				   .write = write };

	if (write)
		memcpy(&a.val, buf, n);
	if (hvm_mmio_access(xv, &a) == DEVICE_PENDING)
		return X86EMUL_RETRY;
	if (!write)
		memcpy(buf, &a.val, n);
	return X86EMUL_OKAY;
}

/* Access one piece that does not cross a page: RAM or a device register. */
static int access_piece(struct x86_emul_ctx *ctx, gpaddr_t gpa, void *buf, u32 n, bool write)
{
	struct x86_vcpu *xv = emul_xv(ctx);
	struct domain *d = xv->v.domain;
	int rc = X86EMUL_OKAY;

	ASSERT(page_offset(gpa.v) + n <= PAGE_SIZE);
	if (write ? !guest_phys_write(d, gpa, buf, n) : !guest_phys_read(d, buf, gpa, n))
		return X86EMUL_OKAY;
	/* Devices know accesses of 1, 2, 4 and 8 bytes. */
	for (u32 done = 0, part; done < n && rc == X86EMUL_OKAY; done += part) {
		part = n - done >= 8 ? 8 : 1U << (31 - __builtin_clz(n - done));
		rc = access_registers(xv, gpaddr_make(gpa.v + done), (char *)buf + done, part,
				      write);
	}
	return rc;
}

static int access_linear(struct x86_emul_ctx *ctx, gvaddr_t va, void *buf, u32 len, u32 walk)
{
	u32 first = min(len, (u32)PAGE_SIZE - page_offset(va.v));
	gpaddr_t gpa[2];
	int rc = translate(ctx, va, walk, &gpa[0]);

	if (rc == X86EMUL_OKAY && first < len)
		rc = translate(ctx, gvaddr_make(va.v + first), walk, &gpa[1]);
	if (rc == X86EMUL_OKAY)
		rc = access_piece(ctx, gpa[0], buf, first, walk & X86_WALK_WRITE);
	if (rc == X86EMUL_OKAY && first < len)
		rc = access_piece(ctx, gpa[1], (char *)buf + first, len - first,
				  walk & X86_WALK_WRITE);
	return rc;
}

int emul_fetch(struct x86_emul_ctx *ctx, gvaddr_t va, void *buf, u32 len)
{
	return access_linear(ctx, va, buf, len, X86_WALK_FETCH | walk_rights(ctx, 0));
}

/* Check that a write would not fault. The access may cross into a second page. */
static int probe_write(struct x86_emul_ctx *ctx, gvaddr_t va, u32 len, u32 rights)
{
	gvaddr_t last = gvaddr_make(va.v + len - 1);
	gpaddr_t gpa;
	int rc = translate(ctx, va, X86_WALK_WRITE | rights, &gpa);

	if (rc == X86EMUL_OKAY && (va.v ^ last.v) & PAGE_MASK)
		rc = translate(ctx, gvaddr_make(last.v & PAGE_MASK), X86_WALK_WRITE | rights,
			       &gpa);
	return rc;
}

int emul_read(struct x86_emul_ctx *ctx, gvaddr_t va, void *buf, u32 len, u32 flags)
{
	u32 rights = walk_rights(ctx, flags);
	int rc = X86EMUL_OKAY;

	if (flags & X86_ACC_RMW)
		rc = probe_write(ctx, va, len, rights);
	return rc == X86EMUL_OKAY ? access_linear(ctx, va, buf, len, rights) : rc;
}

int emul_write(struct x86_emul_ctx *ctx, gvaddr_t va, const void *buf, u32 len, u32 flags)
{
	u32 rights = walk_rights(ctx, flags);

	if (flags & X86_ACC_PROBE)
		return probe_write(ctx, va, len, rights);
	return access_linear(ctx, va, (void *)(uintptr_t)buf, len, X86_WALK_WRITE | rights);
}

/*
 * Compare and exchange @len bytes in one page. RETRY when the memory no longer equals @old;
 * UNHANDLEABLE when it is not writable RAM.
 */
static int cmpxchg_ram(struct x86_emul_ctx *ctx, gvaddr_t va, const void *old,
		       const void *desired, u32 len)
{
	struct p2m_view view;
	gpaddr_t gpa;
	void *at;
	int rc;

	rc = translate(ctx, va, X86_WALK_WRITE | walk_rights(ctx, 0), &gpa);
	if (rc != X86EMUL_OKAY)
		return rc;
	p2m_view_begin(&view, emul_xv(ctx)->v.domain->p2m);
	at = p2m_view_at(&view, gpa, true);
	if (!at)
		rc = X86EMUL_UNHANDLEABLE;
	else if (!x86_locked_cmpxchg(at, old, desired, len))
		rc = X86EMUL_RETRY;
	else
		p2m_view_written(&view, gpa);
	p2m_view_end(&view);
	return rc;
}

/*
 * Devices see a locked operation as a read and a write. So does an operand that crosses pages, as
 * the two frames need not be adjacent.
 */
int emul_cmpxchg(struct x86_emul_ctx *ctx, gvaddr_t va, const void *old, const void *desired,
		 u32 len)
{
	int rc = X86EMUL_UNHANDLEABLE;

	if (page_offset(va.v) + len <= PAGE_SIZE)
		rc = cmpxchg_ram(ctx, va, old, desired, len);
	return rc == X86EMUL_UNHANDLEABLE ? emul_write(ctx, va, desired, len, 0) : rc;
}
