/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest with its ring, and the daemon's core at the other end, which may die between any two
 * steps. A death is played by keeping a copy of what outlives the process (page, slot, records) and
 * starting a new core from it.
 */
#ifndef XS_GUEST_H
#define XS_GUEST_H

#include "../xenstored/core/ring.h"
#include "xs-world.h"

#define GUEST_DOMID 5

/** What outlives the process. */
struct remains {
	struct xenstore_domain_interface page;
	struct ring_slot slot;
	struct buf log;
};

struct guest {
	struct world w;
	struct ring ring;
	struct remains *now;
	struct conn *dom0;
	/* Taken just before and after a record is kept: the given one from now. */
	struct remains before_record, after_record;
	unsigned int copy_at;
	struct xs_hooks hooks;
};

/** A new store with the node /d, which the guest owns. */
void guest_init(struct guest *g);
void guest_fini(struct guest *g);
/** The process dies and another starts with @r, which is used up. */
void guest_restart(struct guest *g, struct remains *r);
/** It dies here. */
void guest_restart_now(struct guest *g);
/** The guest puts bytes in; returns how many fit. */
size_t guest_put(struct guest *g, const void *data, size_t len);
/** The guest takes bytes out; returns how many there were. */
size_t guest_get(struct guest *g, void *data, size_t len);
/** Let the daemon do all it can. */
void guest_run(struct guest *g);

#endif
