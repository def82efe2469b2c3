/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's device "edu", which copies between memory and a buffer of its own (its docs/specs/edu). */
#ifndef GUEST_EDU_H
#define GUEST_EDU_H

#include "test.h"

/** Find the device and let it do DMA; ends the test as a skip when there is none. */
void edu_need(void);
/** Copy one page from @from into its buffer, or from there to @to, and wait until it says that it
 * is done. Physical addresses, aligned to pages. */
void edu_fetch(u64 from);
void edu_store(u64 to);
/** The second in two parts: it reaches memory a tenth of a second after its start. */
void edu_start_store(u64 to);
void edu_wait(void);

extern u32 edu_devfn;	/* after edu_need() */

/** Words that begin with @seed, and whether a page holds them. */
void edu_fill(u32 *page, u32 seed);
bool edu_is_filled(const u32 *page, u32 seed);
/** Check that the device copies from page @a to @b, both the domain's own. */
void edu_own_memory(u32 *a, u32 *b);
/**
 * What an IOMMU is there for, whatever kind it is: copies between the domain's own pages work, also
 * at an address that was given another page; pages that it gave away, and the hypervisor's, are out
 * of reach. Ends with a refused copy that the hypervisor must report.
 */
void edu_test_iommu(void);

/**
 * x86: what assigning a device to another domain does to its DMA: it reaches that domain's memory
 * only, in quarantine nothing, and after it was given back the own memory again; a domain that ends
 * while its device is busy, and calls that must be refused. Ends with a refused copy, as above.
 */
void edu_test_passthrough(void);

#endif
