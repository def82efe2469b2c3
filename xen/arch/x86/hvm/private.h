/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of hvm/ share among themselves. */
#ifndef X86_HVM_PRIVATE_H
#define X86_HVM_PRIVATE_H

#include <xen/p2m.h>
#include <xen/x86/ptwalk.h>

#include <asm/hvm.h>

/**
 * Walks of the current vCPU's page tables, and the memory they lead to, in one view of its domain:
 * short, with interrupts enabled, and with no other access to guest memory in between.
 */
struct hvm_walk {
	struct x86_walk walk;	/* may be adjusted between begin and the first walk */
	struct p2m_view view;
};
void hvm_walk_begin(struct x86_vcpu *xv, struct hvm_walk *hw);
static inline void hvm_walk_end(struct hvm_walk *hw) { p2m_view_end(&hw->view); }

/** Callbacks of the vCPU's local APIC. */
extern const struct vlapic_ops hvm_vlapic_ops;
/** Send an interrupt message to the vCPUs of @d that match it. Any context without locks. */
void hvm_deliver(struct domain *d, const struct apic_msg *msg, const struct vlapic *self);
/** The CPU of the (first) vCPU that @msg would reach now; 0 when it reaches none. Any context. */
u32 hvm_message_cpu(struct domain *d, const struct apic_msg *msg);
/** Make @xv look at what was posted for it: end its block, or its run on another CPU. */
void hvm_kick(struct x86_vcpu *xv);
/** The domain's IO-APICs: setting up, and register accesses (false: not theirs). */
int hvm_vioapic_init(struct domain *d);
bool hvm_vioapic_claims(struct domain *d, gpaddr_t gpa);
bool hvm_vioapic_access(struct domain *d, gpaddr_t gpa, u32 bytes, bool write, u64 *val);
/** Tell the domain's IO-APICs that a level-triggered interrupt was completed. */
void hvm_vioapic_eoi(struct domain *d, u8 vector);
/** Timer handler of a vCPU's APIC timer; @arg is the x86_vcpu. */
void hvm_vlapic_timer_due(void *arg);
/** Record the end of an interrupt if a write to the APIC's register @reg is one. */
void hvm_trace_eoi(const struct x86_vcpu *xv, u32 reg);
/** Work that must be done on the vCPU's own CPU before it runs. */
void hvm_do_pending_work(struct x86_vcpu *xv);

/** A device register access of the hardware domain or an emulated device. False: nobody's. */
bool hvm_mmio_access(struct x86_vcpu *xv, gpaddr_t gpa, u32 bytes, bool write, u64 *val);
/**
 * Carry out the current instruction if it is a plain move that reads or writes the registers of an
 * emulated device at @gpa. Returns its length, or 0: it is something else, use the emulator.
 */
u32 hvm_mmio_move(struct x86_vcpu *xv, gpaddr_t gpa, bool write);
/** Is there an emulated device at @gpa? */
bool hvm_mmio_claimed(struct x86_vcpu *xv, gpaddr_t gpa);

/** The vCPU's TSC follows its domain's clock and its own adjustment: make it so. */
void hvm_update_tsc_offset(struct x86_vcpu *xv);
/** Guest MSRs at power-on. */
void hvm_msrs_init(struct x86_vcpu *xv);

/** Read the host's CPUID once; the host's policy; a domain's own. */
void hvm_cpuid_init(void);
const struct cpuid_policy *hvm_host_cpuid(void);
int hvm_cpuid_domain_init(struct domain *d);
/** The most that @d may be offered (NULL: any guest), as @p. */
void hvm_cpuid_make(struct cpuid_policy *p, const struct domain *d);

/** Put the hypercall page of @d at @at. 0, or -1 when there is no memory. */
int hvm_write_hypercall_page(struct domain *d, gpaddr_t at);

/** Register the debug keys: registers; exits by reason. */
void hvm_dump_init(void);
void hvm_stats_init(void);
/** Open the ports of the hardware domain. Boot, after the serial ports are known. */
void hvm_io_init(void);

/** FPU and extended state. */
void fpu_init(void);
/** Components of XCR0 that the host has enabled; 0 without XSAVE. */
u64 fpu_host_xcr0(void);
int fpu_vcpu_init(struct x86_vcpu *xv);
void fpu_vcpu_destroy(struct x86_vcpu *xv);
void fpu_save(struct x86_vcpu *xv);
void fpu_load(struct x86_vcpu *xv);
/** XCR0 as the guest set it. XSETBV's work: 0 or -1 for #GP. */
int fpu_set_xcr0(struct x86_vcpu *xv, u64 val);
/** Replace the x87 and SSE state by an FXSAVE image whose MXCSR is valid. */
void fpu_set_legacy(struct x86_vcpu *xv, const void *image);

struct x86_emul_ctx;
/** Vector registers of the current vCPU; slots of the emulator's operations. */
int hvm_get_vec(struct x86_emul_ctx *ctx, u32 reg, void *buf, u32 bytes);
int hvm_put_vec(struct x86_emul_ctx *ctx, u32 reg, const void *buf, u32 bytes, bool zero_upper);

/** vCPU state at power-on: PVH entry, and after a startup IPI. */
void hvm_set_pvh_state(struct x86_vcpu *xv, u32 entry, u32 start_info);
void hvm_set_sipi_state(struct x86_vcpu *xv, u8 vector);

#endif
