/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI function that a toolstack gives to a guest: who may name its interrupts, frames and ports,
 * what the device is told, and what is left when it is taken away or the guest ends.
 */
#include "unit.h"

#include <xen/errno.h>
#include <xen/p2m.h>
#include <xen/pci.h>
#include <xen/string.h>
#include <xen/hal/mm.h>
#include <xen/hal/pci.h>
#include <xen/hal/vcpu.h>

#include <asm/host.h>
#include <asm/soft-processor.h>

#include "x86-caller.h"

#include <public/physdev.h>

#define FUNCTION (1U << 3)	/* the model's MSI at 0x40, MSI-X with four entries at 0x58 */
#define MSI 0x40
#define MSIX 0x58
#define TABLE_ENTRIES 4
#define FRAMES (SOFT_PCI_BAR_BASE >> PAGE_SHIFT)
#define GFN 0x100000UL
#define VECTOR 0x41

static struct world_domain guest;
static const struct pci_addr function = { 0, FUNCTION };

static u32 config(u32 reg, u32 bytes) { return hal_pci_read(function, reg, bytes); }
static bool msi_is_on(void) { return config(MSI + 2, 2) & 1; }
static bool msix_is_on(void) { return config(MSIX + 2, 2) & 0x8000; }

static void begin(void)
{
	world_boot(2);
	soft_guest_set(caller_turn);
	world_create(&guest, false, 1);
	world_create(&caller, true, 1);
	domain_unpause(caller.d);
}

static void end(void)
{
	HOST_CHECK(!world_destroy(&guest));
	HOST_CHECK(!world_destroy(&caller));
	HOST_CHECK(!world_left_over());
}

static long map(struct physdev_map_pirq *m)
{
	return caller_command(__HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, m, sizeof(*m));
}

static struct physdev_map_pirq message(int entry, u64 table)
{
	return (struct physdev_map_pirq){ .domid = guest.d->id, .type = MAP_PIRQ_TYPE_MSI,
					  .index = -1, .pirq = -1, .devfn = FUNCTION,
					  .entry_nr = entry, .table_base = table };
}

static long unmap(int pirq)
{
	struct physdev_unmap_pirq u = { .domid = guest.d->id, .pirq = pirq };

	return caller_command(__HYPERVISOR_physdev_op, PHYSDEVOP_unmap_pirq, &u, sizeof(u));
}

static long bind(u32 cmd, int pirq, u32 vector, u32 flags)
{
	struct xen_domctl op = { .u.bind_pt_irq = { .machine_irq = (u32)pirq,
						    .irq_type = PT_IRQ_TYPE_MSI } };

	op.u.bind_pt_irq.u.msi.gvec = (u8)vector;
	op.u.bind_pt_irq.u.msi.gflags = flags;
	return caller_domctl(guest.d->id, cmd, &op);
}

static long bind_vector(int pirq, u32 vector)
{
	return bind(XEN_DOMCTL_bind_pt_irq, pirq, vector, XEN_DOMCTL_VMSI_X86_UNMASKED);
}

