/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the functions that go through memory word by word. */
#ifndef LIB_WORDS_H
#define LIB_WORDS_H

#include <xen/compiler.h>

/* The compiler must not turn these loops into calls of the very functions they implement. */
#ifdef __clang__
#define NO_LOOP_IDIOM __attribute__((no_builtin))
#else
#define NO_LOOP_IDIOM __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif

/* Word access to memory of any type and alignment. */
typedef u64 __attribute__((may_alias, aligned(1))) word_t;

#define WORD sizeof(word_t)

#endif
