/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_DOMCTL_*: making, running, limiting and ending domains. */
#include "private.h"

#include <public/sched.h>

int ctl_domain_create(struct ctl *ctl, struct xen_domctl_createdomain *config,
		      uint32_t *domid)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain, .domain = (domid_t)*domid,
				 .u.createdomain = *config };
	int rc = domctl_quiet(ctl, &op);

	if (rc < 0)
		return (int)failed(ctl, rc, "creating a domain", -1);
	*domid = op.domain;
	*config = op.u.createdomain;
	return 0;
}

int ctl_domain_destroy(struct ctl *ctl, uint32_t domid)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_destroydomain, .domain = (domid_t)domid };
	int rc = domctl_quiet(ctl, &op);

	if (rc < 0 && rc != -EAGAIN && rc != -ERESTART)
		failed(ctl, rc, "destroying it", domid);
	return rc;
}

static int plain(struct ctl *ctl, uint32_t cmd, uint32_t domid, const char *what)
{
	struct xen_domctl op = { .cmd = cmd, .domain = (domid_t)domid };

	return domctl(ctl, &op, what);
}

int ctl_domain_pause(struct ctl *ctl, uint32_t domid)
{
	return plain(ctl, XEN_DOMCTL_pausedomain, domid, "pausing it");
}

int ctl_domain_unpause(struct ctl *ctl, uint32_t domid)
{
	return plain(ctl, XEN_DOMCTL_unpausedomain, domid, "unpausing it");
}

int ctl_domain_resume(struct ctl *ctl, uint32_t domid)
{
	return plain(ctl, XEN_DOMCTL_resumedomain, domid, "resuming it");
}

int ctl_domain_max_vcpus(struct ctl *ctl, uint32_t domid, uint32_t vcpus)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_max_vcpus, .domain = (domid_t)domid,
				 .u.max_vcpus.max = vcpus };

	return domctl(ctl, &op, "making its vCPUs");
}

int ctl_domain_max_mem(struct ctl *ctl, uint32_t domid, uint64_t kib)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_max_mem, .domain = (domid_t)domid,
				 .u.max_mem.max_memkb = kib };

	return domctl(ctl, &op, "limiting its memory");
}

int ctl_domain_set_tsc(struct ctl *ctl, uint32_t domid, uint32_t mode)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_settscinfo, .domain = (domid_t)domid,
				 .u.tsc_info.tsc_mode = mode };

	return domctl(ctl, &op, "setting its time stamp counter");
}

int ctl_domain_set_paging_pool(struct ctl *ctl, uint32_t domid, uint64_t bytes)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_set_paging_mempool_size,
				 .domain = (domid_t)domid, .u.paging_mempool.size = bytes };

	return domctl(ctl, &op, "sizing its paging memory");
}

int ctl_domain_set_address_size(struct ctl *ctl, uint32_t domid, uint32_t bits)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_set_address_size, .domain = (domid_t)domid,
				 .u.address_size.size = bits };

	return domctl(ctl, &op, "setting the width of its registers");
}

int ctl_domain_give_registers(struct ctl *ctl, uint32_t domid, uint64_t mfn, uint64_t n,
			      uint64_t gfn)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_iomem_permission, .domain = (domid_t)domid,
				 .u.iomem_permission = { mfn, n, 1 } };
	int rc = domctl(ctl, &op, "giving it registers (that dom0 may give)");

	/* The hypervisor's limit for one call. */
	for (uint64_t done = 0; !rc && done < n; done += 64) {
		op = (struct xen_domctl){
			.cmd = XEN_DOMCTL_memory_mapping, .domain = (domid_t)domid,
			.u.memory_mapping = { gfn + done, mfn + done,
					      n - done < 64 ? n - done : 64, 1, 0 } };
		rc = domctl(ctl, &op, "mapping registers into it");
	}
	return rc;
}

