/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens when a domain ends: a daemon for each domain waits, and does what its configuration
 * wants. The configuration on disk counts, so that changes made meanwhile survive a reboot.
 */
#include <assert.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "light/dm.h"
#include "xl.h"

#define LOG_DIR "/var/log/xen"
#define SHORT_LIFE_NS 1000000000ULL	/* a guest that ends sooner is not restarted at once */

struct monitor {
	struct xl *xl;
	enum lx_death how;
	struct lx_dm_watch models;
};

static void on_death(struct lx_death_watch *w, enum lx_death how)
{
	struct monitor *m = w->user;

	m->how = how;
	lx_loop_stop(&m->xl->lx.loop);
}

/* A free name of the form NAME-N, for a dead domain that is to stay. */
static int rename_away(struct lx *lx, uint32_t domid, const char *name)
{
	char fresh[NAME_MAX];
	uint32_t other;

	for (unsigned int i = 1; i < 10000; i++) {
		snprintf(fresh, sizeof(fresh), "%.200s-%u", name, i);
		if (lx_find_name(lx, fresh, &other))
			return lx_rename(lx, domid, fresh);
	}
	return -EEXIST;
}

/* Returns 1 with the successor in *@domid, 0 when there is none, or -errno. */
static int act(struct xl *xl, uint32_t *domid, struct lx_domain_config *config, enum lx_action a)
{
	struct lx *lx = &xl->lx;
	int rc;

	switch (a) {
	case LX_PRESERVE:
		return 0;
	case LX_RENAME_RESTART:
		rc = rename_away(lx, *domid, config->c_info.name);
		/* The dead one keeps its UUID and its file; the new one needs its own. */
		lx_uuid_random(config->c_info.uuid);
		break;
	default:
		rc = lx_destroy(lx, *domid);
	}
	if (rc)
		return rc;
	if (a == LX_DESTROY || a == LX_COREDUMP_DESTROY)
		return 0;
	rc = lx_create_now(lx, config, false, domid);
	return rc ? rc : 1;
}

static int one_life(struct xl *xl, uint32_t *domid, bool linger)
{
	struct monitor m = { .xl = xl, .how = LX_DEATH_GONE };
	struct lx_death_watch w = { .fn = on_death, .user = &m };
	struct xen_domctl_getdomaininfo info;
	struct lx_domain_config config;
	uint64_t born = lx_now();
	enum lx_action a;
	bool known = !ctl_domain_info(xl->lx.ctl, *domid, &info);
	int rc = lx_death_watch_start(&w, &xl->lx, *domid);

	if (!rc) {
		lx_dm_watch_start(&m.models, &xl->lx, *domid);
		rc = lx_loop_run(&xl->lx.loop);
		lx_dm_watch_stop(&m.models);
	}
	if (rc || m.how == LX_DEATH_GONE) {
		fprintf(stderr, "Domain %u has been destroyed.\n", *domid);
		/* Another toolstack's destroy leaves our file. */
		if (!rc && known)
			lx_claim_forget_dead(&xl->lx, info.handle);
		return rc;
	}
	rc = known ? lx_state_load(&xl->lx, info.handle, &config) : -ESRCH;
	if (rc) {
		fprintf(stderr, "Domain %u has no configuration on disk; it is left as it is\n",
			*domid);
		return rc;
	}
	a = lx_action_for(&config, m.how);
	fprintf(stderr, "Domain %u has shut down, reason code %d 0x%x\n", *domid, (int)m.how,
		(unsigned int)m.how);
	fprintf(stderr, "Action for shutdown reason code %d is %s\n", (int)m.how,
		lx_name_of(lx_action_names, a));
	if (lx_now() - born < SHORT_LIFE_NS && (linger || a != LX_DESTROY) && a != LX_PRESERVE)
		sleep(1);
	rc = act(xl, domid, &config, a);
	lx_dispose(&lx_domain_config_type, &config);
	return rc;
}

/* Be the one that waits; false: told on stderr who is. */
static bool take(uint32_t domid, int *lock)
{
	bool taken;

	*lock = xl_monitor_take(domid, &taken);
	if (taken)
		fprintf(stderr, "Another process waits for domain %u to die\n", domid);
	return !taken;
}

