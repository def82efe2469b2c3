/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memset and memcpy. Some callers run with the MMU off, where an access must be aligned, so words
 * are moved only between addresses that are aligned alike. (The compiler is told the same for all
 * C code, and would move words of any alignment by bytes.)
 */
	.text

/* void *memset(void *dst X0, int c W1, size_t n X2) */
	.globl	memset
	.type	memset, @function
memset:
	mov	x3, x0
	and	w1, w1, #0xff
	cmp	x2, #16
	b.lo	4f
	orr	w1, w1, w1, lsl #8
	orr	w1, w1, w1, lsl #16
	orr	x1, x1, x1, lsl #32
	/* Up to a multiple of 8. */
	neg	x4, x3
	ands	x4, x4, #7
	b.eq	2f
	sub	x2, x2, x4
1:	strb	w1, [x3], #1
	subs	x4, x4, #1
	b.ne	1b
2:	subs	x2, x2, #64
	b.lo	3f
	.balign	16
1:	stp	x1, x1, [x3]
	stp	x1, x1, [x3, #16]
	stp	x1, x1, [x3, #32]
	stp	x1, x1, [x3, #48]
	add	x3, x3, #64
	subs	x2, x2, #64
	b.hs	1b
3:	add	x2, x2, #64
1:	subs	x2, x2, #8
	b.lo	2f
	str	x1, [x3], #8
	b	1b
2:	add	x2, x2, #8
4:	cbz	x2, 2f
1:	strb	w1, [x3], #1
	subs	x2, x2, #1
	b.ne	1b
2:	ret
	.size	memset, . - memset

/* void *memcpy(void *dst X0, const void *src X1, size_t n X2) */
	.globl	memcpy
	.type	memcpy, @function
memcpy:
	mov	x3, x0
	cmp	x2, #8
	b.lo	5f
	eor	x4, x0, x1
	tst	x4, #7
	b.ne	4f
	neg	x4, x3
	ands	x4, x4, #7
	b.eq	2f
	sub	x2, x2, x4
1:	ldrb	w5, [x1], #1
	strb	w5, [x3], #1
	subs	x4, x4, #1
	b.ne	1b
2:	subs	x2, x2, #32
	b.lo	3f
	.balign	16
1:	ldp	x4, x5, [x1], #16
	ldp	x6, x7, [x1], #16
	stp	x4, x5, [x3], #16
	stp	x6, x7, [x3], #16
	subs	x2, x2, #32
	b.hs	1b
3:	add	x2, x2, #32
1:	subs	x2, x2, #8
	b.lo	2f
	ldr	x4, [x1], #8
	str	x4, [x3], #8
	b	1b
2:	add	x2, x2, #8
4:	cbz	x2, 2f
1:	ldrb	w4, [x1], #1
	strb	w4, [x3], #1
	subs	x2, x2, #1
	b.ne	1b
2:	ret
	/* Many hypercalls have an argument of four bytes. */
5:	orr	x4, x0, x1
	orr	x4, x4, x2
	tst	x4, #3
	b.ne	4b
	cbz	x2, 2b
	ldr	w4, [x1]
	str	w4, [x0]
	ret
	.size	memcpy, . - memcpy
