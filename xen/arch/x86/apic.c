/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC. Registers are named by their xAPIC offset; in x2APIC mode the same register is
 * the MSR 0x800 + offset / 16. Only physical destinations are used, so no logical ids are set up.
 */
#include <asm/apic.h>

#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/ops.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <asm/features.h>
#include <asm/io.h>
#include <asm/mm.h>
#include <asm/msr.h>
#include <asm/traps.h>

enum {
	APIC_ID = 0x20,
	APIC_VERSION = 0x30,
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_SPIV = 0xf0,
	APIC_ESR = 0x280,
	APIC_ICR = 0x300,
	APIC_ICR2 = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_THERMAL = 0x330,
	APIC_LVT_PERF = 0x340,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

#define SPIV_ENABLE BIT(8)
#define LVT_MASKED BIT(16)
#define LVT_NMI 0x400U
#define LVT_LOW BIT(13)
#define LVT_LEVEL BIT(15)
#define LVT_TSC_DEADLINE BIT(18)
#define DIVIDE_BY_1 0xb
#define ICR_BUSY BIT(12)
#define ICR_ASSERT BIT(14)
#define ICR_POLLS 1000000
#define X2APIC_REG(reg) (MSR_X2APIC_BASE + (reg) / 16)
#define DEFAULT_ADDRESS 0xfee00000
#define PIC_MASTER_DATA 0x21
#define PIC_SLAVE_DATA 0xa1

struct apic_ops {
	const char *name;
	u32 (*read)(u32 reg);
	void (*write)(u32 reg, u32 v);
	/* Command @low to APIC @target; interrupts are off. */
	void (*command)(u32 target, u32 low);
	u32 (*id)(void);
};

/** The mode asked for with x2apic=; without it, setup chooses. */
static enum { X2APIC_CHOOSE, X2APIC_YES, X2APIC_NO } x2apic_option;

static const char *parse_x2apic(const char *value)
{
	int flag = param_flag(value);

	if (flag < 0)
		return "neither yes nor no";
	x2apic_option = flag ? X2APIC_YES : X2APIC_NO;
	return NULL;
}
PARAM_CUSTOM_FN("x2apic", x2apic, parse_x2apic);

static bool deadline_wanted = true;
PARAM_BOOL_VAR("tsc_deadline", tsc_deadline, deadline_wanted);

static u8 *regs;
static const struct apic_ops *ops;
static bool use_deadline;

static u32 xapic_read(u32 reg) { return readl(regs + reg); }
static void xapic_write(u32 reg, u32 v) { writel(v, regs + reg); }
static u32 xapic_id(void) { return readl(regs + APIC_ID) >> 24; }

static void xapic_command(u32 target, u32 low)
{
	/* The previous command may still be on its way. Bounded: a lost IPI beats a hang. */
	for (u32 i = 0; i < ICR_POLLS && readl(regs + APIC_ICR) & ICR_BUSY; i++)
		hal_cpu_relax();
	writel(target << 24, regs + APIC_ICR2);
	writel(low, regs + APIC_ICR);
}

static const struct apic_ops xapic_ops = {
	"xAPIC", xapic_read, xapic_write, xapic_command, xapic_id,
};
OPS_TABLE(xapic_ops, name);

static u32 x2apic_read(u32 reg) { return (u32)rdmsr(X2APIC_REG(reg)); }
static void x2apic_write(u32 reg, u32 v) { wrmsr(X2APIC_REG(reg), v); }
static u32 x2apic_id(void) { return (u32)rdmsr(X2APIC_REG(APIC_ID)); }

static void x2apic_command(u32 target, u32 low)
{
	/* WRMSR, unlike a store to device memory, does not wait for earlier stores, and the
	 * receiver must see those. */
	__asm__ volatile("mfence; lfence" ::: "memory");
	wrmsr(X2APIC_REG(APIC_ICR), low | (u64)target << 32);
}

static const struct apic_ops x2apic_ops = {
	"x2APIC", x2apic_read, x2apic_write, x2apic_command, x2apic_id,
};
OPS_TABLE(x2apic_ops, name);

bool apic_is_x2apic(void) { return ops == &x2apic_ops; }
u32 apic_id(void) { return ops->id(); }
void apic_eoi(void) { ops->write(APIC_EOI, 0); }

static void command(u32 target, u32 low)
{
	u64 flags = hal_irq_save();

	ops->command(target, low);
	hal_irq_restore(flags);
}

void apic_send_ipi(u32 cpu, u8 vector)
{
	ASSERT(cpu < NR_CPUS && cpu_apic_id[cpu] != APIC_ID_NONE && vector >= FIRST_IRQ_VECTOR);
	command(cpu_apic_id[cpu], ICR_DM_FIXED | ICR_ASSERT | vector);
}

void apic_send_ipi_mask(const cpumask_t *mask, u8 vector)
{
	u32 cpu;

	cpumask_for_each(cpu, mask)
		if (cpu != hal_smp_cpu_id())
			apic_send_ipi(cpu, vector);
}

void apic_send_nmi(u32 cpu)
{
	ASSERT(cpu < NR_CPUS && cpu_apic_id[cpu] != APIC_ID_NONE);
	command(cpu_apic_id[cpu], ICR_DM_NMI | ICR_ASSERT);
}

void apic_send_boot(u32 target_apic_id, u32 mode, u8 page)
{
	ASSERT(mode == ICR_DM_INIT || mode == ICR_DM_STARTUP);
	ASSERT(target_apic_id <= XAPIC_MAX_ID || apic_is_x2apic());
	command(target_apic_id, mode | ICR_ASSERT | page);
}

bool apic_timer_is_deadline(void) { return use_deadline; }

void apic_timer_deadline(u64 tsc)
{
	ASSERT(use_deadline);
	wrmsr(MSR_TSC_DEADLINE, tsc);
}

void apic_timer_oneshot(u32 count)
{
	/* In deadline mode the counter does not run. */
	ASSERT(!use_deadline);
	ops->write(APIC_TIMER_INITIAL, count);
}

u32 apic_timer_left(void) { return ops->read(APIC_TIMER_CURRENT); }

static void error_interrupt(u8 vector)
{
	ops->write(APIC_ESR, 0);
	printk(LOG_ERR "APIC: CPU%u error, status %#x\n", hal_smp_cpu_id(), ops->read(APIC_ESR));
	apic_eoi();
}

/* No EOI: a spurious interrupt has no in-service bit. */
static void spurious_interrupt(u8 vector)
{
}

/*
 * Program LINT0 and LINT1 for the NMIs that the firmware assigns to processor @uid, and mask them
 * otherwise.
 */
static void set_nmi_lines(u32 uid)
{
	const struct acpi_madt *m = acpi_madt();

	ops->write(APIC_LVT_LINT0, LVT_MASKED);
	ops->write(APIC_LVT_LINT1, LVT_MASKED);
	for (u32 i = 0; m && i < m->nr_nmis; i++) {
		const struct acpi_madt_nmi *n = &m->nmi[i];

		if (n->uid == ACPI_UID_ALL || n->uid == uid)
			ops->write(n->lint ? APIC_LVT_LINT1 : APIC_LVT_LINT0,
				   LVT_NMI | (n->active_low ? LVT_LOW : 0) |
				   (n->level ? LVT_LEVEL : 0));
	}
}

static u32 uid_of(u32 id)
{
	const struct acpi_madt *m = acpi_madt();

	for (u32 i = 0; m && i < m->nr_cpus; i++)
		if (m->cpu[i].apic_id == id)
			return m->cpu[i].uid;
	return ACPI_UID_ALL;
}

static void set_mode(void)
{
	u64 base = rdmsr(MSR_APIC_BASE) | APIC_BASE_EN;

	wrmsr(MSR_APIC_BASE, base);
	if (apic_is_x2apic())
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_EXTD);
}

