/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that inputs run on: three domains whose vCPUs have a CPU each. It is booted once;
 * after each input all of its memory is made what it was after the boot.
 *
 * vCPUs take turns: steps are taken in order, one at a time, or a few at the same time. A vCPU
 * without a step computes, which for the hypervisor means that it is in guest mode. A vCPU that
 * cannot run (paused, down, polling, dead) misses its step.
 */
#include "hypercall.h"

#include <xen/errno.h>
#include <xen/gnttab.h>
#include <xen/evtchn.h>
#include <xen/p2m_fmt.h>
#include <xen/printk.h>
#include <xen/shared_info.h>
#include <xen/string.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include <public/domctl.h>

#include "../lib/machine.h"
#include "../../xen/arch/host/libc.h"
#include "../../xen/arch/host/private.h"
#include "../../xen/domain/gnttab/private.h"
#include "state-oracle.h"

#define CPUS NR_GUEST_VCPUS
#define RAM_BYTES (6UL << 20)	/* with a free frame of 2 MiB */
#define DOM0_BASE 0x300		/* dom0's memory is where the machine's is */
#define FOREVER (3600LL * 1000000000)
#define SLICE 200000		/* virtual time until the observer looks for stuck steps */
#define MAX_SLICES 40
#define MAX_RESTARTS 400
#define MAX_LOADS 2000000

/* The state of the run, which is not the machine's. */
static struct {
	struct step step[MAX_STEPS];
	u32 nr, first, end;	/* steps [first, end) are being taken */
	u8 state[MAX_STEPS];
	bool finished;
	bool moves_data;	/* a call may have copied data between domains */
	bool off;		/* the machine was turned off: its CPUs do not go on */
	u32 slices;		/* until what is still going on counts as stuck */
	s_time_t checked;	/* when the oracle last looked */
} run;
enum { STEP_WAITS, STEP_TAKEN, STEP_DONE };

struct guest guests[NR_GUEST_VCPUS];
bool machine_tells;

/* ---- guests ---- */

u64 guest_base(const struct domain *d)
{
	return d->is_mapped_1to1 ? DOM0_BASE : 0;
}

bool guest_lives(const struct guest *g)
{
	bool found = false;

	rcu_read_lock();
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d))
		found |= d == g->d && d->created_at == g->created_at;
	rcu_read_unlock();
	return found && !g->d->dying;
}

/* Nothing but an event keeps it from running, and its guest may look at any time anyway. */
static bool guest_can_run(const struct guest *g)
{
	const struct vcpu *v = g->v;

	return guest_lives(g) && !(v->pause_flags & ~(unsigned long)VPF_BLOCKED) &&
	       !v->pause_count && !g->d->pause_count;
}

struct guest *guest_here(void)
{
	struct vcpu *v = hal_current_vcpu();

	if (!v || is_idle_vcpu(v))
		return NULL;
	for (u32 i = 0; i < NR_GUEST_VCPUS; i++)
		if (guests[i].v == v && guests[i].in_call && !hal_in_irq())
			return &guests[i];
	return NULL;
}

u8 *guest_ram(const struct domain *d, u64 gfn)
{
	const struct p2m_fmt *f = d->p2m->fmt;
	u64 table = d->p2m->root.v;

	if (d->p2m->closed || gfn >> p2m_fmt_gfn_bits(f))
		return NULL;
	for (u32 level = f->levels - 1;; level--) {
		u32 i = (gfn >> (level * P2M_LEVEL_BITS)) % P2M_ENTRIES;
		u64 e = ((u64 *)mfn_to_virt(mfn_make(table)))[i];

		if (!p2m_entry_is_present(f, e))
			return NULL;
		table = p2m_entry_mfn(f, e).v;
		if (level && p2m_entry_is_leaf(f, e, level))
			return NULL;
		if (!level)
			return p2m_entry_type(f, e) == P2M_RAM_RW ? mfn_to_virt(mfn_make(table))
								  : NULL;
	}
}

