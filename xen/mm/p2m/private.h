/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the p2m engine. */
#ifndef P2M_PRIVATE_H
#define P2M_PRIVATE_H

#include <xen/p2m.h>

/** p2m_lookup() with p->lock held, for reading or writing. @order is not NULL. */
mfn_t p2m_lookup_locked(struct p2m *p, gfn_t gfn, enum p2m_type *type, u32 *order);

#endif
