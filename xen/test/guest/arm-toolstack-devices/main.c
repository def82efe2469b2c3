/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other.h"

TEST("the first domain lends a device to another: registers, interrupt, and what is refused");
RUN("dom0=1 timeout=40");

#define CODE_GPA GUEST_RAM0_BASE
#define DATA_GPA (GUEST_RAM0_BASE + PAGE_SIZE)
#define EL1H_MASKED 0x3c5

/* PL031 (ARM DDI 0224), and other registers, of QEMU's "virt"; its place in the other domain. */
#define RTC_MFN 0x9010UL
#define RTC_IRQ 34
#define GICD_MFN 0x8000UL
#define UART_MFN 0x9000UL
#define UART_IRQ 33
#define RTC_GFN 0x20000UL
#define MATCH 0x04
#define MASK 0x10
#define CLEAR 0x1c

struct data {
	u32 id, pending, reason;
};

/*
 * X0: struct data. It enables the clock's interrupt in its controller, lets the clock raise it, and
 * waits until it is pending; a second that ends meanwhile means another try.
 */
__asm__(".pushsection .rodata\n"
	"	.balign	8\n"
	"program:\n"
	"	mov	x19, x0\n"
	"	mov	x20, #0x20000000\n"
	"	ldr	w2, [x20, #0xfe0]\n"
	"	str	w2, [x19]\n"
	"	mov	x21, #0x1000\n"
	"	movk	x21, #0x300, lsl #16\n"
	"	mov	w3, #4\n"
	"	str	w3, [x21, #0x104]\n"
	"	mov	w4, #1\n"
	"	str	w4, [x20, #0x10]\n"
	"1:	ldr	w2, [x20]\n"
	"	str	w2, [x20, #4]\n"
	"	ldr	w3, [x21, #0x204]\n"
	"	tbz	w3, #2, 1b\n"
	"	str	w3, [x19, #4]\n"
	"	mov	x0, #2\n"		/* SCHEDOP_shutdown */
	"	add	x1, x19, #8\n"
	"	mov	x16, #29\n"
	"	hvc	#0xea1\n"
	"	b	.\n"
	"program_end:\n"
	".popsection\n");
extern const u8 program[], program_end[];

static volatile u32 taken;

static volatile u32 *rtc(u32 reg) { return (volatile u32 *)(RTC_MFN * PAGE_SIZE + reg); }

static void handle(u32 irq)
{
	*rtc(CLEAR) = 1;
	taken++;
}

static void ring(void)
{
	u32 before = taken;

	*rtc(MASK) = 1;
	for (u32 i = 0; i < 100 && taken == before; i++) {
		*rtc(MATCH) = *rtc(0);
		WAIT_FOR(taken != before, 100);
	}
	*rtc(MASK) = 0;
	CHECK_EQ(taken, before + 1);
}

static long allow_registers(u64 mfn, u64 n)
{
	struct xen_domctl op = { .u.iomem_permission = { mfn, n, 1 } };

	return other_domctl(XEN_DOMCTL_iomem_permission, &op);
}

static long map(u64 gfn, u64 mfn, u64 n, u32 add)
{
	struct xen_domctl op = { .u.memory_mapping = { gfn, mfn, n, add, 0 } };

	return other_domctl(XEN_DOMCTL_memory_mapping, &op);
}

static long allow_irq(u32 irq)
{
	struct xen_domctl op = { .u.irq_permission = { irq, 1 } };

	return other_domctl(XEN_DOMCTL_irq_permission, &op);
}

static long bind(u32 irq, u32 type, u16 spi)
{
	struct xen_domctl op = { .u.bind_pt_irq = { .machine_irq = irq, .irq_type = type,
						    .u.spi.spi = spi } };

	return other_domctl(XEN_DOMCTL_bind_pt_irq, &op);
}

static void lend_registers(void)
{
	CHECK_EQ(map(RTC_GFN, RTC_MFN, 1, 1), -XEN_EPERM);
	CHECK_EQ(allow_registers(GICD_MFN, 1), -XEN_EPERM);
	CHECK_EQ(allow_registers(UART_MFN, 1), -XEN_EPERM);
	CHECK_EQ(allow_registers(CODE_GPA / PAGE_SIZE, 1), -XEN_EPERM);
	CHECK_EQ(allow_registers(RTC_MFN, 1), 0);
	CHECK_EQ(map(RTC_GFN, RTC_MFN, 2, 1), -XEN_EPERM);
	CHECK_EQ(map(RTC_GFN, RTC_MFN, 65, 1), -XEN_E2BIG);
	CHECK_EQ(map(RTC_GFN, RTC_MFN, 0, 1), -XEN_EINVAL);
	CHECK_EQ(map(1UL << 28, RTC_MFN, 1, 1), -XEN_EINVAL);
	CHECK_EQ(map(RTC_GFN, ALL_ONES, 2, 1), -XEN_EINVAL);
	CHECK_EQ(map(RTC_GFN, RTC_MFN, 1, 2), -XEN_EINVAL);
	CHECK_EQ(map(CODE_GPA / PAGE_SIZE, RTC_MFN, 1, 1), -XEN_EEXIST);
	CHECK_EQ(map(RTC_GFN + 1, RTC_MFN, 1, 1), 0);
	CHECK_EQ(map(RTC_GFN + 1, RTC_MFN, 1, 0), 0);
	CHECK_EQ(map(RTC_GFN + 1, RTC_MFN, 1, 0), -XEN_ENOENT);
	CHECK_EQ(map(RTC_GFN, RTC_MFN, 1, 1), 0);
}

