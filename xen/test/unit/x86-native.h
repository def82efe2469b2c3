/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one user-mode instruction on the real CPU and reports its effects: the emulator's oracle. */
#ifndef TEST_UNIT_X86_NATIVE_H
#define TEST_UNIT_X86_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

/** The instruction runs at this address, so that RIP-relative results are known. */
#define NATIVE_CODE 0x10000000UL
#define NATIVE_INSN (NATIVE_CODE + 0x800)
/** Memory it may use. */
#define NATIVE_DATA 0x20000000UL
#define NATIVE_DATA_SIZE 4096UL
/** A branch of this displacement is seen as taken. */
#define NATIVE_TAKEN 0x10

struct native_state {
	uint64_t gpr[16];	/* encoding order */
	uint64_t rflags;
	bool taken;		/* the branch went to the next instruction plus NATIVE_TAKEN */
	int signal;		/* signal that it caused (gpr[] are then unchanged), or 0 */
};

/**
 * Map the pages and install the signal handlers; again at the start of each test, since cmocka
 * installs its own there. False: this machine cannot.
 */
bool native_init(void);
/** Does this system run 32-bit code? After native_init(). */
bool native_has_32(void);
/** The data page. */
uint8_t *native_data(void);
/** Run the @len bytes at @insn as 64- or 32-bit code with @st loaded, and update @st. */
void native_run(const uint8_t *insn, unsigned int len, struct native_state *st, bool is32);

#endif
