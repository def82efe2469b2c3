/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cache of which only the registers and counters are there: a test sets what they count, and sees
 * what the hypervisor set. Each socket has one.
 */
#include <xen/assert.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/ops.h>

#include <asm/soft-processor.h>

struct soft_cache soft_cache;

static bool probe(struct psr_caps *caps)
{
	*caps = soft_cache.caps;
	return caps->l3_bytes != 0;
}

static void associate(u64 pqr)
{
	u32 cpu = hal_smp_cpu_id(), rmid = (u32)pqr, cos = pqr >> 32;

	if ((rmid && rmid >= soft_cache.caps.rmids) || (cos && cos >= soft_cache.caps.coses))
		panic("software processor: PQR_ASSOC %#lx raises #GP", pqr);
	soft_cache.pqr[cpu] = pqr;
	soft_cache.pqr_writes[cpu]++;
}

static void set_mask(u32 cos, u32 mask)
{
	if (cos >= soft_cache.caps.coses || !mask || mask >> soft_cache.caps.cbm_len)
		panic("software processor: mask %#x of class %u raises #GP", mask, cos);
	soft_cache.mask[hal_cpu_to_socket(hal_smp_cpu_id())][cos] = mask;
}

static u64 read(u32 event, u32 rmid)
{
	u32 socket = hal_cpu_to_socket(hal_smp_cpu_id());

	if (event < 1 || event > SOFT_CACHE_EVENTS || rmid >= soft_cache.caps.rmids)
		panic("software processor: event %u of RMID %u is not counted", event, rmid);
	return soft_cache.count[socket][event - 1][rmid];
}

static const struct psr_provider psr_fake = {
	.name = "the software processor",
	.probe = probe,
	.associate = associate,
	.set_mask = set_mask,
	.read = read,
};
OPS_TABLE(psr_fake, probe);

const struct psr_provider *const psr_providers[] = { &psr_fake, NULL };
