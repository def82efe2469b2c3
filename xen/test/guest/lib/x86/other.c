/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See other.h. */
#include "other.h"

#include <public/hvm/save.h>
#include <public/memory.h>

/* A hole of the machine's memory, where the other domain's is mapped. */
#define BASE_GFN 0x3d000UL

u16 other_domid;
u32 other_flags;

volatile u8 *other_at(u32 gpa)
{
	return (volatile u8 *)(BASE_GFN * PAGE_SIZE + gpa);
}

long other_domctl(u32 cmd, struct xen_domctl *op)
{
	long rc;

	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = other_domid;
	do
		rc = HC1(__HYPERVISOR_domctl, op);
	while (rc == -XEN_EAGAIN);
	return rc;
}

long other_simple(u32 cmd)
{
	struct xen_domctl op = { 0 };

	return other_domctl(cmd, &op);
}

static void make_domain(u32 devices)
{
	struct xen_domctl op = { .u.createdomain = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap | other_flags, .max_vcpus = 1,
		.max_evtchn_port = 1023, .max_grant_frames = 4, .max_maptrack_frames = 4,
		.grant_opts = 1, .arch.emulation_flags = devices } };
	long rc = other_domctl(XEN_DOMCTL_createdomain, &op);

	NEED(rc == 0, "createdomain: %ld", rc);
	other_domid = op.domain;
	op = (struct xen_domctl){ .u.max_vcpus.max = 1 };
	NEED(other_domctl(XEN_DOMCTL_max_vcpus, &op) == 0, "max_vcpus");
	op = (struct xen_domctl){ .u.max_mem.max_memkb = 1024 };
	NEED(other_domctl(XEN_DOMCTL_max_mem, &op) == 0, "max_mem");
	/* Pages for its second-stage tables: Xen gives a domain none by itself. */
	op = (struct xen_domctl){ .u.shadow_op = {
		.op = XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION, .mb = 4 } };
	NEED(other_domctl(XEN_DOMCTL_shadow_op, &op) == 0, "shadow_op");
}

static void give_memory(void)
{
	static xen_ulong_t idx;
	static xen_pfn_t pfn;
	static int err;

	for (u64 gfn = 0; gfn < OTHER_PAGES; gfn++) {
		struct xen_memory_reservation r = { .nr_extents = 1, .domid = other_domid };
		struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .size = 1,
						      .space = XENMAPSPACE_gmfn_foreign };

		pfn = gfn;
		set_xen_guest_handle(r.extent_start, &pfn);
		NEED(memory_op(XENMEM_populate_physmap, &r) == 1, "populate %lu", gfn);
		idx = gfn;
		pfn = BASE_GFN + gfn;
		b.u.foreign_domid = other_domid;
		set_xen_guest_handle(b.idxs, &idx);
		set_xen_guest_handle(b.gpfns, &pfn);
		set_xen_guest_handle(b.errs, &err);
		NEED(memory_op(XENMEM_add_to_physmap_batch, &b) == 0 && !err, "map %lu", gfn);
	}
}

void other_unmap(void)
{
	for (u64 gfn = 0; gfn < OTHER_PAGES; gfn++) {
		struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = BASE_GFN + gfn };

		CHECK_EQ(memory_op(XENMEM_remove_from_physmap, &r), 0);
	}
}

void other_set_gate(u32 vector, const u8 *code, const u8 *handler)
{
	volatile u64 *gate = (volatile u64 *)other_at(OTHER_IDT + vector * 8);
	u32 to = OTHER_CODE + (u32)(handler - code);

	*gate = (to & 0xffff) | 8UL << 16 | (u64)0x8e00 << 32;
}

void other_create(const u8 *code, const u8 *end, u32 devices)
{
	make_domain(devices);
	give_memory();
	for (u32 i = 0; i < end - code; i++)
		*other_at(OTHER_CODE + i) = code[i];
	*(volatile u64 *)other_at(OTHER_GDT + 8) = 0x00cf9b000000ffffUL;
	*(volatile u64 *)other_at(OTHER_GDT + 16) = 0x00cf93000000ffffUL;
}

static u8 *put(u8 *to, u16 type, const void *data, u32 len)
{
	struct hvm_save_descriptor d = { type, 0, len };

	memcpy(to, &d, sizeof(d));
	memcpy(to + sizeof(d), data, len);
	return to + sizeof(d) + len;
}

void other_start(void)
{
	static struct hvm_hw_cpu c = {
		.rip = OTHER_CODE, .rsp = OTHER_STACK, .rflags = 0x202, .cr0 = 0x11,
		.dr6 = 0xffff0ff0, .dr7 = 0x400, .cs_sel = 8, .cs_limit = ~0U, .cs_arbytes = 0xc9b,
		.ds_sel = 16, .ds_limit = ~0U, .ds_arbytes = 0xc93, .es_sel = 16, .es_limit = ~0U,
		.es_arbytes = 0xc93, .ss_sel = 16, .ss_limit = ~0U, .ss_arbytes = 0xc93,
		.tr_limit = 0x67, .tr_arbytes = 0x8b, .gdtr_base = OTHER_GDT, .gdtr_limit = 23,
		.idtr_base = OTHER_IDT, .idtr_limit = 0x7ff,
	};
	struct hvm_save_header h = { .magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION };
	static u8 stream[2048] __attribute__((aligned(16)));
	struct xen_domctl op = { 0 };
	u8 *to = stream;

	to = put(to, HVM_SAVE_CODE(HEADER), &h, sizeof(h));
	to = put(to, HVM_SAVE_CODE(CPU), &c, sizeof(c));
	to = put(to, HVM_SAVE_CODE(END), NULL, 0);
	op.u.hvmcontext.size = (u32)(to - stream);
	set_xen_guest_handle(op.u.hvmcontext.buffer, stream);
	NEED(other_domctl(XEN_DOMCTL_sethvmcontext, &op) == 0, "sethvmcontext");
	NEED(other_simple(XEN_DOMCTL_unpausedomain) == 0, "unpausedomain");
}
