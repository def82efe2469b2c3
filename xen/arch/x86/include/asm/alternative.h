/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that is replaced at boot when the CPU has a feature, so that no check is needed at run time.
 */
#ifndef ASM_X86_ALTERNATIVE_H
#define ASM_X86_ALTERNATIVE_H

#include <asm/features.h>

/** One place to patch; offsets are from the field itself. */
struct alt_entry {
	s32 orig, repl;
	u16 feature;
	u8 orig_len, repl_len;
};

/**
 * Assembly that runs @oldinstr, or @newinstr when the CPU has the feature that the asm operand
 * [feat] (an "i" constraint) names. @newinstr must not be position-dependent. The shorter one is
 * padded with no-ops.
 */
#define ALTERNATIVE(oldinstr, newinstr)                                        \
	"661:\n\t" oldinstr "\n662:\n\t"                                       \
	".skip -(((664f-663f)-(662b-661b)) > 0) * ((664f-663f)-(662b-661b)), 0x90\n" \
	"665:\n"                                                               \
	".pushsection .altinstructions, \"a\"\n\t"                             \
	".long 661b - .\n\t.long 663f - .\n\t.word %c[feat]\n\t"               \
	".byte 665b - 661b\n\t.byte 664f - 663f\n"                             \
	".popsection\n"                                                        \
	".pushsection .altinstr_replacement, \"ax\"\n"                         \
	"663:\n\t" newinstr "\n664:\n"                                         \
	".popsection\n"

/** Patch all places for this CPU. Boot CPU, before others run. */
void alternatives_apply(void);

/** Time stamp counter, not read before earlier instructions have completed. */
static inline u64 rdtsc_ordered(void)
{
	u64 lo, hi;	/* the instruction clears the upper halves */

	__asm__ volatile(ALTERNATIVE("mfence; lfence; rdtsc", "rdtscp")
			 : "=a"(lo), "=d"(hi)
			 : [feat] "i"(X86_FEATURE_RDTSCP)
			 : "rcx", "memory");
	return lo | hi << 32;
}

/** Zero @bytes (a multiple of 8) at @p with the fastest store loop of this CPU. */
static inline void clear_memory(void *p, u64 bytes)
{
	u64 words = bytes / 8;

	__asm__ volatile(ALTERNATIVE("rep stosq", "shl $3, %%rcx; rep stosb")
			 : "+D"(p), "+c"(words)
			 : "a"(0), [feat] "i"(X86_FEATURE_ERMS)
			 : "memory", "cc");
}

#endif
