/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and their answers: nodes, permissions, quotas, transactions, domains, watches, records.
 */
#include "unit.h"

#include <string.h>

#include "xs-world.h"

static struct world w;
static struct conn *dom0, *guest;

static int setup(void **state)
{
	world_init(&w);
	dom0 = world_socket(&w);
	guest = world_ring(&w, 5);
	/* What a toolstack does: a home the guest may read, and a part that it owns. */
	assert_int_equal(world_ask_str(&w, dom0, XS_MKDIR, 0, "/local/domain/5"), 0);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/local/domain/5\0n0\0r5", 22), 0);
	assert_int_equal(world_ask_str(&w, dom0, XS_MKDIR, 0, "/local/domain/5/data"), 0);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/local/domain/5/data\0n5", 24), 0);
	w.events.len = 0;
	return 0;
}

/* Whatever a test did: the state is sound, and the records make it again. */
static int teardown(void **state)
{
	const char *wrong = xs_check(&w.xs);

	if (!wrong)
		wrong = world_compare(&w);
	if (wrong)
		print_error("%s\n", wrong);
	world_fini(&w);
	return wrong != NULL;
}

static int keep_all(void *ctx, const void *record, size_t len)
{
	buf_add(ctx, &len, sizeof(len));
	buf_add(ctx, record, len);
	return 0;
}

/* Replace the records there are by a snapshot. */
static void record_all(void)
{
	w.log.len = 0;
	assert_int_equal(record_snapshot(&w.xs, keep_all, &w.log), 0);
}

#define ASK(c, type, tx, s) world_ask_str(&w, c, type, tx, s)
#define READS(c, tx, path, value) do { \
	assert_int_equal(ASK(c, XS_READ, tx, path), 0); \
	assert_string_equal(w.reply.data, value); \
} while (0)

static void test_nodes(void **state)
{
	assert_int_equal(world_write(&w, dom0, 0, "/a/b/c", "hello"), 0);
	READS(dom0, 0, "/a/b/c", "hello");
	READS(dom0, 0, "/a/b", "");
	assert_int_equal(ASK(dom0, XS_READ, 0, "/a/x"), ENOENT);
	assert_int_equal(ASK(dom0, XS_MKDIR, 0, "/a/b/c"), 0);
	READS(dom0, 0, "/a/b/c", "hello");
	assert_int_equal(ASK(dom0, XS_DIRECTORY, 0, "/a"), 0);
	assert_int_equal(w.reply.len, 2);
	assert_string_equal(w.reply.data, "b");
	assert_int_equal(ASK(dom0, XS_RM, 0, "/a/b"), 0);
	assert_int_equal(ASK(dom0, XS_READ, 0, "/a/b/c"), ENOENT);
	assert_int_equal(ASK(dom0, XS_RM, 0, "/a/b"), 0);
	assert_int_equal(ASK(dom0, XS_RM, 0, "/a/b/c"), ENOENT);
	assert_int_equal(ASK(dom0, XS_RM, 0, "/"), EINVAL);
	assert_int_equal(world_write(&w, guest, 0, "data/x", "rel"), 0);
	READS(dom0, 0, "/local/domain/5/data/x", "rel");
}

static void test_bad_requests(void **state)
{
	assert_int_equal(ASK(dom0, XS_READ, 0, "/a b"), EINVAL);
	assert_int_equal(ASK(dom0, XS_READ, 0, ""), EINVAL);
	assert_int_equal(world_ask(&w, dom0, XS_READ, 0, "", 0), EINVAL);
	assert_int_equal(world_ask(&w, dom0, XS_READ, 0, "/tool", 5), EINVAL);
	assert_int_equal(world_ask(&w, dom0, XS_READ, 0, "/tool\0x", 8), EINVAL);
	assert_int_equal(world_ask(&w, dom0, XS_WRITE, 0, "/tool", 5), EINVAL);
	assert_int_equal(ASK(dom0, XS_READ, 0, "@releaseDomain"), EINVAL);
	assert_int_equal(ASK(dom0, XS_WATCH_EVENT, 0, "/"), ENOSYS);
	assert_int_equal(ASK(dom0, XS_TYPE_COUNT, 0, "/"), ENOSYS);
	assert_int_equal(ASK(dom0, 20, 0, "/"), ENOSYS);
	assert_int_equal(ASK(dom0, XS_READ, 77, "/tool"), ENOENT);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/tool\0x0", 9), EINVAL);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/tool", 6), EINVAL);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/tool\0r99999", 13), EINVAL);
	assert_int_equal(world_ask(&w, dom0, XS_WATCH, 0, "/tool", 6), EINVAL);
}

