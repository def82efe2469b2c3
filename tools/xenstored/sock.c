/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients on the Unix socket. Who may open it may do everything: they act as domain 0. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"

#define HEAD sizeof(struct xsd_sockmsg)
/* Room for one message of the largest size, or several usual ones, and a byte for a NUL. */
#define BUFFER 8192
/* Requests of one client in one turn. */
#define TURN 8
#define MAX_IOV 16

struct sock {
	struct peer peer;
	struct conn *conn;
	int fd;
	bool want_write, closed;
	bool readable;
	size_t start, end;	/* of what is in the buffer */
	size_t sent;		/* of the first message of the queue */
	char in[BUFFER + 1];
};

static struct sock *sock_of(struct peer *p)
{
	return list_entry(p, struct sock, peer);
}

static void sock_free(struct sock *s)
{
	list_del(&s->peer.ready);
	conn_free(&s->peer.daemon->xs, s->conn);
	close(s->fd);
	xs_free(s);
}

/* Ask epoll for what would let us go on. */
static void wait_for(struct sock *s, bool read, bool write)
{
	struct epoll_event e = {
		.events = (read ? EPOLLIN : 0) | (write ? EPOLLOUT : 0), .data.ptr = &s->peer,
	};

	epoll_ctl(s->peer.daemon->epoll, EPOLL_CTL_MOD, s->fd, &e);
}

static void forget_sent(struct sock *s, size_t n)
{
	struct conn *c = s->conn;

	assert(c->out && s->sent < c->out->len);
	while (n && n >= c->out->len - s->sent) {
		n -= c->out->len - s->sent;
		s->sent = 0;
		conn_taken(c);
	}
	if (n) {
		conn_taking(c);
		s->sent += n;
	}
}

/* Send what the client takes; false when it is gone. */
static bool flush(struct sock *s)
{
	while (s->conn->out) {
		struct iovec iov[MAX_IOV];
		struct msg *m = s->conn->out;
		size_t skip = s->sent;
		ssize_t n;
		int count = 0;

		for (; m && count < MAX_IOV; m = m->next, skip = 0)
			iov[count++] = (struct iovec){ m->data + skip, m->len - skip };
		n = writev(s->fd, iov, count);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		forget_sent(s, (size_t)n);
	}
	return true;
}

/* Read what the client has sent, if there is room; false when it is gone. */
static bool fill(struct sock *s)
{
	ssize_t n;

	if (!s->readable)
		return true;
	if (s->start) {
		memmove(s->in, s->in + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
	}
	if (s->end == BUFFER)
		return true;
	n = recv(s->fd, s->in + s->end, BUFFER - s->end, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		s->readable = false;
		return true;
	}
	if (n < 0)
		return false;
	if (!n) {
		/* What it has sent before is still done. */
		s->closed = true;
		s->readable = false;
		return true;
	}
	/* Less than there was room for: that was all. */
	s->readable = (size_t)n == BUFFER - s->end;
	s->end += (size_t)n;
	return true;
}

/* 1: a request is whole; 0: it is not; -1: it breaks the rules. */
static int next_request(const struct sock *s, struct xsd_sockmsg *h)
{
	assert(s->start <= s->end && s->end <= BUFFER);
	if (s->end - s->start < HEAD)
		return 0;
	memcpy(h, s->in + s->start, HEAD);
	if (h->len > XENSTORE_PAYLOAD_MAX)
		return -1;
	return s->end - s->start >= HEAD + h->len;
}

static void serve(struct sock *s, const struct xsd_sockmsg *h)
{
	char *data = s->in + s->start + HEAD, after = data[h->len];

	assert(s->start + HEAD + h->len <= s->end);
	/* The handler ends the payload with a NUL; that byte may be the next request's. */
	xs_request(&s->peer.daemon->xs, s->conn, h, data);
	data[h->len] = after;
	s->start += HEAD + h->len;
}

static bool sock_run(struct peer *p)
{
	struct sock *s = sock_of(p);
	struct xsd_sockmsg h;
	int whole = 0;

	if (!fill(s))
		goto gone;
	for (int i = 0; i < TURN && conn_may_ask(&p->daemon->xs, s->conn); i++) {
		whole = next_request(s, &h);
		if (whole <= 0)
			break;
		serve(s, &h);
	}
	if (whole < 0)
		log_line("a client sent a message of %u bytes; it is cut off", h.len);
	if (whole < 0 || !flush(s))
		goto gone;
	whole = next_request(s, &h);
	if (s->closed && whole <= 0)
		goto gone;
	if (s->want_write != (s->conn->out != NULL) || !conn_may_ask(&p->daemon->xs, s->conn)) {
		s->want_write = s->conn->out != NULL;
		wait_for(s, conn_may_ask(&p->daemon->xs, s->conn), s->want_write);
	}
	return whole > 0 && conn_may_ask(&p->daemon->xs, s->conn);
gone:
	sock_free(s);
	return false;
}

static const struct peer_ops sock_ops = { .run = sock_run };

void sock_event(struct peer *p, uint32_t events)
{
	struct sock *s = sock_of(p);

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		s->readable = true;
	peer_ready(p);
}

void sock_output(struct conn *c)
{
	peer_ready(c->io);
}

void sock_accept(struct daemon *d)
{
	static const struct cred cred = { .domid = 0, .target = DOMID_NONE, .privileged = true };
	struct epoll_event e = { .events = EPOLLIN };
	int fd = accept4(d->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct sock *s;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			log_line("too many clients: %s", strerror(errno));
		return;
	}
	if (!memory_ready(0)) {
		close(fd);
		return;
	}
	s = xs_zalloc(sizeof(*s));
	s->fd = fd;
	s->peer.ops = &sock_ops;
	s->peer.daemon = d;
	list_init(&s->peer.ready);
	e.data.ptr = &s->peer;
	if (epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &e)) {
		close(fd);
		xs_free(s);
		return;
	}
	s->conn = conn_new(&d->xs, &cred, NULL);
	s->conn->io = &s->peer;
}

bool sock_listen(struct daemon *d)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/socket", d->opt.rundir);
	mode_t mask;
	bool bound;

	if (len < 0 || (size_t)len >= sizeof(addr.sun_path)) {
		log_line("the path of the socket is too long: %s/socket", d->opt.rundir);
		return false;
	}
	if (mkdir(d->opt.rundir, 0755) && errno != EEXIST) {
		log_line("cannot make the folder %s: %s", d->opt.rundir, strerror(errno));
		return false;
	}
	d->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	unlink(addr.sun_path);
	mask = umask(0177);
	bound = d->listener >= 0 && !bind(d->listener, (struct sockaddr *)&addr, sizeof(addr)) &&
		!listen(d->listener, 128);
	umask(mask);
	if (!bound)
		log_line("cannot listen at %s: %s", addr.sun_path, strerror(errno));
	return bound;
}
