/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzing of the event channel and grant table hypercalls: two domains make calls and scribble
 * over what they share with the hypervisor, as the input says. Afterwards both are destroyed, and
 * every page and every reference must be back.
 *
 * All other hypercalls from 32-bit mode are tried by their copies alone: from and to any structure
 * of the tables, at any pointer.
 *
 * The input is a list of steps. A step's first byte says what is done, by whom, from 64-bit or from
 * 32-bit mode, and whether the numbers that follow are cut down to ones that can be right, without
 * which random calls would seldom get beyond the first check.
 */
#include "fake-world.h"

#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/gnttab.h>
#include <xen/hypercall.h>
#include <xen/printk.h>
#include <xen/shared_info.h>

#include <public/memory.h>

#include "../../xen/domain/compat/private.h"

#define RAM 24
#define NR_VCPUS 2
#define FIRST_HOLE 100

struct input {
	const u8 *p;
	size_t left;
};

static u64 memory[512];		/* what guest pointers may lead to */
static struct domain *dom[2];

static u64 take(struct input *in, u32 bytes)
{
	u64 v = 0;

	for (u32 i = 0; i < bytes && in->left; i++, in->left--)
		v |= (u64)*in->p++ << (8 * i);
	return v;
}

static void take_bytes(struct input *in, void *to, size_t n)
{
	u8 *b = to;

	for (size_t i = 0; i < n; i++)
		b[i] = (u8)take(in, 1);
}

/* Rewrite @n structures of the native layout as the 32-bit caller of a call has them. */
static void narrow(const struct compat_layout *l, u32 n)
{
	u8 out[sizeof(memory)];

	for (u32 i = 0; i < n; i++)
		compat_from_native(l, out + i * l->compat_bytes,
				   (u8 *)memory + i * l->native_bytes);
	memcpy(memory, out, n * l->compat_bytes);
}

static long run(struct vcpu *v, struct hypercall *hc)
{
	guest_ptr_t arg = gvaddr_make(hc->arg[1]);
	u32 cmd = (u32)hc->arg[0], done;

	if (hc->nr == __HYPERVISOR_event_channel_op)
		return evtchn_op(v, cmd, arg);
	return gnttab_op(v, &cmd, arg, (u32)hc->arg[2], &done);
}

/* Make a call whose @n structures are in @memory, @shift bytes further than they should be. */
static void call(struct vcpu *v, u32 nr, u32 cmd, u32 n, u32 shift)
{
	struct hypercall hc = { .nr = nr, .arg = { cmd, world_ptr(memory).v + shift, n } };
	const struct compat_call *c = compat_find_call(nr, cmd);

	if (!v->caller_is_32bit) {
		run(v, &hc);
		return;
	}
	if (c && c->layout)
		narrow(compat_layout_by_id(c->layout), n);
	hc.arg[1] = (u32)(WORLD_LOW + shift);
	compat_call(v, &hc, run);
}

/* Numbers that may well be right. */
static u16 a_domid(u64 v)
{
	static const u16 ids[] = { 0, 1, DOMID_SELF, 7 };

	return ids[v % ARRAY_SIZE(ids)];
}

static u64 a_gfn(u64 v)
{
	return v % 4 == 3 ? FIRST_HOLE + v / 4 % 16 : v / 4 % (RAM + 1);
}

union evtchn_args {
	u8 bytes[32];
	u32 port;
	struct evtchn_alloc_unbound unbound;
	struct evtchn_bind_interdomain interdomain;
	struct evtchn_bind_virq virq;
	struct evtchn_bind_pirq pirq;
	struct evtchn_bind_ipi ipi;
	struct evtchn_bind_vcpu vcpu;
	struct evtchn_status status;
	struct evtchn_reset reset;
	struct evtchn_init_control control;
	struct evtchn_expand_array array;
	struct evtchn_set_priority priority;
};

