/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's log, memory, timers, RCU and debug keys, as far as the scheduler needs them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <xen/console.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/timer.h>
#include <xen/xmalloc.h>

#include "private.h"

/* ---- Log */

static char last_warning[512];
static void (*capture)(void *arg, const char *text);
static void *capture_arg;

const char *services_last_warning(void) { return last_warning; }

void services_capture(void (*print)(void *arg, const char *text), void *arg)
{
	capture = print;
	capture_arg = arg;
}

void vprintk(const char *fmt, va_list ap)
{
	char text[512];
	u32 level = 1;

	if (fmt[0] == '\001') {
		level = (u32)(fmt[1] - '0');
		fmt += 2;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	if (capture) {
		capture(capture_arg, text);
		return;
	}
	if (level <= 1) {
		memcpy(last_warning, text, sizeof(last_warning));
		last_warning[strcspn(last_warning, "\n")] = '\0';
	}
	if (machine_cfg.verbose)
		fprintf(stderr, "(xen) %s", text);
}

void printk(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(fmt, ap);
	va_end(ap);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "schedsim: the scheduler panicked at %lld ns on CPU %u: ",
		(long long)machine_time, host_current_cpu);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

/* ---- Memory */

void *xzalloc_bytes(size_t size) { return calloc(1, size); }
void xfree(void *p) { free(p); }

/* ---- Timers: heap_index is the number of the timer's event */

struct timer_event {
	struct event event;
	struct timer *timer;
};

static struct timer_event **timer_events;
static u32 nr_timers;

static void fire(void *arg)
{
	struct timer *t = ((struct timer_event *)arg)->timer;

	t->fn(t->arg);
}

bool services_expire(u32 cpu)
{
	bool any = false;

	for (u32 i = 0; i < nr_timers; i++) {
		struct event *e = &timer_events[i]->event;

		if (e->cpu != cpu || !event_pending(e) || event_time(e) > machine_time)
			continue;
		event_cancel(e);
		fire(timer_events[i]);
		any = true;
	}
	return any;
}

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg, u32 cpu)
{
	struct timer_event *te = calloc(1, sizeof(*te));

	timer_events = realloc(timer_events, (nr_timers + 1) * sizeof(te));
	if (!te || !timer_events)
		panic("no memory for a timer");
	te->timer = t;
	te->event = (struct event){ .cpu = cpu, .fn = fire, .arg = te };
	timer_events[nr_timers++] = te;
	*t = (struct timer){ .fn = fn, .arg = arg, .cpu = cpu, .heap_index = nr_timers };
}

void timer_set(struct timer *t, s_time_t expires)
{
	struct event *e = &timer_events[t->heap_index - 1]->event;

	if (expires == INT64_MAX)
		event_cancel(e);
	else
		event_set(e, max(expires, machine_time));
}

void timer_stop(struct timer *t) { event_cancel(&timer_events[t->heap_index - 1]->event); }
void timer_kill(struct timer *t) { timer_stop(t); }

void timer_migrate(struct timer *t, u32 cpu)
{
	t->cpu = timer_events[t->heap_index - 1]->event.cpu = cpu;
}

void timer_leave_cpu(u32 cpu, u32 to)
{
	for (u32 i = 0; i < nr_timers; i++)
		if (timer_events[i]->event.cpu == cpu && event_pending(&timer_events[i]->event))
			timer_migrate(timer_events[i]->timer, to);
}

void (*services_biller)(struct vcpu *v, s64 ns);

void timer_set_biller(void (*fn)(struct vcpu *v, s64 ns)) { services_biller = fn; }

/* ---- RCU: between two events every CPU is quiescent */

static LIST_HEAD(callbacks);

#ifndef NDEBUG
void rcu_read_lock(void) {}
void rcu_read_unlock(void) {}
#endif

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	head->fn = fn;
	list_add_tail(&head->link, &callbacks);
}

void services_run_rcu(void)
{
	while (unlikely(!list_empty(&callbacks))) {
		struct rcu_head *head = list_first_entry(&callbacks, struct rcu_head, link);

		list_del_init(&head->link);
		head->fn(head);
	}
}

/* ---- Debug keys */

void (*services_dump_key)(char key);

void keyhandler_register(char key, void (*fn)(char key), const char *what)
{
	if (key == 'r')
		services_dump_key = fn;
}

void machine_dump(void (*print)(void *arg, const char *text), void *arg)
{
	services_capture(print, arg);
	services_dump_key('r');
	services_capture(NULL, NULL);
}
