/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The opcode maps (APM vol. 3, appendix A). Missing entries are undefined. The 0f 38 and 0f 3a maps
 * are regular, so the decoder needs no table for them.
 */
#include "private.h"

#define I(op, form, flags) { OP_##op, F_##form, (flags) }
#define G(grp, form, flags) { GRP_##grp, F_##form, T_GROUP | (flags) }

#define B T_BYTE
#define LK T_LOCK
#define RO T_RO
#define WO T_WO
#define N64 T_NO64

/* The six encodings of a two-operand arithmetic instruction, from opcode @n. */
#define ALU(n, op, f, lk)						\
	[(n) + 0] = I(op, RM_R, B | (f) | (lk)), [(n) + 1] = I(op, RM_R, (f) | (lk)),	\
	[(n) + 2] = I(op, R_RM, B | (f)), [(n) + 3] = I(op, R_RM, (f)),	\
	[(n) + 4] = I(op, ACC_I, B | (f)), [(n) + 5] = I(op, ACC_I, (f))

const struct x86_opdesc x86_map_1b[256] = {
	ALU(0x00, ADD, 0, LK), ALU(0x08, OR, 0, LK), ALU(0x10, ADC, 0, LK),
	ALU(0x18, SBB, 0, LK), ALU(0x20, AND, 0, LK), ALU(0x28, SUB, 0, LK),
	ALU(0x30, XOR, 0, LK), ALU(0x38, CMP, RO, 0),
	[0x06] = I(PUSHSEG, NONE, N64), [0x07] = I(POPSEG, NONE, N64),
	[0x0e] = I(PUSHSEG, NONE, N64),
	[0x16] = I(PUSHSEG, NONE, N64), [0x17] = I(POPSEG, NONE, N64),
	[0x1e] = I(PUSHSEG, NONE, N64), [0x1f] = I(POPSEG, NONE, N64),
	[0x27] = I(DAA, NONE, N64), [0x2f] = I(DAS, NONE, N64),
	[0x37] = I(AAA, NONE, N64), [0x3f] = I(AAS, NONE, N64),
	[0x40 ... 0x47] = I(INC, OREG, N64), [0x48 ... 0x4f] = I(DEC, OREG, N64),
	[0x50 ... 0x57] = I(PUSH, OREG, T_D64 | RO), [0x58 ... 0x5f] = I(POP, OREG, T_D64 | WO),
	[0x60] = I(PUSHA, NONE, N64), [0x61] = I(POPA, NONE, N64),
	[0x62] = I(BOUND, M, N64 | T_MEM), [0x63] = I(MOVSX, R_RM, WO | T_S32),
	[0x68] = I(PUSH, I, T_D64), [0x69] = I(IMUL2, R_RM_I, WO),
	[0x6a] = I(PUSH, I, T_D64 | T_IB), [0x6b] = I(IMUL2, R_RM_I, WO | T_IB),
	[0x6c] = I(INS, NONE, B), [0x6d] = I(INS, NONE, 0),
	[0x6e] = I(OUTS, NONE, B), [0x6f] = I(OUTS, NONE, 0),
	[0x70 ... 0x7f] = I(JCC, REL8, T_F64),
	[0x80] = G(1, RM_I, B), [0x81] = G(1, RM_I, 0),
	[0x82] = G(1, RM_I, B | N64), [0x83] = G(1, RM_I, T_IB),
	[0x84] = I(TEST, RM_R, B | RO), [0x85] = I(TEST, RM_R, RO),
	[0x86] = I(XCHG, RM_R, B | LK), [0x87] = I(XCHG, RM_R, LK),
	[0x88] = I(MOV, RM_R, B | WO), [0x89] = I(MOV, RM_R, WO),
	[0x8a] = I(MOV, R_RM, B | WO), [0x8b] = I(MOV, R_RM, WO),
	[0x8c] = I(MOVSEG_R, M, 0), [0x8d] = I(LEA, M, T_MEM),
	[0x8e] = I(MOVSEG_W, M, 0), [0x8f] = G(1A, RM, T_D64 | WO),
	[0x90 ... 0x97] = I(XCHG, ACC_OREG, 0),
	[0x98] = I(CBW, NONE, 0), [0x99] = I(CWD, NONE, 0),
	[0x9a] = I(CALLF, FAR, N64), [0x9b] = I(UNKNOWN, NONE, 0),
	[0x9c] = I(PUSHF, NONE, T_D64), [0x9d] = I(POPF, NONE, T_D64),
	[0x9e] = I(SAHF, NONE, 0), [0x9f] = I(LAHF, NONE, 0),
	[0xa0] = I(MOV, ACC_MOFFS, B | WO), [0xa1] = I(MOV, ACC_MOFFS, WO),
	[0xa2] = I(MOV, MOFFS_ACC, B | WO), [0xa3] = I(MOV, MOFFS_ACC, WO),
	[0xa4] = I(MOVS, NONE, B), [0xa5] = I(MOVS, NONE, 0),
	[0xa6] = I(CMPS, NONE, B), [0xa7] = I(CMPS, NONE, 0),
	[0xa8] = I(TEST, ACC_I, B | RO), [0xa9] = I(TEST, ACC_I, RO),
	[0xaa] = I(STOS, NONE, B), [0xab] = I(STOS, NONE, 0),
	[0xac] = I(LODS, NONE, B), [0xad] = I(LODS, NONE, 0),
	[0xae] = I(SCAS, NONE, B), [0xaf] = I(SCAS, NONE, 0),
	[0xb0 ... 0xb7] = I(MOV, OREG_I, B | WO), [0xb8 ... 0xbf] = I(MOV, OREG_I, WO),
	[0xc0] = G(2, RM_I, B | T_IB), [0xc1] = G(2, RM_I, T_IB),
	[0xc2] = I(RET, I16, T_F64), [0xc3] = I(RET, NONE, T_F64),
	[0xc4] = I(LOADFAR, M, N64 | T_MEM), [0xc5] = I(LOADFAR, M, N64 | T_MEM),
	[0xc6] = G(11, RM_I, B | WO), [0xc7] = G(11, RM_I, WO),
	[0xc8] = I(ENTER, I16_8, T_D64), [0xc9] = I(LEAVE, NONE, T_D64),
	[0xca] = I(RETF, I16, 0), [0xcb] = I(RETF, NONE, 0),
	[0xcc] = I(INT3, NONE, 0), [0xcd] = I(INTN, I, T_IB),
	[0xce] = I(INTO, NONE, N64), [0xcf] = I(IRET, NONE, 0),
	[0xd0] = G(2, RM_1, B), [0xd1] = G(2, RM_1, 0),
	[0xd2] = G(2, RM_CL, B), [0xd3] = G(2, RM_CL, 0),
	[0xd4] = I(AAM, I, N64 | T_IB), [0xd5] = I(AAD, I, N64 | T_IB),
	[0xd6] = I(SALC, NONE, N64), [0xd7] = I(XLAT, NONE, 0),
	[0xd8 ... 0xdf] = I(UNKNOWN, M, 0),
	[0xe0] = I(LOOP, REL8, T_F64), [0xe1] = I(LOOP, REL8, T_F64),
	[0xe2] = I(LOOP, REL8, T_F64), [0xe3] = I(JCXZ, REL8, T_F64),
	[0xe4] = I(IN, I, B | T_IB), [0xe5] = I(IN, I, T_IB),
	[0xe6] = I(OUT, I, B | T_IB), [0xe7] = I(OUT, I, T_IB),
	[0xe8] = I(CALL, RELZ, T_F64), [0xe9] = I(JMP, RELZ, T_F64),
	[0xea] = I(JMPF, FAR, N64), [0xeb] = I(JMP, REL8, T_F64),
	[0xec] = I(IN, NONE, B), [0xed] = I(IN, NONE, 0),
	[0xee] = I(OUT, NONE, B), [0xef] = I(OUT, NONE, 0),
	[0xf1] = I(ICEBP, NONE, 0), [0xf4] = I(HLT, NONE, T_PRIV), [0xf5] = I(CMC, NONE, 0),
	[0xf6] = G(3, RM, B), [0xf7] = G(3, RM, 0),
	[0xf8] = I(CLC, NONE, 0), [0xf9] = I(STC, NONE, 0),
	[0xfa] = I(CLI, NONE, 0), [0xfb] = I(STI, NONE, 0),
	[0xfc] = I(CLD, NONE, 0), [0xfd] = I(STD, NONE, 0),
	[0xfe] = G(4, RM, B), [0xff] = G(5, RM, 0),
};