static void setup(void)
{
	u32 lvts = ops->read(APIC_VERSION) >> 16 & 0xff;

	ops->write(APIC_SPIV, SPIV_ENABLE | VECTOR_SPURIOUS);
	ops->write(APIC_TPR, 0);
	if (lvts >= 4)
		ops->write(APIC_LVT_PERF, LVT_MASKED);
	if (lvts >= 5)
		ops->write(APIC_LVT_THERMAL, LVT_MASKED);
	set_nmi_lines(uid_of(ops->id()));
	ops->write(APIC_ESR, 0);
	ops->write(APIC_LVT_ERROR, VECTOR_ERROR);
	ops->write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	ops->write(APIC_TIMER_INITIAL, 0);
	ops->write(APIC_LVT_TIMER, VECTOR_TIMER | (use_deadline ? LVT_TSC_DEADLINE : 0));
	/* The mode must be set before the first deadline is written (SDM 10.5.4.1). */
	__asm__ volatile("mfence" ::: "memory");
	/*
	 * An interrupt still in service from the firmware's time would block its priority class
	 * forever.
	 */
	for (u32 i = 0; i < 8; i++)
		apic_eoi();
}

static bool __init has_large_ids(void)
{
	const struct acpi_madt *m = acpi_madt();

	for (u32 i = 0; m && i < m->nr_cpus; i++)
		if (m->cpu[i].apic_id > XAPIC_MAX_ID)
			return true;
	return false;
}

