/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state oracle: device models in other domains. */
#ifndef TEST_STATE_ORACLE_IOREQ_H
#define TEST_STATE_ORACLE_IOREQ_H

struct oracle_domain;

/** The domain's servers: their channels, pages, and places among the guest's frames. */
void oracle_check_ioreq(struct oracle_domain *od);

#endif
