/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl pci-list, pci-assignable-list, pci-assignable-add, pci-assignable-remove. */
#include <getopt.h>

#include "light/pci.h"
#include "xl.h"

static bool parse(const char *text, struct lx_pci *p)
{
	if (lx_pci_parse(text, p))
		return true;
	fprintf(stderr, "%s is not a PCI device: name it as lspci -D does, [SSSS:]BB:DD.F\n", text);
	return false;
}

static int main_add(struct xl *xl, int argc, char **argv)
{
	struct lx_pci p;
	int status;

	if (!xl_plain(xl, argc, argv, 1, &status))
		return status;
	return !parse(argv[optind], &p) || lx_pci_assignable_add(xl_lx(xl), &p);
}

static int main_remove(struct xl *xl, int argc, char **argv)
{
	bool rebind = false;
	struct lx_pci p;
	int opt;

	while ((opt = getopt(argc, argv, "r")) != -1) {
		if (opt != 'r')
			return xl_usage(xl);
		rebind = true;
	}
	if (argc - optind != 1)
		return xl_usage(xl);
	return !parse(argv[optind], &p) || lx_pci_assignable_remove(xl_lx(xl), &p, rebind);
}

static int main_assignable(struct xl *xl, int argc, char **argv)
{
	struct lx_pci *all;
	unsigned int n;
	int status;

	if (!xl_plain(xl, argc, argv, 0, &status))
		return status;
	all = lx_pci_assignable_list(xl_lx(xl), &n);
	for (unsigned int i = 0; i < n; i++) {
		char text[LX_PCI_TEXT];

		lx_pci_text(&all[i], text);
		printf("%s \n", text);
	}
	free(all);
	return 0;
}

static int main_list(struct xl *xl, int argc, char **argv)
{
	struct xen_domctl_getdomaininfo info;
	struct lx_domain_config config;
	uint32_t domid;
	int status;

	if (!xl_plain(xl, argc, argv, 1, &status))
		return status;
	domid = xl_domain(xl, argv[optind]);
	if (ctl_domain_info(xl->lx.ctl, domid, &info) ||
	    lx_state_load(&xl->lx, info.handle, &config)) {
		fprintf(stderr, "domain %u has no configuration here\n", domid);
		return 1;
	}
	printf("Vdev Device\n");
	for (uint32_t i = 0; i < config.nr_pcidevs; i++) {
		char text[LX_PCI_TEXT];

		lx_pci_text(&config.pcidevs[i], text);
		printf("%02x.0 %s\n", i + 1, text);
	}
	lx_dispose(&lx_domain_config_type, &config);
	return 0;
}

const struct xl_command xl_pci_commands[] = {
	{ "pci-list", main_list, false, false, "List pass-through pci devices for a domain",
	  "<Domain>", NULL },
	{ "pci-assignable-add", main_add, false, true, "Make a device assignable for pci-passthru",
	  "<BDF>", NULL },
	{ "pci-assignable-remove", main_remove, false, true,
	  "Remove a device from being assignable", "[options] <BDF>",
	  "-r                      Attempt to re-assign the device to the original driver" },
	{ "pci-assignable-list", main_assignable, false, false,
	  "List all the assignable pci devices", "", NULL },
	{ 0 },
};
