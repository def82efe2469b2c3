/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Simulated CPUs: choosing the CPU that runs next, interrupts, messages between CPUs, the clock.
 *
 * Fibers are numbered by CPU + 1. Fiber 0 is the program itself, which is CPU 0 at first and the
 * observer later.
 */
#include <xen/console.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/timer.h>
#include <xen/hal/cpu.h>
#include <xen/hal/machine.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "libc.h"
#include "private.h"

#define STEP_NS 10		/* virtual time of one scheduling point */
#define POINTS_MAX 24		/* maximum number of them until another CPU may run */
#define SPIN_LIMIT 20000000U	/* hal_cpu_relax() calls in a row, over all CPUs: a deadlock */

u32 host_current_cpu;
u64 host_current_offset;
struct cpu_info host_cpu_info[NR_CPUS + 1];
struct host_cpu host_cpus[NR_CPUS + 1];
struct host_config host_cfg = { .cpus = 1 };
s_time_t host_clock;
u32 host_observer = NO_CPU;

static u64 rng = 0x9e3779b97f4a7c15UL;
static u64 log_hash = 0xcbf29ce484222325UL, log_count;
static u32 points_left = 1, spins;

static struct host_cpu *me(void)
{
	return &host_cpus[host_current_cpu];
}

u64 host_random(void)
{
	u64 z = rng += 0x9e3779b97f4a7c15UL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
	return z ^ (z >> 31);
}

void host_seed(u64 seed)
{
	rng = seed * 0xd1342543de82ef95UL + 1;
}

void host_reseed(u64 seed)
{
	host_seed(seed);
	points_left = 1;
}

u32 host_random_below(u32 n)
{
	return (u32)(((host_random() >> 32) * n) >> 32);
}

void host_log(u32 kind, u64 a, u64 b)
{
	const u64 words[] = { kind, (u64)host_clock, host_current_cpu, a, b };

	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		log_hash = (log_hash ^ words[i]) * 0x100000001b3UL;
	log_count++;
}

u64 host_log_hash(void) { return log_hash; }
u64 host_log_count(void) { return log_count; }

void host_set_cpu(u32 cpu)
{
	host_current_cpu = cpu;
	host_current_offset = percpu_offset[cpu];
}

void host_become_cpu(u32 cpu)
{
	BUG_ON(host_observer != NO_CPU);
	host_set_cpu(cpu);
}

void host_advance(s_time_t ns)
{
	host_clock += ns;
}

bool host_irq_waits(u32 cpu)
{
	const struct host_cpu *c = &host_cpus[cpu];

	/* Each is as likely as not, so branches would be mispredicted; CPUs ask all the time. */
	return c->kicked | !!c->nr_calls | (host_clock >= c->timer);
}

static bool can_run(u32 cpu)
{
	const struct host_cpu *c = &host_cpus[cpu];

	return (c->state == CPU_RUNS) |
	       ((c->state == CPU_WAITS) & ((host_clock >= c->wait_until) | host_irq_waits(cpu)));
}

/* Time when the first waiting CPU has something to do. */
static s_time_t next_event(void)
{
	s_time_t t = INT64_MAX;

	for (u32 i = 0; i <= host_observer; i++)
		if (host_cpus[i].state == CPU_WAITS)
			t = min(t, min(host_cpus[i].wait_until, host_cpus[i].timer));
	return t;
}

/* The CPU that runs next; the observer when no CPU ever will. */
static u32 pick_cpu(void)
{
	for (;;) {
		u32 ready[NR_CPUS + 1], n = 0;

		for (u32 i = 0; i <= host_observer; i++) {
			ready[n] = i;
			n += can_run(i);
		}
		if (n)
			return ready[n == 1 ? 0 : host_random_below(n)];
		if (next_event() == INT64_MAX)
			return host_observer;
		host_clock = next_event();
	}
}

static u32 fiber_of(u32 cpu)
{
	return cpu == host_observer ? 0 : cpu + 1;
}

static void switch_cpu(void)
{
	u32 from = host_current_cpu, to;

	points_left = 1 + host_random_below(POINTS_MAX);
	to = pick_cpu();
	if (to == from)
		return;
	host_set_cpu(to);
	host_log(EV_CPU, from, to);
	libc_fiber_switch(fiber_of(from), fiber_of(to));
}

static void scheduling_point(void)
{
	host_clock += STEP_NS;
	if (host_observer != NO_CPU && --points_left == 0)
		switch_cpu();
}

/* Handle what is pending for this CPU. Interrupts are on, and off while handlers run. */
static void deliver_interrupts(void)
{
	struct host_cpu *c = me();

	while (c->irq_on && !c->in_irq && host_irq_waits(host_current_cpu)) {
		c->irq_on = false;
		c->in_irq = true;
		host_log(EV_IRQ, c->kicked, c->nr_calls);
		c->kicked = false;
		while (c->nr_calls) {
			struct host_call call = c->call[0];

			c->nr_calls--;
			memmove(&c->call[0], &c->call[1], c->nr_calls * sizeof(call));
			call.fn(call.arg);
			if (call.left)
				--*call.left;
		}
		if (host_clock >= c->timer) {
			c->timer = INT64_MAX;
			timer_interrupt();
		}
		c->in_irq = false;
		c->irq_on = true;
	}
}

