/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edu.h"
#include "other.h"

#include <public/physdev.h>

static long device_call(u32 cmd, u16 domid, u32 sbdf, u32 flags)
{
	struct xen_domctl op = { .cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
				 .domain = domid };

	op.u.assign_device = (struct xen_domctl_assign_device){
		.dev = XEN_DOMCTL_DEV_PCI, .flags = flags, .u.pci.machine_sbdf = sbdf };
	return HC1(__HYPERVISOR_domctl, &op);
}

static long assign(u16 domid) { return device_call(XEN_DOMCTL_assign_device, domid, edu_devfn, 0); }
static long take(u16 domid) { return device_call(XEN_DOMCTL_deassign_device, domid, edu_devfn, 0); }
static long test(u16 domid)
{
	return device_call(XEN_DOMCTL_test_assign_device, domid, edu_devfn, 0);
}

/* Calls that change nothing: the device is ours when they end. */
static void refused_calls(void)
{
	CHECK_EQ(assign(DOMID_SELF), -XEN_EINVAL);
	CHECK_EQ(assign(DOMID_XEN), -XEN_ESRCH);
	CHECK_EQ(assign(other_domid + 1), -XEN_ESRCH);
	CHECK_EQ(take(other_domid), -XEN_ENODEV);
	CHECK_EQ(take(DOMID_IO), -XEN_ENODEV);
	/* A function that is absent, one of another segment, and unknown flags. */
	CHECK_EQ(device_call(XEN_DOMCTL_assign_device, other_domid, 0xffff, 0), -XEN_ENODEV);
	CHECK_EQ(device_call(XEN_DOMCTL_assign_device, other_domid, 0x10000 | edu_devfn, 0),
		 -XEN_ENODEV);
	CHECK_EQ(device_call(XEN_DOMCTL_assign_device, other_domid, edu_devfn, 2), -XEN_EINVAL);
	CHECK_EQ(device_call(XEN_DOMCTL_deassign_device, other_domid, edu_devfn, 1), -XEN_EINVAL);
	CHECK_EQ(test(other_domid), 0);
}

/* Linux reports each function that it finds, also one that it found before. */
static void report_again(void)
{
	struct physdev_pci_device_add add = { .devfn = (u8)edu_devfn };
	struct physdev_manage_pci old = { .devfn = (u8)edu_devfn };

	CHECK_EQ(HC2(__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, &add), 0);
	CHECK_EQ(HC2(__HYPERVISOR_physdev_op, PHYSDEVOP_manage_pci_add, &old), 0);
}

static void assigned(u32 *own)
{
	u32 *from = (u32 *)other_at(OTHER_DATA), *to = (u32 *)other_at(OTHER_IDT);

	CHECK_EQ(assign(other_domid), 0);
	CHECK_EQ(assign(other_domid), -XEN_EBUSY);
	CHECK_EQ(assign(DOMID_IO), -XEN_EBUSY);
	CHECK_EQ(test(other_domid), -XEN_EINVAL);
	CHECK_EQ(take(DOMID_IO), -XEN_ENODEV);
	report_again();
	edu_fill(from, 0x66);
	edu_fetch(OTHER_DATA);
	edu_store(OTHER_IDT);
	CHECK(edu_is_filled(to, 0x66), "DMA in the other domain: word 0 is %#x", to[0]);
	edu_fill(own, 0x77);
	edu_store((u64)own);
	CHECK(edu_is_filled(own, 0x77), "the device still writes our page: word 0 is %#x", own[0]);
}

static void quarantined(void)
{
	u32 *to = (u32 *)other_at(OTHER_IDT);

	CHECK_EQ(take(other_domid), 0);
	CHECK_EQ(take(other_domid), -XEN_ENODEV);
	report_again();
	edu_fill(to, 0x88);
	edu_store(OTHER_IDT);
	CHECK(edu_is_filled(to, 0x88), "a device in quarantine writes: word 0 is %#x", to[0]);
}

/* Its page may be another domain's when the device gets to it. */
static void domain_ends(u32 *a)
{
	long rc;

	CHECK_EQ(assign(other_domid), 0);
	edu_fill(a, 0x99);
	edu_start_store(OTHER_IDT);
	do
		rc = other_simple(XEN_DOMCTL_destroydomain);
	while (rc == -XEN_EAGAIN);
	CHECK_EQ(rc, 0);
	edu_wait();
	CHECK_EQ(take(other_domid), -XEN_ESRCH);
	CHECK_EQ(take(DOMID_IO), 0);
}

void edu_test_passthrough(void)
{
	static const u8 nothing[1];
	u32 *a = alloc_pages(1, PAGE_SIZE), *b = alloc_pages(1, PAGE_SIZE);

	edu_need();
	other_flags = XEN_DOMCTL_CDF_iommu;
	other_create(nothing, nothing + 1, XEN_X86_EMU_LAPIC);
	refused_calls();
	edu_own_memory(a, b);
	assigned(a);
	quarantined();
	CHECK_EQ(take(DOMID_IO), 0);
	edu_own_memory(a, b);
	domain_ends(a);
	edu_own_memory(a, b);
	CHECK_EQ(assign(DOMID_IO), 0);
	sleep_ns(1500 * MS);
	test_success_before_end();
	edu_store((u64)a);
	sleep_ns(1500 * MS);
	shutdown(SHUTDOWN_poweroff);
}