static void test_permissions(void **state)
{
	assert_int_equal(world_write(&w, dom0, 0, "/secret/x", "1"), 0);
	assert_int_equal(ASK(guest, XS_READ, 0, "/secret/x"), EACCES);
	/* Whether it is there is a secret, too. */
	assert_int_equal(ASK(guest, XS_READ, 0, "/secret/y"), EACCES);
	assert_int_equal(world_write(&w, guest, 0, "/secret/x", "2"), EACCES);
	assert_int_equal(ASK(guest, XS_RM, 0, "/secret"), EACCES);
	assert_int_equal(ASK(guest, XS_DIRECTORY, 0, "/secret"), EACCES);
	assert_int_equal(world_ask(&w, guest, XS_SET_PERMS, 0, "/secret\0n5", 11), EACCES);
	assert_int_equal(ASK(guest, XS_DIRECTORY, 0, "/local/domain/5"), 0);
	assert_int_equal(ASK(guest, XS_READ, 0, "absent"), ENOENT);
	assert_int_equal(world_write(&w, guest, 0, "absent", "no"), EACCES);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/secret\0n0\0w5", 14), 0);
	assert_int_equal(world_write(&w, guest, 0, "/secret/z", "3"), 0);
	/* What a guest creates is its own. */
	assert_int_equal(ASK(dom0, XS_GET_PERMS, 0, "/secret/z"), 0);
	assert_memory_equal(w.reply.data, "n5\0w5", 6);
	assert_int_equal(world_ask(&w, guest, XS_SET_PERMS, 0, "/secret/z\0r5\0b7", 16), 0);
	assert_int_equal(world_ask(&w, guest, XS_SET_PERMS, 0, "/secret/z\0r6", 13), EPERM);
	assert_int_equal(ASK(guest, XS_CONTROL, 0, "help"), EACCES);
	assert_int_equal(world_ask(&w, guest, XS_INTRODUCE, 0, "6\0" "1\0" "1", 6), EACCES);
	assert_int_equal(ASK(guest, XS_RELEASE, 0, "5"), EACCES);
}

static void test_target(void **state)
{
	struct conn *stub = world_ring(&w, 6);

	assert_int_equal(world_write(&w, stub, 0, "/local/domain/5/data/x", "1"), EACCES);
	assert_int_equal(world_ask(&w, dom0, XS_SET_TARGET, 0, "6\0" "5", 4), 0);
	assert_int_equal(world_write(&w, stub, 0, "/local/domain/5/data/x", "1"), 0);
	/* It has what others give to its target, and not what they give to third ones. */
	assert_int_equal(world_write(&w, dom0, 0, "/given", "2"), 0);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/given\0n0\0r7", 13), 0);
	assert_int_equal(ASK(stub, XS_READ, 0, "/given"), EACCES);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/given\0n0\0r7\0r5", 16), 0);
	assert_int_equal(ASK(stub, XS_READ, 0, "/given"), 0);
	assert_int_equal(world_write(&w, stub, 0, "/given", "3"), EACCES);
	assert_int_equal(ASK(dom0, XS_RELEASE, 0, "5"), 0);
	assert_int_equal(stub->cred.target, DOMID_NONE);
	assert_int_equal(world_ask(&w, dom0, XS_SET_TARGET, 0, "6\0" "5", 4), ENOENT);
}

static void test_quotas(void **state)
{
	char path[64], big[3000];
	unsigned int made = 0;
	uint32_t tx;

	memset(big, 'x', sizeof(big));
	big[2049] = '\0';
	assert_int_equal(world_write(&w, guest, 0, "data/big", big), ENOSPC);
	big[2048] = '\0';
	assert_int_equal(world_write(&w, guest, 0, "data/big", big), 0);
	for (;; made++) {
		snprintf(path, sizeof(path), "data/%u", made);
		if (world_write(&w, guest, 0, path, "") == ENOSPC)
			break;
		assert_true(made < 2000);
	}
	/* Its own: data, data/big and these. */
	assert_int_equal(made, 998);
	assert_int_equal(store_usage(&w.xs.store, 5)->nodes, 1000);
	assert_int_equal(ASK(guest, XS_RM, 0, "data/7"), 0);
	/* What others made meanwhile counts when a transaction ends. */
	tx = world_start(&w, guest);
	assert_int_equal(world_write(&w, guest, tx, "data/big/one", ""), 0);
	assert_int_equal(world_write(&w, guest, 0, path, ""), 0);
	assert_int_equal(ASK(guest, XS_TRANSACTION_END, tx, "T"), ENOSPC);
	assert_int_equal(store_usage(&w.xs.store, 5)->nodes, 1000);
	for (int i = 0; i < 128; i++) {
		int len = snprintf(path, sizeof(path), "data%c%d", 0, i) + 1;

		assert_int_equal(world_ask(&w, guest, XS_WATCH, 0, path, (size_t)len), 0);
	}
	assert_int_equal(world_ask(&w, guest, XS_WATCH, 0, "data\0t", 7), ENOSPC);
	for (int i = 0; i < 10; i++)
		assert_int_not_equal(world_start(&w, guest), 0);
	assert_int_equal(ASK(guest, XS_TRANSACTION_START, 0, ""), ENOSPC);
	assert_int_equal(ASK(guest, XS_RESET_WATCHES, 0, ""), 0);
	assert_int_equal(store_usage(&w.xs.store, 5)->watches, 0);
	assert_int_equal(store_usage(&w.xs.store, 5)->transactions, 0);
	assert_int_equal(world_ask(&w, guest, XS_SET_PERMS, 0, "data\0n5\0r1\0r2\0r3\0r4\0r6", 23),
			 ENOSPC);
}