#define VEC I(UNKNOWN, M, 0)
#define VECI I(UNKNOWN, M_I8, 0)
#define VMOV I(VECMOV, M, T_VEX)
#define HINT I(NOP, M, 0)

const struct x86_opdesc x86_map_0f[256] = {
	[0x00] = G(6, M, T_NOREAL), [0x01] = G(7, M, 0),
	[0x02] = I(UNKNOWN, M, T_NOREAL), [0x03] = I(UNKNOWN, M, T_NOREAL),
	[0x05] = I(UNKNOWN, NONE, 0), [0x06] = I(CLTS, NONE, T_PRIV),
	[0x07] = I(UNKNOWN, NONE, T_PRIV), [0x08] = I(WBINVD, NONE, T_PRIV),
	[0x09] = I(WBINVD, NONE, T_PRIV), [0x0b] = I(UD, NONE, 0),
	[0x0d] = I(NOP, M, 0), [0x0e] = I(UNKNOWN, NONE, 0), [0x0f] = VECI,
	[0x10] = VMOV, [0x11] = VMOV, [0x12] = VEC, [0x13] = VEC,
	[0x14] = VEC, [0x15] = VEC, [0x16] = VEC, [0x17] = VEC,
	[0x18 ... 0x1f] = HINT,
	[0x20] = I(MOVCR_R, M, T_REG | T_PRIV | LK), [0x21] = I(MOVDR_R, M, T_REG | T_PRIV),
	[0x22] = I(MOVCR_W, M, T_REG | T_PRIV | LK), [0x23] = I(MOVDR_W, M, T_REG | T_PRIV),
	[0x28] = VMOV, [0x29] = VMOV, [0x2a] = VEC, [0x2b] = I(VECMOV, M, T_VEX | T_MEM),
	[0x2c] = VEC, [0x2d] = VEC, [0x2e] = VEC, [0x2f] = VEC,
	[0x30] = I(WRMSR, NONE, T_PRIV), [0x31] = I(RDTSC, NONE, 0),
	[0x32] = I(RDMSR, NONE, T_PRIV), [0x33] = I(UNKNOWN, NONE, 0),
	[0x34] = I(UNKNOWN, NONE, 0), [0x35] = I(UNKNOWN, NONE, 0), [0x37] = I(UNKNOWN, NONE, 0),
	[0x40 ... 0x4f] = I(CMOV, R_RM, 0),
	[0x50 ... 0x6d] = VEC,
	[0x6e] = VMOV, [0x6f] = VMOV,
	[0x70] = VECI, [0x71] = VECI, [0x72] = VECI, [0x73] = VECI,
	[0x74] = VEC, [0x75] = VEC, [0x76] = VEC, [0x77] = I(UNKNOWN, NONE, 0),
	[0x78] = VEC, [0x79] = VEC, [0x7c] = VEC, [0x7d] = VEC, [0x7e] = VMOV, [0x7f] = VMOV,
	[0x80 ... 0x8f] = I(JCC, RELZ, T_F64),
	[0x90 ... 0x9f] = I(SETCC, RM, B | WO),
	[0xa0] = I(PUSHSEG, NONE, T_D64), [0xa1] = I(POPSEG, NONE, T_D64),
	[0xa2] = I(CPUID, NONE, 0), [0xa3] = I(BT, RM_R, RO),
	[0xa4] = I(SHLD, RM_R_I8, 0), [0xa5] = I(SHLD, RM_R_CL, 0),
	[0xa8] = I(PUSHSEG, NONE, T_D64), [0xa9] = I(POPSEG, NONE, T_D64),
	[0xaa] = I(UNKNOWN, NONE, T_PRIV), [0xab] = I(BTS, RM_R, LK),
	[0xac] = I(SHRD, RM_R_I8, 0), [0xad] = I(SHRD, RM_R_CL, 0),
	[0xae] = G(15, M, T_SPLIT), [0xaf] = I(IMUL2, R_RM, 0),
	[0xb0] = I(CMPXCHG, RM_R, B | LK), [0xb1] = I(CMPXCHG, RM_R, LK),
	[0xb2] = I(LOADFAR, M, T_MEM), [0xb3] = I(BTR, RM_R, LK),
	[0xb4] = I(LOADFAR, M, T_MEM), [0xb5] = I(LOADFAR, M, T_MEM),
	[0xb6] = I(MOVZX, R_RM, WO | T_S8), [0xb7] = I(MOVZX, R_RM, WO | T_S16),
	[0xb8] = I(POPCNT, R_RM, WO), [0xb9] = I(UD, M, 0),
	[0xba] = G(8, RM_I, T_IB), [0xbb] = I(BTC, RM_R, LK),
	[0xbc] = I(BSF, R_RM, 0), [0xbd] = I(BSR, R_RM, 0),
	[0xbe] = I(MOVSX, R_RM, WO | T_S8), [0xbf] = I(MOVSX, R_RM, WO | T_S16),
	[0xc0] = I(XADD, RM_R, B | LK), [0xc1] = I(XADD, RM_R, LK),
	[0xc2] = VECI, [0xc3] = I(MOVNTI, RM_R, WO | T_MEM), [0xc4] = VECI, [0xc5] = VECI,
	[0xc6] = VECI, [0xc7] = G(9, M, T_SPLIT),
	[0xc8 ... 0xcf] = I(BSWAP, OREG, 0),
	[0xd0 ... 0xd5] = VEC, [0xd6] = VMOV, [0xd7 ... 0xe6] = VEC,
	[0xe7] = I(VECMOV, M, T_VEX | T_MEM), [0xe8 ... 0xef] = VEC,
	[0xf0] = I(VECMOV, M, T_VEX | T_MEM), [0xf1 ... 0xfe] = VEC, [0xff] = I(UD, M, 0),
};

