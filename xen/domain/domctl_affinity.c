/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_DOMCTL_*: affinity of vCPUs to CPUs and of a domain's memory to NUMA nodes. */
#include <xen/errno.h>
#include <xen/hal/numa.h>

#include "domctl.h"

/* Larger than any bitmap of CPUs or nodes; larger sizes are refused. */
#define BITMAP_MAX_BITS 65536U

int xenctl_bitmap_in(struct vcpu *v, unsigned long *map, u32 nbits, const struct xenctl_bitmap *b)
{
	u32 bits = min(b->nr_bits, nbits), bytes = DIV_ROUND_UP(bits, 8);

	if (b->nr_bits > BITMAP_MAX_BITS)
		return -XEN_EINVAL;
	memset(map, 0, nbits / 8);
	if (bytes && guest_copy_in(v, map, guest_handle_ptr(b->bitmap), bytes))
		return -XEN_EFAULT;
	for (u32 i = bits; i < bytes * 8; i++)
		bit_clear(map, i);
	return 0;
}

int xenctl_bitmap_out(struct vcpu *v, const struct xenctl_bitmap *b, const unsigned long *map,
		      u32 nbits)
{
	u32 bytes = DIV_ROUND_UP(b->nr_bits, 8), have = nbits / 8;
	guest_ptr_t at = guest_handle_ptr(b->bitmap);

	if (b->nr_bits > BITMAP_MAX_BITS)
		return -XEN_EINVAL;
	for (u32 i = 0; i < bytes; i++) {
		u8 byte = i < have ? (u8)(map[i / 8] >> (i % 8 * 8)) : 0;

		if (i == b->nr_bits / 8)
			byte &= (u8)((1U << b->nr_bits % 8) - 1);
		if (guest_copy_out(v, guest_ptr_add(at, i), &byte, 1))
			return -XEN_EFAULT;
	}
	return 0;
}

static bool affinity_flags_valid(u32 flags)
{
	const u32 masks = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;

	return (flags & masks) && !(flags & ~(masks | XEN_VCPUAFFINITY_FORCE));
}

/* The masks in effect: the pool's CPUs in the hard mask, and those of them in the soft one. */
static int tell_effective(struct vcpu *v, const struct vcpu *t,
			  const struct xen_domctl_vcpuaffinity *a)
{
	const struct sched_unit *u = t->part_of;
	cpumask_t hard, soft;
	int rc = 0;

	sched_pool_cpus(u->sched, &hard);
	cpumask_and(&hard, &hard, &u->hard);
	cpumask_and(&soft, &u->soft, &hard);
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = xenctl_bitmap_out(v, &a->cpumap_hard, hard.bits, NR_CPUS);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = xenctl_bitmap_out(v, &a->cpumap_soft, soft.bits, NR_CPUS);
	return rc;
}

long domctl_set_vcpu_affinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	bool set_hard = a->flags & XEN_VCPUAFFINITY_HARD;
	bool set_soft = a->flags & XEN_VCPUAFFINITY_SOFT;
	struct vcpu *t = domain_vcpu(d, a->vcpu);
	cpumask_t hard, soft;
	int rc = 0;

	if (!affinity_flags_valid(a->flags) || a->vcpu >= d->max_vcpus)
		return -XEN_EINVAL;
	if (!t)
		return -XEN_ESRCH;
	if (set_hard)
		rc = xenctl_bitmap_in(v, hard.bits, NR_CPUS, &a->cpumap_hard);
	if (!rc && set_soft)
		rc = xenctl_bitmap_in(v, soft.bits, NR_CPUS, &a->cpumap_soft);
	if (!rc)
		rc = vcpu_set_affinity(t, set_hard ? &hard : NULL, set_soft ? &soft : NULL);
	return rc ? rc : tell_effective(v, t, a);
}

long domctl_get_vcpu_affinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *t = domain_vcpu(d, a->vcpu);
	int rc = 0;

	if (!affinity_flags_valid(a->flags) || a->vcpu >= d->max_vcpus)
		return -XEN_EINVAL;
	if (!t)
		return -XEN_ESRCH;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = xenctl_bitmap_out(v, &a->cpumap_hard, t->part_of->hard.bits, NR_CPUS);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = xenctl_bitmap_out(v, &a->cpumap_soft, t->part_of->soft.bits, NR_CPUS);
	return rc;
}

/* A domain has at most one preferred node; a mask of several nodes means no preference. */
long domctl_set_node_affinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	DECLARE_BITMAP(nodes, MAX_NUMNODES);
	u32 nr = hal_numa_nr_nodes(), n;
	bool any;
	int rc = xenctl_bitmap_in(v, nodes, MAX_NUMNODES, &op->u.nodeaffinity.nodemap);

	if (rc)
		return rc;
	n = bitmap_find_next(nodes, nr, 0);
	if (n >= nr)
		return -XEN_EINVAL;
	any = nr == 1 || bitmap_find_next(nodes, nr, n + 1) < nr;
	d->node_affinity = any ? NUMA_NO_NODE : (u8)n;
	return 0;
}

long domctl_get_node_affinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	DECLARE_BITMAP(nodes, MAX_NUMNODES) = { 0 };

	for (u32 n = 0; n < hal_numa_nr_nodes(); n++)
		if (d->node_affinity == NUMA_NO_NODE || d->node_affinity == n)
			bit_set(nodes, n);
	return xenctl_bitmap_out(v, &op->u.nodeaffinity.nodemap, nodes, MAX_NUMNODES);
}
