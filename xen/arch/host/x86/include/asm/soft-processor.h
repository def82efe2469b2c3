/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The software processor of the host port's x86 guests, for tests and fuzzers. VMRUN calls a
 * function of the test, which is the guest: it sees and changes the guest's registers and chooses
 * the exit. The processor checks what the hypervisor hands it as APM volume 2, section 15.5.1
 * demands, and panics where a real one would refuse, so that no illegal guest state goes unnoticed.
 */
#ifndef ASM_HOST_X86_SOFT_PROCESSOR_H
#define ASM_HOST_X86_SOFT_PROCESSOR_H

#include <xen/domain.h>

#include <asm/psr.h>
#include <psr/provider.h>
#include <svm/vmcb.h>

/** The registers that VMLOAD and VMSAVE move. */
struct soft_lazy {
	struct vmcb_seg fs, gs, tr, ldtr;
	u64 kernel_gs_base, star, lstar, cstar, sfmask;
	u64 sysenter_cs, sysenter_esp, sysenter_eip;
};

/** What a VMRUN gives the guest before its first instruction. */
struct soft_entry {
	struct vcpu *v;
	struct vmcb *vmcb;
	u64 *gpr;		/* in encoding order; RAX and RSP are in the control block */
	struct soft_lazy *lazy;
	u64 event;		/* the event that EVENTINJ delivered; 0: none */
	s32 vector;		/* the interrupt that the guest took by V_IRQ; -1: none */
};

/**
 * The guest's turn. It runs until it sets exit_code, exit_info1, exit_info2 and next_rip in the
 * control block; exit_int_info and an exit code of VMEXIT_INTR are preset. GIF is clear, no locks.
 */
typedef void (*soft_guest_fn)(struct soft_entry *e);
void soft_guest_set(soft_guest_fn fn);

/** From a guest: let @ns of time pass, or less if an interrupt of this CPU comes. */
void soft_guest_computes(s_time_t ns);

/** Reason why VMRUN would refuse @b, or NULL. */
const char *soft_vmrun_refuses(const struct vmcb *b);

/* ---- the machine around it ---- */

#define SOFT_IOAPIC_BASE 0xfec00000UL
#define SOFT_NR_GSIS 24
#define SOFT_PCI_WINDOW 0xe0000000UL
#define SOFT_PCI_FUNCTIONS 5
#define SOFT_PCI_SERIAL 4	/* the function that is the hypervisor's serial port */
/** Physical memory of the functions' registers, from here on 64 KiB each. */
#define SOFT_PCI_BAR_BASE 0xf0000000UL

/** Let line @gsi, or the MSI of @vector, fire on the running CPU. No effect while nobody has it. */
void soft_line_fires(u32 gsi);
void soft_msi_fires(u8 vector);
/** The vectors in use; 0 after each run whose domains are gone. */
u32 soft_vectors_in_use(void);
/** Configuration registers of all functions as after a reset. */
void soft_pci_reset(void);

#define SOFT_CACHE_EVENTS 3U

/** The caches of the last level; there is no monitoring and allocation while caps.l3_bytes is 0. */
struct soft_cache {
	struct psr_caps caps;	/* set before psr_init() */
	u64 count[PSR_MAX_SOCKETS][SOFT_CACHE_EVENTS][PSR_MAX_RMIDS];	/* as in IA32_QM_CTR */
	u32 mask[PSR_MAX_SOCKETS][PSR_MAX_COSES];
	u64 pqr[NR_CPUS];
	u32 pqr_writes[NR_CPUS];
};
extern struct soft_cache soft_cache;

/** Enable SVM on all CPUs and read CPUID, as the boot does. After host_init(), before
 * host_start(). */
void soft_processor_init(void);

#endif
