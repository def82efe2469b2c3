/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated world for tests of event channels and grants. */
#include "fake-world.h"

#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/hal/vcpu.h>
#include <xen/hypercall.h>
#include <xen/trace.h>
#include <xen/xmalloc.h>

#include <assert.h>
#include <stdlib.h>

struct page_info *frame_table;
u64 max_mfn = WORLD_FRAMES;
char *hal_direct_map;
struct domain *hardware_domain;
u32 world_preempt_every, world_copy_fails_in, world_alloc_fails_in;
u32 world_flushes, world_stale_frees, world_pirqs_bound;

static struct domain *domains[WORLD_MAX_DOMAINS];
static u32 preempt_calls;

void world_init(void)
{
	if (!hal_direct_map) {
		hal_direct_map = aligned_alloc(PAGE_SIZE, WORLD_FRAMES * PAGE_SIZE);
		frame_table = calloc(WORLD_FRAMES, sizeof(*frame_table));
		assert(hal_direct_map && frame_table);
		/* Frame 0 has no owner, so that code that takes mfn 0 for "none" fails here. */
		for (u32 i = 1; i < WORLD_FRAMES; i++)
			frame_table[i].state = PAGE_STATE_FREE;
	}
	hardware_domain = NULL;
	world_preempt_every = world_copy_fails_in = world_alloc_fails_in = 0;
	world_flushes = world_stale_frees = world_pirqs_bound = 0;
	preempt_calls = 0;
}

/* The real panic would need the trace buffers and, with them, the real frames. */
void trace_dump(void)
{
}

/* Frames */

struct page_info *alloc_pages(u32 order, u32 memf)
{
	assert(order == 0);
	if (world_alloc_fails_in && --world_alloc_fails_in == 0) {
		world_alloc_fails_in = 1;
		return NULL;
	}
	for (u32 i = 1; i < WORLD_FRAMES; i++) {
		struct page_info *pg = &frame_table[i];

		if (pg->state != PAGE_STATE_FREE)
			continue;
		*pg = (struct page_info){ .state = PAGE_STATE_XEN, .refs = 1 };
		memset(page_to_virt(pg), 0, PAGE_SIZE);
		return pg;
	}
	return NULL;
}

static bool mapped_by_someone(u64 mfn)
{
	for (u32 i = 0; i < WORLD_MAX_DOMAINS; i++) {
		if (!domains[i] || fake_domain(domains[i])->p2m.need_flush)
			continue;
		for (u32 g = 0; g < WORLD_GFNS; g++)
			if (fake_domain(domains[i])->map[g].mfn == mfn &&
			    fake_domain(domains[i])->map[g].type != P2M_INVALID)
				return true;
	}
	return false;
}

static void free_frame(struct page_info *pg)
{
	for (u32 i = 0; i < WORLD_MAX_DOMAINS; i++)
		if (domains[i] && fake_domain(domains[i])->p2m.need_flush)
			world_stale_frees++;
	if (mapped_by_someone(page_to_mfn(pg).v))
		world_stale_frees++;
	*pg = (struct page_info){ .state = PAGE_STATE_FREE };
}

void free_pages(struct page_info *pg, u32 order)
{
	assert(order == 0 && pg->refs == 1);
	free_frame(pg);
}

bool page_get(struct page_info *pg, const struct domain *d)
{
	if (pg->state == PAGE_STATE_FREE || pg->owner != d || !pg->refs)
		return false;
	pg->refs++;
	return true;
}

void page_put(struct page_info *pg)
{
	assert(pg->refs > 0 && pg->state != PAGE_STATE_FREE);
	if (--pg->refs == 0)
		free_frame(pg);
}

u32 world_used_frames(void)
{
	u32 n = 0;

	for (u32 i = 1; i < WORLD_FRAMES; i++)
		n += frame_table[i].state != PAGE_STATE_FREE;
	return n;
}

u64 world_total_refs(void)
{
	u64 n = 0;

	for (u32 i = 1; i < WORLD_FRAMES; i++)
		n += frame_table[i].refs;
	return n;
}

/* p2m */

struct fake_domain *fake_domain(struct domain *d)
{
	return container_of(d, struct fake_domain, d);
}

static struct fake_domain *p2m_owner(struct p2m *p)
{
	return container_of(p, struct fake_domain, p2m);
}

static void flush_if_due(struct p2m *p)
{
	if (p->need_flush && !p->batch) {
		p->need_flush = false;
		world_flushes++;
	}
}

