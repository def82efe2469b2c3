/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decode x86 instructions and emulate one of them for a guest. Pure: everything except the
 * registers in struct x86_emul_ctx is accessed through struct x86_emul_ops.
 */
#ifndef XEN_X86_EMUL_H
#define XEN_X86_EMUL_H

#include <xen/types.h>

/** Longest legal instruction, in bytes; a longer one raises #GP. */
#define X86_INSN_MAX 15

/** Width of code, given by the CS attributes D and (with EFER.LMA) L. */
enum x86_mode { X86_MODE_16, X86_MODE_32, X86_MODE_64 };

/** General registers in encoding order; index into gpr[]. */
enum x86_gpr {
	X86_RAX, X86_RCX, X86_RDX, X86_RBX, X86_RSP, X86_RBP, X86_RSI, X86_RDI,
	X86_R8, X86_R9, X86_R10, X86_R11, X86_R12, X86_R13, X86_R14, X86_R15, X86_GPR_NR,
	X86_GPR_NONE = X86_GPR_NR,
};

/** Segment registers in encoding order. */
enum x86_sreg {
	X86_ES, X86_CS, X86_SS, X86_DS, X86_FS, X86_GS, X86_SREG_NR,
	X86_SREG_NONE = X86_SREG_NR,
};

/* RFLAGS bits. */
#define X86_FLAG_CF (1u << 0)
#define X86_FLAG_ONE (1u << 1)
#define X86_FLAG_PF (1u << 2)
#define X86_FLAG_AF (1u << 4)
#define X86_FLAG_ZF (1u << 6)
#define X86_FLAG_SF (1u << 7)
#define X86_FLAG_TF (1u << 8)
#define X86_FLAG_IF (1u << 9)
#define X86_FLAG_DF (1u << 10)
#define X86_FLAG_OF (1u << 11)
#define X86_FLAG_IOPL (3u << 12)
#define X86_FLAG_NT (1u << 14)
#define X86_FLAG_RF (1u << 16)
#define X86_FLAG_VM (1u << 17)
#define X86_FLAG_AC (1u << 18)
#define X86_FLAG_VIF (1u << 19)
#define X86_FLAG_VIP (1u << 20)
#define X86_FLAG_ID (1u << 21)
#define X86_FLAGS_ARITH (X86_FLAG_CF | X86_FLAG_PF | X86_FLAG_AF | X86_FLAG_ZF | X86_FLAG_SF | \
			 X86_FLAG_OF)

/** One segment register; attr as in the ABI's records: descriptor bits 40-47 and 52-55. */
struct x86_segment {
	u64 base;
	/** Highest valid offset in bytes (granularity already applied). */
	u32 limit;
	u16 sel;
	/** Type 0-3, S 4, DPL 5-6, P 7, AVL 8, L 9, D/B 10, G 11. */
	u16 attr;
};

#define X86_SEG_TYPE_RW 0x002	/* data: writable; code: readable */
#define X86_SEG_TYPE_DOWN 0x004	/* data: expands down; code: conforming */
#define X86_SEG_TYPE_CODE 0x008
#define X86_SEG_S 0x010
#define X86_SEG_P 0x080
#define X86_SEG_L 0x200
#define X86_SEG_DB 0x400

/** Legacy prefixes and encodings seen. */
#define X86_PFX_LOCK (1u << 0)
#define X86_PFX_REPNE (1u << 1)	/* f2 */
#define X86_PFX_REP (1u << 2)	/* f3 */
#define X86_PFX_OPSIZE (1u << 3)	/* 66 */
#define X86_PFX_ADSIZE (1u << 4)	/* 67 */
#define X86_PFX_VEX (1u << 5)
#define X86_PFX_EVEX (1u << 6)
#define X86_PFX_XOP (1u << 7)

/** Opcode maps: one byte, 0f, 0f 38, 0f 3a; XOP maps keep their encoded number (8 to 10). */
enum x86_opmap { X86_MAP_1B, X86_MAP_0F, X86_MAP_0F38, X86_MAP_0F3A };

