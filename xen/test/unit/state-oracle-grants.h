/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state oracle: grants. */
#ifndef TEST_STATE_ORACLE_GRANTS_H
#define TEST_STATE_ORACLE_GRANTS_H

struct oracle_domain;

/** Check the mappings that a domain holds; after the p2m of all domains was looked at. */
void oracle_check_mappings(struct oracle_domain *od);
/** Check the grants of a domain that are in use; after the mappings of all domains. */
void oracle_check_pins(struct oracle_domain *od);

#endif
