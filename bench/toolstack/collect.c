/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times a toolstack's commands in dom0, by the clock from before a process is made until it has
 * ended, for several xl programs turn by turn.
 *
 *	collect small|linux ROUNDS CONFIG SIDE=XL...
 *	    The configuration names its domain "bench". A round of each: "small" creates the guest
 *	    and destroys it; "linux" creates it, waits for its userspace, reads its console, lists,
 *	    pauses, unpauses it and lets it shut down. A line for each figure (round 0 warms up):
 *	        SAMPLE <kind> <operation> <side> <round> <nanoseconds>
 *	collect counts
 *	    The hypervisor's free pages and domains: "free_pages N", "domains N".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xentoollog.h>

#include "ctrl/ctrl.h"

#define DOMAIN "bench"
#define GUEST_LOG "/var/log/xen/console/guest-" DOMAIN ".log"
#define OUTPUT "/tmp/collect.out"
#define READY "XENOLITH-GUEST: ready="
#define SETTLE_MS 200		/* what a command leaves to daemons is not the next one's time */
#define POLL_MS 50
#define PATIENCE_MS 300000
#define MAX_DOMAINS 1024

struct side {
	char *name, *xl;
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

static void pause_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		continue;
}

/* End with the reason, and with what the last command said. */
static void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void die(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	FILE *f;

	fprintf(stderr, "collect: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	f = fopen(OUTPUT, "r");
	while (f && fgets(line, sizeof(line), f))
		fputs(line, stderr);
	exit(1);
}

/* Run XL with up to three arguments; its exit status. */
static int run(const struct side *s, const char *a, const char *b, const char *c)
{
	char *const argv[] = { s->xl, (char *)a, (char *)b, (char *)c, NULL };
	pid_t pid = fork();
	int status, fd;

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		fd = open("/dev/null", O_RDONLY);
		dup2(fd, 0);
		fd = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		execv(s->xl, argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		die("%s %s did not end by itself", s->xl, a);
	return WEXITSTATUS(status);
}

struct life {
	const char *kind;
	const struct side *side;
	unsigned int round;
};

static void sample(const struct life *l, const char *operation, uint64_t ns)
{
	printf("SAMPLE %s %s %s %u %llu\n", l->kind, operation, l->side->name, l->round,
	       (unsigned long long)ns);
	fflush(stdout);
	pause_ms(SETTLE_MS);
}

static void timed(const struct life *l, const char *operation, const char *a, const char *b,
		  const char *c)
{
	uint64_t start = now();
	int status = run(l->side, a, b, c);
	uint64_t ns = now() - start;

	if (status)
		die("%s %s: status %d", l->side->xl, a, status);
	sample(l, operation, ns);
}

static bool guest_is_ready(void)
{
	char line[512];
	FILE *f = fopen(GUEST_LOG, "r");
	bool ready = false;

	while (f && !ready && fgets(line, sizeof(line), f))
		ready = strstr(line, READY);
	if (f)
		fclose(f);
	return ready;
}

static bool guest_is_gone(const struct side *s)
{
	return run(s, "domid", DOMAIN, NULL) != 0;
}

static void wait_ready(void)
{
	for (unsigned int ms = 0; !guest_is_ready(); ms += POLL_MS) {
		if (ms > PATIENCE_MS)
			die("the guest does not come up");
		pause_ms(POLL_MS);
	}
	pause_ms(SETTLE_MS);
}

static void wait_gone(const struct side *s)
{
	for (unsigned int ms = 0; !guest_is_gone(s); ms += POLL_MS) {
		if (ms > PATIENCE_MS)
			die("the guest does not go");
		pause_ms(POLL_MS);
	}
	pause_ms(SETTLE_MS);
}

/* From xl console to the first byte of what the guest has said before. */
static void console(const struct life *l)
{
	char *const argv[] = { l->side->xl, "console", DOMAIN, NULL };
	struct pollfd p = { .events = POLLIN };
	uint64_t start = now(), ns;
	pid_t pid = forkpty(&p.fd, NULL, NULL, NULL);
	char byte;

	if (pid < 0)
		die("forkpty: %s", strerror(errno));
	if (!pid) {
		execv(l->side->xl, argv);
		_exit(127);
	}
	if (poll(&p, 1, PATIENCE_MS) != 1 || read(p.fd, &byte, 1) != 1)
		die("%s console shows nothing", l->side->xl);
	ns = now() - start;
	kill(pid, SIGTERM);
	/* No process may be left that waits for room to write. */
	close(p.fd);
	waitpid(pid, NULL, 0);
	sample(l, "console", ns);
}

static void one_life(const struct life *l, const char *config)
{
	bool whole = !strcmp(l->kind, "linux");

	unlink(GUEST_LOG);
	timed(l, "create", "create", config, NULL);
	if (whole) {
		wait_ready();
		console(l);
		timed(l, "list", "list", NULL, NULL);
		timed(l, "pause", "pause", DOMAIN, NULL);
		timed(l, "unpause", "unpause", DOMAIN, NULL);
		timed(l, "shutdown", "shutdown", "-w", DOMAIN);
	} else {
		timed(l, "destroy", "destroy", DOMAIN, NULL);
	}
	wait_gone(l->side);
}

static int counts(void)
{
	static struct xen_domctl_getdomaininfo info[MAX_DOMAINS];
	xentoollog_logger *log =
		(xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_PROGRESS, 0);
	struct ctl *ctl = log ? ctl_open(&ctl_backend_xen, log) : NULL;
	struct xen_sysctl_physinfo phys;
	int domains;

	if (!ctl || ctl_physinfo(ctl, &phys))
		return 1;
	domains = ctl_domain_list(ctl, 0, MAX_DOMAINS, info);
	if (domains < 0)
		return 1;
	printf("free_pages %llu\ndomains %d\n", (unsigned long long)phys.free_pages, domains);
	ctl_close(ctl);
	xtl_logger_destroy(log);
	return 0;
}

static struct side parse_side(char *text)
{
	char *equals = strchr(text, '=');

	if (!equals)
		die("%s is not of the form SIDE=XL", text);
	*equals = '\0';
	return (struct side){ text, equals + 1 };
}

int main(int argc, char **argv)
{
	unsigned int rounds, sides;
	struct side *side;

	if (argc == 2 && !strcmp(argv[1], "counts"))
		return counts();
	if (argc < 5 || (strcmp(argv[1], "small") && strcmp(argv[1], "linux"))) {
		fprintf(stderr, "usage: collect small|linux ROUNDS CONFIG SIDE=XL...\n"
			"       collect counts\n");
		return 2;
	}
	rounds = (unsigned int)strtoul(argv[2], NULL, 10);
	sides = (unsigned int)argc - 4;
	side = calloc(sides, sizeof(*side));
	if (!side)
		die("no memory");
	for (unsigned int i = 0; i < sides; i++)
		side[i] = parse_side(argv[4 + i]);
	/* Every other round backwards, so that neither side always comes first. */
	for (unsigned int r = 0; r < rounds; r++)
		for (unsigned int i = 0; i < sides; i++) {
			struct life l = { argv[1], &side[r % 2 ? sides - 1 - i : i], r };

			one_life(&l, argv[3]);
		}
	return 0;
}
