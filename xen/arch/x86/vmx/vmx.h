/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the VMX backend. */
#ifndef VMX_H
#define VMX_H

#include <xen/assert.h>
#include <xen/percpu.h>
#include "check.h"

#include <asm/hvm.h>
#include <asm/processor.h>

/** MSRs that stay in the processor while the vCPU is on a CPU; the VMCS has no fields for them. */
enum vmx_kept_msr { KEPT_STAR, KEPT_LSTAR, KEPT_CSTAR, KEPT_SFMASK, KEPT_KERNEL_GS, KEPT_NR };

struct vmx_vcpu {
	void *vmcs;
	u64 vmcs_pa;
	u64 eptp;
	u16 vpid;		/* 0: the processor has none */
	bool launched;		/* since the last VMCLEAR: enter by VMRESUME */
	bool on_cpu;		/* CR2, DR6 and the kept MSRs are in the CPU, not here */
	bool pdptes_stale;	/* the guest's PDPTEs are to be read from its memory again */
	bool flush_vpid;	/* its own translations are out of date */
	bool flush_ept;		/* so are the domain's; any CPU may set it */
	u32 tlb_cpu;		/* CPU that it entered last, whose TLB it may have used */
	u32 proc;		/* VMCS_PROC_CONTROLS, which changes often */
	u32 event;		/* exception or NMI for the next entry, as VMCS_ENTRY_EVENT; or 0 */
	u32 event_error;
	s16 vector;		/* interrupt in service that the guest has yet to take, or -1 */
	bool fresh;		/* it was put in service for the entry being prepared */
	/* The guest's local APIC (apic.c) */
	u64 apic_mode;		/* vmx_apic_mode() that the controls are set for; ~0: not yet */
	u16 status;		/* VMCS_INTR_STATUS */
	u8 tpr;			/* that its PPR was computed for */
	u8 threshold;		/* VMCS_TPR_THRESHOLD */
	u32 lvtt, tmict;	/* as they were at the last entry */
	u64 cr2, dr6;
	u64 kept[KEPT_NR];
};

static inline struct vmx_vcpu *vmx_of(const struct x86_vcpu *xv) { return xv->vendor; }

/** The vCPU whose VMCS is current on this CPU, or NULL. */
DECLARE_PER_CPU(struct vmx_vcpu *, vmx_loaded);

/** Read and write a field of this CPU's current VMCS. */
static inline u64 vmcs_read(u32 field)
{
	bool ok;
	u64 v;

	__asm__ volatile("vmread %[f], %[v]" : [v] "=r"(v), "=@cca"(ok) : [f] "r"((u64)field));
	ASSERT(ok);
	return v;
}

static inline void vmcs_write(u32 field, u64 v)
{
	bool ok;

	__asm__ volatile("vmwrite %[v], %[f]"
			 : "=@cca"(ok) : [v] "r"(v), [f] "r"((u64)field) : "memory");
	ASSERT(ok);
}

/** The backend's state of a vCPU whose VMCS is current here: its fields may be accessed. */
static inline struct vmx_vcpu *vmx_reached(const struct x86_vcpu *xv)
{
	ASSERT(hvm_state_ours(xv) && this_cpu(vmx_loaded) == vmx_of(xv));
	return vmx_of(xv);
}

/* ---- vmcs.c ---- */

/** Allocate a vCPU's VMCS and its backend state. 0 or -XEN_ENOMEM. */
int vmx_vcpu_init(struct x86_vcpu *xv);
void vmx_vcpu_destroy(struct x86_vcpu *xv);
void vmx_state_begin(struct x86_vcpu *xv);
void vmx_state_end(struct x86_vcpu *xv);
void vmx_switch_from(struct x86_vcpu *xv);
void vmx_switch_to(struct x86_vcpu *xv);
void vmx_set_policy(struct x86_vcpu *xv);

/* ---- vmx.c ---- */

