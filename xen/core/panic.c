/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ends of the hypervisor: a broken invariant, and a boot that cannot go on. */
#include <xen/console.h>
#include <xen/format.h>
#include <xen/hal/cpu.h>
#include <xen/hal/machine.h>
#include <xen/hal/smp.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/trace.h>

static bool opt_noreboot;
PARAM_BOOL_VAR("noreboot", noreboot, opt_noreboot);

/* Number of the panicking CPU plus 1; 0: none. */
static u32 panic_cpu;

void panic(const char *fmt, ...)
{
	static char message[512];
	u32 me = hal_smp_cpu_id() + 1, first = 0;
	va_list ap;

	hal_irq_disable();
	if (!__atomic_compare_exchange_n(&panic_cpu, &first, me, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST)) {
		/* Another CPU is panicking, or the report itself failed and would fail again. */
		if (first == me)
			printk(LOG_ERR "panic while panicking\n");
		hal_cpu_halt();
	}
	console_force_sync();
	va_start(ap, fmt);
	vscnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	printk(LOG_ERR "****************************************\n");
	printk(LOG_ERR "Panic on CPU %u: %s\n", me - 1, message);
	hal_cpu_dump_state();
	printk(LOG_ERR "****************************************\n");
	hal_smp_stop_others();
	trace_dump();
	if (opt_noreboot) {
		printk(LOG_ERR "Halted (noreboot)\n");
		hal_cpu_halt();
	}
	hal_machine_restart();
}

void boot_reject(const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printk(LOG_ERR "Cannot boot: %s\n", text);
	/* No interrupt or timer will send what a port's ring holds. */
	console_force_sync();
	hal_cpu_halt();
}