/* Memory is bounded whatever it is spent on: here one transaction and paths of many components. */
static void test_memory_quota(void **state)
{
	char path[XENSTORE_REL_PATH_MAX + 8] = "data", value[2049];
	uint32_t tx = world_start(&w, guest);
	long limit = w.xs.store.quota.memory;
	int error = 0;

	memset(value, 'v', sizeof(value));
	value[2048] = '\0';
	for (int i = 0; i < 5000 && !error; i++)
		error = world_write(&w, guest, tx, "data/same", value);
	assert_int_equal(error, ENOSPC);
	assert_true(usage_memory(store_usage(&w.xs.store, 5)) <= 2 * limit);
	assert_int_equal(ASK(guest, XS_TRANSACTION_END, tx, "F"), 0);
	while (strlen(path) < XENSTORE_REL_PATH_MAX - 8)
		strcat(path, "/x");
	error = 0;
	for (int i = 0; i < 128 && !error; i++) {
		size_t len = strlen(path);
		char both[XENSTORE_REL_PATH_MAX + 24];

		memcpy(both, path, len + 1);
		snprintf(both + len + 1, 12, "%d", i);
		error = world_ask(&w, guest, XS_WATCH, 0, both,
				  len + 1 + strlen(both + len + 1) + 1);
	}
	assert_int_equal(error, ENOSPC);
	assert_true(usage_memory(store_usage(&w.xs.store, 5)) <= limit);
}

static void test_transactions(void **state)
{
	uint32_t a = world_start(&w, dom0), b;

	assert_int_not_equal(a, 0);
	assert_int_equal(world_write(&w, dom0, a, "/t/x", "1"), 0);
	assert_int_equal(ASK(dom0, XS_READ, 0, "/t/x"), ENOENT);
	READS(dom0, a, "/t/x", "1");
	assert_int_equal(ASK(dom0, XS_TRANSACTION_END, a, "T"), 0);
	READS(dom0, 0, "/t/x", "1");
	assert_int_equal(ASK(dom0, XS_TRANSACTION_END, a, "T"), ENOENT);
	/* Thrown away. */
	a = world_start(&w, dom0);
	assert_int_equal(ASK(dom0, XS_RM, a, "/t"), 0);
	assert_int_equal(ASK(dom0, XS_TRANSACTION_END, a, "F"), 0);
	READS(dom0, 0, "/t/x", "1");
	/* What it sees does not change. */
	a = world_start(&w, dom0);
	assert_int_equal(world_write(&w, dom0, 0, "/t/x", "2"), 0);
	READS(dom0, a, "/t/x", "1");
	/* Having seen the past is no harm as long as nothing is built on it. */
	assert_int_equal(ASK(dom0, XS_TRANSACTION_END, a, "T"), 0);
	a = world_start(&w, dom0);
	b = world_start(&w, dom0);
	READS(dom0, a, "/t/x", "2");
	READS(dom0, b, "/t/x", "2");
	assert_int_equal(world_write(&w, dom0, a, "/t/x", "a"), 0);
	assert_int_equal(world_write(&w, dom0, b, "/t/x", "b"), 0);
	assert_int_equal(ASK(dom0, XS_TRANSACTION_END, a, "T"), 0);
	assert_int_equal(ASK(dom0, XS_TRANSACTION_END, b, "T"), EAGAIN);
	READS(dom0, 0, "/t/x", "a");
	assert_int_equal(w.xs.conflicts, 1);
}

