/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edu.h"
#include "other.h"

#include <public/physdev.h>

#define EDU_ID 0x11e81234U
#define COMMAND 0x04
#define COMMAND_MEMORY_MASTER 6U
#define BAR0 0x10
#define CONFIG_ENABLE 0x80000000U
/* Registers, and where its own buffer is on its side. */
#define DMA_SOURCE 0x80
#define DMA_TARGET 0x88
#define DMA_COUNT 0x90
#define DMA_COMMAND 0x98
#define DMA_START 1U
#define DMA_TO_MEMORY 2U
#define OWN_BUFFER 0x40000U

#define XENOLITH_START 0x200000U
#define XENOLITH_LOOK 0x2000U
#define MULTIBOOT_MAGIC 0x1badb002U

static volatile u32 *registers;
static u32 at_devfn;

static u32 config(u32 devfn, u32 reg)
{
	outl(0xcf8, CONFIG_ENABLE | devfn << 8 | reg);
	return inl(0xcfc);
}

static void set_config(u32 devfn, u32 reg, u32 val)
{
	outl(0xcf8, CONFIG_ENABLE | devfn << 8 | reg);
	outl(0xcfc, val);
}

void edu_need(void)
{
	u32 devfn = 0;

	while (devfn < 256 && config(devfn, 0) != EDU_ID)
		devfn += 8;
	if (devfn == 256)
		test_skip("the machine has no edu device");
	at_devfn = devfn;
	set_config(devfn, COMMAND, config(devfn, COMMAND) | COMMAND_MEMORY_MASTER);
	registers = (volatile u32 *)(word)(config(devfn, BAR0) & ~0xfU);
	NEED(registers, "the device has no address");
}

static void set_address(u32 reg, u64 at)
{
	*(volatile u64 *)((u64)registers + reg) = at;
}

static void start_copy(u64 source, u64 target, u32 command)
{
	set_address(DMA_SOURCE, source);
	set_address(DMA_TARGET, target);
	set_address(DMA_COUNT, PAGE_SIZE);
	registers[DMA_COMMAND / 4] = command | DMA_START;
}

void edu_wait(void)
{
	/* It takes a tenth of a second. */
	for (u32 i = 0; i < 100 && registers[DMA_COMMAND / 4] & DMA_START; i++)
		sleep_ns(20 * MS);
	NEED(!(registers[DMA_COMMAND / 4] & DMA_START), "the device does not finish");
}

void edu_start_store(u64 to) { start_copy(OWN_BUFFER, to, DMA_TO_MEMORY); }

void edu_fetch(u64 from)
{
	start_copy(from, OWN_BUFFER, 0);
	edu_wait();
}

void edu_store(u64 to)
{
	edu_start_store(to);
	edu_wait();
}

static void fill(u32 *page, u32 seed)
{
	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		page[i] = seed + i * 0x01010101U;
}

static bool is_filled(const u32 *page, u32 seed)
{
	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		if (page[i] != seed + i * 0x01010101U)
			return false;
	return true;
}

static void own_memory(u32 *a, u32 *b)
{
	fill(a, 0x11);
	fill(b, 0x22);
	edu_fetch((u64)a);
	edu_store((u64)b);
	CHECK(is_filled(b, 0x11), "DMA between own pages: word 0 is %#x", b[0]);
}

/* Move what is at @at elsewhere, so that the address has nothing. */
static void unmap(u64 at)
{
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = at / PAGE_SIZE };

	NEED(!memory_op(XENMEM_remove_from_physmap, &r), "the page cannot be unmapped");
}

/* A page that was taken out of the domain's memory is out of the device's reach at once. */
static void unmapped_memory(u32 *a, u32 *gone)
{
	fill(gone, 0x33);
	edu_fetch((u64)gone);
	edu_store((u64)a);
	CHECK(is_filled(a, 0x33), "before it is unmapped: word 0 is %#x", a[0]);
	fill(a, 0x44);
	edu_fetch((u64)a);
	unmap((u64)gone);
	edu_fetch((u64)gone);
	edu_store((u64)a);
	CHECK(!is_filled(a, 0x33), "a device reads an unmapped page");
}

