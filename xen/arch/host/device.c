/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mapped registers: without a test's model of a device they are memory. */
#include <asm/io.h>

bool (*host_device_write)(volatile void *reg, u64 v, u32 bytes);
