/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing a domain's memory by guest physical address. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/string.h>

#include "private.h"

static bool can_read(enum p2m_type t)
{
	switch (t) {
	case P2M_RAM_RW:
	case P2M_RAM_RO:
	case P2M_GRANT_RW:
	case P2M_GRANT_RO:
	case P2M_FOREIGN:
	case P2M_XENSHARE:
		return true;
	default:
		return false;
	}
}

bool p2m_view_move(struct p2m_view *w, gpaddr_t at)
{
	enum p2m_type t;
	u32 order;
	mfn_t mfn = p2m_lookup_locked(w->p, gpaddr_to_gfn(at), &t, &order);
	u64 bytes = PAGE_SIZE << order;

	w->bytes = 0;
	if (!can_read(t))
		return false;
	ASSERT(mfn_is_ram(mfn));
	w->start = at.v & ~(bytes - 1);
	w->bytes = bytes;
	w->writable = t != P2M_RAM_RO && t != P2M_GRANT_RO;
	/* The lookup returned the frame of @at, which may be inside a superpage. */
	w->va = (char *)mfn_to_virt(mfn) - ((at.v & PAGE_MASK) - w->start);
	return true;
}

static int copy_pages(struct domain *d, gpaddr_t at, void *buf, size_t len, bool write)
{
	while (len) {
		size_t n = min(len, PAGE_SIZE - page_offset(at.v));
		struct p2m_view view;
		void *va;

		p2m_view_begin(&view, d->p2m);
		va = p2m_view_at(&view, at, write);
		if (va)
			memcpy(write ? va : buf, write ? buf : va, n);
		if (va && write)
			p2m_view_written(&view, at);
		p2m_view_end(&view);
		if (!va)
			return -XEN_EFAULT;
		at = gpaddr_make(at.v + n);
		buf = (char *)buf + n;
		len -= n;
	}
	return 0;
}

int guest_phys_read(struct domain *d, void *dst, gpaddr_t src, size_t len)
{
	return copy_pages(d, src, dst, len, false);
}

int guest_phys_write(struct domain *d, gpaddr_t dst, const void *src, size_t len)
{
	return copy_pages(d, dst, (void *)(uintptr_t)src, len, true);
}
