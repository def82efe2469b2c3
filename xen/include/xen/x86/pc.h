/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chipset devices of a PC, for guests that are not PVH. */
#ifndef XEN_X86_PC_H
#define XEN_X86_PC_H

#include <xen/x86/pmtimer.h>
#include <xen/x86/vhpet.h>
#include <xen/x86/vioapic.h>
#include <xen/x86/vpic.h>
#include <xen/x86/vpit.h>
#include <xen/x86/vrtc.h>

struct pc_devices {
	struct vpic pic;
	struct vioapic_group ioapic;
	struct vpit pit;
	struct vrtc rtc;
	struct vhpet hpet;
	struct pmtimer pmtimer;
};

/** Their rows in a table of records: interrupt controllers before the devices that interrupt.
 * MSI and MSI-X have no record in the ABI of Xen 4.17. */
#define PC_SAVE_ROWS                                                               \
	{ &vpic_record, SAVE_DOMAIN, 2, offsetof(struct pc_devices, pic), NULL },       \
	{ &vioapic_record, SAVE_DOMAIN, 1, offsetof(struct pc_devices, ioapic), NULL }, \
	{ &vpit_record, SAVE_DOMAIN, 1, offsetof(struct pc_devices, pit), NULL },       \
	{ &vrtc_record, SAVE_DOMAIN, 1, offsetof(struct pc_devices, rtc), NULL },       \
	{ &vhpet_record, SAVE_DOMAIN, 1, offsetof(struct pc_devices, hpet), NULL },     \
	{ &pmtimer_record, SAVE_DOMAIN, 1, offsetof(struct pc_devices, pmtimer), NULL }

#endif
