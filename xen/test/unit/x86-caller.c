/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See x86-caller.h. */
#include "x86-caller.h"

#include <xen/string.h>
#include <xen/hal/time.h>

#include <asm/host.h>
#include <asm/page.h>
#include <asm/processor.h>
#include <asm/soft-processor.h>

#include <public/xen.h>

#define STEP 20000
#define MAX_STEPS 1000
#define VMMCALL_BYTES 3

struct world_domain caller;

/* The hypercall to make. */
static struct {
	u64 nr, rip;
	s64 cmd;		/* the first argument; below 0: there is none before @op */
	void *op, *list;
	size_t bytes, list_bytes;
	bool wanted, issued;
	long rc;
} call;

static u64 page_of(u32 page) { return page * PAGE_SIZE; }

u64 caller_list(void) { return caller.base + page_of(WORLD_DATA + 1); }

static void make_call(struct soft_entry *e)
{
	struct vmcb *b = e->vmcb;

	if (call.issued && b->rip != call.rip) {
		call.rc = (long)b->rax;
		memcpy(call.op, caller.ram + page_of(WORLD_DATA), call.bytes);
		memcpy(call.list, caller.ram + page_of(WORLD_DATA + 1), call.list_bytes);
		call.wanted = call.issued = false;
		return;
	}
	if (!call.issued) {
		memcpy(caller.ram + page_of(WORLD_DATA), call.op, call.bytes);
		memcpy(caller.ram + page_of(WORLD_DATA + 1), call.list, call.list_bytes);
	}
	call.issued = true;
	call.rip = b->rip;
	b->rax = call.nr;
	e->gpr[GPR_RDI] = call.cmd < 0 ? caller.base + page_of(WORLD_DATA) : (u64)call.cmd;
	e->gpr[GPR_RSI] = caller.base + page_of(WORLD_DATA);
	b->exit_code = SVM_EXIT_VMMCALL;
	b->next_rip = b->rip + VMMCALL_BYTES;
}

void caller_turn(struct soft_entry *e)
{
	if (e->v->domain == caller.d && call.wanted)
		make_call(e);
	else
		soft_guest_computes(STEP / 4);
}

static long make(u64 nr, s64 cmd, void *op, size_t bytes, void *list, size_t list_bytes)
{
	call.nr = nr;
	call.cmd = cmd;
	call.op = op;
	call.bytes = bytes;
	call.list = list;
	call.list_bytes = list_bytes;
	call.wanted = true;
	for (u32 tries = 0; call.wanted && tries < MAX_STEPS; tries++)
		host_run(hal_now_ns() + STEP);
	HOST_CHECK(!call.wanted);
	return call.rc;
}

long caller_call(u64 nr, void *op, size_t bytes, void *list, size_t list_bytes)
{
	return make(nr, -1, op, bytes, list, list_bytes);
}

long caller_command(u64 nr, u32 cmd, void *op, size_t bytes)
{
	return make(nr, cmd, op, bytes, op, 0);
}

long caller_domctl(u16 domid, u32 cmd, struct xen_domctl *op)
{
	op->cmd = cmd;
	op->domain = domid;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return caller_call(__HYPERVISOR_domctl, op, sizeof(*op), op, 0);
}

long caller_sysctl(u32 cmd, struct xen_sysctl *op)
{
	op->cmd = cmd;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return caller_call(__HYPERVISOR_sysctl, op, sizeof(*op), op, 0);
}
