/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last-level cache, monitored and divided by the hypervisor: domains that load it with working
 * sets of known size, and the first domain, which attaches them and reads their counters as a
 * toolstack does. With a model of the cache beside the emulator, it also reads what the model
 * itself has counted (docs/cache-qos.md).
 */
#include "bench.h"

#include <public/domctl.h>
#include <public/platform.h>
#include <public/sysctl.h>

#include "model.h"

#define LINE 64
#define MAX_DOMAINS 2
#define MSR_QM_EVTSEL 0xc8d
#define MSR_QM_CTR 0xc8e
#define COUNTER_BAD (BIT(63) | BIT(62))
#define EVENT_OCCUPANCY 1
#define EVENT_TOTAL 2
#define SETTLE_MS 20
#define SAMPLE_MS 10

/* kib=: read a working set of that size again and again, line after line. */
static void load(const char *name, u32 rounds)
{
	u64 bytes = arg_u64("kib", 0) << 10, at;

	if (!bytes) {
		bench_skip(name, "it runs for ever, and only with kib=");
		return;
	}
	at = (u64)alloc_pages((u32)(bytes / PAGE_SIZE), PAGE_SIZE);
	for (;;)
		for (u64 i = 0; i < bytes; i += LINE)
			(void)*(volatile u8 *)(at + i);
}

/* A vCPU that gives its CPU away as soon as it has it. */
static void yield(const char *name, u32 rounds)
{
	while (arg_u64("spin", 0))
		sched_op(SCHEDOP_yield, NULL);
	bench_skip(name, "it runs for ever, and only with spin=1");
}

/* ---- the toolstack's calls ---- */

static long cmt(u16 domid, u32 cmd, u32 *data)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_psr_cmt_op, .domain = domid,
				 .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
	long rc;

	op.u.psr_cmt_op.cmd = cmd;
	rc = HC1(__HYPERVISOR_domctl, &op);
	*data = op.u.psr_cmt_op.data;
	return rc;
}

static long set_mask(u16 domid, u64 mask)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_psr_alloc, .domain = domid,
				 .interface_version = XEN_DOMCTL_INTERFACE_VERSION };

	op.u.psr_alloc.cmd = XEN_DOMCTL_PSR_SET_L3_CBM;
	op.u.psr_alloc.data = mask;
	return HC1(__HYPERVISOR_domctl, &op);
}

static u64 upscale(void)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_psr_cmt_op,
				 .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

	op.u.psr_cmt_op.cmd = XEN_SYSCTL_PSR_CMT_get_l3_upscaling_factor;
	return HC1(__HYPERVISOR_sysctl, &op) ? 0 : op.u.psr_cmt_op.u.data;
}

/* A counter in bytes, and the time when it was read; ALL_ONES where it could not be. */
static u64 counter(u32 event, u32 rmid, u64 *when)
{
	struct xenpf_resource_entry e[3] = {
		{ .u.cmd = XEN_RESOURCE_OP_MSR_WRITE, .idx = MSR_QM_EVTSEL,
		  .val = event | (u64)rmid << 32 },
		{ .u.cmd = XEN_RESOURCE_OP_MSR_READ, .idx = MSR_QM_CTR },
		{ .u.cmd = XEN_RESOURCE_OP_MSR_READ, .idx = MSR_TSC },
	};
	struct xen_platform_op op = { .cmd = XENPF_resource_op,
				      .interface_version = XENPF_INTERFACE_VERSION };

	op.u.resource_op.nr_entries = ARRAY_SIZE(e);
	set_xen_guest_handle(op.u.resource_op.entries, e);
	if (HC1(__HYPERVISOR_platform_op, &op) != ARRAY_SIZE(e) || e[1].val & COUNTER_BAD)
		return ALL_ONES;
	*when = e[2].val;
	return e[1].val * upscale();
}

/* ---- the model's page, which the first domain reaches like any device ---- */

static u32 pci_read(u32 function, u32 reg)
{
	u32 address = 0x80000000U | function << 8 | reg, val;

	__asm__ volatile("outl %0, %1" : : "a"(address), "Nd"((u16)0xcf8));
	__asm__ volatile("inl %1, %0" : "=a"(val) : "Nd"((u16)0xcfc));
	return val;
}

