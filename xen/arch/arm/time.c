/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System time: the generic timer's physical counter (ARM ARM, D11), which all CPUs share. The
 * timer interrupt is EL2's own timer (CNTHP).
 */
#include <xen/hal/time.h>

#include <xen/dt_devices.h>
#include <xen/hal/cpu.h>
#include <xen/hal/io.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/timer.h>
#include <xen/timescale.h>
#include <asm/gic.h>
#include <asm/io.h>
#include <asm/setup.h>
#include <asm/sysreg.h>
#include <asm/time.h>

#define TIMER_ENABLE 1
#define PPI_HYP 3		/* index into the tree's interrupts */

/* Constant after time_init(). */
static struct timescale scale;
static u64 hz, start;

static DEFINE_SPINLOCK(wallclock_lock, LOCK_RANK_NONE);
static u64 wall_ns;		/* at system time 0 [wallclock_lock] */

u64 hal_cycles_now(void)
{
	/* The counter must not be read before what precedes it. */
	isb();
	return sysreg_read(cntpct_el0);
}

const struct timescale *time_scale(void) { return &scale; }
u32 hal_cycles_khz(void) { return (u32)(hz / 1000); }
s_time_t hal_now_ns(void) { return hal_cycles_to_ns(hal_cycles_now()); }

s_time_t hal_cycles_to_ns(u64 c)
{
	return c <= start ? 0 : (s_time_t)ticks_to_ns(&scale, c - start);
}

u64 hal_ns_to_cycles(s_time_t t)
{
	u64 ticks;

	if (t <= 0)
		return start;
	ticks = ns_to_ticks(&scale, (u64)t);
	return ticks > ~0UL - start ? ~0UL : ticks + start;
}

void hal_timer_program(s_time_t deadline)
{
	ASSERT(!hal_irq_is_enabled());
	if (deadline == INT64_MAX) {
		sysreg_write(cnthp_ctl_el2, 0);
		isb();
		return;
	}
	sysreg_write(cnthp_cval_el2, hal_ns_to_cycles(deadline));
	sysreg_write(cnthp_ctl_el2, TIMER_ENABLE);
	isb();
}

static void timer_irq(u32 irq)
{
	/* The line is level: quiet until it is programmed again. */
	sysreg_write(cnthp_ctl_el2, 0);
	isb();
	timer_interrupt();
}

void time_cpu_up(void)
{
	sysreg_write(cnthp_ctl_el2, 0);
	/* Guests use the virtual timer. Their physical one traps, but they may read its counter. */
	sysreg_write(cnthctl_el2, 1);
	isb();
	gic->enable(machine.timer_ppi[PPI_HYP], true);
}

void __init time_init(void)
{
	hz = machine.timer_hz ? machine.timer_hz : sysreg_read(cntfrq_el0);
	if (hz < 1000000 || hz > 1000000000)
		panic("the timer's frequency is %lu Hz; the firmware must set CNTFRQ_EL0", hz);
	timescale_init(&scale, hz);
	start = sysreg_read(cntpct_el0);
	irq_set_handler(machine.timer_ppi[PPI_HYP], timer_irq);
	time_cpu_up();
	printk(LOG_INFO "Clock: generic timer, %lu kHz\n", hz / 1000);
}

void hal_wallclock_get(u64 *sec, u32 *nsec)
{
	spin_lock(&wallclock_lock);
	*sec = wall_ns / 1000000000;
	*nsec = (u32)(wall_ns % 1000000000);
	spin_unlock(&wallclock_lock);
}

void hal_wallclock_set(u64 sec, u32 nsec, s_time_t sys)
{
	spin_lock(&wallclock_lock);
	wall_ns = sec * 1000000000 + nsec - (u64)sys;
	spin_unlock(&wallclock_lock);
}

#define PL031_DATA 0	/* RTCDR: seconds since 1970 (DDI0224, 3.3.1) */

static int __init read_clock(const struct fdt *t, fdt_node_t n, void *arg)
{
	struct dt_range regs;
	const char *p;

	if (!fdt_is_compatible(t, n, "arm,pl031") || !dt_reg(t, n, 0, &regs) ||
	    regs.size < PL031_DATA + sizeof(u32))
		return 0;
	p = hal_map_mmio(paddr_make(regs.start), regs.size);
	if (!p)
		return 0;
	hal_wallclock_set(readl(p + PL031_DATA), 0, hal_now_ns());
	return 1;
}

void __init wallclock_init(void)
{
	if (!dt_for_each_device(&machine_tree, &machine, read_clock, NULL))
		printk(LOG_INFO "No clock (PL031): it is 1970 until dom0 sets the time\n");
}
