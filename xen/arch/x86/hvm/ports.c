/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port accesses that cause an exit, and the machine's real ports for the hardware domain: all
 * except those of the hypervisor and of emulated devices. It accesses most of them without an exit;
 * ports that can stop the machine or end the domain are watched.
 */
#include <xen/errno.h>
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/serial.h>
#include <xen/trace.h>
#include <xen/x86/emul.h>
#include <xen/x86/reset-ports.h>
#include <xen/xmalloc.h>

#include <asm/io.h>
#include <asm/machine.h>

#include "private.h"
#include "vpci.h"

#define NR_PORTS 0x10000
#define SLEEP_BYTES 4	/* the control register, and what is read together with it */

/** The hardware domain's share of the machine's ports. */
struct host_ports {
	struct device reset, sleep, open, hidden;
	struct domain *d;		/* [const] */
	struct spinlock lock;		/* two vCPUs may write at once */
	struct reset_ports watched;	/* [lock] */
};

/* Ports of the hypervisor: [first, last]. The 8259s are masked, and a PVH guest has none. */
static const struct {
	u16 first, last;
} hidden_ports[] = {
	{ 0x20, 0x21 }, { 0xa0, 0xa1 }, { 0x4d0, 0x4d1 },
};

enum device_rc hvm_host_port(struct device_access *a)
{
	u16 port = (u16)a->addr;

	switch (a->bytes) {
	case 1:
		if (a->write)
			outb((u8)a->val, port);
		else
			a->val = inb(port);
		break;
	case 2:
		if (a->write)
			outw((u16)a->val, port);
		else
			a->val = inw(port);
		break;
	default:
		ASSERT(a->bytes == 4);
		if (a->write)
			outl((u32)a->val, port);
		else
			a->val = inl(port);
	}
	return DEVICE_DONE;
}

static enum device_rc open_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	return hvm_host_port(a);
}

static enum device_rc hidden_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	return DEVICE_ABSENT;
}

/*
 * An access to a port that may reset the machine. A write that orders a reset ends the domain
 * instead; the hypervisor decides what happens to the machine.
 */
static enum device_rc reset_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	struct host_ports *h = container_of(dev, struct host_ports, reset);
	enum reset_verdict verdict;
	u8 byte = (u8)a->val;

	ASSERT(a->bytes == 1);
	if (!a->write)
		return hvm_host_port(a);
	spin_lock(&h->lock);
	verdict = reset_port_write(&h->watched, (u16)a->addr, &byte);
	spin_unlock(&h->lock);
	a->val = byte;
	if (verdict != RESET_NOW)
		return hvm_host_port(a);
	printk(LOG_INFO "d%u: reset ordered through port %#lx\n", h->d->id, a->addr);
	domain_shutdown(h->d, SHUTDOWN_reboot);
	return DEVICE_DONE;
}

static enum device_rc sleep_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	if (!a->write || a->bytes != 2 || !machine_is_power_off((u16)a->addr, (u16)a->val))
		return hvm_host_port(a);
	domain_shutdown(v->domain, SHUTDOWN_poweroff);
	return DEVICE_DONE;
}

static void free_host_ports(struct device *dev)
{
	struct host_ports *h = container_of(dev, struct host_ports, reset);

	to_xd(h->d)->host_ports = NULL;
	xfree(h);
}

static const struct device_ops reset_ops = {
	.name = "reset ports", .access = reset_access, .eoi = device_no_eoi,
	.release = free_host_ports,	/* added first, so released last */
};
static const struct device_ops sleep_ops = {
	.name = "sleep register", .access = sleep_access, .eoi = device_no_eoi,
	.release = device_no_release,
};
static const struct device_ops open_ops = {
	.name = "host ports", .access = open_access, .eoi = device_no_eoi,
	.release = device_no_release,
};
static const struct device_ops hidden_ops = {
	.name = "hidden ports", .access = hidden_access, .eoi = device_no_eoi,
	.release = device_no_release,
};
OPS_TABLE(reset_ops, name);
OPS_TABLE(sleep_ops, name);
OPS_TABLE(open_ops, name);
OPS_TABLE(hidden_ops, name);

enum device_rc hvm_reset_port_access(struct vcpu *v, struct device_access *a)
{
	struct host_ports *h = to_xd(v->domain)->host_ports;

	return h ? reset_access(&h->reset, v, a) : DEVICE_ABSENT;
}

static bool port_is_hidden(u32 port)
{
	for (u32 i = 0; i < ARRAY_SIZE(hidden_ports); i++)
		if (port >= hidden_ports[i].first && port <= hidden_ports[i].last)
			return true;
	return serial_owns_port((u16)port);
}

