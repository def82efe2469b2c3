/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the console daemon share. */
#ifndef TOOLS_XENCONSOLED_DAEMON_H
#define TOOLS_XENCONSOLED_DAEMON_H

#include <limits.h>

#include "console/console.h"
#include "ctrl/ctrl.h"
#include "light/loop.h"
#include "light/store.h"

struct xenevtchn_handle;
struct xengntdev_handle;
struct xentoollog_logger;

/** A log file that is turned over when it has grown; functions cope with one that is not open. */
struct logfile {
	char path[PATH_MAX];
	int fd;				/* -1: not open */
	uint64_t bytes, limit;
	bool stamp;			/* put the time before each line */
	bool line_start;		/* the last byte was a newline */
};

/** What the hypervisor writes to its console. */
struct hvlog {
	struct logfile file;		/* not open: it is not logged */
	uint32_t index;			/* into the ring, of what is read next */
	bool started;
};

struct daemon {
	struct lx_loop loop;
	struct lx_store *store;
	struct ctl *ctl;
	struct xentoollog_logger *log;
	struct xenevtchn_handle *evtchn;
	struct xengntdev_handle *gnttab;
	struct guest *guests;
	struct lx_timer again;		/* to look at all domains, when there was no memory to */
	const char *log_dir;		/* NULL: guests are not logged */
	uint64_t log_limit;
	bool stamp, failed;
	struct lx_fd store_fd, evtchn_fd, signal_fd;
	struct hvlog hv;
	int hv_port;			/* told of new output; -1: not */
	struct lx_timer hv_timer;
};

/** A guest's console. */
struct guest {
	struct daemon *d;
	struct guest *next;
	uint32_t domid;
	bool waiting;			/* its toolstack has not described the console yet */
	bool watched;			/* and the store tells when it has */
	struct xencons_interface *ring;	/* NULL: not connected, or it broke the rules */
	bool by_grant;
	int port;			/* ours, -1: none */
	int master, slave;		/* the pseudo-terminal; the slave is held open */
	struct lx_fd pty;
	struct lx_timer end;		/* runs out when a dead guest's readers had their time */
	struct logfile file;
	struct console_store out;
};

/* guest.c */

/** Look at all domains: connect new ones, let go of those that are gone. */
void guests_scan(struct daemon *d);
/** An event of port @port. */
void guest_event(struct daemon *d, int port);
void guests_reopen_logs(struct daemon *d);
void guests_free(struct daemon *d);

/* pty.c */

/** A pseudo-terminal in raw mode; @path gets its name. 0 or -errno. */
int pty_open(struct guest *g, char *path, size_t bytes);
void pty_close(struct guest *g);
/** Write what is stored, and (un)register for more. */
void pty_flush(struct guest *g);

/* hvlog.c */

/** @dir NULL: it is not logged. */
void hvlog_open(struct hvlog *h, const char *dir, uint64_t limit, bool stamp);
/** Write what is new. 0 or -errno of the hypervisor, which is logged. */
int hvlog_read(struct hvlog *h, struct ctl *ctl);

/* logfile.c */

/** Open @dir/@name; slashes in the name become underscores. @dir NULL: it stays closed. */
void logfile_open(struct logfile *f, const char *dir, const char *name, uint64_t limit, bool stamp);
void logfile_write(struct logfile *f, const char *p, size_t n);
void logfile_close(struct logfile *f);
void logfile_reopen(struct logfile *f);

#endif
