/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MSI and MSI-X capabilities of a device, for the guest that drives it. The guest writes its
 * own messages; the device gets the host's, whose interrupt is delivered as the guest's message. A
 * pure state machine: the device and the host's interrupts are accessed through struct vmsi_ops.
 * Register facts: PCI Local Bus specification 3.0, section 6.8; message format: Intel SDM vol. 3,
 * "Message Signalled Interrupts".
 *
 * Multi-message MSI is hidden: it would need runs of consecutive host vectors.
 *
 * Locking: the owner serialises all calls; the callbacks run inside them.
 */
#ifndef XEN_X86_VMSI_H
#define XEN_X86_VMSI_H

#include <xen/pci.h>
#include <xen/x86/vlapic.h>

struct vmsi_message {
	u64 address;
	u32 data;
};

/** The interrupt that @m sends to the local APICs. False: another address, or a level de-assert. */
bool vmsi_decode(const struct vmsi_message *m, struct apic_msg *out);

#define MSIX_ENTRY_SIZE 16U
#define MSIX_WORD_CONTROL 3
#define MSIX_ENTRY_MASKED 1U
#define MSIX_MAX_ENTRIES 2048U

/** Every slot must be filled. */
struct vmsi_ops {
	/** The device's real configuration space; registers are naturally aligned. */
	u32 (*read)(void *ctx, u32 reg, u32 bytes);
	void (*write)(void *ctx, u32 reg, u32 bytes, u32 val);
	/**
	 * Word @word (0 to 3) of entry @i of the real MSI-X table; dropped while the table is
	 * inaccessible.
	 */
	void (*write_table)(void *ctx, u32 i, u32 word, u32 val);
	/**
	 * Allocate a host interrupt that delivers @guest. Returns > 0 and the device's message, or
	 * 0.
	 */
	u32 (*alloc)(void *ctx, const struct vmsi_message *guest, struct vmsi_message *host);
	/** @irq delivers @guest from now on. True: *@host, the device's message, has changed. */
	bool (*update)(void *ctx, u32 irq, const struct vmsi_message *guest,
		       struct vmsi_message *host);
	void (*free)(void *ctx, u32 irq);
};

struct msix_entry {
	u32 word[4];			/* as the guest wrote them */
	u32 irq;			/* 0: none */
	struct vmsi_message host;
};

struct vmsi {
	const struct vmsi_ops *ops;	/* [const] */
	void *ctx;			/* [const] */
	/* MSI; cap 0: it has none */
	u32 msi_cap, msi_data_reg;	/* [const] */
	bool msi_wide;			/* [const] 64-bit addresses */
	struct vmsi_message msi;	/* as the guest wrote it */
	u32 msi_irq;			/* 0: disabled */
	struct vmsi_message msi_host;	/* the device's message while enabled */
	/* MSI-X */
	u32 msix_cap, msix_nr;		/* [const] */
	u32 msix_bar, msix_offset;	/* [const] position of the table */
	bool msix_enabled;
	struct msix_entry *entry;	/* [msix_nr] */
};

/**
 * Set up for a device with the capabilities @caps; both are disabled in the device, as the host's
 * interrupts are. -XEN_ENOMEM: it then works without MSI-X.
 */
int vmsi_init(struct vmsi *m, const struct pci_caps *caps, const struct vmsi_ops *ops, void *ctx);
/** Give back all interrupts: the device was reset, or is gone. */
void vmsi_reset(struct vmsi *m);
/** Disable both in the device, too: the function goes to another domain. */
void vmsi_disable(struct vmsi *m);
/**
 * What a domain asks for by hypercall instead of registers. Entry 0 is MSI, entry n entry n - 1 of
 * the MSI-X table. False for those that the device does not have.
 */
bool vmsi_has_entry(const struct vmsi *m, u32 entry);
/**
 * Let the device send @message for an entry that it has, or nothing any more. 0; -XEN_ENOSPC: there
 * is no host interrupt left, and it sends nothing.
 */
int vmsi_bind(struct vmsi *m, u32 entry, const struct vmsi_message *message);
void vmsi_unbind(struct vmsi *m, u32 entry);
/** Is @reg one of the registers that only the domain with the function may write? */
bool vmsi_owns_register(const struct vmsi *m, u32 reg);
/** Give back all interrupts and the memory. */
void vmsi_destroy(struct vmsi *m);

/** @val was read from the device at @reg; returns what the guest sees. Does not cross a dword. */
u32 vmsi_config_read(const struct vmsi *m, u32 reg, u32 bytes, u32 val);
/** The guest writes a configuration register. False: not one of these, write it to the device. */
bool vmsi_config_write(struct vmsi *m, u32 reg, u32 bytes, u32 val);

/** Table access at @offset (below 16 * msix_nr), within one dword. */
u32 vmsix_read(const struct vmsi *m, u32 offset, u32 bytes);
void vmsix_write(struct vmsi *m, u32 offset, u32 bytes, u32 val);
/** The table became accessible: write the guest's state into the device's table. */
void vmsix_sync(struct vmsi *m);

#endif
