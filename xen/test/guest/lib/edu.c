/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edu.h"
#include "pci.h"

#define EDU_ID 0x11e81234U
#define COMMAND 0x04
#define COMMAND_MEMORY_MASTER 6U

#define XENOLITH_LOOK 0x2000U

static volatile u32 *registers;
u32 edu_devfn;

void edu_need(void)
{
	u32 devfn = 0;

	while (devfn < 256 && pci_config(devfn, 0) != EDU_ID)
		devfn += 8;
	if (devfn == 256)
		test_skip("the machine has no edu device");
	edu_devfn = devfn;
	registers = (volatile u32 *)(word)pci_window(devfn);
	pci_set_config(devfn, COMMAND, pci_config(devfn, COMMAND) | COMMAND_MEMORY_MASTER);
	NEED(registers, "the device has no address");
}

static void set_address(u32 reg, u64 at)
{
	*(volatile u64 *)((u64)registers + reg) = at;
}

static void start_copy(u64 source, u64 target, u32 command)
{
	set_address(EDU_DMA_SOURCE, source);
	set_address(EDU_DMA_TARGET, target);
	set_address(EDU_DMA_COUNT, PAGE_SIZE);
	registers[EDU_DMA_COMMAND / 4] = command | EDU_DMA_START;
}

void edu_wait(void)
{
	/* It takes a tenth of a second. */
	for (u32 i = 0; i < 100 && registers[EDU_DMA_COMMAND / 4] & EDU_DMA_START; i++)
		sleep_ns(20 * MS);
	NEED(!(registers[EDU_DMA_COMMAND / 4] & EDU_DMA_START), "the device does not finish");
}

void edu_start_store(u64 to) { start_copy(EDU_BUFFER, to, EDU_DMA_TO_MEMORY); }

void edu_fetch(u64 from)
{
	start_copy(from, EDU_BUFFER, 0);
	edu_wait();
}

void edu_store(u64 to)
{
	edu_start_store(to);
	edu_wait();
}

void edu_interrupt(void)
{
	registers[EDU_RAISE / 4] = 1;
	registers[EDU_ACKNOWLEDGE / 4] = registers[EDU_STATUS / 4];
}

void edu_fill(u32 *page, u32 seed)
{
	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		page[i] = seed + i * 0x01010101U;
}

bool edu_is_filled(const u32 *page, u32 seed)
{
	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		if (page[i] != seed + i * 0x01010101U)
			return false;
	return true;
}

void edu_own_memory(u32 *a, u32 *b)
{
	edu_fill(a, 0x11);
	edu_fill(b, 0x22);
	edu_fetch((u64)a);
	edu_store((u64)b);
	CHECK(edu_is_filled(b, 0x11), "DMA between own pages: word 0 is %#x", b[0]);
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
	edu_fill(gone, 0x33);
	edu_fetch((u64)gone);
	edu_store((u64)a);
	CHECK(edu_is_filled(a, 0x33), "before it is unmapped: word 0 is %#x", a[0]);
	edu_fill(a, 0x44);
	edu_fetch((u64)a);
	unmap((u64)gone);
	edu_fetch((u64)gone);
	edu_store((u64)a);
	CHECK(!edu_is_filled(a, 0x33), "a device reads an unmapped page");
}

static bool has_image(const u32 *page)
{
	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		if (page[i] == hypervisor_magic)
			return true;
	return false;
}

static void hypervisor_memory(u32 *a)
{
	u64 start = hypervisor_start();

	for (u64 at = start; at < start + XENOLITH_LOOK; at += PAGE_SIZE) {
		edu_fill(a, 0x55);
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
	edu_own_memory(a, b);
	unmapped_memory(a, gone);
	hypervisor_memory(a);
	test_success_before_end();
	/* A device and a cause have one line a second. */
	sleep_ns(1100 * MS);
	edu_store(hypervisor_start());
	/* The report may take a second. The end of this domain is that of the machine. */
	sleep_ns(1500 * MS);
	shutdown(SHUTDOWN_poweroff);
}
