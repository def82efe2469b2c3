/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulator where no CPU can be compared: other modes, devices, faults, system state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "emul-machine.h"

#define BASE 0x10000
#define RIP 0x7c00

static u8 mem[0x2000];
static struct emul_machine m;
static u64 *const gpr = m.ctx.regs.gpr;

static void start(enum x86_mode mode, bool real)
{
	memset(mem, 0, sizeof(mem));
	emul_machine_init(&m, mode, real, BASE, mem, sizeof(mem));
	m.ctx.regs.rip = RIP;
}

/** Run one instruction given as byte values. */
#define RUN(...) ({ const u8 b_[] = { __VA_ARGS__ }; emul_machine_run(&m, b_, sizeof(b_)); })
#define OK(...) assert_int_equal(RUN(__VA_ARGS__), X86EMUL_OKAY)

static void assert_fault(int rc, u8 vector)
{
	assert_int_equal(rc, X86EMUL_EXCEPTION);
	assert_int_equal(m.ctx.exc.vector, vector);
	assert_int_equal(m.ctx.regs.rip, RIP);
}

static void test_simple_lengths(void **state)
{
	static const u8 rdtscp[] = { 0x0f, 0x01, 0xf9 }, pause[] = { 0xf3, 0x90 };
	static const u8 cpuid[] = { 0x66, 0x48, 0x0f, 0xa2 };
	u8 prefixes[16];

	assert_int_equal(x86_skip_simple(cpuid + 2, 2, X86_SIMPLE_CPUID), 2);
	assert_int_equal(x86_skip_simple(cpuid, 4, X86_SIMPLE_CPUID), 4);
	assert_int_equal(x86_skip_simple(cpuid, 3, X86_SIMPLE_CPUID), 0);
	assert_int_equal(x86_skip_simple(cpuid, 4, X86_SIMPLE_RDMSR), 0);
	assert_int_equal(x86_skip_simple(rdtscp, 3, X86_SIMPLE_RDTSCP), 3);
	assert_int_equal(x86_skip_simple(rdtscp, 3, X86_SIMPLE_RDTSC), 0);
	assert_int_equal(x86_skip_simple(pause, 2, X86_SIMPLE_PAUSE), 2);
	memset(prefixes, 0x66, sizeof(prefixes));
	assert_int_equal(x86_skip_simple(prefixes, 16, X86_SIMPLE_HLT), 0);
	prefixes[14] = 0xf4;
	assert_int_equal(x86_skip_simple(prefixes, 16, X86_SIMPLE_HLT), 15);
	prefixes[14] = 0x0f;
	prefixes[15] = 0xa2;
	assert_int_equal(x86_skip_simple(prefixes, 16, X86_SIMPLE_CPUID), 0);
}

static void test_length_limits(void **state)
{
	struct x86_insn insn;
	u8 buf[16];

	memset(buf, 0x66, sizeof(buf));
	assert_int_equal(x86_insn_length(buf, 16, X86_MODE_64, &insn), X86_DECODE_TOO_LONG);
	assert_int_equal(x86_insn_length(buf, 14, X86_MODE_64, &insn), X86_DECODE_SHORT);
	assert_int_equal(x86_insn_length(buf, 0, X86_MODE_64, &insn), X86_DECODE_SHORT);
	buf[14] = 0x90;
	assert_int_equal(x86_insn_length(buf, 16, X86_MODE_64, &insn), 15);
	start(X86_MODE_64, false);
	memset(buf, 0x66, sizeof(buf));
	assert_fault(emul_machine_run(&m, buf, 15), X86_EXC_GP);
}

static void test_undefined(void **state)
{
	start(X86_MODE_64, false);
	assert_fault(RUN(0x0f, 0x0b), X86_EXC_UD);
	assert_fault(RUN(0x06), X86_EXC_UD);			/* push es */
	assert_fault(RUN(0xf0, 0x89, 0x00), X86_EXC_UD);	/* lock mov */
	assert_fault(RUN(0xf0, 0x01, 0xc0), X86_EXC_UD);	/* lock add to a register */
	assert_fault(RUN(0x8d, 0xc0), X86_EXC_UD);		/* lea of a register */
	assert_fault(RUN(0x8e, 0xc8), X86_EXC_UD);		/* mov cs */
	assert_fault(RUN(0x0f, 0x20, 0xc8), X86_EXC_UD);	/* mov from cr1 */
	start(X86_MODE_16, true);
	assert_fault(RUN(0xc5, 0xf8, 0x10, 0x00), X86_EXC_UD);	/* AVX in real mode */
	assert_int_equal(RUN(0xd9, 0x00), X86EMUL_UNHANDLEABLE);	/* x87 */
}

