/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest's trapped system registers need of the machine. */
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/ops.h>

#include "private.h"

static u64 machine_id(enum arm_id id)
{
	switch (id) {
	case ARM_ID_PFR0:
		return sysreg_read(id_aa64pfr0_el1);
	case ARM_ID_PFR1:
		return sysreg_read(id_aa64pfr1_el1);
	case ARM_ID_DFR0:
		return sysreg_read(id_aa64dfr0_el1);
	case ARM_ID_ISAR0:
		return sysreg_read(id_aa64isar0_el1);
	case ARM_ID_ISAR1:
		return sysreg_read(id_aa64isar1_el1);
	case ARM_ID_MMFR0:
		return sysreg_read(id_aa64mmfr0_el1);
	case ARM_ID_MMFR1:
		return sysreg_read(id_aa64mmfr1_el1);
	case ARM_ID_MMFR2:
		return sysreg_read(id_aa64mmfr2_el1);
	default:
		BUG();
	}
}

/* The counter is not virtual: all guests see the machine's. */
static u64 count(const struct vsysreg *s)
{
	return hal_cycles_now();
}

static void timer_set_anew(struct vsysreg *s)
{
	vtimer_phys_changed(container_of(s, struct arm_vcpu, sysreg));
}

static void debug_set_anew(struct vsysreg *s)
{
	sysreg_write(mdscr_el1, s->mdscr);
}

static const struct vsysreg_ops ops = { machine_id, count, timer_set_anew, debug_set_anew };
OPS_TABLE(ops, machine_id);

void guest_sysregs_init(struct arm_vcpu *av)
{
	av->sysreg.ops = &ops;
	av->sysreg.gic = &to_ad(av->v.domain)->vgic;
	av->sysreg.vcpu = av->v.id;
	av->sysreg.phys_bits = GUEST_PHYS_BITS;
}
