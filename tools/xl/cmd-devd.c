/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl devd: serves the backends of a driver domain. It needs xenstore only, and no hypercalls. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "light/device.h"
#include "xl.h"

#define LOG_NAME "xldevd"

struct server {
	struct lx lx;
	struct lx_fd signals;
	bool asked_to_end;
};

static void on_signal(struct lx_fd *fd, short revents)
{
	struct server *s = fd->user;
	struct signalfd_siginfo info;

	if (read(fd->fd, &info, sizeof(info)) != sizeof(info))
		return;
	s->asked_to_end = true;
	lx_loop_stop(&s->lx.loop);
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int write_pid(const char *file)
{
	FILE *f = file ? fopen(file, "we") : NULL;

	if (!file)
		return 0;
	if (!f || fprintf(f, "%ld\n", (long)getpid()) < 0 || fclose(f)) {
		fprintf(stderr, "Unable to write pidfile %s: %s\n", file, strerror(errno));
		return 1;
	}
	return 0;
}

/* Until a signal (status 0), or xenstored's end. @tell: where to say that the start went well, -1:
 * nowhere. */
static int serve(struct xl *xl, const char *pid_file, int tell)
{
	struct server s = { .lx = { .log = xl->log, .host = &lx_host_linux } };
	struct lx_devd devd;
	int fd = open_signals(), rc;

	s.signals = (struct lx_fd){ .fn = on_signal, .user = &s };
	s.lx.store = lx_store_open();
	if (!s.lx.store || fd < 0) {
		lx_error(&s.lx, -errno, "cannot reach xenstore");
		return 1;
	}
	rc = lx_devd_start(&devd, &s.lx);
	if (!rc) {
		rc = write_pid(pid_file) || (tell >= 0 && write(tell, "", 1) != 1);
		if (tell >= 0)
			close(tell);
		lx_fd_add(&s.lx.loop, &s.signals, fd, POLLIN);
		if (!rc)
			rc = lx_loop_run(&s.lx.loop);
		lx_devd_stop(&devd);
		if (pid_file)
			unlink(pid_file);
	}
	s.lx.store->ops->close(s.lx.store);
	close(fd);
	return s.asked_to_end ? 0 : 1;
}

/* The parent leaves when the daemon has told that it serves. */
static int detach(struct xl *xl, const char *pid_file)
{
	int tell[2];
	char ok;

	if (pipe2(tell, O_CLOEXEC)) {
		perror("xl devd");
		return 1;
	}
	switch (fork()) {
	case -1:
		perror("xl devd");
		return 1;
	case 0:
		close(tell[0]);
		xl_detach(LOG_NAME);
		_exit(serve(xl, pid_file, tell[1]));
	default:
		close(tell[1]);
		if (read(tell[0], &ok, 1) == 1)
			return 0;
		fprintf(stderr, "the daemon does not start: see /var/log/xen/" LOG_NAME ".log\n");
		return 1;
	}
}

static int main_devd(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "pidfile", 1, NULL, 'p' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	const char *pid_file = NULL;
	bool foreground = false;
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "hFp:", lopts, 0)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		if (opt == 'F')
			foreground = true;
		else
			pid_file = optarg;
	}
	return foreground ? serve(xl, pid_file, -1) : detach(xl, pid_file);
}

const struct xl_command xl_devd_commands[] = {
	{ "devd", main_devd, false, true, "Daemon that listens for devices and launches backends",
	  "[options]",
	  "-F                      Run in the foreground.\n"
	  "-p, --pidfile [FILE]    Write PID to pidfile when daemonizing." },
	{ 0 },
};
