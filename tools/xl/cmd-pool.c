/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl cpupool-list, -create, -destroy, -rename, -cpu-add, -cpu-remove, -migrate, -numa-split. */
#include <getopt.h>
#include <json-c/json.h>
#include <unistd.h>

#include "light/pool.h"
#include "light/sched.h"
#include "xl.h"

#define VCPU_WAIT_S 10		/* for dom0 to take vCPUs offline */

bool xl_pool(struct xl *xl, const char *text, uint32_t *id)
{
	if (!lx_find_pool(xl_lx(xl), text, id))
		return true;
	fprintf(stderr, "unknown cpupool '%s'\n", text);
	return false;
}

static void print_cpus(const struct lx_cpumap *cpus)
{
	const char *comma = "";

	for (uint32_t i = 0; i < LX_MAX_CPUS; i++) {
		if (!lx_cpumap_test(cpus, i))
			continue;
		printf("%s%u", comma, i);
		comma = ",";
	}
}

static uint32_t count_cpus(const struct lx_cpumap *cpus)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < LX_MAX_CPUS; i++)
		n += lx_cpumap_test(cpus, i);
	return n;
}

static void print_pool(const struct lx_pool *p, bool cpus_too)
{
	printf("%-19s", p->name);
	if (cpus_too)
		print_cpus(&p->cpus);
	else
		printf("%3u %9s       y       %4u", count_cpus(&p->cpus), lx_sched_name(p->sched),
		       p->domains);
	putchar('\n');
}

static struct json_object *pool_json(const struct lx_pool *p)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "poolid", json_object_new_int64(p->id));
	json_object_object_add(j, "pool_name", json_object_new_string(p->name));
	json_object_object_add(j, "sched", json_object_new_string(lx_sched_name(p->sched)));
	json_object_object_add(j, "n_dom", json_object_new_int64(p->domains));
	json_object_object_add(j, "cpumap", xl_cpus_json(&p->cpus, LX_MAX_CPUS));
	return j;
}

