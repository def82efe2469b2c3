/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes everything that an exit of an x86 guest reaches, from VMRUN on: exit handlers, MSRs,
 * CPUID, ports, device registers, the emulator with its own accesses to memory, local APIC,
 * IO-APIC, MSIs, hypercalls in both widths, and the saved state. The guest is hostile; the
 * scheduler, the p2m and SVM's backend are the hypervisor's own. Before each entry the oracle looks
 * at the vCPU; in the end every page must be back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include <asm/host.h>
#include <asm/processor.h>

#include "exits.h"
#include "../lib/machine.h"
#include "x86-oracle.h"

#include "../../xen/arch/x86/hvm/private.h"

#include <public/arch-x86/xen.h>
#include <public/hvm/params.h>

#define CPUS 2
#define US 1000LL
#define SLICE (200 * US)
#define MAX_SLICES 200
#define WAKES 8
/* Entries after the last step; a vCPU needs a few to get rid of pending events. */
#define MAX_LAST_TURNS 256
/* Virtual time that the hypervisor may take for one exit, while the other CPU runs as well. */
#define MAX_EXIT_TIME (50000 * US)

struct run run;

int LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__asan_default_options(void);

/* The machine's memory is not malloc's, and stacks are put back with all frames in them. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=0";
}

void run_failed(const struct vcpu *v, const char *why)
{
	for (u32 i = 0; i < run.next; i++)
		step_print(i, &run.step[i]);
	fprintf(stderr, "exits: scene %u, d%uv%u: %s\n", run.scene, v ? v->domain->id : 0,
		v ? v->id : 0, why);
	abort();
}

static void turn(struct soft_entry *e)
{
	u32 cpu = hal_smp_cpu_id();
	const char *why = x86_vcpu_wrong(to_xv(e->v));

	if (!why && to_xv(e->v)->state_depth)
		why = "accesses to its state are not balanced";
	if (!why && run.exited[cpu] && hal_now_ns() - run.exited[cpu] > MAX_EXIT_TIME)
		why = "an exit took too long";
	if (!why && run.last_turns > MAX_LAST_TURNS)
		why = "the vCPU does not halt";
	if (why)
		run_failed(e->v, why);
	guest_turn(e);
	run.exited[cpu] = hal_now_ns();
}

static void create_all(void)
{
	bool toolstack = scene_has_toolstack(run.scene);

	run.nr_worlds = toolstack ? 2 : 1;
	if (run.scene == SCENE_PASSED)
		passed_begin();
	if (toolstack || run.scene == SCENE_MACHINE)
		world_create(&run.world[0], true, 1);
	if (scene_has_chipset(run.scene))
		world_devices |= XEN_X86_EMU_IOAPIC | HVM_CHIPSET_FLAGS;
	if (run.scene == SCENE_PASSED)
		world_devices |= XEN_X86_EMU_VPCI;
	if (run.scene != SCENE_MACHINE)
		world_create(&run.world[toolstack], false, toolstack ? 1 : 2);
	world_devices = XEN_X86_EMU_LAPIC;
	run.other = run.world[run.nr_worlds - 1].d->id;
	if (scene_has_chipset(run.scene))
		run.world[toolstack].d->hvm_params[HVM_PARAM_HPET_ENABLED] = 1;
	if (scene_has_model(run.scene))
		model_create();
	if (run.scene == SCENE_PASSED)
		passed_create();
}

static void start_all(u8 flags)
{
	for (u32 i = 0; i < run.nr_worlds; i++)
		if (!i || !(flags & HEAD_NOT_STARTED))
			domain_unpause_by_systemcontroller(run.world[i].d);
}

/* A vCPU that waits for something that will not come gets an NMI. False: nothing can run. */
static bool wake_all(void)
{
	bool any = false;
	struct vcpu *v;

	for (u32 i = 0; i < run.nr_worlds; i++) {
		if (run.world[i].d->is_shut_down || run.world[i].d->dying != DOM_ALIVE)
			continue;
		for_each_vcpu(run.world[i].d, v)
			if (!(READ_ONCE(v->pause_flags) & VPF_DOWN)) {
				hal_vcpu_nmi(v);
				any = true;
			}
	}
	return any;
}

static void run_all(void)
{
	u32 wakes = 0;

	for (u32 i = 0; i < MAX_SLICES; i++)
		if (host_run(hal_now_ns() + SLICE) == HOST_STOP_IDLE)
			if (++wakes > WAKES || !wake_all())
				return;
}

static void check_all(void)
{
	struct vcpu *v;

	for (u32 i = 0; i < run.nr_worlds; i++) {
		struct domain *d = run.world[i].d;

		if (d->dying != DOM_ALIVE)
			continue;
		domain_pause(d);
		for_each_vcpu(d, v) {
			const char *why;

			hvm_state_begin(to_xv(v));
			why = x86_vcpu_wrong(to_xv(v));
			hvm_state_end(to_xv(v));
			if (!why)
				why = x86_records_wrong(to_xv(v));
			if (why)
				run_failed(v, why);
		}
		domain_unpause(d);
	}
}

static void destroy_all(void)
{
	const char *why;

	/* Steps refer to domains, which are about to go. */
	run.next = run.nr;
	while (run.nr_worlds--) {
		why = world_destroy(&run.world[run.nr_worlds]);
		if (why)
			run_failed(NULL, why);
	}
	why = world_left_over();
	if (why)
		run_failed(NULL, why);
}

/*
 * Building a scene takes ten times as long as running an input in it. It is built once, from the
 * machine without guests, and remembered.
 */
static void enter_scene(enum scene scene)
{
	static u32 empty, state[SCENES];
	static bool started, built[SCENES];

	if (!started) {
		machine_undo_all(CPUS);
		undo_bytes(&run, sizeof(run));
		empty = undo_remember();
		started = true;
	}
	if (built[scene]) {
		machine_restore(state[scene]);
		return;
	}
	machine_restore(empty);
	run.scene = scene;
	create_all();
	state[scene] = undo_remember();
	built[scene] = true;
}

static enum scene scene_of(const struct head *head)
{
	enum scene scene = (enum scene)(head->scene % HEAD_SCENES);

	if (scene == SCENE_TOOLSTACK && head->flags & HEAD_PASSED)
		return SCENE_PASSED;
	if (scene == SCENE_TOOLSTACK && head->flags & HEAD_MODEL)
		return head->flags & HEAD_CHIPSET ? SCENE_PC_MODEL : SCENE_MODEL;
	return scene == SCENE_GUEST && head->flags & HEAD_CHIPSET ? SCENE_PC : scene;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	world_boot(CPUS);
	passed_boot();
	soft_guest_set(turn);
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct step steps[MAX_STEPS];
	struct head head;

	if (size < sizeof(head) + sizeof(struct step))
		return 0;
	memcpy(&head, data, sizeof(head));
	enter_scene(scene_of(&head));
	run.step = steps;
	run.nr = (u32)((size - sizeof(head)) / sizeof(struct step));
	run.nr = run.nr < MAX_STEPS ? run.nr : MAX_STEPS;
	memcpy(steps, data + sizeof(head), run.nr * sizeof(struct step));
	host_reseed(head.seed);
	start_all(head.flags);
	run_all();
	check_all();
	destroy_all();
	return 0;
}
