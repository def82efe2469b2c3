/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System time. Normally it is the scaled TSC: two multiplications and no writes to shared memory.
 * Where the TSC cannot be trusted (or clocksource= says so), it is a platform counter, extended to
 * 64 bits under a lock: slow, but correct. The TSC is then still used for cycle stamps and, when
 * the CPU has it, for the deadline timer; a timer that fires early is set again by its softirq.
 */
#include <asm/time.h>

#include <xen/errno.h>
#include <xen/param.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/string.h>
#include <xen/timer.h>
#include <asm/alternative.h>
#include <asm/apic.h>
#include <asm/msr.h>
#include <asm/traps.h>

#include "clock.h"
#include "tsc-sync.h"

#define NS_PER_SEC 1000000000L
#define UPKEEP_INTERVAL_NS (NS_PER_SEC / 2)	/* a 24-bit PM timer wraps in 4.7 s */
#define APIC_MEASURE_NS 10000000
#define UNMEASURED_HZ 1000000000

/* The choice made with clocksource=. */
enum { CLOCK_TSC, CLOCK_HPET, CLOCK_ACPI, CLOCK_PIT, CLOCK_CHOOSE };
static const char *const clock_words[] = { "tsc", "hpet", "acpi", "pit" };
static u32 clock_option = CLOCK_CHOOSE;
PARAM_WORD_VAR("clocksource", clocksource, clock_option, clock_words);

/* Constant after time_init. */
static struct timescale tsc_scale;
static u64 tsc_hz;
static u64 tsc_start;			/* boot CPU's TSC at system time 0 */
static const struct clock_source *platform;	/* what hal_now_ns() reads; NULL: the TSC */
static struct timescale apic_scale;	/* ns to APIC timer ticks */

static DEFINE_PER_CPU(s64, tsc_offset);	/* constant once the CPU is online */

/* Last reading of the platform counter, extended to 64 bits [platform_lock]. */
static DEFINE_SPINLOCK(platform_lock, LOCK_RANK_NONE);
static u64 platform_last, platform_ticks;
static struct timescale platform_scale;
static struct timer upkeep;

/* Wall clock at system time 0 [wallclock_lock]. */
static DEFINE_SPINLOCK(wallclock_lock, LOCK_RANK_NONE);
static u64 wall_ns;

/* Out of line, so that reading the TSC costs no stack frame. */
static __noinline s_time_t platform_now(void)
{
	u64 flags = spin_lock_irqsave(&platform_lock), now = platform->read();

	platform_ticks += (now - platform_last) & platform->mask();
	platform_last = now;
	now = platform_ticks;
	spin_unlock_irqrestore(&platform_lock, flags);
	return (s_time_t)ticks_to_ns(&platform_scale, now);
}

s_time_t hal_now_ns(void)
{
	if (unlikely(platform))
		return platform_now();
	return (s_time_t)ticks_to_ns(&tsc_scale, rdtsc_ordered() + (u64)this_cpu(tsc_offset) -
							   tsc_start);
}

u64 hal_cycles_now(void) { return rdtsc(); }
u32 hal_cycles_khz(void) { return (u32)(tsc_hz / 1000); }

u64 hal_ns_to_cycles(s_time_t t)
{
	u64 ticks;

	if (t <= 0)
		return tsc_start;
	ticks = ns_to_ticks(&tsc_scale, (u64)t);
	return ticks > ~0UL - tsc_start ? ~0UL : ticks + tsc_start;
}

s_time_t hal_cycles_to_ns(u64 c)
{
	return c <= tsc_start ? 0 : (s_time_t)ticks_to_ns(&tsc_scale, c - tsc_start);
}

const struct timescale *time_tsc_scale(void) { return &tsc_scale; }
s64 time_tsc_offset(void) { return this_cpu(tsc_offset); }
bool time_tsc_is_clock(void) { return !platform; }

void time_set_tsc_offset(u32 cpu, s64 offset)
{
	/* The boot CPU's counter is the base. */
	ASSERT(cpu && cpu < NR_CPUS);
	per_cpu(tsc_offset, cpu) = offset;
}

void udelay(u32 us)
{
	u64 start = rdtsc(), cycles = (tsc_hz ? tsc_hz : UNMEASURED_HZ) / 1000000 * us;

	while (rdtsc() - start < cycles)
		hal_cpu_relax();
}

static void program_deadline(s_time_t deadline)
{
	u64 at = platform ? rdtsc() + ns_to_ticks(&tsc_scale, (u64)max(deadline - hal_now_ns(), 1L))
			  : hal_ns_to_cycles(deadline) - (u64)this_cpu(tsc_offset);

	apic_timer_deadline(at ? at : 1);
}

