/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest page-table walk: no paging, two-level 32-bit, PAE, four- and five-level long mode
 * (APM vol. 2, 5.2 to 5.6).
 */
#include <xen/assert.h>
#include <xen/x86/ptwalk.h>

#define PTE_P (1UL << 0)
#define PTE_W (1UL << 1)
#define PTE_U (1UL << 2)
#define PTE_A (1UL << 5)
#define PTE_D (1UL << 6)
#define PTE_PS (1UL << 7)
#define PTE_NX (1UL << 63)
#define PTE_ADDR 0x000ffffffffff000UL
#define PTE_PKEY_SHIFT 59
#define RFLAGS_AC (1UL << 18)

/* A guest that rewrites its tables as fast as we set bits in them gets a spurious page fault. */
#define MAX_RESTARTS 8
#define MAX_LEVELS 5

struct shape {
	u32 levels;
	u32 entry_size;
	u32 index_bits;
	u64 rsvd;	/* bits that must be zero in every present entry */
	u64 addr;	/* the bits of an entry that hold the next table's address */
};

/** Results collected during a walk. */
struct walk_state {
	u64 rights;		/* AND of W and U over the levels, OR of NX */
	u64 leaf;
	u8 leaf_level;		/* 1: 4 KiB */
	u8 depth;		/* entries visited */
	u64 entry[MAX_LEVELS];
	gpaddr_t addr[MAX_LEVELS];
};

static u64 access_pfec(const struct x86_walk *w, u32 access)
{
	u64 pfec = 0;

	if (access & X86_WALK_WRITE)
		pfec |= X86_PFEC_W;
	if (access & X86_WALK_USER)
		pfec |= X86_PFEC_U;
	if ((access & X86_WALK_FETCH) &&
	    ((w->cr4 & X86_CR4_SMEP) ||
	     ((w->efer & X86_EFER_NXE) && (w->cr4 & X86_CR4_PAE))))
		pfec |= X86_PFEC_I;
	return pfec;
}

static struct shape table_shape(const struct x86_walk *w)
{
	u32 maxpa = w->maxphyaddr ? w->maxphyaddr : 52;
	struct shape s = { .levels = 2, .entry_size = 8, .index_bits = 9, .addr = PTE_ADDR };

	s.rsvd = PTE_ADDR & ~((1UL << maxpa) - 1);
	if (!(w->efer & X86_EFER_NXE))
		s.rsvd |= PTE_NX;
	if (w->efer & X86_EFER_LMA)
		s.levels = w->cr4 & X86_CR4_LA57 ? 5 : 4;
	else if (w->cr4 & X86_CR4_PAE)
		s.rsvd |= 0x7ff0000000000000UL;	/* 62-52 are reserved here, not ignored */
	else
		s = (struct shape){ .levels = 2, .entry_size = 4, .index_bits = 10,
				    .addr = 0xfffff000UL };
	return s;
}

/** Further bits that must be zero in an entry of @level above 1 that has PS set. */
static u64 large_reserved(const struct x86_walk *w, const struct shape *s, u32 level)
{
	/* PSE-36: bits 20-13 of a 4 MiB entry are address bits 39-32. */
	if (s->entry_size == 4)
		return w->cr4 & X86_CR4_PSE ? 1UL << 21 : 0;
	if (level >= 4 || (level == 3 && !w->has_1g))
		return PTE_PS;
	/* Bit 12 is PAT in a large page; the address starts above the page's size. */
	return ((1UL << (PAGE_SHIFT + (level - 1) * 9)) - 1) & ~0x1fffUL;
}

/** Bytes a leaf of @level maps, as a shift. */
static u32 leaf_shift(const struct shape *s, u32 level)
{
	return PAGE_SHIFT + (level - 1) * s->index_bits;
}

/** The top table's address: CR3, or the PAE pointer register for @va. */
static int walk_root(const struct x86_walk *w, u64 va, gpaddr_t *table,
		     struct x86_walk_result *res)
{
	u64 pdpte;

