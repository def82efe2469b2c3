/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translating pointers: a guest_ptr_t that leads into an array of structures of a 32-bit guest, but
 * takes arithmetic in native sizes.
 *
 *   bits 63-59   10000: no canonical address looks like this
 *   bits 58-52   number of the layout
 *   bits 51-44   the address of the array modulo the 32-bit size of an element
 *   bits 43-0    position: number of the element, counted from address 0, times its native size,
 *                plus the offset in the native element
 *
 * A handler adds at most 2^32 elements, so the position does not overflow.
 */
#include "private.h"

#include <xen/printk.h>

#define MARK (0x10UL << 59)
#define MARK_MASK (0x1fUL << 59)
#define LAYOUT_SHIFT 52
#define LAYOUT_MASK 0x7fUL
#define PHASE_SHIFT 44
#define PHASE_MASK 0xffUL
#define POSITION_MASK ((1UL << PHASE_SHIFT) - 1)

guest_ptr_t compat_ptr_make(u32 id, u64 va)
{
	const struct compat_layout *l;

	if (!id || va >= COMPAT_LIMIT)
		return gvaddr_make(va);
	ASSERT(id <= LAYOUT_MASK);
	l = compat_layout_by_id(id);
	ASSERT(l->compat_bytes <= PHASE_MASK);
	return gvaddr_make(MARK | (u64)id << LAYOUT_SHIFT | va % l->compat_bytes << PHASE_SHIFT |
			   va / l->compat_bytes * l->native_bytes);
}

bool compat_ptr_translates(guest_ptr_t p)
{
	u64 id = p.v >> LAYOUT_SHIFT & LAYOUT_MASK;

	return (p.v & MARK_MASK) == MARK && id && id < compat_nr_layouts();
}

struct compat_place compat_ptr_place(guest_ptr_t p)
{
	const struct compat_layout *l;
	u64 position = p.v & POSITION_MASK;

	ASSERT(compat_ptr_translates(p));
	l = compat_layout_by_id(p.v >> LAYOUT_SHIFT & LAYOUT_MASK);
	return (struct compat_place){
		.layout = l,
		.va = position / l->native_bytes * l->compat_bytes +
		      (p.v >> PHASE_SHIFT & PHASE_MASK),
		.offset = (u32)(position % l->native_bytes),
	};
}

guest_ptr_t compat_resolve(guest_ptr_t p, const struct compat_layout **layout)
{
	struct compat_place at;

	*layout = NULL;
	if (!compat_ptr_translates(p))
		return p;
	at = compat_ptr_place(p);
	ASSERT(at.offset == 0);
	*layout = at.layout;
	return gvaddr_make(at.va);
}
