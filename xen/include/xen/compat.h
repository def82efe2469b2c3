/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls from 32-bit mode. In that mode pointers and longs of the ABI's structures have four
 * bytes, and 64-bit members are aligned to four (public/arch-x86/xen-x86_32.h), so many structures
 * differ from the hypervisor's own. The translation is done where guest memory is copied:
 *
 *   - the caller's arguments are looked up in a table (domain/compat/layouts.toml). A pointer to a
 *     structure that differs becomes a *translating pointer*, a guest_ptr_t that holds the number
 *     of the structure's layout and a position in an array of native structures;
 *   - arithmetic on it in native sizes, as handlers do, gives the pointer to another element or
 *     field;
 *   - guest_copy_in() and guest_copy_out() read or write the 32-bit structure there and convert
 *     what was asked for. Handles inside become translating pointers as well;
 *   - a call to be continued gets plain 32-bit arguments again.
 *
 * So no handler knows the width of its caller, nothing is copied twice, and no memory is needed
 * but the stack's.
 */
#ifndef XEN_COMPAT_H
#define XEN_COMPAT_H

#include <xen/guest_access.h>
#include <xen/hypercall.h>

struct compat_layout;

/**
 * Make the call @hc of the current vCPU @v, which came from 32-bit mode, through @run. The
 * arguments are the caller's registers, zero-extended, before and after. -XEN_ENOSYS for commands
 * that the table does not know; otherwise the result of @run.
 */
long compat_call(struct vcpu *v, struct hypercall *hc,
		 long (*run)(struct vcpu *v, struct hypercall *hc));

/** guest_copy_in() and guest_copy_out() for a caller in 32-bit mode. */
int compat_copy_in(struct vcpu *v, void *dst, guest_ptr_t src, size_t len);
int compat_copy_out(struct vcpu *v, guest_ptr_t dst, const void *src, size_t len);

/**
 * For memory that is written after the call has ended: the linear address that @p leads to, the
 * start of a structure. *@layout is the structure's layout in the guest; NULL: the native one.
 */
guest_ptr_t compat_resolve(guest_ptr_t p, const struct compat_layout **layout);

/** Bytes of a structure in a 32-bit guest. At most COMPAT_MAX_BYTES. */
u32 compat_bytes(const struct compat_layout *layout);
/** The offset in a 32-bit guest of the member at offset @native of the native structure. */
u32 compat_offset(const struct compat_layout *layout, u32 native);
/** Convert a whole structure; @compat has compat_bytes() of room. Gaps become zero. */
void compat_from_native(const struct compat_layout *layout, void *compat, const void *native);
void compat_to_native(const struct compat_layout *layout, void *native, const void *compat);

#define COMPAT_MAX_BYTES 255

#endif
