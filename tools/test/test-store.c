/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of xenstored's protocol: a server whose answers are there before the questions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "light/store.h"

#include <public/io/xs_wire.h>

static struct lx_store *store;
static int server;
static uint32_t next_id;

static int setup(void **state)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	server = pair[1];
	next_id = 0;
	store = lx_store_open_fd(pair[0]);
	return store ? 0 : -1;
}

static int teardown(void **state)
{
	store->ops->close(store);
	close(server);
	return 0;
}

static void say(uint32_t type, uint32_t id, const void *body, uint32_t len)
{
	struct xsd_sockmsg m = { .type = type, .req_id = id, .len = len };

	assert_int_equal(write(server, &m, sizeof(m)), sizeof(m));
	assert_int_equal(write(server, body, len), len);
}

static void answer(uint32_t type, const void *body, uint32_t len)
{
	say(type, ++next_id, body, len);
}

/* What the client sent last. */
static void expect(uint32_t type, uint32_t tx, const void *body, uint32_t len)
{
	struct xsd_sockmsg m;
	char got[256];

	assert_int_equal(read(server, &m, sizeof(m)), sizeof(m));
	assert_int_equal(m.type, type);
	assert_int_equal(m.tx_id, tx);
	assert_int_equal(m.len, len);
	assert_int_equal(read(server, got, sizeof(got)), len);
	assert_memory_equal(got, body, len);
}

static void test_calls(void **state)
{
	const struct lx_perm perms[] = { { 0, false, false }, { 7, true, false },
					 { 8, true, true } };
	unsigned int n;
	char *value, **names;

	answer(XS_READ, "val\0ue", 6);
	value = store->ops->read(store, 5, "/a");
	assert_memory_equal(value, "val\0ue\0", 7);
	free(value);
	expect(XS_READ, 5, "/a", 3);
	answer(XS_WRITE, "OK", 3);
	assert_int_equal(store->ops->write(store, 0, "/a", "xyz"), 0);
	expect(XS_WRITE, 0, "/a\0xyz", 6);
	answer(XS_SET_PERMS, "OK", 3);
	assert_int_equal(store->ops->set_perms(store, 0, "/a", perms, 3), 0);
	expect(XS_SET_PERMS, 0, "/a\0n0\0r7\0b8", 12);
	answer(XS_INTRODUCE, "OK", 3);
	assert_int_equal(store->ops->introduce(store, 3, 99, 1), 0);
	expect(XS_INTRODUCE, 0, "3\00099\0001", 7);
	answer(XS_TRANSACTION_START, "42", 3);
	assert_int_equal(store->ops->begin(store), 42);
	expect(XS_TRANSACTION_START, 0, "", 1);
	answer(XS_DIRECTORY, "one\0two", 8);
	names = store->ops->list(store, 0, "/", &n);
	assert_int_equal(n, 2);
	assert_string_equal(names[1], "two");
	free(names);
	expect(XS_DIRECTORY, 0, "/", 2);
	answer(XS_DIRECTORY, "", 0);
	names = store->ops->list(store, 0, "/", &n);
	assert_non_null(names);
	assert_int_equal(n, 0);
	free(names);
}

static void test_errors(void **state)
{
	answer(XS_ERROR, "EACCES", 7);
	assert_int_equal(store->ops->write(store, 0, "/a", "x"), -EACCES);
	answer(XS_ERROR, "ENOENT", 7);
	assert_null(store->ops->read(store, 0, "/a"));
	assert_int_equal(errno, ENOENT);
	answer(XS_ERROR, "ENOENT", 7);
	assert_int_equal(store->ops->remove(store, 0, "/a"), 0);
	answer(XS_ERROR, "EAGAIN", 7);
	assert_int_equal(store->ops->end(store, 1, false), -EAGAIN);
	answer(XS_ERROR, "ENEW", 5);
	assert_int_equal(store->ops->mkdir(store, 0, "/a"), -EIO);
	say(XS_WRITE, 999, "OK", 3);
	next_id++;
	assert_int_equal(store->ops->write(store, 0, "/a", "x"), -EPROTO);
}