static int main_cpupool_list(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "cpus", 0, NULL, 'c' }, { "json", 0, NULL, 'j' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	bool cpus_too = false, as_json = false;
	struct json_object *json;
	struct lx_pool *pools;
	uint32_t wanted = 0;
	int opt, n;

	while ((opt = xl_getopt(xl, argc, argv, "ch", lopts, 0)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		cpus_too |= opt == 'c';
		as_json |= opt == 'j';
	}
	if (argc > optind && lx_find_pool(xl_lx(xl), argv[optind], &wanted)) {
		fprintf(stderr, "Pool '%s' does not exist\n", argv[optind]);
		return 1;
	}
	n = lx_pools(xl_lx(xl), &pools);
	if (n < 0) {
		fprintf(stderr, "error getting cpupool info\n");
		return 1;
	}
	json = as_json ? json_object_new_array() : NULL;
	if (!as_json)
		printf("%-19s%s\n", "Name", cpus_too ? "CPU list" :
		       "CPUs   Sched     Active   Domain count");
	for (int i = 0; i < n; i++) {
		if (argc > optind && pools[i].id != wanted)
			continue;
		if (as_json)
			json_object_array_add(json, pool_json(&pools[i]));
		else
			print_pool(&pools[i], cpus_too);
	}
	lx_pools_free(pools, n);
	return as_json ? xl_print_json(json) : 0;
}

static int main_cpupool_destroy(struct xl *xl, int argc, char **argv)
{
	uint32_t id;
	int status;

	if (!xl_plain(xl, argc, argv, 1, &status))
		return status;
	if (!xl_pool(xl, argv[optind], &id))
		return 1;
	return lx_pool_destroy(&xl->lx, id) ? 1 : 0;
}

static int main_cpupool_rename(struct xl *xl, int argc, char **argv)
{
	uint32_t id;
	int status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	if (!xl_pool(xl, argv[optind], &id))
		return 1;
	return lx_pool_rename(&xl->lx, id, argv[optind + 1]) ? 1 : 0;
}

/* Are they CPUs of this host? "all" means those that there are. */
static bool there(struct xl *xl, const char *text, struct lx_cpumap *cpus)
{
	bool all = strstr(text, "all");

	for (uint32_t nr = xl_nr_cpus(xl), i = nr; i < LX_MAX_CPUS; i++) {
		if (!lx_cpumap_test(cpus, i))
			continue;
		if (!all) {
			fprintf(stderr, "xl %s: this host has CPUs 0 to %u, not %u\n",
				xl->command, nr - 1, i);
			return false;
		}
		cpus->w[i / 64] &= ~((uint64_t)1 << i % 64);
	}
	return true;
}

/* A pool and a set of CPUs. */
static bool pool_and_cpus(struct xl *xl, int argc, char **argv, uint32_t *id,
			  struct lx_cpumap *cpus, int *status)
{
	const char *text;
	int rc;

	if (!xl_plain(xl, argc, argv, 2, status))
		return false;
	*status = 1;
	text = argv[optind + 1];
	rc = xl_parse_cpus(xl, text, cpus);
	if (rc == -ENOENT)
		fprintf(stderr, "xl %s: \"%s\" " XL_NO_NODE "\n", xl->command, text);
	else if (rc)
		fprintf(stderr, "Invalid pcpu range: %s.\n", text);
	return !rc && there(xl, text, cpus) && xl_pool(xl, argv[optind], id);
}

/* "all" is those that there are. */
static void keep(struct lx_cpumap *cpus, const struct lx_cpumap *there)
{
	for (unsigned int i = 0; i < LX_MAX_CPUS / 64; i++)
		cpus->w[i] &= there->w[i];
}

/* CPUs that cannot be moved are told of, and are no failure of the command: so it is in 4.17. */
static int main_cpupool_cpu_add(struct xl *xl, int argc, char **argv)
{
	struct lx_cpumap cpus, unused;
	uint32_t id;
	int status;

	if (!pool_and_cpus(xl, argc, argv, &id, &cpus, &status))
		return status;
	if (!strcmp(argv[optind + 1], "all") &&
	    !ctl_cpupool_free_cpus(xl->lx.ctl, (uint8_t *)unused.w, sizeof(unused.w)))
		keep(&cpus, &unused);
	if (lx_pool_add_cpus(&xl->lx, id, &cpus))
		fprintf(stderr, "some cpus may not have been added to %s\n", argv[optind]);
	return 0;
}

static int main_cpupool_cpu_remove(struct xl *xl, int argc, char **argv)
{
	struct lx_cpumap cpus;
	struct lx_pool pool;
	uint32_t id;
	int status;

	if (!pool_and_cpus(xl, argc, argv, &id, &cpus, &status))
		return status;
	if (!strcmp(argv[optind + 1], "all") && !lx_pool_info(&xl->lx, id, &pool))
		keep(&cpus, &pool.cpus);
	if (lx_pool_remove_cpus(&xl->lx, id, &cpus))
		fprintf(stderr, "Some cpus may have not or only partially been removed from '%s'.\n"
			"If a cpu can't be added to another cpupool, add it to '%s' again and "
			"retry.\n", argv[optind], argv[optind]);
	return 0;
}

static int main_cpupool_migrate(struct xl *xl, int argc, char **argv)
{
	uint32_t domid, id;
	int status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	if (lx_find_domain(xl_lx(xl), argv[optind], &domid)) {
		fprintf(stderr, "unknown domain '%s'\n", argv[optind]);
		return 1;
	}
	if (!xl_pool(xl, argv[optind + 1], &id))
		return 1;
	return lx_pool_move_domain(&xl->lx, id, domid) ? 1 : 0;
}

/* What cpupool-create makes, from a file and words (xlcpupool.cfg). */
struct new_pool {
	char *name;
	uint32_t sched;
	struct lx_cpumap cpus;
	uint32_t nr_cpus;
};

static bool wrong(const char *text)
{
	fprintf(stderr, "%s\n", text);
	return false;
}

/* nodes = [ "0", "1" ]: their free CPUs. */
static bool cpus_of_nodes(struct xl *xl, const struct cfg_value *const *items, size_t n,
			  const struct lx_cpumap *unused, struct lx_cpumap *cpus)
{
	for (size_t i = 0; i < n; i++) {
		struct lx_cpumap some;
		char text[32];

		const char *node = items[i]->is_list ? "[...]" : items[i]->text;
		int rc;

		snprintf(text, sizeof(text), "node:%.20s", node);
		rc = xl_parse_cpus(xl, text, &some);
		if (rc) {
			fprintf(stderr, rc == -ENOENT ? "nodes: \"%s\" " XL_NO_NODE "\n" :
				"nodes: a node is a number, not \"%s\"\n", node);
			return false;
		}
		keep(&some, unused);
		for (unsigned int k = 0; k < LX_MAX_CPUS / 64; k++)
			cpus->w[k] |= some.w[k];
	}
	return count_cpus(cpus) || wrong("no free cpu found");
}

/* cpus = [ "0", "1" ] or "0-3,^2": each must be free. */
static bool cpus_by_number(struct xl *xl, const struct cfg_value *const *items, size_t n,
			   const struct lx_cpumap *unused, struct lx_cpumap *cpus)
{
	for (size_t i = 0; i < n; i++) {
		struct lx_cpumap some;
		int rc = items[i]->is_list ? -EINVAL : xl_parse_cpus(xl, items[i]->text, &some);

		if (rc == -ENOENT)
			fprintf(stderr, "cpus: \"%s\" " XL_NO_NODE "\n", items[i]->text);
		if (rc)
			return rc != -ENOENT && wrong("cpus: CPUs are written as in \"0-3,^2\" "
						      "or [ \"0\", \"1\" ]");
		for (uint32_t cpu = 0; cpu < LX_MAX_CPUS; cpu++) {
			if (!lx_cpumap_test(&some, cpu))
				continue;
			if (!lx_cpumap_test(unused, cpu)) {
				fprintf(stderr, "cpu %u illegal or not free\n", cpu);
				return false;
			}
			lx_cpumap_set(cpus, cpu);
		}
	}
	return true;
}

static bool choose_cpus(struct xl *xl, struct cfg *cfg, struct new_pool *p)
{
	const struct cfg_value *const *items;
	struct lx_cpumap unused;
	struct cfg_error err;
	size_t n;
	int rc;

	if (ctl_cpupool_free_cpus(xl->lx.ctl, (uint8_t *)unused.w, sizeof(unused.w)))
		return wrong("libxl_get_freecpus failed");
	rc = cfg_list(cfg, "nodes", true, &items, &n, &err);
	if (!rc)
		return cpus_of_nodes(xl, items, n, &unused, &p->cpus);
	if (rc == -ENOENT)
		rc = cfg_list(cfg, "cpus", true, &items, &n, &err);
	if (!rc)
		return cpus_by_number(xl, items, n, &unused, &p->cpus);
	return rc == -ENOENT || wrong(err.text);
}

/* What would be dropped without a word. */
static bool read_rest(struct cfg *cfg)
{
	static const char *const known[] = { "name", "sched", "nodes", "cpus" };
	const struct cfg_setting *s;
	struct cfg_error err;
	size_t at = 0;

	if (cfg_get(cfg, "nodes") && cfg_get(cfg, "cpus")) {
		cfg_fail(cfg, cfg_get(cfg, "cpus")->line, &err, "nodes and cpus are both set: "
			 "name the pool's CPUs in one way");
		return wrong(err.text);
	}
	s = cfg_unused(cfg, &at);
	if (s) {
		struct xl_guess g = { .word = s->name };

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			xl_guess(&g, known[i]);
		cfg_fail(cfg, s->value->line, &err, "unknown setting %.60s%s%s%s", s->name,
			 g.best ? ": did you mean " : "", g.best ? g.best : "", g.best ? "?" : "");
	}
	return !s || wrong(err.text);
}

static bool read_pool(struct xl *xl, struct cfg *cfg, const char *file, struct new_pool *p)
{
	const char *text = NULL, *slash = file ? strrchr(file, '/') : NULL;
	struct cfg_error err;
	uint32_t other;
	int rc = cfg_string(cfg, "name", &text, &err);

	if (rc && rc != -ENOENT)
		return wrong(err.text);
	if (rc && !file)
		return wrong("Missing cpupool name!");
	p->name = strdup(!rc ? text : slash ? slash + 1 : file);
	if (!p->name)
		return wrong("no memory");
	rc = lx_find_pool(xl_lx(xl), p->name, &other);
	if (!rc)
		fprintf(stderr, "Pool name \"%s\" already exists\n", p->name);
	else if (rc != -ENOENT)
		fprintf(stderr, "error getting cpupool info\n");
	if (rc != -ENOENT)
		return false;
	rc = cfg_string(cfg, "sched", &text, &err);
	if (!rc && !lx_sched_parse(text, &p->sched)) {
		cfg_fail(cfg, cfg_get(cfg, "sched")->line, &err, "sched is credit, credit2, rtds, "
			 "arinc653 or null, not \"%.40s\"", text);
		return wrong(err.text);
	}
	if (rc == -ENOENT)
		rc = ctl_sched_id(xl->lx.ctl, &p->sched);
	if (rc)
		return wrong("get_scheduler sysctl failed.");
	if (!choose_cpus(xl, cfg, p) || !read_rest(cfg))
		return false;
	p->nr_cpus = count_cpus(&p->cpus);
	return true;
}

static int create(struct xl *xl, struct cfg *cfg, const char *file, bool dry_run)
{
	struct new_pool p = { 0 };
	bool ok = read_pool(xl, cfg, file, &p);
	uint32_t id;

	if (ok) {
		printf("Using config file \"%s\"\ncpupool name:   %s\nscheduler:      %s\n"
		       "number of cpus: %u\n", file ? file : "command line", p.name,
		       lx_sched_name(p.sched), p.nr_cpus);
		fflush(stdout);
		ok = !(dry_run ?
		       lx_pool_check_name(&xl->lx, p.name, XEN_SYSCTL_CPUPOOL_PAR_ANY) :
		       lx_pool_create(&xl->lx, p.name, p.sched, &p.cpus, &id));
	}
	free(p.name);
	return ok ? 0 : 1;
}

static int main_cpupool_create(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "defconfig", 1, NULL, 'f' }, { "dryrun", 0, NULL, 'n' },
		{ "help", 0, NULL, 'h' }, { 0 },
	};
	const char *file = NULL;
	bool dry_run = xl->dry_run;
	struct cfg *cfg;
	int opt, status, words;

	while ((opt = xl_getopt(xl, argc, argv, "hnf:", lopts, 0)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		if (opt == 'f')
			file = optarg;
		else
			dry_run = true;
	}
	/* Words with an equals sign are settings; one without is the file. */
	words = optind;
	for (int i = optind; i < argc; i++) {
		if (strchr(argv[i], '=')) {
			argv[words++] = argv[i];
			continue;
		}
		if (file)
			return xl_usage(xl);
		file = argv[i];
	}
	cfg = xl_read_config(file, argv + optind, words - optind);
	if (!cfg)
		return 1;
	status = create(xl, cfg, file, dry_run);
	cfg_free(cfg);
	return status;
}

