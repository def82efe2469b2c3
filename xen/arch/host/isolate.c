/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a simulated machine, its console, and runs in separate processes. */
#include <xen/console.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/hal/cpu.h>
#include <xen/hal/machine.h>

#include "libc.h"
#include "private.h"

#define STATUS_ENDED 3		/* the hypervisor ended the run: panic, restart, power off */
#define STATUS_CHECK 4		/* HOST_CHECK failed */

static struct host_outcome *outcome;	/* shared with the parent in an isolated run */
static struct host_outcome own;		/* else */
static bool isolated;

struct host_outcome *host_result(void)
{
	return outcome ? outcome : &own;
}

static void console_write(const char *s, size_t len)
{
	struct host_outcome *o = host_result();
	u32 room = sizeof(o->console) - 1 - o->console_len;
	u32 n = min((u32)len, room);

	memcpy(o->console + o->console_len, s, n);
	o->console_len += n;
	if (libc_verbose())
		libc_write_err(s, len);
}

const struct console_dev host_console = { .name = "host", .write = console_write };

static void note_end(void)
{
	struct host_outcome *o = host_result();

	o->hash = host_log_hash();
	o->events = host_log_count();
	o->end = host_clock;
	o->panicked = strstr(o->console, "Panic on CPU") != NULL;
}

static void __noreturn end_run(void)
{
	note_end();
	if (!isolated && !libc_verbose())
		libc_write_err(host_result()->console, host_result()->console_len);
	libc_exit(STATUS_ENDED);
}

void hal_machine_restart(void)
{
	host_result()->restarted = true;
	end_run();
}

void hal_machine_power_off(void)
{
	host_result()->powered_off = true;
	end_run();
}

void hal_cpu_halt(void)
{
	host_result()->halted = true;
	end_run();
}

void hal_cpu_dump_state(void)
{
	printk("CPU %u of %u, time %lld ns, seed %llu, interrupts %s\n", hal_smp_cpu_id(),
	       host_cfg.cpus, (long long)host_clock, (unsigned long long)host_cfg.seed,
	       hal_irq_is_enabled() ? "on" : "off");
}

void host_check_failed(const char *what, const char *file, int line)
{
	note_end();
	libc_write_err(host_result()->console, host_result()->console_len);
	printk(LOG_ERR "check failed: %s at %s:%d (seed %llu)\n", what, file, line,
	       (unsigned long long)host_cfg.seed);
	libc_write_err("check failed: ", 14);
	libc_write_err(what, strlen(what));
	libc_write_err("\n", 1);
	libc_exit(STATUS_CHECK);
}

struct child_arg {
	void (*fn)(void *arg);
	void *arg;
};

static void child(void *arg)
{
	struct child_arg *c = arg;

	isolated = true;
	c->fn(c->arg);
	note_end();
}

const struct host_outcome *host_isolated(void (*fn)(void *arg), void *arg)
{
	struct child_arg c = { fn, arg };
	int status;

	if (!outcome)
		outcome = libc_map_shared(sizeof(*outcome));
	memset(outcome, 0, sizeof(*outcome));
	status = libc_run_child(child, &c);
	outcome->status = status;
	return outcome;
}

bool host_panics(void (*fn)(void *arg), void *arg, const char *text)
{
	const struct host_outcome *o = host_isolated(fn, arg);

	if (o->panicked && strstr(o->console, text))
		return true;
	libc_write_err(o->console, o->console_len);
	return false;
}
