/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plain SSE and AVX moves between a vector register and memory, as used on device memory. */
#include "private.h"

#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR4_OSFXSR (1u << 9)
#define CR4_OSXSAVE (1u << 18)

#define PP_NONE (1u << 0)	/* numbered as x86_insn.vex_pp */
#define PP_66 (1u << 1)
#define PP_F3 (1u << 2)
#define PP_F2 (1u << 3)

/** The move that an opcode makes; `pp` is the set of prefixes for which this row is valid. */
struct vec_move {
	u8 opcode;
	u8 pp;
	u8 bytes;	/* 0: the whole vector */
	bool store;
	bool aligned;
};

static const struct vec_move moves[] = {
	{ 0x10, PP_NONE | PP_66, 0, false, false },	/* MOVUPS, MOVUPD */
	{ 0x10, PP_F3, 4, false, false },		/* MOVSS */
	{ 0x10, PP_F2, 8, false, false },		/* MOVSD */
	{ 0x11, PP_NONE | PP_66, 0, true, false },
	{ 0x11, PP_F3, 4, true, false },
	{ 0x11, PP_F2, 8, true, false },
	{ 0x28, PP_NONE | PP_66, 0, false, true },	/* MOVAPS, MOVAPD */
	{ 0x29, PP_NONE | PP_66, 0, true, true },
	{ 0x2b, PP_NONE | PP_66, 0, true, true },	/* MOVNTPS, MOVNTPD */
	{ 0x6e, PP_66, 4, false, false },		/* MOVD, MOVQ */
	{ 0x6f, PP_66, 0, false, true },		/* MOVDQA */
	{ 0x6f, PP_F3, 0, false, false },		/* MOVDQU */
	{ 0x7e, PP_66, 4, true, false },
	{ 0x7e, PP_F3, 8, false, false },		/* MOVQ */
	{ 0x7f, PP_66, 0, true, true },
	{ 0x7f, PP_F3, 0, true, false },
	{ 0xd6, PP_66, 8, true, false },		/* MOVQ */
	{ 0xe7, PP_66, 0, true, true },			/* MOVNTDQ */
	{ 0xf0, PP_F2, 0, false, false },		/* LDDQU */
};

static const struct vec_move *find_move(const struct x86_insn *insn)
{
	u32 i;

	for (i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (moves[i].opcode == insn->opcode && (moves[i].pp >> insn->vex_pp & 1))
			return &moves[i];
	return NULL;
}

static bool enabled(const struct x86_emu *e, bool vex)
{
	if (vex)
		return e->ctx->cr4 & CR4_OSXSAVE;
	return !(e->ctx->cr0 & CR0_EM) && (e->ctx->cr4 & CR4_OSFXSR);
}

int x86_do_vecmov(struct x86_emu *e)
{
	const struct x86_insn *insn = e->insn;
	const struct vec_move *m = find_move(insn);
	bool vex = insn->prefixes & X86_PFX_VEX;
	u8 buf[32] = { 0 };
	gvaddr_t linear;
	u32 len, whole;
	int rc;

	/* MMX forms, and moves between registers, never access device memory. */
	if (!m || insn->mod == 3)
		return X86EMUL_UNHANDLEABLE;
	if (!enabled(e, vex) || (vex && insn->vex_v))
		return x86_emu_ud(e);
	if (e->ctx->cr0 & CR0_TS)
		return x86_emu_raise(e, X86_EXC_NM, 0);
	whole = vex && insn->vex_l ? 32 : 16;
	len = m->bytes ? m->bytes : whole;
	ASSERT(whole <= sizeof(buf));
	ASSERT(len <= whole && !(len & (len - 1)));
	if ((insn->opcode & 0xef) == 0x6e && (insn->rex & 8) && insn->vex_pp == 1)
		len = 8;
	rc = x86_emu_linear(e, x86_emu_segment(e), x86_emu_offset(e), len, m->store, &linear);
	if (rc != X86EMUL_OKAY)
		return rc;
	if (m->aligned && (linear.v & (len - 1)))
		return x86_emu_gp0(e);
	if (m->store) {
		rc = e->ops->get_vec(e->ctx, insn->reg, buf, whole);
		return rc != X86EMUL_OKAY ? rc : e->ops->write(e->ctx, linear, buf, len, 0);
	}
	rc = e->ops->read(e->ctx, linear, buf, len, 0);
	return rc != X86EMUL_OKAY ? rc : e->ops->put_vec(e->ctx, insn->reg, buf, whole, vex);
}
