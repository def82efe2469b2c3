/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions on a domain's PCI buses. They are found when the domain first touches their
 * configuration space, so hot-plugged and renumbered ones are handled like those present at boot.
 * The scan at boot only makes sure that no MSI-X table is open to the domain before that.
 */
#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/iommu.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/serial.h>
#include <xen/xmalloc.h>

#include <asm/domain.h>

#include "vpci.h"

#define HEADER_TYPE_MASK 0x7fU
#define BAR_IO 1U
#define BAR_TYPE 6U
#define BAR_64BIT 4U
#define BAR_FLAGS 0xfUL

/* [const] while a domain has the machine's functions */
static struct vpci *machine;

struct vpci *vpci_machine(void) { return machine; }
void vpci_set_machine(struct vpci *p) { machine = p; }

bool vpci_is_hidden(struct pci_addr a)
{
	return serial_owns_pci(a) || iommu_owns_pci(a);
}

void vpci_lock_both(struct vpci *p)
{
	spin_lock(&p->d->lock);
	spin_lock(&p->lock);
}

void vpci_unlock_both(struct vpci *p)
{
	spin_unlock(&p->lock);
	spin_unlock(&p->d->lock);
}

static u32 op_read(void *ctx, u32 reg, u32 bytes)
{
	return pci_read(((struct vpci_fn *)ctx)->at, reg, bytes);
}

static void op_write(void *ctx, u32 reg, u32 bytes, u32 val)
{
	pci_write(((struct vpci_fn *)ctx)->at, reg, bytes, val);
}

static void op_write_table(void *ctx, u32 i, u32 word, u32 val)
{
	struct vpci_fn *f = ctx;
	u8 *p = f->table ? vpci_map(f->table + i * MSIX_ENTRY_SIZE + word * 4) : NULL;

	if (p)
		writel(val, p);
}

static u32 op_alloc(void *ctx, const struct vmsi_message *guest, struct vmsi_message *host)
{
	struct domain *owner = ((struct vpci_fn *)ctx)->owner;

	return owner ? vpci_irq_alloc(owner, guest, host) : 0;
}

static bool op_update(void *ctx, u32 irq, const struct vmsi_message *guest,
		      struct vmsi_message *host)
{
	return vpci_irq_update(irq, guest, host);
}

static void op_free(void *ctx, u32 irq)
{
	vpci_irq_free(irq);
}

static const struct vmsi_ops msi_ops = {
	.read = op_read,
	.write = op_write,
	.write_table = op_write_table,
	.alloc = op_alloc,
	.update = op_update,
	.free = op_free,
};
OPS_TABLE(msi_ops, read);

static struct list_head *bucket(struct vpci *p, struct pci_addr a)
{
	return &p->fn[(a.bdf ^ a.bdf >> 8 ^ a.segment) % VPCI_BUCKETS];
}

static struct vpci_fn *probe(struct vpci *p, struct pci_addr a)
{
	struct vpci_fn *f;
	u32 id = pci_read(a, PCI_REG_ID, 4);

	if (id == ~0U || !(id & 0xffff))
		return NULL;
	f = xzalloc(struct vpci_fn);
	if (!f)
		return NULL;
	f->vpci = p;
	f->owner = p->d;
	f->at = a;
	f->id = id;
	switch (pci_read(a, PCI_REG_HEADER_TYPE, 1) & HEADER_TYPE_MASK) {
	case 0:
		f->nr_bars = 6;
		break;
	case 1:
		f->nr_bars = 2;
		break;
	}
	pci_parse_caps(op_read, f, &f->caps);
	if (vmsi_init(&f->msi, &f->caps, &msi_ops, f))
		printk(LOG_G_WARN "PCI: %04x:%02x:%02x.%u goes without MSI-X: no memory\n",
		       a.segment, a.bdf >> 8, a.bdf >> 3 & 0x1f, a.bdf & 7);
	list_add(&f->link, bucket(p, a));
	vpci_fn_moved(f);
	return f;
}

struct vpci_fn *vpci_fn_get(struct vpci *p, struct pci_addr a)
{
	struct vpci_fn *f;

