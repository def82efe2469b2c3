/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of xenstored's wire protocol (<public/io/xs_wire.h>), over its socket or the kernel's
 * device. One thread, one request at a time; watch events that come between are kept in order.
 *
 * The descriptor for the caller's loop is an epoll set of the connection and of a counter that is
 * up while events are kept here, so that none waits for traffic.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "store.h"

/* The table of error names is only there for those who have EINVAL. */
#include <public/io/xs_wire.h>

#define DEFAULT_SOCKET "/run/xenstored/socket"
#define OLD_SOCKET "/var/run/xenstored/socket"
#define DEVICE "/dev/xen/xenbus"
#define MAX_LIST (1UL << 20)	/* bytes of a folder's names */

struct event {
	struct event *next;
	uint32_t len;
	char text[];			/* path and token, each with its zero */
};

struct wire {
	struct lx_store s;
	int fd, set, counter;
	uint32_t id;
	bool lost;			/* the connection */
	struct event *first, **last;
};

static struct wire *wire(struct lx_store *s)
{
	return (struct wire *)s;
}

static int read_all(struct wire *w, void *to, size_t n)
{
	while (n) {
		ssize_t got = read(w->fd, to, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			w->lost = true;
			return got ? -errno : -ENOTCONN;
		}
		to = (char *)to + got;
		n -= (size_t)got;
	}
	return 0;
}

static int write_all(struct wire *w, struct iovec *v, int n)
{
	while (n) {
		struct msghdr h = { .msg_iov = v, .msg_iovlen = (size_t)n };
		ssize_t done = sendmsg(w->fd, &h, MSG_NOSIGNAL);

		if (done < 0 && errno == ENOTSOCK)
			done = writev(w->fd, v, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			w->lost = true;
			return -errno;
		}
		while (n && (size_t)done >= v->iov_len) {
			done -= (ssize_t)v->iov_len;
			v++;
			n--;
		}
		if (n) {
			v->iov_base = (char *)v->iov_base + done;
			v->iov_len -= (size_t)done;
		}
	}
	return 0;
}

/* The kernel's device takes a request in several writes, but answers none that is cut. */
static int send_request(struct wire *w, struct xsd_sockmsg *m, struct iovec *v, int n)
{
	size_t len = 0;

	for (int i = 1; i < n; i++)
		len += v[i].iov_len;
	if (len > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	m->len = (uint32_t)len;
	m->req_id = ++w->id;
	v[0] = (struct iovec){ m, sizeof(*m) };
	return write_all(w, v, n);
}

/* One message; *@body is the caller's, with a zero behind it. */
static int read_message(struct wire *w, struct xsd_sockmsg *m, char **body)
{
	int rc = read_all(w, m, sizeof(*m));

	if (!rc && m->len > XENSTORE_PAYLOAD_MAX) {
		w->lost = true;
		rc = -EPROTO;
	}
	if (rc)
		return rc;
	*body = malloc(m->len + 1);
	if (!*body) {
		w->lost = true;		/* out of step from here on */
		return -ENOMEM;
	}
	rc = read_all(w, *body, m->len);
	(*body)[m->len] = '\0';
	if (rc)
		free(*body);
	return rc;
}

static void keep_event(struct wire *w, const char *body, uint32_t len)
{
	struct event *e = malloc(sizeof(*e) + len + 2);
	uint64_t one = 1;

	if (!e)
		return;
	e->next = NULL;
	e->len = len;
	memcpy(e->text, body, len);
	memset(e->text + len, 0, 2);
	*w->last = e;
	w->last = &e->next;
	if (write(w->counter, &one, sizeof(one)) != sizeof(one))
		return;			/* it is up already */
}

static int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (!strcmp(name, xsd_errors[i].errstring))
			return -xsd_errors[i].errnum;
	return -EIO;
}

/* @v[0] is left for the header. *@reply (may be NULL) is the caller's, *@len its length. */
static int talk(struct wire *w, uint32_t type, uint32_t tx, struct iovec *v, int n, char **reply,
		uint32_t *len)
{
	struct xsd_sockmsg m = { .type = type, .tx_id = tx };
	char *body;
	int rc = w->lost ? -ENOTCONN : send_request(w, &m, v, n);

	while (!rc) {
		rc = read_message(w, &m, &body);
		if (rc)
			break;
		if (m.type == XS_WATCH_EVENT) {
			keep_event(w, body, m.len);
			free(body);
			continue;
		}
		if (m.type == XS_ERROR)
			rc = error_number(body);
		else if (m.type != type || m.req_id != w->id)
			rc = -EPROTO;
		if (rc || !reply) {
			free(body);
			return rc;
		}
		*reply = body;
		if (len)
			*len = m.len;
		return 0;
	}
	return rc;
}

