/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitoring and allocation of caches: pools of RMIDs and classes, CPUID and psr=; then control
 * calls that a privileged guest makes about another, on two sockets whose caches are fakes.
 */
#include "unit.h"

#include <string.h>

#include <xen/errno.h>
#include <xen/param.h>
#include <xen/hal/time.h>

#include <asm/host.h>
#include <asm/msr.h>
#include <asm/page.h>
#include <asm/soft-processor.h>
#include <psr/private.h>

#include "x86-caller.h"

#include <public/domctl.h>
#include <public/platform.h>
#include <public/sysctl.h>
#include <public/xen.h>

#define STEP 20000

/* ---- pure parts ---- */

static void test_rmid_pool(void **state)
{
	static struct rmid_pool p;

	rmid_pool_init(&p, 4);
	assert_int_equal(rmid_take(&p), 1);
	assert_int_equal(rmid_take(&p), 2);
	rmid_put(&p, 1);
	/* What is in limbo is nobody's, but not free. */
	assert_int_equal(rmid_take(&p), 3);
	assert_int_equal(rmid_take(&p), 0);
	rmid_clean(&p, 1);
	assert_int_equal(rmid_take(&p), 1);
	assert_int_equal(rmid_take(&p), 0);
	rmid_pool_init(&p, 1);
	assert_int_equal(rmid_take(&p), 0);
}

static void test_masks(void **state)
{
	static const struct {
		u32 cbm_len;
		u64 mask;
		bool valid;
	} cases[] = {
		{ 8, 0, false }, { 8, 1, true }, { 8, 0x80, true }, { 8, 0xff, true },
		{ 8, 0x3c, true }, { 8, 0x100, false }, { 8, 0x180, false }, { 8, 5, false },
		{ 8, 0x81, false }, { 32, 0xffffffff, true }, { 32, 0x80000001, false },
		{ 32, 0x100000001, false }, { 32, ~0UL, false }, { 1, 1, true }, { 1, 2, false },
	};
	static struct cos_table t;

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		cos_table_init(&t, 4, cases[i].cbm_len);
		if (cos_mask_valid(&t, cases[i].mask) != cases[i].valid)
			fail_msg("mask %#lx of %u bits", (unsigned long)cases[i].mask,
				 cases[i].cbm_len);
	}
}

static void test_classes(void **state)
{
	static struct cos_table t;

	cos_table_init(&t, 3, 8);
	assert_int_equal(cos_choose(&t, 0, 0x0f), 1);
	cos_move(&t, 0, 1, 0x0f);
	/* Another domain with this mask shares the class; with another mask it gets its own. */
	assert_int_equal(cos_choose(&t, 0, 0x0f), 1);
	assert_int_equal(cos_choose(&t, 0, 0xf0), 2);
	cos_move(&t, 0, 2, 0xf0);
	assert_int_equal(cos_choose(&t, 0, 0x03), -1);
	/* Its only user may change a class; a class with two it must leave. */
	assert_int_equal(cos_choose(&t, 1, 0x03), 1);
	cos_move(&t, 0, 1, 0x0f);
	assert_int_equal(cos_choose(&t, 1, 0x03), -1);
	assert_int_equal(cos_choose(&t, 1, 0xff), 0);
	cos_move(&t, 2, 0, 0xff);
	assert_int_equal(cos_choose(&t, 1, 0x03), 2);
	/* The mask of a class without users is not a reason to take it before another. */
	assert_int_equal(cos_choose(&t, 1, 0xf0), 2);
}

/* ---- CPUID ---- */

struct answer {
	u32 leaf, subleaf, r[4];
};
static const struct answer *answers;

static void query(u32 leaf, u32 subleaf, u32 out[4])
{
	memset(out, 0, 4 * sizeof(out[0]));
	for (const struct answer *a = answers; a->leaf; a++)
		if (a->leaf == leaf && a->subleaf == subleaf)
			memcpy(out, a->r, sizeof(a->r));
}

/* 20 ways of 36864 sets of 64 bytes: 45 MiB, in units of 73728 bytes. */
#define L3_OF_45_MIB 0x1c163, 0x04c0003f, 36863, 6

