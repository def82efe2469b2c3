/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device models in other domains: HYPERVISOR_dm_op and the servers that it makes, requests and
 * answers, and what a model that dies, lies or is a stranger can do. The state oracle looks at
 * everything after each call.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/hypercall.h>
#include <xen/ioreq.h>
#include <xen/p2m.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/memory.h>

#include "control.h"
#include "state-oracle.h"

#define ONES (~0UL)
#define VGA 0xa0000UL
#define RING_SLOTS IOREQ_BUFFER_SLOT_NUM
#define IOREQ_GFN 0xf00

static u16 id;			/* the domain that is served */
static struct domain *guest;
static struct xen_dm_op op;

/* What the guest's vCPUs wait for: the number of each one's request, and the last answer. */
static u64 waits[2], answers[2], answered;
static u64 next_number = 7;

bool hal_ioreq_answer(struct vcpu *v, u64 number, u64 data)
{
	HOST_CHECK(v->domain == guest && v->id < 2);
	if (!waits[v->id] || waits[v->id] != number)
		return false;
	waits[v->id] = 0;
	answers[v->id] = data;
	answered++;
	return true;
}

static bool preempt;		/* calls are interrupted wherever they can be */
static u32 restarts;

bool hypercall_preempt_check(void)
{
	return preempt;
}

void hal_p2m_flush(struct p2m *p, gfn_t start, u64 n)
{
	oracle_flush(p, start, n);
}

static u64 ask(struct vcpu *v, const void *arg)
{
	HOST_CHECK(!waits[v->id]);
	return waits[v->id] = next_number++;
}

static long call(struct vcpu *v, u32 nr, u64 a, u64 b, const void *p)
{
	struct hypercall hc = { .nr = nr, .arg = { a, b, (u64)(uintptr_t)p } };
	long rc;

	restarts = 0;
	while ((rc = hypercall_dispatch(v, &hc)) == -XEN_ERESTART)
		HOST_CHECK(++restarts < 100);
	oracle_check_cpu();
	oracle_check();
	return rc;
}

static long dm_bytes(struct vcpu *v, u16 domid, u64 bytes)
{
	struct xen_dm_op_buf buf = { .size = bytes };

	set_xen_guest_handle(buf.h, (void *)&op);
	return call(v, __HYPERVISOR_dm_op, domid, 1, &buf);
}

static long dm(u32 nr)
{
	op.op = nr;
	return dm_bytes(caller, id, sizeof(op));
}

static long create(u8 buffered)
{
	long rc;

	op = (struct xen_dm_op){ .u.create_ioreq_server.handle_bufioreq = buffered };
	rc = dm(XEN_DMOP_create_ioreq_server);
	return rc ? rc : op.u.create_ioreq_server.id;
}

static long destroy(u32 server)
{
	op = (struct xen_dm_op){ .u.destroy_ioreq_server.id = (u16)server };
	return dm(XEN_DMOP_destroy_ioreq_server);
}

static long enable(u32 server, bool on)
{
	op = (struct xen_dm_op){ .u.set_ioreq_server_state = { .id = (u16)server, .enabled = on } };
	return dm(XEN_DMOP_set_ioreq_server_state);
}

static long range(bool map, u32 server, u32 type, u64 first, u64 last)
{
	op = (struct xen_dm_op){ .u.map_io_range_to_ioreq_server = {
		.id = (u16)server, .type = type, .start = first, .end = last } };
	return dm(map ? XEN_DMOP_map_io_range_to_ioreq_server
		      : XEN_DMOP_unmap_io_range_from_ioreq_server);
}

static long info(u32 server, u16 flags)
{
	op = (struct xen_dm_op){ .u.get_ioreq_server_info = { .id = (u16)server, .flags = flags } };
	return dm(XEN_DMOP_get_ioreq_server_info);
}

static long set_param(u32 index, u64 value)
{
	struct xen_hvm_param p = { .domid = id, .index = index, .value = value };

	return call(caller, __HYPERVISOR_hvm_op, HVMOP_set_param, (u64)(uintptr_t)&p, NULL);
}

static long acquire(u32 server, u64 frame, xen_pfn_t gfn)
{
	struct xen_mem_acquire_resource r = {
		.domid = id, .type = XENMEM_resource_ioreq_server, .id = server, .nr_frames = 1,
		.frame = frame };

	set_xen_guest_handle(r.frame_list, &gfn);
	return call(caller, __HYPERVISOR_memory_op, XENMEM_acquire_resource, (u64)(uintptr_t)&r,
		    NULL);
}

static long forget(xen_pfn_t gfn)
{
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = gfn };

	return call(caller, __HYPERVISOR_memory_op, XENMEM_remove_from_physmap,
		    (u64)(uintptr_t)&r, NULL);
}

