/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between online CPUs, by software-generated interrupts. */
#include <asm/smp.h>

#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <asm/gic.h>

#define STOP_WAIT_NS 10000000L

/*
 * A call in flight belongs to the caller's CPU. That CPU fills its slot when @pending is 0 and
 * sends it by setting its own bit in each receiver's call_from. So no lock is needed, and any
 * number of CPUs can call at the same time.
 */
struct smp_call_slot {
	void (*fn)(void *arg);
	void *arg;
	u32 pending;	/* atomic: receivers that have not finished */
};

static DEFINE_PER_CPU(struct smp_call_slot, call_slot);
static DEFINE_PER_CPU(cpumask_t, call_from);	/* atomic: CPUs whose slot waits for this one */

void hal_smp_kick(u32 cpu)
{
	ASSERT(cpu < nr_cpu_ids);
	if (cpu != hal_smp_cpu_id())
		gic->send_sgi(cpu, SGI_KICK);
}

static void kicked(u32 irq)
{
}

static void run_calls(void)
{
	cpumask_t *from = &this_cpu(call_from);
	u32 cpu;

	cpumask_for_each(cpu, from) {
		struct smp_call_slot *slot = &per_cpu(call_slot, cpu);

		if (!cpumask_test_and_clear(from, cpu))
			continue;
		ASSERT(slot->fn && __atomic_load_n(&slot->pending, __ATOMIC_RELAXED));
		slot->fn(slot->arg);
		__atomic_sub_fetch(&slot->pending, 1, __ATOMIC_RELEASE);
	}
}

static void called(u32 irq)
{
	run_calls();
}

static void wait_done(const struct smp_call_slot *slot)
{
	while (__atomic_load_n(&slot->pending, __ATOMIC_ACQUIRE)) {
		/* Two CPUs with interrupts off that call each other would deadlock. */
		if (!hal_irq_is_enabled())
			run_calls();
		hal_cpu_relax();
	}
}

static void run_here(void (*fn)(void *arg), void *arg)
{
	u64 flags = hal_irq_save();

	this_cpu(percpu_irq_depth)++;
	fn(arg);
	this_cpu(percpu_irq_depth)--;
	hal_irq_restore(flags);
}

void hal_smp_call(const cpumask_t *mask, void (*fn)(void *arg), void *arg, bool wait)
{
	struct smp_call_slot *slot = &this_cpu(call_slot);
	u32 self = hal_smp_cpu_id(), cpu;
	cpumask_t others;

	ASSERT(fn);
	cpumask_and(&others, mask, &cpu_online_map);
	cpumask_unset(&others, self);
	if (!cpumask_empty(&others)) {
		wait_done(slot);
		slot->fn = fn;
		slot->arg = arg;
		__atomic_store_n(&slot->pending, cpumask_weight(&others), __ATOMIC_RELEASE);
		cpumask_for_each(cpu, &others) {
			cpumask_test_and_set(&per_cpu(call_from, cpu), self);
			gic->send_sgi(cpu, SGI_CALL);
		}
	}
	if (cpumask_test(mask, self))
		run_here(fn, arg);
	if (wait)
		wait_done(slot);
}

static void stop(u32 irq)
{
	cpumask_test_and_clear(&cpu_online_map, hal_smp_cpu_id());
	hal_cpu_halt();
}

static bool others_left(cpumask_t *others)
{
	*others = cpu_online_map;
	cpumask_unset(others, hal_smp_cpu_id());
	return !cpumask_empty(others);
}

/* A CPU that spins with interrupts masked cannot be stopped: there is no other way to reach it. */
void hal_smp_stop_others(void)
{
	s_time_t start = hal_now_ns();
	cpumask_t others;
	u32 cpu;

	if (!gic || !others_left(&others))
		return;
	cpumask_for_each(cpu, &others)
		gic->send_sgi(cpu, SGI_STOP);
	while (others_left(&others) && hal_now_ns() - start < STOP_WAIT_NS)
		hal_cpu_relax();
}

void __init smp_take_messages(void)
{
	irq_set_handler(SGI_KICK, kicked);
	irq_set_handler(SGI_CALL, called);
	irq_set_handler(SGI_STOP, stop);
}
