/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the command, what its options have in common, and help. */
#include <getopt.h>
#include <json-c/json.h>
#include <unistd.h>

#include "xl.h"

#define MAX_DOMAINS 32752

static const struct xl_command *const tables[] = {
	xl_create_commands, xl_list_commands, xl_life_commands, xl_console_commands,
	xl_hvm_commands, xl_pci_commands,
	xl_memory_commands, xl_vcpu_commands, xl_host_commands, xl_sched_commands, xl_rtds_commands,
	xl_arinc653_commands, xl_device_commands, xl_pool_commands,
	xl_psr_commands, xl_cmt_commands, xl_cat_commands,
	xl_top_commands, xl_devd_commands, xl_doctor_commands, xl_monitor_commands,
};

/* Commands of xl 4.17 that are not built. */
static const char *const not_built[] = {
	"channel-list", "claims", "dump-core",
	"getenforce", "loadpolicy", "migrate", "migrate-receive", "pci-attach",
	"pci-detach",
	"psr-mba-set", "psr-mba-show", "remus", "restore",
	"save", "set-parameters", "setenforce", "sharing", "usb-list", "usbctrl-attach",
	"usbctrl-detach", "usbdev-attach", "usbdev-detach", "vdispl-attach", "vdispl-detach",
	"vdispl-list", "vkb-attach", "vkb-detach", "vkb-list", "vsnd-attach",
	"vsnd-detach", "vsnd-list", "vtpm-attach", "vtpm-detach", "vtpm-list",
};

/* Call @fn for each command. */
static void each(void (*fn)(const struct xl_command *c, void *arg), void *arg)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct xl_command *c = tables[t]; c->name; c++)
			fn(c, arg);
}

struct search {
	const char *name;
	const struct xl_command *exact, *begins;
	unsigned int fit;		/* how many begin so */
	struct xl_guess guess;
};

static void look(const struct xl_command *c, void *arg)
{
	struct search *s = arg;

	if (!strcmp(c->name, s->name))
		s->exact = c;
	if (!strncmp(c->name, s->name, strlen(s->name))) {
		s->begins = c;
		s->fit++;
	}
	xl_guess(&s->guess, c->name);
}

/* A name may be cut short as long as it fits one command only. */
static const struct xl_command *find(const char *name)
{
	struct search s = { .name = name };

	s.guess.word = name;
	each(look, &s);
	return s.exact ? s.exact : s.fit == 1 ? s.begins : NULL;
}

static void print_fit(const struct xl_command *c, void *arg)
{
	const char *name = arg;

	if (!strncmp(c->name, name, strlen(name)))
		fprintf(stderr, " %s", c->name);
}

/* Why find() found nothing. */
static void explain(const char *name)
{
	struct search s = { .name = name };

	for (size_t i = 0; i < sizeof(not_built) / sizeof(not_built[0]); i++) {
		if (strcmp(not_built[i], name))
			continue;
		fprintf(stderr, "xl: the command %s is not built\n", name);
		return;
	}
	s.guess.word = name;
	each(look, &s);
	if (s.fit) {
		fprintf(stderr, "xl: %s is short for several commands:", name);
		each(print_fit, (void *)name);
		fputc('\n', stderr);
		return;
	}
	for (size_t i = 0; i < sizeof(not_built) / sizeof(not_built[0]); i++)
		xl_guess(&s.guess, not_built[i]);
	if (s.guess.best)
		fprintf(stderr, "xl: unknown command %s: did you mean %s?\n", name, s.guess.best);
	else
		fprintf(stderr, "xl: unknown command %s: xl help lists the commands\n", name);
}

static void list_commands(void)
{
	printf("Usage xl [-vfNtT] <subcommand> [args]\n\nxl full list of subcommands:\n\n");
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct xl_command *c = tables[t]; c->name; c++)
			printf(" %-19s %s\n", c->name, c->description);
}

void xl_help(const char *name)
{
	const struct xl_command *c = name ? find(name) : NULL;

	if (!name || !strcmp(name, "help")) {
		list_commands();
		return;
	}
	if (!c) {
		explain(name);
		return;
	}
	printf("Usage: xl [-vtT%s%s] %s %s\n\n%s.\n\n", c->modifies ? "f" : "",
	       c->dry_run ? "N" : "", c->name, c->usage, c->description);
	if (c->options)
		printf("Options:\n\n%s\n", c->options);
}

int xl_usage(struct xl *xl)
{
	xl_help(xl->command);
	return 1;
}

struct lx *xl_lx(struct xl *xl)
{
	if (!xl->opened && lx_open(&xl->lx, xl->log))
		exit(1);
	xl->opened = true;
	xl->lx.no_hotplug = xl->defaults.no_hotplug;
	return &xl->lx;
}

bool xl_reaches(const struct xl *xl)
{
	return xl->opened || !access("/dev/xen/privcmd", F_OK);
}

