/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last of a guest on ARM: its memory's caches, and the registers of vCPU 0. */
#include <assert.h>

#include "layout.h"

#include "ctrl/ctrl.h"

#define PAGES_A_FLUSH (1UL << PAGE_ORDER_1G)

static_assert(GICD_BASE == GUEST_GICD_BASE && GICD_BASE == GUEST_GICV3_GICD_BASE &&
	      GICV2_DIST_BYTES == GUEST_GICD_SIZE && GICV2_CPU_BASE == GUEST_GICC_BASE &&
	      GICV2_CPU_BYTES == GUEST_GICC_SIZE && GICV3_DIST_BYTES == GUEST_GICV3_GICD_SIZE &&
	      GICV3_REDIST_BASE == GUEST_GICV3_GICR0_BASE, "interrupt controllers");
static_assert(GRANT_TABLE_BASE == GUEST_GNTTAB_BASE && GRANT_TABLE_BYTES == GUEST_GNTTAB_SIZE &&
	      RINGS_BASE == GUEST_MAGIC_BASE && RAM0_BASE == GUEST_RAM0_BASE &&
	      RAM0_BYTES == GUEST_RAM0_SIZE && RAM1_BASE == GUEST_RAM1_BASE &&
	      RAM1_BYTES == GUEST_RAM1_SIZE, "memory");
static_assert(PPI_TIMER_SECURE == GUEST_TIMER_PHYS_S_PPI && PPI_EVENTS == GUEST_EVTCHN_PPI &&
	      PPI_TIMER_PHYS == GUEST_TIMER_PHYS_NS_PPI && PPI_TIMER_VIRT == GUEST_TIMER_VIRT_PPI &&
	      BLD_MAX_VCPUS == GUEST_MAX_VCPUS, "interrupts");

static int flush_piece(struct bld_job *job, const struct bld_piece *p)
{
	uint64_t first = p->at.v >> PAGE_SHIFT;
	uint64_t end = (p->at.v + p->bytes + p->zeros + PAGE_SIZE - 1) >> PAGE_SHIFT;
	int rc = 0;

	while (first < end && !rc) {
		uint64_t n = end - first < PAGES_A_FLUSH ? end - first : PAGES_A_FLUSH;

		rc = ctl_cache_flush(job->ctl, job->domid, first, n);
		first += n;
	}
	return rc;
}

int bld_finish(struct bld_job *job, uint32_t vcpus)
{
	struct vcpu_guest_context c = { .flags = VGCF_online, .sctlr = SCTLR_GUEST_INIT };
	int rc = 0;

	for (uint32_t i = 0; i < job->plan->nr_pieces && !rc; i++)
		rc = flush_piece(job, &job->plan->piece[i]);
	if (rc)
		return rc;
	c.user_regs.x0 = job->plan->start_info;
	c.user_regs.pc64 = job->plan->entry;
	c.user_regs.cpsr = PSR_GUEST64_INIT;
	return ctl_vcpu_set_context(job->ctl, job->domid, 0, &c);
}
