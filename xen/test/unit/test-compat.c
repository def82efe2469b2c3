/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls from 32-bit mode: each layout against what a compiler for i386 makes of the ABI's
 * headers, translating pointers, and calls on the simulated machine with structures written byte by
 * byte.
 */
#include "unit.h"

#include <asm/host.h>
#include <xen/compat.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/p2m.h>
#include <xen/shared_info.h>
#include <xen/string.h>
#include <xen/hal/time.h>

#include "../../domain/compat/private.h"
#include "../../domain/private.h"
#include "compat-samples.h"

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>

#define RAM 1024
#define ARGS 0x3000UL		/* where the guest keeps its arguments */
#define LIST 0x4ff8UL		/* and lists, which cross a page */

#define DECLARE(tag)                                                                               \
	extern const struct tag sample_##tag;                                                      \
	extern const u8 i386_sample_##tag[];                                                       \
	extern const u32 size_##tag, i386_size_##tag;
COMPAT_SAMPLES(DECLARE)

#define DECLARE_OFFSET(name, member) extern const u32 offset_##name, i386_offset_##name;
COMPAT_SHARED(DECLARE_OFFSET)
extern const u32 offset_selector, i386_offset_selector;

static const struct sample {
	const char *name;
	const void *native, *compat;
	const u32 *native_bytes, *compat_bytes;
} samples[] = {
#define ROW(tag) { #tag, &sample_##tag, i386_sample_##tag, &size_##tag, &i386_size_##tag },
	COMPAT_SAMPLES(ROW)
};

static struct domain *dom;
static u32 preempt_after;	/* calls of hypercall_preempt_check() until it says yes; 0: never */

bool hypercall_preempt_check(void)
{
	return preempt_after && --preempt_after == 0;
}

static const struct compat_layout *find_layout(const char *name)
{
	for (u32 i = 1; i < compat_nr_layouts(); i++)
		if (!strcmp(compat_layout_by_id(i)->name, name))
			return compat_layout_by_id(i);
	return NULL;
}

/* Replace translating pointers by the addresses they refer to. */
static void resolve_pointers(u64 *words, u32 bytes)
{
	for (u32 i = 0; i < bytes / 8; i++)
		if (compat_ptr_translates(gvaddr_make(words[i])))
			words[i] = compat_ptr_place(gvaddr_make(words[i])).va;
}

static void every_layout_has_a_sample(void **state)
{
	assert_int_equal(compat_nr_layouts(), ARRAY_SIZE(samples) + 2);
	for (u32 i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct compat_layout *l = find_layout(samples[i].name);

		assert_non_null(l);
		assert_int_equal(l->native_bytes, *samples[i].native_bytes);
		assert_int_equal(l->compat_bytes, *samples[i].compat_bytes);
	}
}

static void samples_convert(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct compat_layout *l = find_layout(samples[i].name);
		u8 back[COMPAT_MAX_BYTES];
		u64 native[32];

		assert_true(sizeof(native) >= l->native_bytes);
		compat_to_native(l, native, samples[i].compat);
		compat_from_native(l, back, native);
		assert_memory_equal(back, samples[i].compat, l->compat_bytes);
		resolve_pointers(native, l->native_bytes);
		assert_memory_equal(native, samples[i].native, l->native_bytes);
	}
}

/* Set the bytes of @mask that hold members; gaps stay 0. */
static void mark_members(const struct compat_field *f, u32 n, u8 *mask)
{
	for (u32 i = 0; i < n; i++)
		memset(mask + f[i].compat, 0xff, f[i].compat_size);
}

/* A member of the chosen case is narrower for the caller; nothing lies in the rest of its place. */
static void unmark_case(const struct compat_layout *l, const u8 *in, u8 *mask)
{
	for (u32 c = 0; c < l->nr_cases; c++) {
		const struct compat_case *k = &l->cases[c];

		for (u32 i = 0; !memcmp(in + l->tag, &k->tag, 4) && i < k->nr_fields; i++)
			for (u32 b = k->field[i].compat_size; b < k->field[i].native_size; b++)
				mask[k->field[i].compat + b] = 0;
	}
}

/* Does a 64-bit handle look like a translating pointer by chance? It then refers to something. */
static bool forged(const u8 *in, u32 bytes)
{
	bool found = false;

	for (u32 i = 0; i + 8 <= bytes; i += 8) {
		u64 word;

		memcpy(&word, in + i, 8);
		found |= compat_ptr_translates(gvaddr_make(word));
	}
	return found;
}

