/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FPU and extended state of guests. The hypervisor itself uses none, so the guest's registers stay
 * in the CPU until another vCPU runs there. They are saved at every switch away (so that the state
 * may be loaded elsewhere). Loading is skipped when the same vCPU returns to the same CPU and no
 * other vCPU's state was loaded in between.
 */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/percpu.h>
#include <xen/string.h>

#include <asm/features.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "private.h"
#include "save.h"

#include <public/hvm/save.h>

#define FXSAVE_BYTES 512
#define FCW_DEFAULT 0x037f
#define XSAVE_HEADER 512

static bool use_xsave;
static u64 host_xcr0;		/* all components this CPU has and guests may use */
static u32 area_order, area_bytes;

static bool error_pointers_stay;

static DEFINE_PER_CPU(struct x86_vcpu *, fpu_owner);

void fpu_init(void)
{
	u32 bytes = FXSAVE_BYTES;

	write_cr4(read_cr4() | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT);
	use_xsave = cpuid(1).ecx & BIT(26);
	if (use_xsave) {
		struct cpuid_regs r;

		write_cr4(read_cr4() | X86_CR4_OSXSAVE);
		r = cpuid_count(0xd, 0);
		host_xcr0 = (r.eax | (u64)r.edx << 32) &
			    (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512 | XCR0_PKRU);
		xsetbv(0, host_xcr0);
		bytes = cpuid_count(0xd, 0).ebx;
	}
	BUG_ON(offsetof(struct hvm_hw_cpu_xsave, save_area) + bytes > SAVE_RECORD_MAX);
	area_bytes = bytes;
	/* APM volume 3, CPUID function 8000_0008 EBX: XSaveErPtr. */
	error_pointers_stay = !(cpuid(0x80000008).ebx & BIT(2));
	area_order = 0;
	while ((PAGE_SIZE << area_order) < bytes)
		area_order++;
}

u64 fpu_host_xcr0(void)
{
	return host_xcr0;
}

int fpu_vcpu_init(struct x86_vcpu *xv)
{
	struct page_info *pg = alloc_pages(area_order, 0);
	u8 *area;

	ASSERT(area_bytes && !xv->fpu_area);
	if (!pg)
		return -XEN_ENOMEM;
	area = page_to_virt(pg);
	*(u16 *)area = FCW_DEFAULT;
	*(u32 *)(area + FXSAVE_MXCSR) = MXCSR_RESET;
	if (use_xsave)
		*(u64 *)(area + XSAVE_HEADER) = XCR0_X87 | XCR0_SSE;
	xv->fpu_area = area;
	xv->xcr0 = XCR0_X87;
	return 0;
}

void fpu_vcpu_destroy(struct x86_vcpu *xv)
{
	u32 cpu;

	if (!xv->fpu_area)
		return;
	/* No CPU may mistake this memory, reused for a later vCPU, for the state it has loaded. */
	cpumask_for_each(cpu, &cpu_online_map)
		if (per_cpu(fpu_owner, cpu) == xv)
			per_cpu(fpu_owner, cpu) = NULL;
	free_pages(mfn_to_page(hal_virt_to_mfn(xv->fpu_area)), area_order);
	xv->fpu_area = NULL;
}

void fpu_save(struct x86_vcpu *xv)
{
	ASSERT(xv->fpu_area && this_cpu(fpu_owner) == xv);
	if (use_xsave) {
		/* XSETBV does not exit, so read the guest's XCR0 from the CPU. */
		xv->xcr0 = xgetbv(0);
		xsetbv(0, host_xcr0);
		xsave(xv->fpu_area);
	} else {
		fxsave(xv->fpu_area);
	}
	xv->fpu_cpu = hal_smp_cpu_id();
	this_cpu(fpu_owner) = xv;
}

