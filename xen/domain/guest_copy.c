/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying for a hypercall: directly, or with translation for callers in 32-bit mode. */
#include <xen/compat.h>
#include <xen/domain.h>
#include <xen/hal/vcpu.h>

int guest_copy_in(struct vcpu *v, void *dst, guest_ptr_t src, size_t len)
{
	if (unlikely(v->caller_is_32bit))
		return compat_copy_in(v, dst, src, len);
	return hal_guest_copy_in(v, dst, src, len);
}

int guest_copy_out(struct vcpu *v, guest_ptr_t dst, const void *src, size_t len)
{
	if (unlikely(v->caller_is_32bit))
		return compat_copy_out(v, dst, src, len);
	return hal_guest_copy_out(v, dst, src, len);
}
