/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the measuring microguest can do in a domain on ARMv8. */
#include "bench.h"

const struct group *const groups[] = { &group_arm, &group_events };
const u32 nr_groups = ARRAY_SIZE(groups);
