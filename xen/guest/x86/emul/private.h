/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the instruction emulator: operation numbers, table format, helpers. */
#ifndef X86_EMUL_PRIVATE_H
#define X86_EMUL_PRIVATE_H

#include <xen/assert.h>
#include <xen/string.h>
#include <xen/types.h>
#include <xen/x86/emul.h>

/** The operation of an instruction. UNKNOWN is decoded for its length but not emulated. */
enum x86_op {
	OP_INVALID, OP_UNKNOWN, OP_NOP,
	OP_ADD, OP_OR, OP_ADC, OP_SBB, OP_AND, OP_SUB, OP_XOR, OP_CMP, OP_TEST,
	OP_INC, OP_DEC, OP_NEG, OP_NOT, OP_MOV, OP_MOVZX, OP_MOVSX, OP_MOVBE, OP_LEA,
	OP_XCHG, OP_XADD, OP_CMPXCHG, OP_CMPXCHG8B, OP_BSWAP, OP_SETCC, OP_CMOV,
	OP_ROL, OP_ROR, OP_RCL, OP_RCR, OP_SHL, OP_SHR, OP_SAR, OP_SHLD, OP_SHRD,
	OP_BT, OP_BTS, OP_BTR, OP_BTC, OP_BSF, OP_BSR, OP_POPCNT,
	OP_MUL, OP_IMUL, OP_IMUL2, OP_DIV, OP_IDIV, OP_CBW, OP_CWD,
	OP_DAA, OP_DAS, OP_AAA, OP_AAS, OP_AAM, OP_AAD,
	OP_PUSH, OP_POP, OP_PUSHA, OP_POPA, OP_PUSHF, OP_POPF, OP_PUSHSEG, OP_POPSEG,
	OP_ENTER, OP_LEAVE, OP_CALL, OP_CALLN, OP_JMP, OP_JMPN, OP_JCC, OP_LOOP, OP_JCXZ, OP_RET,
	OP_CALLF, OP_JMPF, OP_CALLFM, OP_JMPFM, OP_RETF, OP_IRET, OP_INT3, OP_INTN, OP_INTO,
	OP_ICEBP, OP_BOUND, OP_XLAT, OP_LAHF, OP_SAHF, OP_SALC,
	OP_CLC, OP_STC, OP_CMC, OP_CLI, OP_STI, OP_CLD, OP_STD,
	OP_MOVSEG_R, OP_MOVSEG_W, OP_LOADFAR,
	OP_MOVS, OP_CMPS, OP_STOS, OP_LODS, OP_SCAS, OP_INS, OP_OUTS, OP_IN, OP_OUT,
	OP_HLT, OP_CPUID, OP_RDMSR, OP_WRMSR, OP_RDTSC, OP_RDTSCP, OP_CLTS, OP_WBINVD,
	OP_MOVCR_R, OP_MOVCR_W, OP_MOVDR_R, OP_MOVDR_W, OP_SMSW, OP_LMSW, OP_INVLPG,
	OP_XSETBV, OP_XGETBV, OP_SGDT, OP_SIDT, OP_LGDT, OP_LIDT, OP_STAC, OP_CLAC, OP_SWAPGS,
	OP_CLFLUSH, OP_UD, OP_VECMOV, OP_MOVNTI,
	OP_NR,
};

/** The layout of an instruction's operands and immediates. */
enum x86_form {
	F_INHERIT,	/* in a group: the form of the opcode that leads to it */
	F_NONE,
	F_RM_R, F_R_RM,			/* destination first */
	F_RM, F_RM_I, F_RM_1, F_RM_CL,
	F_R_RM_I, F_RM_R_I8, F_RM_R_CL,
	F_ACC_I, F_OREG, F_OREG_I, F_ACC_OREG,
	F_ACC_MOFFS, F_MOFFS_ACC,
	F_I, F_I16, F_I16_8, F_REL8, F_RELZ, F_FAR,
	F_M,				/* ModRM, which the operation decodes itself */
	F_M_I8, F_M_I8_8, F_M_I32,
	F_NR,
};

