/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86's part of a domain and a vCPU. */
#ifndef ASM_X86_DOMAIN_H
#define ASM_X86_DOMAIN_H

#include <xen/domain.h>
#include <xen/guest_map.h>
#include <xen/x86/cpuid-policy.h>
#include <xen/x86/devices.h>
#include <xen/x86/msr-policy.h>
#include <xen/x86/pending.h>
#include <xen/x86/pc.h>
#include <xen/x86/posted.h>
#include <xen/x86/vlapic.h>

#include <asm/psr.h>

/** Width of guest physical addresses. */
#define GUEST_PHYS_BITS 48

enum gpr { GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI, GPR_R8, GPR_R9,
	   GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15, GPR_COUNT };

/** Reasons for guest exits, as counted in the statistics. */
enum exit_class {
	EXIT_OTHER,
	EXIT_INTERRUPT,		/* of the host: device, timer, IPI */
	EXIT_HYPERCALL,
	EXIT_NESTED_FAULT,	/* memory that the p2m does not map, including emulated devices */
	EXIT_IO,
	EXIT_MSR,
	EXIT_CPUID,
	EXIT_HLT,
	EXIT_CONTROL,		/* control and debug registers */
	EXIT_EXCEPTION,
	EXIT_APIC,		/* the part of a local APIC that the processor leaves to software */
	EXIT_CLASSES
};

/** An exception that a device model has injected; whoever changes the state owns the rest. */
struct dm_event {
	u8 state;	/* DM_EVENT_*; atomic */
	u8 vector;
	s32 error;	/* -1: none */
	u64 cr2;
};
enum { DM_EVENT_NONE, DM_EVENT_WRITING, DM_EVENT_WAITS };

/** Where a vector that is offered to the guest comes from. */
enum offer { OFFER_APIC, OFFER_CALLBACK, OFFER_PIC };

struct x86_vcpu {
	struct vcpu v;
	u64 gpr[GPR_COUNT];		/* RAX and RSP are copied at exit and entry */
	void *vendor;			/* the backend's own state: control block and more */
	u32 state_cpu, state_depth;	/* the CPU that accesses its registers: hvm/state.c */

	struct pending pending;		/* an access that a device answers later */
	u8 allowed;			/* X86_CLASS_* that may finish it */
	struct vlapic vlapic;
	/* [const] Where other CPUs post interrupts, at the start of a page; NULL: in vlapic */
	struct posted *posted;
	struct timer vlapic_timer;
	struct guest_msrs msrs;
	u8 upcall_vector;		/* HVMOP_set_evtchn_upcall_vector; 0: use the callback */
	u8 offered;			/* enum offer: whose the offered vector is */
	bool pic_asks;			/* the 8259s have an interrupt that it can take */
	/* Posted by any CPU, read by the one that runs the vCPU; work_pending after the others */
	bool work_pending, timer_due, nmi_pending, upcall_missed;
	bool wait_for_sipi;		/* atomic */
	struct dm_event dm_event;	/* injected by a device model */

	/* FPU: an XSAVE area (or FXSAVE); loaded while the vCPU is on a CPU */
	void *fpu_area;
	u32 fpu_cpu;			/* CPU whose registers held its state last */
	u64 xcr0;
	u64 dr[4];
	u64 tsc_offset;

	u64 exits[EXIT_CLASSES];	/* written by the CPU that runs it, read by any */
};

/** The page at which processors recognise accesses to local APICs. */
enum apic_page {
	APIC_PAGE_NONE,
	APIC_PAGE_MAPPED,
	APIC_PAGE_GIVEN_UP,	/* not any more, and never again */
};

struct chipset;
struct gsi_binding;
struct guest_pci;
struct host_ports;
struct pirqs;
struct hvm_lines;
struct vpci;

struct x86_domain {
	struct domain d;
	struct cpuid_policy *cpuid;
	u64 serial;			/* [const] never reused, unlike the id */
	struct vlapic **vlapics;	/* [max_vcpus], for finding destinations */
	struct guest_map map;
	struct device_table devices;
	struct device pit_device, vioapic_device;	/* of what is in pc below */
	struct device ioreq_device;	/* all device models in other domains */
	u32 pci_address;		/* port 0xcf8 of a guest that has some; atomic */
	/* Additional devices of the hardware domain; NULL for others */
	struct host_ports *host_ports;
	struct gsi_binding *bindings;	/* of the machine's lines to its IO-APICs */
	struct vpci *vpci;
	struct pirqs *pirqs;		/* of functions given to it; NULL: none. See hvm/pirq.c */
	struct guest_pci *guest_pci;	/* [const] its PCI bus; NULL: none */
	struct list_head passed_ports;	/* of the machine [control lock] */
	u32 emulation_flags;		/* [const] XEN_X86_EMU_* */
	struct pc_devices pc;		/* those in emulation_flags, and the PIT's counters */
	struct chipset *chipset;	/* what wires them; NULL: PVH, no interrupts from them */
	struct hvm_lines *lines;	/* to the interrupt controllers; NULL: none */
	struct spinlock vioapic_lock;	/* the interrupt controllers in pc, and lines */
	struct spinlock plat_lock;	/* the clocks and timers in pc */
	u8 apic_page;			/* enum apic_page [d.lock] */
	u8 callback_vector;		/* HVM_PARAM_CALLBACK_IRQ type 2; 0: none */
	bool callback_line;		/* the same, types 0 and 1: events of vCPU 0 raise a line */
	u64 tsc_offset;
	s_time_t boot_time;
	struct psr_domain psr;
	u64 paging_pool;		/* bytes the toolstack set aside for page tables */
};

static inline struct x86_vcpu *to_xv(const struct vcpu *v)
{
	return container_of(v, struct x86_vcpu, v);
}
static inline struct x86_domain *to_xd(const struct domain *d)
{
	return container_of(d, struct x86_domain, d);
}

#endif
