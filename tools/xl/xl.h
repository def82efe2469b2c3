/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of xl share. A command returns the program's exit status. */
#ifndef TOOLS_XL_H
#define TOOLS_XL_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "light/light.h"

#define EXIT_LIBXL_FAIL 3	/* what xl's create returns: the number of libxl's error */
#define EXIT_LIBXL_NOMEM 5
#define EXIT_LIBXL_INVAL 6

struct json_object;

#define XL_CPUMASKS 3		/* vm.cpumask and those for a type of guest that PVH counts as */

/** What xl.conf says; 0 and NULL where it does not. */
struct xl_defaults {
	char *vif_script, *vif_bridge, *vif_backend, *vif_gatewaydev;
	uint32_t max_grant_frames, max_maptrack_frames, max_grant_version;
	bool no_hotplug;
	struct xl_cpumask {
		const char *key;
		struct lx_cpumap map;
	} cpumask[XL_CPUMASKS];		/* vCPUs of guests may run where all of them allow it */
	unsigned int nr_cpumasks;
};

#define XL_CONF "/etc/xen/xl.conf"

struct xl {
	struct lx lx;
	struct xl_defaults defaults;
	bool opened;
	bool dry_run, force, verbose;
	const char *command;
	struct xentoollog_logger *log;
};

struct xl_command {
	const char *name;
	int (*run)(struct xl *xl, int argc, char **argv);	/* argv[0] is the command */
	bool dry_run;			/* knows -N */
	bool modifies;			/* knows -f */
	const char *description;
	const char *usage;
	const char *options;		/* NULL: none */
};

/* Tables of the files, each ending with an entry without a name. */
extern const struct xl_command xl_create_commands[], xl_list_commands[], xl_life_commands[],
	xl_vcpu_commands[], xl_memory_commands[], xl_sched_commands[], xl_rtds_commands[],
	xl_arinc653_commands[], xl_host_commands[],
	xl_console_commands[], xl_hvm_commands[], xl_pci_commands[], xl_pool_commands[],
	xl_device_commands[], xl_psr_commands[],
	xl_cmt_commands[], xl_cat_commands[],
	xl_doctor_commands[], xl_top_commands[], xl_devd_commands[], xl_monitor_commands[];

/* command.c */

/** Open the hypervisor and xenstore, once; the process ends when they cannot be. */
struct lx *xl_lx(struct xl *xl);
/** Is there a hypervisor to be asked? Reading a configuration does without. */
bool xl_reaches(const struct xl *xl);
/** Find a domain by name or number; the process ends with a message when there is none. */
uint32_t xl_domain(struct xl *xl, const char *text);
/** Print how the command is used; returns 1. */
int xl_usage(struct xl *xl);
/** Print JSON and drop it. */
int xl_print_json(struct json_object *json);
/** All domains, *@n of them, the caller's to free. The process ends when they cannot be listed. */
struct xen_domctl_getdomaininfo *xl_domains(struct xl *xl, int *n);
/** Its name, or "(null)" as xl writes for one without; the caller's to free. */
char *xl_name(struct xl *xl, uint32_t domid);
/** libxl's number of an error, as exit status. */
int xl_status(int rc);
/** Print what there is, or how a command is used. */
void xl_help(const char *command);
/** Run a command: argv[0] names it, or begins its name. Returns the exit status. */
int xl_run(struct xl *xl, int argc, char **argv);

/** Options of a command: like getopt_long(), with -h and --help answered, and at the end at least
 * @need arguments left. A result below XL_OPT_DONE ends the command with XL_OPT_STATUS(). */
struct option;
int xl_getopt(struct xl *xl, int argc, char **argv, const char *options,
	      const struct option *lopts, int need);
#define XL_OPT_DONE (-1)
#define XL_OPT_WRONG (-2)	/* told on stderr */
#define XL_OPT_HELP (-3)
#define XL_OPT_STATUS(opt) ((opt) == XL_OPT_HELP ? 0 : 2)
/** The same for a command without options; false: it ends with *@status. */
bool xl_plain(struct xl *xl, int argc, char **argv, int need, int *status);

/* cmd-vcpu.c */

/** Has the domain (named @domain in the message) this vCPU? False: told on stderr. */
bool xl_has_vcpu(const char *command, const char *domain,
		 const struct xen_domctl_getdomaininfo *info, unsigned long vcpu);

/* conf.c */

