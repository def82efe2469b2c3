/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of a domain: guests that keep the rules, guests that do not, and daemons that die
 * between any two steps.
 */
#include "unit.h"

#include <string.h>

#include "xs-guest.h"
#include "xs-ring-play.h"

static struct guest g;

static int setup(void **state)
{
	guest_init(&g);
	return 0;
}

static int teardown(void **state)
{
	const char *wrong = xs_check(&g.w.xs);

	guest_fini(&g);
	return wrong != NULL;
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
		n += guest_put(&g, request + n, len - n);
		guest_run(&g);
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
		size_t more = guest_get(&g, (char *)h + n, sizeof(*h) - n);

		guest_run(&g);
		assert_true(more > 0);
		n += more;
	}
	assert_true(h->len <= XENSTORE_PAYLOAD_MAX);
	for (n = 0; n < h->len;) {
		size_t more = guest_get(&g, data + n, h->len - n);

		guest_run(&g);
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
	assert_int_equal(g.now->page.rsp_cons, g.now->page.rsp_prod);
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
	return world_ask_str(&g.w, g.dom0, XS_READ, 0, path) ? NULL : g.w.reply.data;
}

/* A domain that is there already hears of a daemon that has just come, also a first one. */
static void test_attached(void **state)
{
	assert_true(g.ring.notify);
	guest_restart_now(&g);
	assert_true(g.ring.notify);
}

