/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace rings as a consumer sees them: complete and in order, or counted; masks; both modes;
 * writers that interrupt each other at any instruction; and consumers that write nonsense.
 */
#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <string.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/mm.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/trace.h>

#include <public/xen.h>
#include <public/trace.h>

#define RAM (32UL << 20)
#define EVENT 0x00804fffU
#define DATA_BYTES (PAGE_SIZE - sizeof(struct t_buf))

/* The stamp, and what an interrupting writer does while one is taken. */
static u64 cycles = 1000;
static void (*at_stamp)(void);

u64 hal_cycles_now(void)
{
	void (*fn)(void) = at_stamp;

	at_stamp = NULL;
	if (fn)
		fn();
	/* In one instruction, as the processor reads its counter. */
	return __atomic_add_fetch(&cycles, 1, __ATOMIC_RELAXED);
}

/* What happens while sites are switched one by one, when some are on and others are not. */
static void (*at_switch)(void);
bool (*host_trace_want)(u32 id);

void hal_trace_update(bool (*want)(u32 id))
{
	host_trace_want = want;
	if (at_switch)
		at_switch();
}

/* ---- a consumer ---- */

struct record {
	u32 event, words, data[7];
	u64 stamp;
};

static struct t_buf *ring_of(u32 cpu)
{
	const struct t_info *info = mfn_to_virt(trace_info_mfn());
	const u32 *list = (const u32 *)info + info->mfn_offset[cpu];

	for (u32 i = 1; i < info->tbuf_size; i++)
		HOST_CHECK(list[i] == list[0] + i);
	return mfn_to_virt(mfn_make(list[0]));
}

static u32 data_bytes(void)
{
	const struct t_info *info = mfn_to_virt(trace_info_mfn());

	return (u32)(info->tbuf_size * PAGE_SIZE - sizeof(struct t_buf));
}

static u32 bytes_waiting(const struct t_buf *b)
{
	return (b->prod + 2 * data_bytes() - b->cons) % (2 * data_bytes());
}

/* The next record, padding skipped; false when there is none. */
static bool take(u32 cpu, struct record *r)
{
	struct t_buf *b = ring_of(cpu);
	u32 size = data_bytes();

	while (b->cons != b->prod) {
		u32 off = b->cons % size, head, at = 1;
		const u32 *p = (const u32 *)((u8 *)(b + 1) + off);

		HOST_CHECK(bytes_waiting(b) <= size);
		head = p[0];
		*r = (struct record){ .event = TRC_HD_TO_EVENT(head), .words = TRC_HD_EXTRA(head) };
		if (TRC_HD_INCLUDES_CYCLE_COUNT(head)) {
			memcpy(&r->stamp, p + 1, 8);
			at = 3;
		}
		HOST_CHECK(off + 4 * (at + r->words) <= size);
		memcpy(r->data, p + at, 4 * r->words);
		b->cons = (b->cons + 4 * (at + r->words)) % (2 * size);
		if (r->event != TRC_TRACE_WRAP_BUFFER)
			return true;
		/* It fills the ring to its end, exactly. */
		HOST_CHECK(b->cons % size == 0);
	}
	return false;
}

static void start_on(u32 cpus, u32 pages, const char *cmdline)
{
	host_boot(&(struct host_config){ .seed = 3, .cpus = cpus, .ram_bytes = RAM,
					 .cmdline = cmdline });
	trace_init();
	HOST_CHECK(trace_set_size(pages) == 0);
	HOST_CHECK(trace_enable() == 0);
}

/* A record of @words words, the first (when there is one) being @n. */
static void write_words(u32 words, u32 n)
{
	switch (words) {
	case 0:
		trace_write0(EVENT);
		break;
	case 1:
		trace_write1(EVENT, n);
		break;
	case 2:
		trace_write2(EVENT, n, 2);
		break;
	case 3:
		trace_write3(EVENT, n, 2, 3);
		break;
	case 4:
		trace_write4(EVENT, n, 2, 3, 4);
		break;
	case 5:
		trace_write5(EVENT, n, 2, 3, 4, 5);
		break;
	case 6:
		trace_write6(EVENT, n, 2, 3, 4, 5, 6);
		break;
	default:
		trace_write7(EVENT, n, 2, 3, 4, 5, 6, 7);
	}
}

