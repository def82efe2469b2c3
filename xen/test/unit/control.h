/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control calls (domctl, sysctl) as a toolstack in dom0 makes them, on the simulated machine. */
#ifndef TEST_CONTROL_H
#define TEST_CONTROL_H

#include <xen/domain.h>

#include <public/domctl.h>
#include <public/sysctl.h>

#define CONTROL_CPUS 4

extern struct domain *dom0;
extern struct vcpu *caller;	/* dom0's, which makes the calls */

/** Boot a machine of CONTROL_CPUS CPUs and create dom0. */
void control_start(void);

/** A hypercall with one argument, repeated as long as it wants to be restarted. */
long hyper(struct vcpu *v, u32 nr, void *op);
long domctl(struct xen_domctl *op, u32 cmd, u16 domid);
long sysctl(struct xen_sysctl *op, u32 cmd);

/** Arguments of createdomain that are accepted; a guest made from them; its end. */
struct xen_domctl good_config(void);
u16 make_guest(void);
void destroy_guest(u16 id);

#endif
