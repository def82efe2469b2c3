/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports and device registers. A guest without devices reads all ones everywhere. The hardware
 * domain reaches the real ones, but for those that belong to the hypervisor or are emulated; the
 * p2m maps its device memory when it is first touched.
 */
#include <xen/errno.h>
#include <xen/hal/machine.h>
#include <xen/hal/time.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/serial.h>
#include <xen/trace.h>
#include <xen/vpci.h>
#include <xen/x86/emul.h>
#include <xen/x86/reset-ports.h>

#include <asm/io.h>
#include <asm/machine.h>

#include "private.h"

#define LAPIC_PAGE_BYTES 4096

/* Ports the hardware domain does not touch directly: [first, last]. */
struct port_range {
	u16 first, last;
};

static const struct port_range hidden_ports[] = {
	{ 0x20, 0x21 },		/* 8259s: masked by the hypervisor, absent for PVH */
	{ 0xa0, 0xa1 },
	{ 0x40, 0x43 },		/* PIT */
	{ 0x61, 0x61 },
	{ 0x4d0, 0x4d1 },
	{ 0xcf8, 0xcff },	/* PCI configuration */
};

/* The machine has one set of them; two vCPUs of the hardware domain may write at once. */
static struct reset_ports reset_ports;		/* [reset_lock] */
static DEFINE_SPINLOCK(reset_lock, LOCK_RANK_NONE);

static bool port_is_hidden(u16 port)
{
	for (u32 i = 0; i < ARRAY_SIZE(hidden_ports); i++)
		if (port >= hidden_ports[i].first && port <= hidden_ports[i].last)
			return true;
	return serial_owns_port(port);
}

/* Does an access touch a port that is hidden, or one past the last? Watched ones take bytes. */
static bool access_is_hidden(u16 port, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		if (port + i > 0xffff || port_is_hidden((u16)(port + i)) ||
		    (bytes > 1 && reset_port_watched(&reset_ports, (u16)(port + i))))
			return true;
	return false;
}

/* Open every run of ports between those to be seen to the hardware domain. */
void hvm_io_init(void)
{
	u32 start = 0;

	reset_ports.acpi_port = machine_reset_port(&reset_ports.acpi_value);
	for (u32 port = 0; port <= 0x10000; port++) {
		if (port < 0x10000 && !port_is_hidden((u16)port) &&
		    !machine_is_sleep_port((u16)port) &&
		    !reset_port_watched(&reset_ports, (u16)port))
			continue;
		if (port > start)
			hvm->allow_ports((u16)start, (u16)(port - 1));
		start = port + 1;
	}
}

static u32 all_ones(u32 bytes)
{
	return bytes == 4 ? ~0U : (1U << (bytes * 8)) - 1;
}

static void host_port(u16 port, u32 bytes, bool in, u32 *val)
{
	switch (bytes) {
	case 1:
		if (in)
			*val = inb(port);
		else
			outb((u8)*val, port);
		break;
	case 2:
		if (in)
			*val = inw(port);
		else
			outw((u16)*val, port);
		break;
	default:
		if (in)
			*val = inl(port);
		else
			outl(*val, port);
	}
}

static bool pit_port(struct x86_vcpu *xv, u16 port, u32 bytes, bool in, u32 *val)
{
	struct x86_domain *xd = to_xd(xv->v.domain);

	if (bytes != 1 || !((port >= 0x40 && port <= 0x43) || port == 0x61))
		return false;
	spin_lock(&xd->plat_lock);
	if (in)
		*val = vpit_read(&xd->vpit, port, now_ns());
	else
		vpit_write(&xd->vpit, port, (u8)*val, now_ns());
	spin_unlock(&xd->plat_lock);
	return true;
}

/*
 * A byte for a port that may reset the machine: the order to do so is the domain's own end, so that
 * the hypervisor has the last word. True: there is nothing left to do.
 */
