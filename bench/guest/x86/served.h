/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another domain with the devices of a PC, which this guest, the first domain, makes and is the
 * device model of. As the model it sleeps until it is asked. The other domain reads a port of the
 * model's again and again (the mark), whose answer says what to do next, and how often. The time
 * between two marks is the cost of that and of one mark.
 */
#ifndef BENCH_SERVED_H
#define BENCH_SERVED_H

#include "bench.h"
#include "dm.h"

/** What it can do, as its program has them. */
enum served_op {
	SERVED_NOTHING,
	SERVED_PORT_READ, SERVED_PORT_WRITE, SERVED_PORT_NONE,
	SERVED_MEMORY_READ, SERVED_MEMORY_WRITE, SERVED_MEMORY_NONE, SERVED_MEMORY_BUFFERED,
	SERVED_HPET_READ,
	SERVED_HPET_INTERVAL,	/* reads the HPET, counts down, reads it again: gives TSC, HPET */
	SERVED_HPET_BACKWARDS,	/* reads the HPET so often: gives how often it went back */
	SERVED_HPET_PERIOD,	/* gives the HPET's period in femtoseconds */
};

/** The largest @n of served_time(), and of buffered writes, which the ring must hold. */
#define SERVED_MOST 0xffffffU
#define SERVED_RING 256U

/** Requests that the model answered between the last two marks. */
extern u32 served_requests;
/** What the domain gave then, the first value first. */
extern u32 served_given[2];

/** Make and start the domain, the first time. */
void served_begin(void);
/** Ticks until the domain has done @op @n times (at least once). */
u64 served_time(enum served_op op, u32 n);
/** Empty the ring of buffered requests; how many there were. */
u32 served_take_buffered(void);

#endif
