/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86's guests and what is around them: the machine's devices, other guests on the same CPU,
 * changes of their memory while they run, a toolstack's calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/p2m.h>
#include <xen/pci.h>
#include <xen/string.h>
#include <xen/hal/pci.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include <asm/host.h>
#include <asm/page.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include "x86-oracle.h"
#include "x86-play.h"

#include <hvm/private.h>
#include <public/domctl.h>

#define US 1000LL
#define MS 1000000LL
#define CONFIG_ENABLE 0x80000000U
#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define IOAPIC_ENTRY(pin) (0x10 + 2 * (pin))

/* ---- PCI ---- */

/* Exits of accesses to PCI's ports, played in order; a read's result is in play.rax. */
static const struct port_step {
	u16 port;
	bool in;
	u32 val;
} *ports;

static void use_ports(struct soft_entry *e)
{
	const struct port_step *p = &ports[play.step - 1];

	if (e->vmcb->exit_code != SVM_EXIT_IOIO)
		return;
	e->vmcb->exit_info1 = (u64)p->port << 16 | 4 << 4 | p->in;
	e->vmcb->exit_info2 = e->vmcb->rip + 1;
	e->vmcb->rax = p->val;
}

static u32 config_of(u32 fn, u32 reg)
{
	return hal_pci_read((struct pci_addr){ 0, (u16)(fn << 3) }, reg, 4);
}

/* The address of the second function's registers is written, and read back, without the enabling
 * bit; then with it. */
static void config_disabled(void *arg)
{
	static const u64 list[] = { SVM_EXIT_IOIO, SVM_EXIT_IOIO, SVM_EXIT_IOIO, 0 };
	static const struct port_step off[] = { { PORT_ADDRESS, false, 1 << 11 },
						{ PORT_DATA, false, 0x1234 },
						{ PORT_DATA, true, 0 } };

	ports = off;
	x86_play(list, use_ports, true);
	HOST_CHECK((u32)play.rax == ~0U && config_of(1, 0) == 0x00111022);
}

static void config_enabled(void *arg)
{
	static const u64 list[] = { SVM_EXIT_IOIO, SVM_EXIT_IOIO, 0 };
	static const struct port_step on[] = { { PORT_ADDRESS, false, CONFIG_ENABLE | 1 << 11 },
					       { PORT_DATA, true, 0 } };

	ports = on;
	x86_play(list, use_ports, true);
	HOST_CHECK((u32)play.rax == 0x00111022);
}

static void test_config_ports(void **state)
{
	assert_int_equal(host_isolated(config_disabled, NULL)->status, 0);
	assert_int_equal(host_isolated(config_enabled, NULL)->status, 0);
}

/* The hypervisor's serial port is not there, whatever is written to it. */
static void serial_port(void *arg)
{
	static const u64 list[] = { SVM_EXIT_IOIO, SVM_EXIT_IOIO, SVM_EXIT_IOIO, 0 };
	static const struct port_step steps[] = {
		{ PORT_ADDRESS, false, CONFIG_ENABLE | SOFT_PCI_SERIAL << 11 | PCI_REG_BAR0 },
		{ PORT_DATA, false, 0xdead0000 }, { PORT_DATA, true, 0 },
	};

	ports = steps;
	x86_play(list, use_ports, true);
	HOST_CHECK((u32)play.rax == ~0U);
	HOST_CHECK(!config_of(SOFT_PCI_SERIAL, PCI_REG_BAR0));
}

static void test_serial_port(void **state)
{
	assert_int_equal(host_isolated(serial_port, NULL)->status, 0);
}

/* ---- IO-APIC ---- */

/* mov %ecx, (%rax) to the index register, then to the data register: pin 5 is unmasked. */
static void bind_line(struct soft_entry *e)
{
	static const u8 insn[] = { 0x89, 0x08 };
	u64 at = SOFT_IOAPIC_BASE + (play.step % 2 ? 0 : 0x10);

	if (e->vmcb->exit_code == SVM_EXIT_HLT)
		HOST_CHECK(soft_vectors_in_use() == 1);
	if (e->vmcb->exit_code != SVM_EXIT_NPF)
		return;
	memcpy(play.world.ram + WORLD_CODE * PAGE_SIZE, insn, sizeof(insn));
	e->vmcb->rip = play.world.base + WORLD_CODE * PAGE_SIZE;
	e->vmcb->rax = at;
	e->gpr[GPR_RCX] = play.step % 2 ? IOAPIC_ENTRY(5) : 0x55;
	e->vmcb->exit_info1 = BIT(32) | BIT(1);
	e->vmcb->exit_info2 = at;
}

static void line_comes_back(void *arg)
{
	static const u64 list[] = { SVM_EXIT_NPF, SVM_EXIT_NPF, 0 };

	/* It looks for vectors in use after the domain's end. */
	x86_play(list, bind_line, true);
}

/* A line that a domain has bound is free again after the domain's end. */
static void test_line_comes_back(void **state)
{
	assert_int_equal(host_isolated(line_comes_back, NULL)->status, 0);
}

/* ---- two guests on one CPU ---- */

static struct world_domain pair[2];
static u32 turns[2];

