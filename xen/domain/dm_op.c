/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HYPERVISOR_dm_op: what device models do to the domain that they serve. The first buffer holds the
 * operation; some have more data in the second. hal_dm_op() does what is about the platform.
 */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/ioreq.h>
#include <xen/p2m.h>
#include <xen/xmalloc.h>

#include "private.h"

#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>

#define MAX_BUFS 2
/* Pages that Xen tracks at most; and those whose bits one call collects, 16 MiB. */
#define MAX_TRACKED (1U << 18)
#define MAX_VRAM (1U << 12)

#define COPY_BACK BIT(0)	/* the structure holds results */

/* One call: its operation, and the buffers. */
struct dm_call {
	struct vcpu *v;		/* the caller's */
	struct domain *d;	/* the one that the device model serves */
	u32 nr_bufs;
	struct xen_dm_op_buf buf[MAX_BUFS];
	struct xen_dm_op op;
};

static long op_create_server(struct dm_call *c)
{
	struct xen_dm_op_create_ioreq_server *o = &c->op.u.create_ioreq_server;
	int rc;

	if (o->pad[0] || o->pad[1] || o->pad[2])
		return -XEN_EINVAL;
	rc = hal_ioreq_supported(c->d);
	return rc ? rc : ioreq_server_create(c->d, c->v->domain->id, o->handle_bufioreq, &o->id);
}

static long op_server_info(struct dm_call *c)
{
	struct xen_dm_op_get_ioreq_server_info *o = &c->op.u.get_ioreq_server_info;
	struct ioreq_server_info info;
	int rc;

	if (o->flags & ~XEN_DMOP_no_gfns)
		return -XEN_EINVAL;
	rc = ioreq_server_info(c->d, c->v->domain->id, o->id, !(o->flags & XEN_DMOP_no_gfns),
			       &info);
	if (rc)
		return rc;
	o->bufioreq_port = info.ring_port;
	o->ioreq_gfn = info.sync.v;
	o->bufioreq_gfn = info.ring.v;
	return 0;
}

static long op_range(struct dm_call *c)
{
	const struct xen_dm_op_ioreq_server_range *o = &c->op.u.map_io_range_to_ioreq_server;

	if (o->pad)
		return -XEN_EINVAL;
	return ioreq_server_range(c->d, c->v->domain->id, o->id,
				  c->op.op == XEN_DMOP_map_io_range_to_ioreq_server, o->type,
				  o->start, o->end);
}

static long op_server_state(struct dm_call *c)
{
	const struct xen_dm_op_set_ioreq_server_state *o = &c->op.u.set_ioreq_server_state;

	if (o->pad)
		return -XEN_EINVAL;
	return ioreq_server_enable(c->d, c->v->domain->id, o->id, o->enabled);
}

static long op_destroy_server(struct dm_call *c)
{
	const struct xen_dm_op_destroy_ioreq_server *o = &c->op.u.destroy_ioreq_server;

	if (o->pad)
		return -XEN_EINVAL;
	return ioreq_server_destroy(c->d, c->v->domain->id, o->id);
}

/*
 * A device model says what it has written itself. Only the migration of a guest has use for that,
 * and Xen's answer is the same while none is under way.
 */
static long op_modified(struct dm_call *c)
{
	return c->op.u.modified_memory.opaque ? -XEN_EINVAL : 0;
}

/*
 * "No data" tells a device model that all pages may have changed. No pages end the tracking, which
 * costs nothing as long as it is not asked for.
 */
static long op_dirty_vram(struct dm_call *c)
{
	const struct xen_dm_op_track_dirty_vram *o = &c->op.u.track_dirty_vram;
	u32 bytes = (o->nr + 7) / 8;
	u8 *bitmap;
	long rc;

	if (o->pad || o->nr > MAX_TRACKED || o->first_pfn >> 36)
		return -XEN_EINVAL;
	if (!o->nr)
		return 0;
	if (o->nr > MAX_VRAM)
		return -XEN_ENODATA;
	if (c->nr_bufs < 2 || c->buf[1].size < bytes)
		return -XEN_EINVAL;
	bitmap = xzalloc_bytes(bytes);
	if (!bitmap)
		return -XEN_ENOMEM;
	rc = p2m_collect_dirty(c->d->p2m, gfn_make(o->first_pfn), o->nr, bitmap);
	/* Some pages' bits are gone, so the bitmap does not say enough. */
	if (rc == -XEN_ENOMEM)
		rc = -XEN_ENODATA;
	if (!rc && guest_copy_out(c->v, guest_handle_ptr(c->buf[1].h), bitmap, bytes))
		rc = -XEN_EFAULT;
	xfree(bitmap);
	return rc;
}

