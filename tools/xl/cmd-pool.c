/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl cpupool-list. */
#include <getopt.h>

#include "xl.h"

static const char *sched_name(uint32_t id)
{
	static const char *const names[] = {
		[XEN_SCHEDULER_CREDIT] = "credit", [XEN_SCHEDULER_CREDIT2] = "credit2",
		[XEN_SCHEDULER_ARINC653] = "arinc653", [XEN_SCHEDULER_RTDS] = "rtds",
		[XEN_SCHEDULER_NULL] = "null",
	};

	return id < sizeof(names) / sizeof(names[0]) && names[id] ? names[id] : "unknown";
}

static void print_cpus(const struct lx_cpumap *cpus, uint32_t nr)
{
	const char *comma = "";

	for (uint32_t i = 0; i < nr; i++) {
		if (!lx_cpumap_test(cpus, i))
			continue;
		printf("%s%u", comma, i);
		comma = ",";
	}
	putchar('\n');
}

static void print_pool(const char *name, bool cpus_too, const struct lx_cpumap *cpus,
		       uint32_t nr_cpus, uint32_t sched, uint32_t domains)
{
	uint32_t n = 0;

	printf("%-19s", name);
	if (cpus_too) {
		print_cpus(cpus, nr_cpus);
		return;
	}
	for (uint32_t i = 0; i < nr_cpus; i++)
		n += lx_cpumap_test(cpus, i);
	printf("%3u %9s       y       %4u\n", n, sched_name(sched), domains);
}

static int main_cpupool_list(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "cpus", 0, NULL, 'c' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	const char *wanted = NULL;
	bool cpus_too = false, found = false;
	uint32_t nr_cpus = xl_nr_cpus(xl), id = 0, sched, domains;
	struct lx_cpumap cpus;
	int opt, rc;

	while ((opt = xl_getopt(xl, argc, argv, "ch", lopts, 0)) != XL_OPT_DONE) {
		if (opt != 'c')
			return XL_OPT_STATUS(opt);
		cpus_too = true;
	}
	if (argc > optind)
		wanted = argv[optind];
	printf("%-19s%s\n", "Name", cpus_too ? "CPU list" :
	       "CPUs   Sched     Active   Domain count");
	while (!(rc = ctl_cpupool_info(xl_lx(xl)->ctl, &id, &sched, &domains, (uint8_t *)cpus.w,
				       sizeof(cpus.w)))) {
		char *name = lx_read(xl->lx.store, 0, "/local/pool/%u/name", id), fallback[32];

		snprintf(fallback, sizeof(fallback), "Pool-%u", id);
		if (!wanted || !strcmp(wanted, name ? name : fallback)) {
			print_pool(name ? name : fallback, cpus_too, &cpus, nr_cpus, sched,
				   domains);
			found = true;
		}
		free(name);
		id++;
	}
	if (rc != -ENOENT)
		return 1;
	if (wanted && !found) {
		fprintf(stderr, "Pool '%s' does not exist\n", wanted);
		return 1;
	}
	return 0;
}

const struct xl_command xl_pool_commands[] = {
	{ "cpupool-list", main_cpupool_list, false, false, "List CPU pools on host",
	  "[-c|--cpus] [<CPU Pool>]",
	  "-c, --cpus                     Output list of CPUs used by a pool" },
	{ 0 },
};