/* Two transactions conflict exactly if one changed what the other looked at. */
static void test_conflicts(void **state)
{
	static const struct {
		uint32_t type;
		const char *in_txn;	/* looked at in the transaction, which also writes /out */
		uint32_t other;
		const char *outside;	/* changed meanwhile */
		int error;
	} cases[] = {
		{ XS_READ, "/c/a", XS_MKDIR, "/c/new", 0 },
		{ XS_READ, "/c/a", XS_RM, "/c/a", EAGAIN },
		{ XS_READ, "/c/none", XS_MKDIR, "/c/none", EAGAIN },
		{ XS_READ, "/c/none", XS_MKDIR, "/c/none/below", EAGAIN },
		{ XS_DIRECTORY, "/c", XS_MKDIR, "/c/new", EAGAIN },
		{ XS_DIRECTORY, "/c", XS_MKDIR, "/c/a/new", 0 },
		{ XS_MKDIR, "/c/one", XS_MKDIR, "/c/two", 0 },
		{ XS_MKDIR, "/c/d/one", XS_MKDIR, "/c/d/two", EAGAIN },
		{ XS_RM, "/c", XS_MKDIR, "/c/a/new", EAGAIN },
		{ XS_RM, "/c/a", XS_MKDIR, "/c/new", 0 },
		{ XS_RM, "/c/none/x", XS_MKDIR, "/c/none", EAGAIN },
		{ XS_GET_PERMS, "/c/a", XS_RM, "/c/b", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t tx;

		assert_int_equal(ASK(dom0, XS_RM, 0, "/c"), 0);
		assert_int_equal(ASK(dom0, XS_MKDIR, 0, "/c/a"), 0);
		assert_int_equal(ASK(dom0, XS_MKDIR, 0, "/c/b"), 0);
		tx = world_start(&w, dom0);
		ASK(dom0, cases[i].type, tx, cases[i].in_txn);
		assert_int_equal(world_write(&w, dom0, tx, "/out", "x"), 0);
		assert_int_equal(ASK(dom0, cases[i].other, 0, cases[i].outside), 0);
		if (ASK(dom0, XS_TRANSACTION_END, tx, "T") != cases[i].error)
			fail_msg("case %zu", i);
	}
}

/* Of the address sanitizer, whose header not every compiler has: what is really allocated. */
size_t __sanitizer_get_current_allocated_bytes(void);

static size_t allocated(void)
{
	return __sanitizer_get_current_allocated_bytes();
}

/*
 * A guest within all its other quotas replaces all it has again and again, and begins a
 * transaction after each round, to keep what there was: its memory is bounded all the same.
 */
static void test_kept_by_transactions(void **state)
{
	static char value[2049];
	const struct quota *q = &w.xs.store.quota;
	size_t before = allocated(), limit = q->memory + q->transaction_memory + (64U << 10);
	char path[64];

	for (int round = 0; round < 16; round++) {
		memset(value, 'a' + round, sizeof(value) - 1);
		for (int i = 0; i < 800; i++) {
			snprintf(path, sizeof(path), "data/%d", i);
			assert_int_equal(world_write(&w, guest, 0, path, value), 0);
			/* The records are the test's, not the daemon's memory. */
			w.log.len = 0;
		}
		world_start(&w, guest);
		assert_true(store_kept(&w.xs.store, 5) <= q->transaction_memory);
		assert_true(allocated() < before + limit + w.log.cap);
	}
	assert_true(store_usage(&w.xs.store, 5)->refusals.count > 0);
	assert_int_equal(world_ask(&w, dom0, XS_CONTROL, 0, "check", 6), 0);
	assert_string_equal(w.reply.data, "OK\n");
	/* The records are gone: make what is left of them whole for the comparison at the end. */
	record_all();
}

/* A transaction that would keep too much of what others replace gives up its view. */
static void test_doomed_transaction(void **state)
{
	uint32_t tx, rounds = 0;
	char big[2049];

	memset(big, 'x', sizeof(big));
	big[2048] = '\0';
	assert_int_equal(world_write(&w, dom0, 0, "/busy/there", big), 0);
	tx = world_start(&w, guest);
	assert_int_equal(world_write(&w, guest, tx, "data/x", "1"), 0);
	/* Values that no transaction saw are not kept by one: this can go on for ever. */
	for (unsigned int i = 0; i < 20000; i++)
		assert_int_equal(world_write(&w, dom0, 0, "/busy/one", "1"), 0);
	assert_false(conn_txn(guest, tx)->doomed);
	/* Each short transaction of somebody else's makes one version more that is shared. */
	while (!conn_txn(guest, tx)->doomed) {
		uint32_t other = world_start(&w, dom0);

		assert_int_equal(world_write(&w, dom0, 0, "/busy/there", big), 0);
		assert_int_equal(ASK(dom0, XS_TRANSACTION_END, other, "F"), 0);
		assert_true(rounds++ < 2000);
	}
	assert_true(rounds > 100);
	assert_int_equal(world_write(&w, guest, tx, "data/y", "1"), 0);
	assert_int_equal(ASK(guest, XS_READ, tx, "data/y"), ENOENT);
	assert_int_equal(ASK(guest, XS_TRANSACTION_END, tx, "T"), EAGAIN);
	assert_int_equal(ASK(guest, XS_READ, 0, "data/x"), ENOENT);
}

/* A guest that takes no events: long paths and tokens count, and make them merge. */
static void test_memory_of_events(void **state)
{
	char path[XENSTORE_ABS_PATH_MAX], watch[900];
	const struct quota *q = &w.xs.store.quota;
	size_t before = allocated(), len;

	w.xs.store.quota.events = 100000;
	w.xs.store.quota.memory = 256 << 10;
	memcpy(watch, "data", 5);
	memset(watch + 5, 't', 800);
	watch[805] = '\0';
	assert_int_equal(world_ask(&w, guest, XS_WATCH, 0, watch, 806), 0);
	world_take(&w, guest);
	for (int i = 0; i < 2000; i++) {
		len = (size_t)snprintf(path, sizeof(path), "/local/domain/5/data/%d/", i);
		memset(path + len, 'p', 250);
		path[len + 250] = '\0';
		assert_int_equal(world_write(&w, dom0, 0, path, ""), 0);
		assert_int_equal(ASK(dom0, XS_RM, 0, path), 0);
		snprintf(path, sizeof(path), "/local/domain/5/data/%d", i);
		assert_int_equal(ASK(dom0, XS_RM, 0, path), 0);
		assert_true(store_memory(&w.xs.store, 5) <= (long)q->memory + 2000);
		w.log.len = 0;
	}
	assert_true(guest->nr_events > 50);
	assert_true(allocated() < before + q->memory + w.log.cap + (64U << 10));
	w.events.len = 0;
	world_take(&w, guest);
	assert_memory_equal(w.events.data + w.events.len - 806, watch, 806);
	assert_int_equal(store_usage(&w.xs.store, 5)->message_bytes, 0);
	record_all();
}

/* What a transaction looked at counts, too. */
static void test_memory_of_reads(void **state)
{
	uint32_t tx = world_start(&w, guest);
	char path[XENSTORE_REL_PATH_MAX];
	int error = 0, i;

	w.xs.store.quota.memory = 200 << 10;
	for (i = 0; i < 1000 && error != ENOSPC; i++) {
		int len = snprintf(path, sizeof(path), "data/%d", i);

		memset(path + len, 'p', 1000);
		path[len + 1000] = '\0';
		error = ASK(guest, XS_READ, tx, path);
	}
	assert_in_range(i, 60, 250);
}

static void test_transaction_nodes(void **state)
{
	uint32_t tx = world_start(&w, guest);
	char path[64];
	int error = 0, i;

	for (i = 0; i < 5000 && error != ENOSPC; i++) {
		snprintf(path, sizeof(path), "data/none%d", i);
		error = ASK(guest, XS_READ, tx, path);
	}
	/* The parent is one of the 1024, too. */
	assert_int_equal(i, 1024);
}

static void expect_events(const char *events, size_t len)
{
	if (w.events.len != len || memcmp(w.events.data, events, len)) {
		for (size_t i = 0; i < w.events.len; i++)
			print_error("%c", w.events.data[i] ? w.events.data[i] : '|');
		fail_msg(" are the events");
	}
	w.events.len = 0;
}
#define EVENTS(s) expect_events(s, sizeof(s))
#define NO_EVENTS() expect_events("", 0)

static void test_watches(void **state)
{
	struct conn *other = world_socket(&w);

	assert_int_equal(world_ask(&w, other, XS_WATCH, 0, "/w\0tok", 7), 0);
	EVENTS("/w\0tok");
	assert_int_equal(world_ask(&w, other, XS_WATCH, 0, "/w\0tok", 7), EEXIST);
	assert_int_equal(world_write(&w, dom0, 0, "/w/a/b", "1"), 0);
	world_take(&w, other);
	EVENTS("/w/a/b\0tok");
	assert_int_equal(world_write(&w, dom0, 0, "/wx", "1"), 0);
	world_take(&w, other);
	NO_EVENTS();
	/* Of equal events that wait, one is enough. */
	assert_int_equal(world_write(&w, dom0, 0, "/w/a/b", "1"), 0);
	assert_int_equal(world_write(&w, dom0, 0, "/w/a/b", "2"), 0);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/w/a/b\0r0", 10), 0);
	world_take(&w, other);
	EVENTS("/w/a/b\0tok");
	/* A removal is heard at the node, above, and at watched nodes below. */
	assert_int_equal(world_ask(&w, other, XS_WATCH, 0, "/w/a/b\0low", 11), 0);
	assert_int_equal(world_ask(&w, other, XS_WATCH, 0, "/w/a/none\0no", 13), 0);
	w.events.len = 0;
	assert_int_equal(ASK(dom0, XS_RM, 0, "/w/a"), 0);
	world_take(&w, other);
	EVENTS("/w/a\0tok\0/w/a/b\0low");
	assert_int_equal(world_ask(&w, other, XS_UNWATCH, 0, "/w\0tok", 7), 0);
	assert_int_equal(world_ask(&w, other, XS_UNWATCH, 0, "/w\0tok", 7), ENOENT);
	assert_int_equal(ASK(dom0, XS_MKDIR, 0, "/w/q"), 0);
	world_take(&w, other);
	NO_EVENTS();
}

/* A watch that is removed while its events wait: they still come, and refer to nothing. */
static void test_unwatch_with_events(void **state)
{
	struct conn *other = world_socket(&w);

	for (int i = 0; i < 2; i++) {
		assert_int_equal(world_ask(&w, other, XS_WATCH, 0, "/w\0tok", 7), 0);
		w.events.len = 0;
		assert_int_equal(world_write(&w, dom0, 0, "/w/1", "x"), 0);
		assert_int_equal(world_write(&w, dom0, 0, "/w/2", "x"), 0);
		assert_int_equal(world_ask(&w, other, XS_UNWATCH, 0, "/w\0tok", 7), 0);
		EVENTS("/w/1\0tok\0/w/2\0tok");
	}
	/* The same with the end of the connection. */
	assert_int_equal(world_ask(&w, other, XS_WATCH, 0, "/w\0tok", 7), 0);
	assert_int_equal(world_write(&w, dom0, 0, "/w/1", "x"), 0);
	conn_free(&w.xs, other);
}

static void test_watch_in_transaction(void **state)
{
	struct conn *other = world_socket(&w);
	uint32_t tx = world_start(&w, dom0);

	assert_int_equal(world_ask(&w, other, XS_WATCH, 0, "/w\0t", 5), 0);
	w.events.len = 0;
	assert_int_equal(world_write(&w, dom0, tx, "/w/1", "x"), 0);
	assert_int_equal(world_write(&w, dom0, tx, "/w/2", "x"), 0);
	assert_int_equal(world_write(&w, dom0, tx, "/w/1", "y"), 0);
	world_take(&w, other);
	NO_EVENTS();
	assert_int_equal(ASK(dom0, XS_TRANSACTION_END, tx, "T"), 0);
	world_take(&w, other);
	EVENTS("/w/1\0t\0/w/2\0t");
}

static void test_guest_watches(void **state)
{
	assert_int_equal(world_ask(&w, guest, XS_WATCH, 0, "data\0t", 7), 0);
	EVENTS("data\0t");
	assert_int_equal(world_ask(&w, guest, XS_WATCH, 0, "/\0root", 7), 0);
	EVENTS("/\0root");
	assert_int_equal(world_write(&w, dom0, 0, "/local/domain/5/data/x", "1"), 0);
	world_take(&w, guest);
	/* Not of what it may not read. */
	assert_int_equal(world_write(&w, dom0, 0, "/secret", "1"), 0);
	EVENTS("/local/domain/5/data/x\0root\0data/x\0t");
	world_take(&w, guest);
	NO_EVENTS();
}

static void test_special_watches(void **state)
{
	struct conn *other = world_socket(&w);
	uint32_t tx;

	assert_int_equal(world_ask(&w, other, XS_WATCH, 0, "@introduceDomain\0i", 19), 0);
	assert_int_equal(world_ask(&w, other, XS_WATCH, 0, "@releaseDomain\0r", 17), 0);
	assert_int_equal(world_ask(&w, guest, XS_WATCH, 0, "@releaseDomain\0g", 17), 0);
	w.events.len = 0;
	world_ring(&w, 9);
	world_take(&w, other);
	EVENTS("@introduceDomain\0i");
	xs_domain_shutdown(&w.xs, xs_domain(&w.xs, 9));
	xs_domain_shutdown(&w.xs, xs_domain(&w.xs, 9));
	world_take(&w, other);
	world_take(&w, guest);
	EVENTS("@releaseDomain\0r");
	assert_int_equal(world_ask(&w, guest, XS_SET_PERMS, 0, "@releaseDomain\0n5", 18), EACCES);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "@releaseDomain\0n0\0r5", 21), 0);
	assert_int_equal(ASK(dom0, XS_GET_PERMS, 0, "@releaseDomain"), 0);
	assert_memory_equal(w.reply.data, "n0\0r5", 6);
	/* In a transaction, too. */
	tx = world_start(&w, dom0);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, tx, "@introduceDomain\0n0\0b5", 23), 0);
	assert_int_equal(ASK(dom0, XS_GET_PERMS, 0, "@introduceDomain"), 0);
	assert_string_equal(w.reply.data, "n0");
	assert_int_equal(w.reply.len, 3);
	assert_int_equal(ASK(dom0, XS_TRANSACTION_END, tx, "T"), 0);
	assert_int_equal(ASK(dom0, XS_GET_PERMS, 0, "@introduceDomain"), 0);
	assert_memory_equal(w.reply.data, "n0\0b5", 6);
	assert_int_equal(ASK(dom0, XS_RELEASE, 0, "9"), 0);
	world_take(&w, other);
	world_take(&w, guest);
	EVENTS("@releaseDomain\0r\0@releaseDomain\0g");
}