int p2m_map(struct p2m *p, gfn_t gfn, mfn_t mfn, u32 order, enum p2m_type type)
{
	struct fake_domain *f = p2m_owner(p);

	assert(order == 0 && type != P2M_INVALID);
	if (gfn.v >= WORLD_GFNS)
		return -XEN_EINVAL;
	p->need_flush |= f->map[gfn.v].type != P2M_INVALID;
	f->map[gfn.v].mfn = mfn.v;
	f->map[gfn.v].type = type;
	flush_if_due(p);
	return 0;
}

int p2m_map_new(struct p2m *p, gfn_t gfn, mfn_t mfn, enum p2m_type type)
{
	struct fake_domain *f = p2m_owner(p);

	if (gfn.v < WORLD_GFNS && f->map[gfn.v].type != P2M_INVALID)
		return -XEN_EEXIST;
	return p2m_map(p, gfn, mfn, 0, type);
}

int p2m_unmap_page(struct p2m *p, gfn_t gfn, mfn_t mfn, enum p2m_type type)
{
	struct fake_domain *f = p2m_owner(p);

	if (gfn.v >= WORLD_GFNS || f->map[gfn.v].type != type || f->map[gfn.v].mfn != mfn.v)
		return -XEN_ENOENT;
	return p2m_unmap(p, gfn, 0);
}

int p2m_unmap(struct p2m *p, gfn_t gfn, u32 order)
{
	struct fake_domain *f = p2m_owner(p);

	assert(order == 0);
	if (gfn.v >= WORLD_GFNS)
		return -XEN_EINVAL;
	p->need_flush |= f->map[gfn.v].type != P2M_INVALID;
	f->map[gfn.v].type = P2M_INVALID;
	flush_if_due(p);
	return 0;
}

mfn_t p2m_lookup(struct p2m *p, gfn_t gfn, enum p2m_type *type, u32 *order)
{
	struct fake_domain *f = p2m_owner(p);

	if (order)
		*order = 0;
	*type = gfn.v < WORLD_GFNS ? f->map[gfn.v].type : P2M_INVALID;
	return *type == P2M_INVALID ? mfn_invalid() : mfn_make(f->map[gfn.v].mfn);
}

struct page_info *p2m_get_page(struct domain *d, gfn_t gfn, enum p2m_type *type, bool write)
{
	enum p2m_type t;
	mfn_t mfn = p2m_lookup(d->p2m, gfn, &t, NULL);
	struct page_info *pg;

	if (type)
		*type = t;
	if (t == P2M_INVALID || t == P2M_MMIO_DIRECT ||
	    (write && (t == P2M_RAM_RO || t == P2M_GRANT_RO)))
		return NULL;
	pg = mfn_to_page(mfn);
	return page_get(pg, p2m_type_is_ram(t) ? d : pg->owner) ? pg : NULL;
}

void p2m_batch_begin(struct p2m *p)
{
	p->batch++;
}

void p2m_batch_end(struct p2m *p)
{
	assert(p->batch > 0);
	p->batch--;
	flush_if_due(p);
}

/* Domains */

struct domain *world_domain(u16 id, u32 nr_vcpus, u32 ram)
{
	struct fake_domain *f = calloc(1, sizeof(*f));
	struct domain *d;
	u32 slot = 0;

	assert(f && ram <= WORLD_GFNS);
	d = &f->d;
	d->id = id;
	d->refs = 1;
	d->max_vcpus = nr_vcpus;
	d->vcpu = calloc(nr_vcpus, sizeof(*d->vcpu));
	spin_lock_init(&d->lock, "domain", LOCK_RANK_DOMAIN);
	d->p2m = &f->p2m;
	f->p2m.domain = d;
	d->shared_info_page = alloc_pages(0, 0);
	d->shared_info = page_to_virt(d->shared_info_page);
	for (u32 i = 0; i < nr_vcpus; i++) {
		struct fake_vcpu *fv = calloc(1, sizeof(*fv));

		assert(fv);
		fv->v.id = i;
		fv->v.domain = d;
		fv->v.vcpu_info = &d->shared_info->vcpu_info[i];
		d->vcpu[i] = &fv->v;
	}
	for (u32 i = 0; i < ram; i++) {
		struct page_info *pg = alloc_pages(0, 0);

		assert(pg);
		pg->state = PAGE_STATE_DOMAIN;
		pg->owner = d;
		f->map[i].mfn = page_to_mfn(pg).v;
		f->map[i].type = P2M_RAM_RW;
	}
	while (domains[slot])
		slot++;
	assert(slot < WORLD_MAX_DOMAINS);
	domains[slot] = d;
	return d;
}

