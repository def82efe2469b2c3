/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams of decisions, which `schedsim diff` compares. */
#ifndef SCHEDSIM_DECISION_H
#define SCHEDSIM_DECISION_H

#include <stdio.h>

#include <xen/types.h>

/** A CPU goes from one vCPU to another. Written to pipes as it is. */
struct decision {
	s64 time;		/* ns */
	u64 event;		/* number of the simulator's event, or of the trace's record */
	u32 cpu;
	u32 prev_domid, prev_id;
	u32 next_domid, next_id;
	u32 pad;
};

/** `schedsim decisions`: write a simulation's decisions to the standard output, for diff. */
int command_decisions(int argc, char **argv);
int command_diff(int argc, char **argv);

/** Write a page for a browser with both timelines. @from: the first different decision. */
void page_write(FILE *f, const char *a_name, const struct decision *a, u32 nr_a,
		const char *b_name, const struct decision *b, u32 nr_b, s64 differ_at);

#endif