/* dom0 must not have more vCPUs online than its pool will have CPUs. */
static int shrink_dom0(struct xl *xl, uint32_t cpus)
{
	struct xen_domctl_getdomaininfo info;
	struct lx_cpumap online = { 0 };
	int rc = ctl_domain_info(xl->lx.ctl, 0, &info);

	for (uint32_t i = 0; i < cpus; i++)
		lx_cpumap_set(&online, i);
	if (!rc && info.nr_online_vcpus > cpus)
		rc = lx_set_vcpus(&xl->lx, 0, &online);
	for (unsigned int i = 0; !rc && info.nr_online_vcpus > cpus; i++) {
		if (i == VCPU_WAIT_S) {
			fprintf(stderr, "failed to offline vcpus\n");
			return -ETIMEDOUT;
		}
		sleep(1);
		rc = ctl_domain_info(xl->lx.ctl, 0, &info);
	}
	return rc;
}

static int split_node(struct xl *xl, uint32_t node, uint32_t sched, const struct lx_pool *first)
{
	struct lx_cpumap cpus;
	char text[32];
	uint32_t id;
	int rc;

	snprintf(text, sizeof(text), "node:%u", node);
	rc = xl_parse_cpus(xl, text, &cpus);
	if (rc)
		return rc;
	keep(&cpus, &first->cpus);
	rc = lx_pool_remove_cpus(&xl->lx, 0, &cpus);
	if (rc) {
		fprintf(stderr, "error on removing cpu from Pool 0\n");
		return rc;
	}
	snprintf(text, sizeof(text), "Pool-node%u", node);
	rc = lx_pool_create(&xl->lx, text, sched, &cpus, &id);
	if (rc) {
		fprintf(stderr, "error on creating cpupool\n");
		lx_pool_add_cpus(&xl->lx, 0, &cpus);
	}
	return rc;
}

