/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An x86 guest whose devices are in another domain, on the host port's software processor: ports,
 * memory and a PCI function, answered while the vCPU waits, and a model that goes away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/ioreq.h>
#include <xen/string.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include <asm/host.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include "x86-world.h"

#include "../../arch/x86/hvm/private.h"
#include "../../domain/evtchn/private.h"

#include <public/hvm/dm_op.h>

#define MS 1000000LL
#define PORT 0x300
#define REGISTERS 0xe0000000UL
#define FUNCTION 0x18		/* device 3, function 0 */
#define PCI_ADDRESS (0x80000000UL | FUNCTION << 8 | 0x10)

/* One instruction of the guest, and the exit that it causes. */
struct insn {
	u8 bytes[4];
	u64 rax, rdx, exit, info1, info2;
};
#define IOIO_32 (4UL << 4)
#define IN(port) { { 0xed }, 0, port, SVM_EXIT_IOIO, (u64)(port) << 16 | IOIO_32 | 1, 0 }
#define OUT(port, val) { { 0xef }, val, port, SVM_EXIT_IOIO, (u64)(port) << 16 | IOIO_32, 0 }
/* mov (%rax), %eax and mov %edx, (%rax) */
#define READ(at) { { 0x8b, 0x00 }, at, 0, SVM_EXIT_NPF, BIT(32), at }
#define WRITE(at, val) { { 0x89, 0x10 }, at, val, SVM_EXIT_NPF, BIT(32) | BIT(1), at }

#define STEPS 10
static const struct insn all_kinds[STEPS] = {
	IN(PORT - 4), IN(PORT), OUT(PORT, 0x55aa), READ(REGISTERS), WRITE(REGISTERS + 8, 77),
	OUT(0xcf8, PCI_ADDRESS), IN(0xcf8), IN(0xcfc), IN(PORT), IN(PORT),
};
/* Those that mean the same after a reset, in real mode. */
static const struct insn ports_only[STEPS] = {
	IN(PORT - 4), IN(PORT), OUT(PORT, 0x55aa), IN(PORT), OUT(PORT, 77), IN(PORT), IN(PORT),
	IN(PORT), IN(PORT), IN(PORT),
};
static const struct insn *program = all_kinds;

static struct world_domain guest, model;
static struct ioreq *request;
static u32 port, step;
static u64 rax_after[STEPS + 1];

static void run(struct soft_entry *e)
{
	const u64 code = WORLD_CODE * PAGE_SIZE;
	const struct insn *i = &program[step];

	if (step)
		rax_after[step - 1] = e->vmcb->rax;
	if (step == STEPS) {
		e->vmcb->exit_code = SVM_EXIT_HLT;
		e->vmcb->rflags &= ~(u64)X86_EFLAGS_IF;
		e->vmcb->next_rip = e->vmcb->rip + 1;
		return;
	}
	step++;
	memcpy(guest.ram + code, i->bytes, sizeof(i->bytes));
	e->vmcb->rip = code;
	e->vmcb->rax = i->rax;
	e->gpr[GPR_RDX] = i->rdx;
	e->vmcb->exit_code = (u32)i->exit;
	e->vmcb->exit_info1 = i->info1;
	e->vmcb->exit_info2 = i->exit == SVM_EXIT_IOIO ? code + 1 : i->info2;
	e->vmcb->next_rip = code + 1;
}

static void make_server(void)
{
	struct domain *d = guest.d;
	u16 m = model.d->id, id;
	struct page_info *pg;
	int rc;

	HOST_CHECK(!ioreq_server_create(d, m, 0, &id) && !id);
	HOST_CHECK(!ioreq_server_range(d, m, id, true, XEN_DMOP_IO_RANGE_PORT, PORT, PORT + 3));
	HOST_CHECK(!ioreq_server_range(d, m, id, true, XEN_DMOP_IO_RANGE_MEMORY, REGISTERS,
				       REGISTERS + 0xfff));
	HOST_CHECK(!ioreq_server_range(d, m, id, true, XEN_DMOP_IO_RANGE_PCI, FUNCTION, FUNCTION));
	HOST_CHECK(!ioreq_server_enable(d, m, id, true));
	HOST_CHECK(!ioreq_get_frame(d, id, 1, &pg));
	request = page_to_virt(pg);
	page_put(pg);
	rc = evtchn_bind_interdomain(model.d, d, request->vp_eport);
	HOST_CHECK(rc > 0);
	port = (u32)rc;
}

/* The guest runs until it waits for the model. */
static void expect(u8 type, u64 addr, u8 dir, u64 data)
{
	host_run(hal_now_ns() + MS);
	HOST_CHECK(guest.d->vcpu[0]->pause_flags & VPF_DEVICE);
	HOST_CHECK(request->state == STATE_IOREQ_READY && request->type == type);
	HOST_CHECK(request->addr == addr && request->size == 4 && request->dir == dir);
	HOST_CHECK(dir == IOREQ_READ || request->data == data);
}

static void answer(u64 data)
{
	request->data = data;
	request->state = STATE_IORESP_READY;
	HOST_CHECK(!evtchn_send(model.d, port));
}

