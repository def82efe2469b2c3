/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contents of a domain's table of devices, and how a vCPU's access reaches them. All domains have
 * the counters of a PIT; the hardware domain's rights are further entries.
 */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/trace.h>

#include "guest-pci.h"
#include "private.h"

#define PIT_FIRST 0x40
#define PIT_LAST 0x43
#define PIT_CONTROL 0x61	/* system control port B: gate and output of channel 2 */
#define LAPIC_PAGE_BYTES 4096

static enum device_rc pit_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct x86_domain *xd = container_of(dev, struct x86_domain, pit_device);

	if (a->bytes != 1)
		return DEVICE_ABSENT;
	spin_lock(&xd->plat_lock);
	if (a->write)
		vpit_write(&xd->pc.pit, (u32)a->addr, (u8)a->val, hal_now_ns());
	else
		a->val = vpit_read(&xd->pc.pit, (u32)a->addr, hal_now_ns());
	spin_unlock(&xd->plat_lock);
	return DEVICE_DONE;
}

static const struct device_ops pit_device_ops = {
	.name = "PIT", .access = pit_access, .eoi = device_no_eoi, .release = device_no_release,
};
OPS_TABLE(pit_device_ops, name);

static enum device_rc lapic_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct x86_vcpu *xv = to_xv(v);
	u32 off = page_offset(a->addr);

	ASSERT(vlapic_mmio_active(&xv->vlapic));
	if (!a->write) {
		a->val = vlapic_mmio_read(&xv->vlapic, off, a->bytes, hal_now_ns());
		return DEVICE_DONE;
	}
	TRACE_EVENT(TRACE_ID_virq_eoi, hvm_trace_eoi(xv, off / 16));
	vlapic_mmio_write(&xv->vlapic, off, a->bytes, a->val, hal_now_ns());
	return DEVICE_DONE;
}

static const struct device_ops lapic_device_ops = {
	.name = "local APIC", .access = lapic_access, .eoi = device_no_eoi,
	.release = device_no_release,
};
OPS_TABLE(lapic_device_ops, name);

/* The local APIC is not in a table: each vCPU has its own, and may have moved its page. */
static struct device lapic_device = { .ops = &lapic_device_ops };

struct device *hvm_mmio_device(struct x86_vcpu *xv, gpaddr_t gpa, u32 bytes)
{
	const struct vlapic *vl = &xv->vlapic;

	if (gpa.v - vlapic_mmio_base(vl).v <= LAPIC_PAGE_BYTES - bytes && vlapic_mmio_active(vl))
		return &lapic_device;
	return device_find(&to_xd(xv->v.domain)->devices, DEVICE_MMIO, gpa.v, bytes);
}

enum device_rc hvm_mmio_access(struct x86_vcpu *xv, struct device_access *a)
{
	struct device *dev = hvm_mmio_device(xv, gpaddr_make(a->addr), a->bytes);
	enum device_rc rc;

	if (a->write)
		trace_mmio_write(a->addr, (u32)a->val);
	rc = pending_access(&xv->pending, dev, &xv->v, a);
	if (!a->write)
		trace_mmio_read(a->addr, (u32)a->val);
	return rc;
}

enum device_rc hvm_port_access(struct x86_vcpu *xv, struct device_access *a)
{
	struct device *dev = device_find(&to_xd(xv->v.domain)->devices, DEVICE_PORTS, a->addr,
					 a->bytes);
	enum device_rc rc;

	if (a->write)
		trace_io_write((u32)a->addr, (u32)(a->val & device_ones(a->bytes)));
	rc = pending_access(&xv->pending, dev, &xv->v, a);
	if (!a->write)
		trace_io_read((u32)a->addr, (u32)(a->val & device_ones(a->bytes)));
	return rc;
}

const struct pending_ops hvm_pending_ops = {
	.stop = vcpu_wait_for_device, .resume = vcpu_device_answered,
};
OPS_TABLE(hvm_pending_ops, stop);

static int add_pit(struct x86_domain *xd)
{
	struct device_table *t = &xd->devices;
	int rc = device_add(t, &xd->pit_device, &pit_device_ops);

	if (!rc)
		rc = device_claim(t, &xd->pit_device, DEVICE_PORTS, PIT_FIRST, PIT_LAST);
	if (!rc)
		rc = device_claim(t, &xd->pit_device, DEVICE_PORTS, PIT_CONTROL, PIT_CONTROL);
	return rc;
}

int hvm_devices_init(struct domain *d)
{
	struct x86_domain *xd = to_xd(d);
	int rc;

	device_table_init(&xd->devices, hvm_ioreq_device);
	rc = add_pit(xd);
	if (!rc)
		rc = hvm_ioreq_init(d);
	if (!rc)
		rc = hvm_vioapic_init(d);
	if (!rc)
		rc = hvm_chipset_init(d);
	if (!rc)
		rc = hvm_lines_init(xd);
	if (!rc && (xd->emulation_flags & XEN_X86_EMU_VPCI))
		rc = guest_pci_init(d);
	if (!rc && d->is_hardware)
		rc = hvm_host_ports_init(d);
	return rc;
}
