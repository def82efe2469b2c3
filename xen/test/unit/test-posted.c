/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Posted interrupts: requesters, a vCPU that runs, waits and moves, and the CPUs that get its
 * notifications, all interleaved access by access. Every request must be delivered. Requesters are
 * other CPUs, or devices whose interrupts an IOMMU posts, by the model of the host port.
 */
#include "unit.h"

#include <string.h>

#include <asm/posting.h>

#include "race.h"

#define REQUESTS 1000000U	/* in all */
#define RUN 1000U		/* requests of one seed */
#define NR_CPUS_HERE 2
#define NR_SENDERS 2
#define VECTORS_EACH 3
#define PATIENCE 100000		/* points that a request may take */

enum { ON_NOTHING, IN_HYPERVISOR, IN_GUEST };
enum { VEC_RUNNING = 0xf4, VEC_WAKE = 0xf5 };

static const struct posted_vectors vectors = { VEC_RUNNING, VEC_WAKE };
static struct vlapic_page page;
static struct vlapic vl;
static struct posted p;
static struct posted_waiters waiters[NR_CPUS_HERE];

/* The vCPU: where it is, and whether it has declared that it waits. */
static u32 place, cpu;
static bool waits, kicked, irq_off[NR_CPUS_HERE];
static bool irq_running[NR_CPUS_HERE], irq_wake[NR_CPUS_HERE];
static u32 sent[256], delivered[256], seen_levels;
static u32 left, senders_left;
/* Where requests reached the guest, and exits that one of them caused. */
static u64 in_guest, at_entry, exits;
static const char *lost;

static void on_ipi(void *ctx, const struct apic_msg *msg) {}
static void on_eoi(void *ctx, u8 vector) { seen_levels++; }
static void on_set_timer(void *ctx, s_time_t deadline) {}
static s_time_t on_tsc(void *ctx, u64 tsc) { return 0; }
static void on_post(void *ctx, u8 vector, bool level) {}
static void on_lint0(void *ctx) {}
static const struct vlapic_ops ops = { on_post, on_ipi, on_eoi, on_set_timer, on_tsc, on_lint0 };

/* The locks of this world: their holder may lose its turn. */
u64 spin_lock_irqsave(struct spinlock *l)
{
	while (l->head)
		race_point();
	l->head = 1;
	return 0;
}

void spin_unlock_irqrestore(struct spinlock *l, u64 flags)
{
	l->head = 0;
}

static void wake(struct posted *who)
{
	assert_ptr_equal(who, &p);
	waits = false;
}

/* ---- the processor and its guest ---- */

static void run_guest(void)
{
	int v;

	while ((v = vlapic_pending(&vl)) >= 0) {
		assert_true(vlapic_ack(&vl, (u8)v));
		delivered[v]++;
		vlapic_eoi(&vl);
	}
}

static u64 all_of(const u32 *counts)
{
	u64 n = 0;

	for (u32 v = 0; v < 256; v++)
		n += counts[v];
	return n;
}

/* What a processor does with its notification in a guest (SDM volume 3, section 30.6). */
static void process(void)
{
	u64 before = all_of(delivered);

	__atomic_fetch_and(&p.desc.control, ~POSTED_ON, __ATOMIC_SEQ_CST);
	for (u32 i = 0; i < 8; i++) {
		u32 bits;

		race_point();
		bits = __atomic_exchange_n(&p.desc.pir[i], 0, __ATOMIC_SEQ_CST);
		for (u32 b = 0; b < 32; b++)
			if (bits >> b & 1)
				vlapic_set_irq(&vl, (u8)(32 * i + b), false);
	}
	run_guest();
	in_guest += all_of(delivered) - before;
}

/* Interrupts of CPU @c, as long as they are on. */
static void take_interrupts(u32 c)
{
	bool in_guest = place == IN_GUEST && cpu == c;

	if (irq_running[c]) {
		irq_running[c] = false;
		if (in_guest)
			process();
	}
	if (irq_wake[c]) {
		irq_wake[c] = false;
		posted_wake(&waiters[c], wake);
	}
}

