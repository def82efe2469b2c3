/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between online CPUs. */
#include <asm/smp.h>

#include <xen/percpu.h>
#include <xen/printk.h>
#include <asm/apic.h>
#include <asm/time.h>
#include <asm/traps.h>

#include "smp.h"

#define STOP_WAIT_US 10000

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
		apic_send_ipi(cpu, VECTOR_KICK);
}

/* The interrupt or VM exit is all that is needed: the softirqs are checked on the way out of it. */
static void kick_vector(u8 vector)
{
	apic_eoi();
}

static void run_calls(void)
{
	cpumask_t *from = &this_cpu(call_from);
	u32 cpu;

	cpumask_for_each(cpu, from) {
		struct smp_call_slot *slot = &per_cpu(call_slot, cpu);

		if (!cpumask_test_and_clear(from, cpu))
			continue;
		/* The sender waits for all receivers before it uses its slot again. */
		ASSERT(slot->fn && __atomic_load_n(&slot->pending, __ATOMIC_RELAXED));
		slot->fn(slot->arg);
		__atomic_sub_fetch(&slot->pending, 1, __ATOMIC_RELEASE);
	}
}

static void call_vector(u8 vector)
{
	apic_eoi();
	run_calls();
}

static void wait_done(const struct smp_call_slot *slot)
{
	while (__atomic_load_n(&slot->pending, __ATOMIC_ACQUIRE)) {
		/*
		 * Run others' calls meanwhile: two CPUs with interrupts off that call each other
		 * would deadlock.
		 */
		if (!hal_irq_is_enabled())
			run_calls();
		hal_cpu_relax();
	}
}

static void run_here(void (*fn)(void *arg), void *arg)
{
	u64 flags = hal_irq_save();

	cpu_info()->irq_depth++;
	fn(arg);
	cpu_info()->irq_depth--;
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
		ASSERT(!slot->pending);
		slot->fn = fn;
		slot->arg = arg;
		__atomic_store_n(&slot->pending, cpumask_weight(&others), __ATOMIC_RELEASE);
		cpumask_for_each(cpu, &others)
			cpumask_test_and_set(&per_cpu(call_from, cpu), self);
		apic_send_ipi_mask(&others, VECTOR_CALL);
	}
	if (cpumask_test(mask, self))
		run_here(fn, arg);
	if (wait)
		wait_done(slot);
}

static void stop_vector(u8 vector)
{
	cpumask_test_and_clear(&cpu_online_map, hal_smp_cpu_id());
	hal_cpu_halt();
}

static bool stop_nmi(const struct cpu_regs *regs)
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

static void wait_stopped(void)
{
	cpumask_t others;

	for (u32 us = 0; us < STOP_WAIT_US && others_left(&others); us += 10)
		udelay(10);
}

/* Send an IPI first; a CPU that spins with interrupts off needs an NMI. */
void hal_smp_stop_others(void)
{
	cpumask_t others;
	u32 cpu;

	if (!others_left(&others))
		return;
	apic_send_ipi_mask(&others, VECTOR_STOP);
	wait_stopped();
	if (!others_left(&others))
		return;
	nmi_set_handler(stop_nmi);
	cpumask_for_each(cpu, &others)
		apic_send_nmi(cpu);
	wait_stopped();
}

void __init smp_take_vectors(void)
{
	irq_set_handler(VECTOR_KICK, kick_vector);
	irq_set_handler(VECTOR_CALL, call_vector);
	irq_set_handler(VECTOR_STOP, stop_vector);
}
