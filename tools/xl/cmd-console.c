/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl console: the terminal, in raw mode, connected to the pseudo-terminal that the console daemon
 * made for the guest. Ends with Ctrl-], or when the guest does: then its last output comes first,
 * and after that how it ended.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include "xl.h"

#define ESCAPE 0x1d		/* Ctrl-] */
#define TTY_WAIT_MS 20000	/* for the daemon to make the pseudo-terminal */
#define TRY_MS 20
#define DRAIN_MS 500		/* for the daemon to pass on a dead guest's last output */
#define NS_PER_MS 1000000ULL

struct console {
	struct lx *lx;
	uint32_t domid;
	int tty;
	struct lx_fd from_tty, from_user;
	struct lx_death_watch death;
	struct lx_timer drain;
	enum lx_death how;
	uint64_t ended_at;		/* 0: it has not */
};

static struct termios saved;
static bool is_raw;

static void restore(void)
{
	if (is_raw)
		tcsetattr(0, TCSAFLUSH, &saved);
	is_raw = false;
}

static void make_raw(void)
{
	struct termios t;

	if (tcgetattr(0, &saved))
		return;
	t = saved;
	cfmakeraw(&t);
	is_raw = !tcsetattr(0, TCSAFLUSH, &t);
	atexit(restore);
}

/* The pseudo-terminal of the guest's serial port @serial, made by its device model; below 0: that
 * of its PV console. */
static int open_tty(struct lx *lx, uint32_t domid, int serial)
{
	uint64_t until = lx_now() + TTY_WAIT_MS * 1000000ULL;
	char node[32] = "console";

	if (serial >= 0)
		snprintf(node, sizeof(node), "serial/%d", serial);
	while (lx_now() < until) {
		char *path = lx_read(lx->store, 0, "/local/domain/%u/%s/tty", domid, node);
		int fd = path && *path ? open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;

		free(path);
		if (fd >= 0)
			return fd;
		usleep(TRY_MS * 1000);
	}
	fprintf(stderr, serial < 0 ? "Could not read tty from store: is xenconsoled running?\n" :
		"the guest has no such serial port for a terminal: serial = \"pty\"\n");
	return -1;
}

/* An HVM guest's first serial port, where it has one on a terminal, is its main console. */
static int main_serial(struct lx *lx, uint32_t domid)
{
	char *tty = lx_read(lx->store, 0, "/local/domain/%u/serial/0/tty", domid);

	free(tty);
	return tty ? 0 : -1;
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static void tty_event(struct lx_fd *fd, short revents)
{
	struct console *c = fd->user;
	char buf[4096];
	ssize_t n = read(c->tty, buf, sizeof(buf));

	if (n > 0 && write_all(1, buf, (size_t)n))
		return;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	lx_loop_stop(&c->lx->loop);
}

static void user_event(struct lx_fd *fd, short revents)
{
	struct console *c = fd->user;
	char buf[256];
	ssize_t n = read(0, buf, sizeof(buf));
	char *end = n > 0 ? memchr(buf, ESCAPE, (size_t)n) : NULL;

	if (n <= 0) {
		/* Nothing more to type; what the guest says is still shown. */
		lx_fd_remove(&c->lx->loop, fd);
		return;
	}
	if (!write_all(c->tty, buf, end ? (size_t)(end - buf) : (size_t)n) || end)
		lx_loop_stop(&c->lx->loop);
}

static void drained(struct lx_timer *timer)
{
	struct console *c = timer->user;

	lx_loop_stop(&c->lx->loop);
}

/* The guest is gone; what the daemon still holds of its output comes within a moment. */
static void on_death(struct lx_death_watch *w, enum lx_death how)
{
	struct console *c = w->user;

	c->how = how;
	c->ended_at = lx_now();
	lx_timer_set(&c->lx->loop, &c->drain, DRAIN_MS);
}

static void report_end(struct console *c, uint64_t from)
{
	uint64_t ms = (c->ended_at - from) / NS_PER_MS;
	const char *how = lx_death_names[c->how];

	if (c->how == LX_DEATH_GONE)
		fprintf(stderr, "Domain %u has been destroyed.\n", c->domid);
	else
		fprintf(stderr, "Domain %u has ended: %s, after %lu ms.\n", c->domid, how, ms);
}

static int attach(struct lx *lx, uint32_t domid, int serial, int ready)
{
	struct console c = { .lx = lx, .domid = domid };
	uint64_t from;
	int rc;

	c.tty = open_tty(lx, domid, serial);
	if (c.tty < 0)
		return 1;
	if (ready >= 0 && write(ready, "", 1) != 1)
		return 1;
	from = lx_now();
	signal(SIGPIPE, SIG_IGN);
	make_raw();
	c.from_tty = (struct lx_fd){ .fn = tty_event, .user = &c };
	c.from_user = (struct lx_fd){ .fn = user_event, .user = &c };
	c.death = (struct lx_death_watch){ .fn = on_death, .user = &c };
	c.drain = (struct lx_timer){ .fn = drained, .user = &c };
	lx_fd_add(&lx->loop, &c.from_tty, c.tty, POLLIN);
	lx_fd_add(&lx->loop, &c.from_user, 0, POLLIN);
	rc = lx_death_watch_start(&c.death, lx, domid);
	if (!rc)
		rc = lx_loop_run(&lx->loop);
	restore();
	close(c.tty);
	/* The terminal may have gone before the event came. */
	if (!c.ended_at && lx_domain_ended(lx, domid, &c.how))
		c.ended_at = lx_now();
	if (c.ended_at)
		report_end(&c, from);
	return rc ? 1 : 0;
}

int xl_console(struct lx *lx, uint32_t domid, int ready)
{
	return attach(lx, domid, main_serial(lx, domid), ready);
}

static int main_console(struct xl *xl, int argc, char **argv)
{
	const char *type = NULL;
	char *end = "";
	uint32_t domid;
	long n = 0;
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "n:t:h", NULL, 1)) != XL_OPT_DONE) {
		if (opt == 'n')
			n = strtol(optarg, &end, 10);
		else if (opt == 't')
			type = optarg;
		else
			return XL_OPT_STATUS(opt);
	}
	if (*end || n < 0 || n > 99 || (type && strcmp(type, "pv") && strcmp(type, "serial"))) {
		fprintf(stderr, "xl console: a console is of type pv or serial, with a number\n");
		return 1;
	}
	domid = xl_domain(xl, argv[optind]);
	if (type ? *type == 's' : n > 0)
		return attach(xl_lx(xl), domid, (int)n, -1);
	if (n) {
		fprintf(stderr, "xl console: a guest has one console of type pv, number 0\n");
		return 1;
	}
	return type ? attach(xl_lx(xl), domid, -1, -1) : xl_console(xl_lx(xl), domid, -1);
}

const struct xl_command xl_console_commands[] = {
	{ "console", main_console, false, false, "Attach to domain's console",
	  "[options] <Domain>\n-t <type>       console type, pv , serial or vuart\n"
	  "-n <number>     console number", NULL },
	{ 0 },
};
