/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state oracle: checks that the hypervisor's state is consistent between two steps of a test.
 *
 * Pages: every reference is accounted for, owners and counts agree, the heap's sums are right.
 * p2m: a domain has only its own memory, what was granted to it, what is shared with it, and, if it
 * is privileged, other domains' pages; each such mapping has the record that justifies it. A model
 * of the TLBs finds missing and late flushes. Grants: pins, mappings and p2m agree, and each use
 * was allowed by an entry that its owner once wrote. Event channels: both ends agree, ports in use
 * and maps agree. Locks: none is held.
 *
 * A violation is a panic whose message begins with "oracle:". Nothing takes locks, so that a check
 * is not a scheduling point. It works on the host port only.
 */
#ifndef TEST_STATE_ORACLE_H
#define TEST_STATE_ORACLE_H

#include <xen/domain.h>
#include <xen/p2m.h>

/** Forget all history. The heap is complete from here on. */
void oracle_start(void);
/** True when no other CPU is within the hypervisor, so that oracle_check() may be called. */
bool oracle_is_quiet(void);
/** Check everything. From a guest's step, between hypercalls, or from the observer. */
void oracle_check(void);
/**
 * For speed: from here on, @unwritten tells whether the page (4096 bytes) at an address surely
 * holds what it holds now. Such pages of RAM and of frame_table are not read again; what is checked
 * stays the same. @twice: make each check read all memory as well, and panic when that finds
 * something else. The frame_table begins at a page.
 */
void oracle_remember(bool (*unwritten)(const void *page), bool twice);
/** A hypercall of this CPU has ended: no locks held, interrupts on. Others may be busy. */
void oracle_check_cpu(void);

/** The toolstack has mapped pages of some domain into another that is not privileged. */
void oracle_allow_foreign(void);
/** The owner has written into its grant table: remember what its entries allow now. */
void oracle_grants_written(struct domain *d);
/** To be called by hal_p2m_flush(), before the flush: TLBs lose [@start, @start + @n). */
void oracle_flush(struct p2m *p, gfn_t start, u64 n);

/**
 * Bytes that only @d's memory holds: tests fill its pages with them. oracle_check_data() finds runs
 * of them in the memory of domains that @d granted nothing to.
 */
u8 oracle_pattern(const struct domain *d);
void oracle_check_data(void);

/** The pages that hold the oracle's own state, for those who go back to an earlier state. */
void *oracle_state(unsigned long *bytes);

/** Checks made so far. */
u64 oracle_checks(void);

#endif