/* The frame that dom0 has at @gfn, as it sees it. */
static void *seen_at(u64 gfn)
{
	enum p2m_type t;
	mfn_t mfn = p2m_lookup(dom0->p2m, gfn_make(gfn), &t, NULL);

	HOST_CHECK(t == P2M_FOREIGN);
	return mfn_to_virt(mfn);
}

static struct ioreq_access port_read(u64 port)
{
	return (struct ioreq_access){ .type = IOREQ_TYPE_PIO, .bytes = 4, .addr = port };
}

static enum ioreq_rc send(u32 vcpu, struct ioreq_access a)
{
	enum ioreq_rc rc = ioreq_send(guest->vcpu[vcpu], &a, ask, NULL);

	oracle_check();
	return rc;
}

static void boot(void)
{
	struct xen_domctl c = { 0 };

	control_start();
	oracle_start();
	id = make_guest();
	c.u.max_vcpus.max = 2;
	HOST_CHECK(domctl(&c, XEN_DOMCTL_max_vcpus, id) == 0);
	guest = domain_get_by_id(id);
	HOST_CHECK(guest);
	domain_put(guest);
}

static void end(void)
{
	destroy_guest(id);
	host_run(hal_now_ns() + 10000000);
	oracle_check();
}

/* ---- calls ---- */

static void rights(void *arg)
{
	struct xen_dm_op_buf bufs[3] = { 0 };
	u16 other;

	boot();
	/* Only a privileged domain, and not on itself. */
	op = (struct xen_dm_op){ .op = XEN_DMOP_create_ioreq_server };
	HOST_CHECK(dm_bytes(guest->vcpu[0], id, sizeof(op)) == -XEN_EPERM);
	HOST_CHECK(dm_bytes(guest->vcpu[0], 0, sizeof(op)) == -XEN_EPERM);
	HOST_CHECK(dm_bytes(caller, 0, sizeof(op)) == -XEN_EPERM);
	HOST_CHECK(dm_bytes(caller, id + 9, sizeof(op)) == -XEN_ESRCH);
	/* Buffers. */
	HOST_CHECK(call(caller, __HYPERVISOR_dm_op, id, 0, bufs) == -XEN_EFAULT);
	HOST_CHECK(call(caller, __HYPERVISOR_dm_op, id, 3, bufs) == -XEN_E2BIG);
	HOST_CHECK(dm_bytes(caller, id, 4) == -XEN_EFAULT);
	HOST_CHECK(dm_bytes(caller, id, 9) == -XEN_EFAULT);
	op.pad = 1;
	HOST_CHECK(dm_bytes(caller, id, sizeof(op)) == -XEN_EINVAL);
	op = (struct xen_dm_op){ .op = 0 };
	HOST_CHECK(dm_bytes(caller, id, sizeof(op)) == -XEN_EOPNOTSUPP);
	op = (struct xen_dm_op){ .op = 1000 };
	HOST_CHECK(dm_bytes(caller, id, sizeof(op)) == -XEN_EOPNOTSUPP);
	/* A short operation needs no more than its own bytes. */
	op = (struct xen_dm_op){ .op = XEN_DMOP_nr_vcpus };
	HOST_CHECK(dm_bytes(caller, id, 8 + 4) == 0 && op.u.nr_vcpus.vcpus == 2);
	/* A server belongs to the domain that made it. */
	HOST_CHECK(create(HVM_IOREQSRV_BUFIOREQ_OFF) == 0);
	other = make_guest();
	HOST_CHECK(ioreq_server_enable(guest, other, 0, true) == -XEN_EPERM);
	HOST_CHECK(ioreq_server_destroy(guest, other, 0) == -XEN_EPERM);
	destroy_guest(other);
	/* Whoever acquires frames must be privileged. */
	HOST_CHECK(enable(1, true) == -XEN_ENOENT && destroy(8) == -XEN_ENOENT);
	HOST_CHECK(info(0, 2) == -XEN_EINVAL);
	end();
}

/* @v may not do operation @nr to @domid, and gets nothing back. */
static void refused(struct vcpu *v, u16 domid, u32 nr)
{
	struct xen_dm_op before = { .op = nr };

	op = before;
	HOST_CHECK(dm_bytes(v, domid, sizeof(op)) == -XEN_EPERM);
	HOST_CHECK(!memcmp(&op, &before, sizeof(op)));
}

/*
 * Each operation is refused to a domain that is not privileged, whichever domain it names, and to a
 * privileged one that names itself. Server 0 is there, so that with zeros as arguments most
 * operations would succeed. The same calls by dom0 on the guest fail for other reasons, if at all.
 */
