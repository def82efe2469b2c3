/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HLT and triple fault, which end a vCPU's work. */
#include <xen/hal/vcpu.h>
#include <xen/printk.h>
#include <xen/trace.h>

#include "private.h"

/*
 * Halting with interrupts off stops a vCPU until INIT, and ends the domain if it is the last vCPU.
 */
static void halt_for_good(struct x86_vcpu *xv)
{
	struct vcpu *v = &xv->v, *o;

	ASSERT(v == hal_current_vcpu() && !(hvm->get_rflags(xv) & X86_EFLAGS_IF));
	__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep_nosync(v);
	for_each_vcpu(v->domain, o)
		if (!(READ_ONCE(o->pause_flags) & VPF_DOWN))
			return;
	printk(LOG_G_INFO "d%u: all vCPUs have halted\n", v->domain->id);
	domain_shutdown(v->domain, SHUTDOWN_poweroff);
}

void hvm_do_hlt(struct x86_vcpu *xv)
{
	ASSERT(&xv->v == hal_current_vcpu());
	trace_halt(hvm->event_pending(xv) || hal_vcpu_has_pending(&xv->v));
	if (hvm->event_pending(xv))
		return;
	if (!(hvm->get_rflags(xv) & X86_EFLAGS_IF) &&
	    (!xv->nmi_pending || hvm->nmi_blocked(xv)))
		halt_for_good(xv);
	else
		vcpu_block(&xv->v);
}

void hvm_do_triple_fault(struct x86_vcpu *xv)
{
	struct domain *d = xv->v.domain;

	printk(LOG_G_WARN "d%uv%u: triple fault, rip %#lx\n", d->id, xv->v.id, hvm->get_rip(xv));
	domain_shutdown(d, SHUTDOWN_reboot);
}
