/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hardware domain's accesses to PCI configuration space (by port and by memory window) and to
 * pages with MSI-X tables. All but the registers that vmsi keeps go on to the device, as wide as
 * the domain made them.
 */
#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/printk.h>
#include <xen/serial.h>

#include "private.h"
#include "vpci.h"

#define PORT_ADDRESS 0xcf8
#define PORT_RESET 0xcf9
#define PORT_DATA 0xcfc
#define ADDRESS_ENABLE 0x80000000U
#define ADDRESS_WRITABLE 0x80fffffcU
#define IOMEM_LIMIT (1UL << 40)

#define EXPRESS_DEVICE_CONTROL 8
#define EXPRESS_CONTROL_RESET BIT(15)
#define AF_CONTROL 4
#define AF_CONTROL_RESET BIT(0)

struct vpci vpci = { .lock = SPINLOCK_INIT("vpci", LOCK_RANK_VPCI) };

static u64 ones(u32 bytes)
{
	return bytes >= 8 ? ~0UL : (1UL << bytes * 8) - 1;
}

static void lock_both(void)
{
	spin_lock(&vpci.d->lock);
	spin_lock(&vpci.lock);
}

static void unlock_both(void)
{
	spin_unlock(&vpci.lock);
	spin_unlock(&vpci.d->lock);
}

/* The longest naturally aligned piece of at most 4 bytes at the start of an access. */
static u32 piece(u64 at, u32 left)
{
	return left >= 4 && !(at & 3) ? 4 : left >= 2 && !(at & 1) ? 2 : 1;
}

/* Does the access at @reg touch the byte @at? */
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

/* Another device, or none, is where @f was: its state is of no use any more. */
static void check_id(struct vpci_fn *f, u32 reg, u32 bytes, u32 val)
{
	if (reg < 4 && ((f->id >> reg * 8) & ones(bytes)) != val)
		vpci_fn_drop(f);
}

static u32 config_read(struct pci_addr a, u32 reg, u32 bytes)
{
	struct vpci_fn *f;
	u32 val;

	if (serial_owns_pci(a))
		return (u32)ones(bytes);
	lock_both();
	f = vpci_fn_get(a);
	val = pci_read(a, reg, bytes);
	if (f) {
		val = vmsi_config_read(&f->msi, reg, bytes, val);
		check_id(f, reg, bytes, val);
	}
	unlock_both();
	return val;
}

static void config_write(struct pci_addr a, u32 reg, u32 bytes, u32 val)
{
	struct vpci_fn *f;

	if (serial_owns_pci(a))
		return;
	lock_both();
	f = vpci_fn_get(a);
	if (!f || !vmsi_config_write(&f->msi, reg, bytes, val)) {
		bool reset = f && is_reset(f, reg, bytes, val);

		pci_write(a, reg, bytes, val);
		if (reset)
			vmsi_reset(&f->msi);
		if (f && (reset || may_move(f, reg)))
			vpci_fn_moved(f);
	}
	unlock_both();
}

static u64 config_access(struct pci_addr a, u32 reg, u32 bytes, bool write, u64 val)
{
	u64 out = 0;

	for (u32 done = 0, n; done < bytes; done += n) {
		n = piece(reg + done, bytes - done);
		if (write)
			config_write(a, reg + done, n, (u32)(val >> done * 8 & ones(n)));
		else
			out |= (u64)config_read(a, reg + done, n) << done * 8;
	}
	return out;
}

static void data_port(u32 offset, u32 bytes, bool in, u32 *val)
{
	u32 latch = READ_ONCE(vpci.port_address);
	struct pci_addr a = { 0, (u16)(latch >> 8) };

	if (!(latch & ADDRESS_ENABLE)) {
		if (in)
			*val = (u32)ones(bytes);
		return;
	}
	if (in)
		*val = (u32)config_access(a, (latch & 0xfc) + offset, bytes, false, 0);
	else
		config_access(a, (latch & 0xfc) + offset, bytes, true, *val);
}

static void address_port(u16 port, u32 bytes, bool in, u32 *val)
{
	if (bytes == 4 && port == PORT_ADDRESS) {
		if (in)
			*val = READ_ONCE(vpci.port_address);
		else
			WRITE_ONCE(vpci.port_address, *val & ADDRESS_WRITABLE);
	} else if (bytes == 1 && port == PORT_RESET) {
		/* Not configuration space, but the domain may well restart the machine. */
		if (in)
			*val = inb(PORT_RESET);
		else
			outb((u8)*val, PORT_RESET);
	} else if (in) {
		*val = (u32)ones(bytes);
	}
}

bool vpci_port(struct domain *d, u16 port, u32 bytes, bool in, u32 *val)
{
	if (port < PORT_ADDRESS || port > PORT_DATA + 3)
		return false;
	if (port < PORT_DATA)
		address_port(port, bytes, in, val);
	else if (port + bytes <= PORT_DATA + 4)
		data_port(port - PORT_DATA, bytes, in, val);
	else if (in)
		*val = (u32)ones(bytes);
	return true;
}