/** A decoded instruction. */
struct x86_insn {
	u8 len;		/* bytes in all */
	u8 mode;	/* enum x86_mode */
	u8 map;		/* enum x86_opmap */
	u8 opcode;
	u16 op;		/* operation: enum x86_op, private to the emulator */
	u16 form;	/* operand layout: enum x86_form, private */
	u32 flags;	/* properties from the opcode tables, private */
	u8 prefixes;	/* X86_PFX_* */
	u8 rex;		/* REX byte, or its equivalent from VEX; 0 when absent */
	u8 seg;		/* override, or X86_SREG_NONE */
	u8 opsize;	/* operand bytes: 1, 2, 4 or 8 */
	u8 adsize;	/* address bytes: 2, 4 or 8 */
	u8 vex_v;	/* VEX.vvvv, already inverted */
	u8 vex_l;	/* VEX.L / EVEX.L'L */
	u8 vex_pp;	/* 0, 1 (66), 2 (f3), 3 (f2), also derived from legacy prefixes */
	bool has_modrm;
	u8 modrm;
	u8 mod, reg, rm;	/* reg, rm are extended by REX; rm is a register if mod is 3 */
	/* The memory operand, when mod is not 3 (or for moffs, base and index none). */
	u8 base, index;		/* enum x86_gpr or X86_GPR_NONE */
	u8 scale;		/* 1, 2, 4, 8 */
	u8 disp_bytes;
	u8 imm_bytes;
	bool rip_relative;
	s64 disp;
	u64 imm;	/* sign-extended where the instruction does so */
	u64 imm2;	/* second immediate: level of ENTER, selector of a far pointer */
};

/** Why x86_insn_length() could not return a length. */
enum x86_decode_error {
	X86_DECODE_SHORT = -1,		/* more bytes are needed */
	X86_DECODE_INVALID = -2,	/* undefined: #UD */
	X86_DECODE_TOO_LONG = -3,	/* over 15 bytes: #GP(0) */
};

/**
 * Decode the instruction at @bytes, of which @nbytes are present, as @mode code. Returns its length
 * (1 to 15) with *out filled, or an enum x86_decode_error. Vector instructions are decoded only for
 * their length; not all of their prefix combinations are checked.
 */
int x86_insn_length(const u8 *bytes, u32 nbytes, enum x86_mode mode, struct x86_insn *out);

/** A move between memory and a register, or of a constant to memory. */
struct x86_move {
	u8 len;			/* of the instruction */
	bool write;		/* to memory */
	u8 bytes;		/* of memory; a load clears the rest of its register */
	u8 reg;			/* enum x86_gpr; of a store X86_GPR_NONE: imm is stored */
	u64 imm;
};

/**
 * Is the instruction at @bytes (of which @n are present) such a move, and simple enough that a
 * caller that knows the address of its memory operand can carry it out? False: use x86_emulate().
 */
bool x86_decode_move(const u8 *bytes, u32 n, enum x86_mode mode, struct x86_move *out);

/**
 * Kinds of instructions, by the exits they can cause; a mask. An instruction may be of two kinds.
 */
#define X86_CLASS_STRING_IO (1u << 0)	/* INS, OUTS */
#define X86_CLASS_CONTROL (1u << 1)	/* moves from and to CR and DR, CLTS, LMSW, SMSW */
#define X86_CLASS_XCR (1u << 2)		/* XSETBV, XGETBV */
#define X86_CLASS_MEMORY (1u << 3)	/* accesses memory: an operand, the stack, a descriptor */
#define X86_CLASS_REGISTER (1u << 4)	/* works only on general registers and flags */
#define X86_CLASS_PORT (1u << 5)	/* IN, OUT */
#define X86_CLASS_SYSTEM (1u << 6)	/* HLT, CPUID, RDMSR, CLI and the like */
#define X86_CLASS_ANY 0x7fu

/** The X86_CLASS_* of a decoded instruction. */
u32 x86_insn_class(const struct x86_insn *insn);

/** Instructions without operands that are intercepted and whose length is then needed. */
enum x86_simple {
	X86_SIMPLE_CPUID, X86_SIMPLE_RDMSR, X86_SIMPLE_WRMSR, X86_SIMPLE_RDTSC, X86_SIMPLE_RDTSCP,
	X86_SIMPLE_RDPMC, X86_SIMPLE_VMCALL, X86_SIMPLE_VMMCALL, X86_SIMPLE_HLT, X86_SIMPLE_PAUSE,
	X86_SIMPLE_INVD, X86_SIMPLE_WBINVD, X86_SIMPLE_XSETBV, X86_SIMPLE_CLTS,
	X86_SIMPLE_MONITOR, X86_SIMPLE_MWAIT, X86_SIMPLE_VMRUN, X86_SIMPLE_VMLOAD,
	X86_SIMPLE_VMSAVE, X86_SIMPLE_STGI, X86_SIMPLE_CLGI, X86_SIMPLE_SKINIT,
	X86_SIMPLE_INVLPGA, X86_SIMPLE_INT3, X86_SIMPLE_ICEBP, X86_SIMPLE_INTO,
	X86_SIMPLE_RSM, X86_SIMPLE_IRET, X86_SIMPLE_PUSHF, X86_SIMPLE_POPF, X86_SIMPLE_NR,
};

