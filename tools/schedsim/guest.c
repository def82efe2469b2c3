/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Executing programs: what happens at the end of each computation, and when CPUs come and go. */
#include <assert.h>
#include <stdlib.h>

#include <xen/compiler.h>

#include "guest.h"
#include "say.h"


/* Who has a lock, who waits, and until when a device is busy. */
struct object {
	struct guest *owner;
	struct guest *first, *last;	/* waiters, in order */
	u32 arrived;
	s64 busy_until;
};

static struct object *objects;
static u32 nr_objects;
static const struct guest *first_miss;
static s64 first_miss_at;

u32 object_create(void)
{
	objects = grow_array(objects, nr_objects + 1, sizeof(*objects));
	objects[nr_objects] = (struct object){};
	return nr_objects++;
}

const struct guest *guest_first_miss(s64 *when)
{
	*when = first_miss_at;
	return first_miss;
}

void samples_add(struct samples *s, s64 value)
{
	if (s->nr == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->value = grow_array(s->value, s->room, sizeof(*s->value));
	}
	s->value[s->nr++] = value;
}

/* ---- Waiting and waking */

static void wait_on(struct guest *g, u32 object)
{
	struct object *o = &objects[object];

	g->waits_for = object;
	g->next_waiter = NULL;
	if (o->last)
		o->last->next_waiter = g;
	else
		o->first = g;
	o->last = g;
}

static struct guest *next_waiter(struct object *o)
{
	struct guest *g = o->first;

	if (!g)
		return NULL;
	o->first = g->next_waiter;
	if (!o->first)
		o->last = NULL;
	return g;
}

static void block(struct guest *g)
{
	g->state = GUEST_BLOCKED;
	machine_block(g->v);
}

static void block_until(struct guest *g, s64 when)
{
	g->event.cpu = machine_vcpu_cpu(g->v);
	event_set(&g->event, when);
	block(g);
}

/* @g goes on with its next operation as soon as it has a CPU. */
static void go_on(struct guest *g)
{
	g->state = GUEST_READY;
	g->left = 0;
	if (!g->on_cpu)
		return;
	g->event.cpu = machine_vcpu_runs_on(g->v);
	event_set(&g->event, machine_now());
}

static void wake(struct guest *g)
{
	assert(g->state == GUEST_BLOCKED);
	event_cancel(&g->event);
	if (!g->on_cpu)
		g->woken = g->waits_since = machine_now();
	go_on(g);
	machine_unblock(g->v);
}

/* ---- Computing away from one's memory: work in ns near it, and the time that takes here */

static s64 time_of(const struct guest *g, s64 work) { return work + work * g->slow / 100; }
static s64 work_in(const struct guest *g, s64 time) { return time * 100 / (100 + g->slow); }

static s64 remote_now(const struct guest *g)
{
	return g->on_cpu && g->slow && machine_now() > g->resumed ? machine_now() - g->resumed : 0;
}

s64 guest_remote(const struct guest *g) { return g->remote + remote_now(g); }

/* ---- Operations: true when the program goes on at once */

static bool compute(struct guest *g, s64 ns, bool passing)
{
	if (ns <= 0)
		return true;
	g->until = passing ? machine_now() + ns : 0;
	event_set(&g->event, machine_now() + (passing ? ns : time_of(g, ns)));
	return false;
}

static bool sleep_until(struct guest *g, s64 when)
{
	if (when <= machine_now())
		return true;
	block_until(g, when);
	return false;
}

static void end_job(struct guest *g)
{
	s64 late = machine_now() - g->deadline;
	struct tally *t = g->tally;

	t->jobs++;
	samples_add(&t->response, machine_now() - g->release);
	if (t->jobs == 1 || late > t->worst_lateness)
		t->worst_lateness = late;
	if (late <= 0)
		return;
	t->misses++;
	if (!first_miss) {
		first_miss = g;
		first_miss_at = machine_now();
	}
}

static bool lock(struct guest *g, const struct op *op)
{
	struct object *o = &objects[op->object];

	if (!o->owner) {
		o->owner = g;
		return true;
	}
	wait_on(g, op->object);
	if (!op->flag) {
		block(g);
		return false;
	}
	g->state = GUEST_SPINS;
	g->resumed = machine_now();
	return false;
}

static void unlock(struct guest *g, const struct op *op)
{
	struct object *o = &objects[op->object];

	if (o->owner != g)
		die("the vCPU d%uv%u unlocks what it has not locked", g->domid, g->id);
	o->owner = next_waiter(o);
	if (!o->owner)
		return;
	if (o->owner->state == GUEST_BLOCKED) {
		wake(o->owner);
		return;
	}
	assert(o->owner->state == GUEST_SPINS);
	if (o->owner->on_cpu && machine_now() > o->owner->resumed)
		o->owner->tally->spun += machine_now() - o->owner->resumed;
	go_on(o->owner);
}

static bool barrier(struct guest *g, const struct op *op)
{
	struct object *o = &objects[op->object];
	struct guest *w;

	if (++o->arrived < op->count) {
		wait_on(g, op->object);
		block(g);
		return false;
	}
	o->arrived = 0;
	while ((w = next_waiter(o)) != NULL)
		wake(w);
	return true;
}

static void signal_waiters(const struct op *op)
{
	struct guest *w;

	do {
		w = next_waiter(&objects[op->object]);
		if (w)
			wake(w);
	} while (w && op->flag);
}

