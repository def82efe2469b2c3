/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of VMX: features that a processor lacks, and fields that an entry refuses. */
#include "unit.h"

#include <string.h>

#include <xen/x86/regs.h>
#include "../../arch/x86/vmx/check.h"

#define ALLOW_ALL(must) ((must) | 0xffffffffUL << 32)
#define NR_FIELDS 0x7000

/* A processor that allows everything, with default controls such as Intel's have. */
static const struct vmx_caps full = {
	.basic = 1 | 1UL << 55, .pin = ALLOW_ALL(0x16), .proc = ALLOW_ALL(0x04006172),
	.proc2 = ALLOW_ALL(0), .exit = ALLOW_ALL(0x36dfb),
	.entry = ALLOW_ALL(0x11fb),
	.cr0_fixed0 = 0x80000021, .cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000, .cr4_fixed1 = 0x3727ff,
	.ept_vpid = ~0UL,
};

static u64 vmcs[NR_FIELDS];
static struct vmx_controls controls;

static const char *choose(struct vmx_caps caps, u32 wanted)
{
	return vmx_choose_controls(&caps, wanted, &controls);
}

static void test_full(void **state)
{
	assert_null(choose(full, VMX_PROC2_RDTSCP | VMX_PROC2_INVPCID));
	assert_int_equal(controls.pin & 0x16, 0x16);
	assert_true(controls.proc & VMX_PROC_SECONDARY);
	assert_false(controls.proc & (VMX_PROC_CR3_LOAD | VMX_PROC_MOV_DR | VMX_PROC_INTR_WINDOW));
	assert_int_equal(controls.proc2, VMX_PROC2_EPT | VMX_PROC2_RDTSCP | VMX_PROC2_VPID |
			 VMX_PROC2_WBINVD | VMX_PROC2_UNRESTRICTED | VMX_PROC2_INVPCID);
	assert_null(choose(full, 0));
	assert_false(controls.proc2 & VMX_PROC2_RDTSCP);
}

/* Every feature that is taken away is named. */
static void test_lacking(void **state)
{
	struct vmx_caps caps = full;

	caps.proc2 &= ~((u64)VMX_PROC2_UNRESTRICTED << 32);
	assert_string_equal(choose(caps, 0), "unrestricted guests");
	caps.proc2 &= ~((u64)VMX_PROC2_EPT << 32);
	assert_string_equal(choose(caps, 0), "extended page tables (EPT)");
	caps = full;
	caps.basic &= ~(1UL << 55);
	assert_string_equal(choose(caps, 0), "guests that load CR3 without an exit");
	caps = full;
	caps.proc |= VMX_PROC_CR3_LOAD;
	assert_string_equal(choose(caps, 0), "guests that load CR3 without an exit");
	caps = full;
	caps.pin &= ~((u64)VMX_PIN_VIRTUAL_NMI << 32);
	assert_string_equal(choose(caps, 0), "virtual NMIs");
	caps = full;
	caps.ept_vpid &= ~VMX_CAP_EPT_1G;
	assert_string_equal(choose(caps, 0), "EPT pages of 1 GiB");
	caps = full;
	caps.ept_vpid &= ~(VMX_CAP_INVEPT_ONE | VMX_CAP_INVEPT_ALL);
	assert_string_equal(choose(caps, 0), "a kind of INVEPT");
	caps = full;
	caps.proc2 &= ~((u64)VMX_PROC2_INVPCID << 32);
	assert_null(choose(caps, 0));
	assert_string_equal(choose(caps, VMX_PROC2_INVPCID), "RDTSCP and INVPCID in guests");
	/* VPIDs are used only where they can be flushed. */
	caps = full;
	caps.ept_vpid &= ~VMX_CAP_INVVPID_ONE;
	assert_null(choose(caps, 0));
	assert_false(controls.proc2 & VMX_PROC2_VPID);
}

