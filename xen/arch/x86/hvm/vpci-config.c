/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses to PCI configuration space, by port and by memory window, of the domain that has the
 * machine's devices. Except for the registers that vmsi keeps, they are passed to the device, at
 * the width the domain used.
 */
#include <xen/errno.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/xmalloc.h>

#include "private.h"
#include "vpci.h"

#define PORT_ADDRESS VPCI_PORT_FIRST
#define PORT_RESET 0xcf9
#define PORT_DATA 0xcfc
#define ADDRESS_ENABLE 0x80000000U
#define ADDRESS_WRITABLE 0x80fffffcU
#define IOMEM_LIMIT (1UL << 40)

#define EXPRESS_DEVICE_CONTROL 8
#define EXPRESS_CONTROL_RESET BIT(15)
#define AF_CONTROL 4
#define AF_CONTROL_RESET BIT(0)

/* Does the access at @reg include the byte @at? */
static bool covers(u32 reg, u32 bytes, u32 at)
{
	return at >= reg && at < reg + bytes;
}

/* Does this write start a reset of the function? */
static bool is_reset(const struct vpci_fn *f, u32 reg, u32 bytes, u32 val)
{
	u32 express = f->caps.express ? f->caps.express + EXPRESS_DEVICE_CONTROL : 0;
	u32 af = f->caps.advanced_features ? f->caps.advanced_features + AF_CONTROL : 0;

	if (express && covers(reg, bytes, express + 1) &&
	    (val >> (express + 1 - reg) * 8 & EXPRESS_CONTROL_RESET >> 8))
		return true;
	return af && covers(reg, bytes, af) && (val >> (af - reg) * 8 & AF_CONTROL_RESET);
}

static bool may_move(const struct vpci_fn *f, u32 reg)
{
	return (reg & ~3U) == PCI_REG_COMMAND ||
	       (reg >= PCI_REG_BAR0 && reg < PCI_REG_BAR0 + f->nr_bars * 4);
}

/* @f was replaced by another device or removed: its state is no longer valid, but its owner's. */
static void check_id(struct vpci_fn *f, u32 reg, u32 bytes, u32 val)
{
	if (reg < 4 && f->owner == f->vpci->d && ((f->id >> reg * 8) & device_ones(bytes)) != val)
		vpci_fn_drop(f);
}

static u32 config_read(struct vpci *p, struct pci_addr a, u32 reg, u32 bytes)
{
	struct vpci_fn *f;
	u32 val;

	if (vpci_is_hidden(a))
		return (u32)device_ones(bytes);
	vpci_lock_both(p);
	f = vpci_fn_get(p, a);
	val = pci_read(a, reg, bytes);
	if (f) {
		val = vmsi_config_read(&f->msi, reg, bytes, val);
		check_id(f, reg, bytes, val);
	}
	vpci_unlock_both(p);
	return val;
}

static void config_write(struct vpci *p, struct pci_addr a, u32 reg, u32 bytes, u32 val)
{
	struct vpci_fn *f;

	if (vpci_is_hidden(a))
		return;
	vpci_lock_both(p);
	f = vpci_fn_get(p, a);
	/* What it sends is the business of the domain that has it. */
	if (f && f->owner != p->d && (f->shown || vmsi_owns_register(&f->msi, reg))) {
		vpci_unlock_both(p);
		return;
	}
	if (!f || !vmsi_config_write(&f->msi, reg, bytes, val)) {
		bool reset = f && is_reset(f, reg, bytes, val);

		pci_write(a, reg, bytes, val);
		if (reset)
			vmsi_reset(&f->msi);
		if (f && (reset || may_move(f, reg)))
			vpci_fn_moved(f);
	}
	vpci_unlock_both(p);
}

/* Perform the access @acc to register @reg of @at, and handle its effects. */
static void config_access(struct vpci *p, struct pci_addr at, u32 reg, struct device_access *acc)
{
	u64 out = 0;

	ASSERT(reg + acc->bytes <= PCI_EXT_CONFIG_SIZE);
	for (u32 done = 0, n; done < acc->bytes; done += n) {
		n = vpci_piece(reg + done, acc->bytes - done);
		if (acc->write)
			config_write(p, at, reg + done, n,
				     (u32)(acc->val >> done * 8 & device_ones(n)));
		else
			out |= (u64)config_read(p, at, reg + done, n) << done * 8;
	}
	if (!acc->write)
		acc->val = out;
}

static enum device_rc data_port(struct vpci *p, struct device_access *acc)
{
	u32 latch = READ_ONCE(p->port_address);

	if (!(latch & ADDRESS_ENABLE))
		return DEVICE_ABSENT;
	config_access(p, (struct pci_addr){ 0, (u16)(latch >> 8) },
		      (latch & 0xfc) + (u32)acc->addr - PORT_DATA, acc);
	return DEVICE_DONE;
}

static enum device_rc address_port(struct vpci *p, struct vcpu *v, struct device_access *acc)
{
	/* Not configuration space, but the domain may use it to restart the machine. */
	if (acc->bytes == 1 && acc->addr == PORT_RESET)
		return hvm_reset_port_access(v, acc);
	if (acc->bytes != 4 || acc->addr != PORT_ADDRESS)
		return DEVICE_ABSENT;
	if (acc->write)
		WRITE_ONCE(p->port_address, (u32)acc->val & ADDRESS_WRITABLE);
	else
		acc->val = READ_ONCE(p->port_address);
	return DEVICE_DONE;
}

