/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying through the current vCPU's page tables, and fetching its instructions. */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hal/vcpu.h>

#include "private.h"

static bool walk_read(void *opaque, gpaddr_t addr, u32 size, u64 *val)
{
	*val = 0;
	return guest_phys_read(opaque, val, addr, size) == 0;
}

/* Accessed and dirty bits are set when the guest itself touches the memory; not on our behalf. */
void hvm_walk_init(struct x86_vcpu *xv, struct x86_walk *w)
{
	w->cr0 = hvm->get_cr(xv, 0);
	w->cr3 = hvm->get_cr(xv, 3);
	w->cr4 = hvm->get_cr(xv, 4);
	w->efer = hvm->get_efer(xv);
	w->rflags = hvm->get_rflags(xv);
	w->pkru = 0;
	w->maxphyaddr = 0;
	w->has_1g = true;
	w->pdpte_valid = false;
	w->read = walk_read;
	w->set_bits = NULL;
	w->opaque = xv->v.domain;
}

static int copy(struct vcpu *v, void *buf, guest_ptr_t at, size_t len, bool write)
{
	struct x86_vcpu *xv = to_xv(v);
	struct x86_walk_result res;
	struct x86_walk w;

	hvm_walk_init(xv, &w);
	/* The ABI lets a kernel pass pointers whatever AC says, and user pointers it checked. */
	w.cr4 &= ~(X86_CR4_SMAP | X86_CR4_PKE);
	while (len) {
		size_t n = min(len, PAGE_SIZE - page_offset(at.v));
		u32 access = X86_WALK_NO_AD | (write ? X86_WALK_WRITE : 0);

		if (!hvm_canonical(at.v) || x86_walk(&w, at, access, &res) != X86_WALK_OK)
			return -XEN_EFAULT;
		if (write ? guest_phys_write(v->domain, res.gpa, buf, n)
			  : guest_phys_read(v->domain, buf, res.gpa, n))
			return -XEN_EFAULT;
		at = guest_ptr_add(at, n);
		buf = (char *)buf + n;
		len -= n;
	}
	return 0;
}

int guest_copy_in(struct vcpu *v, void *dst, guest_ptr_t src, size_t len)
{
	return copy(v, dst, src, len, false);
}

int guest_copy_out(struct vcpu *v, guest_ptr_t dst, const void *src, size_t len)
{
	return copy(v, (void *)(uintptr_t)src, dst, len, true);
}

int arch_guest_va_to_gfn(struct vcpu *v, gvaddr_t va, gfn_t *gfn)
{
	struct x86_walk_result res;
	struct x86_walk w;

	hvm_walk_init(to_xv(v), &w);
	w.cr4 &= ~(X86_CR4_SMAP | X86_CR4_PKE);
	if (!hvm_canonical(va.v) ||
	    x86_walk(&w, va, X86_WALK_NO_AD | X86_WALK_WRITE, &res) != X86_WALK_OK)
		return -XEN_EFAULT;
	*gfn = gpaddr_to_gfn(res.gpa);
	return 0;
}

u32 hvm_fetch(struct x86_vcpu *xv, u64 va, void *buf, u32 len)
{
	u32 access = X86_WALK_FETCH | X86_WALK_NO_AD | (hvm->get_cpl(xv) == 3 ? X86_WALK_USER : 0);
	struct x86_walk_result res;
	struct x86_walk w;
	u32 done = 0;

	hvm_walk_init(xv, &w);
	while (done < len) {
		u32 n = min(len - done, (u32)PAGE_SIZE - page_offset(va));

		if (x86_walk(&w, gvaddr_make(va), access, &res) != X86_WALK_OK ||
		    guest_phys_read(xv->v.domain, (char *)buf + done, res.gpa, n))
			break;
		done += n;
		va += n;
	}
	return done;
}
