/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulator against the CPU this test runs on, with random registers, flags and memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "emul-machine.h"
#include "emul-oracle.h"
#include "x86-native.h"

#define ROUNDS 1500	/* comparisons for each form */
#define TRIES 12	/* attempts at most for each comparison */

enum imm { NO_IMM, IB, IZ, IV, FRAME };

struct form {
	const char *name;
	u8 len, op[3];
	s8 reg;		/* ModRM.reg: -1 random, NO_MODRM */
	u8 imm;
	bool string;	/* REP prefixes make sense */
};

#define NO_MODRM -2
#define M1(n, o) { n, 1, { o }, -1, NO_IMM, false }
#define M2(n, o) { n, 2, { 0x0f, o }, -1, NO_IMM, false }
#define G1(n, o, r, i) { n, 1, { o }, r, i, false }
#define G2(n, o, r, i) { n, 2, { 0x0f, o }, r, i, false }
#define N1(n, o, i) { n, 1, { o }, NO_MODRM, i, false }
#define N2(n, o, i) { n, 2, { 0x0f, o }, NO_MODRM, i, false }
#define S1(n, o) { n, 1, { o }, NO_MODRM, NO_IMM, true }
#define ALU(n, o, g) \
	M1(n, o), M1(n, o + 1), M1(n, o + 2), M1(n, o + 3), N1(n, o + 4, IB), \
	N1(n, o + 5, IZ), G1(n, 0x80, g, IB), G1(n, 0x81, g, IZ), G1(n, 0x83, g, IB)
#define SHIFT(n, g) \
	G1(n, 0xc0, g, IB), G1(n, 0xc1, g, IB), G1(n, 0xd0, g, NO_IMM), \
	G1(n, 0xd1, g, NO_IMM), G1(n, 0xd2, g, NO_IMM), G1(n, 0xd3, g, NO_IMM)
