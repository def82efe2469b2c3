/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A toy machine around the emulator: flat segments, one page of memory, scripted devices. */
#ifndef TEST_UNIT_EMUL_MACHINE_H
#define TEST_UNIT_EMUL_MACHINE_H

#include <xen/x86/emul.h>

struct emul_machine {
	struct x86_emul_ctx ctx;
	u64 base;		/* linear address of mem[] */
	u32 size;
	u8 *mem;
	bool outside;		/* something outside mem[] was touched */
	u64 port_value;		/* what IN reads; OUT stores here */
	u16 port;
	u64 cr[16], dr[8], msr;
	struct x86_segment tr;
	u8 vec[16][64];
	u32 accesses, access_len;	/* of memory, and what the last one was */
	u64 access_at;
	bool access_write;
	u32 steps;		/* iterations of repeated instructions, the last ones left out */
	u32 retries;		/* device accesses that still answer RETRY */
	bool repeats;		/* its ports do repeated accesses at once */
	u32 repeated;		/* how many the last of those was */
	/* What another CPU does right after each read; NULL: nothing */
	void (*after_read)(struct emul_machine *m);
};

/** Registers zero, @mode code, CPL 0 with protection on (or real mode: @real), memory at @base. */
void emul_machine_init(struct emul_machine *m, enum x86_mode mode, bool real, u64 base, u8 *mem,
		       u32 size);
/** Emulate the instruction in @insn at the current RIP. */
int emul_machine_run(struct emul_machine *m, const u8 *insn, u32 len);

/**
 * If x86_decode_move() calls @insn a move and this machine can run it: does that description match
 * the emulation's effects? True for other instructions.
 */
bool emul_machine_agrees_on_move(struct emul_machine *m, const u8 *insn, u32 len);

extern const struct x86_emul_ops emul_machine_ops;

#endif