static void interrupts(void *arg)
{
	struct physdev_map_pirq m, x, again;
	u32 before;

	begin();
	m = again = message(0, 0);
	x = message(1, 0x1000);
	before = soft_vectors_in_use();
	HOST_CHECK(map(&m) == -XEN_ENODEV);	/* not its function */
	HOST_CHECK(hal_pci_give(guest.d, function) == 0);
	HOST_CHECK(hal_pci_give(guest.d, (struct pci_addr){ 0, 0x1f8 }) == -XEN_ENODEV);
	HOST_CHECK(hal_pci_give(guest.d, (struct pci_addr){ 0, SOFT_PCI_SERIAL << 3 }) ==
		   -XEN_ENODEV);
	HOST_CHECK(map(&m) == 0 && m.pirq >= 256);
	HOST_CHECK(map(&again) == -XEN_EEXIST);
	HOST_CHECK(map(&x) == 0 && x.pirq != m.pirq);
	HOST_CHECK(bind_vector(m.pirq, VECTOR) == 0 && msi_is_on());
	HOST_CHECK(bind_vector(x.pirq, VECTOR + 1) == 0 && msix_is_on());
	HOST_CHECK(soft_vectors_in_use() == before + 2);
	HOST_CHECK(config(MSI + 8, 2) != VECTOR);
	HOST_CHECK(bind(XEN_DOMCTL_unbind_pt_irq, x.pirq, 0, 0) == 0);
	HOST_CHECK(bind(XEN_DOMCTL_unbind_pt_irq, x.pirq, 0, 0) == -XEN_EINVAL);
	HOST_CHECK(soft_vectors_in_use() == before + 1);
	/* Masked, and bound again. */
	HOST_CHECK(bind(XEN_DOMCTL_bind_pt_irq, m.pirq, VECTOR, 0) == 0 && !msi_is_on());
	HOST_CHECK(bind_vector(m.pirq, VECTOR) == 0 && msi_is_on());
	HOST_CHECK(unmap(m.pirq) == 0 && !msi_is_on());
	HOST_CHECK(unmap(m.pirq) == -XEN_EINVAL);
	HOST_CHECK(bind_vector(m.pirq, VECTOR) == -XEN_EINVAL);
	HOST_CHECK(bind_vector(x.pirq, VECTOR) == 0);
	/* Taken away: its numbers end with it. */
	HOST_CHECK(hal_pci_give(NULL, function) == 0);
	HOST_CHECK(soft_vectors_in_use() == before && !msix_is_on());
	HOST_CHECK(bind_vector(x.pirq, VECTOR) == -XEN_EINVAL && unmap(x.pirq) == -XEN_EINVAL);
	/* The guest ends while it has one. */
	HOST_CHECK(hal_pci_give(guest.d, function) == 0);
	HOST_CHECK(map(&again) == 0 && bind_vector(again.pirq, VECTOR) == 0);
	hal_domain_relinquish(guest.d);
	HOST_CHECK(!msi_is_on() && soft_vectors_in_use() == before);
	HOST_CHECK(hal_pci_give(caller.d, function) == 0);
	end();
}

/* Every argument that must be refused, one at a time. */
static void refused(void *arg)
{
	static const struct {
		long rc;
		int type, bus, devfn, pirq, entry;
		u64 table;
	} bad[] = {
		{ -XEN_EOPNOTSUPP, MAP_PIRQ_TYPE_GSI, 0, FUNCTION, -1, 0, 0 },
		{ -XEN_EOPNOTSUPP, MAP_PIRQ_TYPE_MULTI_MSI, 0, FUNCTION, -1, 2, 0 },
		{ -XEN_EOPNOTSUPP, -1, 0, FUNCTION, -1, 0, 0 },
		{ -XEN_EINVAL, MAP_PIRQ_TYPE_MSI, 0x100, FUNCTION, -1, 0, 0 },
		{ -XEN_EINVAL, MAP_PIRQ_TYPE_MSI, -1, FUNCTION, -1, 0, 0 },
		{ -XEN_EINVAL, MAP_PIRQ_TYPE_MSI, 0, 0x100, -1, 0, 0 },
		{ -XEN_EINVAL, MAP_PIRQ_TYPE_MSI, 0, -1, -1, 0, 0 },
		{ -XEN_EINVAL, MAP_PIRQ_TYPE_MSI, 0, FUNCTION, 5, 0, 0 },
		{ -XEN_EINVAL, MAP_PIRQ_TYPE_MSI, 0, FUNCTION, -1, -1, 0 },
		{ -XEN_EINVAL, MAP_PIRQ_TYPE_MSI, 0, FUNCTION, -1, TABLE_ENTRIES, 0x1000 },
		{ -XEN_EINVAL, MAP_PIRQ_TYPE_MSI, 0, FUNCTION, -1, 2048, 0x1000 },
		{ -XEN_ENODEV, MAP_PIRQ_TYPE_MSI, 0, FUNCTION + 1, -1, 0, 0 },
		{ -XEN_ENODEV, MAP_PIRQ_TYPE_MSI, 0, 2 << 3, -1, 0, 0 },
		{ -XEN_ENODEV, MAP_PIRQ_TYPE_MSI_SEG, 1 << 16, FUNCTION, -1, 0, 0 },
	};
	static const u32 flags[] = { 2U << 12, 4U << 12, 7U << 12, 1U << 15, 1U << 17, 1U << 31,
				     1U << 10 };
	struct physdev_map_pirq m;

	begin();
	HOST_CHECK(hal_pci_give(guest.d, function) == 0);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		m = message(bad[i].entry, bad[i].table);
		m.type = bad[i].type;
		m.bus = bad[i].bus;
		m.devfn = bad[i].devfn;
		m.pirq = bad[i].pirq;
		if (map(&m) != bad[i].rc)
			panic("row %u is not refused as it should be", i);
	}
	m = message(0, 0);
	m.domid = DOMID_SELF;
	HOST_CHECK(map(&m) == -XEN_EOPNOTSUPP);
	m.domid = 77;
	HOST_CHECK(map(&m) == -XEN_ESRCH);
	m = message(0, 0);
	HOST_CHECK(map(&m) == 0);
	for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
		HOST_CHECK(bind(XEN_DOMCTL_bind_pt_irq, m.pirq, VECTOR, flags[i]) == -XEN_EINVAL);
	HOST_CHECK(bind_vector(m.pirq, 15) == -XEN_EINVAL);
	for (int pirq = -300; pirq < 400; pirq++)
		HOST_CHECK(pirq == m.pirq || bind_vector(pirq, VECTOR) == -XEN_EINVAL);
	HOST_CHECK(!msi_is_on());
	end();
}

