/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that are not hypercalls: a guest writes its memory, an event comes in, time passes. */
#include "hypercall.h"

#include <xen/cpumask.h>
#include <xen/evtchn.h>
#include <xen/printk.h>
#include <xen/shared_info.h>
#include <xen/tasklet.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>

#include "../../xen/arch/host/private.h"
#include "../../xen/core/trace_ring.h"
#include "../../xen/domain/evtchn/private.h"
#include "../../xen/domain/gnttab/private.h"
#include "../../xen/domain/ioreq/private.h"
#include "state-oracle.h"

static void write_v1(const struct step *s, struct domain *d, u32 ref)
{
	struct grant_entry_v1 *e = (struct grant_entry_v1 *)d->gnttab->frame[0].va + ref;

	*e = (struct grant_entry_v1){
		.flags = s->field[1] & 0x1f,
		.domid = (u16)field_value(s, FIELD_DOMID, s->field[2], d),
		.frame = (u32)field_value(s, FIELD_GFN, s->field[3], d),
	};
}

static void write_v2(const struct step *s, struct domain *d, u32 ref)
{
	union grant_entry_v2 *e = (union grant_entry_v2 *)d->gnttab->frame[0].va + ref;

	if ((s->field[1] & GTF_type_mask) == GTF_transitive) {
		e->transitive.trans_domid = (u16)field_value(s, FIELD_DOMID, s->field[3], d);
		e->transitive.gref = (u32)field_value(s, FIELD_REF, s->field[4], d);
	} else {
		e->sub_page.page_off = s->field[4] % 4096;
		e->sub_page.length = s->field[5] % 4097;
		e->full_page.frame = field_value(s, FIELD_GFN, s->field[3], d);
	}
	e->hdr.domid = (u16)field_value(s, FIELD_DOMID, s->field[2], d);
	e->hdr.flags = s->field[1] & 0x11f;
}

/* A permitting entry half of the time, for what maps it. */
static void write_grant(const struct step *step, struct domain *d)
{
	u32 ref = step->field[0] % 12;
	struct step s = *step;

	if (s.pick & 1)
		s.field[1] = (u16)(GTF_permit_access | (s.pick & 2 ? GTF_readonly : 0));
	if (d->gnttab->version == 1)
		write_v1(&s, d, ref);
	else
		write_v2(&s, d, ref);
	oracle_grants_written(d);
}

/* A page that the domain shares as device model with another one, once it has a server. */
static u8 *model_page(const struct step *s, const struct domain *d)
{
	const struct ioreq_domain *all = guests[s->items % NR_GUEST_VCPUS].d->ioreq;
	const struct ioreq_server *server = all ? all->server[s->items / 8 % 2] : NULL;

	if (!server || server->model != d->id)
		return NULL;
	return s->items & 4 ? server->ring.va : server->sync.va;
}

/* Guests share a page of theirs; a toolstack also the rings of trace records, once made. */
static u8 *shared_page(const struct step *s, const struct domain *d)
{
	if (d->is_privileged && s->pick & 4)
		return (u8 *)trace_rings[s->items % nr_cpu_ids].shared;
	return (u8 *)d->shared_info;
}

static void scribble(const struct step *s, struct domain *d)
{
	u64 value = field_value(s, FIELD_RAW, s->field[1], d), gfn;
	u32 offset = s->field[0] % (PAGE_SIZE - 8);
	const struct grant_table *gt = d->gnttab;
	u8 *page;

	switch (s->pick % 4) {
	case 0:
		page = shared_page(s, d);
		break;
	case 1:
		page = gt->frame[s->items % gt->nr_frames].va;
		offset %= 128;
		break;
	case 2:
		page = gt->nr_status ? gt->status[0].va : model_page(s, d);
		break;
	default:
		gfn = guest_base(d) + s->field[2] % GUEST_GFNS;
		page = guest_ram(d, gfn);
	}
	if (page)
		memcpy(page + offset, &value, sizeof(value));
	oracle_grants_written(d);
}