/* The rest is left in the structure when the call must be continued. */
static long op_mem_type(struct dm_call *c)
{
	struct xen_dm_op_set_mem_type *o = &c->op.u.set_mem_type;
	enum p2m_type to = o->mem_type == HVMMEM_ram_ro ? P2M_RAM_RO : P2M_RAM_RW;

	if (o->pad || o->first_pfn >> 36 || o->nr > BIT(36) - o->first_pfn)
		return -XEN_EINVAL;
	if (o->mem_type != HVMMEM_ram_rw && o->mem_type != HVMMEM_ram_ro)
		return -XEN_EOPNOTSUPP;
	while (o->nr) {
		int rc = p2m_set_ram_type(c->d->p2m, gfn_make(o->first_pfn), to);

		if (rc)
			return rc;
		o->first_pfn++;
		o->nr--;
		if (o->nr && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return 0;
}

static long op_relocate(struct dm_call *c)
{
	struct xen_dm_op_relocate_memory *o = &c->op.u.relocate_memory;

	if (o->pad)
		return -XEN_EINVAL;
	while (o->size) {
		int rc = -XEN_EINVAL;

		if (!(o->dst_gfn >> 36))
			rc = memory_move_gfn(c->d, gfn_make(o->src_gfn), gfn_make(o->dst_gfn));
		if (rc)
			return rc;
		o->src_gfn++;
		o->dst_gfn++;
		o->size--;
		if (o->size && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return 0;
}

static long op_shutdown(struct dm_call *c)
{
	domain_shutdown(c->d, c->op.u.remote_shutdown.reason);
	return 0;
}

static long op_nr_vcpus(struct dm_call *c)
{
	c->op.u.nr_vcpus.vcpus = c->d->max_vcpus;
	return 0;
}

static long op_platform(struct dm_call *c)
{
	return hal_dm_op(c->d, &c->op);
}

#define OP(name, fn, flags) \
	[XEN_DMOP_##name] = { sizeof(((struct xen_dm_op *)0)->u.name), flags, fn }

static const struct {
	u8 bytes;
	u8 flags;
	long (*fn)(struct dm_call *c);
} dm_ops[] = {
	OP(create_ioreq_server, op_create_server, COPY_BACK),
	OP(get_ioreq_server_info, op_server_info, COPY_BACK),
	OP(map_io_range_to_ioreq_server, op_range, 0),
	OP(unmap_io_range_from_ioreq_server, op_range, 0),
	OP(set_ioreq_server_state, op_server_state, 0),
	OP(destroy_ioreq_server, op_destroy_server, 0),
	OP(track_dirty_vram, op_dirty_vram, 0),
	OP(set_pci_intx_level, op_platform, 0),
	OP(set_isa_irq_level, op_platform, 0),
	OP(set_pci_link_route, op_platform, 0),
	OP(modified_memory, op_modified, 0),
	OP(set_mem_type, op_mem_type, COPY_BACK),
	OP(inject_event, op_platform, 0),
	OP(inject_msi, op_platform, 0),
	OP(map_mem_type_to_ioreq_server, op_platform, 0),
	OP(remote_shutdown, op_shutdown, 0),
	OP(relocate_memory, op_relocate, COPY_BACK),
	OP(pin_memory_cacheattr, op_platform, 0),
	OP(set_irq_level, op_platform, 0),
	OP(nr_vcpus, op_nr_vcpus, COPY_BACK),
};

/* Copy in the operation: its head first, which tells how long the rest is. */
static long copy_op(struct dm_call *c, u32 *bytes)
{
	const u32 head = offsetof(struct xen_dm_op, u);
	guest_ptr_t at = guest_handle_ptr(c->buf[0].h);

	if (c->buf[0].size < head || guest_copy_in(c->v, &c->op, at, head))
		return -XEN_EFAULT;
	if (c->op.pad)
		return -XEN_EINVAL;
	if (c->op.op >= ARRAY_SIZE(dm_ops))
		return -XEN_EOPNOTSUPP;
	c->op.op = array_index_nospec(c->op.op, ARRAY_SIZE(dm_ops));
	if (!dm_ops[c->op.op].fn)
		return -XEN_EOPNOTSUPP;
	*bytes = head + dm_ops[c->op.op].bytes;
	if (c->buf[0].size < *bytes ||
	    guest_copy_in(c->v, &c->op.u, guest_ptr_add(at, head), *bytes - head))
		return -XEN_EFAULT;
	return 0;
}

static long run(struct dm_call *c)
{
	u32 bytes;
	long rc = copy_op(c, &bytes);

	if (rc)
		return rc;
	rc = dm_ops[c->op.op].fn(c);
	if ((!rc || rc == -XEN_ERESTART) && (dm_ops[c->op.op].flags & COPY_BACK) &&
	    guest_copy_out(c->v, guest_handle_ptr(c->buf[0].h), &c->op, bytes))
		rc = -XEN_EFAULT;
	return rc;
}

long do_dm_op(struct vcpu *v, struct hypercall *hc)
{
	struct dm_call c = { .v = v, .nr_bufs = (u32)hc->arg[1] };
	int err;
	long rc;

	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	if (!c.nr_bufs)
		return -XEN_EFAULT;
	if (c.nr_bufs > MAX_BUFS)
		return -XEN_E2BIG;
	if (guest_copy_in(v, c.buf, gvaddr_make(hc->arg[2]), c.nr_bufs * sizeof(c.buf[0])))
		return -XEN_EFAULT;
	c.d = domain_from_arg(v, (u16)hc->arg[0], &err);
	if (!c.d)
		return err;
	/* A domain is not its own device model. */
	rc = c.d == v->domain ? -XEN_EPERM : run(&c);
	domain_put(c.d);
	return rc;
}
