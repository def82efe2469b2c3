/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns bytes into struct x86_insn: prefixes, opcode, ModRM, displacement, immediates. */
#include "private.h"

/** The number of immediate bytes of a form; the rest depends on sizes. */
enum imm_kind {
	IMM_NONE, IMM_BYTE, IMM_OPERAND, IMM_FULL, IMM_REL, IMM_WORD, IMM_WORD_BYTE, IMM_PAIR,
	IMM_DWORD, IMM_POINTER, IMM_ADDRESS,
};

static const struct {
	bool modrm;
	u8 imm;
} form_info[F_NR] = {
	[F_RM_R] = { true, IMM_NONE }, [F_R_RM] = { true, IMM_NONE },
	[F_RM] = { true, IMM_NONE }, [F_RM_I] = { true, IMM_OPERAND },
	[F_RM_1] = { true, IMM_NONE }, [F_RM_CL] = { true, IMM_NONE },
	[F_R_RM_I] = { true, IMM_OPERAND }, [F_RM_R_I8] = { true, IMM_BYTE },
	[F_RM_R_CL] = { true, IMM_NONE }, [F_ACC_I] = { false, IMM_OPERAND },
	[F_OREG_I] = { false, IMM_FULL },
	[F_ACC_MOFFS] = { false, IMM_ADDRESS }, [F_MOFFS_ACC] = { false, IMM_ADDRESS },
	[F_I] = { false, IMM_OPERAND }, [F_I16] = { false, IMM_WORD },
	[F_I16_8] = { false, IMM_WORD_BYTE }, [F_REL8] = { false, IMM_BYTE },
	[F_RELZ] = { false, IMM_REL }, [F_FAR] = { false, IMM_POINTER },
	[F_M] = { true, IMM_NONE }, [F_M_I8] = { true, IMM_BYTE },
	[F_M_I8_8] = { true, IMM_PAIR }, [F_M_I32] = { true, IMM_DWORD },
};

struct decoder {
	const u8 *bytes;
	u32 avail;
	u32 pos;
	int err;	/* first enum x86_decode_error; after it, reads return zeros */
	struct x86_insn *out;
};

static u64 next(struct decoder *d, u32 size)
{
	u64 val = 0;
	u32 i;

	if (d->pos + size > d->avail) {
		if (!d->err)
			d->err = d->pos + size > X86_INSN_MAX ? X86_DECODE_TOO_LONG
							      : X86_DECODE_SHORT;
		return 0;
	}
	for (i = 0; i < size; i++)
		val |= (u64)d->bytes[d->pos + i] << (i * 8);
	d->pos += size;
	return val;
}

/** The most frequent case of next(). */
static inline u8 next_byte(struct decoder *d)
{
	return d->pos < d->avail ? d->bytes[d->pos++] : next(d, 1);
}

static s64 next_signed(struct decoder *d, u32 size)
{
	return size == 1 ? (s8)next_byte(d) : x86_sext(next(d, size), size);
}

/** The byte after the ones consumed, without consuming it. */
static u8 peek(struct decoder *d)
{
	u8 b = next(d, 1);

	if (!d->err)
		d->pos--;
	return b;
}

static void set_segment(struct x86_insn *out, u8 sreg)
{
	/* 64-bit mode ignores all overrides but FS and GS. */
	if (out->mode != X86_MODE_64 || sreg >= X86_FS)
		out->seg = sreg;
}

/** Consume prefixes; returns the first byte that is not a prefix. */
static u8 decode_prefixes(struct decoder *d)
{
	struct x86_insn *out = d->out;
	u8 b;

	for (;;) {
		b = next_byte(d);
		if (d->err)
			return 0;
		switch (b) {
		case 0x26: case 0x2e: case 0x36: case 0x3e:
			set_segment(out, (b >> 3) & 3);
			break;
		case 0x64: case 0x65:
			set_segment(out, b - 0x64 + X86_FS);
			break;
		case 0x66:
			out->prefixes |= X86_PFX_OPSIZE;
			break;
		case 0x67:
			out->prefixes |= X86_PFX_ADSIZE;
			break;
		case 0xf0:
			out->prefixes |= X86_PFX_LOCK;
			break;
		case 0xf2:
			out->prefixes = (out->prefixes & ~X86_PFX_REP) | X86_PFX_REPNE;
			break;
		case 0xf3:
			out->prefixes = (out->prefixes & ~X86_PFX_REPNE) | X86_PFX_REP;
			break;
		default:
			if (out->mode != X86_MODE_64 || (b & 0xf0) != 0x40)
				return b;
			out->rex = b;
			continue;
		}
		/* REX is only valid right before the opcode. */
		out->rex = 0;
	}
}

