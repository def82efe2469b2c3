/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of guests, from local APICs, IO-APICs, MSIs and event channels to the vCPU.
 *
 * Any CPU may post: it sets a bit in the target's IRR (or a flag) and kicks the target. Everything
 * else is done by the CPU that runs the vCPU, before it enters the guest: hvm_choose_vector().
 */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/ops.h>
#include <xen/trace.h>

#include <asm/processor.h>

#include "private.h"

bool hvm_post_by_software(struct x86_vcpu *xv, u8 vector, bool level)
{
	ASSERT(xv->vlapic.page);
	if (!vlapic_set_irq(&xv->vlapic, vector, level))
		return false;
	/* Most posts of a vCPU are to itself, and it checks before it next enters its guest. */
	if (&xv->v != cpu_info()->current_vcpu ||
	    (READ_ONCE(xv->v.pause_flags) & (VPF_BLOCKED | VPF_POLL)))
		hvm_kick(xv);
	return true;
}

void hvm_collect_no_posts(struct x86_vcpu *xv)
{
}

/*
 * A disabled APIC drops interrupts, but an upcall is raised only once for all the events that
 * follow: remember it until the guest has enabled its APIC.
 */
static bool post_upcall(struct x86_vcpu *xv)
{
	if (READ_ONCE(xv->vlapic.enabled)) {
		trace_virq_post(xv->v.domain->id, xv->v.id, xv->upcall_vector);
		return hvm->post(xv, xv->upcall_vector, false);
	}
	WRITE_ONCE(xv->upcall_missed, true);
	WRITE_ONCE(xv->work_pending, true);
	return false;
}

static void do_init(struct x86_vcpu *xv)
{
	struct vcpu *v = &xv->v;

	WRITE_ONCE(xv->wait_for_sipi, true);
	/* VCPUOP_up must not start the vCPU before the startup IPI has set its state. */
	WRITE_ONCE(v->is_initialised, false);
	__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep_nosync(v);
}

/*
 * The target has been told to stop: wait until its state is in memory. Fails if something else
 * restarted it. Two vCPUs that reset each other would wait forever, so the caller gives up when it
 * was itself reset.
 */
static bool wait_until_off_cpu(struct vcpu *v)
{
	while (READ_ONCE(v->pause_flags) & VPF_DOWN) {
		if (!__atomic_load_n(&v->running, __ATOMIC_ACQUIRE))
			return true;
		if (v == hal_current_vcpu() ||
		    (READ_ONCE(hal_current_vcpu()->pause_flags) & VPF_DOWN))
			return false;
		hal_cpu_relax();
	}
	return false;
}

static void do_sipi(struct x86_vcpu *xv, u8 vector)
{
	struct vcpu *v = &xv->v;

	if (!__atomic_exchange_n(&xv->wait_for_sipi, false, __ATOMIC_ACQ_REL))
		return;
	if (!wait_until_off_cpu(v)) {
		WRITE_ONCE(xv->wait_for_sipi, true);
		return;
	}
	pending_drop(&xv->pending, v);
	ASSERT(!READ_ONCE(v->running));
	vlapic_reset(&xv->vlapic);
	if (v->vcpu_info->evtchn_upcall_pending && xv->upcall_vector)
		post_upcall(xv);
	hvm_set_sipi_state(xv, vector);
	/* The vCPU that starts this one may have cleared its time page. */
	hal_vcpu_update_time(&xv->v);
	v->is_initialised = true;
	__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_wake(v);
}

static void deliver_to(struct x86_vcpu *xv, const struct apic_msg *msg)
{
	switch (msg->mode) {
	case APIC_DM_FIXED:
	case APIC_DM_LOWEST:
		trace_virq_post(xv->v.domain->id, xv->v.id, msg->vector);
		hvm->post(xv, msg->vector, msg->level);
		break;
	case APIC_DM_NMI:
		hal_vcpu_nmi(&xv->v);
		break;
	case APIC_DM_INIT:
		if (msg->assert || !msg->level)
			do_init(xv);
		break;
	case APIC_DM_STARTUP:
		do_sipi(xv, msg->vector);
		break;
	default:
		break;	/* SMI and ExtINT have no meaning for these guests */
	}
}