/* A guest that takes nothing cannot make the queue grow, and misses nothing in the end. */
static void test_event_flood(void **state)
{
	char path[64];
	unsigned int most = w.xs.store.quota.events;

	assert_int_equal(world_ask(&w, guest, XS_WATCH, 0, "data\0t", 7), 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "/local/domain/5/data/%d", i);
		assert_int_equal(world_write(&w, dom0, 0, path, "1"), 0);
		assert_true(guest->nr_events <= most + 1);
	}
	w.events.len = 0;
	world_take(&w, guest);
	assert_string_equal(w.events.data + w.events.len - 7, "data");
	w.events.len = 0;
	assert_int_equal(world_write(&w, dom0, 0, path, "1"), 0);
	world_take(&w, guest);
	EVENTS("data/4999\0t");
}

static void test_domains(void **state)
{
	struct conn *ring = world_ring(&w, 8);

	assert_int_equal(ASK(dom0, XS_IS_DOMAIN_INTRODUCED, 0, "8"), 0);
	assert_string_equal(w.reply.data, "T");
	assert_int_equal(ASK(dom0, XS_GET_DOMAIN_PATH, 0, "8"), 0);
	assert_string_equal(w.reply.data, "/local/domain/8");
	assert_int_equal(world_ask(&w, dom0, XS_INTRODUCE, 0, "x\0" "1\0" "1", 6), EINVAL);
	assert_int_equal(world_ask(&w, dom0, XS_INTRODUCE, 0, "40000\0" "1\0" "1", 10), EINVAL);
	assert_int_equal(world_write(&w, dom0, 0, "/local/domain/8", ""), 0);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/local/domain/8\0n8", 19), 0);
	assert_int_equal(world_ask(&w, dom0, XS_SET_PERMS, 0, "/tool\0n0\0r8\0w5", 15), 0);
	assert_int_equal(world_write(&w, ring, 0, "mine", "1"), 0);
	assert_int_equal(world_ask(&w, ring, XS_WATCH, 0, "mine\0t", 7), 0);
	assert_int_equal(store_usage(&w.xs.store, 8)->nodes, 2);
	assert_int_equal(ASK(dom0, XS_RESUME, 0, "8"), 0);
	/* Introduced again: a fresh start for the ring. */
	assert_int_equal(world_ask(&w, dom0, XS_INTRODUCE, 0, "8\0" "1\0" "7", 6), 0);
	assert_int_equal(store_usage(&w.xs.store, 8)->watches, 0);
	assert_int_equal(ASK(dom0, XS_RELEASE, 0, "8"), 0);
	/* Nothing of it is left for the next domain of this number. */
	assert_int_equal(store_usage(&w.xs.store, 8)->nodes, 0);
	assert_int_equal(ASK(dom0, XS_READ, 0, "/local/domain/8"), ENOENT);
	assert_int_equal(ASK(dom0, XS_GET_PERMS, 0, "/tool"), 0);
	assert_int_equal(w.reply.len, 6);
	assert_memory_equal(w.reply.data, "n0\0w5", 6);
	assert_int_equal(ASK(dom0, XS_RELEASE, 0, "8"), ENOENT);
	assert_int_equal(ASK(dom0, XS_RELEASE, 0, "0"), EINVAL);
	w.no_rings = true;
	assert_int_equal(world_ask(&w, dom0, XS_INTRODUCE, 0, "8\0" "1\0" "1", 6), EINVAL);
	assert_null(xs_domain(&w.xs, 8));
}

