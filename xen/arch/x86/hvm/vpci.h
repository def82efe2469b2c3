/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the virtual PCI configuration space. */
#ifndef X86_HVM_VPCI_H
#define X86_HVM_VPCI_H

#include <xen/list.h>
#include <xen/pci.h>
#include <xen/rangeset.h>
#include <xen/rcu.h>
#include <xen/x86/devices.h>
#include <xen/x86/vmsi.h>
#include <asm/vpci.h>

#define VPCI_BUCKETS 64U
#define VPCI_PORT_FIRST 0xcf8
#define VPCI_PORT_LAST 0xcff

struct vpci;

/** A function with MSI or MSI-X, or with neither (recorded to avoid a second search). */
struct vpci_fn {
	struct vpci *vpci;		/* [const] */
	struct domain *owner;		/* its interrupts go there; NULL: to no domain */
	bool shown;			/* on the owner's bus: guest-pci.c has its registers */
	struct list_head link;		/* vpci.fn[] */
	struct rcu_head rcu;		/* keeps it alive while a vCPU is accessing the table */
	struct device table_device;	/* answers its MSI-X table, once it has one */
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
 * State of a domain that has the machine's PCI devices. The lock protects all of it and of the
 * functions, except the domain's iomem_caps, which change under the domain lock: that lock, taken
 * first, covers both.
 */
struct vpci {
	struct spinlock lock;
	struct domain *d;		/* [const] */
	struct device ports, windows;	/* answer the configuration ports and the memory windows */
	u32 port_address;		/* the latch at port 0xcf8 [atomic] */
	struct list_head fn[VPCI_BUCKETS];
	u32 nr_tables;			/* functions with trapped pages */
};

/** The longest naturally aligned piece of at most 4 bytes at the start of an access. */
static inline u32 vpci_piece(u64 at, u32 left)
{
	return left >= 4 && !(at & 3) ? 4 : left >= 2 && !(at & 1) ? 2 : 1;
}

/** The function at @a, searched for if not yet known; NULL: there is none. Both locks. */
struct vpci_fn *vpci_fn_get(struct vpci *p, struct pci_addr a);
/**
 * The function at @a of the machine, with both locks held, if it is @d's. NULL, without the locks:
 * it is another domain's or the hypervisor's, or there is none.
 */
struct vpci_fn *vpci_fn_lock(struct domain *d, struct pci_addr a);
void vpci_fn_unlock(struct vpci_fn *f);
void vpci_lock_both(struct vpci *p);
void vpci_unlock_both(struct vpci *p);
/** The PCI functions of the machine; NULL: no domain has them. */
struct vpci *vpci_machine(void);
void vpci_set_machine(struct vpci *p);
/** Functions that the hypervisor drives itself, which no domain sees. */
bool vpci_is_hidden(struct pci_addr a);
/** Forget it, as another device took its place. Both locks. */
void vpci_fn_drop(struct vpci_fn *f);
/** Give back its interrupts and its memory, which readers may still access for a while. */
void vpci_fn_free(struct vpci_fn *f);
/** Its command register, BARs or the whole device changed: find the MSI-X table. Both locks. */
void vpci_fn_moved(struct vpci_fn *f);
/** An access to the pages of its MSI-X table; false: it is elsewhere by now. [vpci.lock] */
bool vpci_table_access(struct vpci_fn *f, struct device_access *a);
/** Answers accesses to the pages of a function's MSI-X table. */
extern const struct device_ops vpci_table_ops;

/** Host interrupts that deliver a guest's message; see struct vmsi_ops. [vpci.lock] */
u32 vpci_irq_alloc(struct domain *d, const struct vmsi_message *guest,
		   struct vmsi_message *host);
bool vpci_irq_update(u32 irq, const struct vmsi_message *guest, struct vmsi_message *host);
void vpci_irq_free(u32 irq);

/** Where physical address @addr, in a trapped page, is mapped; NULL: out of room. Any vpci.lock. */
u8 *vpci_map(u64 addr);

/** Are frames @first to @last device memory that the domain may have? [domain lock] */
bool vpci_is_device_memory(const struct vpci *p, u64 first, u64 last);
/**
 * The same for frames that the function's owner may see: those with its MSI-X table are in neither
 * domain's memory. [domain lock]
 */
bool vpci_may_pass(const struct vpci_fn *f, u64 first, u64 last);
/** Take them away from the domain, and let @dev answer them. 0 or negative. Both locks. */
int vpci_trap(struct vpci *p, struct device *dev, u64 first, u64 last);
/** Give back what vpci_trap() took. */
void vpci_untrap(struct vpci *p, struct device *dev, u64 first, u64 last);

#endif
