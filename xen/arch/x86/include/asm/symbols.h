/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the hypervisor's own functions, for backtraces. */
#ifndef ASM_X86_SYMBOLS_H
#define ASM_X86_SYMBOLS_H

#include <xen/compiler.h>

/** Name of the function that holds @addr, with the offset into it; NULL when there is none. The
 * name lies in a table and is never freed. Any context. */
const char *symbol_lookup(u64 addr, u64 *offset, u64 *size);

#endif