static void tame_evtchn(u32 cmd, union evtchn_args *a)
{
	switch (cmd) {
	case EVTCHNOP_alloc_unbound:
		a->unbound.dom = a_domid(a->unbound.dom);
		a->unbound.remote_dom = a_domid(a->unbound.remote_dom);
		break;
	case EVTCHNOP_bind_interdomain:
		a->interdomain.remote_dom = a_domid(a->interdomain.remote_dom);
		a->interdomain.remote_port %= 16;
		break;
	case EVTCHNOP_bind_virq:
		a->virq.virq %= NR_VIRQS + 1;
		a->virq.vcpu %= NR_VCPUS + 1;
		break;
	case EVTCHNOP_bind_ipi:
		a->ipi.vcpu %= NR_VCPUS + 1;
		break;
	case EVTCHNOP_init_control:
		a->control.control_gfn = a_gfn(a->control.control_gfn);
		a->control.offset &= 0xff8;
		a->control.vcpu %= NR_VCPUS;
		break;
	case EVTCHNOP_expand_array:
		a->array.array_gfn = a_gfn(a->array.array_gfn);
		break;
	case EVTCHNOP_status:
		a->status.dom = a_domid(a->status.dom);
		a->status.port %= 16;
		break;
	case EVTCHNOP_reset:
		a->reset.dom = a_domid(a->reset.dom);
		break;
	default:
		/* A port comes first in all others, and a small number after it. */
		a->vcpu.port %= 16;
		a->vcpu.vcpu %= 17;
		break;
	}
}

static void step_evtchn(struct input *in, struct vcpu *v, bool tame)
{
	u32 cmd = (u32)take(in, 1) % (EVTCHNOP_set_priority + 2);
	union evtchn_args *a = (void *)memory;

	take_bytes(in, a, 12);
	if (tame)
		tame_evtchn(cmd, a);
	call(v, __HYPERVISOR_event_channel_op, cmd, 1, tame ? 0 : (u32)take(in, 1));
}

static void tame_map(struct gnttab_map_grant_ref *op)
{
	op->host_addr = a_gfn(op->host_addr) << PAGE_SHIFT;
	op->flags = GNTMAP_host_map | (op->flags & (GNTMAP_readonly | GNTMAP_device_map));
	op->ref %= 32;
	op->dom = a_domid(op->dom);
}

static void tame_copy_end(struct gnttab_copy_ptr *p, bool is_ref)
{
	if (is_ref) {
		p->u.ref %= 32;
		p->domid = a_domid(p->domid);
	} else {
		p->u.gmfn = a_gfn(p->u.gmfn);
		p->domid = DOMID_SELF;
	}
}

static void tame_grant(u32 cmd, void *arg)
{
	struct gnttab_unmap_grant_ref *unmap = arg;
	struct gnttab_copy *copy = arg;

	switch (cmd) {
	case GNTTABOP_map_grant_ref:
		tame_map(arg);
		break;
	case GNTTABOP_unmap_grant_ref:
		unmap->host_addr = a_gfn(unmap->host_addr) << PAGE_SHIFT;
		unmap->handle %= 16;
		break;
	case GNTTABOP_copy:
		copy->flags &= 3;
		copy->source.offset %= 128;
		copy->dest.offset %= 128;
		copy->len %= 64;
		tame_copy_end(&copy->source, copy->flags & GNTCOPY_source_gref);
		tame_copy_end(&copy->dest, copy->flags & GNTCOPY_dest_gref);
		break;
	case GNTTABOP_set_version:
		((struct gnttab_set_version *)arg)->version %= 4;
		break;
	case GNTTABOP_query_size:
	case GNTTABOP_setup_table:
	case GNTTABOP_get_version:
	case GNTTABOP_dump_table:
		((struct gnttab_query_size *)arg)->dom = a_domid(*(u16 *)arg);
		break;
	default:
		break;
	}
}

