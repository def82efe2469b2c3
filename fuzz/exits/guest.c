/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One turn of a hostile guest: see exits.h. */
#include "exits.h"

#include <stdio.h>
#include <string.h>

#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/x86/control-regs.h>
#include <xen/x86/vhpet.h>

#include <asm/host.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/hvm/dm_op.h>
#include <public/platform.h>
#include <public/sysctl.h>
#include <public/xen.h>

#define CODE_ROOM (2 * PAGE_SIZE)
#define BUFFER_PAGE (WORLD_DATA + 4)
#define TOOLSTACK_TIME 100000
/* Steps of their own: debug keys (the step's instruction bytes); dm_op; answers; functions. */
#define PICK_KEYS 63
#define PICK_DM_OP 62
#define PICK_MODEL 61
#define PICK_PASSED 60

struct turn {
	struct soft_entry *e;
	const struct step *s;
	struct world_domain *w;
	struct x86_vcpu *xv;
	struct vmcb *b;
	u32 len;		/* of the instruction at RIP */
};

static struct world_domain *world_of(const struct vcpu *v)
{
	return &run.world[run.world[1].d == v->domain];
}

static u64 edge(u8 pick)
{
	static const u64 edges[] = {
		0, 1, 2, 3, 7, 8, 0xf, 0x10, 0x1f, 0x7f, 0x80, 0xff, 0x100, 0xfff, 0x1000, 0x7fff,
		0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 1UL << 32, 1UL << 47,
		(1UL << 47) - 1, 1UL << 48, ~0UL >> 1, 1UL << 63, ~0UL, ~1UL,
	};

	return edges[pick % ARRAY_SIZE(edges)];
}

/* Guest physical addresses where something is, with @off added. */
static u64 place(const struct turn *t, u8 pick, u32 off)
{
	const u64 at[] = {
		vlapic_mmio_base(&t->xv->vlapic).v, SOFT_IOAPIC_BASE, SOFT_PCI_WINDOW,
		SOFT_PCI_BAR_BASE + 0x10800, SOFT_PCI_BAR_BASE + 0x20800,
		t->w->base + WORLD_HOLE * PAGE_SIZE, t->w->base + WORLD_READ_ONLY * PAGE_SIZE,
		t->w->base + WORLD_DATA * PAGE_SIZE, t->w->base + WORLD_CODE * PAGE_SIZE,
		SOFT_PCI_BAR_BASE, 1UL << 39, 1UL << 47, VHPET_DEFAULT_BASE,
		VHPET_DEFAULT_BASE + 0x100,
	};

	return pick & 0x80 ? t->s->b : at[pick % ARRAY_SIZE(at)] + (off & 0xfff);
}

static u64 data_at(const struct turn *t, u32 page)
{
	return t->w->base + page * PAGE_SIZE;
}

static void write_memory(const struct turn *t, u64 gpa, const void *bytes, u32 n)
{
	int rc __unused;

	/*
	 * A flush of TLBs holds the p2m's lock until all guests have left, which an interrupt makes
	 * this one do, too. A guest that has given the page away writes nothing.
	 */
	hal_irq_enable();
	rc = guest_phys_write(t->w->d, gpaddr_make(gpa), bytes, n);
	hal_irq_disable();
}

static void set_gpr(struct turn *t, u32 reg, u64 val)
{
	if (reg == GPR_RAX)
		t->b->rax = val;
	else if (reg == GPR_RSP)
		t->b->rsp = val;
	else
		t->e->gpr[reg] = val;
}

/* The step's own instruction, or @bytes, at RIP. */
static void put_insn(struct turn *t, const u8 *bytes, u32 n)
{
	u64 linear;

	if (t->s->len) {
		bytes = t->s->insn;
		n = 1 + (t->s->len - 1) % INSN_ROOM;
	}
	linear = t->w->base + WORLD_CODE * PAGE_SIZE + t->s->a % (CODE_ROOM - 16);
	t->b->rip = linear - t->b->cs.base;
	write_memory(t, linear, bytes, n);
	t->len = n;
}

#define INSN(...) put_insn(t, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

