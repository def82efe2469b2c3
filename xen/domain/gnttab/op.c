/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: HYPERVISOR_grant_table_op. Copies each op in once and its results out. */
#include "private.h"

#include <xen/hypercall.h>

/* Ops between preemption checks. */
#define CHECK_EVERY 16

union grant_op {
	struct gnttab_map_grant_ref map;
	struct gnttab_unmap_grant_ref unmap;
	struct gnttab_copy copy;
	struct gnttab_setup_table setup;
	struct gnttab_query_size query;
	struct gnttab_set_version set_version;
	struct gnttab_get_version get_version;
	struct gnttab_get_status_frames status_frames;
	struct gnttab_dump_table dump;
	struct gnttab_swap_grant_ref swap;
};

static long map_op(struct vcpu *v, void *arg)
{
	struct gnttab_map_grant_ref *op = arg;

	op->status = grant_map(v, op);
	return 0;
}

static long copy_op(struct vcpu *v, void *arg)
{
	struct gnttab_copy *op = arg;

	op->status = grant_copy(v, op);
	return 0;
}

struct grant_cmd {
	u8 size;		/* of the op */
	u8 out, out_size;	/* the part to copy out */
	bool array;		/* may have several ops in a call */
	long (*run)(struct vcpu *v, void *op);
};

#define OUT(type, first, last)                                                  \
	.size = sizeof(type), .out = offsetof(type, first),                     \
	.out_size = offsetof(type, last) + sizeof(((type *)NULL)->last) - offsetof(type, first)

static const struct grant_cmd grant_cmds[] = {
	[GNTTABOP_map_grant_ref] = {
		OUT(struct gnttab_map_grant_ref, status, dev_bus_addr), true, map_op },
	[GNTTABOP_copy] = { OUT(struct gnttab_copy, status, status), true, copy_op },
	[GNTTABOP_swap_grant_ref] = {
		OUT(struct gnttab_swap_grant_ref, status, status), true, gnttab_swap_op },
	[GNTTABOP_setup_table] = {
		OUT(struct gnttab_setup_table, status, status), false, gnttab_setup_table_op },
	[GNTTABOP_query_size] = {
		OUT(struct gnttab_query_size, nr_frames, status), false, gnttab_query_size_op },
	[GNTTABOP_set_version] = {
		OUT(struct gnttab_set_version, version, version), false, gnttab_set_version_op },
	[GNTTABOP_get_version] = {
		OUT(struct gnttab_get_version, version, version), false, gnttab_get_version_op },
	[GNTTABOP_get_status_frames] = {
		OUT(struct gnttab_get_status_frames, status, status), false,
		gnttab_status_frames_op },
	[GNTTABOP_dump_table] = {
		OUT(struct gnttab_dump_table, status, status), false, gnttab_dump_table_op },
};

static long run_one(struct vcpu *v, const struct grant_cmd *c, guest_ptr_t uop)
{
	union grant_op op;
	long rc;

	if (guest_copy_in(v, &op, uop, c->size))
		return -XEN_EFAULT;
	rc = c->run(v, &op);
	if (guest_copy_out(v, guest_ptr_add(uop, c->out), (char *)&op + c->out, c->out_size))
		return -XEN_EFAULT;
	return rc;
}

static long run_array(struct vcpu *v, const struct grant_cmd *c, guest_ptr_t uop, u32 count,
		      u32 *done)
{
	for (u32 i = 0; i < count; i++) {
		long rc;

		*done = i;
		if (i && i % CHECK_EVERY == 0 && hypercall_preempt_check())
			return -XEN_ERESTART;
		rc = run_one(v, c, guest_ptr_add(uop, (u64)i * c->size));
		if (rc)
			return rc;
	}
	*done = count;
	return 0;
}

/* Unmap up to UNMAP_BATCH mappings with one flush. */
static long unmap_some(struct vcpu *v, guest_ptr_t uop, u32 n, u32 *done)
{
	const u64 size = sizeof(struct gnttab_unmap_grant_ref);
	struct grant_unmap u[UNMAP_BATCH];
	struct gnttab_unmap_grant_ref op;
	long rc = 0;

	for (u32 i = 0; i < n; i++) {
		if (guest_copy_in(v, &op, guest_ptr_add(uop, i * size), size)) {
			rc = -XEN_EFAULT;
			n = i;
			break;
		}
		u[i] = (struct grant_unmap){ .host_addr = op.host_addr, .handle = op.handle,
					     .dev_bus_addr = op.dev_bus_addr };
	}
	grant_unmap_batch(v->domain, u, n);
	for (u32 i = 0; i < n; i++) {
		guest_ptr_t p = guest_ptr_add(uop, i * size + offsetof(typeof(op), status));

		if (guest_copy_out(v, p, &u[i].status, sizeof(u[i].status)))
			rc = -XEN_EFAULT;
	}
	*done += n;
	return rc;
}

static long run_unmap(struct vcpu *v, guest_ptr_t uop, u32 count, u32 *done)
{
	while (*done < count) {
		u64 off = (u64)*done * sizeof(struct gnttab_unmap_grant_ref);
		long rc;

		if (*done && hypercall_preempt_check())
			return -XEN_ERESTART;
		rc = unmap_some(v, guest_ptr_add(uop, off), min(count - *done, (u32)UNMAP_BATCH),
				done);
		if (rc)
			return rc;
	}
	return 0;
}

long gnttab_op(struct vcpu *v, u32 *arg, guest_ptr_t uop, u32 count, u32 *done)
{
	u32 cmd = *arg & GNTTAB_CMD_MASK, resume = *arg >> GNTTAB_RESUME_SHIFT;
	const struct grant_cmd *c;
	long rc;

	*done = 0;
	if (count > INT32_MAX || (resume && cmd != GNTTABOP_cache_flush))
		return -XEN_EINVAL;
	if (cmd == GNTTABOP_unmap_grant_ref)
		return run_unmap(v, uop, count, done);
	if (cmd == GNTTABOP_cache_flush) {
		rc = grant_cache_flush(v, uop, count, &resume, done);
		*arg = cmd | resume << GNTTAB_RESUME_SHIFT;
		return rc;
	}
	if (cmd >= ARRAY_SIZE(grant_cmds))
		return -XEN_ENOSYS;
	c = &grant_cmds[array_index_nospec(cmd, ARRAY_SIZE(grant_cmds))];
	if (!c->run)
		return -XEN_ENOSYS;
	if (!c->array && count != 1)
		return -XEN_EINVAL;
	return run_array(v, c, uop, count, done);
}
