/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clearing away domains that no toolstack looks after. */
#ifndef XEN_REAP_H
#define XEN_REAP_H

/** After the boot's domains are built: from now on those with ->reap are destroyed once they have
 * shut down, and without a hardware domain the last shutdown ends the machine (last_domain=). */
void reap_init(void);

#endif