/**
 * Length of the instruction @which at @bytes including its prefixes, or 0 when the bytes (of which
 * @n are present) are something else: the guest rewrote them, or @n is too small. First fetch only
 * to the end of the page; fetch the rest of 15 bytes only when this returns 0.
 */
int x86_skip_simple(const u8 *bytes, u32 n, enum x86_simple which);

/** Return values of callbacks and of x86_emulate(). */
enum x86_emul_rc {
	X86EMUL_OKAY,
	/** Nothing was changed; the caller must handle it otherwise (usually #UD or a crash). */
	X86EMUL_UNHANDLEABLE,
	/** Inject ctx->exc. Registers changed only if a repeated string instruction advanced. */
	X86EMUL_EXCEPTION,
	/**
	 * Run the instruction at RIP again: a device model has not answered, memory changed during
	 * a locked operation, or the instruction is not in ctx->allowed.
	 */
	X86EMUL_RETRY,
};

/* Vectors the emulator raises. */
#define X86_EXC_DE 0
#define X86_EXC_DB 1
#define X86_EXC_BP 3
#define X86_EXC_OF 4
#define X86_EXC_BR 5
#define X86_EXC_UD 6
#define X86_EXC_NM 7
#define X86_EXC_NP 11
#define X86_EXC_SS 12
#define X86_EXC_GP 13
#define X86_EXC_PF 14
#define X86_EXC_AC 17

/** A fault (or, for INT n, INT3, INTO and INT1, a trap) to be delivered. */
struct x86_exception {
	u8 vector;
	bool has_error;
	/** Raised by INT n/INT3/INTO/INT1: deliver it past the instruction, insn_len bytes long. */
	bool software;
	u8 insn_len;
	u32 error;
	u64 cr2;	/* for X86_EXC_PF */
};

struct x86_emul_regs {
	u64 gpr[X86_GPR_NR];
	u64 rip;
	u64 rflags;
};

/**
 * A vCPU's state for one instruction. The caller fills everything above "results", and after any
 * return but UNHANDLEABLE writes regs (and seg[], for instructions that load segment registers)
 * back. Private to the CPU that emulates; no locking.
 */
struct x86_emul_ctx {
	struct x86_emul_regs regs;
	struct x86_segment seg[X86_SREG_NR];
	u64 cr0, cr4, efer;
	u8 cpl;
	/** X86_CLASS_*: kinds that can have caused the exit; others are not emulated. */
	u8 allowed;
	/** Instruction bytes that the caller already has, starting at RIP; used before fetch(). */
	u8 insn_bytes;
	u8 insn[X86_INSN_MAX];
	/** For the callbacks. */
	void *opaque;

	/* Results. */
	struct x86_exception exc;	/* after X86EMUL_EXCEPTION; callbacks fill it as well */
	bool hlt;		/* the instruction was HLT: block until an event */
	bool sti_shadow;	/* interrupts are held off for one instruction: STI */
	bool mov_ss_shadow;	/* interrupts and #DB likewise: MOV SS, POP SS */
	bool singlestep;	/* TF was set: #DB(BS) is due now */
	bool seg_dirty;		/* seg[] changed */
	struct x86_insn decoded;	/* the instruction, valid unless the fetch failed */
};

/* Flags for read() and write(). */
#define X86_ACC_RMW (1u << 0)	/* a write follows this read: fault as a write does */
#define X86_ACC_PROBE (1u << 1)	/* write(): only check that the write would not fault */
#define X86_ACC_SYSTEM (1u << 2)	/* the processor's own access: as CPL 0, whatever the CPL */

/**
 * The emulator's access to the rest of the machine. Slots are called without a check, so none may
 * be empty (OPS_TABLE); one that is not supported returns UNHANDLEABLE. Memory callbacks take
 * linear addresses already checked against segment limits (or to be canonical). @len is 1 to 64 and
 * may cross a page, in which case both pages must be checked before either is written.
 */
