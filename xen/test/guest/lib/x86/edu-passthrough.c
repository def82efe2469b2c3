/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edu.h"
#include "other.h"

#include "pci.h"

#include <public/hvm/dm_op.h>
#include <public/physdev.h>

/* The device's registers in the other domain, and its own page that it does DMA to. */
#define REGISTERS_GFN 0xe0000UL
#define REGISTERS ((u32)(REGISTERS_GFN * PAGE_SIZE))
#define OTHER_FREE 0U
#define APIC_AT 0xfee00000U
#define WAKE_VECTOR 0x43U
#define VECTOR 0x41U
#define OWN_VECTOR 0x42U
#define PCI_LIST 0x34
#define CAP_MSI 5U
#define MSI_ENABLED BIT(16)

/* What the other domain does: an interrupt wakes it, and it clears @op when it is done. */
enum { OP_READ = 1, OP_WRITE };
struct work {
	u32 op, at, value, interrupts;
};
__asm__(".pushsection .rodata\n"
	"	.code32\n"
	"driver_code:\n"
	"	movl $0x1ff, 0xfee000f0\n"
	"1:	cli\n"
	"	movl 0x2000, %eax\n"
	"	testl %eax, %eax\n"
	"	jnz 4f\n"
	"	sti\n"
	"	hlt\n"
	"	jmp 1b\n"
	"4:	sti\n"
	"	movl 0x2004, %edx\n"
	"	movl 0x2008, %ebx\n"
	"	cmpl $1, %eax\n"
	"	jne 2f\n"
	"	movl (%edx), %eax\n"
	"	movl %eax, 0x2008\n"
	"	jmp 3f\n"
	"2:	movl %ebx, (%edx)\n"
	"3:	movl $0, 0x2000\n"
	"	jmp 1b\n"
	"driver_irq:\n"
	"	incl 0x200c\n"
	"	movl $0, 0xfee000b0\n"
	"	iret\n"
	"driver_wake:\n"
	"	movl $0, 0xfee000b0\n"
	"	iret\n"
	"driver_end:\n"
	"	" OWN_CODE "\n"
	".popsection\n");
extern const u8 driver_code[], driver_irq[], driver_wake[], driver_end[];

static long device_call(u32 cmd, u16 domid, u32 sbdf, u32 flags)
{
	struct xen_domctl op = { .cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
				 .domain = domid };

	op.u.assign_device = (struct xen_domctl_assign_device){
		.dev = XEN_DOMCTL_DEV_PCI, .flags = flags, .u.pci.machine_sbdf = sbdf };
	return HC1(__HYPERVISOR_domctl, &op);
}

static long assign(u16 domid) { return device_call(XEN_DOMCTL_assign_device, domid, edu_devfn, 0); }
static long take(u16 domid) { return device_call(XEN_DOMCTL_deassign_device, domid, edu_devfn, 0); }
static long test(u16 domid)
{
	return device_call(XEN_DOMCTL_test_assign_device, domid, edu_devfn, 0);
}

/* Calls that change nothing: the device is ours when they end. */
static void refused_calls(void)
{
	CHECK_EQ(assign(DOMID_SELF), -XEN_EINVAL);
	CHECK_EQ(assign(DOMID_XEN), -XEN_ESRCH);
	CHECK_EQ(assign(other_domid + 1), -XEN_ESRCH);
	CHECK_EQ(take(other_domid), -XEN_ENODEV);
	CHECK_EQ(take(DOMID_IO), -XEN_ENODEV);
	/* A function that is absent, one of another segment, and unknown flags. */
	CHECK_EQ(device_call(XEN_DOMCTL_assign_device, other_domid, 0xffff, 0), -XEN_ENODEV);
	CHECK_EQ(device_call(XEN_DOMCTL_assign_device, other_domid, 0x10000 | edu_devfn, 0),
		 -XEN_ENODEV);
	CHECK_EQ(device_call(XEN_DOMCTL_assign_device, other_domid, edu_devfn, 2), -XEN_EINVAL);
	CHECK_EQ(device_call(XEN_DOMCTL_deassign_device, other_domid, edu_devfn, 1), -XEN_EINVAL);
	CHECK_EQ(test(other_domid), 0);
}

