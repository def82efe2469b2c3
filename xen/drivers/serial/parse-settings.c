/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of com1=, com2= and console=. */
#include "settings.h"

#include <xen/compiler.h>
#include <xen/format.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

#define FIELD_MAX 24
#define NR_FIELDS 6
#define REG_SHIFT_MAX 3		/* limited by the size of the mapped window */
#define LAST_IRQ 1023		/* of the lines that a platform may have */

/* Parse all of @v as a number from @min to @max; its prefix chooses the base. */
static bool number(const char *v, u64 min, u64 max, u64 *out)
{
	const char *end;

	*out = parse_u64(v, &end, 0);
	return end != v && !*end && *out >= min && *out <= max;
}

/* BAUD[/BASE]; the base is the fastest rate, 1/16 of the clock. */
static const char *set_baud(struct serial_settings *s, const char *v)
{
	const char *end;
	u64 n;

	if (!strncmp(v, "auto", 4)) {
		s->baud = 0;
		end = v + 4;
	} else {
		n = parse_u64(v, &end, 10);
		if (end == v || !n || n > 100000000)
			return "the baud rate is neither a number nor auto";
		s->baud = (u32)n;
	}
	if (*end == '/') {
		if (!number(end + 1, 1, ~0U / UART_CLOCK_PER_BAUD, &n))
			return "the base baud rate is not a number";
		s->clock = (u32)n * UART_CLOCK_PER_BAUD;
		return NULL;
	}
	return *end ? "the baud rate is neither a number nor auto" : NULL;
}

static const char *set_clock(struct serial_settings *s, const char *v)
{
	u64 n;

	if (!number(v, 1, ~0U / UART_CLOCK_PER_BAUD, &n))
		return "clock-hz is not a number";
	s->clock = (u32)n * UART_CLOCK_PER_BAUD;
	return NULL;
}

static const char *set_data_bits(struct serial_settings *s, const char *v)
{
	u64 n;

	if (!number(v, 5, 8, &n))
		return "data bits are 5 to 8";
	s->data_bits = (u8)n;
	return NULL;
}

static const char *set_parity(struct serial_settings *s, const char *v)
{
	if (!*v || !strchr("noems", *v) || v[1])
		return "parity is n, o, e, m or s";
	s->parity = *v;
	return NULL;
}

static const char *set_stop_bits(struct serial_settings *s, const char *v)
{
	u64 n;

	if (!number(v, 1, 2, &n))
		return "stop bits are 1 or 2";
	s->stop_bits = (u8)n;
	return NULL;
}

/* "8n1" */
static const char *set_format(struct serial_settings *s, const char *v)
{
	char part[3][2];

	if (strlen(v) != 3)
		return "the format is like 8n1";
	for (u32 i = 0; i < 3; i++) {
		part[i][0] = v[i];
		part[i][1] = '\0';
	}
	return set_data_bits(s, part[0]) ?: set_parity(s, part[1]) ?: set_stop_bits(s, part[2]);
}

static const char *set_dev(struct serial_settings *s, const char *v)
{
	if (!strcmp(v, "amt"))
		return "ports of Intel AMT are not driven; use pci";
	if (strcmp(v, "pci"))
		return "dev is pci or amt";
	s->pci = true;
	/* The default is of a PC's own port. The line of a card is only known through AML. */
	if (s->irq <= SERIAL_LAST_ISA_IRQ)
		s->irq = 0;
	return NULL;
}

static const char *set_base(struct serial_settings *s, const char *v)
{
	u64 n;

	if (!number(v, 1, ~0UL, &n))
		return "the place is a port, a memory address, or pci";
	s->base = n;
	s->pci = false;
	return NULL;
}

static const char *set_place(struct serial_settings *s, const char *v)
{
	return *v >= '0' && *v <= '9' ? set_base(s, v)
	       : !strcmp(v, "pci") || !strcmp(v, "amt") ? set_dev(s, v)
	       : "the place is a port, a memory address, or pci";
}

static const char *set_irq(struct serial_settings *s, const char *v)
{
	u64 n;

	if (!strcmp(v, "msi"))
		return "a port's MSI is not used; give its line, or 0 to poll";
	if (!number(v, 0, LAST_IRQ, &n))
		return "the interrupt is a line from 1 to 1023, or 0 to poll";
	s->irq = (u32)n;
	return NULL;
}

static const char *set_reg_shift(struct serial_settings *s, const char *v)
{
	u64 n;

	if (!number(v, 0, REG_SHIFT_MAX, &n))
		return "reg-shift is 0 to 3";
	s->reg_shift = (u8)n;
	return NULL;
}

