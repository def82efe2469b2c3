/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of hvm/. */
#ifndef X86_HVM_PRIVATE_H
#define X86_HVM_PRIVATE_H

#include <xen/assert.h>
#include <xen/p2m.h>
#include <xen/trace.h>
#include <xen/x86/ptwalk.h>

#include <asm/hvm.h>

/**
 * Walks of the current vCPU's page tables, and accesses to the memory they lead to, in one view of
 * its domain: short, with interrupts enabled, and without other accesses to guest memory in
 * between.
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
/** The CPU of the (first) vCPU that @msg would reach now; 0 when there is none. Any context. */
u32 hvm_message_cpu(struct domain *d, const struct apic_msg *msg);
/** Set up the domain's IO-APICs and claim their pages. 0 or -XEN_ENOMEM. */
int hvm_vioapic_init(struct domain *d);
/** Inputs of the IO-APIC that a guest with XEN_X86_EMU_IOAPIC has. */
#define HVM_GUEST_PINS 48
/** The lines to the interrupt controllers of a guest that has some. 0 or -XEN_ENOMEM. */
int hvm_lines_init(struct x86_domain *xd);
void hvm_lines_free(struct x86_domain *xd);
/** Set ISA line @line, or an input of the IO-APIC, for the chipset. Without vioapic_lock. */
void hvm_set_chip_line(struct x86_domain *xd, u32 line, bool up);
void hvm_set_chip_input(struct x86_domain *xd, u32 input, bool up);
/**
 * Events of vCPU 0 raise the line from now on that @value names, if it names one. It is a value for
 * HVM_PARAM_CALLBACK_IRQ, whose forms are in the ABI's hvm/params.h. A domain without lines accepts
 * any. Return: 0 or -XEN_EINVAL (no such line). Without vioapic_lock.
 */
int hvm_callback_route(struct x86_domain *xd, u64 value);
/** An event became pending for vCPU 0. Any context without the locks from VIOAPIC on. */
void hvm_callback_raise(struct x86_domain *xd);
/** An interrupt has ended: lower the line if no event is pending. vioapic_lock is held. */
void hvm_callback_settle(struct x86_domain *xd);
struct xen_dm_op;
/** XEN_DMOP_set_pci_intx_level, _set_isa_irq_level and _set_pci_link_route. */
long hvm_lines_op(struct domain *d, const struct xen_dm_op *op);
/** XEN_X86_EMU_* of devices that need a chipset. */
#define HVM_CHIPSET_FLAGS (XEN_X86_EMU_PIC | XEN_X86_EMU_PIT | XEN_X86_EMU_RTC |         \
			   XEN_X86_EMU_HPET | XEN_X86_EMU_PM)
/** The chipset that the domain's emulation flags ask for; of each domain. 0 or -XEN_ENOMEM. */
int hvm_chipset_init(struct domain *d);
void hvm_chipset_free(struct x86_domain *xd);
/** Its timers begin to work, paid for by the first vCPU; and end. */
void hvm_chipset_start(struct vcpu *payer);
void hvm_chipset_stop(struct domain *d);
/** Do what timers that have run out ask for. The current vCPU, of a domain with a chipset. */
void hvm_chipset_work(struct x86_vcpu *xv);
/** The wall clock, UTC in ns at system time 0, was set. */
void hvm_chipset_wallclock(struct domain *d, s64 wall_ns);
/** Press the power button, or the sleep button. 0 or -XEN_EOPNOTSUPP: there is none. */
long hvm_press_button(struct domain *d, bool sleep);
/** Do the 8259s have an interrupt that @xv, the current vCPU, can take? */
bool hvm_pic_asks(const struct x86_vcpu *xv);
/** Input 0 of the IO-APIC, where they are too, was set up anew. Any context. */
void hvm_pic_pin_changed(struct x86_domain *xd);
/** Take it from them: its vector, or -1. hvm_pic_unack() gives back what was not delivered. */
s32 hvm_pic_ack(struct x86_vcpu *xv);
void hvm_pic_unack(struct x86_vcpu *xv);
/** Timer handler of a vCPU's APIC timer; @arg is the x86_vcpu. */
void hvm_vlapic_timer_due(void *arg);
/** Record the end of an interrupt if a write to the APIC's register @reg is one. */
static inline void hvm_trace_eoi(const struct x86_vcpu *xv, u32 reg)
{
	if (reg == APIC_REG_EOI && xv->vlapic.isr_top >= 0)
		trace_record_virq_eoi((u32)xv->vlapic.isr_top);
}

/** Fill the table of devices of a new domain. 0 or -XEN_ENOMEM. */
int hvm_devices_init(struct domain *d);
/** The device that stands for all device models of the domain in other domains: ioreq.c. */
int hvm_ioreq_init(struct domain *d);
/** May @dev be given many accesses of @port at once (device_access.count)? */
bool hvm_repeats(const struct x86_vcpu *xv, const struct device *dev, u16 port);
/** Leave @a to a device model. DEVICE_ABSENT: none claims the address; then @a is as it was. */
enum device_rc hvm_ioreq_pass(struct vcpu *v, struct device_access *a);
struct device *hvm_ioreq_device(const struct device_table *t, enum device_space space, u64 addr,
				u32 bytes);
