/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl psr-*: what is printed and changed, with 4.17's columns, and what errors say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <xentoollog.h>

#include "fake-store.h"
#include "fake-xen.h"
#include "xl-run.h"

#define NAMES "xl psr-cmt-show: not attached (xl psr-cmt-attach):"

static struct fake_store store;

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

/* Four CPUs on two sockets; dom0 and two guests. */
static int setup(void **state)
{
	fake_reset(64);
	fake_xen.cpus = 4;
	fake_xen.pool[0] = (struct fake_pool){ true, XEN_SCHEDULER_CREDIT2, 0xf };
	fake_xen.psr = (struct fake_psr){ .rmids = 2, .events = 7, .upscale = 1024, .kib = 2048,
					  .cbm_len = 20 };
	fake_xen.d[1].used = fake_xen.d[2].used = true;
	fake_store_init(&store);
	memset(&xl, 0, sizeof(xl));
	xl.log = (void *)xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
	xl.lx.log = xl.log;
	xl.lx.ctl = ctl_open(&fake_backend, xl.log);
	xl.lx.store = &store.s;
	xl.opened = true;
	put("/local/domain/0/name", "Domain-0");
	put("/local/domain/1/name", "u1");
	put("/local/domain/2/name", "u2");
	return 0;
}

static int teardown(void **state)
{
	ctl_close(xl.lx.ctl);
	xtl_logger_destroy(xl.log);
	fake_store_free(&store);
	assert_int_equal(fake_xen.bufs, 0);
	fake_reset(0);
	return 0;
}

static void assert_says(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("\"%s\" is not in \"%s\"", what, text);
}

static void test_hwinfo(void **state)
{
	static const char cmt[] = "Cache Monitoring Technology (CMT):\n"
				  "Enabled         : 1\nTotal RMID      : 2\n"
				  "Supported monitor types:\ncache-occupancy\n"
				  "total-mem-bandwidth\nlocal-mem-bandwidth\n";
	static const char cat[] = "Cache Allocation Technology (CAT):\n"
				  "Socket ID       : 0\nL3 Cache        : 2048KB\n"
				  "CDP Status      : Disabled\nMaximum COS     : 3\n"
				  "CBM length      : 20\nDefault CBM     : 0xfffff\n"
				  "Socket ID       : 1\n";

	assert_int_equal(run("psr-hwinfo"), 0);
	assert_memory_equal(out, cmt, sizeof(cmt) - 1);
	assert_says(out, cat);
	assert_int_equal(run("psr-hwinfo --cmt"), 0);
	assert_string_equal(out, cmt);
	assert_int_equal(run("psr-hwinfo -a"), 0);
	assert_memory_equal(out, cat, sizeof(cat) - 1);
	fake_xen.psr = (struct fake_psr){ 0 };
	assert_int_equal(run("psr-hwinfo"), 0);
	assert_string_equal(out, "Cache Monitoring Technology (CMT):\nEnabled         : 0\n");
	assert_int_equal(run("psr-hwinfo --cat"), 1);
	assert_says(err, "boot it with psr=cat");
}

static void test_attach(void **state)
{
	assert_int_equal(run("psr-cmt-attach u1"), 0);
	assert_int_equal(fake_xen.d[1].rmid, 1);
	assert_int_equal(run("psr-cmt-attach u1"), 1);
	assert_string_equal(err, "xl psr-cmt-attach: u1: it is attached already\n");
	assert_int_equal(run("psr-cmt-attach Domain-0"), 0);
	assert_int_equal(run("psr-cmt-attach u2"), 1);
	assert_says(err, "xl psr-cmt-attach: u2: all RMIDs are in use");
	assert_int_equal(run("psr-cmt-detach u1"), 0);
	assert_int_equal(fake_xen.d[1].rmid, 0);
	assert_int_equal(run("psr-cmt-detach u1"), 1);
	assert_string_equal(err, "xl psr-cmt-detach: u1: it is not attached: xl psr-cmt-attach\n");
	assert_int_equal(run("psr-cmt-attach u1 u2"), 1);
	fake_xen.psr.rmids = 0;
	assert_int_equal(run("psr-cmt-attach u1"), 1);
	assert_says(err, "u1: the hypervisor does not monitor the cache: boot it with psr=cmt");
}

