/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a plan true: memory and its contents, by hypercalls that stay short. */
#include <assert.h>

#include "private.h"

#include "ctrl/ctrl.h"

#define PAGES_2M (1UL << PAGE_ORDER_2M)
#define EXTENTS_A_CALL 256
#define PAGES_A_CALL 256	/* a hypervisor may take long to unmap each of them */

void bld_job_init(struct bld_job *job, struct ctl *ctl, uint32_t domid,
		  const struct bld_plan *plan)
{
	*job = (struct bld_job){ .ctl = ctl, .domid = domid, .plan = plan };
}

/* Large pages where they fit; single ones at the edges, or when large ones have run out. */
int bld_populate(struct bld_job *job)
{
	const struct bld_region *r = &job->plan->region[job->region];
	uint64_t first = (r->start.v >> PAGE_SHIFT) + job->offset;
	uint64_t left = (r->bytes >> PAGE_SHIFT) - job->offset;
	bool large = !job->small && !(first % PAGES_2M) && left >= PAGES_2M;
	uint64_t step = large ? PAGES_2M : 1, n;
	xen_pfn_t gfn[EXTENTS_A_CALL];
	long done;

	n = left / step;
	if (!large && !job->small && n > PAGES_2M - first % PAGES_2M)
		n = PAGES_2M - first % PAGES_2M;
	if (n > EXTENTS_A_CALL)
		n = EXTENTS_A_CALL;
	for (uint64_t i = 0; i < n; i++)
		gfn[i] = first + i * step;
	done = ctl_populate(job->ctl, job->domid, gfn, n, large ? PAGE_ORDER_2M : PAGE_ORDER_4K);
	if (done < 0)
		return (int)done;
	if ((uint64_t)done > n)
		return -EPROTO;
	if ((uint64_t)done < n && !large)
		return -ENOMEM;
	if ((uint64_t)done < n)
		job->small = true;
	job->offset += (uint64_t)done * step;
	job->done_pages += (uint64_t)done * step;
	if (job->offset == r->bytes >> PAGE_SHIFT) {
		job->offset = 0;
		job->region++;
	}
	return job->region < job->plan->nr_regions;
}

/* Copy what of the piece lies in the window of @bytes at offset @from of it to @to. */
static void copy(uint8_t *to, const struct bld_piece *p, uint64_t from, uint64_t bytes)
{
	uint64_t data = from < p->bytes ? p->bytes - from : 0;

	if (data > bytes)
		data = bytes;
	if (data)
		memcpy(to, p->data + from, data);
	memset(to + data, 0, bytes - data);
}

int bld_write(struct bld_job *job)
{
	const struct bld_piece *p = &job->plan->piece[job->piece];
	uint64_t at = p->at.v + job->offset, left = p->bytes + p->zeros - job->offset;
	uint64_t skip = at % PAGE_SIZE, bytes = PAGES_A_CALL * PAGE_SIZE - skip, pages;
	xen_pfn_t gfn[PAGES_A_CALL];
	uint8_t *map;
	int rc;

	assert(job->piece < job->plan->nr_pieces && job->offset <= p->bytes + p->zeros);
	if (bytes > left)
		bytes = left;
	pages = (skip + bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
	if (bytes) {
		for (uint64_t i = 0; i < pages; i++)
			gfn[i] = (at >> PAGE_SHIFT) + i;
		map = ctl_map(job->ctl, job->domid, gfn, pages, &rc);
		if (!map)
			return rc;
		copy(map + skip, p, job->offset, bytes);
		ctl_unmap(job->ctl, map, pages);
	}
	job->offset += bytes;
	job->done_bytes += bytes;
	if (job->offset == p->bytes + p->zeros) {
		job->offset = 0;
		job->piece++;
	}
	return job->piece < job->plan->nr_pieces;
}