/* The guest's and the hardware domain's own accesses to what the other has. */
static void registers_of_messages(void *arg)
{
	struct device_access a = { .space = DEVICE_PORTS, .bytes = 4, .addr = 0xcf8, .write = true,
				   .val = 0x80000000 | FUNCTION << 8 | MSI };
	struct physdev_map_pirq m;
	struct x86_domain *xd;
	struct device *ports;

	begin();
	m = message(0, 0);
	xd = to_xd(caller.d);
	ports = device_find(&xd->devices, DEVICE_PORTS, 0xcf8, 4);
	HOST_CHECK(ports);
	HOST_CHECK(hal_pci_give(guest.d, function) == 0);
	HOST_CHECK(map(&m) == 0 && bind_vector(m.pirq, VECTOR) == 0);
	HOST_CHECK(ports->ops->access(ports, caller.d->vcpu[0], &a) == DEVICE_DONE);
	a.addr = 0xcfc;
	a.val = 0;
	HOST_CHECK(ports->ops->access(ports, caller.d->vcpu[0], &a) == DEVICE_DONE);
	HOST_CHECK(msi_is_on());
	HOST_CHECK(hal_pci_give(caller.d, function) == 0 && !msi_is_on());
	a.val = 1 << 16;
	HOST_CHECK(ports->ops->access(ports, caller.d->vcpu[0], &a) == DEVICE_DONE);
	HOST_CHECK(msi_is_on());
	end();
}

static long map_frames(u64 gfn, u64 mfn, u64 n, u32 add)
{
	struct xen_domctl op = { .u.memory_mapping = { .first_gfn = gfn, .first_mfn = mfn,
						       .nr_mfns = n, .add_mapping = add } };

	return caller_domctl(guest.d->id, XEN_DOMCTL_memory_mapping, &op);
}

static long allow_frames(u64 mfn, u64 n)
{
	struct xen_domctl op = { .u.iomem_permission = { .first_mfn = mfn, .nr_mfns = n,
							 .allow_access = 1 } };

	return caller_domctl(guest.d->id, XEN_DOMCTL_iomem_permission, &op);
}

