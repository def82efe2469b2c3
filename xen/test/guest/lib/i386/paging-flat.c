/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No paging: linear addresses are physical ones. */
#include "cpu.h"

const bool has_paging = false;
const bool has_wide_ptes = false;
void paging_on(void);

void paging_on(void)
{
}

u64 pte_get(u64 va)
{
	test_skip("needs paging");
}

void pte_set(u64 va, u64 pte)
{
	test_skip("needs paging");
}

void map_page(u64 va, u64 pa, u64 flags)
{
	test_skip("needs paging");
}

void flush_page(u64 va)
{
	test_skip("needs paging");
}
