/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deferred work of a CPU: a word of pending bits and a table of handlers. */
#include <xen/hal/smp.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/softirq.h>

static void (*handlers[NR_SOFTIRQS])(void);	/* filled at boot */

DEFINE_PER_CPU(u32, softirq_bits);		/* atomic */

void softirq_register(enum softirq nr, void (*fn)(void))
{
	/* A handler is never replaced: a CPU may be about to call it. */
	ASSERT(nr < NR_SOFTIRQS && fn && (!handlers[nr] || handlers[nr] == fn));
	handlers[nr] = fn;
}

void softirq_raise(enum softirq nr)
{
	ASSERT(nr < NR_SOFTIRQS);
	__atomic_fetch_or(&this_cpu(softirq_bits), (u32)BIT(nr), __ATOMIC_SEQ_CST);
}

void softirq_raise_cpu(u32 cpu, enum softirq nr)
{
	u32 old = __atomic_fetch_or(&per_cpu(softirq_bits, cpu), (u32)BIT(nr), __ATOMIC_SEQ_CST);

	/* If the bit was set before, the CPU has been kicked already. */
	if (cpu != hal_smp_cpu_id() && !(old & BIT(nr)))
		hal_smp_kick(cpu);
}

void softirq_run(void)
{
	u32 work;

	ASSERT(hal_irq_is_enabled());
	/* Take all bits each round, so that work that raises itself cannot delay the rest. */
	while ((work = __atomic_exchange_n(&this_cpu(softirq_bits), 0, __ATOMIC_SEQ_CST)) != 0) {
		for (; work; work &= work - 1) {
			void (*fn)(void) = handlers[__builtin_ctz(work)];

			if (fn)
				fn();
		}
	}
}
