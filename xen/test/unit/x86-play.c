/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See x86-play.h. */
#include "x86-play.h"

#include <xen/hal/time.h>

#include <asm/host.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include "x86-oracle.h"

#define MS 1000000LL

struct x86_play play;
static const u64 *exits;
static void (*on_step)(struct soft_entry *e);

static void step(struct soft_entry *e)
{
	struct vmcb *b = e->vmcb;

	HOST_CHECK(!x86_vcpu_wrong(to_xv(e->v)));
	play.rax = b->rax;
	play.rip = b->rip;
	play.events |= e->event;
	if (e->vector >= 0) {
		play.taken = e->vector;
		play.nr_taken++;
	}
	b->exit_code = exits[play.step];
	if (exits[play.step])
		play.step++;
	else
		b->exit_code = SVM_EXIT_HLT;
	if (b->exit_code == SVM_EXIT_HLT)
		b->rflags &= ~(u64)X86_EFLAGS_IF;
	b->next_rip = b->rip + 2;
	on_step(e);
}

void x86_play(const u64 *list, void (*fn)(struct soft_entry *e), bool hardware)
{
	play = (struct x86_play){ .taken = -1 };
	world_boot(2);
	world_create(&play.world, hardware, 1);
	exits = list;
	on_step = fn;
	soft_guest_set(step);
	domain_unpause_by_systemcontroller(play.world.d);
	host_run(hal_now_ns() + MS);
	HOST_CHECK(play.world.d->is_shut_down &&
		   play.world.d->shutdown_code == SHUTDOWN_poweroff);
	HOST_CHECK(!x86_records_wrong(to_xv(play.world.d->vcpu[0])));
	HOST_CHECK(!world_destroy(&play.world) && !world_left_over());
}

void x86_play_wrmsr(struct soft_entry *e, u32 msr, u64 val)
{
	e->vmcb->exit_info1 = 1;
	e->gpr[GPR_RCX] = msr;
	e->vmcb->rax = (u32)val;
	e->gpr[GPR_RDX] = val >> 32;
}
