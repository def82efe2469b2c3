/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of domain/compat: the tables from gen.py, and translating pointers. */
#ifndef DOMAIN_COMPAT_PRIVATE_H
#define DOMAIN_COMPAT_PRIVATE_H

#include <xen/compat.h>

#define COMPAT_LIMIT (1UL << 32)	/* first address that 32-bit mode cannot name */

/** The kind of conversion of a member. */
enum compat_kind {
	COMPAT_BYTES,	/* the same bytes in both; also runs of such members */
	COMPAT_UINT,	/* four bytes for the guest, eight natively */
	COMPAT_INT,	/* the same, signed */
	COMPAT_HANDLE,	/* a guest pointer, to elements of layout @target */
};

/** A member in both widths: offsets and sizes in bytes. */
struct compat_field {
	u8 kind;			/* enum compat_kind */
	u8 native, native_size;
	u8 compat, compat_size;
	u8 target;			/* COMPAT_LAYOUT_*, 0: the same in both */
};

/** Further members that are converted when the structure's tag has this value. */
struct compat_case {
	u32 tag;
	u32 nr_fields;
	const struct compat_field *field;
};

struct compat_layout {
	const char *name;
	u32 native_bytes, compat_bytes;
	u32 nr_fields;
	const struct compat_field *field;	/* ascending, without overlap, in both widths */
	u32 tag;				/* offset of the 32-bit tag, the same in both */
	u32 nr_cases;
	const struct compat_case *cases;
};

/** A hypercall and, unless the mask is 0, its command in argument 0, with the layout of the
 * structure that argument @arg points to (0: the same in both). */
struct compat_call {
	u32 nr, mask, cmd;
	u8 arg, layout;
	bool halves;			/* arguments 0 and 1 are one 64-bit number */
};

/* tables.c */
/** The entry of a call; NULL when a 32-bit caller cannot make it. */
const struct compat_call *compat_find_call(u32 nr, u32 arg0);
/** @id is not 0. */
const struct compat_layout *compat_layout_by_id(u32 id);
/** Layouts are numbered from 1 to the result minus 1. */
u32 compat_nr_layouts(void);

/* pointer.c */
/** A translating pointer to @va, an array of layout @id; a plain pointer for id 0 or an address
 * that 32-bit mode cannot name. */
guest_ptr_t compat_ptr_make(u32 id, u64 va);
/**
 * True for a translating pointer. A caller can forge one where the ABI has 64-bit handles (domctl,
 * sysctl), but gains nothing: it leads to the caller's own memory.
 */
bool compat_ptr_translates(guest_ptr_t p);

/** The target of a translating pointer. */
struct compat_place {
	const struct compat_layout *layout;
	u64 va;			/* of the 32-bit element; invalid from COMPAT_LIMIT on */
	u32 offset;		/* in the native element */
};

struct compat_place compat_ptr_place(guest_ptr_t p);

/* convert.c */
/** A part of the 32-bit structure: from @start up to @end. */
struct compat_span {
	u32 start, end;
};

/** The span of the members in bytes [@off, @off + @len) of the native structure. False when that
 * cuts a member that is not a run of bytes, or a structure with a tag. */
bool compat_span(const struct compat_layout *l, u32 off, u32 len, struct compat_span *s);
/** Convert these members, for which compat_span() gave a span. @compat is the 32-bit structure, of
 * which only the span is read or written; @native holds bytes [@off, @off + @len). */
void compat_convert_in(const struct compat_layout *l, u32 off, u32 len, const u8 *compat,
		       u8 *native);
void compat_convert_out(const struct compat_layout *l, u32 off, u32 len, u8 *compat,
			const u8 *native);

#endif
