/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the toolstack needs of xenstore, as a table of functions, so that tests bring their own
 * store. Functions return 0 or -errno. Paths are absolute. Transaction 0 is none.
 */
#ifndef TOOLS_LIGHT_STORE_H
#define TOOLS_LIGHT_STORE_H

#include <stdbool.h>
#include <stdint.h>

struct lx_store;

/** Who may do what with a node. The first one named owns it. */
struct lx_perm {
	uint32_t domid;
	bool read, write;
};

struct lx_store_ops {
	/** The value with a zero byte after it, the caller's to free; NULL with errno set. */
	char *(*read)(struct lx_store *s, uint32_t tx, const char *path);
	int (*write)(struct lx_store *s, uint32_t tx, const char *path, const char *value);
	int (*mkdir)(struct lx_store *s, uint32_t tx, const char *path);
	/** Node and all below; 0 when it is not there. */
	int (*remove)(struct lx_store *s, uint32_t tx, const char *path);
	int (*set_perms)(struct lx_store *s, uint32_t tx, const char *path,
			 const struct lx_perm *perms, unsigned int n);
	/** Names of children, to be freed as one block; NULL with errno set. */
	char **(*list)(struct lx_store *s, uint32_t tx, const char *path, unsigned int *n);
	/** 0 with errno set: it has not begun. */
	uint32_t (*begin)(struct lx_store *s);
	/** -EAGAIN: somebody else changed something, start again. */
	int (*end)(struct lx_store *s, uint32_t tx, bool abort);
	int (*introduce)(struct lx_store *s, uint32_t domid, uint64_t gfn, uint32_t port);
	int (*release)(struct lx_store *s, uint32_t domid);
	int (*watch)(struct lx_store *s, const char *path, const char *token);
	int (*unwatch)(struct lx_store *s, const char *path, const char *token);
	int (*fd)(struct lx_store *s);
	/** A watch that fired: path and token as one block to free; NULL with errno EAGAIN when
	 * none has, ENOTCONN when xenstored is away. */
	char **(*fired)(struct lx_store *s);
	void (*close)(struct lx_store *s);
};

struct lx_store {
	const struct lx_store_ops *ops;
};

/** The host's xenstored; NULL with errno set. It may be started anew: calls wait for it a while. */
struct lx_store *lx_store_open(void);
/** The same over a connection, which becomes the store's. */
struct lx_store *lx_store_open_fd(int fd);

/** Run @fn in a transaction, again and again while somebody else changes what it looked at. A
 * result besides 0 drops the transaction, and is returned. -EAGAIN: too much was going on. */
int lx_transaction(struct lx_store *s, int (*fn)(struct lx_store *s, uint32_t tx, void *arg),
		   void *arg);

/* With a path, and for writing a value, put together as by printf. */
char *lx_read(struct lx_store *s, uint32_t tx, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int lx_write(struct lx_store *s, uint32_t tx, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int lx_remove(struct lx_store *s, uint32_t tx, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define LX_PATH_BYTES 256

#endif