static void strangers(void *arg)
{
	struct xen_domctl c = { .u.max_vcpus.max = 2 };
	struct domain *other;
	u16 other_id;

	boot();
	other_id = make_guest();
	HOST_CHECK(domctl(&c, XEN_DOMCTL_max_vcpus, other_id) == 0);
	other = domain_get_by_id(other_id);
	HOST_CHECK(other);
	domain_put(other);
	HOST_CHECK(create(HVM_IOREQSRV_BUFIOREQ_OFF) == 0);
	for (u32 nr = 0; nr <= XEN_DMOP_nr_vcpus + 1; nr++) {
		refused(other->vcpu[0], id, nr);
		refused(other->vcpu[0], 0, nr);
		refused(other->vcpu[0], other_id, nr);
		refused(other->vcpu[0], DOMID_SELF, nr);
		refused(other->vcpu[0], id + 9, nr);
		refused(caller, 0, nr);
		refused(caller, DOMID_SELF, nr);
	}
	HOST_CHECK(!guest->is_shut_down && !other->is_shut_down && !dom0->is_shut_down);
	HOST_CHECK(enable(0, true) == 0 && create(HVM_IOREQSRV_BUFIOREQ_OFF) == 1);
	for (u32 nr = 0; nr <= XEN_DMOP_nr_vcpus + 1; nr++) {
		op = (struct xen_dm_op){ 0 };
		HOST_CHECK(dm(nr) != -XEN_EPERM);
	}
	HOST_CHECK(guest->is_shut_down);
	destroy_guest(other_id);
	end();
}

static void servers(void *arg)
{
	boot();
	HOST_CHECK(create(3) == -XEN_EINVAL);
	for (u32 i = 0; i < 8; i++)
		HOST_CHECK(create(i % 3) == i);
	HOST_CHECK(create(0) == -XEN_ENOSPC);
	HOST_CHECK(destroy(3) == 0 && destroy(3) == -XEN_ENOENT);
	HOST_CHECK(create(0) == 3);
	/* Ranges */
	HOST_CHECK(range(true, 0, XEN_DMOP_IO_RANGE_PORT, 0x300, 0x30f) == 0);
	HOST_CHECK(range(true, 0, XEN_DMOP_IO_RANGE_PORT, 0x30f, 0x310) == -XEN_EEXIST);
	HOST_CHECK(range(true, 0, XEN_DMOP_IO_RANGE_PORT, 0x310, 0x10000) == -XEN_EINVAL);
	HOST_CHECK(range(true, 0, XEN_DMOP_IO_RANGE_PORT, 0x311, 0x310) == -XEN_EINVAL);
	HOST_CHECK(range(true, 0, 3, 1, 1) == -XEN_EINVAL);
	HOST_CHECK(range(false, 0, XEN_DMOP_IO_RANGE_PORT, 0x304, 0x310) == -XEN_ENOENT);
	HOST_CHECK(range(false, 0, XEN_DMOP_IO_RANGE_PORT, 0x304, 0x307) == 0);
	HOST_CHECK(range(true, 1, XEN_DMOP_IO_RANGE_PORT, 0x300, 0x30f) == 0);
	/* 256 of a kind, and not one more by splitting. */
	for (u64 i = 0; i < 256; i++)
		HOST_CHECK(range(true, 2, XEN_DMOP_IO_RANGE_MEMORY, i * 8, i * 8 + 4) == 0);
	HOST_CHECK(range(true, 2, XEN_DMOP_IO_RANGE_MEMORY, 99999, 99999) == -XEN_ENOSPC);
	HOST_CHECK(range(false, 2, XEN_DMOP_IO_RANGE_MEMORY, 2, 2) == -XEN_ENOSPC);
	HOST_CHECK(range(false, 2, XEN_DMOP_IO_RANGE_MEMORY, 0, 0) == 0);
	HOST_CHECK(range(false, 2, XEN_DMOP_IO_RANGE_MEMORY, 1, 4) == 0);
	HOST_CHECK(range(true, 2, XEN_DMOP_IO_RANGE_MEMORY, ONES, ONES) == 0);
	end();
}

/* ---- requests ---- */

static struct ioreq *page;	/* of server 0, at dom0's gfn 64 */
static long port_of[2];

/* A model's start: a server with ports 0x300-0x30f, its page, and its channels. */
static u32 start_model(u8 buffered)
{
	long server = create(buffered);

	HOST_CHECK(server >= 0);
	HOST_CHECK(range(true, (u32)server, XEN_DMOP_IO_RANGE_PORT, 0x300, 0x30f) == 0);
	HOST_CHECK(enable((u32)server, true) == 0);
	HOST_CHECK(acquire((u32)server, 1, 64) == 0);
	page = seen_at(64);
	return (u32)server;
}

static void bind_one(u32 vcpu)
{
	struct evtchn_bind_interdomain b = { .remote_dom = id, .remote_port = page[vcpu].vp_eport };

	HOST_CHECK(call(caller, __HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain,
			(u64)(uintptr_t)&b, NULL) == 0);
	port_of[vcpu] = b.local_port;
}

