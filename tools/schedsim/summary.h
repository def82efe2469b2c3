/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came out of a simulation, as text, TSV or JSON. */
#ifndef SCHEDSIM_SUMMARY_H
#define SCHEDSIM_SUMMARY_H

#include <stdio.h>

#include "run.h"

enum summary_form { SUMMARY_TEXT, SUMMARY_TSV, SUMMARY_JSON };

/** Sorts the samples. */
void summary_print(FILE *f, const struct simulation *sim, enum summary_form form);
/** The nearest-rank quantile of sorted samples, @permille in 0 to 1000; 0 when there are none. */
s64 samples_quantile(const struct samples *s, u32 permille);
void samples_sort(struct samples *s);

#endif
