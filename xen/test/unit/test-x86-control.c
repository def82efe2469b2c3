/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a toolstack of x86's guests asks for beside their state: the clock, CPUs, page tables. */
#include "unit.h"

#include <string.h>

#include <xen/errno.h>
#include <xen/hal/time.h>

#include <asm/apic.h>
#include <asm/host.h>
#include <asm/soft-processor.h>

#include "x86-caller.h"

#include "../../arch/x86/hvm/private.h"

#include <public/arch-x86/xen.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/memory.h>
#include <public/platform.h>
#include <public/xen.h>

#define MS 1000000LL
#define SECONDS 2000000000ULL

static struct world_domain guest;

static long platform(u32 cmd, struct xen_platform_op *op)
{
	op->cmd = cmd;
	op->interface_version = XENPF_INTERFACE_VERSION;
	return caller_call(__HYPERVISOR_platform_op, op, sizeof(*op), op, 0);
}

static void start(void)
{
	world_boot(2);
	soft_guest_set(caller_turn);
	world_create(&caller, true, 1);
	domain_unpause_by_systemcontroller(caller.d);
}

static void finish(void)
{
	HOST_CHECK(!world_destroy(&caller) && !world_left_over());
}

static void wallclock(void *arg)
{
	struct xen_platform_op op = { 0 };
	u64 sec;
	u32 nsec;

	start();
	op.u.settime64.secs = SECONDS;
	op.u.settime64.nsecs = 5;
	HOST_CHECK(!platform(XENPF_settime64, &op));
	hal_wallclock_get(&sec, &nsec);
	HOST_CHECK(sec == SECONDS && nsec == 5);
	op.u.settime64.nsecs = 1000000000;
	HOST_CHECK(platform(XENPF_settime64, &op) == -XEN_EINVAL);
	op.u.settime64.nsecs = 6;
	op.u.settime64.mbz = 1;
	HOST_CHECK(platform(XENPF_settime64, &op) == -XEN_EINVAL);
	hal_wallclock_get(&sec, &nsec);
	HOST_CHECK(sec == SECONDS && nsec == 5);
	/* A version or a command that is not there, and a caller without the right. */
	op.interface_version = XENPF_INTERFACE_VERSION + 1;
	HOST_CHECK(caller_call(__HYPERVISOR_platform_op, &op, sizeof(op), &op, 0) == -XEN_EACCES);
	HOST_CHECK(platform(999, &op) == -XEN_ENOSYS);
	caller.d->is_privileged = false;
	HOST_CHECK(platform(XENPF_settime64, &op) == -XEN_EPERM);
	caller.d->is_privileged = true;
	finish();
}

static struct xenpf_pcpuinfo info_of(u32 cpu)
{
	struct xen_platform_op op = { .u.pcpu_info.xen_cpuid = cpu };

	HOST_CHECK(!platform(XENPF_get_cpuinfo, &op) && op.u.pcpu_info.max_present == 1);
	return op.u.pcpu_info;
}

static void cpus(void *arg)
{
	struct xen_platform_op op = { .u.cpu_ol.cpuid = 0 };

	start();
	for (u32 cpu = 0; cpu < 2; cpu++) {
		HOST_CHECK(info_of(cpu).flags == XEN_PCPU_FLAGS_ONLINE);
		HOST_CHECK(info_of(cpu).apic_id == cpu_apic_id[cpu] && info_of(cpu).acpi_id == cpu);
	}
	HOST_CHECK(info_of(2).flags == XEN_PCPU_FLAGS_INVALID);
	HOST_CHECK(info_of(~0U).flags == XEN_PCPU_FLAGS_INVALID);
	HOST_CHECK(platform(XENPF_cpu_offline, &op) == -XEN_EOPNOTSUPP);
	op.u.cpu_ol.cpuid = 1;
	HOST_CHECK(!platform(XENPF_cpu_online, &op));
	op.u.firmware_info.type = XEN_FW_KBD_SHIFT_FLAGS;
	HOST_CHECK(platform(XENPF_firmware_info, &op) == -XEN_ENOENT);
	op.u.firmware_info.type = XEN_FW_KBD_SHIFT_FLAGS + 1;
	HOST_CHECK(platform(XENPF_firmware_info, &op) == -XEN_EINVAL);
	finish();
}

