/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses to emulated devices: the guest's interrupt controller. */
#include <xen/arm/syndrome.h>
#include <xen/printk.h>

#include "private.h"

static void sync(struct arm_vcpu *av, u32 offset, bool write)
{
	if (vgic_depends_on_lrs(offset, write))
		guest_sync_interrupts(av);
}

static bool access(struct arm_vcpu *av, u64 gpa, u32 size, bool write, u64 *v)
{
	struct arm_domain *ad = to_ad(av->v.domain);
	struct vgic *g = &ad->vgic;
	u64 off = gpa - ad->gicd;
	bool done;

	if (g->version == 2) {
		if (off >= VGIC2_DIST_BYTES)
			return false;
		sync(av, (u32)off, write);
		done = write ? vgic2_write(g, av->v.id, (u32)off, size, *v)
			     : vgic2_read(g, av->v.id, (u32)off, size, v);
	} else if (off < VGIC_DIST_BYTES) {
		sync(av, (u32)off, write);
		done = write ? vgic_dist_write(g, av->v.id, (u32)off, size, *v)
			     : vgic_dist_read(g, av->v.id, (u32)off, size, v);
	} else {
		off = gpa - ad->gicr;
		if (off >= (u64)g->nr_vcpus * VGIC_REDIST_BYTES)
			return false;
		sync(av, (u32)(off % VGIC_REDIST_BYTES), write);
		done = write ? vgic_redist_write(g, (u32)(off / VGIC_REDIST_BYTES),
						 (u32)(off % VGIC_REDIST_BYTES), size, *v)
			     : vgic_redist_read(g, (u32)(off / VGIC_REDIST_BYTES),
						(u32)(off % VGIC_REDIST_BYTES), size, v);
	}
	if (!done) {
		printk(LOG_G_INFO "d%uv%u: %s of %u bytes at %#lx of the interrupt controller: no "
		       "such register\n", av->v.domain->id, av->v.id, write ? "write" : "read",
		       size, off);
		*v = 0;
	}
	return true;
}

bool guest_mmio(struct arm_vcpu *av, u64 gpa, u32 iss)
{
	struct arm_access a;
	u64 v = 0;

	if (!arm_access_decode(iss, &a))
		return false;
	if (a.write)
		v = arm_store_value(&a, &av->regs);
	if (!access(av, gpa, a.bytes, a.write, &v))
		return false;
	if (!a.write)
		arm_finish_load(&a, &av->regs, v);
	return true;
}
