/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which virtualisation extension the machine has. */
#include <xen/printk.h>

#include "private.h"

static const struct hvm_ops *const vendors[] = { &svm_ops, &vmx_ops };

const struct hvm_ops *hvm;

void hvm_choose_vendor(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(vendors) && !hvm; i++)
		if (vendors[i]->detect())
			hvm = vendors[i];
	if (!hvm)
		panic("This CPU has no usable virtualisation extension (AMD SVM with nested "
		      "paging, or Intel VMX with EPT and unrestricted guests, is needed)");
}