#define CC(m, n, o, ...) \
	m(n, o + 0, ##__VA_ARGS__), m(n, o + 1, ##__VA_ARGS__), m(n, o + 2, ##__VA_ARGS__), \
	m(n, o + 3, ##__VA_ARGS__), m(n, o + 4, ##__VA_ARGS__), m(n, o + 5, ##__VA_ARGS__), \
	m(n, o + 6, ##__VA_ARGS__), m(n, o + 7, ##__VA_ARGS__), m(n, o + 8, ##__VA_ARGS__), \
	m(n, o + 9, ##__VA_ARGS__), m(n, o + 10, ##__VA_ARGS__), m(n, o + 11, ##__VA_ARGS__), \
	m(n, o + 12, ##__VA_ARGS__), m(n, o + 13, ##__VA_ARGS__), m(n, o + 14, ##__VA_ARGS__), \
	m(n, o + 15, ##__VA_ARGS__)

static const struct form arithmetic[] = {
	ALU("add", 0x00, 0), ALU("or", 0x08, 1), ALU("adc", 0x10, 2),
	ALU("sbb", 0x18, 3), ALU("and", 0x20, 4), ALU("sub", 0x28, 5),
	ALU("xor", 0x30, 6), ALU("cmp", 0x38, 7),
	M1("test", 0x84), M1("test", 0x85),
	N1("test", 0xa8, IB), N1("test", 0xa9, IZ),
	G1("test", 0xf6, 0, IB), G1("test", 0xf7, 1, IZ),
	G1("not", 0xf6, 2, NO_IMM), G1("not", 0xf7, 2, NO_IMM),
	G1("neg", 0xf6, 3, NO_IMM), G1("neg", 0xf7, 3, NO_IMM),
	G1("inc", 0xfe, 0, NO_IMM), G1("inc", 0xff, 0, NO_IMM),
	G1("dec", 0xfe, 1, NO_IMM), G1("dec", 0xff, 1, NO_IMM),
	M2("xadd", 0xc0), M2("xadd", 0xc1),
	M2("cmpxchg", 0xb0), M2("cmpxchg", 0xb1),
	G2("cmpxchg8b", 0xc7, 1, NO_IMM),
};

static const struct form shifts[] = {
	SHIFT("rol", 0), SHIFT("ror", 1), SHIFT("rcl", 2),
	SHIFT("rcr", 3), SHIFT("shl", 4), SHIFT("shr", 5),
	SHIFT("sal", 6), SHIFT("sar", 7),
	G2("shld", 0xa4, -1, IB), M2("shld", 0xa5),
	G2("shrd", 0xac, -1, IB), M2("shrd", 0xad),
};

static const struct form bits[] = {
	M2("bt", 0xa3), M2("bts", 0xab), M2("btr", 0xb3), M2("btc", 0xbb),
	G2("bt", 0xba, 4, IB), G2("bts", 0xba, 5, IB), G2("btr", 0xba, 6, IB),
	G2("btc", 0xba, 7, IB), M2("bsf", 0xbc), M2("bsr", 0xbd),
	{ "popcnt", 3, { 0xf3, 0x0f, 0xb8 }, -1, NO_IMM, false },
	{ "tzcnt", 3, { 0xf3, 0x0f, 0xbc }, -1, NO_IMM, false },
	{ "lzcnt", 3, { 0xf3, 0x0f, 0xbd }, -1, NO_IMM, false },
	CC(G2, "setcc", 0x90, 0, NO_IMM), CC(M2, "cmovcc", 0x40),
};

static const struct form multiply[] = {
	G1("mul", 0xf6, 4, NO_IMM), G1("mul", 0xf7, 4, NO_IMM),
	G1("imul", 0xf6, 5, NO_IMM), G1("imul", 0xf7, 5, NO_IMM),
	G1("div", 0xf6, 6, NO_IMM), G1("div", 0xf7, 6, NO_IMM),
	G1("idiv", 0xf6, 7, NO_IMM), G1("idiv", 0xf7, 7, NO_IMM),
	M2("imul", 0xaf), G1("imul", 0x69, -1, IZ), G1("imul", 0x6b, -1, IB),
};

static const struct form moves[] = {
	M1("mov", 0x88), M1("mov", 0x89), M1("mov", 0x8a),
	M1("mov", 0x8b), G1("mov", 0xc6, 0, IB), G1("mov", 0xc7, 0, IZ),
	N1("mov", 0xb0, IB), N1("mov", 0xb4, IB), N1("mov", 0xb7, IB),
	N1("mov", 0xb8, IV), N1("mov", 0xbf, IV),
	M1("lea", 0x8d), M1("xchg", 0x86),
	M1("xchg", 0x87), N1("xchg", 0x90, NO_IMM), N1("xchg", 0x93, NO_IMM),
	M2("movzx", 0xb6), M2("movzx", 0xb7), M2("movsx", 0xbe),
	M2("movsx", 0xbf), M2("movnti", 0xc3),
	{ "movbe", 3, { 0x0f, 0x38, 0xf0 }, -1, NO_IMM, false },
	{ "movbe", 3, { 0x0f, 0x38, 0xf1 }, -1, NO_IMM, false },
	N2("bswap", 0xc8, NO_IMM), N2("bswap", 0xcf, NO_IMM),
	N1("cbw", 0x98, NO_IMM), N1("cwd", 0x99, NO_IMM),
	N1("lahf", 0x9f, NO_IMM), N1("sahf", 0x9e, NO_IMM),
	N1("clc", 0xf8, NO_IMM), N1("stc", 0xf9, NO_IMM),
	N1("cmc", 0xf5, NO_IMM), N1("cld", 0xfc, NO_IMM),
	N1("std", 0xfd, NO_IMM), N1("xlat", 0xd7, NO_IMM),
	G2("nop", 0x1f, 0, NO_IMM), G2("prefetch", 0x18, 1, NO_IMM),
};

static const struct form only64[] = { M1("movsxd", 0x63) };

static const struct form only32[] = {
	N1("inc", 0x40, NO_IMM), N1("inc", 0x47, NO_IMM), N1("dec", 0x48, NO_IMM),
	N1("dec", 0x4f, NO_IMM), N1("daa", 0x27, NO_IMM), N1("das", 0x2f, NO_IMM),
	N1("aaa", 0x37, NO_IMM), N1("aas", 0x3f, NO_IMM), N1("aam", 0xd4, IB),
	N1("aad", 0xd5, IB), N1("salc", 0xd6, NO_IMM), N1("pusha", 0x60, NO_IMM),
	N1("popa", 0x61, NO_IMM), G1("bound", 0x62, -1, NO_IMM), G1("alu", 0x82, -1, IB),
};

static const struct form strings[] = {
	S1("movsb", 0xa4), S1("movs", 0xa5), S1("cmpsb", 0xa6), S1("cmps", 0xa7),
	S1("stosb", 0xaa), S1("stos", 0xab), S1("lodsb", 0xac), S1("lods", 0xad),
	S1("scasb", 0xae), S1("scas", 0xaf),
};

static const struct form stack[] = {
	N1("push", 0x50, NO_IMM), N1("push", 0x54, NO_IMM),
	N1("push", 0x57, NO_IMM), N1("pop", 0x58, NO_IMM),
	N1("pop", 0x5c, NO_IMM), N1("pop", 0x5f, NO_IMM),
	N1("push", 0x68, IZ), N1("push", 0x6a, IB),
	G1("push", 0xff, 6, NO_IMM), G1("pop", 0x8f, 0, NO_IMM),
	N1("leave", 0xc9, NO_IMM), N1("enter", 0xc8, FRAME),
};

static const struct form branches[] = {
	CC(N1, "jcc", 0x70, IB), CC(N2, "jcc", 0x80, IZ),
	N1("loopne", 0xe0, IB), N1("loope", 0xe1, IB), N1("loop", 0xe2, IB),
	N1("jrcxz", 0xe3, IB), N1("jmp", 0xeb, IB), N1("jmp", 0xe9, IZ),
	N1("call", 0xe8, IZ),
};

static u64 seed = 0x2545f4914f6cdd1dUL;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x9e3779b97f4a7c15UL >> 8;
}

static u64 random_value(void)
{
	static const u64 edges[] = { 0, 1, ~0UL, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff,
				     0x7fffffff, 0x80000000, 0xffffffff, 1UL << 63, ~0UL >> 1 };

	switch (rnd() % 8) {
	case 0: case 1: case 2: case 3:
		return NATIVE_DATA + 512 + rnd() % 3000;
	case 4:
		return edges[rnd() % (sizeof(edges) / sizeof(edges[0]))];
	case 5:
		return rnd() % 80;
	default:
		return rnd() << 32 ^ rnd() << 16 ^ rnd();
	}
}

static u32 put_imm(const struct form *f, u8 *p, bool opsize, bool rexw)
{
	u32 n = f->imm == IB ? 1 : opsize && !rexw ? 2 : 4, i;
	u64 val = random_value();

	if (f->imm == NO_IMM)
		return 0;
	if (f->imm == FRAME) {	/* ENTER: a small frame, whatever nesting */
		p[0] = val & 0x7f;
		p[1] = 0;
		p[2] = rnd() % 40;
		return 3;
	}
	if (f->imm == IV && rexw)
		n = 8;
	for (i = 0; i < n; i++)
		p[i] = val >> (i * 8);
	return n;
}

/** ModRM with what follows it; absolute and RIP-relative addresses reach the data page. */
static u32 put_modrm(const struct form *f, enum x86_mode mode, u8 *p)
{
	u32 disp = rnd() % 256, pos = 0;
	u8 modrm = rnd(), sib = rnd() & 1 ? 0x20 | (rnd() & 7) : rnd();
	bool has_sib = modrm < 0xc0 && (modrm & 7) == 4;

	if (f->reg >= 0)
		modrm = (modrm & 0xc7) | f->reg << 3;
	p[pos++] = modrm;
	if (has_sib)
		p[pos++] = sib;
	if (modrm >> 6 == 1)
		p[pos++] = disp;
	else if ((modrm & 0xc7) == 5)
		disp += NATIVE_DATA + 512 - (mode == X86_MODE_64 ? NATIVE_INSN : 0);
	else if (has_sib && modrm < 0x40 && (sib & 7) == 5)
		disp += NATIVE_DATA + 512;
	else if (modrm >> 6 != 2)
		return pos;
	if (modrm >> 6 != 1) {
		memcpy(p + pos, &disp, 4);
		pos += 4;
	}
	return pos;
}

/** Bytes of a random instance of @f. */
static u32 build(const struct form *f, enum x86_mode mode, u8 *buf, bool branch)
{
	bool opsize = !branch && rnd() % 4 == 0, rex = rnd() % 2 && mode == X86_MODE_64;
	u8 rexval = 0x40 | (rnd() & 15);
	u32 pos = 0, i = 0;

	if (f->op[0] == 0xf3)
		i = 1;
	if (opsize)
		buf[pos++] = 0x66;
	/* 16-bit addresses lie outside the memory there is. */
	if (!branch && rnd() % 16 == 0 && mode == X86_MODE_64)
		buf[pos++] = 0x67;
	if (f->string && rnd() % 2)
		buf[pos++] = 0xf2 + rnd() % 2;
	if (!f->string && !i && rnd() % 16 == 0)
		buf[pos++] = 0xf0;
	if (i)
		buf[pos++] = 0xf3;
	if (rex)
		buf[pos++] = rexval;
	for (; i < f->len; i++)
		buf[pos++] = f->op[i];
	if (f->reg != NO_MODRM)
		pos += put_modrm(f, mode, buf + pos);
	if (branch) {
		memset(buf + pos, 0, 4);
		buf[pos] = NATIVE_TAKEN;
		return pos + (f->imm == IB ? 1 : 4);
	}
	return pos + put_imm(f, buf + pos, opsize, rex && (rexval & 8));
}

static u8 before_mem[NATIVE_DATA_SIZE], shadow[NATIVE_DATA_SIZE];
static struct emul_machine machine;

/** One attempt. False: it touched other memory, or is not an instruction; nothing was compared. */
static bool attempt(const struct form *f, enum x86_mode mode, bool branch)
{
	struct native_state before = { .rflags = 0x202 }, after;
	u8 buf[32];
	u32 len = build(f, mode, buf, branch), i;
	int rc;

	for (i = 0; i < (mode == X86_MODE_64 ? 16 : 8); i++)
		before.gpr[i] = random_value() & (mode == X86_MODE_64 ? ~0UL : ~0U);
	before.gpr[4] = NATIVE_DATA + 1024 + rnd() % 2048;
	if (f->string)	/* CPUs differ in what a count of zero does to 32-bit index registers */
		before.gpr[1] = rnd() % 600 + !!memchr(buf, 0x67, 2);
	before.rflags |= rnd() & (X86_FLAGS_ARITH | (f->string ? X86_FLAG_DF : 0));
	for (i = 0; i < 4; i++)
		before_mem[rnd() % NATIVE_DATA_SIZE] = rnd();
	memcpy(shadow, before_mem, sizeof(shadow));
	memcpy(native_data(), before_mem, NATIVE_DATA_SIZE);

	rc = oracle_emulate(&machine, mode, &before, shadow, buf, len);
	if (machine.outside || (rc == X86EMUL_OKAY && machine.ctx.decoded.len != len))
		return false;
	after = before;
	native_run(buf, len, &after, mode == X86_MODE_32);
	if (oracle_agrees(&machine, &before, &after, len, rc))
		return true;
	oracle_explain(&machine, &before, &after, buf, len, rc);
	fail_msg("%s differs from this CPU", f->name);
	return true;
}

static void check(const struct form *forms, u32 nr, enum x86_mode mode, bool branch)
{
	u32 i, done, tries;

	/* No memory that can be both written and run, or no 32-bit code. */
	if (!native_init() || (mode == X86_MODE_32 && !native_has_32()))
		skip();
	for (i = 0; i < nr; i++) {
		done = 0;
		for (tries = 0; tries < ROUNDS * TRIES && done < ROUNDS; tries++)
			done += attempt(&forms[i], mode, branch);
		if (done < ROUNDS / 20)
			fail_msg("%s %02x: only %u comparisons", forms[i].name, forms[i].op[0],
				 done);
	}
}

#define GROUP(name, branch) \
	static void test_##name##_64(void **state) \
	{ check(name, sizeof(name) / sizeof(name[0]), X86_MODE_64, branch); } \
	static void test_##name##_32(void **state) \
	{ check(name, sizeof(name) / sizeof(name[0]), X86_MODE_32, branch); }
GROUP(arithmetic, false)
GROUP(shifts, false)
GROUP(bits, false)
GROUP(multiply, false)
GROUP(moves, false)
GROUP(strings, false)
GROUP(stack, false)
GROUP(branches, true)

static void test_only_64(void **state)
{
	check(only64, sizeof(only64) / sizeof(only64[0]), X86_MODE_64, false);
}

static void test_only_32(void **state)
{
	check(only32, sizeof(only32) / sizeof(only32[0]), X86_MODE_32, false);
}

static int setup(void **state)
{
	u32 i;

	for (i = 0; i < sizeof(before_mem); i++)
		before_mem[i] = rnd();
	return 0;
}

#define BOTH(name) cmocka_unit_test(test_##name##_64), cmocka_unit_test(test_##name##_32)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(arithmetic), BOTH(shifts), BOTH(bits), BOTH(multiply), BOTH(moves),
		BOTH(strings), BOTH(stack), BOTH(branches), BOTH(only),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
