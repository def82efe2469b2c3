/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of xenstored; see xsc.h. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <public/io/xs_wire.h>

#include "xsc.h"

/* A folder's owner may make it large, and change it without end while it is read in parts. */
#define LIST_BYTES (1UL << 20)
#define LIST_TRIES 50

struct event {
	struct event *next;
	size_t path_len;
	char text[];		/* path and token, each with its NUL */
};

struct xsc {
	int fd;
	/* "": not to be opened anew */
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	uint32_t req_id;
	struct event *events, **tail;
	bool missed;		/* an event, for lack of memory: not told yet */
	/* Of a message that has not come whole. */
	size_t have;
	struct xsd_sockmsg head;
	char data[XENSTORE_PAYLOAD_MAX + 1];
};

static int connect_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		error = errno;
		close(fd);
		errno = error;
		fd = -1;
	}
	return fd;
}

static int open_any(const char *path)
{
	struct stat st;

	if (!stat(path, &st) && S_ISCHR(st.st_mode))
		return open(path, O_RDWR | O_CLOEXEC);
	return connect_socket(path);
}

const char *xsc_socket_path(void)
{
	static char in_folder[sizeof(((struct xsc *)NULL)->path)];
	const char *path = getenv("XENSTORED_PATH"), *dir = getenv("XENSTORED_RUNDIR");

	if (path && *path)
		return path;
	snprintf(in_folder, sizeof(in_folder), "%s/socket", dir && *dir ? dir :
		 "/var/run/xenstored");
	return in_folder;
}

/* A socket that is not served belongs to a daemon that is away. Only where there is none is the
 * store in another domain. */
static int open_device(int error)
{
	int fd = error == ENOENT ? open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC) : -1;

	errno = error;
	return fd;
}

int xsc_open_fd(int fd, struct xsc **out)
{
	struct xsc *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return ENOMEM;
	}
	c->fd = fd;
	c->tail = &c->events;
	*out = c;
	return 0;
}

int xsc_open(const char *path, struct xsc **out)
{
	const char *named = getenv("XENSTORED_PATH");
	bool any = !path && !(named && *named);
	int fd, error;

	if (!path)
		path = xsc_socket_path();
	fd = open_any(path);
	if (fd < 0 && any) {
		fd = open_device(errno);
		path = "/dev/xen/xenbus";
	}
	error = fd < 0 ? errno : xsc_open_fd(fd, out);
	if (!error)
		snprintf((*out)->path, sizeof((*out)->path), "%s", path);
	return error;
}

int xsc_reopen(struct xsc *c)
{
	int fd = *c->path ? open_any(c->path) : -1;

	if (fd < 0)
		return *c->path ? errno : ENOTCONN;
	close(c->fd);
	c->fd = fd;
	c->have = 0;
	return 0;
}

void xsc_close(struct xsc *c)
{
	struct event *e;

	if (!c)
		return;
	while ((e = c->events)) {
		c->events = e->next;
		free(e);
	}
	close(c->fd);
	free(c);
}

int xsc_fd(const struct xsc *c)
{
	return c->fd;
}

/* Read on at what has come of the message. 0 when it is whole; EAGAIN if @wait is false and no more
 * is there. */
static int read_message(struct xsc *c, bool wait)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };
	size_t want = sizeof(c->head);
	ssize_t n;

	for (;;) {
		char *to = (char *)&c->head + c->have;

		if (c->have >= sizeof(c->head)) {
			if (c->head.len > XENSTORE_PAYLOAD_MAX)
				return EPROTO;
			want = sizeof(c->head) + c->head.len;
			to = c->data + (c->have - sizeof(c->head));
		}
		if (c->have == want)
			break;
		if (!wait && poll(&pfd, 1, 0) != 1)
			return EAGAIN;
		assert(c->have < want && want <= sizeof(c->head) + XENSTORE_PAYLOAD_MAX);
		n = read(c->fd, to, want - c->have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : ECONNRESET;
		c->have += (size_t)n;
	}
	c->have = 0;
	c->data[c->head.len] = '\0';
	return 0;
}

static int keep_event(struct xsc *c)
{
	const char *end = memchr(c->data, 0, c->head.len);
	struct event *e;

	if (!end || c->data[c->head.len - 1] || end == c->data + c->head.len - 1)
		return EPROTO;
	e = malloc(sizeof(*e) + c->head.len);
	if (!e)
		return ENOMEM;
	e->next = NULL;
	e->path_len = (size_t)(end - c->data) + 1;
	memcpy(e->text, c->data, c->head.len);
	*c->tail = e;
	c->tail = &e->next;
	return 0;
}