static void test_talk(void **state)
{
	char big[3000], data[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg h;

	assert_int_equal(g.now->page.server_features, 3);
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

	guest_put(&g, &h, sizeof(h));
	guest_run(&g);
	assert_int_equal(g.now->page.error, XENSTORE_ERROR_PROTO);
	assert_true(ring_broken(&g.ring));
	/* Not listened to until it connects again. */
	g.now->page.connection = XENSTORE_RECONNECT;
	guest_run(&g);
	assert_int_equal(g.now->page.connection, XENSTORE_CONNECTED);
	assert_int_equal(g.now->page.error, XENSTORE_ERROR_NONE);
	send_request(XS_MKDIR, 0, "/d/z", 5);
	expect_ok(XS_MKDIR);
	g.now->page.req_prod = g.now->page.req_cons + XENSTORE_RING_SIZE + 1;
	guest_run(&g);
	assert_int_equal(g.now->page.error, XENSTORE_ERROR_RINGIDX);
	guest_restart_now(&g);
	assert_true(ring_broken(&g.ring));
	g.now->page.connection = XENSTORE_RECONNECT;
	guest_run(&g);
	/* What is ours in the page may be written to by the guest; we do not look at it. */
	g.now->page.req_cons = 12345;
	g.now->page.rsp_prod = 54321;
	guest_run(&g);
	g.now->page.req_cons = g.now->page.rsp_prod = 0;
	send_request(XS_MKDIR, 0, "/d/z", 5);
	expect_ok(XS_MKDIR);
	g.now->page.rsp_cons = g.now->page.rsp_prod + 1;
	send_request(XS_MKDIR, 0, "/d/z", 5);
	assert_int_equal(g.now->page.error, XENSTORE_ERROR_RINGIDX);
}

/* A guest's fresh start: its watches are gone, and what waited for it is, too. */
static void test_reconnect(void **state)
{
	send_request(XS_WATCH, 0, "/d\0t", 5);
	guest_put(&g, "half", 4);
	guest_run(&g);
	g.now->page.connection = XENSTORE_RECONNECT;
	guest_run(&g);
	assert_int_equal(g.now->page.rsp_prod, 0);
	assert_int_equal(g.now->page.req_cons, 0);
	assert_int_equal(store_usage(&g.w.xs.store, GUEST_DOMID)->watches, 0);
	send_request(XS_MKDIR, 0, "/d/z", 5);
	expect_ok(XS_MKDIR);
}

/* The process dies before the record of a request is kept, or just after: it is done once. */
static void test_death_at_record(void **state)
{
	for (int after = 0; after < 2; after++) {
		world_write(&g.w, g.dom0, 0, "/d/x", "old");
		g.copy_at = 1;
		send_request(XS_WRITE, 0, "/d/x\0new", 8);
		guest_restart(&g, after ? &g.after_record : &g.before_record);
		buf_free(after ? &g.before_record.log : &g.after_record.log);
		if (after) {
			assert_string_equal(value("/d/x"), "new");
			/* Were it done again, this would not stand. */
			world_write(&g.w, g.dom0, 0, "/d/x", "newer");
		}
		guest_run(&g);
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
		world_ask_str(&g.w, g.dom0, XS_RM, 0, "/d/x");
		send_request(XS_TRANSACTION_START, 0, "", 1);
		assert_int_equal(receive(&h, data), XS_TRANSACTION_START);
		tx = (uint32_t)strtoul(data, NULL, 10);
		send_request(XS_WRITE, tx, "/d/x\0new", 8);
		expect_ok(XS_WRITE);
		g.copy_at = 1;
		send_request(XS_TRANSACTION_END, tx, "T", 2);
		guest_restart(&g, after ? &g.after_record : &g.before_record);
		buf_free(after ? &g.before_record.log : &g.after_record.log);
		guest_run(&g);
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
		n += guest_put(&g, request + n, len - n < 100 ? len - n : 100);
		guest_run(&g);
		guest_restart_now(&g);
	}
	guest_run(&g);
	expect_ok(XS_WRITE);
	send_request(XS_READ, 0, "/d/y", 5);
	for (n = 0; n < sizeof(h) + 1995;) {
		size_t want = sizeof(h) + 1995 - n < 70 ? sizeof(h) + 1995 - n : 70, more;

		more = guest_get(&g, request + n, want);
		assert_int_equal(more, want);
		n += more;
		guest_restart_now(&g);
		guest_run(&g);
	}
	memcpy(&h, request, sizeof(h));
	assert_int_equal(h.type, XS_READ);
	assert_int_equal(h.req_id, last_id);
	assert_memory_equal(request + sizeof(h), big + 5, 1995);
	assert_int_equal(guest_get(&g, data, 1), 0);
}

/* The longest request there is, half taken at each death. */
static void test_death_in_longest(void **state)
{
	char request[RING_MESSAGE_MAX], big[XENSTORE_PAYLOAD_MAX];
	size_t len, n;

	memset(big, 0, sizeof(big));
	len = make_request(request, XS_DIRECTORY, 0, big, sizeof(big));
	assert_int_equal(len, sizeof(request));
	for (n = 0; n < len;) {
		n += guest_put(&g, request + n, len - n < 1000 ? len - n : 1000);
		guest_run(&g);
		guest_restart_now(&g);
	}
	guest_run(&g);
	expect_error("EINVAL");
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
	guest_restart_now(&g);
	world_write(&g.w, g.dom0, 0, "/d/new", "1");
	guest_run(&g);
	assert_int_equal(receive(&h, data), XS_WATCH_EVENT);
	assert_memory_equal(data, "/d/new\0tok", 11);
	assert_int_equal(g.now->page.rsp_cons, g.now->page.rsp_prod);
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
			n += guest_put(&g, request + n, 1 + unit_random_below((uint32_t)(len - n)));
			if (unit_random_below(2))
				ring_run(&g.ring);
			if (!unit_random_below(3))
				guest_restart_now(&g);
		}
		while (got < sizeof(h) || got < sizeof(h) + h.len) {
			got += guest_get(&g, data + got, 1 + unit_random_below(20));
			memcpy(&h, data, sizeof(h));
			ring_run(&g.ring);
			if (!unit_random_below(3))
				guest_restart_now(&g);
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

/* Does nothing but fill the ring: what a guest that ignores the protocol keeps doing. */
static void flood(void)
{
	struct xenstore_domain_interface *p = &g.now->page;

	memset(p->req, 'A', XENSTORE_RING_SIZE);
	p->req_prod = p->req_cons + XENSTORE_RING_SIZE;
	ring_run(&g.ring);
}

/*
 * While the daemon is away the guest moves the index that is the daemon's, to make the next daemon
 * take more bytes into the slot than a request has. The next daemon knows the index itself.
 */
static void test_hostile_restart(void **state)
{
	static const uint32_t moves[] = { 1, 17, 4000, RING_MESSAGE_MAX, 1U << 31, UINT32_MAX };

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		uint32_t at;

		send_request(XS_WRITE, 0, "/d/x\0hello", 10);
		expect_ok(XS_WRITE);
		at = g.now->slot.req_cons;
		g.now->page.req_cons += moves[i];
		g.now->page.rsp_prod += moves[i];
		guest_restart_now(&g);
		assert_int_equal(g.now->slot.req_cons, at);
		assert_int_equal(g.now->page.req_cons, at);
		assert_int_equal(g.now->page.rsp_prod, g.now->slot.rsp_prod);
		send_request(XS_MKDIR, 0, "/d/z", 5);
		expect_ok(XS_MKDIR);
	}
	g.now->page.req_cons += 4000;
	guest_restart_now(&g);
	for (int i = 0; i < 64; i++) {
		flood();
		assert_true(g.now->slot.req_cons - (uint32_t)g.now->slot.in <= RING_MESSAGE_MAX);
		assert_int_equal(g.now->slot.answer[0], XS_MKDIR);
	}
	assert_true(ring_broken(&g.ring));
	/* The word that says so in the page is the guest's to change; it does not help. */
	g.now->page.error = XENSTORE_ERROR_NONE;
	guest_restart_now(&g);
	assert_true(ring_broken(&g.ring));
	assert_int_equal(g.now->page.error, XENSTORE_ERROR_PROTO);
}

/* A guest whose page says it broke the rules, when it did not, is served as before. */
static void test_error_of_the_guest(void **state)
{
	g.now->page.error = XENSTORE_ERROR_COMM;
	guest_restart_now(&g);
	assert_false(ring_broken(&g.ring));
	assert_int_equal(g.now->page.error, XENSTORE_ERROR_NONE);
	send_request(XS_MKDIR, 0, "/d/z", 5);
	expect_ok(XS_MKDIR);
}

/* A slot whose words contradict each other (a damaged file) is not gone on with. */
static void test_damaged_slot(void **state)
{
	struct xsd_sockmsg h = { .type = XS_READ, .len = 10 };

	for (int i = 0; i < 4; i++) {
		send_request(XS_MKDIR, 0, "/d/z", 5);
		expect_ok(XS_MKDIR);
		switch (i) {
		case 0:
			g.now->slot.req_cons += RING_MESSAGE_MAX + 1;
			break;
		case 1:
			memcpy(g.now->slot.request, &h, sizeof(h));
			g.now->slot.req_cons += sizeof(h) + h.len + 1;
			break;
		case 2:
			g.now->slot.in |= (uint64_t)(RING_MESSAGE_MAX + 1) << 32;
			break;
		case 3:
			g.now->slot.out = (uint64_t)30 << 33 | (g.now->slot.rsp_prod - 31);
			break;
		}
		guest_restart_now(&g);
		assert_true(ring_broken(&g.ring));
		assert_int_equal(g.now->page.error, XENSTORE_ERROR_COMM);
		g.now->page.connection = XENSTORE_RECONNECT;
		guest_run(&g);
		assert_false(ring_broken(&g.ring));
	}
}

/* Asking for a fresh start again and again leaves no more records than there was to forget. */
static void test_reconnect_writes_little(void **state)
{
	size_t kept;

	send_request(XS_WATCH, 0, "/d\0t", 5);
	guest_run(&g);
	g.now->page.connection = XENSTORE_RECONNECT;
	guest_run(&g);
	kept = g.w.log.len;
	for (int i = 0; i < 1000; i++) {
		g.now->page.connection = XENSTORE_RECONNECT;
		guest_run(&g);
		assert_int_equal(g.now->page.connection, XENSTORE_CONNECTED);
	}
	assert_int_equal(g.w.log.len, kept);
}

/* Random bytes as everything a guest and a dying daemon do; fuzz/xsring searches further. */
static void test_random_pages(void **state)
{
	uint8_t bytes[600];

	unit_seed();
	for (int i = 0; i < 400; i++) {
		size_t n = 1 + unit_random_below(sizeof(bytes));

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)unit_random_below(256);
		xs_ring_play(bytes, n);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_attached), T(test_talk), T(test_bad_guests), T(test_reconnect),
		T(test_death_at_record), T(test_death_at_commit), T(test_death_between),
		T(test_death_in_longest),
		T(test_death_with_watches), T(test_many_deaths), T(test_hostile_restart),
		T(test_error_of_the_guest), T(test_damaged_slot), T(test_reconnect_writes_little),
		T(test_random_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
