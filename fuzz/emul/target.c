/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the instruction decoder and emulator. Whatever the bytes, decoding must agree with itself
 * and emulation must change nothing unless it says so; ordinary 64-bit instructions must also do
 * what this CPU does.
 *
 * Input: one byte of mode, two of flags and controls, sixteen choosing register values, then up to
 * 15 instruction bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "emul-machine.h"
#include "emul-oracle.h"
#include "x86-native.h"

#define HEADER 19
#define PATTERNS 256

/* Contents of memory for each value of the input's second byte. */
static u8 pattern[PATTERNS][NATIVE_DATA_SIZE];
static u8 shadow[NATIVE_DATA_SIZE];
static struct emul_machine machine;
static bool have_native, have_native32;

static void check(bool ok)
{
	if (!ok)
		abort();
}

/** Register values that often point into memory or sit at an edge. */
static u64 register_value(u8 pick, u32 reg)
{
	static const u64 edges[] = { 0, 1, 2, 7, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000,
				     0xffff, 0x7fffffff, 0x80000000, 0xffffffff, ~0UL, 1UL << 63,
				     ~0UL >> 1, 1UL << 47, (1UL << 47) - 4, 0x0123456789abcdefUL };

	if (pick & 0x80)
		return NATIVE_DATA + 512 + (pick & 0x7f) * 24 + reg;
	return edges[pick % (sizeof(edges) / sizeof(edges[0]))] + (pick >> 5);
}

static void make_patterns(void)
{
	for (u32 pick = 0; pick < PATTERNS; pick++)
		for (u32 i = 0; i < sizeof(shadow); i++)
			pattern[pick][i] = (u8)(i * 37 + (i >> 8) + pick);
}

/* Memory is like this from one input to the next, except for what an instruction wrote. */
static void fill_memory(u8 pick)
{
	if (memcmp(shadow, pattern[pick], sizeof(shadow)))
		memcpy(shadow, pattern[pick], sizeof(shadow));
}

/** Every proper prefix of an instruction is too short, and what follows it does not matter. */
static void check_decoding(const u8 *insn, u32 len)
{
	struct x86_insn a, b;
	int mode, n, whole;

	for (mode = X86_MODE_16; mode <= X86_MODE_64; mode++) {
		whole = x86_insn_length(insn, len, mode, &a);
		if (whole <= 0) {
			check(whole >= X86_DECODE_TOO_LONG && whole < 0);
			continue;
		}
		check(whole <= (int)len && whole <= X86_INSN_MAX && a.len == whole);
		check(x86_insn_length(insn, whole, mode, &b) == whole);
		for (n = 0; n < whole; n++)
			check(x86_insn_length(insn, n, mode, &b) == X86_DECODE_SHORT);
	}
}

static bool is_repeated(const struct x86_insn *insn)
{
	return insn->prefixes & (X86_PFX_REP | X86_PFX_REPNE);
}

static void start_machine(const u8 *in)
{
	enum x86_mode mode = in[0] % 4 == 3 ? X86_MODE_64 : in[0] % 4;
	bool is16 = mode == X86_MODE_16;
	u32 i;

	fill_memory(in[1]);
	emul_machine_init(&machine, mode, is16 && (in[0] & 4), is16 ? 0 : NATIVE_DATA, shadow,
			  sizeof(shadow));
	machine.ctx.cpl = in[0] & 8 ? 3 : 0;
	machine.retries = in[0] >> 4 & 1;
	machine.ctx.seg[X86_DS].limit >>= in[0] & 0x20 ? 20 : 0;
	machine.ctx.seg[X86_SS].attr ^= in[0] & 0x40 ? X86_SEG_DB | X86_SEG_TYPE_DOWN : 0;
	machine.ctx.seg[X86_FS].base = NATIVE_DATA;
	machine.ctx.regs.rflags |= (in[1] << 8 | in[2]) & 0xfd5;
	machine.ctx.regs.rip = is16 ? 0xfffa : NATIVE_INSN;
	for (i = 0; i < 16; i++)
		machine.ctx.regs.gpr[i] = register_value(in[3 + i], i);
}

static void check_emulation(const u8 *in, const u8 *insn, u32 len)
{
	struct x86_emul_regs before;
	int rc;

	start_machine(in);
	check(emul_machine_agrees_on_move(&machine, insn, len));
	start_machine(in);
	before = machine.ctx.regs;
	rc = emul_machine_run(&machine, insn, len);
	check(rc >= X86EMUL_OKAY && rc <= X86EMUL_RETRY);
	if (rc == X86EMUL_OKAY || (is_repeated(&machine.ctx.decoded) && rc != X86EMUL_UNHANDLEABLE))
		return;
	check(!memcmp(&before, &machine.ctx.regs, sizeof(before)));
	check(!machine.ctx.hlt && !machine.ctx.seg_dirty);
}

