/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translations of guests in the TLBs (SDM volume 3, section 28.4). Those of guest-physical
 * addresses are tagged with the address of the domain's tables, those of linear addresses with the
 * vCPU's VPID as well.
 *
 * INVEPT ends both kinds for a domain, on one CPU. It is executed before an entry when the p2m has
 * changed since the vCPU's last one, and when the vCPU comes to another CPU: what was cached there
 * may be from before such a change. So neither a VPID nor a page of tables needs a flush when it is
 * used again by another vCPU or domain, as every vCPU's first entry on a CPU has one.
 * INVVPID ends the linear addresses of one vCPU, when the hypervisor has changed its control
 * registers.
 */
#include <xen/bitmap.h>
#include <xen/spinlock.h>

#include "vmx.h"

#define NR_VPIDS 0x10000U

enum { INVEPT_ONE = 1, INVEPT_ALL = 2, INVVPID_ONE = 1, INVVPID_ALL = 2 };

/* 0 is the hypervisor's own. */
static DECLARE_BITMAP(vpids, NR_VPIDS) = { 1 };
static u32 vpid_hint;
static DEFINE_SPINLOCK(vpid_lock, LOCK_RANK_NONE);

struct descriptor {
	u64 tag, address;
};

static void invept(u64 kind, u64 eptp)
{
	struct descriptor d = { eptp, 0 };
	bool ok;

	__asm__ volatile("invept %[d], %[kind]"
			 : "=@cca"(ok) : [d] "m"(d), [kind] "r"(kind) : "memory");
	ASSERT(ok);
}

static void invvpid(u64 kind, u16 vpid)
{
	struct descriptor d = { vpid, 0 };
	bool ok;

	__asm__ volatile("invvpid %[d], %[kind]"
			 : "=@cca"(ok) : [d] "m"(d), [kind] "r"(kind) : "memory");
	ASSERT(ok);
}

static bool has_vpids(void)
{
	return vmx_controls.proc2 & VMX_PROC2_VPID;
}

void vmx_tlb_init_cpu(void)
{
	if (vmx_caps.ept_vpid & VMX_CAP_INVEPT_ALL)
		invept(INVEPT_ALL, 0);
	if (has_vpids())
		invvpid(INVVPID_ALL, 0);
}

u16 vmx_take_vpid(void)
{
	u32 vpid;

	if (!has_vpids())
		return 0;
	spin_lock(&vpid_lock);
	vpid = bitmap_find_next_zero(vpids, NR_VPIDS, vpid_hint);
	if (vpid == NR_VPIDS)
		vpid = bitmap_find_next_zero(vpids, NR_VPIDS, 0);
	if (vpid < NR_VPIDS) {
		bit_set(vpids, vpid);
		vpid_hint = vpid + 1;
	}
	spin_unlock(&vpid_lock);
	return vpid < NR_VPIDS ? (u16)vpid : 0;
}

void vmx_free_vpid(u16 vpid)
{
	if (!vpid)
		return;
	spin_lock(&vpid_lock);
	ASSERT(bit_test(vpids, vpid));
	bit_clear(vpids, vpid);
	spin_unlock(&vpid_lock);
}

void vmx_tlb_flush(struct vmx_vcpu *s)
{
	bool all = s->tlb_cpu != hal_smp_cpu_id() || READ_ONCE(s->flush_ept);

	ASSERT(this_cpu(vmx_loaded) == s && s->eptp);
	s->tlb_cpu = hal_smp_cpu_id();
	s->flush_vpid = false;
	if (all) {
		/* Cleared first, with a full barrier: a later change of the p2m asks again. */
		WRITE_ONCE(s->flush_ept, false);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		invept(vmx_caps.ept_vpid & VMX_CAP_INVEPT_ONE ? INVEPT_ONE : INVEPT_ALL, s->eptp);
	} else if (s->vpid) {
		invvpid(INVVPID_ONE, s->vpid);
	}
}

void vmx_flush_tlb(struct x86_vcpu *xv)
{
	WRITE_ONCE(vmx_of(xv)->flush_ept, true);
}
