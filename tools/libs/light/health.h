/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State that no longer belongs to anything: what killed commands and dead domains left. */
#ifndef TOOLS_LIGHT_HEALTH_H
#define TOOLS_LIGHT_HEALTH_H

#include "light.h"
#include "userdata.h"

enum lx_problem_kind {
	LX_HALF_MADE,		/* a command was killed while it made a domain */
	LX_UNWATCHED,		/* a whole domain with a claim: no process waits for its end */
	LX_NODES_OF_DEAD,	/* nodes of a domain that is not there, which may hold disks */
	LX_NO_NODES,		/* a domain whose nodes are gone: the store was lost */
	LX_STALE_FILE,		/* of a domain that is not there */
	LX_NO_FOLDER,		/* one that the tools need */
};

struct lx_problem {
	enum lx_problem_kind kind;
	uint32_t domid;			/* where there is one */
	uint8_t uuid[16];
	char path[LX_FILE_BYTES];	/* of a file or folder */
};

/** Look for problems: *@all gets *@n of them, the caller's to free. 0 or -errno (nothing is known
 *  then: neither what is well nor what is not). */
int lx_health(struct lx *lx, struct lx_problem **all, unsigned int *n);
/** In words: what is wrong, and what mends it. */
void lx_problem_text(const struct lx_problem *p, char what[LX_FILE_BYTES + 128],
		     char remedy[160]);
/** Can lx_repair() mend it without harm to anything that lives? */
bool lx_repairable(const struct lx_problem *p);
/** Mend it. 0 or -errno. */
int lx_repair(struct lx *lx, const struct lx_problem *p);

#endif
