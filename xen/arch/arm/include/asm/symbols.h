/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the running image's functions, for backtraces. */
#ifndef ASM_ARM_SYMBOLS_H
#define ASM_ARM_SYMBOLS_H

#include <xen/symbols.h>

/** symbol_find() for an address of the running image. */
const char *symbol_lookup(u64 addr, u64 *into, u64 *size);

#endif
