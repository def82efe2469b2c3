/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See x86-native.h. Everything lies below 2 GiB so that code can reach it without a register. */
#define _GNU_SOURCE
#include "x86-native.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

/* In the page after the code. */
struct control {
	uint64_t gpr[16];
	uint64_t rflags;
	uint64_t host_rsp;
	uint64_t taken;
	struct __attribute__((packed)) {
		uint32_t offset;
		uint16_t selector;
	} enter32;
	uint64_t stack[16];	/* for loading flags in 32-bit code */
};

#define CONTROL (NATIVE_CODE + 0x1000)
#define CODE_SIZE 0x2000
#define ENTRY32 (NATIVE_CODE + 0x400)
/* Linux's flat segments. */
#define USER_CS32 0x23
#define USER_CS 0x33
#define USER_DS 0x2b
#define FLAGS_LOADED 0xcd5UL	/* CF PF AF ZF SF DF OF */

static struct control *const ctl = (struct control *)CONTROL;
static uint8_t *const code = (uint8_t *)NATIVE_CODE;
static uint8_t *fault_exit;	/* 64-bit code, with the host's stack in RSP */
static volatile sig_atomic_t running, died_of;
static uint8_t alt_stack[65536];

static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
#define NR_SIGNALS (sizeof(signals) / sizeof(signals[0]))
/* The previous handlers; a crash that the instruction did not cause goes to them. */
static struct sigaction previous[NR_SIGNALS];

static uint8_t *emit(uint8_t *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

/** Move between a register and a field of the control block, by absolute address. */
static uint8_t *emit_mov(uint8_t *p, int reg, size_t field, bool store)
{
	uint8_t b[8] = { 0x48 | (reg & 8) >> 1, store ? 0x89 : 0x8b, 0x04 | (reg & 7) << 3, 0x25 };
	uint32_t addr = CONTROL + field;

	memcpy(b + 4, &addr, 4);
	return emit(p, b, sizeof(b));
}

/** PUSH (/6) or POP (/0) of a field. */
static uint8_t *emit_stack(uint8_t *p, size_t field, bool push)
{
	uint8_t b[7] = { push ? 0xff : 0x8f, push ? 0x34 : 0x04, 0x25 };
	uint32_t addr = CONTROL + field;

	memcpy(b + 3, &addr, 4);
	return emit(p, b, sizeof(b));
}

static const uint8_t save_callee[] = { 0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57 };
static const uint8_t load_callee[] = { 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b,
				       0xfc, 0xc3 };	/* ..., cld, ret */

static uint8_t *emit_jump(uint8_t *p, uintptr_t target)
{
	uint8_t jump[5] = { 0xe9 };
	int32_t rel = (int32_t)(target - ((uintptr_t)p + sizeof(jump)));

	memcpy(jump + 1, &rel, 4);
	return emit(p, jump, sizeof(jump));
}

static void emit_entry(void)
{
	uint8_t *p = emit(code, save_callee, sizeof(save_callee));
	int reg;

	p = emit_mov(p, 4, offsetof(struct control, host_rsp), true);
	p = emit_stack(p, offsetof(struct control, rflags), true);
	*p++ = 0x9d;	/* popfq */
	for (reg = 0; reg < 16; reg++)
		p = emit_mov(p, reg, offsetof(struct control, gpr[reg]), false);
	emit_jump(p, NATIVE_INSN);
}

/** MOV between a 32-bit register and a field, in 32-bit code. */
static uint8_t *emit_mov32(uint8_t *p, int reg, size_t field, bool store)
{
	uint8_t b[6] = { store ? 0x89 : 0x8b, 0x05 | reg << 3 };
	uint32_t addr = CONTROL + field;

	memcpy(b + 2, &addr, 4);
	return emit(p, b, sizeof(b));
}

/** ESP = the end of the small stack. */
static uint8_t *emit_stack32(uint8_t *p)
{
	uint32_t top = CONTROL + sizeof(struct control);

	*p++ = 0xbc;
	return emit(p, &top, 4);
}

/** PUSH (/6) or POP (/0) of a field, in 32-bit code. */
static uint8_t *emit_push32(uint8_t *p, size_t field, bool push)
{
	uint8_t b[6] = { push ? 0xff : 0x8f, push ? 0x35 : 0x05 };
	uint32_t addr = CONTROL + field;

	memcpy(b + 2, &addr, 4);
	return emit(p, b, sizeof(b));
}

/** Into 32-bit code, whose data segments must not be null. */
static void emit_entry32(void)
{
	static const uint8_t segments[] = { 0xb8, USER_DS, 0, 0, 0, 0x8e, 0xd8, 0x8e, 0xc0 };
	uint8_t far_jump[7] = { 0xff, 0x2c, 0x25 };
	uint32_t addr = CONTROL + offsetof(struct control, enter32);
	uint8_t *p = emit((uint8_t *)ENTRY32, save_callee, sizeof(save_callee));
	int reg;

	p = emit_mov(p, 4, offsetof(struct control, host_rsp), true);
	p = emit(p, segments, sizeof(segments));
	memcpy(far_jump + 3, &addr, 4);
	p = emit(p, far_jump, sizeof(far_jump));
	ctl->enter32.offset = (uint32_t)(uintptr_t)p;
	ctl->enter32.selector = USER_CS32;
	p = emit_stack32(p);
	p = emit_push32(p, offsetof(struct control, rflags), true);
	*p++ = 0x9d;	/* popfd */
	for (reg = 0; reg < 8; reg++)
		p = emit_mov32(p, reg, offsetof(struct control, gpr[reg]), false);
	emit_jump(p, NATIVE_INSN);
}

/** Code for both outcomes of the instruction; returns the address where they join. */
static uint8_t *emit_note(uint8_t *start, bool is32)
{
	/* MOV dword or qword [taken], imm32 */
	uint8_t note[12] = { 0x48, 0xc7, 0x04, 0x25 };
	uint32_t addr = CONTROL + offsetof(struct control, taken);
	uint32_t len = is32 ? 10 : 12;
	uint8_t *p;

	if (is32)
		memcpy(note, "\xc7\x05", 2);
	memcpy(note + len - 8, &addr, 4);
	p = emit(start, note, len);
	*p++ = 0xeb;	/* jump over the landing place of a taken branch */
	*p = (uint8_t)(start + NATIVE_TAKEN + len - (p + 1));
	note[len - 4] = 1;
	return emit(start + NATIVE_TAKEN, note, len);
}

/** Code after the instruction: record its outcome, save registers, return. */
static void emit_exit(uint8_t *p)
{
	int reg;

	p = emit_note(p, false);
	for (reg = 0; reg < 16; reg++)
		p = emit_mov(p, reg, offsetof(struct control, gpr[reg]), true);
	p = emit_mov(p, 4, offsetof(struct control, host_rsp), false);
	*p++ = 0x9c;	/* pushfq */
	p = emit_stack(p, offsetof(struct control, rflags), false);
	fault_exit = p;
	emit(p, load_callee, sizeof(load_callee));
}

static void emit_exit32(uint8_t *p)
{
	uint8_t far_jump[7] = { 0xea, 0, 0, 0, 0, USER_CS, 0 };
	uint32_t addr;
	int reg;

	p = emit_note(p, true);
	for (reg = 0; reg < 8; reg++)
		p = emit_mov32(p, reg, offsetof(struct control, gpr[reg]), true);
	p = emit_stack32(p);
	*p++ = 0x9c;	/* pushfd */
	p = emit_push32(p, offsetof(struct control, rflags), false);
	addr = (uint32_t)(uintptr_t)p + sizeof(far_jump);
	memcpy(far_jump + 1, &addr, 4);
	p = emit(p, far_jump, sizeof(far_jump));
	p = emit_mov(p, 4, offsetof(struct control, host_rsp), false);
	fault_exit = p;
	emit(p, load_callee, sizeof(load_callee));
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	size_t i;

	(void)info;
	if (!running) {
		/* Returning repeats the fault under the former handler. */
		for (i = 0; i < NR_SIGNALS; i++)
			sigaction(signals[i], &previous[i], NULL);
		return;
	}
	died_of = sig;
	regs[REG_RIP] = (greg_t)fault_exit;
	regs[REG_RSP] = ctl->host_rsp;
	regs[REG_CSGSFS] = (regs[REG_CSGSFS] & ~(greg_t)0xffff) | USER_CS;
	regs[REG_EFL] &= ~(greg_t)0x40500;	/* AC, DF, TF */
}

static bool map_pages(void)
{
	int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

	if (fault_exit)
		return true;
	if (mmap(code, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, fixed, -1, 0) != code)
		return false;
	if (mmap(native_data(), NATIVE_DATA_SIZE, PROT_READ | PROT_WRITE, fixed, -1, 0) !=
	    native_data())
		return false;
	emit_entry();
	emit_entry32();
	emit_exit((uint8_t *)NATIVE_INSN);
	return true;
}

bool native_init(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t ss = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) };
	struct sigaction old;
	size_t i;

	sigaltstack(&ss, NULL);
	for (i = 0; i < NR_SIGNALS; i++) {
		sigaction(signals[i], &sa, &old);
		if (old.sa_sigaction != on_signal)
			previous[i] = old;
	}
	return map_pages();
}

