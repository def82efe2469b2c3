/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The measuring microguest: runs the benchmarks its command line names, and prints a line for each
 * figure:
 *
 *	BENCH <metric> <value> <unit> [key=value ...]
 *
 * then "BENCH done". What cannot be measured here says so in "BENCH-SKIP <name>: <why>".
 *
 *	bench=exit.cpuid,timers   names of benchmarks or groups (all without it)
 *	rounds=1000               turns of each, instead of its own number
 *	start_us=1500             sleep so long first, so that guests that compete begin apart
 *	unit=instructions         what a tick of the clock is; otherwise times are given in ns
 *
 * Some benchmarks have words of their own. A word that nothing reads ends the run (args.c).
 */
#include "bench.h"

TEST("the measuring microguest");

static bool in_ticks;
static u64 samples[MAX_SAMPLES];
static u32 nr_samples;
static u64 tsc_cost;

void bench_skip(const char *name, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	format(why, sizeof(why), fmt, ap);
	va_end(ap);
	print("BENCH-SKIP %s: %s\n", name, why);
}

const char *bench_name(const char *name, const char *suffix)
{
	static char ring[4][64];
	static u32 next;
	char *s = ring[next++ % 4];
	size_t n = MIN(strlen(name), sizeof(ring[0]) - 1);
	size_t m = MIN(strlen(suffix), sizeof(ring[0]) - 1 - n);

	memcpy(s, name, n);
	memcpy(s + n, suffix, m);
	s[n + m] = '\0';
	return s;
}

u64 ticks_of_us(u64 us)
{
	u64 ns = ticks_to_ns(1UL << 32);

	/* No overflow up to four seconds. */
	return (us * 1000 << 32) / ns;
}

/* Thousandths of a tick as a decimal number of the unit asked for. */
static const char *decimal(u64 milliticks)
{
	static char ring[8][24];
	static u32 next;
	char *s = ring[next++ % 8];
	u64 v = in_ticks ? milliticks : ticks_to_ns(milliticks);
	char tail[8] = "";
	u32 frac = (u32)(v % 1000), n = 0;
	u64 whole = v / 1000;
	char digits[20];

	do
		digits[n++] = (char)('0' + whole % 10);
	while (whole /= 10);
	for (u32 i = 0; i < n; i++)
		s[i] = digits[n - 1 - i];
	if (frac) {
		tail[0] = '.';
		tail[1] = (char)('0' + frac / 100);
		tail[2] = (char)('0' + frac / 10 % 10);
		tail[3] = (char)('0' + frac % 10);
	}
	memcpy(s + n, tail, sizeof(tail) / 2 + 1);
	return s;
}

static const char *unit(void)
{
	return in_ticks ? "instructions" : "ns";
}

static void sort(u64 *v, u32 n)
{
	for (u32 gap = n / 2; gap; gap /= 2)
		for (u32 i = gap; i < n; i++)
			for (u32 k = i; k >= gap && v[k - gap] > v[k]; k -= gap) {
				u64 t = v[k];

				v[k] = v[k - gap];
				v[k - gap] = t;
			}
}

void series_start(struct series *s, u32 rounds)
{
	*s = (struct series){ .length = rounds < BATCHES ? 1 : rounds / BATCHES };
	s->base = TICKS_OF(s->length, (void)0);
}

void series_add(struct series *s, u32 batch, u64 ticks)
{
	s->ticks[batch] = ticks > s->base ? ticks - s->base : 0;
}

void series_report(const char *metric, struct series *s, u32 per)
{
	u64 each = (u64)s->length * per, sum = 0;

	sort(s->ticks, BATCHES);
	for (u32 i = 0; i < BATCHES; i++)
		sum += s->ticks[i];
	print("BENCH %s %s %s rounds=%lu mean=%s min=%s max=%s\n", metric,
	      decimal(s->ticks[BATCHES / 2] * 1000 / each), unit(), each * BATCHES,
	      decimal(sum * 1000 / each / BATCHES), decimal(s->ticks[0] * 1000 / each),
	      decimal(s->ticks[BATCHES - 1] * 1000 / each));
}

void samples_clear(void)
{
	nr_samples = 0;
}

void samples_add(u64 from, u64 to)
{
	u64 ticks = to - from;

	if (nr_samples < MAX_SAMPLES)
		samples[nr_samples++] = ticks > tsc_cost ? ticks - tsc_cost : 0;
}

static void measure_tsc(void)
{
	tsc_cost = ~0UL;
	for (u32 i = 0; i < 64; i++) {
		u64 from = ticks_now(), to = ticks_now();

		tsc_cost = MIN(tsc_cost, to - from);
	}
}

void samples_report(const char *metric)
{
	u32 n = nr_samples;
	u64 sum = 0;

	if (!n) {
		bench_skip(metric, "nothing was measured");
		return;
	}
	sort(samples, n);
	for (u32 i = 0; i < n; i++)
		sum += samples[i];
	print("BENCH %s %s %s rounds=%u mean=%s min=%s p90=%s p99=%s max=%s\n", metric,
	      decimal(samples[n / 2] * 1000), unit(), n, decimal(sum * 1000 / n),
	      decimal(samples[0] * 1000), decimal(samples[n * 9 / 10] * 1000),
	      decimal(samples[n * 99 / 100] * 1000), decimal(samples[n - 1] * 1000));
}

void bench_time(const char *metric, u64 ticks, u64 acts, const char *fmt, ...)
{
	char more[200];
	va_list ap;

	va_start(ap, fmt);
	format(more, sizeof(more), fmt, ap);
	va_end(ap);
	print("BENCH %s %s %s rounds=%lu%s%s\n", metric, decimal(ticks * 1000 / acts), unit(), acts,
	      more[0] ? " " : "", more);
}

void bench_value(const char *metric, s64 value, const char *what, const char *fmt, ...)
{
	char more[200];
	va_list ap;

	va_start(ap, fmt);
	format(more, sizeof(more), fmt, ap);
	va_end(ap);
	print("BENCH %s %ld %s%s%s\n", metric, value, what, more[0] ? " " : "", more);
}

void test_main(void)
{
	args_check();
	in_ticks = arg_has("unit=instructions");
	measure_tsc();
	if (arg_u64("start_us", 0))
		sleep_ns(arg_u64("start_us", 0) * 1000);
	print("BENCH-START domain=%u tsc=%s\n", own_domid(), unit());
	for (u32 g = 0; g < nr_groups; g++)
		for (u32 i = 0; i < groups[g]->count; i++) {
			const struct benchmark *b = &groups[g]->first[i];

			if (args_chosen(groups[g]->name, b->name))
				b->run(b->name, (u32)arg_u64("rounds", b->rounds));
		}
	print("BENCH done\n");
}
