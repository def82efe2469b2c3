/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XENPF_*: the hardware domain sets the clock and asks about firmware and CPUs. */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/hypercall.h>
#include <xen/string.h>

#include <asm/apic.h>
#include <asm/features.h>
#include <asm/psr.h>

#include "private.h"

#include <public/platform.h>

static long settime(const struct xenpf_settime64 *t)
{
	struct domain *d;

	if (t->mbz || t->nsecs >= 1000000000U)
		return -XEN_EINVAL;
	hal_wallclock_set(t->secs, t->nsecs, (s_time_t)t->system_time);
	rcu_read_lock();
	for (d = domain_next(NULL); d; d = domain_next(d))
		hal_domain_update_wallclock(d);
	rcu_read_unlock();
	return 0;
}

static long cpuinfo(struct xenpf_pcpuinfo *info)
{
	u32 cpu = info->xen_cpuid;

	info->max_present = nr_cpu_ids - 1;
	info->flags = XEN_PCPU_FLAGS_INVALID;
	if (!cpu_take_online(&cpu))
		return 0;
	info->flags = cpu_in_use(cpu) ? XEN_PCPU_FLAGS_ONLINE : 0;
	info->apic_id = cpu_apic_id[cpu];
	info->acpi_id = cpu;
	return 0;
}

/* Asking for the state that the CPU has is a success here. */
static long cpu_on_off(u32 cpu, bool on)
{
	long rc;

	if (!on && cpu == 0)
		return -XEN_EOPNOTSUPP;
	if (!control_trylock())
		return -XEN_ERESTART;
	rc = on ? cpu_online(cpu) : cpu_offline(cpu);
	control_unlock();
	return rc == -XEN_EEXIST ? 0 : rc;
}

long hal_platform_op(struct vcpu *v, struct hypercall *hc)
{
	guest_ptr_t arg = gvaddr_make(hc->arg[0]);
	struct xen_platform_op op;
	long rc;

	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -XEN_EACCES;
	switch (op.cmd) {
	case XENPF_settime64:
		return settime(&op.u.settime64);
	case XENPF_get_cpuinfo:
		rc = cpuinfo(&op.u.pcpu_info);
		break;
	case XENPF_cpu_online:
	case XENPF_cpu_offline:
		return cpu_on_off(op.u.cpu_ol.cpuid, op.cmd == XENPF_cpu_online);
	case XENPF_resource_op:
		return psr_resource_op(v, &op.u.resource_op);
	case XENPF_firmware_info:
		/* No BIOS disk or display data was collected. */
		return op.u.firmware_info.type > XEN_FW_KBD_SHIFT_FLAGS ? -XEN_EINVAL : -XEN_ENOENT;
	default:
		return -XEN_ENOSYS;
	}
	if (!rc && guest_copy_out(v, arg, &op, sizeof(op)))
		return -XEN_EFAULT;
	return rc;
}

const char *hal_capabilities(void)
{
	return "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 ";
}
