/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the state oracle. */
#ifndef TEST_STATE_ORACLE_PRIVATE_H
#define TEST_STATE_ORACLE_PRIVATE_H

#include "state-oracle.h"

#include <xen/printk.h>

#include "../../core/lock_check.h"

#define ORACLE_FRAMES 16384	/* frames of the simulated machine, at most */
#define ORACLE_DOMAINS 16
#define ORACLE_TLBS 8		/* domains with ids below have a model of their TLBs */
#define ORACLE_GFNS 64		/* and gfns below: a bit of a u64 for each */
#define ORACLE_GRANTS 128	/* a domain's mappings of grants that are looked at */
#define ORACLE_REFS 32		/* entries of a grant table whose history is known */
#define ORACLE_WORDS 24		/* different contents of one entry */

/* For functions that read much memory: with the widest registers that the build machine has. */
#define ORACLE_WIDE __attribute__((target_clones("avx2", "default")))

struct oracle_tlb {
	u64 frame;		/* mfn + 1; 0: none */
	u64 type;
};

struct oracle_grant {
	u64 gfn, mfn;
	bool write;
};

/** What is found out about a domain in one check. */
struct oracle_domain {
	struct domain *d;
	bool listed;
	u32 refs;		/* known references to it */
	u64 pages, tables;
	u32 nr_grants;
	struct oracle_grant grant[ORACLE_GRANTS];
	struct oracle_tlb seen[ORACLE_GFNS];
	u64 mapped, was_mapped;	/* a bit for each entry of @seen that is not 0; before this check */
};

/** The contents of one entry over time: headers (flags and domid) without the marks of use. */
struct oracle_entry {
	u32 nr;			/* more than ORACLE_WORDS: anything was allowed */
	u32 header[ORACLE_WORDS];
};

/** The history of a domain's grant table. */
struct oracle_history {
	const struct domain *d;
	struct oracle_entry entry[ORACLE_REFS];
};

/** What is remembered from one check to the next. Whole pages, so that it is restored by pages. */
struct oracle {
	u64 checks, total_pages;
	bool foreign_for_others;	/* the toolstack maps foreign pages into other domains */
	struct {
		const struct domain *d;
		struct oracle_tlb entry[ORACLE_GFNS];
	} tlb[ORACLE_TLBS];
	struct oracle_history history[ORACLE_TLBS];
} __attribute__((aligned(PAGE_SIZE)));

/** What one check finds out. */
struct oracle_findings {
	u32 nr_domains;
	struct oracle_domain domain[ORACLE_DOMAINS];
	u32 nr_used;
	u32 used[ORACLE_FRAMES];	/* frames that are not free */
	u32 expect[ORACLE_FRAMES];	/* references that are accounted for */
	u8 mapped[ORACLE_FRAMES];	/* as RAM of its owner */
};

extern struct oracle oracle;
extern struct oracle_findings found;

/** What was found out about @d in this check; NULL when it is not known. */
struct oracle_domain *oracle_domain(const struct domain *d);
/** One reference to @pg is accounted for; @what has it. */
void oracle_expect(const struct page_info *pg, const char *what);

#endif
