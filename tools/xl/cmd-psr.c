/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl psr-hwinfo: what of the last-level cache can be monitored and divided. */
#include <getopt.h>

#include "psr.h"

static int print_cmt(struct xl *xl)
{
	uint64_t enabled, rmids, events;
	int rc = psr_cmt_info(xl, XEN_SYSCTL_PSR_CMT_enabled, 0, &enabled);

	printf("Cache Monitoring Technology (CMT):\n");
	printf("%-16s: %u\n", "Enabled", !rc && enabled);
	if (rc == -ENODEV || (!rc && !enabled))
		return 0;
	if (!rc)
		rc = psr_cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_total_rmid, 0, &rmids);
	if (!rc)
		rc = psr_cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_event_mask, 0, &events);
	if (rc)
		return psr_cmt_refused(xl, "reading what is monitored", rc);
	printf("%-16s: %lu\n", "Total RMID", rmids);
	printf("Supported monitor types:\n");
	for (unsigned int i = 0; i < PSR_TYPES; i++)
		if (events >> i & 1)
			printf("%s\n", psr_types[i]);
	return 0;
}

static int print_cat(struct xl *xl, bool asked)
{
	struct psr_sockets s = psr_find_sockets(xl);

	for (unsigned int i = 0; i < s.n; i++) {
		struct xen_sysctl_psr_alloc info;
		uint64_t kib;
		int rc = psr_cat_info(xl, s.at[i].id, &info);

		if (rc == -ENODEV && !asked)
			return 0;
		if (!rc)
			rc = psr_cmt_info(xl, XEN_SYSCTL_PSR_CMT_get_l3_cache_size, s.at[i].cpu,
					  &kib);
		if (rc)
			return psr_cat_refused(xl, "reading the classes of service", rc);
		if (!i)
			printf("Cache Allocation Technology (CAT):\n");
		printf("%-16s: %u\n%-16s: %luKB\n", "Socket ID", s.at[i].id, "L3 Cache", kib);
		printf("%-16s: %s\n", "CDP Status",
		       info.u.cat_info.flags & XEN_SYSCTL_PSR_CAT_L3_CDP ? "Enabled" : "Disabled");
		printf("%-16s: %u\n%-16s: %u\n", "Maximum COS", info.u.cat_info.cos_max,
		       "CBM length", info.u.cat_info.cbm_len);
		printf("%-16s: %#lx\n", "Default CBM", psr_full_mask(&info));
	}
	return 0;
}

static int main_psr_hwinfo(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "cmt", 0, NULL, 'm' }, { "cat", 0, NULL, 'a' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	bool cmt = false, cat = false;
	int opt, rc = 0;

	while ((opt = xl_getopt(xl, argc, argv, "mah", lopts, 0)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		cmt |= opt == 'm';
		cat |= opt == 'a';
	}
	if (cmt || !cat)
		rc = print_cmt(xl);
	if (!rc && (cat || !cmt))
		rc = print_cat(xl, cat);
	return rc;
}

const struct xl_command xl_psr_commands[] = {
	{ "psr-hwinfo", main_psr_hwinfo, false, false,
	  "Show what the processor can monitor and divide", "[options]",
	  "-m, --cmt  Show Cache Monitoring Technology (CMT)\n"
	  "-a, --cat  Show Cache Allocation Technology (CAT)" },
	{ 0 },
};