static void set_sizes(struct x86_insn *out)
{
	bool op = out->prefixes & X86_PFX_OPSIZE, ad = out->prefixes & X86_PFX_ADSIZE;

	switch (out->mode) {
	case X86_MODE_16:
		out->opsize = op ? 4 : 2;
		out->adsize = ad ? 4 : 2;
		break;
	case X86_MODE_32:
		out->opsize = op ? 2 : 4;
		out->adsize = ad ? 2 : 4;
		break;
	default:
		out->opsize = (out->rex & 8) ? 8 : op ? 2 : 4;
		out->adsize = ad ? 4 : 8;
	}
	out->vex_pp = out->prefixes & X86_PFX_REP ? 2 : out->prefixes & X86_PFX_REPNE ? 3 : op;
}

static const struct x86_opdesc vec_plain = { OP_UNKNOWN, F_M, 0 };
static const struct x86_opdesc vec_imm8 = { OP_UNKNOWN, F_M_I8, 0 };
static const struct x86_opdesc vec_imm32 = { OP_UNKNOWN, F_M_I32, 0 };
static const struct x86_opdesc vec_pair = { OP_UNKNOWN, F_M_I8_8, 0 };
static const struct x86_opdesc vec_none = { OP_UNKNOWN, F_NONE, 0 };
static const struct x86_opdesc undefined_memory = { OP_UD, F_M, T_MEM };
static const struct x86_opdesc movbe_load = { OP_MOVBE, F_R_RM, T_WO | T_MEM };
static const struct x86_opdesc movbe_store = { OP_MOVBE, F_RM_R, T_WO | T_MEM };

/** Is the byte after @b (VEX, EVEX) a payload, not the ModRM of LES, LDS or BOUND? */
static bool is_vector_prefix(struct decoder *d, u8 b)
{
	struct x86_insn *out = d->out;

	if (b == 0x8f)	/* XOP where POP would name a register above 7 in its reg field */
		return (peek(d) & 0x1f) >= 8;
	if (b != 0xc4 && b != 0xc5 && b != 0x62)
		return false;
	return out->mode == X86_MODE_64 || peek(d) >= 0xc0;
}

static const struct x86_opdesc *vex_desc(struct x86_insn *out)
{
	const struct x86_opdesc *desc = &x86_map_0f[out->opcode];

	switch (out->map) {
	case X86_MAP_0F:
		if ((desc->flags & T_VEX) && !(out->prefixes & X86_PFX_EVEX))
			return desc;
		if (out->opcode == 0x77 && !(out->prefixes & X86_PFX_EVEX))
			return &vec_none;
		return desc->form == F_M_I8 && out->opcode != 0x0f ? &vec_imm8 : &vec_plain;
	case X86_MAP_0F3A: case 8:
		return &vec_imm8;
	case 10:
		return &vec_imm32;
	default:
		return &vec_plain;
	}
}

