/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See guest-pci.h. Of a function's header the guest writes the command register and the base
 * addresses, which are its own: the machine's stay where they are, and the guest's memory shows
 * them where the guest asks for it. MSI and MSI-X are vmsi's; all other registers can be read only.
 * Lines, ports and the expansion ROM are not shown. Register facts: PCI Local Bus specification
 * 3.0, chapter 6.
 */
#include "guest-pci.h"

#include <xen/errno.h>
#include <xen/nospec.h>
#include <xen/ops.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/xmalloc.h>

#include "private.h"
#include "vpci.h"

#define NR_DEVICES 32U
#define NR_BARS 6U
#define MAX_WINDOW (1UL << 36)	/* what is mapped and unmapped in one go */
#define PORT_DATA 0xcfc
#define ADDRESS_ENABLE 0x80000000U
#define ADDRESS_WRITABLE 0x80fffffcU

#define REG_CLASS 0x08
#define REG_HEADER 0x0c
#define REG_SUBSYSTEM 0x2c
#define REG_LIST 0x34
#define REG_BARS_END (PCI_REG_BAR0 + NR_BARS * 4)
#define HEADER_END 0x40
#define COMMAND_MASTER BIT(2)
#define COMMAND_NO_LINE BIT(10)
#define COMMAND_GUEST (PCI_COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_LINE)
#define STATUS_HAS_LIST (0x10U << 16)

#define BAR_IO 1U
#define BAR_64BIT 4U
#define BAR_TYPE 6U
#define BAR_FLAGS 0xfU

/* QEMU's bridge without functions of its own; systems know that it needs no care. */
#define BRIDGE_ID 0x00081b36U
#define BRIDGE_CLASS 0x06000000U

/** A window of a function; size 0: none. The upper half of one of 64 bits has the next place. */
struct window {
	u64 machine, size;	/* [const] */
	u32 flags;		/* [const] the low bits of its register */
	u64 guest;		/* as the guest wrote it */
	u64 mapped;		/* where the guest's memory has it, 0: nowhere */
};

/** All [vpci.lock] of the machine's functions. */
struct guest_fn {
	struct vpci_fn *fn;		/* NULL: it was taken away */
	struct domain *d;		/* [const] */
	struct rcu_head rcu;		/* vCPUs may be accessing its MSI-X table */
	struct window window[NR_BARS];
	u32 command;			/* as the guest wrote it */
	u32 machine_command;		/* as it was before */
	struct device table;		/* answers at its MSI-X table */
	u64 table_at;			/* guest physical; 0: nowhere */
	bool complained;
};

struct guest_pci {
	struct device ports;
	u32 address;			/* the latch at port 0xcf8 [atomic] */
	struct guest_fn *fn[NR_DEVICES];	/* 0, the bridge, has none [vpci.lock] */
};

static void complain(struct guest_fn *g, const char *what)
{
	struct pci_addr a = g->fn->at;

	if (!g->complained)
		printk(LOG_G_WARN "PCI: %04x:%02x:%02x.%u in d%u: %s\n", a.segment, a.bdf >> 8,
		       a.bdf >> 3 & 0x1f, a.bdf & 7, g->d->id, what);
	g->complained = true;
}

/* ---- the guest's memory ---- */

/* Is the MSI-X table of @g in @w? */
static bool has_table(const struct guest_fn *g, const struct window *w)
{
	const struct vpci_fn *f = g->fn;

	return f->table && f->table >= w->machine && f->table < w->machine + w->size;
}

static int map_part(struct guest_fn *g, const struct window *w, u64 first, u64 end)
{
	if (first == end)
		return 0;
	ASSERT(!page_offset(first | end) && first < end && end <= w->size);
	return p2m_map_range(g->d->p2m, gfn_make((w->guest + first) >> PAGE_SHIFT),
			     mfn_make((w->machine + first) >> PAGE_SHIFT),
			     (end - first) >> PAGE_SHIFT, P2M_MMIO_DIRECT);
}

static void unmap_window(struct guest_fn *g, struct window *w)
{
	if (!w->mapped)
		return;
	p2m_unmap_device(g->d->p2m, gfn_make(w->mapped >> PAGE_SHIFT),
			 mfn_make(w->machine >> PAGE_SHIFT), w->size >> PAGE_SHIFT);
	if (g->table_at >= w->mapped && g->table_at < w->mapped + w->size) {
		device_unclaim(&to_xd(g->d)->devices, &g->table, DEVICE_MMIO, g->table_at);
		g->table_at = 0;
	}
	w->mapped = 0;
}

