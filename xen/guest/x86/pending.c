/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses that a device answers later. */
#include <xen/assert.h>
#include <xen/hal/cpu.h>
#include <xen/string.h>
#include <xen/x86/pending.h>

void pending_init(struct pending *p, const struct pending_ops *ops)
{
	memset(p, 0, sizeof(*p));
	p->ops = ops;
}

static u64 word_of(u64 number, enum pending_state state)
{
	return number << PENDING_STATE_BITS | state;
}

static void set_state(struct pending *p, enum pending_state state)
{
	__atomic_store_n(&p->word, word_of(pending_number(p), state), __ATOMIC_SEQ_CST);
}

/* Is it the same access? The value of a write must match, the value read does not matter. */
static bool is_same(const struct device_access *x, const struct device_access *y)
{
	u64 known = x->count ? ~0UL : x->write ? device_ones(x->bytes) : 0;

	return x->space == y->space && x->bytes == y->bytes && x->write == y->write &&
	       x->count == y->count && x->addr == y->addr && !((x->val ^ y->val) & known);
}

void pending_end(struct pending *p)
{
	ASSERT(pending_state(p) == PENDING_NONE || pending_state(p) == PENDING_ANSWERED);
	set_state(p, PENDING_NONE);
	p->nr = p->next = 0;
}

static void remember(struct pending *p, const struct device_access *a)
{
	ASSERT(p->next == p->nr && p->nr < PENDING_MAX_ACCESSES);
	p->done[p->nr++] = *a;
	p->next = p->nr;
}

/*
 * True: @a was done before, or has just been answered. An instruction's registers do not change
 * between its attempts, but its bytes and the memory it reads may. It is then another instruction,
 * for which no access has been done yet.
 */
static bool was_done(struct pending *p, struct device_access *a)
{
	if (p->next < p->nr) {
		if (is_same(&p->done[p->next], a)) {
			a->val = p->done[p->next++].val;
			return true;
		}
		pending_end(p);
	}
	if (pending_state(p) != PENDING_ANSWERED)
		return false;
	if (!is_same(&p->access, a)) {
		pending_end(p);
		return false;
	}
	if (!a->write && !a->count)
		a->val = p->access.val;
	set_state(p, PENDING_NONE);
	remember(p, a);
	return true;
}

enum device_rc pending_access(struct pending *p, struct device *dev, struct vcpu *v,
			      struct device_access *a)
{
	enum device_rc rc;

	if (was_done(p, a))
		return DEVICE_DONE;
	ASSERT(pending_state(p) == PENDING_NONE);
	a->pending = p;
	rc = dev && p->nr < PENDING_MAX_ACCESSES ? dev->ops->access(dev, v, a) : DEVICE_ABSENT;
	if (rc == DEVICE_ABSENT && !a->write)
		a->val = ~0UL;
	if (rc != DEVICE_PENDING && p->nr < PENDING_MAX_ACCESSES)
		remember(p, a);
	return rc;
}

u64 pending_ask(struct pending *p, struct vcpu *v, const struct device_access *a)
{
	u64 number = pending_number(p) + 1;

	ASSERT(pending_state(p) == PENDING_NONE);
	p->access = *a;
	p->ops->stop(v);
	__atomic_store_n(&p->word, word_of(number, PENDING_ASKED), __ATOMIC_SEQ_CST);
	return number;
}

/* The answer to a dropped request: all that its vCPU still waits for. */
static bool end_dropped(struct pending *p, struct vcpu *v, u64 number)
{
	u64 dropped = word_of(number, PENDING_DROPPED);

	if (!__atomic_compare_exchange_n(&p->word, &dropped, word_of(number, PENDING_NONE), false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return false;
	p->ops->resume(v);
	return true;
}

bool pending_answer(struct pending *p, struct vcpu *v, u64 number, u64 val)
{
	u64 asked = word_of(number, PENDING_ASKED);

	if (!__atomic_compare_exchange_n(&p->word, &asked, word_of(number, PENDING_ANSWERING),
					 false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return end_dropped(p, v, number);
	/* What repeated accesses read, the model has put into the guest's memory. */
	if (!p->access.write && !p->access.count)
		p->access.val = val;
	__atomic_store_n(&p->word, word_of(number, PENDING_ANSWERED), __ATOMIC_SEQ_CST);
	p->ops->resume(v);
	return true;
}

void pending_drop(struct pending *p, struct vcpu *v)
{
	u64 number = pending_number(p), was;
	enum pending_state state, then;

	/* Writing an answer takes a few stores: wait until they are done. */
	do {
		while ((state = pending_state(p)) == PENDING_ANSWERING)
			hal_cpu_relax();
		was = word_of(number, state);
		then = state == PENDING_ASKED || state == PENDING_DROPPED ? PENDING_DROPPED
									  : PENDING_NONE;
	} while (!__atomic_compare_exchange_n(&p->word, &was, word_of(number, then), false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	ASSERT(pending_number(p) == number);
	p->nr = p->next = 0;
}
