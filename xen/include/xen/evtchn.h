/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels as the rest of the hypervisor uses them. Implemented in domain/evtchn/. */
#ifndef XEN_EVTCHN_H
#define XEN_EVTCHN_H

#include <xen/domain.h>
#include <xen/guest_access.h>

#include <public/event_channel.h>

/** Register debug key 'e'. Boot only. */
void evtchn_register_key(void);

/**
 * Set up / tear down. 0 or -XEN_ENOMEM. @max_port is the highest port allowed, 0 for the ABI's
 * maximum. evtchn_vcpu_init runs before the vCPU can be the target of an event.
 */
int evtchn_domain_init(struct domain *d, u32 max_port);
int evtchn_vcpu_init(struct vcpu *v);
/** Close all ports and refuse new ones, with bounded work; -XEN_ERESTART to be called again. The
 * domain may be only partly made. May be called again after it finished. */
int evtchn_domain_destroy(struct domain *d);
/** Free the memory of the domain's and its vCPUs' event channels, after evtchn_domain_destroy
 * returned 0 and the last reference to the domain was dropped. */
void evtchn_domain_free(struct domain *d);

/** HYPERVISOR_event_channel_op. -XEN_ERESTART: issue it again with the same arguments. */
long evtchn_op(struct vcpu *v, u32 cmd, guest_ptr_t arg);

/** Raise a per-vCPU VIRQ / a global VIRQ (to the domain and vCPU bound to it). Any context. */
void evtchn_send_vcpu_virq(struct vcpu *v, u32 virq);
void evtchn_send_global_virq(u32 virq);
/** Raise the event of a physical interrupt bound by the hardware domain's PIRQ. Any context. */
void evtchn_send_pirq(struct domain *d, u32 pirq);
/** Send on @port of @d as if @d had (EVTCHNOP_send), for channels the hypervisor itself uses.
 * 0 or -XEN_EINVAL. Any context. */
int evtchn_send(struct domain *d, u32 port);

/** For the toolstack's and the builders' own channels: allocate an unbound port of @d for
 * @remote; returns the port or a negative error. */
int evtchn_alloc_unbound(struct domain *d, u16 remote);

struct evtchn_consumer;

/**
 * What happens at the hypervisor's end of a channel. The functions run with interrupts off and the
 * channel locked: they may wake vCPUs, and call nothing of this header. Every slot must be filled.
 */
struct evtchn_consumer_ops {
	const char *name;
	/** The other end sent. */
	void (*event)(struct evtchn_consumer *c);
	/** The other end was closed, on purpose or because its domain ended. */
	void (*closed)(struct evtchn_consumer *c);
};

/** An end of a channel that belongs to the hypervisor, embedded in its user's state. */
struct evtchn_consumer {
	const struct evtchn_consumer_ops *ops;	/* [const] */
	u16 may_bind;				/* [const] the domain of the other end */
	struct domain *remote;			/* [channel lock] NULL: not bound */
};

/**
 * Open a port of @d whose events go to @c, for domain @remote to bind. @d itself can neither send
 * on it nor close it. Returns the port or a negative error; no locks of event channels are held.
 */
int evtchn_consumer_open(struct domain *d, u16 remote, struct evtchn_consumer *c,
			 const struct evtchn_consumer_ops *ops);
/** Close it. When this returns, @c is called no more. */
void evtchn_consumer_close(struct domain *d, u32 port);
/** Send to the other end. False: it is not bound. Any context. */
bool evtchn_consumer_send(struct domain *d, u32 port);

/**
 * @v->vcpu_info now points to new memory, to which the caller copied the old contents
 * (VCPUOP_register_vcpu_info): raise all events again, as events that came meanwhile may be marked
 * only in the old memory. Call after the pointer was stored; any context.
 */
void evtchn_vcpu_info_moved(struct vcpu *v);

/** True when an event is pending that is not masked (evtchn_upcall_pending). */
bool evtchn_vcpu_pending(const struct vcpu *v);
/** True when @port of @d is valid / pending, whatever its mask (SCHEDOP_poll). */
bool evtchn_port_valid(const struct domain *d, u32 port);
bool evtchn_port_pending(struct domain *d, u32 port);

/** Debug key 'e': list ports. */
void evtchn_dump(struct domain *d);

#endif