/* Linux reports each function that it finds, also one that it found before. */
static void report_again(void)
{
	struct physdev_pci_device_add add = { .devfn = (u8)edu_devfn };
	struct physdev_manage_pci old = { .devfn = (u8)edu_devfn };

	CHECK_EQ(HC2(__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, &add), 0);
	CHECK_EQ(HC2(__HYPERVISOR_physdev_op, PHYSDEVOP_manage_pci_add, &old), 0);
}

static void assigned(u32 *own)
{
	u32 *from = (u32 *)other_at(OTHER_DATA), *to = (u32 *)other_at(OTHER_IDT);

	CHECK_EQ(assign(other_domid), 0);
	CHECK_EQ(assign(other_domid), -XEN_EBUSY);
	CHECK_EQ(assign(DOMID_IO), -XEN_EBUSY);
	CHECK_EQ(test(other_domid), -XEN_EINVAL);
	CHECK_EQ(take(DOMID_IO), -XEN_ENODEV);
	report_again();
	edu_fill(from, 0x66);
	edu_fetch(OTHER_DATA);
	edu_store(OTHER_IDT);
	CHECK(edu_is_filled(to, 0x66), "DMA in the other domain: word 0 is %#x", to[0]);
	edu_fill(own, 0x77);
	edu_store((u64)own);
	CHECK(edu_is_filled(own, 0x77), "the device still writes our page: word 0 is %#x", own[0]);
}

static void quarantined(void)
{
	u32 *to = (u32 *)other_at(OTHER_IDT);

	CHECK_EQ(take(other_domid), 0);
	CHECK_EQ(take(other_domid), -XEN_ENODEV);
	report_again();
	edu_fill(to, 0x88);
	edu_store(OTHER_IDT);
	CHECK(edu_is_filled(to, 0x88), "a device in quarantine writes: word 0 is %#x", to[0]);
}

static volatile struct work *work(void)
{
	return (volatile struct work *)other_at(OTHER_DATA);
}

/* Let the other domain access @at. */
static u32 other_access(u32 op, u32 at, u32 value)
{
	struct xen_dm_op dm = { .op = XEN_DMOP_inject_msi,
				.u.inject_msi = { .addr = APIC_AT, .data = WAKE_VECTOR } };
	struct xen_dm_op_buf buf = { .size = sizeof(dm) };
	volatile struct work *w = work();

	set_xen_guest_handle(buf.h, (void *)&dm);
	w->at = at;
	w->value = value;
	w->op = op;
	CHECK_EQ(HC3(__HYPERVISOR_dm_op, other_domid, 1, &buf), 0);
	for (u32 i = 0; i < 1000 && w->op; i++)
		sleep_ns(MS);
	NEED(!w->op, "the other domain does not answer: %u at %#x", op, at);
	return w->value;
}

static void other_write(u32 at, u32 value) { other_access(OP_WRITE, at, value); }
static u32 other_read(u32 at) { return other_access(OP_READ, at, 0); }

/* Let the other domain copy a page by its device, with an interrupt at the end. */
static void other_copy(u32 from, u32 to, u32 command)
{
	other_write(REGISTERS + EDU_DMA_SOURCE, from);
	other_write(REGISTERS + EDU_DMA_TARGET, to);
	other_write(REGISTERS + EDU_DMA_COUNT, PAGE_SIZE);
	other_write(REGISTERS + EDU_DMA_COMMAND, command | EDU_DMA_START | EDU_DMA_INTERRUPT);
	for (u32 i = 0; i < 100 && other_read(REGISTERS + EDU_DMA_COMMAND) & EDU_DMA_START; i++)
		sleep_ns(20 * MS);
	other_write(REGISTERS + EDU_ACKNOWLEDGE, other_read(REGISTERS + EDU_STATUS));
}

static void other_store(u32 to) { other_copy(EDU_BUFFER, to, EDU_DMA_TO_MEMORY); }

static long map_frames(u64 mfn, u64 n, bool add)
{
	struct xen_domctl op = { .u.memory_mapping = { .first_gfn = REGISTERS_GFN,
		.first_mfn = mfn, .nr_mfns = n, .add_mapping = add } };

	return other_domctl(XEN_DOMCTL_memory_mapping, &op);
}

