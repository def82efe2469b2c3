/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the instruction emulator with the hypervisor's own accesses: fetching through the guest's
 * page tables and the p2m, RAM, read-only pages, holes, the local APIC's registers, ports, control
 * registers, vector registers. Every input runs once in each mode of the processor, all on the same
 * vCPU, and only what it changed is put back.
 *
 * Input: one byte of privilege and kind of exit, two of flags, sixteen choosing register values,
 * then up to 15 instruction bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/p2m.h>
#include <xen/sched.h>
#include <xen/hal/cpu.h>
#include <xen/hal/vcpu.h>
#include <xen/x86/control-regs.h>
#include <xen/x86/emul.h>

#include <asm/host.h>
#include <asm/insns.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include <svm/svm.h>

#include "x86-oracle.h"
#include "x86-world.h"

#define HEADER 19
#define CPLS 2
#define OFTEN 1024	/* inputs between two looks at memory that nothing may change */
/* What iterations change before one faults. */
#define REPEATED (BIT(GPR_RAX) | BIT(GPR_RCX) | BIT(GPR_RSI) | BIT(GPR_RDI))
#define XCR0_START (XCR0_X87 | XCR0_SSE | XCR0_AVX)

/* Pages that instructions can write. */
static const u8 writable[] = { WORLD_CODE, WORLD_STACK, WORLD_DATA, WORLD_DATA + 1 };

static struct world_domain world;
static struct x86_vcpu *xv;
static u8 clean_ram[WORLD_PAGES * PAGE_SIZE];
static struct vmcb clean_vmcb[WORLD_MODES][CPLS];
static struct svm_vcpu clean_svm[WORLD_MODES][CPLS];
static struct vlapic clean_apic;
static struct vlapic_page clean_page;
static struct vpit clean_pit;
static u64 runs;

static void failed(const char *what)
{
	fprintf(stderr, "emul-guest: %s\n", what);
	abort();
}

static void check(bool ok)
{
	if (!ok)
		failed("setting up");
}

static void map(u32 page, enum p2m_type type)
{
	struct page_info *pg = mfn_to_page(hal_virt_to_mfn(world.ram + page * PAGE_SIZE));

	if (type == P2M_INVALID)
		check(!p2m_unmap(world.d->p2m, gfn_make(page), 0));
	else
		check(!p2m_map(world.d->p2m, gfn_make(page), page_to_mfn(pg), 0, type));
}

/* The guest's tables cannot be written, so that they need not be put back. */
static void restrict_ram(void)
{
	for (u32 i = 0; i < WORLD_CODE; i++)
		map(i, P2M_RAM_RO);
	for (u32 i = WORLD_CODE + 1; i < WORLD_READ_ONLY; i++)
		if (!memchr(writable, (int)i, sizeof(writable)))
			map(i, P2M_INVALID);
}

static void start(void)
{
	world_boot_alone();
	world_create(&world, false, 1);
	restrict_ram();
	for (u32 i = 0; i < 2 * PAGE_SIZE; i++)
		world.ram[WORLD_DATA * PAGE_SIZE + i] = (u8)(i * 37 + (i >> 8));
	xv = to_xv(world.d->vcpu[0]);
	hal_irq_disable();
	hal_context_switch(hal_current_vcpu(), &xv->v);
	hal_irq_enable();
	for (u32 m = 0; m < WORLD_MODES; m++)
		for (u32 c = 0; c < CPLS; c++) {
			world_set_mode(&world, xv, m, m == WORLD_REAL ? 0 : c * 3);
			clean_vmcb[m][c] = *svm_of(xv)->vmcb;
			clean_svm[m][c] = *svm_of(xv);
		}
	memcpy(clean_ram, world.ram, sizeof(clean_ram));
	clean_apic = xv->vlapic;
	clean_page = *xv->vlapic.page;
	clean_pit = to_xd(world.d)->pc.pit;
}

static u64 register_value(u8 pick, u32 reg)
{
	static const u64 edges[] = {
		0, 1, 2, 7, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
		0x80000000, 0xffffffff, ~0UL, 1UL << 63, ~0UL >> 1, 1UL << 47, (1UL << 47) - 4,
		VLAPIC_DEFAULT_BASE + 0x80, VLAPIC_DEFAULT_BASE + 0x300, 0x40, 0x61,
		(WORLD_HOLE * PAGE_SIZE) - 4, WORLD_HOLE * PAGE_SIZE, WORLD_READ_ONLY * PAGE_SIZE,
		(WORLD_DATA + 1) * PAGE_SIZE - 3, (WORLD_DATA + 2) * PAGE_SIZE - 2, 1UL << 39,
	};

	if (pick & 0x80)
		return WORLD_DATA * PAGE_SIZE + 512 + (pick & 0x7f) * 24 + reg;
	return edges[pick % ARRAY_SIZE(edges)] + (pick >> 5);
}

