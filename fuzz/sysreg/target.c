/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes what ARM guests reach by instructions that trap: MSR and MRS, calls of firmware, loads
 * and stores of devices, exceptions that are given back. Any syndrome, register and machine is
 * possible. Each step is compared with what the manuals say (oracle.c), and changes nothing else.
 *
 * Input: the machine's registers (8 bytes that are mixed into all of them), a byte for the GIC's
 * version, a byte for the width of addresses, and steps of 24 bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <asm/host.h>
#include <xen/arm/syndrome.h>
#include <xen/compiler.h>
#include <xen/ops.h>

#include "sysreg.h"

#define SPIS 32
#define HEAD 10

enum op { SYSREG, NAMED, FIRMWARE, LOAD, STORE, EXCEPTION, SKIP, TIME, NR_OPS };

struct step {
	u8 op, vcpu, reg, more;
	u32 iss;
	u64 x, y;
};

static struct vgic g;
static struct vgic_vcpu gv[VCPUS], *vp[VCPUS];
static struct vgic_irq spi[SPIS];
static struct vsysreg s[VCPUS];
static struct vpsci psci;
static struct cpu_regs regs[VCPUS];
static u64 machine[NR_ARM_IDS], seen[NR_ARM_IDS];
static u32 phys_bits;
static struct guest model;
static struct psci_result done;		/* what the last call of firmware did */
static bool timer_was_set, debug_was_set;

void failed(const char *what, u64 figure)
{
	fprintf(stderr, "sysreg: %s (%#lx)\n", what, (unsigned long)figure);
	abort();
}

/* ---- surroundings of the models ---- */

static void kick(struct vgic *vg, u32 vcpu) {}
static void enable_hw(struct vgic *vg, u32 hwirq, bool on, bool edge) {}
static void end_hw(struct vgic *vg, u32 hwirq) {}
static void route_hw(struct vgic *vg, u32 hwirq, u32 vcpu) {}
static const struct vgic_ops gic_ops = { kick, enable_hw, end_hw, route_hw };
OPS_TABLE(gic_ops, kick);

static u64 count(const struct vsysreg *of) { return model.now; }
static void timer_set_anew(struct vsysreg *of) { timer_was_set = true; }
static void debug_set_anew(struct vsysreg *of) { debug_was_set = true; }
static const struct vsysreg_ops sysreg_ops = { count, timer_set_anew, debug_set_anew };
OPS_TABLE(sysreg_ops, count);

static enum vpsci_power power(struct vpsci *p, u32 vcpu)
{
	if (vcpu >= VCPUS)
		failed("a vCPU that does not exist", vcpu);
	return vcpu == ABSENT ? VPSCI_ABSENT : model.on[vcpu] ? VPSCI_ON : VPSCI_OFF;
}

static bool turn_on(struct vpsci *p, u32 vcpu, u64 entry, u64 arg)
{
	if (power(p, vcpu) == VPSCI_ABSENT)
		failed("an absent vCPU is turned on", vcpu);
	if (model.on[vcpu])
		return false;
	done.target = vcpu;
	regs[vcpu] = (struct cpu_regs){ .x[0] = arg, .pc = entry };
	return true;
}

static void turn_off(struct vpsci *p, u32 vcpu) { done.off = true; }
static void suspend(struct vpsci *p, u32 vcpu) { done.suspend = true; }
static void shut_down(struct vpsci *p, bool reset)
{
	done.end = true;
	done.reset = reset;
}
static const struct vpsci_ops psci_ops = { power, turn_on, turn_off, suspend, shut_down };
OPS_TABLE(psci_ops, power);

/* ---- steps ---- */

