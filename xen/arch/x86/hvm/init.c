/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Setup for guests, at boot and on each CPU. */
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/printk.h>

#include "private.h"

void hvm_init(void)
{
	hvm_choose_vendor();
	fpu_init();
	if (hvm->cpu_up())
		panic("%s could not be enabled", hvm->name);
	hvm_cpuid_init();
	hvm_dump_init();
	hvm_stats_init();
	printk(LOG_INFO "Guests run with %s\n", hvm->name);
}

void hvm_cpu_up(void)
{
	fpu_init();
	if (hvm->cpu_up())
		panic("CPU %u: %s could not be enabled", hal_smp_cpu_id(), hvm->name);
}
