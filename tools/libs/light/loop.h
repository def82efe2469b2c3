/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events: file descriptors and timers. A caller either lets lx_loop_run() turn, or owns the loop:
 * it asks what to wait for (lx_loop_before), polls in its own way together with whatever else it
 * has, and hands over what happened (lx_loop_after). One thread.
 */
#ifndef TOOLS_LIGHT_LOOP_H
#define TOOLS_LIGHT_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define LX_LOOP_MAX_FDS 256

struct lx_loop;

/** Embedded in what it belongs to; all fields but fn and user belong to the loop. */
struct lx_fd {
	void (*fn)(struct lx_fd *fd, short revents);
	void *user;
	int fd;
	short events;
	struct lx_fd *next;
};

struct lx_timer {
	void (*fn)(struct lx_timer *timer);
	void *user;
	uint64_t at;		/* ns of the monotonic clock */
	bool armed;
	struct lx_timer *next;
};

struct lx_loop {
	struct lx_fd *fds;
	struct lx_timer *timers;	/* soonest first */
	bool stop;
};

uint64_t lx_now(void);

void lx_fd_add(struct lx_loop *loop, struct lx_fd *fd, int number, short events);
/** Any number of times, also from a callback. */
void lx_fd_remove(struct lx_loop *loop, struct lx_fd *fd);
/** (Re)arm; 0 runs it in the next round. */
void lx_timer_set(struct lx_loop *loop, struct lx_timer *timer, uint64_t delay_ms);
void lx_timer_cancel(struct lx_loop *loop, struct lx_timer *timer);

/** Fill @fds (up to @max) with what to wait for and *@timeout_ms (-1: for ever); returns how many
 * there are, which may be more than @max. */
int lx_loop_before(struct lx_loop *loop, struct pollfd *fds, int max, int *timeout_ms);
/** Run the callbacks of what happened, and of timers that are due. */
void lx_loop_after(struct lx_loop *loop, const struct pollfd *fds, int n);
/** Turn until somebody calls lx_loop_stop(), or nothing is left to wait for. 0 or -errno. */
int lx_loop_run(struct lx_loop *loop);
void lx_loop_stop(struct lx_loop *loop);

#endif
