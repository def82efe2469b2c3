/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The xenstore in memory. Missing parents are not kept: a path is a name. */
#include "fake-store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake_store *fake(struct lx_store *s)
{
	return (struct fake_store *)s;
}

static struct fake_node *find(const struct fake_store *f, const char *path)
{
	for (unsigned int i = 0; i < f->nodes; i++)
		if (!strcmp(f->node[i].path, path))
			return &f->node[i];
	return NULL;
}

const char *fake_store_get(const struct fake_store *f, const char *path)
{
	struct fake_node *n = find(f, path);

	return n ? n->value : NULL;
}

static int change(struct fake_store *f)
{
	f->changes++;
	if (f->changes != f->fail_at)
		return 0;
	f->failed++;
	return -EIO;
}

static void tell(struct fake_store *f)
{
	if (!f->changed || f->in_tx || f->in_changed)
		return;
	f->in_changed = true;
	f->changed();
	f->in_changed = false;
}

static void put(struct fake_store *f, const char *path, const char *value)
{
	struct fake_node *n = find(f, path);

	if (!n) {
		f->node = realloc(f->node, (f->nodes + 1) * sizeof(*f->node));
		n = &f->node[f->nodes++];
		*n = (struct fake_node){ .path = strdup(path) };
	}
	free(n->value);
	n->value = strdup(value);
}

static bool is_backend_state(const char *path)
{
	return !strncmp(path, "/local/domain/", 14) && strstr(path, "/backend/v") &&
	       !strcmp(strrchr(path, '/'), "/state");
}

/* Drivers of backends, which get ready and close at once, unless told otherwise. */
static const char *answer(struct fake_store *f, const char *path, const char *value)
{
	if (f->no_backends || !is_backend_state(path))
		return value;
	if (strcmp(value, "5"))
		return !strcmp(value, "1") ? "2" : value;
	f->told_early += f->connect_in > 0;
	if (f->deaf)
		return value;
	if (!f->overwrites)
		return "6";
	f->overwrites--;
	return "4";
}

/* The guest's driver gets on while somebody looks. */
static char *fake_read(struct lx_store *s, uint32_t tx, const char *path)
{
	struct fake_store *f = fake(s);
	const char *v;

	if (f->connect_in && is_backend_state(path) && !--f->connect_in)
		put(f, path, "4");
	v = f->blind ? NULL : fake_store_get(f, path);
	errno = f->blind ? EIO : ENOENT;
	return v ? strdup(v) : NULL;
}

static int fake_write(struct lx_store *s, uint32_t tx, const char *path, const char *value)
{
	int rc = change(fake(s));

	value = answer(fake(s), path, value);
	if (!rc) {
		put(fake(s), path, value);
		tell(fake(s));
	}
	return rc;
}

static int fake_mkdir(struct lx_store *s, uint32_t tx, const char *path)
{
	int rc = change(fake(s));

	if (!rc && !find(fake(s), path))
		put(fake(s), path, "");
	return rc;
}

/* Those that have been told to. */
static void close_backends(struct fake_store *f)
{
	for (unsigned int i = 0; i < f->nodes; i++)
		if (is_backend_state(f->node[i].path) && !strcmp(f->node[i].value, "5"))
			put(f, f->node[i].path, "6");
}

/* Never made to fail: undoing has no second way. */
static int fake_remove(struct lx_store *s, uint32_t tx, const char *path)
{
	struct fake_store *f = fake(s);
	size_t len = strlen(path);

	if (f->deaf && strstr(path, "/device/v"))
		close_backends(f);
	for (unsigned int i = 0; i < f->nodes;) {
		struct fake_node *n = &f->node[i];

		if (strncmp(n->path, path, len) || (n->path[len] && n->path[len] != '/')) {
			i++;
			continue;
		}
		free(n->path);
		free(n->value);
		f->node[i] = f->node[--f->nodes];
	}
	tell(f);
	return 0;
}

static int fake_set_perms(struct lx_store *s, uint32_t tx, const char *path,
			  const struct lx_perm *perms, unsigned int n)
{
	struct fake_node *node = find(fake(s), path);
	int rc = change(fake(s));

	if (rc || !node)
		return rc ? rc : -ENOENT;
	memcpy(node->perm, perms, n * sizeof(*perms));
	node->perms = n;
	return 0;
}

