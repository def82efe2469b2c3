/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that run guests. */
#ifndef ARCH_ARM_GUEST_PRIVATE_H
#define ARCH_ARM_GUEST_PRIVATE_H

#include <asm/cpu.h>
#include <asm/domain.h>
#include <asm/sysreg.h>

struct xen_domctl;

/** Handle the exception that ended the guest's run. Interrupts on. */
void guest_handle_sync(struct arm_vcpu *av);

/** Give the guest an exception of its own: undefined instruction, or external abort of data. */
void guest_inject_undefined(struct arm_vcpu *av);
void guest_inject_abort(struct arm_vcpu *av, u64 far, bool insn);

/** The guest calls the hypervisor, or its firmware, which each domain has. */
void guest_hypercall(struct arm_vcpu *av);
void guest_firmware(struct arm_vcpu *av);
void guest_firmware_init(struct arm_domain *ad, u32 nr_vcpus);
/** System registers that trap, of a domain and of a vCPU. */
void guest_sysregs_init_domain(struct arm_domain *ad);
void guest_sysregs_init(struct arm_vcpu *av);
/** True: the instruction is done, skip it; false: it is handled otherwise. */
bool guest_mmio(struct arm_vcpu *av, u64 gpa, u32 iss);

/** The vCPU is started, at @pc with @arg in X0. It is off. */
void guest_vcpu_reset(struct arm_vcpu *av, u64 pc, u64 arg);

/** Give the hardware domain the machine's devices: their registers and their interrupts, without
 * those that guests of the manifest get. Boot. 0 or a negative error. */
int guest_give_devices(struct domain *d);
/** Restrict all devices to the memory of the domains that have them, if none is yet. Boot. */
void guest_start_iommu(void);
/** Is this interrupt, or stream of an IOMMU, one of a device that a guest of the manifest gets? */
bool guest_device_passed_irq(u32 irq);
bool guest_device_passed_stream(u16 stream);

/**
 * Give @d the machine's shared interrupt @irq, under the same number. Under the control lock, or at
 * boot. 0 also if it has it already; -XEN_EINVAL: there is no such one, in the machine or in the
 * domain; -XEN_EBUSY: it is the hypervisor's, another guest's, or the hardware domain uses it.
 */
int guest_irq_give(struct domain *d, u32 irq);
/** Take all from @d, which is dying; its vCPUs do not run any more. What the hardware domain had
 * before is its own again. Under the control lock. */
void guest_irqs_take(struct domain *d);
/** XEN_DOMCTL_bind_pt_irq and XEN_DOMCTL_unbind_pt_irq. Control lock. */
long guest_irq_domctl(struct vcpu *v, struct domain *d, const struct xen_domctl *op);
/** What the virtual GIC does to the machine's interrupts; see struct vgic_ops. */
void guest_irq_enable(struct vgic *g, u32 hwirq, bool on, bool edge);
void guest_irq_end(struct vgic *g, u32 hwirq);
void guest_irq_route(struct vgic *g, u32 hwirq, u32 vcpu);

/** Make the domain's interrupt controller. 0 or a negative error. */
int guest_vgic_init(struct domain *d, const struct domain_config *cfg);
/** Before the current vCPU runs, when something is ready: fill list registers. Interrupts off. */
void guest_offer_interrupts(struct arm_vcpu *av);
/** Let the model know what the guest has done with its interrupts. @av is current. */
void guest_sync_interrupts(struct arm_vcpu *av);
/** Do the list registers hold what the guest has not taken? @av is loaded on this CPU. */
bool guest_lrs_pending(const struct arm_vcpu *av);
/** The interrupt of list registers that run out: at boot, and on each CPU. */
void guest_interrupts_init(void);
void guest_interrupts_cpu_up(void);

/** Timers: into and out of the processor. */
void vtimers_init(struct arm_vcpu *av);
void vtimers_destroy(struct arm_vcpu *av);
void vtimers_save(struct arm_vcpu *av);
void vtimers_load(struct arm_vcpu *av);
/** EL1's virtual timer has fired on this CPU. */
void vtimer_irq(u32 irq);
/** The guest has set its physical timer. */
void vtimer_phys_changed(struct arm_vcpu *av);

#endif
