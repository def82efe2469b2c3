/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store as simply as it can be written; see xs-model.h. */
#include <stdlib.h>
#include <string.h>

#include "../xenstored/core/path.h"
#include "../xenstored/core/wire.h"
#include "xs-model.h"

/* More than a payload has room for. */
#define MAX_PERMS 2048

/* The order of a walk of the tree: a node, what is below it, its next sibling. */
static int path_order(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	/* The end of a component comes before any byte in it. */
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

struct model_node *model_find(const struct model *m, const char *path)
{
	for (size_t i = 0; i < m->count; i++) {
		if (!strcmp(m->nodes[i].path, path))
			return &m->nodes[i];
	}
	return NULL;
}

static char *parent_of(const char *path)
{
	return xs_strndup(path, path_parent_len(path, strlen(path)));
}

static struct model_node *add(struct model *m, const char *path, const struct perm *perms,
			      uint32_t nr)
{
	size_t i = 0;
	struct model_node *n;

	while (i < m->count && path_order(m->nodes[i].path, path) < 0)
		i++;
	m->nodes = xs_realloc(m->nodes, (m->count + 1) * sizeof(*m->nodes));
	n = &m->nodes[i];
	memmove(n + 1, n, (m->count - i) * sizeof(*n));
	m->count++;
	*n = (struct model_node){ .path = xs_strndup(path, strlen(path)), .nr_perms = nr };
	n->perms = xs_alloc(nr * sizeof(*perms));
	memcpy(n->perms, perms, nr * sizeof(*perms));
	return n;
}

static void free_node(struct model_node *n)
{
	xs_free(n->path);
	xs_free(n->perms);
	buf_free(&n->value);
}

static bool at_or_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

static void remove_all(struct model *m, const char *top)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++) {
		if (at_or_below(m->nodes[i].path, top))
			free_node(&m->nodes[i]);
		else
			m->nodes[kept++] = m->nodes[i];
	}
	m->count = kept;
}

void model_init(struct model *m)
{
	static const struct perm closed;

	*m = (struct model){ 0 };
	add(m, "/", &closed, 1);
	add(m, "/tool", &closed, 1);
	add(m, "/tool/xenstored", &closed, 1);
}

void model_fini(struct model *m)
{
	for (size_t i = 0; i < m->count; i++)
		free_node(&m->nodes[i]);
	xs_free(m->nodes);
	*m = (struct model){ 0 };
}

void model_copy(struct model *to, const struct model *from)
{
	*to = (struct model){ 0 };
	for (size_t i = 0; i < from->count; i++) {
		const struct model_node *n = &from->nodes[i];

		buf_add(&add(to, n->path, n->perms, n->nr_perms)->value, n->value.data,
			n->value.len);
	}
}

static unsigned int rights(const struct model_node *n, const struct cred *cred)
{
	if (cred->privileged || n->perms[0].domid == cred->domid ||
	    (cred->target != DOMID_NONE && n->perms[0].domid == cred->target))
		return PERM_READ | PERM_WRITE | PERM_OWNER;
	for (uint32_t i = 1; i < n->nr_perms; i++) {
		if (n->perms[i].domid == cred->domid ||
		    (cred->target != DOMID_NONE && n->perms[i].domid == cred->target))
			return n->perms[i].bits;
	}
	return n->perms[0].bits;
}

bool model_readable(const struct model_node *n, const struct cred *cred)
{
	return rights(n, cred) & PERM_READ;
}

/* The closest ancestor there is. */
static struct model_node *closest(const struct model *m, const char *path)
{
	char *p = xs_strndup(path, strlen(path)), *up;
	struct model_node *n;

	while (!(n = model_find(m, p))) {
		up = parent_of(p);
		xs_free(p);
		p = up;
	}
	xs_free(p);
	return n;
}

static int allowed(const struct model *m, const struct cred *cred, const char *path,
		   unsigned int want)
{
	struct model_node *n = closest(m, path);

	if ((rights(n, cred) & want) != want)
		return EACCES;
	return strcmp(n->path, path) ? ENOENT : 0;
}

static struct model_node *create(struct model *m, const struct cred *cred, const char *path)
{
	struct model_node *n = model_find(m, path), *parent;
	struct perm *perms;
	uint32_t nr;
	char *up;

	if (n)
		return n;
	up = parent_of(path);
	parent = create(m, cred, up);
	xs_free(up);
	nr = parent->nr_perms;
	perms = xs_alloc(nr * sizeof(*perms));
	memcpy(perms, parent->perms, nr * sizeof(*perms));
	if (!cred->privileged)
		perms[0].domid = cred->domid;
	n = add(m, path, perms, nr);
	xs_free(perms);
	return n;
}

static void list(const struct model *m, const char *path, struct buf *out)
{
	size_t len = path[1] ? strlen(path) : 0;

	for (size_t i = 0; i < m->count; i++) {
		const char *p = m->nodes[i].path;

		if (p[1] && !strncmp(p, path, len) && p[len] == '/' && !strchr(p + len + 1, '/'))
			buf_add(out, p + len + 1, strlen(p + len + 1) + 1);
	}
}