/* Without room for the record nothing changes, and the answer says so. */
static void test_full_disk(void **state)
{
	uint32_t tx = world_start(&w, dom0);

	assert_int_equal(world_write(&w, dom0, tx, "/a", "1"), 0);
	w.no_room = true;
	assert_int_equal(world_write(&w, dom0, 0, "/b", "1"), ENOSPC);
	assert_int_equal(ASK(dom0, XS_TRANSACTION_END, tx, "T"), ENOSPC);
	assert_int_equal(world_ask(&w, dom0, XS_INTRODUCE, 0, "8\0" "1\0" "1", 6), ENOSPC);
	assert_int_equal(world_ask(&w, guest, XS_WATCH, 0, "/\0t", 4), ENOSPC);
	assert_int_equal(w.attached, 1);
	w.no_room = false;
	assert_int_equal(ASK(dom0, XS_READ, 0, "/a"), ENOENT);
	assert_int_equal(ASK(dom0, XS_READ, 0, "/b"), ENOENT);
}

/* A ring's transaction from before a restart behaves as one until it ends, with EAGAIN. */
static void test_stale_transaction(void **state)
{
	uint32_t tx = world_start(&w, guest);

	conn_reset(&w.xs, guest);
	w.xs.epoch++;
	assert_int_equal(world_write(&w, guest, tx, "data/x", "1"), 0);
	assert_int_equal(ASK(guest, XS_READ, tx, "data/x"), ENOENT);
	assert_int_equal(ASK(guest, XS_TRANSACTION_END, tx, "T"), EAGAIN);
	assert_int_equal(ASK(guest, XS_READ, 0, "data/x"), ENOENT);
	assert_int_equal(ASK(dom0, XS_READ, tx, "/"), ENOENT);
	w.xs.epoch--;
}

