/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon needs from the hypervisor: rings of domains, event channels, and to hear of
 * domains that end. hyp-xen.c is the real one; tests link another.
 */
#ifndef XSD_HYP_H
#define XSD_HYP_H

#include <stdbool.h>
#include <stdint.h>

struct xenstore_domain_interface;

enum hyp_state {
	HYP_RUNNING,
	HYP_SHUTDOWN,	/* it has shut down or crashed, and is still there */
	HYP_GONE,	/* dying, or no such domain */
};

/** Open what is needed; NULL or what is missing. */
const char *hyp_open(void);
/** Readable when an event came. */
int hyp_fd(void);
/** The local port of an event that came, 0 for a domain's end, -1 when there is none. The port is
 *  masked until hyp_unmask(). */
int hyp_pending(void);
void hyp_unmask(uint32_t port);
/** Bind to @port of @domid; the local port, or a negative errno value. */
int hyp_bind(uint16_t domid, uint32_t port);
void hyp_unbind(uint32_t port);
void hyp_notify(uint32_t port);
/** Map the ring of @domid, whose frame is @gfn; NULL with errno set. */
struct xenstore_domain_interface *hyp_map(uint16_t domid, uint64_t gfn);
void hyp_unmap(uint16_t domid, struct xenstore_domain_interface *page);
/** The event channel of the ring of the kernel this runs on; 0 when it has none. */
uint32_t hyp_own_port(void);
enum hyp_state hyp_state(uint16_t domid);

#endif