/* @lock is that of the first domain; @linger: a console is connected to it. */
static int monitor(struct xl *xl, uint32_t domid, int lock, bool linger)
{
	int rc;

	for (;;) {
		uint32_t old = domid;

		assert(domid);
		fprintf(stderr, "Waiting for domain (domid %u) to die [pid %ld]\n", domid,
			(long)getpid());
		rc = one_life(xl, &domid, linger);
		xl_monitor_forget(old);
		if (lock >= 0)
			close(lock);
		if (rc <= 0)
			break;
		if (!take(domid, &lock))
			return 1;
	}
	fprintf(stderr, "Done. Exiting now\n");
	return rc ? 1 : 0;
}

int xl_monitor(struct xl *xl, uint32_t domid)
{
	int lock;

	return take(domid, &lock) ? monitor(xl, domid, lock, false) : 1;
}

void xl_detach(const char *log_name)
{
	int log, null = open("/dev/null", O_RDWR);
	char path[PATH_MAX];

	setsid();
	signal(SIGHUP, SIG_IGN);
	mkdir("/var/log", 0755);
	mkdir(LOG_DIR, 0755);
	snprintf(path, sizeof(path), LOG_DIR "/%.200s.log", log_name);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	dup2(null, 0);
	dup2(log >= 0 ? log : null, 1);
	dup2(log >= 0 ? log : null, 2);
	if (chdir("/"))
		_exit(1);
}

int xl_monitor_start(struct xl *xl, uint32_t domid, const char *name, bool linger, int claim)
{
	char log[NAME_MAX];
	int lock, rc;
	pid_t pid;

	/* Taken before the fork, so that the domain is never without it. The child inherits it. */
	if (!take(domid, &lock))
		return -EEXIST;
	pid = fork();
	rc = pid < 0 ? -errno : 0;
	if (pid) {
		if (rc)
			xl_monitor_forget(domid);
		else
			xl_monitor_note(lock, pid);
		if (lock >= 0)
			close(lock);
		return rc;
	}
	if (claim >= 0)
		close(claim);
	snprintf(log, sizeof(log), "xl-%.200s", name);
	xl_detach(log);
	/* The handles are the parent's: close this copy of them, and take new ones. */
	lx_close(&xl->lx);
	xl->opened = false;
	xl_lx(xl);
	_exit(monitor(xl, domid, lock, linger));
}

void xl_monitor_mend(struct xl *xl, uint32_t domid)
{
	char *name;
	int rc;

	if (!xl_monitor_killed(domid))
		return;
	fprintf(stderr, "Domain %u: the process that waited for its end was killed; another one is "
		"started\n", domid);
	name = xl_name(xl, domid);
	rc = xl_monitor_start(xl, domid, name, false, -1);
	if (rc && rc != -EEXIST)
		fprintf(stderr, "cannot start it: %s\n", strerror(-rc));
	free(name);
}

/* A domain may have been created without a daemon; one is started for it only if it is named. */
static int monitor_one(struct xl *xl, uint32_t domid)
{
	char *name = xl_name(xl, domid);
	int rc = xl_monitor_start(xl, domid, name, false, -1);

	free(name);
	if (rc && rc != -EEXIST)
		fprintf(stderr, "cannot fork: %s\n", strerror(-rc));
	return rc ? 1 : 0;
}

static int main_monitor(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "all", 0, NULL, 'a' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct xen_domctl_getdomaininfo *info;
	bool all = false;
	int opt, n;

	while ((opt = xl_getopt(xl, argc, argv, "ah", lopts, 0)) != XL_OPT_DONE) {
		if (opt != 'a')
			return XL_OPT_STATUS(opt);
		all = true;
	}
	if (argc - optind != !all)
		return xl_usage(xl);
	if (!all)
		return monitor_one(xl, xl_domain(xl, argv[optind]));
	info = xl_domains(xl, &n);
	for (int i = 0; i < n; i++)
		if (info[i].domain)
			xl_monitor_mend(xl, info[i].domain);
	free(info);
	return 0;
}

const struct xl_command xl_monitor_commands[] = {
	{ "monitor", main_monitor, false, false,
	  "Wait for a domain's end in the background, where that process was killed",
	  "[-a|Domain]", "-a, --all               Do so for each domain that had such a process" },
	{ 0 },
};