static bool ask_device(struct guest *g, const struct op *op)
{
	struct object *o = &objects[op->object];
	s64 begin = o->busy_until > machine_now() ? o->busy_until : machine_now();

	o->busy_until = begin + amount_draw(&op->amount, &g->random);
	g->waits_for = op->object;
	block_until(g, o->busy_until);
	return false;
}

static bool yield(struct guest *g)
{
	machine_yield(g->v);
	/* The decision comes first; if it lets this vCPU run, it goes on then. */
	event_set(&g->event, machine_now() + machine_costs()->decision);
	return false;
}

static void loop(struct guest *g, const struct op *op)
{
	u32 *round = &g->rounds[op - g->program->op];

	if (op->count && ++*round >= op->count)
		*round = 0;
	else
		g->pc = op->target;
}

static bool execute(struct guest *g, const struct op *op)
{
	switch ((enum op_kind)op->kind) {
	case OP_RUN:
		return compute(g, amount_draw(&op->amount, &g->random), op->flag);
	case OP_SLEEP:
		return sleep_until(g, machine_now() + amount_draw(&op->amount, &g->random));
	case OP_UNTIL:
		return sleep_until(g, op->amount.a);
	case OP_PERIOD:
		g->release += amount_draw(&op->amount, &g->random);
		if (op->flag && g->release < machine_now())
			g->release = machine_now();
		return sleep_until(g, g->release);
	case OP_JOB:
		g->deadline = g->release + amount_draw(&op->amount, &g->random);
		return true;
	case OP_JOB_END:
		end_job(g);
		return true;
	case OP_LOCK:
		return lock(g, op);
	case OP_UNLOCK:
		unlock(g, op);
		return true;
	case OP_BARRIER:
		return barrier(g, op);
	case OP_WAIT:
		wait_on(g, op->object);
		block(g);
		return false;
	case OP_SIGNAL:
		signal_waiters(op);
		return true;
	case OP_IO:
		return ask_device(g, op);
	case OP_YIELD:
		return yield(g);
	case OP_LOOP:
		loop(g, op);
		return true;
	case OP_END:
		break;
	}
	g->state = GUEST_ENDED;
	machine_down(g->v);
	return false;
}

/* A vCPU that does operation after operation without ever computing would stop the time. */
#define OPS_AT_ONCE 100000U

static void advance(struct guest *g)
{
	for (u32 i = 0; i < OPS_AT_ONCE; i++) {
		const struct op *op = &g->program->op[g->pc];

		assert(g->pc < g->program->nr);
		g->pc++;
		if (!execute(g, op))
			return;
	}
	die("the vCPU d%uv%u never computes nor waits; its program needs a time that is not 0",
	    g->domid, g->id);
}

static void event(void *arg)
{
	struct guest *g = arg;

	switch (g->state) {
	case GUEST_NEW:
		g->state = GUEST_READY;
		g->woken = g->waits_since = machine_now();
		machine_up(g->v);
		return;
	case GUEST_BLOCKED:
		if (g->program->op[g->pc - 1].kind == OP_IO)
			machine_steal(machine_cpu(), machine_costs()->interrupt, NULL);
		else
			machine_steal(machine_cpu(), machine_costs()->timer, g->v);
		wake(g);
		return;
	default:
		assert(g->state == GUEST_READY && g->on_cpu);
		advance(g);
	}
}

void guest_start(struct guest *g, s64 start, u64 seed)
{
	g->rounds = zalloc(g->program->nr, sizeof(*g->rounds));
	g->random = seed;
	g->start = g->release = start;
	g->woken = g->waits_since = -1;
	g->event = (struct event){ .fn = event, .arg = g, .cpu = machine_vcpu_cpu(g->v) };
	event_set(&g->event, start);
}

void guest_stop(struct guest *g)
{
	event_cancel(&g->event);
	g->state = GUEST_ENDED;
	free(g->rounds);
	g->rounds = NULL;
}

/* ---- What the machine tells */

static void runs(void *guest, u32 cpu, s64 from)
{
	struct guest *g = guest;

	g->on_cpu = true;
	g->resumed = from;
	g->slow = g->home && machine_place(cpu)->node != g->home - 1 ? machine_costs()->remote : 0;
	if (g->woken >= 0)
		samples_add(&g->tally->latency, from - g->woken);
	g->woken = g->waits_since = -1;
	if (g->state != GUEST_READY)
		return;
	g->event.cpu = cpu;
	if (g->left && g->until)
		g->left = g->until > from ? g->until - from : 0;
	event_set(&g->event, from + (g->until ? g->left : time_of(g, g->left)));
}

static void stops(void *guest)
{
	struct guest *g = guest;
	s64 now = machine_now();

	g->remote += remote_now(g);
	g->on_cpu = false;
	if (g->state == GUEST_READY || g->state == GUEST_SPINS)
		g->waits_since = now;
	if (g->state == GUEST_SPINS && now > g->resumed)
		g->tally->spun += now - g->resumed;
	if (g->state != GUEST_READY || !event_pending(&g->event))
		return;
	g->left = max(event_time(&g->event) - now, (s64)0);
	if (!g->until)
		g->left = work_in(g, g->left);
	event_cancel(&g->event);
}

static void loses(void *guest, s64 ns)
{
	struct guest *g = guest;

	if (g->state == GUEST_READY && event_pending(&g->event))
		event_set(&g->event, event_time(&g->event) + ns);
}

const struct machine_hooks guest_hooks = { .runs = runs, .stops = stops, .loses = loses };
