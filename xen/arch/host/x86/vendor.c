/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The software processor has SVM. */
#include <xen/assert.h>

#include <asm/hvm.h>

const struct hvm_ops *hvm;

void hvm_choose_vendor(void);
void hvm_choose_vendor(void)
{
	BUG_ON(!svm_ops.detect());
	hvm = &svm_ops;
}
