/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel's virtual-machine extensions (SDM volume 3, chapters 23 to 28): finding out what they can
 * do, and enabling them on each CPU.
 */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/ops.h>
#include <xen/p2m_fmt.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

#include <asm/features.h>
#include <asm/mm.h>
#include <asm/msr.h>

#include "apic.h"
#include "state.h"

#define CPUID1_VMX BIT(5)	/* in ECX */

#define FEATURE_CONTROL_LOCKED BIT(0)
#define FEATURE_CONTROL_VMXON BIT(2)

#define MSR_VMX_BASIC 0x480
#define MSR_VMX_CR0_FIXED0 0x486
#define MSR_VMX_CR0_FIXED1 0x487
#define MSR_VMX_CR4_FIXED0 0x488
#define MSR_VMX_CR4_FIXED1 0x489
#define MSR_VMX_PROC2 0x48b
#define MSR_VMX_EPT_VPID 0x48c
#define MSR_VMX_TRUE_PIN 0x48d
#define MSR_VMX_TRUE_PROC 0x48e
#define MSR_VMX_TRUE_EXIT 0x48f
#define MSR_VMX_TRUE_ENTRY 0x490

#define BASIC_TRUE_CONTROLS BIT(55)

#define MSR_VMX_MISC 0x485
#define MISC_TIMER_SHIFT 0x1fUL	/* the preemption timer counts the TSC divided by 2^this */

struct vmx_caps vmx_caps;
struct vmx_controls vmx_controls;
u32 vmx_slice_ticks;

/* Microseconds; 0: a guest runs until something ends its run. */
static u32 slice_us;
PARAM_UINT_VAR("vmx_slice_us", vmx_slice, slice_us);

/* For emulators too: what follows a fault that the processor delivers is lost on several CPUs. */
bool vmx_catch_faults;
PARAM_BOOL_VAR("vmx_catch_faults", vmx_catch_faults, vmx_catch_faults);

/*
 * Physical interrupts end a guest's run whatever its own interrupt flag says. Where an emulator
 * gets that wrong, ending each run after a while makes sure that they are looked for.
 */
static void set_slice(void)
{
	u32 shift = rdmsr(MSR_VMX_MISC) & MISC_TIMER_SHIFT;
	u64 ticks = (u64)slice_us * hal_cycles_khz() / 1000 >> shift;

	if (!slice_us)
		return;
	if (!(vmx_caps.pin >> 32 & VMX_PIN_PREEMPTION)) {
		printk(LOG_ERR "vmx: vmx_slice_us= has no effect: this CPU has no preemption "
		       "timer\n");
		return;
	}
	vmx_controls.pin |= VMX_PIN_PREEMPTION;
	vmx_slice_ticks = (u32)max(min(ticks, (u64)UINT32_MAX), 1UL);
}

/* MSRs that depend on others are read only where those say that they exist. */
static void read_caps(struct vmx_caps *c)
{
	*c = (struct vmx_caps){
		.basic = rdmsr(MSR_VMX_BASIC),
		.cr0_fixed0 = rdmsr(MSR_VMX_CR0_FIXED0), .cr0_fixed1 = rdmsr(MSR_VMX_CR0_FIXED1),
		.cr4_fixed0 = rdmsr(MSR_VMX_CR4_FIXED0), .cr4_fixed1 = rdmsr(MSR_VMX_CR4_FIXED1),
	};
	if (!(c->basic & BASIC_TRUE_CONTROLS))
		return;
	c->pin = rdmsr(MSR_VMX_TRUE_PIN);
	c->proc = rdmsr(MSR_VMX_TRUE_PROC);
	c->exit = rdmsr(MSR_VMX_TRUE_EXIT);
	c->entry = rdmsr(MSR_VMX_TRUE_ENTRY);
	if (c->proc >> 32 & VMX_PROC_SECONDARY)
		c->proc2 = rdmsr(MSR_VMX_PROC2);
	if (c->proc2 >> 32 & (VMX_PROC2_EPT | VMX_PROC2_VPID))
		c->ept_vpid = rdmsr(MSR_VMX_EPT_VPID);
}

static bool allowed_by_firmware(void)
{
	u64 v = rdmsr(MSR_FEATURE_CONTROL);

	return !(v & FEATURE_CONTROL_LOCKED) || (v & FEATURE_CONTROL_VMXON);
}

/* Secondary controls without which guests would lack instructions that CPUID shows them. */
static u32 controls_for_insns(void)
{
	bool rdtscp = cpuid(0x80000001).edx & BIT(27), invpcid = cpuid(7).ebx & BIT(10);

	return (rdtscp ? VMX_PROC2_RDTSCP : 0) | (invpcid ? VMX_PROC2_INVPCID : 0);
}

