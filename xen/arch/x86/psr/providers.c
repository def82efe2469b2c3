/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may provide cache monitoring on a machine. */
#include "private.h"

const struct psr_provider *const psr_providers[] = { &psr_by_msrs, &psr_by_model, NULL };
