/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to a hypercall from outside: other CPUs change memory between two reads of it,
 * allocations fail, checks for preemption say yes. All follow from numbers in the step.
 *
 * The linker redirects the functions here (options.mk); the reads of the code that looks at memory
 * shared with guests are reported by the compiler (xen.mk).
 */
#include "hypercall.h"

#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>
#include <xen/hal/cpu.h>
#include <xen/hal/vcpu.h>

#include "../../xen/domain/gnttab/private.h"
#include "state-oracle.h"

/* Copies, allocations and checks within one call: far more than any legitimate call needs. */
#define WORK_LIMIT 60000
/* Reads until another CPU may run, at the most. */
#define MAX_LOADS_ALONE 400

u32 step_random(struct guest *g)
{
	g->rng = g->rng * 1664525U + 1013904223U;
	return g->rng >> 8;
}

/* Count work of the hypercall on this CPU. */
static struct guest *work(void)
{
	struct guest *g = guest_here();

	if (g && ++g->work > WORK_LIMIT)
		panic("oracle: a hypercall does more than %u units of work", WORK_LIMIT);
	return g;
}

/* ---- memory that changes ---- */

/* A number that may mean something in the place of what was there. */
static u64 other_value(struct guest *g, u32 r)
{
	static const enum field_kind kinds[] = { FIELD_DOMID, FIELD_SMALL, FIELD_GFN, FIELD_REF };

	switch (r % 4) {
	case 0:
		return 0;
	case 1:
		return step_random(g) * 0x10001UL;
	default:
		return field_value(g->step, kinds[r / 4 % ARRAY_SIZE(kinds)],
				   (u16)(r >> 8 & 0x1fff), g->d);
	}
}

/*
 * Another vCPU writes at @p, where the hypervisor has just read @len bytes or is about to: a bit,
 * all that a single read gets, or a part.
 */
static void change(struct guest *g, u8 *p, size_t len)
{
	u32 r = step_random(g), at = step_random(g) % (u32)len;
	u64 value = other_value(g, step_random(g));
	size_t width = 1UL << (r / 4 % 4);

	if (r % 4 == 0)
		p[at] ^= (u8)(1U << (r >> 16 & 7));
	else if (r % 4 < 3 && len <= sizeof(value))
		memcpy(p, &value, len);
	else
		memcpy(p + at, &value, min(width, len - at));
}

static bool race_now(struct guest *g)
{
	return g && g->step && g->step->race && step_random(g) % 3 == 0;
}

int __real_hal_guest_copy_in(struct vcpu *v, void *dst, gvaddr_t src, size_t len);
int __wrap_hal_guest_copy_in(struct vcpu *v, void *dst, gvaddr_t src, size_t len);

int __wrap_hal_guest_copy_in(struct vcpu *v, void *dst, gvaddr_t src, size_t len)
{
	int rc = __real_hal_guest_copy_in(v, dst, src, len);
	struct guest *g = work();
	u8 *page;

	/* Other CPUs run here if the seed says so. */
	hal_irq_restore(hal_irq_save());
	if (!rc && len && race_now(g)) {
		page = guest_ram(v->domain, src.v >> PAGE_SHIFT);
		if (page)
			change(g, page + src.v % PAGE_SIZE,
			       min(len, (size_t)(PAGE_SIZE - src.v % PAGE_SIZE)));
	}
	return rc;
}

int __real_hal_guest_copy_out(struct vcpu *v, gvaddr_t dst, const void *src, size_t len);
int __wrap_hal_guest_copy_out(struct vcpu *v, gvaddr_t dst, const void *src, size_t len);

int __wrap_hal_guest_copy_out(struct vcpu *v, gvaddr_t dst, const void *src, size_t len)
{
	work();
	return __real_hal_guest_copy_out(v, dst, src, len);
}

/* ---- reads of shared memory ---- */