static void bind(void)
{
	bind_one(0);
	bind_one(1);
}

static void notify(u32 vcpu)
{
	HOST_CHECK(evtchn_send(dom0, (u32)port_of[vcpu]) == 0);
}

static void reply(u32 vcpu, u64 data)
{
	page[vcpu].data = data;
	page[vcpu].state = STATE_IORESP_READY;
	notify(vcpu);
}

static void requests(void *arg)
{
	struct ioreq_access w = { .type = IOREQ_TYPE_PIO, .write = true, .bytes = 2, .addr = 0x30e,
				  .data = 0xabcd };

	boot();
	HOST_CHECK(!ioreq_claimed(guest, &(struct ioreq_access){ .bytes = 1 }));
	start_model(HVM_IOREQSRV_BUFIOREQ_OFF);
	/* A request that comes before the model has bound its channel is found when it has. */
	HOST_CHECK(send(0, port_read(0x300)) == IOREQ_ASKED && waits[0]);
	HOST_CHECK(page[0].state == STATE_IOREQ_READY && page[0].addr == 0x300);
	HOST_CHECK(page[0].dir == IOREQ_READ && page[0].size == 4 && page[0].count == 1);
	bind();
	HOST_CHECK(evtchn_port_pending(dom0, (u32)port_of[0]));
	/* Looked at, not done yet; then answered, once. */
	page[0].state = STATE_IOREQ_INPROCESS;
	notify(0);
	HOST_CHECK(waits[0]);
	reply(0, 0x1234);
	HOST_CHECK(!waits[0] && answers[0] == 0x1234 && answered == 1);
	notify(0);
	reply(0, 99);
	HOST_CHECK(answered == 1);
	/* Two vCPUs at once, answered in the other order. */
	HOST_CHECK(send(0, port_read(0x304)) == IOREQ_ASKED && send(1, w) == IOREQ_ASKED);
	HOST_CHECK(page[1].data == 0xabcd && page[1].dir == IOREQ_WRITE && page[1].size == 2);
	reply(1, 0);
	HOST_CHECK(waits[0] && !waits[1]);
	reply(0, 5);
	HOST_CHECK(!waits[0] && answers[0] == 5);
	/* Unclaimed, also in part: nobody is asked. */
	HOST_CHECK(send(0, port_read(0x2fe)) == IOREQ_UNCLAIMED);
	HOST_CHECK(send(0, port_read(0x30d)) == IOREQ_UNCLAIMED && !waits[0]);
	/* A model that puts a request back has given up on it. */
	HOST_CHECK(send(0, port_read(0x300)) == IOREQ_ASKED);
	page[0].state = STATE_IOREQ_NONE;
	notify(0);
	HOST_CHECK(!waits[0] && answers[0] == ONES);
	end();
}

static void test_requests(void **state)
{
	assert_int_equal(host_isolated(requests, NULL)->status, 0);
}

/* The last server made wins; a disabled one is passed over. */
static void overlaps(void *arg)
{
	u32 first, second;

	boot();
	first = start_model(0);
	second = (u32)create(0);
	HOST_CHECK(range(true, second, XEN_DMOP_IO_RANGE_PORT, 0x308, 0x30b) == 0);
	HOST_CHECK(send(0, port_read(0x308)) == IOREQ_ASKED && page[0].addr == 0x308);
	HOST_CHECK(enable(second, true) == 0);
	HOST_CHECK(send(1, port_read(0x308)) == IOREQ_ASKED && !page[1].addr);
	/* Disabled with a request under way: the model may still answer that one. */
	bind();
	HOST_CHECK(enable(first, false) == 0 && waits[0]);
	HOST_CHECK(!ioreq_claimed(guest, &(struct ioreq_access){ .bytes = 1, .addr = 0x300 }));
	reply(0, 3);
	HOST_CHECK(answers[0] == 3);
	HOST_CHECK(destroy(second) == 0 && !waits[1] && answers[1] == ONES);
	end();
}

/* ---- the end of a model ---- */