/* Guests have neither VMX nor SVM: their instructions are undefined, not privileged. */
static void test_no_virtualisation(void **state)
{
	start(X86_MODE_64, false);
	m.ctx.regs.rip = RIP;
	gpr[X86_RAX] = BASE;
	for (u32 cpl = 0; cpl <= 3; cpl += 3) {
		m.ctx.cpl = cpl;
		assert_fault(RUN(0x0f, 0x01, 0xc2), X86_EXC_UD);	/* vmlaunch */
		assert_fault(RUN(0x0f, 0x01, 0xc3), X86_EXC_UD);	/* vmresume */
		assert_fault(RUN(0x0f, 0x01, 0xc4), X86_EXC_UD);	/* vmxoff */
		assert_fault(RUN(0x0f, 0x01, 0xd4), X86_EXC_UD);	/* vmfunc */
		assert_fault(RUN(0x0f, 0xc7, 0x30), X86_EXC_UD);	/* vmptrld [rax] */
		assert_fault(RUN(0x66, 0x0f, 0xc7, 0x30), X86_EXC_UD);	/* vmclear [rax] */
		assert_fault(RUN(0xf3, 0x0f, 0xc7, 0x30), X86_EXC_UD);	/* vmxon [rax] */
		assert_fault(RUN(0x0f, 0xc7, 0x38), X86_EXC_UD);	/* vmptrst [rax] */
		assert_fault(RUN(0x0f, 0x78, 0x00), X86_EXC_UD);	/* vmread [rax], rax */
		assert_fault(RUN(0x0f, 0x79, 0x00), X86_EXC_UD);	/* vmwrite rax, [rax] */
		assert_fault(RUN(0x66, 0x0f, 0x38, 0x80, 0x00), X86_EXC_UD);	/* invept */
		assert_fault(RUN(0x66, 0x0f, 0x38, 0x81, 0x00), X86_EXC_UD);	/* invvpid */
		assert_fault(RUN(0x0f, 0x01, 0xd8), X86_EXC_UD);	/* vmrun */
		assert_fault(RUN(0x0f, 0x01, 0xda), X86_EXC_UD);	/* vmload */
		assert_fault(RUN(0x0f, 0x01, 0xdf), X86_EXC_UD);	/* invlpga */
	}
	/* Instructions with similar encodings are something else */
	assert_int_equal(RUN(0x66, 0x0f, 0x78, 0xc0, 1, 2), X86EMUL_UNHANDLEABLE);	/* extrq */
	assert_int_equal(RUN(0x0f, 0xc7, 0xf0), X86EMUL_UNHANDLEABLE);	/* rdrand eax */
	assert_int_equal(m.accesses, 0);
}

static void test_privilege(void **state)
{
	start(X86_MODE_64, false);
	m.ctx.cpl = 3;
	assert_fault(RUN(0xf4), X86_EXC_GP);
	assert_fault(RUN(0x0f, 0x30), X86_EXC_GP);
	assert_fault(RUN(0xfa), X86_EXC_GP);
	assert_false(m.ctx.hlt);
	m.ctx.cr4 |= 1 << 11;	/* UMIP */
	assert_fault(RUN(0x0f, 0x01, 0xe0), X86_EXC_GP);	/* smsw eax */
	m.ctx.cpl = 0;
	OK(0xf4);
	assert_true(m.ctx.hlt);
	assert_int_equal(m.ctx.regs.rip, RIP + 1);
}

static void test_mmio_forms(void **state)
{
	u32 val = 0x12345678;

	start(X86_MODE_64, false);
	gpr[X86_RAX] = BASE;
	memcpy(mem + 0x30, &val, 4);
	OK(0x8b, 0x48, 0x30);				/* mov ecx, [rax+0x30] */
	assert_int_equal(gpr[X86_RCX], val);
	OK(0xc7, 0x40, 0x20, 0xef, 0xbe, 0xad, 0xde);	/* mov [rax+0x20], imm32 */
	assert_memory_equal(mem + 0x20, "\xef\xbe\xad\xde\0", 5);
	OK(0x48, 0xc7, 0x00, 0xff, 0xff, 0xff, 0xff);	/* mov qword [rax], -1 */
	assert_memory_equal(mem, "\xff\xff\xff\xff\xff\xff\xff\xff\0", 9);
	OK(0xa1, 0x30, 0, 1, 0, 0, 0, 0, 0);		/* mov eax, [moffs] */
	assert_int_equal(gpr[X86_RAX], val);
	OK(0x66, 0xa3, 0x40, 0, 1, 0, 0, 0, 0, 0);	/* mov [moffs], ax */
	assert_memory_equal(mem + 0x40, "\x78\x56\0", 3);
	OK(0x8b, 0x0c, 0x25, 0x32, 0, 1, 0);		/* mov ecx, [disp32] */
	assert_int_equal(gpr[X86_RCX], 0x1234);
	m.ctx.seg[X86_GS].base = BASE;
	OK(0x65, 0x0f, 0xb6, 0x14, 0x25, 0x31, 0, 0, 0);	/* movzx edx, byte gs:[0x31] */
	assert_int_equal(gpr[X86_RDX], 0x56);
}

/* Every way to write a move, with every prefix and register, against the emulator. */
static void test_plain_moves(void **state)
{
	static const u8 ops[] = { 0x88, 0x89, 0x8a, 0x8b, 0xc6, 0xc7, 0xa0, 0xa1, 0xa2, 0xa3,
				  0xb6, 0xb7, 0xbe, 0x01, 0x87 };
	static const u8 prefix[] = { 0x40, 0x66, 0x67, 0x48, 0x44, 0x4c, 0x2e, 0xf0 };
	struct x86_move mv;
	u32 moves = 0;
	u8 insn[15];

	for (u32 i = 0; i < 0x40000; i++) {
		enum x86_mode mode = i & 1 ? X86_MODE_64 : X86_MODE_32;
		u8 op = ops[(i >> 5) % sizeof(ops)];
		u32 n = 0;

		if (i >> 1 & 1)
			insn[n++] = prefix[i >> 2 & 7];
		if ((op & 0xf0) == 0xb0)
			insn[n++] = 0x0f;
		insn[n++] = op;
		insn[n++] = (u8)(i >> 9);
		memset(insn + n, 0x08, sizeof(insn) - n);
		start(mode, false);
		for (u32 r = 0; r < X86_GPR_NR; r++)
			m.ctx.regs.gpr[r] = BASE + r * 0x11;
		moves += x86_decode_move(insn, sizeof(insn), mode, &mv);
		assert_true(emul_machine_agrees_on_move(&m, insn, sizeof(insn)));
	}
	assert_true(moves > 10000);
}

