/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl destroy, shutdown, reboot, pause, unpause, rename, trigger, sysrq. */
#include <getopt.h>

#include "xl.h"

#include <public/sched.h>

/* A command whose only argument is a domain. */
static bool one_domain(struct xl *xl, int argc, char **argv, uint32_t *domid, int *status)
{
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "hf", NULL, 1)) != XL_OPT_DONE) {
		if (opt == 'f') {
			xl->force = true;
			continue;
		}
		*status = XL_OPT_STATUS(opt);
		return false;
	}
	*domid = xl_domain(xl, argv[optind]);
	return true;
}

static int main_destroy(struct xl *xl, int argc, char **argv)
{
	uint32_t domid;
	int status;

	if (!one_domain(xl, argc, argv, &domid, &status))
		return status;
	if (!domid && !xl->force) {
		fprintf(stderr, "Not destroying domain 0; use -f to force.\n"
			"This can only be done when using a disaggregated hardware domain and "
			"toolstack.\n\n");
		return 1;
	}
	if (lx_destroy(&xl->lx, domid))
		return 1;
	/* A daemon that lives removes its file itself; the file of a killed one is removed here. */
	if (xl_monitor_killed(domid))
		xl_monitor_forget(domid);
	return 0;
}

static int main_pause(struct xl *xl, int argc, char **argv)
{
	uint32_t domid;
	int status;

	if (!one_domain(xl, argc, argv, &domid, &status))
		return status;
	return ctl_domain_pause(xl->lx.ctl, domid) ? 1 : 0;
}

static int main_unpause(struct xl *xl, int argc, char **argv)
{
	uint32_t domid;
	int status;

	if (!one_domain(xl, argc, argv, &domid, &status))
		return status;
	return ctl_domain_unpause(xl->lx.ctl, domid) ? 1 : 0;
}

struct shutdown_wait {
	struct xl *xl;
	unsigned int left;
};

static void one_down(struct lx_death_watch *w, enum lx_death how)
{
	struct shutdown_wait *s = w->user;

	if (how == LX_DEATH_GONE)
		printf("Domain %u has been destroyed\n", w->domid);
	else
		printf("Domain %u has been shut down, reason code %d\n", w->domid, (int)how);
	if (!--s->left)
		lx_loop_stop(&s->xl->lx.loop);
}

/* All watches share one connection, so one of them sees the events of all: ask each again. */
static int wait_for(struct xl *xl, const uint32_t *domid, unsigned int n)
{
	struct lx_death_watch *w = calloc(n, sizeof(*w));
	struct shutdown_wait s = { xl, 0 };
	int rc = w ? 0 : -ENOMEM;

	printf("Waiting for %u domains\n", n);
	fflush(stdout);
	for (unsigned int i = 0; !rc && i < n; i++) {
		w[i].fn = one_down;
		w[i].user = &s;
		s.left = 1;
		rc = lx_death_watch_start(&w[i], &xl->lx, domid[i]);
		if (!rc)
			rc = lx_loop_run(&xl->lx.loop);
	}
	free(w);
	return rc;
}

static int ask_one(struct xl *xl, uint32_t domid, const char *what)
{
	bool reboot = !strcmp(what, "reboot");

	printf("%s domain %u\n", reboot ? "Rebooting" : "Shutting down", domid);
	fflush(stdout);
	return lx_ask(&xl->lx, domid, what);
}

