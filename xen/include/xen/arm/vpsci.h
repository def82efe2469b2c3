/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware of an ARM guest: SMCCC 1.1 (DEN0028) and PSCI 1.0 (DEN0022). vCPUs are named by the
 * affinity fields of their MPIDR_EL1, as vgic_mpidr() gives them.
 */
#ifndef XEN_ARM_VPSCI_H
#define XEN_ARM_VPSCI_H

#include <xen/arm/regs.h>

/** A vCPU as CPU_ON and AFFINITY_INFO see it. */
enum vpsci_power { VPSCI_ABSENT, VPSCI_OFF, VPSCI_ON };

struct vpsci;

/** What the calls do to the domain. A vCPU's number is below nr_vcpus. No lock is held. */
struct vpsci_ops {
	enum vpsci_power (*power)(struct vpsci *p, u32 vcpu);
	/** Start @vcpu, which is not absent, at @entry with @arg in X0. False: it is on. */
	bool (*turn_on)(struct vpsci *p, u32 vcpu, u64 entry, u64 arg);
	/** The calling vCPU is off, until another one turns it on. */
	void (*turn_off)(struct vpsci *p, u32 vcpu);
	/** The calling vCPU sleeps until there is an interrupt for it. */
	void (*suspend)(struct vpsci *p, u32 vcpu);
	/** The domain ends, or starts again. */
	void (*shut_down)(struct vpsci *p, bool reset);
};

/** Firmware of one domain. */
struct vpsci {
	const struct vpsci_ops *ops;	/* [const] */
	u32 nr_vcpus;			/* [const] */
};

/** vCPU @vcpu calls its firmware: function and arguments in X0 to X3, the result in X0. */
void vpsci_call(struct vpsci *p, u32 vcpu, struct cpu_regs *r);

#endif
