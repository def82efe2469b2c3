/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest's trapped system registers need of the machine. */
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/ops.h>

#include "private.h"

void guest_sysregs_init_domain(struct arm_domain *ad)
{
	const u64 machine[NR_ARM_IDS] = {
		[ARM_ID_PFR0] = sysreg_read(id_aa64pfr0_el1),
		[ARM_ID_PFR1] = sysreg_read(id_aa64pfr1_el1),
		[ARM_ID_DFR0] = sysreg_read(id_aa64dfr0_el1),
		[ARM_ID_ISAR0] = sysreg_read(id_aa64isar0_el1),
		[ARM_ID_ISAR1] = sysreg_read(id_aa64isar1_el1),
		[ARM_ID_MMFR0] = sysreg_read(id_aa64mmfr0_el1),
		[ARM_ID_MMFR1] = sysreg_read(id_aa64mmfr1_el1),
		[ARM_ID_MMFR2] = sysreg_read(id_aa64mmfr2_el1),
	};

	vsysreg_identify(ad->id, machine, gic->version, GUEST_PHYS_BITS);
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

static const struct vsysreg_ops ops = { count, timer_set_anew, debug_set_anew };
OPS_TABLE(ops, count);

void guest_sysregs_init(struct arm_vcpu *av)
{
	av->sysreg.ops = &ops;
	av->sysreg.gic = &to_ad(av->v.domain)->vgic;
	av->sysreg.vcpu = av->v.id;
	av->sysreg.id = to_ad(av->v.domain)->id;
}
