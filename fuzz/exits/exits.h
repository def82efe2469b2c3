/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input of the target "exits", and what its files share. The input is a head, then steps. Each
 * step is one turn of a guest: what it changes of its own state, and the exit that follows. All
 * vCPUs take steps from the same sequence, in the order in which they get to run.
 */
#ifndef FUZZ_EXITS_H
#define FUZZ_EXITS_H

#include <asm/soft-processor.h>

#include "x86-world.h"

#include <public/domctl.h>

enum scene {
	SCENE_GUEST,		/* a PVH guest with two vCPUs on two CPUs */
	SCENE_MACHINE,		/* a domain that has the machine's devices */
	SCENE_TOOLSTACK,	/* that domain, and a guest that it controls */
	SCENE_MODEL,		/* it also has devices for that guest (model.c) */
	SCENE_PC,		/* as SCENE_GUEST, but the guest has the chipset of a PC */
	SCENE_PC_MODEL,		/* as SCENE_MODEL, but the guest has the chipset of a PC */
	SCENE_PASSED,		/* as SCENE_TOOLSTACK; the guest has a PCI function (passed.c) */
	SCENES,
};

#define HEAD_SCENES SCENE_MODEL	/* what the head's number says; the rest, its flags */

static inline bool scene_has_toolstack(enum scene s)
{
	return s == SCENE_TOOLSTACK || s == SCENE_MODEL || s == SCENE_PC_MODEL || s == SCENE_PASSED;
}

static inline bool scene_has_model(enum scene s)
{
	return s == SCENE_MODEL || s == SCENE_PC_MODEL;
}

static inline bool scene_has_chipset(enum scene s)
{
	return s == SCENE_PC || s == SCENE_PC_MODEL;
}

struct head {
	u8 scene, seed, flags, reserved;
};

#define HEAD_PASSED 0x10		/* SCENE_PASSED instead of SCENE_TOOLSTACK */
#define HEAD_CHIPSET 0x20	/* SCENE_PC instead of SCENE_GUEST, SCENE_PC_MODEL of SCENE_MODEL */
#define HEAD_MODEL 0x40		/* SCENE_MODEL instead of SCENE_TOOLSTACK */
#define HEAD_NOT_STARTED 0x80	/* the toolstack's guest is still paused: nothing of it has run */

enum step_kind {
	STEP_CPUID, STEP_MSR, STEP_PORT, STEP_STRING_PORT, STEP_FAULT, STEP_FETCH_FAULT,
	STEP_CONTROL, STEP_XCR, STEP_EXCEPTION, STEP_HLT, STEP_HYPERCALL, STEP_CONTROL_CALL,
	STEP_IRET, STEP_PLAIN, STEP_UNDEFINED, STEP_TIME, STEP_DEVICE, STEP_WRITE, STEP_MODE,
	STEP_SEGMENT, STEP_APIC, STEP_PCI, STEP_SHUTDOWN, STEP_ODD, STEP_KINDS,
};

#define FLAG_IF 0x01
#define FLAG_SHADOW 0x02
#define FLAG_TF 0x04
#define FLAG_USER 0x08
#define FLAG_NO_NEXT_RIP 0x10	/* as processors without NRIP-save */
#define FLAG_DELIVERY 0x20	/* the exit interrupts the delivery of an event */
#define FLAG_TIME_SHIFT 6	/* how long the guest runs before it: index into a table */

#define INSN_ROOM 15

struct step {
	u8 kind, flags, pick, reg;
	u32 a;
	u64 b, c;
	u8 len, insn[INSN_ROOM];	/* an instruction's bytes, when @len is not 0 */
};

#define MAX_STEPS 64

/** The run of one input. */
struct run {
	enum scene scene;
	const struct step *step;
	u32 nr, next;
	u32 last_turns;		/* entries after the last step */
	struct world_domain world[2];
	u32 nr_worlds;
	u16 other;		/* the domain that control calls are about */
	u32 model_port;		/* the toolstack's end of the channel of its guest's requests */
	u32 pci_data[2];	/* by world: the data port of a PCI access that began; 0: none */
	s_time_t exited[NR_CPUS];
};
extern struct run run;

/** The guests' turn: slot of soft_guest_set(). */
void guest_turn(struct soft_entry *e);
/** An oracle has found @why; prints the steps so far and aborts. */
void run_failed(const struct vcpu *v, const char *why) __noreturn;
/** SCENE_MODEL: the server and its ranges, between the two domains. */
void model_create(void);
/** What the device model writes in a step; returns the port that it then sends to. */
u32 model_turn(const struct step *s);
/** At boot, an IOMMU's tables. In SCENE_PASSED: it is used, before there are domains; and they get
 * the function, and rights to others. */
void passed_boot(void);
void passed_begin(void);
void passed_create(void);
/** The function that the guest has from the start: device 1, which has MSI and MSI-X. */
#define PASSED_FUNCTION 1U
/** A call of the toolstack about functions: domctl's structure, or that of physdev_op's @cmd. */
struct passed_call {
	struct xen_domctl op;
	u32 cmd, len;
};
/** The call that a step makes. Returns the hypercall's number. */
u32 passed_call(const struct step *s, struct passed_call *c);
/** One line in words. */
void step_print(u32 nr, const struct step *s);

#endif
