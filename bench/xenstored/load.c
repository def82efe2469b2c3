/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load for a xenstored: makes a tree like that of many guests, and times operations on it. Driven
 * by run.py through standard input: a line "OPERATION COUNT" is answered with "NANOSECONDS per
 * operation". Which daemon is at the other end of the socket it does not know.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/xsc.h"

/* What a guest has in the store: its own nodes, and those of the backends it uses. */
static const char *const guest_nodes[] = {
	"name", "vm", "memory/target", "memory/static-max", "control/shutdown",
	"control/feature-reboot", "console/ring-ref", "console/port", "store/ring-ref",
	"store/port", "cpu/0/availability", "device/vif/0/backend", "device/vif/0/state",
	"device/vif/0/mac", "device/vif/0/handle", "device/vbd/51712/backend",
	"device/vbd/51712/state", "device/vbd/51712/virtual-device", "device/vbd/51712/ring-ref",
};
static const char *const backend_nodes[] = {
	"frontend", "state", "online", "handle", "hotplug-status",
};
#define NR(a) (sizeof(a) / sizeof((a)[0]))

static struct xsc *main_conn, *watcher;
static unsigned int guests;
static uint64_t random_state = 88172645463325252ULL;

static unsigned int random_guest(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return 1 + (unsigned int)(random_state >> 20) % guests;
}

static void must(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "load: %s: %s\n", what, strerror(error));
	exit(1);
}

static int make_guest(struct xsc *c, uint32_t tx, unsigned int domid)
{
	char path[256];
	int error = 0;

	for (size_t i = 0; i < NR(guest_nodes) && !error; i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, guest_nodes[i]);
		error = xsc_printf(c, tx, path, "value %u", domid);
	}
	for (size_t i = 0; i < NR(backend_nodes) && !error; i++) {
		snprintf(path, sizeof(path), "/local/domain/0/backend/vif/%u/0/%s", domid,
			 backend_nodes[i]);
		error = xsc_printf(c, tx, path, "value %u", domid);
	}
	return error;
}

static int create_and_remove(struct xsc *c, uint32_t tx, void *ctx)
{
	(void)ctx;
	return make_guest(c, tx, guests + 1);
}

/* Each guest's backend waits for its frontends. */
static void watch_guest(unsigned int domid)
{
	static const char *const watched[] = {
		"device/vif/0/state", "device/vbd/51712/state", "control/shutdown",
	};
	char path[256], token[32];

	for (size_t i = 0; i < NR(watched); i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, watched[i]);
		snprintf(token, sizeof(token), "%u/%zu", domid, i);
		must(xsc_watch(watcher, path, token), "watch");
	}
}

static void drain(void)
{
	char *path, *token;
	int error;

	while (!(error = xsc_event(watcher, &path, &token))) {
		free(path);
		free(token);
	}
	if (error != EAGAIN)
		must(error, "events");
}

static int touch_devices(struct xsc *c, uint32_t tx, void *ctx)
{
	unsigned int domid = *(unsigned int *)ctx;
	char path[256], *value;
	int error;

	snprintf(path, sizeof(path), "/local/domain/%u/device/vif/0/backend", domid);
	error = xsc_read(c, tx, path, &value, NULL);
	if (error)
		return error;
	free(value);
	snprintf(path, sizeof(path), "/local/domain/%u/device/vif/0/mac", domid);
	error = xsc_printf(c, tx, path, "00:16:3e:%u", domid);
	if (error)
		return error;
	snprintf(path, sizeof(path), "/local/domain/%u/device/vif/0/handle", domid);
	return xsc_write(c, tx, path, "0", 1);
}

static void op_read(void)
{
	char path[256], *value;

	snprintf(path, sizeof(path), "/local/domain/%u/device/vif/0/mac", random_guest());
	must(xsc_read(main_conn, XSC_NONE, path, &value, NULL), path);
	free(value);
}

static void op_list(void)
{
	char path[256], *names;
	size_t len;

	snprintf(path, sizeof(path), "/local/domain/%u/device/vif/0", random_guest());
	must(xsc_list(main_conn, XSC_NONE, path, &names, &len), path);
	free(names);
}

static void op_write(void)
{
	char path[256];

	snprintf(path, sizeof(path), "/local/domain/%u/memory/target", random_guest());
	must(xsc_write(main_conn, XSC_NONE, path, "131072", 6), path);
}

static void op_transaction(void)
{
	unsigned int domid = random_guest();

	must(xsc_transaction(main_conn, touch_devices, &domid), "transaction");
}

/* From a write to the watcher's hearing of it. */
static void op_watch(void)
{
	struct pollfd pfd = { .fd = xsc_fd(watcher), .events = POLLIN };
	char path[256], *seen, *token;
	int error;

	snprintf(path, sizeof(path), "/local/domain/%u/device/vif/0/state", random_guest());
	must(xsc_write(main_conn, XSC_NONE, path, "4", 1), path);
	while ((error = xsc_event(watcher, &seen, &token)) == EAGAIN)
		poll(&pfd, 1, -1);
	must(error, "event");
	free(seen);
	free(token);
}

/* All nodes of one more guest in a transaction, and their removal. */
static void op_guest(void)
{
	char path[256];

	must(xsc_transaction(main_conn, create_and_remove, NULL), "create");
	snprintf(path, sizeof(path), "/local/domain/%u", guests + 1);
	must(xsc_rm(main_conn, XSC_NONE, path), path);
	snprintf(path, sizeof(path), "/local/domain/0/backend/vif/%u", guests + 1);
	must(xsc_rm(main_conn, XSC_NONE, path), path);
}

static const struct {
	const char *name;
	void (*run)(void);
} operations[] = {
	{ "read", op_read }, { "list", op_list }, { "write", op_write },
	{ "transaction", op_transaction }, { "watch", op_watch }, { "guest", op_guest },
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static void serve(const char *name, unsigned long count)
{
	uint64_t start;

	for (size_t i = 0; i < NR(operations); i++) {
		if (strcmp(operations[i].name, name))
			continue;
		drain();
		start = now();
		for (unsigned long k = 0; k < count; k++)
			operations[i].run();
		printf("%.1f\n", (double)(now() - start) / (double)count);
		fflush(stdout);
		return;
	}
	fprintf(stderr, "load: no such operation: %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	char name[32];
	unsigned long count;

	if (argc != 3 || !(guests = (unsigned int)strtoul(argv[2], NULL, 10))) {
		fprintf(stderr, "usage: %s SOCKET GUESTS\n", argv[0]);
		return 2;
	}
	must(xsc_open(argv[1], &main_conn), argv[1]);
	must(xsc_open(argv[1], &watcher), argv[1]);
	for (unsigned int i = 1; i <= guests; i++) {
		must(make_guest(main_conn, XSC_NONE, i), "tree");
		watch_guest(i);
	}
	drain();
	puts("ready");
	fflush(stdout);
	while (scanf("%31s %lu", name, &count) == 2)
		serve(name, count);
	return 0;
}