/* How much of the APIC is left to the processor: each degree wants all of the ones before. */
static void test_apic_degrees(void **state)
{
	static const struct { u32 pin, proc, proc2, exit; } taken[] = {
		[VMX_APIC_NONE] = { .proc = VMX_PROC_TPR_SHADOW },
		[VMX_APIC_TPR] = { .proc2 = VMX_PROC2_VIRQS },
		[VMX_APIC_VIRTUAL] = { .exit = VMX_EXIT_ACK },
		[VMX_APIC_POSTED] = { 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(taken); i++) {
		struct vmx_caps caps = full;

		caps.pin &= ~((u64)taken[i].pin << 32);
		caps.proc &= ~((u64)taken[i].proc << 32);
		caps.proc2 &= ~((u64)taken[i].proc2 << 32);
		caps.exit &= ~((u64)taken[i].exit << 32);
		assert_int_equal(vmx_apic_offered(&caps), i);
		assert_null(choose(caps, 0));
		vmx_add_apic_controls(i, &controls);
		assert_int_equal(!!(controls.proc & VMX_PROC_TPR_SHADOW), i >= VMX_APIC_TPR);
		assert_int_equal(!(controls.proc & VMX_PROC_CR8_LOAD), i >= VMX_APIC_TPR);
		assert_int_equal(!!(controls.proc2 & VMX_PROC2_VIRQS), i >= VMX_APIC_VIRTUAL);
		assert_int_equal(!!(controls.pin & VMX_PIN_POSTED), i >= VMX_APIC_POSTED);
		assert_int_equal(!!(controls.exit & VMX_EXIT_ACK), i >= VMX_APIC_POSTED);
	}
}

static u64 read_fake(void *ctx, u32 field)
{
	assert_true(field < NR_FIELDS);
	return vmcs[field];
}

static void set_segment(u32 n, u64 base, u64 limit, u64 rights)
{
	vmcs[VMCS_GUEST_ES_SEL + 2 * n] = 8;
	vmcs[VMCS_GUEST_ES_BASE + 2 * n] = base;
	vmcs[VMCS_GUEST_ES_LIMIT + 2 * n] = limit;
	vmcs[VMCS_GUEST_ES_RIGHTS + 2 * n] = rights;
}

/* A 64-bit guest in ring 0. */
static void fill(void)
{
	memset(vmcs, 0, sizeof(vmcs));
	assert_null(choose(full, 0));
	vmcs[VMCS_PIN_CONTROLS] = controls.pin;
	vmcs[VMCS_PROC_CONTROLS] = controls.proc;
	vmcs[VMCS_PROC2_CONTROLS] = controls.proc2;
	vmcs[VMCS_EXIT_CONTROLS] = controls.exit;
	vmcs[VMCS_ENTRY_CONTROLS] = controls.entry | VMX_ENTRY_IA32E;
	vmcs[VMCS_IO_BITMAP_A] = 0x10000;
	vmcs[VMCS_IO_BITMAP_B] = 0x11000;
	vmcs[VMCS_MSR_BITMAP] = 0x12000;
	vmcs[VMCS_EPT_POINTER] = 0x1301e;
	vmcs[VMCS_VPID] = 7;
	vmcs[VMCS_LINK_POINTER] = ~0UL;
	vmcs[VMCS_HOST_CR0] = 0x80010033;
	vmcs[VMCS_HOST_CR3] = 0x20000;
	vmcs[VMCS_HOST_CR4] = 0x20a0;
	vmcs[VMCS_HOST_EFER] = 0xd00;
	vmcs[VMCS_HOST_PAT] = vmcs[VMCS_GUEST_PAT] = 0x0007040600070406;
	vmcs[VMCS_HOST_CS_SEL] = 8;
	vmcs[VMCS_HOST_TR_SEL] = 0x20;
	vmcs[VMCS_HOST_RIP] = 0xffffffff80001000;
	vmcs[VMCS_GUEST_CR0] = 0x80010033;
	vmcs[VMCS_GUEST_CR3] = 0x30000;
	vmcs[VMCS_GUEST_CR4] = 0x20a0;
	vmcs[VMCS_GUEST_EFER] = 0xd01;
	vmcs[VMCS_GUEST_DR7] = 0x400;
	vmcs[VMCS_GUEST_RFLAGS] = 2;
	vmcs[VMCS_GUEST_RIP] = 0xffffffff81000000;
	for (u32 n = 0; n < 6; n++)
		set_segment(n, 0, 0xffffffff, n == 1 ? 0xa09b : 0xc093);
	set_segment(6, 0, 0, VMX_RIGHTS_UNUSABLE);
	set_segment(7, 0x5000, 0x67, 0x8b);
}

static bool valid(struct vmx_entry_fault *f)
{
	struct vmx_entry_source src = { .read = read_fake, .caps = &full, .phys_bits = 40 };

	return vmx_entry_valid(&src, f);
}

static void test_good(void **state)
{
	struct vmx_entry_fault f = { 0 };

	fill();
	if (!valid(&f))
		fail_msg("%s is %#lx: %s", f.name, f.value, f.rule);
	/* As a PVH kernel begins, without paging */
	vmcs[VMCS_ENTRY_CONTROLS] &= ~(u64)VMX_ENTRY_IA32E;
	vmcs[VMCS_GUEST_EFER] = 0;
	vmcs[VMCS_GUEST_CR0] = 0x31;
	vmcs[VMCS_GUEST_CR4] = 0x2040;
	vmcs[VMCS_GUEST_RIP] = 0x100000;
	vmcs[VMCS_GUEST_CS_RIGHTS] = 0xc09b;
	if (!valid(&f))
		fail_msg("%s is %#lx: %s", f.name, f.value, f.rule);
	/* In real mode, where nothing has an error code */
	vmcs[VMCS_GUEST_CR0] = 0x30;
	vmcs[VMCS_ENTRY_EVENT] = VMX_EVENT_VALID | 3 << 8 | 13;
	if (!valid(&f))
		fail_msg("%s is %#lx: %s", f.name, f.value, f.rule);
}

/* One field of a good VMCS is spoilt, and that field is named. */
static void test_planted(void **state)
{
	static const struct { u32 field; u64 value; const char *name; } bad[] = {
		{ VMCS_PIN_CONTROLS, 0, "PIN_CONTROLS" },
		{ VMCS_PROC_CONTROLS, 0, "PROC_CONTROLS" },
		{ VMCS_ENTRY_CONTROLS, 0, "ENTRY_CONTROLS" },
		{ VMCS_IO_BITMAP_A, 0x10001, "IO_BITMAP_A" },
		{ VMCS_MSR_BITMAP, 1UL << 40, "MSR_BITMAP" },
		{ VMCS_EPT_POINTER, 0x13006, "EPT_POINTER" },
		{ VMCS_EPT_POINTER, 0x1301a, "EPT_POINTER" },
		{ VMCS_VPID, 0, "VPID" },
		{ VMCS_CR3_TARGETS, 5, "CR3_TARGETS" },
		{ VMCS_ENTRY_EVENT, VMX_EVENT_VALID | 1 << 8 | 32, "ENTRY_EVENT" },
		{ VMCS_ENTRY_EVENT, VMX_EVENT_VALID | 3 << 8 | 13, "ENTRY_EVENT" },
		{ VMCS_ENTRY_EVENT, VMX_EVENT_VALID | 3 << 8 | 0x800 | 6, "ENTRY_EVENT" },
		{ VMCS_ENTRY_EVENT, VMX_EVENT_VALID | 2 << 8 | 3, "ENTRY_EVENT" },
		{ VMCS_ENTRY_EVENT, VMX_EVENT_VALID | 4 << 8 | 0x80, "ENTRY_LENGTH" },
		/* An interrupt, though the guest has them off */
		{ VMCS_ENTRY_EVENT, VMX_EVENT_VALID | 0x80, "GUEST_RFLAGS" },
		{ VMCS_HOST_CR0, 0x33, "HOST_CR0" },
		{ VMCS_HOST_CR4, 0x20, "HOST_CR4" },
		{ VMCS_HOST_CR3, 1UL << 41, "HOST_CR3" },
		{ VMCS_HOST_EFER, 0x100, "HOST_EFER" },
		{ VMCS_HOST_PAT, 2, "HOST_PAT" },
		{ VMCS_HOST_CS_SEL, 0, "HOST_CS_SEL" },
		{ VMCS_HOST_DS_SEL, 0x13, "HOST_DS_SEL" },
		{ VMCS_HOST_GDTR_BASE, 1UL << 47, "HOST_GDTR_BASE" },
		{ VMCS_HOST_RIP, 1UL << 60, "HOST_RIP" },
		{ VMCS_GUEST_CR0, 0x80010013, "GUEST_CR0" },
		{ VMCS_GUEST_CR0, 0x80010032, "GUEST_CR0" },
		{ VMCS_GUEST_CR0, 0x33, "GUEST_CR0" },
		{ VMCS_GUEST_CR4, 0x20, "GUEST_CR4" },
		{ VMCS_GUEST_CR4, 0x2080, "GUEST_CR4" },
		{ VMCS_GUEST_CR3, 1UL << 40, "GUEST_CR3" },
		{ VMCS_GUEST_DR7, 1UL << 32, "GUEST_DR7" },
		{ VMCS_GUEST_SYSENTER_ESP, 1UL << 50, "GUEST_SYSENTER_ESP" },
		{ VMCS_GUEST_PAT, 0x0300, "GUEST_PAT" },
		{ VMCS_GUEST_EFER, 0x1d01, "GUEST_EFER" },
		{ VMCS_GUEST_EFER, 0x901, "GUEST_EFER" },
		{ VMCS_GUEST_CS_RIGHTS, 0xa091, "GUEST_CS_RIGHTS" },
		{ VMCS_GUEST_CS_RIGHTS, 0xe09b, "GUEST_CS_RIGHTS" },
		{ VMCS_GUEST_CS_RIGHTS, 0xa01b, "GUEST_CS_RIGHTS" },
		{ VMCS_GUEST_CS_RIGHTS, 0xa0fb, "GUEST_CS_RIGHTS" },
		{ VMCS_GUEST_CS_RIGHTS, 0xa19b, "GUEST_CS_RIGHTS" },
		{ VMCS_GUEST_CS_LIMIT, 0xfffff000, "GUEST_CS_RIGHTS" },
		{ VMCS_GUEST_CS_BASE, 1UL << 32, "GUEST_CS_BASE" },
		{ VMCS_GUEST_SS_RIGHTS, 0xc099, "GUEST_SS_RIGHTS" },
		{ VMCS_GUEST_ES_RIGHTS, 0xc092, "GUEST_ES_RIGHTS" },
		{ VMCS_GUEST_FS_BASE, 1UL << 48, "GUEST_FS_BASE" },
		{ VMCS_GUEST_TR_RIGHTS, 0x89, "GUEST_TR_RIGHTS" },
		{ VMCS_GUEST_TR_RIGHTS, VMX_RIGHTS_UNUSABLE, "GUEST_TR_RIGHTS" },
		{ VMCS_GUEST_TR_SEL, 4, "GUEST_TR_SEL" },
		{ VMCS_GUEST_LDTR_RIGHTS, 0x8b, "GUEST_LDTR_RIGHTS" },
		{ VMCS_GUEST_GDTR_LIMIT, 0x10000, "GUEST_GDTR_LIMIT" },
		{ VMCS_GUEST_IDTR_BASE, 1UL << 62, "GUEST_IDTR_BASE" },
		{ VMCS_GUEST_RIP, 1UL << 48, "GUEST_RIP" },
		{ VMCS_GUEST_RFLAGS, 0, "GUEST_RFLAGS" },
		{ VMCS_GUEST_RFLAGS, 0x8002, "GUEST_RFLAGS" },
		{ VMCS_ACTIVITY, 1, "ACTIVITY" },
		{ VMCS_INTERRUPTIBILITY, 3, "INTERRUPTIBILITY" },
		{ VMCS_INTERRUPTIBILITY, 1, "INTERRUPTIBILITY" },
		{ VMCS_INTERRUPTIBILITY, 4, "INTERRUPTIBILITY" },
		{ VMCS_INTERRUPTIBILITY, 0x20, "INTERRUPTIBILITY" },
		{ VMCS_PENDING_DEBUG, 0x20, "PENDING_DEBUG" },
		{ VMCS_LINK_POINTER, 0, "LINK_POINTER" },
	};
	struct vmx_entry_fault f;

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		fill();
		vmcs[bad[i].field] = bad[i].value;
		if (valid(&f))
			fail_msg("%s = %#lx is not found", bad[i].name, bad[i].value);
		if (strcmp(f.name, bad[i].name))
			fail_msg("%s = %#lx is reported as %s: %s", bad[i].name, bad[i].value,
				 f.name, f.rule);
		assert_int_equal(f.value, vmcs[f.field]);
	}
}

