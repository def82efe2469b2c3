/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What XEN_DOMCTL_* that give a guest devices of the machine need of ARM: interrupts, to which the
 * toolstack has to grant the right first, and streams by the path of a device.
 */
#include <xen/dt_devices.h>
#include <xen/dt_partial.h>
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>
#include <xen/rangeset.h>
#include <asm/setup.h>

#include "private.h"

#include <public/domctl.h>

static bool may_have(struct domain *d, u32 irq)
{
	bool may;

	spin_lock(&d->lock);
	may = rangeset_contains(&d->irq_caps, irq, irq);
	spin_unlock(&d->lock);
	return may;
}

/* The guest's interrupt has the machine's number. It is the guest's until its end. */
static long bind_irq(struct domain *d, const struct xen_domctl_bind_pt_irq *b)
{
	long rc;

	if (b->irq_type != PT_IRQ_TYPE_SPI)
		return -XEN_EOPNOTSUPP;
	if (b->machine_irq != b->u.spi.spi)
		return -XEN_EINVAL;
	if (!may_have(d, b->machine_irq))
		return -XEN_EPERM;
	if (d->dying)
		return -XEN_EINVAL;
	rc = guest_irq_give(d, b->machine_irq);
	if (rc == -XEN_EBUSY)
		printk(LOG_G_WARN "Interrupt %u cannot be d%u's: the hypervisor or another domain "
		       "uses it; unbind dom0's driver\n", b->machine_irq, d->id);
	return rc;
}

static int is_that_node(const struct fdt *t, fdt_node_t n, void *arg)
{
	return n.v == ((const fdt_node_t *)arg)->v;
}

int hal_device_streams(const char *path, u32 index, u32 *first, u32 *n)
{
	fdt_node_t node = fdt_find_path(&machine_tree, path);
	struct dt_streams s;

	/* A device of a guest of the manifest is not listed either. */
	if (!fdt_node_ok(node) ||
	    !dt_for_each_device(&machine_tree, &machine, is_that_node, &node))
		return -XEN_ENODEV;
	if (!dt_streams(&machine_tree, node, index, &s))
		return -XEN_ENOENT;
	if (!s.n || s.first > 0xffff || s.n > 0x10000 - s.first)
		return -XEN_ENODEV;
	*first = s.first;
	*n = s.n;
	return 0;
}

long guest_irq_domctl(struct vcpu *v, struct domain *d, const struct xen_domctl *op)
{
	ASSERT(v->domain->is_privileged);
	if (d == v->domain)
		return -XEN_EINVAL;
	if (op->cmd == XEN_DOMCTL_bind_pt_irq)
		return bind_irq(d, &op->u.bind_pt_irq);
	ASSERT(op->cmd == XEN_DOMCTL_unbind_pt_irq);
	return -XEN_EOPNOTSUPP;
}
