/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading traces in the format of xentrace: the hypervisor's, Xen's, and the simulator's own. */
#ifndef SCHEDSIM_TRACE_READ_H
#define SCHEDSIM_TRACE_READ_H

#include <xen/types.h>

/* Numbers of the records that matter here, as in traces/catalogue.toml. */
#define REC_RUNSTATE 0x00021001U	/* with the old state << 8 and the new one << 4 */
#define REC_CONTINUE 0x00021002U
#define REC_SLEEP 0x00028003U
#define REC_WAKE 0x00028004U
#define REC_YIELD 0x00028005U
#define REC_BLOCK 0x00028006U
#define REC_SWITCH 0x0002800aU
#define REC_DOMAIN_ADD 0x00041001U
#define REC_TIME 0x00804040U	/* now, for this CPU's next wake, decision or insertion */
#define REC_CHARGE 0x00804041U
#define REC_SAVED 0x00804042U
#define REC_REMOVE 0x00804043U
#define REC_INSERT 0x00804044U
#define REC_LOST 0x0001f001U
#define REC_RING_CUT 0x0001f004U

struct record {
	s64 time;		/* ns since the first record */
	u32 cpu, id;
	u32 words;
	u32 word[7];
};

struct trace {
	struct record *record;	/* in order of time; records of a CPU keep their order */
	u32 nr, cpus;
	u64 lost;		/* records that the writer had no room for; a cut counts as one */
};

/** True when the file begins like a trace, compressed by gzip or not. */
bool trace_is_one(const char *path);
/** Read @path, whose stamps count @hz cycles a second. Dies when it is damaged. */
struct trace trace_read(const char *path, double hz);

#endif
