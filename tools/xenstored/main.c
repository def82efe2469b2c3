/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenstored: options, start and end of the process. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "hyp.h"
#include "log.h"

/* At least so long between two lines about one domain's quotas. */
#define REFUSALS_SECONDS 60

/* For requests that have begun when the machine runs out of memory: more than one of a guest takes
 * by the default quotas, which is two copies of the quota of memory and what its events take. */
#define RESERVE_BYTES (8U << 20)

static const char usage_text[] =
"usage: xenstored [options]\n"
"\n"
"Keeps the store that the domains of a Xen-like hypervisor and their tools share.\n"
"\n"
"  -N, --no-fork            stay in the foreground\n"
"  -D, --no-domain-init     do not introduce the kernel this runs on as domain 0\n"
"  -F, --pid-file FILE      write the process number there\n"
"  -P, --output-pid         print the process number\n"
"  -T, --trace-file FILE    log to FILE instead of standard error\n"
"  -V, --verbose            log every request\n"
"  -E, --entry-nb N         limit nodes of a domain (as --quota nodes=N)\n"
"  -S, --entry-size N       limit bytes of a value (node-size)\n"
"  -W, --watch-nb N         limit watches of a domain (watches)\n"
"  -t, --transaction N      limit open transactions of a domain (transactions)\n"
"  -A, --perm-nb N          limit permissions of a node (node-permissions)\n"
"  -Q, --quota WHAT=N       set any limit; WHAT is one that `xenstore control quota` lists\n"
"      --rundir DIR         folder of the socket (default $XENSTORED_RUNDIR or\n"
"                           /var/run/xenstored)\n"
"      --state-dir DIR      folder of the journal (default: rundir/state)\n"
"      --volatile           keep no journal: nothing outlives the process\n"
"      --socket-only        do without a hypervisor: serve the socket only\n"
"  -H, --help               print this text\n";

enum { OPT_RUNDIR = 256, OPT_STATE_DIR, OPT_VOLATILE, OPT_SOCKET_ONLY };

static const struct option long_options[] = {
	{ "no-fork", no_argument, NULL, 'N' },
	{ "no-domain-init", no_argument, NULL, 'D' },
	{ "pid-file", required_argument, NULL, 'F' },
	{ "output-pid", no_argument, NULL, 'P' },
	{ "trace-file", required_argument, NULL, 'T' },
	{ "verbose", no_argument, NULL, 'V' },
	{ "entry-nb", required_argument, NULL, 'E' },
	{ "entry-size", required_argument, NULL, 'S' },
	{ "watch-nb", required_argument, NULL, 'W' },
	{ "transaction", required_argument, NULL, 't' },
	{ "perm-nb", required_argument, NULL, 'A' },
	{ "quota", required_argument, NULL, 'Q' },
	{ "rundir", required_argument, NULL, OPT_RUNDIR },
	{ "state-dir", required_argument, NULL, OPT_STATE_DIR },
	{ "volatile", no_argument, NULL, OPT_VOLATILE },
	{ "socket-only", no_argument, NULL, OPT_SOCKET_ONLY },
	{ "help", no_argument, NULL, 'H' },
	{ NULL, 0, NULL, 0 },
};

static void __attribute__((noreturn)) bad_usage(const char *what, const char *arg)
{
	fprintf(stderr, "xenstored: %s: %s\nTry xenstored --help.\n", what, arg);
	exit(2);
}

static void set_limit(struct quota *q, const char *name, const char *value)
{
	unsigned int *limit = quota_by_name(q, name);
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (!limit)
		bad_usage("no such quota", name);
	if (!*value || *end || *value == '-' || n > INT32_MAX)
		bad_usage("not a number", value);
	*limit = (unsigned int)n;
}

static void set_any_limit(struct quota *q, char *arg)
{
	char *eq = strchr(arg, '=');

	if (!eq)
		bad_usage("a quota is WHAT=NUMBER", arg);
	*eq = '\0';
	set_limit(q, arg, eq + 1);
}

static void parse_one(struct options *o, int c)
{
	switch (c) {
	case 'N': o->foreground = true; break;
	case 'D': o->own_ring = false; break;
	case 'F': o->pid_file = optarg; break;
	case 'P': o->print_pid = true; break;
	case 'T': o->log_file = optarg; break;
	case 'V': o->verbose = true; break;
	case 'E': set_limit(&o->quota, "nodes", optarg); break;
	case 'S': set_limit(&o->quota, "node-size", optarg); break;
	case 'W': set_limit(&o->quota, "watches", optarg); break;
	case 't': set_limit(&o->quota, "transactions", optarg); break;
	case 'A': set_limit(&o->quota, "node-permissions", optarg); break;
	case 'Q': set_any_limit(&o->quota, optarg); break;
	case OPT_RUNDIR: o->rundir = optarg; break;
	case OPT_STATE_DIR: o->state_dir = optarg; break;
	case OPT_VOLATILE: o->volatile_state = true; break;
	case OPT_SOCKET_ONLY: o->socket_only = true; break;
	case 'H':
		fputs(usage_text, stdout);
		exit(0);
	default:
		fputs("Try xenstored --help.\n", stderr);
		exit(2);
	}
}

static void parse_options(struct options *o, int argc, char **argv)
{
	static char state_dir[4096];
	int c;

	*o = (struct options){ .own_ring = true };
	quota_defaults(&o->quota);
	o->rundir = getenv("XENSTORED_RUNDIR");
	if (!o->rundir || !*o->rundir)
		o->rundir = "/var/run/xenstored";
	while ((c = getopt_long(argc, argv, "NDF:PT:VE:S:W:t:A:Q:H", long_options, NULL)) != -1)
		parse_one(o, c);
	if (optind < argc)
		bad_usage("unexpected argument", argv[optind]);
	if (!o->state_dir) {
		snprintf(state_dir, sizeof(state_dir), "%s/state", o->rundir);
		o->state_dir = state_dir;
	}
}

