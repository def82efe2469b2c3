/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See pirq.h. A number is one message of a function: MSI, or an entry of its MSI-X table. The
 * hypervisor writes the device's registers, so whoever emulates them for the guest only says what
 * the guest asked for.
 */
#include "pirq.h"

#include <xen/errno.h>
#include <xen/hypercall.h>
#include <xen/nospec.h>
#include <xen/xmalloc.h>

#include <asm/domain.h>

#include "vpci.h"

#include <public/domctl.h>
#include <public/physdev.h>

/* Numbers of a domain; those below are lines of the machine in the ABI. */
#define FIRST_PIRQ 256U
#define NR_PIRQS 64U

#define ADDRESS 0xfee00000UL
#define ADDRESS_DEST_SHIFT 12
#define ADDRESS_REDIRECT BIT(3)
#define ADDRESS_LOGICAL BIT(2)
#define DATA_MODE_SHIFT 8
#define FIRST_VECTOR 16

#define FLAGS_DELIVERY_SHIFT 12
#define FLAGS_KNOWN (XEN_DOMCTL_VMSI_X86_DEST_ID_MASK | XEN_DOMCTL_VMSI_X86_RH_MASK |  \
		     XEN_DOMCTL_VMSI_X86_DM_MASK | XEN_DOMCTL_VMSI_X86_DELIV_MASK |    \
		     XEN_DOMCTL_VMSI_X86_UNMASKED)

/** All [vpci.lock] of the machine's functions. */
struct pirqs {
	struct pirq {
		bool used;
		bool bound;		/* the domain has said what it raises */
		u16 entry;		/* as in vmsi_bind() */
		struct pci_addr at;
	} nr[NR_PIRQS];
};

static struct pirq *pirq_of(struct domain *d, s64 number)
{
	struct pirqs *all = to_xd(d)->pirqs;
	u32 i;

	if (!all || number < FIRST_PIRQ || number >= FIRST_PIRQ + NR_PIRQS)
		return NULL;
	i = array_index_nospec((u32)number - FIRST_PIRQ, NR_PIRQS);
	return all->nr[i].used ? &all->nr[i] : NULL;
}

static struct pirq *find(struct domain *d, struct pci_addr a, u32 entry)
{
	struct pirqs *all = to_xd(d)->pirqs;

	for (u32 i = 0; i < NR_PIRQS; i++)
		if (all->nr[i].used && all->nr[i].at.segment == a.segment &&
		    all->nr[i].at.bdf == a.bdf && all->nr[i].entry == entry)
			return &all->nr[i];
	return NULL;
}

static int take_number(struct domain *d, struct pci_addr a, u32 entry)
{
	struct pirqs *all = to_xd(d)->pirqs;

	for (u32 i = 0; i < NR_PIRQS; i++) {
		if (all->nr[i].used)
			continue;
		all->nr[i] = (struct pirq){ .used = true, .entry = (u16)entry, .at = a };
		return (int)(FIRST_PIRQ + i);
	}
	return -XEN_ENOSPC;
}

/* The number of entry @entry, or negative. */
static int map_entry(struct domain *d, struct pci_addr a, u32 entry)
{
	struct x86_domain *xd = to_xd(d);
	struct vpci_fn *f = vpci_fn_lock(d, a);
	int rc;

	if (!f)
		return -XEN_ENODEV;
	if (!xd->pirqs)
		xd->pirqs = xzalloc(struct pirqs);
	if (!xd->pirqs)
		rc = -XEN_ENOMEM;
	else if (!vmsi_has_entry(&f->msi, entry))
		rc = -XEN_EINVAL;
	else if (find(d, a, entry))
		rc = -XEN_EEXIST;
	else
		rc = take_number(d, a, entry);
	vpci_fn_unlock(f);
	return rc;
}

/* The function and the entry that @m names. 0 or negative. */
static int decode(const struct physdev_map_pirq *m, struct pci_addr *a, u32 *entry)
{
	u32 segment = m->type == MAP_PIRQ_TYPE_MSI_SEG ? (u32)m->bus >> 16 : 0;
	u32 bus = m->type == MAP_PIRQ_TYPE_MSI_SEG ? (u32)m->bus & 0xffff : (u32)m->bus;

	/* Lines are the hardware domain's, and messages in a row would need vectors in a row. */
	if (m->type != MAP_PIRQ_TYPE_MSI && m->type != MAP_PIRQ_TYPE_MSI_SEG)
		return -XEN_EOPNOTSUPP;
	/* Numbers are chosen here. */
	if (m->pirq >= 0 || bus > 0xff || (u32)m->devfn > 0xff ||
	    (u32)m->entry_nr >= MSIX_MAX_ENTRIES)
		return -XEN_EINVAL;
	*a = (struct pci_addr){ (u16)segment, (u16)(bus << 8 | (u32)m->devfn) };
	*entry = m->table_base ? (u32)m->entry_nr + 1 : 0;
	return 0;
}

/* The other domain that a call names, with a reference: the caller has registers for its own. */
static struct domain *other_domain(struct vcpu *v, domid_t id, int *err)
{
	struct domain *d = domain_from_arg(v, id, err);

	if (d != v->domain)
		return d;
	domain_put(d);
	*err = -XEN_EOPNOTSUPP;
	return NULL;
}

