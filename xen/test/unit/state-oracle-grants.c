/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state oracle: grants, the mappings of grants, and what their owners once allowed. */
#include "state-oracle-grants.h"

#include "state-oracle-memory.h"
#include "state-oracle-private.h"

#include "../../domain/gnttab/private.h"

/* The header's bits that say what is allowed: not those that mark an entry as being used. */
#define HEADER_MASK (~(u32)(GTF_reading | GTF_writing))

/* ---- history ---- */

static struct oracle_history *history_of(const struct domain *d)
{
	return d->id < ORACLE_TLBS ? &oracle.history[d->id] : NULL;
}

static void remember(struct oracle_entry *e, u32 header)
{
	for (u32 i = 0; i < e->nr && i < ORACLE_WORDS; i++)
		if (e->header[i] == header)
			return;
	if (e->nr < ORACLE_WORDS)
		e->header[e->nr] = header;
	if (e->nr <= ORACLE_WORDS)
		e->nr++;
}

void oracle_grants_written(struct domain *d)
{
	struct oracle_history *h = history_of(d);
	const struct grant_table *gt = d->gnttab;

	if (!h || !gt || !gt->nr_frames)
		return;
	if (h->d != d) {
		memset(h, 0, sizeof(*h));
		h->d = d;
	}
	for (u32 ref = 0; ref < ORACLE_REFS; ref++) {
		const u32 *header = gt->version == 1
			? (const u32 *)((struct grant_entry_v1 *)gt->frame[0].va + ref)
			: (const u32 *)((union grant_entry_v2 *)gt->frame[0].va + ref);

		remember(&h->entry[ref], *header & HEADER_MASK);
	}
}

/* Did the owner ever allow this use? */
static bool was_allowed(const struct domain *d, u32 ref, u16 grantee, bool write)
{
	const struct oracle_history *h = history_of(d);
	const struct oracle_entry *e;

	if (!h || h->d != d || ref >= ORACLE_REFS)
		return true;
	e = &h->entry[ref];
	for (u32 i = 0; i < e->nr && i < ORACLE_WORDS; i++) {
		u16 flags = (u16)e->header[i];

		if (e->header[i] >> 16 == grantee && (flags & GTF_type_mask) != GTF_invalid &&
		    !(write && flags & GTF_readonly))
			return true;
	}
	return e->nr > ORACLE_WORDS;
}

static bool ever_granted(const struct domain *d, u16 to)
{
	for (u32 ref = 0; ref < ORACLE_REFS; ref++)
		if (was_allowed(d, ref, to, false))
			return true;
	return false;
}

/* ---- mappings ---- */

static struct grant_pin *pin_at(const struct domain *d, u32 ref)
{
	const struct grant_table *gt = d->gnttab;
	struct grant_pin *chunk;

	if (ref >= gt->max_frames * GRANTS_PER_FRAME_V1)
		return NULL;
	chunk = gt->pins[ref / PINS_PER_CHUNK];
	return chunk ? &chunk[ref % PINS_PER_CHUNK] : NULL;
}

static void check_mapping(struct oracle_domain *od, struct grant_mapping *m, u32 handle)
{
	struct oracle_domain *granter = oracle_domain(m->granter);
	bool write = !(m->flags & GNTMAP_readonly);
	const struct grant_pin *pin;

	if (!granter)
		panic("oracle: d%u handle %u is of a domain that is gone", od->d->id, handle);
	if (m->busy)
		panic("oracle: d%u handle %u was left busy", od->d->id, handle);
	granter->refs++;
	pin = pin_at(granter->d, m->ref);
	if (!pin || !pin->users || page_to_mfn(pin->page).v != m->mfn.v)
		panic("oracle: d%u handle %u maps frame %lx, d%u's grant %u is of another",
		      od->d->id, handle, m->mfn.v, granter->d->id, m->ref);
	if (!was_allowed(granter->d, m->ref, od->d->id, write))
		panic("oracle: d%u handle %u: d%u's grant %u never allowed d%u to %s", od->d->id,
		      handle, granter->d->id, m->ref, od->d->id, write ? "write" : "read");
	for (u32 i = 0; i < od->nr_grants && i < ORACLE_GRANTS; i++) {
		struct oracle_grant *g = &od->grant[i];

		/* One mapping justifies one entry of the p2m. */
		if (m->flags & GNTMAP_host_map && g->mfn == m->mfn.v && g->gfn == m->gfn &&
		    g->write == write) {
			g->mfn = ~0UL;
			break;
		}
	}
}

void oracle_check_mappings(struct oracle_domain *od)
{
	const struct grant_table *gt = od->d->gnttab;
	const struct maptrack *mt;
	u32 used = 0;

	if (!gt)
		return;
	mt = &gt->maptrack;
	for (u32 c = 0; c < mt->nr_chunks; c++)
		for (u32 i = 0; i < MAPPINGS_PER_CHUNK; i++)
			if (mt->chunk[c][i].granter) {
				check_mapping(od, &mt->chunk[c][i], c * MAPPINGS_PER_CHUNK + i);
				used++;
			}
	if (used != mt->nr_used)
		panic("oracle: d%u counts %u grant mappings and has %u", od->d->id, mt->nr_used,
		      used);
	for (u32 i = 0; i < od->nr_grants && i < ORACLE_GRANTS; i++)
		if (od->grant[i].mfn != ~0UL)
			panic("oracle: d%u has frame %lx at gfn %lx, by no grant", od->d->id,
			      od->grant[i].mfn, od->grant[i].gfn);
}

/* ---- pins ---- */