static void expect(const struct record *r, u32 n)
{
	HOST_CHECK(r->event == EVENT && (!r->words || r->data[0] == n));
	for (u32 i = 1; i < r->words; i++)
		HOST_CHECK(r->data[i] == i + 1);
}

/* ---- the tests, each in a process of its own ---- */

static void layout(void *arg)
{
	const struct t_info *info;
	struct record r;
	u8 *raw;

	start_on(3, 3, "");
	info = mfn_to_virt(trace_info_mfn());
	/* Three pages become four, and asking for as many again is not an error. */
	HOST_CHECK(info->tbuf_size == 4 && trace_set_size(4) == 0 && trace_set_size(3) == 0);
	HOST_CHECK(trace_set_size(5) == -XEN_EINVAL && trace_set_size(0) == -XEN_EINVAL);
	HOST_CHECK(info->mfn_offset[1] == info->mfn_offset[0] + 4);
	HOST_CHECK(trace_info_bytes() == PAGE_SIZE);

	host_become_cpu(2);
	trace_runstate_change(1, 2, 5, 0x7);
	raw = (u8 *)(ring_of(2) + 1);
	HOST_CHECK(!memcmp(raw, "\x21\x11\x02\x90", 4) && !memcmp(raw + 12, "\5\0\7\0", 4));
	HOST_CHECK(ring_of(2)->prod == 16 && ring_of(0)->prod == 0);
	HOST_CHECK(take(2, &r) && r.event == 0x00021121 && r.words == 1 && r.stamp == cycles);
	trace_vmexit(0x72, 0x1122334455667788);
	HOST_CHECK(take(2, &r) && r.event == TRC_HVM_VMEXIT64 && r.words == 3);
	HOST_CHECK(r.data[0] == 0x72 && r.data[1] == 0x55667788 && r.data[2] == 0x11223344);
	HOST_CHECK(!take(2, &r));
}

/* Each record size hits the ring's end eventually; with a reader nothing is lost. */
static void wrap_around(void *arg)
{
	struct record r;
	u64 last = 0;

	start_on(1, 1, "");
	for (u32 n = 0; n < 20000; n++) {
		u32 words = host_random_below(8);

		write_words(words, n);
		HOST_CHECK(take(0, &r) && r.words == words && r.stamp > last);
		expect(&r, n);
		last = r.stamp;
	}
	HOST_CHECK(trace_lost(0) == 0);
}

/* A slow reader: lost records are reported to it with their exact number. */
static void lost_exactly(void *arg)
{
	u32 next = 0, reports = 0;
	struct record r;
	u64 lost = 0;

	start_on(1, 1, "");
	trace_set_context(9, 4);
	for (u32 n = 0; n < 60000; n++) {
		u64 before = cycles;

		write_words(1 + host_random_below(7), n);
		HOST_CHECK(cycles > before);
		if (host_random_below(300))
			continue;
		for (u32 i = host_random_below(200); i && take(0, &r); i--) {
			if (r.event == TRC_LOST_RECORDS) {
				u64 since;

				memcpy(&since, &r.data[2], 8);
				HOST_CHECK(r.words == 4 && r.data[0] && r.data[1] == (9 | 4 << 16));
				HOST_CHECK(since < r.stamp);
				next += r.data[0];
				lost += r.data[0];
				reports++;
			} else {
				expect(&r, next++);
			}
		}
	}
	while (take(0, &r))
		if (r.event == TRC_LOST_RECORDS)
			lost += r.data[0], next += r.data[0];
		else
			expect(&r, next++);
	HOST_CHECK(reports > 20 && lost > 1000);
	/* Lost records at the end that were not reported yet are counted as well. */
	HOST_CHECK(next + (trace_lost(0) - lost) == 60000);
}

static bool evaluated;

static u32 evaluate(void)
{
	evaluated = true;
	return 1;
}

static u32 count(u32 cpu)
{
	struct record r;
	u32 n = 0;

	while (take(cpu, &r))
		n++;
	return n;
}