static void step_grant(struct input *in, struct vcpu *v, bool tame)
{
	static const u8 size[] = {
		[GNTTABOP_map_grant_ref] = sizeof(struct gnttab_map_grant_ref),
		[GNTTABOP_unmap_grant_ref] = sizeof(struct gnttab_unmap_grant_ref),
		[GNTTABOP_copy] = sizeof(struct gnttab_copy),
		[GNTTABOP_cache_flush] = 0,
	};
	u32 cmd = (u32)take(in, 1) % (GNTTABOP_cache_flush + 2);
	u32 n = cmd < ARRAY_SIZE(size) && size[cmd] ? 1 + (u32)take(in, 1) % 3 : 1;
	u8 *at = (u8 *)memory;

	for (u32 i = 0; i < n; i++) {
		u32 bytes = n > 1 ? size[cmd] : 40;

		take_bytes(in, at, bytes);
		if (tame)
			tame_grant(cmd, at);
		at += bytes;
	}
	/* All of the memory's end, and in 32-bit mode the end of all memory, is within reach. */
	call(v, __HYPERVISOR_grant_table_op, cmd, n, tame ? 0 : (u32)take(in, 2));
}

/* Write an entry that says something into the domain's table. */
static void step_entry(struct input *in, struct domain *d)
{
	struct gnttab_get_version gv = { .dom = DOMID_SELF };
	u32 ref = (u32)take(in, 1) % 32, done, cmd = GNTTABOP_get_version;
	u16 flags = (u16)take(in, 2), to = a_domid(take(in, 1));
	u64 what = take(in, 2);
	mfn_t mfn;

	if (gnttab_frame(d, 0, &mfn))
		return;
	memcpy(memory, &gv, sizeof(gv));
	d->vcpu[0]->caller_is_32bit = false;
	gnttab_op(d->vcpu[0], &cmd, world_ptr(memory), 1, &done);
	if (((struct gnttab_get_version *)memory)->version == 1) {
		struct grant_entry_v1 *e = (struct grant_entry_v1 *)mfn_to_virt(mfn) + ref;

		*e = (struct grant_entry_v1){ flags & 0x1f, to, (u32)a_gfn(what) };
	} else {
		union grant_entry_v2 *e = (union grant_entry_v2 *)mfn_to_virt(mfn) + ref;

		if ((flags & GTF_type_mask) == GTF_transitive) {
			e->transitive.trans_domid = a_domid(what);
			e->transitive.gref = (u32)what / 4 % 32;
		} else {
			e->sub_page.page_off = (u16)what % 64;
			e->sub_page.length = (u16)what >> 6;
			e->full_page.frame = a_gfn(what);
		}
		e->hdr.domid = to;
		e->hdr.flags = flags & 0x11f;
	}
}

/* Write anything anywhere into the domain's memory, or into the pages it shares with us. */
static void step_scribble(struct input *in, struct domain *d)
{
	u32 where = (u32)take(in, 1), offset = (u32)take(in, 2) % (PAGE_SIZE - 8);
	u64 value = take(in, 8);
	u8 *page = NULL;
	mfn_t mfn;

	if (where < 64)
		page = (u8 *)d->shared_info;
	else if (where < 128 && !gnttab_frame(d, (where & 1) |
					      (where & 2 ? XENMAPIDX_grant_table_status : 0), &mfn))
		page = mfn_to_virt(mfn);
	else if (where >= 128)
		page = world_mem(d, a_gfn(where));
	if (page)
		memcpy(page + offset, &value, sizeof(value));
}

static const u32 vcpu_virqs[] = { VIRQ_TIMER, VIRQ_DEBUG, VIRQ_XENOPROF, VIRQ_XENPMU };
static const u32 global_virqs[] = { VIRQ_CONSOLE, VIRQ_DOM_EXC, VIRQ_TBUF, VIRQ_DEBUGGER,
				    VIRQ_CON_RING, VIRQ_PCPU_STATE, VIRQ_MEM_EVENT, VIRQ_ARCH_0 };