void hal_timer_program(s_time_t deadline)
{
	ASSERT(!hal_irq_is_enabled());
	if (deadline == INT64_MAX) {
		if (apic_timer_is_deadline())
			apic_timer_deadline(0);
		else
			apic_timer_oneshot(0);
	} else if (apic_timer_is_deadline()) {
		program_deadline(deadline);
	} else {
		s_time_t wait = deadline - hal_now_ns();
		u64 ticks = wait <= 0 ? 1 : ns_to_ticks(&apic_scale, (u64)wait);

		apic_timer_oneshot((u32)min(max(ticks, 1UL), 0xffffffffUL));
	}
}

static void timer_vector(u8 vector)
{
	apic_eoi();
	timer_interrupt();
}

void hal_wallclock_get(u64 *sec, u32 *nsec)
{
	u64 flags = spin_lock_irqsave(&wallclock_lock), ns = wall_ns;

	spin_unlock_irqrestore(&wallclock_lock, flags);
	*sec = ns / NS_PER_SEC;
	*nsec = (u32)(ns % NS_PER_SEC);
}

void hal_wallclock_set(u64 sec, u32 nsec, s_time_t sys)
{
	u64 flags = spin_lock_irqsave(&wallclock_lock);

	wall_ns = sec * NS_PER_SEC + nsec - (u64)sys;
	spin_unlock_irqrestore(&wallclock_lock, flags);
}

static const struct { u32 option; const struct clock_source *source; } sources[] = {
	{ CLOCK_HPET, &hpet_clock }, { CLOCK_ACPI, &pmtimer_clock }, { CLOCK_PIT, &pit_clock },
};

/* The requested reference, or the best one present. */
static const struct clock_source *__init find_reference(u64 *hz)
{
	for (u32 i = 0; i < ARRAY_SIZE(sources); i++) {
		if (clock_option != sources[i].option)
			continue;
		*hz = sources[i].source->probe();
		if (*hz)
			return sources[i].source;
	}
	if (clock_option < CLOCK_CHOOSE && clock_option != CLOCK_TSC)
		printk(LOG_ERR "Time: clocksource=%s is ignored: this machine has none\n",
		       clock_words[clock_option]);
	for (u32 i = 0; i < ARRAY_SIZE(sources); i++) {
		*hz = sources[i].source->probe();
		if (*hz)
			return sources[i].source;
	}
	*hz = 0;
	return NULL;
}

/* The PIT is only used for measuring, as its latch cannot be shared with guests. */
static bool __init use_platform(const struct clock_source *ref)
{
	if (!ref || ref == &pit_clock || clock_option == CLOCK_TSC)
		return false;
	return !tsc_is_reliable() || clock_option == CLOCK_HPET || clock_option == CLOCK_ACPI;
}

static void __init measure_apic_timer(void)
{
	s_time_t start, took;
	u32 left;

	apic_timer_oneshot(0xffffffff);
	start = hal_now_ns();
	while (hal_now_ns() - start < APIC_MEASURE_NS)
		hal_cpu_relax();
	left = apic_timer_left();
	took = hal_now_ns() - start;
	ASSERT(took >= APIC_MEASURE_NS);
	apic_timer_oneshot(0);
	if (left == 0xffffffff)
		panic("The local APIC's timer does not count");
	timescale_init(&apic_scale, max((u64)(0xffffffff - left) * NS_PER_SEC / (u64)took,
					1000000UL));
}

void __init time_init(void)
{
	const char *how;
	u64 ref_hz;
	const struct clock_source *ref = find_reference(&ref_hz);

	tsc_hz = tsc_find_rate(ref, ref_hz, &how);
	if (tsc_hz < 1000000 || tsc_hz > 1000000000000UL)
		panic("Cannot tell how fast the TSC runs: no HPET, PM timer or PIT works");
	timescale_init(&tsc_scale, tsc_hz);
	tsc_start = rdtsc();
	if (use_platform(ref)) {
		timescale_init(&platform_scale, ref_hz);
		platform_last = ref->read();
		platform = ref;
	}
	hal_wallclock_set(rtc_read(), 0, hal_now_ns());
	if (!apic_timer_is_deadline())
		measure_apic_timer();
	irq_set_handler(VECTOR_TIMER, timer_vector);
	printk(LOG_INFO "Time: TSC %lu.%03lu MHz by %s, system time from %s\n", tsc_hz / 1000000,
	       tsc_hz / 1000 % 1000, how, platform ? platform->name : "TSC");
}

static void do_upkeep(void *arg)
{
	timer_set(&upkeep, hal_now_ns() + UPKEEP_INTERVAL_NS);
}

void time_start_upkeep(void)
{
	if (!platform)
		return;
	timer_init(&upkeep, do_upkeep, NULL, 0);
	do_upkeep(NULL);
}
