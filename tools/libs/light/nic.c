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

static void interface_name(uint32_t domid, const struct lx_nic *nic, char name[32])
{
	if (nic->ifname)
		snprintf(name, 32, "%.15s", nic->ifname);
	else
		snprintf(name, 32, "vif%u.%u", domid, nic->devid);
}

static int check(struct lx *lx, const struct lx_nic *n)
{
	const char *why = NULL;

	if (n->backend_domname && strcmp(n->backend_domname, "0") &&
	    strcmp(n->backend_domname, "Domain-0"))
		why = "has its backend in another domain, which is not supported";
	else if (n->ifname && strlen(n->ifname) > 15)
		why = "has a name of more than 15 characters";
	else if (n->devid > 65535)
		why = "has a number above 65535";
	if (!why)
		return 0;
	lx_error(lx, 0, "interface %u %s", n->devid, why);
	return -EINVAL;
}

/* vif-bridge is what is done here without a script. */
static const char *own_script(const struct lx_nic *n, char path[256])
{
	if (!n->script || !strcmp(n->script, "vif-bridge") ||
	    !strcmp(n->script, SCRIPT_DIR "/vif-bridge"))
		return NULL;
	snprintf(path, 256, "%s%.200s", *n->script == '/' ? "" : SCRIPT_DIR "/", n->script);
	return path;
}

int lx_nic_add(struct lx *lx, uint32_t domid, struct lx_nic *n)
{
	struct lx_device dev = { LX_VIF, domid, n->devid };
	char handle[16], mtu[16], script[256], rate[48];
	int rc = check(lx, n);

	if (rc)
		return rc;
	if (!n->mac)
		n->mac = random_mac();
	if (!n->mac)
		return -ENOMEM;
	snprintf(handle, sizeof(handle), "%u", n->devid);
	snprintf(mtu, sizeof(mtu), "%u", n->mtu);
	snprintf(rate, sizeof(rate), "%lu,%u", n->rate_bytes_per_interval, n->rate_interval_usecs);
	const struct lx_kv front[] = {
		{ "handle", handle }, { "mac", n->mac }, { "mtu", n->mtu ? mtu : NULL },
		{ NULL, NULL },
	};
	const struct lx_kv back[] = {
		{ "script", n->script ? n->script : SCRIPT_DIR "/vif-bridge" },
		{ "hotplug-script", own_script(n, script) }, { "mac", n->mac },
		{ "bridge", n->bridge }, { "handle", handle }, { "type", "vif" }, { "ip", n->ip },
		{ "gatewaydev", n->gatewaydev }, { "vifname", n->ifname },
		{ "mtu", n->mtu ? mtu : NULL },
		{ "rate", n->rate_bytes_per_interval ? rate : NULL }, { "hotplug-status", "" },
		{ NULL, NULL },
	};

	return lx_device_write(lx, &dev, front, back);
}

int lx_nic_connect(struct lx *lx, uint32_t domid, const struct lx_nic *n)
{
	struct lx_device dev = { LX_VIF, domid, n->devid };
	char back[LX_PATH_BYTES], path[LX_PATH_BYTES], name[32], script[256];
	int state = lx_device_state(lx, &dev), rc;

	if (state < XenbusStateInitWait || state >= XenbusStateClosing)
		return -EAGAIN;
	lx_device_back(&dev, back);
	interface_name(domid, n, name);
	if (own_script(n, script))
		rc = lx->host->script(script, "online", back, name);
	else
		rc = lx->host->vif_up(name, n->bridge, n->mtu);
	if (rc) {
		lx_error(lx, rc, "interface %s: cannot connect it%s%s", name,
			 n->bridge ? " to the bridge " : "", n->bridge ? n->bridge : "");
		return rc == -EAGAIN ? -EIO : rc;
	}
	snprintf(path, sizeof(path), "%.200s/hotplug-status", back);
	return lx->store->ops->write(lx->store, 0, path, "connected");
}
