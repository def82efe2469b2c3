/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to configuration space. The platform's own method is used wherever it reaches, as it works
 * on every machine; a window from the firmware is used only after it showed the same device.
 */
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/hal/pci.h>
#include <xen/pci.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

#define MAX_WINDOWS 16

/* Each entry is filled once, then published by the count. */
static struct pci_window windows[MAX_WINDOWS];
static u32 nr_windows;

static u32 ones(u32 bytes)
{
	return bytes == 4 ? ~0U : (1U << bytes * 8) - 1;
}

const struct pci_window *pci_window_get(u32 i)
{
	return i < __atomic_load_n(&nr_windows, __ATOMIC_ACQUIRE) ? &windows[i] : NULL;
}

/* The address where a window maps the register, or NULL. */
static u8 *window_reg(struct pci_addr a, u32 reg)
{
	const struct pci_window *w;
	u32 bus = a.bdf >> 8;

	for (u32 i = 0; (w = pci_window_get(i)) != NULL; i++)
		if (w->segment == a.segment && bus >= w->first && bus <= w->last)
			return w->regs + ((u64)(a.bdf - (w->first << 8)) << 12) + reg;
	return NULL;
}

static bool sound(u32 reg, u32 bytes)
{
	return (bytes == 1 || bytes == 2 || bytes == 4) && !(reg & (bytes - 1)) &&
	       reg < PCI_EXT_CONFIG_SIZE;
}

static u32 mem_read(const u8 *p, u32 bytes)
{
	return bytes == 1 ? readb(p) : bytes == 2 ? readw(p) : readl(p);
}

u32 pci_read(struct pci_addr a, u32 reg, u32 bytes)
{
	const u8 *p;

	if (!sound(reg, bytes))
		return ones(bytes);
	if (hal_pci_reaches(a, reg))
		return hal_pci_read(a, reg, bytes);
	p = window_reg(a, reg);
	return p ? mem_read(p, bytes) : ones(bytes);
}

void pci_write(struct pci_addr a, u32 reg, u32 bytes, u32 val)
{
	u8 *p;

	if (!sound(reg, bytes))
		return;
	if (hal_pci_reaches(a, reg)) {
		hal_pci_write(a, reg, bytes, val);
		return;
	}
	p = window_reg(a, reg);
	if (!p)
		return;
	if (bytes == 1)
		writeb((u8)val, p);
	else if (bytes == 2)
		writew((u16)val, p);
	else
		writel(val, p);
}

static bool overlaps(const struct pci_window *w, const struct pci_window *n)
{
	u64 end = w->base.v + pci_window_size(w), n_end = n->base.v + pci_window_size(n);

	return (w->segment == n->segment && w->first <= n->last && n->first <= w->last) ||
	       (w->base.v < n_end && n->base.v < end);
}

/* Prepare a new window and map it. NULL on failure, with the reason in *@rc. */
static struct pci_window *prepare(paddr_t base, u16 segment, u8 first, u8 last, int *rc)
{
	struct pci_window *w = &windows[nr_windows];
	struct pci_window n = { .segment = segment, .first = first, .last = last,
				.base = paddr_make(base.v + first * PCI_WINDOW_BUS_SIZE) };

	*rc = -XEN_EINVAL;
	if (first > last || page_offset(base.v) || base.v >> 52)
		return NULL;
	*rc = -XEN_EEXIST;
	for (u32 i = 0; i < nr_windows; i++)
		if (overlaps(&windows[i], &n))
			return NULL;
	*rc = -XEN_ENOSPC;
	if (nr_windows == MAX_WINDOWS)
		return NULL;
	*rc = -XEN_ENOMEM;
	n.regs = hal_map_mmio(n.base, pci_window_size(&n));
	if (!n.regs)
		return NULL;
	*rc = 0;
	*w = n;
	return w;
}

int pci_window_add(paddr_t base, u16 segment, u8 first, u8 last)
{
	int rc;

	if (prepare(base, segment, first, last, &rc))
		__atomic_store_n(&nr_windows, nr_windows + 1, __ATOMIC_RELEASE);
	return rc;
}

/* Check a window by a device, as firmware may name one that the chipset does not decode. */
static bool __init shows_same(const struct pci_window *w)
{
	u16 first = (u16)(w->first << 8);

	if (w->segment)
		return true;
	for (u32 devfn = 0; devfn < 0x100; devfn += 8) {
		struct pci_addr a = { .bdf = (u16)(first + devfn) };
		u32 id = hal_pci_read(a, PCI_REG_ID, 4);

		if (id != ~0U)
			return readl(w->regs + (devfn << 12)) == id;
	}
	return true;
}

void __init pci_init(void)
{
	const struct acpi_mcfg *mcfg = acpi_mcfg();

	for (u32 i = 0; mcfg && i < mcfg->nr; i++) {
		const struct acpi_mcfg_entry *e = &mcfg->entry[i];
		struct pci_window *w;
		int rc;

		w = prepare(e->address, e->segment, e->start_bus, e->end_bus, &rc);
		if (w && shows_same(w))
			nr_windows++;
		else
			printk(LOG_WARN "PCI: window %#lx of ACPI's MCFG is not used: %s\n",
			       e->address.v, w ? "other devices show there" : "bad entry");
	}
}
