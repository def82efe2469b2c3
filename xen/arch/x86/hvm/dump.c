/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug key 'v': the registers of every vCPU, as of its last exit. Those of a running one are
 * printed by the CPU it runs on.
 */
#include <xen/console.h>
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>
#include <xen/rcu.h>

#include "private.h"

static void dump_interrupts(struct x86_vcpu *xv)
{
	struct vlapic *vl = &xv->vlapic;

	printk(LOG_INFO "  upcall vector %#x pending %u mask %u; APIC %s, highest request %d, "
	       "in service "
	       "%d, PPR %#x; work %u%u%u%u\n", xv->upcall_vector,
	       xv->v.vcpu_info->evtchn_upcall_pending, xv->v.vcpu_info->evtchn_upcall_mask,
	       vl->enabled ? "on" : "off", vlapic_highest_irr(vl), vl->isr_top,
	       *vlapic_reg(vl, APIC_REG_PPR),
	       xv->work_pending, xv->timer_due, xv->nmi_pending, xv->upcall_missed);
}

static void dump_vcpu(struct x86_vcpu *xv)
{
	struct vcpu *v = &xv->v;
	struct hvm_seg cs;

	hvm_state_begin(xv);
	hvm->get_seg(xv, HVM_CS, &cs);
	printk(LOG_INFO "d%uv%u cpu %u flags %#lx rip %04x:%016lx rflags %08lx cr0 %08lx cr3 %lx "
	       "cr4 %lx efer %lx cs.base %lx\n", v->domain->id, v->id, vcpu_cpu(v),
	       v->pause_flags, cs.sel, hvm->get_rip(xv), hvm->get_rflags(xv), hvm->get_cr(xv, 0),
	       hvm->get_cr(xv, 3), hvm->get_cr(xv, 4), hvm->get_efer(xv), cs.base);
	hvm_state_end(xv);
	printk(LOG_INFO "  rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rsp %lx rbp %lx\n",
	       xv->gpr[GPR_RAX], xv->gpr[GPR_RBX], xv->gpr[GPR_RCX], xv->gpr[GPR_RDX],
	       xv->gpr[GPR_RSI], xv->gpr[GPR_RDI], xv->gpr[GPR_RSP], xv->gpr[GPR_RBP]);
	dump_interrupts(xv);
}

struct request {
	struct x86_vcpu *xv;
	bool done;
};

/* On the CPU where the vCPU ran a moment ago. */
static void dump_current(void *arg)
{
	struct request *r = arg;

	if (hal_current_vcpu() != &r->xv->v)
		return;
	dump_vcpu(r->xv);
	r->done = true;
}

/*
 * A paused vCPU cannot start to run. So either it is running, or its state is in memory and stays
 * there. One that has left its CPU when the message arrives is found in memory the next time.
 */
static void dump_paused(struct vcpu *v)
{
	struct request r = { .xv = to_xv(v) };
	cpumask_t cpu;

	while (!r.done) {
		if (v == hal_current_vcpu() ||
		    !__atomic_load_n(&v->running, __ATOMIC_ACQUIRE)) {
			dump_vcpu(r.xv);
			return;
		}
		cpumask_clear(&cpu);
		cpumask_set(&cpu, vcpu_cpu(v));
		hal_smp_call(&cpu, dump_current, &r, true);
	}
}

static void dump_all(char key)
{
	struct domain *d;
	struct vcpu *v;

	rcu_read_lock();
	for (d = domain_next(NULL); d; d = domain_next(d))
		for_each_vcpu(d, v) {
			vcpu_pause_nosync(v);
			dump_paused(v);
			vcpu_unpause(v);
		}
	rcu_read_unlock();
}

void hvm_dump_init(void)
{
	keyhandler_register('v', dump_all, "show the registers of all vCPUs");
}