/* The instruction ends at the code page's end for some inputs, so that the next page is fetched. */
static void load_state(enum world_mode mode, const u8 *in, u32 len)
{
	struct vmcb *b = svm_of(xv)->vmcb;
	u64 at = WORLD_CODE * PAGE_SIZE + (in[1] & 1 ? PAGE_SIZE - len : 0x100);

	*b = clean_vmcb[mode][in[0] >> 7];
	*svm_of(xv) = clean_svm[mode][in[0] >> 7];
	vmload(svm_of(xv)->vmcb_pa);
	b->rip = at - b->cs.base;
	b->rflags = (b->rflags & ~0xfd5UL) | (((u64)in[1] << 8 | in[2]) & 0xfd5) | 2;
	for (u32 i = 0; i < GPR_COUNT; i++)
		xv->gpr[i] = register_value(in[3 + i], i);
	if (mode == WORLD_REAL && (in[2] & 8))
		b->rip = 0xfffa;
	memcpy(world.ram + at, in + HEADER, len);
}

/* Kinds of instructions that the exits ask for. */
static u32 allowed(u8 pick)
{
	static const u8 kinds[] = {
		X86_CLASS_MEMORY, X86_CLASS_MEMORY | X86_CLASS_REGISTER, X86_CLASS_STRING_IO,
		X86_CLASS_CONTROL, X86_CLASS_XCR, X86_CLASS_PORT, X86_CLASS_MEMORY,
		X86_CLASS_MEMORY | X86_CLASS_REGISTER,
	};

	return kinds[pick % ARRAY_SIZE(kinds)];
}

static void put_back_ram(void)
{
	for (u32 i = 0; i < sizeof(writable); i++) {
		u32 at = writable[i] * PAGE_SIZE;

		if (memcmp(world.ram + at, clean_ram + at, PAGE_SIZE))
			memcpy(world.ram + at, clean_ram + at, PAGE_SIZE);
	}
	if (++runs % OFTEN == 0)
		if (memcmp(world.ram, clean_ram, sizeof(clean_ram)))
			failed("memory was written that the guest cannot write");
}

static void put_back(void)
{
	put_back_ram();
	if (memcmp(xv->vlapic.page, &clean_page, sizeof(clean_page)) ||
	    memcmp(&xv->vlapic, &clean_apic, sizeof(clean_apic))) {
		timer_stop(&xv->vlapic_timer);
		*xv->vlapic.page = clean_page;
		xv->vlapic = clean_apic;
	}
	to_xd(world.d)->pc.pit = clean_pit;
	xv->work_pending = xv->timer_due = xv->nmi_pending = false;
	xv->xcr0 = XCR0_START;
	xsetbv(0, XCR0_START);
}

/* An instruction that ended in a fault has changed no register, unless it is a repeated one. */
static void check_fault(const u64 *gpr, u64 rip)
{
	const struct vmcb *b = svm_of(xv)->vmcb;

	if (!(b->event_inj & SVM_EV_VALID) || b->rip != rip ||
	    (b->event_inj & SVM_EV_VECTOR_MASK) == X86_VEC_DB)
		return;
	for (u32 i = 0; i < GPR_COUNT; i++)
		if (gpr[i] != xv->gpr[i] && !(REPEATED >> i & 1))
			failed("a register changed although the instruction faulted");
}

static void emulate(enum world_mode mode, const u8 *in, u32 len)
{
	u64 gpr[GPR_COUNT], rip;

	load_state(mode, in, len);
	memcpy(gpr, xv->gpr, sizeof(gpr));
	rip = svm_of(xv)->vmcb->rip;
	hvm_emulate_one(xv, allowed(in[0] >> 3 & 7));
	check_fault(gpr, rip);
	if (pending_state(&xv->pending) != PENDING_NONE || xv->pending.nr)
		failed("an access waits for a device, and none answers later");
	if (x86_vcpu_wrong(xv))
		failed(x86_vcpu_wrong(xv));
	put_back();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u32 len;

	if (!xv) {
		start();
		put_back();
	}
	if (size <= HEADER)
		return 0;
	len = size - HEADER > X86_INSN_MAX ? X86_INSN_MAX : (u32)(size - HEADER);
	for (u32 m = 0; m < WORLD_MODES; m++)
		emulate(m, data, len);
	return 0;
}
