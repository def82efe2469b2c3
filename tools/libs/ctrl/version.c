/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XENVER_*: what hypervisor this is. */
#include "private.h"

int ctl_version(struct ctl *ctl, unsigned int cmd, void *out, size_t bytes)
{
	if (!out)
		return (int)call2(ctl, __HYPERVISOR_xen_version, cmd, 0);
	return (int)call_struct(ctl, __HYPERVISOR_xen_version, cmd, out, bytes);
}