/* ---- turns ---- */

static void begin_group(void)
{
	while (run.end < run.nr && run.end < run.first + CPUS &&
	       (run.end == run.first || run.step[run.end - 1].how & HOW_TOGETHER))
		run.end++;
	for (u32 i = run.first; i < run.end; i++) {
		struct guest *g = &guests[run.step[i].who % NR_GUEST_VCPUS];

		if (!guest_can_run(g)) {
			run.state[i] = STEP_DONE;
			continue;
		}
		host_guest_compute(g->v, 0);
		vcpu_unblock(g->v);
		hal_smp_kick(g->v->unit.cpu);
	}
}

/* Steps whose vCPUs cannot take them are over. False while others are left. */
static bool group_is_over(void)
{
	bool over = true;

	for (u32 i = run.first; i < run.end; i++) {
		if (run.state[i] != STEP_DONE &&
		    !guest_can_run(&guests[run.step[i].who % NR_GUEST_VCPUS]))
			run.state[i] = STEP_DONE;
		over &= run.state[i] == STEP_DONE;
	}
	return over;
}

/* Time passes whenever the hypervisor runs. It does not for steps that all vCPUs miss. */
static void check_if_quiet(void)
{
	if (run.checked == hal_now_ns() || !oracle_is_quiet())
		return;
	run.checked = hal_now_ns();
	oracle_check();
}

static void go_on(void)
{
	while (!run.finished && group_is_over()) {
		check_if_quiet();
		run.first = run.end;
		if (run.first < run.nr) {
			begin_group();
			continue;
		}
		run.finished = true;
		host_stop();
	}
}

static const struct step *take_step(struct guest *g)
{
	for (u32 i = run.first; i < run.end; i++)
		if (run.state[i] == STEP_WAITS &&
		    &guests[run.step[i].who % NR_GUEST_VCPUS] == g) {
			run.state[i] = STEP_TAKEN;
			if (machine_tells)
				step_print(&run.step[i], i, g);
			return &run.step[i];
		}
	return NULL;
}

static void finish_step(struct guest *g, long rc)
{
	for (u32 i = run.first; i < run.end; i++)
		if (g->step == &run.step[i])
			run.state[i] = STEP_DONE;
	if (machine_tells && step_kind_of(g->step) == STEP_CALL)
		say("      d%uv%u: %ld\n", g->d->id, g->v->id, rc);
	g->step = NULL;
	go_on();
}

static bool is_control(const struct guest *g)
{
	return g->hc.nr == __HYPERVISOR_domctl || g->hc.nr == __HYPERVISOR_sysctl ||
	       g->hc.nr == __HYPERVISOR_platform_op || g->hc.nr == __HYPERVISOR_dm_op;
}

/* Issue the hypercall once. A guest that must issue it again comes back in its next step. */
static bool call_once(struct guest *g, long *rc)
{
	u64 loads = loads_made;

	g->in_call = true;
	g->allocs = g->preempt_checks = g->work = 0;
	*rc = hypercall_dispatch(g->v, &g->hc);
	g->in_call = false;
	oracle_check_cpu();
	/* Those of other CPUs that ran meanwhile count, too. */
	if (loads_made - loads > MAX_LOADS)
		panic("oracle: a hypercall took %lu reads", loads_made - loads);
	if (*rc >= 0 && is_control(g) && !g->d->is_privileged)
		panic("oracle: d%u made a control call and is not privileged", g->d->id);
	return *rc != -XEN_ERESTART || ++g->restarts >= MAX_RESTARTS;
}

/* The step is over when the time has passed, for all CPUs. */
static void begin_pause(struct guest *g)
{
	g->until = hal_now_ns() + action_pause(g->step);
	run.slices += (u32)((g->until - hal_now_ns()) / SLICE);
}