/* A CPU that does not have the vCPU. */
static void idle_cpu(u32 c)
{
	while (senders_left) {
		race_point();
		if (!irq_off[c] && (place == ON_NOTHING || cpu != c))
			take_interrupts(c);
	}
}

static void idle_cpu0(void) { idle_cpu(0); }
static void idle_cpu1(void) { idle_cpu(1); }

/* ---- the owner ---- */

static void stay_in_guest(void)
{
	u32 timer = race_random(4) ? ~0U : race_random(50);
	u64 before = all_of(delivered);

	place = IN_GUEST;
	irq_off[cpu] = false;
	run_guest();
	at_entry += all_of(delivered) - before;
	/* It leaves by a kick, an interrupt that is not its own, seldom a timer; or it halts. */
	while (senders_left && !kicked && !irq_wake[cpu] && timer--) {
		take_interrupts(cpu);
		if (race_random(8) == 0)
			break;
		race_point();
	}
	exits += kicked || irq_wake[cpu];
	kicked = false;
	place = IN_HYPERVISOR;
}

static void offer(void)
{
	irq_off[cpu] = true;
	if (!posted_waits(&p))
		return;
	posted_collect(&p, &vl);
	waits = false;
}

/* On a CPU, for a while. Ends with interrupts off. */
static void run(void)
{
	do {
		offer();
		stay_in_guest();
		take_interrupts(cpu);
		race_point();
		if (race_random(2))
			posted_collect(&p, &vl);
		/* HLT */
		waits = true;
		race_point();
		if (vlapic_pending(&vl) >= 0)
			waits = false;
		take_interrupts(cpu);
		race_point();
		if (race_random(2))
			offer();	/* and finds a softirq pending, so it does not enter */
	} while (!waits && race_random(4));
	irq_off[cpu] = true;
}

static void owner(void)
{
	while (senders_left) {
		cpu = race_random(NR_CPUS_HERE);
		while (irq_off[cpu])
			race_point();
		irq_off[cpu] = true;
		place = IN_HYPERVISOR;
		posted_load(&p, cpu, &vectors);
		run();
		if (!waits)
			posted_suspend(&p);
		else if (posted_block(&p, &waiters[cpu], cpu, &vectors))
			waits = false;
		place = ON_NOTHING;
		irq_off[cpu] = false;
		for (u32 t = race_random(20); t--;)
			race_point();
		while (waits && senders_left)
			race_point();
	}
}

/* ---- those who request ---- */

static void request(u8 vector, bool level)
{
	struct posted_target to;

	sent[vector]++;
	switch (posted_request(&p, &vl, vector, level, &to)) {
	case POSTED_NOTIFY:
		assert_true(to.cpu < NR_CPUS_HERE);
		*(to.vector == VEC_WAKE ? &irq_wake[to.cpu] : &irq_running[to.cpu]) = true;
		break;
	case POSTED_KICK:
		race_point();
		waits = false;
		kicked = place != ON_NOTHING;
		break;
	default:
		break;
	}
}

static struct posted_desc *desc_at(u64 address)
{
	return address == (u64)&p.desc ? &p.desc : NULL;
}

/* An interrupt of a device; its request is one step. */
static void device_request(u8 vector, bool urgent)
{
	struct remap_entry e = remap_posted((u64)&p.desc, vector, 0x0810, urgent);
	struct posted_target to;

	race_point();
	sent[vector]++;
	switch (posting_request(&e, 0x0810, desc_at, &to)) {
	case POSTING_NOTIFIES:
		assert_true(to.cpu < NR_CPUS_HERE);
		*(to.vector == VEC_WAKE ? &irq_wake[to.cpu] : &irq_running[to.cpu]) = true;
		break;
	case POSTING_SET:
		break;
	default:
		lost = "a device's interrupt is blocked";
		race_stop();
	}
}