static void test_occupancy(void **state)
{
	static const char head[] =
		"Total RMID: 2\n"
		"Name                                        ID        Socket 0        Socket 1\n"
		"Total L3 Cache Size                                    2048 KB         2048 KB\n";

	assert_int_equal(run("psr-cmt-show cache-occupancy"), 0);
	assert_string_equal(out, head);
	assert_string_equal(err, NAMES " Domain-0, u1, u2\n");
	fake_xen.d[1].rmid = 1;
	fake_xen.d[2].rmid = 2;
	fake_xen.psr.count[0][0][1] = 96;
	fake_xen.psr.count[1][0][1] = 1;
	fake_xen.psr.count[1][0][2] = 1000;
	assert_int_equal(run("psr-cmt-show cache-occupancy"), 0);
	assert_memory_equal(out, head, sizeof(head) - 1);
	assert_string_equal(out + sizeof(head) - 1,
		"u1                                           1           96 KB            1 KB\n"
		"u2                                           2            0 KB         1000 KB\n");
	assert_string_equal(err, NAMES " Domain-0\n");
	assert_int_equal(run("psr-cmt-show cache-occupancy u2"), 0);
	assert_null(strstr(out, "u1"));
	assert_string_equal(err, "");
	assert_int_equal(run("psr-cmt-show cache-occupancy 0"), 1);
	assert_string_equal(err, "xl psr-cmt-show: 0: it is not attached: xl psr-cmt-attach\n");
	/* A counter that the processor cannot tell. */
	fake_xen.psr.count[1][0][2] = (uint64_t)1 << 62;
	assert_int_equal(run("psr-cmt-show cache-occupancy u2"), 1);
	assert_says(out, "           error\n");
	assert_says(err, "the processor cannot tell at present");
}

/* 1000 units of 1 KiB between two readings, which are a millisecond and another guest's apart. */
static void test_bandwidth(void **state)
{
	fake_xen.d[1].rmid = 1;
	fake_xen.psr.step = 1000;
	assert_int_equal(run("psr-cmt-show --window=1 total-mem-bandwidth u1"), 0);
	/* The other socket is read in between: two milliseconds. */
	assert_says(out, "u1                                           1     500000 KB/s");
	assert_null(strstr(out, "Total L3"));
	/* A counter that begins anew is read again; one that always does is not believed. */
	fake_xen.psr.count[0][2][1] = (uint64_t)1 << 40;
	fake_xen.psr.step = (uint64_t)-1000;
	assert_int_equal(run("psr-cmt-show -w 1 local-mem-bandwidth u1"), 1);
	assert_says(out, "error");
	assert_int_equal(run("psr-cmt-show -w 0 local-mem-bandwidth"), 2);
	assert_string_equal(err, "xl psr-cmt-show: the window is 1 to 900 ms, not \"0\"\n");
	assert_int_equal(run("psr-cmt-show -w 5s local-mem-bandwidth"), 2);
	fake_xen.psr.events = 1;
	assert_int_equal(run("psr-cmt-show total-mem-bandwidth"), 1);
	assert_says(err, "this processor does not count total-mem-bandwidth");
	assert_int_equal(run("psr-cmt-show bandwidth"), 2);
	assert_int_equal(run("psr-cmt-show"), 2);
}