static int write_all(struct xsc *c, struct iovec *iov, int n)
{
	while (n) {
		struct msghdr m = { .msg_iov = iov, .msg_iovlen = (size_t)n };
		ssize_t done = sendmsg(c->fd, &m, MSG_NOSIGNAL);

		if (done < 0 && errno == ENOTSOCK)
			done = writev(c->fd, iov, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno == EPIPE ? ECONNRESET : errno;
		while (n && (size_t)done >= iov->iov_len) {
			done -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

static int error_value(const char *name)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++) {
		if (!strcmp(xsd_errors[i].errstring, name))
			return xsd_errors[i].errnum;
	}
	return EIO;
}

/* Ask, and wait for the answer, which is in c->data and c->head.len then. */
static int ask(struct xsc *c, uint32_t type, uint32_t tx, struct iovec *parts, int nr_parts)
{
	struct xsd_sockmsg h = { .type = type, .req_id = ++c->req_id, .tx_id = tx };
	struct iovec iov[4] = { { &h, sizeof(h) } };
	int n = 1, error;

	assert(nr_parts < (int)(sizeof(iov) / sizeof(iov[0])));
	for (int i = 0; i < nr_parts; i++) {
		if (parts[i].iov_len > XENSTORE_PAYLOAD_MAX - h.len)
			return E2BIG;
		h.len += (uint32_t)parts[i].iov_len;
		if (parts[i].iov_len)
			iov[n++] = parts[i];
	}
	error = write_all(c, iov, n);
	while (!error) {
		error = read_message(c, true);
		if (error)
			break;
		if (c->head.type == XS_WATCH_EVENT) {
			error = keep_event(c);
			/* The answer is still to come, and must not be taken for that of another
			 * request. */
			if (error == ENOMEM) {
				c->missed = true;
				error = 0;
			}
		} else if (c->head.req_id != h.req_id)
			error = EPROTO;
		else if (c->head.type == XS_ERROR)
			return error_value(c->data);
		else
			return c->head.type == type ? 0 : EPROTO;
	}
	return error;
}

static struct iovec text(const char *s)
{
	return (struct iovec){ (char *)s, strlen(s) + 1 };
}

static int ask_text(struct xsc *c, uint32_t type, uint32_t tx, const char *s)
{
	struct iovec part = text(s);

	return ask(c, type, tx, &part, 1);
}

static int ask_two(struct xsc *c, uint32_t type, uint32_t tx, const char *a, const void *b,
		   size_t b_len)
{
	struct iovec parts[2] = { text(a), { (void *)b, b_len } };

	return ask(c, type, tx, parts, 2);
}

static int take_answer(struct xsc *c, char **answer, size_t *len)
{
	*answer = malloc(c->head.len + 1);
	if (!*answer)
		return ENOMEM;
	memcpy(*answer, c->data, c->head.len + 1);
	if (len)
		*len = c->head.len;
	return 0;
}

int xsc_read(struct xsc *c, uint32_t tx, const char *path, char **value, size_t *len)
{
	int error = ask_text(c, XS_READ, tx, path);

	return error ? error : take_answer(c, value, len);
}

int xsc_write(struct xsc *c, uint32_t tx, const char *path, const void *value, size_t len)
{
	return ask_two(c, XS_WRITE, tx, path, value, len);
}

int xsc_printf(struct xsc *c, uint32_t tx, const char *path, const char *fmt, ...)
{
	char value[XENSTORE_PAYLOAD_MAX];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(value))
		return E2BIG;
	return xsc_write(c, tx, path, value, (size_t)len);
}

int xsc_mkdir(struct xsc *c, uint32_t tx, const char *path)
{
	return ask_text(c, XS_MKDIR, tx, path);
}

int xsc_rm(struct xsc *c, uint32_t tx, const char *path)
{
	return ask_text(c, XS_RM, tx, path);
}

/* One part of a long list, appended to what there is. *@done when it was the last; ESTALE when the
 * list changed since the first. */
static int list_part(struct xsc *c, uint32_t tx, const char *path, char **names, size_t *len,
		     char generation[32], bool *done)
{
	char offset[24], *grown;
	size_t gen_len, part;
	int error;

	snprintf(offset, sizeof(offset), "%zu", *len);
	error = ask_two(c, XS_DIRECTORY_PART, tx, path, offset, strlen(offset) + 1);
	if (error)
		return error;
	gen_len = strlen(c->data) + 1;
	if (gen_len > 32 || gen_len > c->head.len)
		return EPROTO;
	if (*len && strcmp(generation, c->data))
		return ESTALE;
	strcpy(generation, c->data);
	part = c->head.len - gen_len;
	/* An empty name ends the list. */
	*done = part && !c->data[c->head.len - 1] &&
		(part == 1 || !c->data[c->head.len - 2]);
	part -= *done;
	if (!part && !*done)
		return EPROTO;
	grown = realloc(*names, *len + part + 1);
	if (!grown)
		return ENOMEM;
	*names = grown;
	memcpy(grown + *len, c->data + gen_len, part);
	*len += part;
	return 0;
}

int xsc_list(struct xsc *c, uint32_t tx, const char *path, char **names, size_t *len)
{
	int error = ask_text(c, XS_DIRECTORY, tx, path);
	unsigned int tries = LIST_TRIES;
	char generation[32];
	bool done = false;

	if (!error)
		return take_answer(c, names, len);
	if (error != E2BIG)
		return error;
	*names = NULL;
	*len = 0;
	while (!done) {
		error = list_part(c, tx, path, names, len, generation, &done);
		if (!error && *len > LIST_BYTES)
			error = E2BIG;
		if (error == ESTALE && --tries) {
			*len = 0;
		} else if (error) {
			free(*names);
			return error;
		}
	}
	return 0;
}

int xsc_get_perms(struct xsc *c, uint32_t tx, const char *path, char **perms, size_t *len)
{
	int error = ask_text(c, XS_GET_PERMS, tx, path);

	return error ? error : take_answer(c, perms, len);
}

int xsc_set_perms(struct xsc *c, uint32_t tx, const char *path, const char *perms, size_t len)
{
	return ask_two(c, XS_SET_PERMS, tx, path, perms, len);
}

int xsc_watch(struct xsc *c, const char *path, const char *token)
{
	return ask_two(c, XS_WATCH, 0, path, token, strlen(token) + 1);
}

int xsc_unwatch(struct xsc *c, const char *path, const char *token)
{
	return ask_two(c, XS_UNWATCH, 0, path, token, strlen(token) + 1);
}

bool xsc_has_event(const struct xsc *c)
{
	return c->events || c->missed;
}

int xsc_event(struct xsc *c, char **path, char **token)
{
	struct event *e;
	int error;

	if (c->missed) {
		c->missed = false;
		return ENOMEM;
	}
	while (!c->events) {
		error = read_message(c, false);
		if (error)
			return error;
		if (c->head.type != XS_WATCH_EVENT)
			return EPROTO;
		error = keep_event(c);
		if (error)
			return error;
	}
	e = c->events;
	assert(e->path_len && !e->text[e->path_len - 1]);
	*path = strdup(e->text);
	*token = strdup(e->text + e->path_len);
	if (!*path || !*token) {
		free(*path);
		free(*token);
		return ENOMEM;
	}
	c->events = e->next;
	if (!c->events)
		c->tail = &c->events;
	free(e);
	return 0;
}

int xsc_start(struct xsc *c, uint32_t *tx)
{
	int error = ask_text(c, XS_TRANSACTION_START, 0, "");

	if (error)
		return error;
	*tx = (uint32_t)strtoul(c->data, NULL, 10);
	return *tx ? 0 : EPROTO;
}

int xsc_end(struct xsc *c, uint32_t tx, bool commit)
{
	return ask_text(c, XS_TRANSACTION_END, tx, commit ? "T" : "F");
}

int xsc_transaction(struct xsc *c, int (*fn)(struct xsc *c, uint32_t tx, void *ctx), void *ctx)
{
	uint32_t tx;
	int error;

	do {
		error = xsc_start(c, &tx);
		if (error)
			return error;
		error = fn(c, tx, ctx);
		if (error) {
			xsc_end(c, tx, false);
			return error;
		}
		error = xsc_end(c, tx, true);
	} while (error == EAGAIN);
	return error;
}

/* A request whose payload is numbers. */
static int ask_numbers(struct xsc *c, uint32_t type, const uint64_t *numbers, int n)
{
	char words[80];
	struct iovec part = { words, 0 };

	for (int i = 0; i < n; i++)
		part.iov_len += (size_t)snprintf(words + part.iov_len, sizeof(words) - part.iov_len,
						 "%llu", (unsigned long long)numbers[i]) + 1;
	return ask(c, type, 0, &part, 1);
}

int xsc_introduce(struct xsc *c, uint16_t domid, uint64_t gfn, uint32_t port)
{
	const uint64_t numbers[] = { domid, gfn, port };

	return ask_numbers(c, XS_INTRODUCE, numbers, 3);
}

int xsc_release(struct xsc *c, uint16_t domid)
{
	const uint64_t number = domid;

	return ask_numbers(c, XS_RELEASE, &number, 1);
}

int xsc_resume(struct xsc *c, uint16_t domid)
{
	const uint64_t number = domid;

	return ask_numbers(c, XS_RESUME, &number, 1);
}

int xsc_set_target(struct xsc *c, uint16_t domid, uint16_t target)
{
	const uint64_t numbers[] = { domid, target };

	return ask_numbers(c, XS_SET_TARGET, numbers, 2);
}

int xsc_is_introduced(struct xsc *c, uint16_t domid, bool *introduced)
{
	const uint64_t number = domid;
	int error = ask_numbers(c, XS_IS_DOMAIN_INTRODUCED, &number, 1);

	if (!error)
		*introduced = !strcmp(c->data, "T");
	return error;
}

int xsc_control(struct xsc *c, const char *words, size_t len, char **answer)
{
	struct iovec part = { (char *)words, len };
	int error = ask(c, XS_CONTROL, 0, &part, 1);

	return error ? error : take_answer(c, answer, NULL);
}