/* The size of a guest's page tables is kept for the toolstack, in MiB and in bytes. */
static void paging(void *arg)
{
	struct xen_domctl op = { 0 };
	u16 id;

	start();
	world_create(&guest, false, 1);
	id = guest.d->id;
	op.u.shadow_op = (struct xen_domctl_shadow_op){ .op = XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION,
							.mb = 3 };
	HOST_CHECK(!caller_domctl(id, XEN_DOMCTL_shadow_op, &op));
	op.u.shadow_op = (struct xen_domctl_shadow_op){ .op = XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION };
	HOST_CHECK(!caller_domctl(id, XEN_DOMCTL_shadow_op, &op) && op.u.shadow_op.mb == 3);
	op.u.paging_mempool.size = 0;
	HOST_CHECK(!caller_domctl(id, XEN_DOMCTL_get_paging_mempool_size, &op));
	HOST_CHECK(op.u.paging_mempool.size == 3 << 20);
	op.u.paging_mempool.size = (5 << 20) + 1;
	HOST_CHECK(caller_domctl(id, XEN_DOMCTL_set_paging_mempool_size, &op) == -XEN_EINVAL);
	op.u.paging_mempool.size = 5 << 20;
	HOST_CHECK(!caller_domctl(id, XEN_DOMCTL_set_paging_mempool_size, &op));
	op.u.shadow_op = (struct xen_domctl_shadow_op){ .op = XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION };
	HOST_CHECK(!caller_domctl(id, XEN_DOMCTL_shadow_op, &op) && op.u.shadow_op.mb == 5);
	op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE;
	HOST_CHECK(caller_domctl(id, XEN_DOMCTL_shadow_op, &op) == -XEN_EOPNOTSUPP);
	HOST_CHECK(!world_destroy(&guest));
	finish();
}

/* Firmware clears the shared page after use; who maps it next finds the time there again. */
static void time_comes_back(void *arg)
{
	struct xen_add_to_physmap op = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info };
	struct vcpu_time_info *t, before;

	start();
	op.gpfn = (caller.base >> PAGE_SHIFT) + WORLD_DATA + 2;
	t = &caller.d->vcpu[0]->vcpu_info->time;
	HOST_CHECK(!caller_command(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &op, sizeof(op)));
	before = *t;
	HOST_CHECK(before.tsc_to_system_mul && !(before.version & 1));
	memset(t, 0, sizeof(*t));
	HOST_CHECK(!caller_command(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, &op, sizeof(op)));
	HOST_CHECK(t->tsc_to_system_mul == before.tsc_to_system_mul && !(t->version & 1));
	HOST_CHECK(t->tsc_shift == before.tsc_shift && t->system_time >= before.system_time);
	finish();
}

static long set_place(u16 domid, u64 place)
{
	struct xen_hvm_param p = { .domid = domid, .index = HVM_PARAM_ACPI_IOPORTS_LOCATION,
				   .value = place };

	return caller_command(__HYPERVISOR_hvm_op, HVMOP_set_param, &p, sizeof(p));
}

/* Only a guest with an ACPI timer has a place for it. */
static void acpi_place(void *arg)
{
	start();
	HOST_CHECK(set_place(caller.d->id, 1) == -XEN_ENODEV);
	world_devices |= XEN_X86_EMU_IOAPIC | HVM_CHIPSET_FLAGS;
	world_create(&guest, false, 1);
	HOST_CHECK(!set_place(guest.d->id, 1) && set_place(guest.d->id, 2) == -XEN_EINVAL);
	HOST_CHECK(!world_destroy(&guest));
	finish();
}

/* A PC whose clocks were ticking goes with all of them. */
static void chipset_ends(void *arg)
{
	start();
	world_devices |= XEN_X86_EMU_IOAPIC | HVM_CHIPSET_FLAGS;
	world_create(&guest, false, 1);
	domain_unpause_by_systemcontroller(guest.d);
	host_run(hal_now_ns() + MS);
	HOST_CHECK(!world_destroy(&guest));
	host_run(hal_now_ns() + 100 * MS);
	finish();
}

static void check_run(void (*fn)(void *arg))
{
	const struct host_outcome *r = host_isolated(fn, NULL);

	if (r->status)
		fail_msg("%s", r->console);
}

static void test_clock(void **state) { check_run(wallclock); }
static void test_cpus(void **state) { check_run(cpus); }
static void test_paging(void **state) { check_run(paging); }
static void test_time_comes_back(void **state) { check_run(time_comes_back); }
static void test_acpi_place(void **state) { check_run(acpi_place); }
static void test_chipset_ends(void **state) { check_run(chipset_ends); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock), cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_paging), cmocka_unit_test(test_time_comes_back),
		cmocka_unit_test(test_acpi_place), cmocka_unit_test(test_chipset_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