#define T_BYTE (1u << 0)	/* operands are bytes */
#define T_LOCK (1u << 1)	/* LOCK is allowed when the destination is memory */
#define T_D64 (1u << 2)		/* 64-bit operands by default in 64-bit mode */
#define T_F64 (1u << 3)		/* 64-bit operands always in 64-bit mode */
#define T_NO64 (1u << 4)	/* undefined in 64-bit mode */
#define T_WO (1u << 5)		/* the destination is not read */
#define T_RO (1u << 6)		/* the destination is not written */
#define T_MEM (1u << 7)		/* undefined with a register in r/m */
#define T_REG (1u << 8)		/* ModRM names registers whatever mod is */
#define T_IB (1u << 9)		/* the immediate is a byte */
#define T_S8 (1u << 10)		/* the source is a byte */
#define T_S16 (1u << 11)	/* the source is a word */
#define T_S32 (1u << 12)	/* the source is a doubleword */
#define T_PRIV (1u << 13)	/* #GP(0) outside CPL 0 */
#define T_GROUP (1u << 14)	/* op is an enum x86_group; ModRM.reg selects */
#define T_SPLIT (1u << 15)	/* ... and registers in r/m select from the next group */
#define T_VEX (1u << 16)	/* same meaning with a VEX prefix */
#define T_NOREAL (1u << 17)	/* undefined in real and virtual-8086 mode */

struct x86_opdesc {
	u8 op;		/* enum x86_op or enum x86_group */
	u8 form;	/* enum x86_form */
	u32 flags;
};

enum x86_group {
	GRP_1, GRP_1A, GRP_2, GRP_3, GRP_4, GRP_5, GRP_6, GRP_7, GRP_8, GRP_9, GRP_9R, GRP_11,
	GRP_15, GRP_15R, GRP_NR,
};

extern const struct x86_opdesc x86_map_1b[256];
extern const struct x86_opdesc x86_map_0f[256];
extern const struct x86_opdesc x86_groups[GRP_NR][8];
/** 0f 01 with a register in r/m, by the low six bits of ModRM. */
extern const struct x86_opdesc x86_group7_reg[64];

enum x86_operand_kind { OPD_NONE, OPD_REG, OPD_MEM };

struct x86_operand {
	u8 kind;	/* enum x86_operand_kind */
	u8 size;	/* bytes */
	u8 reg;
	gvaddr_t linear;	/* OPD_MEM: checked address */
	u64 val;
};

/** An instruction being emulated. regs is a copy that becomes the vCPU's on success. */
struct x86_emu {
	struct x86_emul_ctx *ctx;
	const struct x86_emul_ops *ops;
	const struct x86_insn *insn;
	struct x86_emul_regs regs;
	u64 next_rip;
	u64 mem_old;		/* the old value read by a locked read-modify-write */
	bool locked;
	bool partial;		/* a repeated string instruction has iterations left */
	u8 new_sreg;		/* enum x86_sreg to replace with new_seg, or X86_SREG_NONE */
	struct x86_segment new_seg;
	enum x86_mode mode;
	struct x86_operand dst, src;
};

/* operand.c */
int x86_emu_raise(struct x86_emu *e, u8 vector, u32 error);
int x86_emu_ud(struct x86_emu *e);
int x86_emu_gp0(struct x86_emu *e);
u64 x86_emu_reg(const struct x86_emu *e, u32 reg, u32 size);
void x86_emu_set_reg(struct x86_emu *e, u32 reg, u32 size, u64 val);
/** Offset of the memory operand within its segment. */
u64 x86_emu_offset(const struct x86_emu *e);
enum x86_sreg x86_emu_segment(const struct x86_emu *e);
/** Check @len bytes at @off in @sreg and return their linear address. */
int x86_emu_linear(struct x86_emu *e, enum x86_sreg sreg, u64 off, u32 len, bool write,
		   gvaddr_t *linear);
int x86_emu_read(struct x86_emu *e, enum x86_sreg sreg, u64 off, void *buf, u32 len);
int x86_emu_write(struct x86_emu *e, enum x86_sreg sreg, u64 off, const void *buf, u32 len);
/** Value of the r/m operand, @size bytes of register or memory. */
int x86_emu_read_rm(struct x86_emu *e, u32 size, u64 *val);
int x86_emu_write_rm(struct x86_emu *e, u32 size, u64 val);
int x86_emu_load_operands(struct x86_emu *e);
int x86_emu_store_dst(struct x86_emu *e);
/** Bytes of a source that may be narrower than the destination. */
u32 x86_emu_source_size(const struct x86_insn *insn);
bool x86_emu_canonical(const struct x86_emu *e, u64 addr);
/** Real or virtual-8086 mode: segment bases are selectors times 16. */
bool x86_emu_real(const struct x86_emu *e);

