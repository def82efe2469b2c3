/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console daemon: guests' console rings to pseudo-terminals and log files. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xentoollog.h>

#include "daemon.h"

#define DEFAULT_LOG_DIR "/var/log/xen/console"
#define DEFAULT_PID_FILE "/run/xenconsoled.pid"
#define DEFAULT_LOG_LIMIT (16UL << 20)
#define HV_POLL_MS 1000

static const char help[] =
	"usage: xenconsoled [options]\n\n"
	"Connects the consoles of guests to pseudo-terminals, which xl console opens.\n\n"
	"  -i, --interactive       stay in the foreground\n"
	"  -v, --verbose           say more\n"
	"      --log=none|guest|hv|all\n"
	"                          keep what guests, the hypervisor or both write, in files\n"
	"                          guest-NAME.log and hypervisor.log (default: none)\n"
	"      --log-dir=DIR       where (default: " DEFAULT_LOG_DIR ")\n"
	"      --log-limit=BYTES   turn a file over when it is that large (default: 16777216,\n"
	"                          0: never); one old file is kept\n"
	"  -t, --timestamp=none|guest|hv|all\n"
	"                          put the time before each line of a log (default: none)\n"
	"      --pid-file=FILE     (default: " DEFAULT_PID_FILE ")\n"
	"  -V, --version           its name and version\n"
	"  -h, --help              this text\n"
	"\nSIGHUP opens the log files anew.\n";

/* Whose output an option is about. */
#define OF_GUESTS 1U
#define OF_HYPERVISOR 2U

struct options {
	bool foreground, verbose;
	const char *log_dir, *pid_file;
	unsigned int log, timestamp;	/* OF_* */
	uint64_t log_limit;
};

static bool whose(const char *option, const char *text, unsigned int *of)
{
	static const char *const names[] = { "none", "guest", "hv", "all" };

	for (*of = 0; *of < 4; ++*of)
		if (!strcmp(text, names[*of]))
			return true;
	fprintf(stderr, "xenconsoled: --%s is none, guest, hv or all, not %s\n", option, text);
	return false;
}

static bool bytes(const char *option, const char *text, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno)
		return true;
	fprintf(stderr, "xenconsoled: --%s is a number of bytes, not %s\n", option, text);
	return false;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option lopts[] = {
		{ "interactive", 0, NULL, 'i' }, { "verbose", 0, NULL, 'v' },
		{ "log", 1, NULL, 'l' }, { "log-dir", 1, NULL, 'r' }, { "log-limit", 1, NULL, 'L' },
		{ "timestamp", 1, NULL, 't' }, { "pid-file", 1, NULL, 'p' },
		{ "version", 0, NULL, 'V' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "ivVhl:r:t:p:L:", lopts, NULL)) != -1) {
		switch (opt) {
		case 'i':
			o->foreground = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'l':
			if (!whose("log", optarg, &o->log))
				return -EINVAL;
			break;
		case 'r':
			o->log_dir = optarg;
			break;
		case 't':
			if (!whose("timestamp", optarg, &o->timestamp))
				return -EINVAL;
			break;
		case 'p':
			o->pid_file = optarg;
			break;
		case 'L':
			if (!bytes("log-limit", optarg, &o->log_limit))
				return -EINVAL;
			break;
		case 'V':
			puts("Xenolith console daemon, for the ABI of Xen 4.17");
			exit(0);
		case 'h':
			fputs(help, stdout);
			exit(0);
		default:
			return -EINVAL;
		}
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "xenconsoled: no such argument: %s\n", argv[optind]);
	return -EINVAL;
}

static void store_event(struct lx_fd *fd, short revents)
{
	struct daemon *d = fd->user;
	char **event;

	while ((event = d->store->ops->fired(d->store)))
		free(event);
	if (errno == ENOTCONN) {
		/* The service manager starts it again; it needs nothing of what is lost. */
		xtl_log(d->log, XTL_ERROR, -1, "xenconsoled", "xenstored has gone");
		d->failed = true;
		lx_loop_stop(&d->loop);
		return;
	}
	guests_scan(d);
}

static void evtchn_event(struct lx_fd *fd, short revents)
{
	struct daemon *d = fd->user;
	int port = xenevtchn_pending(d->evtchn);

	if (port < 0)
		return;
	if (port != d->hv_port) {
		guest_event(d, port);
		return;
	}
	hvlog_read(&d->hv, d->ctl);
	xenevtchn_unmask(d->evtchn, (evtchn_port_t)port);
}

static void hv_tick(struct lx_timer *timer)
{
	struct daemon *d = timer->user;

	hvlog_read(&d->hv, d->ctl);
	lx_timer_set(&d->loop, timer, HV_POLL_MS);
}