	ASSERT(spin_is_locked_by_me(&p->lock) && spin_is_locked_by_me(&p->d->lock));
	list_for_each_entry(f, bucket(p, a), link)
		if (f->at.bdf == a.bdf && f->at.segment == a.segment)
			return f;
	return probe(p, a);
}

struct vpci_fn *vpci_fn_lock(struct domain *d, struct pci_addr a)
{
	struct vpci *p = vpci_machine();
	struct vpci_fn *f;

	if (!p || vpci_is_hidden(a))
		return NULL;
	vpci_lock_both(p);
	f = vpci_fn_get(p, a);
	if (f && f->owner == d)
		return f;
	vpci_unlock_both(p);
	return NULL;
}

void vpci_fn_unlock(struct vpci_fn *f)
{
	vpci_unlock_both(f->vpci);
}

static void release_table(struct vpci_fn *f)
{
	if (!f->table)
		return;
	vpci_untrap(f->vpci, &f->table_device, f->first_page, f->last_page);
	device_remove(&to_xd(f->vpci->d)->devices, &f->table_device);
	f->table = 0;
	f->vpci->nr_tables--;
}

static void free_later(struct rcu_head *head)
{
	xfree(container_of(head, struct vpci_fn, rcu));
}

void vpci_fn_free(struct vpci_fn *f)
{
	list_del_init(&f->link);
	vmsi_destroy(&f->msi);
	call_rcu(&f->rcu, free_later);
}

void vpci_fn_drop(struct vpci_fn *f)
{
	ASSERT(spin_is_locked_by_me(&f->vpci->lock));
	release_table(f);
	vpci_fn_free(f);
}

/* The address where the device decodes its table now; 0: none. */
static u64 find_table(const struct vpci_fn *f)
{
	u32 reg = PCI_REG_BAR0 + f->msi.msix_bar * 4, low;
	u64 base;

	if (f->msi.msix_bar >= f->nr_bars ||
	    !(pci_read(f->at, PCI_REG_COMMAND, 2) & PCI_COMMAND_MEMORY))
		return 0;
	low = pci_read(f->at, reg, 4);
	if (low & BAR_IO)
		return 0;
	base = low & ~BAR_FLAGS;
	if ((low & BAR_TYPE) == BAR_64BIT && f->msi.msix_bar + 1 < f->nr_bars)
		base |= (u64)pci_read(f->at, reg + 4, 4) << 32;
	/* All ones means that the guest is sizing the BAR. */
	return base && base + f->msi.msix_offset >= base ? base + f->msi.msix_offset : 0;
}

static bool trap_table(struct vpci_fn *f, u64 first, u64 last)
{
	struct device_table *t = &to_xd(f->vpci->d)->devices;

	if (!vpci_is_device_memory(f->vpci, first, last) ||
	    device_add(t, &f->table_device, &vpci_table_ops))
		return false;
	if (!vpci_trap(f->vpci, &f->table_device, first, last))
		return true;
	device_remove(t, &f->table_device);
	return false;
}

static void claim_table(struct vpci_fn *f, u64 table)
{
	u64 first = table >> PAGE_SHIFT;
	u64 last = (table + f->msi.msix_nr * MSIX_ENTRY_SIZE - 1) >> PAGE_SHIFT;

	if (!trap_table(f, first, last)) {
		/*
		 * If it happens once, the firmware is at fault. If more often, BARs are half
		 * written, or the guest is playing with them.
		 */
		if (!f->complained)
			printk(LOG_G_WARN "PCI: %04x:%02x:%02x.%u has its MSI-X table at %#lx, "
			       "where it cannot be used\n", f->at.segment, f->at.bdf >> 8,
			       f->at.bdf >> 3 & 0x1f, f->at.bdf & 7, table);
		f->complained = true;
		return;
	}
	ASSERT(!f->table && first <= last);
	f->table = table;
	f->first_page = first;
	f->last_page = last;
	f->vpci->nr_tables++;
	vmsix_sync(&f->msi);
}

void vpci_fn_moved(struct vpci_fn *f)
{
	u64 table;

	ASSERT(spin_is_locked_by_me(&f->vpci->lock));
	if (!f->msi.msix_cap)
		return;
	table = find_table(f);
	if (table == f->table)
		return;
	release_table(f);
	if (table)
		claim_table(f, table);
}
