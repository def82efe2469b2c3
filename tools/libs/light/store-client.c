/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The toolstack's store over the client library (store/xsc.h).
 *
 * The descriptor for the caller's loop is an epoll set of the connection and of a counter that is
 * up while the library holds events, so that none waits for traffic.
 *
 * When xenstored goes and comes again, the caller sees little of it: the connection is opened anew,
 * watches are set again (each fires once then, in place of the events that were lost), and the
 * request that found the connection broken is made once more. All requests can be made twice. A
 * transaction that was open ends with -EAGAIN, which its owner must expect anyway. There is one at
 * a time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "loop.h"
#include "store.h"
#include "store/xsc.h"

#define AWAY_MS 10000	/* how long xenstored may take to come again */
#define RETRY_MS 20
#define REPEATS 3	/* of a request, when the daemon keeps dying of it */

struct watched {
	struct watched *next;
	char *token;
	char path[];
};

struct client {
	struct lx_store s;
	struct xsc *c;
	int set, counter;
	bool raised;			/* the counter */
	bool lost;			/* the connection, for good */
	uint32_t tx;			/* the open transaction, 0: none */
	bool tx_lost;			/* it was one of a connection before this one */
	struct watched *watches;
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

static bool add_to_set(struct client *a, int fd)
{
	struct epoll_event e = { .events = EPOLLIN };

	return !epoll_ctl(a->set, EPOLL_CTL_ADD, fd, &e);
}

static int connect_again(struct client *a)
{
	int error = xsc_reopen(a->c);

	if (!error && !add_to_set(a, xsc_fd(a->c)))
		error = errno;
	for (const struct watched *w = a->watches; !error && w; w = w->next)
		error = xsc_watch(a->c, w->path, w->token);
	if (!error)
		a->tx_lost = a->tx != 0;
	return error;
}

/* Wait for xenstored to come again. */
static bool recover(struct client *a)
{
	uint64_t until = lx_now() + AWAY_MS * 1000000ULL;
	int error;

	while ((error = connect_again(a)) && error != ENOTCONN && lx_now() < until)
		usleep(RETRY_MS * 1000);
	a->lost = error != 0;
	return !error;
}

/* Before a call: 0, or why it is not made. Whoever was away too long may be there now. */
static int allowed(struct client *a, uint32_t tx)
{
	if (a->lost)
		a->lost = connect_again(a) != 0;
	if (a->lost)
		return ENOTCONN;
	return tx && a->tx_lost ? EAGAIN : 0;
}

/* After a call, the @calls-th, that came to *@error: is it to be made again? */
static bool again(struct client *a, uint32_t tx, unsigned int calls, int *error)
{
	/* A connection that is out of step is not used again. */
	if (*error == EPROTO)
		a->lost = true;
	if (*error != ECONNRESET || calls > REPEATS || !recover(a))
		return false;
	if (tx)
		*error = EAGAIN;
	return !tx;
}

/* Every call goes through this. */
#define CALL(s, tx, fn, ...) \
	({ \
		struct client *a_ = client(s); \
		unsigned int calls_ = 0; \
		int error_ = allowed(a_, tx); \
		if (!error_) { \
			do \
				error_ = fn(a_->c, ##__VA_ARGS__); \
			while (again(a_, tx, ++calls_, &error_)); \
		} \
		set_counter(a_); \
		-error_; \
	})

static char *client_read(struct lx_store *s, uint32_t tx, const char *path)
{
	char *value;
	int rc = CALL(s, tx, xsc_read, tx, path, &value, NULL);

	errno = -rc;
	return rc ? NULL : value;
}

static int client_write(struct lx_store *s, uint32_t tx, const char *path, const char *value)
{
	return CALL(s, tx, xsc_write, tx, path, value, strlen(value));
}

static int client_mkdir(struct lx_store *s, uint32_t tx, const char *path)
{
	return CALL(s, tx, xsc_mkdir, tx, path);
}

static int client_remove(struct lx_store *s, uint32_t tx, const char *path)
{
	int rc = CALL(s, tx, xsc_rm, tx, path);

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
	return CALL(s, tx, xsc_set_perms, tx, path, list, at);
}

/* Names follow each other, each with a zero byte. The result is an array of pointers and, after it
 * in the same block, a copy of the names. */
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
	int rc = CALL(s, tx, xsc_list, tx, path, &names, &len);

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
	struct client *a = client(s);
	uint32_t tx;
	int rc = CALL(s, XSC_NONE, xsc_start, &tx);

	if (rc)
		tx = 0;
	a->tx = tx;
	a->tx_lost = false;
	errno = -rc;
	return tx;
}

static int client_end(struct lx_store *s, uint32_t tx, bool abort)
{
	struct client *a = client(s);
	int rc = CALL(s, tx, xsc_end, tx, !abort);

	a->tx = 0;
	a->tx_lost = false;
	return abort && rc == -EAGAIN ? 0 : rc;
}

static int client_introduce(struct lx_store *s, uint32_t domid, uint64_t gfn, uint32_t port)
{
	return CALL(s, XSC_NONE, xsc_introduce, (uint16_t)domid, gfn, port);
}

static int client_release(struct lx_store *s, uint32_t domid)
{
	return CALL(s, XSC_NONE, xsc_release, (uint16_t)domid);
}

static int client_watch(struct lx_store *s, const char *path, const char *token)
{
	struct client *a = client(s);
	size_t len = strlen(path) + 1;
	struct watched *w = malloc(sizeof(*w) + len + strlen(token) + 1);
	int rc;

	if (!w)
		return -ENOMEM;
	w->token = w->path + len;
	strcpy(w->path, path);
	strcpy(w->token, token);
	rc = CALL(s, XSC_NONE, xsc_watch, path, token);
	if (rc) {
		free(w);
		return rc;
	}
	w->next = a->watches;
	a->watches = w;
	return 0;
}

static void forget_watch(struct client *a, const char *path, const char *token)
{
	struct watched **p = &a->watches, *w;

	while ((w = *p) && (strcmp(w->path, path) || strcmp(w->token, token)))
		p = &w->next;
	if (w) {
		*p = w->next;
		free(w);
	}
}

static int client_unwatch(struct lx_store *s, const char *path, const char *token)
{
	int rc;

	forget_watch(client(s), path, token);
	rc = CALL(s, XSC_NONE, xsc_unwatch, path, token);
	/* Over a new connection it was not set again. */
	return rc == -ENOENT ? 0 : rc;
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
	int rc = CALL(s, XSC_NONE, xsc_event, &path, &token);

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

	while (a->watches)
		forget_watch(a, a->watches->path, a->watches->token);
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
