/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of a call from 32-bit mode, and copies to and from its memory. */
#include "private.h"

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>

static void arguments_in(const struct compat_call *c, struct hypercall *hc)
{
	for (u32 i = 0; i < HYPERCALL_MAX_ARGS; i++)
		ASSERT(hc->arg[i] < COMPAT_LIMIT);
	if (c->halves) {
		hc->arg[0] |= hc->arg[1] << 32;
		hc->arg[1] = 0;
	}
	hc->arg[c->arg] = c->layout ? compat_ptr_make(c->layout, hc->arg[c->arg]).v
				    : hc->arg[c->arg];
}

/* A pointer past the last byte of 4 GiB becomes 0, as it does in the caller's register. */
static void arguments_out(struct hypercall *hc)
{
	for (u32 i = 0; i < HYPERCALL_MAX_ARGS; i++) {
		guest_ptr_t p = gvaddr_make(hc->arg[i]);

		if (compat_ptr_translates(p)) {
			ASSERT(compat_ptr_place(p).offset == 0);
			hc->arg[i] = compat_ptr_place(p).va;
		}
		ASSERT(hc->arg[i] <= COMPAT_LIMIT);
		hc->arg[i] = (u32)hc->arg[i];
	}
}

long compat_call(struct vcpu *v, struct hypercall *hc,
		 long (*run)(struct vcpu *v, struct hypercall *hc))
{
	const struct compat_call *c = compat_find_call(hc->nr, (u32)hc->arg[0]);
	long rc;

	ASSERT(v->caller_is_32bit);
	if (!c)
		return -XEN_ENOSYS;
	arguments_in(c, hc);
	rc = run(v, hc);
	/* A call with a time in two halves is never continued. */
	ASSERT(rc != -XEN_ERESTART || !c->halves);
	if (rc == -XEN_ERESTART)
		arguments_out(hc);
	return rc;
}

/* True when a 32-bit pointer can reach all bytes. */
static bool reachable(u64 va, u64 len)
{
	return va < COMPAT_LIMIT && len <= COMPAT_LIMIT - va;
}

int compat_copy_in(struct vcpu *v, void *dst, guest_ptr_t src, size_t len)
{
	u8 buf[COMPAT_MAX_BYTES], *to = dst;

	if (!compat_ptr_translates(src))
		return reachable(src.v, len) ? hal_guest_copy_in(v, dst, src, len) : -XEN_EFAULT;
	while (len) {
		struct compat_place at = compat_ptr_place(src);
		u32 n = (u32)min(len, (size_t)(at.layout->native_bytes - at.offset));
		struct compat_span s;

		if (!compat_span(at.layout, at.offset, n, &s) ||
		    !reachable(at.va + s.start, s.end - s.start) ||
		    hal_guest_copy_in(v, buf + s.start, gvaddr_make(at.va + s.start),
				       s.end - s.start))
			return -XEN_EFAULT;
		compat_convert_in(at.layout, at.offset, n, buf, to);
		src = guest_ptr_add(src, n);
		to += n;
		len -= n;
	}
	return 0;
}

int compat_copy_out(struct vcpu *v, guest_ptr_t dst, const void *src, size_t len)
{
	u8 buf[COMPAT_MAX_BYTES];
	const u8 *from = src;

	if (!compat_ptr_translates(dst))
		return reachable(dst.v, len) ? hal_guest_copy_out(v, dst, src, len) : -XEN_EFAULT;
	while (len) {
		struct compat_place at = compat_ptr_place(dst);
		u32 n = (u32)min(len, (size_t)(at.layout->native_bytes - at.offset));
		struct compat_span s;

		if (!compat_span(at.layout, at.offset, n, &s) ||
		    !reachable(at.va + s.start, s.end - s.start))
			return -XEN_EFAULT;
		compat_convert_out(at.layout, at.offset, n, buf, from);
		if (hal_guest_copy_out(v, gvaddr_make(at.va + s.start), buf + s.start,
					s.end - s.start))
			return -XEN_EFAULT;
		dst = guest_ptr_add(dst, n);
		from += n;
		len -= n;
	}
	return 0;
}
