/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HVC #0xea1: registers to arguments, result to X0 (ABI: public/arch-arm.h). */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/hal/vcpu.h>
#include <xen/p2m.h>
#include <xen/string.h>
#include <xen/trace.h>
#include <asm/mm.h>

#include "private.h"

#define HVC_BYTES 4
#define PAR_FAILED BIT(0)
#define PAR_ADDR 0xfffffffff000UL
#define PAR_KIND_SHIFT 60	/* the upper half of the attributes, as in MAIR_EL1 */
#define PAR_KIND_DEVICE 0

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

/* A translation of the current vCPU's by the processor, where its registers are loaded; PAR_EL1 is
 * the guest's. */
#define TRANSLATE(how, va)                                                                    \
	({                                                                                    \
		u64 saved_ = sysreg_read(par_el1), par_;                                      \
		__asm__ volatile("at " how ", %0; isb" : : "r"((va).v) : "memory");           \
		par_ = sysreg_read(par_el1);                                                  \
		sysreg_write(par_el1, saved_);                                                \
		par_;                                                                         \
	})

static bool va_to_gpa(gvaddr_t va, bool write, u64 *gpa)
{
	u64 par = write ? TRANSLATE("s1e1w", va) : TRANSLATE("s1e1r", va);

	*gpa = (par & PAR_ADDR) | page_offset(va.v);
	return !(par & PAR_FAILED);
}

/*
 * Copy within a page of the guest's that both stages of translation let it access. What the
 * processor remembers of the second stage may be older than the tables, but not than the last
 * flush, which holds the lock for writing: no such page has been released. False: not copied.
 */
static inline bool copy_direct(struct p2m *p, void *buf, gvaddr_t at, size_t len, bool write)
{
	u64 par, pa;
	bool done;

	ASSERT(page_offset(at.v) + len <= PAGE_SIZE);
	read_lock(&p->lock);
	par = write ? TRANSLATE("s12e1w", at) : TRANSLATE("s12e1r", at);
	pa = (par & PAR_ADDR) | page_offset(at.v);
	/* The second stage has devices as device memory, which the first cannot change. */
	done = !(par & PAR_FAILED) && par >> PAR_KIND_SHIFT != PAR_KIND_DEVICE;
	ASSERT(!done || mfn_is_ram(paddr_to_mfn(paddr_make(pa))));
	if (done && write)
		memcpy(paddr_to_virt(paddr_make(pa)), buf, len);
	else if (done)
		memcpy(buf, paddr_to_virt(paddr_make(pa)), len);
	read_unlock(&p->lock);
	return done;
}

static int copy(struct vcpu *v, void *buf, gvaddr_t at, size_t len, bool write)
{
	char *p = buf;

	ASSERT(v == hal_current_vcpu());
	while (len) {
		size_t n = min(len, PAGE_SIZE - page_offset(at.v));
		u64 gpa;

		/* Otherwise an entry of the second stage may just be changing. */
		if (!copy_direct(v->domain->p2m, p, at, n, write) &&
		    (!va_to_gpa(at, write, &gpa) ||
		     (write ? guest_phys_write(v->domain, gpaddr_make(gpa), p, n)
			    : guest_phys_read(v->domain, p, gpaddr_make(gpa), n))))
			return -XEN_EFAULT;
		p += n;
		at.v += n;
		len -= n;
	}
	return 0;
}

/* Mostly all lies in one page. */
int hal_guest_copy_in(struct vcpu *v, void *dst, gvaddr_t src, size_t len)
{
	if (likely(len <= PAGE_SIZE - page_offset(src.v)) &&
	    likely(copy_direct(v->domain->p2m, dst, src, len, false)))
		return 0;
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
