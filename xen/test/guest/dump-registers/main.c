/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#include <public/sysctl.h>

TEST("debug key v: the registers of vCPUs that run and that sleep");
RUN("dom0=1 vcpus=3 cpus=3 end=cpu.*flags.*efer");

static volatile u64 turns;
static volatile bool stop;

static void spin(void *arg)
{
	while (!stop)
		turns++;
}

static long press(char key)
{
	static struct xen_sysctl op;
	static char keys[1];

	keys[0] = key;
	op = (struct xen_sysctl){ .cmd = XEN_SYSCTL_debug_keys,
				  .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
	set_xen_guest_handle(op.u.debug_keys.keys, keys);
	op.u.debug_keys.nr_keys = 1;
	return HC1(__HYPERVISOR_sysctl, &op);
}

void test_main(void)
{
	u64 before;

	apic_enable();
	smp_need(2);
	smp_run(1, spin, NULL);
	CHECK(WAIT_FOR(turns > 1000, 20000), "the spinning vCPU does not run");
	for (u32 i = 0; i < 20; i++) {
		before = turns;
		CHECK_EQ(press('v'), 0);
		CHECK(WAIT_FOR(turns > before + 1000, 20000), "stopped by the debug key");
	}
	stop = true;
	CHECK(smp_wait(1, 20000), "still spinning");
	test_success_before_end();
	press('v');
	sleep_ns(1000000000);
}
