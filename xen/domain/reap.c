/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Destroying the domains of the boot manifest, which have no toolstack. A tasklet looks at all
 * domains whenever one shuts down. It must not wait for a vCPU to leave its CPU, as that may be its
 * own CPU. A timer schedules it again instead, which also bounds the work of one run.
 */
#include <xen/errno.h>
#include <xen/hal/machine.h>
#include <xen/hal/time.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/reap.h>
#include <xen/string.h>

#include "private.h"

#define RETRY_NS 200000

enum last_action { LAST_POWEROFF, LAST_REBOOT, LAST_STAY };

static enum last_action last_action;
static struct tasklet tasklet;
static struct timer retry;

static const char *const last_words[] = { "poweroff", "reboot", "stay" };
PARAM_WORD_VAR("last_domain", last_domain, last_action, last_words);

static const char *reason_text(u32 code)
{
	static const char *const text[] = { "poweroff", "reboot", "suspend", "crash", "watchdog",
					    "soft reset" };

	return code < ARRAY_SIZE(text) ? text[code] : "unknown";
}

static bool is_running(const struct domain *d)
{
	const struct vcpu *v;

	for_each_vcpu(d, v)
		if (READ_ONCE(v->part_of->running))
			return true;
	return false;
}

/* Log the figures of the domain's run, which are lost with the domain. */
static void report_end(const struct domain *d)
{
	const struct vcpu *v;
	u64 cpu_ns = 0;

	for_each_vcpu(d, v)
		cpu_ns += vcpu_cpu_time(v);
	printk(LOG_INFO "d%u %s: ended with %s after %lld ns, CPU time %llu ns\n", d->id, d->name,
	       reason_text(d->shutdown_code), (long long)(hal_now_ns() - d->created_at),
	       (unsigned long long)cpu_ns);
}

/* True when the domain, whose vCPUs have left their CPUs, needs no other call. */
static bool destroy_stopped(struct domain *d)
{
	struct domain *found;
	u16 id = d->id;
	int rc;

	/* A toolstack may have destroyed it: do not take a reference to a dead domain. */
	found = domain_get_by_id(id);
	if (found != d) {
		if (found)
			domain_put(found);
		return true;
	}
	if (d->dying == DOM_ALIVE)
		report_end(d);
	rc = domain_kill(d);
	domain_put(d);
	if (rc && rc != -XEN_ERESTART)
		printk(LOG_WARN "d%u cannot be destroyed: error %d\n", id, rc);
	return rc != -XEN_ERESTART;
}

/* The same for any domain that is shut down. */
static bool reap_one(struct domain *d)
{
	bool done;

	ASSERT(d->reap && d->is_shut_down && rcu_read_locked());
	if (is_running(d) || !control_trylock())
		return false;
	done = destroy_stopped(d);
	control_unlock();
	return done;
}

static void end_machine(void)
{
	static const char *const does[] = { ": powering off", ": rebooting", "" };

	printk(LOG_WARN "The last domain has ended, %lu KiB free%s\n",
	       free_page_count(NUMA_NO_NODE) << (PAGE_SHIFT - 10), does[last_action]);
	if (last_action == LAST_POWEROFF)
		hal_machine_power_off();
	if (last_action == LAST_REBOOT)
		hal_machine_restart();
}

static void look(void *arg)
{
	struct domain *d, *next;
	bool alive = false, again = false;

	rcu_read_lock();
	for (d = domain_next(NULL); d; d = next) {
		next = domain_next(d);
		if (!d->is_shut_down)
			alive = true;
		else if (d->reap && d->dying != DOM_DEAD)
			again |= !reap_one(d);
	}
	rcu_read_unlock();
	if (again)
		timer_set(&retry, hal_now_ns() + RETRY_NS);
	else if (!alive && !hardware_domain)
		end_machine();
}

static void kick(void)
{
	tasklet_schedule(&tasklet);
}

static void retry_due(void *arg)
{
	kick();
}

void reap_init(void)
{
	tasklet_init(&tasklet, look, NULL);
	timer_init(&retry, retry_due, NULL, 0);
	shutdown_set_listener(kick);
}
