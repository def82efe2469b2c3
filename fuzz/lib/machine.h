/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Going back to states of the host port's machine: its RAM, the hypervisor's variables and the
 * stacks of its CPUs. The target is linked by machine.lds, which gives the variables pages of their
 * own.
 */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include "undo.h"

/**
 * Name all memory of a machine of @cpus CPUs, which all wait, for undo_remember(). Once, from the
 * observer; what a target keeps itself, it names with undo_bytes().
 */
void machine_undo_all(unsigned int cpus);
/** As undo_restore(). */
void machine_restore(unsigned int state);

#endif
