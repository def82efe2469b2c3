/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the boot loader's modules are: out of the way of kernels, then given back. */
#include <xen/hal/build.h>
#include <xen/string.h>

#include <asm/mm.h>
#include <asm/setup.h>

/* Modules below this may be where kernels are linked. */
#define MOVE_LIMIT (256UL << 20)

/* The last page of a module is not free if another module begins in it. */
static u64 __init end_of_free(const struct boot_module *m)
{
	u64 end = ROUND_UP(m->end.v, PAGE_SIZE);

	for (u32 i = 0; i < boot_info.nr_modules; i++) {
		u64 start = boot_info.modules[i].start.v;

		if (start >= m->end.v && start < end)
			end -= PAGE_SIZE;
	}
	return end;
}

void __init boot_modules_move(void)
{
	for (u32 i = 0; i < boot_info.nr_modules; i++) {
		struct boot_module *m = &boot_info.modules[i];
		u64 len = m->end.v - m->start.v;
		void *to;

		if (m->start.v >= MOVE_LIMIT || !len)
			continue;
		to = boot_alloc(len, PAGE_SIZE);
		memcpy(to, paddr_to_virt(m->start), len);
		boot_alloc_give(ROUND_UP(m->start.v, PAGE_SIZE), end_of_free(m));
		m->start = virt_to_paddr(to);
		m->end = paddr_make(m->start.v + len);
	}
}

struct boot_module *__init hal_boot_modules(u32 *nr)
{
	*nr = boot_info.nr_modules;
	return boot_info.modules;
}

u64 __init hal_boot_modules_free(void)
{
	u64 freed = 0;

	for (u32 i = 0; i < boot_info.nr_modules; i++) {
		u64 start = ROUND_UP(boot_info.modules[i].start.v, PAGE_SIZE);
		u64 end = end_of_free(&boot_info.modules[i]);

		if (start >= end)
			continue;
		heap_add_boot_memory(start, end);
		freed += end - start;
	}
	return freed;
}
