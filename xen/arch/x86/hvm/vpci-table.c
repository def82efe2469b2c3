/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses to the pages of an MSI-X table: vmsi handles the table itself, and the device the rest
 * of its pages.
 */
#include <xen/hal/io.h>
#include <xen/ops.h>

#include "private.h"
#include "vpci.h"

/* A register that shares a page with the table. */
static u32 beside_table(u64 addr, u32 bytes, bool write, u32 val)
{
	u8 *p = vpci_map(addr);

	if (!p)
		return (u32)device_ones(bytes);
	if (!write)
		return bytes == 1 ? readb(p) : bytes == 2 ? readw(p) : readl(p);
	if (bytes == 1)
		writeb((u8)val, p);
	else if (bytes == 2)
		writew((u16)val, p);
	else
		writel(val, p);
	return 0;
}

static u32 table_piece(struct vpci_fn *f, u64 addr, u32 bytes, bool write, u32 val)
{
	u64 offset = addr - f->table;

	ASSERT(spin_is_locked_by_me(&f->vpci->lock));
	ASSERT((addr & 3) + bytes <= 4);
	if (addr < f->table || offset >= f->msi.msix_nr * MSIX_ENTRY_SIZE)
		return beside_table(addr, bytes, write, val);
	if (!write)
		return vmsix_read(&f->msi, (u32)offset, bytes);
	vmsix_write(&f->msi, (u32)offset, bytes, val);
	return 0;
}

/* Some registers need eight bytes at once; the table itself takes them in halves. */
static bool wide_access(const struct vpci_fn *f, struct device_access *a)
{
	u64 end = f->table + f->msi.msix_nr * MSIX_ENTRY_SIZE;
	u8 *p;

	if (a->bytes != 8 || (a->addr & 7) || (a->addr + 8 > f->table && a->addr < end))
		return false;
	p = vpci_map(a->addr);
	if (!p)
		a->val = a->write ? a->val : ~0UL;
	else if (a->write)
		writeq(a->val, p);
	else
		a->val = readq(p);
	return true;
}

static void table_access(struct vpci_fn *f, struct device_access *a)
{
	u64 out = 0;

	if (wide_access(f, a))
		return;
	for (u32 done = 0, n; done < a->bytes; done += n) {
		n = vpci_piece(a->addr + done, a->bytes - done);
		out |= (u64)table_piece(f, a->addr + done, n, a->write,
					(u32)(a->val >> done * 8 & device_ones(n))) << done * 8;
	}
	if (!a->write)
		a->val = out;
}

bool vpci_table_access(struct vpci_fn *f, struct device_access *a)
{
	u64 page = a->addr >> PAGE_SHIFT;

	/* The table may have moved since it was looked up. */
	if (!f->table || page < f->first_page || page > f->last_page)
		return false;
	table_access(f, a);
	return true;
}

static enum device_rc access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct vpci_fn *f = container_of(dev, struct vpci_fn, table_device);
	bool done;

	spin_lock(&f->vpci->lock);
	/* What it sends is the business of the domain that has it. */
	done = f->owner == v->domain && vpci_table_access(f, a);
	spin_unlock(&f->vpci->lock);
	return done ? DEVICE_DONE : DEVICE_ABSENT;
}

const struct device_ops vpci_table_ops = {
	.name = "MSI-X table", .access = access, .eoi = device_no_eoi,
	.release = device_no_release,
};
OPS_TABLE(vpci_table_ops, name);
