/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's device "edu", which copies between memory and a buffer of its own (its docs/specs/edu). */
#ifndef GUEST_EDU_H
#define GUEST_EDU_H

#include "cpu.h"

/** Find the device and let it do DMA; ends the test as a skip when there is none. */
void edu_need(void);
/** Copy one page from @from into its buffer, or from there to @to, and wait until it says that it
 * is done. Physical addresses, aligned to pages. */
void edu_fetch(u64 from);
void edu_store(u64 to);

/**
 * What an IOMMU is there for, whatever kind it is: copies between the domain's own pages work, also
 * at an address that was given another page; pages that it gave away, and the hypervisor's, are out
 * of reach. Ends with a refused copy that the hypervisor must report.
 */
void edu_test_iommu(void);

#endif