uint8_t *native_data(void)
{
	return (uint8_t *)NATIVE_DATA;
}

void native_run(const uint8_t *insn, unsigned int len, struct native_state *st, bool is32)
{
	void (*enter)(void) = (void (*)(void))(is32 ? ENTRY32 : NATIVE_CODE);
	sigset_t async, old;

	/* Only our handler may run on the instruction's stack: ours has its own. */
	sigfillset(&async);
	for (size_t i = 0; i < NR_SIGNALS; i++)
		sigdelset(&async, signals[i]);
	sigprocmask(SIG_BLOCK, &async, &old);
	memcpy(ctl->gpr, st->gpr, sizeof(ctl->gpr));
	ctl->rflags = (st->rflags & FLAGS_LOADED) | 0x202;
	ctl->taken = 0;
	memcpy((uint8_t *)NATIVE_INSN, insn, len);
	if (is32)
		emit_exit32((uint8_t *)NATIVE_INSN + len);
	else
		emit_exit((uint8_t *)NATIVE_INSN + len);
	died_of = 0;
	running = 1;
	enter();
	running = 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	st->signal = died_of;
	if (died_of)
		return;
	memcpy(st->gpr, ctl->gpr, sizeof(ctl->gpr));
	st->rflags = ctl->rflags;
	st->taken = ctl->taken;
}

bool native_has_32(void)
{
	static const uint8_t nop = 0x90;
	struct native_state st = { .rflags = 0 };

	native_run(&nop, 1, &st, true);
	return !st.signal;
}
