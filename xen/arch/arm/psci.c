/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's power calls (DEN0022), by SMC: those of EL2 go to EL3. */
#include <asm/smp.h>

#include <xen/errno.h>
#include <xen/hal/machine.h>
#include <xen/hal/cpu.h>
#include <xen/printk.h>
#include <asm/setup.h>

#define PSCI_VERSION 0x84000000
#define PSCI_CPU_ON 0xc4000003
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009

static bool usable;

static u64 smc(u64 fn, u64 a, u64 b, u64 c)
{
	register u64 x0 __asm__("x0") = fn;
	register u64 x1 __asm__("x1") = a;
	register u64 x2 __asm__("x2") = b;
	register u64 x3 __asm__("x3") = c;

	/* SMCCC (DEN0028): a callee of version 1.0 may change x4 to x17. */
	__asm__ volatile("smc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory");
	return x0;
}

void __init psci_init(void)
{
	u64 v;

	if (!machine.has_psci) {
		printk(LOG_WARN "PSCI: none in the device tree: one CPU, no reset or power-off\n");
		return;
	}
	if (machine.psci_uses_hvc) {
		printk(LOG_WARN "PSCI: the firmware wants HVC, which EL2 does not have\n");
		return;
	}
	if (machine.psci_version < 2) {
		printk(LOG_WARN "PSCI: version 0.1 is not supported\n");
		return;
	}
	v = smc(PSCI_VERSION, 0, 0, 0);
	printk(LOG_INFO "PSCI: version %u.%u\n", (u32)v >> 16, (u32)v & 0xffff);
	usable = true;
}

int psci_cpu_on(u64 mpidr, u64 entry_pa, u64 arg)
{
	return usable ? (int)smc(PSCI_CPU_ON, mpidr, entry_pa, arg) : -1;
}

void psci_system_off(void)
{
	if (usable)
		smc(PSCI_SYSTEM_OFF, 0, 0, 0);
}

void psci_system_reset(void)
{
	if (usable)
		smc(PSCI_SYSTEM_RESET, 0, 0, 0);
}

void hal_machine_restart(void)
{
	psci_system_reset();
	printk(LOG_ERR "The firmware cannot reset the machine; it stops here\n");
	hal_cpu_halt();
}

void hal_machine_power_off(void)
{
	psci_system_off();
	printk(LOG_ERR "The firmware cannot power the machine off; it stops here\n");
	hal_cpu_halt();
}