static bool has_image(const u32 *page)
{
	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		if (page[i] == MULTIBOOT_MAGIC)
			return true;
	return false;
}

/* The hypervisor's image begins with the header for its boot loader. */
static void hypervisor_memory(u32 *a)
{
	for (u64 at = XENOLITH_START; at < XENOLITH_START + XENOLITH_LOOK; at += PAGE_SIZE) {
		fill(a, 0x55);
		edu_fetch((u64)a);
		edu_fetch(at);
		edu_store((u64)a);
		CHECK(!has_image(a), "a device reads the hypervisor at %#lx", at);
	}
}

void edu_test_iommu(void)
{
	u32 *a = alloc_pages(1, PAGE_SIZE), *b = alloc_pages(1, PAGE_SIZE);
	u32 *gone = alloc_pages(1, PAGE_SIZE);

	edu_need();
	own_memory(a, b);
	unmapped_memory(a, gone);
	hypervisor_memory(a);
	test_success_before_end();
	edu_store(XENOLITH_START);
	/* The report may take a second. The end of this domain is that of the machine. */
	sleep_ns(1500 * MS);
	shutdown(SHUTDOWN_poweroff);
}

static long device_call(u32 cmd, u16 domid, u32 sbdf, u32 flags)
{
	struct xen_domctl op = { .cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
				 .domain = domid };

	op.u.assign_device = (struct xen_domctl_assign_device){
		.dev = XEN_DOMCTL_DEV_PCI, .flags = flags, .u.pci.machine_sbdf = sbdf };
	return HC1(__HYPERVISOR_domctl, &op);
}

static long assign(u16 domid) { return device_call(XEN_DOMCTL_assign_device, domid, at_devfn, 0); }
static long take(u16 domid) { return device_call(XEN_DOMCTL_deassign_device, domid, at_devfn, 0); }
static long test(u16 domid)
{
	return device_call(XEN_DOMCTL_test_assign_device, domid, at_devfn, 0);
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
	CHECK_EQ(device_call(XEN_DOMCTL_assign_device, other_domid, 0x10000 | at_devfn, 0),
		 -XEN_ENODEV);
	CHECK_EQ(device_call(XEN_DOMCTL_assign_device, other_domid, at_devfn, 2), -XEN_EINVAL);
	CHECK_EQ(device_call(XEN_DOMCTL_deassign_device, other_domid, at_devfn, 1), -XEN_EINVAL);
	CHECK_EQ(test(other_domid), 0);
}

/* Linux reports each function that it finds, also one that it found before. */
static void report_again(void)
{
	struct physdev_pci_device_add add = { .devfn = (u8)at_devfn };
	struct physdev_manage_pci old = { .devfn = (u8)at_devfn };

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
	fill(from, 0x66);
	edu_fetch(OTHER_DATA);
	edu_store(OTHER_IDT);
	CHECK(is_filled(to, 0x66), "DMA in the other domain: word 0 is %#x", to[0]);
	fill(own, 0x77);
	edu_store((u64)own);
	CHECK(is_filled(own, 0x77), "the device still writes our page: word 0 is %#x", own[0]);
}

static void quarantined(void)
{
	u32 *to = (u32 *)other_at(OTHER_IDT);

	CHECK_EQ(take(other_domid), 0);
	CHECK_EQ(take(other_domid), -XEN_ENODEV);
	report_again();
	fill(to, 0x88);
	edu_store(OTHER_IDT);
	CHECK(is_filled(to, 0x88), "a device in quarantine writes: word 0 is %#x", to[0]);
}

/* Its page may be another domain's when the device gets to it. */
static void domain_ends(u32 *a)
{
	long rc;

	CHECK_EQ(assign(other_domid), 0);
	fill(a, 0x99);
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
	own_memory(a, b);
	assigned(a);
	quarantined();
	CHECK_EQ(take(DOMID_IO), 0);
	own_memory(a, b);
	domain_ends(a);
	own_memory(a, b);
	CHECK_EQ(assign(DOMID_IO), 0);
	sleep_ns(1500 * MS);
	test_success_before_end();
	edu_store((u64)a);
	sleep_ns(1500 * MS);
	shutdown(SHUTDOWN_poweroff);
}
