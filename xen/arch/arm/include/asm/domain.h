/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARM's part of a domain and a vCPU. */
#ifndef ASM_ARM_DOMAIN_H
#define ASM_ARM_DOMAIN_H

#include <xen/arm/vgic.h>
#include <xen/arm/vpsci.h>
#include <xen/arm/vsysreg.h>
#include <xen/domain.h>
#include <xen/fdt_write.h>
#include <xen/guest_map.h>
#include <asm/gic.h>
#include <asm/traps.h>

/** Width of guest physical addresses: what the second-stage format has. */
#define GUEST_PHYS_BITS 40

/* Interrupts of the virtual machine (ABI: public/arch-arm.h). */
#define VIRQ_TIMER_SECURE 29
#define VIRQ_TIMER_PHYS 30
#define VIRQ_TIMER_VIRT 27
#define VIRQ_EVENTS 31

enum exit_class {
	EXIT_OTHER,
	EXIT_INTERRUPT,		/* of the host: device, timer, IPI */
	EXIT_HYPERCALL,
	EXIT_PSCI,
	EXIT_WAIT,		/* WFI, WFE */
	EXIT_SYSREG,
	EXIT_DATA,		/* memory that the p2m does not map, including emulated devices */
	EXIT_INSN,
	EXIT_CLASSES
};

/** System registers of EL1 and EL0 that are loaded while the vCPU is on a CPU. */
struct el1_state {
	u64 sctlr, actlr, cpacr, ttbr0, ttbr1, tcr, mair, amair, vbar, contextidr;
	u64 esr, far, afsr0, afsr1, par, elr, spsr, sp_el0, sp_el1;
	u64 tpidr_el0, tpidrro_el0, tpidr_el1, csselr, cntkctl;
};

struct arm_vcpu {
	struct vcpu v;
	struct cpu_regs regs;
	struct el1_state el1;
	u64 fp[2 * 32] __aligned(16);
	u64 fpcr, fpsr;
	struct gic_vcpu gic;
	bool refill;		/* an exit is wanted as soon as list registers are free */
	bool lrs_pending;	/* off its CPU: list registers hold what the guest has not taken */
	struct vgic_vcpu vgic;
	struct vsysreg sysreg;		/* with the physical timer's registers */
	struct arm_timer virt;		/* the virtual timer's, while not in the processor */
	struct timer virt_timer;	/* raises its interrupt while the vCPU is off its CPU */
	struct timer phys_timer;
	u32 irq_cpu;		/* where the machine's interrupts for it go */
	u64 exits[EXIT_CLASSES];	/* written by the CPU that runs it, read by any */
};

struct arm_domain {
	struct domain d;
	struct guest_map map;
	struct vpsci psci;
	struct vgic vgic;
	struct vgic_vcpu **vgic_vcpu;
	struct vgic_irq *spi;
	u64 gicd;		/* guest physical address of its distributor */
	u64 gicr;		/* and of its redistributors; v2: its CPU interface */
	u64 vttbr;		/* root and VMID */
	u64 cntvoff;
	u64 id[NR_ARM_IDS];	/* identification registers as its vCPUs see them */
	u64 paging_pool;	/* bytes the toolstack set aside for page tables */
	u16 vmid;
	bool partial;		/* it has devices by the partial tree that was read last; boot */
};

static inline struct arm_vcpu *to_av(const struct vcpu *v)
{
	return container_of(v, struct arm_vcpu, v);
}
static inline struct arm_domain *to_ad(const struct domain *d)
{
	return container_of(d, struct arm_domain, d);
}

/** Prepare for guests: at boot, and on each CPU before it is online. */
void guests_init(void);
void guests_cpu_up(void);

/** What a guest of the manifest is told of the machine's devices that it has: nodes for its tree,
 * whose root is open in @w, and the phandle that they have for its controller (0: none). Boot. */
void guest_write_devices(const struct domain *d, struct fdt_writer *w);
u32 guest_gic_phandle(const struct domain *d);

#endif
