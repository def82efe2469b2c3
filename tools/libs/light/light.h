/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations on domains: what libxl does in Xen. Each function takes a context, which owns nothing
 * that it was given. Functions return 0 or -errno, and have logged the reason.
 */
#ifndef TOOLS_LIGHT_H
#define TOOLS_LIGHT_H

#include "builder/builder.h"
#include "ctrl/ctrl.h"
#include "op.h"
#include "store.h"
#include "types.h"

#define LX_STATE_DIR "/var/lib/xenolith/domains"
#define LX_RUN_DIR "/run/xenolith"
#define LX_LIBXL_DIR "/var/lib/xen"
#define LX_LOG_DIR "/var/log/xen"
#define LX_DM_MAX 8		/* device models of one guest */

struct xentoollog_logger;
struct lx_host_ops;

struct lx {
	struct ctl *ctl;
	struct lx_store *store;
	struct lx_loop loop;
	struct xentoollog_logger *log;
	const char *state_dir;		/* configurations of domains; LX_STATE_DIR */
	const char *libxl_dir;		/* where libxl keeps them; LX_LIBXL_DIR, NULL: nowhere */
	const char *run_dir;		/* who is making which domain; LX_RUN_DIR */
	const char *log_dir;		/* output of device models; LX_LOG_DIR */
	const struct lx_host_ops *host;
	bool no_hotplug;		/* `xl devd` does it for backends in dom0 too */
};

/** Set up a context whose hypervisor and xenstore are the caller's to open. */
void lx_prepare(struct lx *lx, struct xentoollog_logger *log);
/** Open the hypervisor and xenstore. 0 or -errno, with nothing open. */
int lx_open(struct lx *lx, struct xentoollog_logger *log);
void lx_close(struct lx *lx);

