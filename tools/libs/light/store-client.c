/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The toolstack's store over the client library (store/xsc.h).
 *
 * The descriptor for the caller's loop is an epoll set of the connection and of a counter that is
 * up while the library holds events, so that none waits for traffic.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "store.h"
#include "store/xsc.h"

struct client {
	struct lx_store s;
	struct xsc *c;
	int set, counter;
	bool raised;			/* the counter */
	bool lost;			/* the connection */
};

static struct client *client(struct lx_store *s)
{
	return (struct client *)s;
}

static void set_counter(struct client *a)
{
	bool want = xsc_has_event(a->c);
	uint64_t count = 1;
	ssize_t n;

	if (want == a->raised)
		return;
	if (want)
		n = write(a->counter, &count, sizeof(count));
	else
		n = read(a->counter, &count, sizeof(count));
	if (n == sizeof(count))
		a->raised = want;
}

/* What a call of the library came to. */
static int outcome(struct client *a, int error)
{
	if (error == ECONNRESET || error == EPROTO)
		a->lost = true;
	set_counter(a);
	return -error;
}

/* Every call goes through this: a connection that is out of step is not used again. */
#define CALL(s, fn, ...) \
	(client(s)->lost ? -ENOTCONN : outcome(client(s), fn(client(s)->c, ##__VA_ARGS__)))

static char *client_read(struct lx_store *s, uint32_t tx, const char *path)
{
	char *value;
	int rc = CALL(s, xsc_read, tx, path, &value, NULL);

	errno = -rc;
	return rc ? NULL : value;
}

static int client_write(struct lx_store *s, uint32_t tx, const char *path, const char *value)
{
	return CALL(s, xsc_write, tx, path, value, strlen(value));
}

static int client_mkdir(struct lx_store *s, uint32_t tx, const char *path)
{
	return CALL(s, xsc_mkdir, tx, path);
}

static int client_remove(struct lx_store *s, uint32_t tx, const char *path)
{
	int rc = CALL(s, xsc_rm, tx, path);

	return rc == -ENOENT ? 0 : rc;
}

static char letter(const struct lx_perm *p)
{
	return p->read && p->write ? 'b' : p->read ? 'r' : p->write ? 'w' : 'n';
}

static int client_set_perms(struct lx_store *s, uint32_t tx, const char *path,
			    const struct lx_perm *perms, unsigned int n)
{
	char list[128];
	size_t at = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (at + 16 > sizeof(list))
			return -E2BIG;
		at += (size_t)sprintf(list + at, "%c%u", letter(&perms[i]), perms[i].domid) + 1;
	}
	return CALL(s, xsc_set_perms, tx, path, list, at);
}

/* Names follow each other with their zeros; the result points into a copy behind it. */
static char **split(const char *names, size_t len, unsigned int *n)
{
	size_t count = 0, i = 0;
	char **list, *copy;

	for (size_t k = 0; k < len; k++)
		count += !names[k];
	list = malloc((count + 1) * sizeof(*list) + len + 1);
	if (!list)
		return NULL;
	copy = (char *)(list + count + 1);
	memcpy(copy, names, len);
	copy[len] = '\0';
	for (char *p = copy; i < count; p += strlen(p) + 1)
		list[i++] = p;
	list[count] = NULL;
	*n = (unsigned int)count;
	return list;
}

static char **client_list(struct lx_store *s, uint32_t tx, const char *path, unsigned int *n)
{
	char *names, **list;
	size_t len;
	int rc = CALL(s, xsc_list, tx, path, &names, &len);

	if (rc) {
		errno = -rc;
		return NULL;
	}
	list = split(names, len, n);
	free(names);
	return list;
}

static uint32_t client_begin(struct lx_store *s)
{
	uint32_t tx;

	return CALL(s, xsc_start, &tx) ? 0 : tx;
}

static int client_end(struct lx_store *s, uint32_t tx, bool abort)
{
	return CALL(s, xsc_end, tx, !abort);
}

static int client_introduce(struct lx_store *s, uint32_t domid, uint64_t gfn, uint32_t port)
{
	return CALL(s, xsc_introduce, (uint16_t)domid, gfn, port);
}

static int client_release(struct lx_store *s, uint32_t domid)
{
	return CALL(s, xsc_release, (uint16_t)domid);
}

static int client_watch(struct lx_store *s, const char *path, const char *token)
{
	return CALL(s, xsc_watch, path, token);
}

static int client_unwatch(struct lx_store *s, const char *path, const char *token)
{
	return CALL(s, xsc_unwatch, path, token);
}

static int client_fd(struct lx_store *s)
{
	return client(s)->set;
}

static char **pair(const char *path, const char *token)
{
	size_t len = strlen(path) + 1;
	char **both = malloc(2 * sizeof(*both) + len + strlen(token) + 1);

	if (!both)
		return NULL;
	both[0] = (char *)(both + 2);
	both[1] = both[0] + len;
	strcpy(both[0], path);
	strcpy(both[1], token);
	return both;
}

static char **client_fired(struct lx_store *s)
{
	char *path, *token, **both;
	int rc = CALL(s, xsc_event, &path, &token);

	/* Without memory an event is late or lost; the connection is of use still. */
	if (rc) {
		errno = rc == -EAGAIN || rc == -ENOMEM ? EAGAIN : ENOTCONN;
		return NULL;
	}
	both = pair(path, token);
	free(path);
	free(token);
	errno = EAGAIN;
	return both;
}

static void client_close(struct lx_store *s)
{
	struct client *a = client(s);

	xsc_close(a->c);
	if (a->set >= 0)
		close(a->set);
	if (a->counter >= 0)
		close(a->counter);
	free(a);
}

static const struct lx_store_ops client_ops = {
	.read = client_read,
	.write = client_write,
	.mkdir = client_mkdir,
	.remove = client_remove,
	.set_perms = client_set_perms,
	.list = client_list,
	.begin = client_begin,
	.end = client_end,
	.introduce = client_introduce,
	.release = client_release,
	.watch = client_watch,
	.unwatch = client_unwatch,
	.fd = client_fd,
	.fired = client_fired,
	.close = client_close,
};

static bool add_to_set(struct client *a, int fd)
{
	struct epoll_event e = { .events = EPOLLIN };

	return !epoll_ctl(a->set, EPOLL_CTL_ADD, fd, &e);
}

static struct lx_store *open_over(struct xsc *c)
{
	struct client *a = calloc(1, sizeof(*a));
	int error;

	if (!a) {
		xsc_close(c);
		errno = ENOMEM;
		return NULL;
	}
	a->s.ops = &client_ops;
	a->c = c;
	a->set = epoll_create1(EPOLL_CLOEXEC);
	a->counter = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->set >= 0 && a->counter >= 0 && add_to_set(a, xsc_fd(c)) &&
	    add_to_set(a, a->counter))
		return &a->s;
	error = errno;
	client_close(&a->s);
	errno = error;
	return NULL;
}

struct lx_store *lx_store_open_fd(int fd)
{
	struct xsc *c;
	int error = xsc_open_fd(fd, &c);

	errno = error;
	return error ? NULL : open_over(c);
}

struct lx_store *lx_store_open(void)
{
	struct xsc *c;
	int error = xsc_open(NULL, &c);

	errno = error;
	return error ? NULL : open_over(c);
}
