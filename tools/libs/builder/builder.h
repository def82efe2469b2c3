/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domain builder: PVH and HVM guests on x86, and guests with a device tree on ARM. What differs
 * is in the folder of the architecture. The pure part turns a kernel, a ramdisk and a size, or a
 * loader, firmware and a size, into a plan: what lies where in the guest's memory. The other part
 * makes it so by hypercalls, some at a time.
 *
 * Kernels and ramdisks are hostile: whatever they hold, the answer is a plan inside the guest's
 * memory or an error with one line of text.
 */
#ifndef TOOLS_BUILDER_H
#define TOOLS_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/elf.h>
#include <xen/types.h>

#define BLD_ERROR_BYTES 256
#define BLD_MAX_VCPUS 128
#define BLD_MAX_REGIONS 5
#define BLD_MAX_PIECES (ELF_MAX_SEGMENTS + 6)
/* x86: memory below 4 GiB ends here; above lie ACPI tables, rings, interrupt controllers. */
#define BLD_LOW_RAM_END 0xf0000000UL
/* x86: where a guest with a PCI bus may place the windows of its devices. */
#define BLD_PCI_WINDOW 0xf0000000UL
#define BLD_PCI_WINDOW_BYTES 0x08000000UL
/* What lies below 4 GiB and is not RAM of an HVM guest: a hole for devices, of such a size. */
#define BLD_MIN_HOLE (256UL << 20)
#define BLD_MAX_HOLE (3840UL << 20)
/* A kernel that unpacks to more than this is not one. */
#define BLD_MAX_KERNEL (512UL << 20)
/* Linux takes 2047 characters and the zero. */
#define BLD_MAX_CMDLINE 4096

/** The text of the last error. */
struct bld_error {
	char text[BLD_ERROR_BYTES];
};

/** A kernel whose file may have been compressed. */
struct bld_kernel {
	const uint8_t *image;		/* an ELF file; ARM: an Image */
	size_t bytes;
	void *unpacked;			/* ours to free, when it was compressed */
	struct elf_image elf;		/* ARM: one segment, whose address counts from any 2 MiB */
};

/** Read a kernel of @bytes at @file, which must stay until bld_kernel_close(). x86: an ELF file or
 * a bzImage (gzip, xz, lzma, zstd, lz4); ARM: an Image of arm64, also packed by gzip. 0 or -errno
 * with @err filled. */
int bld_kernel_open(struct bld_kernel *k, const void *file, size_t bytes, struct bld_error *err);
/** x86: the same for the program that an HVM guest starts with (hvmloader): an ELF file that is
 * entered at its own entry point, in 32-bit mode. */
int bld_loader_open(struct bld_kernel *k, const void *file, size_t bytes, struct bld_error *err);
void bld_kernel_close(struct bld_kernel *k);

/** Unpack the payload of a bzImage: its text names the compression it cannot read. *@out is the
 * caller's to free. */
int bld_unpack(const uint8_t *in, size_t in_bytes, size_t out_bytes, uint8_t **out,
	       struct bld_error *err);

/** What to build. */
struct bld_config {
	const struct bld_kernel *kernel;
	const void *ramdisk;		/* NULL: none */
	size_t ramdisk_bytes;
	const char *cmdline;		/* NULL: empty */
	uint64_t ram_bytes;		/* whole pages */
	uint32_t vcpus;
	const void *device_tree;	/* ARM: a partial one, of its devices; NULL: none */
	size_t device_tree_bytes;
	bool pci;			/* x86: it has a PCI bus */
};

/** x86: what to build for an HVM guest. */
struct bld_hvm_config {
	const struct bld_kernel *loader;
	const void *firmware;		/* image of a BIOS that the loader puts in its place */
	size_t firmware_bytes;
	uint64_t ram_bytes;		/* whole pages, without what the device model adds */
	uint64_t hole_bytes;		/* for devices, below 4 GiB; BLD_MIN_HOLE to BLD_MAX_HOLE */
	uint32_t vcpus;
	uint8_t online[BLD_MAX_VCPUS / 8];	/* bit map of vCPUs that the firmware is to start */
	bool apic;			/* ACPI and MP tables name the interrupt controllers */
};

