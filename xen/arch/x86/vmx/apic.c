/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's local APIC as far as the processor carries it out (SDM volume 3, chapter 30; enum
 * vmx_apic has the degrees). The page of registers is the same that the software model uses.
 *
 * From VMX_APIC_VIRTUAL on the processor delivers and ends interrupts by itself: before an entry it
 * is told the highest vectors requested and in service, and after an exit the model takes over what
 * it has done. Other CPUs must not touch the registers meanwhile: they post (xen/x86/posted.h).
 *
 * The page of an APIC in xAPIC mode is found by its address in the extended page tables, which all
 * vCPUs of a domain share. It is mapped there until a vCPU moves its APIC, disables it or changes
 * to x2APIC mode, as that vCPU would access it as memory; from then on such accesses exit.
 */
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/param.h>
#include <xen/sched.h>
#include <xen/string.h>

#include <asm/apic.h>
#include <asm/mm.h>
#include <asm/msr.h>
#include <asm/traps.h>

#include "apic.h"

#define APIC_PAGE_GFN (VLAPIC_DEFAULT_BASE >> PAGE_SHIFT)

enum vmx_apic vmx_apic;

/* The highest degree that is used. */
static u8 wanted = VMX_APIC_POSTED;
static const char *const words[] = {
	[VMX_APIC_NONE] = "none", [VMX_APIC_TPR] = "tpr", [VMX_APIC_VIRTUAL] = "virtual",
	[VMX_APIC_POSTED] = "posted",
};
static bool was_asked;

static const char *parse_degree(const char *value)
{
	int word = param_word(value, words, ARRAY_SIZE(words));

	if (word < 0)
		return "not none, tpr, virtual or posted";
	wanted = (u8)word;
	was_asked = true;
	return NULL;
}
PARAM_CUSTOM_FN("vmx_apic", vmx_apic, parse_degree);

static const struct posted_vectors vectors = { VECTOR_POSTED, VECTOR_POSTED_WAKE };
static DEFINE_PER_CPU(struct posted_waiters, waiters);
/* What a processor recognises accesses to the APIC by; never accessed itself. */
static struct page_info *access_page;

void vmx_apic_detect(void)
{
	enum vmx_apic offered = vmx_apic_offered(&vmx_caps);

	vmx_apic = min((u32)offered, (u32)wanted);
	if (was_asked && offered < wanted)
		printk(LOG_ERR "vmx: vmx_apic=%s is not possible: this CPU offers %s\n",
		       words[wanted], words[offered]);
	vmx_add_apic_controls(vmx_apic, &vmx_controls);
	printk(LOG_INFO "vmx: local APICs of guests: %s\n", words[vmx_apic]);
}

/* The vCPU's CPU was not in its guest: it looks for what was posted before it enters one. */
static void notified(u8 vector)
{
	apic_eoi();
}

static void wake(struct posted *p)
{
	vcpu_unblock(&container_of(p, struct vmx_posted, posted)->xv->v);
}

static void wake_waiters(u8 vector)
{
	apic_eoi();
	posted_wake(&this_cpu(waiters), wake);
}

/* The other CPUs wait meanwhile, so the handlers are set from one CPU at a time. */
void vmx_apic_cpu_up(void)
{
	posted_waiters_init(&this_cpu(waiters));
	if (vmx_apic < VMX_APIC_VIRTUAL || access_page)
		return;
	access_page = alloc_pages(0, 0);
	if (!access_page)
		panic("vmx: no memory for the page of the APIC");
	memset(page_to_virt(access_page), 0, PAGE_SIZE);
	irq_set_handler(VECTOR_POSTED, notified);
	irq_set_handler(VECTOR_POSTED_WAKE, wake_waiters);
}

static u64 paddr_of(const void *p) { return virt_to_paddr(p).v; }

int vmx_apic_init(struct x86_vcpu *xv)
{
	struct page_info *pg;
	struct vmx_posted *p;

	if (vmx_apic < VMX_APIC_VIRTUAL)
		return 0;
	/* A page, as Bochs takes the address of a descriptor for that of a page. */
	pg = alloc_pages(0, 0);
	if (!pg)
		return -XEN_ENOMEM;
	p = page_to_virt(pg);
	p->xv = xv;
	posted_init(&p->posted);
	xv->posted = &p->posted;
	return 0;
}