static void turn_cpuid(struct turn *t)
{
	static const u32 leaves[] = { 0, 1, 2, 4, 6, 7, 0xa, 0xb, 0xd, 0x40000000, 0x40000001,
				      0x40000002, 0x40000003, 0x40000004, 0x40000005, 0x80000000,
				      0x80000001, 0x80000007, 0x80000008, 0x8000000a, 0x8000001d };

	INSN(0x0f, 0xa2);
	set_gpr(t, GPR_RAX, t->s->pick & 0x80 ? t->s->b : leaves[t->s->pick % ARRAY_SIZE(leaves)]);
	set_gpr(t, GPR_RCX, t->s->c & 0xff ? t->s->c : t->s->reg);
	t->b->exit_code = SVM_EXIT_CPUID;
}

static void turn_msr(struct turn *t)
{
	static const u32 msrs[] = {
		0x10, 0x17, 0x1b, 0x3a, 0x3b, 0x48, 0x49, 0x8b, 0xce, 0xfe, 0x174, 0x175, 0x176,
		0x179, 0x17a, 0x1a0, 0x1d9, 0x200, 0x201, 0x250, 0x258, 0x268, 0x26f, 0x277, 0x2ff,
		0x345, 0x400, 0x401, 0x402, 0x404, 0x6e0, 0x800, 0x802, 0x808, 0x80b, 0x80d, 0x80f,
		0x828, 0x830, 0x832, 0x835, 0x838, 0x839, 0x83e, 0x83f, 0xda0, 0x40000000,
		0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101,
		0xc0000102, 0xc0000103, 0xc0000104, 0xc0010010, 0xc0010015, 0xc001001f, 0xc0010055,
		0xc0010058, 0xc0010114, 0xc0010117, 0xc0011029,
	};
	u32 msr = t->s->pick & 0x80 ? t->s->a : msrs[t->s->pick % ARRAY_SIZE(msrs)];
	u64 val = t->s->reg & 2 ? edge((u8)t->s->b) : t->s->b;

	t->b->exit_info1 = t->s->reg & 1;
	INSN(0x0f, t->s->reg & 1 ? 0x30 : 0x32);
	set_gpr(t, GPR_RCX, msr);
	set_gpr(t, GPR_RAX, val);
	set_gpr(t, GPR_RDX, val >> 32);
	t->b->exit_code = SVM_EXIT_MSR;
}

static u16 port(const struct turn *t)
{
	static const u16 ports[] = { 0x20, 0x21, 0x40, 0x41, 0x42, 0x43, 0x61, 0x64, 0x70, 0x71,
				     0x80, 0x92, 0xa0, 0xcf8, 0xcf9, 0xcfa, 0xcfc, 0xcfe, 0xe9,
				     0x3f8, 0x4d0, 0x604, 0x605, 0xffff, 0x4d1, 0x1f40, 0x1f42,
				     0x1f48, 0xb000, 0xb002, 0xb004, 0xb008 };

	return t->s->pick & 0x80 ? (u16)t->s->a : ports[t->s->pick % ARRAY_SIZE(ports)];
}

static void exit_port(struct turn *t, u16 p, u32 bytes, bool in, bool string)
{
	t->b->exit_code = SVM_EXIT_IOIO;
	t->b->exit_info1 = (u64)p << 16 | bytes << 4 | (string ? BIT(2) : 0) | in;
	t->b->exit_info2 = t->b->rip + t->len;
	set_gpr(t, GPR_RDX, p);
}

static void turn_port(struct turn *t)
{
	bool in = t->s->reg & 1;
	u32 bytes = 1U << (t->s->reg >> 1) % 3;

	INSN(in ? 0xec : 0xee);
	set_gpr(t, GPR_RAX, t->s->b);
	exit_port(t, port(t), bytes, in, false);
}

static void turn_string_port(struct turn *t)
{
	bool in = t->s->reg & 1;
	u32 wide = t->s->reg >> 1 & 1;

	INSN(t->s->reg & 4 ? 0xf3 : 0x90, (in ? 0x6c : 0x6e) + wide);
	if (!(t->s->reg & 4))
		t->b->rip++;
	set_gpr(t, GPR_RCX, edge((u8)t->s->c));
	set_gpr(t, GPR_RSI, place(t, (u8)(t->s->c >> 8), (u32)t->s->b));
	set_gpr(t, GPR_RDI, place(t, (u8)(t->s->c >> 8), (u32)t->s->b));
	exit_port(t, port(t), wide ? 4 : 1, in, true);
}