/** A part of the guest's memory. */
struct bld_region {
	gpaddr_t start;
	uint64_t bytes;
	uint32_t type;			/* x86: XEN_HVM_MEMMAP_TYPE_* */
};

/** Bytes to write into the guest: @bytes from @data, then zeros. Lies in one region. */
struct bld_piece {
	gpaddr_t at;
	const uint8_t *data;
	uint64_t bytes;
	uint64_t zeros;
	const char *what;
};

struct bld_plan {
	struct bld_region region[BLD_MAX_REGIONS];	/* backed by pages; ascending, apart */
	uint32_t nr_regions;
	struct bld_piece piece[BLD_MAX_PIECES];		/* apart */
	uint32_t nr_pieces;
	gfn_t store, console;		/* pages of the rings */
	uint64_t entry;			/* physical entry point; x86: of 32 bits */
	uint64_t start_info;		/* what EBX (ARM: X0) is to hold */
	uint64_t pages;			/* of all regions */
	uint8_t *info, *tables;		/* owned: contents of the pieces made here */
	struct bld_config config;	/* as given */
	uint64_t ramdisk_at;		/* 0: there is none */
	/* An HVM guest's. */
	bool hvm;
	struct bld_region map[BLD_MAX_REGIONS];		/* what the loader is told of its RAM */
	uint32_t nr_map;
	gfn_t ioreq, bufioreq, ident_pt;
	gfn_t server_pages;		/* BLD_SERVER_PAGES of them, for ioreq servers */
};

#define BLD_SERVER_PAGES 8

/** What the hypervisor decides when it creates the domain. x86: nothing. */
struct bld_platform {
	uint32_t gic_version;		/* 2 or 3 */
	uint32_t timer_hz;		/* 0: the processor's register is right */
};

/** Lay out a domain. 0 or -errno with @err filled. The plan points into kernel and ramdisk, and
 * keeps the pointers of @config. */
int bld_plan_make(struct bld_plan *plan, const struct bld_config *config, struct bld_error *err);
/** x86: the same for an HVM guest. */
int bld_plan_make_hvm(struct bld_plan *plan, const struct bld_hvm_config *config,
		      struct bld_error *err);
/** Fill in what depends on the created domain (ARM: the device tree), before bld_write(). */
int bld_plan_complete(struct bld_plan *plan, const struct bld_platform *platform,
		      struct bld_error *err);
void bld_plan_free(struct bld_plan *plan);

/** x86: ACPI tables for @vcpus, and with @pci a PCI bus, that will lie at @base; *@out is the
 * caller's to free. Bytes, or
 * 0 when there is no memory. */
size_t bld_acpi(uint64_t base, uint32_t vcpus, bool pci, uint8_t **out);

struct ctl;

/** Building by steps. */
struct bld_job {
	struct ctl *ctl;
	uint32_t domid;
	const struct bld_plan *plan;
	uint64_t done_pages, done_bytes;	/* how far it is */
	uint32_t region, piece;
	uint64_t offset;			/* in the one it is at */
	bool small;				/* large pages have run out */
};

void bld_job_init(struct bld_job *job, struct ctl *ctl, uint32_t domid,
		  const struct bld_plan *plan);
/** Give the domain its memory, some of it a call: 1 there is more to do, 0 done, or -errno. */
int bld_populate(struct bld_job *job);
/** Write the pieces, in the same way. */
int bld_write(struct bld_job *job);
/** vCPU 0's registers; x86: also the memory map; ARM: what was written reaches memory, for a guest
 * that starts without caches. @vcpus: as created. */
int bld_finish(struct bld_job *job, uint32_t vcpus);

#endif
