/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power-off needs two numbers that exist only in AML. No AML interpreter is needed: the package is
 * always a constant, so its bytes are searched for. Encodings: ACPI specification, chapter 20.
 */
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/string.h>

#define AML_ZERO 0x00
#define AML_ONE 0x01
#define AML_NAME 0x08
#define AML_BYTE 0x0a
#define AML_WORD 0x0b
#define AML_PACKAGE 0x12
#define AML_ROOT '\\'

/* Read a small constant at *@at; moves *@at past it. */
static bool constant(const u8 *aml, size_t len, size_t *at, u8 *value)
{
	u8 op;

	if (*at >= len)
		return false;
	op = aml[(*at)++];
	if (op == AML_ZERO || op == AML_ONE) {
		*value = op;
		return true;
	}
	if ((op != AML_BYTE && op != AML_WORD) || len - *at < (op == AML_WORD ? 2U : 1U))
		return false;
	*value = aml[*at];
	*at += op == AML_WORD ? 2 : 1;
	return true;
}

/* Decode the package whose opcode is at @at. */
static bool package(const u8 *aml, size_t len, size_t at, struct acpi_s5 *out)
{
	u8 lead, nr;

	if (len - at < 3 || aml[at] != AML_PACKAGE)
		return false;
	lead = aml[at + 1];
	at += 2 + (lead >> 6);	/* number of further length bytes */
	if (at >= len)
		return false;
	nr = aml[at++];
	out->type_b = 0;
	return nr >= 1 && constant(aml, len, &at, &out->type_a) &&
	       (nr == 1 || constant(aml, len, &at, &out->type_b)) && out->type_a < 8 &&
	       out->type_b < 8;
}

int acpi_scan_s5(const u8 *aml, size_t len, struct acpi_s5 *out)
{
	for (size_t i = 1; i + 4 < len; i++) {
		if (memcmp(aml + i, "_S5_", 4))
			continue;
		if (aml[i - 1] != AML_NAME &&
		    !(aml[i - 1] == AML_ROOT && i >= 2 && aml[i - 2] == AML_NAME))
			continue;
		if (package(aml, len, i + 4, out))
			return 0;
	}
	return -XEN_ENOENT;
}
