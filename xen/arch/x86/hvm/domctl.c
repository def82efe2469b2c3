/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_DOMCTL_* of x86: time stamp counter, paging memory, the hypercall page, register views. */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>

#include "domctl.h"
#include "passthrough.h"
#include "pirq.h"
#include "private.h"

#include <public/sysctl.h>

#define TSC_MODE_DEFAULT 0
#define TSC_MODE_ALWAYS_EMULATE 1
#define TSC_MODE_NEVER_EMULATE 2

/*
 * Devices that a guest can have, in any combination; all have a local APIC. The VGA window is a
 * device model's, whose ring takes the guest's writes. An IOMMU of a guest is a name in the ABI
 * only: Xen has none either, and its toolstack always asks for it. Interrupts of devices as event
 * channels (USE_PIRQ) are allowed but not offered (XENFEAT_hvm_pirqs), so no guest looks for them.
 */
#define EMU_ALLOWED (XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC | HVM_CHIPSET_FLAGS |         \
		     XEN_X86_EMU_VGA | XEN_X86_EMU_IOMMU | XEN_X86_EMU_USE_PIRQ | XEN_X86_EMU_VPCI)

/* A PCI bus is for functions that the guest is given; a PC has one from its device model. */
static bool may_have_bus(const struct xen_domctl_createdomain *c)
{
	return (c->flags & XEN_DOMCTL_CDF_iommu) &&
	       c->arch.emulation_flags == (XEN_X86_EMU_LAPIC | XEN_X86_EMU_VPCI);
}

int hal_domain_config_check(struct xen_domctl_createdomain *c, struct domain_config *cfg)
{
	if (!(c->arch.emulation_flags & XEN_X86_EMU_LAPIC) ||
	    (c->arch.emulation_flags & ~EMU_ALLOWED)) {
		printk(LOG_WARN "createdomain refused: emulation flags %#x: a local APIC (%#x) is "
		       "needed, and not more than %#x can be emulated\n", c->arch.emulation_flags,
		       XEN_X86_EMU_LAPIC, EMU_ALLOWED);
		return -XEN_EOPNOTSUPP;
	}
	if ((c->arch.emulation_flags & XEN_X86_EMU_VPCI) && !may_have_bus(c)) {
		printk(LOG_WARN "createdomain refused: a PCI bus is for PVH guests with "
		       "passthrough\n");
		return -XEN_EOPNOTSUPP;
	}
	cfg->emulation_flags = c->arch.emulation_flags;
	/* Unknown MSRs always fault here. */
	return c->arch.misc_flags ? -XEN_EOPNOTSUPP : 0;
}

void hal_domain_info(const struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	info->gpaddr_bits = GUEST_PHYS_BITS;
	info->arch_config.emulation_flags = to_xd(d)->emulation_flags;
	if (d->is_hardware)
		info->arch_config.emulation_flags |= XEN_X86_EMU_IOAPIC | XEN_X86_EMU_VPCI;
}

static long get_tsc(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_tsc_info *t = &op->u.tsc_info;
	struct x86_domain *xd = to_xd(d);

	*t = (struct xen_domctl_tsc_info){
		.tsc_mode = xd->cpuid->time.mode,
		.gtsc_khz = hal_cycles_khz(),
		.incarnation = xd->cpuid->time.incarnation,
		.elapsed_nsec = (u64)hal_cycles_to_ns(hal_cycles_now() + xd->tsc_offset) -
				(u64)hal_cycles_to_ns(0),
	};
	return 0;
}

