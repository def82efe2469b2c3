/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctrl/ctrl.h"
#include "hypervisor.h"

#include <public/hvm/save.h>

/* Bits of struct answers: what the saved state lacks. */
#define NO_HEADER 1
#define NO_MTRR 2
#define CUT_SHORT 4
#define WRONG_LENGTH 8

#define MAX_VCPUS 256

static struct {
	const struct bld_plan *plan;
	struct answers answers;
	uint32_t calls;
	uint64_t pages, large, next_gfn;	/* pages are asked for in ascending order */
	uint32_t entries;			/* of the memory map */
	uint32_t contexts;
	bool has_cpu;
	void *mapped;
} hv;

void hypervisor_start(const struct bld_plan *plan, struct answers answers)
{
	memset(&hv, 0, sizeof(hv));
	hv.plan = plan;
	hv.answers = answers;
}

static bool fails(void)
{
	return ++hv.calls == hv.answers.failing;
}

static bool is_ram(uint64_t gfn, uint64_t n)
{
	for (uint32_t i = 0; i < hv.plan->nr_regions; i++) {
		uint64_t first = hv.plan->region[i].start.v >> PAGE_SHIFT;
		uint64_t pages = hv.plan->region[i].bytes >> PAGE_SHIFT;

		if (gfn >= first && n <= pages && gfn - first <= pages - n)
			return true;
	}
	return false;
}

long ctl_populate(struct ctl *ctl, uint32_t domid, const xen_pfn_t *gfn, size_t n,
		  unsigned int order)
{
	if (fails())
		return -ENOMEM;
	if (!n)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (order && hv.answers.large && hv.large == hv.answers.large)
			return (long)i;
		if (gfn[i] < hv.next_gfn || gfn[i] % (1UL << order) ||
		    !is_ram(gfn[i], 1UL << order))
			abort();
		hv.next_gfn = gfn[i] + (1UL << order);
		hv.pages += 1UL << order;
		hv.large += order > 0;
	}
	return (long)n;
}

void *ctl_map(struct ctl *ctl, uint32_t domid, const xen_pfn_t *gfn, size_t n, int *err)
{
	for (size_t i = 0; i < n; i++)
		if (!is_ram(gfn[i], 1))
			abort();
	if (hv.mapped || !n)
		abort();
	if (!fails())
		hv.mapped = malloc(n << PAGE_SHIFT);
	*err = -ENOMEM;
	return hv.mapped;
}

void ctl_unmap(struct ctl *ctl, void *addr, size_t n)
{
	if (addr != hv.mapped)
		abort();
	free(addr);
	hv.mapped = NULL;
}

int ctl_set_memory_map(struct ctl *ctl, uint32_t domid, const void *entries, uint32_t n)
{
	hv.entries = n;
	return fails() ? -EFAULT : 0;
}

static size_t put(uint8_t *buf, size_t at, uint16_t type, uint16_t instance, uint32_t bytes)
{
	struct hvm_save_descriptor d = { type, instance, bytes };

	if (buf) {
		memcpy(buf + at, &d, sizeof(d));
		memset(buf + at + sizeof(d), type, bytes);
	}
	return at + sizeof(d) + bytes;
}

/* The saved state of a domain, with records that the builder does not want among the others. */
static size_t save(uint8_t *buf)
{
	uint32_t odd = hv.answers.context & WRONG_LENGTH ? 8 : 0;
	size_t at = 0;

	if (!(hv.answers.context & NO_HEADER))
		at = put(buf, at, HVM_SAVE_CODE(HEADER), 0, HVM_SAVE_LENGTH(HEADER) + odd);
	for (uint16_t i = 0; i < 4; i++) {
		at = put(buf, at, HVM_SAVE_CODE(LAPIC), i, HVM_SAVE_LENGTH(LAPIC));
		if (!(hv.answers.context & NO_MTRR))
			at = put(buf, at, HVM_SAVE_CODE(MTRR), i, HVM_SAVE_LENGTH(MTRR) + odd);
	}
	return put(buf, at, HVM_SAVE_CODE(END), 0, 0);
}

long ctl_domain_get_context(struct ctl *ctl, uint32_t domid, void *buf, size_t bytes)
{
	if (fails())
		return -ENODATA;
	if (buf && bytes < save(NULL))
		abort();
	return (long)(save(buf) - (hv.answers.context & CUT_SHORT && buf ? 1 : 0));
}

/* The stream is whole: a header, records, and an end where it ends. */
int ctl_domain_set_context(struct ctl *ctl, uint32_t domid, const void *buf, size_t bytes)
{
	const uint8_t *p = buf, *end = p + bytes;
	struct hvm_save_descriptor d;
	uint32_t records = 0;

	if (fails())
		return -EINVAL;
	do {
		if ((size_t)(end - p) < sizeof(d))
			abort();
		memcpy(&d, p, sizeof(d));
		p += sizeof(d);
		if (d.length > end - p || (records++ == 0) != (d.typecode == HVM_SAVE_CODE(HEADER)))
			abort();
		p += d.length;
		hv.has_cpu |= d.typecode == HVM_SAVE_CODE(CPU);
	} while (d.typecode != HVM_SAVE_CODE(END));
	if (p != end)
		abort();
	hv.contexts++;
	return 0;
}

void hypervisor_check_end(uint32_t vcpus)
{
	/* An HVM guest starts its other vCPUs itself, and its loader knows what else is there. */
	uint32_t entries = hv.plan->hvm ? hv.plan->nr_map : hv.plan->nr_regions;
	uint32_t contexts = hv.plan->hvm ? 1 : vcpus;

	if (hv.pages != hv.plan->pages || hv.entries != entries || hv.mapped)
		abort();
	if (hv.contexts != contexts || hv.has_cpu != (contexts > 0))
		abort();
}