/* QEMU's TCG with -icount aborts ("Bad icount read") when the x2APIC's timer is written. */
static bool __init on_tcg(void)
{
	struct cpuid_regs r = { 0 };

	if (cpu_has(X86_FEATURE_HYPERVISOR))
		r = cpuid(0x40000000);
	return r.ebx == 0x54474354 && r.ecx == 0x43544743 && r.edx == 0x47435447;
}

static const struct apic_ops *__init choose_mode(void)
{
	bool on = rdmsr(MSR_APIC_BASE) & APIC_BASE_EXTD;

	if (on && x2apic_option == X2APIC_NO)
		printk(LOG_WARN "APIC: the firmware enabled x2APIC mode, "
		       "x2apic=no has no effect\n");
	if (on)
		return &x2apic_ops;
	if (!cpu_has(X86_FEATURE_X2APIC) || x2apic_option == X2APIC_NO)
		return &xapic_ops;
	if (x2apic_option == X2APIC_YES || has_large_ids() || !on_tcg())
		return &x2apic_ops;
	printk(LOG_INFO "APIC: x2APIC mode left off under QEMU's TCG (x2apic=yes forces it)\n");
	return &xapic_ops;
}

void __init apic_init(void)
{
	const struct acpi_madt *m = acpi_madt();
	paddr_t pa = m && m->lapic_address.v ? m->lapic_address : paddr_make(DEFAULT_ADDRESS);

	if (!cpu_has(X86_FEATURE_APIC))
		panic("This CPU has no local APIC");
	/* Mask the 8259s while LINT0 still passes their interrupts on: a request that the 8259
	 * has already raised would otherwise be lost on the way and reach the CPU without a
	 * vector. */
	outb(0xff, PIC_SLAVE_DATA);
	outb(0xff, PIC_MASTER_DATA);
	ops = choose_mode();
	if (!apic_is_x2apic()) {
		regs = hal_map_mmio(pa, PAGE_SIZE);
		if (!regs)
			panic("Cannot map the local APIC");
	}
	set_mode();
	use_deadline = deadline_wanted && cpu_has(X86_FEATURE_TSC_DEADLINE);
	irq_set_handler(VECTOR_ERROR, error_interrupt);
	irq_set_handler(VECTOR_SPURIOUS, spurious_interrupt);
	setup();
	printk(LOG_INFO "APIC: %s mode, timer %s\n", ops->name,
	       use_deadline ? "by TSC deadline" : "one-shot");
}

void apic_init_secondary(void)
{
	set_mode();
	setup();
}
