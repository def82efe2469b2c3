/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests about domains: who is there, whose ring is where, who acts for whom. */
#include <stdio.h>
#include <string.h>

#include "request.h"

/* Domain numbers that the hypervisor uses for other things begin here. */
#define FIRST_RESERVED_DOMID 0x7ff0U

static bool parse_domid(const char *s, uint16_t *domid)
{
	uint64_t n;

	if (!request_number(s, FIRST_RESERVED_DOMID - 1, &n))
		return false;
	*domid = (uint16_t)n;
	return true;
}

/* The payload is one domain's number. */
static bool only_domid(struct request *r, uint16_t *domid)
{
	return request_args(r) && r->nr_args == 1 && parse_domid(r->args[0], domid);
}

int request_introduce(struct xs *xs, struct conn *c, struct request *r)
{
	uint64_t gfn, port;
	struct domain *d;
	uint16_t domid;
	int error;

	if (!request_args(r) || r->nr_args < 3 || !parse_domid(r->args[0], &domid) ||
	    !request_number(r->args[1], UINT64_MAX, &gfn) ||
	    !request_number(r->args[2], UINT32_MAX, &port) || !port)
		return EINVAL;
	d = xs_domain(xs, domid);
	if (!d) {
		error = xs_introduce(xs, c, domid, gfn, (uint32_t)port);
		return error ? error : request_ok(xs, c);
	}
	/* Once more: its event channel is another one now, and its ring starts afresh. That cannot
	 * be asked for through the ring itself. */
	if (d->conn == c)
		return EINVAL;
	error = record_domain(xs, c, domid, d->target, gfn, (uint32_t)port, d->shutdown);
	if (error)
		return error;
	xs->hooks->detach(xs->ctx, d);
	d->gfn = gfn;
	d->port = (uint32_t)port;
	xs_domain_reset(xs, d);
	d->afresh = true;
	error = xs->hooks->attach(xs->ctx, d);
	return error ? error : request_ok(xs, c);
}

int request_release(struct xs *xs, struct conn *c, struct request *r)
{
	struct domain *d;
	uint16_t domid;
	int error;

	if (!only_domid(r, &domid) || !domid)
		return EINVAL;
	d = xs_domain(xs, domid);
	if (!d)
		return ENOENT;
	error = xs_release(xs, c, d);
	return error ? error : request_ok(xs, c);
}

int request_domain_path(struct xs *xs, struct conn *c, struct request *r)
{
	char path[32];
	uint16_t domid;

	if (!only_domid(r, &domid))
		return EINVAL;
	conn_reply(xs, c, path,
		   (size_t)snprintf(path, sizeof(path), "/local/domain/%u", domid) + 1);
	return 0;
}

int request_is_introduced(struct xs *xs, struct conn *c, struct request *r)
{
	uint64_t domid;

	/* The question may be about a number that no domain can have. */
	if (!request_args(r) || r->nr_args != 1 || !request_number(r->args[0], UINT16_MAX, &domid))
		return EINVAL;
	conn_reply(xs, c, xs_domain(xs, (uint16_t)domid) ? "T" : "F", 2);
	return 0;
}

int request_resume(struct xs *xs, struct conn *c, struct request *r)
{
	struct domain *d;
	uint16_t domid;
	int error;

	if (!only_domid(r, &domid))
		return EINVAL;
	d = xs_domain(xs, domid);
	if (!d)
		return ENOENT;
	error = record_domain(xs, c, domid, d->target, d->gfn, d->port, 0);
	if (error)
		return error;
	d->shutdown = false;
	return request_ok(xs, c);
}

int request_set_target(struct xs *xs, struct conn *c, struct request *r)
{
	uint16_t domid, target;
	struct domain *d;
	int error;

	if (!request_args(r) || r->nr_args != 2 || !parse_domid(r->args[0], &domid) ||
	    !parse_domid(r->args[1], &target) || domid == target)
		return EINVAL;
	d = xs_domain(xs, domid);
	if (!d || !xs_domain(xs, target))
		return ENOENT;
	error = record_domain(xs, c, domid, target, d->gfn, d->port, d->shutdown);
	if (error)
		return error;
	d->target = d->conn->cred.target = target;
	return request_ok(xs, c);
}
