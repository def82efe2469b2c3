/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying through the current vCPU's page tables, and fetching its instructions. */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hal/vcpu.h>
#include <xen/string.h>
#include <xen/x86/control-regs.h>

#include "private.h"

/* Entries are aligned to their size, so they never cross a page. */
static bool walk_read(void *opaque, gpaddr_t addr, u32 size, u64 *val)
{
	const void *at = p2m_view_at(opaque, addr, false);

	if (unlikely(!at))
		return false;
	*val = size == 8 ? READ_ONCE(*(const u64 *)at) : READ_ONCE(*(const u32 *)at);
	return true;
}

/* Accessed and dirty bits are set only when the guest itself accesses the memory, not here. */
void hvm_walk_begin(struct x86_vcpu *xv, struct hvm_walk *hw)
{
	struct x86_walk *w = &hw->walk;

	hvm->get_paging(xv, w);
	w->pkru = 0;
	w->maxphyaddr = 0;
	w->has_1g = true;
	w->pdpte_valid = false;
	w->read = walk_read;
	w->set_bits = NULL;
	w->opaque = &hw->view;
	p2m_view_begin(&hw->view, xv->v.domain->p2m);
}

/* A kernel may pass pointers regardless of EFLAGS.AC, and user pointers that it has checked. */
static bool translate(struct hvm_walk *hw, guest_ptr_t va, u32 access, gpaddr_t *gpa)
{
	struct x86_walk_result res;

	hw->walk.cr4 &= ~(X86_CR4_SMAP | X86_CR4_PKE);
	if (!x86_canonical(va.v) ||
	    x86_walk(&hw->walk, va, access | X86_WALK_NO_AD, &res) != X86_WALK_OK)
		return false;
	*gpa = res.gpa;
	return true;
}

/* @n bytes that do not cross a page. */
static int copy_piece(struct x86_vcpu *xv, void *buf, guest_ptr_t va, size_t n, bool write)
{
	struct hvm_walk hw;
	void *at = NULL;
	gpaddr_t gpa;

	ASSERT(n && page_offset(va.v) + n <= PAGE_SIZE);
	hvm_walk_begin(xv, &hw);
	if (translate(&hw, va, write ? X86_WALK_WRITE : 0, &gpa))
		at = p2m_view_at(&hw.view, gpa, write);
	if (at)
		memcpy(write ? at : buf, write ? buf : at, n);
	hvm_walk_end(&hw);
	return at ? 0 : -XEN_EFAULT;
}

static int copy(struct vcpu *v, void *buf, guest_ptr_t va, size_t len, bool write)
{
	int rc = 0;

	while (len && !rc) {
		size_t n = min(len, PAGE_SIZE - page_offset(va.v));

		rc = copy_piece(to_xv(v), buf, va, n, write);
		va = guest_ptr_add(va, n);
		buf = (char *)buf + n;
		len -= n;
	}
	return rc;
}

int hal_guest_copy_in(struct vcpu *v, void *dst, gvaddr_t src, size_t len)
{
	return copy(v, dst, src, len, false);
}

int hal_guest_copy_out(struct vcpu *v, gvaddr_t dst, const void *src, size_t len)
{
	return copy(v, (void *)(uintptr_t)src, dst, len, true);
}

int hal_guest_va_to_gfn(struct vcpu *v, gvaddr_t va, gfn_t *gfn)
{
	struct hvm_walk hw;
	gpaddr_t gpa;
	bool ok;

	hvm_walk_begin(to_xv(v), &hw);
	ok = translate(&hw, va, X86_WALK_WRITE, &gpa);
	hvm_walk_end(&hw);
	if (!ok)
		return -XEN_EFAULT;
	*gfn = gpaddr_to_gfn(gpa);
	return 0;
}

u32 hvm_fetch(struct x86_vcpu *xv, u64 va, void *buf, u32 len)
{
	u32 access = X86_WALK_FETCH | X86_WALK_NO_AD | (hvm->get_cpl(xv) == 3 ? X86_WALK_USER : 0);
	struct x86_walk_result res;
	struct hvm_walk hw;
	u32 done = 0;

	hvm_walk_begin(xv, &hw);
	while (done < len) {
		u32 n = min(len - done, (u32)PAGE_SIZE - page_offset(va));
		const void *at;

		if (x86_walk(&hw.walk, gvaddr_make(va), access, &res) != X86_WALK_OK)
			break;
		at = p2m_view_at(&hw.view, res.gpa, false);
		if (!at)
			break;
		memcpy((char *)buf + done, at, n);
		done += n;
		va += n;
	}
	hvm_walk_end(&hw);
	return done;
}
