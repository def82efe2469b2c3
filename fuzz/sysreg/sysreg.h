/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the target and what it compares with, which is written from the manuals again. */
#ifndef FUZZ_SYSREG_H
#define FUZZ_SYSREG_H

#include <xen/arm/vpsci.h>
#include <xen/arm/vsysreg.h>

#define VCPUS 20		/* two clusters, the second one not full */
#define ABSENT 18		/* this one was never created */

/** End the run: @what is wrong, with a figure. */
void failed(const char *what, u64 figure) __noreturn;

/** A guest as the specifications describe it. */
struct guest {
	bool on[VCPUS];
	struct arm_timer timer[VCPUS];
	u64 mdscr[VCPUS];
	u64 now;
};

/** What a call to the firmware returns. Its effect on @g is the caller's. */
struct psci_result {
	long x0;
	u32 target;		/* the vCPU it turns on; VCPUS: none */
	bool off, suspend, end, reset;
};
struct psci_result oracle_psci(const struct guest *g, const u64 *x);

/** What an access to a register with the fields in @iss does. */
enum sysreg_kind { SYSREG_UNDEFINED, SYSREG_IGNORED, SYSREG_ZERO, SYSREG_ID, SYSREG_TIMER,
		   SYSREG_SGI, SYSREG_DEBUG, SYSREG_LOCK };
enum sysreg_kind oracle_sysreg(u32 iss);
/** May guests see @value of the identification register in @iss, of a machine that has @machine? */
void oracle_id(u32 iss, u64 value, u64 machine, u32 gic_version, u32 phys_bits);
/** The machine's register for the one in @iss; NR_ARM_IDS: guests see nothing of it. */
u32 oracle_id_number(u32 iss);
/** A read of the timer's register in @iss; a write of @value to it. */
u64 oracle_timer_read(const struct guest *g, u32 vcpu, u32 iss);
void oracle_timer_write(struct guest *g, u32 vcpu, u32 iss, u64 value);
/** Does the write of @value to ICC_SGI1R_EL1 by @from reach @to? */
bool oracle_sgi(u64 value, u32 from, u32 to);
/** What a load with the syndrome @iss leaves in its register, when it reads the bytes @bytes. */
u64 oracle_load(u32 iss, const u8 *bytes);

#endif
