/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interface between bringing up CPUs and sending messages to them. */
#ifndef ARCH_X86_SMP_H
#define ARCH_X86_SMP_H

/** Set the handlers of the IPIs. Boot only. */
void smp_take_vectors(void);

#endif
