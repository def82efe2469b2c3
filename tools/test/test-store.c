/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of xenstored's protocol: a server whose answers are there before the questions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
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

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool no_memory;

void *__wrap_malloc(size_t size)
{
	return no_memory ? NULL : __real_malloc(size);
}

/* Without memory an event is lost, and the caller hears that there was one. The answer that comes
 * after it belongs to its request. */
static void test_event_without_memory(void **state)
{
	char *value, **e;

	say(XS_WATCH_EVENT, 0, "/w\0tok", 7);
	answer(XS_WRITE, "OK", 3);
	no_memory = true;
	assert_int_equal(store->ops->write(store, 0, "/a", "1"), 0);
	no_memory = false;
	expect(XS_WRITE, 0, "/a\0001", 4);
	answer(XS_READ, "2", 1);
	value = store->ops->read(store, 0, "/a");
	assert_string_equal(value, "2");
	free(value);
	assert_true(readable());
	assert_null(store->ops->fired(store));
	assert_int_equal(errno, EAGAIN);
	assert_false(readable());
	say(XS_WATCH_EVENT, 0, "/w\0two", 7);
	e = store->ops->fired(store);
	assert_string_equal(e[1], "two");
	free(e);
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

/*
 * A server that is killed and comes again, in a process of its own. Each life takes @lives[i]
 * requests, does not answer the last of them, and goes with its socket. What it was asked is
 * written to a pipe: life, type, transaction and the first word.
 */
static char socket_path[64];
static int heard;
static pid_t mortal;

static int listen_anew(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, socket_path);
	unlink(socket_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 4))
		_exit(1);
	return fd;
}

static void reply(int fd, uint32_t type, uint32_t id, const char *body, uint32_t len)
{
	struct xsd_sockmsg m = { .type = type, .req_id = id, .len = len };

	if (write(fd, &m, sizeof(m)) != sizeof(m) || write(fd, body, len) != len)
		_exit(1);
}

static void live(int conn, unsigned int life, unsigned int requests, int tell)
{
	for (unsigned int n = 1;; n++) {
		struct xsd_sockmsg m;
		char body[256] = "";

		if (read(conn, &m, sizeof(m)) != sizeof(m))
			_exit(0);
		if (m.len && read(conn, body, m.len) != m.len)
			_exit(1);
		dprintf(tell, "%u:%u:%u:%s\n", life, m.type, m.tx_id, body);
		if (n == requests)
			return;
		if (m.type == XS_TRANSACTION_START)
			reply(conn, m.type, m.req_id, "7", 2);
		else
			reply(conn, m.type, m.req_id, "OK", 3);
		if (m.type == XS_WATCH)
			reply(conn, XS_WATCH_EVENT, 0, "/w\0t", 5);
	}
}

static void serve(const unsigned int *lives, unsigned int n, int listening, int tell)
{
	for (unsigned int life = 0; life < n; life++) {
		int conn = accept(listening, NULL, NULL);

		live(conn, life, lives[life], tell);
		close(listening);
		close(conn);
		/* For a while nobody answers at the old socket. */
		usleep(100000);
		listening = listen_anew();
	}
	_exit(0);
}

static void start_mortal(const unsigned int *lives, unsigned int n)
{
	int pipes[2], listening;

	snprintf(socket_path, sizeof(socket_path), "/tmp/xenolith-store-%d", (int)getpid());
	listening = listen_anew();
	assert_int_equal(pipe(pipes), 0);
	mortal = fork();
	if (!mortal)
		serve(lives, n, listening, pipes[1]);
	close(pipes[1]);
	close(listening);
	heard = pipes[0];
	setenv("XENSTORED_PATH", socket_path, 1);
	store = lx_store_open();
	assert_non_null(store);
}

static void end_mortal(const char *asked)
{
	char got[1024] = "";
	size_t at = 0;
	ssize_t n;

	store->ops->close(store);
	kill(mortal, SIGKILL);
	waitpid(mortal, NULL, 0);
	while ((n = read(heard, got + at, sizeof(got) - 1 - at)) > 0)
		at += (size_t)n;
	close(heard);
	unlink(socket_path);
	assert_string_equal(got, asked);
}

/* The request that met the end is made again, and watches are set again and fire. */
static void test_server_restarts(void **state)
{
	const unsigned int lives[] = { 2, 3, 100 };
	char **e;

	start_mortal(lives, 3);
	assert_int_equal(store->ops->watch(store, "/w", "t"), 0);
	e = store->ops->fired(store);
	assert_string_equal(e[0], "/w");
	free(e);
	assert_int_equal(store->ops->write(store, 0, "/a", ""), 0);
	assert_true(readable());
	e = store->ops->fired(store);
	assert_string_equal(e[1], "t");
	free(e);
	assert_int_equal(store->ops->unwatch(store, "/w", "t"), 0);
	assert_int_equal(store->ops->mkdir(store, 0, "/b"), 0);
	end_mortal("0:4:0:/w\n0:11:0:/a\n1:4:0:/w\n1:11:0:/a\n1:5:0:/w\n2:5:0:/w\n2:12:0:/b\n");
}

/* A transaction ends with its connection: it is made anew by its owner, from the start. */
static void test_restart_in_transaction(void **state)
{
	const unsigned int lives[] = { 2, 3, 100 };

	start_mortal(lives, 3);
	assert_int_equal(store->ops->begin(store), 7);
	assert_int_equal(store->ops->write(store, 7, "/a", ""), -EAGAIN);
	assert_int_equal(store->ops->mkdir(store, 7, "/b"), -EAGAIN);
	assert_int_equal(store->ops->end(store, 7, true), 0);
	assert_int_equal(store->ops->begin(store), 7);
	assert_int_equal(store->ops->write(store, 7, "/a", ""), 0);
	assert_int_equal(store->ops->end(store, 7, false), -EAGAIN);
	assert_int_equal(store->ops->begin(store), 7);
	assert_int_equal(store->ops->write(store, 7, "/a", ""), 0);
	assert_int_equal(store->ops->end(store, 7, false), 0);
	end_mortal("0:6:0:\n0:11:7:/a\n1:6:0:\n1:11:7:/a\n1:7:7:T\n2:6:0:\n2:11:7:/a\n2:7:7:T\n");
}

/* A daemon that dies of one request again and again does not hold its client forever. */
static void test_deadly_request(void **state)
{
	const unsigned int lives[] = { 1, 1, 1, 1, 100 };

	start_mortal(lives, 5);
	assert_int_equal(store->ops->mkdir(store, 0, "/a"), -ECONNRESET);
	end_mortal("0:12:0:/a\n1:12:0:/a\n2:12:0:/a\n3:12:0:/a\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls), TEST(test_errors), TEST(test_events),
		TEST(test_event_without_memory), TEST(test_parts),
		TEST(test_restless_folder), TEST(test_hostile_server), TEST(test_server_dies),
		TEST(test_no_server), cmocka_unit_test(test_server_restarts),
		cmocka_unit_test(test_restart_in_transaction),
		cmocka_unit_test(test_deadly_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
