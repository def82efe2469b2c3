/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hal_zero_pages(void *va, u64 n): zero n pages, at least one, bypassing the caches. Four 16-byte
 * stores fill a write-combining buffer. XMM0 may hold a guest's value, so it is restored.
 */
#define STORES 16

	.text
	.globl hal_zero_pages
	.type hal_zero_pages, @function
hal_zero_pages:
	sub	$16, %rsp
	movups	%xmm0, (%rsp)
	xorps	%xmm0, %xmm0
	shl	$12, %rsi
	add	%rdi, %rsi
1:
	.set	offset, 0
	.rept	STORES
	movntps	%xmm0, offset(%rdi)
	.set	offset, offset + 16
	.endr
	add	$(STORES * 16), %rdi
	cmp	%rsi, %rdi
	jne	1b
	sfence
	movups	(%rsp), %xmm0
	add	$16, %rsp
	ret
	.size hal_zero_pages, . - hal_zero_pages
	.section .note.GNU-stack, "", @progbits