/* Pool-0 keeps the node of the first CPU; each other node gets a pool of its own. */
static int split(struct xl *xl, const struct xen_sysctl_cputopo *topo, int n,
		 const struct lx_pool *first)
{
	uint32_t node = topo[0].node, home = 0;
	char name[32];
	int rc;

	for (int i = 0; i < n; i++)
		home += topo[i].core != XEN_INVALID_CORE_ID && topo[i].node == node;
	rc = shrink_dom0(xl, home);
	snprintf(name, sizeof(name), "Pool-node%u", node);
	if (!rc)
		rc = lx_pool_rename(&xl->lx, 0, name);
	for (int i = 0; i < n && !rc; i++) {
		int k = 0;

		while (k < i && topo[k].node != topo[i].node)
			k++;
		if (k == i && topo[i].node != node && topo[i].core != XEN_INVALID_CORE_ID)
			rc = split_node(xl, topo[i].node, first->sched, first);
	}
	return rc;
}

static int main_cpupool_numa_split(struct xl *xl, int argc, char **argv)
{
	struct xen_sysctl_cputopo topo[LX_MAX_CPUS];
	struct lx_pool *pools;
	int status, n, cpus, rc;

	if (!xl_plain(xl, argc, argv, 0, &status))
		return status;
	n = lx_pools(xl_lx(xl), &pools);
	if (n <= 0) {
		fprintf(stderr, "error getting cpupool info\n");
		return 1;
	}
	cpus = ctl_cpu_topology(xl->lx.ctl, topo, LX_MAX_CPUS);
	if (n > 1)
		fprintf(stderr, "splitting not possible, already cpupools in use\n");
	rc = n > 1 || cpus <= 0 ? -EBUSY : split(xl, topo, cpus, &pools[0]);
	lx_pools_free(pools, n);
	return rc ? 1 : 0;
}