static void masks(void *arg)
{
	cpumask_t only1;

	start_on(2, 1, "");
	HOST_CHECK(trace_event_mask() == TRC_ALL);
	trace_sched_wake(1, 2);
	trace_vmentry();
	HOST_CHECK(count(0) == 2);
	/* Class and sub-class both count. */
	trace_set_event_mask(TRC_SCHED_MIN);
	trace_sched_wake(1, evaluate());
	trace_vmentry();
	HOST_CHECK(count(0) == 0 && !evaluated);
	trace_runstate_change(0, 1, 2, 3);
	HOST_CHECK(count(0) == 1);
	trace_set_event_mask(TRC_HVM_ENTRYEXIT | TRC_SCHED_VERBOSE);
	trace_sched_wake(1, evaluate());
	trace_vmentry();
	trace_hypercall(1);
	trace_runstate_change(0, 1, 2, 3);
	/* The mask's sub-class bits hold for all classes, so records of run states come as well. */
	HOST_CHECK(count(0) == 3 && evaluated);

	trace_set_event_mask(TRC_ALL);
	cpumask_clear(&only1);
	cpumask_set(&only1, 1);
	trace_set_cpu_mask(&only1);
	trace_vmentry();
	HOST_CHECK(count(0) == 0);
	host_become_cpu(1);
	trace_vmentry();
	HOST_CHECK(count(1) == 1);
	trace_disable();
	trace_vmentry();
	HOST_CHECK(count(1) == 0);
	trace_enable();
	trace_vmentry();
	HOST_CHECK(count(1) == 1 && trace_lost(0) == 0 && trace_lost(1) == 0);
}

static void off(void *arg)
{
	host_boot(&(struct host_config){ .seed = 3, .cpus = 1, .ram_bytes = RAM });
	trace_init();
	trace_vmentry();
	HOST_CHECK(trace_enable() == -XEN_EINVAL && trace_info_bytes() == 0);
	trace_vmentry();
	HOST_CHECK(trace_set_size(0x10000) == -XEN_EINVAL);
	HOST_CHECK(trace_set_size(0x8000) == -XEN_ENOMEM);
	HOST_CHECK(trace_info_bytes() == 0 && trace_set_size(1) == 0);
}

static void pass_a_site_that_is_on(void)
{
	write_words(1, 0);
}

/* No trace begins or ends with some events recorded and others not. */
static void all_at_once(void *arg)
{
	cpumask_t only1;

	start_on(2, 1, "");
	at_switch = pass_a_site_that_is_on;
	trace_disable();
	HOST_CHECK(count(0) == 0);
	trace_enable();
	HOST_CHECK(count(0) == 0);
	write_words(1, 0);
	HOST_CHECK(count(0) == 1);
	cpumask_clear(&only1);
	cpumask_set(&only1, 1);
	trace_disable();
	trace_set_cpu_mask(&only1);
	host_become_cpu(1);
	write_words(1, 0);
	trace_enable();
	HOST_CHECK(count(0) == 0 && count(1) == 0);
	write_words(1, 0);
	HOST_CHECK(count(1) == 1 && trace_lost(0) == 0 && trace_lost(1) == 0);
}

/* A full ring stays full and keeps the oldest, or drops these and keeps the newest. */
static void stop_mode(void *arg)
{
	u32 n = 0;
	struct record r;

	start_on(1, 1, "tbuf_mode=stop");
	for (u32 i = 0; i < 5000; i++)
		write_words(1, i);
	while (take(0, &r))
		expect(&r, n++);
	HOST_CHECK(n == DATA_BYTES / 16 && trace_lost(0) == 5000 - n);
}

static void wrap_mode(void *arg)
{
	struct record r;
	u32 n, kept = 0;

	start_on(1, 1, "tbuf_mode=wrap");
	for (u32 i = 0; i < 50000; i++)
		write_words(1 + host_random_below(7), i);
	HOST_CHECK(take(0, &r));
	n = r.data[0];
	do {
		expect(&r, n++);
		kept += 12 + 4 * r.words;
	} while (take(0, &r));
	HOST_CHECK(n == 50000 && kept > DATA_BYTES * 9 / 10 - 100 && trace_lost(0) == 0);
	/* A reader that keeps up sees everything. */
	for (u32 i = 0; i < 5000; i++) {
		write_words(2, i);
		HOST_CHECK(take(0, &r) && !take(0, &(struct record){ 0 }));
		expect(&r, i);
	}
}

static void nested_write(void)
{
	write_words(2, 1000000);
}

