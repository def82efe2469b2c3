/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See state-oracle.h: pages, owners, p2m, references and locks. */
#include "state-oracle-evtchn.h"
#include "state-oracle-grants.h"
#include "state-oracle-ioreq.h"
#include "state-oracle-memory.h"
#include "state-oracle-private.h"

#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/p2m_fmt.h>
#include <xen/trace.h>

#include "../../arch/host/private.h"
#include "../../domain/private.h"

struct oracle oracle;
struct oracle_findings found;

void oracle_start(void)
{
	BUG_ON(max_mfn > ORACLE_FRAMES);
	oracle = (struct oracle){ .total_pages = total_page_count() };
	memset(&found, 0, sizeof(found));
}

void *oracle_state(unsigned long *bytes)
{
	*bytes = sizeof(oracle);
	return &oracle;
}

void oracle_allow_foreign(void)
{
	oracle.foreign_for_others = true;
}

u64 oracle_checks(void)
{
	return oracle.checks;
}

bool oracle_is_quiet(void)
{
	for (u32 i = 0; i < host_cfg.cpus; i++)
		if (i != host_current_cpu && host_cpus[i].state != CPU_WAITS)
			return false;
	return host_observer == host_current_cpu ||
	       host_cpus[host_observer].state == CPU_WAITS;
}

void oracle_check_cpu(void)
{
	if (hal_in_irq() || !hal_irq_is_enabled())
		panic("oracle: a hypercall left interrupts off");
	if (rcu_read_locked())
		panic("oracle: a hypercall left an RCU read section open");
	/* Of all ranked locks this one has the lowest rank, so any held lock is out of order. */
	lock_check_order("oracle: nothing", 1, false);
}

struct oracle_domain *oracle_domain(const struct domain *d)
{
	/* Mostly the one that was asked for last: frames of a domain lie together. */
	static u32 last;

	if (last < found.nr_domains && found.domain[last].d == d)
		return &found.domain[last];
	for (u32 i = 0; i < found.nr_domains; i++)
		if (found.domain[i].d == d)
			return &found.domain[last = i];
	return NULL;
}

static void note_domain(struct domain *d, bool listed)
{
	struct oracle_domain *od = &found.domain[found.nr_domains];

	if (!d || oracle_domain(d))
		return;
	if (found.nr_domains == ORACLE_DOMAINS)
		panic("oracle: more than %u domains", ORACLE_DOMAINS);
	found.nr_domains++;
	od->d = d;
	od->listed = listed;
	od->refs = od->nr_grants = 0;
	od->pages = od->tables = 0;
	od->was_mapped = od->mapped;
	od->mapped = 0;
}

static bool is_shared(const struct page_info *pg)
{
	return pg->state == PAGE_STATE_XEN && pg->flags & PAGE_FLAG_XENSHARE;
}

static void note_frame(u32 mfn)
{
	const struct page_info *pg = &frame_table[mfn];

	found.used[found.nr_used++] = mfn;
	if (pg->state == PAGE_STATE_DOMAIN || is_shared(pg))
		note_domain(pg->owner, false);
}

/* All domains in the list, and dead ones that others' mappings keep; frames that are not free. */
static void find_all(void)
{
	for (u32 i = 0; i < found.nr_used; i++)
		found.expect[found.used[i]] = found.mapped[found.used[i]] = 0;
	found.nr_domains = found.nr_used = 0;
	rcu_read_lock();
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d))
		note_domain(d, true);
	rcu_read_unlock();
	for (u32 group = 0; group * ORACLE_GROUP < max_mfn; group++)
		for (u64 used = oracle_used(group); used; used &= used - 1)
			note_frame(group * ORACLE_GROUP + (u32)__builtin_ctzl(used));
}

void oracle_expect(const struct page_info *pg, const char *what)
{
	u64 mfn = (u64)(pg - frame_table);

	if (mfn >= max_mfn)
		panic("oracle: %s holds a page that is not RAM", what);
	if (pg->state == PAGE_STATE_FREE)
		panic("oracle: %s holds frame %lx, which is free", what, mfn);
	found.expect[mfn]++;
}

/* ---- the p2m ---- */