/** Read xl.conf, if there is one. 0 or -errno, told on stderr. */
int xl_read_conf(struct xl *xl, const char *file);
void xl_free_conf(struct xl *xl);
/** Leave the CPUs out that xl.conf forbids. False: none is left, told on stderr. */
bool xl_mask_cpus(struct xl *xl, struct lx_domain_config *config);
/** The same for one set. */
bool xl_mask_map(struct xl *xl, struct lx_cpumap *map);

/* parse.c */

/** Read a configuration file, "key=value" words (@extra) after it. 0 or -errno, told on stderr. */
int xl_parse_file(struct xl *xl, const char *file, char **extra, int nr_extra,
		  struct lx_domain_config *config);
/** Settings of a file (NULL: none) and of "key=value" words. NULL: told on stderr. */
struct cfg *xl_read_config(const char *file, char **extra, int nr_extra);
/** A domain's configuration from text. */
int xl_parse_text(struct xl *xl, const char *text, size_t bytes, const char *file,
		  struct lx_domain_config *config);
/** What to say of a text for which xl_parse_cpus() gives -ENOENT. */
#define XL_NO_NODE "names a node that this host does not have"
/** "0-3,^2", "all", "node:1": a set of CPUs. 0; -EINVAL: not of that form; -ENOENT: a node is named
 * that the host does not have. The hypervisor is asked for nodes only when some are named (@xl
 * NULL: it is not, and has none). */
int xl_parse_cpus(struct xl *xl, const char *text, struct lx_cpumap *map);
/** "128", "128m", "1g": KiB; @unit is what a bare number counts, in bytes. */
bool xl_parse_memory(const char *text, uint64_t unit, uint64_t *kib);

/* guess.c */

/** The best of the names given to xl_guess() so far; NULL: the word is like none of them. */
struct xl_guess {
	const char *word;
	const char *best;
	unsigned int distance;
};

void xl_guess(struct xl_guess *g, const char *name);

/* cmd-pool.c */

/** Find a CPU pool by number or name; false: told on stderr. */
bool xl_pool(struct xl *xl, const char *text, uint32_t *id);

/* cpus.c */

/** Print a set as "0-3,5", or "all" when it has every CPU below @cpus, or "none". */
void xl_print_cpus(FILE *out, const struct lx_cpumap *map, uint32_t cpus);
/** The same as a list of numbers. */
struct json_object *xl_cpus_json(const struct lx_cpumap *map, uint32_t cpus);
/** CPUs of the machine; the process ends when they cannot be counted. */
uint32_t xl_nr_cpus(struct xl *xl);

/* cmd-console.c */

/** Connect the terminal to a domain's console until it ends; 0 or 1. A byte is written to @ready
 * (-1: none) as soon as nothing more of its output can be missed. */
int xl_console(struct lx *lx, uint32_t domid, int ready);

/* monitor.c */

/** Wait for the domain's end, act as its configuration wants, and go on with its successor. */
int xl_monitor(struct xl *xl, uint32_t domid);
/** Become a daemon after a fork: messages go to /var/log/xen/@log_name.log. */
void xl_detach(const char *log_name);
/** The same as xl_monitor() in a daemon; returns in the caller. 0 or -errno. @linger: a console
 * shows the domain's output, so a dead one stays until that has been read. @claim: what
 * lx_claim_take() gave the caller, or -1. It stays the caller's: the daemon closes its copy, so
 * that the claim ends with a caller that is killed. */
int xl_monitor_start(struct xl *xl, uint32_t domid, const char *name, bool linger,
		     int claim);
/** Where that daemon was killed: say so, and start another. */
void xl_monitor_mend(struct xl *xl, uint32_t domid);

/* lock.c: which domains have such a daemon */

/** Where the files are; tests have their own place. */
extern const char *xl_run_dir;
/**
 * Become the process that waits. The result is the descriptor that keeps the lock, or -1: with
 * *@taken another process has the lock; without it the file could not be made (told on stderr), and
 * the caller may wait all the same.
 */
int xl_monitor_take(uint32_t domid, bool *taken);
/** Write into the file which process waits: a child that goes on with its parent's lock. */
void xl_monitor_note(int lock, pid_t pid);
/** Was the domain's daemon killed? (False as well when it never had one.) */
bool xl_monitor_killed(uint32_t domid);
/** Remove the file: no process waits any more, or a dead domain with this number left it. */
void xl_monitor_forget(uint32_t domid);

#endif
