/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host without devices: counts what is open, and lets a call fail. */
#ifndef TOOLS_TEST_FAKE_HOST_H
#define TOOLS_TEST_FAKE_HOST_H

#include "light/device.h"

struct fake_host {
	unsigned int loops;		/* loop devices there are; the name of each is /dev/loop7 */
	unsigned int connected;		/* interfaces brought up, and scripts run, so far */
	unsigned int calls, fail_at;	/* which call fails, from 1; 0: none */
	unsigned int busy;		/* so many loop devices are taken by somebody else first */
	bool bounces;			/* dom0's devices reach guests' pages */
	const char *mounted;		/* this path is mounted in dom0 at /mnt */
	bool mounted_readonly;
	const char *missing;		/* there is no disk of this path */
	const char *lacks;		/* this script or bridge is missing */
	const char *held;		/* dom0's kernel uses this path */
	char last[256];			/* what was done to an interface, or which script was run */
	/* Device models: their processes are numbered from 100 on. */
	unsigned int started, running;	/* so far; a bit for each that runs */
	bool dies;			/* one that is started ends at once */
	char log_text[64];		/* what one writes to its log */
	int watched;			/* to be closed when the last one watched is to end */
	char argv[4096];		/* the last one's words, a blank after each */
	/** Called when one has been started, to do what QEMU does in xenstore. */
	void (*model)(char *const *argv);
	char taps[64];			/* the emulated side of an interface, and its bridge */
	char qmp[512];			/* the last request */
	char driver[64];		/* dom0's, of the one PCI function: 0000:00:04.0 */
	unsigned int resets;		/* of it, so far */
	bool no_reset;
	const char *qmp_reply;		/* NULL: what fits the request */
};

extern struct fake_host fake_host;
extern const struct lx_host_ops fake_host_ops;

#endif
