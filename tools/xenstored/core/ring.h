/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of a domain: a page it shares with us, with requests one way and answers the other.
 *
 * The guest may write to every byte of the page at any time, also while no daemon runs. So the page
 * is never asked where we are: our two indices live in the slot, the page gets copies of them, and
 * each byte is taken out once. What the guest claims with its own two indices is checked. A guest
 * that breaks the rules is told so in the page and is not served until it connects again.
 *
 * A request may be longer than the ring, so it is taken out of the page in steps; if the daemon is
 * killed between two of them, the next daemon needs what the first one has taken. Hence half a
 * request and half an answer are kept in the slot too, memory that outlives the process. Each step
 * ends with one store of a word of the slot; before that store it has not happened. The page's
 * copy of an index follows, and is written again when a daemon starts.
 */
#ifndef XSD_RING_H
#define XSD_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

struct domain;
struct xs;

#define RING_MESSAGE_MAX (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)

/** What outlives the process; all zeroes is a new one. Only the daemon can write to it. */
struct ring_slot {
	uint32_t magic;			/* written last: the slot is in use */
	/* XENSTORE_ERROR_*: the guest broke the rules and is not served. */
	uint32_t error;
	/* Where we are in the stream of requests and in that of answers; both wrap. */
	uint32_t req_cons, rsp_prod;
	/*
	 * Where in the stream of requests the current one begins (lower half), and the length
	 * of the answer to the one before it that has not gone out whole, 0 if there is none.
	 */
	uint64_t in;
	/* Where in the stream of answers the message begins that is going out (lower half); its
	 * length, 0 if there is none; and whether it is the answer or an event (lowest bit). */
	uint64_t out;
	/* One more byte than a message: handlers end the payload with a NUL. */
	char request[RING_MESSAGE_MAX + 8];
	char answer[RING_MESSAGE_MAX];
	char event[RING_MESSAGE_MAX];
};

struct ring {
	struct xs *xs;
	struct domain *d;
	struct xenstore_domain_interface *page;
	struct ring_slot *slot;
	bool notify;			/* the guest must be told; cleared by the caller */
};

/**
 * Begin with a page, or go on with it if the slot has been used: what the domain's resume says was
 * done is answered, what was not is still to be done. A new slot takes the indices of the page,
 * whatever they are: nothing is kept that they could contradict.
 */
void ring_attach(struct ring *r);
/** Move what can be moved, and do at most one request. Returns whether there is more to do now. */
bool ring_run(struct ring *r);
/** Has the guest broken the rules, and not connected again since? */
bool ring_broken(const struct ring *r);

#endif