static bool is_plain_1b(u8 op, u8 reg)
{
	switch (op) {
	case 0x06 ... 0x07: case 0x0e: case 0x16 ... 0x17: case 0x1e ... 0x1f:
	case 0x8c: case 0x8e:
		return false;	/* segment registers */
	case 0x00 ... 0x05: case 0x08 ... 0x0d: case 0x10 ... 0x15: case 0x18 ... 0x1d:
	case 0x20 ... 0x61: case 0x63: case 0x68 ... 0x6b: case 0x80 ... 0x8b: case 0x8d:
	case 0x8f ... 0x99: case 0x9e ... 0xc1: case 0xc6 ... 0xc7: case 0xc9:
	case 0xd0 ... 0xd7: case 0xf5 ... 0xf9: case 0xfc ... 0xfe:
		return true;
	case 0xff:
		return reg < 2 || reg == 6;
	default:
		return false;
	}
}

static bool is_plain_0f(u8 op, u8 reg)
{
	switch (op) {
	case 0x40 ... 0x4f: case 0x90 ... 0x9f: case 0xa3 ... 0xa5: case 0xab ... 0xad:
	case 0xaf ... 0xb1: case 0xb3: case 0xb6 ... 0xb8: case 0xba ... 0xc1: case 0xc3:
	case 0xc8 ... 0xcf:
		return true;
	case 0xc7:
		return reg == 1;
	default:
		return false;
	}
}

/** Instructions that only touch registers, flags and ordinary memory, and do not branch. */
static bool is_plain(const struct x86_insn *insn)
{
	u8 op = insn->opcode, reg = (insn->modrm >> 3) & 7;

	if ((insn->prefixes & (X86_PFX_VEX | X86_PFX_EVEX | X86_PFX_XOP)) ||
	    insn->seg == X86_FS || insn->seg == X86_GS)
		return false;
	switch (insn->map) {
	case X86_MAP_1B:
		return is_plain_1b(op, reg);
	case X86_MAP_0F:
		return is_plain_0f(op, reg);
	case X86_MAP_0F38:
		return (op & 0xfe) == 0xf0 &&
		       !(insn->prefixes & (X86_PFX_REP | X86_PFX_REPNE));
	default:
		return false;
	}
}

static bool is_string(const struct x86_insn *insn)
{
	return !insn->map && insn->opcode >= 0xa4 && insn->opcode <= 0xaf &&
	       (insn->opcode & 0xfe) != 0xa8;
}

/* PAUSE with REX.B: Intel's processors pause, AMD's exchange rAX with r8. */
static bool differs_by_vendor(const struct x86_insn *insn)
{
	return !insn->map && insn->opcode == 0x90 && (insn->rex & 1) &&
	       (insn->prefixes & X86_PFX_REP);
}

static void compare_with_cpu(const u8 *in, enum x86_mode mode, const u8 *insn, u32 len)
{
	struct native_state before = { 0 }, after;
	struct x86_insn decoded;
	u32 i;
	int n, rc;

	n = x86_insn_length(insn, len, mode, &decoded);
	if (n <= 0 || !is_plain(&decoded) || differs_by_vendor(&decoded))
		return;
	before.rflags = 0x202 | ((in[1] << 8 | in[2]) & 0xcd5);
	for (i = 0; i < 16; i++)
		before.gpr[i] = register_value(in[3 + i], i);
	before.gpr[X86_RSP] = NATIVE_DATA + 2048 + (in[0] & 7);
	/* A count of zero treats 32-bit index registers differently from CPU to CPU. */
	if (is_string(&decoded))
		before.gpr[X86_RCX] = in[3] + 1;
	fill_memory(in[1]);
	if (memcmp(native_data(), shadow, sizeof(shadow)))
		memcpy(native_data(), shadow, sizeof(shadow));
	rc = oracle_emulate(&machine, mode, &before, shadow, insn, n);
	if (machine.outside || rc == X86EMUL_UNHANDLEABLE)
		return;
	after = before;
	native_run(insn, n, &after, mode == X86_MODE_32);
	if (oracle_agrees(&machine, &before, &after, n, rc))
		return;
	oracle_explain(&machine, &before, &after, insn, n, rc);
	abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static bool started;
	u32 len;

	if (!started) {
		make_patterns();
		have_native = native_init();
		have_native32 = have_native && native_has_32();
	}
	started = true;
	if (size <= HEADER)
		return 0;
	len = size - HEADER > X86_INSN_MAX ? X86_INSN_MAX : size - HEADER;
	check_decoding(data + HEADER, len);
	check_emulation(data, data + HEADER, len);
	if (have_native && data[0] % 4 == 2)
		compare_with_cpu(data, X86_MODE_64, data + HEADER, len);
	else if (have_native32 && data[0] % 4 == 1)
		compare_with_cpu(data, X86_MODE_32, data + HEADER, len);
	return 0;
}
