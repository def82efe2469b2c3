/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions run once in softirq context, serialised with themselves. */
#ifndef XEN_TASKLET_H
#define XEN_TASKLET_H

#include <xen/list.h>

struct tasklet {
	struct list_head link;	/* [per-CPU tasklet lock] */
	void (*fn)(void *arg);
	void *arg;
	s32 cpu;		/* queue it is on, -1 when on none */
	bool scheduled, running, dead;
};

void tasklet_init(struct tasklet *t, void (*fn)(void *arg), void *arg);
void tasklet_schedule(struct tasklet *t);
void tasklet_schedule_on(struct tasklet *t, u32 cpu);
/** Take it off its queue for good and wait until it is not running. No locks held. */
void tasklet_kill(struct tasklet *t);

#endif