static const struct pci_window *window_at(u64 addr)
{
	const struct pci_window *w;

	for (u32 i = 0; (w = pci_window_get(i)) != NULL; i++)
		if (addr >= w->base.v && addr - w->base.v < pci_window_size(w))
			return w;
	return NULL;
}

bool vpci_claims(struct domain *d, gpaddr_t gpa)
{
	bool claimed;

	if (window_at(gpa.v))
		return true;
	spin_lock(&vpci.lock);
	claimed = vpci_fn_at(gpa.v);
	spin_unlock(&vpci.lock);
	return claimed;
}

/* A register that shares a page with the table. */
static u32 beside_table(u64 addr, u32 bytes, bool write, u32 val)
{
	u8 *p = vpci_map(addr);

	if (!p)
		return (u32)ones(bytes);
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

	if (addr < f->table || offset >= f->msi.msix_nr * MSIX_ENTRY_SIZE)
		return beside_table(addr, bytes, write, val);
	if (!write)
		return vmsix_read(&f->msi, (u32)offset, bytes);
	vmsix_write(&f->msi, (u32)offset, bytes, val);
	return 0;
}

/* Eight bytes at once matter to some registers; the table itself takes them in halves. */
static bool wide_access(const struct vpci_fn *f, u64 addr, u32 bytes, bool write, u64 *val)
{
	u64 end = f->table + f->msi.msix_nr * MSIX_ENTRY_SIZE;
	u8 *p;

	if (bytes != 8 || (addr & 7) || (addr + 8 > f->table && addr < end))
		return false;
	p = vpci_map(addr);
	if (!p)
		*val = write ? *val : ~0UL;
	else if (write)
		writeq(*val, p);
	else
		*val = readq(p);
	return true;
}

static bool table_access(u64 addr, u32 bytes, bool write, u64 *val)
{
	struct vpci_fn *f;
	u64 out = 0;

	spin_lock(&vpci.lock);
	f = vpci_fn_at(addr);
	if (f && !wide_access(f, addr, bytes, write, val)) {
		for (u32 done = 0, n; done < bytes; done += n) {
			n = piece(addr + done, bytes - done);
			out |= (u64)table_piece(f, addr + done, n, write,
						(u32)(*val >> done * 8 & ones(n))) << done * 8;
		}
		*val = write ? *val : out;
	}
	spin_unlock(&vpci.lock);
	return f;
}

bool vpci_mmio(struct domain *d, gpaddr_t gpa, u32 bytes, bool write, u64 *val)
{
	const struct pci_window *w = window_at(gpa.v);
	struct pci_addr a;
	u64 got;

	if (!w)
		return table_access(gpa.v, bytes, write, val);
	/* An access never crosses a page, which is one function's space. */
	a = (struct pci_addr){ w->segment,
			       (u16)((w->first << 8) + ((gpa.v - w->base.v) >> PAGE_SHIFT)) };
	got = config_access(a, page_offset(gpa.v), bytes, write, *val);
	*val = write ? *val : got;
	return true;
}

int vpci_add_window(struct domain *d, paddr_t address, u16 segment, u8 start_bus, u8 end_bus)
{
	u64 base = address.v + start_bus * PCI_WINDOW_BUS_SIZE;
	u64 size = (end_bus - start_bus + 1) * PCI_WINDOW_BUS_SIZE;
	const struct pci_window *w = window_at(base);
	int rc;

	if (page_offset(address.v) || base < address.v || base >= IOMEM_LIMIT)
		return -XEN_EINVAL;
	if (w)
		return w->segment == segment && w->base.v == base ? 0 : -XEN_EEXIST;
	lock_both();
	rc = vpci_is_device_memory(base >> PAGE_SHIFT, (base + size - 1) >> PAGE_SHIFT)
		     ? pci_window_add(address, segment, start_bus, end_bus) : -XEN_EINVAL;
	if (!rc)
		rc = vpci_trap(base >> PAGE_SHIFT, (base + size - 1) >> PAGE_SHIFT);
	unlock_both();
	return rc;
}

static void __init found(struct pci_addr a, void *arg)
{
	if (!serial_owns_pci(a))
		vpci_fn_get(a);
}

int __init vpci_init(struct domain *d)
{
	const struct pci_window *w;
	u32 nr;

	vpci.d = d;
	for (u32 i = 0; i < VPCI_BUCKETS; i++)
		list_init(&vpci.fn[i]);
	pci_init();
	lock_both();
	for (u32 i = 0; (w = pci_window_get(i)) != NULL; i++) {
		u64 last = (w->base.v + pci_window_size(w) - 1) >> PAGE_SHIFT;

		if (rangeset_remove(&d->iomem_caps, w->base.v >> PAGE_SHIFT, last)) {
			unlock_both();
			return -XEN_ENOMEM;
		}
	}
	nr = pci_scan(found, NULL);
	unlock_both();
	printk(LOG_INFO "PCI: %u functions, %u with an MSI-X table in use\n", nr, vpci.nr_tables);
	return 0;
}
