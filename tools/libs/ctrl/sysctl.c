/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_SYSCTL_*: the machine and the hypervisor. */
#include "private.h"

int ctl_physinfo(struct ctl *ctl, struct xen_sysctl_physinfo *info)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo };
	int rc = sysctl_op(ctl, &op, "reading the machine's size");

	*info = op.u.physinfo;
	return rc;
}

int ctl_cpu_topology(struct ctl *ctl, struct xen_sysctl_cputopo *topo, uint32_t max)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_cputopoinfo };
	size_t bytes = max * sizeof(*topo);
	void *buf = topo ? buf_get(ctl, NULL, bytes) : NULL;
	int rc;

	if (topo && !buf)
		return -ENOMEM;
	op.u.cputopoinfo.num_cpus = max;
	set_xen_guest_handle(op.u.cputopoinfo.cputopo, buf);
	rc = sysctl_op(ctl, &op, "reading the CPUs' topology");
	if (!rc && topo && op.u.cputopoinfo.num_cpus > max)
		rc = -EPROTO;
	if (!rc && topo)
		memcpy(topo, buf, op.u.cputopoinfo.num_cpus * sizeof(*topo));
	buf_put(ctl, buf);
	return rc ? rc : (int)op.u.cputopoinfo.num_cpus;
}

int ctl_numa_info(struct ctl *ctl, struct xen_sysctl_meminfo *mem, uint32_t *distance,
		  uint32_t max)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_numainfo };
	size_t distances = (size_t)max * max * sizeof(*distance);
	void *m = mem ? buf_get(ctl, NULL, max * sizeof(*mem)) : NULL;
	void *d = distance ? buf_get(ctl, NULL, distances) : NULL;
	int rc = -ENOMEM;

	if (!(mem && !m) && !(distance && !d)) {
		op.u.numainfo.num_nodes = max;
		set_xen_guest_handle(op.u.numainfo.meminfo, m);
		set_xen_guest_handle(op.u.numainfo.distance, d);
		rc = sysctl_op(ctl, &op, "reading the memory nodes");
		if (!rc && mem && op.u.numainfo.num_nodes > max)
			rc = -EPROTO;
	}
	if (!rc && mem)
		memcpy(mem, m, op.u.numainfo.num_nodes * sizeof(*mem));
	if (!rc && distance)
		memcpy(distance, d, distances);
	buf_put(ctl, m);
	buf_put(ctl, d);
	return rc ? rc : (int)op.u.numainfo.num_nodes;
}

int ctl_cpu_idle(struct ctl *ctl, struct xen_sysctl_cpuinfo *info, uint32_t max)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_getcpuinfo };
	void *buf = buf_get(ctl, NULL, max * sizeof(*info));
	int rc;

	if (!buf)
		return -ENOMEM;
	op.u.getcpuinfo.max_cpus = max;
	set_xen_guest_handle(op.u.getcpuinfo.info, buf);
	rc = sysctl_op(ctl, &op, "reading idle times");
	if (!rc && op.u.getcpuinfo.nr_cpus > max)
		rc = -EPROTO;
	if (!rc)
		memcpy(info, buf, op.u.getcpuinfo.nr_cpus * sizeof(*info));
	buf_put(ctl, buf);
	return rc ? rc : (int)op.u.getcpuinfo.nr_cpus;
}

static int read_console(struct ctl *ctl, struct xen_sysctl *op, char *out, uint32_t bytes)
{
	void *buf = buf_get(ctl, NULL, bytes);
	int rc;

	if (!buf)
		return -ENOMEM;
	op->u.readconsole.count = bytes;
	set_xen_guest_handle(op->u.readconsole.buffer, buf);
	rc = sysctl_op(ctl, op, "reading the hypervisor's log");
	if (!rc && op->u.readconsole.count > bytes)
		rc = -EPROTO;
	if (!rc)
		memcpy(out, buf, op->u.readconsole.count);
	buf_put(ctl, buf);
	return rc ? rc : (int)op->u.readconsole.count;
}

int ctl_read_console(struct ctl *ctl, char *buf, uint32_t bytes, bool clear)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole, .u.readconsole.clear = clear };

	return read_console(ctl, &op, buf, bytes);
}

int ctl_follow_console(struct ctl *ctl, char *buf, uint32_t bytes, uint32_t *index)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole, .u.readconsole.incremental = 1,
				 .u.readconsole.index = *index };
	int n = read_console(ctl, &op, buf, bytes);

	if (n >= 0)
		*index = op.u.readconsole.index;
	return n;
}

int ctl_debug_keys(struct ctl *ctl, const char *keys)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys };
	size_t n = strlen(keys);
	void *buf = buf_get(ctl, keys, n);
	int rc;

	if (!buf)
		return -ENOMEM;
	op.u.debug_keys.nr_keys = (uint32_t)n;
	set_xen_guest_handle(op.u.debug_keys.keys, buf);
	rc = sysctl_op(ctl, &op, "sending debug keys");
	buf_put(ctl, buf);
	return rc;
}