static void deaths(void *arg)
{
	struct host_outcome *out = host_result();
	struct evtchn_close c;
	u32 server;

	boot();
	server = start_model(0);
	bind();
	HOST_CHECK(send(0, port_read(0x300)) == IOREQ_ASKED);
	/* Its process dies: the kernel closes its ports. */
	c.port = (u32)port_of[0];
	HOST_CHECK(call(caller, __HYPERVISOR_event_channel_op, EVTCHNOP_close,
			(u64)(uintptr_t)&c, NULL) == 0);
	HOST_CHECK(!waits[0] && answers[0] == ONES);
	/* Further accesses do not wait, and the log has one line. */
	for (u32 i = 0; i < 5; i++)
		HOST_CHECK(send(0, port_read(0x300)) == IOREQ_ASKED && !waits[0]);
	HOST_CHECK(answered == 6);
	/* The other vCPU's channel is still there. */
	HOST_CHECK(send(1, port_read(0x300)) == IOREQ_ASKED && waits[1]);
	reply(1, 4);
	HOST_CHECK(answers[1] == 4);
	/* Another model takes over. */
	bind_one(0);
	HOST_CHECK(send(0, port_read(0x300)) == IOREQ_ASKED && waits[0]);
	reply(0, 8);
	HOST_CHECK(answers[0] == 8);
	/* Destroyed with requests of both under way; the page stays as long as it is mapped. */
	HOST_CHECK(send(0, port_read(0x300)) == IOREQ_ASKED);
	HOST_CHECK(send(1, port_read(0x300)) == IOREQ_ASKED);
	HOST_CHECK(destroy(server) == 0);
	HOST_CHECK(!waits[0] && !waits[1] && answers[0] == ONES && answers[1] == ONES);
	HOST_CHECK(send(0, port_read(0x300)) == IOREQ_UNCLAIMED);
	page[0].state = STATE_IORESP_READY;
	HOST_CHECK(acquire(server, 1, 65) == -XEN_EINVAL);
	HOST_CHECK(forget(64) == 0);
	host_run(hal_now_ns() + 10000000);
	oracle_check();
	end();
	out->value[0] = answered;
}

static void test_deaths(void **state)
{
	const struct host_outcome *out = host_isolated(deaths, NULL);
	const char *line;

	assert_int_equal(out->status, 0);
	line = strstr(out->console, "the device model of ioreq server 0, in d0, is gone");
	assert_non_null(line);
	assert_null(strstr(line + 1, "the device model"));
}

/* A disabled server gets no new requests, and still has those that it got. */
static void disabled(void *arg)
{
	boot();
	start_model(HVM_IOREQSRV_BUFIOREQ_OFF);
	bind();
	HOST_CHECK(send(0, port_read(0x300)) == IOREQ_ASKED);
	HOST_CHECK(enable(0, false) == 0 && waits[0]);
	HOST_CHECK(send(1, port_read(0x300)) == IOREQ_UNCLAIMED);
	HOST_CHECK(forget(64) == 0);
	HOST_CHECK(destroy(0) == 0);
	HOST_CHECK(!waits[0] && answers[0] == ONES);
	end();
}

/* The guest is destroyed while its model has pages mapped and a request under way. */
static void guest_ends(void *arg)
{
	boot();
	start_model(HVM_IOREQSRV_BUFIOREQ_ATOMIC);
	bind();
	HOST_CHECK(acquire(0, 0, 66) == 0);
	HOST_CHECK(send(0, port_read(0x300)) == IOREQ_ASKED);
	destroy_guest(id);
	oracle_check();
	HOST_CHECK(forget(64) == 0 && forget(66) == 0);
	host_run(hal_now_ns() + 10000000);
	oracle_check();
}

/* Once the domain dies no server is made, as the first step of its end looks for them only once. */
static void made_too_late(void *arg)
{
	boot();
	guest->dying = DOM_DYING;
	HOST_CHECK(create(HVM_IOREQSRV_BUFIOREQ_OFF) == -XEN_EINVAL && !guest->ioreq);
	guest->dying = DOM_ALIVE;
	HOST_CHECK(create(HVM_IOREQSRV_BUFIOREQ_OFF) == 0);
	ioreq_domain_destroy(guest);
	HOST_CHECK(create(HVM_IOREQSRV_BUFIOREQ_OFF) == -XEN_EINVAL);
	end();
}

/* ---- the ring ---- */

static struct buffered_iopage *ring;
static u32 taken;	/* what the model has taken */

static bool put(u64 addr, u32 bytes, u64 data)
{
	struct ioreq_access a = { .type = IOREQ_TYPE_COPY, .write = true, .bytes = (u8)bytes,
				  .addr = addr, .data = data };
	enum ioreq_rc rc = ioreq_send(guest->vcpu[0], &a, ask, NULL);

	if (rc == IOREQ_ASKED) {
		HOST_CHECK(waits[0] && page[0].addr == addr && page[0].data == data);
		waits[0] = 0;
	}
	return rc == IOREQ_DONE;
}

static struct buf_ioreq take(void)
{
	struct buf_ioreq r = ring->buf_ioreq[ring->read_pointer % RING_SLOTS];

	HOST_CHECK(ring->read_pointer != ring->write_pointer);
	ring->read_pointer++;
	taken++;
	return r;
}