static long allow_frames(u64 mfn, bool allow)
{
	struct xen_domctl op = { .u.iomem_permission = { .first_mfn = mfn, .nr_mfns = 1,
							 .allow_access = allow } };

	return other_domctl(XEN_DOMCTL_iomem_permission, &op);
}

static void give_registers(u64 mfn)
{
	CHECK_EQ(map_frames(mfn, 1, true), -XEN_EPERM);
	CHECK_EQ(map_frames(mfn, 0, true), -XEN_EINVAL);
	CHECK_EQ(map_frames(mfn, 65, true), -XEN_E2BIG);
	CHECK_EQ(map_frames(mfn, 1, false), -XEN_ENOENT);
	CHECK_EQ(allow_frames(mfn, true), 0);
	CHECK_EQ(map_frames(mfn, 2, true), -XEN_EPERM);
	CHECK_EQ(map_frames(mfn, 1, true), 0);
	CHECK_EQ(map_frames(mfn, 1, true), -XEN_EEXIST);
	CHECK_EQ(other_read(REGISTERS), EDU_IDENTITY);
}

static long map_message(u16 domid, int type, int entry, u64 table, int *pirq)
{
	struct physdev_map_pirq m = { .domid = domid, .type = type, .index = -1, .pirq = -1,
				      .devfn = (int)edu_devfn, .entry_nr = entry,
				      .table_base = table };
	long rc = HC2(__HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, &m);

	*pirq = m.pirq;
	return rc;
}

static long unmap_message(u16 domid, int pirq)
{
	struct physdev_unmap_pirq u = { .domid = domid, .pirq = pirq };

	return HC2(__HYPERVISOR_physdev_op, PHYSDEVOP_unmap_pirq, &u);
}

static long bind(u32 cmd, int pirq, u32 type, u32 vector, u32 flags)
{
	struct xen_domctl op = { .u.bind_pt_irq = { .machine_irq = (u32)pirq, .irq_type = type } };

	op.u.bind_pt_irq.u.msi.gvec = (u8)vector;
	op.u.bind_pt_irq.u.msi.gflags = flags;
	return other_domctl(cmd, &op);
}

static long bind_vector(int pirq, u32 vector)
{
	return bind(XEN_DOMCTL_bind_pt_irq, pirq, PT_IRQ_TYPE_MSI, vector,
		    XEN_DOMCTL_VMSI_X86_UNMASKED);
}

static long unbind(int pirq)
{
	return bind(XEN_DOMCTL_unbind_pt_irq, pirq, PT_IRQ_TYPE_MSI, VECTOR, 0);
}

/* Calls about interrupts that change nothing. */
static void refused_interrupts(int pirq)
{
	int none;

	CHECK_EQ(map_message(DOMID_SELF, MAP_PIRQ_TYPE_MSI, 0, 0, &none), -XEN_EOPNOTSUPP);
	CHECK_EQ(map_message(other_domid + 1, MAP_PIRQ_TYPE_MSI, 0, 0, &none), -XEN_ESRCH);
	CHECK_EQ(map_message(other_domid, MAP_PIRQ_TYPE_GSI, 0, 0, &none), -XEN_EOPNOTSUPP);
	CHECK_EQ(map_message(other_domid, MAP_PIRQ_TYPE_MSI, 0, 0, &none), -XEN_EEXIST);
	/* It has no MSI-X table. */
	CHECK_EQ(map_message(other_domid, MAP_PIRQ_TYPE_MSI, 0, 0x1000, &none), -XEN_EINVAL);
	CHECK_EQ(map_message(other_domid, MAP_PIRQ_TYPE_MSI, -1, 0, &none), -XEN_EINVAL);
	CHECK_EQ(unmap_message(other_domid, pirq + 1), -XEN_EINVAL);
	CHECK_EQ(unmap_message(DOMID_SELF, pirq), -XEN_EOPNOTSUPP);
	CHECK_EQ(unbind(pirq), -XEN_EINVAL);
	CHECK_EQ(bind_vector(pirq, 15), -XEN_EINVAL);
	CHECK_EQ(bind_vector(pirq + 1, VECTOR), -XEN_EINVAL);
	CHECK_EQ(bind_vector(-1, VECTOR), -XEN_EINVAL);
	CHECK_EQ(bind(XEN_DOMCTL_bind_pt_irq, pirq, PT_IRQ_TYPE_PCI, VECTOR, 0), -XEN_EOPNOTSUPP);
	/* An NMI, level-triggered, and a bit without a meaning. */
	CHECK_EQ(bind(XEN_DOMCTL_bind_pt_irq, pirq, PT_IRQ_TYPE_MSI, VECTOR, 4 << 12),
		 -XEN_EINVAL);
	CHECK_EQ(bind(XEN_DOMCTL_bind_pt_irq, pirq, PT_IRQ_TYPE_MSI, VECTOR, 1 << 15),
		 -XEN_EINVAL);
	CHECK_EQ(bind(XEN_DOMCTL_bind_pt_irq, pirq, PT_IRQ_TYPE_MSI, VECTOR, 1 << 17),
		 -XEN_EINVAL);
}

