/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random values by meaning. Each step has a sequence of its own, so steps can be left out. */
#ifndef FUZZ_VALUES_H
#define FUZZ_VALUES_H

#include "fuzz.h"

/** What an argument means, and so which values are worth trying. */
enum value {
	V_ZERO,		/* padding that must be 0, seldom another value */
	V_ANY8, V_ANY16, V_ANY32, V_ANY64,
	V_FLAGS,	/* low bits, each as likely as not */
	V_SMALL,	/* 0 to 7, seldom any */
	V_COUNT,	/* elements of an array that has LIST_MAX */
	V_ORDER,	/* of an extent of pages: seldom more than the guard has */
	V_RANGE,	/* frames in a row, likewise */
	V_PORT,		/* an event channel: mostly one that was bound */
	V_VCPU,
	V_DOM,		/* a domain: mostly the own one */
	V_VIRQ,
	V_GFN,		/* a frame: mostly of the arena */
	V_GPA,		/* an address in such a frame */
	V_OFFSET,	/* within a page */
	V_REF,		/* a grant */
	V_HANDLE,	/* of a grant mapping: mostly one that was got */
	V_SPACE,	/* of add_to_physmap */
	V_INDEX,	/* in a space; 0 would take the shared page from the child itself */
	V_PARAM,	/* of an HVM domain */
	V_VECTOR,
	V_DEADLINE,	/* none, long past, or never: what comes does not depend on speed */
	V_PAST,		/* a time that has passed */
	V_BUFFER,	/* a virtual address: mostly of the buffer */
	V_GFNS,		/* the address of a list of V_GFN */
	V_HOLES,	/* the same, mostly of frames where nothing is */
	V_CMD,		/* a sub-operation that may not exist */
	V_UNKNOWN,	/* one that does not */
	V_CALL,		/* a hypercall's number, but not one that ends the domain */
	V_MSR, V_PORT_IO, V_WIDTH, V_LEAF, V_APIC_REG, V_HOLE, V_INSN, V_CR, V_SLOT,
};

#define ARENA_PAGES 16u
/* Behind the arena, for calls that take several frames from one in it. */
#define GUARD_PAGES 16u
#define LIST_MAX 8u
#define BUFFER_SIZE 512u

/** Pages that calls may take away, map over, and write to. */
extern u8 arena[(ARENA_PAGES + GUARD_PAGES) * PAGE_SIZE];
/** The grant table's frames are mapped here. */
extern u8 grants[4 * PAGE_SIZE];
/** What V_GFNS and V_HOLES mostly point to. */
extern u64 frames[LIST_MAX];
/** What V_BUFFER points to, filled anew for each step. */
extern u8 buffer[BUFFER_SIZE];
/** What holds times, and so is never compared. */
extern u8 times[PAGE_SIZE];

/** Ends the child when its own memory is gone, which a call may have done to it. */
void values_begin(u64 seed, u32 episode, u32 step);
u64 random64(void);
u32 below(u32 n);
/** True once in @n. */
bool one_in(u32 n);
u64 value_of(enum value v);
/** Another, where the child would take an interrupt for an exception or the end of user mode. */
u64 usable_vector(u64 v);

/** Remember what a call gave, for later steps. */
void remember_port(u32 port);
void remember_handle(u32 handle);

#endif
