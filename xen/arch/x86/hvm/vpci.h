/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the virtual PCI configuration space share. */
#ifndef X86_HVM_VPCI_H
#define X86_HVM_VPCI_H

#include <xen/list.h>
#include <xen/pci.h>
#include <xen/rangeset.h>
#include <xen/vpci.h>
#include <xen/x86/vmsi.h>

#define VPCI_BUCKETS 64U

/** A function that has MSI or MSI-X, or has neither (remembered so as not to look again). */
struct vpci_fn {
	struct list_head link;		/* vpci.fn[] */
	struct pci_addr at;		/* [const] */
	u32 id;				/* [const] vendor and device */
	struct pci_caps caps;		/* [const] */
	u32 nr_bars;			/* [const] */
	struct vmsi msi;
	/* The pages of its MSI-X table that the guest cannot reach directly; 0: none */
	u64 table;			/* physical address of the table */
	u64 first_page, last_page;
	bool complained;		/* about a table out of reach */
};

/**
 * State of the one hardware domain. All of it and of the functions is protected by the lock, but
 * for the domain's iomem_caps, which change under the domain lock: taken first, it covers both.
 */
struct vpci {
	struct spinlock lock;
	struct domain *d;
	u32 port_address;		/* the latch at port 0xcf8 */
	struct list_head fn[VPCI_BUCKETS];
	u32 nr_tables;			/* functions with trapped pages */
};

extern struct vpci vpci;

/** The function at @a, looked for when it is not known yet; NULL: nothing is there. Both locks. */
struct vpci_fn *vpci_fn_get(struct pci_addr a);
/** Forget it: another device took its place. Both locks. */
void vpci_fn_drop(struct vpci_fn *f);
/** Its command register, BARs or the whole device changed: find the MSI-X table. Both locks. */
void vpci_fn_moved(struct vpci_fn *f);
/** The function whose trapped table pages hold @addr. [vpci.lock] */
struct vpci_fn *vpci_fn_at(u64 addr);

/** Host interrupts that deliver a guest's message; see struct vmsi_ops. [vpci.lock] */
u32 vpci_irq_alloc(const struct vmsi_message *guest, struct vmsi_message *host);
bool vpci_irq_update(u32 irq, const struct vmsi_message *guest, struct vmsi_message *host);
void vpci_irq_free(u32 irq);

/** Where physical address @addr, in a trapped page, is mapped; NULL: out of room. [vpci.lock] */
u8 *vpci_map(u64 addr);

/** Are frames @first to @last device memory that the domain may have? [domain lock] */
bool vpci_is_device_memory(u64 first, u64 last);
/** Take them away from it. 0 or negative. Both locks. */
int vpci_trap(u64 first, u64 last);
void vpci_untrap(u64 first, u64 last);

#endif