static void step_other(struct input *in, struct domain *d, struct vcpu *v)
{
	u32 nr = (u32)take(in, 1);

	switch (nr % 8) {
	case 0:
		evtchn_send_vcpu_virq(v, vcpu_virqs[nr / 8 % ARRAY_SIZE(vcpu_virqs)]);
		break;
	case 1:
		evtchn_send_global_virq(global_virqs[nr / 8 % ARRAY_SIZE(global_virqs)]);
		break;
	case 2:
		evtchn_send_pirq(d, nr / 8);
		break;
	case 3:
		v->poll_evtchn = nr / 8 == 31 ? ~0U : nr / 8;
		v->pause_flags = VPF_POLL;
		break;
	case 4:
		evtchn_port_pending(d, nr / 8);
		break;
	case 5:
		/* The guest takes away what is mapped there. */
		if (world_mem(d, FIRST_HOLE + nr / 8 % 16))
			p2m_unmap(d->p2m, gfn_make(FIRST_HOLE + nr / 8 % 16), 0);
		break;
	case 6:
		world_preempt_every = nr / 8 % 4;
		break;
	default:
		d->controller_pause_count = nr / 8 & 1;
		/* A guest may say at any time that it is of the other width. */
		if (nr / 8 & 2)
			shared_info_latch(v);
		break;
	}
}

/* Part of an array of any structure, in or out, through a pointer that is good or forged. */
static void step_copy(struct input *in, struct vcpu *v)
{
	u32 id = 1 + (u32)take(in, 1) % (compat_nr_layouts() - 1), how = (u32)take(in, 1);
	u32 len = (u32)take(in, 1), slack = (u32)take(in, 1);
	u64 va = how & 1 ? take(in, 8) : WORLD_LOW + take(in, 2) % sizeof(memory);
	guest_ptr_t p = how & 2 ? gvaddr_make(va) : compat_ptr_make(id, va);
	u8 native[3 * 256];

	memset(native, 0xa5, sizeof(native));
	p = guest_ptr_add(p, slack);
	v->caller_is_32bit = true;
	if (how & 4)
		compat_copy_out(v, p, native + 256, len);
	else
		compat_copy_in(v, native + 256, p, len);
	for (u32 i = 0; i < 256; i++)
		BUG_ON(native[i] != 0xa5);
	for (u32 i = 256 + len; i < sizeof(native); i++)
		BUG_ON(native[i] != 0xa5);
}

static void start(void)
{
	struct vcpu *v;

	world_init();
	world_limit_guest(memory, sizeof(memory));
	for (u32 i = 0; i < 2; i++) {
		dom[i] = world_domain((u16)i, NR_VCPUS, RAM);
		BUG_ON(evtchn_domain_init(dom[i], 0));
		BUG_ON(gnttab_domain_init(dom[i], 2, 1, 2));
		for_each_vcpu(dom[i], v)
			BUG_ON(evtchn_vcpu_init(v));
	}
	dom[0]->is_privileged = dom[0]->is_hardware = dom[0]->is_mapped_1to1 = true;
	hardware_domain = dom[0];
}

static void finish(void)
{
	for (u32 i = 0; i < 2; i++) {
		while (evtchn_domain_destroy(dom[i]))
			;
		while (gnttab_domain_destroy(dom[i]))
			;
	}
	for (u32 i = 0; i < 2; i++) {
		evtchn_domain_free(dom[i]);
		gnttab_domain_free(dom[i]);
		world_domain_free(dom[i]);
	}
	BUG_ON(world_used_frames());
	BUG_ON(world_stale_frees);
	BUG_ON(world_pirqs_bound);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	start();
	while (in.left) {
		u32 what = (u32)take(&in, 1);
		struct domain *d = dom[what >> 7];
		struct vcpu *v = d->vcpu[what >> 6 & 1];
		bool tame = what & 8;

		v->caller_is_32bit = what & 16;
		switch (what & 7) {
		case 0:
		case 1:
			step_evtchn(&in, v, tame);
			break;
		case 2:
		case 3:
			step_grant(&in, v, tame);
			break;
		case 4:
			step_entry(&in, d);
			break;
		case 5:
			step_scribble(&in, d);
			break;
		case 7:
			if (tame) {
				step_copy(&in, v);
				break;
			}
			/* fall through */
		default:
			step_other(&in, d, v);
			break;
		}
	}
	finish();
	return 0;
}
