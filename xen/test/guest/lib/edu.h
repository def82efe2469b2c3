/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's device "edu", which copies between memory and a buffer of its own (its docs/specs/edu). */
#ifndef GUEST_EDU_H
#define GUEST_EDU_H

#include "test.h"

/** Registers: what it is, interrupts, and DMA. */
#define EDU_IDENTITY 0x010000edU
#define EDU_STATUS 0x24
#define EDU_RAISE 0x60
#define EDU_ACKNOWLEDGE 0x64
#define EDU_DMA_SOURCE 0x80
#define EDU_DMA_TARGET 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_COMMAND 0x98
#define EDU_DMA_START 1U
#define EDU_DMA_TO_MEMORY 2U
#define EDU_DMA_INTERRUPT 4U
/** Where its own buffer is on its side. */
#define EDU_BUFFER 0x40000U

/** Find the device and let it do DMA; ends the test as a skip when there is none. */
void edu_need(void);
/** Copy one page from @from into its buffer, or from there to @to, and wait until it says that it
 * is done. Physical addresses, aligned to pages. */
void edu_fetch(u64 from);
void edu_store(u64 to);
/** The second in two parts: it reaches memory a tenth of a second after its start. */
void edu_start_store(u64 to);
void edu_wait(void);

/** Let it raise an interrupt, and acknowledge it. */
void edu_interrupt(void);

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
 * x86: what assigning a device to another domain does. Its DMA reaches that domain's memory only,
 * in quarantine nothing, and after it was given back the own memory again. The other domain drives
 * it by its registers and gets its interrupts. A domain that ends while its device is busy, and
 * calls that must be refused. Ends with a refused copy, as above.
 */
void edu_test_passthrough(void);

#endif
