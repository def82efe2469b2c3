/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu=, and whether an IOMMU is used. */
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
	else if (!iommu_kind_remaps && (!strcmp(word, "intremap") || !strcmp(word, "no-intremap")))
		return "about remapped interrupts, which this machine's IOMMUs do not have";
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

const char *__init iommu_use(const struct iommu_hw *hw)
{
	const char *why = hw->init(&iommu_firmware, &iommu_limits);

	if (why)
		return why;
	if (opt.small_pages)
		iommu_limits.leaf_levels = 1;
	iommu_hw = hw;
	if (iommu_spaces_init())
		return NULL;
	iommu_hw = NULL;
	return "no memory";
}

void __init iommu_init(void)
{
	const char *why = opt.off ? "iommu=no on the command line" : iommu_find();

	if (why && opt.required)
		panic("IOMMU: iommu=required, but none can be used: %s", why);
	if (why)
		printk(LOG_INFO "IOMMU: none is used: %s\n", why);
	else
		printk(LOG_INFO "IOMMU: %s, %u unit%s, addresses of %u bits, mappings of up to %u "
		       "KiB\n", iommu_hw->name, iommu_firmware.nr_units,
		       iommu_firmware.nr_units == 1 ? "" : "s",
		       PAGE_SHIFT + iommu_limits.levels * IOMMU_LEVEL_BITS +
		       iommu_limits.root_order,
		       4U << (iommu_limits.leaf_levels - 1) * IOMMU_LEVEL_BITS);
}
