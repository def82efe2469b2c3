/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other.h"

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>

TEST("the first domain makes another: configuration, memory, registers, events, its end");
RUN("dom0=1 timeout=40");

#define RAM_PAGES 2
#define CODE_GPA GUEST_RAM0_BASE
#define DATA_GPA (GUEST_RAM0_BASE + PAGE_SIZE)
#define STORE_GFN ((GUEST_MAGIC_BASE >> 12) + 1)
#define HOLE_GFN 0x38000UL
#define LOW_MASK 0xffffffffUL
#define EL1H_MASKED 0x3c5
#define EL2H_MASKED 0x3c9
#define AARCH32_SVC 0x1d3

/* What the other domain's program reads and leaves, by the offsets that it uses. */
struct data {
	struct xen_hvm_param param;	/* 0: asked for first */
	u64 pad[2];
	u64 param_result;		/* 32 */
	u64 mpidr;			/* 40 */
	u64 send_result;		/* 48 */
	u64 x1;				/* 56 */
	u32 port;			/* 64 */
	u32 reason;			/* 68 */
};

/* Its MMU is off, so that its addresses are physical. X0: struct data. */
__asm__(".pushsection .rodata\n"
	"	.balign	8\n"
	"program:\n"
	"	mov	x19, x0\n"
	"	str	x1, [x19, #56]\n"
	"	mrs	x2, mpidr_el1\n"
	"	str	x2, [x19, #40]\n"
	"	mov	x0, #1\n"		/* HVMOP_get_param */
	"	mov	x1, x19\n"
	"	mov	x16, #34\n"
	"	hvc	#0xea1\n"
	"	str	x0, [x19, #32]\n"
	"	ldr	w3, [x19, #8]\n"
	"	str	w3, [x19, #64]\n"
	"	mov	x0, #4\n"		/* EVTCHNOP_send */
	"	add	x1, x19, #64\n"
	"	mov	x16, #32\n"
	"	hvc	#0xea1\n"
	"	str	x0, [x19, #48]\n"
	"	mov	x0, #2\n"		/* SCHEDOP_shutdown */
	"	add	x1, x19, #68\n"
	"	mov	x16, #29\n"
	"	hvc	#0xea1\n"
	"	b	.\n"
	"program_end:\n"
	".popsection\n");
extern const u8 program[], program_end[];

static void make_domain(void)
{
	u8 native = gic_version == 2 ? XEN_DOMCTL_CONFIG_GIC_V2 : XEN_DOMCTL_CONFIG_GIC_V3;
	u8 foreign = gic_version == 2 ? XEN_DOMCTL_CONFIG_GIC_V3 : XEN_DOMCTL_CONFIG_GIC_V2;
	struct xen_domctl op;

	CHECK_EQ(other_create(foreign, 0, &op), -XEN_EOPNOTSUPP);
	CHECK_EQ(other_create(XEN_DOMCTL_CONFIG_GIC_NATIVE, 1000, &op), -XEN_EOPNOTSUPP);
	NEED(other_create(XEN_DOMCTL_CONFIG_GIC_NATIVE, 0, &op) == 0, "createdomain");
	CHECK_EQ(op.u.createdomain.arch.gic_version, native);
	other = op.domain;
	op = (struct xen_domctl){ .u.max_vcpus.max = 2 };
	NEED(other_domctl(XEN_DOMCTL_max_vcpus, &op) == 0, "max_vcpus");
	op = (struct xen_domctl){ .u.max_mem.max_memkb = 1024 };
	NEED(other_domctl(XEN_DOMCTL_max_mem, &op) == 0, "max_mem");
	op = (struct xen_domctl){ .u.paging_mempool.size = 1 << 20 };
	CHECK_EQ(other_domctl(XEN_DOMCTL_set_paging_mempool_size, &op), 0);
	op.u.paging_mempool.size = 0;
	CHECK_EQ(other_domctl(XEN_DOMCTL_get_paging_mempool_size, &op), 0);
	CHECK_EQ(op.u.paging_mempool.size, 1 << 20);
	op = (struct xen_domctl){ .u.address_size.size = 32 };
	CHECK_EQ(other_domctl(XEN_DOMCTL_set_address_size, &op), -XEN_EINVAL);
	op.u.address_size.size = 64;
	CHECK_EQ(other_domctl(XEN_DOMCTL_set_address_size, &op), 0);
	op.u.address_size.size = 0;
	CHECK_EQ(other_domctl(XEN_DOMCTL_get_address_size, &op), 0);
	CHECK_EQ(op.u.address_size.size, 64);
}

static long clean(u64 gfn, u64 n)
{
	struct xen_domctl op = { .u.cacheflush = { gfn, n } };

	return other_domctl(XEN_DOMCTL_cacheflush, &op);
}