/** The device of @xv whose registers cover all of the @bytes bytes at @gpa, or NULL. */
struct device *hvm_mmio_device(struct x86_vcpu *xv, gpaddr_t gpa, u32 bytes);
/**
 * An instruction's only access, to @dev (NULL: there is no device). @allowed (X86_CLASS_*)
 * restricts the instruction if the device answers later. A read without a device returns all ones.
 */
static inline enum device_rc hvm_access_once(struct x86_vcpu *xv, struct device *dev,
					     struct device_access *a, u32 allowed)
{
	enum device_rc rc = DEVICE_ABSENT;

	ASSERT(a->bytes >= 1 && a->bytes <= 8);
	if (likely(dev))
		rc = dev->ops->access(dev, &xv->v, a);
	if (likely(rc == DEVICE_DONE))
		return rc;
	if (rc == DEVICE_PENDING)
		xv->allowed = (u8)allowed;
	else if (!a->write)
		a->val = ~0UL;
	return rc;
}
/** One access of an emulated instruction, to any destination. */
enum device_rc hvm_mmio_access(struct x86_vcpu *xv, struct device_access *a);
enum device_rc hvm_port_access(struct x86_vcpu *xv, struct device_access *a);
/** Callbacks of a vCPU's pending access. */
extern const struct pending_ops hvm_pending_ops;
/** A device has answered: finish the instruction, unless it asks for more. */
void hvm_finish_access(struct x86_vcpu *xv);
/**
 * Carry out the current instruction if it is a plain move between a general register and the
 * registers of @dev at @gpa. False: it is something else, use the emulator. *@len is its length if
 * it is done and to be skipped, 0 if it is to run again when the device has answered.
 */
bool hvm_mmio_move(struct x86_vcpu *xv, struct device *dev, gpaddr_t gpa, bool write, u32 *len);
/** Give the hardware domain the machine's ports. Boot. 0 or -XEN_ENOMEM. */
int hvm_host_ports_init(struct domain *d);
/** Access a port of the machine. */
enum device_rc hvm_host_port(struct device_access *a);
/** Does @d have all of these ports of the machine, none of them watched? Few at a time. */
bool hvm_host_ports_open(const struct domain *d, u32 first, u32 last);
/** Handle an access to a port that can reset the machine, for a device that contains it. */
enum device_rc hvm_reset_port_access(struct vcpu *v, struct device_access *a);

/** Apply the domain's clock and the vCPU's own adjustment to the vCPU's TSC. */
void hvm_update_tsc_offset(struct x86_vcpu *xv);

/** Guest MSRs at power-on. */
void hvm_msrs_init(struct x86_vcpu *xv);

/** Read the host's CPUID once; make a domain's own policy. */
void hvm_cpuid_init(void);
int hvm_cpuid_domain_init(struct domain *d);
/** Put the largest policy that @d may be offered (NULL: any guest) into @p. */
void hvm_cpuid_make(struct cpuid_policy *p, const struct domain *d);

/** True if the vCPU runs 64-bit code; else it runs 32-bit or 16-bit code, in whatever mode. */
bool hvm_is_64bit(struct x86_vcpu *xv);

/** Put the hypercall page of @d at @at. 0, or -1 when there is no memory. */
int hvm_write_hypercall_page(struct domain *d, gpaddr_t at);

/** Set hvm to the table of the machine's extension; panics with the reason when there is none. */
void hvm_choose_vendor(void);
/** Register the debug keys: registers; exits by reason. */
void hvm_dump_init(void);
void hvm_stats_init(void);

/** FPU and extended state. */
void fpu_init(void);
/** Components of XCR0 that the host has enabled; 0 without XSAVE. */
u64 fpu_host_xcr0(void);
int fpu_vcpu_init(struct x86_vcpu *xv);
void fpu_vcpu_destroy(struct x86_vcpu *xv);
void fpu_save(struct x86_vcpu *xv);
void fpu_load(struct x86_vcpu *xv);
/** Set XCR0 as XSETBV does. 0, or -1 for #GP. */
int fpu_set_xcr0(struct x86_vcpu *xv, u64 val);
/** Replace the x87 and SSE state by an FXSAVE image whose MXCSR is valid. */
void fpu_set_legacy(struct x86_vcpu *xv, const void *image);

struct x86_emul_ctx;
/** Vector registers of the current vCPU; slots of the emulator's operations. */
int hvm_get_vec(struct x86_emul_ctx *ctx, u32 reg, void *buf, u32 bytes);
int hvm_put_vec(struct x86_emul_ctx *ctx, u32 reg, const void *buf, u32 bytes, bool zero_upper);

/** vCPU state after a startup IPI. */
void hvm_set_sipi_state(struct x86_vcpu *xv, u8 vector);

#endif