static struct iovec text(const char *s)
{
	return (struct iovec){ (void *)s, strlen(s) + 1 };
}

static int talk_path(struct lx_store *s, uint32_t type, uint32_t tx, const char *path)
{
	struct iovec v[2] = { [1] = text(path) };

	return talk(wire(s), type, tx, v, 2, NULL, NULL);
}

static char *wire_read(struct lx_store *s, uint32_t tx, const char *path)
{
	struct iovec v[2] = { [1] = text(path) };
	char *reply;
	int rc = talk(wire(s), XS_READ, tx, v, 2, &reply, NULL);

	errno = -rc;
	return rc ? NULL : reply;
}

static int wire_write(struct lx_store *s, uint32_t tx, const char *path, const char *value)
{
	struct iovec v[3] = { [1] = text(path), [2] = { (void *)value, strlen(value) } };

	return talk(wire(s), XS_WRITE, tx, v, 3, NULL, NULL);
}

static int wire_mkdir(struct lx_store *s, uint32_t tx, const char *path)
{
	return talk_path(s, XS_MKDIR, tx, path);
}

static int wire_remove(struct lx_store *s, uint32_t tx, const char *path)
{
	int rc = talk_path(s, XS_RM, tx, path);

	return rc == -ENOENT ? 0 : rc;
}

static char letter(const struct lx_perm *p)
{
	return p->read && p->write ? 'b' : p->read ? 'r' : p->write ? 'w' : 'n';
}

static int wire_set_perms(struct lx_store *s, uint32_t tx, const char *path,
			  const struct lx_perm *perms, unsigned int n)
{
	char list[128];
	size_t at = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (at + 16 > sizeof(list))
			return -E2BIG;
		at += (size_t)sprintf(list + at, "%c%u", letter(&perms[i]), perms[i].domid) + 1;
	}
	struct iovec v[3] = { [1] = text(path), [2] = { list, at } };
	return talk(wire(s), XS_SET_PERMS, tx, v, 3, NULL, NULL);
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

/* Part of a folder from byte @at of its list on, behind the generation that the list is of. */
static int read_part(struct lx_store *s, uint32_t tx, const char *path, size_t at, char **part,
		     uint32_t *head, uint32_t *len)
{
	struct iovec v[3] = { [1] = text(path) };
	char offset[16];
	int rc;

	snprintf(offset, sizeof(offset), "%zu", at);
	v[2] = text(offset);
	rc = talk(wire(s), XS_DIRECTORY_PART, tx, v, 3, part, len);
	if (rc)
		return rc;
	*head = (uint32_t)strlen(*part) + 1;
	if (*head < *len)
		return 0;
	free(*part);
	return -EPROTO;
}

/* A folder that does not fit one message is read in parts; an empty name ends the last one. Another
 * generation means that the folder changed meanwhile: start again. */
static char *list_in_parts(struct lx_store *s, uint32_t tx, const char *path, size_t *len)
{
	char *all = NULL, generation[32] = "", *part;
	uint32_t n, head;

	*len = 0;
	while (*len < MAX_LIST && !(errno = -read_part(s, tx, path, *len, &part, &head, &n))) {
		bool last = !part[n - 1] && (n - head == 1 || !part[n - 2]);
		char *more;

		if (*len && strncmp(generation, part, sizeof(generation) - 1)) {
			*len = 0;
			free(part);
			continue;
		}
		snprintf(generation, sizeof(generation), "%s", part);
		more = realloc(all, *len + n - head);
		if (!more) {
			free(part);
			break;
		}
		all = more;
		memcpy(all + *len, part + head, n - head);
		*len += n - head - last;
		free(part);
		if (last)
			return all;
	}
	free(all);
	errno = errno ? errno : E2BIG;
	return NULL;
}

static char **wire_list(struct lx_store *s, uint32_t tx, const char *path, unsigned int *n)
{
	struct iovec v[2] = { [1] = text(path) };
	char *reply = NULL, **list;
	uint32_t len = 0;
	size_t bytes;
	int rc = talk(wire(s), XS_DIRECTORY, tx, v, 2, &reply, &len);

	bytes = len;
	if (rc == -E2BIG) {
		reply = list_in_parts(s, tx, path, &bytes);
		rc = reply ? 0 : -errno;
	}
	if (rc) {
		errno = -rc;
		return NULL;
	}
	list = split(reply, bytes, n);
	free(reply);
	return list;
}

static uint32_t wire_begin(struct lx_store *s)
{
	struct iovec v[2] = { [1] = text("") };
	char *reply;
	uint32_t tx;

	if (talk(wire(s), XS_TRANSACTION_START, 0, v, 2, &reply, NULL))
		return 0;
	tx = (uint32_t)strtoul(reply, NULL, 10);
	free(reply);
	return tx;
}

