/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instruction decoder against an independent disassembler (Capstone) on random bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/x86/emul.h>

#include "disasm.h"

#define ROUNDS 500000
#define SHOWN 20	/* differences printed */

static u64 seed;

static u32 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 16;
}

/** Random bytes that often begin with prefixes, an escape or a vector prefix. */
static void random_insn(u8 *buf, u32 len)
{
	static const u8 prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2,
				       0xf3, 0x40, 0x48, 0x41, 0x44, 0x4f };
	static const u8 escapes[] = { 0x0f, 0x0f, 0x0f, 0xc4, 0xc5, 0x62 };
	u32 i, pos = 0;

	for (i = 0; i < len; i++)
		buf[i] = rnd();
	while (rnd() % 3 == 0 && pos < 4)
		buf[pos++] = prefixes[rnd() % sizeof(prefixes)];
	if (rnd() % 3 == 0)
		buf[pos++] = escapes[rnd() % sizeof(escapes)];
	if (rnd() % 12 == 0 && pos && buf[pos - 1] == 0x0f)
		buf[pos] = rnd() & 1 ? 0x38 : 0x3a;
}

/** Length of the prefixes at @b, and whether @wanted is among them. */
static u32 skip_prefixes(const u8 *b, enum x86_mode mode, u8 wanted, bool *found)
{
	static const u8 all[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2,
				  0xf3 };
	u32 n;

	*found = false;
	for (n = 0; memchr(all, b[n], sizeof(all)) || (mode == X86_MODE_64 && b[n] >> 4 == 4); n++)
		*found |= b[n] == wanted;
	return n;
}

/** Cases where this Capstone (4.0.2) differs from the manuals, or vendors from each other. */
static bool known_difference(const struct x86_insn *insn, const u8 *b, int ours)
{
	bool opsize = insn->prefixes & X86_PFX_OPSIZE, map0f = insn->map == X86_MAP_0F;
	bool rep = insn->prefixes & (X86_PFX_REP | X86_PFX_REPNE), lock;
	u8 op = insn->opcode, first = b[skip_prefixes(b, insn->mode, 0xf0, &lock)];

	/* It takes LOCK anywhere, legacy prefixes before VEX and EVEX, and VIA's instructions. */
	if (ours == X86_DECODE_INVALID &&
	    (lock || first == 0xc4 || first == 0xc5 || first == 0x62 ||
	     (map0f && (op & 0xfe) == 0xa6)))
		return true;
	/* It reads a byte too many after EVEX instructions that round. */
	if (insn->prefixes & X86_PFX_EVEX)
		return insn->mod == 3;
	/* MOVNTI takes no mandatory prefix (this is what CPUs do). */
	if (map0f && op == 0xc3 && insn->vex_pp)
		return true;
	/* UD0 and UD1 have a ModRM byte. */
	if (map0f && (op == 0xb9 || op == 0xff))
		return true;
	/* Intel's CPUs ignore the operand-size prefix on near branches in 64-bit mode. */
	if ((insn->mode == X86_MODE_64 || rep) && opsize &&
	    ((!insn->map && (op == 0xe8 || op == 0xe9)) || (map0f && (op & 0xf0) == 0x80)))
		return true;
	/* It gives wrong sizes of immediates when another prefix comes with 66 or REX.W. */
	if (!insn->map && ((op == 0x68 && rep && opsize) || (op == 0xe8 && (insn->rex & 8))))
		return true;
	/* RET with REX.W still has a 16-bit immediate. */
	if (!insn->map && op == 0xc2 && (insn->rex & 8))
		return true;
	/* With 66 or F2 this is EXTRQ, not VMREAD. */
	return map0f && op == 0x78 && (insn->vex_pp & 1);
}

static void dump(int why, const u8 *b, enum x86_mode mode, int ours,
		 const struct disasm_insn *ref)
{
	u32 i;

	fprintf(stderr, "differ %d: mode %d ours %d theirs %d:", why, 16 << mode, ours, ref->len);
	for (i = 0; i < X86_INSN_MAX; i++)
		fprintf(stderr, " %02x", b[i]);
	fprintf(stderr, "  %s\n", ref->text);
}

enum difference { SAME, LENGTH, MODRM, ADDRESS_SIZE, DISPLACEMENT, IMMEDIATE };

/** The disassembler shows branch targets, not offsets. */
static bool is_relative(const struct x86_insn *insn)
{
	u8 op = insn->opcode;

	if (insn->map == X86_MAP_0F)
		return (op & 0xf0) == 0x80;
	return (op & 0xf0) == 0x70 || (op & 0xfc) == 0xe0 || (op & 0xfc) == 0xe8 ||
	       (op == 0xc7 && insn->modrm == 0xf8);
}

static enum difference compare(int len, const struct x86_insn *insn, const struct disasm_insn *ref)
{
	bool memory = insn->has_modrm && insn->mod != 3 && !insn->rip_relative;
	bool vector = insn->prefixes & (X86_PFX_VEX | X86_PFX_EVEX | X86_PFX_XOP);
	u64 imm_mask = (1UL << (insn->imm_bytes * 8 & 63)) - 1;

	if (len != ref->len)
		return LENGTH;
	if (insn->has_modrm && ref->has_modrm && insn->modrm != ref->modrm)
		return MODRM;
	if (insn->adsize != ref->addr_size)
		return ADDRESS_SIZE;
	if (memory && insn->disp_bytes && !(insn->prefixes & X86_PFX_EVEX) &&
	    (u32)insn->disp != (u32)ref->disp)
		return DISPLACEMENT;
	if (!vector && insn->imm_bytes && ref->has_imm && !insn->imm2 && !is_relative(insn) &&
	    ((insn->imm ^ (u64)ref->imm) & (insn->imm_bytes == 8 ? ~0UL : imm_mask)))
		return IMMEDIATE;
	return SAME;
}

static void check_mode(enum x86_mode mode)
{
	u32 i, ours_only = 0, agreed = 0, bad = 0;
	struct disasm *d = disasm_open(16 << mode);
	struct disasm_insn ref;
	enum difference why;
	struct x86_insn insn;
	u8 buf[16];
	int len;

	assert_non_null(d);
	seed = 0x9e3779b97f4a7c15UL + mode;
	for (i = 0; i < ROUNDS; i++) {
		random_insn(buf, sizeof(buf));
		len = x86_insn_length(buf, X86_INSN_MAX, mode, &insn);
		if (!disasm_one(d, buf, X86_INSN_MAX, &ref)) {
			ours_only += len > 0;
			continue;
		}
		if (known_difference(&insn, buf, len))
			continue;
		why = compare(len, &insn, &ref);
		agreed += !why;
		if (why && bad++ < SHOWN)
			dump(why, buf, mode, len, &ref);
	}
	disasm_close(d);
	print_message("mode %d: %u agree, %u decoded by us only, %u differ\n", 16 << mode, agreed,
		      ours_only, bad);
	assert_int_equal(bad, 0);
	assert_true(agreed > ROUNDS / 2);
}

static void test_random_64(void **state) { check_mode(X86_MODE_64); }
static void test_random_32(void **state) { check_mode(X86_MODE_32); }
static void test_random_16(void **state) { check_mode(X86_MODE_16); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_64),
		cmocka_unit_test(test_random_32),
		cmocka_unit_test(test_random_16),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
