/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_DOMCTL_* of ARM: a vCPU's registers, the caches over a guest's memory, paging memory. */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hal/mm.h>
#include <xen/hal/vcpu.h>
#include <xen/hypercall.h>
#include <xen/p2m.h>
#include <xen/string.h>

#include "private.h"

#include <public/domctl.h>

/* Flags, masks and a mode of EL0 or EL1 in AArch64: what an entry can restore without an illegal
 * exception return (ARM ARM, C5.2.19). */
#define PSTATE_MODE 0x1fUL
#define PSTATE_LOADABLE (0xf00003c0UL | PSTATE_MODE)

/* Pages between two looks for other work, and the most that one call may name (1 GiB). */
#define CLEAN_CHUNK 64
#define MAX_CLEAN_PAGES (1UL << PAGE_ORDER_1G)

/* Registers X0 to X30 follow each other in the ABI's structure, each with a name of its own. */
static u64 *abi_gprs(struct vcpu_guest_core_regs *r)
{
	_Static_assert(offsetof(struct vcpu_guest_core_regs, x30) == 30 * sizeof(u64),
		      "X0 to X30 are an array");
	return &r->x0;
}

static bool is_loadable(const struct vcpu_guest_context *c)
{
	u64 mode = c->user_regs.cpsr & PSTATE_MODE;

	return !(c->user_regs.cpsr & ~PSTATE_LOADABLE) && !(c->flags & ~(u32)VGCF_online) &&
	       (mode == PSR_MODE_EL1h || mode == PSR_MODE_EL1t || mode == PSR_MODE_EL0t);
}

/* @av is paused, so that its registers are in memory. Everything that @c does not have is as after
 * a reset. */
static void load_registers(struct arm_vcpu *av, struct vcpu_guest_context *c)
{
	const struct vcpu_guest_core_regs *r = &c->user_regs;

	ASSERT(!READ_ONCE(av->v.running) && is_loadable(c));
	guest_vcpu_reset(av, r->pc64, 0);
	memcpy(av->regs.x, abi_gprs(&c->user_regs), sizeof(av->regs.x));
	av->regs.pstate = r->cpsr;
	av->el1.sp_el0 = r->sp_el0;
	av->el1.sp_el1 = r->sp_el1;
	av->el1.elr = r->elr_el1;
	av->el1.spsr = r->spsr_el1;
	/* Toolstacks know one value for 32-bit and 64-bit guests; bits that are always one stay. */
	av->el1.sctlr |= c->sctlr;
	av->el1.tcr = c->ttbcr;
	av->el1.ttbr0 = c->ttbr0;
	av->el1.ttbr1 = c->ttbr1;
}