/* The same for a guest whose interrupts are posted. */
static void test_planted_apic(void **state)
{
	static const struct { u32 field; u64 value; const char *name; } bad[] = {
		{ VMCS_VIRTUAL_APIC, 0x14010, "VIRTUAL_APIC" },
		{ VMCS_APIC_ACCESS, 1UL << 40, "APIC_ACCESS" },
		{ VMCS_POSTED_DESC, 0x16020, "POSTED_DESC" },
		{ VMCS_POSTED_DESC, 1UL << 40, "POSTED_DESC" },
		{ VMCS_POSTED_VECTOR, 0x100, "POSTED_VECTOR" },
	};
	struct vmx_entry_fault f;
	u32 virqs = VMX_PROC2_VIRQS | VMX_PROC2_APIC_REGS;

	for (u32 i = 0; i <= ARRAY_SIZE(bad); i++) {
		fill();
		vmx_add_apic_controls(VMX_APIC_POSTED, &controls);
		vmcs[VMCS_PIN_CONTROLS] = controls.pin;
		vmcs[VMCS_PROC_CONTROLS] = controls.proc;
		vmcs[VMCS_PROC2_CONTROLS] = controls.proc2 | VMX_PROC2_APIC_ACCESS;
		vmcs[VMCS_EXIT_CONTROLS] = controls.exit;
		vmcs[VMCS_VIRTUAL_APIC] = 0x14000;
		vmcs[VMCS_APIC_ACCESS] = 0x15000;
		vmcs[VMCS_POSTED_DESC] = 0x16040;
		vmcs[VMCS_POSTED_VECTOR] = 0xf4;
		if (i == ARRAY_SIZE(bad))
			break;
		vmcs[bad[i].field] = bad[i].value;
		assert_false(valid(&f));
		assert_string_equal(f.name, bad[i].name);
	}
	if (!valid(&f))
		fail_msg("%s is %#lx: %s", f.name, f.value, f.rule);
	vmcs[VMCS_PROC2_CONTROLS] |= VMX_PROC2_X2APIC;
	assert_false(valid(&f));
	assert_string_equal(f.rule, "both modes of the APIC at once");
	vmcs[VMCS_PROC2_CONTROLS] = controls.proc2 & ~virqs;
	assert_false(valid(&f));
	assert_int_equal(f.field, VMCS_PIN_CONTROLS);
	vmcs[VMCS_PIN_CONTROLS] &= ~(u64)VMX_PIN_POSTED;
	assert_true(valid(&f));
	vmcs[VMCS_TPR_THRESHOLD] = 0x10;
	assert_false(valid(&f));
	assert_string_equal(f.name, "TPR_THRESHOLD");
	vmcs[VMCS_TPR_THRESHOLD] = 0;
	vmcs[VMCS_PROC_CONTROLS] &= ~(u64)VMX_PROC_TPR_SHADOW;
	vmcs[VMCS_PROC2_CONTROLS] |= virqs;
	assert_false(valid(&f));
	assert_string_equal(f.rule, "a virtual APIC without a shadow of TPR");
}

