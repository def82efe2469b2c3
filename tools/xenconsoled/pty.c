/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pseudo-terminal of a guest, which xl console opens. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "daemon.h"

/* Holding the slave open keeps output for a reader that comes later. */
int pty_open(struct guest *g, char *path, size_t bytes)
{
	struct termios t;

	assert(g->master < 0 && g->slave < 0);
	g->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (g->master < 0)
		return -errno;
	if (grantpt(g->master) || unlockpt(g->master) || ptsname_r(g->master, path, bytes) ||
	    (g->slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 ||
	    tcgetattr(g->slave, &t)) {
		int rc = errno ? -errno : -EIO;

		pty_close(g);
		return rc;
	}
	cfmakeraw(&t);
	tcsetattr(g->slave, TCSAFLUSH, &t);
	return 0;
}

void pty_close(struct guest *g)
{
	lx_fd_remove(&g->d->loop, &g->pty);
	if (g->slave >= 0)
		close(g->slave);
	if (g->master >= 0)
		close(g->master);
	g->master = g->slave = -1;
}

void pty_flush(struct guest *g)
{
	short events = 0;

	if (g->master < 0)
		return;
	while (g->out.used) {
		size_t n;
		const char *p = console_store_peek(&g->out, &n);
		ssize_t done = write(g->master, p, n);

		if (done <= 0)
			break;
		assert((size_t)done <= n);
		console_store_drop(&g->out, (size_t)done);
	}
	if (g->out.used)
		events |= POLLOUT;
	if (g->ring && console_ring_room(g->ring))
		events |= POLLIN;
	if (events)
		lx_fd_add(&g->d->loop, &g->pty, g->master, events);
	else
		lx_fd_remove(&g->d->loop, &g->pty);
}
