/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console ring with honest and with hostile guests, and the store of output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "changing-page.h"
#include "console/console.h"

#include <public/xen.h>
#include <public/io/console.h>

static void test_output(void **state)
{
	static struct xencons_interface r;
	char got[4096];

	r.out_cons = r.out_prod = UINT32_MAX - 2;	/* indices wrap */
	for (unsigned int i = 0; i < 5; i++)
		r.out[MASK_XENCONS_IDX(r.out_prod++, r.out)] = (char)('a' + i);
	assert_int_equal(console_ring_take(&r, got, 2), 2);
	assert_int_equal(console_ring_take(&r, got + 2, sizeof(got)), 3);
	assert_memory_equal(got, "abcde", 5);
	assert_int_equal(console_ring_take(&r, got, sizeof(got)), 0);
	r.out_prod = r.out_cons + sizeof(r.out);
	assert_int_equal(console_ring_take(&r, got, sizeof(got)), sizeof(r.out));
}

static void test_input(void **state)
{
	static struct xencons_interface r;
	char text[4096];

	memset(text, 'x', sizeof(text));
	assert_int_equal(console_ring_room(&r), sizeof(r.in));
	assert_int_equal(console_ring_give(&r, text, sizeof(text)), sizeof(r.in));
	assert_int_equal(console_ring_room(&r), 0);
	assert_int_equal(console_ring_give(&r, text, 1), 0);
	r.in_cons += 3;
	assert_int_equal(console_ring_give(&r, text, 10), 3);
}

static uint32_t change_at;

static void promise_more(void *page, uint32_t n, void *arg)
{
	struct xencons_interface *r = page;

	if (n == change_at)
		r->out_prod = r->out_cons + sizeof(r->out) + 100;
}

/* The guest changes an index between any two accesses: no more than the ring is ever taken. */
static void test_index_changes(void **state)
{
	struct xencons_interface *r = aligned_alloc(4096, 4096);
	uint32_t accesses = 2;
	char got[4096];

	assert_true(r && sizeof(*r) <= 4096);
	for (change_at = 1; change_at <= 4 && change_at <= accesses; change_at++) {
		int n;

		memset(r, 0, 4096);
		r->out_prod = 1;
		changing_page_begin(r, promise_more, NULL);
		n = console_ring_take(r, got, sizeof(got));
		accesses = changing_page_end();
		assert_true(n == 1 || n == -EPROTO);
	}
	free(r);
}

static void test_hostile(void **state)
{
	static const uint32_t bad[] = { 2049, 4096, 0x80000000, UINT32_MAX };
	static struct xencons_interface r;
	char got[4096];

	for (unsigned int i = 0; i < 4; i++) {
		r.out_cons = r.in_cons = 0;
		r.out_prod = r.in_prod = bad[i];
		assert_int_equal(console_ring_take(&r, got, sizeof(got)), -EPROTO);
		assert_int_equal(console_ring_give(&r, "x", 1), -EPROTO);
		assert_int_equal(console_ring_room(&r), 0);
		assert_int_equal(r.out_cons, 0);
	}
}

static size_t drain(struct console_store *s, char *to)
{
	size_t all = 0, n;

	while (s->used) {
		const char *p = console_store_peek(s, &n);

		memcpy(to + all, p, n);
		all += n;
		console_store_drop(s, n);
	}
	return all;
}

/* Against a plain array: what comes out is the end of what went in. */
static void test_store(void **state)
{
	struct console_store s = { .limit = 10000 };
	static char in[200000], out[20000];
	size_t total = 0, kept;

	srand(1);
	for (unsigned int round = 0; round < 200; round++) {
		size_t n = (size_t)rand() % 500, got;
		const char *p;

		for (size_t i = 0; i < n; i++)
			in[total + i] = (char)rand();
		console_store_add(&s, in + total, n);
		total += n;
		if (round % 3 || !s.used)
			continue;
		p = console_store_peek(&s, &got);
		got = got / 2;
		assert_memory_equal(p, in + total - s.used, got);
		console_store_drop(&s, got);
	}
	kept = s.used;
	assert_int_equal(drain(&s, out), kept);
	assert_memory_equal(out, in + total - kept, kept);
	console_store_add(&s, in, 50000);
	assert_int_equal(s.used, 10000);
	assert_int_equal(drain(&s, out), 10000);
	assert_memory_equal(out, in + 40000, 10000);
	assert_true(s.dropped >= 40000);
	console_store_free(&s);
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

/* From this allocation on (counted from 0) none succeeds. */
static unsigned int allocations, fail_from = UINT_MAX;

void *__wrap_malloc(size_t size)
{
	return allocations++ >= fail_from ? NULL : __real_malloc(size);
}

/* Without memory the store stays as large as it is: the newest bytes stay, others are counted. */
static void test_no_memory(void **state)
{
	static char in[60000], out[60000];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (char)rand();
	for (unsigned int from = 0; from < 6; from++) {
		struct console_store s = { .limit = 50000 };
		size_t kept;

		allocations = 0;
		fail_from = from;
		for (size_t at = 0; at < sizeof(in); at += 1000)
			console_store_add(&s, in + at, 1000);
		assert_true(s.used <= s.limit && (from || !s.used));
		assert_int_equal(s.used + s.dropped, sizeof(in));
		kept = drain(&s, out);
		assert_memory_equal(out, in + sizeof(in) - kept, kept);
		/* Memory is back. */
		fail_from = UINT_MAX;
		console_store_add(&s, in, sizeof(in));
		assert_int_equal(s.used, s.limit);
		console_store_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output), cmocka_unit_test(test_input),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_index_changes), cmocka_unit_test(test_store),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