static u32 msi_capability(void)
{
	u32 at = pci_config(edu_devfn, PCI_LIST) & 0xfc;

	while (at && (pci_config(edu_devfn, at) & 0xff) != CAP_MSI)
		at = pci_config(edu_devfn, at) >> 8 & 0xfc;
	NEED(at, "the device has no MSI");
	return at;
}

static bool msi_is_on(void)
{
	return pci_config(edu_devfn, msi_capability()) & MSI_ENABLED;
}

/* What the device sends is not ours to change. */
static void write_messages(void)
{
	u32 cap = msi_capability();

	for (u32 reg = cap; reg <= cap + 12; reg += 4)
		pci_set_config(edu_devfn, reg, 0);
	CHECK(msi_is_on(), "we disabled the interrupts of a device that is another domain's");
}

/* The other domain drives the device: registers, DMA and interrupts. */
static int driven_by_other(u32 *own)
{
	volatile u32 *page = (volatile u32 *)other_at(OTHER_FREE);
	int pirq;

	CHECK_EQ(map_message(other_domid, MAP_PIRQ_TYPE_MSI_SEG, 0, 0, &pirq), 0);
	refused_interrupts(pirq);
	CHECK_EQ(bind_vector(pirq, VECTOR), 0);
	write_messages();
	edu_fill((u32 *)page, 0xa1);
	other_copy(OTHER_FREE, EDU_BUFFER, 0);
	CHECK_EQ(work()->interrupts, 1);
	edu_fill((u32 *)page, 0xa2);
	other_store(OTHER_FREE);
	CHECK_EQ(work()->interrupts, 2);
	CHECK(edu_is_filled((u32 *)page, 0xa1), "DMA of the other domain: word 0 is %#x", page[0]);
	edu_fill(own, 0xa3);
	other_store((u32)(u64)own);
	CHECK(edu_is_filled(own, 0xa3), "it writes our page: word 0 is %#x", own[0]);
	CHECK_EQ(work()->interrupts, 3);
	return pirq;
}

/* Nothing comes any more, and then again. */
static void unbound(int pirq)
{
	CHECK_EQ(unbind(pirq), 0);
	CHECK_EQ(unbind(pirq), -XEN_EINVAL);
	CHECK(!msi_is_on(), "the device still has interrupts");
	other_store(OTHER_FREE);
	CHECK_EQ(work()->interrupts, 3);
	CHECK_EQ(bind(XEN_DOMCTL_bind_pt_irq, pirq, PT_IRQ_TYPE_MSI, VECTOR, 0), 0);
	other_store(OTHER_FREE);
	CHECK_EQ(work()->interrupts, 3);
	CHECK_EQ(unmap_message(other_domid, pirq), 0);
	CHECK_EQ(unmap_message(other_domid, pirq), -XEN_EINVAL);
	CHECK_EQ(map_message(other_domid, MAP_PIRQ_TYPE_MSI, 0, 0, &pirq), 0);
	CHECK_EQ(bind_vector(pirq, VECTOR), 0);
	other_store(OTHER_FREE);
	CHECK_EQ(work()->interrupts, 4);
}

