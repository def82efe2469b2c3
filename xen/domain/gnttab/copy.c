/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: GNTTABOP_copy, between granted pages and pages of the caller. */
#include "private.h"

#include <xen/string.h>
#include <xen/trace.h>

/* A pinned grant; a transitive grant takes two. */
struct copy_pin {
	struct domain *d;	/* referenced */
	u32 ref;
};

/* One end of a copy. */
struct copy_side {
	struct page_info *page;
	u32 start, length;	/* the part that may be accessed */
	bool write;
	u32 nr_pins;		/* 0: a page of the caller's own, referenced */
	struct copy_pin pin[2];
};

static void side_release(struct copy_side *s)
{
	if (!s->nr_pins && s->page)
		page_put(s->page);
	while (s->nr_pins > 0) {
		struct copy_pin *p = &s->pin[--s->nr_pins];

		grant_unpin(p->d, p->ref, s->write);
		domain_put(p->d);
	}
}

/* Pin (@domid, @ref) for @grantee and add it to @s; on failure @s is as before. */
static int side_pin(struct copy_side *s, u16 domid, u32 ref, u16 grantee, struct grant_view *view)
{
	struct domain *d = domain_get_by_id(domid);
	int rc;

	if (!d)
		return GNTST_bad_domain;
	rc = grant_pin(d, ref, grantee, PIN_COPY | (s->write ? PIN_WRITE : 0), view);
	if (rc) {
		domain_put(d);
		return rc;
	}
	ASSERT(s->nr_pins < ARRAY_SIZE(s->pin));
	s->pin[s->nr_pins++] = (struct copy_pin){ d, ref };
	return GNTST_okay;
}

static int side_from_grant(struct copy_side *s, struct domain *caller, u16 domid, u32 ref)
{
	struct grant_view view;
	int rc;

	if (domid == DOMID_SELF)
		domid = caller->id;
	rc = side_pin(s, domid, ref, caller->id, &view);
	if (!rc && !view.page) {
		/* Transitive: also pin the grant that is passed on. Only one step is followed. */
		rc = side_pin(s, view.via_domid, view.via_ref, s->pin[0].d->id, &view);
		if (!rc && !view.page)
			rc = GNTST_general_error;
	}
	if (rc)
		return rc;
	s->page = view.page;
	s->start = view.start;
	s->length = view.length;
	return GNTST_okay;
}

static int side_from_gfn(struct copy_side *s, struct domain *caller, u16 domid, u64 gfn)
{
	if (domid != DOMID_SELF)
		return GNTST_permission_denied;
	s->page = p2m_get_page(caller, gfn_make(gfn), NULL, s->write);
	s->length = PAGE_SIZE;
	return s->page ? GNTST_okay : GNTST_bad_page;
}

static int side_open(struct copy_side *s, struct domain *caller, const struct gnttab_copy_ptr *p,
		     bool is_ref, u32 len)
{
	int rc;

	rc = is_ref ? side_from_grant(s, caller, p->domid, p->u.ref)
		    : side_from_gfn(s, caller, p->domid, p->u.gmfn);
	if (!rc && (p->offset < s->start || p->offset + len > s->start + s->length))
		rc = GNTST_general_error;
	return rc;
}

s16 grant_copy(struct vcpu *v, const struct gnttab_copy *op)
{
	struct copy_side src = { .write = false }, dst = { .write = true };
	int rc;

	if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)
		return GNTST_bad_copy_arg;
	trace_grant_copy(op->source.domid, op->dest.domid, op->len);
	rc = side_open(&src, v->domain, &op->source, op->flags & GNTCOPY_source_gref, op->len);
	if (!rc)
		rc = side_open(&dst, v->domain, &op->dest, op->flags & GNTCOPY_dest_gref, op->len);
	ASSERT(rc || (src.page && dst.page));
	/* Source and destination may be the same page. */
	if (!rc)
		memmove((u8 *)page_to_virt(dst.page) + op->dest.offset,
			(u8 *)page_to_virt(src.page) + op->source.offset, op->len);
	side_release(&dst);
	side_release(&src);
	return (s16)rc;
}