static void frames(void *arg)
{
	enum p2m_type type;

	begin();
	HOST_CHECK(map_frames(GFN, FRAMES, 1, 1) == -XEN_EPERM);
	HOST_CHECK(allow_frames(FRAMES, 16) == 0);
	HOST_CHECK(map_frames(GFN, FRAMES + 15, 2, 1) == -XEN_EPERM);
	HOST_CHECK(map_frames(GFN, FRAMES - 1, 2, 1) == -XEN_EPERM);
	HOST_CHECK(map_frames(GFN, FRAMES, 65, 1) == -XEN_E2BIG);
	HOST_CHECK(map_frames(GFN, FRAMES, 1, 2) == -XEN_EINVAL);
	HOST_CHECK(map_frames(GFN, ~0UL, 2, 1) == -XEN_EINVAL);
	HOST_CHECK(map_frames(~0UL, FRAMES, 2, 1) == -XEN_EINVAL);
	HOST_CHECK(map_frames(1UL << 36, FRAMES, 1, 1) == -XEN_EINVAL);
	/* Its RAM, which the guest may not lose by that. */
	HOST_CHECK(map_frames(WORLD_DATA, FRAMES, 1, 1) == -XEN_EEXIST);
	HOST_CHECK(map_frames(WORLD_DATA, hal_virt_to_mfn(guest.ram).v + WORLD_DATA, 1,
			      0) == -XEN_ENOENT);
	HOST_CHECK(map_frames(GFN, FRAMES, 16, 1) == 0);
	HOST_CHECK(p2m_lookup(guest.d->p2m, gfn_make(GFN + 15), &type, NULL).v == FRAMES + 15);
	HOST_CHECK(type == P2M_MMIO_DIRECT);
	HOST_CHECK(map_frames(GFN + 1, FRAMES, 1, 0) == -XEN_ENOENT);
	HOST_CHECK(map_frames(GFN, FRAMES, 17, 0) == -XEN_ENOENT);
	p2m_lookup(guest.d->p2m, gfn_make(GFN + 15), &type, NULL);
	HOST_CHECK(type == P2M_INVALID);
	end();
}

static long map_ports(u32 gport, u32 mport, u32 n, u32 add)
{
	struct xen_domctl op = { .u.ioport_mapping = { .first_gport = gport, .first_mport = mport,
						       .nr_ports = n, .add_mapping = add } };

	return caller_domctl(guest.d->id, XEN_DOMCTL_ioport_mapping, &op);
}

static void ports(void *arg)
{
	struct xen_domctl op = { .u.ioport_permission = { .first_port = 0, .nr_ports = 0xffff,
							  .allow_access = 1 } };
	u32 n = 0;

	begin();
	HOST_CHECK(!rangeset_add(&caller.d->ioport_caps, 0, 0xffff));
	HOST_CHECK(map_ports(0x1000, 0x2000, 8, 1) == -XEN_EPERM);
	HOST_CHECK(caller_domctl(guest.d->id, XEN_DOMCTL_ioport_permission, &op) == 0);
	HOST_CHECK(map_ports(0x1000, 0xfff8, 8, 1) == -XEN_EPERM);
	HOST_CHECK(map_ports(0x1000, 0xfff8, 9, 1) == -XEN_EINVAL);
	HOST_CHECK(map_ports(0xffff, 0x2000, 2, 1) == -XEN_EINVAL);
	HOST_CHECK(map_ports(0x1000, 0x2000, 0, 1) == -XEN_EINVAL);
	HOST_CHECK(map_ports(0x1000, ~0U, 2, 1) == -XEN_EINVAL);
	/* The hypervisor's: its serial port, the 8259s, PCI's, and those that reset. */
	HOST_CHECK(map_ports(0x1000, 0x3f0, 0x10, 1) == -XEN_EPERM);
	HOST_CHECK(map_ports(0x1000, 0x20, 1, 1) == -XEN_EPERM);
	HOST_CHECK(map_ports(0x1000, 0xcf8, 8, 1) == -XEN_EPERM);
	HOST_CHECK(map_ports(0x1000, 0x64, 1, 1) == -XEN_EPERM);
	HOST_CHECK(map_ports(0x1000, 0x2000, 8, 1) == 0);
	HOST_CHECK(map_ports(0x1004, 0x3000, 8, 1) == -XEN_EEXIST);
	HOST_CHECK(device_find(&to_xd(guest.d)->devices, DEVICE_PORTS, 0x1004, 4));
	HOST_CHECK(!device_find(&to_xd(guest.d)->devices, DEVICE_PORTS, 0x1005, 4));
	HOST_CHECK(map_ports(0x1000, 0x2000, 4, 0) == -XEN_ENOENT);
	HOST_CHECK(map_ports(0x1000, 0x2000, 8, 0) == 0);
	HOST_CHECK(map_ports(0x1000, 0x2000, 8, 0) == -XEN_ENOENT);
	HOST_CHECK(!device_find(&to_xd(guest.d)->devices, DEVICE_PORTS, 0x1004, 4));
	while (map_ports(0x1000 + n, 0x2000, 1, 1) == 0)
		n++;
	HOST_CHECK(n == 32);
	end();
}

