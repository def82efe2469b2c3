/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzzing microguest: a parent, which is the machine's first domain, makes one child after the
 * other, each of which carries out an episode of random steps (docs/fuzzing-system.md).
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "cpu.h"

#include "log.h"

/* Where the child's memory ends, and the log that its memory map leaves out. */
#define CHILD_MIB 24u
#define CHILD_PAGES (CHILD_MIB * 256)
#define LOG_GFN (CHILD_PAGES - LOG_PAGES)

/* The parent (parent.c) */
void parent_main(void) NORETURN;

/* Domains (build.c): the one child there is at a time, always with this number. */
#define CHILD_DOMID 1u

/** What the child's command line says. */
struct episode {
	u64 seed;
	u32 number;
	u32 steps;
	/** Which steps are not passed over: hexadecimal digits, of four steps each, the lowest bit
	 * first, until another character; NULL: all. */
	const char *keep;
};

/** Build the child from the boot module and start it; ends the test when that fails. */
void child_start(const struct episode *e);
/** Destroy it and wait until nothing of it is left. */
void child_destroy(void);
/** The child's log, mapped here while the child exists. */
struct log *child_log(void);
/** Why the child has stopped running: -1 while it runs, else a reason of SCHEDOP_shutdown. */
int child_shutdown(void);
/** Registers of the child's vCPU, as the hypervisor knows them. */
void child_print_registers(void);
/** Free pages of the machine. */
u64 free_pages(void);

/* The child (child.c) */
void child_main(void) NORETURN;

#endif