static void check_ram(struct oracle_domain *od, u64 gfn, u64 mfn, u64 frames)
{
	const struct domain *d = od->d;

	for (u64 i = 0; i < frames; i++) {
		const struct page_info *pg = &frame_table[mfn + i];

		if (mfn + i >= max_mfn || pg->state != PAGE_STATE_DOMAIN || pg->owner != d)
			panic("oracle: d%u has frame %lx at gfn %lx, which is not its own", d->id,
			      mfn + i, gfn + i);
		if (!(pg->flags & PAGE_FLAG_ALLOCATED))
			panic("oracle: d%u released frame %lx, which is at gfn %lx", d->id,
			      mfn + i, gfn + i);
		if (found.mapped[mfn + i]++)
			panic("oracle: d%u has frame %lx twice, the second at gfn %lx", d->id,
			      mfn + i, gfn + i);
	}
}

static void check_foreign(struct oracle_domain *od, u64 gfn, u64 mfn)
{
	struct page_info *pg = &frame_table[mfn];
	struct oracle_domain *owner;

	if (mfn >= max_mfn || !pg->owner || pg->state == PAGE_STATE_FREE)
		panic("oracle: d%u has the free frame %lx at gfn %lx", od->d->id, mfn, gfn);
	oracle_expect(pg, "a foreign mapping");
	owner = oracle_domain(pg->owner);
	if (owner)
		owner->refs++;
	if (!od->d->is_privileged && !oracle.foreign_for_others && pg->owner != od->d)
		panic("oracle: d%u has d%u's frame %lx at gfn %lx and is not privileged",
		      od->d->id, pg->owner->id, mfn, gfn);
}

static void check_grant(struct oracle_domain *od, u64 gfn, u64 mfn, bool write)
{
	if (mfn >= max_mfn || frame_table[mfn].state != PAGE_STATE_DOMAIN)
		panic("oracle: d%u has frame %lx by grant at gfn %lx, which is not a guest's",
		      od->d->id, mfn, gfn);
	if (od->nr_grants < ORACLE_GRANTS)
		od->grant[od->nr_grants] = (struct oracle_grant){ gfn, mfn, write };
	od->nr_grants++;
}

static void check_share(struct oracle_domain *od, u64 gfn, u64 mfn)
{
	const struct page_info *pg = &frame_table[mfn];

	if (mfn >= max_mfn || pg->state != PAGE_STATE_XEN || !(pg->flags & PAGE_FLAG_XENSHARE) ||
	    pg->owner != od->d)
		panic("oracle: d%u has frame %lx at gfn %lx, which is not shared with it",
		      od->d->id, mfn, gfn);
}

static void check_leaf(struct oracle_domain *od, u64 gfn, u64 entry, u32 level)
{
	const struct p2m_fmt *f = od->d->p2m->fmt;
	enum p2m_type type = p2m_entry_type(f, entry);
	u64 mfn = p2m_entry_mfn(f, entry).v;

	if (gfn < ORACLE_GFNS && !level) {
		od->seen[gfn] = (struct oracle_tlb){ mfn + 1, type };
		od->mapped |= 1UL << gfn;
	}
	switch (type) {
	case P2M_RAM_RW:
	case P2M_RAM_RO:
		check_ram(od, gfn, mfn, 1UL << (level * P2M_LEVEL_BITS));
		break;
	case P2M_GRANT_RW:
	case P2M_GRANT_RO:
		check_grant(od, gfn, mfn, type == P2M_GRANT_RW);
		break;
	case P2M_FOREIGN:
		check_foreign(od, gfn, mfn);
		break;
	case P2M_XENSHARE:
		check_share(od, gfn, mfn);
		break;
	case P2M_MMIO_DIRECT:
		if (mfn < max_mfn)
			panic("oracle: d%u has RAM %lx as a device's at gfn %lx", od->d->id, mfn,
			      gfn);
		break;
	default:
		panic("oracle: d%u has an entry of type %u at gfn %lx", od->d->id, type, gfn);
	}
}

static void walk(struct oracle_domain *od, u64 table, u32 level, u64 gfn)
{
	const struct p2m_fmt *f = od->d->p2m->fmt;
	const u64 *t = mfn_to_virt(mfn_make(table));

	od->tables++;
	/* Tables are mostly empty. */
	for (u64 eights = oracle_eights(t); eights; eights &= eights - 1) {
		u64 first = (u64)__builtin_ctzl(eights) * 8;

		for (u64 i = first; i < first + 8; i++) {
			u64 at = gfn + (i << (level * P2M_LEVEL_BITS));

			if (!(t[i] & f->present))
				continue;
			if (p2m_entry_is_leaf(f, t[i], level))
				check_leaf(od, at, t[i], level);
			else
				walk(od, p2m_entry_mfn(f, t[i]).v, level - 1, at);
		}
	}
}