/** VEX, EVEX or XOP: unpack the payload and consume the opcode. NULL when undefined. */
static const struct x86_opdesc *decode_vector(struct decoder *d, u8 b)
{
	struct x86_insn *out = d->out;
	u8 p0 = 0, p1;

	if (out->rex || (out->prefixes & (X86_PFX_LOCK | X86_PFX_REP | X86_PFX_REPNE |
					  X86_PFX_OPSIZE)))
		return NULL;
	if (b != 0xc5)
		p0 = next_byte(d);
	p1 = next_byte(d);
	out->prefixes |= b == 0x62 ? X86_PFX_EVEX : b == 0x8f ? X86_PFX_XOP : X86_PFX_VEX;
	out->rex = 0x40 | ((b == 0xc5 ? ~p1 : ~p0) & 0x80) >> 5;
	if (b == 0xc5) {
		out->map = X86_MAP_0F;
	} else {
		out->map = p0 & (b == 0x62 ? 0x7 : 0x1f);
		out->rex |= (~p0 >> 5) & 3;
		out->rex |= (p1 & 0x80) >> 4;
	}
	if (out->mode != X86_MODE_64)
		out->rex = 0;
	out->vex_v = (~p1 >> 3) & 0xf;
	out->vex_l = (p1 >> 2) & 1;
	if (b == 0x62)
		out->vex_l = (next_byte(d) >> 5) & 3;
	out->opcode = next_byte(d);
	set_sizes(out);
	out->vex_pp = p1 & 3;
	if (out->map == 0 || (b == 0x8f ? out->map > 10 : out->map > 7))
		return NULL;
	if (b == 0x62 && !(p1 & 4))
		return NULL;
	return vex_desc(out);
}

static const struct x86_opdesc *decode_0f(struct decoder *d)
{
	struct x86_insn *out = d->out;

	out->map = X86_MAP_0F;
	out->opcode = next_byte(d);
	if (out->opcode == 0x38) {
		out->map = X86_MAP_0F38;
		out->opcode = next_byte(d);
		/* INVEPT and INVVPID: guests do not have VMX. */
		if ((out->opcode & 0xfe) == 0x80 && out->vex_pp == 1)
			return &undefined_memory;
		if ((out->opcode & 0xfe) != 0xf0 || (out->prefixes & X86_PFX_REPNE))
			return &vec_plain;
		return out->opcode & 1 ? &movbe_store : &movbe_load;
	}
	if (out->opcode == 0x3a) {
		out->map = X86_MAP_0F3A;
		out->opcode = next_byte(d);
		return &vec_imm8;
	}
	/* EXTRQ and INSERTQ with immediates are the only prefixed forms that differ in length. */
	if (out->opcode == 0x78 && (out->vex_pp & 1))
		return &vec_pair;
	return &x86_map_0f[out->opcode];
}

/** Memory operand with 16-bit addressing: eight fixed register pairs. */
static void decode_mem16(struct decoder *d)
{
	static const u8 base[8] = { X86_RBX, X86_RBX, X86_RBP, X86_RBP, X86_RSI, X86_RDI, X86_RBP,
				    X86_RBX };
	static const u8 index[8] = { X86_RSI, X86_RDI, X86_RSI, X86_RDI, X86_GPR_NONE,
				     X86_GPR_NONE, X86_GPR_NONE, X86_GPR_NONE };
	struct x86_insn *out = d->out;
	u8 rm = out->modrm & 7;

	out->base = base[rm];
	out->index = index[rm];
	if (out->mod == 0 && rm == 6) {
		out->base = X86_GPR_NONE;
		out->disp_bytes = 2;
	} else if (out->mod) {
		out->disp_bytes = out->mod;
	}
}

static void decode_mem(struct decoder *d)
{
	struct x86_insn *out = d->out;
	u8 base = out->modrm & 7, sib;

	if (out->mod)
		out->disp_bytes = out->mod == 1 ? 1 : 4;
	if (base == 4) {
		sib = next_byte(d);
		out->scale = 1 << (sib >> 6);
		out->index = ((sib >> 3) & 7) | (out->rex & 2) << 2;
		if (out->index == X86_RSP)
			out->index = X86_GPR_NONE;
		base = sib & 7;
		if (base == 5 && out->mod == 0) {
			out->disp_bytes = 4;
			return;
		}
	} else if (base == 5 && out->mod == 0) {
		out->disp_bytes = 4;
		out->rip_relative = out->mode == X86_MODE_64;
		return;
	}
	out->base = base | (out->rex & 1) << 3;
}

static void decode_modrm(struct decoder *d)
{
	struct x86_insn *out = d->out;

	out->has_modrm = true;
	out->modrm = next_byte(d);
	out->mod = out->modrm >> 6;
	out->reg = ((out->modrm >> 3) & 7) | (out->rex & 4) << 1;
	out->rm = (out->modrm & 7) | (out->rex & 1) << 3;
}