/* Operations: each works on e->regs, e->dst and e->src and returns an enum x86_emul_rc. */
typedef int x86_op_fn(struct x86_emu *e);

x86_op_fn x86_do_alu, x86_do_incdec, x86_do_neg, x86_do_not, x86_do_mov, x86_do_movsx,
	x86_do_movbe, x86_do_lea, x86_do_xchg, x86_do_xadd, x86_do_cmpxchg, x86_do_cmpxchg8b,
	x86_do_bswap, x86_do_setcc, x86_do_cmov, x86_do_cbw, x86_do_cwd, x86_do_flag,
	x86_do_lahf, x86_do_sahf, x86_do_salc;
x86_op_fn x86_do_shift, x86_do_shiftd, x86_do_bt, x86_do_bitscan, x86_do_popcnt;
x86_op_fn x86_do_mul, x86_do_imul2, x86_do_div, x86_do_decimal, x86_do_aam, x86_do_aad;
x86_op_fn x86_do_push, x86_do_pop, x86_do_pusha, x86_do_popa, x86_do_pushf, x86_do_popf,
	x86_do_pushseg, x86_do_popseg, x86_do_enter, x86_do_leave;
x86_op_fn x86_do_call, x86_do_jmp, x86_do_jcc, x86_do_loop, x86_do_ret, x86_do_far, x86_do_retf,
	x86_do_iret, x86_do_int;
x86_op_fn x86_do_movs, x86_do_cmps, x86_do_stos, x86_do_lods, x86_do_scas, x86_do_ins,
	x86_do_outs, x86_do_xlat;
x86_op_fn x86_do_in, x86_do_out, x86_do_hlt, x86_do_cpuid, x86_do_msr, x86_do_rdtsc, x86_do_clts,
	x86_do_wbinvd, x86_do_movcr, x86_do_movdr, x86_do_msw, x86_do_invlpg, x86_do_xcr,
	x86_do_dtr, x86_do_smap_ac, x86_do_clflush, x86_do_swapgs;
x86_op_fn x86_do_movseg_r, x86_do_movseg_w, x86_do_loadfar, x86_do_bound;
x86_op_fn x86_do_vecmov;

/** Does condition @cc (low four bits of Jcc, SETcc, CMOVcc) hold? */
bool x86_emu_cond(const struct x86_emu *e, u32 cc);
/** SF, ZF and PF of a @size-byte result. */
u32 x86_emu_szp(u64 res, u32 size);
void x86_emu_set_flags(struct x86_emu *e, u32 mask, u32 val);
/** @a - @b - @borrow of @size bytes, setting all six arithmetic flags. */
u64 x86_emu_sub(struct x86_emu *e, u64 a, u64 b, u64 borrow, u32 size);
int x86_emu_push(struct x86_emu *e, u64 val, u32 size);
int x86_emu_pop(struct x86_emu *e, u64 *val, u32 size);
/** Add @delta to the stack pointer within the stack's width. */
void x86_emu_adjust_sp(struct x86_emu *e, s64 delta);
/** Set the next RIP after checking it. */
int x86_emu_branch(struct x86_emu *e, u64 target);
/** Prepare to load @sreg; it takes effect when the instruction completes. */
int x86_emu_load_seg(struct x86_emu *e, enum x86_sreg sreg, u16 sel);
/**
 * May the instruction use ports @port to @port + @size - 1? CPL and IOPL decide, then the I/O
 * permission bitmap of the TSS (APM vol. 2, 12.2.4). #GP(0) if not.
 */
int x86_emu_check_io(struct x86_emu *e, u16 port, u32 size);
/** Bytes that a port instruction moves: ports have at most 32 bits. */
u32 x86_emu_port_size(const struct x86_emu *e);

static inline u64 x86_mask(u32 size)
{
	return size >= 8 ? ~0UL : (1UL << (size * 8)) - 1;
}

/** The I/O privilege level in RFLAGS. */
static inline u32 x86_emu_iopl(const struct x86_emu *e)
{
	return (e->regs.rflags & X86_FLAG_IOPL) >> 12;
}

static inline u64 x86_msb(u32 size)
{
	ASSERT(size >= 1 && size <= 8);
	return 1UL << (size * 8 - 1);
}

static inline s64 x86_sext(u64 val, u32 size)
{
	u32 shift = 64 - size * 8;

	ASSERT(size >= 1 && size <= 8);
	return (s64)(val << shift) >> shift;
}

#endif