static void test_cpuid(void **state)
{
	static const struct answer xeon[] = {
		{ 4, 0, { 0x1c004121, 0x01c0003f, 63, 0 } },
		{ 4, 1, { 0x1c004143, 0x01c0003f, 511, 0 } },
		{ 4, 2, { L3_OF_45_MIB } }, { 7, 0, { 0, BIT(12) | BIT(15), 0, 0 } },
		{ 0xf, 0, { 0, 143, 0, BIT(1) } }, { 0xf, 1, { 0, 73728, 143, 7 } },
		{ 0x10, 0, { 0, BIT(1), 0, 0 } }, { 0x10, 1, { 19, 0xc0000, 4, 15 } }, { 0 },
	};
	static const struct answer no_feature[] = {
		{ 4, 0, { L3_OF_45_MIB } }, { 0xf, 0, { 0, 143, 0, BIT(1) } },
		{ 0xf, 1, { 0, 73728, 143, 7 } }, { 0x10, 0, { 0, BIT(1), 0, 0 } },
		{ 0x10, 1, { 19, 0, 4, 15 } }, { 0 },
	};
	static const struct answer no_unit[] = {
		{ 4, 0, { L3_OF_45_MIB } }, { 7, 0, { 0, BIT(12), 0, 0 } },
		{ 0xf, 0, { 0, 143, 0, BIT(1) } }, { 0xf, 1, { 0, 0, 143, 7 } }, { 0 },
	};
	static const struct answer amd[] = {
		{ 0x8000001d, 0, { L3_OF_45_MIB } }, { 7, 0, { 0, BIT(15), 0, 0 } },
		{ 0x10, 0, { 0, BIT(1), 0, 0 } }, { 0x10, 1, { 15, 0, 0, 15 } }, { 0 },
	};
	struct psr_caps c;

	answers = xeon;
	assert_true(psr_caps_from_cpuid(&c, query));
	assert_int_equal(c.l3_bytes, 45 << 20);
	assert_int_equal(c.rmids, 144);
	assert_int_equal(c.upscale, 73728);
	assert_int_equal(c.events, 7);
	assert_int_equal(c.coses, 16);
	assert_int_equal(c.cbm_len, 20);
	answers = no_feature;
	assert_false(psr_caps_from_cpuid(&c, query));
	answers = no_unit;
	assert_false(psr_caps_from_cpuid(&c, query));
	answers = amd;
	assert_true(psr_caps_from_cpuid(&c, query));
	assert_int_equal(c.rmids, 0);
	assert_int_equal(c.coses, 16);
}

/* ---- psr= ---- */

static void run_refused(void *arg)
{
	static const char *const bad[][2] = {
		{ "psr=cmt:1,mba:1", "mba is not built" }, { "psr=cdp", "cdp is not built" },
		{ "psr=cmt:maybe", "not a list of cmt:FLAG" }, { "psr=llc", "not a list of" },
		{ "psr=rmid_max:0", "not a list of" }, { "psr=rmid_max:4294967296", "not a list" },
		{ "psr=limbo:much", "not a list of" }, { "psr=", "not a list of" },
	};

	host_init(1, 2, 16 << 20);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		u32 from = host_result()->console_len;

		params_parse(bad[i][0]);
		if (!strstr(host_result()->console + from, bad[i][1]))
			host_check_failed(bad[i][0], __FILE__, __LINE__);
	}
	params_parse("psr=cdp:0,mba:off");
	/* None of these switched anything on. */
	soft_cache.caps = (struct psr_caps){ .l3_bytes = 1 << 20, .rmids = 4, .upscale = 1 };
	psr_init();
	HOST_CHECK(!psr.provider);
}

/* ---- two sockets, a toolstack and a guest ---- */

u32 hal_cpu_to_socket(u32 cpu) { return cpu; }

static struct world_domain guest;

static long cmt(const struct world_domain *w, u32 cmd, u32 *rmid)
{
	struct xen_domctl op = { .u.psr_cmt_op.cmd = cmd };
	long rc = caller_domctl(w->d->id, XEN_DOMCTL_psr_cmt_op, &op);

	if (rmid)
		*rmid = op.u.psr_cmt_op.data;
	return rc;
}

static long attach(const struct world_domain *w)
{
	return cmt(w, XEN_DOMCTL_PSR_CMT_OP_ATTACH, NULL);
}