/* The guest reads the host's counter plus an offset. Scaling and emulation are not implemented. */
static long set_tsc(struct domain *d, const struct xen_domctl *op)
{
	const struct xen_domctl_tsc_info *t = &op->u.tsc_info;
	struct x86_domain *xd = to_xd(d);

	if (d->creation_finished)
		return -XEN_EINVAL;
	if (t->tsc_mode == TSC_MODE_ALWAYS_EMULATE)
		return -XEN_EOPNOTSUPP;
	if (t->tsc_mode != TSC_MODE_DEFAULT && t->tsc_mode != TSC_MODE_NEVER_EMULATE)
		return -XEN_EINVAL;
	/* Another frequency means that the guest comes from another machine; it needs scaling. */
	if (t->gtsc_khz && t->gtsc_khz != hal_cycles_khz())
		return -XEN_EOPNOTSUPP;
	ASSERT(xd->cpuid);
	xd->cpuid->time.mode = t->tsc_mode;
	xd->cpuid->time.incarnation = t->incarnation;
	return 0;
}

/* Page tables come from the heap. The toolstack's figure is only kept to be read back. */
static long paging_pool(struct domain *d, struct xen_domctl *op, bool *copy)
{
	struct x86_domain *xd = to_xd(d);

	if (op->cmd == XEN_DOMCTL_get_paging_mempool_size) {
		op->u.paging_mempool.size = xd->paging_pool;
		*copy = true;
		return 0;
	}
	ASSERT(op->cmd == XEN_DOMCTL_set_paging_mempool_size);
	if (op->u.paging_mempool.size & ~PAGE_MASK)
		return -XEN_EINVAL;
	xd->paging_pool = op->u.paging_mempool.size;
	return 0;
}

static long shadow_op(struct domain *d, struct xen_domctl *op, bool *copy)
{
	struct xen_domctl_shadow_op *s = &op->u.shadow_op;
	struct x86_domain *xd = to_xd(d);

	switch (s->op) {
	case XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION:
		xd->paging_pool = (u64)s->mb << 20;
		return 0;
	case XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION:
		s->mb = (u32)(xd->paging_pool >> 20);
		*copy = true;
		return 0;
	default:
		return -XEN_EOPNOTSUPP;
	}
}

static void fill_regs(struct x86_vcpu *xv, struct cpu_user_regs *r)
{
	static const u16 gpr_at[GPR_COUNT] = {
#define GPR(name, field) [GPR_##name] = offsetof(struct cpu_user_regs, field)
		GPR(RAX, rax), GPR(RCX, rcx), GPR(RDX, rdx), GPR(RBX, rbx), GPR(RSP, rsp),
		GPR(RBP, rbp), GPR(RSI, rsi), GPR(RDI, rdi), GPR(R8, r8), GPR(R9, r9),
		GPR(R10, r10), GPR(R11, r11), GPR(R12, r12), GPR(R13, r13), GPR(R14, r14),
		GPR(R15, r15),
	};
	struct hvm_seg s;

	for (u32 i = 0; i < GPR_COUNT; i++)
		*(u64 *)((u8 *)r + gpr_at[i]) = xv->gpr[i];
	r->rip = hvm->get_rip(xv);
	r->rflags = hvm->get_rflags(xv);
	hvm->get_seg(xv, HVM_CS, &s);
	r->cs = s.sel;
	hvm->get_seg(xv, HVM_SS, &s);
	r->ss = s.sel;
}

/* Registers for a debugger. Only sethvmcontext loads state. */
static long get_vcpu_context(struct vcpu *v, struct domain *d, const struct xen_domctl *op)
{
	const struct xen_domctl_vcpucontext *req = &op->u.vcpucontext;
	struct vcpu *t = domain_vcpu(d, req->vcpu);
	struct vcpu_guest_context *c;
	struct x86_vcpu *xv;
	long rc;

	if (!t)
		return -XEN_ESRCH;
	if (d == v->domain)
		return -XEN_EINVAL;
	c = xzalloc(struct vcpu_guest_context);
	if (!c)
		return -XEN_ENOMEM;
	xv = to_xv(t);
	vcpu_pause(&xv->v);
	hvm_state_begin(xv);
	fill_regs(xv, &c->user_regs);
	for (u32 i = 0; i <= 4; i++)
		c->ctrlreg[i] = i == 1 ? 0 : hvm->get_cr(xv, i);
	hvm_state_end(xv);
	c->flags = VGCF_in_kernel | (READ_ONCE(xv->v.pause_flags) & VPF_DOWN ? 0 : VGCF_online);
	vcpu_unpause(&xv->v);
	rc = guest_copy_out(v, guest_handle_ptr(req->ctxt), c, sizeof(*c)) ? -XEN_EFAULT : 0;
	xfree(c);
	return rc;
}

