/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of a domain: a page it shares with us, with requests one way and answers the other.
 *
 * The page belongs to the guest, so nothing read from it is believed: where we are in it is known
 * here, each byte is taken out once, and what the guest claims is checked. A guest that breaks the
 * rules is told so in the page and not listened to until it connects again.
 *
 * A request is longer than the ring may be, so taking it out of the page is done in steps; if the
 * daemon is killed between two of them the next daemon needs what the first one has taken. Hence
 * half a request and half an answer are kept in a slot, memory that outlives the process. Each step
 * ends with one store of an index or of a word of the slot; before that store it has not happened.
 */
#ifndef XSD_RING_H
#define XSD_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

struct domain;
struct xs;

#define RING_MESSAGE_MAX (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)

/** What outlives the process; all zeroes is a new one. */
struct ring_slot {
	uint32_t magic, zero;
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
	uint32_t req_cons, rsp_prod;	/* ours; those in the page are for the guest */
	bool broken;			/* not listened to */
	bool notify;			/* the guest must be told; cleared by the caller */
};

/**
 * Begin with a page, or go on with it if the slot has been used: what the domain's resume says was
 * done is answered, what was not is still to be done.
 */
void ring_attach(struct ring *r);
/** Move what can be moved, and do at most one request. Returns whether there is more to do now. */
bool ring_run(struct ring *r);

#endif
