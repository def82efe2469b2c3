/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI devices of guests: names, what is refused and why, creations of which every call fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xentoollog.h>

#include "light-world.h"
#include "light/pci.h"

static const struct lx_pci device = { .dev = 4 };

static void test_names(void **state)
{
	static const char *const bad[] = {
		"", "4", "00:04", "00:04.8", "00:20.0", "0:4.0:", "00:04.0,permissive=1",
		"00:04.0 ", "g0:04.0", "00000:00:04.0", "-1:04.0", "00:04.00", "00.04:0",
	};
	char text[LX_PCI_TEXT];
	struct lx_pci p;

	assert_true(lx_pci_parse("0001:af:1f.7", &p));
	assert_int_equal(p.domain, 1);
	assert_int_equal(p.bus, 0xaf);
	assert_int_equal(p.dev, 0x1f);
	assert_int_equal(p.func, 7);
	lx_pci_text(&p, text);
	assert_string_equal(text, "0001:af:1f.7");
	assert_true(lx_pci_parse("00:04.0", &p) && !memcmp(&p, &device, sizeof(p)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (lx_pci_parse(bad[i], &p))
			fail_msg("\"%s\" is taken for a device", bad[i]);
}

static void give(void)
{
	config.pcidevs = calloc(1, sizeof(*config.pcidevs));
	config.nr_pcidevs = 1;
	config.pcidevs[0] = device;
}

static void test_create(void **state)
{
	uint32_t domid;

	give();
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_xen.pci_owner, domid);
	assert_true(fake_xen.d[domid].cdf & XEN_DOMCTL_CDF_iommu);
	assert_int_equal(fake_host.resets, 1);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_int_equal(fake_xen.pci_owner, FAKE_SPARE);
	assert_no_trace();
	/* The next one takes it from quarantine; without devices there is no IOMMU. */
	fake_host.no_reset = true;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	config.nr_pcidevs = 0;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_false(fake_xen.d[domid].cdf & XEN_DOMCTL_CDF_iommu);
	assert_int_equal(lx_destroy(&lx, domid), 0);
}

static void test_refused(void **state)
{
	uint32_t domid;

	give();
	strcpy(fake_host.driver, "nvme");
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EBUSY);
	*fake_host.driver = '\0';
	assert_int_equal(fake_host.resets, 0);
	config.pcidevs[0].dev = 5;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -ENOENT);
	config.pcidevs[0] = device;
	fake_xen.pci_refused = -EXDEV;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EXDEV);
	fake_xen.pci_refused = 0;
	fake_xen.pci_owner = 5;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EBUSY);
	assert_int_equal(fake_xen.pci_owner, 5);
	assert_no_trace();
}

/* Whichever hypercall fails, the device is in no guest and the domain is gone. */
static void test_every_call_fails(void **state)
{
	unsigned int at = 0;
	uint32_t domid;
	int rc;

	give();
	do {
		fake_xen.pci_owner = 0;
		fake_xen.fail_with = -EIO;
		fake_xen.fail_at = fake_xen.calls + ++at;
		rc = lx_create_now(&lx, &config, false, &domid);
		fake_xen.fail_at = 0;
		if (rc)
			assert_true(!fake_xen.pci_owner || fake_xen.pci_owner == FAKE_SPARE);
		else
			assert_int_equal(lx_destroy(&lx, domid), 0);
		assert_no_trace();
	} while (rc || at < 40);
}

static void test_assignable(void **state)
{
	struct lx_pci *all;
	unsigned int n;

	assert_null(lx_pci_assignable_list(&lx, &n));
	assert_int_equal(lx_pci_assignable_remove(&lx, &device, true), -ENOENT);
	strcpy(fake_host.driver, "nvme");
	assert_int_equal(lx_pci_assignable_add(&lx, &device), 0);
	assert_int_equal(fake_xen.pci_owner, FAKE_SPARE);
	assert_string_equal(fake_host.driver, "");
	assert_string_equal(fake_store_get(&store, "/libxl/pci/0000-00-04-0/driver_path"), "nvme");
	assert_int_equal(lx_pci_assignable_add(&lx, &device), 0);
	all = lx_pci_assignable_list(&lx, &n);
	assert_int_equal(n, 1);
	assert_memory_equal(all, &device, sizeof(device));
	free(all);
	/* While a guest has it, it cannot be given back. */
	fake_xen.pci_owner = 3;
	assert_int_equal(lx_pci_assignable_remove(&lx, &device, true), -ENODEV);
	fake_xen.pci_owner = FAKE_SPARE;
	assert_int_equal(lx_pci_assignable_remove(&lx, &device, true), 0);
	assert_int_equal(fake_xen.pci_owner, 0);
	assert_string_equal(fake_host.driver, "nvme");
	assert_null(fake_store_get(&store, "/libxl/pci/0000-00-04-0"));
	/* A driver that does not let go keeps it. */
	fake_host.fail_at = fake_host.calls + 2;
	assert_int_equal(lx_pci_assignable_add(&lx, &device), -EIO);
	assert_string_equal(fake_host.driver, "nvme");
	assert_int_equal(fake_xen.pci_owner, 0);
}

/* As libxl writes it; and a domain's configuration keeps its devices. */
static void test_json(void **state)
{
	struct lx_domain_config copy;
	char *text, error[256];

	give();
	text = lx_to_text(&lx_domain_config_type, &config);
	assert_non_null(text);
	assert_non_null(strstr(text, "\"pcidevs\""));
	lx_init(&lx_domain_config_type, &copy);
	assert_int_equal(lx_from_text(&lx_domain_config_type, &copy, text, error), 0);
	assert_int_equal(copy.nr_pcidevs, 1);
	assert_memory_equal(copy.pcidevs, &device, sizeof(device));
	lx_dispose(&lx_domain_config_type, &copy);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names), TEST(test_create), TEST(test_refused),
		TEST(test_every_call_fails), TEST(test_assignable), TEST(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