/* The event whose delivery the exit interrupts. */
static void interrupt_delivery(struct turn *t)
{
	u64 info = t->e->event;

	if (t->e->vector >= 0) {
		/* It was taken with interrupts on and no shadow, and is not delivered yet. */
		t->b->rflags |= X86_EFLAGS_IF;
		t->b->interrupt_shadow &= ~1UL;
		info = SVM_EV_TYPE_INTR | (u64)t->e->vector;
	} else if (!info) {
		info = t->s->reg & 1 ? SVM_EV_TYPE_EXC | (t->s->reg & 2 ? X86_VEC_PF : X86_VEC_BP)
				     : SVM_EV_TYPE_SOFT | t->s->pick;
	}
	if ((info & SVM_EV_TYPE_MASK) == SVM_EV_TYPE_EXC &&
	    (info & SVM_EV_VECTOR_MASK) == X86_VEC_PF && (t->b->cr0 & X86_CR0_PE))
		info |= SVM_EV_ERROR_VALID;
	t->b->exit_int_info = info | SVM_EV_VALID;
}

static void exit_fault(struct turn *t, u64 gpa, u64 info)
{
	t->b->exit_code = SVM_EXIT_NPF;
	t->b->exit_info1 = info;
	t->b->exit_info2 = gpa;
	if (t->s->flags & FLAG_DELIVERY)
		interrupt_delivery(t);
}

static void turn_fault(struct turn *t)
{
	static const u8 moves[][4] = {
		{ 0x89, 0x08 }, { 0x8b, 0x08 }, { 0x88, 0x08 }, { 0x8a, 0x08 },
		{ 0x66, 0x89, 0x08 }, { 0x48, 0x89, 0x08 }, { 0x48, 0x8b, 0x08 },
		{ 0x0f, 0xb6, 0x08 }, { 0xff, 0x00 },
		{ 0xa4 }, { 0xf3, 0xa5 }, { 0xf3, 0xab }, { 0x87, 0x08 }, { 0xf0, 0x01, 0x08 },
		{ 0x0f, 0x11, 0x00 }, { 0x0f, 0x10, 0x00 }, { 0xf0, 0x0f, 0xb1, 0x08 }, { 0x50 },
		{ 0xc5, 0xfe, 0x7f, 0x00 }, { 0xc6, 0x00, 0x5a },
	};
	static const u8 lens[] = { 2, 2, 2, 2, 3, 3, 3, 3, 2, 1, 2, 2, 2, 3, 3, 3, 4, 1, 4, 3 };
	u32 which = t->s->reg % ARRAY_SIZE(lens);
	u64 gpa = place(t, t->s->pick, t->s->a >> 16);

	BUILD_BUG_ON(ARRAY_SIZE(lens) != ARRAY_SIZE(moves));
	put_insn(t, moves[which], lens[which]);
	set_gpr(t, GPR_RCX, t->s->b);
	set_gpr(t, GPR_RAX, gpa);
	set_gpr(t, GPR_RDI, gpa);
	set_gpr(t, GPR_RSI, t->s->c & 1 ? gpa : data_at(t, WORLD_DATA));
	/* Bit 1: a write; bit 32: not a walk of the guest's own tables. */
	exit_fault(t, gpa, (t->s->c & 2) | (t->s->c & 4 ? 0 : BIT(32)));
}

static void turn_fetch_fault(struct turn *t)
{
	exit_fault(t, place(t, t->s->pick, t->s->a), BIT(4) | BIT(32));
}

