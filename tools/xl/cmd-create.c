/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl create, config-update. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xl.h"

struct create_options {
	bool console, no_monitor, foreground, paused, quiet, dry_run, ignore_masks, debug;
	const char *file;
};

static int parse_options(struct xl *xl, int argc, char **argv, struct create_options *o)
{
	static const struct option lopts[] = {
		{ "dryrun", 0, NULL, 'n' }, { "quiet", 0, NULL, 'q' },
		{ "defconfig", 1, NULL, 'f' }, { "help", 0, NULL, 'h' },
		{ "vncviewer", 0, NULL, 'V' }, { "vncviewer-autopass", 0, NULL, 'A' },
		{ "ignore-global-affinity-masks", 0, NULL, 'i' }, { 0 },
	};
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "cdeFf:hinpqVA", lopts, 0)) != XL_OPT_DONE) {
		switch (opt) {
		case XL_OPT_WRONG:
		case XL_OPT_HELP:
			return opt;
		case 'c':
			o->console = true;
			break;
		case 'd':
			o->debug = true;
			break;
		case 'e':
			o->no_monitor = true;
			break;
		case 'F':
			o->foreground = true;
			break;
		case 'f':
			o->file = optarg;
			break;
		case 'n':
			o->dry_run = true;
			break;
		case 'p':
			o->paused = true;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'i':
			o->ignore_masks = true;
			break;
		case 'V':
		case 'A':
			fprintf(stderr, "xl create: displays of guests are not built: leave -%c "
				"out\n", opt);
			return XL_OPT_WRONG;
		default:
			break;
		}
	}
	return 0;
}

/* Connect the console before the guest runs, so that nothing of its boot is missed. The claim stays
 * this process's. */
static pid_t start_console(struct xl *xl, uint32_t domid, int claim)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe2(ready, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		close(ready[0]);
		if (claim >= 0)
			close(claim);
		lx_close(&xl->lx);
		if (lx_open(&xl->lx, xl->log))
			_exit(1);
		_exit(xl_console(&xl->lx, domid, ready[1]));
	}
	close(ready[1]);
	/* Without a console the pipe just closes: it has said why, and the guest runs. */
	if (pid > 0 && read(ready[0], &c, 1) < 0)
		perror("waiting for the console");
	close(ready[0]);
	return pid;
}

/* A creation that Ctrl-C ends in order. */
struct creation {
	struct lx_create c;
	struct lx *lx;
	struct lx_fd signals;
	const char *step;
	int rc;
};

static void created(struct lx_op *op, int rc)
{
	struct creation *k = op->user;

	k->rc = rc;
	lx_loop_stop(&k->lx->loop);
}

static void progress(struct lx_op *op, const char *step)
{
	struct creation *k = op->user;

	if (step != k->step)
		lx_info(k->lx, "%s", step);
	k->step = step;
}

static void interrupted(struct lx_fd *fd, short revents)
{
	struct creation *k = fd->user;
	struct signalfd_siginfo s;

	if (read(fd->fd, &s, sizeof(s)) != sizeof(s))
		return;
	fprintf(stderr, "interrupted: the domain is taken down\n");
	lx_op_cancel(&k->c.op);
}