/* Each guest has values of its own in registers that the processor does not switch by itself. */
static void own_values(struct soft_entry *e)
{
	u32 me = e->v->domain == pair[1].d;
	u64 mine = 0x1000 + me;

	HOST_CHECK(!x86_vcpu_wrong(to_xv(e->v)));
	if (turns[me]++) {
		HOST_CHECK(read_dr0() == mine && read_dr3() == mine);
		HOST_CHECK(e->lazy->star == mine && e->lazy->kernel_gs_base == mine);
		HOST_CHECK(xgetbv(0) == (me ? 7 : 1));
	} else {
		HOST_CHECK(!read_dr0() && !read_dr1() && !read_dr2() && !read_dr3());
		HOST_CHECK(!e->lazy->star && !e->lazy->kernel_gs_base && xgetbv(0) == 1);
		write_dr0(mine);
		write_dr3(mine);
		e->lazy->star = e->lazy->kernel_gs_base = mine;
		if (me)
			HOST_CHECK(!fpu_set_xcr0(to_xv(e->v), 7));
	}
	soft_guest_computes(200 * US);
	e->vmcb->exit_code = SVM_EXIT_INTR;
}

static void two_guests(void *arg)
{
	world_boot(1);
	soft_guest_set(own_values);
	for (u32 i = 0; i < 2; i++) {
		world_create(&pair[i], false, 1);
		domain_unpause_by_systemcontroller(pair[i].d);
	}
	host_run(hal_now_ns() + 200 * MS);
	HOST_CHECK(turns[0] > 3 && turns[1] > 3);
	for (u32 i = 0; i < 2; i++)
		HOST_CHECK(!world_destroy(&pair[i]));
	HOST_CHECK(!world_left_over());
}

static void test_two_guests(void **state)
{
	assert_int_equal(host_isolated(two_guests, NULL)->status, 0);
}

/* ---- memory that goes while its guest runs ---- */

static bool in_guest;
static u32 entries;

static void compute(struct soft_entry *e)
{
	entries++;
	in_guest = true;
	soft_guest_computes(50 * MS);
	in_guest = false;
	e->vmcb->exit_code = SVM_EXIT_INTR;
}

static void unmap_of_running(void *arg)
{
	struct world_domain *w = &pair[0];
	u32 before;

	world_boot(2);
	soft_guest_set(compute);
	world_create(w, false, 1);
	domain_unpause_by_systemcontroller(w->d);
	host_run(hal_now_ns() + 100 * US);
	HOST_CHECK(in_guest);
	before = entries;
	HOST_CHECK(!p2m_unmap(w->d->p2m, gfn_make(WORLD_DATA), 0));
	/* It has left the translations that it had; it may have come back with new ones. */
	HOST_CHECK(!in_guest || entries > before);
	HOST_CHECK(!world_destroy(w));
}

static void test_unmap_of_running(void **state)
{
	assert_int_equal(host_isolated(unmap_of_running, NULL)->status, 0);
}

/* ---- a toolstack's calls ---- */

static long domctl(struct vcpu *v, struct domain *d, u32 cmd, struct xen_domctl *op)
{
	bool copy;

	op->cmd = cmd;
	return hal_domctl(v, d, op, &copy);
}

static void control(void *arg)
{
	struct xen_domctl op = { .u.tsc_info.tsc_mode = 2 };
	struct world_domain *tools = &pair[0], *w = &pair[1];
	struct vcpu_guest_context regs;
	struct vcpu *v;

	world_boot(1);
	world_create(tools, true, 1);
	world_create(w, false, 1);
	v = tools->d->vcpu[0];
	HOST_CHECK(domctl(v, w->d, XEN_DOMCTL_settscinfo, &op) == 0);
	op.u.tsc_info.tsc_mode = 1;
	HOST_CHECK(domctl(v, w->d, XEN_DOMCTL_settscinfo, &op) == -XEN_EOPNOTSUPP);
	op.u.tsc_info.tsc_mode = 3;
	HOST_CHECK(domctl(v, w->d, XEN_DOMCTL_settscinfo, &op) == -XEN_EINVAL);
	memset(&op, 0, sizeof(op));
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &regs);
	/* It would wait for itself. */
	HOST_CHECK(domctl(v, tools->d, XEN_DOMCTL_getvcpucontext, &op) == -XEN_EINVAL);
	op.u.vcpucontext.vcpu = 1;
	HOST_CHECK(domctl(v, w->d, XEN_DOMCTL_getvcpucontext, &op) == -XEN_ESRCH);
	/* From its first run on a guest's clock stays as it is. */
	domain_unpause_by_systemcontroller(w->d);
	op = (struct xen_domctl){ .u.tsc_info.tsc_mode = 0 };
	HOST_CHECK(domctl(v, w->d, XEN_DOMCTL_settscinfo, &op) == -XEN_EINVAL);
	HOST_CHECK(domctl(v, w->d, XEN_DOMCTL_gettscinfo, &op) == 0);
	HOST_CHECK(op.u.tsc_info.tsc_mode == 2);
}

static void test_control(void **state)
{
	assert_int_equal(host_isolated(control, NULL)->status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_ports),
		cmocka_unit_test(test_serial_port),
		cmocka_unit_test(test_line_comes_back),
		cmocka_unit_test(test_two_guests),
		cmocka_unit_test(test_unmap_of_running),
		cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests_name("x86-machine", tests, NULL, NULL);
}
