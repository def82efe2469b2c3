/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's use of its journal: reading it at start, writing to it, writing it anew. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "log.h"

static int no_append(void *ctx, const void *record, size_t len)
{
	(void)ctx;
	(void)record;
	(void)len;
	return 0;
}

static void no_detach(void *ctx, struct domain *dom)
{
	(void)ctx;
	(void)dom;
}

static void no_output(void *ctx, struct conn *c)
{
	(void)ctx;
	(void)c;
}

/* While the journal is read, no record is kept and no client is connected. */
static const struct xs_hooks loading = {
	.append = no_append, .detach = no_detach, .output = no_output,
};

static const char *load_one(void *ctx, const void *record, size_t len)
{
	return record_apply(ctx, record, len);
}

static int snapshot_one(void *ctx, const void *record, size_t len)
{
	return journal_append(ctx, record, len);
}

int state_compact(struct daemon *d)
{
	struct journal old = d->journal;
	int error = journal_begin(&d->journal);

	if (!error)
		error = record_snapshot(&d->xs, snapshot_one, &d->journal);
	if (!error)
		error = journal_commit(&d->journal, &old);
	if (error) {
		log_line("the journal cannot be written anew: %s", strerror(error));
		journal_abandon(&d->journal, &old);
		return error;
	}
	d->compactions++;
	return 0;
}

int state_append(struct daemon *d, const void *record, size_t len)
{
	int error;

	if (!d->has_journal)
		return 0;
	error = journal_append(&d->journal, record, len);
	/* Guests may try again without end: one line says that it begins, one that it is over. */
	if (error && !d->unkept++)
		log_line("changes are refused, the journal has no room: %s", strerror(error));
	if (!error && d->unkept) {
		log_line("the journal has room again; %lu changes were refused", d->unkept);
		d->unkept = 0;
	}
	return error ? ENOSPC : 0;
}

/* Everything that came out of the journal must be sound: half a state is worse than none. */
static bool load(struct daemon *d)
{
	unsigned long records;
	const char *wrong;

	d->xs.hooks = &loading;
	wrong = journal_load(&d->journal, load_one, &d->xs, &records);
	d->xs.hooks = &daemon_hooks;
	if (!wrong)
		wrong = xs_check(&d->xs);
	if (wrong) {
		log_line("the journal %s/state is damaged after record %lu: %s. Move it away to "
			 "start with an empty store.", d->opt.state_dir, records, wrong);
		return false;
	}
	if (records)
		log_line("going on where an earlier run was, with %u domains", d->xs.nr_domains);
	return true;
}

bool state_open(struct daemon *d)
{
	int error;

	if (d->opt.volatile_state)
		return true;
	error = journal_open(&d->journal, d->opt.state_dir);
	if (error) {
		log_line("cannot use the folder %s: %s", d->opt.state_dir,
			 error == EBUSY ? "another xenstored does" : strerror(error));
		return false;
	}
	if (!load(d))
		return false;
	d->xs.epoch++;
	d->has_journal = true;
	return state_compact(d) == 0;
}

static void dump_node(void *ctx, struct node *n, const char *path, size_t len)
{
	FILE *f = ctx;

	(void)len;
	fprintf(f, "%s (", path);
	for (uint32_t i = 0; i < n->acl->n; i++)
		fprintf(f, "%s%c%u", i ? "," : "", "nrwb"[n->acl->p[i].bits & 3],
			n->acl->p[i].domid);
	fputs(") \"", f);
	for (uint32_t i = 0; n->value && i < n->value->len; i++) {
		unsigned char c = (unsigned char)n->value->data[i];

		fprintf(f, c < ' ' || c > '~' || c == '"' || c == '\\' ? "\\x%02x" : "%c", c);
	}
	fputs("\"\n", f);
}

static void dump_conn(FILE *f, const struct conn *c)
{
	struct list *pos;

	fprintf(f, "connection of domain %u: %s, %u replies and %u events waiting\n",
		c->cred.domid, c->domain ? "ring" : "socket", c->nr_replies, c->nr_events);
	list_for(pos, &c->watches) {
		const struct watch *w = list_entry(pos, struct watch, owned);

		fprintf(f, "  watch %s \"%s\"\n", w->path, w->token);
	}
	list_for(pos, &c->txns) {
		const struct txn *t = list_entry(pos, struct txn, link);

		fprintf(f, "  transaction %u: %u changes%s\n", t->id, t->nr_ops,
			t->doomed ? ", cannot end well" : "");
	}
}

int state_dump(struct daemon *d, const char *path)
{
	FILE *f = fopen(path, "we");
	struct list *pos;

	if (!f)
		return errno;
	list_for(pos, &d->xs.domains) {
		const struct domain *dom = list_entry(pos, struct domain, link);

		fprintf(f, "domain %u: frame %#llx, port %u%s\n", dom->domid,
			(unsigned long long)dom->gfn, dom->port,
			dom->shutdown ? ", shut down" : "");
	}
	list_for(pos, &d->xs.conns)
		dump_conn(f, list_entry(pos, struct conn, link));
	tree_walk(d->xs.store.root, dump_node, f);
	return fclose(f) ? errno : 0;
}