static void buffered(void *arg)
{
	u8 mode = (u8)(uintptr_t)arg;
	struct buf_ioreq r;

	boot();
	start_model(mode);
	HOST_CHECK(range(true, 0, XEN_DMOP_IO_RANGE_MEMORY, 0x90000, 0xfffff) == 0);
	HOST_CHECK(acquire(0, 0, 65) == 0);
	ring = seen_at(65);
	/* Writes to the window, and nothing else. */
	HOST_CHECK(put(VGA, 1, 0x5a) && !put(VGA - 1, 1, 1) && !put(VGA - 1, 2, 1));
	HOST_CHECK(put(0xbffff, 1, 2) && !put(0xbffff, 2, 2) && !put(0xc0000, 4, 3));
	HOST_CHECK(!put(VGA, 3, 3));
	r = take();
	HOST_CHECK(r.addr == VGA && r.data == 0x5a && r.size == 0 && r.dir == IOREQ_WRITE &&
		   r.type == IOREQ_TYPE_COPY);
	HOST_CHECK(take().addr == 0xbffff && ring->read_pointer == ring->write_pointer);
	/* Eight bytes take two places, the low half first. */
	HOST_CHECK(put(VGA + 8, 8, 0x1122334455667788UL));
	r = take();
	HOST_CHECK(r.size == 3 && r.data == 0x55667788 && take().data == 0x11223344);
	/* Full, for one and for two; then the vCPU waits, which empties the ring first. */
	for (u32 i = 0; i < RING_SLOTS - 1; i++)
		HOST_CHECK(put(VGA, 4, i));
	HOST_CHECK(!put(VGA, 8, 1) && put(VGA, 4, RING_SLOTS - 1) && !put(VGA, 4, 1));
	for (u32 i = 0; i < RING_SLOTS; i++)
		HOST_CHECK(take().data == i);
	/* Many turns: each write is found where the model looks for it. */
	for (u32 i = 0; i < 5000; i++)
		HOST_CHECK(put(VGA, 4, i) && take().data == i);
	HOST_CHECK(mode == HVM_IOREQSRV_BUFIOREQ_ATOMIC ? ring->read_pointer < 2 * RING_SLOTS
							: ring->read_pointer == taken);
	/* Indices that the model makes up mean a full ring, whatever they are. */
	for (u32 bad = 1; bad; bad *= 3) {
		u32 good = ring->write_pointer;

		if (bad > 1UL << 30)
			break;
		ring->read_pointer = good + bad;
		HOST_CHECK(!put(VGA, 4, 1));
		ring->write_pointer = good + 77;
		HOST_CHECK(!put(VGA, 8, 1));
		ring->read_pointer = ring->write_pointer = good;
		HOST_CHECK(put(VGA, 4, bad) && take().data == bad);
	}
	end();
}

static void test_buffered(void **state)
{
	for (u32 mode = HVM_IOREQSRV_BUFIOREQ_LEGACY; mode <= HVM_IOREQSRV_BUFIOREQ_ATOMIC; mode++)
		assert_int_equal(host_isolated(buffered, (void *)(uintptr_t)mode)->status, 0);
}

/* ---- pages among the guest's frames ---- */

static enum p2m_type type_at(u64 gfn)
{
	enum p2m_type t;

	p2m_lookup(guest->p2m, gfn_make(gfn), &t, NULL);
	return t;
}

static void frames(void *arg)
{
	boot();
	HOST_CHECK(create(HVM_IOREQSRV_BUFIOREQ_LEGACY) == 0);
	HOST_CHECK(info(0, XEN_DMOP_no_gfns) == 0 && op.u.get_ioreq_server_info.bufioreq_port);
	/* The toolstack has set no frames aside. */
	HOST_CHECK(info(0, 0) == -XEN_ENOMEM);
	HOST_CHECK(set_param(HVM_PARAM_NR_IOREQ_SERVER_PAGES, 0) == -XEN_EINVAL);
	HOST_CHECK(set_param(HVM_PARAM_NR_IOREQ_SERVER_PAGES, 65) == -XEN_EINVAL);
	HOST_CHECK(set_param(HVM_PARAM_NR_IOREQ_SERVER_PAGES, 3) == 0);
	HOST_CHECK(set_param(HVM_PARAM_NR_IOREQ_SERVER_PAGES, 4) == -XEN_EEXIST);
	HOST_CHECK(set_param(HVM_PARAM_IOREQ_SERVER_PFN, IOREQ_GFN) == 0);
	HOST_CHECK(set_param(HVM_PARAM_IOREQ_SERVER_PFN, 1) == -XEN_EEXIST);
	HOST_CHECK(info(0, 0) == 0);
	HOST_CHECK(op.u.get_ioreq_server_info.ioreq_gfn == IOREQ_GFN);
	HOST_CHECK(op.u.get_ioreq_server_info.bufioreq_gfn == IOREQ_GFN + 1);
	HOST_CHECK(type_at(IOREQ_GFN) == P2M_XENSHARE && type_at(IOREQ_GFN + 1) == P2M_XENSHARE);
	/* Enabled, the guest does not have them any more; disabled, it does. */
	HOST_CHECK(enable(0, true) == 0);
	HOST_CHECK(type_at(IOREQ_GFN) == P2M_INVALID && type_at(IOREQ_GFN + 1) == P2M_INVALID);
	HOST_CHECK(info(0, 0) == 0 && op.u.get_ioreq_server_info.ioreq_gfn == IOREQ_GFN);
	HOST_CHECK(enable(0, false) == 0 && type_at(IOREQ_GFN) == P2M_XENSHARE);
	/* A second server has no room for both of its pages; what it got comes back. */
	HOST_CHECK(create(HVM_IOREQSRV_BUFIOREQ_LEGACY) == 1 && info(1, 0) == -XEN_ENOMEM);
	HOST_CHECK(type_at(IOREQ_GFN + 2) == P2M_XENSHARE);
	HOST_CHECK(destroy(1) == 0 && type_at(IOREQ_GFN + 2) == P2M_INVALID);
	HOST_CHECK(create(HVM_IOREQSRV_BUFIOREQ_OFF) == 1 && info(1, 0) == 0);
	/* A server that does not exist has no frames. */
	for (u32 i = 2; i < 64; i++)
		HOST_CHECK(acquire(i, 1, 70) == -XEN_EINVAL);
	HOST_CHECK(acquire(~0U, 1, 70) == -XEN_EINVAL);
	HOST_CHECK(destroy(0) == 0 && type_at(IOREQ_GFN) == P2M_INVALID);
	end();
}

