/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's console ring into a log file. The ring is read on from where the last reading
 * ended; when the hypervisor wrote more than the ring holds meanwhile, or the ring was cleared, the
 * log goes on with the oldest byte there is and says how many are missing.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "daemon.h"

#define CHUNK 16384
#define CHUNKS_A_TURN 64	/* more wait for the next turn, so that guests are served too */

void hvlog_open(struct hvlog *h, const char *dir, uint64_t limit, bool stamp)
{
	h->index = 0;
	h->started = false;
	logfile_open(&h->file, dir, "hypervisor.log", limit, stamp);
}

static void note_loss(struct hvlog *h, uint32_t lost)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "%s[%u bytes were overwritten or cleared before they "
			 "were read]\n", h->file.line_start ? "" : "\n", lost);

	logfile_write(&h->file, text, (size_t)n);
}

int hvlog_read(struct hvlog *h, struct ctl *ctl)
{
	char buf[CHUNK];
	int n = CHUNK;

	for (unsigned int i = 0; i < CHUNKS_A_TURN && n == CHUNK; i++) {
		uint32_t before = h->index, lost;

		n = ctl_follow_console(ctl, buf, CHUNK, &h->index);
		if (n < 0)
			return n;
		assert(n <= CHUNK);
		/* Indices wrap; one that went back is the hypervisor's correction, not a loss. */
		lost = h->index - before - (uint32_t)n;
		if (h->started && lost && lost < UINT32_MAX / 2)
			note_loss(h, lost);
		h->started = true;
		logfile_write(&h->file, buf, (size_t)n);
	}
	return 0;
}
