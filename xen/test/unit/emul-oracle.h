/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the effects of one 64- or 32-bit instruction at CPL 3 in the emulator and on the CPU. */
#ifndef TEST_UNIT_EMUL_ORACLE_H
#define TEST_UNIT_EMUL_ORACLE_H

#include "emul-machine.h"
#include "x86-native.h"

/**
 * Emulate the @len bytes at @insn as @mode code on @m, made anew with @before's registers and @mem
 * as the data page, to the end of all iterations of a string instruction. Returns the emulator's
 * result.
 */
int oracle_emulate(struct emul_machine *m, enum x86_mode mode, const struct native_state *before,
		   u8 *mem, const u8 *insn, u32 len);
/**
 * Does the state that oracle_emulate() left in @m, with its result @rc, equal native_run()'s for
 * the same instruction, apart from results that the manuals leave undefined?
 */
bool oracle_agrees(const struct emul_machine *m, const struct native_state *before,
		   const struct native_state *after, u32 len, int rc);
/** Print both outcomes. */
void oracle_explain(const struct emul_machine *m, const struct native_state *before,
		    const struct native_state *after, const u8 *insn, u32 len, int rc);

#endif
