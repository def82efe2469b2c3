/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of a domain: guests that keep the rules, guests that do not, and daemons that die
 * between any two steps. A death is played by keeping a copy of what outlives the process (page,
 * slot, records) and starting a new core from it.
 */
#include "unit.h"

#include <string.h>

#include "../xenstored/core/ring.h"
#include "xs-world.h"

#define DOMID 5

/* What outlives the process. */
struct remains {
	struct xenstore_domain_interface page;
	struct ring_slot slot;
	struct buf log;
};

static struct world w;
static struct ring ring;
static struct remains *now;
static struct conn *dom0;

/* Copies taken when a record is about to be kept, and when it was: at the given record from now. */
static struct remains before_record, after_record;
static unsigned int copy_at;
static struct xs_hooks hooks;

static void copy_remains(struct remains *to)
{
	to->page = now->page;
	to->slot = now->slot;
	to->log = (struct buf){ 0 };
	buf_add(&to->log, w.log.data, w.log.len);
}

static int append(void *ctx, const void *record, size_t len)
{
	bool copy = copy_at && !--copy_at;

	if (copy)
		copy_remains(&before_record);
	buf_add(&w.log, &len, sizeof(len));
	buf_add(&w.log, record, len);
	if (copy)
		copy_remains(&after_record);
	return 0;
}

static void begin(void)
{
	ring = (struct ring){
		.xs = &w.xs, .d = xs_domain(&w.xs, DOMID), .page = &now->page, .slot = &now->slot,
	};
	hooks = *w.xs.hooks;
	hooks.append = append;
	w.xs.hooks = &hooks;
	dom0 = world_socket(&w);
	ring_attach(&ring);
}

static int setup(void **state)
{
	now = test_calloc(1, sizeof(*now));
	world_init(&w);
	world_ring(&w, DOMID);
	begin();
	world_write(&w, dom0, 0, "/d", "");
	world_ask(&w, dom0, XS_SET_PERMS, 0, "/d\0n5", 6);
	copy_at = 0;
	return 0;
}

static int teardown(void **state)
{
	const char *wrong = xs_check(&w.xs);

	world_fini(&w);
	test_free(now);
	return wrong != NULL;
}

/* The process dies and another starts with @r, which is used up. */
static void restart(struct remains *r)
{
	size_t pos = 0, len;

	world_fini(&w);
	world_init(&w);
	now->page = r->page;
	now->slot = r->slot;
	for (; pos < r->log.len; pos += sizeof(len) + len) {
		memcpy(&len, r->log.data + pos, sizeof(len));
		assert_null(record_apply(&w.xs, r->log.data + pos + sizeof(len), len));
	}
	w.log = r->log;
	r->log = (struct buf){ 0 };
	w.xs.epoch++;
	begin();
}

static void restart_now(void)
{
	struct remains *r = test_malloc(sizeof(*r));

	copy_remains(r);
	restart(r);
	test_free(r);
}

/* The guest's side. Returns how much it could put in. */
static size_t put(const void *data, size_t len)
{
	struct xenstore_domain_interface *p = &now->page;
	size_t n = 0;

	for (; n < len && p->req_prod - p->req_cons < XENSTORE_RING_SIZE; n++)
		p->req[MASK_XENSTORE_IDX(p->req_prod++)] = ((const char *)data)[n];
	return n;
}

static size_t get(void *data, size_t len)
{
	struct xenstore_domain_interface *p = &now->page;
	size_t n = 0;

	for (; n < len && p->rsp_cons != p->rsp_prod; n++)
		((char *)data)[n] = p->rsp[MASK_XENSTORE_IDX(p->rsp_cons++)];
	return n;
}

static void run(void)
{
	while (ring_run(&ring))
		;
}

static uint32_t last_id;

static size_t make_request(char *to, uint32_t type, uint32_t tx, const void *data, size_t len)
{
	struct xsd_sockmsg h = {
		.type = type, .req_id = ++last_id, .tx_id = tx, .len = (uint32_t)len,
	};

	memcpy(to, &h, sizeof(h));
	memcpy(to + sizeof(h), data, len);
	return sizeof(h) + len;
}

static void send_whole(const char *request, size_t len)
{
	for (size_t n = 0; n < len;) {
		n += put(request + n, len - n);
		run();
	}
}

static void send_request(uint32_t type, uint32_t tx, const void *data, size_t len)
{
	char request[RING_MESSAGE_MAX];

	send_whole(request, make_request(request, type, tx, data, len));
}

/* Take the next message; its type. */
static uint32_t receive(struct xsd_sockmsg *h, char data[XENSTORE_PAYLOAD_MAX + 1])
{
	size_t n = 0;

	while (n < sizeof(*h)) {
		size_t more = get((char *)h + n, sizeof(*h) - n);

		run();
		assert_true(more > 0);
		n += more;
	}
	assert_true(h->len <= XENSTORE_PAYLOAD_MAX);
	for (n = 0; n < h->len;) {
		size_t more = get(data + n, h->len - n);

		run();
		assert_true(more > 0);
		n += more;
	}
	data[n] = '\0';
	return h->type;
}

