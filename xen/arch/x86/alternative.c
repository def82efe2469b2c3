/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rewrites code at boot to use the features of this CPU. */
#include <xen/printk.h>
#include <xen/string.h>
#include <asm/alternative.h>
#include <asm/mm.h>

#define NOP 0x90
#define MAX_PATCH 32

extern const struct alt_entry altinstr_start[], altinstr_end[];

void __init alternatives_apply(void)
{
	u32 patched = 0;

	for (const struct alt_entry *a = altinstr_start; a < altinstr_end; a++) {
		u8 code[MAX_PATCH];

		if (!cpu_has(a->feature))
			continue;
		BUG_ON(a->orig_len > MAX_PATCH || a->repl_len > a->orig_len);
		memset(code, NOP, sizeof(code));
		memcpy(code, (const char *)&a->repl + a->repl, a->repl_len);
		text_patch((char *)&a->orig + a->orig, code, a->orig_len);
		patched++;
	}
	printk(LOG_DEBUG "Alternatives: %u of %u places patched\n", patched,
	       (u32)(altinstr_end - altinstr_start));
}
