/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world for tests of domain/evtchn and domain/gnttab: frames with strict reference
 * counts, domains whose p2m is an array, guest pointers that are plain addresses. It stands in for
 * mm, p2m and the rest of domain/, so that a test sees every reference and every notification.
 */
#ifndef TEST_FAKE_WORLD_H
#define TEST_FAKE_WORLD_H

#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/p2m.h>

#define WORLD_FRAMES 4096
#define WORLD_GFNS 1024
#define WORLD_MAX_DOMAINS 8

struct fake_vcpu {
	struct vcpu v;
	u32 notified;		/* calls of hal_vcpu_event_notify */
	u32 unblocked;		/* calls of vcpu_unblock */
};

struct fake_domain {
	struct domain d;
	struct p2m p2m;
	struct {
		u64 mfn;
		enum p2m_type type;
	} map[WORLD_GFNS];
};

/** Forget everything; check first that no frame but those of living domains is in use. */
void world_init(void);
/** Make a domain with @nr_vcpus vCPUs and RAM at gfns [0, @ram); refs 1, ports and grants none. */
struct domain *world_domain(u16 id, u32 nr_vcpus, u32 ram);
/** Free its RAM and itself; its subsystems must have been destroyed and its refs be 1. */
void world_domain_free(struct domain *d);

struct fake_vcpu *fake_vcpu(struct domain *d, u32 id);
struct fake_domain *fake_domain(struct domain *d);
/** Contents and page_info of what @d has at @gfn; NULL when there is nothing. */
void *world_mem(struct domain *d, u64 gfn);
struct page_info *world_page(struct domain *d, u64 gfn);
/** Address of a test's object as a guest pointer. */
static inline guest_ptr_t world_ptr(const void *p) { return gvaddr_make((u64)(uintptr_t)p); }

/** Frames in use, and references on all frames together: both return to where they were. */
u32 world_used_frames(void);
u64 world_total_refs(void);

/** hypercall_preempt_check says true from the @n-th call on, then once each @n; 0: never. */
extern u32 world_preempt_every;
/** Guest copies fail from the @n-th on (1: the next); 0: never. */
extern u32 world_copy_fails_in;
/** alloc_pages fails from the @n-th call on; 0: never. */
extern u32 world_alloc_fails_in;
/** Flushes of second-stage TLBs, and frames freed while a flush was due. */
extern u32 world_flushes;
extern u32 world_stale_frees;
extern u32 world_pirqs_bound;

/** Guest pointers lead to [@base, @base + @size) only; for tests that make up pointers. In 32-bit
 * mode this memory lies at WORLD_LOW, so that a page of it ends where 32 bits do. */
void world_limit_guest(void *base, size_t size);
#define WORLD_LOW 0xfffff000UL

#endif
