/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Basic integer types and the typed addresses that keep bytes, pages and address spaces apart. */
#ifndef XEN_TYPES_H
#define XEN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/** Nanoseconds since the hypervisor started its clock; monotonic. */
typedef s64 s_time_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

/** Page order of a 4 KiB, 2 MiB and 1 GiB mapping. */
#define PAGE_ORDER_4K 0
#define PAGE_ORDER_2M 9
#define PAGE_ORDER_1G 18

/** Host physical page number. */
typedef struct { u64 v; } mfn_t;
/** Guest physical page number. */
typedef struct { u64 v; } gfn_t;
/** Host physical byte address. */
typedef struct { u64 v; } paddr_t;
/** Guest physical byte address. */
typedef struct { u64 v; } gpaddr_t;
/** Guest linear (virtual) byte address. */
typedef struct { u64 v; } gvaddr_t;

#define INVALID_MFN_VALUE (~0UL)

static inline mfn_t mfn_make(u64 v) { return (mfn_t){ v }; }
static inline gfn_t gfn_make(u64 v) { return (gfn_t){ v }; }
static inline paddr_t paddr_make(u64 v) { return (paddr_t){ v }; }
static inline gpaddr_t gpaddr_make(u64 v) { return (gpaddr_t){ v }; }
static inline gvaddr_t gvaddr_make(u64 v) { return (gvaddr_t){ v }; }

static inline mfn_t mfn_invalid(void) { return (mfn_t){ INVALID_MFN_VALUE }; }
static inline gfn_t gfn_invalid(void) { return (gfn_t){ INVALID_MFN_VALUE }; }
static inline bool mfn_is_valid(mfn_t m) { return m.v != INVALID_MFN_VALUE; }
static inline bool gfn_is_valid(gfn_t g) { return g.v != INVALID_MFN_VALUE; }
static inline bool mfn_eq(mfn_t a, mfn_t b) { return a.v == b.v; }
static inline bool gfn_eq(gfn_t a, gfn_t b) { return a.v == b.v; }
static inline mfn_t mfn_add(mfn_t m, u64 n) { return (mfn_t){ m.v + n }; }
static inline gfn_t gfn_add(gfn_t g, u64 n) { return (gfn_t){ g.v + n }; }

static inline mfn_t paddr_to_mfn(paddr_t p) { return (mfn_t){ p.v >> PAGE_SHIFT }; }
static inline paddr_t mfn_to_paddr(mfn_t m) { return (paddr_t){ m.v << PAGE_SHIFT }; }
static inline gfn_t gpaddr_to_gfn(gpaddr_t p) { return (gfn_t){ p.v >> PAGE_SHIFT }; }
static inline gpaddr_t gfn_to_gpaddr(gfn_t g) { return (gpaddr_t){ g.v << PAGE_SHIFT }; }
static inline u32 page_offset(u64 addr) { return (u32)(addr & (PAGE_SIZE - 1)); }

#endif