static bool all_delivered(u8 first)
{
	for (u32 i = 0; i < VECTORS_EACH; i++)
		if (delivered[first + i] != sent[first + i])
			return false;
	return true;
}

static void sender(u8 first, bool device)
{
	while (left) {
		u32 n = 1 + race_random(VECTORS_EACH);

		for (u32 i = 0; i < n && left; i++) {
			left--;
			if (device)
				device_request((u8)(first + i), i == 2);
			else
				request((u8)(first + i), i == 2);
		}
		for (u32 t = PATIENCE; !all_delivered(first); race_point())
			if (!t--) {
				lost = "a request is lost";
				race_stop();
			}
	}
	senders_left--;
}

static void sender0(void) { sender(0x41, false); }
static void sender1(void) { sender(0x9e, false); }	/* its vectors lie in two words */
static void device0(void) { sender(0x41, true); }
static void device1(void) { sender(0x9e, true); }

static void start(void)
{
	memset(&page, 0, sizeof(page));
	vlapic_init(&vl, &page, 0, true, 48, &ops, NULL);
	vlapic_mmio_write(&vl, APIC_REG_SPIV * 16, 4, 0x1ff, 0);
	posted_init(&p);
	for (u32 i = 0; i < NR_CPUS_HERE; i++) {
		posted_waiters_init(&waiters[i]);
		irq_off[i] = irq_running[i] = irq_wake[i] = false;
	}
	memset(sent, 0, sizeof(sent));
	memset(delivered, 0, sizeof(delivered));
	place = ON_NOTHING;
	waits = kicked = false;
	left = RUN;
	senders_left = NR_SENDERS;
	lost = NULL;
}

static void race(void (*one)(void), void (*two)(void))
{
	void (*const fibers[])(void) = { owner, idle_cpu0, idle_cpu1, one, two };
	u64 seed = unit_seed(), total = 0;

	seen_levels = 0;
	in_guest = at_entry = exits = 0;
	for (u32 i = 0; i < REQUESTS / RUN; i++) {
		start();
		race_run(seed + i, fibers, ARRAY_SIZE(fibers));
		total += all_of(delivered);
		if (lost)
			fail_msg("seed %llu: %s; control %#lx, vCPU %s%s, %u of %u sent",
				 (unsigned long long)(seed + i), lost, p.desc.control,
				 waits ? "waits" : "runs", place == IN_GUEST ? " in its guest" : "",
				 RUN - left, RUN);
	}
	print_message("%lu requests, none lost: %lu delivered in the guest, %lu at an entry; "
		      "%lu exits\n", total, in_guest, at_entry, exits);
	assert_int_equal(total, REQUESTS);
}

static void test_races(void **state)
{
	race(sender0, sender1);
	assert_true(seen_levels > REQUESTS / 10);
}

/*
 * Devices never make a running vCPU leave its guest. An exit is left where a notification to wake
 * comes to a CPU that has the vCPU again, or where SN was set, as an urgent one does not heed it.
 */
static void test_devices(void **state)
{
	race(device0, device1);
	assert_int_equal(seen_levels, 0);
	assert_true(in_guest > REQUESTS / 10);
	assert_true(exits < REQUESTS / 100);
}

/* ---- the IOMMU's model ---- */

static enum posting post(u64 low, u64 high, u16 device)
{
	struct remap_entry e = { low, high };
	struct posted_target to = { .cpu = 77 };

	memset(&p.desc, 0, sizeof(p.desc));
	p.desc.control = 5UL << POSTED_NDST_SHIFT | 0xf4UL << POSTED_NV_SHIFT;
	return posting_request(&e, device, desc_at, &to);
}