static int ask(struct xl *xl, int argc, char **argv, const char *what)
{
	static const struct option lopts[] = {
		{ "all", 0, NULL, 'a' }, { "wait", 0, NULL, 'w' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct xen_domctl_getdomaininfo *info;
	bool all = false, wait = false;
	uint32_t *asked;
	unsigned int n = 0;
	int opt, many, status = 0;

	while ((opt = xl_getopt(xl, argc, argv, "awFh", lopts, 0)) != XL_OPT_DONE) {
		if (opt == 'a')
			all = true;
		else if (opt == 'w')
			wait = true;
		else if (opt != 'F')
			return XL_OPT_STATUS(opt);
	}
	if (!argv[optind] && !all) {
		fprintf(stderr, "You must specify -a or a domain id.\n\n");
		return xl_usage(xl);
	}
	if (argv[optind] && all) {
		fprintf(stderr, "You may not specify -a with a domain id\n\n");
		return xl_usage(xl);
	}
	info = xl_domains(xl, &many);
	asked = calloc((size_t)many + 1, sizeof(*asked));
	if (!asked)
		return 1;
	if (!all)
		asked[n++] = xl_domain(xl, argv[optind]);
	for (int i = 0; all && i < many; i++)
		if (info[i].domain)
			asked[n++] = info[i].domain;
	for (unsigned int i = 0; i < n; i++) {
		xl_monitor_mend(xl, asked[i]);
		if (ask_one(xl, asked[i], what))
			status = 1;
	}
	if (wait && !status && wait_for(xl, asked, n))
		status = 1;
	free(asked);
	free(info);
	return status;
}

static int main_shutdown(struct xl *xl, int argc, char **argv)
{
	return ask(xl, argc, argv, "poweroff");
}

static int main_reboot(struct xl *xl, int argc, char **argv)
{
	return ask(xl, argc, argv, "reboot");
}

static int main_rename(struct xl *xl, int argc, char **argv)
{
	uint32_t domid;
	int status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	domid = xl_domain(xl, argv[optind]);
	return lx_rename(&xl->lx, domid, argv[optind + 1]) ? 1 : 0;
}

static int main_trigger(struct xl *xl, int argc, char **argv)
{
	static const char *const names[] = {
		[XEN_DOMCTL_SENDTRIGGER_NMI] = "nmi", [XEN_DOMCTL_SENDTRIGGER_RESET] = "reset",
		[XEN_DOMCTL_SENDTRIGGER_INIT] = "init", [XEN_DOMCTL_SENDTRIGGER_POWER] = "power",
		[XEN_DOMCTL_SENDTRIGGER_SLEEP] = "sleep",
	};
	struct xen_domctl_getdomaininfo info;
	uint32_t domid, which = 0;
	unsigned long vcpu = 0;
	char *end = NULL;
	int status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	argc -= optind;
	argv += optind;
	domid = xl_domain(xl, argv[0]);
	while (which < sizeof(names) / sizeof(names[0]) && strcmp(names[which], argv[1]))
		which++;
	if (which == sizeof(names) / sizeof(names[0])) {
		fprintf(stderr, "xl trigger: a trigger is nmi, reset, init, power or sleep, not "
			"\"%s\"\n", argv[1]);
		return 1;
	}
	if (argc > 2)
		vcpu = strtoul(argv[2], &end, 10);
	if (end && *end) {
		fprintf(stderr, "xl trigger: a vCPU is a number, not \"%s\"\n", argv[2]);
		return 1;
	}
	if (argc > 2 && (ctl_domain_info(xl->lx.ctl, domid, &info) ||
			 !xl_has_vcpu("trigger", argv[0], &info, vcpu)))
		return 1;
	return ctl_domain_trigger(xl->lx.ctl, domid, which, (uint32_t)vcpu) ? 1 : 0;
}

static int main_sysrq(struct xl *xl, int argc, char **argv)
{
	uint32_t domid;
	int status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	domid = xl_domain(xl, argv[optind]);
	if (strlen(argv[optind + 1]) != 1) {
		fprintf(stderr, "xl sysrq: a key is one letter, not \"%s\"\n", argv[optind + 1]);
		return 1;
	}
	return lx_sysrq(&xl->lx, domid, argv[optind + 1][0]) ? 1 : 0;
}

#define WAIT_OPTIONS(verb, event) \
	"-a, --all               Shutdown all guest domains.\n" \
	"-h                      Print this help.\n" \
	"-F                      Fallback to ACPI " event " event for HVM guests with\n" \
	"                        no PV drivers.\n" \
	"-w, --wait              Wait for guest(s) to " verb ".\n"

const struct xl_command xl_life_commands[] = {
	{ "destroy", main_destroy, false, true, "Terminate a domain immediately",
	  "[options] <Domain>\n",
	  "-f                      Permit destroying domain 0, which will only succeed\n"
	  "                        when run from disaggregated toolstack domain with a\n"
	  "                        hardware domain distinct from domain 0." },
	{ "shutdown", main_shutdown, false, true, "Issue a shutdown signal to a domain",
	  "[options] <-a|Domain>", WAIT_OPTIONS("shutdown", "power") },
	{ "reboot", main_reboot, false, true, "Issue a reboot signal to a domain",
	  "[options] <-a|Domain>", WAIT_OPTIONS("reboot", "reset") },
	{ "pause", main_pause, false, true, "Pause execution of a domain", "<Domain>", NULL },
	{ "unpause", main_unpause, false, true, "Unpause a paused domain", "<Domain>", NULL },
	{ "rename", main_rename, false, true, "Rename a domain", "<Domain> <NewDomainName>", NULL },
	{ "trigger", main_trigger, false, true, "Send a trigger to a domain",
	  "<Domain> <nmi|reset|init|power|sleep> [<VCPU>]", NULL },
	{ "sysrq", main_sysrq, false, true, "Send a sysrq to a domain", "<Domain> <letter>", NULL },
	{ 0 },
};
