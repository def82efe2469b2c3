/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading and storing segment registers. */
#include "private.h"

int x86_emu_load_seg(struct x86_emu *e, enum x86_sreg sreg, u16 sel)
{
	int rc;

	e->new_seg = e->ctx->seg[sreg];
	ASSERT(sreg < X86_SREG_NR && e->new_sreg == X86_SREG_NONE);
	if (x86_emu_real(e)) {
		e->new_seg.sel = sel;
		e->new_seg.base = (u64)sel << 4;
	} else {
		rc = e->ops->load_seg(e->ctx, sreg, sel, &e->new_seg);
		if (rc != X86EMUL_OKAY)
			return rc;
	}
	e->new_sreg = sreg;
	return X86EMUL_OKAY;
}

/** MOV r/m, Sreg: a register gets the whole operand size, memory always a word. */
int x86_do_movseg_r(struct x86_emu *e)
{
	u32 sreg = (e->insn->modrm >> 3) & 7;

	if (sreg >= X86_SREG_NR)
		return x86_emu_ud(e);
	return x86_emu_write_rm(e, e->insn->mod == 3 ? e->insn->opsize : 2,
				e->ctx->seg[sreg].sel);
}

int x86_do_movseg_w(struct x86_emu *e)
{
	u32 sreg = (e->insn->modrm >> 3) & 7;
	u64 sel;
	int rc;

	if (sreg >= X86_SREG_NR || sreg == X86_CS)
		return x86_emu_ud(e);
	rc = x86_emu_read_rm(e, 2, &sel);
	if (rc != X86EMUL_OKAY)
		return rc;
	e->ctx->mov_ss_shadow = sreg == X86_SS;
	return x86_emu_load_seg(e, sreg, sel);
}

/** LES, LDS, LSS, LFS, LGS. */
int x86_do_loadfar(struct x86_emu *e)
{
	u32 size = e->insn->opsize;
	enum x86_sreg sreg;
	u8 buf[10] = { 0 };
	u64 off = 0;
	u16 sel;
	int rc;

	switch (e->insn->opcode) {
	case 0xc4:
		sreg = X86_ES;
		break;
	case 0xc5:
		sreg = X86_DS;
		break;
	case 0xb2:
		sreg = X86_SS;
		break;
	default:
		sreg = e->insn->opcode - 0xb4 + X86_FS;
	}
	rc = x86_emu_read(e, x86_emu_segment(e), x86_emu_offset(e), buf, size + 2);
	if (rc != X86EMUL_OKAY)
		return rc;
	memcpy(&off, buf, size);
	memcpy(&sel, buf + size, 2);
	rc = x86_emu_load_seg(e, sreg, sel);
	if (rc == X86EMUL_OKAY)
		x86_emu_set_reg(e, e->insn->reg, size, off);
	return rc;
}
