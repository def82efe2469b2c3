/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("GICv2: the distributor's registers, targets, the senders of software-generated interrupts");
RUN("vcpus=2");

#define GICC_IAR 0x0c
#define GICC_EOIR 0x10

static volatile u32 sent;

static void read_at(void *at)
{
	*(volatile u32 *)at;
}

static void send_from_1(void *arg)
{
	gic_send_sgi(0, 4);
	sent = 1;
}

void test_main(void)
{
	volatile u8 *bytes = (volatile u8 *)gicd(0);
	u32 ack;

	if (gic_version != 2)
		test_skip("the GIC is of version %u", gic_version);
	CHECK_EQ(*gicd(0xfe8) & 0xf0, 0x20);
	CHECK_EQ(*gicd(0) & 1, 1);
	CHECK_EQ(*gicd(4) >> 5 & 7, 1);
	CHECK_EQ(*gicd(0x800), 0x01010101);
	bytes[0x800 + 40] = 2;
	CHECK_EQ(*gicd(0x800 + 40) & 0xff, 2);
	bytes[0x800 + 40] = 0xff;
	CHECK_EQ(bytes[0x800 + 40], 3);
	/* Local interrupts are this vCPU's. */
	*gicd(0x100) = 1 << 20;
	CHECK_EQ(*gicd(0x100) >> 20 & 1, 1);
	*gicd(0x180) = 1 << 20;
	CHECK_EQ(*gicd(0x100) >> 20 & 1, 0);
	/* Two senders of one number are two interrupts. */
	smp_need(1);
	*gicd(0x100) = 1 << 4;
	*gicd(0xf00) = 2 << 24 | 4;
	smp_run(1, send_from_1, NULL);
	CHECK(WAIT_FOR(sent, 10000) && smp_wait(1, 10000), "the other vCPU does not send");
	for (u32 sender = 0; sender < 2; sender++) {
		CHECK(WAIT_FOR((ack = *gicc(GICC_IAR)) != IRQ_NONE, 10000),
		      "no interrupt of vCPU %u", sender);
		CHECK_EQ(ack, sender << 10 | 4);
		*gicc(GICC_EOIR) = ack;
	}
	CHECK_EQ(*gicc(GICC_IAR), IRQ_NONE);
	/* There is nothing here; the access is not an abort of the guest's. */
	CHECK(!try_call(read_at, (void *)gicd(0x20)).taken, "a hole in the distributor");
	CHECK_EQ(*gicd(0x20), 0);
}