void vmx_apic_write_fields(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_of(xv);

	ASSERT(this_cpu(vmx_loaded) == s);
	s->apic_mode = ~0UL;
	if (vmx_apic >= VMX_APIC_TPR) {
		vmcs_write(VMCS_VIRTUAL_APIC, paddr_of(xv->vlapic.page));
		vmcs_write(VMCS_TPR_THRESHOLD, 0);
	}
	if (vmx_apic >= VMX_APIC_VIRTUAL) {
		vmcs_write(VMCS_APIC_ACCESS, mfn_to_paddr(page_to_mfn(access_page)).v);
		vmcs_write(VMCS_INTR_STATUS, 0);
		for (u32 i = 0; i < 4; i++)
			vmcs_write(VMCS_EOI_EXIT0 + 2 * i, 0);
	}
	if (vmx_apic >= VMX_APIC_POSTED) {
		vmcs_write(VMCS_POSTED_VECTOR, vectors.running);
		vmcs_write(VMCS_POSTED_DESC, paddr_of(&xv->posted->desc));
	}
}

/* Map the page while all vCPUs have their APICs there, and never again once one has not. */
static void place_access_page(struct domain *d, bool here)
{
	struct x86_domain *xd = to_xd(d);
	mfn_t mfn = page_to_mfn(access_page);
	gfn_t gfn = gfn_make(APIC_PAGE_GFN);

	spin_lock(&d->lock);
	/* Where something else is mapped, or without memory for a table, accesses exit. */
	if (here && xd->apic_page == APIC_PAGE_NONE)
		xd->apic_page = p2m_map_new(d->p2m, gfn, mfn, P2M_MMIO_DIRECT) ?
					APIC_PAGE_GIVEN_UP : APIC_PAGE_MAPPED;
	if (!here && xd->apic_page == APIC_PAGE_MAPPED)
		p2m_unmap_page(d->p2m, gfn, mfn, P2M_MMIO_DIRECT);
	if (!here)
		xd->apic_page = APIC_PAGE_GIVEN_UP;
	spin_unlock(&d->lock);
}

void vmx_apic_set_mode(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);
	const struct vlapic *vl = &xv->vlapic;
	bool xapic = vlapic_mmio_active(vl) && vlapic_mmio_base(vl).v == VLAPIC_DEFAULT_BASE;
	bool x2apic = vl->enabled && vl->x2apic;
	u32 virtual = VMX_PROC2_APIC_REGS | VMX_PROC2_VIRQS;
	u64 proc2;

	s->apic_mode = vmx_apic_mode(vl);
	if (vmx_apic < VMX_APIC_VIRTUAL)
		return;
	place_access_page(xv->v.domain, xapic);
	proc2 = vmcs_read(VMCS_PROC2_CONTROLS) &
		~(u64)(virtual | VMX_PROC2_APIC_ACCESS | VMX_PROC2_X2APIC);
	/* A disabled APIC takes no requests, which the processor would not know. */
	vmcs_write(VMCS_PROC2_CONTROLS, proc2 | (vl->enabled ? virtual : 0) |
		   (xapic ? VMX_PROC2_APIC_ACCESS : 0) | (x2apic ? VMX_PROC2_X2APIC : 0));
	vmcs_write(VMCS_PIN_CONTROLS, vmx_controls.pin & ~(vl->enabled ? 0 : VMX_PIN_POSTED));
	vmcs_write(VMCS_MSR_BITMAP, vmx_msr_bitmap(x2apic));
	vmx_drop_own(s);
}

/* The end of a level-triggered interrupt is an exit: TMR says which are. */
static void load_eoi_exits(const struct vlapic *vl)
{
	for (u32 i = 0; i < 4; i++) {
		u64 low = READ_ONCE(*vlapic_reg(vl, APIC_REG_TMR + 2 * i));
		u64 high = READ_ONCE(*vlapic_reg(vl, APIC_REG_TMR + 2 * i + 1));

		vmcs_write(VMCS_EOI_EXIT0 + 2 * i, low | high << 32);
	}
}

void vmx_apic_collect(struct x86_vcpu *xv)
{
	if (!xv->posted || !posted_waits(xv->posted))
		return;
	if (posted_collect(xv->posted, &xv->vlapic) == POSTED_LEVELS)
		load_eoi_exits(&xv->vlapic);
	/* It may have declared that it waits, and not left its CPU yet. */
	vcpu_unblock(&xv->v);
}

void vmx_apic_offer(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);
	struct vlapic *vl = &xv->vlapic;
	int requested;
	u16 status;

	if (unlikely(READ_ONCE(xv->work_pending)))
		hvm_do_pending_work(xv);
	vmx_apic_collect(xv);
	/* While the APIC is disabled requests wait in its registers. */
	requested = vl->enabled ? vlapic_highest_irr(vl) : -1;
	status = (u16)(max(requested, 0) | max((int)vl->isr_top, 0) << 8);
	if (status != s->status)
		vmcs_write(VMCS_INTR_STATUS, status);
	s->status = status;
	s->lvtt = *vlapic_reg(vl, APIC_REG_LVTT);
	s->tmict = *vlapic_reg(vl, APIC_REG_TMICT);
}