/* Whatever a guest writes comes back unchanged, and gaps come back as zero. */
static void random_bytes_come_back(void **state)
{
	unit_seed();
	for (u32 n = 0; n < 20000; n++) {
		const struct compat_layout *l =
			compat_layout_by_id(1 + unit_random_below(compat_nr_layouts() - 1));
		u8 in[COMPAT_MAX_BYTES], out[COMPAT_MAX_BYTES], mask[COMPAT_MAX_BYTES] = { 0 };
		u64 native[32];

		for (u32 i = 0; i < l->compat_bytes; i++)
			in[i] = (u8)unit_random();
		if (l->nr_cases && unit_random_below(2))
			memcpy(in + l->tag, &l->cases[0].tag, 4);
		mark_members(l->field, l->nr_fields, mask);
		unmark_case(l, in, mask);
		compat_to_native(l, native, in);
		if (forged(in, l->compat_bytes))
			continue;
		compat_from_native(l, out, native);
		for (u32 i = 0; i < l->compat_bytes; i++)
			assert_int_equal(out[i], in[i] & mask[i]);
	}
}

/* Numbers of the two kinds grow to eight bytes, with their sign and without. */
static void signs_are_kept(void **state)
{
	static const struct compat_field fields[] = { { COMPAT_INT, 0, 8, 0, 4, 0 },
						      { COMPAT_UINT, 8, 8, 4, 4, 0 } };
	static const struct compat_layout l = { .name = "signs", .native_bytes = 16,
						.compat_bytes = 8, .nr_fields = 2,
						.field = fields };
	static const s32 values[] = { -1, INT32_MIN, INT32_MAX, 0 };

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		s32 compat[2] = { values[i], values[i] }, back[2];
		s64 native[2];

		compat_to_native(&l, native, compat);
		assert_true(native[0] == values[i] && native[1] == (u32)values[i]);
		compat_from_native(&l, back, native);
		assert_memory_equal(back, compat, sizeof(compat));
	}
}

/* A part is translated as within the whole, and nothing outside of the part is written. */
static void members_one_by_one(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct compat_layout *l = find_layout(samples[i].name);
		u64 whole[32];

		if (l->nr_cases)
			continue;
		compat_to_native(l, whole, samples[i].compat);
		for (u32 k = 0; k < l->nr_fields; k++) {
			const struct compat_field *f = &l->field[k];
			u8 part[COMPAT_MAX_BYTES], image[COMPAT_MAX_BYTES];
			struct compat_span s;

			/* All of a structure is taken with its gaps. */
			if (f->native_size == l->native_bytes)
				continue;
			assert_true(f->kind == COMPAT_BYTES || f->native_size == 1 ||
				    !compat_span(l, f->native, f->native_size - 1, &s));
			assert_true(compat_span(l, f->native, f->native_size, &s));
			assert_int_equal(s.start, f->compat);
			assert_int_equal(s.end, f->compat + f->compat_size);
			assert_int_equal(compat_offset(l, f->native), f->compat);
			compat_convert_in(l, f->native, f->native_size, samples[i].compat, part);
			assert_memory_equal(part, (u8 *)whole + f->native, f->native_size);
			memset(image, 0x5a, sizeof(image));
			compat_convert_out(l, f->native, f->native_size, image, part);
			for (u32 b = 0; b < l->compat_bytes; b++)
				assert_int_equal(image[b], b >= s.start && b < s.end
							   ? ((const u8 *)samples[i].compat)[b]
							   : 0x5a);
		}
	}
}