static int set_perms(struct model *m, const struct cred *cred, const char *path, const char *p,
		     const char *end)
{
	struct perm perms[MAX_PERMS];
	struct model_node *n;
	uint32_t nr = 0;
	int error;

	for (; p < end; p += strlen(p) + 1, nr++) {
		static const char letters[] = "nrwb";
		const char *letter = *p ? strchr(letters, *p) : NULL;
		char *rest;
		unsigned long domid;

		if (!letter || p[1] < '0' || p[1] > '9')
			return EINVAL;
		domid = strtoul(p + 1, &rest, 10);
		if (*rest || domid > 65534)
			return EINVAL;
		if (nr == MAX_PERMS)
			return E2BIG;
		perms[nr] = (struct perm){ (uint16_t)domid, (uint16_t)(letter - letters) };
	}
	if (!nr)
		return EINVAL;
	error = allowed(m, cred, path, PERM_OWNER);
	if (error)
		return error;
	n = model_find(m, path);
	if (!cred->privileged && perms[0].domid != n->perms[0].domid)
		return EPERM;
	xs_free(n->perms);
	n->nr_perms = nr;
	n->perms = xs_alloc(nr * sizeof(*perms));
	memcpy(n->perms, perms, nr * sizeof(*perms));
	return 0;
}

static int change(struct model *m, const struct cred *cred, uint32_t type, const char *path,
		  const char *rest, const char *end)
{
	struct model_node *n;
	int error;

	if (type == XS_SET_PERMS)
		return set_perms(m, cred, path, rest, end);
	if (type == XS_RM && !path[1])
		return EINVAL;
	error = allowed(m, cred, path, PERM_WRITE);
	if (type == XS_RM) {
		char *up = parent_of(path);

		if (error == ENOENT && model_find(m, up))
			error = 0;
		else if (!error)
			remove_all(m, path);
		xs_free(up);
		return error;
	}
	if (error && error != ENOENT)
		return error;
	n = create(m, cred, path);
	if (type == XS_WRITE) {
		n->value.len = 0;
		buf_add(&n->value, rest, (size_t)(end - rest));
	}
	return 0;
}

static int look(const struct model *m, const struct cred *cred, uint32_t type, const char *path,
		struct buf *out)
{
	int error = allowed(m, cred, path, PERM_READ);
	struct model_node *n;

	if (error)
		return error;
	n = model_find(m, path);
	if (type == XS_READ)
		buf_add(out, n->value.data, n->value.len);
	else if (type == XS_DIRECTORY)
		list(m, path, out);
	for (uint32_t i = 0; type == XS_GET_PERMS && i < n->nr_perms; i++) {
		buf_printf(out, "%c%u", "nrwb"[n->perms[i].bits], n->perms[i].domid);
		buf_add(out, "", 1);
	}
	return 0;
}

int model_request(struct model *m, const struct cred *cred, uint32_t type, const char *data,
		  size_t len, struct buf *out)
{
	const char *end = len ? memchr(data, 0, len) : NULL;
	bool only = type != XS_WRITE && type != XS_SET_PERMS;
	char *path = NULL;
	size_t home;
	int error = EINVAL;

	out->len = 0;
	if (end && (!only || end == data + len - 1) && (type != XS_SET_PERMS || !data[len - 1]))
		path = path_absolute(data, cred->domid, &home);
	if (path && (type == XS_READ || type == XS_DIRECTORY || type == XS_GET_PERMS))
		error = look(m, cred, type, path, out);
	else if (path)
		error = change(m, cred, type, path, end + 1, data + len);
	xs_free(path);
	if (!error && (type == XS_WRITE || type == XS_MKDIR || type == XS_RM ||
		       type == XS_SET_PERMS))
		buf_add(out, "OK", 3);
	return error;
}

void model_forget(struct model *m, uint16_t domid)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->nodes[i].perms[0].domid == domid && m->nodes[i].path[1]) {
			char *path = xs_strndup(m->nodes[i].path, strlen(m->nodes[i].path));

			remove_all(m, path);
			xs_free(path);
			i--;
		}
	}
	for (size_t i = 0; i < m->count; i++) {
		struct model_node *n = &m->nodes[i];
		uint32_t kept = 1;

		for (uint32_t k = 1; k < n->nr_perms; k++) {
			if (n->perms[k].domid != domid)
				n->perms[kept++] = n->perms[k];
		}
		n->nr_perms = kept;
	}
}

void model_describe(const struct model *m, struct buf *b)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct model_node *n = &m->nodes[i];

		buf_printf(b, "%s", n->path);
		for (uint32_t k = 0; k < n->nr_perms; k++)
			buf_printf(b, " %u:%u", n->perms[k].domid, n->perms[k].bits);
		buf_printf(b, " = ");
		buf_add(b, n->value.data, n->value.len);
		buf_add(b, "\n", 1);
	}
}