static bool readable(void)
{
	struct pollfd p = { .fd = store->ops->fd(store), .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Events between a request and its answer must wake the caller's loop later. */
static void test_events(void **state)
{
	char **e;

	assert_false(readable());
	say(XS_WATCH_EVENT, 0, "/a\0token", 9);
	say(XS_WATCH_EVENT, 0, "/b\0other", 9);
	answer(XS_WATCH, "OK", 3);
	assert_int_equal(store->ops->watch(store, "/a", "token"), 0);
	assert_true(readable());
	e = store->ops->fired(store);
	assert_string_equal(e[0], "/a");
	assert_string_equal(e[1], "token");
	free(e);
	assert_true(readable());
	e = store->ops->fired(store);
	assert_string_equal(e[0], "/b");
	free(e);
	assert_false(readable());
	assert_null(store->ops->fired(store));
	assert_int_equal(errno, EAGAIN);
	say(XS_WATCH_EVENT, 0, "/c\0t", 5);
	assert_true(readable());
	e = store->ops->fired(store);
	assert_string_equal(e[0], "/c");
	free(e);
	say(XS_WATCH_EVENT, 0, "/kept\0t", 8);
	assert_true(readable());
	answer(XS_WRITE, "OK", 3);
	store->ops->write(store, 0, "/x", "");
}

/* A folder larger than a message, which changes while it is read. */
static void test_parts(void **state)
{
	unsigned int n;
	char **names;

	answer(XS_ERROR, "E2BIG", 6);
	answer(XS_DIRECTORY_PART, "5\0aa\0bb", 8);
	answer(XS_DIRECTORY_PART, "6\0cc\0", 6);
	answer(XS_DIRECTORY_PART, "6\0aa\0bb", 8);
	answer(XS_DIRECTORY_PART, "6\0cc\0", 6);
	names = store->ops->list(store, 0, "/", &n);
	assert_non_null(names);
	assert_int_equal(n, 3);
	assert_string_equal(names[2], "cc");
	free(names);
	answer(XS_ERROR, "E2BIG", 6);
	answer(XS_DIRECTORY_PART, "no zero", 7);
	assert_null(store->ops->list(store, 0, "/", &n));
}

/* One that changes again and again is given up. */
static void test_restless_folder(void **state)
{
	unsigned int n;

	answer(XS_ERROR, "E2BIG", 6);
	for (unsigned int i = 0; i < 50; i++) {
		answer(XS_DIRECTORY_PART, i % 2 ? "5\0aa\0bb" : "6\0aa\0bb", 8);
		answer(XS_DIRECTORY_PART, i % 2 ? "6\0cc\0bb" : "5\0cc\0bb", 8);
	}
	assert_null(store->ops->list(store, 0, "/", &n));
	assert_int_equal(errno, ESTALE);
}

static void test_hostile_server(void **state)
{
	struct xsd_sockmsg m = { .type = XS_READ, .req_id = 1, .len = 1 << 30 };

	assert_int_equal(write(server, &m, sizeof(m)), sizeof(m));
	assert_null(store->ops->read(store, 0, "/a"));
	assert_int_equal(errno, EPROTO);
	assert_int_equal(store->ops->write(store, 0, "/a", "x"), -ENOTCONN);
	assert_null(store->ops->fired(store));
	assert_int_equal(errno, ENOTCONN);
}

static void test_server_dies(void **state)
{
	shutdown(server, SHUT_WR);
	assert_true(readable());
	assert_null(store->ops->fired(store));
	assert_int_equal(errno, ENOTCONN);
	assert_int_equal(store->ops->mkdir(store, 0, "/a"), -ENOTCONN);
}

/* Writing to a closed connection is an error, not the end of the program. */
static void test_no_server(void **state)
{
	close(server);
	server = -1;
	assert_int_equal(store->ops->mkdir(store, 0, "/a"), -ECONNRESET);
	assert_int_equal(store->ops->mkdir(store, 0, "/a"), -ENOTCONN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls), TEST(test_errors), TEST(test_events), TEST(test_parts),
		TEST(test_restless_folder), TEST(test_hostile_server), TEST(test_server_dies),
		TEST(test_no_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