/* Registers that mean something, with those around them. */
static const u32 named_regs[] = {
	ISS_SYSREG(3U, 0U, 0U, 4U, 0U), ISS_SYSREG(3U, 0U, 0U, 4U, 1U),
	ISS_SYSREG(3U, 0U, 0U, 5U, 0U), ISS_SYSREG(3U, 0U, 0U, 6U, 0U),
	ISS_SYSREG(3U, 0U, 0U, 6U, 1U), ISS_SYSREG(3U, 0U, 0U, 7U, 0U),
	ISS_SYSREG(3U, 0U, 0U, 7U, 1U), ISS_SYSREG(3U, 0U, 0U, 7U, 2U),
	ISS_SYSREG(3U, 0U, 1U, 0U, 1U), ISS_SYSREG(3U, 0U, 12U, 11U, 5U),
	ISS_SYSREG(3U, 0U, 12U, 11U, 6U), ISS_SYSREG(3U, 0U, 12U, 11U, 7U),
	ISS_SYSREG(3U, 3U, 14U, 2U, 0U), ISS_SYSREG(3U, 3U, 14U, 2U, 1U),
	ISS_SYSREG(3U, 3U, 14U, 2U, 2U), ISS_SYSREG(2U, 0U, 1U, 0U, 4U),
	ISS_SYSREG(2U, 0U, 1U, 3U, 4U), ISS_SYSREG(3U, 3U, 9U, 14U, 0U),
	ISS_SYSREG(2U, 0U, 0U, 2U, 0U), ISS_SYSREG(2U, 0U, 0U, 2U, 2U),
	ISS_SYSREG(2U, 3U, 0U, 1U, 0U), ISS_SYSREG(2U, 0U, 1U, 0U, 0U),
	ISS_SYSREG(2U, 0U, 1U, 1U, 4U), ISS_SYSREG(2U, 0U, 7U, 14U, 6U),
	ISS_SYSREG(2U, 0U, 0U, 15U, 4U), ISS_SYSREG(2U, 0U, 0U, 3U, 7U),
};

static void same_registers(u32 vcpu, const struct cpu_regs *want)
{
	for (u32 i = 0; i < 31; i++)
		if (regs[vcpu].x[i] != want->x[i])
			failed("a wrong value in a register", i);
	if (memcmp(&regs[vcpu], want, sizeof(*want)))
		failed("SP, PC or PSTATE changed", regs[vcpu].pc);
}

static void check_sgi(u32 from, u64 value)
{
	for (u32 to = 0; to < VCPUS; to++) {
		struct vgic_irq *q = to == ABSENT ? NULL : &gv[to].local[value >> 24 & 15];

		if (q && q->latch != oracle_sgi(value, from, to))
			failed("a software-generated interrupt is lost, or came", to);
		if (q)
			vgic_redist_write(&g, to, 0x10280, 4, ~0U);
	}
}

static void sysreg(u32 vcpu, u32 iss)
{
	struct cpu_regs want = regs[vcpu];
	enum sysreg_kind kind = oracle_sysreg(iss);
	u32 rt = iss >> 5 & 31, id = oracle_id_number(iss);
	u64 value = arm_reg(&want, rt);
	bool timer_write = kind == SYSREG_TIMER && !(iss & 1);
	bool debug_write = kind == SYSREG_DEBUG && !(iss & 1);

	/* The processor does not trap registers that it does not have. */
	if (kind == SYSREG_SGI && g.version == 2)
		return;
	timer_was_set = debug_was_set = false;
	if (vsysreg_access(&s[vcpu], &regs[vcpu], iss) != (kind != SYSREG_UNDEFINED))
		failed("a register is known that should not be, or the other way", iss);
	if (timer_was_set != timer_write || debug_was_set != debug_write)
		failed("a register is set by another access than its own", iss);
	if (kind == SYSREG_ID && rt != 31)
		oracle_id(iss, regs[vcpu].x[rt], id < NR_ARM_IDS ? machine[id] : 0, g.version,
			  phys_bits);
	if (kind == SYSREG_ID)
		arm_set_reg(&want, rt, arm_reg(&regs[vcpu], rt));
	if (kind == SYSREG_ZERO || kind == SYSREG_LOCK)
		arm_set_reg(&want, rt, kind == SYSREG_LOCK ? 8 : 0);
	if (debug_write)
		model.mdscr[vcpu] = value & 0xb001;
	else if (kind == SYSREG_DEBUG)
		arm_set_reg(&want, rt, model.mdscr[vcpu]);
	if (timer_write)
		oracle_timer_write(&model, vcpu, iss, value);
	else if (kind == SYSREG_TIMER)
		arm_set_reg(&want, rt, oracle_timer_read(&model, vcpu, iss));
	if (kind == SYSREG_SGI)
		check_sgi(vcpu, value);
	same_registers(vcpu, &want);
}