static const volatile struct psr_model *model(void)
{
	for (u32 function = 0; function < 256; function += 8) {
		u64 bar;

		if (pci_read(function, 0) != PSR_MODEL_PCI_ID)
			continue;
		bar = pci_read(function, 0x18);
		if (bar & 4)
			bar |= (u64)pci_read(function, 0x1c) << 32;
		bar &= ~0xfUL;
		for (u64 page = 0; page < PSR_MODEL_BYTES; page += PAGE_SIZE)
			map_page(FREE_VA + page, bar + page, PTE_P | PTE_W);
		return (const volatile struct psr_model *)FREE_VA;
	}
	return NULL;
}

/* ---- what the first domain measures ---- */

struct watched {
	u16 domid;
	u32 rmid;
	u64 traffic, when;
};

static u32 attach_all(const char *name, struct watched *w)
{
	u32 n = 0, unused;

	while (n < MAX_DOMAINS) {
		long rc = cmt((u16)(n + 1), XEN_DOMCTL_PSR_CMT_OP_ATTACH, &unused);

		if (rc == -XEN_ESRCH)
			break;
		if (rc) {
			bench_skip(name, "domain %u cannot be monitored: %ld", n + 1, rc);
			return 0;
		}
		w[n].domid = (u16)(n + 1);
		cmt(w[n].domid, XEN_DOMCTL_PSR_CMT_OP_QUERY_RMID, &w[n].rmid);
		n++;
	}
	return n;
}

static void report(const char *name, const struct watched *w,
		   const volatile struct psr_model *m)
{
	u64 when, bytes = counter(EVENT_OCCUPANCY, w->rmid, &when), truth, moved;

	truth = m ? m->rmid[w->rmid].occupied : bytes;
	if (bytes == ALL_ONES) {
		bench_skip(name, "the counter of RMID %u cannot be read", w->rmid);
		return;
	}
	bench_value("cache.occupancy", (s64)bytes, "bytes", "of=%u truth=%lu", w->domid, truth);
	moved = counter(EVENT_TOTAL, w->rmid, &when) - w->traffic;
	bench_value("cache.traffic", (s64)(moved * 1000 / (when - w->when)), "bytes/us", "of=%u",
		    w->domid);
}

/* split=: ways of the cache that the first load has for itself; the others have the rest. */
static void watch(const char *name, u32 rounds)
{
	struct watched w[MAX_DOMAINS] = { { 0 } };
	u32 n = attach_all(name, w), split = (u32)arg_u64("split", 0);
	const volatile struct psr_model *m = model();

	if (!n)
		return;
	if (split && m && (set_mask(1, BIT(split) - 1) ||
			   (n > 1 && set_mask(2, (BIT(m->ways) - 1) & ~(BIT(split) - 1))))) {
		bench_skip(name, "the cache cannot be divided");
		return;
	}
	sleep_ns(SETTLE_MS * MS);
	for (u32 i = 0; i < n; i++)
		w[i].traffic = counter(EVENT_TOTAL, w[i].rmid, &w[i].when);
	sleep_ns(SAMPLE_MS * MS);
	for (u32 i = 0; i < n; i++)
		report(name, &w[i], m);
}

/* Two switches a turn: to the domain that yields, and back. */
static void switches(const char *name, u32 rounds)
{
	u32 unused;

	MEASURE(bench_name(name, ".unattached"), rounds, sched_op(SCHEDOP_yield, NULL));
	if (cmt(1, XEN_DOMCTL_PSR_CMT_OP_ATTACH, &unused))
		return;
	MEASURE(bench_name(name, ".attached"), rounds, sched_op(SCHEDOP_yield, NULL));
}

static const struct benchmark table[] = {
	{ "cache.watch", watch, 1 },
	{ "cache.switch", switches, 1024 },
	{ "cache.load", load, 1 },
	{ "cache.yield", yield, 1 },
};
DEFINE_GROUP(cache, table);
