/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that a device answers later: a vCPU that emulates, a device that answers some of them at
 * once, and a model on another vCPU that answers the rest, in many orders.
 */
#include "unit.h"

#include <string.h>

#include <xen/hal/cpu.h>
#include <xen/ops.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/x86/pending.h>

#include "emul-machine.h"
#include "sched-world.h"

#define BASE 0x10000
#define RIP 0x7c00
#define REGISTERS 0x80000	/* linear address of the device's registers */
#define PORT 0x3f8
#define MAX_SEEN 256

/* What the device was asked, in order; reads get their number. */
static struct {
	struct device dev;
	struct device_access seen[MAX_SEEN];
	u32 nr, sync_percent;
	/* The request that the model has to answer */
	u64 number;
	bool waiting;
} slow;

static struct {
	struct pending p;
	struct emul_machine m;
	struct x86_emul_ops ops;
	u8 insn[15];
	u32 len, runs;
	int rc;
	bool done;
} g;

static u8 mem[0x2000];
static struct vcpu *guest, *model;
static bool model_is_idle;

static u64 value_of(u32 n)
{
	return 0x0101010101010101UL * (n + 1);
}

static enum device_rc slow_access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	u32 n = slow.nr++;

	HOST_CHECK(n < MAX_SEEN && a->pending == &g.p);
	slow.seen[n] = *a;
	if (host_random_below(100) < slow.sync_percent) {
		a->val = a->write ? a->val : value_of(n);
		return DEVICE_DONE;
	}
	slow.number = pending_ask(a->pending, v, a);
	WRITE_ONCE(slow.waiting, true);
	return DEVICE_PENDING;
}

static const struct device_ops slow_ops = {
	"slow", slow_access, device_no_eoi, device_no_release
};
OPS_TABLE(slow_ops, name);

static const struct pending_ops pending_ops = { vcpu_wait_for_device, vcpu_device_answered };
OPS_TABLE(pending_ops, stop);

/* The model's vCPU: answers after a while, and once more, which must find nothing. */
static void model_runs(struct vcpu *v, void *arg)
{
	for (u32 n = host_random_below(60); n; n--)
		hal_cpu_relax();
	if (!model_is_idle && READ_ONCE(slow.waiting)) {
		u64 number = slow.number;

		WRITE_ONCE(slow.waiting, false);
		HOST_CHECK(pending_answer(&g.p, guest, number, value_of(slow.nr - 1)));
		HOST_CHECK(!pending_answer(&g.p, guest, number, 0));
	}
	host_guest_compute(v, 10 * US);
}

static int access_device(bool io, u64 addr, u32 bytes, bool write, u64 *val)
{
	struct device_access a = { .space = io ? DEVICE_PORTS : DEVICE_MMIO, .addr = addr,
				   .bytes = bytes, .write = write, .val = *val };

	if (pending_access(&g.p, &slow.dev, guest, &a) == DEVICE_PENDING)
		return X86EMUL_RETRY;
	*val = a.val & device_ones(bytes);
	return X86EMUL_OKAY;
}

static int op_io_read(struct x86_emul_ctx *ctx, u16 port, u32 size, u32 *val)
{
	u64 v = 0;
	int rc = access_device(true, port, size, false, &v);

	*val = (u32)v;
	return rc;
}

static int op_io_write(struct x86_emul_ctx *ctx, u16 port, u32 size, u32 val)
{
	u64 v = val;

	return access_device(true, port, size, true, &v);
}

static int op_read(struct x86_emul_ctx *ctx, gvaddr_t at, void *buf, u32 len, u32 flags)
{
	u64 val = 0;
	int rc;

	if (at.v < REGISTERS)
		return emul_machine_ops.read(ctx, at, buf, len, flags);
	rc = access_device(false, at.v, len, false, &val);
	memcpy(buf, &val, len);
	return rc;
}

static int op_write(struct x86_emul_ctx *ctx, gvaddr_t at, const void *buf, u32 len, u32 flags)
{
	u64 val = 0;

	if (at.v < REGISTERS)
		return emul_machine_ops.write(ctx, at, buf, len, flags);
	if (flags & X86_ACC_PROBE)
		return X86EMUL_OKAY;
	memcpy(&val, buf, len);
	return access_device(false, at.v, len, true, &val);
}

