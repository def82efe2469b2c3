/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_SYSCTL_*: CPUs, their topology, memory and its nodes. */
#include <xen/errno.h>
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>
#include <xen/hal/numa.h>
#include <xen/iommu.h>
#include <xen/string.h>

#include "domctl.h"

/* Count the CPUs of the first CPU's socket and core; assumes that all sockets are alike. */
static void count_siblings(struct xen_sysctl_physinfo *p)
{
	u32 first = cpumask_first(&cpu_online_map), socket = hal_cpu_to_socket(first);
	u32 in_socket = 0, cpu;

	cpumask_for_each(cpu, &cpu_online_map) {
		if (hal_cpu_to_socket(cpu) != socket)
			continue;
		in_socket++;
		if (hal_cpu_to_core(cpu) == hal_cpu_to_core(first))
			p->threads_per_core++;
	}
	p->cores_per_socket = in_socket / p->threads_per_core;
}

static u64 outstanding_claims(void)
{
	u64 sum = 0;

	rcu_read_lock();
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d)) {
		u64 have = READ_ONCE(d->tot_pages);

		if (d->outstanding_claim > have)
			sum += d->outstanding_claim - have;
	}
	rcu_read_unlock();
	return sum;
}

long sysctl_physinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_physinfo *p = &op->u.physinfo;
	cpumask_t cpus;

	memset(p, 0, sizeof(*p));
	count_siblings(p);
	cpus_in_use(&cpus);
	p->nr_cpus = cpumask_weight(&cpus);
	p->max_cpu_id = nr_cpu_ids - 1;
	p->nr_nodes = hal_numa_nr_nodes();
	p->max_node_id = hal_numa_nr_nodes() - 1;
	p->total_pages = total_page_count();
	p->free_pages = free_page_count(NUMA_NO_NODE);
	p->scrub_pages = dirty_page_count();
	p->outstanding_pages = outstanding_claims();
	p->max_mfn = max_mfn - 1;
	p->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap |
			  XEN_SYSCTL_PHYSCAP_gnttab_v1 | XEN_SYSCTL_PHYSCAP_gnttab_v2 |
			  (iommu_in_use() ? XEN_SYSCTL_PHYSCAP_directio : 0);
	hal_physinfo(p);
	return 0;
}

long sysctl_getcpuinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;
	u32 n = min(g->max_cpus, nr_cpu_ids);

	for (u32 cpu = 0; cpu < n; cpu++) {
		struct xen_sysctl_cpuinfo info = { .idletime = 0 };

		if (cpu_in_use(cpu))
			info.idletime = vcpu_cpu_time(sched_idle_vcpu(cpu));
		if (guest_copy_out(v, guest_ptr_add(guest_handle_ptr(g->info), cpu * sizeof(info)),
				   &info, sizeof(info)))
			return -XEN_EFAULT;
	}
	g->nr_cpus = n;
	return 0;
}

long sysctl_availheap(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_availheap *a = &op->u.availheap;

	/* The allocator has no counts for address ranges. */
	if (a->min_bitwidth || (a->max_bitwidth && a->max_bitwidth < 64))
		return -XEN_EOPNOTSUPP;
	if (a->node < -1 || a->node >= (s32)hal_numa_nr_nodes())
		return -XEN_EINVAL;
	a->avail_bytes = free_page_count(a->node < 0 ? NUMA_NO_NODE : (u32)a->node) << PAGE_SHIFT;
	return 0;
}

static long numa_distances(struct vcpu *v, const struct xen_sysctl_numainfo *ni, u32 n)
{
	guest_ptr_t at = guest_handle_ptr(ni->distance);

	for (u32 from = 0; from < n; from++) {
		for (u32 to = 0; to < n; to++) {
			u32 distance = hal_numa_distance(from, to);

			if (guest_copy_out(v, at, &distance, sizeof(distance)))
				return -XEN_EFAULT;
			at = guest_ptr_add(at, sizeof(distance));
		}
	}
	return 0;
}

/* With both arrays NULL the caller only asks for the number of nodes. */
long sysctl_numainfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_numainfo *ni = &op->u.numainfo;
	guest_ptr_t mem = guest_handle_ptr(ni->meminfo);
	u32 n = hal_numa_nr_nodes();
	guest_ptr_t distance = guest_handle_ptr(ni->distance);
	long rc = 0;

	if (!guest_ptr_is_null(mem) || !guest_ptr_is_null(distance))
		n = min(n, ni->num_nodes);
	for (u32 i = 0; i < n && !guest_ptr_is_null(mem); i++) {
		struct xen_sysctl_meminfo info = {
			.memsize = hal_numa_node_bytes(i),
			.memfree = free_page_count(i) << PAGE_SHIFT,
		};

		if (guest_copy_out(v, guest_ptr_add(mem, i * sizeof(info)), &info, sizeof(info)))
			return -XEN_EFAULT;
	}
	if (!guest_ptr_is_null(distance))
		rc = numa_distances(v, ni, n);
	ni->num_nodes = n;
	return rc;
}

long sysctl_cputopoinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *c = &op->u.cputopoinfo;
	guest_ptr_t at = guest_handle_ptr(c->cputopo);
	u32 n = nr_cpu_ids;

	if (!guest_ptr_is_null(at))
		n = min(n, c->num_cpus);
	for (u32 cpu = 0; cpu < n && !guest_ptr_is_null(at); cpu++) {
		struct xen_sysctl_cputopo t = { XEN_INVALID_CORE_ID, XEN_INVALID_SOCKET_ID,
						XEN_INVALID_NODE_ID };

		if (cpu_in_use(cpu))
			t = (struct xen_sysctl_cputopo){ .core = hal_cpu_to_core(cpu),
							 .socket = hal_cpu_to_socket(cpu),
							 .node = hal_cpu_to_node(cpu) };
		if (guest_copy_out(v, guest_ptr_add(at, cpu * sizeof(t)), &t, sizeof(t)))
			return -XEN_EFAULT;
	}
	c->num_cpus = n;
	return 0;
}

/* Devices handled in one call; callers repeat the call for the rest. */
#define MAX_PCI_DEVICES 64U

/* The nodes of PCI devices are not known. */
long sysctl_pcitopoinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_pcitopoinfo *p = &op->u.pcitopoinfo;
	u32 n = min(p->num_devs, MAX_PCI_DEVICES), node = XEN_INVALID_DEV;

	if (guest_ptr_is_null(guest_handle_ptr(p->devs)) ||
	    guest_ptr_is_null(guest_handle_ptr(p->nodes)))
		return -XEN_EINVAL;
	for (u32 i = 0; i < n; i++)
		if (guest_copy_out(v, guest_ptr_add(guest_handle_ptr(p->nodes), i * sizeof(node)),
				   &node, sizeof(node)))
			return -XEN_EFAULT;
	p->num_devs = n;
	return 0;
}