static void turn_control(struct turn *t)
{
	static const u8 insns[][4] = {
		{ 0x0f, 0x22, 0xe0 }, { 0x0f, 0x22, 0xc0 }, { 0x44, 0x0f, 0x22, 0xc0 },
		{ 0x0f, 0x20, 0xe0 }, { 0x44, 0x0f, 0x20, 0xc0 }, { 0x0f, 0x06 },
		{ 0x0f, 0x01, 0xf0 }, { 0x0f, 0x22, 0xd8 }, { 0x0f, 0x23, 0xf8 },
		{ 0x0f, 0x21, 0xf8 }, { 0x0f, 0x01, 0xe0 },
	};
	static const u8 lens[] = { 3, 3, 4, 3, 4, 2, 3, 3, 3, 3, 3 };
	u32 which = t->s->pick % ARRAY_SIZE(lens);
	u64 val = t->s->reg & 1 ? t->b->cr4 ^ BIT(t->s->b & 63) : t->s->b;

	BUILD_BUG_ON(ARRAY_SIZE(lens) != ARRAY_SIZE(insns));
	put_insn(t, insns[which], lens[which]);
	set_gpr(t, GPR_RAX, t->s->reg & 2 ? t->b->cr0 ^ BIT(t->s->b & 31) : val);
	t->b->exit_code = SVM_EXIT_CR0_WRITE + 4;
}

static void turn_xcr(struct turn *t)
{
	INSN(0x0f, 0x01, t->s->pick & 1 ? 0xd0 : 0xd1);
	set_gpr(t, GPR_RCX, t->s->reg & 1 ? t->s->c : 0);
	set_gpr(t, GPR_RAX, t->s->b);
	set_gpr(t, GPR_RDX, t->s->b >> 32);
	t->b->exit_code = SVM_EXIT_XSETBV;
}

static void turn_exception(struct turn *t)
{
	static const u8 vectors[] = { X86_VEC_DB, X86_VEC_AC, X86_VEC_DB, X86_VEC_GP };

	t->b->exit_info1 = 0;
	t->b->exit_code = SVM_EXIT_EXC_BASE + vectors[t->s->pick % ARRAY_SIZE(vectors)];
	if (t->s->reg & 1)
		t->b->dr6 |= BIT(14);
	/* IRET has been executed meanwhile. */
	if (t->s->reg & 2)
		t->b->rip++;
}

static void turn_hlt(struct turn *t)
{
	INSN(0xf4);
	t->b->exit_code = SVM_EXIT_HLT;
}

static void exit_call(struct turn *t, u32 nr, u64 a0, u64 a1, u64 a2)
{
	bool wide = (t->b->efer & EFER_LMA) && (t->b->cs.attr & HVM_SEG_ATTR_L);

	INSN(0x0f, 0x01, 0xd9);
	set_gpr(t, GPR_RAX, nr);
	set_gpr(t, wide ? GPR_RDI : GPR_RBX, a0);
	set_gpr(t, wide ? GPR_RSI : GPR_RCX, a1);
	set_gpr(t, GPR_RDX, a2);
	t->b->exit_code = SVM_EXIT_VMMCALL;
}

/* Control calls have a step of their own, which leaves the machine's CPUs and pools alone. */
static bool is_control_call(u32 nr)
{
	return nr == __HYPERVISOR_domctl || nr == __HYPERVISOR_sysctl ||
	       nr == __HYPERVISOR_platform_op || nr == __HYPERVISOR_multicall;
}

/* Long lists are tried now and then only, as they take long. */
static u64 list_length(u64 raw)
{
	return raw % 16 ? raw % 8 : raw >> 4;
}

static void turn_hypercall(struct turn *t)
{
	u64 data = data_at(t, WORLD_DATA + (t->s->reg >> 4 & 3));
	u64 buffer = data_at(t, BUFFER_PAGE);
	u32 nr = t->s->pick & 0x3f;

	write_memory(t, data, &t->s->b, sizeof(t->s->b) + sizeof(t->s->c));
	write_memory(t, data + 16, t->s->insn, sizeof(t->s->insn));
	if (t->s->reg & 1)
		write_memory(t, data + (t->s->a >> 24 & 0x18), &buffer, sizeof(buffer));
	if (t->s->reg & 8)
		write_memory(t, data, &run.other, sizeof(run.other));
	if (t->w->hardware && is_control_call(nr))
		nr = __HYPERVISOR_xen_version;
	if (nr == __HYPERVISOR_multicall)
		exit_call(t, nr, data, list_length(t->s->a), t->s->c);
	else if (nr == __HYPERVISOR_console_io)
		exit_call(t, nr, t->s->a & 0xff, list_length(t->s->a >> 8), data);
	else
		exit_call(t, nr, t->s->a & 0xff, data,
			  nr == __HYPERVISOR_grant_table_op ? list_length(t->s->c) : t->s->c);
}