static void check_p2m(struct oracle_domain *od)
{
	struct p2m *p = od->d->p2m;

	if (!p)
		return;
	if (p->batch || p->need_flush)
		panic("oracle: d%u: a batch of changes was left open, or not flushed", od->d->id);
	for (u32 i = 0; i < p->nr_parked; i++) {
		struct oracle_domain *owner = oracle_domain(p->parked[i]->owner);

		oracle_expect(p->parked[i], "an unmapped foreign page");
		if (owner)
			owner->refs++;
	}
	/* Once closed, nothing is translated, and the tables may be gone. */
	if (p->closed)
		return;
	walk(od, p->root.v, p->fmt->levels - 1, 0);
}

/* ---- TLBs ---- */

static struct oracle_tlb *tlb_of(const struct domain *d)
{
	return d->id < ORACLE_TLBS ? oracle.tlb[d->id].entry : NULL;
}

static bool tlb_may_lag(const struct domain *d, const struct oracle_tlb *old)
{
	return old->type == P2M_FOREIGN && d->p2m->nr_parked;
}

static bool same_mappings(const struct oracle_tlb *a, const struct oracle_tlb *b)
{
	u64 x = 0;

	for (u64 g = 0; g < ORACLE_GFNS; g++)
		x |= (a[g].frame ^ b[g].frame) | (a[g].type ^ b[g].type);
	return !x;
}

/* Every vCPU has used every page since the last check. */
static void check_tlb(struct oracle_domain *od)
{
	struct oracle_tlb *tlb = tlb_of(od->d);

	if (!tlb || !od->d->p2m)
		return;
	if (oracle.tlb[od->d->id].d != od->d) {
		oracle.tlb[od->d->id].d = od->d;
		memset(tlb, 0, sizeof(oracle.tlb[0].entry));
	}
	if (same_mappings(tlb, od->seen))
		return;
	for (u64 g = 0; g < ORACLE_GFNS; g++) {
		const struct oracle_tlb *now = &od->seen[g];

		if (tlb[g].frame && (tlb[g].frame != now->frame || tlb[g].type != now->type) &&
		    !od->d->p2m->closed && !tlb_may_lag(od->d, &tlb[g]))
			panic("oracle: d%u gfn %lx was frame %lx and is %lx now, without a flush",
			      od->d->id, g, tlb[g].frame - 1, now->frame - 1);
		if (now->frame)
			tlb[g] = *now;
	}
}

/* A page that a TLB still leads to must be the same domain's page until the flush. */
static void check_still_held(const struct domain *d, u64 gfn, const struct oracle_tlb *e)
{
	const struct page_info *pg = &frame_table[e->frame - 1];
	bool ram = e->type == P2M_RAM_RW || e->type == P2M_RAM_RO;

	if (pg->state == PAGE_STATE_FREE || (ram && pg->owner != d))
		panic("oracle: d%u: frame %lx was freed before gfn %lx was flushed", d->id,
		      e->frame - 1, gfn);
}

void oracle_flush(struct p2m *p, gfn_t start, u64 n)
{
	struct oracle_tlb *tlb = tlb_of(p->domain);

	if (!tlb || oracle.tlb[p->domain->id].d != p->domain)
		return;
	for (u64 g = start.v; g < ORACLE_GFNS && g - start.v < n; g++) {
		if (tlb[g].frame)
			check_still_held(p->domain, g, &tlb[g]);
		tlb[g].frame = 0;
	}
}

/* ---- frames ---- */

static void check_domain_page(u64 mfn, const struct page_info *pg)
{
	struct oracle_domain *od = oracle_domain(pg->owner);
	u32 want = found.expect[mfn] + (pg->flags & PAGE_FLAG_ALLOCATED ? 1 : 0);

	if (pg->refs != want)
		panic("oracle: frame %lx of d%u has %u references, %u known", mfn,
		      pg->owner->id, pg->refs, want);
	if (!pg->refs)
		panic("oracle: frame %lx of d%u has no reference and is not free", mfn,
		      pg->owner->id);
	od->pages++;
	if (pg->flags & PAGE_FLAG_ALLOCATED && !found.mapped[mfn] && !od->d->is_mapped_1to1 &&
	    !od->d->dying)
		panic("oracle: frame %lx of d%u is lost: allocated and mapped nowhere", mfn,
		      od->d->id);
}