static void test_not_plain_moves(void **state)
{
	static const u8 no[][8] = {
		{ 0x8a, 0x00 },			/* mov (%rax), %al: merges */
		{ 0x66, 0x8b, 0x00 },		/* mov (%rax), %ax: merges */
		{ 0x88, 0x20 },			/* mov %ah, (%rax) */
		{ 0x8b, 0xc1 },			/* mov %ecx, %eax: no memory */
		{ 0x0f, 0xbe, 0x00 },		/* movsx (%rax), %eax */
		{ 0x01, 0x08 },			/* add %ecx, (%rax) */
		{ 0x87, 0x08 },			/* xchg %ecx, (%rax) */
		{ 0xa4 },			/* movsb */
	};
	static const u8 store[] = { 0xc7, 0x40, 0x10, 0x78, 0x56, 0x34, 0x12 };
	static const u8 load[] = { 0x44, 0x0f, 0xb7, 0x10 };
	struct x86_move mv;

	for (u32 i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(x86_decode_move(no[i], 8, X86_MODE_64, &mv));
	assert_true(x86_decode_move(store, 7, X86_MODE_64, &mv));
	assert_true(mv.write && mv.bytes == 4 && mv.len == 7 && mv.reg == X86_GPR_NONE);
	assert_int_equal(mv.imm, 0x12345678);
	assert_false(x86_decode_move(store, 6, X86_MODE_64, &mv));
	assert_true(x86_decode_move(load, 4, X86_MODE_64, &mv));
	assert_true(!mv.write && mv.bytes == 2 && mv.len == 4 && mv.reg == X86_R10);
}

static void test_locked(void **state)
{
	start(X86_MODE_64, false);
	gpr[X86_RBX] = BASE;
	gpr[X86_RAX] = 5;
	OK(0xf0, 0x0f, 0xc1, 0x03);	/* lock xadd [rbx], eax */
	OK(0xf0, 0xff, 0x03);		/* lock inc dword [rbx] */
	OK(0x87, 0x0b);			/* xchg [rbx], ecx */
	assert_int_equal(gpr[X86_RCX], 6);
	assert_int_equal(mem[0], 0);
	/* cmpxchg16b */
	gpr[X86_RAX] = gpr[X86_RDX] = gpr[X86_RCX] = 0;
	gpr[X86_RBX] = 0x99;
	gpr[X86_RSI] = BASE + 8;
	assert_fault((m.ctx.regs.rip = RIP, RUN(0xf0, 0x48, 0x0f, 0xc7, 0x0e)), X86_EXC_GP);
	gpr[X86_RSI] = BASE + 16;
	OK(0xf0, 0x48, 0x0f, 0xc7, 0x0e);
	assert_int_equal(mem[16], 0x99);
	assert_true(m.ctx.regs.rflags & X86_FLAG_ZF);
	OK(0xf0, 0x48, 0x0f, 0xc7, 0x0e);
	assert_false(m.ctx.regs.rflags & X86_FLAG_ZF);
	assert_int_equal(gpr[X86_RAX], 0x99);
}

/** A fault changes nothing but, in strings, what earlier iterations did. */
static void test_faults(void **state)
{
	struct x86_emul_regs before;

	start(X86_MODE_64, false);
	gpr[X86_RAX] = 0x5000;
	before = m.ctx.regs;
	assert_fault(RUN(0xff, 0x00), X86_EXC_PF);	/* inc dword [rax] */
	assert_int_equal(m.ctx.exc.error, 2);
	assert_int_equal(m.ctx.exc.cr2, 0x5000);
	assert_fault(RUN(0x8b, 0x00), X86_EXC_PF);
	assert_int_equal(m.ctx.exc.error, 0);
	assert_memory_equal(&before, &m.ctx.regs, sizeof(before));
	gpr[X86_RAX] = 1UL << 47;
	assert_fault(RUN(0x8b, 0x00), X86_EXC_GP);
	gpr[X86_RBP] = 1UL << 47;
	assert_fault(RUN(0x8b, 0x45, 0x00), X86_EXC_SS);
	gpr[X86_RCX] = 100;
	gpr[X86_RDI] = BASE + sizeof(mem) - 8;
	assert_fault(RUN(0xf3, 0xaa), X86_EXC_PF);	/* rep stosb runs out of memory */
	assert_int_equal(gpr[X86_RCX], 92);
	assert_int_equal(gpr[X86_RDI], BASE + sizeof(mem));
}

static void test_segments(void **state)
{
	start(X86_MODE_32, false);
	m.ctx.seg[X86_DS].limit = BASE + 0xf;
	gpr[X86_RAX] = BASE + 0xc;
	OK(0x8b, 0x08);
	gpr[X86_RAX] = BASE + 0xd;
	m.ctx.regs.rip = RIP;
	assert_fault(RUN(0x8b, 0x08), X86_EXC_GP);
	OK(0x36, 0x8b, 0x08);		/* ss: is wide open */
	m.ctx.regs.rip = RIP;
	m.ctx.seg[X86_DS].limit = ~0U;
	m.ctx.seg[X86_DS].attr &= ~X86_SEG_TYPE_RW;
	gpr[X86_RAX] = BASE;
	OK(0x8b, 0x08);
	m.ctx.regs.rip = RIP;
	assert_fault(RUN(0x89, 0x00), X86_EXC_GP);
	assert_fault(RUN(0x2e, 0x89, 0x00), X86_EXC_GP);	/* code is never writable */
	m.ctx.seg[X86_ES].attr = 0;
	assert_fault(RUN(0x26, 0x8b, 0x08), X86_EXC_GP);	/* null selector */
	m.ctx.seg[X86_DS].attr |= X86_SEG_TYPE_DOWN;
	m.ctx.seg[X86_DS].limit = BASE + 7;
	assert_fault(RUN(0x8b, 0x48, 0x04), X86_EXC_GP);
	OK(0x8b, 0x48, 0x08);
}

static void test_string_chunks(void **state)
{
	u32 calls = 0;

	start(X86_MODE_64, false);
	gpr[X86_RCX] = 1000;
	gpr[X86_RDI] = BASE;
	gpr[X86_RAX] = 0x5a;
	do {
		OK(0xf3, 0xaa);
		calls++;
		assert_true(calls < 10);
		if (m.ctx.regs.rip == RIP)
			assert_true(m.ctx.regs.rflags & X86_FLAG_RF);
	} while (m.ctx.regs.rip == RIP);
	assert_in_range(calls, 2, 9);
	assert_int_equal(gpr[X86_RCX], 0);
	assert_int_equal(mem[999], 0x5a);
	assert_int_equal(mem[1000], 0);
	assert_false(m.ctx.regs.rflags & X86_FLAG_RF);
	/* Single-stepping stops after each iteration. */
	gpr[X86_RCX] = 3;
	m.ctx.regs.rip = RIP;
	m.ctx.regs.rflags |= X86_FLAG_TF;
	OK(0xf3, 0xaa);
	assert_int_equal(gpr[X86_RCX], 2);
	assert_true(m.ctx.singlestep);
}

/* Repeated accesses of a port at once: what is left, and when it must be one by one. */
static void test_ports_at_once(void **state)
{
	start(X86_MODE_64, false);
	m.repeats = true;
	m.port_value = 0x5a5a;
	gpr[X86_RDX] = 0x1f0;
	gpr[X86_RCX] = 10;
	gpr[X86_RDI] = BASE;
	m.retries = 1;
	assert_int_equal(RUN(0x66, 0xf3, 0x6d), X86EMUL_RETRY);		/* rep insw */
	assert_int_equal(gpr[X86_RCX], 10);
	OK(0x66, 0xf3, 0x6d);
	assert_int_equal(m.repeated, 10);
	assert_int_equal(gpr[X86_RCX], 0);
	assert_int_equal(gpr[X86_RDI], BASE + 20);
	assert_memory_equal(mem + 18, "\x5a\x5a\0", 3);
	assert_int_equal(m.ctx.regs.rip, RIP + 3);
	/* To the end of a page, then on: RIP stays. */
	m.repeated = 0;
	m.ctx.regs.rip = RIP;
	gpr[X86_RCX] = 3000;
	gpr[X86_RSI] = BASE + 96;
	OK(0x66, 0xf3, 0x6f);			/* rep outsw */
	assert_int_equal(m.repeated, 2000);
	assert_int_equal(gpr[X86_RCX], 1000);
	assert_int_equal(gpr[X86_RSI], BASE + 4096);
	assert_int_equal(m.ctx.regs.rip, RIP);
	/* Descending, stepping, and a single one are not. */
	m.repeated = 0;
	gpr[X86_RDI] = BASE + 100;
	gpr[X86_RCX] = 2;
	m.ctx.regs.rflags |= X86_FLAG_DF;
	OK(0x66, 0xf3, 0x6d);
	m.ctx.regs.rip = RIP;
	m.ctx.regs.rflags &= ~(u64)X86_FLAG_DF;
	gpr[X86_RCX] = 1;
	OK(0x66, 0xf3, 0x6d);
	assert_int_equal(m.repeated, 0);
	/* A segment that ends before the last one. */
	start(X86_MODE_16, false);
	m.repeats = true;
	gpr[X86_RDX] = 0x1f0;
	gpr[X86_RCX] = 4;
	m.ctx.seg[X86_ES].base = BASE;
	m.ctx.seg[X86_ES].limit = 5;
	assert_fault(RUN(0xf3, 0x6d), X86_EXC_GP);		/* the fourth one */
	assert_int_equal(m.repeated, 0);
	assert_int_equal(gpr[X86_RCX], 1);
}

static void test_ports(void **state)
{
	start(X86_MODE_64, false);
	m.port_value = 0x11223344aabbccdd;
	gpr[X86_RDX] = 0x3f8;
	OK(0xec);
	assert_int_equal(gpr[X86_RAX], 0xdd);
	gpr[X86_RAX] = 0x12345678;
	OK(0xe7, 0x80);		/* out 0x80, eax */
	assert_int_equal(m.port, 0x80);
	assert_int_equal(m.port_value, 0x12345678);
	/* A device that is not ready: the instruction is repeated whole. */
	m.retries = 1;
	m.ctx.regs.rip = RIP;
	gpr[X86_RCX] = 2;
	gpr[X86_RDI] = BASE;
	assert_int_equal(RUN(0xf3, 0x6d), X86EMUL_RETRY);	/* rep insd */
	assert_int_equal(gpr[X86_RCX], 2);
	OK(0xf3, 0x6d);
	assert_int_equal(gpr[X86_RCX], 0);
	assert_memory_equal(mem, "\x78\x56\x34\x12", 4);
	assert_int_equal(m.ctx.regs.rip, RIP + 2);
	/* INS must not read the port when it cannot store. */
	m.port = 0;
	m.ctx.regs.rip = RIP;
	gpr[X86_RDI] = 0x5000;
	assert_fault(RUN(0x6c), X86_EXC_PF);
	assert_int_equal(m.port, 0);
}

#define TSS 0x100	/* in mem[] */

/* User code with IOPL 0, and a TSS whose bitmap begins at @bitmap and whose limit is @limit. */
static void start_user(enum x86_mode mode, u16 bitmap, u32 limit)
{
	start(mode, false);
	m.ctx.cpl = 3;
	m.tr = (struct x86_segment){ .base = BASE + TSS, .limit = limit, .attr = 0x8b };
	memcpy(mem + TSS + 0x66, &bitmap, 2);
}

static void allow_port(u16 port)
{
	mem[TSS + 0x68 + port / 8] &= (u8)~(1 << port % 8);
}

/* I/O permission is checked each time, in every form of the instruction. */
static void test_port_rights(void **state)
{
	start_user(X86_MODE_64, 0x68, 0x67);
	gpr[X86_RDX] = 0x61;
	gpr[X86_RDI] = gpr[X86_RSI] = BASE;
	assert_fault(RUN(0xe6, 0x61), X86_EXC_GP);
	assert_fault(RUN(0xe4, 0x61), X86_EXC_GP);
	assert_fault(RUN(0xee), X86_EXC_GP);
	assert_fault(RUN(0xec), X86_EXC_GP);
	assert_fault(RUN(0x6c), X86_EXC_GP);
	assert_fault(RUN(0x6e), X86_EXC_GP);
	gpr[X86_RCX] = 0;		/* even when nothing would be moved */
	assert_fault(RUN(0xf3, 0x6e), X86_EXC_GP);
	assert_int_equal(m.port, 0);
	m.ctx.regs.rflags |= X86_FLAG_IOPL;
	OK(0xe6, 0x61);
	assert_int_equal(m.port, 0x61);
	/* A kernel needs no permission, and real mode does not check it. */
	start(X86_MODE_64, false);
	OK(0xe6, 0x61);
	start(X86_MODE_16, true);
	OK(0xe6, 0x61);
}

static void test_port_bitmap(void **state)
{
	start_user(X86_MODE_64, 0x68, 0x68 + 32);
	memset(mem + TSS + 0x68, 0xff, 33);
	allow_port(0x61);
	OK(0xe6, 0x61);
	m.ctx.regs.rip = RIP;
	assert_fault(RUN(0xe7, 0x61), X86_EXC_GP);	/* four ports, of which one is allowed */
	for (u16 port = 0x62; port < 0x65; port++)
		allow_port(port);
	OK(0xe7, 0x61);
	/* The last byte of the bitmap counts only with one more after it. */
	allow_port(0xff);
	m.ctx.regs.rip = RIP;
	m.tr.limit = 0x68 + 31;
	assert_fault(RUN(0xe6, 0xff), X86_EXC_GP);
	m.tr.limit++;
	OK(0xe6, 0xff);
	/* Virtual-8086 mode checks the bitmap whatever IOPL is. */
	start_user(X86_MODE_16, 0x68, 0x67);
	m.ctx.regs.rflags |= X86_FLAG_VM | X86_FLAG_IOPL;
	assert_fault(RUN(0xe6, 0x61), X86_EXC_GP);
}

/* No valid task register, a 16-bit TSS, or one without room for the offset or the bitmap. */
static void test_port_bitmap_missing(void **state)
{
	start_user(X86_MODE_32, 0x68, 0xfff);
	OK(0xe6, 0x61);
	m.ctx.regs.rip = RIP;
	m.tr.attr = 0;
	assert_fault(RUN(0xe6, 0x61), X86_EXC_GP);
	m.tr.attr = 0x83;
	assert_fault(RUN(0xe6, 0x61), X86_EXC_GP);
	m.tr.attr = 0x8b;
	m.tr.limit = 0x66;
	assert_fault(RUN(0xe6, 0x61), X86_EXC_GP);
	start_user(X86_MODE_32, 0xffff, 0xfff);
	assert_fault(RUN(0xe6, 0x61), X86_EXC_GP);
	/* The TSS itself may be on an unmapped page. */
	m.tr.base = 0x100000;
	assert_fault(RUN(0xe6, 0x61), X86_EXC_PF);
	assert_int_equal(m.port, 0);
}

static void test_system(void **state)
{
	start(X86_MODE_64, false);
	gpr[X86_RCX] = 0x1b;
	gpr[X86_RAX] = 0xfee00900;
	gpr[X86_RDX] = 0x12;
	OK(0x0f, 0x30);
	assert_int_equal(m.msr, 0x12fee00900UL);
	gpr[X86_RAX] = gpr[X86_RDX] = ~0UL;
	OK(0x0f, 0x32);
	assert_int_equal(gpr[X86_RAX], 0xfee00900);
	assert_int_equal(gpr[X86_RDX], 0x12);
	gpr[X86_RAX] = 7;
	gpr[X86_RCX] = 1;
	OK(0x0f, 0xa2);
	assert_int_equal(gpr[X86_RDX], 0xfffffff8);
	OK(0x0f, 0x01, 0xf9);		/* rdtscp */
	assert_int_equal(gpr[X86_RAX], 0x55667788);
	assert_int_equal(gpr[X86_RCX], 0x99);
	gpr[X86_RBX] = 0x1234000;
	OK(0x0f, 0x22, 0xdb);		/* mov cr3, rbx */
	assert_int_equal(m.cr[3], 0x1234000);
	OK(0x44, 0x0f, 0x20, 0xc0);	/* mov rax, cr8 */
	assert_int_equal(gpr[X86_RAX], 0);
	OK(0x0f, 0x01, 0x3b);		/* invlpg [rbx] */
	assert_int_equal(m.cr[15], 0x1234000);
	m.ctx.cr0 |= 0xe;
	gpr[X86_RAX] = 0;
	OK(0x0f, 0x01, 0xf0);		/* lmsw ax keeps PE */
	assert_int_equal(m.cr[0], 1);
	m.ctx.regs.rflags &= ~(u64)X86_FLAG_IF;
	OK(0xfb);
	assert_true(m.ctx.sti_shadow && (m.ctx.regs.rflags & X86_FLAG_IF));
	OK(0xfb);
	assert_false(m.ctx.sti_shadow);
}

static void test_interrupts(void **state)
{
	start(X86_MODE_32, false);
	assert_fault(RUN(0xcd, 0x80), 0x80);
	assert_true(m.ctx.exc.software && !m.ctx.exc.has_error);
	assert_int_equal(m.ctx.exc.insn_len, 2);
	assert_fault(RUN(0xcc), X86_EXC_BP);
	OK(0xce);	/* into with OF clear */
	m.ctx.regs.rip = RIP;
	m.ctx.regs.rflags |= X86_FLAG_OF;
	assert_fault(RUN(0xce), X86_EXC_OF);
}

static void test_real_mode(void **state)
{
	start(X86_MODE_16, true);
	OK(0xb8, 0x00, 0x10);			/* mov ax, 0x1000 */
	OK(0x8e, 0xd8);				/* mov ds, ax */
	assert_int_equal(m.ctx.seg[X86_DS].base, BASE);
	assert_true(m.ctx.seg_dirty);
	OK(0xc7, 0x06, 0x34, 0x00, 0xaa, 0x55);	/* mov word [0x34], 0x55aa */
	assert_memory_equal(mem + 0x34, "\xaa\x55\0", 3);
	OK(0x8e, 0xd0);				/* mov ss, ax */
	assert_true(m.ctx.mov_ss_shadow);
	gpr[X86_RSP] = 0xdead0000 | 0x100;
	OK(0x9a, 0x10, 0x00, 0x00, 0x20);	/* call far 2000:0010 */
	assert_int_equal(gpr[X86_RSP], 0xdead00fc);
	assert_int_equal(m.ctx.regs.rip, 0x10);
	assert_int_equal(m.ctx.seg[X86_CS].base, 0x20000);
	OK(0xcb);				/* retf */
	assert_int_equal(m.ctx.seg[X86_CS].sel, X86_CS * 8);
	OK(0x60);				/* pusha */
	assert_int_equal(gpr[X86_RSP], 0xdead00f0);
	gpr[X86_RBX] = 0;
	OK(0x61);
	assert_int_equal(gpr[X86_RSP], 0xdead0100);
	gpr[X86_RSI] = 0xffff;
	m.ctx.regs.rip = RIP;
	assert_fault(RUN(0x8b, 0x04), X86_EXC_GP);	/* a word at the end of the segment */
	gpr[X86_RBX] = 0xfff0;
	gpr[X86_RSI] = 0x44;
	OK(0x8b, 0x08);				/* mov cx, [bx+si] wraps at 64 KiB */
	assert_int_equal(gpr[X86_RCX] & 0xffff, 0x55aa);
}

static void test_decimal(void **state)
{
	u32 a, b, al;

	for (a = 0; a < 100; a++)
		for (b = 0; b < 100; b++) {
			start(X86_MODE_32, false);
			gpr[X86_RAX] = (a / 10) << 4 | a % 10;
			gpr[X86_RCX] = (b / 10) << 4 | b % 10;
			OK(0x00, 0xc8);		/* add al, cl */
			OK(0x27);		/* daa */
			al = (a + b) % 100;
			assert_int_equal(gpr[X86_RAX] & 0xff, (al / 10) << 4 | al % 10);
			assert_int_equal(!!(m.ctx.regs.rflags & X86_FLAG_CF), a + b > 99);
			OK(0x28, 0xc8);		/* sub al, cl */
			OK(0x2f);		/* das */
			assert_int_equal(gpr[X86_RAX] & 0xff, (a / 10) << 4 | a % 10);
		}
	start(X86_MODE_32, false);
	gpr[X86_RAX] = 63;
	OK(0xd4, 10);
	assert_int_equal(gpr[X86_RAX], 0x603);
	OK(0xd5, 10);
	assert_int_equal(gpr[X86_RAX], 63);
	m.ctx.regs.rip = RIP;
	assert_fault(RUN(0xd4, 0), X86_EXC_DE);
	gpr[X86_RAX] = 0x0a;
	OK(0x37);
	assert_int_equal(gpr[X86_RAX], 0x100);
}

static void test_frames(void **state)
{
	start(X86_MODE_32, false);
	gpr[X86_RSP] = BASE + 0x100;
	gpr[X86_RBP] = BASE + 0x200;
	OK(0xc8, 0x20, 0x00, 0x00);	/* enter 32, 0 */
	assert_int_equal(gpr[X86_RBP], BASE + 0xfc);
	assert_int_equal(gpr[X86_RSP], BASE + 0xdc);
	OK(0xc9);
	assert_int_equal(gpr[X86_RSP], BASE + 0x100);
	assert_int_equal(gpr[X86_RBP], BASE + 0x200);
	mem[0x1fc] = 0x77;
	OK(0xc8, 0x00, 0x00, 0x02);	/* enter 0, 2 copies one link and the new frame */
	assert_int_equal(mem[0xf8], 0x77);
	assert_memory_equal(mem + 0xf4, "\xfc\x00\x01\x00", 4);
	assert_int_equal(gpr[X86_RSP], BASE + 0xf4);
}

static void test_vectors(void **state)
{
	u32 i;

	start(X86_MODE_64, false);
	for (i = 0; i < 32; i++)
		mem[i] = i + 1;
	gpr[X86_RAX] = BASE;
	memset(m.vec, 0xcc, sizeof(m.vec));
	OK(0x0f, 0x10, 0x08);			/* movups xmm1, [rax] */
	assert_memory_equal(m.vec[1], mem, 16);
	assert_int_equal(m.vec[1][16], 0xcc);
	OK(0xc5, 0xfe, 0x6f, 0x10);		/* vmovdqu ymm2, [rax] */
	assert_memory_equal(m.vec[2], mem, 32);
	assert_int_equal(m.vec[2][32], 0);
	OK(0x66, 0x0f, 0x7f, 0x50, 0x40);	/* movdqa [rax+64], xmm2 */
	assert_memory_equal(mem + 64, mem, 16);
	assert_int_equal(mem[80], 0);
	m.ctx.regs.rip = RIP;
	assert_fault(RUN(0x66, 0x0f, 0x6f, 0x50, 0x41), X86_EXC_GP);	/* misaligned */
	OK(0x66, 0x48, 0x0f, 0x6e, 0x00);	/* movq xmm0, [rax] */
	assert_memory_equal(m.vec[0], "\1\2\3\4\5\6\7\10\0\0\0\0\0\0\0\0\xcc", 17);
	m.ctx.cr0 |= 8;
	m.ctx.regs.rip = RIP;
	assert_fault(RUN(0x0f, 0x10, 0x08), X86_EXC_NM);
	m.ctx.cr4 = 0;
	assert_fault(RUN(0x0f, 0x10, 0x08), X86_EXC_UD);
}

/** Bytes come through fetch() when none are given, split where a page ends. */
static u32 fetched[4], fetches;

static int split_fetch(struct x86_emul_ctx *ctx, gvaddr_t linear, void *buf, u32 len)
{
	static const u8 code[15] = { 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8 };

	if (fetches == 4)
		return X86EMUL_UNHANDLEABLE;
	fetched[fetches++] = len;
	memcpy(buf, code + (linear.v - 0x1ffd), len);
	return X86EMUL_OKAY;
}

static void test_fetch(void **state)
{
	struct x86_emul_ops ops = emul_machine_ops;

	ops.fetch = split_fetch;
	start(X86_MODE_64, false);
	m.ctx.regs.rip = 0x1ffd;
	m.ctx.insn_bytes = 0;
	assert_int_equal(x86_emulate(&m.ctx, &ops), X86EMUL_OKAY);
	assert_int_equal(fetches, 2);
	assert_int_equal(fetched[0], 3);
	assert_int_equal(fetched[1], 12);
	assert_int_equal(gpr[X86_RAX], 0x0807060504030201UL);
	assert_int_equal(m.ctx.regs.rip, 0x2007);
	/* Code ends with its segment. */
	start(X86_MODE_32, false);
	m.ctx.seg[X86_CS].limit = RIP - 1;
	m.ctx.insn_bytes = 0;
	assert_fault(x86_emulate(&m.ctx, &ops), X86_EXC_GP);
}

/* Bytes that another vCPU changes between the exit and the fetch. */
static u8 swapped[X86_INSN_MAX];

static int swapped_fetch(struct x86_emul_ctx *ctx, gvaddr_t linear, void *buf, u32 len)
{
	memcpy(buf, swapped, len);
	return X86EMUL_OKAY;
}

static int run_swapped(u32 allowed, const u8 *insn, u32 len)
{
	struct x86_emul_ops ops = emul_machine_ops;

	ops.fetch = swapped_fetch;
	memset(swapped, 0x90, sizeof(swapped));
	memcpy(swapped, insn, len);
	m.ctx.insn_bytes = 0;
	m.ctx.allowed = allowed;
	m.ctx.regs.rip = RIP;
	return x86_emulate(&m.ctx, &ops);
}
#define SWAPPED(allowed, ...) \
	({ const u8 b_[] = { __VA_ARGS__ }; run_swapped(allowed, b_, sizeof(b_)); })

/* Nothing has happened: the guest executes by itself what is there now. */
#define LEFT_ALONE(allowed, ...) do {                                            \
		const struct x86_emul_regs before_ = m.ctx.regs;                \
		assert_int_equal(SWAPPED(allowed, __VA_ARGS__), X86EMUL_RETRY); \
		assert_memory_equal(&before_, &m.ctx.regs, sizeof(before_));    \
		assert_false(m.ctx.hlt);                                        \
	} while (0)

