/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines of the chipset and of the devices that device models have, wired as toolstacks
 * for Xen describe them to a guest: each interrupt pin of a PCI device on bus 0 has an input of the
 * IO-APIC from 16 on, and joins one of four links that the chipset routes to ISA lines. ISA lines
 * are inputs of the 8259s, and the inputs of the IO-APIC with the same numbers, but for the
 * timer's, which is input 2 there.
 */
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/xmalloc.h>

#include "private.h"

#include <public/arch-x86/xen.h>
#include <public/hvm/dm_op.h>
#include <public/hvm/params.h>

#define PCI_DEVICES 32
#define PCI_PINS 4
#define LINKS 4
#define ISA_LINES 16
#define TIMER_INPUT 2
#define FIRST_PCI_INPUT 16

/* What events of vCPU 0 raise (HVM_PARAM_CALLBACK_IRQ): an input of the IO-APIC, or a PCI pin. */
struct callback {
	enum { CALLBACK_NONE, CALLBACK_INPUT, CALLBACK_PIN } kind;
	u8 at;				/* the input, or the device's number on bus 0 */
	u8 pin;
	bool up;
};

/* All [vioapic_lock]. */
struct hvm_lines {
	u8 pci[PCI_DEVICES];		/* the pins that are up, a bit for each */
	u16 isa;			/* the ISA lines that device models hold up */
	u16 chip_isa;			/* the ISA lines that the chipset holds up */
	u64 chip_inputs;		/* other inputs of the IO-APIC that it holds up */
	u8 route[LINKS];		/* ISA line of a link, 0: none */
	u8 on_link[LINKS];		/* pins of the link that are up */
	u8 on_input[HVM_GUEST_PINS];	/* what holds an input of the IO-APIC up */
	struct callback callback;
};

/* Shared lines are up while anything holds them up. */
static void hold(struct x86_domain *xd, u32 input, bool up)
{
	u8 *n = &xd->lines->on_input[input];

	ASSERT(spin_is_locked_by_me(&xd->vioapic_lock) && input < HVM_GUEST_PINS);
	ASSERT(up ? *n < 255 : *n > 0);
	*n += up ? 1 : -1;
	if (*n != up)
		return;
	if (input < ISA_LINES && (xd->emulation_flags & XEN_X86_EMU_PIC))
		vpic_set_irq(&xd->pc.pic, input == TIMER_INPUT ? 0 : input, up);
	vioapic_set_line(&xd->pc.ioapic, input, up);
}

static u32 isa_input(u32 line)
{
	return line ? line : TIMER_INPUT;
}

static u32 pci_input(u32 device, u32 pin)
{
	return (device * 4 + device / 8 + pin) % 32 + FIRST_PCI_INPUT;
}

static void set_pin(struct x86_domain *xd, u32 device, u32 pin, bool up)
{
	struct hvm_lines *l = xd->lines;
	u32 link = (device + pin) % LINKS;

	if ((l->pci[device] >> pin & 1) == up)
		return;
	l->pci[device] ^= 1 << pin;
	hold(xd, pci_input(device, pin), up);
	l->on_link[link] += up ? 1 : -1;
	if (l->route[link] && l->on_link[link] == up)
		hold(xd, isa_input(l->route[link]), up);
}

static void set_route(struct x86_domain *xd, u32 link, u8 line)
{
	struct hvm_lines *l = xd->lines;
	u8 old = l->route[link];

	if (old == line)
		return;
	l->route[link] = line;
	if (!l->on_link[link])
		return;
	if (old)
		hold(xd, isa_input(old), false);
	if (line)
		hold(xd, isa_input(line), true);
}

static void set_isa(struct x86_domain *xd, u32 line, bool up)
{
	struct hvm_lines *l = xd->lines;

	if ((l->isa >> line & 1) == up)
		return;
	l->isa ^= 1 << line;
	hold(xd, isa_input(line), up);
}

void hvm_set_chip_line(struct x86_domain *xd, u32 line, bool up)
{
	struct hvm_lines *l = xd->lines;
	u64 flags;

	ASSERT(l && line < ISA_LINES && line != TIMER_INPUT);
	flags = spin_lock_irqsave(&xd->vioapic_lock);
	if ((l->chip_isa >> line & 1) != up) {
		l->chip_isa ^= 1 << line;
		hold(xd, isa_input(line), up);
	}
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
}

void hvm_set_chip_input(struct x86_domain *xd, u32 input, bool up)
{
	struct hvm_lines *l = xd->lines;
	u64 flags;

	ASSERT(l && input >= FIRST_PCI_INPUT && input < HVM_GUEST_PINS);
	flags = spin_lock_irqsave(&xd->vioapic_lock);
	if ((l->chip_inputs >> input & 1) != up) {
		l->chip_inputs ^= 1UL << input;
		hold(xd, input, up);
	}
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
}