static bool reset_order(struct domain *d, u16 port, u32 bytes, bool in, u32 *val)
{
	enum reset_verdict verdict;
	u8 byte = (u8)*val;

	if (in || bytes != 1 || !reset_port_watched(&reset_ports, port))
		return false;
	spin_lock(&reset_lock);
	verdict = reset_port_write(&reset_ports, port, &byte);
	spin_unlock(&reset_lock);
	*val = byte;
	if (verdict != RESET_NOW)
		return false;
	printk(LOG_INFO "d%u: reset ordered through port %#x\n", d->id, port);
	domain_shutdown(d, SHUTDOWN_reboot);
	return true;
}

void hvm_port_io(struct x86_vcpu *xv, u16 port, u32 bytes, bool in, u32 *val)
{
	struct domain *d = xv->v.domain;

	if (pit_port(xv, port, bytes, in, val))
		return;
	if (d->is_hardware && reset_order(d, port, bytes, in, val))
		return;
	if (d->is_hardware && vpci_port(d, port, bytes, in, val))
		return;
	if (d->is_hardware && !in && bytes == 2 && machine_is_power_off(port, (u16)*val))
		domain_shutdown(d, SHUTDOWN_poweroff);
	else if (d->is_hardware && !access_is_hidden(port, bytes))
		host_port(port, bytes, in, val);
	else if (in)
		*val = all_ones(bytes);
}

void hvm_do_io(struct x86_vcpu *xv, u16 port, u32 bytes, bool in)
{
	u64 rax = xv->gpr[GPR_RAX];
	u32 val = (u32)rax;

	hvm_port_io(xv, port, bytes, in, &val);
	if (!in) {
		trace_io_write(port, val & all_ones(bytes));
		return;
	}
	trace_io_read(port, val & all_ones(bytes));
	if (bytes == 4)
		xv->gpr[GPR_RAX] = val;
	else
		xv->gpr[GPR_RAX] = (rax & ~(u64)all_ones(bytes)) | (val & all_ones(bytes));
}

static bool lapic_access(struct x86_vcpu *xv, gpaddr_t gpa, u32 bytes, bool write, u64 *val)
{
	struct vlapic *vl = &xv->vlapic;
	u64 off = gpa.v - vlapic_mmio_base(vl).v;

	if (off >= LAPIC_PAGE_BYTES || !vlapic_mmio_active(vl))
		return false;
	if (!write) {
		*val = vlapic_mmio_read(vl, (u32)off, bytes, now_ns());
		return true;
	}
	TRACE_EVENT(TRACE_ID_virq_eoi, hvm_trace_eoi(xv, (u32)off / 16));
	vlapic_mmio_write(vl, (u32)off, bytes, *val, now_ns());
	return true;
}

bool hvm_mmio_access(struct x86_vcpu *xv, gpaddr_t gpa, u32 bytes, bool write, u64 *val)
{
	struct domain *d = xv->v.domain;
	bool done = lapic_access(xv, gpa, bytes, write, val) ||
		    hvm_vioapic_access(d, gpa, bytes, write, val) ||
		    (d->is_hardware && vpci_mmio(d, gpa, bytes, write, val));

	if (write) {
		trace_mmio_write(gpa.v, (u32)*val);
		return done;
	}
	if (!done)
		*val = ~0UL;
	trace_mmio_read(gpa.v, (u32)*val);
	return done;
}

bool hvm_mmio_claimed(struct x86_vcpu *xv, gpaddr_t gpa)
{
	struct domain *d = xv->v.domain;

	return (vlapic_mmio_active(&xv->vlapic) &&
		gpa.v - vlapic_mmio_base(&xv->vlapic).v < LAPIC_PAGE_BYTES) ||
	       hvm_vioapic_claims(d, gpa) || (d->is_hardware && vpci_claims(d, gpa));
}

