/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains and vCPUs on x86: creation and destruction, switching between them, running them. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/ops.h>
#include <xen/percpu.h>
#include <xen/string.h>
#include <xen/xmalloc.h>

#include <asm/features.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "pirq.h"
#include "private.h"

/* Serial of the domain that last trained this CPU's branch predictors; 0: none. */
static DEFINE_PER_CPU(u64, predictor_serial);

struct domain *hal_domain_alloc(void)
{
	struct x86_domain *xd = xzalloc(struct x86_domain);

	return xd ? &xd->d : NULL;
}

void hal_domain_free(struct domain *d)
{
	xfree(to_xd(d));
}

struct vcpu *hal_vcpu_alloc(void)
{
	struct x86_vcpu *xv = xzalloc(struct x86_vcpu);

	return xv ? &xv->v : NULL;
}

/*
 * Other CPUs may post interrupts as long as they can find the vCPU, so keep the APIC's page, and
 * the one where they post, until then.
 */
void hal_vcpu_free(struct vcpu *v)
{
	struct x86_vcpu *xv = to_xv(v);

	if (xv->vlapic.page)
		free_pages(mfn_to_page(hal_virt_to_mfn(xv->vlapic.page)), 0);
	if (xv->posted)
		free_pages(mfn_to_page(hal_virt_to_mfn(xv->posted)), 0);
	xfree(xv);
}

int hal_domain_init(struct domain *d, const struct domain_config *cfg)
{
	struct x86_domain *xd = to_xd(d);
	static u64 serials;
	int rc;

	ASSERT(cfg->max_vcpus && !xd->vlapics);
	xd->serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
	spin_lock_init(&xd->plat_lock, "platform", LOCK_RANK_NONE);
	list_init(&xd->passed_ports);
	xd->emulation_flags = cfg->emulation_flags | XEN_X86_EMU_LAPIC;
	xd->vlapics = xzalloc_array(struct vlapic *, cfg->max_vcpus);
	if (!xd->vlapics)
		return -XEN_ENOMEM;
	/*
	 * A guest's TSC starts at zero when it is created; the hardware domain sees the machine's.
	 */
	xd->tsc_offset = d->is_hardware ? 0 : -hal_cycles_now();
	rc = hvm_devices_init(d);
	if (!rc)
		rc = hvm_cpuid_domain_init(d);
	hal_domain_update_wallclock(d);
	return rc;
}

void hal_domain_destroy(struct domain *d)
{
	struct x86_domain *xd = to_xd(d);

	psr_domain_destroy(d);
	device_table_destroy(&xd->devices);
	pirq_free(d);
	hvm_chipset_free(xd);
	hvm_lines_free(xd);
	xfree(xd->cpuid);
	xfree(xd->vlapics);
	xd->cpuid = NULL;
	xd->vlapics = NULL;
}

static int apic_init(struct x86_vcpu *xv)
{
	struct page_info *pg = alloc_pages(0, 0);

	if (!pg)
		return -XEN_ENOMEM;
	vlapic_init(&xv->vlapic, page_to_virt(pg), vcpu_apic_id(xv->v.id), xv->v.id == 0,
		    GUEST_PHYS_BITS, &hvm_vlapic_ops, xv);
	return 0;
}

int hal_vcpu_init(struct vcpu *v)
{
	struct x86_vcpu *xv = to_xv(v);
	struct x86_domain *xd = to_xd(v->domain);
	int rc;

	ASSERT(v->id < v->domain->max_vcpus && !xd->vlapics[v->id]);
	xv->wait_for_sipi = v->id != 0;
	pending_init(&xv->pending, &hvm_pending_ops);
	timer_init(&xv->vlapic_timer, hvm_vlapic_timer_due, xv, hal_smp_cpu_id());
	timer_charge_to(&xv->vlapic_timer, v);
	rc = apic_init(xv);
	if (!rc)
		rc = hvm->vcpu_init(xv);
	if (!rc)
		rc = fpu_vcpu_init(xv);
	if (rc)
		return rc;
	hvm_msrs_init(xv);
	hvm_state_begin(xv);
	hvm_update_tsc_offset(xv);
	hvm->set_policy(xv);
	hvm_state_end(xv);
	xd->vlapics[v->id] = &xv->vlapic;
	if (v->id == 0)
		hvm_chipset_start(v);
	return 0;
}