/** Log an error; @rc below 0 adds the text of that errno. */
void lx_error(struct lx *lx, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void lx_info(struct lx *lx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* create.c */

struct lx_create {
	struct lx_op op;			/* its done() is the caller's */
	struct lx *lx;
	const struct lx_domain_config *config;	/* the caller's, until done() */
	struct lx_domain_config made;		/* with what was chosen here */
	bool paused;				/* leave it paused */
	uint32_t domid;				/* result */
	uint32_t pool;				/* of CPUs */
	/* working state */
	void *kernel_file, *ramdisk_file, *tree_file;
	size_t kernel_bytes, ramdisk_bytes, tree_bytes;
	struct bld_kernel kernel;
	struct bld_plan plan;
	struct bld_job job;
	uint32_t grant_version;			/* the highest that the guest may use */
	uint32_t store_port, console_port;
	uint32_t device;			/* the one being connected, disks first */
	uint64_t device_until;			/* by when, in ns of the loop's clock */
	uint32_t pci_given;			/* PCI devices that the domain has */
	bool has_domain, named, introduced, has_plan;
	unsigned int models, model;		/* device models started; the one waited for */
	int ready[LX_DM_MAX];			/* their descriptors (lx_dm_start()) */
	uint64_t model_until;
	int claim;				/* of the UUID (lx_claim_take()); below 0: none */
};

/**
 * Create a domain. Until done() the structure must stay; a failure leaves no trace. After success,
 * the claim of its UUID is the caller's: drop it (lx_claim_drop()) when a process waits for the
 * domain's end, or when none is wanted.
 */
void lx_create_start(struct lx_create *c, struct lx *lx, const struct lx_domain_config *config,
		     bool paused);
/** The same, turning the loop until it is done, without a claim afterwards. *@domid is the new
 * domain's. */
int lx_create_now(struct lx *lx, const struct lx_domain_config *config, bool paused,
		  uint32_t *domid);
/** Is the configuration complete and within what can be built? */
int lx_config_check(struct lx *lx, const struct lx_domain_config *config);
/** What the domain may have beyond its RAM, in KiB: ACPI tables, rings. */
#define LX_SLACK_KIB 1024

/* create-store.c: a domain's nodes in xenstore */

/** Its name, if no other domain has it (-EEXIST, logged with whose it is), its UUID and number: of
 * two creations at once one wins. */
int lx_store_claim_domain(struct lx *lx, const struct lx_domain_config *config, uint32_t domid);
/** What the guest finds there. */
int lx_store_add_domain(struct lx *lx, const struct lx_domain_config *config, uint32_t domid,
			uint32_t store_port, gfn_t store_gfn, uint32_t console_port,
			gfn_t console_gfn);
/** The same for dom0, which exists already, and for its CPU pool. Nodes that are there stay. */
int lx_store_add_dom0(struct lx *lx);
void lx_store_remove_domain(struct lx *lx, uint32_t domid, const char *uuid);

/* destroy.c */

/** End a domain and remove what the toolstack kept of it. What is missing is not an error. */
int lx_destroy(struct lx *lx, uint32_t domid);

/* control.c: asking the guest */

/** Ask by control/shutdown: "poweroff", "reboot", "suspend". -EOPNOTSUPP: it does not listen. */
int lx_ask(struct lx *lx, uint32_t domid, const char *what);
int lx_sysrq(struct lx *lx, uint32_t domid, char key);
/** Number of vCPUs that are to be online. */
int lx_set_vcpus(struct lx *lx, uint32_t domid, const struct lx_cpumap *online);
int lx_set_memory_target(struct lx *lx, uint32_t domid, uint64_t kib);
/** Does dom0 have its memory for good, mapped one to one as Xenolith maps it? 0 or -errno. */
int lx_dom0_keeps_memory(struct lx *lx, bool *keeps);
int lx_set_max_memory(struct lx *lx, uint32_t domid, uint64_t kib);
int lx_rename(struct lx *lx, uint32_t domid, const char *name);

/* names.c */

/** Name of a domain, the caller's to free; NULL when it has none. */
char *lx_domain_name(struct lx *lx, uint32_t domid);
/** A domain by number or by name; -ENOENT (nothing logged) when there is none. */
int lx_find_domain(struct lx *lx, const char *text, uint32_t *domid);
int lx_find_name(struct lx *lx, const char *name, uint32_t *domid);
/** The same within a transaction of xenstore, which then fails if a name changes meanwhile. */
int lx_find_name_in(struct lx *lx, uint32_t tx, const char *name, uint32_t *domid);
/** A domain by its UUID; -ENOENT (nothing logged) when there is none. */
int lx_find_handle(struct lx *lx, const uint8_t uuid[16], uint32_t *domid);
/** Log that @domid has this name. Returns -EEXIST. */
int lx_name_taken(struct lx *lx, const char *name, uint32_t domid);

/*
 * claim.c: while a domain is being made, its maker holds the lock of RUN/create-UUID. A file
 * without its lock is that of a maker that was killed.
 */

/** Be the maker. The descriptor to keep, or -errno (logged); -EEXIST: another process is. What a
 * killed maker of this UUID left is removed first. */
int lx_claim_take(struct lx *lx, const uint8_t uuid[16]);
/** Note that the domain is complete: whoever finds the file without its lock keeps the domain. */
int lx_claim_made(struct lx *lx, int claim, uint32_t domid);
/** Making it has come to an end. @claim below 0: there is none. */
void lx_claim_drop(struct lx *lx, const uint8_t uuid[16], int claim);
/** Was the maker of this UUID's domain killed before it was complete? */
bool lx_claim_abandoned(struct lx *lx, const uint8_t uuid[16]);

/** Is a process making a domain with this UUID now? */
bool lx_claim_held(struct lx *lx, const uint8_t uuid[16]);

/** Remove the configuration of a domain that another program has destroyed; nothing, when there is
 *  a domain with this UUID again, or one is being made. */
void lx_claim_forget_dead(struct lx *lx, const uint8_t uuid[16]);

struct lx_abandoned {
	uint8_t uuid[16];
	bool made;			/* complete; but no process waits for its end */
	uint32_t domid;			/* of a complete one */
};

/** Claims of killed makers, *@n of them, the caller's to free; NULL with *@n 0: there are none. */
struct lx_abandoned *lx_claims_abandoned(struct lx *lx, unsigned int *n);
/** Remove what a killed maker left of a domain that is not complete, and its claim; of a complete
 * one the claim only. 0 or -errno. */
int lx_claim_clean(struct lx *lx, const struct lx_abandoned *a);

/* state.c: configurations on disk, one file a domain, named after its UUID; of a domain that libxl
 * made, or whose configuration it changed, libxl's file (userdata.h) */

/** Write: complete or not at all, also when the power fails. */
int lx_state_save(struct lx *lx, const struct lx_domain_config *config);
/** -ENOENT (nothing logged) when there is none. @config is initialised here. */
int lx_state_load(struct lx *lx, const uint8_t uuid[16], struct lx_domain_config *config);
void lx_state_remove(struct lx *lx, const uint8_t uuid[16]);
/** Let Debian's tools find the saved configuration of @domid. */
int lx_state_publish(struct lx *lx, const uint8_t uuid[16], uint32_t domid);
/** Change the saved configuration of a running domain; no file, no change. */
int lx_state_update(struct lx *lx, uint32_t domid,
		    void (*change)(struct lx_domain_config *config, void *arg), void *arg);

/* events.c: deaths */

/** Why a domain ended. */
enum lx_death { LX_DEATH_POWEROFF, LX_DEATH_REBOOT, LX_DEATH_SUSPEND, LX_DEATH_CRASH,
		LX_DEATH_WATCHDOG, LX_DEATH_SOFT_RESET, LX_DEATH_GONE };

struct lx_death_watch {
	struct lx *lx;
	uint32_t domid;
	/** Called once, from the loop. */
	void (*fn)(struct lx_death_watch *w, enum lx_death how);
	void *user;
	struct lx_fd fd;
	struct lx_timer timer;
	char token[32];
};

/** Has the domain ended, and how? */
bool lx_domain_ended(struct lx *lx, uint32_t domid, enum lx_death *how);
/** Report the end of a domain, also if it has ended already. */
int lx_death_watch_start(struct lx_death_watch *w, struct lx *lx, uint32_t domid);
void lx_death_watch_stop(struct lx_death_watch *w);
/** What the configuration wants done. */
enum lx_action lx_action_for(const struct lx_domain_config *config, enum lx_death how);
extern const char *const lx_death_names[];

#endif