/* The caller has the claim of the UUID then. */
static int create_domain(struct lx *lx, const struct lx_domain_config *config, bool paused,
			 uint32_t *domid, int *claim)
{
	struct creation *k = calloc(1, sizeof(*k));
	sigset_t set, old;
	int fd, rc;

	if (!k)
		return -ENOMEM;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	k->lx = lx;
	k->c.op.done = created;
	k->c.op.progress = progress;
	k->c.op.user = k;
	k->signals = (struct lx_fd){ .fn = interrupted, .user = k };
	if (fd >= 0)
		lx_fd_add(&lx->loop, &k->signals, fd, POLLIN);
	lx_create_start(&k->c, lx, config, paused);
	rc = lx_loop_run(&lx->loop);
	lx_fd_remove(&lx->loop, &k->signals);
	if (fd >= 0)
		close(fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	*domid = k->c.domid;
	*claim = k->c.claim;
	rc = rc ? rc : k->rc;
	free(k);
	return rc;
}

static int create(struct xl *xl, const struct create_options *o,
		  const struct lx_domain_config *config)
{
	bool hold = o->paused || o->console;
	pid_t console = 0;
	uint32_t domid;
	int claim, rc = create_domain(xl_lx(xl), config, hold, &domid, &claim);

	if (rc)
		return xl_status(rc);
	xl_monitor_forget(domid);
	if (o->console)
		console = start_console(xl, domid, claim);
	if (!o->no_monitor && !o->foreground)
		rc = xl_monitor_start(xl, domid, config->c_info.name, o->console, claim);
	if (!rc && hold && !o->paused)
		rc = ctl_domain_unpause(xl->lx.ctl, domid);
	if (rc)
		lx_destroy(&xl->lx, domid);
	lx_claim_drop(&xl->lx, config->c_info.uuid, claim);
	if (!rc && o->foreground)
		return xl_monitor(xl, domid);
	if (console > 0)
		waitpid(console, NULL, 0);
	return xl_status(rc);
}

static void print_config(FILE *out, const struct lx_domain_config *config)
{
	char *text = lx_to_text(&lx_domain_config_type, config);

	fprintf(out, "%s\n", text ? text : "no memory");
	free(text);
}

static int main_create(struct xl *xl, int argc, char **argv)
{
	struct create_options o = { .dry_run = xl->dry_run };
	struct lx_domain_config config;
	int rc;

	/* The file may stand before the options. */
	if (argc > 1 && argv[1][0] != '-' && !strchr(argv[1], '=')) {
		o.file = argv[1];
		argc--;
		argv++;
	}
	rc = parse_options(xl, argc, argv, &o);
	if (rc)
		return XL_OPT_STATUS(rc);
	if (!o.file && optind < argc && !strchr(argv[optind], '='))
		o.file = argv[optind++];
	if (!o.file) {
		fprintf(stderr, "Config file not specified and none in save file\n");
		return EXIT_LIBXL_INVAL;
	}
	if (!o.quiet && access(o.file, R_OK) == 0)
		fprintf(stderr, "Parsing config from %s\n", o.file);
	rc = xl_parse_file(xl, o.file, argv + optind, argc - optind, &config);
	if (rc)
		return rc == -ENOENT ? EXIT_LIBXL_FAIL : 1;
	if (!o.ignore_masks && !xl_mask_cpus(xl, &config)) {
		rc = 1;
	} else {
		if (o.dry_run || o.debug)
			print_config(o.dry_run ? stdout : stderr, &config);
		if (!o.dry_run)
			rc = create(xl, &o, &config);
	}
	lx_dispose(&lx_domain_config_type, &config);
	return rc;
}

static int main_config_update(struct xl *xl, int argc, char **argv)
{
	static const char warning[] = "WARNING: xl now has better capability to manage domain "
		"configuration, avoid using this command when possible\n";
	static const struct option lopts[] = {
		{ "defconfig", 1, NULL, 'f' }, { "quiet", 0, NULL, 'q' },
		{ "help", 0, NULL, 'h' }, { 0 },
	};
	struct xen_domctl_getdomaininfo info;
	struct lx_domain_config config;
	const char *file = NULL;
	bool debug = false;
	uint32_t domid;
	int rc, opt;

	if (argc < 2) {
		fprintf(stderr, "xl config-update requires a domain argument\n");
		return 1;
	}
	fputs(warning, stderr);
	domid = xl_domain(xl, argv[1]);
	argc--;
	argv++;
	if (argc > 1 && argv[1][0] != '-' && !strchr(argv[1], '=')) {
		file = argv[1];
		argc--;
		argv++;
	}
	while ((opt = xl_getopt(xl, argc, argv, "dhqf:", lopts, 0)) != XL_OPT_DONE) {
		if (opt == 'f')
			file = optarg;
		else if (opt == 'd')
			debug = true;
		else if (opt != 'q')
			return XL_OPT_STATUS(opt);
	}
	if (!file) {
		fprintf(stderr, "Config file not specified\n");
		return 1;
	}
	rc = xl_parse_file(xl, file, argv + optind, argc - optind, &config);
	if (rc)
		return 1;
	/* The file need not say the UUID; the domain keeps the one it has. */
	rc = ctl_domain_info(xl->lx.ctl, domid, &info);
	memcpy(config.c_info.uuid, info.handle, sizeof(config.c_info.uuid));
	fprintf(stderr, "setting dom%u configuration\n", domid);
	if (debug)
		print_config(stderr, &config);
	if (!rc && !xl->dry_run)
		rc = lx_state_save(&xl->lx, &config);
	lx_dispose(&lx_domain_config_type, &config);
	return rc ? 1 : 0;
}

const struct xl_command xl_create_commands[] = {
	{ "create", main_create, true, true, "Create a domain from config file <filename>",
	  "<ConfigFile> [options] [vars]",
	  "-c                      Connect to the console after the domain is created.\n"
	  "-d                      Print the configuration as JSON to standard error.\n"
	  "-e                      Do not wait in the background for the death of the domain.\n"
	  "-F                      Run in foreground until death of the domain.\n"
	  "-f FILE, --defconfig=FILE\n"
	  "                     Use the given configuration file.\n"
	  "-h                      Print this help.\n"
	  "-i, --ignore-global-affinity-masks\n"
	  "                         Do not apply the masks of CPUs of xl.conf.\n"
	  "-n, --dryrun            Dry run - prints the resulting configuration\n"
	  "                         (deprecated in favour of global -N option).\n"
	  "-p                      Leave the domain paused after it is created.\n"
	  "-q, --quiet             Quiet." },
	{ "config-update", main_config_update, true, true,
	  "Update a running domain's saved configuration, used when rebuilding the domain after "
	  "reboot.\nWARNING: xl now has better capability to manage domain configuration, avoid "
	  "using this command when possible", "<Domain> <ConfigFile> [options] [vars]",
	  "-h                      Print this help.\n"
	  "-f FILE, --defconfig=FILE\n"
	  "                     Use the given configuration file.\n"
	  "-d                      Print the configuration as JSON to standard error." },
	{ 0 },
};
