/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the checks of a VM entry. */
#ifndef VMX_CHECK_FIELDS_H
#define VMX_CHECK_FIELDS_H

#include "check.h"

/** The checks of one entry; the first fault ends them. */
struct entry_check {
	const struct vmx_entry_source *src;
	struct vmx_entry_fault *fault;
	bool failed;
};

static inline u64 field_of(struct entry_check *c, u32 field)
{
	return c->src->read(c->src->ctx, field);
}

/** @field breaks @rule unless @holds. */
static inline void demand(struct entry_check *c, u32 field, bool holds, const char *rule)
{
	if (holds || c->failed)
		return;
	c->failed = true;
	*c->fault = (struct vmx_entry_fault){ field, vmcs_field_name(field), field_of(c, field),
					      rule };
}

static inline bool is_canonical(u64 va) { return (u64)((s64)(va << 16) >> 16) == va; }

static inline void demand_canonical(struct entry_check *c, u32 field)
{
	demand(c, field, is_canonical(field_of(c, field)), "not a canonical address");
}

/** The bits of the control register in @field that the processor fixes, but for @free. */
static inline void demand_fixed(struct entry_check *c, u32 field, u64 ones, u64 may, u64 free)
{
	u64 v = field_of(c, field);

	demand(c, field, !(ones & ~free & ~v), "a bit is clear that must be set");
	demand(c, field, !(v & ~free & ~may), "a reserved bit is set");
}

/** A page attribute table: eight types, of which 2 and 3 do not exist. */
static inline void demand_pat(struct entry_check *c, u32 field)
{
	u64 pat = field_of(c, field);
	bool ok = true;

	for (u32 i = 0; i < 64; i += 8) {
		u64 type = pat >> i & 0xff;

		ok = ok && type <= 7 && type != 2 && type != 3;
	}
	demand(c, field, ok, "a memory type that does not exist");
}

/** Parts of vmx_entry_valid(), in the processor's order. */
void check_controls(struct entry_check *c);
void check_host(struct entry_check *c);
void check_guest(struct entry_check *c);

#endif