static void begin_step(struct guest *g)
{
	const struct step *s = g->step;

	g->rng = s->race * 0x9e3779b9U ^ s->field[0];
	g->restarts = 0;
	g->v->caller_is_32bit = s->how & HOW_32BIT;
	if (action_pause(s)) {
		begin_pause(g);
		return;
	}
	if (step_kind_of(s) != STEP_CALL) {
		action_run(s, g);
		finish_step(g, 0);
		return;
	}
	call_prepare(s, g->v, &g->hc);
	run.moves_data |= g->hc.nr == __HYPERVISOR_grant_table_op ||
			  g->hc.nr == __HYPERVISOR_memory_op;
	if (g->d == hardware_domain)
		oracle_allow_foreign();
}

/* What a vCPU does each time it is entered. */
static void guest_program(struct vcpu *v, void *arg)
{
	struct guest *g = arg;
	long rc;

	if (!g->step) {
		g->step = take_step(g);
		if (!g->step) {
			host_guest_compute(v, FOREVER);
			return;
		}
		begin_step(g);
	}
	if (g->step && g->until) {
		host_guest_compute(v, g->until - hal_now_ns());
		if (hal_now_ns() < g->until)
			return;
		g->until = 0;
		finish_step(g, 0);
		return;
	}
	if (g->step && call_once(g, &rc)) {
		oracle_grants_written(g->d);
		finish_step(g, rc);
	}
}

void machine_off(void)
{
	run.finished = run.off = true;
	host_stop();
	/* Others may wait for an answer of this CPU. */
	for (;;) {
		if (!hal_in_irq())
			hal_irq_enable();
		host_wait(INT64_MAX);
	}
}

/* ---- the boot ---- */

static void give_frame(struct domain *d, u64 gfn)
{
	struct page_info *pg = mfn_to_page(mfn_make(gfn));

	if (d->is_mapped_1to1)
		BUG_ON(assign_pages(d, pg, 0));
	else
		pg = alloc_domain_pages(d, 0, 0);
	BUG_ON(!pg || p2m_map(d->p2m, gfn_make(gfn), page_to_mfn(pg), 0, P2M_RAM_RW));
	memset(page_to_virt(pg), oracle_pattern(d), PAGE_SIZE);
}

static void give_ram(struct domain *d)
{
	u64 base = guest_base(d);

	for (u64 g = base; g < base + GUEST_RAM; g++)
		give_frame(d, g);
	give_frame(d, base + GUEST_LAST);
}

/*
 * Some entries that allow something, so that not every input has to begin with them: dom0 and d1
 * share with each other, one page read-only, and d2 with none.
 */
static void give_grants(struct domain *d)
{
	struct grant_entry_v1 *e = d->gnttab->frame[0].va;

	for (u32 ref = 2; ref < 6 && d->id < 2; ref++)
		BUG_ON(gnttab_seed(d, ref, d->id ^ 1, gfn_make(guest_base(d) + 4 + ref)));
	e[5].flags |= GTF_readonly;
	oracle_grants_written(d);
}

static struct domain *make_domain(u16 id, u32 vcpus)
{
	struct domain_config cfg = {
		.domid = id, .max_vcpus = vcpus, .max_pages = GUEST_RAM + 600,
		.max_grant_frames = 4, .max_maptrack_frames = 2, .max_grant_version = 2,
		.max_evtchn_port = 300, .is_privileged = !id, .is_hardware = !id,
		.node = NUMA_NO_NODE,
	};
	int err;
	struct domain *d = domain_create(&cfg, &err);

	BUG_ON(!d);
	d->is_mapped_1to1 = !id;
	give_ram(d);
	give_grants(d);
	for (u32 i = 0; i < vcpus; i++)
		BUG_ON(domain_vcpu_create(d, i));
	return d;
}