static u32 domctl_command(u8 pick)
{
	static const u8 cmds[] = {
		XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain, XEN_DOMCTL_getdomaininfo,
		XEN_DOMCTL_shadow_op, XEN_DOMCTL_max_mem, XEN_DOMCTL_setvcpucontext,
		XEN_DOMCTL_getvcpucontext, XEN_DOMCTL_getvcpuinfo, XEN_DOMCTL_max_vcpus,
		XEN_DOMCTL_hypercall_init, XEN_DOMCTL_settimeoffset, XEN_DOMCTL_gethvmcontext,
		XEN_DOMCTL_sethvmcontext, XEN_DOMCTL_set_address_size, XEN_DOMCTL_get_address_size,
		XEN_DOMCTL_sendtrigger, XEN_DOMCTL_settscinfo, XEN_DOMCTL_gettscinfo,
		XEN_DOMCTL_gethvmcontext_partial, XEN_DOMCTL_get_cpu_policy,
		XEN_DOMCTL_set_cpu_policy, XEN_DOMCTL_get_paging_mempool_size,
		XEN_DOMCTL_set_paging_mempool_size, XEN_DOMCTL_resumedomain,
	};

	return cmds[pick % ARRAY_SIZE(cmds)];
}

/* The arguments of a control call are the step's bytes; buffers are put where @a says. */
static void fill_arguments(const struct turn *t, u64 at)
{
	write_memory(t, at, &t->s->b, sizeof(t->s->b) + sizeof(t->s->c));
	write_memory(t, at + 16, t->s->insn, sizeof(t->s->insn));
	if (t->s->reg & 1)
		write_memory(t, at + (t->s->a >> 16 & 0x18), &(u64){ data_at(t, BUFFER_PAGE) }, 8);
	if (t->s->reg & 8)
		write_memory(t, at + (t->s->a >> 24 & 0x18), &(u64){ data_at(t, BUFFER_PAGE + 2) },
			     8);
	/* The toolstack changes a byte of what it has got before it gives it back. */
	if (t->s->reg & 4)
		write_memory(t, data_at(t, BUFFER_PAGE) + (t->s->a & 0x3fff), &t->s->flags, 1);
}

static void call_domctl(struct turn *t)
{
	u64 at = data_at(t, WORLD_DATA);
	struct { u32 cmd, version; u16 domain, pad[3]; } op = {
		domctl_command(t->s->pick), XEN_DOMCTL_INTERFACE_VERSION,
		t->s->reg & 2 ? (u16)t->s->c : run.other, { 0 },
	};

	write_memory(t, at, &op, sizeof(op));
	fill_arguments(t, at + offsetof(struct xen_domctl, u));
	exit_call(t, __HYPERVISOR_domctl, at, 0, 0);
}

static void call_sysctl(struct turn *t)
{
	static const u8 cmds[] = { XEN_SYSCTL_get_cpu_policy, XEN_SYSCTL_get_cpu_featureset,
				   XEN_SYSCTL_get_cpu_levelling_caps, XEN_SYSCTL_physinfo,
				   XEN_SYSCTL_readconsole, XEN_SYSCTL_getdomaininfolist };
	u64 at = data_at(t, WORLD_DATA);
	u32 op[2] = { t->s->pick == PICK_KEYS ? XEN_SYSCTL_debug_keys
					      : cmds[t->s->pick % ARRAY_SIZE(cmds)],
		      XEN_SYSCTL_INTERFACE_VERSION };

	write_memory(t, at, op, sizeof(op));
	fill_arguments(t, at + offsetof(struct xen_sysctl, u));
	if (op[0] == XEN_SYSCTL_debug_keys)
		write_memory(t, data_at(t, BUFFER_PAGE), t->s->insn, INSN_ROOM);
	exit_call(t, __HYPERVISOR_sysctl, at, 0, 0);
}