static volatile u32 own_interrupts;

static void own_interrupt(struct regs *regs)
{
	own_interrupts++;
	apic_eoi();
}

/* Ours again: its registers, DMA and interrupts. */
static void driven_by_us(u32 *a, u32 *b)
{
	u32 cap = msi_capability();

	CHECK(!msi_is_on(), "the device still has the other domain's interrupts");
	apic_enable();
	set_vector(OWN_VECTOR, own_interrupt);
	pci_set_config(edu_devfn, cap + 4, 0xfee00000);
	pci_set_config(edu_devfn, cap + 8, 0);
	pci_set_config(edu_devfn, cap + 12, OWN_VECTOR);
	pci_set_config(edu_devfn, cap, MSI_ENABLED);
	edu_own_memory(a, b);
	edu_interrupt();
	for (u32 i = 0; i < 100 && !own_interrupts; i++) {
		sleep_ns(MS);
		let_irqs_in();
	}
	CHECK_EQ(own_interrupts, 1);
	pci_set_config(edu_devfn, cap, 0);
}

static void whole_device(u32 *own, u32 *b)
{
	u64 mfn = pci_window(edu_devfn) / PAGE_SIZE;
	int pirq;

	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		((volatile u32 *)other_at(OTHER_DATA))[i] = 0;
	other_set_gate(VECTOR, driver_code, driver_irq);
	other_set_gate(WAKE_VECTOR, driver_code, driver_wake);
	CHECK_EQ(map_message(other_domid, MAP_PIRQ_TYPE_MSI, 0, 0, &pirq), -XEN_ENODEV);
	CHECK_EQ(assign(other_domid), 0);
	other_start();
	give_registers(mfn);
	pirq = driven_by_other(own);
	unbound(pirq);
	CHECK_EQ(map_frames(mfn, 1, false), 0);
	CHECK_EQ(other_read(REGISTERS), ~0U);
	CHECK_EQ(map_frames(mfn, 1, true), 0);
	CHECK_EQ(take(other_domid), 0);
	CHECK(!msi_is_on(), "a device in quarantine has interrupts");
	CHECK_EQ(unmap_message(other_domid, pirq), -XEN_EINVAL);
	CHECK_EQ(take(DOMID_IO), 0);
	driven_by_us(own, b);
}

/* Its page may be another domain's when the device gets to it. */
static void domain_ends(u32 *a)
{
	int pirq;
	long rc;

	CHECK_EQ(assign(other_domid), 0);
	CHECK_EQ(map_message(other_domid, MAP_PIRQ_TYPE_MSI, 0, 0, &pirq), 0);
	CHECK_EQ(bind_vector(pirq, VECTOR), 0);
	edu_fill(a, 0x99);
	edu_start_store(OTHER_IDT);
	do
		rc = other_simple(XEN_DOMCTL_destroydomain);
	while (rc == -XEN_EAGAIN);
	CHECK_EQ(rc, 0);
	CHECK(!msi_is_on(), "the device of a dead domain has interrupts");
	edu_wait();
	CHECK_EQ(take(other_domid), -XEN_ESRCH);
	CHECK_EQ(take(DOMID_IO), 0);
}

void edu_test_passthrough(void)
{
	u32 *a = alloc_pages(1, PAGE_SIZE), *b = alloc_pages(1, PAGE_SIZE);

	edu_need();
	other_flags = XEN_DOMCTL_CDF_iommu;
	other_create(driver_code, driver_end, XEN_X86_EMU_LAPIC);
	refused_calls();
	edu_own_memory(a, b);
	assigned(a);
	quarantined();
	CHECK_EQ(take(DOMID_IO), 0);
	edu_own_memory(a, b);
	whole_device(a, b);
	domain_ends(a);
	edu_own_memory(a, b);
	CHECK_EQ(assign(DOMID_IO), 0);
	sleep_ns(1500 * MS);
	test_success_before_end();
	edu_store((u64)a);
	sleep_ns(1500 * MS);
	shutdown(SHUTDOWN_poweroff);
}