static int wire_end(struct lx_store *s, uint32_t tx, bool abort)
{
	return talk_path(s, XS_TRANSACTION_END, tx, abort ? "F" : "T");
}

static int wire_introduce(struct lx_store *s, uint32_t domid, uint64_t gfn, uint32_t port)
{
	char d[16], g[24], p[16];

	snprintf(d, sizeof(d), "%u", domid);
	snprintf(g, sizeof(g), "%lu", gfn);
	snprintf(p, sizeof(p), "%u", port);
	struct iovec v[4] = { [1] = text(d), [2] = text(g), [3] = text(p) };
	return talk(wire(s), XS_INTRODUCE, 0, v, 4, NULL, NULL);
}

static int wire_release(struct lx_store *s, uint32_t domid)
{
	char d[16];

	snprintf(d, sizeof(d), "%u", domid);
	return talk_path(s, XS_RELEASE, 0, d);
}

static int watch_call(struct lx_store *s, uint32_t type, const char *path, const char *token)
{
	struct iovec v[3] = { [1] = text(path), [2] = text(token) };

	return talk(wire(s), type, 0, v, 3, NULL, NULL);
}

static int wire_watch(struct lx_store *s, const char *path, const char *token)
{
	return watch_call(s, XS_WATCH, path, token);
}

static int wire_unwatch(struct lx_store *s, const char *path, const char *token)
{
	return watch_call(s, XS_UNWATCH, path, token);
}

static int wire_fd(struct lx_store *s)
{
	return wire(s)->set;
}

/* What has come in and waits in the connection. */
static void receive(struct wire *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };

	while (!w->lost && poll(&p, 1, 0) > 0) {
		struct xsd_sockmsg m;
		char *body;

		if (read_message(w, &m, &body))
			return;
		if (m.type == XS_WATCH_EVENT)
			keep_event(w, body, m.len);
		free(body);
	}
}

static char **wire_fired(struct lx_store *s)
{
	struct wire *w = wire(s);
	struct event *e;
	char **pair;
	uint64_t count;
	unsigned int n;

	receive(w);
	e = w->first;
	if (!e) {
		errno = w->lost ? ENOTCONN : EAGAIN;
		return NULL;
	}
	w->first = e->next;
	if (!w->first) {
		w->last = &w->first;
		if (read(w->counter, &count, sizeof(count)) < 0)
			errno = 0;	/* it was down already */
	}
	pair = split(e->text, e->len, &n);
	free(e);
	return pair;
}

static void wire_close(struct lx_store *s)
{
	struct wire *w = wire(s);

	while (w->first) {
		struct event *e = w->first;

		w->first = e->next;
		free(e);
	}
	if (w->fd >= 0)
		close(w->fd);
	if (w->set >= 0)
		close(w->set);
	if (w->counter >= 0)
		close(w->counter);
	free(w);
}

static const struct lx_store_ops wire_ops = {
	.read = wire_read,
	.write = wire_write,
	.mkdir = wire_mkdir,
	.remove = wire_remove,
	.set_perms = wire_set_perms,
	.list = wire_list,
	.begin = wire_begin,
	.end = wire_end,
	.introduce = wire_introduce,
	.release = wire_release,
	.watch = wire_watch,
	.unwatch = wire_unwatch,
	.fd = wire_fd,
	.fired = wire_fired,
	.close = wire_close,
};

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return fd;
	close(fd);
	return -1;
}

static bool add_to_set(struct wire *w, int fd)
{
	struct epoll_event e = { .events = EPOLLIN };

	return !epoll_ctl(w->set, EPOLL_CTL_ADD, fd, &e);
}

struct lx_store *lx_store_open_fd(int fd)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (!w) {
		close(fd);
		return NULL;
	}
	w->s.ops = &wire_ops;
	w->last = &w->first;
	w->fd = fd;
	w->set = epoll_create1(EPOLL_CLOEXEC);
	w->counter = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->set >= 0 && w->counter >= 0 && add_to_set(w, w->fd) && add_to_set(w, w->counter))
		return &w->s;
	wire_close(&w->s);
	return NULL;
}

struct lx_store *lx_store_open(void)
{
	const char *chosen = getenv("XENSTORED_PATH");
	int fd = chosen ? connect_to(chosen) : connect_to(DEFAULT_SOCKET);

	if (fd < 0 && !chosen)
		fd = connect_to(OLD_SOCKET);
	if (fd < 0 && !chosen)
		fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	return fd < 0 ? NULL : lx_store_open_fd(fd);
}
