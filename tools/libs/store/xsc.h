/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of xenstored: over its socket, or over the kernel's device where there is no socket.
 *
 * Functions return 0 or a positive errno value. ECONNRESET and EPROTO mean that the connection is
 * of no use any more; all others are the daemon's answer. A connection is for one thread at a
 * time. Transaction 0 (XSC_NONE) means none.
 */
#ifndef XSC_H
#define XSC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XSC_NONE 0U

struct xsc;

/**
 * Connect. @path is a socket, a device, or NULL: $XENSTORED_PATH, else the socket in
 * $XENSTORED_RUNDIR or /var/run/xenstored, or where no such socket is, /dev/xen/xenbus.
 */
int xsc_open(const char *path, struct xsc **c);
/** Where the socket is, by the environment: what NULL means when the device is not to be used. */
const char *xsc_socket_path(void);
/** The same over a connection, which becomes the client's even if this fails. */
int xsc_open_fd(int fd, struct xsc **c);
/**
 * Connect again to where it was: after ECONNRESET, say, when the daemon was started anew. The new
 * connection has no watches and no transactions; events that came in before are kept. ENOTCONN
 * when it was opened over a descriptor; after an error the old one is still there.
 */
int xsc_reopen(struct xsc *c);
/** Close it: watches and transactions end. NULL is allowed. */
void xsc_close(struct xsc *c);
/** To poll for events; see xsc_event(). */
int xsc_fd(const struct xsc *c);

/** The value of a node, malloc'ed, with a NUL after it; @len may be NULL. */
int xsc_read(struct xsc *c, uint32_t tx, const char *path, char **value, size_t *len);
int xsc_write(struct xsc *c, uint32_t tx, const char *path, const void *value, size_t len);
/** Write formatted text without its NUL. */
int xsc_printf(struct xsc *c, uint32_t tx, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int xsc_mkdir(struct xsc *c, uint32_t tx, const char *path);
int xsc_rm(struct xsc *c, uint32_t tx, const char *path);
/** Names of the children: one after the other, each with its NUL, in one malloc'ed block of *@len
 *  bytes. E2BIG beyond 1 MiB of them; ESTALE when they change too fast to be read. */
int xsc_list(struct xsc *c, uint32_t tx, const char *path, char **names, size_t *len);
/** Permissions as strings ("r0", "b5"), in the same form. The first names the owner. */
int xsc_get_perms(struct xsc *c, uint32_t tx, const char *path, char **perms, size_t *len);
int xsc_set_perms(struct xsc *c, uint32_t tx, const char *path, const char *perms, size_t len);

/** Events of @path and below will come with @token; the first one comes at once. */
int xsc_watch(struct xsc *c, const char *path, const char *token);
int xsc_unwatch(struct xsc *c, const char *path, const char *token);
/**
 * The next event, malloc'ed; EAGAIN when there is none. An event may have come in while the answer
 * to a request was waited for: before polling the descriptor, ask until there is none. ENOMEM: an
 * event is lost or, if there is another, late: look at everything that is watched.
 */
int xsc_event(struct xsc *c, char **path, char **token);
/** Has an event come in already, so that the descriptor does not tell of it? */
bool xsc_has_event(const struct xsc *c);

int xsc_start(struct xsc *c, uint32_t *tx);
/** End a transaction; EAGAIN when it must be done again. */
int xsc_end(struct xsc *c, uint32_t tx, bool commit);
/** Do @fn in a transaction, again and again until it ends well. An error of @fn ends it without
 *  effect and is returned. */
int xsc_transaction(struct xsc *c, int (*fn)(struct xsc *c, uint32_t tx, void *ctx), void *ctx);

int xsc_introduce(struct xsc *c, uint16_t domid, uint64_t gfn, uint32_t port);
int xsc_release(struct xsc *c, uint16_t domid);
int xsc_resume(struct xsc *c, uint16_t domid);
int xsc_set_target(struct xsc *c, uint16_t domid, uint16_t target);
int xsc_is_introduced(struct xsc *c, uint16_t domid, bool *introduced);
/** A control command, its words one after the other with their NULs; the answer is malloc'ed. */
int xsc_control(struct xsc *c, const char *words, size_t len, char **answer);

#endif