static void op_step(struct x86_emul_ctx *ctx)
{
	pending_step(&g.p);
}

/* Emulate the instruction again each time that the vCPU runs, until it is done. */
static void guest_runs(struct vcpu *v, void *arg)
{
	u64 asked = pending_number(&g.p);

	HOST_CHECK(pending_state(&g.p) != PENDING_ASKED || softirq_pending());
	if (g.done || pending_state(&g.p) == PENDING_ASKED) {
		host_guest_compute(v, 10 * US);
		return;
	}
	g.runs++;
	pending_begin(&g.p);
	g.m.ctx.insn_bytes = g.len;
	memcpy(g.m.ctx.insn, g.insn, g.len);
	g.rc = x86_emulate(&g.m.ctx, &g.ops);
	if (pending_number(&g.p) == asked)
		pending_end(&g.p);
	else
		HOST_CHECK(g.rc == X86EMUL_RETRY);
	g.done = g.rc != X86EMUL_RETRY && g.m.ctx.regs.rip != RIP;
}

static void start(u64 seed, u32 sync_percent)
{
	sw_start(seed, 2, "");
	pending_init(&g.p, &pending_ops);
	memset(mem, 0, sizeof(mem));
	memset(&slow, 0, sizeof(slow));
	slow.dev.ops = &slow_ops;
	slow.sync_percent = sync_percent;
	emul_machine_init(&g.m, X86_MODE_64, false, BASE, mem, sizeof(mem));
	g.ops = emul_machine_ops;
	g.ops.io_read = op_io_read;
	g.ops.io_write = op_io_write;
	g.ops.read = op_read;
	g.ops.write = op_write;
	g.ops.step = op_step;
	g.done = true;
	model_is_idle = false;
	model = sw_domain(1, 1)->vcpu[0];
	guest = sw_domain(2, 1)->vcpu[0];
	sw_run_guest(model, model_runs, NULL);
	sw_run_guest(guest, guest_runs, NULL);
}

static void begin(const u8 *insn, u32 len)
{
	HOST_CHECK(pending_state(&g.p) == PENDING_NONE && !g.p.nr);
	memcpy(g.insn, insn, len);
	g.len = len;
	g.m.ctx.regs.rip = RIP;
	slow.nr = g.runs = 0;
	g.done = false;
}
#define BEGIN(...) ({ const u8 b_[] = { __VA_ARGS__ }; begin(b_, sizeof(b_)); })

static void finish(void)
{
	for (u32 i = 0; i < 1000 && !g.done; i++)
		host_run(hal_now_ns() + 100 * US);
	HOST_CHECK(g.done && g.rc == X86EMUL_OKAY);
	HOST_CHECK(pending_state(&g.p) == PENDING_NONE && !g.p.nr);
	HOST_CHECK(!(guest->pause_flags & VPF_DEVICE));
}
#define RUN(...) ({ BEGIN(__VA_ARGS__); finish(); })

static void check_seen(u32 n, bool io, u64 addr, u32 bytes, bool write, u64 val)
{
	const struct device_access *a = &slow.seen[n];

	HOST_CHECK(n < slow.nr);
	HOST_CHECK(a->space == (io ? DEVICE_PORTS : DEVICE_MMIO));
	HOST_CHECK(a->addr == addr && a->bytes == bytes && a->write == write);
	HOST_CHECK(!write || (a->val & device_ones(bytes)) == val);
}

