/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>

TEST("calls of 32-bit code under a 64-bit kernel: narrow structures, and the shared page latched");
RUN("long=a+32-bit+program+under+a+64-bit+kernel");

#define CODE32_SEL 0x28		/* of each vCPU's GDT (lib/x86_64/traps.c) */
#define COUNT 100
#define HOLE 0xe0000000UL	/* no memory is there */
/* Layout of the wall clock in a 32-bit guest: its version, seconds, nanoseconds. */
#define WC32 2304

/* Entered by a far call; EDI is the slot of the hypercall page, the registers are the arguments. */
__asm__(".pushsection .text\n"
	".code32\n"
	"compat_call: call *%edi\n"
	"lret\n"
	".code64\n"
	".popsection");
extern u8 compat_call[];

static u32 list[COUNT], args[8], calls[3][8];
static u8 area[COUNT * PAGE_SIZE] PAGE_ALIGNED;

static s32 call32(u32 nr, u32 a, const void *b, u32 c)
{
	struct {
		u32 offset;
		u16 selector;
	} __attribute__((packed)) far = { (u32)(word)compat_call, CODE32_SEL };
	u32 ebx = a, ecx = (u32)(word)b, edx = c;
	s32 rc;

	__asm__ volatile("lcall *%[far]"
			 : "=a"(rc), "+b"(ebx), "+c"(ecx), "+d"(edx)
			 : [far] "m"(far), "D"(hypercall_page + nr * 32)
			 : "memory", "rsi", "r8", "r9", "r10", "r11");
	return rc;
}

static void test_memory(void)
{
	for (u32 i = 0; i < COUNT; i++)
		list[i] = (u32)((word)area / PAGE_SIZE + i);
	args[0] = (u32)(word)list;
	args[1] = COUNT;
	args[4] = DOMID_SELF;
	CHECK_EQ(call32(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, args, 0), COUNT);
	CHECK_EQ(call32(__HYPERVISOR_memory_op, XENMEM_populate_physmap, args, 0), COUNT);
	area[5 * PAGE_SIZE] = 1;
	CHECK_EQ(call32(__HYPERVISOR_memory_op, XENMEM_populate_physmap, (void *)HOLE,
			0), -XEN_EFAULT);
}

static void test_multicall(void)
{
	for (u32 i = 0; i < 3; i++) {
		calls[i][0] = __HYPERVISOR_xen_version;
		calls[i][2] = XENVER_pagesize;
	}
	CHECK_EQ(call32(__HYPERVISOR_multicall, (u32)(word)calls, (void *)3, 0), 0);
	for (u32 i = 0; i < 3; i++)
		CHECK_EQ(calls[i][1], PAGE_SIZE);
}

static void test_latch(void)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ };
	u32 *wc32 = (u32 *)((u8 *)&shared_info + WC32);

	/* In the 64-bit layout these are bits of other fields, none of them set. */
	CHECK_EQ(wc32[1], 0);
	CHECK_EQ(call32(__HYPERVISOR_hvm_op, HVMOP_set_param, &p, 0), 0);
	CHECK(wc32[0] && !(wc32[0] & 1), "version %u", wc32[0]);
	CHECK_EQ(wc32[1], shared_info.wc_sec);
	CHECK_EQ(wc32[2], shared_info.wc_nsec);
	memset(wc32, 0, 12);
	CHECK_EQ(hvm_op(HVMOP_set_param, &p), 0);
	CHECK_EQ(wc32[1], 0);
}

void test_main(void)
{
	static u32 parameters[2] = { 0x55, 0x55 };
	s32 port = event_bind_ipi(0);

	CHECK_EQ(call32(__HYPERVISOR_xen_version, XENVER_version, NULL, 0),
		 HC2(__HYPERVISOR_xen_version, XENVER_version, 0));
	CHECK_EQ(call32(__HYPERVISOR_xen_version, XENVER_platform_parameters, parameters, 0), 0);
	CHECK_EQ(parameters[1], 0x55);
	test_memory();
	test_multicall();
	/* Calls from 32-bit mode alone do not change the layout of the shared page. */
	CHECK_EQ(event_send((u32)port), 0);
	CHECK(event_test_and_clear((u32)port), "the event is not where a 64-bit guest looks");
	CHECK(shared_info.vcpu_info[0].evtchn_pending_sel & 1, "nor its selector");
	test_latch();
	CHECK_EQ(event_send((u32)port), 0);
	CHECK(event_test_and_clear((u32)port), "nothing after the layout came back");
}