/* The domain whose grant table, shared page or memory @at is in; NULL: no guest can write it. */
static inline struct domain *writer_of(const void *at)
{
	u64 offset = (u64)((const char *)at - hal_direct_map);
	const struct page_info *pg;

	if (likely(offset >= max_mfn << PAGE_SHIFT))
		return NULL;
	pg = &frame_table[offset >> PAGE_SHIFT];
	if (pg->state == PAGE_STATE_DOMAIN ||
	    (pg->state == PAGE_STATE_XEN && pg->flags & PAGE_FLAG_XENSHARE))
		return pg->owner;
	return NULL;
}

u64 loads_made;
u32 loads_until_switch;

/* Code that takes no lock interleaves, too: other CPUs run here if the seed says so. */
static void let_others_run(void)
{
	loads_until_switch = 1 + host_random_below(MAX_LOADS_ALONE);
	if (guest_here())
		hal_irq_restore(hal_irq_save());
}

static void reads_shared(const void *at, size_t len, struct domain *writer)
{
	struct guest *g = work();

	if (!race_now(g))
		return;
	change(g, (u8 *)at, len);
	oracle_grants_written(writer);
}

static inline void reads(const void *at, size_t len)
{
	struct domain *d = writer_of(at);

	loads_made++;
	if (unlikely(!--loads_until_switch))
		let_others_run();
	if (unlikely(d))
		reads_shared(at, len, d);
}

void __sanitizer_cov_load1(const void *p);
void __sanitizer_cov_load2(const void *p);
void __sanitizer_cov_load4(const void *p);
void __sanitizer_cov_load8(const void *p);
void __sanitizer_cov_load16(const void *p);
void __sanitizer_cov_load1(const void *p) { reads(p, 1); }
void __sanitizer_cov_load2(const void *p) { reads(p, 2); }
void __sanitizer_cov_load4(const void *p) { reads(p, 4); }
void __sanitizer_cov_load8(const void *p) { reads(p, 8); }
void __sanitizer_cov_load16(const void *p) { reads(p, 16); }

/* ---- failures ---- */

static bool fails(void)
{
	struct guest *g = work();

	return g && g->step && g->step->alloc_fails && ++g->allocs == g->step->alloc_fails;
}

struct page_info *__real_alloc_pages(u32 order, u32 memf);
struct page_info *__wrap_alloc_pages(u32 order, u32 memf);
void *__real_xzalloc_bytes(size_t size);
void *__wrap_xzalloc_bytes(size_t size);

struct page_info *__wrap_alloc_pages(u32 order, u32 memf)
{
	return fails() ? NULL : __real_alloc_pages(order, memf);
}

void *__wrap_xzalloc_bytes(size_t size)
{
	return fails() ? NULL : __real_xzalloc_bytes(size);
}

bool __real_hypercall_preempt_check(void);
bool __wrap_hypercall_preempt_check(void);

bool __wrap_hypercall_preempt_check(void)
{
	struct guest *g = work();

	if (g && g->step && g->step->how & HOW_PREEMPT &&
	    (!(g->step->how & HOW_RESTART3) || ++g->preempt_checks % 3 == 0))
		return true;
	return __real_hypercall_preempt_check();
}

/* ---- the machine ---- */

void __real_hal_p2m_flush(struct p2m *p, gfn_t start, u64 n);
void __wrap_hal_p2m_flush(struct p2m *p, gfn_t start, u64 n);

void __wrap_hal_p2m_flush(struct p2m *p, gfn_t start, u64 n)
{
	oracle_flush(p, start, n);
	__real_hal_p2m_flush(p, start, n);
}

/* dom0 may end the machine at any time, by a crash of its own too: that ends the run. Any other
 * panic ends the program. */
static bool panicked(void)
{
	const char *console = host_result()->console;

	return strstr(console, "Panic on CPU") && !strstr(console, "Hardware domain crashed");
}

void __real_hal_machine_restart(void) __noreturn;
void __real_hal_machine_power_off(void) __noreturn;
void __wrap_hal_machine_restart(void) __noreturn;
void __wrap_hal_machine_power_off(void) __noreturn;

void __wrap_hal_machine_restart(void)
{
	if (panicked())
		__real_hal_machine_restart();
	machine_off();
}

void __wrap_hal_machine_power_off(void)
{
	if (panicked())
		__real_hal_machine_power_off();
	machine_off();
}