void vmx_apic_set_threshold(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);
	struct vlapic *vl = &xv->vlapic;
	int requested = vlapic_highest_irr(vl);
	u8 threshold = requested >= 0 && requested >> 4 <= vlapic_cr8(vl) ? (u8)(requested >> 4)
									  : 0;

	if (threshold != s->threshold)
		vmcs_write(VMCS_TPR_THRESHOLD, threshold);
	s->threshold = threshold;
}

void vmx_apic_settle(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);
	u16 status;

	if (unlikely(vlapic_tpr(&xv->vlapic) != s->tpr)) {
		s->tpr = vlapic_tpr(&xv->vlapic);
		vlapic_tpr_changed(&xv->vlapic);
	}
	if (vmx_apic < VMX_APIC_VIRTUAL)
		return;
	status = (u16)vmcs_read(VMCS_INTR_STATUS);
	/* The same vectors on top do not mean that nothing changed below them. */
	if (unlikely(status | s->status))
		vlapic_take_over(&xv->vlapic, (u8)(status >> 8), (u8)status);
	s->status = status;
}

void vmx_apic_leave(struct x86_vcpu *xv)
{
	const unsigned long waits = VPF_BLOCKED | VPF_POLL;

	ASSERT(!hal_irq_is_enabled());
	if (!xv->posted)
		return;
	if (!(__atomic_load_n(&xv->v.pause_flags, __ATOMIC_SEQ_CST) & waits))
		posted_suspend(xv->posted);
	else if (posted_block(xv->posted, &this_cpu(waiters), hal_smp_cpu_id(), &vectors))
		vcpu_unblock(&xv->v);
}

void vmx_apic_enter(struct x86_vcpu *xv)
{
	ASSERT(!hal_irq_is_enabled());
	if (xv->posted)
		posted_load(xv->posted, hal_smp_cpu_id(), &vectors);
}

void vmx_collect_posts(struct x86_vcpu *xv)
{
	if (!xv->posted)
		return;
	posted_collect(xv->posted, &xv->vlapic);
	/* The caller may load other registers, and the VMCS is out of reach: look at TMR again. */
	WRITE_ONCE(xv->posted->holds, true);
}

bool vmx_post(struct x86_vcpu *xv, u8 vector, bool level)
{
	struct posted_target to;

	if (vmx_apic < VMX_APIC_VIRTUAL || (&xv->v == cpu_info()->current_vcpu && !level))
		return hvm_post_by_software(xv, vector, level);
	switch (posted_request(xv->posted, &xv->vlapic, vector, level, &to)) {
	case POSTED_MERGED:
		return false;
	case POSTED_QUIET:
		return true;
	case POSTED_NOTIFY:
		if (to.vector == VECTOR_POSTED_WAKE && to.cpu == hal_smp_cpu_id())
			posted_wake(&this_cpu(waiters), wake);
		else if (to.vector == VECTOR_POSTED && vmx_apic < VMX_APIC_POSTED)
			hvm_kick(xv);
		else
			apic_send_ipi(to.cpu, to.vector);
		return true;
	default:
		hvm_kick(xv);
		return true;
	}
}

void vmx_exit_apic_access(struct x86_vcpu *xv)
{
	u64 q = vmcs_read(VMCS_QUALIFICATION);
	u32 flags = 0, kind = q >> VMX_APIC_KIND_SHIFT & 0xf, len;

	if (kind == VMX_APIC_WRITE)
		flags |= HVM_FAULT_WRITE;
	if (kind == VMX_APIC_FETCH)
		flags |= HVM_FAULT_FETCH;
	if (kind == VMX_APIC_EVENT_PHYS || kind == VMX_APIC_PHYS)
		flags |= HVM_FAULT_WALK;
	len = hvm_do_nested_fault(xv, gpaddr_make(VLAPIC_DEFAULT_BASE + (q & VMX_APIC_OFFSET)),
				  flags);
	if (len)
		vmx_skip(xv, len);
}

void vmx_exit_apic_write(struct x86_vcpu *xv)
{
	const struct vmx_vcpu *s = vmx_of(xv);
	u32 reg = (vmcs_read(VMCS_QUALIFICATION) & VMX_APIC_OFFSET) >> 4;
	struct vlapic *vl = &xv->vlapic;
	u32 before = *vlapic_reg(vl, reg);

	/* Those whose former value counts. Others are only replaced. */
	if (reg == APIC_REG_ID)
		before = vl->id << 24;
	else if (reg == APIC_REG_LVTT)
		before = s->lvtt;
	else if (reg == APIC_REG_TMICT)
		before = s->tmict;
	vlapic_written(vl, reg, before, hal_now_ns());
}

void vmx_exit_eoi(struct x86_vcpu *xv)
{
	vlapic_ended(&xv->vlapic, (u8)vmcs_read(VMCS_QUALIFICATION));
}
