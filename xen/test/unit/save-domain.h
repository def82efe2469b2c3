/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain with a PC's devices and local APICs, to save and to load. */
#ifndef SAVE_DOMAIN_H
#define SAVE_DOMAIN_H

#include <xen/x86/msr-policy.h>
#include <xen/x86/pc.h>
#include <xen/x86/vlapic.h>

/** The last one has not been made. */
#define SAVE_VCPUS 3

struct save_vcpu {
	struct vlapic apic;
	struct vlapic_page page;
	struct guest_msrs msrs;
	u32 loaded;		/* calls of the hook after loading */
};

struct save_domain {
	struct pc_devices pc;
	struct save_vcpu vcpu[SAVE_VCPUS];
};

/** Levels of interrupt lines, and the deadline that each source asked for last. */
extern bool save_line[64];
extern s_time_t save_timer[8];
enum { T_PIT, T_RTC, T_HPET, T_PM = T_HPET + VHPET_TIMERS, T_LAPIC };

/** As after power-on. */
void save_domain_make(struct save_domain *d);
/** All records of @d, at time @now. */
struct save_set save_domain_set(struct save_domain *d, s_time_t now);

#endif
