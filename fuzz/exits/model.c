/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices that the toolstack has for its guest: ports, a page of registers, a PCI function. It
 * answers what the guest asks when it likes, late, twice, and with anything in the shared page.
 */
#include "exits.h"

#include <xen/errno.h>
#include <xen/ioreq.h>
#include <xen/mm.h>

#include "../../xen/domain/evtchn/private.h"

#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>

#define PORTS 0x300
#define REGISTERS (WORLD_HOLE * PAGE_SIZE)
#define FUNCTION 0x18		/* device 3, function 0 */

static void check(bool ok)
{
	if (!ok)
		run_failed(NULL, "the device model cannot be set up");
}

/* The place of the guest's request; the caller puts @*pg. NULL: the server is gone. */
static struct ioreq *request(struct page_info **pg)
{
	return ioreq_get_frame(run.world[1].d, 0, 1, pg) ? NULL : page_to_virt(*pg);
}

void model_create(void)
{
	struct domain *d = run.world[1].d, *model = run.world[0].d;
	struct page_info *pg;
	struct ioreq *q;
	u16 id;

	check(!ioreq_server_create(d, model->id, HVM_IOREQSRV_BUFIOREQ_ATOMIC, &id) && !id);
	check(!ioreq_server_range(d, model->id, id, true, XEN_DMOP_IO_RANGE_PORT, PORTS,
				  PORTS + 15));
	check(!ioreq_server_range(d, model->id, id, true, XEN_DMOP_IO_RANGE_MEMORY, REGISTERS,
				  REGISTERS + PAGE_SIZE - 1));
	check(!ioreq_server_range(d, model->id, id, true, XEN_DMOP_IO_RANGE_PCI, FUNCTION,
				  FUNCTION));
	check(!ioreq_server_enable(d, model->id, id, true));
	q = request(&pg);
	check(q);
	run.model_port = (u32)evtchn_bind_interdomain(model, d, q->vp_eport);
	check((s32)run.model_port > 0);
	page_put(pg);
}

u32 model_turn(const struct step *s)
{
	static const u8 states[] = {
		STATE_IORESP_READY, STATE_IORESP_READY, STATE_IORESP_READY, STATE_IORESP_READY,
		STATE_IOREQ_INPROCESS, STATE_IOREQ_NONE, STATE_IOREQ_READY, 0xf,
	};
	struct page_info *pg;
	struct ioreq *q = request(&pg);

	if (!q)
		return run.model_port;
	q->data = s->b;
	if (s->reg & 8)
		((u8 *)q)[s->a % sizeof(*q)] = (u8)s->c;
	q->state = states[s->reg % ARRAY_SIZE(states)] & 0xf;
	page_put(pg);
	return run.model_port;
}