/* Layouts are given in numbers, apart from the definitions. */
static void test_posting_entries(void **state)
{
	struct remap_entry e = remap_posted(0x123456780UL << 6, 0xab, 0x0810, true);
	u64 at = (u64)&p.desc, low, high;

	assert_int_equal(e.low, 0xd159e00000abc001UL);
	assert_int_equal(e.high, 0x0000004800040810UL);
	low = (at & 0xffffffc0) << 32 | 0x41 << 16 | 1UL << 15 | 1;
	high = at >> 32 << 32 | 1UL << 18 | 0x0810;
	assert_int_equal(post(low, high, 0x0810), POSTING_NOTIFIES);
	assert_int_equal(p.desc.pir[2], 2);
	assert_int_equal(p.desc.control, 5UL << 32 | 0xf4 << 16 | 1);
	assert_int_equal(post(low & ~1UL, high, 0x0810), POSTING_NOT_PRESENT);
	assert_int_equal(post(low & ~(1UL << 15), high, 0x0810), POSTING_NOT_POSTED);
	assert_int_equal(post(low, high, 0x0811), POSTING_OTHER_DEVICE);
	assert_int_equal(post(low, high & ~(1UL << 18), 0x0811), POSTING_NOTIFIES);
	for (u32 i = 0; i < 64; i++) {
		bool free = i < 2 || (i >= 8 && i <= 11) || (i >= 14 && i <= 23) || i >= 38;

		if (!free)
			assert_int_equal(post(low | BIT(i), high, 0x0810), POSTING_RESERVED);
	}
	for (u32 i = 20; i < 32; i++)
		assert_int_equal(post(low, high | BIT(i), 0x0810), POSTING_RESERVED);
	assert_int_equal(post(low ^ BIT(50), high, 0x0810), POSTING_NO_DESCRIPTOR);
	assert_int_equal(p.desc.pir[2], 0);
}

static enum posting post_with(u64 control, bool urgent)
{
	struct remap_entry e = remap_posted((u64)&p.desc, 0x41, 1, urgent);
	struct posted_target to = { 0 };
	enum posting result;

	memset(&p.desc, 0, sizeof(p.desc));
	p.desc.control = control | 3UL << POSTED_NDST_SHIFT | 0xf5UL << POSTED_NV_SHIFT;
	result = posting_request(&e, 1, desc_at, &to);
	if (result == POSTING_NOTIFIES)
		assert_true(to.cpu == 3 && to.vector == 0xf5);
	return result;
}

/* Who is told: when ON is clear, and SN is clear or the entry is urgent. */
static void test_posting_notifies(void **state)
{
	for (u32 urgent = 0; urgent < 2; urgent++) {
		assert_int_equal(post_with(0, urgent), POSTING_NOTIFIES);
		assert_int_equal(post_with(POSTED_ON, urgent), POSTING_SET);
		assert_int_equal(post_with(POSTED_ON | POSTED_SN, urgent), POSTING_SET);
		assert_int_equal(post_with(POSTED_SN, urgent),
				 urgent ? POSTING_NOTIFIES : POSTING_SET);
		assert_int_equal(p.desc.pir[2], 2);
		assert_int_equal(p.desc.control & 3, urgent ? 3 : POSTED_SN);
		for (u32 i = 2; i < 32; i++)
			if (i < 16 || i >= 24)
				assert_int_equal(post_with(BIT(i), urgent), POSTING_RESERVED);
		assert_int_equal(p.desc.pir[2], 0);
	}
}

/* ---- one at a time ---- */

