/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IN and OUT, and the check of I/O permission, which INS and OUTS use as well. */
#include <xen/printk.h>

#include "private.h"

#define TSS_TYPE_MASK 0xdu	/* without the busy bit */
#define TSS_TYPE_32 0x9u	/* also the type of a 64-bit TSS */
#define TSS_BITMAP_OFFSET 0x66	/* offset of the bitmap's own offset in the TSS */

/** Two bytes of the TSS at offset @off. #GP(0) when its limit does not reach that far. */
static int read_tss_word(struct x86_emu *e, const struct x86_segment *tr, u32 off, u16 *val)
{
	gvaddr_t linear = gvaddr_make(tr->base + off);

	if ((u64)off + 1 > tr->limit)
		return x86_emu_gp0(e);
	if (e->mode != X86_MODE_64)
		linear.v = (u32)linear.v;
	return e->ops->read(e->ctx, linear, val, sizeof(*val), X86_ACC_SYSTEM);
}

/** A set bit denies its port. Two bytes are read, as an access may span eight-port groups. */
static int check_bitmap(struct x86_emu *e, u16 port, u32 size)
{
	struct x86_segment tr;
	u16 start, bits;
	int rc = e->ops->read_tr(e->ctx, &tr);

	if (rc != X86EMUL_OKAY)
		return rc;
	if (!(tr.attr & X86_SEG_P) || (tr.attr & (X86_SEG_S | TSS_TYPE_MASK)) != TSS_TYPE_32)
		return x86_emu_gp0(e);
	rc = read_tss_word(e, &tr, TSS_BITMAP_OFFSET, &start);
	if (rc == X86EMUL_OKAY)
		rc = read_tss_word(e, &tr, (u32)start + port / 8, &bits);
	if (rc != X86EMUL_OKAY)
		return rc;
	return bits >> (port & 7) & ((1u << size) - 1) ? x86_emu_gp0(e) : X86EMUL_OKAY;
}

int x86_emu_check_io(struct x86_emu *e, u16 port, u32 size)
{
	bool v86 = e->regs.rflags & X86_FLAG_VM;

	ASSERT(size == 1 || size == 2 || size == 4);
	if (!v86 && (x86_emu_real(e) || e->ctx->cpl <= x86_emu_iopl(e)))
		return X86EMUL_OKAY;
	return check_bitmap(e, port, size);
}

u32 x86_emu_port_size(const struct x86_emu *e)
{
	return e->insn->opsize > 4 ? 4 : e->insn->opsize;
}

static u16 port_number(const struct x86_emu *e)
{
	return e->insn->form == F_I ? e->insn->imm & 0xff : e->regs.gpr[X86_RDX] & 0xffff;
}

int x86_do_in(struct x86_emu *e)
{
	u32 size = x86_emu_port_size(e), val = 0;
	int rc = x86_emu_check_io(e, port_number(e), size);

	if (rc == X86EMUL_OKAY)
		rc = e->ops->io_read(e->ctx, port_number(e), size, &val);
	if (rc == X86EMUL_OKAY)
		x86_emu_set_reg(e, X86_RAX, size, val);
	return rc;
}

int x86_do_out(struct x86_emu *e)
{
	u32 size = x86_emu_port_size(e);
	int rc = x86_emu_check_io(e, port_number(e), size);

	if (rc != X86EMUL_OKAY)
		return rc;
	return e->ops->io_write(e->ctx, port_number(e), size, x86_emu_reg(e, X86_RAX, size));
}
