/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_DOMCTL_*: vCPUs, where they may run, and their registers. */
#include "private.h"

int ctl_vcpu_info(struct ctl *ctl, uint32_t domid, uint32_t vcpu,
		  struct xen_domctl_getvcpuinfo *info)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuinfo, .domain = (domid_t)domid,
				 .u.getvcpuinfo.vcpu = vcpu };
	int rc = domctl_quiet(ctl, &op);

	if (rc < 0)
		return rc;
	*info = op.u.getvcpuinfo;
	return 0;
}

static void affinity_map(struct xenctl_bitmap *map, void *buf, size_t bytes)
{
	map->nr_bits = (uint32_t)bytes * 8;
	set_xen_guest_handle(map->bitmap, buf);
}

/* Both maps travel, so that the hypervisor may write either back. */
static int affinity(struct ctl *ctl, struct xen_domctl *op, uint8_t *hard, uint8_t *soft,
		    size_t bytes, const char *what)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	uint8_t *h = buf_get(ctl, hard, bytes), *s = buf_get(ctl, soft, bytes);
	int rc = -ENOMEM;

	if (h && s) {
		a->flags |= (hard ? XEN_VCPUAFFINITY_HARD : 0) | (soft ? XEN_VCPUAFFINITY_SOFT : 0);
		affinity_map(&a->cpumap_hard, h, bytes);
		affinity_map(&a->cpumap_soft, s, bytes);
		rc = domctl(ctl, op, what);
	}
	if (!rc && hard)
		memcpy(hard, h, bytes);
	if (!rc && soft)
		memcpy(soft, s, bytes);
	buf_put(ctl, h);
	buf_put(ctl, s);
	return rc;
}

int ctl_vcpu_set_affinity(struct ctl *ctl, uint32_t domid, uint32_t vcpu, uint8_t *hard,
			  uint8_t *soft, size_t bytes, bool force)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpuaffinity, .domain = (domid_t)domid };

	op.u.vcpuaffinity.vcpu = vcpu;
	op.u.vcpuaffinity.flags = force ? XEN_VCPUAFFINITY_FORCE : 0;
	return affinity(ctl, &op, hard, soft, bytes, "pinning a vCPU");
}

int ctl_vcpu_get_affinity(struct ctl *ctl, uint32_t domid, uint32_t vcpu, uint8_t *hard,
			  uint8_t *soft, size_t bytes)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuaffinity, .domain = (domid_t)domid };

	op.u.vcpuaffinity.vcpu = vcpu;
	return affinity(ctl, &op, hard, soft, bytes, "reading a vCPU's affinity");
}

int ctl_domain_set_node_affinity(struct ctl *ctl, uint32_t domid, const uint8_t *nodes,
				 size_t bytes)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_setnodeaffinity, .domain = (domid_t)domid };
	void *buf = buf_get(ctl, nodes, bytes);
	int rc;

	if (!buf)
		return -ENOMEM;
	affinity_map(&op.u.nodeaffinity.nodemap, buf, bytes);
	rc = domctl(ctl, &op, "choosing its memory nodes");
	buf_put(ctl, buf);
	return rc;
}

int ctl_domain_get_node_affinity(struct ctl *ctl, uint32_t domid, uint8_t *nodes, size_t bytes)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getnodeaffinity, .domain = (domid_t)domid };
	void *buf = buf_get(ctl, NULL, bytes);
	int rc;

	if (!buf)
		return -ENOMEM;
	affinity_map(&op.u.nodeaffinity.nodemap, buf, bytes);
	rc = domctl(ctl, &op, "reading its memory nodes");
	if (!rc)
		memcpy(nodes, buf, bytes);
	buf_put(ctl, buf);
	return rc;
}

long ctl_domain_get_context(struct ctl *ctl, uint32_t domid, void *out, size_t bytes)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_gethvmcontext, .domain = (domid_t)domid };
	void *buf = NULL;
	long rc;

	if (out) {
		buf = buf_get(ctl, NULL, bytes);
		if (!buf)
			return -ENOMEM;
		op.u.hvmcontext.size = (uint32_t)bytes;
		set_xen_guest_handle(op.u.hvmcontext.buffer, buf);
	}
	rc = domctl(ctl, &op, "reading its registers");
	if (!rc && out && op.u.hvmcontext.size <= bytes)
		memcpy(out, buf, op.u.hvmcontext.size);
	buf_put(ctl, buf);
	return rc ? rc : (long)op.u.hvmcontext.size;
}

int ctl_domain_set_context(struct ctl *ctl, uint32_t domid, const void *in, size_t bytes)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_sethvmcontext, .domain = (domid_t)domid };
	void *buf = buf_get(ctl, in, bytes);
	int rc;

	if (!buf)
		return -ENOMEM;
	op.u.hvmcontext.size = (uint32_t)bytes;
	set_xen_guest_handle(op.u.hvmcontext.buffer, buf);
	rc = domctl(ctl, &op, "loading its registers");
	buf_put(ctl, buf);
	return rc;
}

int ctl_vcpu_set_context(struct ctl *ctl, uint32_t domid, uint32_t vcpu,
			 const struct vcpu_guest_context *context)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_setvcpucontext, .domain = (domid_t)domid,
				 .u.vcpucontext.vcpu = vcpu };
	void *buf = buf_get(ctl, context, sizeof(*context));
	int rc;

	if (!buf)
		return -ENOMEM;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, buf);
	rc = domctl(ctl, &op, "loading a vCPU's registers");
	buf_put(ctl, buf);
	return rc;
}
