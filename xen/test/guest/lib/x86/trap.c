/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions and interrupts, and code that is expected to fault. */
#include "cpu.h"

static vector_fn handlers[256];

extern char try_recover[];
extern char user_leave[];
bool try_enter(word *try_sp, void (*fn)(void *arg), void *arg);
void trap_entry(struct regs *regs);

void set_vector(u32 vector, vector_fn fn)
{
	handlers[vector] = fn;
}

static void leave_user(struct regs *regs)
{
	regs->rip = (word)user_leave;
	regs->rflags = 2;
	set_trap_stack(regs, cpu_self()->user_sp);
}

/* What try_enter has pushed below the word it noted stays on its stack. */
static void recover(struct regs *regs, struct cpu *c)
{
	c->trap = (struct trap){ .taken = true, .vector = (u32)regs->vector,
				 .error = (u32)regs->error, .cr2 = read_cr2(), .rip = regs->rip };
	regs->rip = (word)try_recover;
	regs->rflags &= ~RFLAGS_TF;
	set_trap_stack(regs, c->try_sp - 2 * sizeof(word));
}

void trap_entry(struct regs *regs)
{
	struct cpu *c = cpu_self();

	if (handlers[regs->vector])
		handlers[regs->vector](regs);
	else if (regs->vector < 32 && regs->vector != VEC_NMI && c->try_sp)
		recover(regs, c);
	else
		test_failure("vector %lu error %#lx at %#lx rsp %#lx cr2 %#lx vCPU %u: unexpected",
			     regs->vector, regs->error, regs->rip, regs->rsp, read_cr2(), c->id);
}

struct trap try_call(void (*fn)(void *arg), void *arg)
{
	struct cpu *c = cpu_self();

	c->trap.taken = false;
	if (!try_enter(&c->try_sp, fn, arg))
		c->trap.taken = false;
	return c->trap;
}

struct msr_arg {
	u32 msr;
	u64 val;
};

static void do_rdmsr(void *arg)
{
	struct msr_arg *m = arg;

	m->val = rdmsr(m->msr);
}

static void do_wrmsr(void *arg)
{
	struct msr_arg *m = arg;

	wrmsr(m->msr, m->val);
}

bool try_rdmsr(u32 msr, u64 *val)
{
	struct msr_arg m = { .msr = msr };
	struct trap t = try_call(do_rdmsr, &m);

	*val = m.val;
	CHECK(!t.taken || (t.vector == VEC_GP && !t.error), "rdmsr %#x: vector %u error %#x", msr,
	      t.vector, t.error);
	return !t.taken;
}

bool try_wrmsr(u32 msr, u64 val)
{
	struct msr_arg m = { .msr = msr, .val = val };
	struct trap t = try_call(do_wrmsr, &m);

	CHECK(!t.taken || (t.vector == VEC_GP && !t.error), "wrmsr %#x: vector %u error %#x", msr,
	      t.vector, t.error);
	return !t.taken;
}

void trap_init_cpu(struct cpu *self)
{
	if (self == cpu_of(0))
		set_vector(USER_EXIT_VECTOR, leave_user);
	trap_load_tables(self);
}

bool is_hole(const volatile u64 *at)
{
	return *at == ALL_ONES;
}
