/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chipset of an x86 guest on the host port's software processor: which devices answer, and how
 * their interrupts come through the 8259s.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include <asm/host.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include "x86-world.h"

#include "../../arch/x86/hvm/private.h"

#include <public/hvm/dm_op.h>
#include <public/hvm/params.h>

#define MS 1000000LL
#define PM_TIMER 0xb008

/* The access that the guest makes next; then it halts until an interrupt. */
static struct {
	u16 port;
	u8 bytes;	/* 0: none */
	bool write;
	u32 val;	/* to write, or what was read */
} todo;
static bool busy;		/* its exit is being handled */
static bool interrupts_off;
static u32 taken[256];		/* interrupts, by vector */
static struct world_domain guest;

static struct x86_domain *xd(void)
{
	return to_xd(guest.d);
}

static void run(struct soft_entry *e)
{
	const u64 code = WORLD_CODE * PAGE_SIZE;
	struct vmcb *vmcb = e->vmcb;

	if (e->vector >= 0)
		taken[e->vector]++;
	vmcb->rflags = interrupts_off ? 2 : 2 | X86_EFLAGS_IF;
	if (busy) {
		todo.val = (u32)vmcb->rax;
		todo.bytes = 0;
	}
	busy = todo.bytes != 0;
	vmcb->rip = code;
	vmcb->next_rip = code + 1;
	if (!busy) {
		/* An idle guest: it must not halt for good. */
		vmcb->exit_code = interrupts_off ? SVM_EXIT_PAUSE : SVM_EXIT_HLT;
		return;
	}
	vmcb->rax = todo.val;
	e->gpr[GPR_RDX] = todo.port;
	vmcb->exit_code = SVM_EXIT_IOIO;
	vmcb->exit_info1 = (u64)todo.port << 16 | (u64)todo.bytes << 4 | !todo.write;
	vmcb->exit_info2 = code + 1;
}

/* Time passes. */
static void pass(s_time_t ns)
{
	host_run(hal_now_ns() + ns);
}

static void begin(u32 devices)
{
	world_boot(2);
	world_devices = devices;
	world_create(&guest, false, 1);
	guest.d->hvm_params[HVM_PARAM_ACPI_IOPORTS_LOCATION] = 1;
	soft_guest_set(run);
	domain_unpause_by_systemcontroller(guest.d);
	pass(MS);
}

static void end(void)
{
	HOST_CHECK(!world_destroy(&guest) && !world_left_over());
}

static u32 access(u16 port, u8 bytes, bool write, u32 val)
{
	todo.port = port;
	todo.write = write;
	todo.val = val;
	todo.bytes = bytes;
	hvm_kick(to_xv(guest.d->vcpu[0]));
	pass(MS / 20);
	HOST_CHECK(!todo.bytes && !busy);
	return bytes == 1 ? (u8)todo.val : todo.val;
}

static void out(u16 port, u8 val)
{
	access(port, 1, true, val);
}

static u8 in(u16 port)
{
	return (u8)access(port, 1, false, 0);
}

