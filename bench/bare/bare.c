/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The measuring microguest without a hypervisor: stands in for the library's hypercalls, so that
 * the same code measures what the machine does by itself. Only what the library needs at its start
 * and end is there; the rest does not exist.
 */
#include "bench.h"

#define COM1 0x3f8
#define LSR_THR_EMPTY 0x20
#define PM_TIMER 0x608
#define PM_HZ 3579545u
#define PM_MASK 0xffffffu
/* q35: the ACPI registers lie where the firmware put them, which a direct boot has run. */
#define PM1_CONTROL 0x604
#define SLEEP_ENABLE_S5 0x2000

u8 hypercall_page[PAGE_SIZE] PAGE_ALIGNED;

extern const struct group group_floor;
const struct group *const groups[] = { &group_floor, &group_clocks };
const u32 nr_groups = ARRAY_SIZE(groups);

static void write_serial(const char *s, u64 n)
{
	for (; n; n--, s++) {
		while (!(inb(COM1 + 5) & LSR_THR_EMPTY))
			relax();
		outb(COM1, (u8)*s);
	}
}

/* Give system time the TSC's rate, by 10 ms of the ACPI timer; without one it is taken as 1 GHz. */
static void set_time_scale(void)
{
	struct vcpu_time_info *t = &shared_info.vcpu_info[0].time;
	u64 hz = 1000000000, from = rdtsc();
	u32 start = inl(PM_TIMER), passed = 0;

	for (u32 i = 0; passed < PM_HZ / 100 && i < 100000000; i++)
		passed = (inl(PM_TIMER) - start) & PM_MASK;
	if (passed >= PM_HZ / 100)
		hz = (rdtsc() - from) * PM_HZ / passed;
	t->tsc_shift = 1;
	t->tsc_to_system_mul = (u32)((1000000000UL << 31) / hz);
}

static long memory(u32 cmd)
{
	if (cmd != XENMEM_add_to_physmap)
		return -XEN_ENOSYS;
	set_time_scale();
	return 0;
}

long hypercall(u32 nr, u64 a, u64 b, u64 c, u64 d)
{
	switch (nr) {
	case __HYPERVISOR_console_io:
		write_serial((const char *)c, b);
		return 0;
	case __HYPERVISOR_memory_op:
		return memory((u32)a);
	case __HYPERVISOR_sched_op:
		if (a == SCHEDOP_shutdown)
			outw(PM1_CONTROL, SLEEP_ENABLE_S5);
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}