void hvm_deliver(struct domain *d, const struct apic_msg *msg, const struct vlapic *self)
{
	struct x86_domain *xd = to_xd(d);
	DECLARE_BITMAP(targets, 128);
	u32 i;

	ASSERT(d->max_vcpus <= 128);
	if (!vlapic_route(xd->vlapics, d->max_vcpus, msg, self, targets))
		return;
	bitmap_for_each(i, targets, d->max_vcpus)
		deliver_to(container_of(xd->vlapics[i], struct x86_vcpu, vlapic), msg);
}

u32 hvm_message_cpu(struct domain *d, const struct apic_msg *msg)
{
	struct x86_domain *xd = to_xd(d);
	DECLARE_BITMAP(targets, 128);
	u32 first;

	if (!vlapic_route(xd->vlapics, d->max_vcpus, msg, NULL, targets))
		return 0;
	first = bitmap_find_next(targets, d->max_vcpus, 0);
	ASSERT(first < d->max_vcpus && d->vcpu[first]);
	return vcpu_cpu(d->vcpu[first]);
}

static void lapic_ipi(void *ctx, const struct apic_msg *msg)
{
	struct x86_vcpu *xv = ctx;

	hvm_deliver(xv->v.domain, msg, &xv->vlapic);
}

static void lapic_eoi(void *ctx, u8 vector)
{
	struct x86_vcpu *xv = ctx;

	device_eoi(&to_xd(xv->v.domain)->devices, vector);
}

static void lapic_set_timer(void *ctx, s_time_t deadline)
{
	struct x86_vcpu *xv = ctx;

	if (deadline == INT64_MAX)
		timer_stop(&xv->vlapic_timer);
	else
		timer_set(&xv->vlapic_timer, deadline);
}

static s_time_t lapic_tsc_to_time(void *ctx, u64 tsc)
{
	struct x86_vcpu *xv = ctx;

	return hal_cycles_to_ns(tsc - xv->tsc_offset);
}

static void lapic_post(void *ctx, u8 vector, bool level)
{
	hvm->post(ctx, vector, level);
}

/* What the 8259s ask may be heard now. */
static void lapic_lint0_changed(void *ctx)
{
	struct x86_vcpu *xv = ctx;

	if (to_xd(xv->v.domain)->chipset)
		WRITE_ONCE(xv->work_pending, true);
}

const struct vlapic_ops hvm_vlapic_ops = {
	.post = lapic_post,
	.ipi = lapic_ipi,
	.eoi = lapic_eoi,
	.set_timer = lapic_set_timer,
	.tsc_to_time = lapic_tsc_to_time,
	.lint0_changed = lapic_lint0_changed,
};
OPS_TABLE(hvm_vlapic_ops, post);

/* The APIC's state belongs to the CPU that runs the vCPU, so only record that the timer expired. */
void hvm_vlapic_timer_due(void *arg)
{
	struct x86_vcpu *xv = arg;

	WRITE_ONCE(xv->timer_due, true);
	WRITE_ONCE(xv->work_pending, true);
	hvm_kick(xv);
}

void hal_vcpu_nmi(struct vcpu *v)
{
	struct x86_vcpu *xv = to_xv(v);

	WRITE_ONCE(xv->nmi_pending, true);
	WRITE_ONCE(xv->work_pending, true);
	hvm_kick(xv);
}