static long detach(const struct world_domain *w)
{
	return cmt(w, XEN_DOMCTL_PSR_CMT_OP_DETACH, NULL);
}

static u32 rmid_of(const struct world_domain *w)
{
	u32 rmid = ~0U;

	HOST_CHECK(!cmt(w, XEN_DOMCTL_PSR_CMT_OP_QUERY_RMID, &rmid));
	return rmid;
}

static long info(u32 cmd, u64 *data)
{
	struct xen_sysctl op = { .u.psr_cmt_op.cmd = cmd };
	long rc = caller_sysctl(XEN_SYSCTL_psr_cmt_op, &op);

	*data = op.u.psr_cmt_op.u.data;
	return rc;
}

static long alloc(const struct world_domain *w, u32 cmd, u32 socket, u64 *data)
{
	struct xen_domctl op = { .u.psr_alloc = { cmd, socket, *data } };
	long rc = caller_domctl(w->d->id, XEN_DOMCTL_psr_alloc, &op);

	*data = op.u.psr_alloc.data;
	return rc;
}

static long set_mask(const struct world_domain *w, u32 socket, u64 mask)
{
	return alloc(w, XEN_DOMCTL_PSR_SET_L3_CBM, socket, &mask);
}

static u64 mask_of(const struct world_domain *w, u32 socket)
{
	u64 mask = 0;

	HOST_CHECK(!alloc(w, XEN_DOMCTL_PSR_GET_L3_CBM, socket, &mask));
	return mask;
}

static void start(const char *line)
{
	soft_cache.caps = (struct psr_caps){ .l3_bytes = 1 << 20, .rmids = 4, .upscale = 64,
					     .events = 7, .coses = 4, .cbm_len = 8 };
	params_parse(line);
	world_boot(2);
	psr_init();
	soft_guest_set(caller_turn);
	world_create(&caller, true, 1);
	world_create(&guest, false, 2);
	domain_unpause_by_systemcontroller(caller.d);
	domain_unpause_by_systemcontroller(guest.d);
}

static void finish(void)
{
	HOST_CHECK(!world_destroy(&guest) && !world_destroy(&caller) && !world_left_over());
}

/* A CPU's register says what the vCPU is that runs there, as soon as the call has returned. */
static void check_registers(void)
{
	for (u32 i = 0; i < 40; i++) {
		host_run(hal_now_ns() + STEP / 3);
		for (u32 v = 0; v < 2; v++) {
			const struct vcpu *vc = guest.d->vcpu[v];
			const struct psr_domain *pd = &to_xd(guest.d)->psr;

			if (vc->running)
				HOST_CHECK(soft_cache.pqr[vcpu_cpu(vc)] ==
					   (pd->rmid | (u64)pd->cos[vcpu_cpu(vc)] << 32));
		}
	}
}

static void run_off(void *arg)
{
	u64 data;
	u64 mask = 1;

	start("");
	HOST_CHECK(attach(&guest) == -XEN_ENODEV);
	HOST_CHECK(info(XEN_SYSCTL_PSR_CMT_enabled, &data) == -XEN_ENODEV);
	HOST_CHECK(info(XEN_SYSCTL_PSR_CMT_get_l3_cache_size, &data) == -XEN_ENODEV);
	HOST_CHECK(alloc(&guest, XEN_DOMCTL_PSR_SET_L3_CBM, 0, &mask) == -XEN_ENODEV);
	/* Not a single access to the register. */
	HOST_CHECK(!soft_cache.pqr_writes[0] && !soft_cache.pqr_writes[1]);
	HOST_CHECK(hvm == &svm_ops);
	finish();
}