static void decode_memory(struct decoder *d)
{
	struct x86_insn *out = d->out;

	if (out->mod == 3)
		return;
	if (out->adsize == 2)
		decode_mem16(d);
	else
		decode_mem(d);
	if (out->disp_bytes)
		out->disp = next_signed(d, out->disp_bytes);
}

/** Replace a group by the entry that ModRM selects. */
static struct x86_opdesc resolve_group(const struct x86_insn *out, struct x86_opdesc desc)
{
	struct x86_opdesc entry;

	ASSERT(out->has_modrm && (desc.flags & T_GROUP) && desc.op < GRP_NR);
	if (desc.op == GRP_7 && out->mod == 3)
		entry = x86_group7_reg[out->modrm & 0x3f];
	else
		entry = x86_groups[desc.op + ((desc.flags & T_SPLIT) && out->mod == 3)]
				  [(out->modrm >> 3) & 7];
	if (entry.form == F_INHERIT)
		entry.form = desc.form;
	entry.flags |= desc.flags & ~(T_GROUP | T_SPLIT);
	return entry;
}

/** VMX instructions of the 0f map; guests do not have VMX. */
static bool is_vmx(const struct x86_insn *out)
{
	u8 reg = out->modrm >> 3 & 7;

	switch (out->opcode) {
	case 0x78: case 0x79:	/* VMREAD, VMWRITE; SSE4a with 66 and F2 */
		return !out->vex_pp;
	case 0xc7:		/* VMPTRLD, VMCLEAR, VMXON; VMPTRST */
		return out->mod != 3 && (reg == 6 || (reg == 7 && !out->vex_pp));
	default:
		return false;
	}
}

/** Forms and rules that depend on the whole opcode, too rare for table columns. */
static struct x86_opdesc resolve_special(const struct x86_insn *out, struct x86_opdesc desc)
{
	bool rep = out->prefixes & X86_PFX_REP;

	if (out->prefixes & (X86_PFX_VEX | X86_PFX_EVEX | X86_PFX_XOP))
		return desc;
	if (out->map == X86_MAP_1B && (out->opcode & 0xfe) == 0xc6 && out->modrm == 0xf8) {
		desc.op = OP_UNKNOWN;	/* XABORT, XBEGIN */
		desc.form = out->opcode & 1 ? F_RM_I : F_M_I8;
	}
	if (out->map == X86_MAP_1B && out->opcode == 0x90 && (!(out->rex & 1) || rep))
		desc.op = OP_NOP;	/* and PAUSE, whose REX.B Intel's ignore */
	if (out->map == X86_MAP_1B && out->opcode == 0x63 && out->mode != X86_MODE_64)
		desc.op = OP_UNKNOWN;	/* ARPL */
	if (out->map != X86_MAP_0F)
		return desc;
	if ((out->opcode == 0xb8 && !rep) || (desc.op == OP_MOVNTI && out->vex_pp))
		desc.op = OP_INVALID;
	if (is_vmx(out))
		desc.op = OP_UD;
	/* RDFSBASE and similar exist only with F3, in 64-bit mode. */
	if (out->opcode == 0xae && out->mod == 3 && !(out->modrm & 0x20) &&
	    (!rep || out->mode != X86_MODE_64))
		desc.op = OP_INVALID;
	if (out->opcode == 0xae && out->mod == 3 && (out->modrm & 0x20) && out->vex_pp)
		desc.op = OP_UNKNOWN;	/* INCSSP, UMONITOR, UMWAIT, TPAUSE */
	if (out->opcode == 0xae && out->mod != 3 && (out->prefixes & X86_PFX_REP))
		desc.op = OP_UNKNOWN;	/* CLRSSBSY, PTWRITE */
	if (out->opcode == 0x01 && out->mod == 3 && out->vex_pp && desc.op != OP_INVALID &&
	    desc.op != OP_SMSW && desc.op != OP_LMSW)
		desc.op = OP_UNKNOWN;
	return desc;
}

