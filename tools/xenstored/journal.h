/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that keeps what was committed: records one after the other, the first of them a
 * snapshot.
 *
 * It is mapped into memory and written by copying, which costs no system call: what was copied
 * stays in the kernel's page cache when the process is killed. (A machine that crashes loses it,
 * and every domain whose state it is.) Space is allocated before it is needed, so a full disk is
 * an error that a request can be answered with. Each record has its length, a running number and a
 * sum, so the one that was being written when the process died is recognised and dropped; no
 * client had an answer to it yet.
 */
#ifndef XSD_JOURNAL_H
#define XSD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal {
	int dir;		/* the folder */
	int fd;
	char *map;
	size_t size;		/* of the file, all of it allocated and mapped */
	size_t used;
	size_t compact_at;	/* write it anew when it gets longer than this */
	uint32_t number;	/* of the next record */
};

/** Use folder @dir, making it if needed. Errno values; EBUSY when another process uses it. */
int journal_open(struct journal *j, const char *dir);
/**
 * Call @fn for each record of the file there is, in order; it returns NULL or what is wrong. Stops
 * at the first incomplete record. Returns NULL or what is wrong with the file; *@records counts.
 */
const char *journal_load(struct journal *j, const char *(*fn)(void *ctx, const void *record,
							      size_t len), void *ctx,
			 unsigned long *records);
/** Begin a new file, to be filled with a snapshot: journal_append() goes there. */
int journal_begin(struct journal *j);
/** The snapshot in @j is complete: put its file in the place of that of @old, which is closed. */
int journal_commit(struct journal *j, const struct journal *old);
/** Forget the new file and go on with @old. */
void journal_abandon(struct journal *j, const struct journal *old);
/** Append a record; ENOSPC or EIO, and nothing is kept then. */
int journal_append(struct journal *j, const void *record, size_t len);
/** Close it; the file stays. */
void journal_close(struct journal *j);

#endif