static bool port_is_special(const struct host_ports *h, u32 port)
{
	return port_is_hidden(port) || reset_port_watched(&h->watched, (u16)port) ||
	       machine_is_sleep_port((u16)port);
}

bool hvm_host_ports_open(const struct domain *d, u32 first, u32 last)
{
	const struct host_ports *h = to_xd(d)->host_ports;

	ASSERT(last < NR_PORTS);
	for (u32 port = first; h && port <= last; port++)
		if (port_is_special(h, port) ||
		    (port >= VPCI_PORT_FIRST && port <= VPCI_PORT_LAST))
			return false;
	return h;
}

/*
 * Claim the ports that are watched or hidden; vpci has the configuration ports, 0xcf9 among them.
 */
static int claim_special(struct device_table *t, struct host_ports *h)
{
	int rc = device_claim(t, &h->hidden, DEVICE_PORTS, VPCI_PORT_FIRST, VPCI_PORT_LAST);

	for (u32 port = 0; !rc && port < NR_PORTS; port++) {
		/* Few are, so the table is searched last. */
		if (!port_is_special(h, port) || device_find(t, DEVICE_PORTS, port, 1))
			continue;
		if (port_is_hidden(port))
			rc = device_claim(t, &h->hidden, DEVICE_PORTS, port, port);
		else if (reset_port_watched(&h->watched, (u16)port))
			rc = device_claim(t, &h->reset, DEVICE_PORTS, port, port);
		else
			rc = device_claim(t, &h->sleep, DEVICE_PORTS, port,
					  min(port + SLEEP_BYTES - 1, NR_PORTS - 1U));
	}
	return rc;
}

/* A range of ports that nothing else claims: open to the domain, mostly without an exit. */
static void open_run(u64 first, u64 last, void *arg)
{
	struct host_ports *h = arg;

	/* Without memory the range stays closed, and the domain's kernel will report it. */
	if (device_claim(&to_xd(h->d)->devices, &h->open, DEVICE_PORTS, first, last))
		printk(LOG_WARN "d%u: no memory to open ports %#lx-%#lx\n", h->d->id, first, last);
	else
		hvm->allow_ports((u16)first, (u16)last);
}

int hvm_host_ports_init(struct domain *d)
{
	struct device_table *t = &to_xd(d)->devices;
	struct host_ports *h = xzalloc(struct host_ports);
	int rc;

	if (!h)
		return -XEN_ENOMEM;
	h->d = d;
	spin_lock_init(&h->lock, "host-ports", LOCK_RANK_NONE);
	h->watched.acpi_port = machine_reset_port(&h->watched.acpi_value);
	to_xd(d)->host_ports = h;
	rc = device_add(t, &h->reset, &reset_ops);
	ASSERT(!rc);	/* it has no interrupt line */
	if (device_add(t, &h->sleep, &sleep_ops) || device_add(t, &h->open, &open_ops) ||
	    device_add(t, &h->hidden, &hidden_ops))
		BUG();
	rc = claim_special(t, h);
	if (rc)
		return rc;
	device_for_each_gap(t, DEVICE_PORTS, 0, NR_PORTS - 1, open_run, h);
	/* vpci_init() takes these over. */
	device_unclaim(t, &h->hidden, DEVICE_PORTS, VPCI_PORT_FIRST);
	return 0;
}

/* False: the device answers later. */
static inline bool access_port(struct x86_vcpu *xv, struct device_access *a)
{
	const struct device_table *t = &to_xd(xv->v.domain)->devices;
	struct device *dev = device_find(t, DEVICE_PORTS, a->addr, a->bytes);

	return hvm_access_once(xv, dev, a, X86_CLASS_PORT) != DEVICE_PENDING;
}

bool hvm_do_in(struct x86_vcpu *xv, u16 port, u32 bytes)
{
	struct device_access a = { .space = DEVICE_PORTS, .addr = port, .bytes = bytes,
				   .pending = &xv->pending };
	u64 *rax = &xv->gpr[GPR_RAX];

	if (!access_port(xv, &a))
		return false;
	/* From @a again, as it is in memory anyway. */
	trace_io_read((u32)a.addr, (u32)(a.val & device_ones(a.bytes)));
	if (likely(a.bytes == 1))
		*(u8 *)rax = (u8)a.val;
	else if (a.bytes == 2)
		*(u16 *)rax = (u16)a.val;
	else
		*rax = (u32)a.val;
	return true;
}

bool hvm_do_out(struct x86_vcpu *xv, u16 port, u32 bytes)
{
	struct device_access a = { .space = DEVICE_PORTS, .addr = port, .bytes = bytes,
				   .write = true, .val = xv->gpr[GPR_RAX],
				   .pending = &xv->pending };

	trace_io_write(port, (u32)(a.val & device_ones(bytes)));
	return access_port(xv, &a);
}