static void test_protocol(void **state)
{
	struct posted_target to;
	struct posted other;

	start();
	/* Suppressed: only the bit. It is found when the vCPU comes to a CPU. */
	assert_int_equal(posted_request(&p, &vl, 0x41, false, &to), POSTED_QUIET);
	assert_int_equal(posted_request(&p, &vl, 0x41, false, &to), POSTED_MERGED);
	assert_false(posted_waits(&p));
	posted_load(&p, 1, &vectors);
	assert_true(posted_waits(&p));
	assert_int_equal(posted_collect(&p, &vl), POSTED_EDGES);
	assert_int_equal(vlapic_pending(&vl), 0x41);
	assert_int_equal(posted_collect(&p, &vl), POSTED_NONE);
	/* On a CPU: the first request notifies, those after it do not. */
	assert_int_equal(posted_request(&p, &vl, 0x51, false, &to), POSTED_NOTIFY);
	assert_int_equal(to.cpu, 1);
	assert_int_equal(to.vector, VEC_RUNNING);
	assert_int_equal(posted_request(&p, &vl, 0x61, false, &to), POSTED_QUIET);
	/* It would wait, but was notified before. */
	assert_true(posted_block(&p, &waiters[1], 1, &vectors));
	posted_load(&p, 0, &vectors);
	posted_collect(&p, &vl);
	assert_int_equal(vlapic_pending(&vl), 0x61);
	/* It waits, and is woken where it blocked. */
	assert_false(posted_block(&p, &waiters[0], 0, &vectors));
	waits = true;
	posted_wake(&waiters[0], wake);
	assert_true(waits);
	assert_int_equal(posted_request(&p, &vl, 0x71, false, &to), POSTED_NOTIFY);
	assert_int_equal(to.cpu, 0);
	assert_int_equal(to.vector, VEC_WAKE);
	posted_wake(&waiters[1], wake);
	assert_true(waits);
	posted_wake(&waiters[0], wake);
	assert_false(waits);
	/* It need not be woken through the list to leave it. */
	posted_load(&p, 1, &vectors);
	posted_collect(&p, &vl);
	assert_false(posted_block(&p, &waiters[1], 1, &vectors));
	posted_leave_list(&p);
	assert_true(list_empty(&waiters[1].list));
	/* Others that wait on the same CPU stay on its list. */
	posted_init(&other);
	posted_load(&other, 0, &vectors);
	assert_false(posted_block(&other, &waiters[0], 0, &vectors));
	posted_load(&p, 0, &vectors);
	assert_false(posted_block(&p, &waiters[0], 0, &vectors));
	waits = true;
	assert_int_equal(posted_request(&p, &vl, 0x81, false, &to), POSTED_NOTIFY);
	posted_wake(&waiters[0], wake);
	assert_false(waits);
	assert_false(list_empty(&other.link));
}

static void test_levels_and_errors(void **state)
{
	struct posted_target to;

	start();
	posted_load(&p, 0, &vectors);
	assert_int_equal(posted_request(&p, &vl, 0x41, true, &to), POSTED_KICK);
	assert_int_equal(posted_request(&p, &vl, 0x41, true, &to), POSTED_MERGED);
	assert_true(posted_waits(&p));
	assert_int_equal(*vlapic_reg(&vl, APIC_REG_TMR + 2), 2);
	assert_int_equal(posted_collect(&p, &vl), POSTED_LEVELS);
	assert_int_equal(vlapic_pending(&vl), 0x41);
	assert_int_equal(posted_request(&p, &vl, 15, false, &to), POSTED_MERGED);
	/* Forgotten at INIT, and a disabled APIC takes none. */
	posted_request(&p, &vl, 0x51, false, &to);
	posted_request(&p, &vl, 0x52, true, &to);
	posted_drop(&p);
	assert_false(posted_waits(&p));
	assert_int_equal(posted_collect(&p, &vl), POSTED_NONE);
	vlapic_reset(&vl);
	assert_int_equal(posted_request(&p, &vl, 0x41, false, &to), POSTED_MERGED);
	assert_int_equal(p.desc.pir[2] | p.held[2], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_protocol),
		cmocka_unit_test(test_levels_and_errors),
		cmocka_unit_test(test_posting_entries),
		cmocka_unit_test(test_posting_notifies),
		cmocka_unit_test(test_races),
		cmocka_unit_test(test_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