uint32_t xl_domain(struct xl *xl, const char *text)
{
	uint32_t domid;
	struct xen_domctl_getdomaininfo info;
	int rc = lx_find_domain(xl_lx(xl), text, &domid);

	if (!rc)
		rc = ctl_domain_info(xl->lx.ctl, domid, &info);
	if (rc) {
		fprintf(stderr, "%s is an invalid domain identifier (rc=%d)\n", text,
			-EXIT_LIBXL_INVAL);
		exit(1);
	}
	return domid;
}

char *xl_name(struct xl *xl, uint32_t domid)
{
	char *name = lx_domain_name(xl_lx(xl), domid);

	return name ? name : strdup("(null)");
}

struct xen_domctl_getdomaininfo *xl_domains(struct xl *xl, int *n)
{
	struct xen_domctl_getdomaininfo *info = NULL;
	int max = 128;

	do {
		free(info);
		max *= 2;
		info = calloc((size_t)max, sizeof(*info));
		*n = info ? ctl_domain_list(xl_lx(xl)->ctl, 0, (uint32_t)max, info) : -ENOMEM;
	} while (*n == max && max < MAX_DOMAINS);
	if (*n < 0) {
		fprintf(stderr, "libxl_list_domain failed.\n");
		exit(1);
	}
	return info;
}

int xl_print_json(struct json_object *json)
{
	char *text = json ? lx_json_text(json) : NULL;

	json_object_put(json);
	if (!text) {
		fprintf(stderr, "no memory\n");
		return 1;
	}
	puts(text);
	free(text);
	return 0;
}

int xl_status(int rc)
{
	return !rc ? 0 : rc == -ENOMEM ? EXIT_LIBXL_NOMEM : EXIT_LIBXL_FAIL;
}

/* What getopt_long() did not take: optopt is its letter, or 0 for a long one. */
static void explain_option(const struct xl *xl, const char *options, const struct option *lopts,
			   const char *word)
{
	const char *letter = optopt ? strchr(options, optopt) : NULL;
	struct xl_guess g = { .word = word };
	char name[64];

	if (strncmp(word, "--", 2) && letter && letter[1] == ':') {
		fprintf(stderr, "xl %s: the option -%c needs a value\n", xl->command, optopt);
		return;
	}
	if (strncmp(word, "--", 2)) {
		fprintf(stderr, "xl %s: unknown option -%c: xl help %s lists the options\n",
			xl->command, optopt, xl->command);
		return;
	}
	for (const struct option *o = lopts; o->name; o++) {
		snprintf(name, sizeof(name), "--%s", o->name);
		if (!strcmp(name, word)) {
			fprintf(stderr, "xl %s: the option %s needs a value\n", xl->command, word);
			return;
		}
	}
	for (const struct option *o = lopts; o->name && !g.best; o++) {
		snprintf(name, sizeof(name), "--%s", o->name);
		xl_guess(&g, name);
	}
	if (g.best)
		fprintf(stderr, "xl %s: unknown option %s: did you mean %s?\n", xl->command, word,
			name);
	else
		fprintf(stderr, "xl %s: unknown option %s: xl help %s lists the options\n",
			xl->command, word, xl->command);
}

int xl_getopt(struct xl *xl, int argc, char **argv, const char *options, const struct option *lopts,
	      int need)
{
	static const struct option none[] = { { "help", 0, NULL, 'h' }, { 0 } };
	int opt;

	opterr = 0;
	opt = getopt_long(argc, argv, options, lopts ? lopts : none, NULL);
	if (opt == 'h') {
		xl_help(xl->command);
		return XL_OPT_HELP;
	}
	if (opt == '?' || opt == ':') {
		explain_option(xl, options, lopts ? lopts : none, argv[optind - 1]);
		return XL_OPT_WRONG;
	}
	if (opt == XL_OPT_DONE && argc - optind < need) {
		fprintf(stderr, "'xl %s' requires at least %d argument%s.\n\n", xl->command, need,
			need > 1 ? "s" : "");
		xl_help(xl->command);
		return XL_OPT_WRONG;
	}
	return opt;
}

bool xl_plain(struct xl *xl, int argc, char **argv, int need, int *status)
{
	int opt = xl_getopt(xl, argc, argv, "h", NULL, need);

	if (opt == XL_OPT_DONE)
		return true;
	*status = XL_OPT_STATUS(opt);
	return false;
}

int xl_run(struct xl *xl, int argc, char **argv)
{
	const struct xl_command *c = find(argv[0]);
	int status;

	if (!strcmp(argv[0], "help")) {
		xl_help(argc > 1 ? argv[1] : NULL);
		return 0;
	}
	if (!c) {
		explain(argv[0]);
		return 1;
	}
	if (xl->dry_run && !c->dry_run) {
		fprintf(stderr, "command does not implement -N (dryrun) option\n");
		return 1;
	}
	xl->command = c->name;
	optind = 0;		/* starts getopt anew */
	status = c->run(xl, argc, argv);
	if (status == 0 && fflush(stdout)) {
		perror("writing to standard output");
		status = 1;
	}
	return status;
}
