/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A local APIC whose registers a processor reads and writes for the guest (SDM volume 3, chapter
 * 30). Between runs of the guest this brings what is derived from the registers up to date.
 */
#include "vlapic-private.h"

#include <xen/assert.h>

void vlapic_take_over(struct vlapic *vl, u8 in_service, u8 requested)
{
	vl->isr_words = in_service ? vec_words(vl, APIC_REG_ISR) : 0;
	vlapic_update_isr(vl);
	if (requested)
		__atomic_fetch_or(&vl->irr_words, vec_words(vl, APIC_REG_IRR), __ATOMIC_SEQ_CST);
}

void vlapic_tpr_changed(struct vlapic *vl)
{
	vlapic_update_ppr(vl);
}

void vlapic_ended(struct vlapic *vl, u8 vector)
{
	if (READ_ONCE(vec_regs(vl, vector)->tmr) & vec_bit(vector))
		vl->ops->eoi(vl->ctx, vector);
}

void vlapic_written(struct vlapic *vl, u32 reg, u32 before, s_time_t now)
{
	u32 val = *vlapic_reg(vl, reg);

	ASSERT(reg < NR_REGS);
	*vlapic_reg(vl, reg) = before;
	if (vl->x2apic)
		/* Others exit before they are done; this one has a vector that is not valid. */
		vlapic_msr_write(vl, MSR_X2APIC_FIRST + reg, val, now);
	else
		vlapic_mmio_write(vl, reg * 16, sizeof(val), val, now);
}

void vlapic_request_word(struct vlapic *vl, u32 word, u32 bits)
{
	ASSERT(word < 8);
	if (!bits)
		return;
	__atomic_fetch_or(vlapic_reg(vl, APIC_REG_IRR + word), bits, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&vl->irr_words, 1u << word, __ATOMIC_SEQ_CST);
}