/* Arithmetic in native sizes on a translating pointer gives the right element at any address. */
static void pointer_arithmetic(void **state)
{
	unit_seed();
	for (u32 n = 0; n < 20000; n++) {
		u32 id = 1 + unit_random_below(compat_nr_layouts() - 1);
		const struct compat_layout *l = compat_layout_by_id(id);
		u64 va = (u32)unit_random(), i = unit_random_below(1U << (n % 32));
		guest_ptr_t p = compat_ptr_make(id, va);
		u32 off = unit_random_below(l->native_bytes);
		struct compat_place at;

		assert_true(compat_ptr_translates(p));
		assert_true(p.v >> 47 != 0 && p.v >> 47 != 0x1ffff);
		at = compat_ptr_place(guest_ptr_add(p, i * l->native_bytes + off));
		assert_ptr_equal(at.layout, l);
		assert_int_equal(at.offset, off);
		assert_int_equal(at.va, va + i * l->compat_bytes);
		assert_int_equal(guest_ptr_is_null(p), va == 0);
	}
	assert_true(guest_ptr_is_null(compat_ptr_make(1, 0)));
	/* Values impossible in 32-bit mode are unchanged, and do not refer to anything. */
	assert_int_equal(compat_ptr_make(1, COMPAT_LIMIT).v, COMPAT_LIMIT);
}

static const u32 *selector(const struct vcpu_info *vi, bool wide)
{
	return (const u32 *)((const char *)vi + (wide ? offset_selector : i386_offset_selector));
}

/* The shared page in both layouts. */
static void shared_page(void **state)
{
	static char page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	struct domain d = { .shared_info = (struct shared_info *)page };
	struct vcpu_info *vi = &d.shared_info->vcpu_info[1];

	assert_int_equal(i386_offset_vcpu_info, offset_vcpu_info);
	for (u32 wide = 0; wide < 2; wide++) {
		struct shared_wallclock c;

		d.shared_info_is_32bit = !wide;
		memset(page, 0, sizeof(page));
#define OFFSET(name) (page + (wide ? offset_##name : i386_offset_##name))
		assert_ptr_equal(shared_evtchn_pending(&d), OFFSET(pending));
		assert_ptr_equal(shared_evtchn_mask(&d), OFFSET(mask));
		c = shared_wallclock(&d);
		assert_ptr_equal(c.version, OFFSET(wc_version));
		assert_ptr_equal(c.sec, OFFSET(wc_sec));
		assert_ptr_equal(c.nsec, OFFSET(wc_nsec));
		assert_ptr_equal(c.sec_hi, OFFSET(wc_sec_hi));
		assert_int_equal(shared_evtchn_ports(&d), wide ? 4096 : 1024);
		assert_int_equal(shared_evtchn_selector(&d, 1000), wide ? 15 : 31);
		assert_false(shared_select(&d, vi, 30));
		assert_true(shared_select(&d, vi, 30));
		assert_int_equal(*selector(vi, wide), 1U << 30);
		shared_select_all(&d, vi);
		assert_int_equal(*selector(vi, wide), ~0U);
		/* The write does not change the times that follow. */
		for (u32 i = offsetof(struct vcpu_info, time); i < sizeof(*vi); i++)
			assert_int_equal(((char *)vi)[i], 0);
	}
}

/* ---- calls ---- */

static void make_guest(void)
{
	struct domain_config cfg = { .domid = 1, .max_vcpus = 1, .max_grant_frames = 4,
				     .max_maptrack_frames = 4, .max_grant_version = 2,
				     .max_pages = 2 * RAM, .node = NUMA_NO_NODE };
	int err;

	host_init(1, 1, 64 << 20);
	host_start();
	dom = domain_create(&cfg, &err);
	HOST_CHECK(dom);
	for (u64 g = 0; g < RAM; g++) {
		struct page_info *pg = alloc_domain_pages(dom, 0, 0);

		HOST_CHECK(pg);
		HOST_CHECK(!p2m_map(dom->p2m, gfn_make(g), page_to_mfn(pg), 0, P2M_RAM_RW));
	}
	HOST_CHECK(domain_vcpu_create(dom, 0) == 0);
	dom->vcpu[0]->caller_is_32bit = true;
}

static void poke(u64 at, const void *src, size_t n)
{
	HOST_CHECK(!guest_phys_write(dom, gpaddr_make(at), src, n));
}

static u32 peek(u64 at)
{
	u32 val;

	HOST_CHECK(!guest_phys_read(dom, &val, gpaddr_make(at), sizeof(val)));
	return val;
}

/* The registers of a call. A continuation finds them as the one before left them. */
static long call(u32 nr, u32 *reg)
{
	struct hypercall hc = { .nr = nr };
	long rc;

	do {
		for (u32 i = 0; i < HYPERCALL_MAX_ARGS; i++)
			hc.arg[i] = reg[i];
		rc = hypercall_dispatch(dom->vcpu[0], &hc);
		for (u32 i = 0; rc == -XEN_ERESTART && i < HYPERCALL_MAX_ARGS; i++) {
			HOST_CHECK(hc.arg[i] < COMPAT_LIMIT);
			reg[i] = (u32)hc.arg[i];
		}
	} while (rc == -XEN_ERESTART);
	return rc;
}