static enum device_rc port_access(struct device *dev, struct vcpu *v, struct device_access *acc)
{
	struct vpci *p = container_of(dev, struct vpci, ports);

	return acc->addr < PORT_DATA ? address_port(p, v, acc) : data_port(p, acc);
}

static const struct pci_window *window_at(u64 addr)
{
	const struct pci_window *w;

	for (u32 i = 0; (w = pci_window_get(i)) != NULL; i++)
		if (addr >= w->base.v && addr - w->base.v < pci_window_size(w))
			return w;
	return NULL;
}

/* An access never crosses a page, and a page is one function's space. */
static enum device_rc window_access(struct device *dev, struct vcpu *v, struct device_access *acc)
{
	const struct pci_window *w = window_at(acc->addr);
	u64 page;

	/* It is being added. */
	if (!w)
		return DEVICE_ABSENT;
	page = (acc->addr - w->base.v) >> PAGE_SHIFT;
	ASSERT(acc->addr >= w->base.v);
	ASSERT(page_offset(acc->addr) + acc->bytes <= PAGE_SIZE);
	config_access(container_of(dev, struct vpci, windows),
		      (struct pci_addr){ w->segment, (u16)((w->first << 8) + page) },
		      page_offset(acc->addr), acc);
	return DEVICE_DONE;
}

/* The last device to be released, as it was the first to be added. */
static void release(struct device *dev)
{
	struct vpci *p = container_of(dev, struct vpci, ports);
	struct vpci_fn *f, *next;

	for (u32 i = 0; i < VPCI_BUCKETS; i++)
		list_for_each_entry_safe(f, next, &p->fn[i], link)
			vpci_fn_free(f);
	to_xd(p->d)->vpci = NULL;
	vpci_set_machine(NULL);
	xfree(p);
}

static const struct device_ops port_ops = {
	.name = "PCI configuration ports", .access = port_access, .eoi = device_no_eoi,
	.release = release,
};
static const struct device_ops window_ops = {
	.name = "PCI configuration windows", .access = window_access, .eoi = device_no_eoi,
	.release = device_no_release,
};
OPS_TABLE(port_ops, name);
OPS_TABLE(window_ops, name);

static int trap_window(struct vpci *p, u64 first, u64 last)
{
	return vpci_is_device_memory(p, first, last) ? vpci_trap(p, &p->windows, first, last)
						     : -XEN_EINVAL;
}

/* Windows are never removed, so a new one is added when nothing can fail any more. */
int vpci_add_window(struct domain *d, paddr_t address, u16 segment, u8 start_bus, u8 end_bus)
{
	u64 base = address.v + start_bus * PCI_WINDOW_BUS_SIZE;
	u64 size = (end_bus - start_bus + 1) * PCI_WINDOW_BUS_SIZE;
	const struct pci_window *w = window_at(base);
	struct vpci *p = to_xd(d)->vpci;
	int rc;

	if (!p)
		return -XEN_ENODEV;
	if (page_offset(address.v) || base < address.v || base >= IOMEM_LIMIT)
		return -XEN_EINVAL;
	if (w)
		return w->segment == segment && w->base.v == base ? 0 : -XEN_EEXIST;
	vpci_lock_both(p);
	rc = trap_window(p, base >> PAGE_SHIFT, (base + size - 1) >> PAGE_SHIFT);
	if (!rc) {
		rc = pci_window_add(address, segment, start_bus, end_bus);
		if (rc)
			vpci_untrap(p, &p->windows, base >> PAGE_SHIFT,
				    (base + size - 1) >> PAGE_SHIFT);
	}
	vpci_unlock_both(p);
	return rc;
}

static void __init found(struct pci_addr a, void *arg)
{
	if (!vpci_is_hidden(a))
		vpci_fn_get(arg, a);
}

static int __init claim_all(struct vpci *p)
{
	struct device_table *t = &to_xd(p->d)->devices;
	const struct pci_window *w;
	int rc = device_claim(t, &p->ports, DEVICE_PORTS, VPCI_PORT_FIRST, VPCI_PORT_LAST);

	for (u32 i = 0; !rc && (w = pci_window_get(i)) != NULL; i++)
		rc = vpci_trap(p, &p->windows, w->base.v >> PAGE_SHIFT,
			       (w->base.v + pci_window_size(w) - 1) >> PAGE_SHIFT);
	return rc;
}

int __init vpci_init(struct domain *d)
{
	struct vpci *p = xzalloc(struct vpci);
	u32 nr;
	int rc;

	if (!p)
		return -XEN_ENOMEM;
	p->d = d;
	spin_lock_init(&p->lock, "vpci", LOCK_RANK_VPCI);
	for (u32 i = 0; i < VPCI_BUCKETS; i++)
		list_init(&p->fn[i]);
	to_xd(d)->vpci = p;
	vpci_set_machine(p);
	if (device_add(&to_xd(d)->devices, &p->ports, &port_ops) ||
	    device_add(&to_xd(d)->devices, &p->windows, &window_ops))
		BUG();
	pci_init();
	vpci_lock_both(p);
	rc = claim_all(p);
	nr = rc ? 0 : pci_scan(found, p);
	vpci_unlock_both(p);
	if (!rc)
		printk(LOG_INFO "PCI: %u functions, %u with an MSI-X table in use\n", nr,
		       p->nr_tables);
	return rc;
}
