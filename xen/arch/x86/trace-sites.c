/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Switching trace sites on and off while other CPUs execute them.
 *
 * No CPU may fetch some bytes of an instruction from before a change and some from after it. So a
 * breakpoint is written over the first byte, then the other bytes are changed, then the first byte.
 * Between these steps every CPU serialises, so that none still holds old bytes. A CPU that hits the
 * breakpoint, even in an NMI, continues after the site as if it were off.
 */
#include <xen/compiler.h>
#include <xen/cpumask.h>
#include <xen/hal/smp.h>
#include <xen/hal/trace.h>
#include <xen/string.h>

#include <asm/mm.h>
#include <asm/processor.h>
#include <asm/traps.h>

#define INSN_INT3 0xcc
#define INSN_JMP32 0xe9

extern const struct trace_site trace_sites_start[], trace_sites_end[];

static const u8 nop5[TRACE_SITE_BYTES] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

static u8 *site_addr(const struct trace_site *s) { return (u8 *)&s->site + s->site; }

static bool site_is_on(const struct trace_site *s) { return *site_addr(s) == INSN_JMP32; }

static void wanted_code(const struct trace_site *s, bool on, u8 *code)
{
	s32 distance = (s32)((const u8 *)&s->target + s->target -
			     (site_addr(s) + TRACE_SITE_BYTES));

	memcpy(code, nop5, TRACE_SITE_BYTES);
	if (!on)
		return;
	code[0] = INSN_JMP32;
	memcpy(code + 1, &distance, sizeof(distance));
}

static void serialise(void *arg)
{
	cpuid(0);
}

/* Each round covers all sites, so the CPUs are interrupted three times in total. */
enum step { STEP_TRAP, STEP_TAIL, STEP_FIRST, NR_STEPS };

static void patch_site(const struct trace_site *s, bool on, enum step step)
{
	static const u8 trap = INSN_INT3;
	u8 code[TRACE_SITE_BYTES];

	wanted_code(s, on, code);
	if (step == STEP_TRAP) {
		if (memcmp(site_addr(s), code, sizeof(code)))
			text_patch(site_addr(s), &trap, 1);
	} else if (*site_addr(s) == INSN_INT3) {
		if (step == STEP_TAIL)
			text_patch(site_addr(s) + 1, code + 1, sizeof(code) - 1);
		else
			text_patch(site_addr(s), code, 1);
	}
}

void hal_trace_update(bool (*want)(u32 id))
{
	bool change = false;

	/* CPUs that execute a site meanwhile must be able to take the interrupts below. */
	ASSERT(hal_irq_is_enabled() || cpumask_weight(&cpu_online_map) == 1);
	for (const struct trace_site *s = trace_sites_start; s < trace_sites_end; s++)
		change |= site_is_on(s) != want(s->id);
	if (!change)
		return;
	for (enum step step = STEP_TRAP; step < NR_STEPS; step++) {
		for (const struct trace_site *s = trace_sites_start; s < trace_sites_end; s++)
			patch_site(s, want(s->id), step);
		hal_smp_call(&cpu_online_map, serialise, NULL, true);
	}
}

bool trace_site_trap(struct cpu_regs *regs)
{
	for (const struct trace_site *s = trace_sites_start; s < trace_sites_end; s++)
		if (regs->rip == (u64)site_addr(s) + 1) {
			regs->rip = (u64)site_addr(s) + TRACE_SITE_BYTES;
			return true;
		}
	return false;
}
