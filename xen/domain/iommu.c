/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's space for DMA: an observer of its p2m, which copies each batch of changes and flushes
 * once. The p2m's lock is held for all changes, so the space needs no lock of its own; pages are
 * released only after observers were told, so no device can reach a page that was given away.
 */
#include <xen/assert.h>
#include <xen/domain_iommu.h>
#include <xen/errno.h>
#include <xen/iommu.h>
#include <xen/p2m.h>
#include <xen/p2m_fmt.h>
#include <xen/printk.h>
#include <xen/xmalloc.h>

/*
 * As the p2m's own limits: a domain may have twice the tables that its memory needs, and some. Its
 * tables here can be more than the p2m's, which frees those that it empties entry by entry.
 */
#define TABLES_SPARE 1024
#define PAGES_PER_TABLE 256

struct domain_iommu {
	struct p2m_observer observer;
	struct iommu_space *space;	/* [const]; its content: [p2m lock] */
	struct domain *d;		/* [const] */
	bool complained;		/* that memory ran out [p2m lock] */
};

/* Pages that the hypervisor itself writes, and device registers, are not for DMA. */
static u32 rights_of(enum p2m_type type)
{
	switch (type) {
	case P2M_RAM_RW:
	case P2M_GRANT_RW:
	case P2M_FOREIGN:
		return IOMMU_READ | IOMMU_WRITE;
	case P2M_RAM_RO:
	case P2M_GRANT_RO:
		return IOMMU_READ;
	default:
		return 0;
	}
}

/* Copy what the p2m has for [@gfn, @end), mapping by mapping. */
static void copy_range(struct domain_iommu *di, struct p2m *p, u64 gfn, u64 end)
{
	while (gfn < end) {
		enum p2m_type type = P2M_INVALID;
		u32 order = p2m_fmt_gfn_bits(p->fmt), rights = 0;
		mfn_t mfn = mfn_invalid();
		u64 n;

		if (!p->closed)
			mfn = p2m_lookup_locked(p, gfn_make(gfn), &type, &order);
		rights = rights_of(type);
		n = min((gfn | ((1UL << order) - 1)) + 1, end) - gfn;
		ASSERT(n && (!rights || mfn_is_ram(mfn)));
		iommu_set(di->space, gfn, rights ? mfn : mfn_make(0), n, rights);
		gfn += n;
	}
}

/*
 * The same without the memory that firmware wants mapped to itself for devices of the hardware
 * domain: that stays mapped, whatever the domain does. @i is the first piece to look at.
 */
static void copy_around_unity(struct domain_iommu *di, struct p2m *p, u64 gfn, u64 end, u32 i)
{
	u64 start, size;

	for (; iommu_unity(i, &start, &size); i++) {
		u64 first = start >> PAGE_SHIFT, past = first + (size >> PAGE_SHIFT);

		if (first >= end || past <= gfn)
			continue;
		if (gfn < first)
			copy_around_unity(di, p, gfn, first, i + 1);
		if (past < end)
			copy_around_unity(di, p, past, end, i + 1);
		return;
	}
	copy_range(di, p, gfn, end);
}

static void changed(struct p2m_observer *o, struct p2m *p, const struct p2m_range *range, u32 nr)
{
	struct domain_iommu *di = container_of(o, struct domain_iommu, observer);

	ASSERT(rw_is_write_locked(&p->lock));
	if (!di->d->is_hardware)
		di->space->max_tables = TABLES_SPARE + READ_ONCE(di->d->max_pages) /
					PAGES_PER_TABLE;
	for (u32 i = 0; i < nr; i++)
		copy_around_unity(di, p, range[i].start.v, range[i].start.v + range[i].n,
				  di->d->is_hardware ? 0 : ~0U);
	iommu_flush(di->space);
	if (di->space->lost && !di->complained) {
		di->complained = true;
		printk(LOG_WARN "IOMMU: no memory for page tables: devices of d%u do not reach all "
		       "of its memory\n", di->d->id);
	}
}

static void map_unity(struct domain_iommu *di)
{
	u64 start, size;

	for (u32 i = 0; iommu_unity(i, &start, &size); i++)
		iommu_set(di->space, start >> PAGE_SHIFT, mfn_make(start >> PAGE_SHIFT),
			  size >> PAGE_SHIFT, IOMMU_READ | IOMMU_WRITE);
}

int domain_iommu_init(struct domain *d)
{
	struct p2m_range all = { gfn_make(0), 1UL << p2m_fmt_gfn_bits(d->p2m->fmt) };
	struct domain_iommu *di;

	if (d->iommu)
		return -XEN_EEXIST;
	di = xzalloc(struct domain_iommu);
	if (!di)
		return -XEN_ENOMEM;
	di->d = d;
	di->observer.changed = changed;
	di->space = iommu_space_create(d->id, d->is_hardware ? ~0UL : TABLES_SPARE);
	if (!di->space) {
		xfree(di);
		return -XEN_ENOMEM;
	}
	d->iommu = di;
	p2m_observe(d->p2m, &di->observer);
	write_lock(&d->p2m->lock);
	changed(&di->observer, d->p2m, &all, 1);
	if (d->is_hardware)
		map_unity(di);
	write_unlock(&d->p2m->lock);
	return 0;
}

void domain_iommu_detach_all(struct domain *d)
{
	if (d->iommu)
		iommu_detach_all(d->iommu->space);
}

void domain_iommu_destroy(struct domain *d)
{
	struct domain_iommu *di = d->iommu;

	if (!di)
		return;
	p2m_unobserve(d->p2m, &di->observer);
	iommu_space_destroy(di->space);
	d->iommu = NULL;
	xfree(di);
}

int domain_iommu_attach(struct domain *d, struct pci_addr a)
{
	return d->iommu ? iommu_attach(a, d->iommu->space) : -XEN_ENODEV;
}

int domain_iommu_attach_new(struct domain *d, struct pci_addr a)
{
	return d->iommu ? iommu_attach_new(a, d->iommu->space) : -XEN_ENODEV;
}
