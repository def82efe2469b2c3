/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC, in either mode (APM vol. 2, chapter 16; SDM vol. 3, chapter 10). */
#ifndef ASM_X86_APIC_H
#define ASM_X86_APIC_H

#include <xen/cpumask.h>

/* The hypervisor's own vectors; higher ones have priority. */
#define VECTOR_KICK 0xf0
#define VECTOR_CALL 0xf1
#define VECTOR_TIMER 0xf2
#define VECTOR_STOP 0xf3
#define VECTOR_POSTED 0xf4
#define VECTOR_POSTED_WAKE 0xf5
#define VECTOR_ERROR 0xfe
#define VECTOR_SPURIOUS 0xff

#define APIC_ID_NONE 0xffffffffU
#define XAPIC_MAX_ID 0xfe	/* larger ids need x2APIC mode */

/** Delivery modes of the interrupt command register. */
#define ICR_DM_FIXED 0x000
#define ICR_DM_NMI 0x400
#define ICR_DM_INIT 0x500
#define ICR_DM_STARTUP 0x600

/** APIC id of each CPU; APIC_ID_NONE when there is no such CPU. Constant after smp_init. */
extern u32 cpu_apic_id[NR_CPUS];

/** Mask the 8259s, choose the mode (x2apic=) and set up this, the boot CPU's, APIC. After
 * acpi_init, traps_init and paging. */
void apic_init(void);
/** Set up an application processor's APIC in the same mode. */
void apic_init_secondary(void);
bool apic_is_x2apic(void);
/** Id of the running CPU's APIC. */
u32 apic_id(void);

/** End of interrupt. IRQ context. */
void apic_eoi(void);
/** Fixed interrupt @vector to @cpu. Any context. */
void apic_send_ipi(u32 cpu, u8 vector);
/** The same to every CPU of @mask but this one. */
void apic_send_ipi_mask(const cpumask_t *mask, u8 vector);
/** NMI to @cpu. */
void apic_send_nmi(u32 cpu);
/** INIT or STARTUP (with a page number) to a CPU that is not running yet. */
void apic_send_boot(u32 target_apic_id, u32 mode, u8 page);

/** True when the APIC's timer takes absolute TSC values. */
bool apic_timer_is_deadline(void);
/** Fire when the TSC reaches @tsc (0: never); only with apic_timer_is_deadline(). */
void apic_timer_deadline(u64 tsc);
/** Fire after @count ticks (0: never); the rate is measured by time_init. */
void apic_timer_oneshot(u32 count);
u32 apic_timer_left(void);

#endif
