/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state oracle: event channels. */
#ifndef TEST_STATE_ORACLE_EVTCHN_H
#define TEST_STATE_ORACLE_EVTCHN_H

struct oracle_domain;

/** Check the channels of a domain, and account for the pages of its event queues. */
void oracle_check_evtchn(struct oracle_domain *od);

#endif
