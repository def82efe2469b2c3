/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of a serial port from com1= or com2=. Pure. */
#ifndef DRIVERS_SERIAL_SETTINGS_H
#define DRIVERS_SERIAL_SETTINGS_H

#include <xen/types.h>

#define UART_CLOCK 1843200U
/** A chip divides its clock by this and by the divisor to get the baud rate. */
#define UART_CLOCK_PER_BAUD 16

struct serial_settings {
	u32 baud;		/* 0: keep what the firmware has set */
	u32 clock;		/* Hz */
	u8 data_bits, stop_bits;
	char parity;		/* n, o, e, m or s */
	bool pci;		/* look for the port on PCI cards */
	u64 base;		/* I/O port, or memory address above SERIAL_LAST_PORT */
	u32 irq;		/* an ISA interrupt, or above them a line; 0: poll */
	u8 reg_shift;		/* registers are 1 << reg_shift bytes apart */
	u8 reg_width;		/* bytes of an access: 1, or 4 in memory */
};

/** Interrupts up to this one are numbered as ISA's; higher ones are the platform's lines. */
#define SERIAL_LAST_ISA_IRQ 15
/** The last I/O port at which eight registers may start. */
#define SERIAL_LAST_PORT 0xfff8

/**
 * Apply @text to *@s: up to six fields by their position, or NAME=VALUE.
 * Return: NULL, or a phrase with the reason for a failure; *@s is unchanged then.
 */
const char *serial_settings_parse(struct serial_settings *s, const char *text);
/** The line control register that the settings ask for. */
u8 serial_line_control(const struct serial_settings *s);

/** The ports that console= names. */
struct serial_choice {
	bool com[2];
};
/**
 * Read the list of console=. Known entries take effect whatever the others are; if no entry is
 * known, *@c is unchanged.
 * Return: NULL, or a phrase about the last entry that is not available.
 */
const char *serial_choice_parse(struct serial_choice *c, const char *text);

#endif
