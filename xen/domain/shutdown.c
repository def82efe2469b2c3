/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shutdown of domains, on request or by a crash; the hardware domain's ends the machine. */
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/format.h>
#include <xen/hal/machine.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>
#include <xen/rcu.h>

#include "private.h"

static void no_listener(void)
{
}

static void (*ended)(void) = no_listener;	/* set at boot */

void shutdown_set_listener(void (*fn)(void))
{
	ASSERT(ended == no_listener);
	ended = fn;
}

static void hardware_shutdown(u32 reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		printk(LOG_WARN "Hardware domain powered off: powering off the machine\n");
		hal_machine_power_off();
	case SHUTDOWN_reboot:
		printk(LOG_WARN "Hardware domain asked for a reboot\n");
		hal_machine_restart();
	case SHUTDOWN_crash:
		panic("Hardware domain crashed");
	default:
		printk(LOG_WARN "Hardware domain shut down with reason %u: rebooting\n", reason);
		hal_machine_restart();
	}
}

static void report(const struct domain *d, const char *what)
{
	printk(LOG_G_INFO "d%u %s: %s after %ld ms, %lu MiB, %u vCPUs\n", d->id, d->name, what,
	       (hal_now_ns() - d->created_at) / 1000000, d->tot_pages >> (20 - PAGE_SHIFT),
	       d->max_vcpus);
	hal_domain_report(d);
}

/* The machine stops with the hardware domain, so report every domain that is still up. */
static void report_all(void)
{
	const struct domain *d;

	rcu_read_lock();
	for (d = domain_next(NULL); d; d = domain_next(d))
		if (!d->is_shut_down)
			report(d, d->is_hardware ? "shut down" : "still up");
	rcu_read_unlock();
}

/* When every vCPU is off its CPU the shutdown is complete: tell the toolstack. */
static void finish_shutdown(struct domain *d)
{
	u32 port;

	spin_lock(&d->lock);
	if (!d->is_shutting_down || d->is_shut_down) {
		spin_unlock(&d->lock);
		return;
	}
	ASSERT(!d->is_hardware);
	d->is_shut_down = true;
	port = d->suspend_evtchn;
	spin_unlock(&d->lock);
	if (port)
		evtchn_send(d, port);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
	ended();
}

void domain_shutdown(struct domain *d, u32 reason)
{
	spin_lock(&d->lock);
	if (d->is_shutting_down) {
		spin_unlock(&d->lock);
		return;
	}
	d->is_shutting_down = true;
	d->shutdown_code = reason;
	/* Under the same lock as the flag, which tells domain_resume() to undo this pause. */
	if (!d->is_hardware)
		domain_pause_nosync(d);
	spin_unlock(&d->lock);
	if (d->is_hardware) {
		/* Output from here on must leave before the machine stops. */
		console_force_sync();
		report_all();
		hardware_shutdown(reason);
	}
	report(d, "shut down");
	finish_shutdown(d);
}

void domain_resume(struct domain *d)
{
	domain_pause(d);
	spin_lock(&d->lock);
	if (!d->is_shutting_down) {
		spin_unlock(&d->lock);
		domain_unpause(d);
		return;
	}
	d->is_shutting_down = d->is_shut_down = false;
	d->shutdown_code = ~0U;
	spin_unlock(&d->lock);
	domain_unpause(d);
	domain_unpause(d);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	char reason[200];
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (!d->is_shutting_down)
		printk(LOG_G_ERR "d%u crashed: %s\n", d->id, reason);
	domain_shutdown(d, SHUTDOWN_crash);
}
