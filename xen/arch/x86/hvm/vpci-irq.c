/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host interrupts of devices, each for one message of the domain that drives the device. An
 * interrupt is routed to the CPU where the vCPU of the message ran when the message was written.
 */
#include <xen/printk.h>

#include <asm/irq.h>

#include "private.h"
#include "vpci.h"

/*
 * Never freed, as a handler may still run while its interrupt is given back: at worst it delivers
 * the slot's next message one time too many.
 */
struct slot {
	u64 message;		/* low half of the address, data; 0: none. Atomic: IRQ context */
	int vector;		/* 0: free */
	struct domain *d;	/* the domain it is delivered to */
};

static struct slot slots[VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1];

static bool decode(const struct vmsi_message *m, struct apic_msg *msg)
{
	/* INIT and SIPI come from processors only; a device that sends one is set up wrongly. */
	return vmsi_decode(m, msg) && msg->mode != APIC_DM_INIT && msg->mode != APIC_DM_STARTUP;
}

static void fired(void *arg)
{
	struct slot *s = arg;
	u64 packed = READ_ONCE(s->message);
	struct vmsi_message m = { packed >> 32, (u32)packed };
	struct apic_msg msg;

	if (decode(&m, &msg))
		hvm_deliver(s->d, &msg, NULL);
}

static u64 pack(const struct vmsi_message *m)
{
	/* Reject addresses above 4 GiB: cut short, they could look like a local APIC's. */
	return m->address >> 32 ? 0 : m->address << 32 | m->data;
}

/* Move the vector to the CPU where @guest is delivered; *@host changes if that is another CPU. */
static bool follow(const struct slot *s, const struct vmsi_message *guest,
		   struct vmsi_message *host)
{
	struct apic_msg msg;
	struct msi_msg out;

	if (!decode(guest, &msg) || irq_set_cpu(s->vector, hvm_message_cpu(s->d, &msg), &out) ||
	    out.address == host->address)
		return false;
	host->address = out.address;
	return true;
}

u32 vpci_irq_alloc(struct domain *d, const struct vmsi_message *guest,
		   struct vmsi_message *host)
{
	struct msi_msg msg;

	for (u32 i = 0; i < ARRAY_SIZE(slots); i++) {
		struct slot *s = &slots[i];
		int vector;

		if (s->vector)
			continue;
		s->d = d;
		WRITE_ONCE(s->message, pack(guest));
		vector = irq_alloc_msi_vector(fired, s, &msg);
		if (vector < 0)
			break;
		s->vector = vector;
		*host = (struct vmsi_message){ msg.address, msg.data };
		follow(s, guest, host);
		return i + 1;
	}
	printk_once(LOG_WARN "PCI: no vector is left for another MSI\n");
	return 0;
}

bool vpci_irq_update(u32 irq, const struct vmsi_message *guest, struct vmsi_message *host)
{
	ASSERT(irq && irq <= ARRAY_SIZE(slots) && slots[irq - 1].vector);
	WRITE_ONCE(slots[irq - 1].message, pack(guest));
	return follow(&slots[irq - 1], guest, host);
}

void vpci_irq_free(u32 irq)
{
	struct slot *s = &slots[irq - 1];

	ASSERT(irq && irq <= ARRAY_SIZE(slots) && s->vector);
	WRITE_ONCE(s->message, 0);
	irq_free(s->vector);
	s->vector = 0;
}