static bool vmx_detect(void)
{
	const char *lacks;

	if (!(cpuid(1).ecx & CPUID1_VMX))
		return false;
	if (!allowed_by_firmware()) {
		printk(LOG_ERR "vmx: switched off by the firmware; enable VT-x in its setup\n");
		return false;
	}
	read_caps(&vmx_caps);
	lacks = vmx_choose_controls(&vmx_caps, controls_for_insns(), &vmx_controls);
	if (lacks) {
		printk(LOG_ERR "vmx: this CPU lacks %s, which Xenolith needs\n", lacks);
		return false;
	}
	set_slice();
	vmx_apic_detect();
	if (!(vmx_controls.proc2 & VMX_PROC2_VPID))
		printk(LOG_INFO "vmx: no VPIDs: each entry to a guest empties the TLB\n");
	return true;
}

static bool vmxon(u64 pa)
{
	bool ok;

	__asm__ volatile("vmxon %[pa]" : "=@cca"(ok) : [pa] "m"(pa) : "cc", "memory");
	return ok;
}

static int vmx_cpu_up(void)
{
	struct page_info *pg = alloc_pages(0, 0);
	u64 control = rdmsr(MSR_FEATURE_CONTROL);
	struct vmx_caps caps;

	if (!pg)
		return -XEN_ENOMEM;
	read_caps(&caps);
	/* Guests move between CPUs, so all must allow the same. */
	if (memcmp(&caps, &vmx_caps, sizeof(caps)) || !allowed_by_firmware()) {
		printk(LOG_ERR "vmx: CPU %u differs from the first one\n", hal_smp_cpu_id());
		return -XEN_EOPNOTSUPP;
	}
	vmx_make_maps();
	if (!(control & FEATURE_CONTROL_LOCKED))
		wrmsr(MSR_FEATURE_CONTROL,
		      control | FEATURE_CONTROL_VMXON | FEATURE_CONTROL_LOCKED);
	write_cr4(read_cr4() | X86_CR4_VMXE);
	*(u32 *)page_to_virt(pg) = (u32)vmx_caps.basic & 0x7fffffff;
	if (!vmxon(mfn_to_paddr(page_to_mfn(pg)).v))
		return -XEN_EIO;
	vmx_tlb_init_cpu();
	vmx_apic_cpu_up();
	return 0;
}

u32 vmx_phys_bits(void)
{
	return boot_cpu.phys_bits;
}

static const u8 vmcall_insn[] = { 0x0f, 0x01, 0xc1 };

const struct hvm_ops vmx_ops = {
	.name = "VMX",
	.p2m_fmt = &p2m_fmt_ept,
	.hypercall_insn = vmcall_insn,
	.detect = vmx_detect,
	.cpu_up = vmx_cpu_up,
	.vcpu_init = vmx_vcpu_init,
	.vcpu_destroy = vmx_vcpu_destroy,
	.switch_from = vmx_switch_from,
	.switch_to = vmx_switch_to,
	.run = vmx_run,
	.state_begin = vmx_state_begin,
	.state_end = vmx_state_end,
	.get_cr = vmx_get_cr,
	.set_cr = vmx_set_cr,
	.get_paging = vmx_get_paging,
	.get_efer = vmx_get_efer,
	.set_efer = vmx_set_efer,
	.get_rip = vmx_get_rip,
	.set_rip = vmx_set_rip,
	.get_rflags = vmx_get_rflags,
	.set_rflags = vmx_set_rflags,
	.get_dr = vmx_get_dr,
	.set_dr = vmx_set_dr,
	.get_cpl = vmx_get_cpl,
	.get_seg = vmx_get_seg,
	.set_seg = vmx_set_seg,
	.read_msr = vmx_read_msr,
	.write_msr = vmx_write_msr,
	.inject_exception = vmx_inject_exception,
	.inject_nmi = vmx_inject_nmi,
	.nmi_blocked = vmx_nmi_blocked,
	.event_pending = vmx_event_pending,
	.get_event = vmx_get_event,
	.set_event = vmx_set_event,
	.post = vmx_post,
	.collect_posts = vmx_collect_posts,
	.interrupt_shadow = vmx_interrupt_shadow,
	.set_interrupt_shadow = vmx_set_interrupt_shadow,
	.reset_events = vmx_reset_events,
	.set_tsc_offset = vmx_set_tsc_offset,
	.set_pat = vmx_set_pat,
	.set_policy = vmx_set_policy,
	.flush_tlb = vmx_flush_tlb,
	.allow_ports = vmx_allow_ports,
};
OPS_TABLE(vmx_ops, name);
