/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot manifest: a flattened device tree that describes domains which the hypervisor builds
 * without a toolstack. Reading it is pure: the machine's limits come as arguments, complaints go to
 * a callback. docs/manifest.md has the binding.
 */
#ifndef XEN_MANIFEST_H
#define XEN_MANIFEST_H

#include <xen/cpumask.h>
#include <xen/fdt.h>

#define MANIFEST_MAX_DOMAINS 64
#define MANIFEST_MAX_VCPUS 128
#define MANIFEST_MAX_MODULES 64
#define MANIFEST_CMDLINE_MAX 1024
#define MANIFEST_NAME_MAX 32
#define MANIFEST_NO_MODULE (~0U)
#define MANIFEST_NO_NODE 0xff

/** Limits for a domain's description. */
struct manifest_limits {
	u32 nr_modules;			/* boot modules, the manifest among them */
	u32 self;			/* the manifest's own index, from 0 */
	u32 nr_nodes;
	u64 total_kib;			/* RAM of the machine */
	const cpumask_t *cpus;		/* online CPUs */
	/** Set the devices of the partial device tree in module @index aside for a domain. False: a
	 * phrase of at most @size bytes is in @why. */
	bool (*claim_devices)(u32 index, char *why, size_t size);
};

/** One domain, checked. Pointers lead into the tree. */
struct manifest_domain {
	char name[MANIFEST_NAME_MAX];
	char cmdline[MANIFEST_CMDLINE_MAX];
	bool is_hardware, is_privileged;
	bool keep;			/* not destroyed after its shutdown */
	u32 kernel, ramdisk;		/* module indices from 0; MANIFEST_NO_MODULE: none */
	u32 devices;			/* the same: its partial device tree */
	u64 memory_kib;			/* 0: the hardware domain takes what is left */
	u32 vcpus;			/* 0: the hardware domain gets as many as there are CPUs */
	u32 hard_entries, soft_entries;	/* CPU lists given: 0, 1 (for all) or one for each vCPU */
	struct fdt_prop hard, soft;
	u8 node;			/* MANIFEST_NO_NODE: any */
	bool has_weight, has_cap;
	u32 weight, cap;
	u32 max_grant_frames, max_maptrack_frames, max_grant_version, max_event_port;
};

struct manifest {
	u32 nr_domains, nr_rejected;
	struct manifest_domain domain[MANIFEST_MAX_DOMAINS];	/* the hardware domain first */
	u64 named;			/* bit set of the modules that any description names */
};

/** One line about something wrong, without prefix and newline. */
typedef void manifest_complain_fn(void *ctx, const char *line);

/** True when a module is a manifest: it begins with the magic number of a device tree. */
bool manifest_is_one(const void *module, size_t len);

/**
 * Read all /chosen nodes compatible with "xen,domain" of an opened tree into @m. A description with
 * an error causes a complaint and is left out; the others remain.
 */
void manifest_parse(struct manifest *m, const struct fdt *t, const struct manifest_limits *lim,
		    manifest_complain_fn *complain, void *ctx);

/** CPUs of vCPU @vcpu from a domain's hard or soft lists; false when it has none. */
bool manifest_affinity(const struct fdt_prop *lists, u32 entries, u32 vcpu, cpumask_t *out);

#endif
