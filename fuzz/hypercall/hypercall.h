/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzing of hypercalls: shared by the files of this directory.
 *
 * An input is a header and a list of steps, all of fixed size. A step is a hypercall, or something
 * else that a guest or the machine does. Steps of different vCPUs may run at the same time; the
 * header's seed then chooses the interleaving.
 */
#ifndef FUZZ_HYPERCALL_H
#define FUZZ_HYPERCALL_H

#include <xen/domain.h>
#include <xen/hypercall.h>

#include <asm/host.h>

#define STEP_FIELDS 12
#define MAX_STEPS 64

struct input_header {
	u32 seed;		/* of interleavings and races */
	u8 flags;		/* INPUT_* */
	u8 pad[3];
};

#define INPUT_FINALE 1		/* destroy all guests at the end: all memory must come back */

enum step_kind {
	STEP_CALL,		/* a hypercall */
	STEP_GRANT,		/* write an entry into the own grant table */
	STEP_SCRIBBLE,		/* write into what is shared with the hypervisor, or into RAM */
	STEP_EVENT,		/* an interrupt or a VIRQ comes in */
	STEP_CLOCK,		/* time passes */
	STEP_KINDS,
};

/* How a step is made. */
#define HOW_32BIT	1	/* the caller is in 32-bit mode */
#define HOW_TOGETHER	2	/* runs at the same time as the next step */
#define HOW_RAW		4	/* numbers are not cut down to likely ones */
#define HOW_PREEMPT	8	/* each check for preemption says yes, or each third */
#define HOW_RESTART3	16
#define HOW_FAULT	32	/* pointers may lead nowhere */
/* An event is sent by an interrupt handler or a softirq, of a CPU that may be in another step. */
#define HOW_INTERRUPTS	64
#define HOW_BITS	7

struct step {
	u8 kind;		/* enum step_kind, by weights: step_kind_of() */
	u8 call;		/* which hypercall */
	u8 who;			/* vCPU */
	u8 how;			/* HOW_* */
	u8 alloc_fails;		/* the allocation that fails, from 1; 0: none */
	u8 race;		/* seed of changes by other CPUs while the call runs; 0: none */
	u8 items;		/* length of arrays */
	u8 pick;		/* alternatives of unions */
	u16 field[STEP_FIELDS];
};
BUILD_BUG_ON(sizeof(struct step) != 32 || sizeof(struct input_header) != 8);

static inline enum step_kind step_kind_of(const struct step *s)
{
	static const u8 until[] = { 176, 208, 228, 244 };
	u32 k = 0;

	while (k < ARRAY_SIZE(until) && s->kind >= until[k])
		k++;
	return (enum step_kind)k;
}

/* ---- calls.c: arguments ---- */

enum field_kind {
	FIELD_RAW, FIELD_PAD, FIELD_DOMID, FIELD_GFN, FIELD_ADDR, FIELD_PORT, FIELD_VCPU, FIELD_REF,
	FIELD_HANDLE, FIELD_SMALL, FIELD_ORDER, FIELD_COUNT, FIELD_OFFSET, FIELD_FLAGS, FIELD_TIME,
	FIELD_MAPFLAGS, FIELD_COPYFLAGS, FIELD_VERSION, FIELD_POINTER, FIELD_BATCH, FIELD_BUFFER,
	FIELD_ITEMS, FIELD_KINDS,
};

struct call_field {
	const char *name;
	u16 at, bytes;
	u8 kind, element;	/* enum field_kind; of the elements of an array */
	u16 element_bytes;
	u8 alternative, alternatives;
};

struct call_desc {
	const char *name;
	u32 nr, cmd, tag;	/* tag: the command of a control call */
	bool has_cmd, has_struct;
	u8 arg;			/* number of the argument that points to the structure */
	u16 bytes, nr_fields;
	const struct call_field *fields;
	u8 args[HYPERCALL_MAX_ARGS];	/* enum field_kind of other arguments; 0: not used */
};

extern const struct call_desc call_table[];
extern const u32 call_count;

const struct call_desc *call_of(const struct step *s);
/** Write the arguments of a step to the memory of its caller and fill *@hc. */
void call_prepare(const struct step *s, struct vcpu *v, struct hypercall *hc);
/** A number of this kind for @d, made from @raw. */
u64 field_value(const struct step *s, enum field_kind kind, u16 raw, const struct domain *d);
/** Print the call in words, with the arguments that @d passes. */
void call_print(const struct step *s, const struct domain *d);

struct guest;

/* ---- actions.c: steps that are not hypercalls ---- */

void action_run(const struct step *s, struct guest *g);
/** What has to be put back after an input. */
void *actions_state(u64 *bytes);
/** How long a step waits while all CPUs go on, in ns; 0: it is not such a step. */
s64 action_pause(const struct step *s);

/* ---- machine.c: the simulated machine and its guests ---- */

#define NR_GUEST_VCPUS 5
#define GUEST_RAM 16		/* frames of each domain, from guest_base() on */
#define GUEST_GFNS 24		/* gfns that numbers are cut down to */
#define GUEST_LAST 40		/* one more frame of RAM is here, with holes around it */

/** A vCPU that takes steps. */
struct guest {
	struct domain *d;
	struct vcpu *v;
	s_time_t created_at;
	const struct step *step;	/* being taken, NULL: none */
	struct hypercall hc;
	u32 restarts;
	/* Of the present step: */
	s_time_t until;		/* a pause ends; 0: it is not one */
	bool in_call;
	u32 allocs, preempt_checks, work;
	u32 rng;
};

extern struct guest guests[NR_GUEST_VCPUS];

/** True while the guest's domain is there and not dying. */
bool guest_lives(const struct guest *g);
/** Boot; once. @check_twice: the oracle compares what it remembers with what it reads. */
void machine_boot(bool check_twice);
/** Run an input from the state after the boot, and go back to that state. */
void machine_run(const u8 *data, size_t size);
/** First gfn of a domain's RAM. */
u64 guest_base(const struct domain *d);
/** The guest whose step runs on this CPU; NULL when there is none. */
struct guest *guest_here(void);
/** The frame at a gfn, without locks; NULL when there is no RAM that the guest can write. */
u8 *guest_ram(const struct domain *d, u64 gfn);
/** End the run now, from whatever CPU; does not return. */
void machine_off(void) __attribute__((noreturn));
/** Print each step as it is taken, and its result. */
extern bool machine_tells;

/* ---- hooks.c: what other CPUs do meanwhile, failures, bounds ---- */

/** Reads of memory by the code that hypercalls run, a measure of work. */
extern u64 loads_made;
/** So many of them until other CPUs may run; set at the beginning of an input. */
extern u32 loads_until_switch;
/** The next number of the step's own generator. */
u32 step_random(struct guest *g);

/* ---- mutate.c, replay.c ---- */

size_t mutate(u8 *data, size_t size, size_t max, u32 seed);
size_t cross_over(const u8 *a, size_t na, const u8 *b, size_t nb, u8 *out, size_t max, u32 seed);
/** Print to the standard output. */
void say(const char *fmt, ...) __printf_like(1, 2);
/** Print a step in words, as it is taken. */
void step_print(const struct step *s, u32 nr, const struct guest *g);
/**
 * --replay FILE, --minimise FILE OUT: do it and exit. Return when the first argument does not begin
 * with two dashes. Exit status: 0 done, 1 nothing fails, 2 wrong arguments or not an input.
 */
void replay_command(int argc, char **argv);

#endif