static void nested_at_stamp(void *arg)
{
	struct record r;
	u32 n = 0, inner = 0;
	u64 last = 0;

	start_on(1, 1, "");
	for (u32 i = 0; i < 3000; i++) {
		at_stamp = nested_write;
		write_words(3, i);
		while (take(0, &r)) {
			HOST_CHECK(r.stamp > last);
			last = r.stamp;
			if (r.words == 2)
				inner++;
			else
				expect(&r, n++);
		}
	}
	HOST_CHECK(n == 3000 && inner == 3000 && trace_lost(0) == 0);
}

/*
 * The processor's trap flag makes a signal of each instruction: an NMI at any place wanted. Signals
 * take time, so not every place is tried with every filling.
 */
#define STRIDE 7
static u32 steps, nest_at;
static bool nested;

static void on_step(int sig, siginfo_t *info, void *ctx)
{
	ucontext_t *uc = ctx;

	if (++steps != nest_at)
		return;
	nested = true;
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x100L;
	write_words(2, 1000000);
}

static void set_trap_flag(bool on)
{
	__asm__ volatile("pushfq\n\tandq $~0x100, (%%rsp)\n\torq %0, (%%rsp)\n\tpopfq"
			 : : "r"(on ? 0x100UL : 0UL) : "memory", "cc");
}

/* One write interrupted by another at its @at'th instruction; false when it is not that long. */
static bool interrupted_write(u32 words, u32 n, u32 at)
{
	steps = 0;
	nest_at = at;
	nested = false;
	set_trap_flag(true);
	write_words(words, n);
	set_trap_flag(false);
	return nested;
}

/* In a ring filled to that level; the position where the write begins varies. */
static void nested_anywhere(void *arg)
{
	struct sigaction action = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };
	u32 fill_to = (u32)(u64)arg, at = 1 + fill_to % STRIDE, written = 0, lost = 0, seen = 0;
	struct record r;

	start_on(1, 1, "");
	HOST_CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
	for (bool more = true; more; at += STRIDE) {
		u64 last = 0;

		count(0);
		seen = written = 0;
		lost = (u32)trace_lost(0);
		for (u64 none = trace_lost(0); trace_lost(0) == none &&
		     bytes_waiting(ring_of(0)) < fill_to; written++)
			write_words(1, 0);
		more = interrupted_write(3, 7, at);
		written += 1 + more;
		while (take(0, &r)) {
			HOST_CHECK(r.event == EVENT && r.stamp > last);
			HOST_CHECK(r.words == 1 || r.data[0] == (r.words == 2 ? 1000000 : 7));
			last = r.stamp;
			seen++;
		}
		/* The loss is reported only with the next write. */
		write_words(1, 0);
		HOST_CHECK(take(0, &r));
		lost = (u32)trace_lost(0) - lost;
		HOST_CHECK(seen + lost == written);
		if (lost)
			HOST_CHECK(r.event == TRC_LOST_RECORDS && r.data[0] == lost && take(0, &r));
		HOST_CHECK(r.event == EVENT && r.words == 1 && !take(0, &r));
	}
	HOST_CHECK(at > 30);
	host_result()->value[0] = at;
}

static u32 notified;

static void notify(void)
{
	notified++;
}

static void half_full(void *arg)
{
	u32 n;

	start_on(1, 1, "");
	trace_set_notifier(notify);
	for (u32 round = 1; round <= 3; round++) {
		for (n = 0; n < DATA_BYTES / 2 / 16; n++)
			write_words(1, n);
		softirq_run();
		HOST_CHECK(notified == round - 1);
		write_words(1, n);
		write_words(1, n);
		softirq_run();
		HOST_CHECK(notified == round);
		for (n = 0; n < 1000; n++)
			write_words(1, n);
		softirq_run();
		HOST_CHECK(notified == round);
		count(0);
		/* The loss must be told before the next round counts bytes. */
		write_words(1, 0);
		count(0);
	}
}

/* Whatever a consumer writes into the shared pages, writers stay inside them and finish. */
static void hostile_consumer(void *arg)
{
	struct t_buf *b;
	u32 *words;

	start_on(1, 1, arg);
	b = ring_of(0);
	words = (u32 *)(b + 1);
	for (u32 i = 0; i < 40000; i++) {
		b->cons = (u32)host_random() >> host_random_below(32);
		if (host_random_below(2))
			b->prod = (u32)host_random();
		for (u32 k = 0; k < 20; k++)
			words[host_random_below(DATA_BYTES / 4)] = (u32)host_random();
		write_words(host_random_below(8), i);
		HOST_CHECK(b->prod < 2 * DATA_BYTES && b->prod % 4 == 0);
	}
	trace_dump();
}

