/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crash= on the command line: fail or hang on purpose late in the boot, to test the reporting. */
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/hal/machine.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/string.h>
#include <asm/mm.h>
#include <asm/msr.h>
#include <asm/sections.h>
#include <asm/setup.h>

/* Each way to fail is a function, so that the backtrace names it. */
#define noinline __attribute__((noinline))

/* This MSR takes only the value 0, is not readable, and exists only in x2APIC mode: else #GP. */
#define MSR_X2APIC_EOI 0x80b

static char crash_kind[16];
PARAM_STRING_VAR("crash", crash, crash_kind);

static noinline void crash_panic(void)
{
	panic("crash=panic");
}

/* Only the debug build (x86_64-debug) detects these two. */
static noinline void crash_assert(void)
{
	ASSERT(crash_kind[0] == '\0');
}

static DEFINE_SPINLOCK(inner_lock, LOCK_RANK_RCU);
static DEFINE_SPINLOCK(outer_lock, LOCK_RANK_HEAP);

static noinline void crash_lock_order(void)
{
	spin_lock(&inner_lock);
	spin_lock(&outer_lock);
	spin_unlock(&outer_lock);
	spin_unlock(&inner_lock);
}

static noinline void crash_null(void)
{
	u64 v;

	/* In assembly, as the compiler removes the equivalent C. */
	__asm__ volatile("mov 16, %0" : "=r"(v));
	printk(LOG_ERR "Read %#lx through a null pointer\n", v);
}

static noinline void crash_write_text(void)
{
	*(volatile u8 *)image_start = 0;
}

static noinline void crash_write_constant(void)
{
	*(volatile u8 *)text_end = 0;
}

static noinline void crash_execute_data(void)
{
	static u8 ret = 0xc3;

	((void (*)(void))&ret)();
}

/* Touch each page from here downwards until the guard page faults. */
static noinline void crash_stack(void)
{
	for (;;)
		__asm__ volatile("sub $512, %%rsp; push $0" ::: "memory");
}

static noinline void crash_opcode(void)
{
	__asm__ volatile("ud2");
}

static noinline void crash_msr(void)
{
	u64 v = 1;
	int rc = rdmsr_safe(MSR_X2APIC_EOI, &v);

	printk(LOG_ERR "rdmsr_safe: %d, value %#lx; wrmsr_safe: %d\n", rc, v,
	       wrmsr_safe(MSR_X2APIC_EOI, 1));
	rdmsr(MSR_X2APIC_EOI);
}

/* Output buffered when the machine stops must still be written; nothing else may flush it here. */
static void last_words(const char *what)
{
	hal_irq_disable();
	printk(LOG_ERR "crash=%s: these words are longer than the FIFO of a port, and the last\n",
	       what);
}

static noinline void crash_reboot(void)
{
	last_words("reboot");
	hal_machine_restart();
}

static noinline void crash_power_off(void)
{
	last_words("power-off");
	hal_machine_power_off();
}

static const struct {
	const char *name;
	void (*fn)(void);
} kinds[] = {
	{ "panic", crash_panic },
	{ "assert", crash_assert },
	{ "lock-order", crash_lock_order },
	{ "null", crash_null },
	{ "write-text", crash_write_text },
	{ "write-const", crash_write_constant },
	{ "exec-data", crash_execute_data },
	{ "stack", crash_stack },
	{ "opcode", crash_opcode },
	{ "msr", crash_msr },
	{ "reboot", crash_reboot },
	{ "power-off", crash_power_off },
};

void boot_crash_if_asked(void)
{
	if (crash_kind[0] == '\0')
		return;
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(crash_kind, kinds[i].name))
			kinds[i].fn();
	printk(LOG_WARN "crash=%s did nothing\n", crash_kind);
}