/* Faults that need several fields. */
static void test_combined(void **state)
{
	struct vmx_entry_fault f;

	fill();		/* an NMI while NMIs are blocked */
	vmcs[VMCS_ENTRY_EVENT] = VMX_EVENT_VALID | 2 << 8 | 2;
	vmcs[VMCS_INTERRUPTIBILITY] = VMX_BLOCKED_NMI;
	assert_false(valid(&f));
	assert_int_equal(f.field, VMCS_INTERRUPTIBILITY);
	fill();		/* a single step that is pending in a shadow */
	vmcs[VMCS_GUEST_RFLAGS] = 0x302;
	vmcs[VMCS_INTERRUPTIBILITY] = VMX_BLOCKED_STI;
	assert_false(valid(&f));
	assert_int_equal(f.field, VMCS_PENDING_DEBUG);
	vmcs[VMCS_PENDING_DEBUG] = 1 << 14;
	assert_true(valid(&f));
	fill();		/* PAE paging, with a reserved bit in the third of its pointers */
	vmcs[VMCS_ENTRY_CONTROLS] &= ~(u64)VMX_ENTRY_IA32E;
	vmcs[VMCS_GUEST_EFER] = 0;
	vmcs[VMCS_GUEST_RIP] = 0x100000;
	vmcs[VMCS_GUEST_CS_RIGHTS] = 0xc09b;
	vmcs[VMCS_GUEST_PDPTE0] = 0x40001;
	assert_true(valid(&f));
	vmcs[VMCS_GUEST_PDPTE0 + 4] = 0x40003;
	assert_false(valid(&f));
	assert_string_equal(f.name, "GUEST_PDPTE2");
	fill();		/* virtual-8086 mode wants segments of that mode */
	vmcs[VMCS_ENTRY_CONTROLS] &= ~(u64)VMX_ENTRY_IA32E;
	vmcs[VMCS_GUEST_EFER] = 0;
	vmcs[VMCS_GUEST_RIP] = 0x100;
	vmcs[VMCS_GUEST_RFLAGS] = 0x20002;
	assert_false(valid(&f));
	assert_int_equal(f.field, VMCS_GUEST_ES_BASE);
	for (u32 n = 0; n < 6; n++)
		set_segment(n, 0x80, 0xffff, 0xf3);
	assert_true(valid(&f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_lacking),
		cmocka_unit_test(test_apic_degrees),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_planted),
		cmocka_unit_test(test_planted_apic),
		cmocka_unit_test(test_combined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