static char **fake_list(struct lx_store *s, uint32_t tx, const char *path, unsigned int *n)
{
	struct fake_store *f = fake(s);
	size_t len = strlen(path);
	/* Room for pointers and, behind them, names. */
	char **names = calloc(1, (f->nodes + 1) * (sizeof(char *) + 64));
	char *text = (char *)(names + f->nodes + 1);

	*n = 0;
	if (f->blind) {
		free(names);
		errno = EIO;
		return NULL;
	}
	for (unsigned int i = 0; i < f->nodes; i++) {
		const char *rest = f->node[i].path + len + 1;
		unsigned int k = 0;
		size_t bytes;

		if (strncmp(f->node[i].path, path, len) || f->node[i].path[len] != '/')
			continue;
		bytes = strcspn(rest, "/");
		while (k < *n && (strncmp(names[k], rest, bytes) || names[k][bytes]))
			k++;
		if (k < *n || bytes > 63)
			continue;
		memcpy(text, rest, bytes);
		names[(*n)++] = text;
		text += 64;
	}
	return names;
}

static struct fake_node *copy_nodes(const struct fake_node *from, unsigned int n)
{
	struct fake_node *to = calloc(n + 1, sizeof(*to));

	for (unsigned int i = 0; i < n; i++) {
		to[i] = from[i];
		to[i].path = strdup(from[i].path);
		to[i].value = strdup(from[i].value);
	}
	return to;
}

static void free_nodes(struct fake_node *node, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		free(node[i].path);
		free(node[i].value);
	}
	free(node);
}

static uint32_t fake_begin(struct lx_store *s)
{
	struct fake_store *f = fake(s);

	f->before = copy_nodes(f->node, f->nodes);
	f->before_nodes = f->nodes;
	f->in_tx = true;
	return 1;
}

static int fake_end(struct lx_store *s, uint32_t tx, bool abort)
{
	struct fake_store *f = fake(s);
	bool conflict = !abort && f->conflicts;
	int rc = abort || conflict ? 0 : change(f);

	f->in_tx = false;
	f->conflicts -= conflict;
	if (abort || conflict || rc) {
		free_nodes(f->node, f->nodes);
		f->node = f->before;
		f->nodes = f->before_nodes;
	} else {
		free_nodes(f->before, f->before_nodes);
	}
	f->before = NULL;
	if (conflict && f->at_conflict)
		f->at_conflict();
	if (!abort && !conflict && !rc)
		tell(f);
	return conflict ? -EAGAIN : rc;
}

static int fake_introduce(struct lx_store *s, uint32_t domid, uint64_t gfn, uint32_t port)
{
	int rc = change(fake(s));

	fake(s)->introduced += !rc;
	return rc;
}

static int fake_release(struct lx_store *s, uint32_t domid)
{
	if (!fake(s)->introduced)
		return -ENOENT;
	fake(s)->introduced--;
	return 0;
}

static int fake_watch(struct lx_store *s, const char *path, const char *token)
{
	fake(s)->watches++;
	return 0;
}

static int fake_unwatch(struct lx_store *s, const char *path, const char *token)
{
	fake(s)->watches--;
	return 0;
}

static int fake_fd(struct lx_store *s)
{
	return fake(s)->pipe[0];
}

void fake_store_fire(struct fake_store *f)
{
	f->fire++;
	if (write(f->pipe[1], "x", 1) != 1)
		abort();
}

static char **fake_fired(struct lx_store *s)
{
	char c;

	errno = fake(s)->away ? ENOTCONN : EAGAIN;
	if (fake(s)->away || !fake(s)->fire || read(fake(s)->pipe[0], &c, 1) != 1)
		return NULL;
	fake(s)->fire--;
	return calloc(2, sizeof(char *));
}

static void fake_close(struct lx_store *s)
{
}

static const struct lx_store_ops fake_ops = {
	.read = fake_read,
	.write = fake_write,
	.mkdir = fake_mkdir,
	.remove = fake_remove,
	.set_perms = fake_set_perms,
	.list = fake_list,
	.begin = fake_begin,
	.end = fake_end,
	.introduce = fake_introduce,
	.release = fake_release,
	.watch = fake_watch,
	.unwatch = fake_unwatch,
	.fd = fake_fd,
	.fired = fake_fired,
	.close = fake_close,
};

void fake_store_init(struct fake_store *f)
{
	memset(f, 0, sizeof(*f));
	f->s.ops = &fake_ops;
	if (pipe(f->pipe))
		abort();
}

void fake_store_free(struct fake_store *f)
{
	free_nodes(f->node, f->nodes);
	close(f->pipe[0]);
	close(f->pipe[1]);
}
