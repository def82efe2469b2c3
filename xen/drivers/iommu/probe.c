/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu=, and which IOMMUs the firmware describes. */
#include <xen/acpi.h>
#include <xen/mm.h>
#include <xen/ops.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

#include "private.h"

#define FORMS "not a list of a flag, required (or force), [no-]superpages and [no-]intremap"

static struct options {
	bool off, required, small_pages, keep_interrupts;
} opt;

/* NULL, or why the word is refused. */
static const char *parse_word(const char *word, struct options *o)
{
	int flag = param_flag(word);

	if (flag >= 0)
		o->off = !flag;
	else if (!strcmp(word, "required") || !strcmp(word, "force"))
		o->required = true;
	else if (!strcmp(word, "intremap"))
		o->keep_interrupts = false;
	else if (!strcmp(word, "no-intremap"))
		o->keep_interrupts = true;
	else if (!strcmp(word, "superpages"))
		o->small_pages = false;
	else if (!strcmp(word, "no-superpages"))
		o->small_pages = true;
	else
		return FORMS;
	return NULL;
}

static const char *parse_iommu(const char *s)
{
	struct options o = opt;
	char word[16];

	do {
		size_t len = strcspn(s, ",");
		const char *why = FORMS;

		if (len < sizeof(word)) {
			memcpy(word, s, len);
			word[len] = '\0';
			why = parse_word(word, &o);
		}
		if (why)
			return why;
		s += len;
	} while (*s++);
	if (o.off && o.required)
		return "both off and required";
	opt = o;
	iommu_keeps_interrupts = o.keep_interrupts;
	return NULL;
}
PARAM_CUSTOM_FN("iommu", iommu, parse_iommu);

struct kind {
	const char *table;
	int (*parse)(const u8 *p, size_t len, struct acpi_iommus *out);
	const struct iommu_hw *hw;
};

static const struct kind kinds[] = {
	{ "IVRS", acpi_parse_ivrs, &iommu_amd },
	{ "DMAR", acpi_parse_dmar, &iommu_vtd },
};

/* The units can be used only if they serve every device that is reached. */
static const char *__init unusable(const struct acpi_iommus *m)
{
	for (u32 i = 0; i < m->nr_units; i++)
		if (m->unit[i].segment)
			return param_error("a unit serves PCI segment %u; only segment 0 can be "
					   "used", m->unit[i].segment);
	return NULL;
}

/* Firmware keeps such memory for itself. RAM that is given to domains would be open to devices. */
static void __init drop_ram(struct acpi_iommus *m)
{
	u32 kept = 0;

	for (u32 i = 0; i < m->nr_unity; i++) {
		const struct acpi_unity *u = &m->unity[i];
		u64 mfn = u->start >> PAGE_SHIFT, end = mfn + (u->size >> PAGE_SHIFT);

		while (mfn < min(end, max_mfn) && !mfn_is_ram(mfn_make(mfn)))
			mfn++;
		if (mfn < min(end, max_mfn))
			printk(LOG_WARN "IOMMU: firmware wants devices to reach %#lx bytes at "
			       "%#lx, which are RAM: refused\n", u->size, u->start);
		else
			m->unity[kept++] = *u;
	}
	m->nr_unity = kept;
}

/* NULL, or why this kind is not used. */
static const char *__init try_kind(const struct kind *k, const struct acpi_table *t)
{
	const char *why;

	if (k->parse(t->data, t->length, &iommu_firmware))
		return param_error("ACPI's %s makes no sense", k->table);
	if (iommu_firmware.dropped)
		printk(LOG_WARN "ACPI: %u entries of %s ignored (malformed or too many)\n",
		       iommu_firmware.dropped, k->table);
	drop_ram(&iommu_firmware);
	why = unusable(&iommu_firmware);
	if (!why)
		why = k->hw->init(&iommu_firmware, &iommu_limits);
	if (why)
		return why;
	if (opt.small_pages)
		iommu_limits.leaf_levels = 1;
	iommu_hw = k->hw;
	if (iommu_spaces_init())
		return NULL;
	iommu_hw = NULL;
	return "no memory";
}

static const char *__init find(void)
{
	if (opt.off)
		return "iommu=no on the command line";
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct acpi_table *t = acpi_table_find(kinds[i].table);

		if (t)
			return try_kind(&kinds[i], t);
	}
	return "the firmware describes none (ACPI has neither IVRS nor DMAR); it may be switched "
	       "off in its setup";
}

void __init iommu_init(void)
{
	const char *why = find();

	if (why && opt.required)
		panic("IOMMU: iommu=required, but none can be used: %s", why);
	if (why)
		printk(LOG_INFO "IOMMU: none is used: %s\n", why);
	else
		printk(LOG_INFO "IOMMU: %s, %u unit%s, addresses of %u bits, mappings of up to %u "
		       "KiB\n", iommu_hw->name, iommu_firmware.nr_units,
		       iommu_firmware.nr_units == 1 ? "" : "s",
		       PAGE_SHIFT + iommu_limits.levels * IOMMU_LEVEL_BITS,
		       4U << (iommu_limits.leaf_levels - 1) * IOMMU_LEVEL_BITS);
}
