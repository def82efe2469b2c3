/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address space identifiers of the guests' TLB entries; see asid.c. */
#ifndef SVM_ASID_H
#define SVM_ASID_H

#include "svm.h"

void asid_cpu_init(void);
/** Give the vCPU a valid ASID on this CPU and a flush if it asked for one. GIF clear. */
void asid_for_entry(struct svm_vcpu *s);

#endif
