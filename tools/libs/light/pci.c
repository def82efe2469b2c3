/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See pci.h. A function that guests may have is without a driver in dom0, and in quarantine unless
 * a guest has it. Its node in xenstore, /libxl/pci/SSSS-bb-dd-f/driver_path, says which driver it
 * came from.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "pci.h"

#define ROOT "/libxl/pci"
#define SPARE 0x7ff1		/* DOMID_IO: quarantine */

bool lx_pci_parse(const char *text, struct lx_pci *p)
{
	unsigned int s = 0, b, d, f;
	int end = 0;

	if (strspn(text, "0123456789abcdefABCDEF:.") != strlen(text) || strlen(text) > 12)
		return false;
	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &s, &b, &d, &f, &end) != 4) {
		s = 0;
		end = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &b, &d, &f, &end) != 3)
			return false;
	}
	if (text[end] || d > 31 || f > 7)
		return false;
	*p = (struct lx_pci){ .domain = s, .bus = b, .dev = d, .func = f };
	return true;
}

void lx_pci_text(const struct lx_pci *p, char text[LX_PCI_TEXT])
{
	snprintf(text, LX_PCI_TEXT, "%04x:%02x:%02x.%x", p->domain & 0xffff, p->bus & 0xff,
		 p->dev & 31, p->func & 7);
}

static uint32_t number_of(const struct lx_pci *p)
{
	return p->domain << 16 | p->bus << 8 | p->dev << 3 | p->func;
}

static void node_of(const struct lx_pci *p, char path[LX_PATH_BYTES])
{
	snprintf(path, LX_PATH_BYTES, ROOT "/%04x-%02x-%02x-%x", p->domain & 0xffff, p->bus & 0xff,
		 p->dev & 31, p->func & 7);
}

/* Its driver in dom0; logged when there is no such function. */
static int find_driver(struct lx *lx, const char *name, char driver[64])
{
	int rc = lx->host->pci_driver(name, driver);

	if (rc == -ENOENT)
		lx_error(lx, 0, "PCI device %s: there is no such device (lspci -D)", name);
	else if (rc)
		lx_error(lx, rc, "PCI device %s: cannot tell its driver", name);
	return rc;
}

/* Why the hypervisor does not give it away. */
static int explain(struct lx *lx, const char *name, int rc)
{
	struct xen_sysctl_physinfo info;
	const char *why;

	if (!ctl_physinfo(lx->ctl, &info) &&
	    !(info.capabilities & XEN_SYSCTL_PHYSCAP_directio))
		why = "the machine has no IOMMU in use, without which a guest's devices would "
		      "reach all memory: xl dmesg says why";
	else if (rc == -EBUSY)
		why = "another guest has it";
	else if (rc == -EXDEV)
		why = "other devices share its place at the IOMMU, so it cannot be given alone";
	else if (rc == -EOPNOTSUPP)
		why = "a guest cannot have it: xl dmesg says why";
	else if (rc == -ENODEV)
		why = "the IOMMU does not serve it";
	else if (rc == -ENOSPC)
		why = "the guest has 31 already";
	else
		why = NULL;
	if (why)
		lx_error(lx, 0, "PCI device %s: %s", name, why);
	else
		lx_error(lx, rc, "PCI device %s cannot be given away", name);
	return rc;
}

int lx_pci_give(struct lx *lx, uint32_t domid, const struct lx_pci *p)
{
	char name[LX_PCI_TEXT], driver[64];
	int rc;

	lx_pci_text(p, name);
	rc = find_driver(lx, name, driver);
	if (rc)
		return rc;
	if (*driver) {
		lx_error(lx, 0, "PCI device %s: dom0's driver %s has it: xl pci-assignable-add %s",
			 name, driver, name);
		return -EBUSY;
	}
	if (lx->host->pci_reset(name))
		lx_info(lx, "PCI device %s cannot be reset: the guest finds it as it was left",
			name);
	rc = ctl_assign_device(lx->ctl, domid, number_of(p));
	return rc ? explain(lx, name, rc) : 0;
}

int lx_pci_take(struct lx *lx, uint32_t domid, const struct lx_pci *p)
{
	return ctl_deassign_device(lx->ctl, domid, number_of(p));
}

int lx_pci_assignable_add(struct lx *lx, const struct lx_pci *p)
{
	char name[LX_PCI_TEXT], driver[64], path[LX_PATH_BYTES], *kept;
	int rc;

	lx_pci_text(p, name);
	node_of(p, path);
	rc = find_driver(lx, name, driver);
	if (rc)
		return rc;
	kept = lx_read(lx->store, 0, "%.200s/driver_path", path);
	if (kept && !*driver) {
		free(kept);
		return 0;
	}
	free(kept);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/driver_path");
	rc = lx_write(lx->store, 0, path, "%s", driver);
	if (!rc && *driver)
		rc = lx->host->pci_unbind(name);
	if (rc) {
		lx_error(lx, rc, "PCI device %s: dom0's driver %s does not let it go", name,
			 driver);
		return rc;
	}
	rc = ctl_assign_device(lx->ctl, SPARE, number_of(p));
	return rc ? explain(lx, name, rc) : 0;
}

int lx_pci_assignable_remove(struct lx *lx, const struct lx_pci *p, bool rebind)
{
	char name[LX_PCI_TEXT], path[LX_PATH_BYTES], *driver;
	int rc;

	lx_pci_text(p, name);
	node_of(p, path);
	driver = lx_read(lx->store, 0, "%.200s/driver_path", path);
	if (!driver) {
		lx_error(lx, 0, "PCI device %s is not kept for guests (xl pci-assignable-list)",
			 name);
		return -ENOENT;
	}
	rc = ctl_deassign_device(lx->ctl, SPARE, number_of(p));
	if (rc)
		lx_error(lx, 0, "PCI device %s: a guest has it", name);
	if (!rc && lx->host->pci_reset(name))
		lx_info(lx, "PCI device %s cannot be reset: it is as the guest left it", name);
	if (!rc && rebind && *driver) {
		rc = lx->host->pci_bind(name, driver);
		if (rc)
			lx_error(lx, rc, "PCI device %s: dom0's driver %s does not take it", name,
				 driver);
	}
	if (!rc)
		rc = lx_remove(lx->store, 0, "%s", path);
	free(driver);
	return rc;
}

struct lx_pci *lx_pci_assignable_list(struct lx *lx, unsigned int *n)
{
	char **names = lx->store->ops->list(lx->store, 0, ROOT, n);
	struct lx_pci *all = names && *n ? calloc(*n, sizeof(*all)) : NULL;
	unsigned int found = 0;

	for (unsigned int i = 0; all && i < *n; i++) {
		char text[LX_PCI_TEXT];

		if (strlen(names[i]) != 12)
			continue;
		snprintf(text, sizeof(text), "%.4s:%.2s:%.2s.%s", names[i], names[i] + 5,
			 names[i] + 8, names[i] + 11);
		found += lx_pci_parse(text, &all[found]);
	}
	free(names);
	*n = found;
	return all;
}
