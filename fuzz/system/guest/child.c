/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's work: choose a step, say what it is, carry it out, say what came of it. */
#include "grammar.h"

static struct log *const log = (void *)(LOG_GFN * PAGE_SIZE);
static u64 drafted;
static u32 total_weight;

/* The structure, or structures, of the step's call. */
static u8 structs[3 * MAX_STRUCT] PAGE_ALIGNED;

static void put(const char *text, size_t n)
{
	while (drafted + n - *(volatile u64 *)&log->read > LOG_TEXT)
		sched_op(SCHEDOP_yield, NULL);
	for (size_t i = 0; i < n; i++)
		log->text[drafted++ % LOG_TEXT] = text[i];
	log->drafted = drafted;
}

static void PRINTF(1, 2) say(const char *fmt, ...)
{
	char text[200];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = format(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(text, MIN((size_t)n, sizeof(text) - 1));
}

static void end_line(void)
{
	put("\n", 1);
	log->written = drafted;
}

/* By words: every step makes several digests. */
static u16 digest(const void *from, size_t n)
{
	u64 h = 0xcbf29ce484222325UL, word;

	for (; n >= sizeof(word); n -= sizeof(word), from += sizeof(word)) {
		__builtin_memcpy(&word, from, sizeof(word));
		h = (h ^ word ^ word >> 29) * 0x100000001b3UL;
	}
	for (; n; n--, from++)
		h = (h ^ *(const u8 *)from) * 0x100000001b3UL;
	return (u16)(h >> 40 ^ h >> 20);
}

/*
 * What a step changed in the page shared with the hypervisor: event bits, and the first vCPU's
 * flags. Only the change, so that one difference between two hypervisors is not told again by every
 * later step. Returns 0 when nothing changed.
 */
static u16 shared_change(void)
{
	static u64 last[2 * ARRAY_SIZE(shared_info.evtchn_pending) + 2];
	u64 change[ARRAY_SIZE(last)], any = 0;
	const u64 *flags = (const u64 *)&shared_info.vcpu_info[0];

	for (u32 i = 0; i < ARRAY_SIZE(last); i++) {
		u32 half = ARRAY_SIZE(shared_info.evtchn_pending);
		u64 now = i < half ? shared_info.evtchn_pending[i] :
			  i < 2 * half ? shared_info.evtchn_mask[i - half] : flags[i - 2 * half];

		change[i] = now ^ last[i];
		any |= change[i];
		last[i] = now;
	}
	return any ? digest(change, sizeof(change)) | 1 : 0;
}

static void store_field(void *at, u64 v, u32 size)
{
	memcpy(at, &v, size);
}

static u64 load_field(const void *at, u32 size)
{
	u64 v = 0;

	memcpy(&v, at, MIN(size, 8));
	return v;
}

static void say_frames(void)
{
	for (u32 i = 0; i < LIST_MAX; i++)
		say("%c%lx", i ? ',' : '[', frames[i]);
	say("]");
}

static void fill(const struct operation *op, u8 *to)
{
	memset(to, 0, op->bytes);
	for (const struct argument *a = op->args; a < op->args + MAX_ARGS && a->name; a++) {
		u64 v;

		if (a->place != IN_STRUCT)
			continue;
		v = value_of(a->value);
		store_field(to + a->offset, v, a->size);
		say(" %s=%lx", a->name, load_field(to + a->offset, a->size));
		if (v == (u64)frames)
			say_frames();
	}
}

/* What the call wrote into a structure; what differs by right is taken out. */
static void tell_struct(const struct operation *op, u8 *s, bool ok)
{
	for (const struct argument *a = op->args; a < op->args + MAX_ARGS && a->name; a++) {
		u64 v = load_field(s + a->offset, a->size);

		if (a->place == IN_STRUCT || a->place == IN_REGISTER)
			continue;
		if (a->place == OUT_HIDDEN)
			memset(s + a->offset, 0, a->size);
		else if (ok)
			say(" %s=%lx", a->name, v);
		if (ok && a->place == OUT_PORT)
			remember_port((u32)v);
		if (ok && a->place == OUT_HANDLE)
			remember_handle((u32)v);
	}
	say(" s%x", digest(s, op->bytes));
}

static u64 call_of(const struct operation *op, u64 *count)
{
	u64 at = (u64)structs, n, vcpu;

	*count = 1;
	if (op->shape == CMD_STRUCT_COUNT || op->shape == STRUCT_COUNT)
		*count = one_in(4) ? below(4) : 1;
	for (u64 i = 0; i < *count; i++)
		fill(op, structs + i * op->bytes);
	n = one_in(64) ? value_of(V_COUNT) : *count;
	if (one_in(40))
		at = value_of(V_BUFFER);
	if (at != (u64)structs)
		say(" at=%lx", at);
	switch (op->shape) {
	case CMD_STRUCT_COUNT:
		say(" n=%lx", n);
		return (u64)HC3(op->call, op->cmd, at, n);
	case STRUCT_COUNT:
		say(" n=%lx", n);
		return (u64)HC2(op->call, at, n);
	case CMD_VCPU_STRUCT:
		vcpu = value_of(V_VCPU);
		say(" v=%lx", vcpu);
		return (u64)HC3(op->call, op->cmd, vcpu, at);
	default:
		return (u64)HC2(op->call, op->cmd, at);
	}
}

static void run_call(const struct operation *op)
{
	u64 count, rc = call_of(op, &count);

	say(" = %ld", (s64)rc);
	for (u64 i = 0; i < count; i++)
		tell_struct(op, structs + i * op->bytes, (s64)rc >= 0);
}

static void run_registers(const struct operation *op)
{
	u64 arg[5] = { 0 };
	struct outcome o = { 0 };

	for (u32 i = 0; i < ARRAY_SIZE(arg) && op->args[i].name; i++) {
		arg[i] = value_of(op->args[i].value);
		say(" %s=%lx", op->args[i].name, arg[i]);
	}
	if (op->shape == FUNCTION)
		o = op->function(arg);
	else
		o.value = (u64)hypercall(op->call, arg[0], arg[1], arg[2], arg[3]);
	if (o.trap.taken)
		say(" = #%u(%x)", o.trap.vector, o.trap.error);
	else if (o.hidden)
		say(" = any");
	else if (op->shape == FUNCTION)
		say(" = %lx", o.value);
	else
		say(" = %ld", o.value);
}

static const struct operation *choose(void)
{
	u32 n = below(total_weight);

	for (const struct operation *op = grammar;; op++) {
		if (n < op->weight)
			return op;
		n -= op->weight;
	}
}

static void step(const struct episode *e, u32 n)
{
	const struct operation *op;
	u16 before, changed;

	values_begin(e->seed, e->number, n);
	before = digest(buffer, sizeof(buffer));
	op = choose();
	say("F %u.%u %s", e->number, n, op->name);
	if (op->shape == REGISTERS || op->shape == FUNCTION)
		run_registers(op);
	else
		run_call(op);
	if (digest(buffer, sizeof(buffer)) != before)
		say(" b%x", digest(buffer, sizeof(buffer)));
	changed = shared_change();
	if (changed)
		say(" i%x", changed);
	end_line();
}

static bool kept(const struct episode *e, u32 n)
{
	u32 digit = 0;

	for (u32 i = 0; e->keep && i <= n / 4; i++) {
		char c = e->keep[i];

		if (c >= '0' && c <= '9')
			digit = (u32)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (u32)(c - 'a') + 10;
		else
			return false;
	}
	return !e->keep || digit >> n % 4 & 1;
}

void child_main(void)
{
	struct episode e = {
		.seed = arg_u64("seed", 1), .number = (u32)arg_u64("episode", 0),
		.steps = (u32)arg_u64("steps", 0), .keep = arg_text("keep"),
	};

	perform_begin();
	shared_change();
	/* Results of the last row differ by right beside another hypervisor: it is not chosen. */
	for (u32 i = 0; i < grammar_size - !arg_has("recorded"); i++)
		total_weight += grammar[i].weight;
	for (u32 n = 0; n < e.steps; n++) {
		log->step = n + 1;
		if (kept(&e, n))
			step(&e, n);
	}
	log->done = 1;
	/* Without a verdict: that is the parent's. */
	shutdown(SHUTDOWN_poweroff);
}