static long address_size(struct domain *d, struct xen_domctl *op, bool *copy)
{
	op->u.address_size.size = 64;
	*copy = true;
	return 0;
}

static long init_hypercall_page(struct domain *d, const struct xen_domctl *op)
{
	gpaddr_t at = gpaddr_make(op->u.hypercall_init.gmfn << PAGE_SHIFT);

	return hvm_write_hypercall_page(d, at) ? -XEN_EINVAL : 0;
}

/* The buttons of the ACPI event block; an NMI is not left to the architecture. */
static long send_trigger(struct domain *d, const struct xen_domctl *op)
{
	switch (op->u.sendtrigger.trigger) {
	case XEN_DOMCTL_SENDTRIGGER_POWER:
		return hvm_press_button(d, false);
	case XEN_DOMCTL_SENDTRIGGER_SLEEP:
		return hvm_press_button(d, true);
	default:
		return -XEN_EOPNOTSUPP;
	}
}

long hal_domctl(struct vcpu *v, struct domain *d, struct xen_domctl *op, bool *copy)
{
	switch (op->cmd) {
	case XEN_DOMCTL_gettscinfo:
		*copy = true;
		return get_tsc(d, op);
	case XEN_DOMCTL_settscinfo:
		return set_tsc(d, op);
	case XEN_DOMCTL_get_paging_mempool_size:
	case XEN_DOMCTL_set_paging_mempool_size:
		return paging_pool(d, op, copy);
	case XEN_DOMCTL_shadow_op:
		return shadow_op(d, op, copy);
	case XEN_DOMCTL_hypercall_init:
		return init_hypercall_page(d, op);
	case XEN_DOMCTL_getvcpucontext:
		return get_vcpu_context(v, d, op);
	case XEN_DOMCTL_get_address_size:
		return address_size(d, op, copy);
	case XEN_DOMCTL_get_cpu_policy:
		*copy = true;
		return domctl_get_cpu_policy(v, d, op);
	case XEN_DOMCTL_set_cpu_policy:
		/* Also copied on refusal: it tells which leaf or MSR was at fault. */
		*copy = true;
		return domctl_set_cpu_policy(v, d, op);
	case XEN_DOMCTL_gethvmcontext:
		*copy = true;
		return domctl_get_hvm_context(v, d, op);
	case XEN_DOMCTL_gethvmcontext_partial:
		*copy = true;
		return domctl_get_hvm_record(v, d, op);
	case XEN_DOMCTL_sethvmcontext:
		return domctl_set_hvm_context(v, d, op);
	case XEN_DOMCTL_psr_cmt_op:
		*copy = true;
		return psr_cmt_domctl(d, op);
	case XEN_DOMCTL_psr_alloc:
		*copy = true;
		return psr_alloc_domctl(d, op);
	case XEN_DOMCTL_sendtrigger:
		return send_trigger(d, op);
	case XEN_DOMCTL_ioport_mapping:
		return passthrough_ports(v, d, op);
	case XEN_DOMCTL_bind_pt_irq:
		return pirq_bind(d, op);
	case XEN_DOMCTL_unbind_pt_irq:
		return pirq_unbind(d, op);
	case XEN_DOMCTL_setvcpucontext:
	case XEN_DOMCTL_set_address_size:
		return -XEN_EOPNOTSUPP;
	default:
		return -XEN_ENOSYS;
	}
}