static void check_xen_page(u64 mfn, const struct page_info *pg)
{
	bool orphan = pg->flags & PAGE_FLAG_ORPHAN;
	u32 want = found.expect[mfn] + !orphan;

	if (pg->refs != want)
		panic("oracle: the hypervisor's frame %lx has %u references, %u known", mfn,
		      pg->refs, want);
	if (orphan && !(pg->flags & PAGE_FLAG_XENSHARE))
		panic("oracle: frame %lx is an orphan of nothing shared", mfn);
}

static void check_frames(void)
{
	for (u32 i = 0; i < found.nr_used; i++) {
		u64 m = found.used[i];
		const struct page_info *pg = &frame_table[m];

		switch (pg->state) {
		case PAGE_STATE_FREE:
			panic("oracle: frame %lx is free and has %u references", m, pg->refs);
		case PAGE_STATE_DOMAIN:
			check_domain_page(m, pg);
			break;
		case PAGE_STATE_XEN:
			check_xen_page(m, pg);
			break;
		default:
			break;
		}
	}
}

/* ---- domains ---- */

static void expect_area(const struct guest_area *a)
{
	for (u32 i = 0; i < ARRAY_SIZE(a->page); i++)
		if (a->page[i])
			oracle_expect(a->page[i], "a runstate area");
}

static void expect_vcpus(const struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		if (v->vcpu_info_page)
			oracle_expect(v->vcpu_info_page, "a vcpu_info");
		expect_area(&v->runstate_area);
	}
}

static void check_counts(struct oracle_domain *od)
{
	struct domain *d = od->d;

	if (d->tot_pages != od->pages)
		panic("oracle: d%u counts %lu pages and has %lu", d->id, d->tot_pages, od->pages);
	if (d->p2m && !d->p2m->closed && d->p2m->table_pages != od->tables)
		panic("oracle: d%u counts %lu tables and has %lu", d->id, d->p2m->table_pages,
		      od->tables);
}

static void check_refs(const struct oracle_domain *od)
{
	const struct domain *d = od->d;
	u32 want = od->refs + (od->listed ? 1 : 0) + (d->pages_hold_domain && d->tot_pages ? 1 : 0);

	if (d == domain_xen())
		return;
	if (d->refs != want)
		panic("oracle: d%u has %u references, %u known", d->id, d->refs, want);
}

/* What an earlier check has seen, of this domain or of another in its place. */
static void forget_unmapped(struct oracle_domain *od)
{
	for (u64 gone = od->was_mapped & ~od->mapped; gone; gone &= gone - 1)
		od->seen[__builtin_ctzl(gone)] = (struct oracle_tlb){ 0 };
}

/* Frames, domains, and what the domains map. */
static void look(void)
{
	find_all();
	for (u32 i = 0; i < found.nr_domains; i++) {
		check_p2m(&found.domain[i]);
		forget_unmapped(&found.domain[i]);
	}
}

static void look_twice(void)
{
	static struct oracle_findings first;

	memset(&found, 0, sizeof(found));
	look();
	first = found;
	memset(&found, 0, sizeof(found));
	oracle_read_all(true);
	look();
	oracle_read_all(false);
	if (memcmp(&first, &found, sizeof(found)))
		panic("oracle: memory that is remembered differs from memory that is read");
}

void oracle_check(void)
{
	struct oracle_domain *od, *end;
	u64 nr_free;

	oracle.checks++;
	if (oracle_looks_twice())
		look_twice();
	else
		look();
	nr_free = max_mfn - found.nr_used;
	end = found.domain + found.nr_domains;
	for (od = found.domain; od < end; od++) {
		expect_vcpus(od->d);
		oracle_check_evtchn(od);
		oracle_check_ioreq(od);
	}
	for (od = found.domain; od < end; od++)
		oracle_check_mappings(od);
	for (od = found.domain; od < end; od++)
		oracle_check_pins(od);
	check_frames();
	if (nr_free != free_page_count(NUMA_NO_NODE))
		panic("oracle: %lu frames are free, the heap counts %lu", nr_free,
		      free_page_count(NUMA_NO_NODE));
	if (total_page_count() != oracle.total_pages)
		panic("oracle: the heap had %lu frames and counts %lu", oracle.total_pages,
		      total_page_count());
	for (od = found.domain; od < end; od++) {
		check_counts(od);
		check_refs(od);
		check_tlb(od);
	}
}
