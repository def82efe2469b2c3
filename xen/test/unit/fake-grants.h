/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the tests of grant tables: three domains with tables, and their hypercalls. */
#ifndef TEST_FAKE_GRANTS_H
#define TEST_FAKE_GRANTS_H

#include "fake-world.h"

#include <xen/errno.h>
#include <xen/gnttab.h>

#include <public/memory.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define RAM 32		/* pages of each domain */

/** dom0 is privileged; each grants and maps. */
static struct domain *dom0, *dom1, *dom2;
static u64 refs_at_start;
static u32 frames_at_start;

static int grants_setup(void **state)
{
	struct domain **all[] = { &dom0, &dom1, &dom2 };

	world_init();
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		*all[i] = world_domain((u16)i, 1, RAM);
		assert_int_equal(gnttab_domain_init(*all[i], 4, 0, 0), 0);
	}
	dom0->is_privileged = dom0->is_hardware = true;
	refs_at_start = world_total_refs();
	frames_at_start = world_used_frames();
	return 0;
}

/** Check that everything was given back: no grant still holds a reference, a frame or a domain. */
static int grants_teardown(void **state)
{
	struct domain *all[] = { dom0, dom1, dom2 };

	world_preempt_every = world_copy_fails_in = world_alloc_fails_in = 0;
	for (u32 i = 0; i < ARRAY_SIZE(all); i++)
		while (gnttab_domain_destroy(all[i]))
			;
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		gnttab_domain_free(all[i]);
		world_domain_free(all[i]);
	}
	assert_int_equal(world_used_frames(), 0);
	assert_int_equal(world_stale_frees, 0);
	return 0;
}

static void *table(struct domain *d, u32 frame)
{
	mfn_t mfn;

	assert_int_equal(gnttab_frame(d, frame, &mfn), 0);
	return mfn_to_virt(mfn);
}

static struct grant_entry_v1 *v1_entry(struct domain *d, u32 ref)
{
	return (struct grant_entry_v1 *)table(d, ref / 512) + ref % 512;
}

static union grant_entry_v2 *v2_entry(struct domain *d, u32 ref)
{
	return (union grant_entry_v2 *)table(d, ref / 256) + ref % 256;
}

static u16 *v2_status(struct domain *d, u32 ref)
{
	return (u16 *)table(d, (ref / 2048) | XENMAPIDX_grant_table_status) + ref % 2048;
}

static void grant(struct domain *d, u32 ref, struct domain *to, u32 gfn, u16 flags)
{
	struct grant_entry_v1 *e = v1_entry(d, ref);

	e->domid = to->id;
	e->frame = gfn;
	e->flags = GTF_permit_access | flags;
}

static long gop(struct domain *d, u32 cmd, void *ops, u32 count)
{
	u32 done;

	return gnttab_op(d->vcpu[0], &cmd, world_ptr(ops), count, &done);
}

static struct gnttab_map_grant_ref map_at(struct domain *d, struct domain *from, u32 ref, u64 gfn,
					  u32 flags)
{
	struct gnttab_map_grant_ref op = { .host_addr = gfn << PAGE_SHIFT, .flags = flags,
					   .ref = ref, .dom = from->id };

	assert_int_equal(gop(d, GNTTABOP_map_grant_ref, &op, 1), 0);
	return op;
}

static s16 unmap(struct domain *d, u32 handle, u64 gfn)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = gfn << PAGE_SHIFT, .handle = handle };

	op.status = 77;
	assert_int_equal(gop(d, GNTTABOP_unmap_grant_ref, &op, 1), 0);
	return op.status;
}

static s16 set_version(struct domain *d, u32 version)
{
	struct gnttab_set_version op = { .version = version };
	long rc = gop(d, GNTTABOP_set_version, &op, 1);

	if (!rc)
		assert_int_equal(op.version, version);
	return (s16)rc;
}

static struct gnttab_copy_ptr of_grant(struct domain *d, u32 ref, u16 offset)
{
	struct gnttab_copy_ptr p = { .domid = d->id, .offset = offset };

	p.u.ref = ref;
	return p;
}

static struct gnttab_copy_ptr of_gfn(u64 gfn, u16 offset)
{
	struct gnttab_copy_ptr p = { .domid = DOMID_SELF, .offset = offset };

	p.u.gmfn = gfn;
	return p;
}

static s16 copy(struct domain *d, struct gnttab_copy_ptr from, struct gnttab_copy_ptr to, u16 len,
		u16 flags)
{
	struct gnttab_copy op = { .source = from, .dest = to, .len = len, .flags = flags };

	op.status = 77;
	assert_int_equal(gop(d, GNTTABOP_copy, &op, 1), 0);
	return op.status;
}

#endif