static void test_other_instruction(void **state)
{
	start(X86_MODE_64, false);
	m.ctx.regs.rip = RIP;
	gpr[X86_RAX] = gpr[X86_RDI] = gpr[X86_RSI] = BASE;
	/* No exit may be turned into one of these. */
	for (u32 allowed = 1; allowed < X86_CLASS_SYSTEM; allowed <<= 1) {
		if (allowed != X86_CLASS_PORT) {
			LEFT_ALONE(allowed, 0xe6, 0x61);	/* out */
			LEFT_ALONE(allowed, 0xec);		/* in */
		}
		LEFT_ALONE(allowed, 0xf4);			/* hlt */
		LEFT_ALONE(allowed, 0x0f, 0x30);		/* wrmsr */
		LEFT_ALONE(allowed, 0xfa);			/* cli */
		LEFT_ALONE(allowed, 0x0f, 0x01, 0xf8);	/* swapgs */
	}
	m.ctx.cpl = 3;	/* their privilege faults are not raised either */
	LEFT_ALONE(X86_CLASS_XCR, 0xf4);
	m.ctx.cpl = 0;
	LEFT_ALONE(X86_CLASS_STRING_IO, 0x89, 0x00);			/* mov [rax], eax */
	LEFT_ALONE(X86_CLASS_STRING_IO, 0x0f, 0x22, 0xe0);		/* mov cr4, rax */
	LEFT_ALONE(X86_CLASS_STRING_IO, 0xa4);				/* movsb */
	LEFT_ALONE(X86_CLASS_XCR, 0x0f, 0x22, 0xe0);
	LEFT_ALONE(X86_CLASS_XCR, 0x01, 0xc0);				/* add eax, eax */
	LEFT_ALONE(X86_CLASS_CONTROL, 0x0f, 0x01, 0xd1);		/* xsetbv */
	LEFT_ALONE(X86_CLASS_CONTROL, 0x6c);				/* insb */
	LEFT_ALONE(X86_CLASS_MEMORY, 0x0f, 0x22, 0xe0);
	LEFT_ALONE(X86_CLASS_MEMORY, 0x01, 0xc0);
	LEFT_ALONE(X86_CLASS_MEMORY, 0x8d, 0x00);			/* lea eax, [rax] */
	LEFT_ALONE(X86_CLASS_REGISTER, 0x89, 0x00);
	LEFT_ALONE(X86_CLASS_REGISTER, 0x50);				/* push */
	assert_int_equal(m.accesses, 0);
	assert_int_equal(m.port, 0);
}

