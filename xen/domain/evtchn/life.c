/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: the data of each vCPU, and the teardown of a domain's channels. */
#include "private.h"

#include <xen/xmalloc.h>

int evtchn_vcpu_init(struct vcpu *v)
{
	struct evtchn_vcpu *ev = xzalloc(struct evtchn_vcpu);

	if (!ev)
		return -XEN_ENOMEM;
	evtchn_fifo_vcpu_init(ev);
	v->evtchn = ev;
	return 0;
}

int evtchn_domain_destroy(struct domain *d)
{
	struct evtchn_domain *ed = d->evtchn;
	struct evtchn_fifo *fifo;
	int rc;

	if (!ed)
		return 0;
	spin_lock(&ed->lock);
	ed->closed = true;
	spin_unlock(&ed->lock);

	rc = evtchn_close_all(d);
	if (rc)
		return rc;
	spin_lock(&ed->lock);
	/* No new ports since @closed was set, so no channel was opened. */
	ASSERT(!ed->nr_open);
	fifo = evtchn_fifo_detach(d);
	spin_unlock(&ed->lock);
	evtchn_fifo_free(fifo);
	return 0;
}