static void devices(void *arg)
{
	world_boot(2);
	world_create(&guest, false, 1);
	world_create(&model, false, 1);
	make_server();
	soft_guest_set(run);
	domain_unpause_by_systemcontroller(guest.d);
	expect(IOREQ_TYPE_PIO, PORT, IOREQ_READ, 0);
	/* What the model does not claim was not waited for. */
	HOST_CHECK(step == 2 && (u32)rax_after[0] == ~0U);
	/* The upper half of the answer is not the guest's. */
	answer(0xdeadbeef11223344UL);
	expect(IOREQ_TYPE_PIO, PORT, IOREQ_WRITE, 0x55aa);
	HOST_CHECK(rax_after[1] == 0x11223344);
	answer(0);
	expect(IOREQ_TYPE_COPY, REGISTERS, IOREQ_READ, 0);
	/* Paused meanwhile: the answer does not let it run. */
	domain_pause(guest.d);
	answer(4711);
	host_run(hal_now_ns() + MS);
	HOST_CHECK(step == 4);
	domain_unpause(guest.d);
	expect(IOREQ_TYPE_COPY, REGISTERS + 8, IOREQ_WRITE, 77);
	HOST_CHECK(rax_after[3] == 4711);
	answer(0);
	expect(IOREQ_TYPE_PCI_CONFIG, (u64)FUNCTION << 32 | 0x10, IOREQ_READ, 0);
	answer(0xfeb00000);
	expect(IOREQ_TYPE_PIO, PORT, IOREQ_READ, 0);
	/* The address is the hypervisor's, which tells models the function. */
	HOST_CHECK(rax_after[6] == PCI_ADDRESS && rax_after[7] == 0xfeb00000);
	/* The model goes away, and its server later. */
	HOST_CHECK(!evtchn_close(model.d, port));
	host_run(hal_now_ns() + MS);
	HOST_CHECK(step == STEPS && guest.d->is_shut_down);
	HOST_CHECK((u32)rax_after[8] == ~0U && (u32)rax_after[9] == ~0U);
	HOST_CHECK(!world_destroy(&guest) && !world_destroy(&model) && !world_left_over());
}

static void test_devices(void **state)
{
	assert_int_equal(host_isolated(devices, NULL)->status, 0);
}

/* Destroyed while its vCPU waits. */
static void destroyed(void *arg)
{
	world_boot(2);
	world_create(&guest, false, 1);
	world_create(&model, false, 1);
	make_server();
	soft_guest_set(run);
	domain_unpause_by_systemcontroller(guest.d);
	expect(IOREQ_TYPE_PIO, PORT, IOREQ_READ, 0);
	HOST_CHECK(!world_destroy(&guest) && step == 2);
	HOST_CHECK(!world_destroy(&model) && !world_left_over());
}

static void test_destroyed(void **state)
{
	assert_int_equal(host_isolated(destroyed, NULL)->status, 0);
}

static void send_to_first(u8 mode, u8 vector)
{
	const struct apic_msg msg = { .mode = mode, .vector = vector, .assert = true };

	hvm_deliver(guest.d, &msg, NULL);
}

/*
 * A vCPU is reset while the model works on its request, as INIT and SIPI of another vCPU do. It
 * does not start before the model is done, whose answer is not taken for that of the next request.
 */
static void reset(void *arg)
{
	program = ports_only;
	world_boot(2);
	world_create(&guest, false, 1);
	world_create(&model, false, 1);
	make_server();
	soft_guest_set(run);
	domain_unpause_by_systemcontroller(guest.d);
	expect(IOREQ_TYPE_PIO, PORT, IOREQ_READ, 0);
	request->state = STATE_IOREQ_INPROCESS;
	for (u32 i = 0; i < 2; i++) {
		send_to_first(APIC_DM_INIT, 0);
		send_to_first(APIC_DM_STARTUP, WORLD_CODE);
		host_run(hal_now_ns() + MS);
		HOST_CHECK(step == 2 && request->state == STATE_IOREQ_INPROCESS);
	}
	answer(0x666);
	expect(IOREQ_TYPE_PIO, PORT, IOREQ_WRITE, 0x55aa);
	answer(0);
	expect(IOREQ_TYPE_PIO, PORT, IOREQ_READ, 0);
	/* The model puts the request back instead, which ends the wait, too. */
	send_to_first(APIC_DM_INIT, 0);
	send_to_first(APIC_DM_STARTUP, WORLD_CODE);
	request->state = STATE_IOREQ_NONE;
	HOST_CHECK(!evtchn_send(model.d, port));
	expect(IOREQ_TYPE_PIO, PORT, IOREQ_WRITE, 77);
	/* Or it goes away. */
	send_to_first(APIC_DM_INIT, 0);
	send_to_first(APIC_DM_STARTUP, WORLD_CODE);
	HOST_CHECK(!evtchn_close(model.d, port));
	host_run(hal_now_ns() + MS);
	HOST_CHECK(step == STEPS && guest.d->is_shut_down);
	HOST_CHECK(!world_destroy(&guest) && !world_destroy(&model) && !world_left_over());
}

static void test_reset(void **state)
{
	assert_int_equal(host_isolated(reset, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_destroyed),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests_name("x86-ioreq", tests, NULL, NULL);
}
