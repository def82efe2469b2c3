/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interface between measuring TSC differences and the clock that uses them. */
#ifndef ARCH_X86_TSC_SYNC_H
#define ARCH_X86_TSC_SYNC_H

#include <xen/types.h>

/** What to add to @cpu's TSC to get the boot CPU's. Before @cpu uses hal_now_ns(). */
void time_set_tsc_offset(u32 cpu, s64 offset);

#endif
