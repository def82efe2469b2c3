/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vCPUs of the simulation that execute programs. */
#ifndef SCHEDSIM_GUEST_H
#define SCHEDSIM_GUEST_H

#include "machine/machine.h"
#include "program.h"

enum guest_state {
	GUEST_NEW,		/* not started */
	GUEST_READY,		/* computes, or would if it had a CPU */
	GUEST_SPINS,		/* waits for a lock and uses its CPU for that */
	GUEST_BLOCKED,
	GUEST_ENDED,
};

/** Samples in ns, in order of arrival until they are sorted. */
struct samples {
	s64 *value;
	u32 nr, room;
};

void samples_add(struct samples *s, s64 value);

/** What is counted of vCPUs that do the same. */
struct tally {
	struct samples latency;		/* from a wake to the first instruction */
	struct samples response;	/* from a job's release to its end */
	u64 jobs, misses;
	s64 worst_lateness;		/* of a job's end, beyond its deadline */
	s64 spun;			/* time spent spinning on a CPU */
};

struct guest {
	struct machine_vcpu *v;
	const struct program *program;
	struct tally *tally;
	enum guest_state state;
	bool on_cpu;
	u32 home;			/* node of its memory plus 1; 0: on no node in particular */
	u32 slow;			/* percent by which it computes slower where it is */
	s64 remote;			/* ns on CPUs of other nodes, until it last stopped */
	u32 pc;
	u32 *rounds;			/* of each operation: how often OP_LOOP has gone back */
	u64 random;
	s64 left;			/* computing still to do before the next operation */
	s64 until;			/* it computes until then whoever has the CPU; 0: not so */
	s64 resumed;			/* when it came to its CPU or began to spin there */
	s64 woken;			/* when it became able to run, -1: it has run since */
	s64 waits_since;		/* for a CPU, -1: it does not */
	s64 start, release, deadline;
	struct event event;		/* end of computing, or of sleeping */
	struct guest *next_waiter;
	u32 waits_for;			/* object */
	u16 domid;
	u32 id;
};

extern const struct machine_hooks guest_hooks;

/** Prepare @g, whose v, program, tally, domid and id are set, to start at @start. */
void guest_start(struct guest *g, s64 start, u64 seed);
/** Nothing happens to @g any more; it waits for no lock, barrier or condition. */
void guest_stop(struct guest *g);

/** ns that it has had CPUs of other nodes than its memory's. */
s64 guest_remote(const struct guest *g);

/** A new lock, barrier, condition or device; they are all objects. */
u32 object_create(void);

/** When no job is allowed to be late: the first that was. NULL: none. */
const struct guest *guest_first_miss(s64 *when);

#endif
