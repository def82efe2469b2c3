/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process: the core, the journal, and all clients and domains, which are served in turns. */
#ifndef XSD_DAEMON_H
#define XSD_DAEMON_H

#include <stdbool.h>

#include "journal.h"
#include "core/xs.h"

struct peer;

/** Who sends requests: a socket or a ring. */
struct peer_ops {
	/** Do a bounded piece of work; true when there is more that could be done now. It may free
	 *  the peer when it returns false. */
	bool (*run)(struct peer *p);
};

struct peer {
	struct list ready;		/* in daemon.ready, or empty */
	const struct peer_ops *ops;
	struct daemon *daemon;
};

struct options {
	const char *rundir, *state_dir, *pid_file, *log_file;
	bool foreground, verbose, print_pid, own_ring, socket_only, volatile_state;
	struct quota quota;
};

struct daemon {
	struct xs xs;
	struct options opt;
	struct journal journal;
	bool has_journal, has_hyp;
	int epoll, listener;
	struct list ready;		/* peers with work, served one after the other */
	struct list freed;		/* of rings that were detached: see rings.c */
	struct peer **by_port;		/* rings by local event channel */
	unsigned int nr_ports;
	uint64_t compactions;
	unsigned long unkept;		/* changes refused since the journal had room */
};

/** What an epoll event is about. */
enum source { SOURCE_LISTENER, SOURCE_HYP, SOURCE_SOCKET };

/** Serve @p soon. */
void peer_ready(struct peer *p);
/** Wait for work and do it, until a signal says stop. Returns the exit status. */
int daemon_loop(struct daemon *d);

/** Make the folder and the socket in it; false after a line in the log. */
bool sock_listen(struct daemon *d);
/** A client wants to connect. */
void sock_accept(struct daemon *d);
/** Epoll says that the peer's socket can be read from or written to. */
void sock_event(struct peer *p, uint32_t events);
/** A connection has something to take. */
void sock_output(struct conn *c);

/** The hooks about rings. */
int rings_attach(struct daemon *d, struct domain *dom);
void rings_detach(struct daemon *d, struct domain *dom);
void rings_output(struct conn *c);
/** Take the events that came. */
void rings_events(struct daemon *d);
/** Free what detached rings left; call it when no ring is being worked on. */
void rings_reap(struct daemon *d);
/** Attach the rings of domains known from the journal, forget those that ended meanwhile. */
void rings_restore(struct daemon *d);
/** Introduce the kernel this runs on. False after a line in the log. */
bool rings_own(struct daemon *d);

/** Read the journal and begin a new one; false after a line in the log. */
bool state_open(struct daemon *d);
/** Keep a record; an errno value. */
int state_append(struct daemon *d, const void *record, size_t len);
/** Write the journal anew. An errno value. */
int state_compact(struct daemon *d);
/** Write the state as text to a file. An errno value. */
int state_dump(struct daemon *d, const char *path);

extern const struct xs_hooks daemon_hooks;

#endif