void hal_vcpu_destroy(struct vcpu *v)
{
	struct x86_vcpu *xv = to_xv(v);
	struct x86_domain *xd = to_xd(v->domain);

	ASSERT(!READ_ONCE(v->running));
	if (xd->vlapics && xd->vlapics[v->id] == &xv->vlapic)
		xd->vlapics[v->id] = NULL;
	if (v->id == 0)
		hvm_chipset_stop(v->domain);
	if (xv->vlapic_timer.fn)
		timer_kill(&xv->vlapic_timer);
	fpu_vcpu_destroy(xv);
	hvm->vcpu_destroy(xv);
}

static void save_debug(struct x86_vcpu *xv)
{
	xv->dr[0] = read_dr0();
	xv->dr[1] = read_dr1();
	xv->dr[2] = read_dr2();
	xv->dr[3] = read_dr3();
}

static void load_debug(const struct x86_vcpu *xv)
{
	write_dr0(xv->dr[0]);
	write_dr1(xv->dr[1]);
	write_dr2(xv->dr[2]);
	write_dr3(xv->dr[3]);
}

static void switch_from(struct x86_vcpu *xv)
{
	hvm->switch_from(xv);
	fpu_save(xv);
	save_debug(xv);
}

/* Branch predictors trained by one domain must not steer the next domain (IBPB). */
static void predictor_barrier(const struct x86_domain *xd)
{
	if (!cpu_has(X86_FEATURE_IBPB) || this_cpu(predictor_serial) == xd->serial)
		return;
	if (this_cpu(predictor_serial))
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
	this_cpu(predictor_serial) = xd->serial;
}

static void switch_to(struct x86_vcpu *xv)
{
	ASSERT(&xv->v == hal_current_vcpu());
	predictor_barrier(to_xd(xv->v.domain));
	load_debug(xv);
	fpu_load(xv);
	wrmsr(MSR_TSC_AUX, xv->msrs.tsc_aux);
	hvm->switch_to(xv);
	/* The vCPU's timers move with it, so that setting them stays local. */
	if (xv->vlapic_timer.cpu != hal_smp_cpu_id())
		timer_migrate(&xv->vlapic_timer, hal_smp_cpu_id());
}

void hal_context_switch(struct vcpu *prev, struct vcpu *next)
{
	ASSERT(prev != next);
	if (!is_idle_vcpu(prev))
		switch_from(to_xv(prev));
	hal_set_current(next);
	if (!is_idle_vcpu(next))
		switch_to(to_xv(next));
}

void hal_vcpu_run(struct vcpu *v)
{
	struct x86_vcpu *xv = to_xv(v);

	ASSERT(v == hal_current_vcpu() && !is_idle_vcpu(v));
	/*
	 * No interrupt may be delivered between an access and its answer, so the guest is not
	 * entered.
	 */
	if (unlikely(pending_state(&xv->pending) != PENDING_NONE)) {
		if (pending_state(&xv->pending) == PENDING_ANSWERED)
			hvm_finish_access(xv);
		return;
	}
	hvm->run(xv);
}

const struct p2m_fmt *hal_p2m_fmt(const struct domain *d)
{
	return hvm->p2m_fmt;
}

static void left_guest(void *arg)
{
}

/*
 * Flush all of the guest's translations, whatever the range: neither vendor can flush nested ones
 * by guest physical address at less cost.
 *
 * Only a vCPU in its guest can use stale entries. So mark all vCPUs for a flush at their next
 * entry, then make the running ones exit. Waiting for them also ends accesses in flight.
 */
void hal_p2m_flush(struct p2m *p, gfn_t start, u64 n)
{
	struct domain *d = p->domain;
	cpumask_t mask;
	struct vcpu *v;

	cpumask_clear(&mask);
	for_each_vcpu(d, v) {
		hvm->flush_tlb(to_xv(v));
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (READ_ONCE(v->running) && v != hal_current_vcpu())
			cpumask_set(&mask, vcpu_cpu(v));
	}
	if (!cpumask_empty(&mask))
		hal_smp_call(&mask, left_guest, NULL, true);
}
