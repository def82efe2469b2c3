/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rate of the TSC, and whether it can be trusted. */
#include "clock.h"

#include <xen/hal/cpu.h>
#include <asm/features.h>
#include <asm/msr.h>
#include <asm/processor.h>

#define PROBE_READS 100000
#define STALLED_READS 1000000
#define SAMPLE_TRIES 10
#define HYPERVISOR_LEAF 0x40000000U
#define HYPERVISOR_TIMING_LEAF 0x40000010U
#define MAX_PPM_ERROR 20
#define ROUND_HZ 1000000UL

/* The TSC and the reference at the same moment, to within half of @window cycles. */
struct sample {
	u64 tsc, ref, window;
};

bool clock_counts(const struct clock_source *src)
{
	u64 first = src->read();

	for (u32 i = 0; i < PROBE_READS; i++)
		if (src->read() != first)
			return true;
	return false;
}

bool tsc_is_reliable(void)
{
	/*
	 * The hypervisor we run on hides the bit when this guest may migrate; its TSC is steady all
	 * the same.
	 */
	return cpu_has(X86_FEATURE_ITSC) || cpu_has(X86_FEATURE_HYPERVISOR);
}

static u64 rate_from_cpuid(void)
{
	struct cpuid_regs r;

	if (boot_cpu.max_leaf < 0x15)
		return 0;
	r = cpuid(0x15);
	return r.eax && r.ebx && r.ecx ? (u64)r.ecx * r.ebx / r.eax : 0;
}

/* A convention of several hypervisors: kHz in EAX. */
static u64 rate_from_hypervisor(void)
{
	struct cpuid_regs r;

	if (!cpu_has(X86_FEATURE_HYPERVISOR))
		return 0;
	r = cpuid(HYPERVISOR_LEAF);
	if (r.eax < HYPERVISOR_TIMING_LEAF || r.eax > HYPERVISOR_LEAF + 0xff)
		return 0;
	return cpuid(HYPERVISOR_TIMING_LEAF).eax * 1000UL;
}

static struct sample take_sample(const struct clock_source *ref)
{
	struct sample best = { 0, 0, ~0UL };

	for (u32 i = 0; i < SAMPLE_TRIES; i++) {
		u64 before = rdtsc(), r = ref->read(), window = rdtsc() - before;

		if (window < best.window)
			best = (struct sample){ before + window / 2, r, window };
	}
	return best;
}

/* a * b / c without overflow as long as the result fits. */
static u64 mul_div(u64 a, u64 b, u64 c)
{
	u64 result, rest;

	__asm__("mulq %3; divq %4"
		: "=&a"(result), "=&d"(rest)
		: "0"(a), "r"(b), "r"(c));
	return result;
}

/* Wait until @ticks of @ref have passed, counting from *@elapsed. Returns false when @ref stops.
 * Times longer than its period work, as every wrap is seen. */
static bool wait_ticks(const struct clock_source *ref, u64 *last, u64 *elapsed, u64 ticks)
{
	u64 mask = ref->mask();

	for (u32 same = 0; *elapsed < ticks;) {
		u64 now = ref->read() & mask, step = (now - *last) & mask;

		same = step ? 0 : same + 1;
		if (same == STALLED_READS)
			return false;
		*elapsed += step;
		*last = now;
		hal_cpu_relax();
	}
	return true;
}

/* Returns the nearest round figure if it is within @error, else @hz. Crystals have round
 * frequencies, and emulators with a virtual clock run at exactly those. */
static u64 prefer_round(u64 hz, u64 error)
{
	u64 rounded = (hz + ROUND_HZ / 2) / ROUND_HZ * ROUND_HZ;
	u64 distance = hz > rounded ? hz - rounded : rounded - hz;

	return distance <= error ? rounded : hz;
}

/* Measure over increasing times until the error is known to be small. */
static u64 measure(const struct clock_source *ref, u64 ref_hz)
{
	static const u32 durations_ms[] = { 10, 20, 50, 100 };
	struct sample start = take_sample(ref), end;
	u64 last = start.ref & ref->mask(), elapsed = 0, hz = 0;

	for (u32 i = 0; i < ARRAY_SIZE(durations_ms); i++) {
		u64 cycles, error;

		if (!wait_ticks(ref, &last, &elapsed, ref_hz * durations_ms[i] / 1000))
			return 0;
		end = take_sample(ref);
		elapsed += (end.ref - last) & ref->mask();
		last = end.ref & ref->mask();
		cycles = end.tsc - start.tsc;
		hz = mul_div(cycles, ref_hz, elapsed);
		/* The error is both windows plus one tick of the reference at each end. */
		error = mul_div(hz, (start.window + end.window) / 2, cycles) +
			mul_div(hz, 2, elapsed);
		if (error <= hz / 1000000 * MAX_PPM_ERROR)
			return prefer_round(hz, error);
	}
	return hz;
}

u64 tsc_find_rate(const struct clock_source *ref, u64 ref_hz, const char **how)
{
	u64 hz = rate_from_cpuid();

	*how = "CPUID";
	if (!hz) {
		hz = rate_from_hypervisor();
		*how = "the hypervisor below";
	}
	if (!hz && ref) {
		hz = measure(ref, ref_hz);
		*how = ref->name;
	}
	return hz;
}
