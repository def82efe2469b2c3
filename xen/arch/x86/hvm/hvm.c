/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing the virtualisation extension; exits that all vendors handle alike. */
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>
#include <xen/trace.h>

#include <asm/processor.h>

#include "private.h"

static const struct hvm_ops *const vendors[] = { &svm_ops };

const struct hvm_ops *hvm;

void hvm_init(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(vendors) && !hvm; i++)
		if (vendors[i]->detect())
			hvm = vendors[i];
	if (!hvm)
		panic("This CPU has no usable virtualisation extension (AMD SVM with nested "
		      "paging is needed)");
	fpu_init();
	if (hvm->cpu_up())
		panic("%s could not be enabled", hvm->name);
	hvm_cpuid_init();
	hvm_dump_init();
	hvm_stats_init();
	printk(LOG_INFO "Guests run with %s\n", hvm->name);
}

void hvm_cpu_up(void)
{
	fpu_init();
	if (hvm->cpu_up())
		panic("CPU %u: %s could not be enabled", smp_cpu_id(), hvm->name);
}

void hvm_inject_gp(struct x86_vcpu *xv)
{
	hvm->inject_exception(xv, X86_VEC_GP, 0, 0);
}

void hvm_inject_ud(struct x86_vcpu *xv)
{
	hvm->inject_exception(xv, X86_VEC_UD, -1, 0);
}

/* Halting with interrupts off ends a vCPU's work until INIT, or the domain when it is the last. */
static void halt_for_good(struct x86_vcpu *xv)
{
	struct vcpu *v = &xv->v, *o;

	ASSERT(v == current_vcpu() && !(hvm->get_rflags(xv) & X86_EFLAGS_IF));
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
	ASSERT(&xv->v == current_vcpu());
	trace_halt(hvm->event_pending(xv) || arch_vcpu_has_pending(&xv->v));
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
