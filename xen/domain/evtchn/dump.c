/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: debug key 'e' lists the open ports of every domain. */
#include "private.h"

#include <xen/console.h>
#include <xen/printk.h>

static const char *const state_name[] = {
	[EVTCHNSTAT_closed] = "closed",
	[EVTCHNSTAT_unbound] = "unbound",
	[EVTCHNSTAT_interdomain] = "interdomain",
	[EVTCHNSTAT_pirq] = "pirq",
	[EVTCHNSTAT_virq] = "virq",
	[EVTCHNSTAT_ipi] = "ipi",
};

static void dump_port(struct domain *d, u32 port)
{
	struct evtchn_status st = { .port = port };
	struct evtchn *chn = evtchn_from_port(d, port);
	bool pending, masked;
	u64 flags;

	if (evtchn_status(d, &st) || st.status == EVTCHNSTAT_closed)
		return;
	flags = spin_lock_irqsave(&chn->lock);
	pending = chn->state != EVTCHNSTAT_closed && d->evtchn->ops->is_pending(d, chn);
	masked = chn->state != EVTCHNSTAT_closed && d->evtchn->ops->is_masked(d, chn);
	spin_unlock_irqrestore(&chn->lock, flags);

	printk(LOG_INFO "  %5u %-11s v%u %c%c", port, state_name[st.status], st.vcpu,
	       pending ? 'P' : '-', masked ? 'M' : '-');
	switch (st.status) {
	case EVTCHNSTAT_unbound:
		printk(" for d%u\n", st.u.unbound.dom);
		break;
	case EVTCHNSTAT_interdomain:
		printk(" to d%u port %u\n", st.u.interdomain.dom, st.u.interdomain.port);
		break;
	case EVTCHNSTAT_pirq:
		printk(" %u\n", st.u.pirq);
		break;
	case EVTCHNSTAT_virq:
		printk(" %u\n", st.u.virq);
		break;
	default:
		printk("\n");
		break;
	}
}

void evtchn_dump(struct domain *d)
{
	struct evtchn_domain *ed = d->evtchn;

	if (!ed)
		return;
	printk(LOG_INFO "d%u: %s event channels, %u open\n", d->id, ed->ops->name, ed->nr_open);
	for (u32 port = evtchn_next_open(d, 0); port < READ_ONCE(ed->nr_ports);
	     port = evtchn_next_open(d, port + 1))
		dump_port(d, port);
}

static void dump_all(char key)
{
	rcu_read_lock();
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d))
		evtchn_dump(d);
	rcu_read_unlock();
}

void evtchn_register_key(void)
{
	keyhandler_register('e', dump_all, "list event channels");
}