static void test_directory_part(void **state)
{
	char path[300], gen[32], request[64];
	unsigned int seen = 0;
	size_t offset = 0;

	for (int i = 0; i < 100; i++) {
		memset(path, 'n', sizeof(path));
		snprintf(path, sizeof(path), "/big/%0200d", i);
		assert_int_equal(ASK(dom0, XS_MKDIR, 0, path), 0);
	}
	assert_int_equal(ASK(dom0, XS_DIRECTORY, 0, "/big"), E2BIG);
	for (bool end = false; !end;) {
		size_t len = (size_t)snprintf(request, sizeof(request), "/big%c%zu", 0, offset) + 1;
		const char *p;

		assert_int_equal(world_ask(&w, dom0, XS_DIRECTORY_PART, 0, request, len), 0);
		if (!offset)
			strcpy(gen, w.reply.data);
		assert_string_equal(w.reply.data, gen);
		p = w.reply.data + strlen(gen) + 1;
		for (; p < w.reply.data + w.reply.len && *p; p += strlen(p) + 1, seen++)
			offset += strlen(p) + 1;
		end = p < w.reply.data + w.reply.len;
	}
	assert_int_equal(seen, 100);
	/* Behind the end there is the end. */
	assert_int_equal(world_ask(&w, dom0, XS_DIRECTORY_PART, 0, "/big\0" "99999", 11), 0);
	assert_int_equal(w.reply.len, strlen(gen) + 2);
}