/* Each access reaches the device once, in order, whatever was answered at once. */
static void instructions(void *arg)
{
	u64 *gpr = g.m.ctx.regs.gpr;
	u32 n;

	start(*(u64 *)arg, *(u64 *)arg % 3 * 40);
	gpr[X86_RDX] = PORT;
	RUN(0xed);			/* in eax, dx */
	HOST_CHECK(slow.nr == 1 && gpr[X86_RAX] == (u32)value_of(0));
	RUN(0xee);			/* out dx, al */
	HOST_CHECK(slow.nr == 1);
	check_seen(0, true, PORT, 1, true, (u8)value_of(0));
	gpr[X86_RBX] = REGISTERS;
	RUN(0x48, 0x03, 0x03);		/* add rax, [rbx] */
	HOST_CHECK(gpr[X86_RAX] == value_of(0) + (u32)value_of(0));
	RUN(0xff, 0x03);		/* inc dword [rbx]: a read and a write */
	HOST_CHECK(slow.nr == 2);
	check_seen(0, false, REGISTERS, 4, false, 0);
	check_seen(1, false, REGISTERS, 4, true, (u32)value_of(0) + 1);
	/* rep movsd from the device to the device: 20 reads and 20 writes, in turns */
	gpr[X86_RSI] = REGISTERS;
	gpr[X86_RDI] = REGISTERS + 0x100;
	gpr[X86_RCX] = 20;
	RUN(0xf3, 0xa5);
	HOST_CHECK(slow.nr == 40 && !gpr[X86_RCX]);
	for (n = 0; n < 40; n += 2) {
		check_seen(n, false, REGISTERS + n * 2, 4, false, 0);
		check_seen(n + 1, false, REGISTERS + 0x100 + n * 2, 4, true, (u32)value_of(n));
	}
	/* rep insb, and back by rep outsb */
	gpr[X86_RDI] = BASE;
	gpr[X86_RCX] = 30;
	RUN(0xf3, 0x6c);
	HOST_CHECK(slow.nr == 30 && mem[0] == (u8)value_of(0) && mem[29] == (u8)value_of(29));
	gpr[X86_RSI] = BASE;
	gpr[X86_RCX] = 30;
	RUN(0xf3, 0x6e);
	HOST_CHECK(slow.nr == 30);
	for (n = 0; n < 30; n++)
		check_seen(n, true, PORT, 1, true, (u8)value_of(n));
}

static void test_instructions(void **state)
{
	for (u64 seed = 1; seed <= 30; seed++) {
		print_message("seed %lu\n", seed);
		assert_int_equal(host_isolated(instructions, &seed)->status, 0);
	}
}

/* Finished iterations stay finished: only the remaining accesses are requested again. */
static void progress(void *arg)
{
	u64 *gpr = g.m.ctx.regs.gpr;

	start(7, 0);
	model_is_idle = true;
	gpr[X86_RDX] = PORT;
	gpr[X86_RDI] = BASE;
	gpr[X86_RCX] = 3;
	BEGIN(0xf3, 0x6c);	/* rep insb */
	for (u32 left = 3; left; left--) {
		host_run(hal_now_ns() + MS);
		HOST_CHECK(pending_state(&g.p) == PENDING_ASKED && slow.nr == 4 - left);
		HOST_CHECK(gpr[X86_RCX] == left && gpr[X86_RDI] == BASE + 3 - left);
		HOST_CHECK(g.m.ctx.regs.rip == RIP);
		/* The vCPU does not run while it waits. */
		HOST_CHECK((guest->pause_flags & VPF_DEVICE) && !guest->unit.running);
		HOST_CHECK(guest->runstate.state == RUNSTATE_blocked);
		HOST_CHECK(g.runs == 4 - left);
		HOST_CHECK(pending_answer(&g.p, guest, slow.number, left));
	}
	finish();
	HOST_CHECK(mem[0] == 3 && mem[1] == 2 && mem[2] == 1 && slow.nr == 3);
}

/* The domain is paused in each state; the answer waits for it. */
static void pausing(void *arg)
{
	start(3, 0);
	model_is_idle = true;
	g.m.ctx.regs.gpr[X86_RDX] = PORT;
	BEGIN(0xec);
	host_run(hal_now_ns() + MS);
	domain_pause(guest->domain);
	HOST_CHECK(pending_state(&g.p) == PENDING_ASKED);
	HOST_CHECK(pending_answer(&g.p, guest, slow.number, 0x5a));
	host_run(hal_now_ns() + MS);
	HOST_CHECK(pending_state(&g.p) == PENDING_ANSWERED && !g.done);
	domain_unpause(guest->domain);
	finish();
	HOST_CHECK((u8)g.m.ctx.regs.gpr[X86_RAX] == 0x5a && slow.nr == 1);
	/* Paused and unpaused while it waits: it still waits. */
	BEGIN(0xec);
	host_run(hal_now_ns() + MS);
	domain_pause(guest->domain);
	domain_unpause(guest->domain);
	host_run(hal_now_ns() + MS);
	HOST_CHECK(pending_state(&g.p) == PENDING_ASKED && g.runs == 1);
	HOST_CHECK(pending_answer(&g.p, guest, slow.number, 1));
	finish();
}

