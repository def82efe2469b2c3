/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An independent disassembler, kept apart because its header's names clash with ours. */
#ifndef TEST_UNIT_DISASM_H
#define TEST_UNIT_DISASM_H

#include <stdbool.h>
#include <stdint.h>

struct disasm;

struct disasm_insn {
	uint8_t len;
	uint8_t modrm;
	uint8_t addr_size;
	bool has_modrm;
	int64_t disp;
	int64_t imm;		/* of the first immediate operand */
	bool has_imm;
	char text[192];
};

/** @bits: 16, 32 or 64. NULL when the library has no x86. */
struct disasm *disasm_open(int bits);
void disasm_close(struct disasm *d);
/** False when the bytes are not an instruction. */
bool disasm_one(struct disasm *d, const uint8_t *bytes, unsigned int len, struct disasm_insn *out);

#endif
