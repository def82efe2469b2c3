/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows of PCI configuration space that the hardware domain reports: whole or not at all. */
#include "unit.h"

#include <xen/errno.h>
#include <xen/hal/io.h>
#include <xen/pci.h>

#include <asm/host.h>
#include <asm/soft-processor.h>
#include <asm/vpci.h>

#include "x86-world.h"

#define WINDOW 0xe0000000UL
#define FRAME (WINDOW >> PAGE_SHIFT)
#define FRAMES (PCI_WINDOW_BUS_SIZE >> PAGE_SHIFT)

static u8 registers[PCI_WINDOW_BUS_SIZE];
static bool no_memory;
static struct world_domain hardware;
static struct device other;

/* In place of the host port's. */
void *hal_map_mmio(paddr_t pa, size_t size)
{
	return no_memory ? NULL : registers + (pa.v & (PCI_WINDOW_BUS_SIZE - 1));
}

static enum device_rc access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	return DEVICE_ABSENT;
}

static const struct device_ops other_ops = {
	.name = "other", .access = access, .eoi = device_no_eoi, .release = device_no_release,
};

static int add(void)
{
	return vpci_add_window(hardware.d, paddr_make(WINDOW), 0, 0, 0);
}

static struct device *at(u64 addr)
{
	return device_find(&to_xd(hardware.d)->devices, DEVICE_MMIO, addr, 4);
}

/* Nothing is left of a window that could not be had, so the next try is like the first. */
static void refused(int err)
{
	for (u32 tries = 0; tries < 2; tries++) {
		HOST_CHECK(add() == err);
		HOST_CHECK(!at(WINDOW) && !pci_window_get(0));
		HOST_CHECK(rangeset_contains(&hardware.d->iomem_caps, FRAME, FRAME + FRAMES - 1));
	}
}

static void windows(void *arg)
{
	struct device_table *t;

	world_boot_alone();
	world_create(&hardware, true, 1);
	t = &to_xd(hardware.d)->devices;
	HOST_CHECK(!device_add(t, &other, &other_ops));
	HOST_CHECK(!device_claim(t, &other, DEVICE_MMIO, WINDOW + PAGE_SIZE,
				 WINDOW + PAGE_SIZE + 3));
	refused(-XEN_EEXIST);
	device_unclaim(t, &other, DEVICE_MMIO, WINDOW + PAGE_SIZE);
	no_memory = true;
	refused(-XEN_ENOMEM);
	no_memory = false;
	HOST_CHECK(!rangeset_remove(&hardware.d->iomem_caps, FRAME + 1, FRAME + 1));
	HOST_CHECK(add() == -XEN_EINVAL && !pci_window_get(0));
	HOST_CHECK(!rangeset_add(&hardware.d->iomem_caps, FRAME + 1, FRAME + 1));
	HOST_CHECK(add() == 0 && at(WINDOW) && pci_window_get(0));
	HOST_CHECK(!rangeset_overlaps(&hardware.d->iomem_caps, FRAME, FRAME + FRAMES - 1));
	HOST_CHECK(add() == 0);
	HOST_CHECK(vpci_add_window(hardware.d, paddr_make(WINDOW), 1, 0, 0) == -XEN_EEXIST);
}

static void test_windows(void **state)
{
	assert_int_equal(host_isolated(windows, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_windows) };

	return cmocka_run_group_tests_name("x86-pci-window", tests, NULL, NULL);
}
