/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#include <public/arch-x86/hvm/start_info.h>

TEST("physmap: shared info moved, remove, the memory map, bad spaces and frames");

static u8 place[2][PAGE_SIZE] PAGE_ALIGNED;

static long add(u32 space, u64 idx, void *at)
{
	struct xen_add_to_physmap x = { .domid = DOMID_SELF, .space = (u16)space, .idx = idx,
					.gpfn = (u64)at / PAGE_SIZE };

	return memory_op(XENMEM_add_to_physmap, &x);
}

static long add_range_by_batch(void)
{
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF,
					      .space = XENMAPSPACE_gmfn_range };

	return memory_op(XENMEM_add_to_physmap_batch, &b);
}

static void check_map(void)
{
	static struct {
		u64 start, size;
		u32 type;
	} __attribute__((packed)) e820[128];
	struct xen_memory_map map = { .nr_entries = ARRAY_SIZE(e820) };
	u64 ram = 0;

	set_xen_guest_handle(map.buffer, (void *)e820);
	CHECK_EQ(memory_op(XENMEM_memory_map, &map), 0);
	for (u32 i = 0; i < map.nr_entries && i < ARRAY_SIZE(e820); i++)
		ram += e820[i].type == XEN_HVM_MEMMAP_TYPE_RAM ? e820[i].size : 0;
	CHECK(ram > 4UL << 20, "%u entries with %lu bytes of RAM", map.nr_entries, ram);
}

void test_main(void)
{
	struct xen_remove_from_physmap rm = { .domid = DOMID_SELF };
	volatile struct shared_info *moved = (void *)place[0];
	u64 system_time = shared_info.vcpu_info[0].time.system_time;

	NEED(system_time, "no time in the shared info");
	check_map();
	CHECK_EQ(add(XENMAPSPACE_shared_info, 0, place[0]), 0);
	CHECK(moved->vcpu_info[0].time.tsc_to_system_mul, "the shared info did not move");
	CHECK_EQ(add(XENMAPSPACE_shared_info, 0, &shared_info), 0);
	CHECK(add(XENMAPSPACE_shared_info, 1, place[1]) < 0, "a second shared info page");
	CHECK_EQ(add(77, 0, place[1]), -XEN_EINVAL);
	CHECK_EQ(add(XENMAPSPACE_dev_mmio, 0, place[1]), -XEN_EACCES);
	CHECK_EQ(add(XENMAPSPACE_gmfn_foreign, 0, place[1]), -XEN_ENOSYS);
	CHECK_EQ(add_range_by_batch(), -XEN_EOPNOTSUPP);
	rm.gpfn = (u64)place[1] / PAGE_SIZE;
	place[1][0] = 3;
	CHECK_EQ(memory_op(XENMEM_remove_from_physmap, &rm), 0);
	CHECK_EQ(*(volatile u8 *)place[1], 0xff);
	rm.gpfn = (xen_pfn_t)0xffffffffffULL;
	CHECK(memory_op(XENMEM_remove_from_physmap, &rm) < 0, "removed what is not there");
	CHECK_EQ(memory_op(XENMEM_remove_from_physmap, UNMAPPED), -XEN_EFAULT);
}
