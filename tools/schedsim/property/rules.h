/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must be true of every policy, whatever happens; checked while a scenario runs. */
#ifndef SCHEDSIM_PROPERTY_RULES_H
#define SCHEDSIM_PROPERTY_RULES_H

#include "guest.h"

/** A vCPU under watch. */
struct watched {
	struct guest guest;
	u32 pool;
	bool gone;			/* its domain was destroyed */
	bool paused;
	bool limited;			/* a cap or a reservation may keep it waiting */
	s64 touched;			/* when something was last done to it from outside */
	s64 ran_before;			/* at the begin of the last phase */
};

/** The rules of this policy for these vCPUs, from now on. */
void rules_begin(const char *policy, struct watched *w, u32 nr);
/** More vCPUs than before. */
void rules_count(u32 nr);
/** @cpu came to another pool. */
void rules_touch_cpu(u32 cpu);
/** @cpu and its siblings run vCPUs of one domain only. */
void rules_check_alone(u32 cpu);
/** Look at all vCPUs now. Leaves the program when a rule is broken. */
void rules_check(void);
/** The last phase begins: nothing is done from outside any more. */
void rules_settle(void);
/** At its end: every vCPU that wanted to run has run. */
void rules_end(void);
/** Say what was broken on stderr and leave with STATUS_BROKEN. */
void rules_broken(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