static void expect_ok(uint32_t type)
{
	struct xsd_sockmsg h;
	char data[XENSTORE_PAYLOAD_MAX + 1];

	assert_int_equal(receive(&h, data), type);
	assert_int_equal(h.req_id, last_id);
	assert_string_equal(data, "OK");
	assert_int_equal(now->page.rsp_cons, now->page.rsp_prod);
}

static void expect_error(const char *name)
{
	struct xsd_sockmsg h;
	char data[XENSTORE_PAYLOAD_MAX + 1];

	assert_int_equal(receive(&h, data), XS_ERROR);
	assert_string_equal(data, name);
}

static const char *value(const char *path)
{
	return world_ask_str(&w, dom0, XS_READ, 0, path) ? NULL : w.reply.data;
}

/* A domain that is there already hears of a daemon that has just come, also a first one. */
static void test_attached(void **state)
{
	assert_true(ring.notify);
	restart_now();
	assert_true(ring.notify);
}

static void test_talk(void **state)
{
	char big[3000], data[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg h;

	assert_int_equal(now->page.server_features, 3);
	send_request(XS_WRITE, 0, "/d/x\0hello", 10);
	expect_ok(XS_WRITE);
	assert_string_equal(value("/d/x"), "hello");
	/* Longer than the ring, both ways. */
	memset(big, 'v', sizeof(big));
	memcpy(big, "/d/y", 5);
	send_request(XS_WRITE, 0, big, 2000);
	expect_ok(XS_WRITE);
	send_request(XS_READ, 0, "/d/y", 5);
	assert_int_equal(receive(&h, data), XS_READ);
	assert_int_equal(h.len, 1995);
	assert_memory_equal(data, big + 5, 1995);
	send_request(XS_READ, 0, "/none", 6);
	expect_error("EACCES");
	for (int i = 0; i < 200; i++) {
		send_request(XS_MKDIR, 0, "/d/z", 5);
		expect_ok(XS_MKDIR);
	}
}

static void test_bad_guests(void **state)
{
	struct xsd_sockmsg h = { .type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1 };

	put(&h, sizeof(h));
	run();
	assert_int_equal(now->page.error, XENSTORE_ERROR_PROTO);
	assert_true(ring.broken);
	/* Not listened to until it connects again. */
	now->page.connection = XENSTORE_RECONNECT;
	run();
	assert_int_equal(now->page.connection, XENSTORE_CONNECTED);
	assert_int_equal(now->page.error, XENSTORE_ERROR_NONE);
	send_request(XS_MKDIR, 0, "/d/z", 5);
	expect_ok(XS_MKDIR);
	now->page.req_prod = now->page.req_cons + XENSTORE_RING_SIZE + 1;
	run();
	assert_int_equal(now->page.error, XENSTORE_ERROR_RINGIDX);
	restart_now();
	assert_true(ring.broken);
	now->page.connection = XENSTORE_RECONNECT;
	run();
	/* What is ours in the page may be written to by the guest; we do not look at it. */
	now->page.req_cons = 12345;
	now->page.rsp_prod = 54321;
	run();
	now->page.req_cons = now->page.rsp_prod = 0;
	send_request(XS_MKDIR, 0, "/d/z", 5);
	expect_ok(XS_MKDIR);
	now->page.rsp_cons = now->page.rsp_prod + 1;
	send_request(XS_MKDIR, 0, "/d/z", 5);
	assert_int_equal(now->page.error, XENSTORE_ERROR_RINGIDX);
}

/* A guest's fresh start: its watches are gone, and what waited for it is, too. */
static void test_reconnect(void **state)
{
	send_request(XS_WATCH, 0, "/d\0t", 5);
	put("half", 4);
	run();
	now->page.connection = XENSTORE_RECONNECT;
	run();
	assert_int_equal(now->page.rsp_prod, 0);
	assert_int_equal(now->page.req_cons, 0);
	assert_int_equal(store_usage(&w.xs.store, DOMID)->watches, 0);
	send_request(XS_MKDIR, 0, "/d/z", 5);
	expect_ok(XS_MKDIR);
}

/* The process dies before the record of a request is kept, or just after: it is done once. */
static void test_death_at_record(void **state)
{
	for (int after = 0; after < 2; after++) {
		world_write(&w, dom0, 0, "/d/x", "old");
		copy_at = 1;
		send_request(XS_WRITE, 0, "/d/x\0new", 8);
		restart(after ? &after_record : &before_record);
		buf_free(after ? &before_record.log : &after_record.log);
		if (after) {
			assert_string_equal(value("/d/x"), "new");
			/* Were it done again, this would not stand. */
			world_write(&w, dom0, 0, "/d/x", "newer");
		}
		run();
		expect_ok(XS_WRITE);
		assert_string_equal(value("/d/x"), after ? "newer" : "new");
		send_request(XS_MKDIR, 0, "/d/z", 5);
		expect_ok(XS_MKDIR);
	}
}

static void test_death_at_commit(void **state)
{
	struct xsd_sockmsg h;
	char data[XENSTORE_PAYLOAD_MAX + 1];
	uint32_t tx;

	for (int after = 0; after < 2; after++) {
		world_ask_str(&w, dom0, XS_RM, 0, "/d/x");
		send_request(XS_TRANSACTION_START, 0, "", 1);
		assert_int_equal(receive(&h, data), XS_TRANSACTION_START);
		tx = (uint32_t)strtoul(data, NULL, 10);
		send_request(XS_WRITE, tx, "/d/x\0new", 8);
		expect_ok(XS_WRITE);
		copy_at = 1;
		send_request(XS_TRANSACTION_END, tx, "T", 2);
		restart(after ? &after_record : &before_record);
		buf_free(after ? &before_record.log : &after_record.log);
		run();
		if (after)
			expect_ok(XS_TRANSACTION_END);
		else
			expect_error("EAGAIN");
		if (after)
			assert_string_equal(value("/d/x"), "new");
		else
			assert_null(value("/d/x"));
	}
}

/* It dies with half a request taken, and with half an answer sent. */
static void test_death_between(void **state)
{
	char request[RING_MESSAGE_MAX], data[XENSTORE_PAYLOAD_MAX + 1], big[2100];
	struct xsd_sockmsg h;
	size_t len, n;

	memset(big, 'v', sizeof(big));
	memcpy(big, "/d/y", 5);
	len = make_request(request, XS_WRITE, 0, big, 2000);
	for (n = 0; n < len;) {
		n += put(request + n, len - n < 100 ? len - n : 100);
		run();
		restart_now();
	}
	run();
	expect_ok(XS_WRITE);
	send_request(XS_READ, 0, "/d/y", 5);
	for (n = 0; n < sizeof(h) + 1995;) {
		size_t want = sizeof(h) + 1995 - n < 70 ? sizeof(h) + 1995 - n : 70, more;

		more = get(request + n, want);
		assert_int_equal(more, want);
		n += more;
		restart_now();
		run();
	}
	memcpy(&h, request, sizeof(h));
	assert_int_equal(h.type, XS_READ);
	assert_int_equal(h.req_id, last_id);
	assert_memory_equal(request + sizeof(h), big + 5, 1995);
	assert_int_equal(get(data, 1), 0);
}

/* Watches are there after a restart. */
static void test_death_with_watches(void **state)
{
	struct xsd_sockmsg h;
	char data[XENSTORE_PAYLOAD_MAX + 1];

	send_request(XS_WATCH, 0, "/d\0tok", 7);
	assert_int_equal(receive(&h, data), XS_WATCH);
	assert_int_equal(receive(&h, data), XS_WATCH_EVENT);
	send_request(XS_WATCH, 0, "/d\0gone", 8);
	assert_int_equal(receive(&h, data), XS_WATCH);
	assert_int_equal(receive(&h, data), XS_WATCH_EVENT);
	send_request(XS_UNWATCH, 0, "/d\0gone", 8);
	expect_ok(XS_UNWATCH);
	restart_now();
	world_write(&w, dom0, 0, "/d/new", "1");
	run();
	assert_int_equal(receive(&h, data), XS_WATCH_EVENT);
	assert_memory_equal(data, "/d/new\0tok", 11);
	assert_int_equal(now->page.rsp_cons, now->page.rsp_prod);
}

/* Random traffic with deaths at random moments: every request is answered once, in order. */
static void test_many_deaths(void **state)
{
	unsigned int written = 0;

	unit_seed();
	for (int i = 0; i < 600; i++) {
		char request[RING_MESSAGE_MAX], data[XENSTORE_PAYLOAD_MAX + 1];
		struct xsd_sockmsg h;
		bool write = unit_random_below(2);
		size_t len, got = 0;

		written += write;
		snprintf(data, sizeof(data), "/d/n%c%u", 0, written);
		len = make_request(request, write ? XS_WRITE : XS_READ, 0, data,
				   write ? 5 + strlen(data + 5) : 5);
		for (size_t n = 0; n < len;) {
			n += put(request + n, 1 + unit_random_below((uint32_t)(len - n)));
			if (unit_random_below(2))
				ring_run(&ring);
			if (!unit_random_below(3))
				restart_now();
		}
		while (got < sizeof(h) || got < sizeof(h) + h.len) {
			got += get(data + got, 1 + unit_random_below(20));
			memcpy(&h, data, sizeof(h));
			ring_run(&ring);
			if (!unit_random_below(3))
				restart_now();
		}
		assert_int_equal(h.req_id, last_id);
		assert_int_equal(got, sizeof(h) + h.len);
		if (!write && written) {
			char number[16];

			snprintf(number, sizeof(number), "%u", written);
			assert_int_equal(h.type, XS_READ);
			assert_memory_equal(data + sizeof(h), number, strlen(number));
		}
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_attached), T(test_talk), T(test_bad_guests), T(test_reconnect),
		T(test_death_at_record), T(test_death_at_commit), T(test_death_between),
		T(test_death_with_watches), T(test_many_deaths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
