/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts by the local APIC, their ends, and a line of a device: from a vCPU to itself, and from
 * the second serial port to the first domain's handler. x2APIC mode comes last, as there is no way
 * back from it.
 */
#include "bench.h"

#define VECTOR 0x61
#define LINE_VECTOR 0x71
#define MSR_SELF_IPI (MSR_X2APIC + 0x3f)

#define IOAPIC 0xfec00000UL
#define COM2 0x2f8
#define COM2_LINE 3
#define UART_IER 1
#define UART_IIR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_SCRATCH 7
#define IER_THR_EMPTY 2
#define MCR_OUT2 8

static volatile u32 taken;
static volatile u64 taken_at, eoi_from, eoi_to;

static void handler_xapic(struct regs *regs)
{
	taken_at = rdtsc();
	taken++;
	eoi_from = rdtsc();
	xapic_write(APIC_EOI, 0);
	eoi_to = rdtsc();
}

static void handler_x2apic(struct regs *regs)
{
	taken_at = rdtsc();
	taken++;
	eoi_from = rdtsc();
	x2apic_write(APIC_EOI, 0);
	eoi_to = rdtsc();
}

static void send_xapic(void)
{
	xapic_write(APIC_ICR, ICR_SELF | VECTOR);
}

static void send_x2apic(void)
{
	wrmsr(MSR_SELF_IPI, VECTOR);
}

/* @ends: report what the EOI costs, not what the delivery does. */
static void to_self(const char *name, u32 rounds, bool x2apic, bool ends)
{
	void (*send)(void) = x2apic ? send_x2apic : send_xapic;

	set_vector(VECTOR, x2apic ? handler_x2apic : handler_xapic);
	samples_clear();
	sti();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = taken;
		u64 start = rdtsc();

		send();
		if (!SPIN_FOR(taken != before))
			break;
		if (ends)
			samples_add(eoi_from, eoi_to);
		else
			samples_add(start, taken_at);
	}
	cli();
	samples_report(name);
}

static void self_xapic(const char *name, u32 rounds)
{
	apic_enable();
	to_self(name, rounds, false, false);
}

static void eoi_xapic(const char *name, u32 rounds)
{
	apic_enable();
	to_self(name, rounds, false, true);
}

/* Nothing is in service: the register alone. */
static void eoi_none_xapic(const char *name, u32 rounds)
{
	apic_enable();
	MEASURE(name, rounds, xapic_write(APIC_EOI, 0));
}

static void icr_read_xapic(const char *name, u32 rounds)
{
	apic_enable();
	MEASURE(name, rounds, xapic_read(APIC_ICR));
}

static bool need_x2apic(const char *name)
{
	if (cpuid(1, 0).c & BIT(21)) {
		apic_enable_x2apic();
		return true;
	}
	bench_skip(name, "no x2APIC");
	return false;
}

static void self_x2apic(const char *name, u32 rounds)
{
	if (need_x2apic(name))
		to_self(name, rounds, true, false);
}

static void eoi_x2apic(const char *name, u32 rounds)
{
	if (need_x2apic(name))
		to_self(name, rounds, true, true);
}

static void eoi_none_x2apic(const char *name, u32 rounds)
{
	if (need_x2apic(name))
		MEASURE(name, rounds, x2apic_write(APIC_EOI, 0));
}

static void id_x2apic(const char *name, u32 rounds)
{
	if (need_x2apic(name))
		MEASURE(name, rounds, rdmsr(MSR_X2APIC + APIC_ID / 16));
}

static void ioapic_write(u32 reg, u32 val)
{
	*(volatile u32 *)IOAPIC = reg;
	*(volatile u32 *)(IOAPIC + 0x10) = val;
}

static void on_line(struct regs *regs)
{
	taken_at = rdtsc();
	inb(COM2 + UART_IIR);
	outb(COM2 + UART_IER, 0);
	taken++;
	xapic_write(APIC_EOI, 0);
}

/* Whether the second serial port is there and this domain's. */
static bool have_uart(void)
{
	outb(COM2 + UART_SCRATCH, 0x5a);
	if (inb(COM2 + UART_SCRATCH) != 0x5a)
		return false;
	outb(COM2 + UART_SCRATCH, 0xa5);
	return inb(COM2 + UART_SCRATCH) == 0xa5;
}

/*
 * The port's transmitter is empty, so that permitting its interrupt raises the line at once;
 * neither hypervisor intercepts that access.
 */
static void line_to_handler(const char *name, u32 rounds)
{
	if (!is_privileged() || !have_uart()) {
		bench_skip(name, "no second serial port that is this domain's");
		return;
	}
	apic_enable();
	set_vector(LINE_VECTOR, on_line);
	outb(COM2 + UART_LCR, 3);
	outb(COM2 + UART_MCR, MCR_OUT2);
	outb(COM2 + UART_IER, 0);
	ioapic_write(0x11 + 2 * COM2_LINE, 0);
	ioapic_write(0x10 + 2 * COM2_LINE, LINE_VECTOR);
	samples_clear();
	sti();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = taken;
		u64 start = rdtsc();

		outb(COM2 + UART_IER, IER_THR_EMPTY);
		if (!SPIN_FOR(taken != before))
			break;
		samples_add(start, taken_at);
	}
	cli();
	ioapic_write(0x10 + 2 * COM2_LINE, LVT_MASKED);
	samples_report(name);
}

static const struct benchmark table[] = {
	{ "irq.self.xapic", self_xapic, 1000 },
	{ "irq.eoi.xapic", eoi_xapic, 1000 },
	{ "irq.eoi.none.xapic", eoi_none_xapic, 2000 },
	{ "irq.icr.read.xapic", icr_read_xapic, 2000 },
	{ "irq.line", line_to_handler, 500 },
	{ "irq.self.x2apic", self_x2apic, 1000 },
	{ "irq.eoi.x2apic", eoi_x2apic, 1000 },
	{ "irq.eoi.none.x2apic", eoi_none_x2apic, 2000 },
	{ "irq.id.x2apic", id_x2apic, 2000 },
};
DEFINE_GROUP(irqs, table);