static long track(u32 nr, u64 first, u8 *bits, u64 room)
{
	struct xen_dm_op_buf bufs[2] = { { .size = sizeof(op) }, { .size = room } };

	op = (struct xen_dm_op){ .op = XEN_DMOP_track_dirty_vram };
	op.u.track_dirty_vram.nr = nr;
	op.u.track_dirty_vram.first_pfn = first;
	set_xen_guest_handle(bufs[0].h, (void *)&op);
	set_xen_guest_handle(bufs[1].h, (void *)bits);
	return call(caller, __HYPERVISOR_dm_op, id, 2, bufs);
}

/* The guest has pages 0 to 3; all count as written the first time. */
static void dirty_vram(void)
{
	u8 bits[2] = { 0xaa, 0xaa };

	HOST_CHECK(track(5, 0, bits, 1) == 0 && bits[0] == 0xf && bits[1] == 0xaa);
	HOST_CHECK(track(9, 0, bits, 2) == 0 && !bits[0] && !bits[1]);
	HOST_CHECK(track(9, 0, bits, 1) == -XEN_EINVAL);
	HOST_CHECK(track(1, BIT(36), bits, 1) == -XEN_EINVAL);
	HOST_CHECK(track((1U << 18) + 1, 0, bits, 2) == -XEN_EINVAL);
	/* More than one call collects: take all as written. */
	HOST_CHECK(track(1U << 18, 0, bits, 2) == -XEN_ENODATA);
	HOST_CHECK(track(0, 0, NULL, 0) == 0);
	HOST_CHECK(track(1, 0, NULL, 1) == -XEN_EFAULT);
	op = (struct xen_dm_op){ .u.track_dirty_vram = { .nr = 1 } };
	HOST_CHECK(dm(XEN_DMOP_track_dirty_vram) == -XEN_EINVAL);
	op.u.track_dirty_vram.pad = 1;
	HOST_CHECK(dm(XEN_DMOP_track_dirty_vram) == -XEN_EINVAL);
}

/* ---- the rest ---- */