static void set_registers(void)
{
	struct vcpu_guest_context c = { .flags = VGCF_online }, got = { 0 };

	c.user_regs.x0 = DATA_GPA;
	c.user_regs.x1 = 0x1122334455667788UL;
	c.user_regs.pc64 = CODE_GPA;
	c.sctlr = SCTLR_GUEST_INIT;
	/* States that no guest may be in. */
	c.user_regs.cpsr = EL2H_MASKED;
	CHECK_EQ(other_context(other, XEN_DOMCTL_setvcpucontext, 0, &c), -XEN_EINVAL);
	c.user_regs.cpsr = AARCH32_SVC;
	CHECK_EQ(other_context(other, XEN_DOMCTL_setvcpucontext, 0, &c), -XEN_EINVAL);
	c.user_regs.cpsr = EL1H_MASKED | 1UL << 40;
	CHECK_EQ(other_context(other, XEN_DOMCTL_setvcpucontext, 0, &c), -XEN_EINVAL);
	c.user_regs.cpsr = EL1H_MASKED;
	CHECK_EQ(other_context(other, XEN_DOMCTL_setvcpucontext, 2, &c), -XEN_ESRCH);
	CHECK_EQ(other_context(DOMID_SELF, XEN_DOMCTL_setvcpucontext, 0, &c), -XEN_EINVAL);
	CHECK_EQ(other_context(other, XEN_DOMCTL_setvcpucontext, 0, UNMAPPED), -XEN_EFAULT);
	CHECK_EQ(other_context(other, XEN_DOMCTL_setvcpucontext, 0, &c), 0);
	CHECK_EQ(other_context(other, XEN_DOMCTL_getvcpucontext, 0, &got), 0);
	CHECK_EQ(memcmp(&got.user_regs, &c.user_regs, sizeof(c.user_regs)), 0);
	CHECK_EQ(got.flags, VGCF_online);
	/* The second vCPU waits for PSCI. */
	CHECK_EQ(other_context(other, XEN_DOMCTL_getvcpucontext, 1, &got), 0);
	CHECK_EQ(got.flags, 0);
}

static long set_param(u32 index, u64 value)
{
	struct xen_hvm_param p = { .domid = other, .index = index, .value = value };

	return hvm_op(HVMOP_set_param, &p);
}

static void check_end(u64 pages)
{
	u32 flags, shutdown = XEN_DOMINF_shutdown;

	CHECK_EQ(other_info().tot_pages, pages);
	CHECK(WAIT_FOR(other_info().flags & shutdown, 10000), "it does not shut down");
	flags = other_info().flags;
	CHECK_EQ(flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask, SHUTDOWN_poweroff);
}

void test_main(void)
{
	volatile struct data *data = (void *)(OTHER_WINDOW + PAGE_SIZE);
	struct evtchn_alloc_unbound a;
	s32 port;

	make_domain();
	for (u64 i = 0; i < RAM_PAGES; i++)
		other_give_page(CODE_GPA / PAGE_SIZE + i, i);
	other_give_page(STORE_GFN, RAM_PAGES);
	memcpy((void *)OTHER_WINDOW, program, (size_t)(program_end - program));
	data->param.domid = DOMID_SELF;
	data->param.index = HVM_PARAM_STORE_EVTCHN;
	data->reason = SHUTDOWN_poweroff;
	a = (struct evtchn_alloc_unbound){ .dom = other, .remote_dom = DOMID_SELF };
	NEED(evtchn_op(EVTCHNOP_alloc_unbound, &a) == 0, "alloc_unbound");
	port = event_bind_interdomain(other, a.port);
	NEED(port > 0, "bind_interdomain %d", port);
	CHECK_EQ(set_param(HVM_PARAM_STORE_PFN, STORE_GFN), 0);
	CHECK_EQ(set_param(HVM_PARAM_STORE_EVTCHN, a.port), 0);
	/* Memory, a hole, and what is too much or beyond any memory. */
	CHECK_EQ(clean(CODE_GPA / PAGE_SIZE, RAM_PAGES), 0);
	CHECK_EQ(clean(HOLE_GFN, 1UL << 18), 0);
	CHECK_EQ(clean(0, (1UL << 18) + 1), -XEN_EINVAL);
	CHECK_EQ(clean(1UL << 28, 1), -XEN_EINVAL);
	set_registers();
	CHECK_EQ(other_simple(XEN_DOMCTL_unpausedomain), 0);
	CHECK(WAIT_FOR(event_pending((u32)port), 10000), "no event");
	check_end(RAM_PAGES + 1);
	CHECK_EQ(data->param_result, 0);
	CHECK_EQ(data->send_result, 0);
	CHECK_EQ(data->port, a.port);
	CHECK_EQ(data->x1, 0x1122334455667788UL);
	CHECK_EQ(data->mpidr & LOW_MASK, 1UL << 31);
	CHECK_EQ(other_simple(XEN_DOMCTL_destroydomain), 0);
	event_close((u32)port);
	other_take_window(RAM_PAGES + 1);
	CHECK(WAIT_FOR(other_info().flags == ~0U, 10000), "it is not gone");
}