#define CALL(nr, ...) call(nr, (u32[HYPERCALL_MAX_ARGS]){ __VA_ARGS__ })

static bool is_ram(u64 gfn)
{
	enum p2m_type t;

	p2m_lookup(dom->p2m, gfn_make(gfn), &t, NULL);
	return t == P2M_RAM_RW;
}

/* A list of 4-byte frame numbers across a page boundary, with a continuation in the middle. */
static void extent_lists(void *arg)
{
	const u32 n = 200;
	u32 r[5] = { LIST, n, 0, 0, DOMID_SELF };

	make_guest();
	for (u32 i = 0; i < n; i++)
		poke(LIST + 4 * i, &(u32){ 300 + 2 * i }, 4);
	poke(ARGS, r, sizeof(r));
	preempt_after = 1;
	HOST_CHECK(CALL(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, ARGS) == n);
	HOST_CHECK(preempt_after == 0);
	for (u32 i = 0; i < n; i++)
		HOST_CHECK(!is_ram(300 + 2 * i) && is_ram(301 + 2 * i));
	preempt_after = 2;
	HOST_CHECK(CALL(__HYPERVISOR_memory_op, XENMEM_populate_physmap, ARGS) == n);
	for (u32 i = 0; i < n; i++)
		HOST_CHECK(is_ram(300 + 2 * i));
	/* The upper half of a native count would have been garbage. */
	HOST_CHECK(CALL(__HYPERVISOR_memory_op, XENMEM_current_reservation, ARGS + 16) == RAM);
}

static void physmap_batch(void *arg)
{
	u16 head[4] = { DOMID_SELF, XENMAPSPACE_gmfn, 3, 0 };
	u32 list[3] = { LIST, LIST + 12, LIST + 24 };
	u32 idx[3] = { 20, 21, 5000 }, gfn[3] = { 2000, 2001, 2002 };
	u32 remove[2] = { DOMID_SELF, 2001 };

	make_guest();
	poke(ARGS, head, sizeof(head));
	poke(ARGS + 8, list, sizeof(list));
	poke(LIST, idx, sizeof(idx));
	poke(LIST + 12, gfn, sizeof(gfn));
	HOST_CHECK(CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, ARGS) == 0);
	HOST_CHECK(peek(LIST + 24) == 0 && peek(LIST + 28) == 0);
	HOST_CHECK((s32)peek(LIST + 32) == -XEN_EINVAL);
	HOST_CHECK(is_ram(2000) && is_ram(2001) && !is_ram(20) && !is_ram(21));
	poke(ARGS, remove, sizeof(remove));
	HOST_CHECK(CALL(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, ARGS) == 0);
	HOST_CHECK(!is_ram(2001));
}

/* Entries of 32 bytes; one is continued inside, which changes its arguments in memory. */
static void multicalls(void *arg)
{
	u32 r[5] = { LIST, 100, 0, 0, DOMID_SELF };
	u32 e[3][8] = {
		{ __HYPERVISOR_xen_version, 7, XENVER_version },
		{ __HYPERVISOR_memory_op, 7, XENMEM_decrease_reservation, ARGS },
		{ 63, 7, 1, 2, 3, 4, 5, 6 },
	};

	make_guest();
	for (u32 i = 0; i < 100; i++)
		poke(LIST + 4 * i, &(u32){ 300 + i }, 4);
	poke(ARGS, r, sizeof(r));
	poke(ARGS + 0x100, e, sizeof(e));
	preempt_after = 2;	/* between the first two, then inside the second */
	HOST_CHECK(CALL(__HYPERVISOR_multicall, ARGS + 0x100, 3) == 0);
	HOST_CHECK(peek(ARGS + 0x104) == (4 << 16 | 17));
	HOST_CHECK(peek(ARGS + 0x124) == 100);
	HOST_CHECK(peek(ARGS + 0x12c) == ARGS);
	HOST_CHECK((s32)peek(ARGS + 0x144) == -XEN_ENOSYS);
	HOST_CHECK(peek(ARGS + 0x15c) == 6);
}

