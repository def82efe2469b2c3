/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's ring and daemons that die; see xs-guest.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xs-guest.h"

static void copy_remains(struct guest *g, struct remains *to)
{
	to->page = g->now->page;
	to->slot = g->now->slot;
	to->log = (struct buf){ 0 };
	buf_add(&to->log, g->w.log.data, g->w.log.len);
}

static int append(void *ctx, const void *record, size_t len)
{
	struct world *w = ctx;
	struct guest *g = list_entry(w, struct guest, w);
	bool copy = g->copy_at && !--g->copy_at;

	if (copy)
		copy_remains(g, &g->before_record);
	buf_add(&w->log, &len, sizeof(len));
	buf_add(&w->log, record, len);
	if (copy)
		copy_remains(g, &g->after_record);
	return 0;
}

static void begin(struct guest *g)
{
	g->ring = (struct ring){
		.xs = &g->w.xs, .d = xs_domain(&g->w.xs, GUEST_DOMID), .page = &g->now->page,
		.slot = &g->now->slot,
	};
	g->hooks = *g->w.xs.hooks;
	g->hooks.append = append;
	g->w.xs.hooks = &g->hooks;
	g->dom0 = world_socket(&g->w);
	ring_attach(&g->ring);
}

void guest_init(struct guest *g)
{
	memset(g, 0, sizeof(*g));
	g->now = xs_zalloc(sizeof(*g->now));
	world_init(&g->w);
	world_ring(&g->w, GUEST_DOMID);
	begin(g);
	world_write(&g->w, g->dom0, 0, "/d", "");
	world_ask(&g->w, g->dom0, XS_SET_PERMS, 0, "/d\0n5", 6);
}

void guest_fini(struct guest *g)
{
	world_fini(&g->w);
	buf_free(&g->before_record.log);
	buf_free(&g->after_record.log);
	xs_free(g->now);
}

void guest_restart(struct guest *g, struct remains *r)
{
	size_t pos = 0, len;

	world_fini(&g->w);
	world_init(&g->w);
	g->now->page = r->page;
	g->now->slot = r->slot;
	for (; pos < r->log.len; pos += sizeof(len) + len) {
		const char *wrong;

		memcpy(&len, r->log.data + pos, sizeof(len));
		wrong = record_apply(&g->w.xs, r->log.data + pos + sizeof(len), len);
		if (wrong) {
			fprintf(stderr, "a record is not understood: %s\n", wrong);
			abort();
		}
	}
	g->w.log = r->log;
	r->log = (struct buf){ 0 };
	g->w.xs.epoch++;
	begin(g);
}

void guest_restart_now(struct guest *g)
{
	struct remains *r = xs_alloc(sizeof(*r));

	copy_remains(g, r);
	guest_restart(g, r);
	xs_free(r);
}

size_t guest_put(struct guest *g, const void *data, size_t len)
{
	struct xenstore_domain_interface *p = &g->now->page;
	size_t n = 0;

	for (; n < len && p->req_prod - p->req_cons < XENSTORE_RING_SIZE; n++)
		p->req[MASK_XENSTORE_IDX(p->req_prod++)] = ((const char *)data)[n];
	return n;
}

size_t guest_get(struct guest *g, void *data, size_t len)
{
	struct xenstore_domain_interface *p = &g->now->page;
	size_t n = 0;

	for (; n < len && p->rsp_cons != p->rsp_prod; n++)
		((char *)data)[n] = p->rsp[MASK_XENSTORE_IDX(p->rsp_cons++)];
	return n;
}

void guest_run(struct guest *g)
{
	while (ring_run(&g->ring))
		;
}