#define CPUS "<CPU Pool> <CPU nr>|node:<node nr>"

const struct xl_command xl_pool_commands[] = {
	{ "cpupool-create", main_cpupool_create, true, true, "Create a new CPU pool",
	  "[options] [<ConfigFile>] [Variable=value ...]",
	  "-h, --help                   Print this help.\n"
	  "-f FILE, --defconfig=FILE    Use the given configuration file.\n"
	  "-n, --dryrun                 Dry run - prints the resulting configuration.\n"
	  "                              (deprecated in favour of global -N option)." },
	{ "cpupool-list", main_cpupool_list, false, false, "List CPU pools on host",
	  "[-c|--cpus] [<CPU Pool>]",
	  "-c, --cpus                     Output list of CPUs used by a pool\n"
	  "--json                         Prints the pools as JSON" },
	{ "cpupool-destroy", main_cpupool_destroy, false, true, "Deactivates a CPU pool",
	  "<CPU Pool>", NULL },
	{ "cpupool-rename", main_cpupool_rename, false, true, "Renames a CPU pool",
	  "<CPU Pool> <new name>", NULL },
	{ "cpupool-cpu-add", main_cpupool_cpu_add, false, true, "Adds a CPU to a CPU pool", CPUS,
	  NULL },
	{ "cpupool-cpu-remove", main_cpupool_cpu_remove, false, true,
	  "Removes a CPU from a CPU pool", CPUS, NULL },
	{ "cpupool-migrate", main_cpupool_migrate, false, true, "Moves a domain into a CPU pool",
	  "<Domain> <CPU Pool>", NULL },
	{ "cpupool-numa-split", main_cpupool_numa_split, false, true,
	  "Splits up the machine into one CPU pool per NUMA node", "", NULL },
	{ 0 },
};
