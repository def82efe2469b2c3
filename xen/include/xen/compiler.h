/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiler attributes and small expression macros used everywhere. */
#ifndef XEN_COMPILER_H
#define XEN_COMPILER_H

#include <xen/types.h>

#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __section(s) __attribute__((section(s)))
#define __noinline __attribute__((noinline))
#define __used __attribute__((used))
#define __unused __attribute__((unused))
#define __noreturn __attribute__((noreturn))
#define __must_check __attribute__((warn_unused_result))
#define __printf_like(f, a) __attribute__((format(printf, f, a)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/** Code and data that are needed only until the boot ends. Kept together; not freed yet. */
#define __init __section(".init.text")
#define __initdata __section(".init.data")

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define ROUND_UP(x, a) (((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define ROUND_DOWN(x, a) ((x) & ~((typeof(x))(a) - 1))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define BIT(n) (1UL << (n))

#define min(a, b) ({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ > b_ ? a_ : b_; })

#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))

/** Fails the build when @c holds. */
#define BUILD_BUG_ON(c) _Static_assert(!(c), #c)

#endif
