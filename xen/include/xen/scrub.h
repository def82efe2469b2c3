/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics of the boot-time scrub (scrub_heap_at_boot in <xen/mm.h>). */
#ifndef XEN_SCRUB_H
#define XEN_SCRUB_H

#include <xen/types.h>

struct scrub_stats {
	u64 pages, ns;
	u64 min_pages, max_pages;	/* of one CPU */
	u32 cpus;
	u32 balance_permille;		/* mean share / largest share: 1000 is perfect */
};

/** The last run; all zero before the first. */
const struct scrub_stats *scrub_last_stats(void);

#endif