static void memory(void *arg)
{
	struct xen_memory_reservation r = { .nr_extents = 4, .domid = id };
	struct xen_domctl c = { .u.max_mem.max_memkb = 1024 };
	xen_pfn_t gfns[] = { 0, 1, 2, 3 };

	boot();
	HOST_CHECK(domctl(&c, XEN_DOMCTL_max_mem, id) == 0);
	r.domid = id;
	set_xen_guest_handle(r.extent_start, gfns);
	HOST_CHECK(call(caller, __HYPERVISOR_memory_op, XENMEM_populate_physmap,
			(u64)(uintptr_t)&r, NULL) == 4);
	dirty_vram();
	op = (struct xen_dm_op){ .u.set_mem_type = { .nr = 3, .mem_type = HVMMEM_ram_ro,
						     .first_pfn = 1 } };
	HOST_CHECK(dm(XEN_DMOP_set_mem_type) == 0);
	HOST_CHECK(type_at(0) == P2M_RAM_RW && type_at(1) == P2M_RAM_RO);
	HOST_CHECK(type_at(3) == P2M_RAM_RO);
	op.u.set_mem_type = (struct xen_dm_op_set_mem_type){ .nr = 2, .mem_type = HVMMEM_ram_rw,
							     .first_pfn = 3 };
	HOST_CHECK(dm(XEN_DMOP_set_mem_type) == -XEN_EINVAL && type_at(3) == P2M_RAM_RW);
	op.u.set_mem_type.mem_type = HVMMEM_mmio_dm;
	HOST_CHECK(dm(XEN_DMOP_set_mem_type) == -XEN_EOPNOTSUPP);
	op.u.set_mem_type = (struct xen_dm_op_set_mem_type){ .nr = ~0U, .first_pfn = BIT(36) - 1 };
	HOST_CHECK(dm(XEN_DMOP_set_mem_type) == -XEN_EINVAL);
	/* The guest may give a read-only page back. */
	r.nr_extents = 1;
	set_xen_guest_handle(r.extent_start, gfns + 2);
	HOST_CHECK(call(caller, __HYPERVISOR_memory_op, XENMEM_decrease_reservation,
			(u64)(uintptr_t)&r, NULL) == 1);
	op = (struct xen_dm_op){ .u.relocate_memory = { .size = 1, .src_gfn = 3, .dst_gfn = 200 } };
	HOST_CHECK(dm(XEN_DMOP_relocate_memory) == 0);
	HOST_CHECK(type_at(3) == P2M_INVALID && type_at(200) == P2M_RAM_RW);
	/* The last frame that there may be, and one more. */
	op.u.relocate_memory = (struct xen_dm_op_relocate_memory){ .size = 2, .src_gfn = 200,
								   .dst_gfn = BIT(36) - 1 };
	HOST_CHECK(dm(XEN_DMOP_relocate_memory) == -XEN_EINVAL);
	HOST_CHECK(type_at(BIT(36) - 1) == P2M_RAM_RW);
	op.u.set_mem_type = (struct xen_dm_op_set_mem_type){ .nr = 2, .mem_type = HVMMEM_ram_ro,
							     .first_pfn = BIT(36) - 1 };
	HOST_CHECK(dm(XEN_DMOP_set_mem_type) == -XEN_EINVAL);
	HOST_CHECK(type_at(BIT(36) - 1) == P2M_RAM_RW);
	op.u.relocate_memory.pad = 1;
	HOST_CHECK(dm(XEN_DMOP_relocate_memory) == -XEN_EINVAL);
	op = (struct xen_dm_op){ .u.remote_shutdown.reason = SHUTDOWN_reboot };
	HOST_CHECK(dm(XEN_DMOP_remote_shutdown) == 0 && guest->is_shut_down);
	HOST_CHECK(guest->shutdown_code == SHUTDOWN_reboot);
	end();
}

/* A call over many pages is interrupted after each, and goes on with the next. */
static void interrupted(void *arg)
{
	struct xen_memory_reservation r = { .nr_extents = 4 };
	struct xen_domctl c = { .u.max_mem.max_memkb = 1024 };
	xen_pfn_t gfns[] = { 0, 1, 2, 3 };

	boot();
	HOST_CHECK(domctl(&c, XEN_DOMCTL_max_mem, id) == 0);
	r.domid = id;
	set_xen_guest_handle(r.extent_start, gfns);
	HOST_CHECK(call(caller, __HYPERVISOR_memory_op, XENMEM_populate_physmap,
			(u64)(uintptr_t)&r, NULL) == 4);
	preempt = true;
	op = (struct xen_dm_op){ .u.set_mem_type = { .nr = 4, .mem_type = HVMMEM_ram_ro } };
	HOST_CHECK(dm(XEN_DMOP_set_mem_type) == 0 && restarts == 3);
	op = (struct xen_dm_op){ .u.set_mem_type = { .nr = 4, .mem_type = HVMMEM_ram_rw } };
	HOST_CHECK(dm(XEN_DMOP_set_mem_type) == 0 && restarts == 3);
	op = (struct xen_dm_op){ .u.relocate_memory = { .size = 4, .dst_gfn = 200 } };
	HOST_CHECK(dm(XEN_DMOP_relocate_memory) == 0 && restarts == 3);
	preempt = false;
	for (u64 gfn = 0; gfn < 4; gfn++)
		HOST_CHECK(type_at(gfn) == P2M_INVALID && type_at(200 + gfn) == P2M_RAM_RW);
	end();
}

#define RUN_ISOLATED(name)                                            \
	static void test_##name(void **state)                         \
	{                                                             \
		assert_int_equal(host_isolated(name, NULL)->status, 0); \
	}
RUN_ISOLATED(rights)
RUN_ISOLATED(strangers)
RUN_ISOLATED(servers)
RUN_ISOLATED(overlaps)
RUN_ISOLATED(disabled)
RUN_ISOLATED(guest_ends)
RUN_ISOLATED(made_too_late)
RUN_ISOLATED(frames)
RUN_ISOLATED(memory)
RUN_ISOLATED(interrupted)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_deaths),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_guest_ends),
		cmocka_unit_test(test_made_too_late),
		cmocka_unit_test(test_buffered),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests_name("ioreq", tests, NULL, NULL);
}
