/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises the bytes that reset a PC when written to its ports. */
#include <xen/x86/reset-ports.h>

#define PORT_KBD_DATA 0x60
#define PORT_KBD_COMMAND 0x64
#define PORT_SYSTEM_A 0x92
#define PORT_RESET_CONTROL 0xcf9

/* The keyboard controller's output port, and the low bits of its pulse commands. */
#define OUTPUT_NO_RESET 0x01
#define OUTPUT_A20 0x02
#define KBD_WRITE_OUTPUT 0xd1
#define KBD_CLOSE_A20 0xdd
#define KBD_PULSE 0xf0
#define KBD_PULSE_NOTHING 0xff

#define SYSTEM_A_RESET 0x01
#define SYSTEM_A_A20 0x02
#define RESET_CONTROL_START 0x04

bool reset_port_watched(const struct reset_ports *r, u16 port)
{
	switch (port) {
	case PORT_KBD_DATA:
	case PORT_KBD_COMMAND:
	case PORT_SYSTEM_A:
	case PORT_RESET_CONTROL:
		return true;
	default:
		return port && port == r->acpi_port;
	}
}

static enum reset_verdict output_lines(u8 *val)
{
	if (!(*val & OUTPUT_NO_RESET))
		return RESET_NOW;
	*val |= OUTPUT_A20;
	return RESET_PASS;
}

static enum reset_verdict keyboard_command(struct reset_ports *r, u8 *val)
{
	r->output_next = *val == KBD_WRITE_OUTPUT;
	if (*val >= KBD_PULSE)
		return output_lines(val);
	if (*val == KBD_CLOSE_A20)
		*val = KBD_PULSE_NOTHING;
	return RESET_PASS;
}

static enum reset_verdict keyboard_data(struct reset_ports *r, u8 *val)
{
	if (!r->output_next)
		return RESET_PASS;
	r->output_next = false;
	return output_lines(val);
}

enum reset_verdict reset_port_write(struct reset_ports *r, u16 port, u8 *val)
{
	if (port && port == r->acpi_port && *val == r->acpi_value)
		return RESET_NOW;
	switch (port) {
	case PORT_KBD_DATA:
		return keyboard_data(r, val);
	case PORT_KBD_COMMAND:
		return keyboard_command(r, val);
	case PORT_SYSTEM_A:
		if (*val & SYSTEM_A_RESET)
			return RESET_NOW;
		*val |= SYSTEM_A_A20;
		return RESET_PASS;
	case PORT_RESET_CONTROL:
		return *val & RESET_CONTROL_START ? RESET_NOW : RESET_PASS;
	default:
		return RESET_PASS;
	}
}