static int keep(void *ctx, const void *record, size_t len)
{
	return state_append(ctx, record, len);
}

static int attach(void *ctx, struct domain *dom)
{
	return rings_attach(ctx, dom);
}

static void detach(void *ctx, struct domain *dom)
{
	rings_detach(ctx, dom);
}

static void output(void *ctx, struct conn *c)
{
	(void)ctx;
	if (c->domain)
		rings_output(c);
	else
		sock_output(c);
}

static int control(void *ctx, const char *command, const char *arg, struct buf *answer)
{
	struct daemon *d = ctx;
	int error = EINVAL;

	if (!strcmp(command, "log") && (!strcmp(arg, "on") || !strcmp(arg, "off"))) {
		log_requests = !strcmp(arg, "on");
		error = 0;
	} else if (!strcmp(command, "logfile") && *arg) {
		error = log_open(arg);
	} else if (!strcmp(command, "dump") && *arg) {
		error = state_dump(d, arg);
	} else if (!strcmp(command, "compact")) {
		error = d->has_journal ? state_compact(d) : ENOSYS;
	}
	if (!error)
		buf_printf(answer, "OK");
	return error;
}

static void trace(void *ctx, const struct conn *c, const struct xsd_sockmsg *h, const char *data)
{
	(void)ctx;
	if (log_requests)
		log_trace("domain %u%s: %s tx %u len %u %.60s", c->cred.domid,
			  c->domain ? "" : " socket", wire_type_name(h->type), h->tx_id, h->len,
			  data);
}

/* Guests cause these lines: of one domain no more than one a minute, and the next one says how many
 * there would have been. */
static void refused(void *ctx, uint16_t domid, struct refusals *r, const char *quota,
		    unsigned int limit)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (r->told_at && now.tv_sec - r->told_at < REFUSALS_SECONDS) {
		r->untold++;
		return;
	}
	if (r->untold)
		log_line("domain %u was refused %lu more requests for its quotas", domid,
			 r->untold);
	log_line("domain %u reached its quota of %u %s (xenstored --quota %s=N sets it)", domid,
		 limit, quota, quota);
	r->told_at = now.tv_sec + !now.tv_sec;
	r->untold = 0;
}

const struct xs_hooks daemon_hooks = {
	.append = keep, .attach = attach, .detach = detach, .output = output, .control = control,
	.refused = refused, .trace = trace,
};

/* The file stays open and locked: two daemons with one pid file are a mistake. */
static bool write_pid(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (fd < 0) {
		log_line("cannot write %s: %s", path, strerror(errno));
		return false;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		log_line("another xenstored holds %s", path);
		close(fd);
		return false;
	}
	if (ftruncate(fd, 0) || write(fd, text, (size_t)len) != len) {
		log_line("cannot write %s: %s", path, strerror(errno));
		return false;
	}
	return true;
}

/* Become a daemon. The first process ends when the second is ready to serve, or has failed. */
static int go_background(void)
{
	int ready[2];
	char ok = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) || (pid = fork()) < 0) {
		log_line("cannot fork: %s", strerror(errno));
		exit(1);
	}
	if (pid) {
		close(ready[1]);
		_exit(read(ready[0], &ok, 1) == 1 ? 0 : 1);
	}
	close(ready[0]);
	setsid();
	return ready[1];
}

static void detach_output(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Names in the options were relative to the folder it was started in; that one is not kept
	 * busy any longer. */
	if (chdir("/") || null < 0)
		return;
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	close(null);
}

static bool open_hyp(struct daemon *d)
{
	const char *missing;

	if (d->opt.socket_only)
		return true;
	missing = hyp_open();
	if (missing) {
		log_line("no hypervisor: %s. (--socket-only does without one.)", missing);
		return false;
	}
	d->has_hyp = true;
	return true;
}

static void seed(void)
{
	uint64_t value;

	if (getrandom(&value, sizeof(value), 0) == sizeof(value))
		xs_random_seed(value);
}

static bool set_up(struct daemon *d)
{
	int error = d->opt.log_file ? log_open(d->opt.log_file) : 0;

	if (error) {
		log_line("cannot write %s: %s", d->opt.log_file, strerror(error));
		return false;
	}
	if (!memory_reserve(RESERVE_BYTES)) {
		log_line("there is no memory for the reserve of %u bytes", RESERVE_BYTES);
		return false;
	}
	log_requests = d->opt.verbose;
	seed();
	list_init(&d->ready);
	list_init(&d->freed);
	xs_init(&d->xs, &daemon_hooks, d);
	d->xs.store.quota = d->opt.quota;
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (d->epoll < 0) {
		log_line("epoll: %s", strerror(errno));
		return false;
	}
	return (!d->opt.pid_file || write_pid(d->opt.pid_file)) && open_hyp(d) && state_open(d) &&
	       sock_listen(d);
}

int main(int argc, char **argv)
{
	static struct daemon d;
	int ready = -1;

	parse_options(&d.opt, argc, argv);
	if (!d.opt.foreground)
		ready = go_background();
	if (!set_up(&d))
		return 1;
	rings_restore(&d);
	if (d.has_hyp && d.opt.own_ring && !rings_own(&d))
		return 1;
	if (d.opt.print_pid) {
		printf("%d\n", (int)getpid());
		fflush(stdout);
	}
	if (ready >= 0) {
		detach_output();
		if (write(ready, "", 1) != 1)
			log_line("the process that started this one is gone");
		close(ready);
	}
	return daemon_loop(&d);
}
