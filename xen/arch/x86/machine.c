/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rebooting and powering off: each method that the machine offers, the cleanest first. */
#include <xen/acpi.h>
#include <xen/console.h>
#include <xen/hal/cpu.h>
#include <xen/hal/machine.h>
#include <xen/hal/smp.h>
#include <xen/printk.h>
#include <asm/desc.h>
#include <asm/io.h>
#include <asm/machine.h>

#define PORT_RESET_CONTROL 0xcf9
#define RESET_CONTROL_HARD 0x02
#define RESET_CONTROL_START 0x04
#define PORT_KEYBOARD 0x64
#define KEYBOARD_INPUT_FULL 0x02
#define KEYBOARD_PULSE_RESET 0xfe
#define PM1_SLEEP_ENABLE 0x2000
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_TYPE_MASK 0x1c00
#define PM1_SCI_ENABLE 0x0001

/* Time for a method to take effect, counted in port reads of about 1 us: the clock may not work. */
static void short_wait(u32 us)
{
	while (us--)
		inb(0x80);
}

static void reset_by_acpi(void)
{
	const struct acpi_fadt *fadt = acpi_fadt();

	if (fadt == NULL || !fadt->has_reset)
		return;
	/* A dying machine should not map memory, so only a reset register in port space is used. */
	if (fadt->reset.space == ACPI_SPACE_IO)
		outb(fadt->reset_value, fadt->reset.address);
	short_wait(50000);
}

static void reset_by_keyboard(void)
{
	for (u32 i = 0; i < 10000 && (inb(PORT_KEYBOARD) & KEYBOARD_INPUT_FULL); i++)
		short_wait(1);
	outb(KEYBOARD_PULSE_RESET, PORT_KEYBOARD);
	short_wait(50000);
}

/* Stop the other CPUs first, so that none is in the middle of a line when the log is flushed. */
static void stop_everything(void)
{
	hal_irq_disable();
	hal_smp_stop_others();
	console_force_sync();
}

void hal_machine_restart(void)
{
	struct desc_ptr none = { 0, 0 };

	stop_everything();
	reset_by_acpi();
	outb(RESET_CONTROL_HARD, PORT_RESET_CONTROL);
	short_wait(50);
	outb(RESET_CONTROL_HARD | RESET_CONTROL_START, PORT_RESET_CONTROL);
	short_wait(50000);
	reset_by_keyboard();
	/* A fault without an IDT shuts the processor down, which resets the board. */
	lidt(&none);
	__asm__ volatile("int3");
	hal_cpu_halt();
}

static void sleep_register(const struct acpi_register *r, u8 type)
{
	u16 v;

	if (r->address == 0 || r->space != ACPI_SPACE_IO)
		return;
	v = inw(r->address) & ~(PM1_SLEEP_TYPE_MASK | PM1_SLEEP_ENABLE);
	outw(v | type << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE, r->address);
}

/* Until the firmware is told that an OS is in charge, it may ignore the sleep registers. */
static void enter_acpi_mode(const struct acpi_fadt *fadt)
{
	if (fadt->smi_command == 0 || fadt->acpi_enable == 0 ||
	    fadt->pm1a_control.space != ACPI_SPACE_IO || fadt->pm1a_control.address == 0)
		return;
	if (inw(fadt->pm1a_control.address) & PM1_SCI_ENABLE)
		return;
	outb(fadt->acpi_enable, fadt->smi_command);
	for (u32 i = 0; i < 3000 && !(inw(fadt->pm1a_control.address) & PM1_SCI_ENABLE); i++)
		short_wait(1000);
}

/* The control registers are 16 bits wide (ACPI specification, section 4.8.3.2). */
static bool is_port_of(const struct acpi_register *r, u16 port)
{
	return r->address && r->space == ACPI_SPACE_IO && port - r->address < 2;
}

bool machine_is_sleep_port(u16 port)
{
	const struct acpi_fadt *fadt = acpi_fadt();

	return fadt && acpi_s5() &&
	       (is_port_of(&fadt->pm1a_control, port) || is_port_of(&fadt->pm1b_control, port));
}

bool machine_is_power_off(u16 port, u16 val)
{
	const struct acpi_fadt *fadt = acpi_fadt();
	const struct acpi_s5 *s5 = acpi_s5();

	return fadt && s5 && port == fadt->pm1a_control.address && (val & PM1_SLEEP_ENABLE) &&
	       (val & PM1_SLEEP_TYPE_MASK) == s5->type_a << PM1_SLEEP_TYPE_SHIFT;
}

u16 machine_reset_port(u8 *val)
{
	const struct acpi_fadt *fadt = acpi_fadt();

	if (!fadt || !fadt->has_reset || fadt->reset.space != ACPI_SPACE_IO)
		return 0;
	*val = fadt->reset_value;
	return (u16)fadt->reset.address;
}

void hal_machine_power_off(void)
{
	const struct acpi_fadt *fadt = acpi_fadt();
	const struct acpi_s5 *s5 = acpi_s5();

	stop_everything();
	if (fadt && s5) {
		enter_acpi_mode(fadt);
		sleep_register(&fadt->pm1a_control, s5->type_a);
		sleep_register(&fadt->pm1b_control, s5->type_b);
		short_wait(1000000);
	}
	printk(LOG_ERR "The machine does not power itself off; do it by hand\n");
	hal_cpu_halt();
}
