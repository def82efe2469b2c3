/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86's guests on the host port's software processor (asm/soft-processor.h): domains with RAM
 * and page tables for each mode.
 */
#ifndef TEST_X86_WORLD_H
#define TEST_X86_WORLD_H

#include <xen/domain.h>

#include <asm/hvm.h>

/** Frames of a domain's RAM, and what the first of them hold. */
#define WORLD_PAGES 64
#define WORLD_LONG_TABLES 0	/* PML4, then one page of 1 GiB entries: everything is mapped 1:1 */
#define WORLD_PAE_TABLES 2	/* four entries, then four pages of 2 MiB entries */
#define WORLD_PSE_TABLE 7	/* 4 MiB entries */
#define WORLD_CODE 8
#define WORLD_STACK 10
#define WORLD_DATA 12		/* the rest, to WORLD_READ_ONLY */
#define WORLD_READ_ONLY 62
#define WORLD_HOLE 63		/* a page that the p2m does not map */

enum world_mode { WORLD_REAL, WORLD_FLAT, WORLD_PSE, WORLD_PAE, WORLD_LONG, WORLD_COMPAT,
		  WORLD_MODES };

/** A machine of @cpus CPUs, with SVM on. Once a process. The caller is then the observer. */
void world_boot(u32 cpus);
/** The same without the scheduler's CPUs: the caller stays CPU 0. */
void world_boot_alone(void);

struct world_domain {
	struct domain *d;
	bool hardware;
	u64 base;		/* guest physical address of its RAM */
	u8 *ram;		/* the same, as the hypervisor sees it */
};

/** XEN_X86_EMU_* of domains that are created from now on; a local APIC. */
extern u32 world_devices;

/**
 * Create a paused domain with @vcpus vCPUs in 64-bit mode at its code page. @hardware: with the
 * machine's IO-APIC, PCI functions and ports, privileged and mapped 1:1, but it can be destroyed.
 */
void world_create(struct world_domain *w, bool hardware, u32 vcpus);
/** Destroy it, after world_boot(). NULL, or what went wrong. */
const char *world_destroy(struct world_domain *w);
/** What is allocated now stays: world_left_over() does not expect it back. */
void world_settle(void);
/** All domains are destroyed: what has not come back of memory and vectors, or NULL. */
const char *world_left_over(void);
/** RAM as after the creation. */
void world_fill_ram(const struct world_domain *w);

/** Put a vCPU that this CPU may access into a mode, at privilege @cpl, with flat segments. */
void world_set_mode(const struct world_domain *w, struct x86_vcpu *xv, enum world_mode mode,
		    u32 cpl);

#endif