static void run_monitoring(void *arg)
{
	u64 data;
	u32 writes;

	start("psr=cmt,cat");
	HOST_CHECK(!info(XEN_SYSCTL_PSR_CMT_enabled, &data) && data == 1);
	HOST_CHECK(!info(XEN_SYSCTL_PSR_CMT_get_total_rmid, &data) && data == 3);
	HOST_CHECK(!info(XEN_SYSCTL_PSR_CMT_get_l3_upscaling_factor, &data) && data == 64);
	HOST_CHECK(!info(XEN_SYSCTL_PSR_CMT_get_l3_cache_size, &data) && data == 1024);
	HOST_CHECK(!info(XEN_SYSCTL_PSR_CMT_get_l3_event_mask, &data) && data == 7);
	HOST_CHECK(info(99, &data) == -XEN_ENOSYS);
	HOST_CHECK(rmid_of(&guest) == 0 && detach(&guest) == -XEN_ENOENT);
	HOST_CHECK(!attach(&guest) && rmid_of(&guest) == 1);
	HOST_CHECK(attach(&guest) == -XEN_EEXIST);
	HOST_CHECK(cmt(&guest, 7, NULL) == -XEN_ENOSYS);
	/* The toolstack's own domain, too. */
	HOST_CHECK(!attach(&caller) && rmid_of(&caller) == 2);
	check_registers();
	/* Guests switch often on these two CPUs, but one that only returns writes nothing. */
	domain_pause(caller.d);
	domain_pause(guest.d);
	domain_unpause(guest.d);
	host_run(hal_now_ns() + STEP);
	writes = soft_cache.pqr_writes[0] + soft_cache.pqr_writes[1];
	for (u32 i = 0; i < 10; i++) {
		domain_pause(guest.d);
		domain_unpause(guest.d);
		host_run(hal_now_ns() + STEP);
	}
	HOST_CHECK(soft_cache.pqr_writes[0] + soft_cache.pqr_writes[1] == writes);
	domain_unpause(caller.d);
	HOST_CHECK(!detach(&guest) && rmid_of(&guest) == 0);
	for (u32 cpu = 0; cpu < 2; cpu++)
		HOST_CHECK((u32)soft_cache.pqr[cpu] != 1);
	check_registers();
	finish();
}

/* Three RMIDs; what is below 1 MiB / 4 on each socket may be used again. */
static void run_limbo(void *arg)
{
	struct world_domain more;

	start("psr=cmt");
	world_create(&more, false, 1);
	HOST_CHECK(!attach(&guest) && !attach(&caller) && !attach(&more));
	HOST_CHECK(rmid_of(&more) == 3);
	HOST_CHECK(!detach(&guest));
	soft_cache.count[0][0][1] = 4095;
	soft_cache.count[1][0][1] = 4096;
	HOST_CHECK(attach(&guest) == -XEN_EOVERFLOW && rmid_of(&guest) == 0);
	soft_cache.count[1][0][1] = PSR_COUNTER_UNAVAILABLE | 1;
	HOST_CHECK(attach(&guest) == -XEN_EOVERFLOW);
	soft_cache.count[1][0][1] = PSR_COUNTER_ERROR;
	HOST_CHECK(attach(&guest) == -XEN_EOVERFLOW);
	soft_cache.count[1][0][1] = 4095;
	HOST_CHECK(!attach(&guest) && rmid_of(&guest) == 1);
	/* The end of a domain puts its RMID into limbo as well. */
	HOST_CHECK(!detach(&guest) && !world_destroy(&more));
	soft_cache.count[0][0][1] = ~0U;
	soft_cache.count[0][0][3] = 0;
	for (u32 tries = 0; tries < 100 && attach(&guest); tries++)
		host_run(hal_now_ns() + STEP);
	HOST_CHECK(rmid_of(&guest) == 3);
	finish();
}