/* An access that a device model may have to answer; until then the vCPU takes no steps. */
static void access(const struct step *s, struct vcpu *v)
{
	static const u8 types[] = { IOREQ_TYPE_PIO, IOREQ_TYPE_COPY, IOREQ_TYPE_PCI_CONFIG };
	struct ioreq_access a = {
		.type = types[s->field[0] % ARRAY_SIZE(types)], .write = s->field[1] & 1,
		.bytes = (u8)(1 + s->field[2] % 8),
		.addr = field_value(s, FIELD_SMALL, s->field[3], v->domain),
		.data = s->field[4],
	};

	if (a.type == IOREQ_TYPE_PCI_CONFIG)
		a.addr <<= 32;
	else if (a.type == IOREQ_TYPE_COPY && s->field[1] & 2)
		a.addr = 0xa0000 + s->field[5];
	host_guest_access(v, &a);
}

static void send_event(const struct step *s, struct vcpu *v)
{
	static const u32 of_vcpu[] = { VIRQ_TIMER, VIRQ_DEBUG, VIRQ_XENOPROF, VIRQ_XENPMU };

	switch (s->pick % 4) {
	case 0:
		evtchn_send_vcpu_virq(v, of_vcpu[s->items % ARRAY_SIZE(of_vcpu)]);
		break;
	case 1:
		if (!evtchn_virq_is_global(s->items % NR_VIRQS))
			break;
		evtchn_send_global_virq(s->items % NR_VIRQS);
		break;
	case 2:
		evtchn_send_pirq(v->domain, s->items % 32);
		break;
	default:
		/* A kernel of the other width takes over. */
		if (s->items < 128)
			shared_info_latch(v);
		else
			access(s, v);
	}
}

/* Long enough for turns of all schedulers. Seldom, as such inputs are slow. */
s64 action_pause(const struct step *s)
{
	if (step_kind_of(s) != STEP_CLOCK || s->pick < 0xf0)
		return 0;
	return (s64)(s->field[0] % 64) * 1000000;
}

/* An event that an interrupt brings: the handler sends it, or the softirq that it raises. */
static struct coming {
	const struct step *s;
	struct guest *g;
	struct tasklet softirq;
} coming[NR_GUEST_VCPUS];

void *actions_state(u64 *bytes)
{
	*bytes = sizeof(coming);
	return coming;
}

static void arrives(void *arg)
{
	const struct coming *c = arg;

	if (guest_lives(c->g))
		send_event(c->s, c->g->v);
}

static void interrupt(void *arg)
{
	struct coming *c = arg;

	if (c->s->pick & 4)
		tasklet_schedule(&c->softirq);
	else
		arrives(c);
}

/* Each vCPU's latest; one that has not come yet is taken over by the next. */
static void event(const struct step *s, struct guest *g)
{
	u32 cpu = s->field[0] % NR_GUEST_VCPUS;
	struct coming *c = &coming[g - guests];
	cpumask_t where;

	/* The width of a kernel is nothing that an interrupt changes. */
	if (!(s->how & HOW_INTERRUPTS) || s->pick % 4 == 3) {
		send_event(s, g->v);
		return;
	}
	if (c->softirq.scheduled || c->softirq.running || host_cpus[cpu].nr_calls > MAX_CALLS / 2)
		return;
	c->s = s;
	c->g = g;
	tasklet_init(&c->softirq, arrives, c);
	cpumask_clear(&where);
	cpumask_set(&where, cpu);
	hal_smp_call(&where, interrupt, c, false);
}

void action_run(const struct step *s, struct guest *g)
{
	struct vcpu *v = g->v;

	switch (step_kind_of(s)) {
	case STEP_GRANT:
		write_grant(s, v->domain);
		break;
	case STEP_SCRIBBLE:
		scribble(s, v->domain);
		break;
	case STEP_EVENT:
		event(s, g);
		break;
	default:
		host_guest_compute(v, field_value(s, FIELD_TIME, s->field[0] & 0x1fff, v->domain));
	}
}