long pirq_map(struct vcpu *v, guest_ptr_t arg)
{
	struct physdev_map_pirq m;
	struct pci_addr a;
	struct domain *d;
	u32 entry;
	int rc;

	if (guest_copy_in(v, &m, arg, sizeof(m)))
		return -XEN_EFAULT;
	rc = decode(&m, &a, &entry);
	if (rc)
		return rc;
	d = other_domain(v, m.domid, &rc);
	if (!d)
		return rc;
	rc = map_entry(d, a, entry);
	if (rc >= 0) {
		m.pirq = rc;
		rc = guest_copy_out(v, arg, &m, sizeof(m)) ? -XEN_EFAULT : 0;
	}
	domain_put(d);
	return rc;
}

/*
 * The number of a call with the function that it belongs to, whose lock is held; NULL: there is no
 * such number. Numbers end before their function leaves the domain.
 */
static struct pirq *pirq_lock(struct domain *d, s64 number, struct vpci_fn **f)
{
	struct vpci *p = vpci_machine();
	struct pirq *q = NULL;

	if (!p)
		return NULL;
	vpci_lock_both(p);
	q = pirq_of(d, number);
	*f = q ? vpci_fn_get(p, q->at) : NULL;
	/* The device may have been replaced by another one meanwhile. */
	if (*f && (*f)->owner == d && vmsi_has_entry(&(*f)->msi, q->entry))
		return q;
	vpci_unlock_both(p);
	return NULL;
}

static void unbind(struct pirq *q, struct vpci_fn *f)
{
	if (q->bound)
		vmsi_unbind(&f->msi, q->entry);
	q->bound = false;
}

long pirq_unmap(struct vcpu *v, guest_ptr_t arg)
{
	struct physdev_unmap_pirq u;
	struct vpci_fn *f;
	struct domain *d;
	struct pirq *q;
	int rc;

	if (guest_copy_in(v, &u, arg, sizeof(u)))
		return -XEN_EFAULT;
	d = other_domain(v, u.domid, &rc);
	if (!d)
		return rc;
	q = pirq_lock(d, u.pirq, &f);
	if (q) {
		unbind(q, f);
		q->used = false;
		vpci_fn_unlock(f);
	}
	domain_put(d);
	return q ? 0 : -XEN_EINVAL;
}

/* The message that @op describes. False: no device could send it, or it is not for an APIC. */
static bool message_of(const struct xen_domctl_bind_pt_irq *b, struct vmsi_message *m)
{
	u32 flags = b->u.msi.gflags;
	u32 mode = (flags & XEN_DOMCTL_VMSI_X86_DELIV_MASK) >> FLAGS_DELIVERY_SHIFT;

	if ((flags & ~FLAGS_KNOWN) || b->u.msi.gvec < FIRST_VECTOR ||
	    (mode != APIC_DM_FIXED && mode != APIC_DM_LOWEST))
		return false;
	m->address = ADDRESS | (flags & XEN_DOMCTL_VMSI_X86_DEST_ID_MASK) << ADDRESS_DEST_SHIFT |
		     (flags & XEN_DOMCTL_VMSI_X86_RH_MASK ? ADDRESS_REDIRECT : 0) |
		     (flags & XEN_DOMCTL_VMSI_X86_DM_MASK ? ADDRESS_LOGICAL : 0);
	m->data = b->u.msi.gvec | mode << DATA_MODE_SHIFT;
	return true;
}

long pirq_bind(struct domain *d, const struct xen_domctl *op)
{
	const struct xen_domctl_bind_pt_irq *b = &op->u.bind_pt_irq;
	struct vmsi_message m;
	struct vpci_fn *f;
	struct pirq *q;
	int rc = 0;

	if (b->irq_type != PT_IRQ_TYPE_MSI)
		return -XEN_EOPNOTSUPP;
	if (!message_of(b, &m))
		return -XEN_EINVAL;
	q = pirq_lock(d, b->machine_irq, &f);
	if (!q)
		return -XEN_EINVAL;
	/* Masked: it sends nothing until it is bound again. */
	if (b->u.msi.gflags & XEN_DOMCTL_VMSI_X86_UNMASKED)
		rc = vmsi_bind(&f->msi, q->entry, &m);
	else
		vmsi_unbind(&f->msi, q->entry);
	q->bound = !rc;
	vpci_fn_unlock(f);
	return rc;
}

long pirq_unbind(struct domain *d, const struct xen_domctl *op)
{
	const struct xen_domctl_bind_pt_irq *b = &op->u.bind_pt_irq;
	struct vpci_fn *f;
	struct pirq *q;
	long rc = -XEN_EINVAL;

	if (b->irq_type != PT_IRQ_TYPE_MSI)
		return -XEN_EOPNOTSUPP;
	q = pirq_lock(d, b->machine_irq, &f);
	if (!q)
		return rc;
	if (q->bound) {
		unbind(q, f);
		rc = 0;
	}
	vpci_fn_unlock(f);
	return rc;
}

void pirq_forget_function(struct domain *d, struct pci_addr a)
{
	struct pirqs *all = to_xd(d)->pirqs;

	for (u32 i = 0; all && i < NR_PIRQS; i++)
		if (all->nr[i].used && all->nr[i].at.segment == a.segment &&
		    all->nr[i].at.bdf == a.bdf)
			all->nr[i] = (struct pirq){ 0 };
}

void pirq_free(struct domain *d)
{
	xfree(to_xd(d)->pirqs);
	to_xd(d)->pirqs = NULL;
}
