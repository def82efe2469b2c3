/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's copy of its runstate. The address of the area is translated once, at registration,
 * and its pages are held; a guest that moves the mapping must register the area again.
 */
#include <xen/compat.h>
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/string.h>

#include "private.h"

/* The pages of the old area are released once no CPU can be writing to them. */
static void replace_area(struct vcpu *v, const struct guest_area *new)
{
	u64 flags = spin_lock_irqsave(&v->area_lock);
	struct guest_area old = v->runstate_area;

	v->runstate_area = *new;
	if (new->len)
		__atomic_fetch_or(&v->switch_work, (u32)VSW_RUNSTATE, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&v->switch_work, ~(u32)VSW_RUNSTATE, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&v->area_lock, flags);
	for (u32 i = 0; i < 2; i++)
		if (old.page[i])
			page_put(old.page[i]);
}

void runstate_area_release(struct vcpu *v)
{
	replace_area(v, &(struct guest_area){ .len = 0 });
}

/* Write to an area of at most two pages. */
static void area_write(const struct guest_area *a, u32 at, const void *src, u32 n)
{
	const char *s = src;

	ASSERT(at + n <= a->len && a->offset + at + n <= 2 * PAGE_SIZE);
	for (u32 i = 0; i < n; i++) {
		u32 off = a->offset + at + i;

		((char *)page_to_virt(a->page[off / PAGE_SIZE]))[off % PAGE_SIZE] = s[i];
	}
}

static void area_write_all(struct vcpu *v, const struct vcpu_runstate_info *info)
{
	const struct guest_area *a = &v->runstate_area;
	u8 compat[COMPAT_MAX_BYTES];
	const void *image = info;

	if (a->layout) {
		compat_from_native(a->layout, compat, info);
		image = compat;
	}
	if (likely(a->offset + a->len <= PAGE_SIZE))
		memcpy((char *)page_to_virt(a->page[0]) + a->offset, image, a->len);
	else
		area_write(a, 0, image, a->len);
}

/* The offset of state_entry_time, which holds the update flag, in the guest's layout. */
static u32 entry_time_offset(const struct guest_area *a)
{
	u32 at = offsetof(struct vcpu_runstate_info, state_entry_time);

	return a->layout ? compat_offset(a->layout, at) : at;
}

/* [area_lock] */
static void update_locked(struct vcpu *v)
{
	struct vcpu_runstate_info info = v->runstate;
	u32 at = entry_time_offset(&v->runstate_area);

	ASSERT(spin_is_locked_by_me(&v->area_lock) && v->runstate_area.page[0]);
	if (!(v->domain->vm_assist & BIT(VMASST_TYPE_runstate_update_flag))) {
		area_write_all(v, &info);
		return;
	}
	/* The flag tells a reader on another vCPU that the copy is being changed. */
	info.state_entry_time |= XEN_RUNSTATE_UPDATE;
	area_write(&v->runstate_area, at, &info.state_entry_time, 8);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	area_write_all(v, &info);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	info.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
	area_write(&v->runstate_area, at, &info.state_entry_time, 8);
}

void runstate_area_update(struct vcpu *v)
{
	u64 flags;

	if (likely(!READ_ONCE(v->runstate_area.len)))
		return;
	flags = spin_lock_irqsave(&v->area_lock);
	if (v->runstate_area.len)
		update_locked(v);
	spin_unlock_irqrestore(&v->area_lock, flags);
}

int runstate_area_register(struct vcpu *v, guest_ptr_t at)
{
	struct guest_area new = { .len = sizeof(struct vcpu_runstate_info) };
	u32 pages;

	if (guest_ptr_is_null(at)) {
		runstate_area_release(v);
		return 0;
	}
	at = compat_resolve(at, &new.layout);
	if (new.layout)
		new.len = compat_bytes(new.layout);
	new.offset = page_offset(at.v);
	pages = DIV_ROUND_UP(new.offset + new.len, PAGE_SIZE);
	ASSERT(pages <= ARRAY_SIZE(new.page));
	for (u32 i = 0; i < pages; i++) {
		gvaddr_t va = gvaddr_make(at.v + i * PAGE_SIZE);
		gfn_t gfn;

		if (hal_guest_va_to_gfn(hal_current_vcpu(), va, &gfn) ||
		    !map_guest_page(v->domain, gfn, &new.page[i])) {
			if (i)
				page_put(new.page[0]);
			return -XEN_EFAULT;
		}
	}
	replace_area(v, &new);
	if (v == hal_current_vcpu())
		runstate_area_update(v);
	return 0;
}
