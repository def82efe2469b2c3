/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disasm.h on top of Capstone. */
#include "disasm.h"

#include <stdio.h>
#include <stdlib.h>
#include <capstone/capstone.h>

struct disasm {
	csh handle;
	cs_insn *insn;
};

struct disasm *disasm_open(int bits)
{
	struct disasm *d = calloc(1, sizeof(*d));
	cs_mode mode = bits == 64 ? CS_MODE_64 : bits == 32 ? CS_MODE_32 : CS_MODE_16;

	if (cs_open(CS_ARCH_X86, mode, &d->handle) != CS_ERR_OK) {
		free(d);
		return NULL;
	}
	cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON);
	d->insn = cs_malloc(d->handle);
	return d;
}

void disasm_close(struct disasm *d)
{
	cs_free(d->insn, 1);
	cs_close(&d->handle);
	free(d);
}

bool disasm_one(struct disasm *d, const uint8_t *bytes, unsigned int len, struct disasm_insn *out)
{
	const cs_x86 *x;
	uint64_t addr = 0;
	size_t left = len;
	int i;

	if (!cs_disasm_iter(d->handle, &bytes, &left, &addr, d->insn))
		return false;
	x = &d->insn->detail->x86;
	out->len = d->insn->size;
	out->has_modrm = x->encoding.modrm_offset;
	out->modrm = x->modrm;
	out->addr_size = x->addr_size;
	out->disp = x->disp;
	out->has_imm = false;
	for (i = 0; i < x->op_count && !out->has_imm; i++) {
		out->has_imm = x->operands[i].type == X86_OP_IMM;
		out->imm = x->operands[i].imm;
	}
	snprintf(out->text, sizeof(out->text), "%s %s", d->insn->mnemonic, d->insn->op_str);
	return true;
}
