/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying between the hypervisor and guest memory. All may fail: a guest can hand any pointer.
 * Copy in once, validate the copy, never read twice.
 */
#ifndef XEN_GUEST_ACCESS_H
#define XEN_GUEST_ACCESS_H

#include <xen/types.h>

struct vcpu;
struct domain;

/** A pointer a guest passed in a hypercall: linear in the calling vCPU's address space. */
typedef gvaddr_t guest_ptr_t;

static inline guest_ptr_t guest_ptr_add(guest_ptr_t p, u64 bytes)
{
	return gvaddr_make(p.v + bytes);
}
/** True for NULL, also as a translating pointer (xen/compat.h), in which only the mark and the
 * layout are not zero. No valid pointer has this form. */
static inline bool guest_ptr_is_null(guest_ptr_t p)
{
	return p.v == 0 || (p.v >> 59 == 0x10 && p.v << 12 == 0);
}

/** 0 or -XEN_EFAULT. @v is the calling vCPU (current), whose hypercall this is: the pointer is
 * one of its arguments, or comes from a structure copied in. May be partial on failure. */
int guest_copy_in(struct vcpu *v, void *dst, guest_ptr_t src, size_t len);
int guest_copy_out(struct vcpu *v, guest_ptr_t dst, const void *src, size_t len);

/** By guest physical address, any domain. 0 or -XEN_EFAULT (hole, MMIO, read-only on write). */
int guest_phys_read(struct domain *d, void *dst, gpaddr_t src, size_t len);
int guest_phys_write(struct domain *d, gpaddr_t dst, const void *src, size_t len);

/** ABI structs carry XEN_GUEST_HANDLE fields; this takes one as a guest_ptr_t. */
#define guest_handle_ptr(h) gvaddr_make((u64)(uintptr_t)(h).p)

#endif