static void runstate_area(void *arg)
{
	u64 time[5];

	make_guest();
	for (u32 at = 0x5000 - 40; at < 0x5000 + 40; at += 4)
		poke(at, &(u32){ 0xaaaaaaaa }, 4);
	poke(ARGS, &(u64){ 0xdeadbeef00000000 | (0x5000 - 20) }, 8);
	HOST_CHECK(CALL(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, ARGS) == 0);
	dom->vcpu[0]->runstate = sample_vcpu_runstate_info;
	runstate_area_update(dom->vcpu[0]);
	HOST_CHECK(peek(0x5000 - 24) == 0xaaaaaaaa && peek(0x5000 + 24) == 0xaaaaaaaa);
	HOST_CHECK(peek(0x5000 - 20) == 2);
	guest_phys_read(dom, time, gpaddr_make(0x5000 - 16), sizeof(time));
	HOST_CHECK(!memcmp(time, &sample_vcpu_runstate_info.state_entry_time, sizeof(time)));
	/* The same with the flag that says a copy is being changed: it is clear afterwards. */
	HOST_CHECK(CALL(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
			VMASST_TYPE_runstate_update_flag) == 0);
	poke(0x5000 - 16, time + 1, 8);
	runstate_area_update(dom->vcpu[0]);
	HOST_CHECK(peek(0x5000 - 16) == 1 && peek(0x5000 + 24) == 0xaaaaaaaa);
}

static void timers(void *arg)
{
	struct timer *t;

	make_guest();
	t = &dom->vcpu[0]->singleshot_timer;
	HOST_CHECK(CALL(__HYPERVISOR_set_timer_op, 0x89abcdef, 0x12) == 0);
	HOST_CHECK(t->expires == 0x1289abcdef);
	HOST_CHECK(CALL(__HYPERVISOR_set_timer_op, 0, 0) == 0);
	poke(ARGS, &(u64){ 0x7777777788888888 }, 8);
	poke(ARGS + 8, &(u32){ 0 }, 4);
	HOST_CHECK(CALL(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, ARGS) == 0);
	HOST_CHECK(t->expires == 0x7777777788888888);
}

/* The mode of the caller that sets the callback decides what the shared page is. */
static void layout_latched(void *arg)
{
	struct { u16 domid, pad; u32 index; u64 value; } p = { DOMID_SELF, 0, 0, 1UL << 57 | 0x40 };
	struct vcpu *v;

	make_guest();
	v = dom->vcpu[0];
	poke(ARGS, &p, sizeof(p));
	HOST_CHECK(!dom->shared_info_is_32bit);
	HOST_CHECK(CALL(__HYPERVISOR_hvm_op, HVMOP_get_param, ARGS) == 0);
	HOST_CHECK(!dom->shared_info_is_32bit);
	HOST_CHECK(CALL(__HYPERVISOR_hvm_op, HVMOP_set_param, ARGS) == 0);
	HOST_CHECK(dom->shared_info_is_32bit);
	v->caller_is_32bit = false;
	HOST_CHECK(CALL(__HYPERVISOR_hvm_op, HVMOP_set_param, ARGS) == 0);
	HOST_CHECK(!dom->shared_info_is_32bit);
}

/* NULL, and pointers to structures that end at or beyond 4 GiB. */
static void bad_pointers(void *arg)
{
	static const u32 bad[] = { 0xffffffff, 0xfffffff0, 0xffffffec, 0x40000000, 0x80000000 };
	u32 r[5] = { 0xfffffffc, 2, 0, 0, DOMID_SELF };

	make_guest();
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		HOST_CHECK(CALL(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, bad[i]) ==
			   -XEN_EFAULT);
		HOST_CHECK(CALL(__HYPERVISOR_multicall, bad[i], 2) == -XEN_EFAULT);
		HOST_CHECK(CALL(__HYPERVISOR_event_channel_op, EVTCHNOP_status, bad[i]) ==
			   -XEN_EFAULT);
		HOST_CHECK(CALL(__HYPERVISOR_sched_op, SCHEDOP_poll, bad[i]) == -XEN_EFAULT);
	}
	poke(ARGS, r, sizeof(r));
	HOST_CHECK(CALL(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, ARGS) == 0);
	/* A structure at address 0 is valid when there is memory. */
	poke(0, (u32[5]){ LIST, 0, 0, 0, DOMID_SELF }, 20);
	HOST_CHECK(CALL(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, 0) == 0);
	/* None of the attempts above wrote to a page. */
	HOST_CHECK(dom->tot_pages == RAM);
}