/* The pages of the table are left to the emulator. */
static int map_with_table(struct guest_fn *g, struct window *w)
{
	u64 first = (g->fn->first_page << PAGE_SHIFT) - w->machine;
	u64 end = ((g->fn->last_page + 1) << PAGE_SHIFT) - w->machine;
	int rc = device_claim(&to_xd(g->d)->devices, &g->table, DEVICE_MMIO, w->guest + first,
			      w->guest + end - 1);

	if (rc)
		return rc;
	g->table_at = w->guest + first;
	rc = map_part(g, w, 0, first);
	return rc ? rc : map_part(g, w, end, w->size);
}

static bool is_placed(const struct window *w)
{
	return w->size && w->guest && w->guest <= (1UL << GUEST_PHYS_BITS) - w->size;
}

static void map_window(struct guest_fn *g, struct window *w)
{
	int rc;

	if (!is_placed(w))
		return;
	w->mapped = w->guest;
	rc = has_table(g, w) ? map_with_table(g, w) : map_part(g, w, 0, w->size);
	if (!rc)
		return;
	unmap_window(g, w);
	complain(g, "a window was placed where something else is");
}

static void place_windows(struct guest_fn *g)
{
	bool on = g->command & PCI_COMMAND_MEMORY;

	ASSERT(g->fn && spin_is_locked_by_me(&g->fn->vpci->lock));
	for (u32 i = 0; i < NR_BARS; i++) {
		struct window *w = &g->window[i];

		if (w->mapped == (on && is_placed(w) ? w->guest : 0))
			continue;
		unmap_window(g, w);
		if (on)
			map_window(g, w);
	}
}

static enum device_rc table_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct guest_fn *g = container_of(dev, struct guest_fn, table);
	struct vpci *p = vpci_machine();
	struct device_access real = *a;
	bool done;

	if (!p)
		return DEVICE_ABSENT;
	spin_lock(&p->lock);
	done = g->fn && g->table_at && a->addr >= g->table_at;
	if (done) {
		real.addr = (g->fn->first_page << PAGE_SHIFT) + (a->addr - g->table_at);
		done = vpci_table_access(g->fn, &real);
	}
	spin_unlock(&p->lock);
	a->val = real.val;
	return done ? DEVICE_DONE : DEVICE_ABSENT;
}

static const struct device_ops table_ops = {
	.name = "MSI-X table of a guest", .access = table_access, .eoi = device_no_eoi,
	.release = device_no_release,
};
OPS_TABLE(table_ops, name);

/* ---- configuration space ---- */

/* A base address register: what the guest wrote, without the bits below the size. */
static u32 read_bar(const struct guest_fn *g, u32 i)
{
	const struct window *w = &g->window[i];

	if (w->size)
		return (u32)w->guest | w->flags;
	if (i && g->window[i - 1].size && (g->window[i - 1].flags & BAR_64BIT))
		return (u32)(g->window[i - 1].guest >> 32);
	return 0;
}

static void write_bar(struct guest_fn *g, u32 i, u32 val)
{
	struct window *w = &g->window[i];

	if (w->size) {
		w->guest = ((w->guest & ~0xffffffffUL) | val) & ~(w->size - 1);
	} else if (i && w[-1].size && (w[-1].flags & BAR_64BIT)) {
		w[-1].guest = ((u32)w[-1].guest | (u64)val << 32) & ~(w[-1].size - 1);
	}
	place_windows(g);
}

/* DMA ends when the guest says so; memory stays on, as the hypervisor writes the MSI-X table. */
static void write_command(struct guest_fn *g, u32 val)
{
	g->command = val & COMMAND_GUEST;
	pci_write(g->fn->at, PCI_REG_COMMAND, 2, PCI_COMMAND_MEMORY | COMMAND_NO_LINE |
						 (g->command & COMMAND_MASTER));
	place_windows(g);
}

static u32 read_header(const struct guest_fn *g, u32 reg)
{
	switch (reg) {
	case PCI_REG_ID:
	case REG_CLASS:
	case REG_SUBSYSTEM:
		return pci_read(g->fn->at, reg, 4);
	case REG_LIST:
		return pci_read(g->fn->at, reg, 1);
	case PCI_REG_COMMAND:
		return g->command | (pci_read(g->fn->at, reg, 4) & STATUS_HAS_LIST);
	default:
		return reg >= PCI_REG_BAR0 && reg < REG_BARS_END ?
		       read_bar(g, (reg - PCI_REG_BAR0) / 4) : 0;
	}
}

/* A byte more or less of a register of four. */
static u32 part(u32 dword, u32 reg, u32 bytes)
{
	return dword >> (reg & 3) * 8 & (u32)device_ones(bytes);
}