static void decode_imm(struct decoder *d, u8 kind)
{
	struct x86_insn *out = d->out;
	u32 z = out->opsize == 2 ? 2 : 4;

	switch (kind) {
	case IMM_OPERAND:
		out->imm_bytes = out->flags & (T_BYTE | T_IB) ? 1 : z;
		break;
	case IMM_FULL:
		out->imm_bytes = out->opsize;
		break;
	case IMM_REL: case IMM_POINTER:
		out->imm_bytes = z;
		break;
	case IMM_ADDRESS:
		out->imm_bytes = out->adsize;
		break;
	default:
		out->imm_bytes = kind == IMM_NONE ? 0 : kind == IMM_DWORD ? 4 :
				 kind == IMM_WORD || kind == IMM_WORD_BYTE ? 2 : 1;
	}
	if (!out->imm_bytes)
		return;
	if (kind == IMM_ADDRESS || kind == IMM_WORD || kind == IMM_WORD_BYTE)
		out->imm = next(d, out->imm_bytes);
	else
		out->imm = next_signed(d, out->imm_bytes);
	if (kind == IMM_POINTER)
		out->imm2 = next(d, 2);
	else if (kind == IMM_WORD_BYTE || kind == IMM_PAIR)
		out->imm2 = next_byte(d);
}

/** Undefined encodings that the tables mark. */
static bool is_undefined(const struct x86_insn *out)
{
	if (out->op == OP_INVALID)
		return true;
	if ((out->flags & T_NO64) && out->mode == X86_MODE_64)
		return true;
	if ((out->flags & T_MEM) && out->mod == 3)
		return true;
	if (out->prefixes & X86_PFX_LOCK)
		return !(out->flags & T_LOCK) || (out->has_modrm && out->mod == 3 &&
						  !(out->flags & T_REG));
	return false;
}

static void finish_sizes(struct x86_insn *out)
{
	if (out->mode == X86_MODE_64) {
		if (out->flags & T_F64)
			out->opsize = 8;
		else if ((out->flags & T_D64) && out->opsize == 4)
			out->opsize = 8;
	}
	if (out->flags & T_BYTE)
		out->opsize = 1;
	if (out->op == OP_MOVNTI && out->opsize == 2)
		out->opsize = 4;	/* it has no 16-bit form */
	if (out->flags & T_REG) {
		out->opsize = out->mode == X86_MODE_64 ? 8 : 4;
		out->mod = 3;
	}
}

int x86_insn_length(const u8 *bytes, u32 nbytes, enum x86_mode mode, struct x86_insn *out)
{
	struct decoder d = {
		.bytes = bytes, .avail = nbytes > X86_INSN_MAX ? X86_INSN_MAX : nbytes, .out = out,
	};
	const struct x86_opdesc *found;
	struct x86_opdesc desc;
	u8 b;

	*out = (struct x86_insn){
		.mode = mode, .seg = X86_SREG_NONE, .base = X86_GPR_NONE, .index = X86_GPR_NONE,
		.scale = 1,
	};
	b = decode_prefixes(&d);
	if (d.err)
		return d.err;
	set_sizes(out);
	if (is_vector_prefix(&d, b)) {
		found = decode_vector(&d, b);
	} else if (b == 0x0f) {
		found = decode_0f(&d);
	} else {
		out->opcode = b;
		found = &x86_map_1b[b];
	}
	if (d.err)
		return d.err;
	if (!found)
		return X86_DECODE_INVALID;
	desc = *found;
	ASSERT(desc.form < F_NR);
	if (form_info[desc.form].modrm)
		decode_modrm(&d);
	if (desc.flags & T_GROUP)
		desc = resolve_group(out, desc);
	desc = resolve_special(out, desc);
	out->op = desc.op;
	out->form = desc.form;
	out->flags = desc.flags;
	finish_sizes(out);
	if (out->has_modrm)
		decode_memory(&d);
	decode_imm(&d, form_info[desc.form].imm);
	if (d.err)
		return d.err;
	if (is_undefined(out))
		return X86_DECODE_INVALID;
	ASSERT(d.pos >= 1 && d.pos <= d.avail);
	ASSERT(out->op < OP_NR && out->form < F_NR);
	out->len = d.pos;
	return d.pos;
}
