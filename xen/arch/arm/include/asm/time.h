/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generic timer. */
#ifndef ASM_ARM_TIME_H
#define ASM_ARM_TIME_H

#include <xen/timescale.h>

/** How counter ticks become nanoseconds. */
const struct timescale *time_scale(void);
/** Start the clock; the tree is read and the interrupt controller works. Boot CPU. */
void time_init(void);
/** Take the date from the machine's clock, if its tree has one. Boot, after time_init(). */
void wallclock_init(void);
/** The timer of the running CPU. */
void time_cpu_up(void);

#endif