/* Users and writers of a pin among the mappings of all domains. */
static void count_users(const struct domain *d, u32 ref, u32 *users, u32 *writers)
{
	*users = *writers = 0;
	for (u32 n = 0; n < found.nr_domains; n++) {
		const struct grant_table *gt = found.domain[n].d->gnttab;

		for (u32 c = 0; gt && c < gt->maptrack.nr_chunks; c++)
			for (u32 i = 0; i < MAPPINGS_PER_CHUNK; i++) {
				const struct grant_mapping *m = &gt->maptrack.chunk[c][i];

				if (m->granter != d || m->ref != ref)
					continue;
				++*users;
				*writers += !(m->flags & GNTMAP_readonly);
			}
	}
}

static void check_pin(const struct domain *d, u32 ref, const struct grant_pin *pin)
{
	u32 users, writers;

	count_users(d, ref, &users, &writers);
	if (pin->users != users || pin->writers != writers)
		panic("oracle: d%u grant %u has %u users and %u writers, mapped are %u and %u",
		      d->id, ref, pin->users, pin->writers, users, writers);
	if (!pin->page || pin->page->owner != d)
		panic("oracle: d%u grant %u is of a page that is not its own", d->id, ref);
	oracle_expect(pin->page, "a grant");
}

static u32 check_chunk(const struct domain *d, u32 first, const struct grant_pin *pin)
{
	u32 used = 0;

	for (u32 i = 0; i < PINS_PER_CHUNK; i++) {
		if (pin[i].users) {
			check_pin(d, first + i, &pin[i]);
			used++;
		} else if (pin[i].page) {
			panic("oracle: d%u grant %u has a page and no users", d->id, first + i);
		}
	}
	return used;
}

/* Each frame is there, and in version 2 each entry has its status word. */
static void check_frames(const struct domain *d, const struct grant_table *gt)
{
	for (u32 i = 0; i < gt->nr_frames; i++)
		if (!gt->frame[i].page)
			panic("oracle: d%u has no frame %u of its %u grant frames", d->id, i,
			      gt->nr_frames);
	for (u32 i = 0; i < gt->nr_status; i++)
		if (!gt->status[i].page)
			panic("oracle: d%u has no status frame %u of its %u", d->id, i,
			      gt->nr_status);
	if (gt->version == 2 &&
	    gt->nr_status * STATUS_PER_FRAME < gt->nr_frames * GRANTS_PER_FRAME_V2)
		panic("oracle: d%u has %u grant frames and only %u of status words", d->id,
		      gt->nr_frames, gt->nr_status);
}

void oracle_check_pins(struct oracle_domain *od)
{
	const struct grant_table *gt = od->d->gnttab;
	u32 chunks, used = 0;

	if (!gt)
		return;
	check_frames(od->d, gt);
	chunks = gt->max_frames * GRANTS_PER_FRAME_V1 / PINS_PER_CHUNK;
	for (u32 i = 0; i < chunks; i++)
		if (gt->pins[i])
			used += check_chunk(od->d, i * PINS_PER_CHUNK, gt->pins[i]);
	if (used != gt->nr_pinned)
		panic("oracle: d%u counts %u grants in use and has %u", od->d->id, gt->nr_pinned,
		      used);
}

/* ---- data ---- */

u8 oracle_pattern(const struct domain *d)
{
	return (u8)(0xd1 + 2 * d->id);
}

static u64 pattern_word(const struct domain *d)
{
	return oracle_pattern(d) * 0x0101010101010101UL;
}

/* Has @d's data any business in @owner's memory? */
static bool data_may_be_in(const struct domain *d, const struct domain *owner)
{
	return d == owner || d->id >= ORACLE_TLBS || ever_granted(d, owner->id) ||
	       ever_granted(owner, d->id);
}

/* The domains whose data must not be in @owner's memory, and how many they are. */
static u32 strangers_to(const struct domain *owner, const struct domain **d)
{
	u32 n = 0;

	for (u32 i = 0; i < found.nr_domains; i++)
		if (!data_may_be_in(found.domain[i].d, owner))
			d[n++] = found.domain[i].d;
	return n;
}

/* 32 bytes of a pattern, aligned: a run this long is not a coincidence. */
static bool is_run(const u64 *line, u64 word)
{
	return line[0] == word && line[1] == word && line[2] == word && line[3] == word;
}

static void check_page(u64 mfn, const struct domain *owner, const struct domain **stranger, u32 n)
{
	const u64 *page = mfn_to_virt(mfn_make(mfn));
	u64 own = pattern_word(owner);

	for (u32 i = 0; i < PAGE_SIZE / 8; i += 4) {
		/* Mostly it is the owner's pattern, or nothing. */
		if (page[i] == own || !page[i])
			continue;
		for (u32 s = 0; s < n; s++)
			if (is_run(page + i, pattern_word(stranger[s])))
				panic("oracle: d%u's frame %lx holds data of d%u, which granted it "
				      "nothing", owner->id, mfn, stranger[s]->id);
	}
}

static void check_all_pages(void)
{
	const struct domain *stranger[ORACLE_DOMAINS], *owner = NULL;
	u32 n = 0;

	for (u64 group = 0; group * ORACLE_GROUP < max_mfn; group++)
		for (u64 used = oracle_used(group); used; used &= used - 1) {
			u64 m = group * ORACLE_GROUP + (u64)__builtin_ctzl(used);
			const struct page_info *pg = &frame_table[m];

			if (pg->state != PAGE_STATE_DOMAIN || oracle_holds_the_same(m))
				continue;
			if (pg->owner != owner) {
				owner = pg->owner;
				n = strangers_to(owner, stranger);
			}
			if (n)
				check_page(m, owner, stranger, n);
		}
}

void oracle_check_data(void)
{
	check_all_pages();
	if (!oracle_looks_twice())
		return;
	oracle_read_all(true);
	check_all_pages();
	oracle_read_all(false);
}