const struct x86_opdesc x86_groups[GRP_NR][8] = {
	[GRP_1] = {
		I(ADD, INHERIT, LK), I(OR, INHERIT, LK), I(ADC, INHERIT, LK), I(SBB, INHERIT, LK),
		I(AND, INHERIT, LK), I(SUB, INHERIT, LK), I(XOR, INHERIT, LK), I(CMP, INHERIT, RO),
	},
	[GRP_1A] = { I(POP, INHERIT, 0) },
	[GRP_2] = {
		I(ROL, INHERIT, 0), I(ROR, INHERIT, 0), I(RCL, INHERIT, 0), I(RCR, INHERIT, 0),
		I(SHL, INHERIT, 0), I(SHR, INHERIT, 0), I(SHL, INHERIT, 0), I(SAR, INHERIT, 0),
	},
	[GRP_3] = {
		I(TEST, RM_I, RO), I(TEST, RM_I, RO), I(NOT, INHERIT, LK), I(NEG, INHERIT, LK),
		I(MUL, INHERIT, RO), I(IMUL, INHERIT, RO), I(DIV, INHERIT, RO),
		I(IDIV, INHERIT, RO),
	},
	[GRP_4] = { I(INC, INHERIT, LK), I(DEC, INHERIT, LK) },
	[GRP_5] = {
		I(INC, INHERIT, LK), I(DEC, INHERIT, LK),
		I(CALLN, INHERIT, RO | T_F64), I(CALLFM, M, T_MEM),
		I(JMPN, INHERIT, RO | T_F64), I(JMPFM, M, T_MEM),
		I(PUSH, INHERIT, RO | T_D64),
	},
	[GRP_6] = {
		I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, T_PRIV),
		I(UNKNOWN, INHERIT, T_PRIV), I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, 0),
	},
	[GRP_7] = {
		I(SGDT, INHERIT, 0), I(SIDT, INHERIT, 0), I(LGDT, INHERIT, T_PRIV),
		I(LIDT, INHERIT, T_PRIV), I(SMSW, INHERIT, 0), I(INVALID, INHERIT, 0),
		I(LMSW, INHERIT, T_PRIV), I(INVLPG, INHERIT, T_PRIV),
	},
	[GRP_8] = {
		[4] = I(BT, INHERIT, RO), I(BTS, INHERIT, LK), I(BTR, INHERIT, LK),
		I(BTC, INHERIT, LK),
	},
	[GRP_9] = {
		[1] = I(CMPXCHG8B, INHERIT, LK),
		[3] = I(UNKNOWN, INHERIT, T_PRIV), I(UNKNOWN, INHERIT, 0),
		I(UNKNOWN, INHERIT, T_PRIV), I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, 0),
	},
	[GRP_9R] = { [6] = I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, 0) },
	[GRP_11] = { I(MOV, INHERIT, 0) },
	[GRP_15] = {
		I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, 0),
		I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, 0),
		I(CLFLUSH, INHERIT, 0), I(CLFLUSH, INHERIT, 0),
	},
	[GRP_15R] = {
		I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, 0), I(UNKNOWN, INHERIT, 0),
		I(UNKNOWN, INHERIT, 0), I(INVALID, INHERIT, 0),
		I(NOP, INHERIT, 0), I(NOP, INHERIT, 0), I(NOP, INHERIT, 0),
	},
};

