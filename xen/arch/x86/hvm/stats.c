/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts of guest exits by reason, printed on debug key 'x' and at a domain's end. */
#include <xen/console.h>
#include <xen/format.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>
#include <xen/rcu.h>

#include "private.h"

static const char *const class_names[EXIT_CLASSES] = {
	[EXIT_OTHER] = "other",
	[EXIT_INTERRUPT] = "interrupt",
	[EXIT_HYPERCALL] = "hypercall",
	[EXIT_NESTED_FAULT] = "nested-fault",
	[EXIT_IO] = "io",
	[EXIT_MSR] = "msr",
	[EXIT_CPUID] = "cpuid",
	[EXIT_HLT] = "hlt",
	[EXIT_CONTROL] = "control",
	[EXIT_EXCEPTION] = "exception",
	[EXIT_APIC] = "apic",
};

/* Format "total=5 io=3 hlt=2" for one vCPU, or for all when @only is NULL. */
static void format_exits(const struct domain *d, const struct vcpu *only, char *buf, size_t size)
{
	u64 sum[EXIT_CLASSES] = { 0 }, total = 0;
	const struct vcpu *v;
	int n;

	for_each_vcpu(d, v)
		for (u32 i = 0; i < EXIT_CLASSES && (!only || v == only); i++)
			sum[i] += READ_ONCE(to_xv(v)->exits[i]);
	for (u32 i = 0; i < EXIT_CLASSES; i++)
		total += sum[i];
	n = scnprintf(buf, size, "total=%lu", total);
	for (u32 i = 0; i < EXIT_CLASSES; i++)
		if (sum[i])
			n += scnprintf(buf + n, size - (size_t)n, " %s=%lu", class_names[i],
				       sum[i]);
}

void hal_domain_report(const struct domain *d)
{
	char buf[256];

	format_exits(d, NULL, buf, sizeof(buf));
	printk(LOG_G_INFO "d%u exits: %s\n", d->id, buf);
}

static void dump_exits(char key)
{
	const struct domain *d;
	const struct vcpu *v;
	char buf[256];

	rcu_read_lock();
	for (d = domain_next(NULL); d; d = domain_next(d))
		for_each_vcpu(d, v) {
			format_exits(d, v, buf, sizeof(buf));
			printk(LOG_INFO "d%uv%u exits: %s\n", d->id, v->id, buf);
		}
	rcu_read_unlock();
}

void hvm_stats_init(void)
{
	keyhandler_register('x', dump_exits, "show the exits of all vCPUs by reason");
}