static void set_callback(struct x86_domain *xd, bool up)
{
	struct callback *c = &xd->lines->callback;

	ASSERT(spin_is_locked_by_me(&xd->vioapic_lock));
	if (c->kind == CALLBACK_NONE || c->up == up)
		return;
	c->up = up;
	if (c->kind == CALLBACK_INPUT)
		hold(xd, c->at, up);
	else
		set_pin(xd, c->at, c->pin, up);
}

void hvm_callback_raise(struct x86_domain *xd)
{
	u64 flags = spin_lock_irqsave(&xd->vioapic_lock);

	/* An input that expects edges gets one for each event that finds none pending. */
	set_callback(xd, false);
	set_callback(xd, true);
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
}

void hvm_callback_settle(struct x86_domain *xd)
{
	ASSERT(spin_is_locked_by_me(&xd->vioapic_lock));
	if (xd->lines->callback.up && !evtchn_vcpu_pending(xd->d.vcpu[0]))
		set_callback(xd, false);
}

/* What a value of HVM_PARAM_CALLBACK_IRQ names. False: something that the chipset does not have. */
static bool parse_callback(u64 value, struct callback *c)
{
	u64 at = value & ~HVM_PARAM_CALLBACK_IRQ_TYPE_MASK;

	*c = (struct callback){ .kind = CALLBACK_NONE };
	switch (value >> 56) {
	case HVM_PARAM_CALLBACK_TYPE_GSI:
		if (at >= HVM_GUEST_PINS)
			return false;
		if (at)
			*c = (struct callback){ .kind = CALLBACK_INPUT, .at = (u8)at };
		return true;
	case HVM_PARAM_CALLBACK_TYPE_PCI_INTX:
		/* Segment and bus are above these bits; a device's functions share its pins. */
		*c = (struct callback){ .kind = CALLBACK_PIN, .at = at >> 11 & 31, .pin = at & 3 };
		return !(at >> 16);
	default:
		return true;
	}
}

int hvm_callback_route(struct x86_domain *xd, u64 value)
{
	const struct vcpu *first = xd->d.vcpu[0];
	struct callback c;
	u64 flags;

	if (!xd->lines)
		return 0;
	if (!parse_callback(value, &c))
		return -XEN_EINVAL;
	flags = spin_lock_irqsave(&xd->vioapic_lock);
	set_callback(xd, false);
	xd->lines->callback = c;
	WRITE_ONCE(xd->callback_line, c.kind != CALLBACK_NONE);
	if (first && !to_xv(first)->upcall_vector && evtchn_vcpu_pending(first))
		set_callback(xd, true);
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
	return 0;
}

static bool is_valid(const struct xen_dm_op *op)
{
	const struct xen_dm_op_set_pci_intx_level *p = &op->u.set_pci_intx_level;

	switch (op->op) {
	case XEN_DMOP_set_pci_intx_level:
		return !p->domain && !p->bus && p->device < PCI_DEVICES && p->intx < PCI_PINS &&
		       p->level <= 1;
	case XEN_DMOP_set_isa_irq_level:
		return op->u.set_isa_irq_level.isa_irq < ISA_LINES &&
		       op->u.set_isa_irq_level.level <= 1;
	default:
		return op->u.set_pci_link_route.link < LINKS &&
		       op->u.set_pci_link_route.isa_irq < ISA_LINES;
	}
}

long hvm_lines_op(struct domain *d, const struct xen_dm_op *op)
{
	const struct xen_dm_op_set_pci_intx_level *p = &op->u.set_pci_intx_level;
	struct x86_domain *xd = to_xd(d);
	u64 flags;

	if (!xd->lines)
		return -XEN_EOPNOTSUPP;
	if (!is_valid(op))
		return -XEN_EINVAL;
	flags = spin_lock_irqsave(&xd->vioapic_lock);
	if (op->op == XEN_DMOP_set_pci_intx_level)
		set_pin(xd, array_index_nospec(p->device, PCI_DEVICES), p->intx, p->level);
	else if (op->op == XEN_DMOP_set_isa_irq_level)
		set_isa(xd, array_index_nospec(op->u.set_isa_irq_level.isa_irq, ISA_LINES),
			op->u.set_isa_irq_level.level);
	else
		set_route(xd, array_index_nospec(op->u.set_pci_link_route.link, LINKS),
			  array_index_nospec(op->u.set_pci_link_route.isa_irq, ISA_LINES));
	spin_unlock_irqrestore(&xd->vioapic_lock, flags);
	return 0;
}

int hvm_lines_init(struct x86_domain *xd)
{
	if (!(xd->emulation_flags & (XEN_X86_EMU_IOAPIC | HVM_CHIPSET_FLAGS)))
		return 0;
	xd->lines = xzalloc(struct hvm_lines);
	return xd->lines ? 0 : -XEN_ENOMEM;
}

void hvm_lines_free(struct x86_domain *xd)
{
	xfree(xd->lines);
	xd->lines = NULL;
}