	if (w->efer & X86_EFER_LMA) {
		*table = gpaddr_make(w->cr3 & PTE_ADDR);
		return X86_WALK_OK;
	}
	if (!(w->cr4 & X86_CR4_PAE)) {
		*table = gpaddr_make(w->cr3 & 0xfffff000UL);
		return X86_WALK_OK;
	}
	if (w->pdpte_valid) {
		pdpte = w->pdpte[(va >> 30) & 3];
	} else {
		res->bad_addr = gpaddr_make((w->cr3 & 0xffffffe0UL) + ((va >> 30) & 3) * 8);
		if (!w->read(w->opaque, res->bad_addr, 8, &pdpte))
			return X86_WALK_BAD_TABLE;
	}
	if (!(pdpte & PTE_P))
		return X86_WALK_FAULT;
	*table = gpaddr_make(pdpte & PTE_ADDR);
	return X86_WALK_OK;
}

/** Go down from @table to the leaf. On FAULT, res->pfec has the P or RSVD bit of the cause. */
static int walk_levels(const struct x86_walk *w, const struct shape *s, u64 va, gpaddr_t table,
		       struct walk_state *st, struct x86_walk_result *res)
{
	u32 level, shift = leaf_shift(s, s->levels);
	u64 pte, allow = PTE_W | PTE_U, deny = 0;
	bool large;

	st->depth = 0;
	for (level = s->levels;; level--, shift -= s->index_bits) {
		gpaddr_t at = gpaddr_make(table.v + ((va >> shift) & ((1U << s->index_bits) - 1)) *
					  s->entry_size);

		if (!w->read(w->opaque, at, s->entry_size, &pte)) {
			res->bad_addr = at;
			return X86_WALK_BAD_TABLE;
		}
		st->addr[st->depth] = at;
		st->entry[st->depth++] = pte;
		if (!(pte & PTE_P))
			return X86_WALK_FAULT;
		large = level > 1 && (pte & PTE_PS);
		if ((pte & s->rsvd) || (large && (pte & large_reserved(w, s, level)))) {
			res->pfec |= X86_PFEC_P | X86_PFEC_RSVD;
			return X86_WALK_FAULT;
		}
		allow &= pte;
		deny |= pte;
		if (level == 1 || (large && (s->entry_size == 8 || (w->cr4 & X86_CR4_PSE))))
			break;
		table = gpaddr_make(pte & s->addr);
	}
	ASSERT(level >= 1 && st->depth == s->levels - level + 1);
	st->rights = allow | (deny & PTE_NX);
	st->leaf = pte;
	st->leaf_level = level;
	return X86_WALK_OK;
}

/** Do the collected rights allow the access? Sets PFEC_PK when a protection key forbids it. */
static bool rights_allow(const struct x86_walk *w, u64 rights, u64 leaf, u32 access, u32 *pfec)
{
	bool user_page = rights & PTE_U, user = access & X86_WALK_USER;
	u32 key;

	if (user && !user_page)
		return false;
	if (access & X86_WALK_FETCH)
		return !(rights & PTE_NX) &&
		       (user || !user_page || !(w->cr4 & X86_CR4_SMEP));
	if (!user && user_page && (w->cr4 & X86_CR4_SMAP) &&
	    ((access & X86_WALK_IMPLICIT) || !(w->rflags & RFLAGS_AC)))
		return false;
	if ((access & X86_WALK_WRITE) && !(rights & PTE_W) &&
	    (user || (w->cr0 & X86_CR0_WP)))
		return false;
	if ((w->cr4 & X86_CR4_PKE) && (w->efer & X86_EFER_LMA) && user_page) {
		key = (w->pkru >> ((leaf >> PTE_PKEY_SHIFT & 0xf) * 2)) & 3;
		if ((key & 1) || ((key & 2) && (access & X86_WALK_WRITE) &&
				  (user || (w->cr0 & X86_CR0_WP)))) {
			*pfec |= X86_PFEC_PK;
			return false;
		}
	}
	return true;
}

/** Set accessed (and dirty) bits as the CPU would. False: the guest changed an entry meanwhile. */
static bool mark_used(const struct x86_walk *w, const struct shape *s, const struct walk_state *st,
		      u32 access)
{
	u64 want;
	u32 i;

	if (!w->set_bits || (access & X86_WALK_NO_AD))
		return true;
	for (i = 0; i < st->depth; i++) {
		want = PTE_A;
		if (i + 1 == st->depth && (access & X86_WALK_WRITE))
			want |= PTE_D;
		if ((st->entry[i] & want) == want)
			continue;
		if (!w->set_bits(w->opaque, st->addr[i], s->entry_size, st->entry[i], want))
			return false;
	}
	return true;
}

static void fill_result(const struct shape *s, const struct walk_state *st, u64 va, u32 access,
			struct x86_walk_result *res)
{
	u32 shift = leaf_shift(s, st->leaf_level);
	u64 frame = st->leaf & s->addr;
	u64 in_page = (1UL << shift) - 1;

