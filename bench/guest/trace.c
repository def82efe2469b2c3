/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What recording an event of the hypervisor's trace costs: an exit with all events on, the same
 * with all off, and the records that one exit leaves, counted in the ring itself. Only the
 * privileged domain may ask for this, by Xen's ABI (public/trace.h, XEN_SYSCTL_tbuf_op).
 */
#include "bench.h"

#include <public/sysctl.h>
#include <public/trace.h>

#define RING_PAGES 16
#define MAX_RING_PAGES 64
/* Guest frames for what the hypervisor lends, beyond those of the other benchmarks. */
#define INFO_AT (3UL << 33)
#define RING_AT (INFO_AT + (2UL << 20))
#define COUNTED 16

static volatile struct t_buf *ring;
static u32 ring_bytes;

static long tbuf_op(u32 cmd, struct xen_sysctl_tbuf_op *op)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_tbuf_op,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION };
	long rc;

	op->cmd = cmd;
	s.u.tbuf_op = *op;
	rc = HC1(__HYPERVISOR_sysctl, &s);
	*op = s.u.tbuf_op;
	return rc;
}

/* Show a frame of the hypervisor's at @va, where this guest's own tables need an entry too. */
static long map_foreign(u64 va, u64 mfn)
{
	domid_t owner = DOMID_XEN;
	xen_ulong_t idx = mfn;
	xen_pfn_t gpfn = va / PAGE_SIZE;
	int err = 0;
	struct xen_add_to_physmap_batch x = { .domid = DOMID_SELF,
					      .space = XENMAPSPACE_gmfn_foreign, .size = 1,
					      .u.foreign_domid = owner };
	long rc;

	set_xen_guest_handle(x.idxs, &idx);
	set_xen_guest_handle(x.gpfns, &gpfn);
	set_xen_guest_handle(x.errs, &err);
	rc = memory_op(XENMEM_add_to_physmap_batch, &x);
	if (!rc && !err)
		map_page(va, va, PTE_P | PTE_W);
	return rc ? rc : err;
}

/* The first CPU's ring, mapped as a whole. */
static bool open_ring(const char *name)
{
	struct xen_sysctl_tbuf_op op = { .size = RING_PAGES };
	const volatile struct t_info *info = (void *)INFO_AT;
	const volatile u32 *list;
	long rc;

	if (ring)
		return true;
	tbuf_op(XEN_SYSCTL_TBUFOP_set_size, &op);
	rc = tbuf_op(XEN_SYSCTL_TBUFOP_get_info, &op);
	if (!rc)
		rc = map_foreign(INFO_AT, op.buffer_mfn);
	if (rc) {
		bench_skip(name, "no trace rings that this domain reaches: %ld", rc);
		return false;
	}
	if (!info->tbuf_size || info->tbuf_size > MAX_RING_PAGES || info->mfn_offset[0] > 1000) {
		bench_skip(name, "rings of %u pages", info->tbuf_size);
		return false;
	}
	list = (const volatile u32 *)info + info->mfn_offset[0];
	for (u32 i = 0; i < info->tbuf_size && !rc; i++)
		rc = map_foreign(RING_AT + i * PAGE_SIZE, list[i]);
	if (rc) {
		bench_skip(name, "the ring cannot be mapped: %ld", rc);
		return false;
	}
	ring_bytes = info->tbuf_size * (u32)PAGE_SIZE - sizeof(struct t_buf);
	ring = (void *)RING_AT;
	return true;
}

static long set_events(bool on)
{
	u8 all[64];
	struct xen_sysctl_tbuf_op op = { .evt_mask = TRC_ALL, .cpu_mask.nr_bits = 8 * sizeof(all) };
	long rc;

	memset(all, 0xff, sizeof(all));
	set_xen_guest_handle(op.cpu_mask.bitmap, all);
	if (!on)
		return tbuf_op(XEN_SYSCTL_TBUFOP_disable, &op);
	rc = tbuf_op(XEN_SYSCTL_TBUFOP_set_cpu_mask, &op);
	if (!rc)
		rc = tbuf_op(XEN_SYSCTL_TBUFOP_set_evt_mask, &op);
	return rc ? rc : tbuf_op(XEN_SYSCTL_TBUFOP_enable, &op);
}

static void empty_ring(void)
{
	ring->cons = ring->prod;
}

/* Records between two positions, of which each is a header, perhaps a time, and some words. */
static u32 records(u32 from, u32 to)
{
	const volatile u8 *data = (const volatile u8 *)(ring + 1);
	u32 n = 0;

	for (; from != to && n < 10000; n++) {
		u32 head = *(const volatile u32 *)(data + from % ring_bytes);
		u32 bytes = 4 + (head >> 31) * 8 + (head >> 28 & 7) * 4;

		from = (from + bytes) % (2 * ring_bytes);
	}
	return n;
}

static void null_exit(void)
{
	HC2(__HYPERVISOR_xen_version, XENVER_version, NULL);
}

/* The ring must not fill up meanwhile. Emptying it is this guest's work, and not what is asked. */
static void emptied_exit(void)
{
	null_exit();
	empty_ring();
}

/* Records of a turn, in hundredths: others happen now and then. */
static u32 records_of_turn(void)
{
	u32 from, n = 0;

	empty_ring();
	for (u32 i = 0; i < COUNTED; i++) {
		from = ring->prod;
		null_exit();
		n += records(from, ring->prod);
		empty_ring();
	}
	return n * 100 / COUNTED;
}

static void trace_exit(const char *name, u32 rounds)
{
	u64 off, on;
	u32 each;
	long rc;

	if (!is_privileged() || !open_ring(name)) {
		if (!is_privileged())
			bench_skip(name, "only the privileged domain may trace");
		return;
	}
	set_events(false);
	emptied_exit();
	off = TICKS_OF(rounds, emptied_exit());
	rc = set_events(true);
	if (rc) {
		bench_skip(name, "tracing cannot be switched on: %ld", rc);
		return;
	}
	each = records_of_turn();
	on = TICKS_OF(rounds, emptied_exit());
	MEASURE_BEYOND(bench_name(name, ".on"), rounds, empty_ring(), emptied_exit());
	set_events(false);
	/* After they have been on: what is left in the way then would show. */
	MEASURE(bench_name(name, ".off"), rounds, null_exit());
	if (each)
		bench_time("trace.record", MAX(on, off) - off, (u64)rounds * each / 100,
			   "records100=%u", each);
}

static const struct benchmark table[] = {
	{ "trace.exit", trace_exit, 4000 },
};
DEFINE_GROUP(trace, table);
