/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The port whose bytes Xen prints for its guests. */
#include "cpu.h"

void print_elsewhere(const char *line)
{
	while (*line)
		outb(XEN_HVM_DEBUGCONS_IOPORT, (u8)*line++);
}
