/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("console_io: lengths, bad pointers, control characters, reading is dom0's");

#define console_io(cmd, n, p) HC3(__HYPERVISOR_console_io, cmd, n, p)

void test_main(void)
{
	static char text[3000];
	char c;

	memset(text, 'x', sizeof(text));
	for (u32 i = 99; i < sizeof(text); i += 100)
		text[i] = '\n';
	CHECK_EQ(console_io(CONSOLEIO_write, 0, NULL), 0);
	CHECK_EQ(console_io(CONSOLEIO_write, sizeof(text), text), 0);
	CHECK_EQ(console_io(CONSOLEIO_write, 10, UNMAPPED), -XEN_EFAULT);
	CHECK_EQ(console_io(CONSOLEIO_write, 10, NON_CANONICAL), -XEN_EFAULT);
	CHECK_EQ(console_io(CONSOLEIO_write, 6, "\a\b\x1b[m\n"), 0);
	CHECK_EQ(console_io(7, 0, NULL), -XEN_ENOSYS);
	CHECK_EQ(console_io(CONSOLEIO_read, 1, &c), is_privileged() ? 0 : -XEN_EPERM);
}
