/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that runs out: at each allocation of a day's work in turn, once, or from there on. Nothing
 * may end the process, every request has one answer, and with memory again everything works.
 */
#include "unit.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "xs-world.h"

#define RESERVE (8U << 20)

void *__real_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_mmap(void *p, size_t size, int prot, int flags, int fd, off_t offset);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_mmap(void *p, size_t size, int prot, int flags, int fd, off_t offset);

/* How many allocations still succeed, and how many fail then; counted while armed. */
static bool armed;
static unsigned long good, bad, failed;

static bool fails(void)
{
	if (!armed)
		return false;
	if (good) {
		good--;
		return false;
	}
	if (!bad)
		return false;
	bad--;
	failed++;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_mmap(void *p, size_t size, int prot, int flags, int fd, off_t offset)
{
	return fails() ? MAP_FAILED : __real_mmap(p, size, prot, flags, fd, offset);
}

static struct world w;
static struct conn *dom0, *guest;

static void ask(struct conn *c, uint32_t type, uint32_t tx, const char *data, size_t len)
{
	int error = world_ask(&w, c, type, tx, data, len);

	/* A change that was refused makes others fail, too. */
	if (error && error != ENOMEM && error != ENOENT && error != EACCES && error != EAGAIN)
		fail_msg("request %u: error %d", type, error);
	if (error == ENOMEM)
		assert_true(failed > 0);
}

#define ASK(c, type, tx, s) ask(c, type, tx, s, sizeof(s))

static void in_transaction(struct conn *c, const char *end)
{
	uint32_t tx = world_start(&w, c);

	if (!tx)
		return;
	ASK(c, XS_WRITE, tx, "/d/t/u/v\0value");
	ASK(c, XS_READ, tx, "/d/a");
	ASK(c, XS_DIRECTORY, tx, "/d");
	ASK(c, XS_RM, tx, "/d/none");
	ASK(c, XS_WRITE, 0, "/d/other\0x");
	ask(c, XS_TRANSACTION_END, tx, end, 2);
}

/* Everything that allocates. */
static void work(void)
{
	struct conn *other = world_socket(&w);
	char path[64];

	ASK(dom0, XS_WATCH, 0, "/d\0token");
	ASK(guest, XS_WATCH, 0, "/d\0token");
	ASK(guest, XS_WATCH, 0, "@releaseDomain\0token");
	for (int i = 0; i < 20; i++) {
		int len = snprintf(path, sizeof(path), "/d/%d/e/f%cvalue", i, 0);

		ask(guest, XS_WRITE, 0, path, (size_t)len);
	}
	in_transaction(guest, "T");
	in_transaction(guest, "F");
	in_transaction(dom0, "T");
	ASK(guest, XS_GET_PERMS, 0, "/d");
	ASK(guest, XS_SET_PERMS, 0, "/d/1\0n5\0r6");
	ASK(dom0, XS_INTRODUCE, 0, "6\0001\0001");
	ASK(dom0, XS_SET_TARGET, 0, "6\0005");
	ASK(dom0, XS_RELEASE, 0, "6");
	ASK(dom0, XS_CONTROL, 0, "memreport");
	ASK(guest, XS_RM, 0, "/d/2");
	ASK(guest, XS_UNWATCH, 0, "/d\0token");
	ASK(dom0, XS_RELEASE, 0, "5");
	conn_free(&w.xs, other);
}

/* One day with failures from allocation @after on; false when it had fewer than that. */
static bool one_day(unsigned long after, unsigned long failures)
{
	world_init(&w);
	dom0 = world_socket(&w);
	guest = world_ring(&w, 5);
	world_write(&w, dom0, 0, "/d", "");
	world_ask(&w, dom0, XS_SET_PERMS, 0, "/d\0n5", 6);
	good = after;
	bad = failures;
	failed = 0;
	armed = true;
	work();
	armed = false;
	assert_null(xs_check(&w.xs));
	assert_null(world_compare(&w));
	/* Memory is back. */
	assert_int_equal(world_write(&w, dom0, 0, "/d/back", "1"), 0);
	assert_true(memory_ready(0));
	world_fini(&w);
	return failed > 0;
}

static void test_from_here_on(void **state)
{
	unsigned long n = 0;

	while (one_day(n, ULONG_MAX))
		n++;
	print_message("%lu allocations\n", n);
	assert_true(n > 100);
}

static void test_once(void **state)
{
	unsigned long n = 0;

	while (one_day(n, 1))
		n++;
	assert_true(n > 100);
}

/* Requests go on until the reserve is needed for those that have begun, and are refused then. */
static void test_until_nothing_is_left(void **state)
{
	char request[3000], path[32];
	int error = 0, n;

	world_init(&w);
	dom0 = world_socket(&w);
	memset(request, 'v', sizeof(request));
	armed = true;
	good = 0;
	bad = ULONG_MAX;
	for (n = 0; n < 4000 && error != ENOMEM; n++) {
		snprintf(path, sizeof(path), "/many/%04d", n);
		memcpy(request, path, strlen(path) + 1);
		error = world_ask(&w, dom0, XS_WRITE, 0, request, sizeof(request));
		/* The records are the test's. */
		buf_free(&w.log);
	}
	assert_in_range(n, 100, 3000);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(world_ask(&w, dom0, XS_WRITE, 0, request, sizeof(request)),
				 ENOMEM);
	armed = false;
	assert_int_equal(world_ask(&w, dom0, XS_WRITE, 0, request, sizeof(request)), 0);
	assert_null(xs_check(&w.xs));
	world_fini(&w);
	assert_true(memory_ready(0));
}

/* Blocks of the reserve: what is freed can be had again, whatever the order. */
static void test_reserve(void **state)
{
	static struct {
		unsigned char *p;
		size_t size;
	} blocks[64];

	unit_seed();
	armed = true;
	good = 0;
	bad = ULONG_MAX;
	for (int i = 0; i < 20000; i++) {
		unsigned int k = unit_random_below(64);
		size_t size = 1 + unit_random_below(unit_random_below(8) ? 300 : 60000);

		for (size_t j = 0; blocks[k].p && j < blocks[k].size; j++)
			assert_int_equal(blocks[k].p[j], k);
		if (!blocks[k].p || unit_random_below(3)) {
			blocks[k].p = xs_realloc(blocks[k].p, size);
			blocks[k].size = size;
			memset(blocks[k].p, (int)k, size);
		} else {
			xs_free(blocks[k].p);
			blocks[k].p = NULL;
		}
	}
	assert_null(xs_try_realloc(NULL, 10));
	for (int k = 0; k < 64; k++)
		xs_free(blocks[k].p);
	/* It is in one piece again. */
	xs_free(xs_alloc(RESERVE - 4096));
	armed = false;
	assert_true(memory_ready(0));
}

static int reserve(void **state)
{
	return memory_reserve(RESERVE) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reserve), cmocka_unit_test(test_from_here_on),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_until_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, reserve, NULL);
}
