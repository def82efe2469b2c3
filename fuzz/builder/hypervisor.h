/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hypervisor that the builder's job talks to. It keeps the domain, and may fail at any call. */
#ifndef FUZZ_BUILDER_HYPERVISOR_H
#define FUZZ_BUILDER_HYPERVISOR_H

#include "builder/builder.h"

/** How it answers; all zeros: as it should. */
struct answers {
	uint8_t failing;	/* the call that fails, counted from 1 */
	uint8_t large;		/* so many extents of 2 MiB, then no more; 0: no limit */
	uint8_t context;	/* what the saved state lacks, see hypervisor.c */
};

/** Start anew, for a domain that @plan describes. */
void hypervisor_start(const struct bld_plan *plan, struct answers answers);
/** Everything that was asked for was done, and the domain is as the plan says. */
void hypervisor_check_end(uint32_t vcpus);

#endif