u64 hal_irq_save(void)
{
	u64 flags = me()->irq_on;

	spins = 0;
	scheduling_point();
	me()->irq_on = false;
	return flags;
}

void hal_irq_restore(u64 flags)
{
	scheduling_point();
	me()->irq_on = flags;
	if (flags)
		deliver_interrupts();
}

void hal_irq_enable(void)
{
	BUG_ON(me()->in_irq);
	hal_irq_restore(1);
}

struct vcpu *hal_current_vcpu(void) { return cpu_info()->current_vcpu; }
void hal_set_current(struct vcpu *v) { cpu_info()->current_vcpu = v; }
struct vcpu *host_cpu_current(u32 cpu) { return host_cpu_info[cpu].current_vcpu; }

void hal_irq_disable(void) { hal_irq_save(); }
bool hal_irq_is_enabled(void) { return me()->irq_on; }
bool hal_in_irq(void) { return me()->in_irq; }

void hal_cpu_relax(void)
{
	host_clock += STEP_NS;
	if (++spins > SPIN_LIMIT)
		panic("every CPU spins: a deadlock");
	if (host_observer != NO_CPU)
		switch_cpu();
	if (me()->irq_on)
		deliver_interrupts();
}

void host_wait(s_time_t until)
{
	struct host_cpu *c = me();

	c->state = CPU_WAITS;
	c->wait_until = until;
	spins = 0;
	switch_cpu();
	c->state = CPU_RUNS;
}

void hal_cpu_idle_wait(void)
{
	BUG_ON(me()->irq_on);
	host_wait(INT64_MAX);
	hal_irq_enable();
}

void hal_smp_kick(u32 cpu)
{
	if (cpu == host_current_cpu)
		return;
	host_cpus[cpu].kicked = true;
	scheduling_point();
}

void hal_smp_call(const cpumask_t *mask, void (*fn)(void *arg), void *arg, bool wait)
{
	u32 left = 0, cpu;

	BUG_ON(wait && host_observer != NO_CPU && (!me()->irq_on || me()->in_irq));
	cpumask_for_each(cpu, mask) {
		struct host_cpu *c = &host_cpus[cpu];

		if (cpu == host_current_cpu || (c->state != CPU_RUNS && c->state != CPU_WAITS))
			continue;
		BUG_ON(c->nr_calls == MAX_CALLS);
		left++;
		c->call[c->nr_calls++] = (struct host_call){ fn, arg, wait ? &left : NULL };
	}
	if (cpumask_test(mask, host_current_cpu)) {
		u64 flags = hal_irq_save();
		bool nested = me()->in_irq;

		me()->in_irq = true;
		fn(arg);
		me()->in_irq = nested;
		hal_irq_restore(flags);
	}
	while (wait && READ_ONCE(left))
		hal_cpu_relax();
}

void hal_smp_stop_others(void)
{
	for (u32 i = 0; i < NR_CPUS; i++)
		if (i != host_current_cpu && host_cpus[i].state != CPU_ABSENT)
			host_cpus[i].state = CPU_HALTED;
}

u32 hal_cpu_to_core(u32 cpu)
{
	return cpu / max(host_cfg.threads_per_core, 1U) % max(host_cfg.cores_per_socket, 1U);
}

u32 hal_cpu_to_socket(u32 cpu)
{
	return cpu / max(host_cfg.threads_per_core, 1U) / max(host_cfg.cores_per_socket, 1U);
}

u8 hal_cpu_to_node(u32 cpu)
{
	return (u8)(hal_cpu_to_socket(cpu) / max(host_cfg.sockets_per_node, 1U));
}

s_time_t hal_now_ns(void) { return host_clock; }
u64 hal_cycles_now(void) { return (u64)host_clock; }
u32 hal_cycles_khz(void) { return 1000000; }
u64 hal_ns_to_cycles(s_time_t t) { return (u64)t; }
s_time_t hal_cycles_to_ns(u64 c) { return (s_time_t)c; }

void hal_timer_program(s_time_t deadline)
{
	me()->timer = deadline;
}

s_time_t host_timer_deadline(void)
{
	return me()->timer;
}

static u64 wall_sec = 1700000000;
static u32 wall_nsec;

void hal_wallclock_get(u64 *sec, u32 *nsec)
{
	*sec = wall_sec;
	*nsec = wall_nsec;
}

void hal_wallclock_set(u64 sec, u32 nsec, s_time_t sys)
{
	s64 at0 = (s64)sec * 1000000000 + nsec - sys;

	wall_sec = (u64)at0 / 1000000000;
	wall_nsec = (u32)((u64)at0 % 1000000000);
}