/* ---- a PCI bus of the guest ---- */

#define BAR0 0x10
#define PLACE 0xf0000000UL
#define BAR_BYTES 0x10000UL

static u64 guest_port(u32 port, u32 bytes, bool write, u64 val)
{
	struct device_access a = { .space = DEVICE_PORTS, .bytes = bytes, .addr = port,
				   .write = write, .val = val };
	struct device *dev = device_find(&to_xd(guest.d)->devices, DEVICE_PORTS, port, bytes);

	if (!dev || dev->ops->access(dev, guest.d->vcpu[0], &a) != DEVICE_DONE)
		return device_ones(bytes);
	return a.val & device_ones(bytes);
}

static u32 get(u32 device, u32 reg, u32 bytes)
{
	guest_port(0xcf8, 4, true, 0x80000000 | device << 11 | (reg & 0xfc));
	return (u32)guest_port(0xcfc + (reg & 3), bytes, false, 0);
}

static void set(u32 device, u32 reg, u32 bytes, u32 val)
{
	guest_port(0xcf8, 4, true, 0x80000000 | device << 11 | (reg & 0xfc));
	guest_port(0xcfc + (reg & 3), bytes, true, val);
}

static u64 table_at(u64 gpa, u32 bytes, bool write, u64 val)
{
	struct device_access a = { .space = DEVICE_MMIO, .bytes = bytes, .addr = gpa,
				   .write = write, .val = val };
	struct device *dev = device_find(&to_xd(guest.d)->devices, DEVICE_MMIO, gpa, bytes);

	if (!dev || dev->ops->access(dev, guest.d->vcpu[0], &a) != DEVICE_DONE)
		return device_ones(bytes);
	return a.val;
}

static u64 machine_frame(u64 gpa)
{
	enum p2m_type type;
	mfn_t mfn = p2m_lookup(guest.d->p2m, gpaddr_to_gfn(gpaddr_make(gpa)), &type, NULL);

	return type == P2M_MMIO_DIRECT ? mfn.v : 0;
}

static void begin_with_bus(void)
{
	world_boot(2);
	soft_guest_set(caller_turn);
	world_devices = XEN_X86_EMU_LAPIC | XEN_X86_EMU_VPCI;
	world_create(&guest, false, 1);
	world_devices = XEN_X86_EMU_LAPIC;
	world_create(&caller, true, 1);
	domain_unpause(caller.d);
}

/* The first page of the function's window has its MSI-X table. */
static u64 frame_of_page(u64 page) { return (config(BAR0, 4) >> PAGE_SHIFT) + page; }

