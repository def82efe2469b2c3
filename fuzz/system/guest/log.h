/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the child says of each step, in its own memory, where the parent reads it and where a dump
 * of the machine's memory shows it after a crash (fuzz/system/crash.py reads the same layout).
 */
#ifndef FUZZ_LOG_H
#define FUZZ_LOG_H

#include "test.h"

/* Text that no other memory of the machine has by accident. */
#define LOG_MAGIC_0 0x676f6c2d7a7a7566UL	/* "fuzz-log" */
#define LOG_MAGIC_1 0xf0e1d2c3b4a59687UL
#define LOG_PAGES 64u
#define LOG_TEXT (LOG_PAGES * PAGE_SIZE - 64)

/**
 * A ring of text with one writer (the child) and one reader (the parent).
 *
 * drafted, written, read: bytes so far, of which @written ends with a line; the place in @text is
 * the number modulo its size.
 * step: the step that the child carries out, counted before it begins.
 * done: the child has carried out all its steps.
 */
struct log {
	u64 magic[2];
	u64 seed;
	u32 episode, step;
	u64 written, drafted, read;
	u32 done, pad;
	char text[LOG_TEXT];
};
_Static_assert(sizeof(struct log) == LOG_PAGES * PAGE_SIZE, "the text fills the last page");

#endif