static void firmware(u32 vcpu, const struct step *st)
{
	struct psci_result want;
	struct cpu_regs after;

	regs[vcpu].x[0] = st->iss;
	regs[vcpu].x[1] = st->x;
	regs[vcpu].x[2] = st->y;
	want = oracle_psci(&model, regs[vcpu].x);
	after = regs[vcpu];
	after.x[0] = (u64)want.x0;
	done = (struct psci_result){ .target = VCPUS };
	vpsci_call(&psci, vcpu, &regs[vcpu]);
	same_registers(vcpu, &after);
	if (done.target != want.target || done.off != want.off || done.end != want.end ||
	    done.suspend != want.suspend || done.reset != want.reset)
		failed("a call does something else than it says", st->iss);
	if (want.target < VCPUS)
		model.on[want.target] = true;
	/* A domain that ends, or of which all are off, starts again: its guest goes on. */
	model.on[vcpu] = !want.off;
}

static void load(u32 vcpu, u32 iss, u64 value)
{
	struct cpu_regs want = regs[vcpu];
	struct arm_access a;
	u8 bytes[8];

	if (!arm_access_decode(iss, &a) || a.write)
		return;
	memcpy(bytes, &value, sizeof(bytes));
	arm_set_reg(&want, iss >> 16 & 31, oracle_load(iss, bytes));
	arm_finish_load(&a, &regs[vcpu], value);
	same_registers(vcpu, &want);
}

static void store(u32 vcpu, u32 iss)
{
	struct arm_access a;
	u64 value;

	if (!arm_access_decode(iss, &a) || !a.write)
		return;
	value = arm_store_value(&a, &regs[vcpu]);
	/* As a load that extends with zeros would have it. */
	if (value != oracle_load((u32)((iss & ~BIT(21)) | BIT(15)),
				 (u8 *)&(u64){ arm_reg(&regs[vcpu], iss >> 16 & 31) }))
		failed("a wrong value is stored", value);
}

static void exception(u32 vcpu, u64 pstate, u64 sctlr)
{
	const u64 vbar = 0xffff800000010800;
	struct cpu_regs want = regs[vcpu];
	u64 from = pstate & 0x1f;

	/* A guest runs at EL0 or EL1 in AArch64, or at EL0 in AArch32, which has one mode. */
	if (from & 0x10)
		pstate = (pstate & ~0x1fUL) | 0x10;
	else if (from != 4 && from != 5)
		pstate &= ~0x1fUL;
	from = pstate & 0x1f;
	regs[vcpu].pstate = pstate;
	want.pc = vbar + (from == 5 ? 0x200 : from == 4 ? 0 : from == 0 ? 0x400 : 0x600);
	want.pstate = 0x3c5 | (pstate & 0xf1000000) | (sctlr >> 44 & 1) << 12 |
		      (sctlr >> 23 & 1 ? pstate & 1 << 22 : 1 << 22);
	/* Classes 0x20 and 0x24 for fetches and data, one more from EL1. */
	for (u32 insn = 0; insn < 2; insn++)
		if (arm_abort_syndrome(pstate, insn) !=
		    ((0x24UL - insn * 4 + (from == 4 || from == 5)) << 26 | 1 << 25 | 0x10))
			failed("a wrong syndrome of an abort", arm_abort_syndrome(pstate, insn));
	arm_take_exception(&regs[vcpu], sctlr, vbar);
	same_registers(vcpu, &want);
}

