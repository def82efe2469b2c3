/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libc functions for the host port, in plain C types. libc.c implements them and includes no
 * hypervisor header; the other files of the port include no libc header.
 */
#ifndef ARCH_HOST_LIBC_H
#define ARCH_HOST_LIBC_H

#define HOST_FIBERS 258

/** Zeroed memory, page aligned; never returns NULL. */
void *libc_map(unsigned long bytes);
/** Zeroed memory that forked children share. */
void *libc_map_shared(unsigned long bytes);

/** Fiber 0 is the program's own stack. The others start in @fn(@arg), which must not return. */
void libc_fiber_create(unsigned int id, void (*fn)(void *arg), void *arg);
/** Where a fiber that does not run goes on, and in *@top the end of its stack. */
char *libc_fiber_stack(unsigned int id, char **top);
/** Save the running fiber as @from and continue with @to. */
void libc_fiber_switch(unsigned int from, unsigned int to);

void libc_write_err(const char *s, unsigned long len);
/** End the process; runs exit handlers (coverage data), not those of cmocka. */
void libc_exit(int status) __attribute__((noreturn));
int libc_verbose(void);

/** Run @fn in a child process; its exit status, or 128 + the signal that killed it. */
int libc_run_child(void (*fn)(void *arg), void *arg);

#endif