static void set_up_pics(void)
{
	static const struct { u16 port; u8 val; } init[] = {
		{ 0x20, 0x11 }, { 0x21, 0x20 }, { 0x21, 4 }, { 0x21, 1 },
		{ 0xa0, 0x11 }, { 0xa1, 0x28 }, { 0xa1, 2 }, { 0xa1, 1 },
		{ 0x21, 0 }, { 0xa1, 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(init); i++)
		out(init[i].port, init[i].val);
	/* As PC firmware sets LINT0: ExtINT. */
	vlapic_mmio_write(&to_xv(guest.d->vcpu[0])->vlapic, APIC_REG_SPIV << 4, 4, 0x1ff, 0);
	vlapic_mmio_write(&to_xv(guest.d->vcpu[0])->vlapic, APIC_REG_LVT0 << 4, 4, 0x700, 0);
}

static void end_of_interrupt(void)
{
	out(0xa0, 0x20);
	out(0x20, 0x20);
}

static void start_pit(void)
{
	out(0x43, 0x34);
	out(0x40, 11932 & 0xff);	/* 100 Hz */
	out(0x40, 11932 >> 8);
}

static void pit(void *arg)
{
	begin(XEN_X86_EMU_LAPIC | XEN_X86_EMU_PIC | XEN_X86_EMU_PIT);
	set_up_pics();
	start_pit();
	HOST_CHECK(!taken[0x20]);
	for (u32 i = 1; i <= 5; i++) {
		pass(10 * MS);
		HOST_CHECK(taken[0x20] == i);
		end_of_interrupt();
	}
	/* Without the end of one there is no next. */
	pass(50 * MS);
	HOST_CHECK(taken[0x20] == 6);
	/* With interrupts off nothing is lost: it is taken once they are on. */
	interrupts_off = true;
	hvm_kick(to_xv(guest.d->vcpu[0]));
	end_of_interrupt();
	pass(30 * MS);
	HOST_CHECK(taken[0x20] == 6 && !xd()->pc.pic.chip[0].isr);
	interrupts_off = false;
	pass(MS);
	HOST_CHECK(taken[0x20] == 7);
	/* The devices that it was not given are not there. */
	HOST_CHECK(in(0x71) == 0xff && access(PM_TIMER, 4, false, 0) == ~0U);
	end();
}

static void test_pit(void **state)
{
	assert_int_equal(host_isolated(pit, NULL)->status, 0);
}

/* As Xen's firmware sets them up: LINT0 is masked, and input 0 of the IO-APIC is ExtINT. */
static void by_ioapic(void *arg)
{
	struct vioapic *a;
	u64 flags;

	begin(XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC | XEN_X86_EMU_PIC | XEN_X86_EMU_PIT);
	set_up_pics();
	vlapic_mmio_write(&to_xv(guest.d->vcpu[0])->vlapic, APIC_REG_LVT0 << 4, 4, 0x10700, 0);
	start_pit();
	pass(20 * MS);
	HOST_CHECK(!taken[0x20]);
	flags = spin_lock_irqsave(&xd()->vioapic_lock);
	a = &xd()->pc.ioapic.apic[0];
	vioapic_mmio_write(&xd()->pc.ioapic, a, 0, 4, 0x10);
	vioapic_mmio_write(&xd()->pc.ioapic, a, 0x10, 4, 0x700);
	spin_unlock_irqrestore(&xd()->vioapic_lock, flags);
	pass(MS);
	HOST_CHECK(taken[0x20] == 1);
	end_of_interrupt();
	pass(10 * MS);
	HOST_CHECK(taken[0x20] == 2);
	end();
}

static void test_by_ioapic(void **state)
{
	assert_int_equal(host_isolated(by_ioapic, NULL)->status, 0);
}

/* Two sources at once: the clock's periodic interrupt and the power button. */
static void others(void *arg)
{
	begin(XEN_X86_EMU_LAPIC | XEN_X86_EMU_PIC | XEN_X86_EMU_RTC | XEN_X86_EMU_PM);
	set_up_pics();
	out(0x70, 0x0b);
	out(0x71, 0x42);
	pass(2 * MS);
	HOST_CHECK(taken[0x28] == 1 && !taken[0x20]);
	end_of_interrupt();
	pass(2 * MS);
	HOST_CHECK(taken[0x28] == 1);
	out(0x70, 0x0c);
	HOST_CHECK(in(0x71) & 0x40);
	pass(2 * MS);
	HOST_CHECK(taken[0x28] == 2);
	out(0x70, 0x0b);
	out(0x71, 0x02);
	end_of_interrupt();
	out(0xb003, 1);
	HOST_CHECK(!hvm_press_button(guest.d, false));
	pass(MS);
	HOST_CHECK(taken[0x29] == 1);
	HOST_CHECK(access(PM_TIMER, 4, false, 0) != access(PM_TIMER, 4, false, 0));
	HOST_CHECK(access(0x1f48, 4, false, 0) == ~0U);
	end();
}

static void test_others(void **state)
{
	assert_int_equal(host_isolated(others, NULL)->status, 0);
}

static void event(void)
{
	struct vcpu *v = guest.d->vcpu[0];

	WRITE_ONCE(v->vcpu_info->evtchn_upcall_pending, 1);
	hal_vcpu_event_notify(v);
	pass(MS);
}

static void seen(void)
{
	WRITE_ONCE(guest.d->vcpu[0]->vcpu_info->evtchn_upcall_pending, 0);
}

static int callback_via(u64 value)
{
	return hal_hvm_param_set(guest.d, HVM_PARAM_CALLBACK_IRQ, value);
}

/* Events of vCPU 0 raise line 10. */
static void callback_line(void *arg)
{
	begin(XEN_X86_EMU_LAPIC | XEN_X86_EMU_PIC);
	set_up_pics();
	event();
	HOST_CHECK(!taken[0x2a]);
	/* One is pending already when the line is named; then each is an edge. */
	HOST_CHECK(!callback_via(10));
	pass(MS);
	HOST_CHECK(taken[0x2a] == 1);
	seen();
	end_of_interrupt();
	event();
	HOST_CHECK(taken[0x2a] == 2);
	end_of_interrupt();
	seen();
	HOST_CHECK(taken[0x2a] == 2);
	/* As a level it comes again until the guest has seen to its events. */
	out(0x4d1, 4);
	event();
	HOST_CHECK(taken[0x2a] == 3);
	end_of_interrupt();
	HOST_CHECK(taken[0x2a] == 4);
	seen();
	end_of_interrupt();
	HOST_CHECK(taken[0x2a] == 4);
	/* A vector needs no line. */
	HOST_CHECK(!callback_via(2UL << 56 | 0x30));
	event();
	HOST_CHECK(taken[0x2a] == 4 && taken[0x30]);
	seen();
	end();
}

/* Pin A of device 3 is on the link 3 of four, which the chipset routes to a line of the 8259s. */
static void callback_pin(void *arg)
{
	struct xen_dm_op route = { .op = XEN_DMOP_set_pci_link_route,
				   .u.set_pci_link_route = { .link = 3, .isa_irq = 11 } };

	begin(XEN_X86_EMU_LAPIC | XEN_X86_EMU_PIC);
	set_up_pics();
	HOST_CHECK(!hvm_lines_op(guest.d, &route));
	HOST_CHECK(!callback_via(1UL << 56 | 3 << 11));
	event();
	HOST_CHECK(taken[0x2b] == 1);
	/* GSI 0 is none; the event that is pending then is not lost to the next line. */
	HOST_CHECK(!callback_via(0));
	end_of_interrupt();
	event();
	HOST_CHECK(taken[0x2b] == 1);
	HOST_CHECK(!callback_via(1UL << 56 | 3 << 11));
	pass(MS);
	HOST_CHECK(taken[0x2b] == 2);
	/* What is not there is refused, and changes nothing. */
	HOST_CHECK(callback_via(1UL << 56 | 1UL << 16) == -XEN_EINVAL);
	HOST_CHECK(callback_via(HVM_GUEST_PINS) == -XEN_EINVAL);
	HOST_CHECK(callback_via(3UL << 56) == -XEN_EINVAL);
	seen();
	end_of_interrupt();
	event();
	HOST_CHECK(taken[0x2b] == 3);
	seen();
	end();
}

static void test_callback(void **state)
{
	assert_int_equal(host_isolated(callback_line, NULL)->status, 0);
	assert_int_equal(host_isolated(callback_pin, NULL)->status, 0);
}

/* A guest without a chipset has the 8254's counters and nothing else. */
static void pvh(void *arg)
{
	begin(XEN_X86_EMU_LAPIC);
	HOST_CHECK(!xd()->chipset && !xd()->lines);
	start_pit();
	HOST_CHECK(in(0x40) != in(0x40));
	pass(50 * MS);
	HOST_CHECK(in(0x20) == 0xff && in(0x71) == 0xff);
	HOST_CHECK(!callback_via(1) && !callback_via(HVM_GUEST_PINS));
	HOST_CHECK(hvm_press_button(guest.d, false) == -XEN_EOPNOTSUPP);
	end();
}

static void test_pvh(void **state)
{
	assert_int_equal(host_isolated(pvh, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pit), cmocka_unit_test(test_by_ioapic),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_callback), cmocka_unit_test(test_pvh),
	};

	return cmocka_run_group_tests_name("x86-chipset", tests, NULL, NULL);
}