static void bus(void *arg)
{
	u64 first = frame_of_page(0), before;

	begin_with_bus();
	first = frame_of_page(0);
	before = soft_vectors_in_use();
	HOST_CHECK(get(0, 0, 4) == 0x00081b36 && get(0, 0xb, 1) == 6);
	HOST_CHECK(get(1, 0, 4) == ~0U && get(31, 0, 2) == 0xffff);
	HOST_CHECK(hal_pci_give(guest.d, function) == 0);
	HOST_CHECK(get(1, 0, 4) == config(0, 4));
	guest_port(0xcf8, 4, true, 0x80010000 | 1 << 11);
	HOST_CHECK(guest_port(0xcfc, 4, false, 0) == ~0U);	/* another bus */
	guest_port(0xcf8, 4, true, 0x80000100 | 1 << 11);
	HOST_CHECK(guest_port(0xcfc, 4, false, 0) == ~0U);	/* another function */
	/* Sizes, an address, and nothing is mapped before the guest says so. */
	HOST_CHECK(get(1, BAR0, 4) == 0);
	set(1, BAR0, 4, ~0U);
	HOST_CHECK(get(1, BAR0, 4) == ~(u32)(BAR_BYTES - 1));
	set(1, BAR0 + 4, 4, ~0U);
	HOST_CHECK(get(1, BAR0 + 4, 4) == 0);
	set(1, 0x30, 4, ~0U);
	HOST_CHECK(get(1, 0x30, 4) == 0);
	set(1, BAR0, 4, PLACE);
	HOST_CHECK(config(BAR0, 4) >> PAGE_SHIFT == first && !machine_frame(PLACE + PAGE_SIZE));
	HOST_CHECK(!(config(4, 2) & 4));
	set(1, 4, 2, 0xffff);
	HOST_CHECK(get(1, 4, 2) == 0x406 && (config(4, 2) & 0x406) == 0x406);
	HOST_CHECK(!machine_frame(PLACE) && machine_frame(PLACE + PAGE_SIZE) == first + 1);
	HOST_CHECK(machine_frame(PLACE + BAR_BYTES - 1) == first + 15);
	HOST_CHECK(!machine_frame(PLACE + BAR_BYTES));
	/* MSI-X by the table and MSI by registers, both as the guest's own. */
	table_at(PLACE + 0x800, 4, true, 0xfee00000);
	table_at(PLACE + 0x808, 4, true, VECTOR);
	table_at(PLACE + 0x80c, 4, true, 0);
	HOST_CHECK(table_at(PLACE + 0x808, 4, false, 0) == VECTOR);
	set(1, MSIX + 2, 2, 0x8000);
	HOST_CHECK(msix_is_on() && soft_vectors_in_use() == before + 1);
	set(1, MSI + 8, 2, VECTOR);
	HOST_CHECK(get(1, MSI + 8, 2) == VECTOR && config(MSI + 8, 2) != VECTOR);
	/* What is not the guest's to write. */
	set(1, MSIX + 12 + 2, 2, 0xffff);
	HOST_CHECK(config(MSIX + 12 + 2, 2) == 0);
	/* It moves, and goes. */
	set(1, BAR0, 4, PLACE + BAR_BYTES);
	HOST_CHECK(!machine_frame(PLACE + PAGE_SIZE));
	HOST_CHECK(machine_frame(PLACE + BAR_BYTES + PAGE_SIZE) == first + 1);
	HOST_CHECK(table_at(PLACE + 0x808, 4, false, 0) == ~0U);
	set(1, 4, 2, 0);
	HOST_CHECK(!machine_frame(PLACE + BAR_BYTES + PAGE_SIZE) && !(config(4, 2) & 4));
	set(1, 4, 2, 6);
	HOST_CHECK(hal_pci_give(NULL, function) == 0);
	HOST_CHECK(!machine_frame(PLACE + BAR_BYTES + PAGE_SIZE) && get(1, 0, 4) == ~0U);
	HOST_CHECK(!msix_is_on() && soft_vectors_in_use() == before && !(config(4, 2) & 4));
	HOST_CHECK(table_at(PLACE + BAR_BYTES + 0x808, 4, false, 0) == ~0U);
	HOST_CHECK(hal_pci_give(guest.d, function) == 0);
	set(1, BAR0, 4, PLACE);
	set(1, 4, 2, 6);
	hal_domain_relinquish(guest.d);
	end();
}