struct x86_emul_ops {
	int (*fetch)(struct x86_emul_ctx *ctx, gvaddr_t linear, void *buf, u32 len);
	int (*read)(struct x86_emul_ctx *ctx, gvaddr_t linear, void *buf, u32 len, u32 flags);
	int (*write)(struct x86_emul_ctx *ctx, gvaddr_t linear, const void *buf, u32 len,
		     u32 flags);
	/** Atomically store @desired if memory still holds @old, else return RETRY. */
	int (*cmpxchg)(struct x86_emul_ctx *ctx, gvaddr_t linear, const void *old,
		       const void *desired, u32 len);
	int (*io_read)(struct x86_emul_ctx *ctx, u16 port, u32 size, u32 *val);
	int (*io_write)(struct x86_emul_ctx *ctx, u16 port, u32 size, u32 val);
	/**
	 * Do the next @n iterations of a repeated INS, or with @out OUTS, in one: @size bytes each
	 * between the port and ascending memory from @linear, all in one page. OKAY, RETRY as
	 * always, or UNHANDLEABLE: do them one by one.
	 */
	int (*io_repeat)(struct x86_emul_ctx *ctx, u16 port, u32 size, gvaddr_t linear, bool out,
			 u32 n);
	/** A repeated string instruction finished an iteration and continues with the next. */
	void (*step)(struct x86_emul_ctx *ctx);
	int (*read_msr)(struct x86_emul_ctx *ctx, u32 msr, u64 *val);
	int (*write_msr)(struct x86_emul_ctx *ctx, u32 msr, u64 val);
	int (*read_cr)(struct x86_emul_ctx *ctx, u32 nr, u64 *val);
	int (*write_cr)(struct x86_emul_ctx *ctx, u32 nr, u64 val);
	int (*read_dr)(struct x86_emul_ctx *ctx, u32 nr, u64 *val);
	int (*write_dr)(struct x86_emul_ctx *ctx, u32 nr, u64 val);
	int (*cpuid)(struct x86_emul_ctx *ctx, u32 leaf, u32 subleaf, u32 out[4]);
	int (*rdtsc)(struct x86_emul_ctx *ctx, u64 *tsc, u32 *aux);
	int (*xsetbv)(struct x86_emul_ctx *ctx, u32 index, u64 val);
	int (*xgetbv)(struct x86_emul_ctx *ctx, u32 index, u64 *val);
	/** INVD, WBINVD (also CLFLUSH and similar, which need not flush anything on MMIO). */
	int (*wbinvd)(struct x86_emul_ctx *ctx);
	int (*invlpg)(struct x86_emul_ctx *ctx, gvaddr_t linear);
	/** Load @sreg with @sel in protected mode, filling *seg. Not called in real mode. */
	int (*load_seg)(struct x86_emul_ctx *ctx, enum x86_sreg sreg, u16 sel,
			struct x86_segment *seg);
	/** The task register, whose TSS holds the I/O permission bitmap. */
	int (*read_tr)(struct x86_emul_ctx *ctx, struct x86_segment *tr);
	/** GDTR (@idt false) or IDTR. */
	int (*read_dtr)(struct x86_emul_ctx *ctx, bool idt, u64 *base, u16 *limit);
	int (*write_dtr)(struct x86_emul_ctx *ctx, bool idt, u64 base, u16 limit);
	/** Low @len (16, 32 or 64) bytes of vector register @reg. */
	int (*get_vec)(struct x86_emul_ctx *ctx, u32 reg, void *buf, u32 len);
	/** Set the low @len bytes; the rest of the register becomes zero if @zero_upper. */
	int (*put_vec)(struct x86_emul_ctx *ctx, u32 reg, const void *buf, u32 len,
		       bool zero_upper);
};

/**
 * For the cmpxchg slot: atomically replace the @len (1, 2, 4, 8 or 16) bytes at @at by @desired if
 * they equal @old; false when they do not. 16 bytes must be aligned.
 */
bool x86_locked_cmpxchg(void *at, const void *old, const void *desired, u32 len);

/** The code width given by @ctx's CS and EFER. */
enum x86_mode x86_emul_mode(const struct x86_emul_ctx *ctx);

/**
 * Emulate the instruction at CS:RIP. Registers change only on OKAY, with one exception: a repeated
 * string instruction keeps the iterations it finished. Such an instruction does a bounded number of
 * iterations per call; if some remain, RIP stays on it and RF is set. Returns an enum x86_emul_rc.
 */
int x86_emulate(struct x86_emul_ctx *ctx, const struct x86_emul_ops *ops);

#endif