int ctl_domain_give_interrupt(struct ctl *ctl, uint32_t domid, uint32_t irq)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_irq_permission, .domain = (domid_t)domid,
				 .u.irq_permission = { irq, 1 } };
	int rc = domctl(ctl, &op, "giving it an interrupt");

	if (rc)
		return rc;
	op = (struct xen_domctl){ .cmd = XEN_DOMCTL_bind_pt_irq, .domain = (domid_t)domid,
				  .u.bind_pt_irq = { .machine_irq = irq,
						     .irq_type = PT_IRQ_TYPE_SPI,
						     .u.spi.spi = (uint16_t)irq } };
	return domctl(ctl, &op, "giving it an interrupt (that no driver in dom0 uses)");
}

int ctl_domain_give_tree_device(struct ctl *ctl, uint32_t domid, const char *path)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_assign_device, .domain = (domid_t)domid,
				 .u.assign_device = { .dev = XEN_DOMCTL_DEV_DT } };
	char *buf = buf_get(ctl, path, strlen(path));
	int rc;

	if (!buf)
		return -ENOMEM;
	op.u.assign_device.u.dt.size = (uint32_t)strlen(path);
	set_xen_guest_handle(op.u.assign_device.u.dt.path, buf);
	rc = domctl(ctl, &op, "giving it the DMA of a device");
	buf_put(ctl, buf);
	return rc;
}

int ctl_domain_set_time_offset(struct ctl *ctl, uint32_t domid, int32_t seconds)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_settimeoffset, .domain = (domid_t)domid,
				 .u.settimeoffset.time_offset_seconds = seconds };

	return domctl(ctl, &op, "setting its clock");
}

static int device_call(struct ctl *ctl, uint32_t cmd, uint32_t domid, uint32_t sbdf,
		       const char *what)
{
	struct xen_domctl op = { .cmd = cmd, .domain = (domid_t)domid };

	op.u.assign_device.dev = XEN_DOMCTL_DEV_PCI;
	op.u.assign_device.u.pci.machine_sbdf = sbdf;
	return domctl(ctl, &op, what);
}

int ctl_assign_device(struct ctl *ctl, uint32_t domid, uint32_t sbdf)
{
	return device_call(ctl, XEN_DOMCTL_assign_device, domid, sbdf, "giving it a device");
}

int ctl_deassign_device(struct ctl *ctl, uint32_t domid, uint32_t sbdf)
{
	return device_call(ctl, XEN_DOMCTL_deassign_device, domid, sbdf, "taking its device");
}

int ctl_domain_trigger(struct ctl *ctl, uint32_t domid, uint32_t trigger, uint32_t vcpu)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_sendtrigger, .domain = (domid_t)domid,
				 .u.sendtrigger = { .trigger = trigger, .vcpu = vcpu } };

	return domctl(ctl, &op, "sending a trigger");
}

int ctl_domain_shutdown(struct ctl *ctl, uint32_t domid, uint32_t reason)
{
	struct sched_remote_shutdown op = { .domain_id = (domid_t)domid, .reason = reason };
	long rc = call_struct(ctl, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &op,
			      sizeof(op));

	return rc < 0 ? (int)failed(ctl, rc, "shutting it down", domid) : 0;
}

int ctl_domain_info(struct ctl *ctl, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = (domid_t)domid };
	int rc = domctl_quiet(ctl, &op);

	if (rc < 0)
		return rc;
	if (op.u.getdomaininfo.domain != domid)
		return -ESRCH;
	*info = op.u.getdomaininfo;
	return 0;
}

int ctl_domain_list(struct ctl *ctl, uint32_t first, uint32_t max,
		    struct xen_domctl_getdomaininfo *info)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist };
	size_t bytes = (size_t)max * sizeof(*info);
	void *buf = buf_get(ctl, NULL, bytes);
	int rc;

	if (!buf)
		return -ENOMEM;
	op.u.getdomaininfolist.first_domain = (domid_t)first;
	op.u.getdomaininfolist.max_domains = max;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, buf);
	rc = sysctl_op(ctl, &op, "listing domains");
	if (!rc) {
		rc = (int)op.u.getdomaininfolist.num_domains;
		if (rc < 0 || (uint32_t)rc > max)
			rc = -EPROTO;
		else
			memcpy(info, buf, (size_t)rc * sizeof(*info));
	}
	buf_put(ctl, buf);
	return rc;
}