/* Windows over RAM, past the end of memory, and functions that cannot be shown. */
static void bad_places(void *arg)
{
	const struct pci_addr wide = { 0, 2 << 3 };
	enum p2m_type type;
	u64 first;

	begin_with_bus();
	first = frame_of_page(0);
	HOST_CHECK(hal_pci_give(guest.d, function) == 0);
	HOST_CHECK(hal_pci_give(guest.d, wide) == 0 && get(2, BAR0, 4) == 4);
	/* RAM stays where it is; only the page of the table would be hidden by it. */
	set(1, 4, 2, 2);
	set(1, BAR0, 4, 0x20000);
	HOST_CHECK(get(1, BAR0, 4) == 0x20000 && !machine_frame(0x21000));
	p2m_lookup(guest.d->p2m, gfn_make(0x21), &type, NULL);
	HOST_CHECK(type == P2M_RAM_RW);
	set(2, BAR0, 4, PLACE);
	set(2, 4, 2, 2);
	HOST_CHECK(machine_frame(PLACE + PAGE_SIZE));
	set(1, BAR0, 4, PLACE);
	HOST_CHECK(machine_frame(PLACE + PAGE_SIZE));
	HOST_CHECK(machine_frame(PLACE + PAGE_SIZE) != first + 1);
	set(2, BAR0 + 4, 4, 0x80000000);
	HOST_CHECK(!machine_frame(PLACE + PAGE_SIZE));
	set(2, BAR0 + 4, 4, 0x7f);
	HOST_CHECK(machine_frame((0x7fUL << 32) + PLACE + PAGE_SIZE));
	/* The guest puts a page of its own into a window: that stays when the window goes. */
	HOST_CHECK(p2m_map(guest.d->p2m, gfn_make((0x7fUL << 20) + (PLACE >> PAGE_SHIFT) + 2),
			   hal_virt_to_mfn(guest.ram), 0, P2M_RAM_RW) == 0);
	set(2, 4, 2, 0);
	HOST_CHECK(!machine_frame((0x7fUL << 32) + PLACE + PAGE_SIZE));
	p2m_lookup(guest.d->p2m, gfn_make((0x7fUL << 20) + (PLACE >> PAGE_SHIFT) + 2), &type, NULL);
	HOST_CHECK(type == P2M_RAM_RW);
	/* A bridge, and a window of a device that is over the machine's RAM. */
	HOST_CHECK(hal_pci_give(guest.d, (struct pci_addr){ 0, 3 << 3 }) == -XEN_EOPNOTSUPP);
	HOST_CHECK(hal_pci_give(NULL, function) == 0);
	hal_pci_write(function, BAR0, 4, 0x10000);
	HOST_CHECK(hal_pci_give(guest.d, function) == -XEN_EOPNOTSUPP && get(1, 0, 4) == ~0U);
	hal_domain_relinquish(guest.d);
	end();
}

/* While a guest has it on its bus, the hardware domain only looks. */
static void hardware_looks_on(void *arg)
{
	struct device_access a = { .space = DEVICE_PORTS, .bytes = 4, .addr = 0xcf8, .write = true,
				   .val = 0x80000000 | FUNCTION << 8 | BAR0 };
	struct device *ports;
	u32 bar;

	begin_with_bus();
	ports = device_find(&to_xd(caller.d)->devices, DEVICE_PORTS, 0xcf8, 4);
	HOST_CHECK(ports && hal_pci_give(guest.d, function) == 0);
	bar = config(BAR0, 4);
	HOST_CHECK(ports->ops->access(ports, caller.d->vcpu[0], &a) == DEVICE_DONE);
	a.addr = 0xcfc;
	a.val = 0xe0000000;
	HOST_CHECK(ports->ops->access(ports, caller.d->vcpu[0], &a) == DEVICE_DONE);
	HOST_CHECK(config(BAR0, 4) == bar);
	HOST_CHECK(hal_pci_give(NULL, function) == 0);
	HOST_CHECK(ports->ops->access(ports, caller.d->vcpu[0], &a) == DEVICE_DONE);
	HOST_CHECK(config(BAR0, 4) == 0xe0000000);
	end();
}

static void test_interrupts(void **state)
{
	assert_int_equal(host_isolated(interrupts, NULL)->status, 0);
}

static void test_refused(void **state)
{
	assert_int_equal(host_isolated(refused, NULL)->status, 0);
}

static void test_registers_of_messages(void **state)
{
	assert_int_equal(host_isolated(registers_of_messages, NULL)->status, 0);
}

static void test_frames(void **state)
{
	assert_int_equal(host_isolated(frames, NULL)->status, 0);
}

static void test_ports(void **state)
{
	assert_int_equal(host_isolated(ports, NULL)->status, 0);
}

static void test_bus(void **state)
{
	assert_int_equal(host_isolated(bus, NULL)->status, 0);
}

static void test_bad_places(void **state)
{
	assert_int_equal(host_isolated(bad_places, NULL)->status, 0);
}

static void test_hardware_looks_on(void **state)
{
	assert_int_equal(host_isolated(hardware_looks_on, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_registers_of_messages),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_bus),
		cmocka_unit_test(test_bad_places),
		cmocka_unit_test(test_hardware_looks_on),
	};

	return cmocka_run_group_tests_name("x86-passthrough", tests, NULL, NULL);
}