void world_domain_free(struct domain *d)
{
	struct fake_domain *f = fake_domain(d);

	assert(d->refs == 1);
	for (u32 i = 0; i < WORLD_MAX_DOMAINS; i++)
		if (domains[i] == d)
			domains[i] = NULL;
	for (u32 g = 0; g < WORLD_GFNS; g++)
		if (p2m_type_is_ram(f->map[g].type))
			page_put(mfn_to_page(mfn_make(f->map[g].mfn)));
	free_pages(d->shared_info_page, 0);
	for (u32 i = 0; i < d->max_vcpus; i++)
		free(fake_vcpu(d, i));
	free(d->vcpu);
	free(f);
}

struct fake_vcpu *fake_vcpu(struct domain *d, u32 id)
{
	return container_of(d->vcpu[id], struct fake_vcpu, v);
}

struct page_info *world_page(struct domain *d, u64 gfn)
{
	struct fake_domain *f = fake_domain(d);

	if (gfn >= WORLD_GFNS || f->map[gfn].type == P2M_INVALID)
		return NULL;
	return mfn_to_page(mfn_make(f->map[gfn].mfn));
}

void *world_mem(struct domain *d, u64 gfn)
{
	struct page_info *pg = world_page(d, gfn);

	return pg ? page_to_virt(pg) : NULL;
}

struct domain *domain_get_by_id(u16 domid)
{
	for (u32 i = 0; i < WORLD_MAX_DOMAINS; i++) {
		if (domains[i] && domains[i]->id == domid && domains[i]->dying != DOM_DEAD) {
			domain_get(domains[i]);
			return domains[i];
		}
	}
	return NULL;
}

void domain_get(struct domain *d)
{
	d->refs++;
}

void domain_put(struct domain *d)
{
	assert(d->refs > 1);
	d->refs--;
}

struct domain *domain_next(const struct domain *d)
{
	bool found = d == NULL;

	for (u32 i = 0; i < WORLD_MAX_DOMAINS; i++) {
		if (domains[i] && found)
			return domains[i];
		found |= domains[i] == d;
	}
	return NULL;
}

void *map_guest_page(struct domain *d, gfn_t gfn, struct page_info **page)
{
	*page = p2m_get_page(d, gfn, NULL, true);
	return *page ? page_to_virt(*page) : NULL;
}

void unmap_guest_page(void *va, struct page_info *page)
{
	assert(va == page_to_virt(page));
	page_put(page);
}

/* A guest's pointers refer to the test's own objects; the first page is a hole. */

static u64 guest_start = PAGE_SIZE, guest_end = ~0UL;

void world_limit_guest(void *base, size_t size)
{
	guest_start = (u64)(uintptr_t)base;
	guest_end = guest_start + size;
}

/* Address in this process that a guest pointer refers to; NULL: none. */
static void *guest_memory(struct vcpu *v, gvaddr_t p, size_t len)
{
	u64 at = v->caller_is_32bit ? p.v - WORLD_LOW + guest_start : p.v;

	if (world_copy_fails_in && --world_copy_fails_in == 0) {
		world_copy_fails_in = 1;
		return NULL;
	}
	if (at < guest_start || at > guest_end || len > guest_end - at)
		return NULL;
	return (void *)(uintptr_t)at;
}

int hal_guest_copy_in(struct vcpu *v, void *dst, gvaddr_t src, size_t len)
{
	const void *at = guest_memory(v, src, len);

	if (!at)
		return -XEN_EFAULT;
	memcpy(dst, at, len);
	return 0;
}

int hal_guest_copy_out(struct vcpu *v, gvaddr_t dst, const void *src, size_t len)
{
	void *at = guest_memory(v, dst, len);

	if (!at)
		return -XEN_EFAULT;
	memcpy(at, src, len);
	return 0;
}

/* The rest of the hypervisor and of the machine */

/* From libc, so that ASan sees the bounds and the end of each object. */
void *xzalloc_bytes(size_t size)
{
	return calloc(1, size);
}

void xfree(void *p)
{
	free(p);
}

bool hypercall_preempt_check(void)
{
	return world_preempt_every && ++preempt_calls % world_preempt_every == 0;
}

void hal_vcpu_event_notify(struct vcpu *v)
{
	container_of(v, struct fake_vcpu, v)->notified++;
}

void vcpu_unblock(struct vcpu *v)
{
	container_of(v, struct fake_vcpu, v)->unblocked++;
}

int hal_pirq_bind(struct vcpu *v, u32 pirq, bool share)
{
	if (pirq == 13)
		return -XEN_EBUSY;
	world_pirqs_bound++;
	return 0;
}

void hal_pirq_unbind(struct domain *d, u32 pirq)
{
	assert(world_pirqs_bound > 0);
	world_pirqs_bound--;
}
