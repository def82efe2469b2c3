/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which lines have run: the counters of an image that was built with them (x86_64-coverage).
 *
 * The compiler leaves a description of each object's counters in the section .gcov_info. There is
 * none of them in other images, and nothing here does anything then.
 */
#ifndef XEN_COVERAGE_H
#define XEN_COVERAGE_H

#include <xen/compiler.h>
#include <xen/types.h>

/* How GCC 12 describes them (gcc/gcov-io.h, libgcc/libgcov.h), on machines of 64 bits. */
#define GCOV_MERGE_FUNCTIONS 8
#define GCOV_VERSION_MAJOR 12

struct gcov_function {
	const struct gcov_info *key;	/* another object's: its copy of the function counts */
	u32 ident, lineno_checksum, cfg_checksum;
	struct {			/* of lines; there are none of other things */
		u32 nr;
		s64 *values;
	} counters;
};

struct gcov_info {
	u32 version;
	struct gcov_info *next;
	u32 stamp, checksum;
	const char *filename;		/* of the .gcda file, as the compiler was called */
	void (*merge[GCOV_MERGE_FUNCTIONS])(s64 *, u32);
	u32 nr_functions;
	const struct gcov_function *const *functions;
};
BUILD_BUG_ON(sizeof(struct gcov_function) != 40 || sizeof(struct gcov_info) != 112);

/* Where the bytes go: @put takes the next @n, and returns 0 or an error that ends the writing. */
struct coverage_sink {
	int (*put)(struct coverage_sink *k, const void *bytes, u32 n);
};

/** True when the image counts, by a compiler whose descriptions are known. */
bool coverage_is_built(void);
/** How many bytes coverage_write() gives: always the same. */
u32 coverage_bytes(void);
/**
 * Write all counters in the form of <public/sysctl.h> (XEN_GCOV_FORMAT_MAGIC): records of a file
 * name, a length and the contents of a .gcda file. They go on counting meanwhile. Returns 0 or the
 * error of @put.
 */
int coverage_write(struct coverage_sink *k);
/** Set all counters to 0. CPUs that run meanwhile may leave some of what they counted. */
void coverage_reset(void);

#endif
