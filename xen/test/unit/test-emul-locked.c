/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locked instructions in memory that another CPU changes at the same time. */
#include "unit.h"

#include <pthread.h>
#include <string.h>

#include "emul-machine.h"

#define BASE 0x10000
#define RIP 0x7c00
#define ROUNDS 200000

static u8 mem[64] __attribute__((aligned(64)));
static struct emul_machine m;
static u64 *const gpr = m.ctx.regs.gpr;

static void start(struct emul_machine *em)
{
	emul_machine_init(em, X86_MODE_64, false, BASE, mem, sizeof(mem));
	em->ctx.regs.rip = RIP;
	em->ctx.regs.gpr[X86_RBX] = BASE;
}

#define RUN(...) ({ const u8 b_[] = { __VA_ARGS__ }; emul_machine_run(&m, b_, sizeof(b_)); })

static u32 interruptions;

/* Another CPU changes every operand between its read and its write. */
static void meddle(struct emul_machine *em)
{
	if (!interruptions)
		return;
	interruptions--;
	mem[0]++;
	mem[8]++;
}

/* The instruction starts again with nothing done, until no other CPU comes in between. */
static void check_retried(const u8 *insn, u32 len)
{
	const struct x86_emul_regs before = m.ctx.regs;
	u8 seen[sizeof(mem)];

	m.after_read = meddle;
	interruptions = 3;
	for (u32 left = 3; left; left--) {
		memcpy(seen, mem, sizeof(seen));
		seen[0]++;
		seen[8]++;
		assert_int_equal(emul_machine_run(&m, insn, len), X86EMUL_RETRY);
		assert_memory_equal(&before, &m.ctx.regs, sizeof(before));
		assert_memory_equal(seen, mem, sizeof(mem));
	}
	assert_int_equal(emul_machine_run(&m, insn, len), X86EMUL_OKAY);
	assert_int_equal(m.ctx.regs.rip, RIP + len);
	m.ctx.regs.rip = RIP;
}
#define RETRIED(...) ({ const u8 b_[] = { __VA_ARGS__ }; check_retried(b_, sizeof(b_)); })

static void test_interrupted(void **state)
{
	u64 found;

	memset(mem, 0, sizeof(mem));
	start(&m);
	RETRIED(0xf0, 0xff, 0x03);			/* lock inc dword [rbx] */
	assert_int_equal(mem[0], 4);
	gpr[X86_RAX] = 10;
	RETRIED(0xf0, 0x48, 0x0f, 0xc1, 0x03);		/* lock xadd [rbx], rax */
	assert_int_equal(gpr[X86_RAX], 7);
	assert_int_equal(mem[0], 17);
	gpr[X86_RCX] = 0x55;
	RETRIED(0x86, 0x0b);				/* xchg [rbx], cl: locked by itself */
	assert_int_equal(gpr[X86_RCX], 20);
	assert_int_equal(mem[0], 0x55);
	RETRIED(0xf0, 0x66, 0x81, 0x23, 0xf0, 0x00);	/* lock and word [rbx], 0xf0 */
	assert_int_equal(mem[0], 0x50);
	/* CMPXCHG that fails, and both sizes of the one for pairs, failing and not */
	gpr[X86_RAX] = 0x1234;
	RETRIED(0xf0, 0x0f, 0xb1, 0x13);
	assert_int_equal(gpr[X86_RAX], 0x53);
	gpr[X86_RDX] = gpr[X86_RAX] = 99;
	RETRIED(0xf0, 0x0f, 0xc7, 0x0b);
	assert_false(m.ctx.regs.rflags & X86_FLAG_ZF);
	memcpy(&found, mem, 8);
	assert_int_equal(gpr[X86_RAX] | gpr[X86_RDX] << 32, found);
	gpr[X86_RAX] = mem[0] + 3;
	gpr[X86_RDX] = mem[8] + 3;
	RETRIED(0xf0, 0x48, 0x0f, 0xc7, 0x0b);		/* cmpxchg16b: rcx:rbx */
	assert_true(m.ctx.regs.rflags & X86_FLAG_ZF);
	assert_int_equal(mem[0], 0);
	assert_int_equal(mem[2], 1);
}

/* Without LOCK the processor is not atomic, and a write overwrites what came before. */
static void test_not_locked(void **state)
{
	memset(mem, 0, sizeof(mem));
	start(&m);
	m.after_read = meddle;
	interruptions = 1;
	assert_int_equal(RUN(0xff, 0x03), X86EMUL_OKAY);
	assert_int_equal(mem[0], 1);
}

static void emulate_until_done(struct emul_machine *em, const u8 *insn, u32 len)
{
	int rc;

	do {
		em->ctx.regs.rip = RIP;
		rc = emul_machine_run(em, insn, len);
	} while (rc == X86EMUL_RETRY);
	if (rc != X86EMUL_OKAY)
		abort();
}

static void *count(void *arg)
{
	static const u8 inc[] = { 0xf0, 0x48, 0xff, 0x03 };
	static const u8 dec16[] = { 0xf0, 0x66, 0xff, 0x4b, 0x0f };
	struct emul_machine em;

	start(&em);
	for (u32 i = 0; i < ROUNDS; i++) {
		emulate_until_done(&em, inc, sizeof(inc));
		emulate_until_done(&em, dec16, sizeof(dec16));
	}
	return NULL;
}

static void *count_natively(void *arg)
{
	u64 *p = (u64 *)mem;

	for (u32 i = 0; i < ROUNDS; i++)
		__atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Two CPUs emulate and one does by itself; one operand is not aligned. */
static void test_threads(void **state)
{
	pthread_t t[3];
	u64 total;
	u16 odd;

	memset(mem, 0, sizeof(mem));
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, i < 2 ? count : count_natively, NULL),
				 0);
	for (u32 i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	memcpy(&total, mem, sizeof(total));
	memcpy(&odd, mem + 15, sizeof(odd));
	assert_int_equal(total, 3 * ROUNDS);
	assert_int_equal(odd, (u16)-(2 * ROUNDS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_not_locked),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
