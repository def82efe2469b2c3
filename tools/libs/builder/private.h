/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOOLS_BUILDER_PRIVATE_H
#define TOOLS_BUILDER_PRIVATE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"

/** Fill @err and return @rc. */
int bld_fail(struct bld_error *err, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* place.c: parts of a plan. Sizes in bytes, addresses guest physical. */

int bld_check_config(const struct bld_config *c, uint64_t max_ram, struct bld_error *err);
uint64_t bld_round_up(uint64_t v, uint64_t align);
void bld_add_region(struct bld_plan *p, uint64_t start, uint64_t bytes, uint32_t type);
void bld_add_piece(struct bld_plan *p, uint64_t at, const void *data, uint64_t bytes,
		   uint64_t zeros, const char *what);
/** The kernel's segments, whose addresses count from @base, into RAM that ends at @end. */
int bld_place_kernel(struct bld_plan *p, const struct bld_kernel *k, uint64_t base, uint64_t end,
		     struct bld_error *err);
/** The ramdisk at a multiple of 2 MiB from @from on; *@at is 0 when there is none. */
int bld_place_ramdisk(struct bld_plan *p, const struct bld_config *c, uint64_t from, uint64_t end,
		      uint64_t *at, struct bld_error *err);

#endif
