/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ending domains. */
#include <errno.h>
#include <string.h>

#include "device.h"
#include "dm.h"

/* A domain's memory goes away in pieces: each takes a call. */
static int kill_domain(struct lx *lx, uint32_t domid)
{
	int rc;

	do {
		rc = ctl_domain_destroy(lx->ctl, domid);
	} while (rc == -EAGAIN || rc == -ERESTART);
	return rc;
}

int lx_destroy(struct lx *lx, uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;
	struct lx_abandoned claim = { 0 };
	char uuid[LX_UUID_TEXT];
	int rc = domid ? ctl_domain_info(lx->ctl, domid, &info) : -EPERM;

	if (rc) {
		lx_error(lx, rc, "Domain %u cannot be destroyed", domid);
		return rc;
	}
	lx_uuid_text(info.handle, uuid);
	/* It must not run while its devices go away. A dying one cannot be paused any more. */
	if (!(info.flags & XEN_DOMINF_dying))
		ctl_domain_pause(lx->ctl, domid);
	lx_dm_stop(lx, domid);
	lx_devices_remove(lx, domid);
	rc = kill_domain(lx, domid);
	if (rc)
		return rc;
	lx->store->ops->release(lx->store, domid);
	lx_store_remove_domain(lx, domid, uuid);
	lx_state_remove(lx, info.handle);
	/* One whose maker was killed is gone as a whole now. */
	memcpy(claim.uuid, info.handle, sizeof(claim.uuid));
	if (lx_claim_abandoned(lx, claim.uuid))
		lx_claim_clean(lx, &claim);
	return 0;
}
