/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page on which a model of a last-level cache publishes what it counts. The model runs beside
 * an emulator (experiments/plugins/cache.c) and sees the accesses of all CPUs; the page is the
 * memory behind the BAR 2 of an ivshmem-plain device. The model writes it, the hypervisor only
 * reads. Everything is little-endian; a field's offset is part of the format.
 *
 * The model learns RMIDs and masks from the writes to the same MSRs that a processor has.
 */
#ifndef X86_PSR_MODEL_H
#define X86_PSR_MODEL_H

#define PSR_MODEL_MAGIC 0x3143434c6f6e6558UL	/* "XenoLCC1" */
#define PSR_MODEL_RMIDS 128
#define PSR_MODEL_BYTES 8192	/* of the page, and of the BAR */

/* The device: Red Hat's vendor ID and QEMU's inter-VM shared memory. */
#define PSR_MODEL_PCI_ID 0x11101af4U

struct psr_model {
	u64 magic;
	u64 cache_bytes;
	u32 line_bytes, ways;	/* each way is one bit of a mask */
	u32 rmids, coses;	/* at most PSR_MODEL_RMIDS; classes, from 0 */
	u32 unit_bytes;		/* what one unit of a counter is; divides line_bytes */
	u32 reserved[7];
	struct {
		u64 occupied;	/* bytes of the lines that it brought in and that are still there */
		u64 traffic;	/* bytes that it moved between cache and memory, both ways */
		u64 accesses;	/* lines looked up, and of these the ones not found */
		u64 misses;
	} rmid[PSR_MODEL_RMIDS];
};

#endif