/* An interrupt that this domain uses stays its own. */
static void lend_interrupt(void)
{
	irq_handle(RTC_IRQ, handle);
	sti();
	ring();
	CHECK_EQ(bind(RTC_IRQ, PT_IRQ_TYPE_SPI, RTC_IRQ), -XEN_EPERM);
	CHECK_EQ(allow_irq(RTC_IRQ), 0);
	CHECK_EQ(bind(RTC_IRQ, PT_IRQ_TYPE_SPI, RTC_IRQ), -XEN_EBUSY);
	ring();
	cli();
	*gicd(0x184) = 1U << (RTC_IRQ - 32);
	CHECK_EQ(bind(RTC_IRQ, PT_IRQ_TYPE_MSI, RTC_IRQ), -XEN_EOPNOTSUPP);
	CHECK_EQ(bind(RTC_IRQ, PT_IRQ_TYPE_SPI, RTC_IRQ + 1), -XEN_EINVAL);
	CHECK_EQ(allow_irq(UART_IRQ), 0);
	CHECK_EQ(bind(UART_IRQ, PT_IRQ_TYPE_SPI, UART_IRQ), -XEN_EBUSY);
	CHECK_EQ(allow_irq(5), 0);
	CHECK_EQ(bind(5, PT_IRQ_TYPE_SPI, 5), -XEN_EINVAL);
	CHECK_EQ(allow_irq(1000), 0);
	CHECK_EQ(bind(1000, PT_IRQ_TYPE_SPI, 1000), -XEN_EINVAL);
	CHECK_EQ(bind(RTC_IRQ, PT_IRQ_TYPE_SPI, RTC_IRQ), 0);
	CHECK_EQ(bind(RTC_IRQ, PT_IRQ_TYPE_SPI, RTC_IRQ), 0);
}

static void make_domain(void)
{
	struct vcpu_guest_context c = { .flags = VGCF_online, .sctlr = SCTLR_GUEST_INIT };
	struct xen_domctl op;

	NEED(other_create(XEN_DOMCTL_CONFIG_GIC_NATIVE, 33, &op) == 0, "createdomain");
	other = op.domain;
	op = (struct xen_domctl){ .u.max_vcpus.max = 2 };
	NEED(other_domctl(XEN_DOMCTL_max_vcpus, &op) == 0, "max_vcpus");
	op = (struct xen_domctl){ .u.max_mem.max_memkb = 1024 };
	NEED(other_domctl(XEN_DOMCTL_max_mem, &op) == 0, "max_mem");
	other_give_page(CODE_GPA / PAGE_SIZE, 0);
	other_give_page(DATA_GPA / PAGE_SIZE, 1);
	memcpy((void *)OTHER_WINDOW, program, (size_t)(program_end - program));
	c.user_regs.x0 = DATA_GPA;
	c.user_regs.pc64 = CODE_GPA;
	c.user_regs.cpsr = EL1H_MASKED;
	NEED(other_context(other, XEN_DOMCTL_setvcpucontext, 0, &c) == 0, "context");
}

void test_main(void)
{
	volatile struct data *data = (void *)(OTHER_WINDOW + PAGE_SIZE);
	u32 shutdown = XEN_DOMINF_shutdown;

	make_domain();
	lend_registers();
	lend_interrupt();
	CHECK_EQ(other_simple(XEN_DOMCTL_unpausedomain), 0);
	CHECK(WAIT_FOR(other_info().flags & shutdown, 20000), "it does not shut down");
	CHECK_EQ(data->id, 0x31);
	CHECK_EQ(data->pending, 1U << (RTC_IRQ - 32));
	/* It ends with the interrupt pending; this domain gets it back. */
	CHECK_EQ(other_simple(XEN_DOMCTL_destroydomain), 0);
	other_take_window(2);
	*rtc(MASK) = 0;
	*rtc(CLEAR) = 1;
	*gicd(0x284) = 1U << (RTC_IRQ - 32);
	irq_handle(RTC_IRQ, handle);
	sti();
	ring();
	ring();
	cli();
	CHECK_EQ(taken, 4);
}
