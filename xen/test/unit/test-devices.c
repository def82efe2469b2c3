/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of devices: claims and their conflicts, looking up, gaps, interrupts, the end. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/ops.h>
#include <xen/x86/devices.h>

#define NR_PORTS 256

static struct device_table t;
static u32 eois, releases[4];
static struct device dev[4];

static enum device_rc nothing(struct device *d, struct vcpu *v, struct device_access *a)
{
	return DEVICE_ABSENT;
}

static void count_eoi(struct device *d, u8 vector)
{
	eois += vector;
}

static void count_release(struct device *d)
{
	static u32 order;

	releases[d - dev] = ++order;
}

static const struct device_ops plain = { "plain", nothing, device_no_eoi, count_release };
static const struct device_ops with_eoi = { "eoi", nothing, count_eoi, count_release };
OPS_TABLE(plain, name);
OPS_TABLE(with_eoi, name);

static void start(void)
{
	host_init(1, 1, 8 << 20);
	device_table_init(&t, device_no_more);
	for (u32 i = 0; i < 4; i++)
		HOST_CHECK(device_add(&t, &dev[i], i == 1 ? &with_eoi : &plain) == 0);
}

static struct device *at(u64 addr, u32 bytes)
{
	return device_find(&t, DEVICE_PORTS, addr, bytes);
}

static int claim(u32 i, u64 first, u64 last)
{
	return device_claim(&t, &dev[i], DEVICE_PORTS, first, last);
}

static void claims(void *arg)
{
	start();
	HOST_CHECK(!at(0x40, 1));
	HOST_CHECK(claim(0, 0x40, 0x43) == 0);
	HOST_CHECK(claim(2, 0x61, 0x61) == 0);
	HOST_CHECK(claim(3, 0, 0x3f) == 0);
	HOST_CHECK(at(0x40, 1) == &dev[0] && at(0x40, 4) == &dev[0] && at(0x43, 1) == &dev[0]);
	/* An access not entirely in one device's range reaches no device. */
	HOST_CHECK(!at(0x42, 4) && !at(0x3e, 4) && !at(0x60, 2));
	HOST_CHECK(at(0x3e, 2) == &dev[3] && at(0, 1) == &dev[3]);
	HOST_CHECK(!at(0x44, 1) && !at(0x60, 1) && at(0x61, 1) == &dev[2] && !at(0x62, 1));
	/* Conflicts: inside, around, at either end, the same. */
	HOST_CHECK(claim(1, 0x41, 0x42) == -XEN_EEXIST);
	HOST_CHECK(claim(1, 0x30, 0x50) == -XEN_EEXIST);
	HOST_CHECK(claim(1, 0x43, 0x44) == -XEN_EEXIST);
	HOST_CHECK(claim(1, 0x3f, 0x3f) == -XEN_EEXIST);
	HOST_CHECK(claim(0, 0x40, 0x43) == -XEN_EEXIST);
	HOST_CHECK(claim(1, 0x44, 0x60) == 0);
	HOST_CHECK(at(0x60, 1) == &dev[1]);
	/* Ports and memory are separate; the last address of memory can be claimed. */
	HOST_CHECK(!device_find(&t, DEVICE_MMIO, 0x40, 1));
	HOST_CHECK(device_claim(&t, &dev[0], DEVICE_MMIO, ~0UL - 4095, ~0UL) == 0);
	HOST_CHECK(device_find(&t, DEVICE_MMIO, ~0UL, 1) == &dev[0]);
	HOST_CHECK(!device_find(&t, DEVICE_MMIO, ~0UL, 2));
	device_unclaim(&t, &dev[0], DEVICE_PORTS, 0x40);
	HOST_CHECK(!at(0x40, 1) && !at(0x43, 1));
	HOST_CHECK(at(0x3f, 1) == &dev[3] && at(0x44, 1) == &dev[1]);
	HOST_CHECK(claim(2, 0x43, 0x43) == 0 && at(0x43, 1) == &dev[2]);
}