/* A vCPU that is reset forgets its request, and starts when the answer has come. */
static void dropping(void *arg)
{
	u64 number;

	start(5, 0);
	model_is_idle = true;
	g.m.ctx.regs.gpr[X86_RDX] = PORT;
	BEGIN(0xec);
	host_run(hal_now_ns() + MS);
	number = slow.number;
	domain_pause(guest->domain);
	for (u32 i = 0; i < 2; i++) {
		pending_drop(&g.p, guest);
		HOST_CHECK(pending_state(&g.p) == PENDING_DROPPED && !g.p.nr);
		HOST_CHECK(!pending_answer(&g.p, guest, number - 1, 1));
	}
	domain_unpause(guest->domain);
	host_run(hal_now_ns() + MS);
	HOST_CHECK(slow.nr == 1 && (guest->pause_flags & VPF_DEVICE));
	HOST_CHECK(pending_answer(&g.p, guest, number, 1));
	HOST_CHECK(pending_state(&g.p) == PENDING_NONE && !(guest->pause_flags & VPF_DEVICE));
	HOST_CHECK(!pending_answer(&g.p, guest, number, 1));
	host_run(hal_now_ns() + MS);
	HOST_CHECK(slow.nr == 2 && pending_state(&g.p) == PENDING_ASKED);
	HOST_CHECK(!pending_answer(&g.p, guest, number, 1));
	HOST_CHECK(pending_answer(&g.p, guest, slow.number, 2));
	finish();
	HOST_CHECK((u8)g.m.ctx.regs.gpr[X86_RAX] == 2);
	/* Answered, then dropped. */
	BEGIN(0xec);
	host_run(hal_now_ns() + MS);
	domain_pause(guest->domain);
	HOST_CHECK(pending_answer(&g.p, guest, slow.number, 3));
	pending_drop(&g.p, guest);
	HOST_CHECK(pending_state(&g.p) == PENDING_NONE);
}

/* Another vCPU rewrites the instruction while it waits: the new one must not use the answer. */
static void rewriting(void *arg)
{
	start(9, 0);
	model_is_idle = true;
	g.m.ctx.regs.gpr[X86_RDX] = PORT;
	BEGIN(0xec);
	host_run(hal_now_ns() + MS);
	g.insn[0] = 0xed;	/* in eax, dx */
	HOST_CHECK(pending_answer(&g.p, guest, slow.number, 0x11));
	host_run(hal_now_ns() + MS);
	HOST_CHECK(slow.nr == 2 && pending_state(&g.p) == PENDING_ASKED);
	HOST_CHECK(pending_answer(&g.p, guest, slow.number, 0x22222222));
	finish();
	HOST_CHECK(g.m.ctx.regs.gpr[X86_RAX] == 0x22222222);
	/* Or rewrites it into one that accesses nothing. */
	BEGIN(0xec);
	host_run(hal_now_ns() + MS);
	g.insn[0] = 0x90;
	HOST_CHECK(pending_answer(&g.p, guest, slow.number, 0x33));
	finish();
	HOST_CHECK(g.m.ctx.regs.gpr[X86_RAX] == 0x22222222);
}

#define ISOLATED(name, fn) \
	static void name(void **state) { assert_int_equal(host_isolated(fn, NULL)->status, 0); }
ISOLATED(test_progress, progress)
ISOLATED(test_pausing, pausing)
ISOLATED(test_dropping, dropping)
ISOLATED(test_rewriting, rewriting)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instructions), cmocka_unit_test(test_progress),
		cmocka_unit_test(test_pausing), cmocka_unit_test(test_dropping),
		cmocka_unit_test(test_rewriting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
