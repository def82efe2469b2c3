/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the information that the loader left in memory.
 *
 * The parsers run before the console, so they record the first fault (boot_fault) and continue;
 * boot_info_check() reports it once the console works.
 */
#ifndef X86_BOOT_BOOT_H
#define X86_BOOT_BOOT_H

#include <asm/page.h>
#include <asm/setup.h>

#define MULTIBOOT1_MAGIC 0x2badb002
#define MULTIBOOT2_MAGIC 0x36d76289

/** Fill boot_info. Each takes @info, the physical address from the loader, below 4 GiB. */
void boot_parse_multiboot1(u32 info);
void boot_parse_multiboot2(u32 info);
void boot_parse_pvh(u32 info);

/** If the only module is an archive of modules, replace it by them. Call after the parsers. */
void boot_open_bundle(void);

/** Note the first mistake in the loader's information, for boot_info_check. */
void boot_fault(const char *fmt, ...) __printf_like(1, 2);
void boot_add_region(u64 start, u64 size, u32 type);
/** @cmdline may be NULL. @has_name: the first word is the file's name, not an argument. */
void boot_add_module(u64 start, u64 end, const char *cmdline, bool has_name);
void boot_set_cmdline(const char *s, bool has_name);
void boot_set_loader(const char *s);

/** The loader's memory as mapped by the first page tables; NULL above 4 GiB. */
static inline const void *boot_ptr(u64 pa, u64 size)
{
	if (pa == 0 || size > 1UL << 32 || pa > (1UL << 32) - size)
		return NULL;
	return (const void *)(DIRECT_MAP_BASE + pa);
}

#endif