/* Some hypervisors never raise the interrupt, so the clock asks too. */
static void start_hv_log(struct daemon *d, const struct options *o)
{
	d->hv_port = -1;
	hvlog_open(&d->hv, o->log & OF_HYPERVISOR ? o->log_dir : NULL, o->log_limit,
		   o->timestamp & OF_HYPERVISOR);
	if (d->hv.file.fd < 0) {
		if (o->log & OF_HYPERVISOR)
			xtl_log(d->log, XTL_ERROR, errno, "xenconsoled", "cannot log the "
				"hypervisor in %s", o->log_dir);
		return;
	}
	d->hv_port = xenevtchn_bind_virq(d->evtchn, VIRQ_CON_RING);
	d->hv_timer = (struct lx_timer){ .fn = hv_tick, .user = d };
	lx_timer_set(&d->loop, &d->hv_timer, 0);
}

static void signal_event(struct lx_fd *fd, short revents)
{
	struct daemon *d = fd->user;
	struct signalfd_siginfo s;

	if (read(fd->fd, &s, sizeof(s)) != sizeof(s))
		return;
	if (s.ssi_signo == SIGHUP) {
		guests_reopen_logs(d);
		logfile_reopen(&d->hv.file);
	} else {
		lx_loop_stop(&d->loop);
	}
}

static int open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int open_all(struct daemon *d)
{
	int signals = open_signals(), rc;

	d->ctl = ctl_open(&ctl_backend_xen, d->log);
	d->store = lx_store_open();
	d->evtchn = xenevtchn_open(d->log, 0);
	d->gnttab = xengnttab_open(d->log, 0);
	if (!d->ctl || !d->store || !d->evtchn || !d->gnttab || signals < 0) {
		xtl_log(d->log, XTL_ERROR, errno, "xenconsoled", "cannot start: are xenstored and "
			"the modules xen-evtchn, xen-gntdev and xen-privcmd there?");
		return -ENODEV;
	}
	d->store_fd = (struct lx_fd){ .fn = store_event, .user = d };
	d->evtchn_fd = (struct lx_fd){ .fn = evtchn_event, .user = d };
	d->signal_fd = (struct lx_fd){ .fn = signal_event, .user = d };
	rc = d->store->ops->watch(d->store, "@introduceDomain", "dom");
	if (!rc)
		rc = d->store->ops->watch(d->store, "@releaseDomain", "dom");
	if (rc) {
		xtl_log(d->log, XTL_ERROR, -rc, "xenconsoled", "cannot watch for domains");
		return rc;
	}
	lx_fd_add(&d->loop, &d->store_fd, d->store->ops->fd(d->store), POLLIN);
	lx_fd_add(&d->loop, &d->evtchn_fd, xenevtchn_fd(d->evtchn), POLLIN);
	lx_fd_add(&d->loop, &d->signal_fd, signals, POLLIN);
	return 0;
}

/* A child goes on, and the parent leaves when that has told how its start went. Returns where to
 * tell. (Handles and threads do not survive a fork, so they come after it.) */
static int split(void)
{
	int tell[2];
	char status;

	if (pipe2(tell, O_CLOEXEC))
		return -1;
	switch (fork()) {
	case -1:
		return -1;
	case 0:
		close(tell[0]);
		setsid();
		return tell[1];
	default:
		close(tell[1]);
		_exit(read(tell[0], &status, 1) == 1 ? status : 1);
	}
}

static void started(const struct options *o, int tell)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	FILE *f = fopen(o->pid_file, "we");

	if (f) {
		fprintf(f, "%ld\n", (long)getpid());
		fclose(f);
	}
	if (tell < 0)
		return;
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (chdir("/") || write(tell, "", 1) != 1)
		_exit(1);
	close(tell);
}

static void make_folder(const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", dir);
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	mkdir(path, 0755);
}

int main(int argc, char **argv)
{
	struct options o = { .log_dir = DEFAULT_LOG_DIR, .pid_file = DEFAULT_PID_FILE,
			     .log_limit = DEFAULT_LOG_LIMIT };
	struct daemon d = { 0 };
	int rc, tell = -1;

	if (parse_options(argc, argv, &o)) {
		fputs(help, stderr);
		return 2;
	}
	d.log = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, o.verbose ? XTL_VERBOSE :
								   XTL_PROGRESS, 0);
	d.log_dir = o.log & OF_GUESTS ? o.log_dir : NULL;
	d.log_limit = o.log_limit;
	d.stamp = o.timestamp & OF_GUESTS;
	if (!o.foreground && (tell = split()) < 0) {
		perror("xenconsoled: fork");
		return 1;
	}
	rc = open_all(&d);
	if (rc)
		return 1;
	if (o.log)
		make_folder(o.log_dir);
	start_hv_log(&d, &o);
	started(&o, tell);
	guests_scan(&d);
	rc = lx_loop_run(&d.loop);
	if (d.hv.file.fd >= 0)
		hvlog_read(&d.hv, d.ctl);	/* its last words */
	logfile_close(&d.hv.file);
	guests_free(&d);
	unlink(o.pid_file);
	return rc || d.failed ? 1 : 0;
}
