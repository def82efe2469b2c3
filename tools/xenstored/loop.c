/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns: all that have work are in one queue; each does a bounded piece of it and goes to the end
 * of the queue. So a guest that always has more to ask slows others down by one request at a time.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "daemon.h"
#include "hyp.h"
#include "log.h"

#define MAX_EVENTS 64

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = number;
}

void peer_ready(struct peer *p)
{
	if (list_empty(&p->ready))
		list_add(&p->daemon->ready, &p->ready);
}

static void one_round(struct daemon *d)
{
	struct list last;

	/* Those that become ready while we are at it have their turn in the next round. */
	list_add(&d->ready, &last);
	while (d->ready.next != &last) {
		struct peer *p = list_entry(d->ready.next, struct peer, ready);

		assert(p->daemon == d && p->ops);
		list_del(&p->ready);
		if (p->ops->run(p))
			peer_ready(p);
	}
	list_del(&last);
	rings_reap(d);
}

static void handle(struct daemon *d, const struct epoll_event *e)
{
	if (e->data.ptr == &d->listener)
		sock_accept(d);
	else if (e->data.ptr == &d->has_hyp)
		rings_events(d);
	else
		sock_event(e->data.ptr, e->events);
}

static bool watch_fd(struct daemon *d, int fd, void *tag)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = tag };

	if (!epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &e))
		return true;
	log_line("epoll_ctl: %s", strerror(errno));
	return false;
}

static bool prepare(struct daemon *d)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* A limit on the size of files is a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	return watch_fd(d, d->listener, &d->listener) &&
	       (!d->has_hyp || watch_fd(d, hyp_fd(), &d->has_hyp));
}

int daemon_loop(struct daemon *d)
{
	struct epoll_event events[MAX_EVENTS];
	int n;

	if (!prepare(d))
		return 1;
	while (!stop) {
		n = epoll_wait(d->epoll, events, MAX_EVENTS, list_empty(&d->ready) ? -1 : 0);
		if (n < 0 && errno != EINTR) {
			log_line("epoll_wait: %s", strerror(errno));
			return 1;
		}
		for (int i = 0; i < n; i++)
			handle(d, &events[i]);
		one_round(d);
		if (d->has_journal && d->journal.used > d->journal.compact_at)
			(void)state_compact(d);
	}
	log_line("stopping on signal %d", (int)stop);
	return 0;
}