static void start_vcpu(struct guest *g, struct domain *d, u32 id)
{
	*g = (struct guest){ .d = d, .v = d->vcpu[id], .created_at = d->created_at };
	g->v->is_initialised = true;
	host_guest_set(g->v, guest_program, g);
	__atomic_fetch_and(&g->v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_wake(g->v);
}

static void make_guests(void)
{
	static const u8 vcpus[] = { 2, 2, 1 };
	u32 n = 0;

	BUG_ON(reserve_free_range(mfn_make(DOM0_BASE), GUEST_RAM));
	BUG_ON(reserve_free_range(mfn_make(DOM0_BASE + GUEST_LAST), 1));
	for (u16 id = 0; id < ARRAY_SIZE(vcpus); id++) {
		struct domain *d = make_domain(id, vcpus[id]);

		for (u32 i = 0; i < vcpus[id]; i++)
			start_vcpu(&guests[n++], d, i);
		d->creation_finished = true;
		d->controller_pause_count = 0;
		domain_unpause(d);
	}
}

/* ---- going back ---- */

static void remember_machine(void)
{
	u64 oracle_bytes, action_bytes;
	void *oracle = oracle_state(&oracle_bytes), *actions = actions_state(&action_bytes);

	machine_undo_all(CPUS);
	undo_bytes(guests, sizeof(guests));
	undo_bytes(&run, sizeof(run));
	undo_pages(oracle, oracle_bytes);
	undo_bytes(actions, action_bytes);
	undo_remember();
}

void machine_boot(bool check_twice)
{
	host_boot(&(struct host_config){ .seed = 1, .cpus = CPUS, .ram_bytes = RAM_BYTES });
	host_start();
	domains_init();
	/* Guests' pointers lead to their own memory only, never to this process's. */
	host_guest_allow(&run.off, 1);
	oracle_start();
	make_guests();
	host_run(hal_now_ns() + 1000000);
	BUG_ON(!oracle_is_quiet());
	oracle_check();
	oracle_remember(undo_is_unwritten, check_twice);
	remember_machine();
}

/* ---- runs ---- */

static void load_input(const u8 *data, size_t size)
{
	run.nr = (u32)min((size - sizeof(struct input_header)) / sizeof(struct step),
			  (size_t)MAX_STEPS);
	memcpy(run.step, data + sizeof(struct input_header), run.nr * sizeof(struct step));
}

/* True when @d is destroyed. */
static bool kill_step(struct domain *d)
{
	int rc = -XEN_ERESTART;

	if (control_trylock()) {
		rc = domain_kill(d);
		control_unlock();
	}
	return rc != -XEN_ERESTART;
}

static bool all_steps_ended(void)
{
	for (u32 i = 0; i < NR_GUEST_VCPUS; i++)
		if (guests[i].step)
			return false;
	return true;
}

/* Destroy all guests, as a toolstack does. */
static void finale(void)
{
	for (u16 id = 1; id < 8; id++) {
		struct domain *d = domain_get_by_id(id);
		u32 tries = 0;

		if (!d)
			continue;
		while (!kill_step(d) && ++tries < 1000)
			host_run(hal_now_ns() + 1000);
		domain_put(d);
	}
	host_run(hal_now_ns() + 5000000);
	check_if_quiet();
}

void machine_run(const u8 *data, size_t size)
{
	struct input_header h;

	if (size < sizeof(h) + sizeof(struct step))
		return;
	memcpy(&h, data, sizeof(h));
	load_input(data, size);
	host_reseed(h.seed);
	loads_until_switch = 1;
	run.finished = false;
	run.slices = MAX_SLICES;
	run.first = run.end = 0;
	begin_group();
	go_on();
	while (run.slices-- && !run.finished) {
		if (host_run(hal_now_ns() + SLICE) != HOST_STOP_ASKED)
			go_on();
	}
	if (!run.off) {
		host_run(hal_now_ns() + 2000);
		check_if_quiet();
		if (run.moves_data && oracle_is_quiet())
			oracle_check_data();
		/* A step that waits for a CPU would run during the end. */
		if (h.flags & INPUT_FINALE && run.finished && all_steps_ended())
			finale();
	}
	machine_restore(0);
}