static void test_masks(void **state)
{
	assert_int_equal(run("psr-cat-set u1 0xff"), 0);
	assert_int_equal(fake_xen.d[1].mask[0], 0xff);
	assert_int_equal(fake_xen.d[1].mask[1], 0xff);
	assert_int_equal(run("psr-cat-set -s 1 u1 15"), 0);
	assert_int_equal(fake_xen.d[1].mask[0], 0xff);
	assert_int_equal(fake_xen.d[1].mask[1], 15);
	assert_int_equal(run("psr-cat-show u1"), 0);
	assert_string_equal(out,
		"Socket ID       : 0\nL3 Cache        : 2048KB\nDefault CBM     : 0xfffff\n"
		"   ID                     NAME             CBM\n"
		"    1                       u1            0xff\n"
		"Socket ID       : 1\nL3 Cache        : 2048KB\nDefault CBM     : 0xfffff\n"
		"   ID                     NAME             CBM\n"
		"    1                       u1             0xf\n");
	assert_int_equal(run("psr-cat-show"), 0);
	assert_says(out, "    0                 Domain-0         0xfffff\n");
	/* A socket that is not there changes nothing on the others. */
	assert_int_equal(run("psr-cat-set --socket=0-2 u1 1"), 1);
	assert_string_equal(err, "xl psr-cat-set: there is no socket 2\n");
	assert_int_equal(fake_xen.d[1].mask[0], 0xff);
	assert_int_equal(run("psr-cat-set -s 0,1-1 u1 3"), 0);
	assert_int_equal(fake_xen.d[1].mask[0], 3);
	assert_int_equal(fake_xen.d[1].mask[1], 3);
}

static void test_masks_refused(void **state)
{
	static const char *const lists[] = { "x", "1-", "-1", "2-1", "0-64", "0,,1", "0," };
	char line[64];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		snprintf(line, sizeof(line), "psr-cat-set -s %s u1 1", lists[i]);
		assert_int_equal(run(line), 1);
		assert_says(err, "sockets are a list such as 0,2-3");
	}
	assert_int_equal(run("psr-cat-set u1 5"), 1);
	assert_says(err, "u1: a mask is one run of bits within those of xl psr-hwinfo --cat\n");
	assert_int_equal(run("psr-cat-set u1 0xfz"), 1);
	assert_says(err, "a mask is a number such as 0xf, not \"0xfz\"");
	assert_int_equal(run("psr-cat-set -c u1 1"), 1);
	assert_says(err, "u1: code and data have one mask\n");
	assert_int_equal(run("psr-cat-set -c -d u1 1"), 1);
	assert_string_equal(err, "Cannot handle -c and -d at the same time\n");
	assert_int_equal(run("psr-cat-set -l 2 u1 1"), 1);
	assert_says(err, "only the cache of level 3 can be divided, not that of level 2");
	assert_int_equal(run("psr-cat-show -l 2"), 1);
	assert_int_equal(run("psr-cat-set u1"), 2);
	fake_xen.psr.no_class = true;
	assert_int_equal(run("psr-cat-set u1 1"), 1);
	assert_says(err, "all classes of service have other masks");
	fake_xen.psr.cbm_len = 0;
	assert_int_equal(run("psr-cat-set u1 1"), 1);
	assert_says(err, "the hypervisor cannot divide the cache: boot it with psr=cat");
	assert_int_equal(run("psr-cat-show"), 1);
	assert_int_equal(fake_xen.d[1].mask[0], 0);
}

/* Any hypercall may fail: a message, an error, nothing half done that success would hide. */
static void test_failing(void **state)
{
	static const char *const lines[] = {
		"psr-hwinfo", "psr-cmt-attach 1", "psr-cmt-show cache-occupancy 1",
		"psr-cmt-show -w 1 total-mem-bandwidth 1", "psr-cat-set 1 3", "psr-cat-show 1",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		for (unsigned int at = 1;; at++) {
			int status;

			fake_xen.d[1].rmid = i == 1 ? 0 : 1;
			fake_xen.calls = fake_xen.failed = 0;
			fake_xen.fail_at = at;
			fake_xen.fail_with = -EFAULT;
			status = run_line(lines[i], true);
			if (!status)
				break;
			assert_true(at < 50);
			assert_true(*err || strstr(out, "error"));
		}
	fake_xen.fail_at = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hwinfo), TEST(test_attach), TEST(test_occupancy), TEST(test_bandwidth),
		TEST(test_masks), TEST(test_masks_refused), TEST(test_failing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
