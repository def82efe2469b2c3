/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces of guests. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "device.h"

#include <public/io/xenbus.h>

#define SCRIPT_DIR "/etc/xen/scripts"
#define BUILT_IN "vif-bridge"		/* what it does is done here */

/* Of the range that Xen's projects use for interfaces without an address of their own. */
static char *random_mac(void)
{
	unsigned char r[3];
	char *mac;

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		return NULL;
	if (asprintf(&mac, "00:16:3e:%02x:%02x:%02x", r[0] & 0x7f, r[1], r[2]) < 0)
		return NULL;
	return mac;
}

static int check(struct lx *lx, const struct lx_nic *n)
{
	const char *why = NULL;

	if (n->ifname && strlen(n->ifname) > 15)
		why = "has a name of more than 15 characters";
	else if (n->devid > 65535)
		why = "has a number above 65535";
	if (!why)
		return 0;
	lx_error(lx, 0, "interface %u %s", n->devid, why);
	return -EINVAL;
}

int lx_nic_add(struct lx *lx, uint32_t domid, struct lx_nic *n)
{
	struct lx_device dev = { LX_VIF, domid, n->devid, 0 };
	char why[256], device[32], handle[16], mtu[16], script[256], rate[48];
	const char *name = n->script ? n->script : BUILT_IN, *slash = strrchr(name, '/');
	bool own = strcmp(slash ? slash + 1 : name, BUILT_IN);
	int rc = check(lx, n);

	snprintf(device, sizeof(device), "interface %u", n->devid);
	if (!rc)
		rc = lx_backend_domain(lx, device, n->backend_domname, &dev.backend);
	if (rc)
		return rc;
	snprintf(script, sizeof(script), "%s%.200s", *name == '/' ? "" : SCRIPT_DIR "/", name);
	if (!lx_backend_elsewhere(lx, dev.backend) &&
	    lx->host->vif_lacks(own ? script : NULL, own ? NULL : n->bridge, why)) {
		lx_error(lx, 0, "%s: %s", device, why);
		return -ENOENT;
	}
	if (!n->mac)
		n->mac = random_mac();
	if (!n->mac)
		return -ENOMEM;
	snprintf(handle, sizeof(handle), "%u", n->devid);
	snprintf(mtu, sizeof(mtu), "%u", n->mtu);
	snprintf(rate, sizeof(rate), "%lu,%u", n->rate_bytes_per_interval, n->rate_interval_usecs);
	const struct lx_kv front[] = {
		{ "handle", handle }, { "mac", n->mac }, { "mtu", n->mtu ? mtu : NULL },
		{ "trusted", n->trusted ? "1" : "0" }, { NULL, NULL },
	};
	const struct lx_kv back[] = {
		{ "script", script }, { "mac", n->mac },
		{ "hotplug-by", lx_backend_elsewhere(lx, dev.backend) ? NULL : "toolstack" },
		{ "bridge", n->bridge }, { "handle", handle }, { "type", "vif" }, { "ip", n->ip },
		{ "gatewaydev", n->gatewaydev }, { "vifname", n->ifname },
		{ "mtu", n->mtu ? mtu : NULL },
		{ "rate", n->rate_bytes_per_interval ? rate : NULL }, { "hotplug-status", "" },
		{ NULL, NULL },
	};

	return lx_device_write(lx, &dev, front, back, NULL, NULL);
}

int lx_nic_connect(struct lx *lx, uint32_t domid, const struct lx_nic *n)
{
	struct lx_device dev = lx_device(lx, LX_VIF, domid, n->devid);
	int state = lx_device_state(lx, &dev);
	char back[LX_PATH_BYTES];

	if (state < XenbusStateInitWait || state >= XenbusStateClosing)
		return -EAGAIN;
	lx_device_back(&dev, back);
	if (lx_backend_elsewhere(lx, dev.backend))
		return lx_hotplug_done(lx, back);
	return lx_hotplug_nic(lx, back, domid, n->devid);
}