/* Guests have neither VMX nor SVM, so these are undefined at any privilege. */
#define VIRT I(UD, INHERIT, 0)

const struct x86_opdesc x86_group7_reg[64] = {
	[0x01] = I(UNKNOWN, INHERIT, 0),		/* vmcall */
	[0x02] = VIRT, [0x03] = VIRT, [0x04] = VIRT,	/* vmlaunch, vmresume, vmxoff */
	[0x08] = I(UNKNOWN, INHERIT, T_PRIV), [0x09] = I(UNKNOWN, INHERIT, T_PRIV),
	[0x0a] = I(CLAC, INHERIT, T_PRIV), [0x0b] = I(STAC, INHERIT, T_PRIV),
	[0x0f] = I(UNKNOWN, INHERIT, 0),			/* encls */
	[0x10] = I(XGETBV, INHERIT, 0), [0x11] = I(XSETBV, INHERIT, T_PRIV),
	[0x14] = VIRT, [0x15] = I(UNKNOWN, INHERIT, 0),	/* vmfunc, xend */
	[0x16] = I(UNKNOWN, INHERIT, 0), [0x17] = I(UNKNOWN, INHERIT, 0),	/* xtest, enclu */
	/* vmrun; vmmcall; vmload, vmsave, stgi, clgi, skinit, invlpga */
	[0x18] = VIRT, [0x19] = I(UNKNOWN, INHERIT, 0), [0x1a ... 0x1f] = VIRT,
	[0x20 ... 0x27] = I(SMSW, INHERIT, 0),
	[0x2e] = I(UNKNOWN, INHERIT, 0), [0x2f] = I(UNKNOWN, INHERIT, 0),	/* rd/wrpkru */
	[0x30 ... 0x37] = I(LMSW, INHERIT, T_PRIV),
	[0x38] = I(SWAPGS, INHERIT, T_PRIV), [0x39] = I(RDTSCP, INHERIT, 0),
	[0x3a] = I(UNKNOWN, INHERIT, 0), [0x3b] = I(UNKNOWN, INHERIT, T_PRIV),
	[0x3c] = I(UNKNOWN, INHERIT, 0), [0x3d] = I(UNKNOWN, INHERIT, 0),
	[0x3e] = I(UNKNOWN, INHERIT, T_PRIV), [0x3f] = I(UNKNOWN, INHERIT, T_PRIV),
};