static void call_platform(struct turn *t)
{
	static const u8 cmds[] = { XENPF_settime64, XENPF_get_cpuinfo, XENPF_firmware_info, 200 };
	u64 at = data_at(t, WORLD_DATA);
	u32 op[2] = { cmds[t->s->pick % ARRAY_SIZE(cmds)], XENPF_INTERFACE_VERSION };

	write_memory(t, at, op, sizeof(op));
	fill_arguments(t, at + offsetof(struct xen_platform_op, u));
	exit_call(t, __HYPERVISOR_platform_op, at, 0, 0);
}

/* The toolstack is its guest's device model, too. */
static void call_dm_op(struct turn *t)
{
	u64 at = data_at(t, WORLD_DATA), list = at + 256;
	const u32 head[2] = { t->s->a & 0x1f, 0 };
	const u64 bufs[4] = { at, sizeof(struct xen_dm_op), data_at(t, BUFFER_PAGE), PAGE_SIZE };

	write_memory(t, at, head, sizeof(head));
	write_memory(t, at + offsetof(struct xen_dm_op, u), &t->s->b,
		     sizeof(t->s->b) + sizeof(t->s->c));
	write_memory(t, at + offsetof(struct xen_dm_op, u) + 16, t->s->insn, INSN_ROOM);
	write_memory(t, list, bufs, sizeof(bufs));
	exit_call(t, __HYPERVISOR_dm_op, run.other, 1 + (t->s->reg & 1), list);
}

/* The toolstack answers its guest, or does not, and says so. */
static void call_model(struct turn *t)
{
	u32 port = model_turn(t->s);
	u64 at = data_at(t, WORLD_DATA);

	write_memory(t, at, &port, sizeof(port));
	exit_call(t, __HYPERVISOR_event_channel_op, EVTCHNOP_send, at, 0);
}

/* The toolstack gives, takes or maps what the machine has. */
static void call_passed(struct turn *t)
{
	u64 at = data_at(t, WORLD_DATA);
	struct passed_call c;
	u32 nr = passed_call(t->s, &c);

	write_memory(t, at, &c.op, c.len);
	if (nr == __HYPERVISOR_physdev_op)
		exit_call(t, nr, c.cmd, at, 0);
	else
		exit_call(t, nr, at, 0, 0);
}

static void turn_control_call(struct turn *t)
{
	if (t->s->pick == PICK_MODEL && scene_has_model(run.scene)) {
		call_model(t);
		return;
	}
	if (t->s->pick == PICK_PASSED && run.scene == SCENE_PASSED) {
		call_passed(t);
		return;
	}
	if (t->s->pick == PICK_DM_OP) {
		call_dm_op(t);
		return;
	}
	switch (t->s->pick >> 6) {
	case 0:
		call_sysctl(t);
		break;
	case 1:
		call_platform(t);
		break;
	default:
		call_domctl(t);
	}
}

static void turn_iret(struct turn *t)
{
	INSN(0x48, 0xcf);
	if (t->b->intercept1 & SVM_I1_IRET)
		t->b->exit_code = SVM_EXIT_IRET;
}

static void turn_plain(struct turn *t)
{
	static const u8 codes[] = { SVM_EXIT_WBINVD, SVM_EXIT_INVD, SVM_EXIT_PAUSE, SVM_EXIT_SMI,
				    SVM_EXIT_NMI, SVM_EXIT_INIT };
	u32 which = t->s->pick % ARRAY_SIZE(codes);

	if (which == 0)
		INSN(0x0f, 0x09);
	else if (which == 1)
		INSN(0x0f, 0x08);
	else
		INSN(0xf3, 0x90);
	t->b->exit_code = codes[which];
}

static void turn_undefined(struct turn *t)
{
	static const u8 codes[] = {
		SVM_EXIT_RDPMC, SVM_EXIT_INVLPGA, SVM_EXIT_VMRUN, SVM_EXIT_VMLOAD, SVM_EXIT_SKINIT,
		SVM_EXIT_RDTSCP, SVM_EXIT_MONITOR, SVM_EXIT_MWAIT_COND, SVM_EXIT_RDPRU,
		SVM_EXIT_INVLPGB, SVM_EXIT_TLBSYNC,
	};

	t->b->exit_code = codes[t->s->pick % ARRAY_SIZE(codes)];
}

