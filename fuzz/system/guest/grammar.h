/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar: every operation a step may be, as data (grammar.c). */
#ifndef FUZZ_GRAMMAR_H
#define FUZZ_GRAMMAR_H

#include "values.h"

/** Where an argument goes. */
enum place {
	IN_STRUCT,	/* a field that the call reads */
	OUT_STRUCT,	/* a field that the call writes, compared */
	OUT_PORT,	/* the same, and a port for later steps when the call succeeds */
	OUT_HANDLE,	/* the same, and a grant handle */
	OUT_HIDDEN,	/* written, and different by right: a time, a machine frame */
	IN_REGISTER,	/* a parameter of the call itself, in order */
};

/** How a call takes its arguments. */
enum shape {
	CMD_STRUCT,		/* command, address of the structure */
	CMD_STRUCT_COUNT,	/* the same, then a count of structures */
	CMD_VCPU_STRUCT,	/* command, vCPU, address */
	STRUCT_COUNT,		/* address, count */
	REGISTERS,		/* the arguments in order */
	FUNCTION,		/* not a call: a function with these arguments */
};

struct argument {
	const char *name;
	enum place place;
	enum value value;
	u16 offset, size;
};

#define MAX_ARGS 10u
#define MAX_STRUCT 128u

/** What a step that is not a call came to. */
struct outcome {
	u64 value;
	bool hidden;		/* the value differs by right */
	struct trap trap;
};

struct operation {
	const char *name;
	enum shape shape;
	u8 weight;
	u32 call, cmd;
	u16 bytes;		/* of the structure */
	struct outcome (*function)(const u64 *arg);
	struct argument args[MAX_ARGS];
};

extern const struct operation grammar[];
extern const u32 grammar_size;

/** Functions of FUNCTION rows (perform.c). */
struct outcome do_rdmsr(const u64 *arg);
struct outcome do_wrmsr(const u64 *arg);
struct outcome do_cpuid(const u64 *arg);
struct outcome do_in(const u64 *arg);
struct outcome do_out(const u64 *arg);
struct outcome do_ins(const u64 *arg);
struct outcome do_outs(const u64 *arg);
struct outcome do_mmio_read(const u64 *arg);
struct outcome do_mmio_write(const u64 *arg);
struct outcome do_apic_read(const u64 *arg);
struct outcome do_apic_write(const u64 *arg);
struct outcome do_insn(const u64 *arg);
struct outcome do_cr(const u64 *arg);
struct outcome do_window(const u64 *arg);
struct outcome do_upcall_vector(const u64 *arg);
struct outcome do_poke(const u64 *arg);
struct outcome do_grant_entry(const u64 *arg);
struct outcome do_event_bits(const u64 *arg);
struct outcome do_arena_digest(const u64 *arg);
struct outcome do_runstate(const u64 *arg);
struct outcome do_hypercall(const u64 *arg);
struct outcome do_recorded(const u64 *arg);
/** Take interrupts, and map what the steps work with. */
void perform_begin(void);

#endif
