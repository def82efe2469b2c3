/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who lets the cache be monitored and divided: the processor's registers, a model beside an
 * emulator, or a fake in the host port.
 */
#ifndef X86_PSR_PROVIDER_H
#define X86_PSR_PROVIDER_H

#include <xen/compiler.h>

/* Most numbers that are used, whatever the machine has. */
#define PSR_MAX_RMIDS 1024U
#define PSR_MAX_COSES 64U
#define PSR_MAX_CBM_LEN 32U

/* Events of IA32_QM_EVTSEL (SDM vol. 3B, table "Monitoring Supported Event IDs"). */
#define PSR_EVENT_OCCUPANCY 1U
#define PSR_EVENT_TOTAL 2U
#define PSR_EVENT_LOCAL 3U
/* A counter's value is below these bits of IA32_QM_CTR. */
#define PSR_COUNTER_ERROR BIT(63)
#define PSR_COUNTER_UNAVAILABLE BIT(62)

/** What the machine offers. */
struct psr_caps {
	u64 l3_bytes;
	u32 rmids;		/* RMIDs from 0 to rmids - 1; 0: there is no monitoring */
	u32 upscale;		/* bytes that one unit of a counter is */
	u32 events;		/* PSR_EVENT_x has bit x - 1, as in CPUID leaf 0xf */
	u32 coses;		/* COSes from 0 to coses - 1; 0: there is no allocation */
	u32 cbm_len;		/* bits of a mask of ways */
};

struct psr_provider {
	const char *name;
	/** Does this machine have it? Then fill in @caps. Boot. */
	bool (*probe)(struct psr_caps *caps);
	/** Set the RMID and COS << 32 of this CPU. Interrupts off. */
	void (*associate)(u64 pqr);
	/** Set which ways @cos may fill in this CPU's cache. Interrupts off. */
	void (*set_mask)(u32 cos, u32 mask);
	/** The counter of @event and @rmid in this CPU's cache, as IA32_QM_CTR. Interrupts off. */
	u64 (*read)(u32 event, u32 rmid);
};

/** All that may be there, the preferred one first; ends with NULL. */
extern const struct psr_provider *const psr_providers[];

extern const struct psr_provider psr_by_msrs, psr_by_model;

/** Set the registers of this CPU. Interrupts off. */
void psr_msr_associate(u64 pqr);
void psr_msr_set_mask(u32 cos, u32 mask);

/** CPUID by @query: false when it names neither monitoring nor allocation. Pure. */
bool psr_caps_from_cpuid(struct psr_caps *caps,
			 void (*query)(u32 leaf, u32 subleaf, u32 out[4]));

#endif
