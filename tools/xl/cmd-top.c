/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl top: what domains use, again and again. */
#include <getopt.h>
#include <poll.h>
#include <unistd.h>

#include "xl.h"

#define NS_PER_S 1e9
#define KIB_PER_PAGE 4

struct sample {
	uint64_t at;
	struct xen_domctl_getdomaininfo *info;
	int n;
};

/* CPU time used since the last sample, as percent of one CPU. */
static double percent(const struct sample *old, const struct sample *now, int i)
{
	for (int k = 0; k < old->n; k++)
		if (old->info[k].domain == now->info[i].domain &&
		    !memcmp(old->info[k].handle, now->info[i].handle, 16) && now->at > old->at)
			return 100.0 * (double)(now->info[i].cpu_time - old->info[k].cpu_time) /
			       (double)(now->at - old->at);
	return 0;
}

static void show(struct xl *xl, const struct sample *old, const struct sample *now)
{
	struct xen_sysctl_physinfo p;

	if (!ctl_physinfo(xl->lx.ctl, &p))
		printf("%d domains, %u CPUs at %u MHz, memory: %lu MiB total, %lu MiB free\n",
		       now->n, p.nr_cpus, p.cpu_khz / 1000, p.total_pages >> 8,
		       p.free_pages >> 8);
	printf("%20s %6s %5s %10s %7s %10s %7s %5s\n", "NAME", "ID", "STATE", "CPU(sec)", "CPU(%)",
	       "MEM(k)", "MAX(k)", "VCPUS");
	for (int i = 0; i < now->n; i++) {
		const struct xen_domctl_getdomaininfo *d = &now->info[i];
		char *name = xl_name(xl, d->domain);
		char state = d->flags & XEN_DOMINF_dying ? 'd' : d->flags & XEN_DOMINF_shutdown ?
			's' : d->flags & XEN_DOMINF_paused ? 'p' : d->flags & XEN_DOMINF_blocked ?
			'b' : 'r';

		printf("%20.20s %6d %5c %10.0f %7.1f %10lu %7lu %5u\n", name, d->domain, state,
		       (double)d->cpu_time / NS_PER_S, percent(old, now, i),
		       d->tot_pages * KIB_PER_PAGE, d->max_pages * KIB_PER_PAGE,
		       d->nr_online_vcpus);
		free(name);
	}
	fflush(stdout);
}

static bool told_to_quit(unsigned int seconds)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };
	char c;

	if (!isatty(0)) {
		sleep(seconds);
		return false;
	}
	return poll(&in, 1, (int)seconds * 1000) > 0 && read(0, &c, 1) == 1 &&
	       (c == 'q' || c == 'Q');
}

static int main_top(struct xl *xl, int argc, char **argv)
{
	struct sample old = { 0 }, now;
	unsigned long seconds = 3, rounds = 0;
	bool batch = !isatty(1);
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "hbd:i:", NULL, 0)) != XL_OPT_DONE) {
		if (opt == 'b')
			batch = true;
		else if (opt == 'd')
			seconds = strtoul(optarg, NULL, 10);
		else if (opt == 'i')
			rounds = strtoul(optarg, NULL, 10);
		else
			return XL_OPT_STATUS(opt);
	}
	if (!seconds || seconds > 3600)
		seconds = 1;
	for (unsigned long i = 1;; i++) {
		now.info = xl_domains(xl, &now.n);
		now.at = lx_now();
		if (!batch)
			printf("\033[H\033[J");
		show(xl, &old, &now);
		free(old.info);
		old = now;
		if (i == rounds || told_to_quit((unsigned int)seconds))
			break;
	}
	free(old.info);
	return 0;
}

const struct xl_command xl_top_commands[] = {
	{ "top", main_top, false, false, "Monitor a host and the domains in real time", "[options]",
	  "-b                      Batch: one table after another, no screen control\n"
	  "-d SECONDS              Time between tables (3)\n"
	  "-i ROUNDS               End after so many tables; q and Enter end it too" },
	{ 0 },
};
