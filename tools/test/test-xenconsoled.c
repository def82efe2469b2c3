/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console daemon's work on a small hypervisor: a guest comes, writes more than its reader
 * takes, and goes. Memory runs out at each allocation in turn, once, or from there on. Nothing may
 * end the process, and with memory again the guest gets its console by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xentoollog.h>

#include "../xenconsoled/daemon.h"
#include "fake-store.h"
#include "fake-xen.h"

#include <public/io/console.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

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

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

/* Each request to the store needs memory of the daemon's; the store has its own. */
static struct fake_store store;

#define REQUEST(result, failure, call) \
	bool was = armed; \
	result; \
	if (fails()) { \
		errno = ENOMEM; \
		return failure; \
	} \
	armed = false; \
	r = store.s.ops->call; \
	armed = was; \
	return r

static char *store_read(struct lx_store *s, uint32_t tx, const char *path)
{
	REQUEST(char *r, NULL, read(&store.s, tx, path));
}

static int store_write(struct lx_store *s, uint32_t tx, const char *path, const char *value)
{
	REQUEST(int r, -ENOMEM, write(&store.s, tx, path, value));
}

static int store_set_perms(struct lx_store *s, uint32_t tx, const char *path,
			   const struct lx_perm *perms, unsigned int n)
{
	REQUEST(int r, -ENOMEM, set_perms(&store.s, tx, path, perms, n));
}

static uint32_t store_begin(struct lx_store *s)
{
	REQUEST(uint32_t r, 0, begin(&store.s));
}

static int store_end(struct lx_store *s, uint32_t tx, bool abort)
{
	bool was = armed;
	int r;

	/* Without memory for the answer the transaction has ended as well. */
	armed = false;
	r = store.s.ops->end(&store.s, tx, abort);
	armed = was;
	return fails() ? -ENOMEM : r;
}

/* Each watch fires once when it is set. */
static int store_watch(struct lx_store *s, const char *path, const char *token)
{
	if (fails())
		return -ENOMEM;
	fake_store_fire(&store);
	return store.s.ops->watch(&store.s, path, token);
}

static int store_unwatch(struct lx_store *s, const char *path, const char *token)
{
	REQUEST(int r, -ENOMEM, unwatch(&store.s, path, token));
}

static const struct lx_store_ops poor_ops = {
	.read = store_read, .write = store_write, .set_perms = store_set_perms,
	.begin = store_begin, .end = store_end, .watch = store_watch, .unwatch = store_unwatch,
};
static struct lx_store poor = { &poor_ops };

/* The guest's ring, and its event channel. */
static struct xencons_interface ring;
static unsigned int mapped, bound, notified;

void *xengnttab_map_grant_ref(xengnttab_handle *h, uint32_t domid, uint32_t ref, int prot)
{
	mapped++;
	return &ring;
}

int xengnttab_unmap(xengnttab_handle *h, void *p, uint32_t count)
{
	assert_ptr_equal(p, &ring);
	mapped--;
	return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *h, uint32_t domid,
						     evtchn_port_t remote)
{
	assert_int_equal(remote, 5);
	bound++;
	return 17;
}

int xenevtchn_unbind(xenevtchn_handle *h, evtchn_port_t port)
{
	bound--;
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
	notified++;
	return 0;
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	return 0;
}

static struct daemon d;

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

static void begin(void)
{
	fake_reset(16);
	fake_store_init(&store);
	memset(&ring, 0, sizeof(ring));
	mapped = bound = notified = 0;
	d = (struct daemon){ .store = &poor };
	d.log = (void *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	d.ctl = ctl_open(&fake_backend, d.log);
	fake_xen.d[1].used = true;
	fake_xen.d[1].max_vcpus = 1;
}

static void end(void)
{
	guests_free(&d);
	assert_null(d.loop.fds);
	assert_null(d.loop.timers);
	assert_int_equal(mapped, 0);
	assert_int_equal(bound, 0);
	assert_true(store.watches <= failed);	/* to take one back fails as well */
	ctl_close(d.ctl);
	xtl_logger_destroy(d.log);
	fake_store_free(&store);
	fake_reset(0);
}

/* Watches fire, and timers that are set are due. */
static void time_passes(void)
{
	bool was = armed, fired = store.fire;

	armed = false;
	while (store.fire)
		free(store.s.ops->fired(&store.s));
	armed = was;
	if (fired)
		guests_scan(&d);
	for (struct lx_timer *t = d.loop.timers; t; t = t->next)
		t->at = 0;
	lx_loop_after(&d.loop, NULL, 0);
}

static void guest_writes(unsigned int n)
{
	for (unsigned int i = 0; i < n && ring.out_prod - ring.out_cons < sizeof(ring.out); i++)
		ring.out[MASK_XENCONS_IDX(ring.out_prod++, ring.out)] = 'x';
	guest_event(&d, 17);
}

/* The toolstack introduces the guest and then describes its console; the guest writes. */
static void work(void)
{
	armed = true;
	guests_scan(&d);
	time_passes();
	armed = false;
	put("/local/domain/1/name", "u1");
	put("/local/domain/1/console/port", "5");
	put("/local/domain/1/console/limit", "20000");
	armed = true;
	guests_scan(&d);
	for (unsigned int i = 0; i < 40; i++)
		guest_writes(1000);
	time_passes();
	armed = false;
}

/* With memory: the guest has its console, and its output comes through. */
static void assert_works(void)
{
	const char *tty;
	char got[4096];
	int fd;

	for (int i = 0; i < 3; i++)
		time_passes();
	assert_non_null(d.guests);
	assert_ptr_equal(d.guests->ring, &ring);
	tty = fake_store_get(&store, "/local/domain/1/console/tty");
	assert_non_null(tty);
	guest_writes(1000);
	assert_int_equal(ring.out_prod, ring.out_cons);
	fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got)) > 0);
	assert_int_equal(got[0], 'x');
	close(fd);
	/* It goes. */
	fake_xen.d[1].dying = true;
	guests_scan(&d);
	assert_int_equal(mapped, 0);
	time_passes();
	assert_null(d.guests);
}

static void test_no_memory(void **state)
{
	for (unsigned int all = 0; all < 2; all++) {
		unsigned long at = 0;

		do {
			begin();
			good = at++;
			bad = all ? ULONG_MAX : 1;
			failed = 0;
			work();
			assert_works();
			end();
		} while (failed);
		assert_true(at > 10);
	}
}

/* How much output is kept is the toolstack's choice, within what the daemon can bear. */
static void test_limit(void **state)
{
	static const struct { const char *text; size_t limit; } cases[] = {
		{ "20000", 20000 }, { "67108864", 64 << 20 }, { "67108865", 1 << 20 },
		{ "18446744073709551615", 1 << 20 }, { "0", 1 << 20 }, { "many", 1 << 20 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		put("/local/domain/1/console/port", "5");
		put("/local/domain/1/console/limit", cases[i].text);
		guests_scan(&d);
		assert_non_null(d.guests);
		assert_int_equal(d.guests->out.limit, cases[i].limit);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