	if (s->entry_size == 4 && st->leaf_level == 2)
		frame = (st->leaf & 0xffc00000UL) | ((st->leaf >> 13) & 0xff) << 32;
	res->gpa = gpaddr_make((frame & ~in_page) | (va & in_page));
	res->order = shift - PAGE_SHIFT;
	res->writable = st->rights & PTE_W;
	res->user = st->rights & PTE_U;
	res->nx = st->rights & PTE_NX;
	res->dirty = (st->leaf & PTE_D) || (access & X86_WALK_WRITE);
}

static void no_paging(u64 va, struct x86_walk_result *res)
{
	res->gpa = gpaddr_make((u32)va);
	res->order = 0;
	res->writable = res->user = res->dirty = true;
	res->nx = false;
}

/**
 * Fast path for a long-mode walk that succeeds and has no accessed or dirty bits to set. Nearly
 * every walk is one: each hypercall argument is read this way. False: use the general walk.
 */
static bool walk_fast(const struct x86_walk *w, u64 va, u32 access, struct x86_walk_result *res)
{
	u64 pte, allow = ~0UL, deny = 0, rights, in_page, table = w->cr3 & PTE_ADDR;
	u32 shift = w->cr4 & X86_CR4_LA57 ? 48 : 39, maxpa = w->maxphyaddr ? w->maxphyaddr : 52;
	u64 rsvd = PTE_ADDR & ~((1UL << maxpa) - 1), used = access & X86_WALK_WRITE ? PTE_D : 0;
	u32 pfec;

	for (;; shift -= 9) {
		if (!w->read(w->opaque, gpaddr_make(table + ((va >> shift) & 511) * 8), 8, &pte) ||
		    !(pte & PTE_P))
			return false;
		allow &= pte;
		deny |= pte;
		if (shift == PAGE_SHIFT || (pte & PTE_PS))
			break;
		table = pte & PTE_ADDR;
	}
	in_page = (1UL << shift) - 1;
	if (!(w->efer & X86_EFER_NXE))
		rsvd |= PTE_NX;
	if ((deny & rsvd) || (pte & PTE_ADDR & in_page & ~0x1fffUL) ||
	    shift > (w->has_1g ? 30 : 21))
		return false;
	if (w->set_bits && !(access & X86_WALK_NO_AD) && (!(allow & PTE_A) || (used & ~pte)))
		return false;
	rights = (allow & (PTE_W | PTE_U)) | (deny & PTE_NX);
	if (!rights_allow(w, rights, pte, access, &pfec))
		return false;
	res->gpa = gpaddr_make((pte & PTE_ADDR & ~in_page) | (va & in_page));
	res->order = shift - PAGE_SHIFT;
	res->writable = rights & PTE_W;
	res->user = rights & PTE_U;
	res->nx = rights & PTE_NX;
	res->dirty = (pte | used) & PTE_D;
	return true;
}

int x86_walk(const struct x86_walk *w, gvaddr_t va, u32 access, struct x86_walk_result *res)
{
	struct walk_state st;
	struct shape s;
	gpaddr_t table;
	int rc, tries;

	ASSERT(!(access & X86_WALK_FETCH) || !(access & X86_WALK_WRITE));
	ASSERT(!(access & X86_WALK_USER) || !(access & X86_WALK_IMPLICIT));
	if (!(w->cr0 & X86_CR0_PG)) {
		no_paging(va.v, res);
		return X86_WALK_OK;
	}
	if ((w->efer & X86_EFER_LMA) && walk_fast(w, va.v, access, res))
		return X86_WALK_OK;
	s = table_shape(w);
	for (tries = 0; tries < MAX_RESTARTS; tries++) {
		res->pfec = access_pfec(w, access);
		rc = walk_root(w, va.v, &table, res);
		if (rc == X86_WALK_OK)
			rc = walk_levels(w, &s, va.v, table, &st, res);
		if (rc != X86_WALK_OK)
			return rc;
		if (!rights_allow(w, st.rights, st.leaf, access, &res->pfec)) {
			res->pfec |= X86_PFEC_P;
			return X86_WALK_FAULT;
		}
		if (mark_used(w, &s, &st, access)) {
			fill_result(&s, &st, va.v, access, res);
			return X86_WALK_OK;
		}
	}
	return X86_WALK_FAULT;
}