static void test_allowed_instruction(void **state)
{
	start(X86_MODE_64, false);
	gpr[X86_RAX] = gpr[X86_RDI] = gpr[X86_RSI] = gpr[X86_RSP] = BASE + 64;
	assert_int_equal(SWAPPED(X86_CLASS_STRING_IO, 0x6c), X86EMUL_OKAY);
	assert_int_equal(SWAPPED(X86_CLASS_MEMORY, 0x6e), X86EMUL_OKAY);	/* outsb */
	assert_int_equal(SWAPPED(X86_CLASS_CONTROL, 0x0f, 0x22, 0xc0), X86EMUL_OKAY);
	assert_int_equal(SWAPPED(X86_CLASS_CONTROL, 0x0f, 0x23, 0xf8), X86EMUL_OKAY);
	assert_int_equal(SWAPPED(X86_CLASS_XCR, 0x0f, 0x01, 0xd1), X86EMUL_OKAY);
	assert_int_equal(SWAPPED(X86_CLASS_MEMORY, 0x01, 0x00), X86EMUL_OKAY);
	assert_int_equal(SWAPPED(X86_CLASS_MEMORY, 0x50), X86EMUL_OKAY);
	assert_int_equal(SWAPPED(X86_CLASS_MEMORY, 0xa5), X86EMUL_OKAY);	/* movsd */
	assert_int_equal(SWAPPED(X86_CLASS_MEMORY, 0x8e, 0xd8), X86EMUL_OKAY);	/* mov ds, eax */
	assert_int_equal(SWAPPED(X86_CLASS_REGISTER, 0x01, 0xc0), X86EMUL_OKAY);
	assert_int_equal(SWAPPED(X86_CLASS_REGISTER, 0x90), X86EMUL_OKAY);
	/* An unknown instruction with a memory operand ends in a message, not in a loop. */
	assert_int_equal(SWAPPED(X86_CLASS_MEMORY, 0xd9, 0x00), X86EMUL_UNHANDLEABLE);
	assert_int_equal(SWAPPED(X86_CLASS_MEMORY, 0x0f, 0x00, 0xd8), X86EMUL_UNHANDLEABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple_lengths), cmocka_unit_test(test_length_limits),
		cmocka_unit_test(test_undefined), cmocka_unit_test(test_privilege),
		cmocka_unit_test(test_no_virtualisation),
		cmocka_unit_test(test_mmio_forms),
		cmocka_unit_test(test_plain_moves), cmocka_unit_test(test_not_plain_moves),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_faults), cmocka_unit_test(test_segments),
		cmocka_unit_test(test_string_chunks), cmocka_unit_test(test_ports),
		cmocka_unit_test(test_ports_at_once),
		cmocka_unit_test(test_port_rights), cmocka_unit_test(test_port_bitmap),
		cmocka_unit_test(test_port_bitmap_missing),
		cmocka_unit_test(test_system), cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_real_mode), cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_frames), cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_fetch), cmocka_unit_test(test_other_instruction),
		cmocka_unit_test(test_allowed_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