/*
 * Where the ABI has 64-bit handles a caller can forge a translating pointer. Whatever it looks
 * like, it refers to the caller's memory or to nothing.
 */
static void forged_pointers(void *arg)
{
	struct vcpu *v;

	make_guest();
	v = dom->vcpu[0];
	for (u32 i = 0; i < 50000; i++) {
		u64 p = 0x10UL << 59 | (host_random() & 0x07ffffffffffffff);
		u8 buf[64];
		u32 n = 1 + host_random_below(sizeof(buf));

		if (host_random_below(2))
			p &= 0xfff000000000ffff;
		memset(buf, 0, sizeof(buf));
		if (host_random_below(2))
			guest_copy_in(v, buf, gvaddr_make(p), n);
		else
			guest_copy_out(v, gvaddr_make(p), buf, n);
	}
	HOST_CHECK(dom->tot_pages == RAM);
}

/* Commands that have no pointer and succeed: a call with a bad pointer does not fail. */
static bool acts_without_pointer(u32 nr, u32 cmd)
{
	return (nr == __HYPERVISOR_sched_op && (cmd == SCHEDOP_yield || cmd == SCHEDOP_block)) ||
	       (nr == __HYPERVISOR_vcpu_op && (cmd == VCPUOP_up || cmd == VCPUOP_down));
}

/* Every call that a 64-bit guest can make must be in the table. */
static void no_call_is_missing(void *arg)
{
	u32 known = 0;

	make_guest();
	dom->is_privileged = dom->is_hardware = true;
	for (u32 nr = 0; nr < 56; nr++) {
		for (u32 cmd = 0; cmd < 64; cmd++) {
			struct hypercall hc = { nr, { cmd, 0xfff00000, 0xfff00000 } };

			if (acts_without_pointer(nr, cmd))
				continue;
			if (nr == __HYPERVISOR_vcpu_op)
				hc.arg[1] = 0;
			if (nr == __HYPERVISOR_grant_table_op)
				hc.arg[2] = 1;
			dom->vcpu[0]->caller_is_32bit = false;
			if (hypercall_dispatch(dom->vcpu[0], &hc) == -XEN_ENOSYS)
				continue;
			known++;
			if (!compat_find_call(nr, cmd))
				host_check_failed("a call is missing in layouts.toml", __FILE__,
						  (int)(nr << 8 | cmd));
		}
	}
	HOST_CHECK(known > 100);
	/* A call that is not in the table is refused. */
	dom->vcpu[0]->caller_is_32bit = true;
	HOST_CHECK(CALL(__HYPERVISOR_memory_op, XENMEM_exchange, ARGS) == -XEN_ENOSYS);
	HOST_CHECK(CALL(__HYPERVISOR_mmu_update, ARGS) == -XEN_ENOSYS);
}

static void isolated(void (*fn)(void *))
{
	const struct host_outcome *o = host_isolated(fn, NULL);

	if (o->status)
		print_message("%s\n", o->console);
	assert_int_equal(o->status, 0);
}

#define ISOLATED(name) static void test_##name(void **state) { isolated(name); }
ISOLATED(extent_lists)
ISOLATED(physmap_batch)
ISOLATED(multicalls)
ISOLATED(runstate_area)
ISOLATED(timers)
ISOLATED(bad_pointers)
ISOLATED(layout_latched)
ISOLATED(forged_pointers)
ISOLATED(no_call_is_missing)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_has_a_sample),
		cmocka_unit_test(samples_convert),
		cmocka_unit_test(random_bytes_come_back),
		cmocka_unit_test(signs_are_kept),
		cmocka_unit_test(members_one_by_one),
		cmocka_unit_test(pointer_arithmetic),
		cmocka_unit_test(shared_page),
		cmocka_unit_test(test_extent_lists),
		cmocka_unit_test(test_physmap_batch),
		cmocka_unit_test(test_multicalls),
		cmocka_unit_test(test_runstate_area),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_bad_pointers),
		cmocka_unit_test(test_layout_latched),
		cmocka_unit_test(test_forged_pointers),
		cmocka_unit_test(test_no_call_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
