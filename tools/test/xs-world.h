/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenstored's core with a world around it that tests look into: records, messages, domains. */
#ifndef XS_WORLD_H
#define XS_WORLD_H

#include "../xenstored/core/xs.h"

struct world {
	struct xs xs;
	struct buf log;			/* records kept, each behind its length */
	struct buf events;		/* paths and tokens of events taken, each with its NUL */
	struct buf reply;		/* payload of the last reply, with one NUL more */
	bool no_room;			/* records cannot be kept */
	bool no_rings;			/* rings cannot be attached */
	unsigned int attached;
};

void world_init(struct world *w);
void world_fini(struct world *w);
/** A client on the socket. */
struct conn *world_socket(struct world *w);
/** The ring of @domid, introduced if it is not. */
struct conn *world_ring(struct world *w, uint16_t domid);
/**
 * Ask; @data of @len bytes is the payload. Events on the way are put into w->events. Returns 0, or
 * the errno value that the error stands for; -1 if there was no reply or more than one.
 */
int world_ask(struct world *w, struct conn *c, uint32_t type, uint32_t tx, const void *data,
	      size_t len);
/** The same with a string and its NUL. */
int world_ask_str(struct world *w, struct conn *c, uint32_t type, uint32_t tx, const char *s);
/** Write a string. */
int world_write(struct world *w, struct conn *c, uint32_t tx, const char *path, const char *value);
/** Begin a transaction; 0 if that failed. */
uint32_t world_start(struct world *w, struct conn *c);
/** Take all messages of @c. */
void world_take(struct world *w, struct conn *c);
/** Everything that has to outlive the process, as text. */
void world_describe(struct xs *xs, struct buf *text);
/** The nodes alone. */
void world_describe_nodes(struct xs *xs, struct buf *text);
/** Is the state that the records make the same as the state there is? And that of a snapshot? NULL
 *  or what differs. */
const char *world_compare(struct world *w);

#endif