/* Device memory of the hardware domain: whatever is not RAM and not the hypervisor's. */
static bool map_device_page(struct x86_vcpu *xv, gpaddr_t gpa)
{
	struct domain *d = xv->v.domain;
	gfn_t gfn = gpaddr_to_gfn(gpa);
	bool done;

	if (!d->is_hardware || mfn_is_ram(mfn_make(gfn.v)))
		return false;
	/* Held over the mapping, so that what is taken away meanwhile does not come back. */
	spin_lock(&d->lock);
	done = rangeset_contains(&d->iomem_caps, gfn.v, gfn.v) &&
	       p2m_map(d->p2m, gfn, mfn_make(gfn.v), 0, P2M_MMIO_DIRECT) == 0;
	spin_unlock(&d->lock);
	return done;
}

/* What an instruction that made such an access can be. A fetch translates addresses as well. */
static u32 classes_of_fault(u32 flags)
{
	return flags & HVM_FAULT_WALK ? X86_CLASS_MEMORY | X86_CLASS_REGISTER : X86_CLASS_MEMORY;
}

/*
 * Emulate the access at RIP, unless it was the delivery of an event that made it: a stack or a
 * descriptor table where no RAM is would only fail again and again.
 */
static void emulate_access(struct x86_vcpu *xv, gpaddr_t gpa, u32 flags)
{
	if (hvm->event_pending(xv))
		domain_crash(xv->v.domain,
			     "vCPU %u: stack or descriptors for an event are not in RAM: %#lx, "
			     "rip %#lx", xv->v.id, gpa.v, hvm->get_rip(xv));
	else
		hvm_emulate_one(xv, classes_of_fault(flags));
}

/* A register of an emulated device. The delivery of an event is not an instruction's operand. */
static u32 access_device(struct x86_vcpu *xv, gpaddr_t gpa, u32 flags)
{
	u32 len = 0;

	if (!(flags & (HVM_FAULT_FETCH | HVM_FAULT_WALK)) && !hvm->event_pending(xv))
		len = hvm_mmio_move(xv, gpa, flags & HVM_FAULT_WRITE);
	if (!len)
		emulate_access(xv, gpa, flags);
	return len;
}

static void trace_fault(const struct domain *d, gpaddr_t gpa, u32 flags)
{
	enum p2m_type t;
	mfn_t mfn = p2m_lookup(d->p2m, gpaddr_to_gfn(gpa), &t, NULL);

	trace_record_nested_fault(gpa.v, mfn.v, (flags & (HVM_FAULT_WRITE | HVM_FAULT_FETCH)) |
				  (u32)(t != P2M_INVALID) << 2, t);
}

u32 hvm_do_nested_fault(struct x86_vcpu *xv, gpaddr_t gpa, u32 flags)
{
	struct domain *d = xv->v.domain;
	enum p2m_type t;

	TRACE_EVENT(TRACE_ID_nested_fault, trace_fault(d, gpa, flags));
	if (hvm_mmio_claimed(xv, gpa))
		return access_device(xv, gpa, flags);
	if (p2m_lookup(d->p2m, gpaddr_to_gfn(gpa), &t, NULL).v != INVALID_MFN_VALUE &&
	    t != P2M_RAM_RO && t != P2M_GRANT_RO) {
		/* Mapped meanwhile by another vCPU; a right it will never have is a mistake. */
		if ((flags & HVM_FAULT_FETCH) && t == P2M_GRANT_RW)
			domain_crash(d, "execution of granted page at %#lx", gpa.v);
		return 0;
	}
	if (t == P2M_INVALID && map_device_page(xv, gpa))
		return 0;
	if (flags & HVM_FAULT_FETCH) {
		domain_crash(d, "vCPU %u runs where no memory is: %#lx, rip %#lx", xv->v.id, gpa.v,
			     hvm->get_rip(xv));
		return 0;
	}
	/* Nothing there: reads give ones, writes (to read-only pages as well) are dropped. */
	emulate_access(xv, gpa, flags);
	return 0;
}
