/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that device models in other domains answer (xen/ioreq.h). In the domain's table they are
 * one device that has the addresses which no device of the hypervisor has. The address that the
 * guest wrote to port 0xcf8 leads to a PCI function.
 */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/ioreq.h>
#include <xen/ops.h>
#include <xen/printk.h>

#include "private.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define PCI_LAST 0xcff
#define PCI_ENABLED BIT(31)

static u64 ask(struct vcpu *v, const void *arg)
{
	const struct device_access *a = arg;

	return pending_ask(a->pending, v, a);
}

static struct ioreq_access request_of(const struct device_access *a)
{
	return (struct ioreq_access){
		.type = a->space == DEVICE_PORTS ? IOREQ_TYPE_PIO : IOREQ_TYPE_COPY,
		.write = a->write, .bytes = (u8)a->bytes, .addr = a->addr, .count = a->count,
		.data = a->count ? a->val : a->val & device_ones(a->bytes),
	};
}

static bool is_pci_port(enum device_space space, u64 addr, u32 bytes)
{
	return space == DEVICE_PORTS && addr >= PCI_ADDRESS && addr + bytes - 1 <= PCI_LAST;
}

static bool is_pci_address(const struct device_access *a)
{
	return a->space == DEVICE_PORTS && a->addr == PCI_ADDRESS && a->bytes == 4;
}

/* The register of a PCI function that an access to the data ports reaches, if it is enabled. */
static bool pci_request_of(const struct x86_domain *xd, const struct device_access *a,
			   struct ioreq_access *q)
{
	u32 address = READ_ONCE(xd->pci_address);

	if (!is_pci_port(a->space, a->addr, a->bytes) || a->addr < PCI_DATA ||
	    !(address & PCI_ENABLED))
		return false;
	*q = request_of(a);
	q->type = IOREQ_TYPE_PCI_CONFIG;
	q->addr = (u64)(address >> 8 & 0xffff) << 32 | (address & 0xfc) | (a->addr & 3);
	return true;
}

/* An access that no model claims, though some model is there. */
static enum device_rc unclaimed(struct x86_domain *xd, struct device_access *a)
{
	if (!is_pci_address(a))
		return DEVICE_ABSENT;
	a->val = READ_ONCE(xd->pci_address);
	return DEVICE_DONE;
}

static enum device_rc ioreq_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct x86_domain *xd = container_of(dev, struct x86_domain, ioreq_device);
	enum ioreq_rc rc = IOREQ_UNCLAIMED;
	struct ioreq_access q;

	if (is_pci_address(a) && a->write)
		WRITE_ONCE(xd->pci_address, (u32)a->val);
	if (pci_request_of(xd, a, &q))
		rc = ioreq_send(v, &q, ask, a);
	if (rc == IOREQ_UNCLAIMED) {
		q = request_of(a);
		rc = ioreq_send(v, &q, ask, a);
	}
	if (rc == IOREQ_ASKED)
		return DEVICE_PENDING;
	return rc == IOREQ_DONE ? DEVICE_DONE : unclaimed(xd, a);
}

static const struct device_ops ioreq_device_ops = {
	.name = "device models", .access = ioreq_access, .eoi = device_no_eoi,
	.release = device_no_release,
};
OPS_TABLE(ioreq_device_ops, name);

struct device *hvm_ioreq_device(const struct device_table *t, enum device_space space, u64 addr,
				u32 bytes)
{
	struct x86_domain *xd = container_of(t, struct x86_domain, devices);
	struct device_access a = { .space = space, .bytes = bytes, .addr = addr };
	struct ioreq_access q;

	if (likely(!READ_ONCE(xd->d.ioreq)))
		return NULL;
	if (is_pci_port(space, addr, bytes))
		return &xd->ioreq_device;
	q = request_of(&a);
	return ioreq_claimed(&xd->d, &q) ? &xd->ioreq_device : NULL;
}

bool hvm_repeats(const struct x86_vcpu *xv, const struct device *dev, u16 port)
{
	return dev == &to_xd(xv->v.domain)->ioreq_device && !is_pci_port(DEVICE_PORTS, port, 1);
}

enum device_rc hvm_ioreq_pass(struct vcpu *v, struct device_access *a)
{
	struct x86_domain *xd = to_xd(v->domain);

	return READ_ONCE(xd->d.ioreq) ? ioreq_access(&xd->ioreq_device, v, a) : DEVICE_ABSENT;
}

int hvm_ioreq_init(struct domain *d)
{
	struct x86_domain *xd = to_xd(d);

	return device_add(&xd->devices, &xd->ioreq_device, &ioreq_device_ops);
}

int hal_ioreq_supported(const struct domain *d)
{
	return 0;
}

bool hal_ioreq_answer(struct vcpu *v, u64 number, u64 data)
{
	return pending_answer(&to_xv(v)->pending, v, number, data);
}
