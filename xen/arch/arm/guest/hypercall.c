/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HVC #0xea1: registers to arguments, result to X0 (ABI: public/arch-arm.h). */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/hal/vcpu.h>
#include <xen/p2m.h>
#include <xen/trace.h>

#include "private.h"

#define HVC_BYTES 4
#define PAR_FAILED BIT(0)
#define PAR_ADDR 0xfffffffff000UL

void guest_hypercall(struct arm_vcpu *av)
{
	struct hypercall hc = {
		.nr = (u32)av->regs.x[16],
		.arg = { av->regs.x[0], av->regs.x[1], av->regs.x[2], av->regs.x[3],
			 av->regs.x[4] },
	};
	long rc;

	av->exits[EXIT_HYPERCALL]++;
	trace_hypercall(hc.nr);
	/* A user-mode program cannot execute HVC: it is undefined at EL0. */
	rc = hypercall_dispatch(&av->v, &hc);
	if (unlikely(rc == -XEN_ERESTART)) {
		/* The processor has gone on already. */
		av->regs.pc -= HVC_BYTES;
		av->regs.x[0] = hc.arg[0];
		av->regs.x[1] = hc.arg[1];
		av->regs.x[2] = hc.arg[2];
		return;
	}
	av->regs.x[0] = (u64)rc;
}

/* The guest's own translation, by the processor: its registers are loaded, as it is current. */
static bool va_to_gpa(gvaddr_t va, bool write, u64 *gpa)
{
	u64 saved = sysreg_read(par_el1), par;

	if (write)
		__asm__ volatile("at s1e1w, %0" : : "r"(va.v) : "memory");
	else
		__asm__ volatile("at s1e1r, %0" : : "r"(va.v) : "memory");
	isb();
	par = sysreg_read(par_el1);
	sysreg_write(par_el1, saved);
	*gpa = (par & PAR_ADDR) | page_offset(va.v);
	return !(par & PAR_FAILED);
}

static int copy(struct vcpu *v, void *buf, gvaddr_t at, size_t len, bool write)
{
	char *p = buf;

	ASSERT(v == hal_current_vcpu());
	while (len) {
		size_t n = min(len, PAGE_SIZE - page_offset(at.v));
		u64 gpa;
		int rc;

		if (!va_to_gpa(at, write, &gpa))
			return -XEN_EFAULT;
		rc = write ? guest_phys_write(v->domain, gpaddr_make(gpa), p, n)
			   : guest_phys_read(v->domain, p, gpaddr_make(gpa), n);
		if (rc)
			return rc;
		p += n;
		at.v += n;
		len -= n;
	}
	return 0;
}

int hal_guest_copy_in(struct vcpu *v, void *dst, gvaddr_t src, size_t len)
{
	return copy(v, dst, src, len, false);
}

int hal_guest_copy_out(struct vcpu *v, gvaddr_t dst, const void *src, size_t len)
{
	return copy(v, (void *)src, dst, len, true);
}

int hal_guest_va_to_gfn(struct vcpu *v, gvaddr_t va, gfn_t *gfn)
{
	u64 gpa;

	if (!va_to_gpa(va, false, &gpa))
		return -XEN_EFAULT;
	*gfn = gpaddr_to_gfn(gpaddr_make(gpa));
	return 0;
}
