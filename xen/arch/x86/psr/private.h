/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of psr/. */
#ifndef X86_PSR_PRIVATE_H
#define X86_PSR_PRIVATE_H

#include <xen/assert.h>
#include <xen/bitmap.h>

#include <asm/psr.h>

#include "provider.h"

/* ---- RMIDs (rmid.c, pure) ---- */

/**
 * An RMID is free, used, or in limbo: no domain has it, but lines of the cache still carry it, so
 * the next owner's occupancy would begin too high.
 */
struct rmid_pool {
	u32 nr;			/* 0: there is none */
	DECLARE_BITMAP(used, PSR_MAX_RMIDS);
	DECLARE_BITMAP(limbo, PSR_MAX_RMIDS);
};

/** Numbers 1 to @nr - 1 become free. RMID 0 is that of all who are not monitored. */
void rmid_pool_init(struct rmid_pool *p, u32 nr);
/** The lowest free RMID, which is then used; 0 when there is none. */
u32 rmid_take(struct rmid_pool *p);
/** A used RMID goes into limbo. */
void rmid_put(struct rmid_pool *p, u32 rmid);
/** Free an RMID of the limbo. */
void rmid_clean(struct rmid_pool *p, u32 rmid);

/* ---- classes of service of one socket (cos.c, pure) ---- */

struct cos_table {
	u32 nr, cbm_len;		/* nr 0: there is no allocation */
	u32 mask[PSR_MAX_COSES];
	u32 users[PSR_MAX_COSES];	/* domains; COS 0 is not counted, all begin with it */
};

/** All classes may fill everything. */
void cos_table_init(struct cos_table *t, u32 nr, u32 cbm_len);
/** Is @mask one that hardware takes: not empty, within cbm_len, one run of bits? */
bool cos_mask_valid(const struct cos_table *t, u64 mask);
/**
 * The class in which a domain of class @old gets @mask: one that has it, its own if it is the only
 * user, or an unused one. Negative when all are taken.
 */
s32 cos_choose(const struct cos_table *t, u32 old, u32 mask);
/** A domain moves from class @from to @to, which has @mask from now on. */
void cos_move(struct cos_table *t, u32 from, u32 to, u32 mask);

/* ---- state (init.c); constant after boot ---- */

struct psr_state {
	const struct psr_provider *provider;	/* NULL: all is off */
	struct psr_caps caps;			/* what of it is used: 0 for what is off */
	u32 sockets;				/* bit n: socket n has a CPU */
	u64 limbo_bytes;			/* an RMID with fewer may be used again */
};
extern struct psr_state psr;

/* ---- association of CPUs (assoc.c) ---- */

/** Reset all CPUs' registers, and let context switches maintain them from now on. Boot. */
void psr_assoc_init(void);
/** Let all CPUs look at their current domains' numbers again. Interrupts on, no locks. */
void psr_assoc_refresh(void);
/** Run @fn on one CPU of @socket, which is in psr.sockets, and wait. Interrupts on, no locks. */
void psr_on_socket(u32 socket, void (*fn)(void *arg), void *arg);
/** The same for each socket in turn. */
void psr_on_each_socket(void (*fn)(void *arg), void *arg);

/* ---- what the control calls do (cmt.c, cat.c). Control lock held; 0 or the ABI's error ---- */

void psr_cmt_init(void);
long psr_cmt_attach(struct psr_domain *pd);
long psr_cmt_detach(struct psr_domain *pd);
/** The same without a look at the CPUs, for a domain that is gone. Any context. */
void psr_cmt_release(struct psr_domain *pd);

void psr_cat_init(void);
/** 0 when @socket has classes; -XEN_ENODEV, -XEN_ERANGE or -XEN_ENOENT. */
long psr_cat_check_socket(u32 socket);
long psr_cat_set(struct psr_domain *pd, u32 socket, u64 mask);
long psr_cat_get(const struct psr_domain *pd, u32 socket, u64 *mask);
/** A domain that is gone leaves its classes. Any context. */
void psr_cat_release(struct psr_domain *pd);

#endif
