/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Destroying domains that have no toolstack. */
#ifndef XEN_REAP_H
#define XEN_REAP_H

/** From now on domains with ->reap are destroyed once they have shut down, and without a hardware
 * domain the last shutdown ends the machine (last_domain=). After the boot's domains are built. */
void reap_init(void);

#endif