static void turn_time(struct turn *t)
{
	soft_guest_computes((s_time_t)(t->s->b & 0xffffff));
}

/* A device raises its line, or sends one of its messages. */
static void turn_device(struct turn *t)
{
	if (t->s->reg & 1)
		soft_line_fires(t->s->a % SOFT_NR_GSIS);
	else
		soft_msi_fires((u8)(0x30 + t->s->a % 16));
}

/* The guest's tables, code and buffers are its own to change. */
static void turn_write(struct turn *t)
{
	u64 gpa = t->w->base + (t->s->a % (WORLD_PAGES * PAGE_SIZE) & ~7UL);

	write_memory(t, gpa, &t->s->b, 16);
}

static void turn_mode(struct turn *t)
{
	/* A vCPU is changed by its guest only, so nothing waits for it. */
	world_set_mode(t->w, t->xv, t->s->pick % WORLD_MODES, t->s->reg & 3);
}

static void turn_segment(struct turn *t)
{
	enum hvm_segment seg = t->s->pick % HVM_NR_SEGS;
	struct hvm_seg s = { (u16)t->s->a, (u16)(t->s->c & 0xfff), (u32)t->s->c,
			     (u64)((s64)(t->s->b << 16) >> 16) };

	if (seg == HVM_CS && (s.attr & HVM_SEG_ATTR_L))
		s.attr &= ~HVM_SEG_ATTR_DB;
	hvm->set_seg(t->xv, seg, &s);
}

/* A write to, or read from, a register of its local APIC, in whichever way it is reached. */
static void turn_apic(struct turn *t)
{
	u32 reg = t->s->pick & 0x3f;
	bool write = !(t->s->reg & 1);
	u64 gpa = vlapic_mmio_base(&t->xv->vlapic).v + reg * 16;

	if (t->xv->vlapic.x2apic) {
		t->b->exit_info1 = write;
		INSN(0x0f, write ? 0x30 : 0x32);
		set_gpr(t, GPR_RCX, MSR_X2APIC_FIRST + reg);
		set_gpr(t, GPR_RAX, (u32)t->s->b);
		set_gpr(t, GPR_RDX, t->s->b >> 32);
		t->b->exit_code = SVM_EXIT_MSR;
		return;
	}
	INSN(write ? 0x89 : 0x8b, 0x08);
	set_gpr(t, GPR_RAX, gpa);
	set_gpr(t, GPR_RCX, t->s->b);
	exit_fault(t, gpa, BIT(32) | (write ? BIT(1) : 0));
}

/* Two turns: the address port, then the data port. */
static void turn_pci(struct turn *t)
{
	u32 *data = &run.pci_data[t->w - run.world], reg = t->s->a & 0xff;

	INSN(0xef);
	set_gpr(t, GPR_RAX, 0x80000000 | (t->s->pick & 7) << 11 | (t->s->a & 0xfc));
	exit_port(t, 0xcf8, 4, false, false);
	*data = 0xcfc + (reg & 3);
	run.next--;
}

static void turn_pci_data(struct turn *t)
{
	u32 *data = &run.pci_data[t->w - run.world];

	INSN(t->s->reg & 1 ? 0xed : 0xef);
	set_gpr(t, GPR_RAX, t->s->b);
	exit_port(t, (u16)*data, 1U << (t->s->reg >> 1) % 3, t->s->reg & 1, false);
	*data = 0;
}

static void turn_shutdown(struct turn *t)
{
	t->b->exit_code = SVM_EXIT_SHUTDOWN;
}

static void turn_odd(struct turn *t)
{
	t->b->exit_code = t->s->reg & 1 ? SVM_EXIT_INVALID : t->s->a % 0x401;
	/* A processor always says how many bytes. */
	if (t->b->exit_code == SVM_EXIT_IOIO)
		t->b->exit_info1 = 1 << 4;
	if (t->b->exit_code == SVM_EXIT_EXC_BASE + X86_VEC_MC ||
	    t->b->exit_code == SVM_EXIT_IRET)
		t->b->exit_code = SVM_EXIT_INTR;
}

