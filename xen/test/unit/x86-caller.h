/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A toolstack whose hypercalls a test makes, one after another: a privileged domain on the host
 * port's software processor, which the test starts. The test is the observer of world_boot().
 */
#ifndef TEST_X86_CALLER_H
#define TEST_X86_CALLER_H


#include "x86-world.h"

#include <public/domctl.h>
#include <public/sysctl.h>

struct soft_entry;

/** The domain that calls; world_create() it. */
extern struct world_domain caller;

/** Guest physical address of the list that a call may point to. */
u64 caller_list(void);
/** The caller's turn, and anybody else's, who computes: for soft_guest_set(). */
void caller_turn(struct soft_entry *e);
/** Make hypercall @nr of @op and, if @list_bytes is not 0, a list; both are read back. What the
 * call returns. */
long caller_call(u64 nr, void *op, size_t bytes, void *list, size_t list_bytes);
/** A hypercall that takes a command and, as second argument, @op. */
long caller_command(u64 nr, u32 cmd, void *op, size_t bytes);
/** caller_call() with command, domain and version filled in. */
long caller_domctl(u16 domid, u32 cmd, struct xen_domctl *op);
long caller_sysctl(u32 cmd, struct xen_sysctl *op);

#endif
