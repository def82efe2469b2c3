/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trace sites on the host port test a flag each time. */
#include <xen/hal/trace.h>

bool (*host_trace_want)(u32 id);

void hal_trace_update(bool (*want)(u32 id))
{
	host_trace_want = want;
}