static long set_context(struct domain *d, struct vcpu *t, struct vcpu_guest_context *c)
{
	long rc = 0;

	if (!is_loadable(c))
		return -XEN_EINVAL;
	vcpu_pause(t);
	spin_lock(&d->lock);
	if (d->dying) {
		rc = -XEN_EINVAL;
	} else {
		load_registers(to_av(t), c);
		if (c->flags & VGCF_online)
			__atomic_fetch_and(&t->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
		else
			__atomic_fetch_or(&t->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	}
	spin_unlock(&d->lock);
	vcpu_unpause(t);
	return rc;
}

static void get_context(struct vcpu *t, struct vcpu_guest_context *c)
{
	struct vcpu_guest_core_regs *r = &c->user_regs;
	struct arm_vcpu *av = to_av(t);

	vcpu_pause(t);
	ASSERT(!READ_ONCE(t->running));
	memcpy(abi_gprs(r), av->regs.x, sizeof(av->regs.x));
	r->pc64 = av->regs.pc;
	r->cpsr = av->regs.pstate;
	r->sp_el0 = av->el1.sp_el0;
	r->sp_el1 = av->el1.sp_el1;
	r->elr_el1 = av->el1.elr;
	r->spsr_el1 = av->el1.spsr;
	c->sctlr = av->el1.sctlr;
	c->ttbcr = av->el1.tcr;
	c->ttbr0 = av->el1.ttbr0;
	c->ttbr1 = av->el1.ttbr1;
	c->flags = READ_ONCE(t->pause_flags) & VPF_DOWN ? 0 : VGCF_online;
	vcpu_unpause(t);
}

static long vcpu_context(struct vcpu *v, struct domain *d, const struct xen_domctl *op)
{
	const struct xen_domctl_vcpucontext *req = &op->u.vcpucontext;
	guest_ptr_t at = guest_handle_ptr(req->ctxt);
	struct vcpu *t = domain_vcpu(d, req->vcpu);
	struct vcpu_guest_context c = { 0 };

	if (d == v->domain)
		return -XEN_EINVAL;
	if (!t)
		return -XEN_ESRCH;
	if (op->cmd == XEN_DOMCTL_getvcpucontext) {
		get_context(t, &c);
		return guest_copy_out(v, at, &c, sizeof(c)) ? -XEN_EFAULT : 0;
	}
	ASSERT(op->cmd == XEN_DOMCTL_setvcpucontext);
	return guest_copy_in(v, &c, at, sizeof(c)) ? -XEN_EFAULT : set_context(d, t, &c);
}

/*
 * A guest starts with its caches off and must see what the toolstack wrote through its own. Frames
 * without memory are passed over. The rest of a long range is left to a call that is made again.
 */
static long clean_caches(struct domain *d, struct xen_domctl *op, bool *copy)
{
	struct xen_domctl_cacheflush *c = &op->u.cacheflush;

	if (c->nr_pfns > MAX_CLEAN_PAGES || c->start_pfn >> (GUEST_PHYS_BITS - PAGE_SHIFT))
		return -XEN_EINVAL;
	for (u64 done = 0; c->nr_pfns; done++, c->start_pfn++, c->nr_pfns--) {
		struct page_info *pg;

		if (done && done % CLEAN_CHUNK == 0 && hypercall_preempt_check()) {
			*copy = true;
			return -XEN_ERESTART;
		}
		pg = p2m_get_page(d, gfn_make(c->start_pfn), NULL, false);
		if (!pg)
			continue;
		hal_cache_maintain(page_to_virt(pg), PAGE_SIZE,
				   HAL_CACHE_CLEAN | HAL_CACHE_INVALIDATE);
		page_put(pg);
	}
	return 0;
}

/* Page tables come from the heap. The toolstack's figure is only kept to be read back. */
static long paging_pool(struct domain *d, struct xen_domctl *op, bool *copy)
{
	if (op->cmd == XEN_DOMCTL_get_paging_mempool_size) {
		op->u.paging_mempool.size = to_ad(d)->paging_pool;
		*copy = true;
		return 0;
	}
	ASSERT(op->cmd == XEN_DOMCTL_set_paging_mempool_size);
	if (op->u.paging_mempool.size & ~PAGE_MASK)
		return -XEN_EINVAL;
	to_ad(d)->paging_pool = op->u.paging_mempool.size;
	return 0;
}

/* Guests are of 64 bits, and there is no other kind. */
static long address_size(struct xen_domctl *op, bool *copy)
{
	if (op->cmd == XEN_DOMCTL_set_address_size)
		return op->u.address_size.size == 64 ? 0 : -XEN_EINVAL;
	op->u.address_size.size = 64;
	*copy = true;
	return 0;
}

long hal_domctl(struct vcpu *v, struct domain *d, struct xen_domctl *op, bool *copy)
{
	switch (op->cmd) {
	case XEN_DOMCTL_getvcpucontext:
	case XEN_DOMCTL_setvcpucontext:
		return vcpu_context(v, d, op);
	case XEN_DOMCTL_cacheflush:
		return clean_caches(d, op, copy);
	case XEN_DOMCTL_get_paging_mempool_size:
	case XEN_DOMCTL_set_paging_mempool_size:
		return paging_pool(d, op, copy);
	case XEN_DOMCTL_get_address_size:
	case XEN_DOMCTL_set_address_size:
		return address_size(op, copy);
	case XEN_DOMCTL_bind_pt_irq:
	case XEN_DOMCTL_unbind_pt_irq:
		return guest_irq_domctl(v, d, op);
	default:
		return -XEN_ENOSYS;
	}
}