/* Claims and unclaims at random, beside a plain array that says who owns what. */
static void random_claims(void *arg)
{
	struct device *owner[NR_PORTS] = { NULL };
	u64 start_of[NR_PORTS] = { 0 };

	start();
	for (u32 round = 0; round < 4000; round++) {
		u32 first = host_random_below(NR_PORTS), n = 1 + host_random_below(8), i;
		struct device *d = &dev[host_random_below(4)];
		u32 last = min(first + n - 1, NR_PORTS - 1U);
		bool is_free = true;

		if (owner[first] && host_random_below(2)) {
			u64 from = start_of[first];

			d = owner[first];
			device_unclaim(&t, d, DEVICE_PORTS, from);
			for (i = (u32)from; i < NR_PORTS && owner[i] && start_of[i] == from; i++)
				owner[i] = NULL;
			continue;
		}
		for (i = first; i <= last; i++)
			is_free = is_free && !owner[i];
		HOST_CHECK((device_claim(&t, d, DEVICE_PORTS, first, last) == 0) == is_free);
		for (i = first; is_free && i <= last; i++) {
			owner[i] = d;
			start_of[i] = first;
		}
		for (i = 0; i < NR_PORTS; i++)
			HOST_CHECK(at(i, 1) == owner[i]);
	}
}

static u32 gaps;
static u64 gap[8][2];

static void note_gap(u64 first, u64 last, void *arg)
{
	gap[gaps][0] = first;
	gap[gaps++][1] = last;
}

static void check_gaps(u64 first, u64 last, u32 n, ...)
{
	va_list ap;

	gaps = 0;
	device_for_each_gap(&t, DEVICE_PORTS, first, last, note_gap, NULL);
	HOST_CHECK(gaps == n);
	va_start(ap, n);
	for (u32 i = 0; i < n; i++) {
		HOST_CHECK(gap[i][0] == va_arg(ap, u32));
		HOST_CHECK(gap[i][1] == va_arg(ap, u32));
	}
	va_end(ap);
}

static void finding_gaps(void *arg)
{
	start();
	check_gaps(0, 0xffff, 1, 0, 0xffff);
	HOST_CHECK(claim(0, 0x20, 0x2f) == 0 && claim(1, 0x30, 0x3f) == 0);
	HOST_CHECK(claim(2, 0xffff, 0xffff) == 0);
	check_gaps(0, 0xffff, 2, 0, 0x1f, 0x40, 0xfffe);
	check_gaps(0x25, 0x50, 1, 0x40, 0x50);
	check_gaps(0x20, 0x3f, 0);
	check_gaps(0x10, 0x25, 1, 0x10, 0x1f);
}

static void ends(void *arg)
{
	static struct device another;

	start();
	HOST_CHECK(device_add(&t, &another, &with_eoi) == -XEN_EEXIST);
	device_eoi(&t, 7);
	device_eoi(&t, 3);
	HOST_CHECK(eois == 10);
	HOST_CHECK(claim(0, 1, 1) == 0);
	device_remove(&t, &dev[3]);
	device_table_destroy(&t);
	HOST_CHECK(releases[2] == 1 && releases[1] == 2 && releases[0] == 3 && !releases[3]);
	HOST_CHECK(!at(1, 1));
	device_eoi(&t, 3);
	HOST_CHECK(eois == 10);
	device_table_destroy(&t);	/* an empty table is like one that was never set up */
}

#define ISOLATED(name, fn) \
	static void name(void **state) { assert_int_equal(host_isolated(fn, NULL)->status, 0); }
ISOLATED(test_claims, claims)
ISOLATED(test_random_claims, random_claims)
ISOLATED(test_gaps, finding_gaps)
ISOLATED(test_ends, ends)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims), cmocka_unit_test(test_random_claims),
		cmocka_unit_test(test_gaps), cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