static u32 merge(u32 old, u32 reg, u32 bytes, u32 val)
{
	u32 mask = (u32)device_ones(bytes) << (reg & 3) * 8;

	return (old & ~mask) | (val << (reg & 3) * 8 & mask);
}

static u32 config_read(const struct guest_fn *g, u32 reg, u32 bytes)
{
	if (reg < HEADER_END)
		return part(read_header(g, reg & ~3U), reg, bytes);
	return vmsi_config_read(&g->fn->msi, reg, bytes, pci_read(g->fn->at, reg, bytes));
}

static void config_write(struct guest_fn *g, u32 reg, u32 bytes, u32 val)
{
	u32 dword = reg & ~3U;

	if (dword == PCI_REG_COMMAND && !(reg & 2))
		write_command(g, merge(g->command, reg, bytes, val));
	else if (dword >= PCI_REG_BAR0 && dword < REG_BARS_END)
		write_bar(g, (dword - PCI_REG_BAR0) / 4,
			  merge(read_header(g, dword), reg, bytes, val));
	else if (reg >= HEADER_END)
		vmsi_config_write(&g->fn->msi, reg, bytes, val);
}

static u32 bridge_read(u32 reg, u32 bytes)
{
	u32 dword = reg & ~3U;

	return part(dword == PCI_REG_ID ? BRIDGE_ID : dword == REG_CLASS ? BRIDGE_CLASS : 0, reg,
		    bytes);
}

/* One access within a register of four bytes. */
static u32 config_piece(struct guest_pci *bus, u32 device, u32 reg, u32 bytes, bool write, u32 val)
{
	u32 out = (u32)device_ones(bytes);
	struct vpci *p = vpci_machine();
	struct guest_fn *g;

	if (!device)
		return bridge_read(reg, bytes);
	if (!p)
		return out;
	spin_lock(&p->lock);
	g = bus->fn[array_index_nospec(device, NR_DEVICES)];
	if (g && write)
		config_write(g, reg, bytes, val);
	else if (g)
		out = config_read(g, reg, bytes);
	spin_unlock(&p->lock);
	return out;
}

static enum device_rc data_port(struct guest_pci *bus, struct device_access *a)
{
	u32 latch = READ_ONCE(bus->address), reg = (latch & 0xfc) + (u32)a->addr - PORT_DATA;
	u64 out = 0;

	/* One bus, and one function a device. */
	if (!(latch & ADDRESS_ENABLE) || (latch & 0xff0700))
		return DEVICE_ABSENT;
	for (u32 done = 0, n; done < a->bytes; done += n) {
		n = vpci_piece(reg + done, a->bytes - done);
		out |= (u64)config_piece(bus, latch >> 11 & 0x1f, reg + done, n, a->write,
					 (u32)(a->val >> done * 8 & device_ones(n))) << done * 8;
	}
	if (!a->write)
		a->val = out;
	return DEVICE_DONE;
}

static enum device_rc port_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct guest_pci *bus = container_of(dev, struct guest_pci, ports);

	if (a->addr >= PORT_DATA)
		return data_port(bus, a);
	if (a->bytes != 4 || a->addr != VPCI_PORT_FIRST)
		return DEVICE_ABSENT;
	if (a->write)
		WRITE_ONCE(bus->address, (u32)a->val & ADDRESS_WRITABLE);
	else
		a->val = READ_ONCE(bus->address);
	return DEVICE_DONE;
}

static void release(struct device *dev)
{
	struct guest_pci *bus = container_of(dev, struct guest_pci, ports);

	for (u32 i = 0; i < NR_DEVICES; i++)
		ASSERT(!bus->fn[i]);
	xfree(bus);
}

static const struct device_ops port_ops = {
	.name = "PCI bus of a guest", .access = port_access, .eoi = device_no_eoi,
	.release = release,
};
OPS_TABLE(port_ops, name);

int guest_pci_init(struct domain *d)
{
	struct x86_domain *xd = to_xd(d);
	struct guest_pci *bus = xzalloc(struct guest_pci);

	if (!bus)
		return -XEN_ENOMEM;
	if (device_add(&xd->devices, &bus->ports, &port_ops))
		BUG();	/* it has no interrupt line */
	xd->guest_pci = bus;
	return device_claim(&xd->devices, &bus->ports, DEVICE_PORTS, VPCI_PORT_FIRST,
			    VPCI_PORT_LAST);
}

/* ---- functions come and go ---- */

