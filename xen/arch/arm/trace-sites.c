/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Switching trace sites on and off while other CPUs execute them. NOP and B may replace one another
 * under a running CPU: it executes either the old instruction or the new one (ARM ARM, B2.2.5).
 */
#include <xen/cpumask.h>
#include <xen/hal/smp.h>
#include <xen/hal/trace.h>
#include <asm/mm.h>
#include <asm/sysreg.h>

#define INSN_NOP 0xd503201fU
#define INSN_B 0x14000000U
#define B_OFFSET_MASK 0x03ffffffU

extern const struct trace_site __start_trace_sites[], __stop_trace_sites[];

static u64 site_addr(const struct trace_site *s) { return (u64)&s->site + (u64)(s64)s->site; }

static u32 wanted_insn(const struct trace_site *s, bool on)
{
	s64 distance = (s64)((u64)&s->target + (u64)(s64)s->target - site_addr(s));

	return on ? INSN_B | ((u32)(distance >> 2) & B_OFFSET_MASK) : INSN_NOP;
}

static void see_new_code(void *arg)
{
	isb();
}

/* The image's text is read-only; its RAM is also in the direct map. */
static void patch(u64 addr, u32 insn)
{
	u32 *alias = paddr_to_virt(virt_to_paddr((void *)addr));

	__atomic_store_n(alias, insn, __ATOMIC_RELAXED);
	__asm__ volatile("dc cvau, %0" : : "r"(alias) : "memory");
	dsb_ish();
	__asm__ volatile("ic ivau, %0" : : "r"(addr) : "memory");
}

void hal_trace_update(bool (*want)(u32 id))
{
	for (const struct trace_site *s = __start_trace_sites; s < __stop_trace_sites; s++) {
		u32 insn = wanted_insn(s, want(s->id));

		if (*(const u32 *)site_addr(s) != insn)
			patch(site_addr(s), insn);
	}
	dsb_ish();
	hal_smp_call(&cpu_online_map, see_new_code, NULL, true);
}