static void skip(u32 vcpu, u64 pstate, bool is_short)
{
	struct cpu_regs *r = &regs[vcpu];
	u64 pc = r->pc, it;

	r->pstate = pstate;
	arm_skip(r, is_short ? 0 : 1U << 25);
	if (r->pc - pc != (is_short ? 2 : 4))
		failed("the guest goes on elsewhere", r->pc - pc);
	/* A single step is over. */
	pstate &= ~BIT(21);
	if (!(pstate & 0x10) && r->pstate != pstate)
		failed("PSTATE changed in 64-bit code", r->pstate);
	it = PSTATE_IT & r->pstate;
	if ((r->pstate ^ pstate) & ~PSTATE_IT)
		failed("more than the IT block changed", r->pstate ^ pstate);
	/* The last instruction of a block, at the latest the fourth, ends it. */
	for (u32 i = 0; pstate & 0x10 && it && i < 4; i++)
		it = PSTATE_IT & arm_it_advance(it | 0x10);
	if (pstate & 0x10 && it)
		failed("an IT block without end", it);
}

static void play(const struct step *st)
{
	u32 vcpu = st->vcpu % VCPUS, iss = st->iss & 0x1ffffff;

	/* Only a vCPU that is on executes anything. */
	if (!model.on[vcpu]) {
		vcpu = 0;
		model.on[0] = true;
	}
	arm_set_reg(&regs[vcpu], st->reg & 31, st->x);
	switch (st->op % NR_OPS) {
	case SYSREG:
		sysreg(vcpu, iss);
		break;
	case NAMED:
		sysreg(vcpu, named_regs[st->iss % ARRAY_SIZE(named_regs)] |
			     (st->reg & 31U) << 5 | (st->more & 1));
		break;
	case FIRMWARE:
		firmware(vcpu, st);
		break;
	case LOAD:
		load(vcpu, (u32)((iss | BIT(24)) & ~BIT(6)), st->x);
		break;
	case STORE:
		store(vcpu, (u32)(iss | BIT(24) | BIT(6)));
		break;
	case EXCEPTION:
		exception(vcpu, st->x, st->y);
		break;
	case SKIP:
		skip(vcpu, st->x, st->more & 1);
		break;
	case TIME:
		model.now += st->x >> (st->more & 63);
	}
}

static void start(const uint8_t *head)
{
	u32 version = head[8] & 1 ? 2 : 3, in_gic = version == 2 ? VGIC2_MAX_VCPUS : VCPUS;
	u64 seed;

	memcpy(&seed, head, sizeof(seed));
	for (u32 i = 0; i < NR_ARM_IDS; i++)
		machine[i] = i ? seed << i * 7 | seed >> (64 - i * 7) : seed;
	phys_bits = 32 + head[9] % 21;
	vsysreg_identify(seen, machine, version, phys_bits);
	memset(vp, 0, sizeof(vp));
	memset(regs, 0, sizeof(regs));
	memset(&model, 0, sizeof(model));
	vgic_init(&g, &gic_ops, version, in_gic, vp, SPIS, spi);
	for (u32 i = 0; i < VCPUS; i++) {
		s[i] = (struct vsysreg){ .ops = &sysreg_ops, .gic = &g, .vcpu = i,
					 .id = seen };
		if (i != ABSENT && i < in_gic)
			vgic_vcpu_init(&g, i, &gv[i]);
	}
	psci = (struct vpsci){ &psci_ops, VCPUS };
	model.on[0] = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool booted;

	if (!booted)
		host_init(1, 1, 16 << 20);
	booted = true;
	if (size < HEAD)
		return 0;
	start(data);
	for (size_t at = HEAD; at + sizeof(struct step) <= size; at += sizeof(struct step)) {
		struct step st;

		memcpy(&st, data + at, sizeof(st));
		play(&st);
	}
	return 0;
}