/* The size of the window at @reg, which is decoded nowhere meanwhile. */
static u64 probe_size(struct pci_addr a, u32 reg, u32 low, u32 high)
{
	bool wide = (low & BAR_TYPE) == BAR_64BIT;
	u64 mask;

	pci_write(a, reg, 4, ~0U);
	mask = pci_read(a, reg, 4) & ~BAR_FLAGS;
	pci_write(a, reg, 4, low);
	if (wide) {
		pci_write(a, reg + 4, 4, ~0U);
		mask |= (u64)pci_read(a, reg + 4, 4) << 32;
		pci_write(a, reg + 4, 4, high);
	} else {
		mask |= ~0UL << 32;
	}
	return mask & -mask;
}

/* Windows of memory with an address. False: one cannot be shown. */
static bool read_windows(struct guest_fn *g)
{
	struct vpci_fn *f = g->fn;

	for (u32 i = 0; i < f->nr_bars; i++) {
		u32 reg = PCI_REG_BAR0 + i * 4, low = pci_read(f->at, reg, 4), high = 0;
		struct window *w = &g->window[i];
		u64 frame;

		if ((low & BAR_TYPE) == BAR_64BIT && !(low & BAR_IO) && i + 1 < f->nr_bars)
			high = pci_read(f->at, reg + 4, 4);
		w->machine = (low & ~BAR_FLAGS) | (u64)high << 32;
		if ((low & BAR_IO) || !w->machine)
			continue;
		w->flags = low & BAR_FLAGS;
		w->size = probe_size(f->at, reg, low, high);
		frame = w->machine >> PAGE_SHIFT;
		if (w->size < PAGE_SIZE || w->size > MAX_WINDOW ||
		    (w->machine & (w->size - 1)) ||
		    !vpci_may_pass(f, frame, frame + (w->size >> PAGE_SHIFT) - 1))
			return false;
		i += (low & BAR_TYPE) == BAR_64BIT;
	}
	return true;
}

static int show(struct guest_fn *g)
{
	struct vpci_fn *f = g->fn;
	bool shown;

	g->machine_command = pci_read(f->at, PCI_REG_COMMAND, 2);
	pci_write(f->at, PCI_REG_COMMAND, 2, PCI_COMMAND_MEMORY | COMMAND_NO_LINE);
	vpci_fn_moved(f);
	pci_write(f->at, PCI_REG_COMMAND, 2, COMMAND_NO_LINE);
	shown = f->nr_bars == NR_BARS && (!f->msi.msix_cap || f->table) && read_windows(g);
	pci_write(f->at, PCI_REG_COMMAND, 2, PCI_COMMAND_MEMORY | COMMAND_NO_LINE);
	f->shown = shown;
	if (shown)
		return 0;
	complain(g, "not a device, or a window is smaller than a page, larger than 64 GiB or not "
		 "in devices' memory");
	pci_write(f->at, PCI_REG_COMMAND, 2, g->machine_command);
	vpci_fn_moved(f);
	return -XEN_EOPNOTSUPP;
}

int guest_pci_add(struct domain *d, struct vpci_fn *f)
{
	struct guest_pci *bus = to_xd(d)->guest_pci;
	struct guest_fn *g;
	u32 device = 1;
	int rc;

	if (!bus)
		return 0;
	while (device < NR_DEVICES && bus->fn[device])
		device++;
	if (device == NR_DEVICES)
		return -XEN_ENOSPC;
	g = xzalloc(struct guest_fn);
	if (!g)
		return -XEN_ENOMEM;
	g->fn = f;
	g->d = d;
	rc = show(g);
	if (rc) {
		xfree(g);
		return rc;
	}
	if (device_add(&to_xd(d)->devices, &g->table, &table_ops))
		BUG();	/* it has no interrupt line */
	bus->fn[device] = g;
	return 0;
}

static void free_later(struct rcu_head *head)
{
	xfree(container_of(head, struct guest_fn, rcu));
}

void guest_pci_remove(struct domain *d, struct vpci_fn *f)
{
	struct guest_pci *bus = to_xd(d)->guest_pci;

	for (u32 i = 1; bus && i < NR_DEVICES; i++) {
		struct guest_fn *g = bus->fn[i];

		if (!g || g->fn != f)
			continue;
		bus->fn[i] = NULL;
		for (u32 w = 0; w < NR_BARS; w++)
			unmap_window(g, &g->window[w]);
		pci_write(f->at, PCI_REG_COMMAND, 2, g->machine_command & ~COMMAND_MASTER);
		vpci_fn_moved(f);
		f->shown = false;
		g->fn = NULL;
		device_remove(&to_xd(d)->devices, &g->table);
		call_rcu(&g->rcu, free_later);
	}
}