static void (*const turns[STEP_KINDS])(struct turn *t) = {
	[STEP_CPUID] = turn_cpuid, [STEP_MSR] = turn_msr, [STEP_PORT] = turn_port,
	[STEP_STRING_PORT] = turn_string_port, [STEP_FAULT] = turn_fault,
	[STEP_FETCH_FAULT] = turn_fetch_fault, [STEP_CONTROL] = turn_control,
	[STEP_XCR] = turn_xcr, [STEP_EXCEPTION] = turn_exception, [STEP_HLT] = turn_hlt,
	[STEP_HYPERCALL] = turn_hypercall, [STEP_CONTROL_CALL] = turn_control_call,
	[STEP_IRET] = turn_iret, [STEP_PLAIN] = turn_plain, [STEP_UNDEFINED] = turn_undefined,
	[STEP_TIME] = turn_time, [STEP_DEVICE] = turn_device, [STEP_WRITE] = turn_write,
	[STEP_MODE] = turn_mode, [STEP_SEGMENT] = turn_segment, [STEP_APIC] = turn_apic,
	[STEP_PCI] = turn_pci, [STEP_SHUTDOWN] = turn_shutdown, [STEP_ODD] = turn_odd,
};

static const char *const names[STEP_KINDS] = {
	"CPUID", "MSR", "port", "string port", "fault", "fetch fault", "control register",
	"XSETBV", "exception", "HLT", "hypercall", "control call", "IRET", "plain exit",
	"undefined instruction", "time", "device", "write to memory", "mode", "segment",
	"local APIC", "PCI", "shutdown", "odd exit",
};

void step_print(u32 nr, const struct step *s)
{
	fprintf(stderr, "%3u %-22s flags %02x pick %02x reg %02x a %08x b %016lx c %016lx", nr,
		names[s->kind % STEP_KINDS], s->flags, s->pick, s->reg, s->a, s->b, s->c);
	for (u32 i = 0; s->len && i <= (s->len - 1U) % INSN_ROOM; i++)
		fprintf(stderr, " %02x", s->insn[i]);
	fputc('\n', stderr);
}

/* What a guest may change of its state before the exit, and without one. */
static void change_flags(struct turn *t)
{
	static const s_time_t computes[] = { 0, 100, 20000, 1000000 };
	u8 f = t->s->flags;

	t->b->rflags &= ~(u64)(X86_EFLAGS_IF | X86_EFLAGS_TF);
	t->b->rflags |= (f & FLAG_IF ? X86_EFLAGS_IF : 0) | (f & FLAG_TF ? X86_EFLAGS_TF : 0);
	t->b->interrupt_shadow = f & FLAG_SHADOW ? 1 : 0;
	t->b->cpl = f & FLAG_USER && (t->b->cr0 & X86_CR0_PE) ? 3 : 0;
	if (f >> FLAG_TIME_SHIFT)
		soft_guest_computes(computes[f >> FLAG_TIME_SHIFT]);
}

/* Nothing is left to do: HLT with interrupts off, until the vCPU is down. */
static void last_turn(struct turn *t)
{
	t->b->rflags &= ~(u64)(X86_EFLAGS_IF | X86_EFLAGS_TF);
	t->b->exit_code = SVM_EXIT_HLT;
	t->b->next_rip = t->b->rip + 1;
	run.last_turns++;
}

void guest_turn(struct soft_entry *e)
{
	struct turn t = { .e = e, .w = world_of(e->v), .xv = to_xv(e->v), .b = e->vmcb };

	if (run.next == run.nr) {
		last_turn(&t);
		return;
	}
	/* A call that only the toolstack can make is left to it, while it lives. */
	if (run.step[run.next].kind % STEP_KINDS == STEP_CONTROL_CALL && run.nr_worlds == 2 &&
	    !t.w->hardware && !run.world[0].d->is_shutting_down) {
		soft_guest_computes(TOOLSTACK_TIME);
		return;
	}
	t.s = &run.step[run.next++];
	change_flags(&t);
	if (host_irq_waits(hal_smp_cpu_id()))
		return;
	if (run.pci_data[t.w - run.world])
		turn_pci_data(&t);
	else
		turns[t.s->kind % STEP_KINDS](&t);
	if (!(t.s->flags & FLAG_NO_NEXT_RIP))
		t.b->next_rip = t.b->rip + t.len;
}