static void run_allocation(void *arg)
{
	struct xen_sysctl op = { .u.psr_alloc.cmd = XEN_SYSCTL_PSR_get_l3_info };
	u64 data = 0;

	start("psr=cat,cos_max:2");
	HOST_CHECK(!caller_sysctl(XEN_SYSCTL_psr_alloc, &op));
	HOST_CHECK(op.u.psr_alloc.u.cat_info.cbm_len == 8);
	HOST_CHECK(op.u.psr_alloc.u.cat_info.cos_max == 2 && !op.u.psr_alloc.u.cat_info.flags);
	op.u.psr_alloc.target = 2;
	HOST_CHECK(caller_sysctl(XEN_SYSCTL_psr_alloc, &op) == -XEN_ENOENT);
	op.u.psr_alloc.target = PSR_MAX_SOCKETS;
	HOST_CHECK(caller_sysctl(XEN_SYSCTL_psr_alloc, &op) == -XEN_ERANGE);
	op.u.psr_alloc.cmd = XEN_SYSCTL_PSR_get_mba_info;
	HOST_CHECK(caller_sysctl(XEN_SYSCTL_psr_alloc, &op) == -XEN_ENODEV);
	HOST_CHECK(attach(&guest) == -XEN_ENODEV);
	HOST_CHECK(!info(XEN_SYSCTL_PSR_CMT_get_l3_cache_size, &data) && data == 1024);
	HOST_CHECK(mask_of(&guest, 0) == 0xff && mask_of(&guest, 1) == 0xff);
	HOST_CHECK(soft_cache.mask[1][0] == 0xff && soft_cache.mask[1][2] == 0xff);
	HOST_CHECK(!set_mask(&guest, 1, 0x0f) && mask_of(&guest, 1) == 0x0f);
	HOST_CHECK(mask_of(&guest, 0) == 0xff);
	HOST_CHECK(soft_cache.mask[1][1] == 0x0f && soft_cache.mask[0][1] == 0xff);
	check_registers();
	HOST_CHECK(!set_mask(&guest, 1, 0x0f));
	/* Its only user changes a class in place. */
	HOST_CHECK(!set_mask(&guest, 1, 0x3f) && soft_cache.mask[1][1] == 0x3f);
	HOST_CHECK(!set_mask(&caller, 1, 0xc0) && soft_cache.mask[1][2] == 0xc0);
	HOST_CHECK(!set_mask(&guest, 1, 0xff) && to_xd(guest.d)->psr.cos[1] == 0);
	HOST_CHECK(!set_mask(&guest, 1, 0xc0) && to_xd(guest.d)->psr.cos[1] == 2);
	HOST_CHECK(!set_mask(&caller, 1, 0x01));
	HOST_CHECK(set_mask(&guest, 1, 0) == -XEN_EINVAL);
	HOST_CHECK(set_mask(&guest, 1, 5) == -XEN_EINVAL);
	HOST_CHECK(set_mask(&guest, 1, 0x100) == -XEN_EINVAL);
	HOST_CHECK(set_mask(&guest, 1, 0x1000000ffUL) == -XEN_EINVAL);
	HOST_CHECK(set_mask(&guest, 3, 1) == -XEN_ENOENT);
	HOST_CHECK(set_mask(&guest, ~0U, 1) == -XEN_ERANGE);
	HOST_CHECK(alloc(&guest, XEN_DOMCTL_PSR_SET_L3_CODE, 1, &data) == -XEN_ENXIO);
	HOST_CHECK(alloc(&guest, XEN_DOMCTL_PSR_GET_L2_CBM, 1, &data) == -XEN_ENODEV);
	HOST_CHECK(alloc(&guest, XEN_DOMCTL_PSR_SET_MBA_THRTL, 1, &data) == -XEN_ENODEV);
	HOST_CHECK(alloc(&guest, 77, 1, &data) == -XEN_EOPNOTSUPP);
	check_registers();
	finish();
}

static void run_no_class_left(void *arg)
{
	struct world_domain more;

	start("psr=cat,cos_max:1");
	world_create(&more, false, 1);
	HOST_CHECK(!set_mask(&guest, 0, 1));
	HOST_CHECK(set_mask(&more, 0, 2) == -XEN_EOVERFLOW && mask_of(&more, 0) == 0xff);
	/* A domain that ends leaves its class to others. */
	HOST_CHECK(!world_destroy(&guest));
	for (u32 tries = 0; tries < 100 && set_mask(&more, 0, 2); tries++)
		host_run(hal_now_ns() + STEP);
	HOST_CHECK(mask_of(&more, 0) == 2 && soft_cache.mask[0][1] == 2);
	HOST_CHECK(!world_destroy(&more) && !world_destroy(&caller) && !world_left_over());
}

/* ---- XENPF_resource_op ---- */

static long batch(u32 cpu, u32 nr, struct xenpf_resource_entry *e)
{
	struct xen_platform_op op = { .cmd = XENPF_resource_op,
				      .interface_version = XENPF_INTERFACE_VERSION };

	op.u.resource_op.cpu = cpu;
	op.u.resource_op.nr_entries = nr;
	set_xen_guest_handle(op.u.resource_op.entries,
			     (xenpf_resource_entry_t *)caller_list());
	return caller_call(__HYPERVISOR_platform_op, &op, sizeof(op), e, 3 * sizeof(*e));
}

