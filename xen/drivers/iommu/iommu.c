/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which spaces there are, and which functions are in them. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/xmalloc.h>

#include "private.h"

#define MAX_SPACES 256U
#define NR_FUNCTIONS 0x10000U
#define WAIT_LIMIT 1000000000L	/* ns */

const struct iommu_hw *iommu_hw;
struct iommu_limits iommu_limits;
struct acpi_iommus iommu_firmware;
struct iommu_space *iommu_quarantine;

/* The numbers of spaces in use. Number 0 stays unused, as some units use it themselves. [lock] */
static bool used[MAX_SPACES];
/* Spaces and their owners, by number, and the number of each function's space, 0 for those that
 * were never put into one. [lock to change] */
static u16 owners[MAX_SPACES];
static struct iommu_space *space_of[MAX_SPACES];
static u8 *number_of;
static DEFINE_SPINLOCK(lock, LOCK_RANK_IOMMU);

bool iommu_in_use(void) { return iommu_hw; }
const char *iommu_name(void) { return iommu_hw ? iommu_hw->name : NULL; }

static u16 take_number(u16 owner)
{
	u32 limit = min(iommu_limits.nr_spaces, MAX_SPACES), id = 1;

	spin_lock(&lock);
	while (id < limit && used[id])
		id++;
	if (id < limit) {
		used[id] = true;
		owners[id] = owner;
	}
	spin_unlock(&lock);
	return id < limit ? (u16)id : 0;
}

static void give_number(u16 id)
{
	ASSERT(id && id < MAX_SPACES && used[id]);
	spin_lock(&lock);
	used[id] = false;
	spin_unlock(&lock);
}

struct iommu_space *iommu_space_create(u16 owner, u64 max_tables)
{
	struct iommu_space *s = xzalloc(struct iommu_space);
	u16 id = s ? take_number(owner) : 0;

	if (id && iommu_space_init(s, id, max_tables)) {
		space_of[id] = s;
		return s;
	}
	if (id)
		give_number(id);
	xfree(s);
	return NULL;
}

void iommu_space_destroy(struct iommu_space *s)
{
	u16 id = s->id;

	ASSERT(!s->functions && space_of[id] == s);
	iommu_space_fini(s);
	space_of[id] = NULL;
	give_number(id);
	xfree(s);
}

static int attach(u16 bdf, struct iommu_space *s)
{
	int rc = iommu_hw->attach(bdf, s);

	ASSERT(spin_is_locked_by_me(&lock) && s->id < MAX_SPACES);
	if (rc)
		return rc;
	if (number_of[bdf]) {
		ASSERT(space_of[number_of[bdf]]->functions);
		space_of[number_of[bdf]]->functions--;
	}
	number_of[bdf] = (u8)s->id;
	s->functions++;
	return 0;
}

u16 iommu_owner(u16 bdf)
{
	return number_of[bdf] ? owners[number_of[bdf]] : IOMMU_NO_OWNER;
}

bool __init iommu_spaces_init(void)
{
	number_of = xzalloc_array(u8, NR_FUNCTIONS);
	iommu_quarantine = number_of ? iommu_space_create(IOMMU_NO_OWNER, 1) : NULL;
	return iommu_quarantine;
}

/* A function with all numbers that its DMA may carry. */
static int attach_numbers(u16 bdf, struct iommu_space *s)
{
	const struct acpi_iommus *m = &iommu_firmware;
	int rc = attach(bdf, s);

	for (u32 i = 0; i < m->nr_aliases && !rc; i++)
		if (m->alias[i].device == bdf)
			rc = attach(m->alias[i].seen_as, s);
	return rc;
}

/* What cannot be attached has no tables of the hardware yet, and so reaches nothing. */
static int attach_or_quarantine(struct pci_addr a, struct iommu_space *s)
{
	int rc = attach_numbers(a.bdf, s);

	if (rc && s != iommu_quarantine)
		attach_numbers(a.bdf, iommu_quarantine);
	return rc;
}

int iommu_attach(struct pci_addr a, struct iommu_space *s)
{
	int rc;

	if (a.segment)
		return -XEN_ENODEV;
	spin_lock(&lock);
	rc = attach_or_quarantine(a, s ? s : iommu_quarantine);
	spin_unlock(&lock);
	return rc;
}

int iommu_attach_new(struct pci_addr a, struct iommu_space *s)
{
	int rc = 0;

	if (a.segment)
		return -XEN_ENODEV;
	spin_lock(&lock);
	if (!number_of[a.bdf])
		rc = attach_or_quarantine(a, s);
	spin_unlock(&lock);
	return rc;
}

void iommu_detach_all(struct iommu_space *s)
{
	spin_lock(&lock);
	for (u32 bdf = 0; s->functions && bdf < NR_FUNCTIONS; bdf++)
		if (number_of[bdf] == s->id && attach((u16)bdf, iommu_quarantine))
			panic("IOMMU: function %#x cannot be taken from its domain", bdf);
	ASSERT(!s->functions);
	spin_unlock(&lock);
}

bool iommu_serves(struct pci_addr a)
{
	return !a.segment && number_of[a.bdf];
}

static bool carries(u16 bdf, u16 number)
{
	const struct acpi_iommus *m = &iommu_firmware;

	for (u32 i = 0; i < m->nr_aliases; i++)
		if (m->alias[i].device == bdf && m->alias[i].seen_as == number)
			return true;
	return bdf == number;
}

u32 iommu_group(struct pci_addr a, u16 *bdf, u32 max)
{
	const struct acpi_iommus *m = &iommu_firmware;
	u32 n = 0;

	for (u32 i = 0; i < m->nr_aliases && !a.segment; i++) {
		if (m->alias[i].device == a.bdf || !carries(a.bdf, m->alias[i].seen_as))
			continue;
		if (n < max)
			bdf[n] = m->alias[i].device;
		n++;
	}
	return n;
}

void iommu_start(void)
{
	iommu_hw->start();
}

bool iommu_owns_pci(struct pci_addr a)
{
	for (u32 i = 0; iommu_hw && i < iommu_firmware.nr_units; i++)
		if (iommu_firmware.unit[i].bdf && !a.segment &&
		    iommu_firmware.unit[i].bdf == a.bdf)
			return true;
	return false;
}

bool iommu_unit_registers(u32 i, paddr_t *base, u64 *size)
{
	if (!iommu_hw || i >= iommu_firmware.nr_units)
		return false;
	*base = iommu_firmware.unit[i].base;
	*size = max(iommu_hw->registers, iommu_firmware.unit[i].size);
	return true;
}

bool iommu_unity(u32 i, u64 *start, u64 *size)
{
	if (i >= iommu_firmware.nr_unity)
		return false;
	*start = iommu_firmware.unity[i].start;
	*size = iommu_firmware.unity[i].size;
	return true;
}

void iommu_wait(bool (*done)(void *unit), void *unit, const char *what)
{
	s_time_t end = hal_now_ns() + WAIT_LIMIT;

	while (!done(unit)) {
		/* Memory that a device can still reach must not be given to anyone else. */
		if (hal_now_ns() > end)
			panic("IOMMU: a unit does not finish %s within a second; boot with "
			      "iommu=no to go on without", what);
		hal_cpu_relax();
	}
}
