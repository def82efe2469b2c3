/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop. */
#include <assert.h>
#include <errno.h>
#include <time.h>

#include "loop.h"

#define NS_PER_MS 1000000ULL

uint64_t lx_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

void lx_fd_add(struct lx_loop *loop, struct lx_fd *fd, int number, short events)
{
	assert(number >= 0 && fd->fn);
	lx_fd_remove(loop, fd);
	fd->fd = number;
	fd->events = events;
	fd->next = loop->fds;
	loop->fds = fd;
}

void lx_fd_remove(struct lx_loop *loop, struct lx_fd *fd)
{
	for (struct lx_fd **p = &loop->fds; *p; p = &(*p)->next) {
		if (*p == fd) {
			*p = fd->next;
			return;
		}
	}
}

void lx_timer_set(struct lx_loop *loop, struct lx_timer *timer, uint64_t delay_ms)
{
	struct lx_timer **p = &loop->timers;

	assert(timer->fn);
	lx_timer_cancel(loop, timer);
	timer->at = lx_now() + delay_ms * NS_PER_MS;
	while (*p && (*p)->at <= timer->at)
		p = &(*p)->next;
	timer->next = *p;
	timer->armed = true;
	*p = timer;
}

void lx_timer_cancel(struct lx_loop *loop, struct lx_timer *timer)
{
	struct lx_timer **p = &loop->timers;

	if (!timer->armed)
		return;
	while (*p != timer) {
		assert(*p);		/* an armed timer is in the list */
		p = &(*p)->next;
	}
	*p = timer->next;
	timer->armed = false;
}

int lx_loop_before(struct lx_loop *loop, struct pollfd *fds, int max, int *timeout_ms)
{
	int n = 0;

	for (struct lx_fd *fd = loop->fds; fd; fd = fd->next, n++)
		if (n < max)
			fds[n] = (struct pollfd){ .fd = fd->fd, .events = fd->events };
	*timeout_ms = -1;
	if (loop->timers) {
		uint64_t now = lx_now(), at = loop->timers->at;
		uint64_t ms = at > now ? (at - now + NS_PER_MS - 1) / NS_PER_MS : 0;

		*timeout_ms = ms > 1000000 ? 1000000 : (int)ms;
	}
	return n;
}

/* A callback may remove any of them, so each is looked up again. */
static struct lx_fd *find(struct lx_loop *loop, int number)
{
	for (struct lx_fd *fd = loop->fds; fd; fd = fd->next)
		if (fd->fd == number)
			return fd;
	return NULL;
}

void lx_loop_after(struct lx_loop *loop, const struct pollfd *fds, int n)
{
	uint64_t now = lx_now();

	for (int i = 0; i < n; i++) {
		struct lx_fd *fd = fds[i].revents ? find(loop, fds[i].fd) : NULL;

		if (fd)
			fd->fn(fd, fds[i].revents);
	}
	/* Timers that callbacks set meanwhile are due in the next round. */
	while (loop->timers && loop->timers->at <= now) {
		struct lx_timer *t = loop->timers;

		assert(t->armed);
		loop->timers = t->next;
		t->armed = false;
		t->fn(t);
	}
}

int lx_loop_run(struct lx_loop *loop)
{
	struct pollfd fds[LX_LOOP_MAX_FDS];

	loop->stop = false;
	while (!loop->stop && (loop->fds || loop->timers)) {
		int timeout, n = lx_loop_before(loop, fds, LX_LOOP_MAX_FDS, &timeout);

		if (n > LX_LOOP_MAX_FDS)
			return -EMFILE;
		if (poll(fds, (nfds_t)n, timeout) < 0) {
			if (errno != EINTR)
				return -errno;
			continue;
		}
		lx_loop_after(loop, fds, n);
	}
	return 0;
}

void lx_loop_stop(struct lx_loop *loop)
{
	loop->stop = true;
}
