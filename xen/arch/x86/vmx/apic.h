/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's local APIC as the processor carries it out: apic.c. */
#ifndef VMX_APIC_H
#define VMX_APIC_H

#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/x86/posted.h>

#include "vmx.h"

/** A vCPU's descriptor, and whose it is. The page lives as long as the vCPU can be found. */
struct vmx_posted {
	struct posted posted;
	struct x86_vcpu *xv;
};

/** How much of it all guests get. [const] */
extern enum vmx_apic vmx_apic;

/** Choose the degree, and add its controls to vmx_controls. Boot. */
void vmx_apic_detect(void);
void vmx_apic_cpu_up(void);
/** Allocate what others post to. 0 or -XEN_ENOMEM. */
int vmx_apic_init(struct x86_vcpu *xv);
/** The fields of a new VMCS. */
void vmx_apic_write_fields(struct x86_vcpu *xv);

/** All that the controls depend on, in one word: the base MSR has no bit 0. */
static inline u64 vmx_apic_mode(const struct vlapic *vl) { return vl->base_msr | vl->enabled; }
/** The guest's APIC changed its mode or place: change the controls. Interrupts on. */
void vmx_apic_set_mode(struct x86_vcpu *xv);
static inline void vmx_apic_check_mode(struct x86_vcpu *xv)
{
	if (unlikely(vmx_of(xv)->apic_mode != vmx_apic_mode(&xv->vlapic)))
		vmx_apic_set_mode(xv);
}

/** Move what was posted to the APIC. The vCPU is current. */
void vmx_apic_collect(struct x86_vcpu *xv);
/** Before an entry, from VMX_APIC_VIRTUAL on: collect what was posted, and offer it. */
void vmx_apic_offer(struct x86_vcpu *xv);
/** Before an entry, with VMX_APIC_TPR: exit when TPR lets through what is requested. */
void vmx_apic_set_threshold(struct x86_vcpu *xv);
/** After an exit, from VMX_APIC_TPR on: take over what the processor did. */
void vmx_apic_settle(struct x86_vcpu *xv);

/** The vCPU leaves this CPU, or comes to it. Interrupts off. */
void vmx_apic_leave(struct x86_vcpu *xv);
void vmx_apic_enter(struct x86_vcpu *xv);

void vmx_exit_apic_access(struct x86_vcpu *xv);
void vmx_exit_apic_write(struct x86_vcpu *xv);
void vmx_exit_eoi(struct x86_vcpu *xv);

/* Slots of vmx_ops; documented in asm/hvm.h. */
bool vmx_post(struct x86_vcpu *xv, u8 vector, bool level);
void vmx_collect_posts(struct x86_vcpu *xv);

#endif
