/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains by name and number. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "light.h"

char *lx_domain_name(struct lx *lx, uint32_t domid)
{
	return lx_read(lx->store, 0, "/local/domain/%u/name", domid);
}

int lx_find_name_in(struct lx *lx, uint32_t tx, const char *name, uint32_t *domid)
{
	struct xen_domctl_getdomaininfo info;
	unsigned int n;
	char **ids = lx->store->ops->list(lx->store, tx, "/local/domain", &n);
	int rc = -ENOENT;

	for (unsigned int i = 0; ids && i < n && rc; i++) {
		uint32_t id = (uint32_t)strtoul(ids[i], NULL, 10);
		char *is = lx_read(lx->store, tx, "/local/domain/%u/name", id);

		/* A domain that is gone may have left its nodes, but has no name any more. */
		if (is && !strcmp(is, name) && ctl_domain_info(lx->ctl, id, &info) != -ESRCH) {
			*domid = id;
			rc = 0;
		}
		free(is);
	}
	free(ids);
	return rc;
}

int lx_find_name(struct lx *lx, const char *name, uint32_t *domid)
{
	return lx_find_name_in(lx, 0, name, domid);
}

int lx_name_taken(struct lx *lx, const char *name, uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;

	if (!ctl_domain_info(lx->ctl, domid, &info) && lx_claim_abandoned(lx, info.handle))
		lx_error(lx, 0, "domain %u, which a killed command left half made, is named "
			 "\"%s\": xl destroy %u removes it", domid, name, domid);
	else
		lx_error(lx, 0, "domain %u is named \"%s\" already: choose another name, or end "
			 "that domain", domid, name);
	return -EEXIST;
}

int lx_find_domain(struct lx *lx, const char *text, uint32_t *domid)
{
	const char *p = text;

	while (isdigit((unsigned char)*p))
		p++;
	if (p > text && !*p) {
		unsigned long id = strtoul(text, NULL, 10);

		if (id >= DOMID_FIRST_RESERVED)
			return -ENOENT;
		*domid = (uint32_t)id;
		return 0;
	}
	return lx_find_name(lx, text, domid);
}

int lx_find_handle(struct lx *lx, const uint8_t uuid[16], uint32_t *domid)
{
	struct xen_domctl_getdomaininfo info[64];
	uint32_t first = 0;
	int n;

	do {
		n = ctl_domain_list(lx->ctl, first, 64, info);
		for (int i = 0; i < n; i++) {
			first = info[i].domain + 1u;
			if (memcmp(info[i].handle, uuid, sizeof(info[i].handle)))
				continue;
			*domid = info[i].domain;
			return 0;
		}
	} while (n == 64);
	return n < 0 ? n : -ENOENT;
}