static void test_control(void **state)
{
	assert_int_equal(ASK(dom0, XS_CONTROL, 0, "check"), 0);
	assert_string_equal(w.reply.data, "OK\n");
	assert_int_equal(ASK(dom0, XS_CONTROL, 0, "nonsense"), EINVAL);
	assert_int_equal(ASK(dom0, XS_CONTROL, 0, "help"), 0);
	assert_non_null(strstr(w.reply.data, "memreport"));
	assert_int_equal(world_ask(&w, dom0, XS_CONTROL, 0, "quota\0set\0nodes\0" "1", 18), 0);
	assert_int_equal(world_write(&w, guest, 0, "data/x", ""), ENOSPC);
	assert_int_equal(world_ask(&w, dom0, XS_CONTROL, 0, "quota\0set\0none\0" "1", 17), EINVAL);
	assert_int_equal(world_ask(&w, dom0, XS_CONTROL, 0, "quota\0" "5", 8), 0);
	assert_non_null(strstr(w.reply.data, "nodes                     1 of        1\n"));
	assert_non_null(strstr(w.reply.data, "transaction-memory        0 of  1048576\n"));
	assert_non_null(strstr(w.reply.data, "refused requests: 1\n"));
	assert_int_equal(ASK(dom0, XS_CONTROL, 0, "memreport"), 0);
	assert_int_equal(ASK(dom0, XS_CONTROL, 0, "log"), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_nodes), T(test_bad_requests), T(test_permissions), T(test_target),
		T(test_quotas), T(test_memory_quota), T(test_transactions), T(test_conflicts),
		T(test_kept_by_transactions), T(test_doomed_transaction),
		T(test_memory_of_events), T(test_memory_of_reads), T(test_transaction_nodes),
		T(test_watches), T(test_unwatch_with_events),
		T(test_watch_in_transaction), T(test_guest_watches), T(test_special_watches),
		T(test_event_flood), T(test_domains), T(test_full_disk), T(test_stale_transaction),
		T(test_directory_part), T(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
