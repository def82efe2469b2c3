/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("GNTTABOP_cache_flush: dom0 cleans lines of its own page, whose machine address it knows");
RUN("dom0=1 cpus=1");

static u64 page[PAGE_SIZE / 8] PAGE_ALIGNED;

static long flush(u64 address, u16 offset, u16 length, u32 op)
{
	struct gnttab_cache_flush f = { .a.dev_bus_addr = address, .offset = offset,
					.length = length, .op = op };

	return grant_op(GNTTABOP_cache_flush, &f, 1);
}

void test_main(void)
{
	const u32 both = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL;
	u64 here = (u64)(unsigned long)page;

	for (u32 i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = i * 0x0101010101010101UL;
	CHECK_EQ(flush(here, 0, PAGE_SIZE, both), 0);
	CHECK_EQ(flush(here, 0, PAGE_SIZE, GNTTAB_CACHE_CLEAN), 0);
	CHECK_EQ(flush(here, PAGE_SIZE - 1, 1, both), 0);
	for (u32 i = 0; i < ARRAY_SIZE(page); i++)
		CHECK(page[i] == i * 0x0101010101010101UL, "word %u changed", i);
	/* An x86 processor cannot drop a range of dirty lines. */
	CHECK_EQ(flush(here, 0, 64, GNTTAB_CACHE_INVAL), -XEN_EOPNOTSUPP);
	CHECK_EQ(flush(here, 1, PAGE_SIZE, both), -XEN_EINVAL);
	CHECK_EQ(flush(0xfee00000UL, 0, 64, both), -XEN_EINVAL);
	CHECK_EQ(flush(~0xfffUL, 0, 64, both), -XEN_EINVAL);
	CHECK(flush(0x200000UL, 0, 64, both) < 0, "the hypervisor's own memory");
}