/** What this machine's CPUs can do, and the controls that all guests begin with. [const] */
extern struct vmx_caps vmx_caps;
extern struct vmx_controls vmx_controls;
/** What the preemption timer starts with at each entry, if it is used (vmx_slice_us=). [const] */
extern u32 vmx_slice_ticks;
/** A guest's faults exit, and are raised again at the next entry (vmx_catch_faults). [const] */
extern bool vmx_catch_faults;
/** Width of physical addresses. */
u32 vmx_phys_bits(void);

/* ---- maps.c ---- */

/** Make the bitmaps of MSRs and ports. Boot; panics without memory. */
void vmx_make_maps(void);
/** Physical addresses of the bitmaps: for guests whose APIC is in x2APIC mode or not; of @d. */
u64 vmx_msr_bitmap(bool x2apic);
u64 vmx_io_bitmap(const struct domain *d, u32 half);
void vmx_allow_ports(u16 first, u16 last);

/* ---- tlb.c ---- */

/** Forget all translations that this CPU holds. */
void vmx_tlb_init_cpu(void);
/** Take and return a VPID; 0 when there are none. */
u16 vmx_take_vpid(void);
void vmx_free_vpid(u16 vpid);
/** Slow half of vmx_tlb_for_entry(). */
void vmx_tlb_flush(struct vmx_vcpu *s);
/** Flush what the vCPU must not use any more. Interrupts off. */
static inline void vmx_tlb_for_entry(struct vmx_vcpu *s)
{
	if (unlikely(s->tlb_cpu != hal_smp_cpu_id() || READ_ONCE(s->flush_ept) || s->flush_vpid))
		vmx_tlb_flush(s);
}
/** The guest's translations are out of date; by its own registers, by its domain's memory. */
static inline void vmx_drop_own(struct vmx_vcpu *s) { s->flush_vpid = true; }
void vmx_flush_tlb(struct x86_vcpu *xv);

/* ---- events.c ---- */

/** Choose what the next entry delivers. Interrupts off. */
void vmx_offer_events(struct x86_vcpu *xv);
/** The guest is not entered after all: take back an interrupt that was about to be delivered. */
void vmx_withdraw_events(struct x86_vcpu *xv);
/** Keep what the exit interrupted the delivery of. */
void vmx_settle_events(struct x86_vcpu *xv);
/** In a shadow the processor wants a single step to be noted as pending, and none otherwise. */
void vmx_note_pending_step(void);
void vmx_inject_exception(struct x86_vcpu *xv, u8 vector, s32 error, u64 cr2);
void vmx_inject_nmi(struct x86_vcpu *xv);
bool vmx_nmi_blocked(struct x86_vcpu *xv);
bool vmx_event_pending(const struct x86_vcpu *xv);
struct x86_event;
int vmx_get_event(const struct x86_vcpu *xv, struct x86_event *e);
void vmx_set_event(struct x86_vcpu *xv, const struct x86_event *e);
void vmx_reset_events(struct x86_vcpu *xv);
bool vmx_interrupt_shadow(const struct x86_vcpu *xv);
void vmx_set_interrupt_shadow(struct x86_vcpu *xv, bool on);
/** Set (@on) or clear bits of the primary controls. */
void vmx_proc_control(struct vmx_vcpu *s, u32 bits, bool on);

/* ---- run.c, entry.S ---- */

void vmx_run(struct x86_vcpu *xv);
/** Enter the guest with its registers in @gpr; true when the processor refused. Interrupts off. */
bool vmx_enter(u64 *gpr, u64 launched);
/** Where the processor continues after an exit. */
extern const char vmx_exit_point[];

/* ---- exit.c ---- */

/** Handle the exit that the current VMCS describes. Interrupts enabled. */
void vmx_handle_exit(struct x86_vcpu *xv, u32 reason);
/** End the domain of a vCPU that the processor refused to enter, and name the field at fault. */
void vmx_report_refusal(struct x86_vcpu *xv, u32 reason);

/** An instruction of @len bytes is done; ends an interrupt shadow and minds single-stepping. */
void vmx_skip(struct x86_vcpu *xv, u64 len);

#endif