static void check_refused(u32 cmd, u64 idx, s32 error)
{
	struct xenpf_resource_entry e[3] = { { .u.cmd = XEN_RESOURCE_OP_MSR_READ, .idx = MSR_TSC },
					     { .u.cmd = cmd, .idx = idx, .val = 1 } };

	HOST_CHECK(batch(0, 2, e) == 1);
	HOST_CHECK(e[0].val && e[1].u.ret == error);
}

static void run_counters(void *arg)
{
	struct xenpf_resource_entry e[3];
	s_time_t before;

	start("psr=cmt,rmid_max:2");
	soft_cache.count[1][2][2] = 1234;
	for (u32 cpu = 0; cpu < 2; cpu++) {
		e[0] = (struct xenpf_resource_entry){ .u.cmd = XEN_RESOURCE_OP_MSR_WRITE,
						      .idx = MSR_QM_EVTSEL, .val = 3 | 2UL << 32 };
		e[1] = (struct xenpf_resource_entry){ .u.cmd = XEN_RESOURCE_OP_MSR_READ,
						      .idx = MSR_QM_CTR };
		e[2] = (struct xenpf_resource_entry){ .u.cmd = XEN_RESOURCE_OP_MSR_READ,
						      .idx = MSR_TSC };
		before = hal_now_ns();
		HOST_CHECK(batch(cpu, 3, e) == 3);
		HOST_CHECK(e[1].val == (cpu ? 1234 : 0));
		HOST_CHECK((s_time_t)e[2].val >= before && (s_time_t)e[2].val <= hal_now_ns());
	}
	/* Events and numbers that are not counted end as on a processor, not in the provider. */
	for (u64 bad = 0; bad < 4; bad++) {
		static const u64 vals[] = { 0, 4, 1 | 3UL << 32, 255 | 1023UL << 32 };

		e[0].val = vals[bad];
		e[0].u.cmd = XEN_RESOURCE_OP_MSR_WRITE;
		HOST_CHECK(batch(0, 2, e) == 2 && e[1].val == PSR_COUNTER_ERROR);
	}
	check_refused(XEN_RESOURCE_OP_MSR_WRITE, MSR_TSC, -XEN_EPERM);
	check_refused(XEN_RESOURCE_OP_MSR_WRITE, MSR_QM_CTR, -XEN_EACCES);
	check_refused(XEN_RESOURCE_OP_MSR_READ, MSR_PQR_ASSOC, -XEN_EACCES);
	check_refused(XEN_RESOURCE_OP_MSR_WRITE, 0xc0000080, -XEN_EACCES);
	check_refused(XEN_RESOURCE_OP_MSR_READ, 1UL << 32 | MSR_TSC, -XEN_EACCES);
	check_refused(9, MSR_QM_EVTSEL, -XEN_EOPNOTSUPP);
	e[0].rsvd = 1;
	HOST_CHECK(batch(0, 1, e) == 0 && e[0].u.ret == -XEN_EINVAL);
	HOST_CHECK(batch(0, 0, e) == 0 && batch(0, 4, e) == -XEN_EINVAL);
	HOST_CHECK(batch(2, 1, e) == -XEN_ENODEV && batch(~0U, 1, e) == -XEN_ENODEV);
	finish();
}

static void check_run(void (*fn)(void *arg))
{
	const struct host_outcome *r = host_isolated(fn, NULL);

	if (r->status)
		fail_msg("%s", r->console);
}

static void test_refused(void **state) { check_run(run_refused); }
static void test_off(void **state) { check_run(run_off); }
static void test_monitoring(void **state) { check_run(run_monitoring); }
static void test_limbo(void **state) { check_run(run_limbo); }
static void test_allocation(void **state) { check_run(run_allocation); }
static void test_no_class_left(void **state) { check_run(run_no_class_left); }
static void test_counters(void **state) { check_run(run_counters); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rmid_pool),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_cpuid),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_monitoring),
		cmocka_unit_test(test_limbo),
		cmocka_unit_test(test_allocation),
		cmocka_unit_test(test_no_class_left),
		cmocka_unit_test(test_counters),
	};

	return cmocka_run_group_tests_name("psr", tests, NULL, NULL);
}