void fpu_load(struct x86_vcpu *xv)
{
	bool loaded;

	ASSERT(xv->fpu_area && (xv->xcr0 & XCR0_X87));
	ASSERT(!use_xsave || !(xv->xcr0 & ~host_xcr0));
	loaded = this_cpu(fpu_owner) == xv && xv->fpu_cpu == hal_smp_cpu_id();

	/*
	 * Some processors save and restore the address of the last x87 instruction and its operand
	 * only while an exception is pending. Without this a guest could read the previous guest's.
	 */
	if (!loaded && error_pointers_stay)
		fpu_clear_pointers();
	if (use_xsave) {
		if (!loaded)
			xrstor(xv->fpu_area);
		xsetbv(0, xv->xcr0);
	} else if (!loaded) {
		fxrstor(xv->fpu_area);
	}
	this_cpu(fpu_owner) = xv;
}

int fpu_set_xcr0(struct x86_vcpu *xv, u64 val)
{
	ASSERT(&xv->v == hal_current_vcpu() && this_cpu(fpu_owner) == xv);
	if (!use_xsave || (val & ~host_xcr0) || !cpuid_xcr0_valid(to_xd(xv->v.domain)->cpuid, val))
		return -1;
	xsetbv(0, val);
	xv->xcr0 = val;
	return 0;
}

/* No CPU may take the state in its registers for the one loaded now. */
static void forget_loaded(struct x86_vcpu *xv)
{
	ASSERT(!READ_ONCE(xv->v.running));
	xv->fpu_cpu = ~0U;
}

void fpu_set_legacy(struct x86_vcpu *xv, const void *image)
{
	u8 *area = xv->fpu_area;

	memcpy(area, image, FXSAVE_BYTES);
	if (use_xsave)
		*(u64 *)(area + XSAVE_HEADER) |= XCR0_X87 | XCR0_SSE;
	forget_loaded(xv);
}

#define RECORD_AREA offsetof(struct hvm_hw_cpu_xsave, save_area)

static s32 save(void *state, u32 instance, void *record, s_time_t now)
{
	const struct x86_vcpu *xv = state;
	struct hvm_hw_cpu_xsave *r = record;

	if (!use_xsave)
		return 0;
	r->xfeature_mask = host_xcr0;
	r->xcr0 = xv->xcr0;
	r->xcr0_accum = xv->xcr0;
	memcpy(&r->save_area, xv->fpu_area, area_bytes);
	return (s32)(RECORD_AREA + area_bytes);
}

static bool header_valid(const struct hvm_hw_cpu_xsave_hdr *h)
{
	if ((h->xstate_bv & ~host_xcr0) || h->xcomp_bv)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(h->reserved); i++)
		if (h->reserved[i])
			return false;
	return true;
}

static int check(const void *state, u32 instance, const void *record, u32 len)
{
	const struct x86_vcpu *xv = state;
	const struct cpuid_policy *p = to_xd(xv->v.domain)->cpuid;
	const struct hvm_hw_cpu_xsave *r = record;
	u32 mxcsr;

	if (!use_xsave || len > RECORD_AREA + area_bytes)
		return -XEN_EINVAL;
	/* Before the guest's first XSETBV only the mandatory bit of XCR0 is set. */
	if (r->xcr0 != XCR0_X87 && (!cpuid_xcr0_valid(p, r->xcr0) || (r->xcr0 & ~host_xcr0)))
		return -XEN_EINVAL;
	if (!header_valid(&r->save_area.xsave_hdr))
		return -XEN_EINVAL;
	memcpy(&mxcsr, r->save_area.fpu_sse.x + FXSAVE_MXCSR, sizeof(mxcsr));
	return mxcsr & ~MXCSR_VALID ? -XEN_EINVAL : 0;
}

static void load(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
	const struct hvm_hw_cpu_xsave *r = record;
	struct x86_vcpu *xv = state;

	ASSERT(use_xsave && len >= RECORD_AREA && len - RECORD_AREA <= area_bytes);
	memset(xv->fpu_area, 0, area_bytes);
	memcpy(xv->fpu_area, &r->save_area, len - RECORD_AREA);
	xv->xcr0 = r->xcr0;
	forget_loaded(xv);
}

const struct save_kind hvm_fpu_record = {
	.type = CPU_XSAVE_CODE,
	.min_bytes = sizeof(struct hvm_hw_cpu_xsave), .max_bytes = SAVE_RECORD_MAX,
	.save = save, .check = check, .load = load,
};
