/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XENMEM_*: memory of guests, and writing into it. */
#include <sys/mman.h>

#include "private.h"

#include <public/grant_table.h>

#define MEMORY_MAP_ENTRY_BYTES 20	/* address, size (8 bytes each), type (4): an e820 entry */

long ctl_populate(struct ctl *ctl, uint32_t domid, const xen_pfn_t *gfn, size_t n,
		  unsigned int order)
{
	struct xen_memory_reservation r = { .nr_extents = n, .extent_order = order,
					    .domid = (domid_t)domid };
	void *buf = buf_get(ctl, gfn, n * sizeof(*gfn));
	long rc;

	if (!buf)
		return -ENOMEM;
	set_xen_guest_handle(r.extent_start, buf);
	rc = call_struct(ctl, __HYPERVISOR_memory_op, XENMEM_populate_physmap, &r, sizeof(r));
	buf_put(ctl, buf);
	return rc < 0 ? failed(ctl, rc, "giving it memory", domid) : rc;
}

int ctl_claim_pages(struct ctl *ctl, uint32_t domid, uint64_t pages)
{
	struct xen_memory_reservation r = { .nr_extents = pages, .domid = (domid_t)domid };
	long rc = call_struct(ctl, __HYPERVISOR_memory_op, XENMEM_claim_pages, &r, sizeof(r));

	return rc < 0 ? (int)failed(ctl, rc, "claiming memory", domid) : 0;
}

int ctl_set_memory_map(struct ctl *ctl, uint32_t domid, const void *entries, uint32_t n)
{
	struct xen_foreign_memory_map m = { .domid = (domid_t)domid, .map.nr_entries = n };
	void *buf = buf_get(ctl, entries, n * MEMORY_MAP_ENTRY_BYTES);
	long rc;

	if (!buf)
		return -ENOMEM;
	set_xen_guest_handle(m.map.buffer, buf);
	rc = call_struct(ctl, __HYPERVISOR_memory_op, XENMEM_set_memory_map, &m, sizeof(m));
	buf_put(ctl, buf);
	return rc < 0 ? (int)failed(ctl, rc, "setting its memory map", domid) : 0;
}

int ctl_cache_flush(struct ctl *ctl, uint32_t domid, uint64_t gfn, uint64_t n)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_cacheflush, .domain = (domid_t)domid,
				 .u.cacheflush = { .start_pfn = gfn, .nr_pfns = n } };

	return domctl(ctl, &op, "writing caches back to its memory");
}

void *ctl_map(struct ctl *ctl, uint32_t domid, const xen_pfn_t *gfn, size_t n, int *err)
{
	int *errs = calloc(n, sizeof(*errs));
	void *p;

	*err = -ENOMEM;
	if (!errs)
		return NULL;
	errno = 0;
	p = ctl->backend->map(ctl->priv, domid, PROT_READ | PROT_WRITE, n, gfn, errs);
	*err = p ? 0 : errno ? -errno : -EINVAL;
	for (size_t i = 0; p && i < n; i++) {
		if (!errs[i])
			continue;
		*err = -abs(errs[i]);
		ctl->backend->unmap(ctl->priv, p, n);
		p = NULL;
	}
	free(errs);
	if (!p)
		failed(ctl, *err, "mapping its memory", domid);
	return p;
}

void ctl_unmap(struct ctl *ctl, void *addr, size_t n)
{
	ctl->backend->unmap(ctl->priv, addr, n);
}

int ctl_grant_reserved(struct ctl *ctl, uint32_t domid, uint32_t ref, uint32_t to, gfn_t gfn)
{
	void *page, *token;
	grant_entry_v1_t *entry;

	errno = 0;
	token = ctl->backend->map_grants(ctl->priv, domid, &page);
	if (!token || !page)
		return (int)failed(ctl, errno ? -errno : -EINVAL, "mapping its grant table", domid);
	entry = (grant_entry_v1_t *)page + ref;
	entry->domid = (domid_t)to;
	entry->frame = (uint32_t)gfn.v;
	/* The entry counts from the moment its flags say so. */
	__atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_RELEASE);
	ctl->backend->unmap_grants(ctl->priv, token);
	return 0;
}
