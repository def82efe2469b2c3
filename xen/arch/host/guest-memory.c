/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of synthetic guests, as hypercalls access it. */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/printk.h>
#include <xen/hal/vcpu.h>

#include "private.h"

#define GUEST_PHYS_LIMIT (1UL << 40)	/* no address of this process is below */
#define MAX_RANGES 16
#define STACK_WINDOW (512UL << 10)

struct range {
	u64 start, end;
};

static struct range fault[MAX_RANGES], allowed[MAX_RANGES];
static u32 nr_faults, nr_allowed;

static void add_range(struct range *r, u32 *nr, const void *p, size_t len)
{
	if (!p) {
		*nr = 0;
		return;
	}
	BUG_ON(*nr == MAX_RANGES);
	r[*nr].start = (u64)(uintptr_t)p;
	r[(*nr)++].end = (u64)(uintptr_t)p + len;
}

void host_guest_fault(const void *p, size_t len)
{
	add_range(fault, &nr_faults, p, len);
}

void host_guest_allow(const void *p, size_t len)
{
	add_range(allowed, &nr_allowed, p, len);
}

static bool host_range_ok(u64 at, size_t len)
{
	u64 sp = (u64)(uintptr_t)__builtin_frame_address(0);

	if (at + len < at)
		return false;
	for (u32 i = 0; i < nr_faults; i++)
		if (at < fault[i].end && at + len > fault[i].start)
			return false;
	if (!nr_allowed || (at >= sp && at + len <= sp + STACK_WINDOW))
		return true;
	for (u32 i = 0; i < nr_allowed; i++)
		if (at >= allowed[i].start && at + len <= allowed[i].end)
			return true;
	return false;
}

int hal_guest_copy_in(struct vcpu *v, void *dst, gvaddr_t src, size_t len)
{
	if (!len)
		return 0;
	if (src.v < GUEST_PHYS_LIMIT)
		return guest_phys_read(v->domain, dst, gpaddr_make(src.v), len);
	if (!host_range_ok(src.v, len))
		return -XEN_EFAULT;
	memcpy(dst, (const void *)(uintptr_t)src.v, len);
	return 0;
}

int hal_guest_copy_out(struct vcpu *v, gvaddr_t dst, const void *src, size_t len)
{
	if (!len)
		return 0;
	if (dst.v < GUEST_PHYS_LIMIT)
		return guest_phys_write(v->domain, gpaddr_make(dst.v), src, len);
	if (!host_range_ok(dst.v, len))
		return -XEN_EFAULT;
	memcpy((void *)(uintptr_t)dst.v, src, len);
	return 0;
}