static const char *set_reg_width(struct serial_settings *s, const char *v)
{
	u64 n;

	if (!number(v, 1, 4, &n) || (n != 1 && n != 4))
		return "reg-width is 1 or 4";
	s->reg_width = (u8)n;
	return NULL;
}

static const char *set_bdf(struct serial_settings *s, const char *v)
{
	return "a card cannot be named by its PCI address; use pci, which finds it";
}

typedef const char *(*setter_t)(struct serial_settings *s, const char *v);

static const struct {
	const char *name;
	setter_t set;
} names[] = {
	{ "baud", set_baud }, { "bridge", set_bdf }, { "clock-hz", set_clock },
	{ "data-bits", set_data_bits }, { "dev", set_dev }, { "io-base", set_base },
	{ "irq", set_irq }, { "parity", set_parity }, { "port", set_bdf },
	{ "reg-shift", set_reg_shift }, { "reg-width", set_reg_width },
	{ "stop-bits", set_stop_bits },
};
static const setter_t places[NR_FIELDS] = {
	set_baud, set_format, set_place, set_irq, set_bdf, set_bdf,
};

static const char *set_named(struct serial_settings *s, char *field, char *equals)
{
	*equals = '\0';
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(field, names[i].name))
			return names[i].set(s, equals + 1);
	return param_error("a port has no setting \"%s\"", field);
}

const char *serial_settings_parse(struct serial_settings *s, const char *text)
{
	struct serial_settings next = *s;
	char field[FIELD_MAX], *equals;
	const char *why = NULL;

	for (u32 place = 0; !why; place++) {
		size_t len = strcspn(text, ",");

		if (len >= sizeof(field) || place > NR_FIELDS + ARRAY_SIZE(names))
			return "there are too many fields, or one is too long";
		memcpy(field, text, len);
		field[len] = '\0';
		equals = strchr(field, '=');
		if (equals)
			why = set_named(&next, field, equals);
		else if (*field)
			why = place < NR_FIELDS ? places[place](&next, field)
						: "there are too many fields";
		text += len;
		if (!*text++)
			break;
	}
	if (!why && next.reg_width == 4 && (next.pci || next.base <= SERIAL_LAST_PORT))
		why = "reg-width=4 is for registers in memory";
	if (!why)
		*s = next;
	return why;
}

u8 serial_line_control(const struct serial_settings *s)
{
	static const char parities[] = "noems";
	u32 code = (u32)(strchr(parities, s->parity) - parities);

	ASSERT(s->data_bits >= 5 && s->data_bits <= 8 && code < 5);
	/* Bit 3 enables parity, bits 4 and 5 choose it in this order. */
	return (u8)((s->data_bits - 5) | (s->stop_bits == 2 ? 4 : 0) |
		    (code ? (code * 2 - 1) << 3 : 0));
}

/* Apply one entry of console=. Returns NULL, or why it is not available. */
static const char *choose(struct serial_choice *c, const char *entry)
{
	static const char *const unbuilt[] = { "pv", "dbgp", "ehci", "xhci" };
	bool com = !strncmp(entry, "com", 3) && (entry[3] == '1' || entry[3] == '2');

	if (com && !entry[4]) {
		c->com[entry[3] - '1'] = true;
		return NULL;
	}
	if (com && (entry[4] == 'H' || entry[4] == 'L') && !entry[5])
		return param_error("%s: a port cannot be shared; use %.4s", entry, entry);
	if (param_word(entry, unbuilt, ARRAY_SIZE(unbuilt)) >= 0)
		return param_error("%s: this console is not built; use com1 or com2", entry);
	/* There is no driver for a screen. If a port is named as well, the log goes there. */
	if (!strcmp(entry, "vga") || !strcmp(entry, "none"))
		return NULL;
	return param_error("%s: not one of com1, com2, vga, none", entry);
}

const char *serial_choice_parse(struct serial_choice *c, const char *text)
{
	struct serial_choice next = { { false, false } };
	const char *why = NULL;
	char entry[FIELD_MAX];
	bool any = false;

	do {
		size_t len = strcspn(text, ","), kept = min(len, sizeof(entry) - 1);
		const char *bad;

		memcpy(entry, text, kept);
		entry[kept] = '\0';
		bad = choose(&next, entry);
		any |= !bad;
		why = bad ? bad : why;
		text += len;
	} while (*text++);
	if (any)
		*c = next;
	return why;
}