static void dump(void *arg)
{
	start_on(2, 1, "noreboot tbuf_size=1 trace=hvm,sched tbuf_mode=wrap");
	for (u32 i = 0; i < 1000; i++)
		trace_vmexit(i, 0x1000 + i);
	host_become_cpu(1);
	trace_runstate_change(1, 2, 5, 7);
	panic("that was it");
}

static const struct host_outcome *passes(void (*fn)(void *), void *arg)
{
	const struct host_outcome *o = host_isolated(fn, arg);

	if (o->status)
		print_error("%.4000s\n", o->console);
	assert_int_equal(o->status, 0);
	return o;
}

static void test_layout(void **state) { passes(layout, NULL); }
static void test_wrap_around(void **state) { passes(wrap_around, NULL); }
static void test_lost_exactly(void **state) { passes(lost_exactly, NULL); }
static void test_masks(void **state) { passes(masks, NULL); }
static void test_all_at_once(void **state) { passes(all_at_once, NULL); }
static void test_off(void **state) { passes(off, NULL); }
static void test_stop_mode(void **state) { passes(stop_mode, NULL); }
static void test_wrap_mode(void **state) { passes(wrap_mode, NULL); }
static void test_half_full(void **state) { passes(half_full, NULL); }
static void test_nested_at_stamp(void **state) { passes(nested_at_stamp, NULL); }

static void test_nested_anywhere(void **state)
{
	/* Fillings: empty; just below half; room for both records, for the smaller, for none. */
	static const u32 fills[] = { 0, DATA_BYTES / 2 - 16, DATA_BYTES - 40, DATA_BYTES - 20,
				     DATA_BYTES };

	for (u32 i = 0; i < ARRAY_SIZE(fills); i++)
		passes(nested_anywhere, (void *)(u64)fills[i]);
}

static void test_hostile_consumer(void **state)
{
	passes(hostile_consumer, "tbuf_mode=stop");
	passes(hostile_consumer, "tbuf_mode=wrap");
}

static void test_panic_prints_records(void **state)
{
	const struct host_outcome *o = host_isolated(dump, NULL);

	assert_true(o->panicked);
	assert_non_null(strstr(o->console, " vmexit 3e7 13e7 0\n"));
	assert_non_null(strstr(o->console, " vmexit 3e0 13e0 0\n"));
	assert_null(strstr(o->console, " vmexit 3df "));
	assert_non_null(strstr(o->console, "records of CPU1 (1 kept, 0 lost)"));
	assert_non_null(strstr(o->console, " runstate_change 70005\n"));
}

static void mask_given(void *arg)
{
	host_boot(&(struct host_config){ .seed = 3, .cpus = 1, .ram_bytes = RAM, .cmdline = arg });
	trace_init();
	host_result()->value[0] = trace_event_mask();
	host_result()->value[1] = trace_info_bytes();
}

static void test_command_line(void **state)
{
	static const struct {
		const char *line;
		u32 mask;
		bool rings;
	} cases[] = {
		{ "trace=all", TRC_ALL, true },
		{ "trace=sched,hvm", TRC_SCHED | TRC_HVM, true },
		{ "trace=0x81000", 0x81000, true },
		{ "trace=0xffffffff", TRC_ALL, false },
		{ "trace=sched,nosuch", TRC_ALL, false },
		{ "trace=", TRC_ALL, false },
		{ "tbuf_size=2", TRC_ALL, true },
		{ "tbuf_size=70000", TRC_ALL, false },
		{ "tbuf_mode=sideways", TRC_ALL, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct host_outcome *o = passes(mask_given, (void *)cases[i].line);

		assert_int_equal(o->value[0], cases[i].mask);
		assert_int_equal(o->value[1] != 0, cases[i].rings);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_wrap_around),
		cmocka_unit_test(test_lost_exactly),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_stop_mode),
		cmocka_unit_test(test_wrap_mode),
		cmocka_unit_test(test_nested_at_stamp),
		cmocka_unit_test(test_nested_anywhere),
		cmocka_unit_test(test_half_full),
		cmocka_unit_test(test_hostile_consumer),
		cmocka_unit_test(test_panic_prints_records),
		cmocka_unit_test(test_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