/* Deliver the exception that a device model has injected, if one waits. */
static void take_dm_event(struct x86_vcpu *xv)
{
	struct dm_event *e = &xv->dm_event;

	if (likely(__atomic_load_n(&e->state, __ATOMIC_ACQUIRE) != DM_EVENT_WAITS))
		return;
	if (hvm->event_pending(xv)) {
		WRITE_ONCE(xv->work_pending, true);
		return;
	}
	hvm->inject_exception(xv, e->vector, e->error, e->cr2);
	__atomic_store_n(&e->state, DM_EVENT_NONE, __ATOMIC_RELEASE);
}

void hvm_do_pending_work(struct x86_vcpu *xv)
{
	ASSERT(&xv->v == hal_current_vcpu());
	WRITE_ONCE(xv->work_pending, false);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (xv->timer_due) {
		xv->timer_due = false;
		vlapic_timer_fired(&xv->vlapic, hal_now_ns());
	}
	if (xv->upcall_missed) {
		xv->upcall_missed = false;
		post_upcall(xv);
	}
	if (to_xd(xv->v.domain)->chipset) {
		hvm_chipset_work(xv);
		xv->pic_asks = hvm_pic_asks(xv);
	}
	take_dm_event(xv);
	if (!xv->nmi_pending)
		return;
	if (hvm->event_pending(xv)) {
		WRITE_ONCE(xv->work_pending, true);
		return;
	}
	if (hvm->nmi_blocked(xv))
		return;
	xv->nmi_pending = false;
	hvm->inject_nmi(xv);
}

s32 hvm_choose_pic(struct x86_vcpu *xv)
{
	xv->pic_asks = false;
	xv->offered = OFFER_PIC;
	return hvm_pic_ack(xv);
}

s32 hvm_choose_vector(struct x86_vcpu *xv)
{
	s32 vector;

	ASSERT(&xv->v == hal_current_vcpu());
	if (unlikely(READ_ONCE(xv->work_pending))) {
		hvm_do_pending_work(xv);
		if (unlikely(xv->pic_asks)) {
			vector = hvm_choose_pic(xv);
			if (vector >= 0)
				return vector;
		}
	}
	xv->offered = OFFER_APIC;
	vector = vlapic_pending(&xv->vlapic);
	if (hvm_callback_pending(xv)) {
		u8 cb = to_xd(xv->v.domain)->callback_vector;

		if (vector < cb) {
			xv->offered = OFFER_CALLBACK;
			return cb;
		}
	}
	return vector;
}

void hvm_vector_offered(struct x86_vcpu *xv, u8 vector)
{
	ASSERT(vector >= 16 || xv->offered == OFFER_PIC);
	if (likely(xv->offered == OFFER_APIC))
		vlapic_ack(&xv->vlapic, vector);
}

void hvm_vector_refused(struct x86_vcpu *xv, u8 vector)
{
	if (likely(xv->offered == OFFER_APIC))
		vlapic_unack(&xv->vlapic, vector);
	else if (xv->offered == OFFER_PIC)
		hvm_pic_unack(xv);
}

void hal_vcpu_event_notify(struct vcpu *v)
{
	struct x86_vcpu *xv = to_xv(v);

	/* The guest may not be able to take a vector that was already requested. */
	if (xv->upcall_vector && post_upcall(xv))
		return;
	if (unlikely(to_xd(v->domain)->callback_line) && !xv->upcall_vector && !v->id)
		hvm_callback_raise(to_xd(v->domain));
	hvm_kick(xv);
}

bool hal_vcpu_has_pending(const struct vcpu *v)
{
	struct x86_vcpu *xv = to_xv(v);

	return READ_ONCE(xv->work_pending) || vlapic_pending(&xv->vlapic) >= 0 ||
	       hvm_callback_pending(xv);
}

/* Work that is pending may be an NMI, or a timer that ends a wait by itself. */
bool hal_vcpu_takes_pending(const struct vcpu *v)
{
	struct x86_vcpu *xv = to_xv(v);

	ASSERT(v == hal_current_vcpu());
	return READ_ONCE(xv->work_pending) ||
	       (hal_vcpu_has_pending(v) && (hvm->get_rflags(xv) & X86_EFLAGS_IF));
}
