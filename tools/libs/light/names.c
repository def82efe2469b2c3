/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains by name and number. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "light.h"

#define MAX_DOMAINS 1024

char *lx_domain_name(struct lx *lx, uint32_t domid)
{
	return lx_read(lx->store, 0, "/local/domain/%u/name", domid);
}

int lx_find_name(struct lx *lx, const char *name, uint32_t *domid)
{
	unsigned int n;
	char **ids = lx->store->ops->list(lx->store, 0, "/local/domain", &n);
	int rc = -ENOENT;

	for (unsigned int i = 0; ids && i < n && rc; i++) {
		uint32_t id = (uint32_t)strtoul(ids[i], NULL, 10);
		char *is = lx_domain_name(lx, id);

		if (is && !strcmp(is, name)) {
			*domid = id;
			rc = 0;
		}
		free(is);
	}
	free(ids);
	return rc;
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
