/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CONSOLEIO_*: a guest's output on the hypervisor's console, and console input for dom0. */
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/evtchn.h>

#include "private.h"

#define RX_RING_SIZE 1024

/* Typed characters for the hardware domain [rx_lock]. */
static struct {
	char buf[RX_RING_SIZE];
	u32 prod, cons;
} rx;
static DEFINE_SPINLOCK(rx_lock, LOCK_RANK_NONE);

static void rx_char(char c)
{
	u64 flags = spin_lock_irqsave(&rx_lock);

	if (rx.prod - rx.cons < RX_RING_SIZE)
		rx.buf[rx.prod++ % RX_RING_SIZE] = c;
	spin_unlock_irqrestore(&rx_lock, flags);
	evtchn_send_global_virq(VIRQ_CONSOLE);
}

void console_io_init(void)
{
	console_set_guest_rx(rx_char);
}

static long op_write(struct vcpu *v, struct hypercall *hc)
{
	u32 left = (u32)hc->arg[1];
	char buf[128];

	while (left) {
		u32 n = min(left, (u32)sizeof(buf));

		if (guest_copy_in(v, buf, gvaddr_make(hc->arg[2]), n))
			return -XEN_EFAULT;
		console_guest_write(v->domain->id, buf, n, v->domain->is_hardware);
		left -= n;
		hc->arg[1] = left;
		hc->arg[2] += n;
		if (left && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return 0;
}

static long op_read(struct vcpu *v, u32 len, guest_ptr_t dst)
{
	u32 n = 0;

	while (n < len) {
		u64 flags = spin_lock_irqsave(&rx_lock);
		bool got = rx.cons != rx.prod;
		char c = rx.buf[rx.cons % RX_RING_SIZE];

		rx.cons += got;
		spin_unlock_irqrestore(&rx_lock, flags);
		if (!got)
			break;
		if (guest_copy_out(v, guest_ptr_add(dst, n), &c, 1))
			return -XEN_EFAULT;
		n++;
	}
	return n;
}

long do_console_io(struct vcpu *v, struct hypercall *hc)
{
	switch ((u32)hc->arg[0]) {
	case CONSOLEIO_write:
		return op_write(v, hc);
	case CONSOLEIO_read:
		if (!v->domain->is_hardware)
			return -XEN_EPERM;
		return op_read(v, (u32)hc->arg[1], gvaddr_make(hc->arg[2]));
	default:
		return -XEN_ENOSYS;
	}
}
