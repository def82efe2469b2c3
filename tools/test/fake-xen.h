/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small hypervisor for tests: domains with pages, parameters and event channels, behind the
 * table that libctrl calls. It can fail any hypercall, counted from the first.
 */
#ifndef TOOLS_TEST_FAKE_XEN_H
#define TOOLS_TEST_FAKE_XEN_H

#include "ctrl/ctrl.h"

#include <public/platform.h>

#define FAKE_DOMAINS 8
#define FAKE_POOLS 4
#define FAKE_VCPUS 8		/* with scheduling parameters of their own */
#define FAKE_PARAMS 64
#define FAKE_SOCKETS 2
#define FAKE_SOCKET_CPUS 2
#define FAKE_RMIDS 8
#define FAKE_SPARE 0x7ff1	/* DOMID_IO */
#define FAKE_PAGES 16384	/* of all domains together */

struct fake_page {
	uint64_t gfn;
	uint8_t *bytes;
};

struct fake_pool {
	bool used;
	uint32_t sched;
	uint64_t cpus;
	struct xen_sysctl_arinc653_schedule schedule;
};

struct fake_domain {
	bool used, paused, dying;
	uint32_t flags;			/* shutdown code and the like, XEN_DOMINF_* */
	uint8_t handle[16];
	uint32_t max_vcpus;
	bool has_vcpus;
	uint64_t max_pages;
	struct fake_page *page;
	uint32_t pages, room;
	uint64_t params[FAKE_PARAMS];
	uint32_t ports;
	uint8_t grants[4096];
	uint8_t context[8192];		/* last one loaded that holds a CPU */
	uint32_t context_bytes;
	bool up;			/* vCPU 0's registers came with the last load */
	uint32_t claimed;
	uint8_t map[256];
	uint32_t map_entries;
	uint32_t destroy_rounds;	/* left before it is gone */
	uint32_t trigger;		/* the last one, and 1; 0: none */
	uint64_t may_first, may_frames, given_frames;	/* registers: the right, and mapped */
	uint32_t may_irq, given_irq;
	char given_path[64];		/* of a device of the device tree */
	uint32_t cdf;			/* XEN_DOMCTL_CDF_* */
	uint32_t pool;
	struct xen_domctl_sched_credit credit;	/* credit2 has the same */
	struct xen_domctl_sched_rtds rtds[FAKE_VCPUS];
	uint32_t rmid;
	uint64_t mask[FAKE_SOCKETS];	/* of the cache's ways; 0: all */
	uint8_t hard[FAKE_VCPUS], soft[FAKE_VCPUS];	/* affinities; 0: all */
};

/* Monitoring (rmids) and allocation (cbm_len) of the cache; 0: none. */
struct fake_psr {
	uint32_t rmids, events, upscale, kib, cbm_len;
	bool no_class;
	uint64_t count[FAKE_SOCKETS][3][FAKE_RMIDS], step, ns;
};

struct fake_xen {
	struct fake_domain d[FAKE_DOMAINS];	/* d[0] is dom0 */
	unsigned int calls;		/* hypercalls and mappings so far */
	unsigned int fail_at;		/* this one fails, counted from 1; 0: none */
	int fail_with;			/* -errno */
	unsigned int failed;
	uint32_t pci_owner;		/* of function 0000:00:04.0; FAKE_SPARE: quarantine */
	int pci_refused;		/* -errno that giving it away ends with; 0: it works */
	unsigned int created;		/* domains so far */
	uint64_t total_pages;
	uint32_t capabilities;		/* XEN_SYSCTL_PHYSCAP_* */
	uint32_t features;		/* 1 << XENFEAT_*, of dom0 */
	bool small_only;		/* no 2 MiB pages to be had */
	unsigned int bufs, maps;	/* in use: leaks */
	unsigned int cpus;		/* two a node */
	struct fake_pool pool[FAKE_POOLS];
	struct xen_sysctl_credit_schedule credit;
	struct fake_psr psr;
	bool one_pool;			/* pools cannot be made or changed */
	unsigned int busy;		/* requests to take a CPU out that come too early */
	const char *log;		/* the hypervisor's console ring, of log_bytes bytes */
	uint32_t log_bytes, log_first;	/* the first one's index */
};

extern struct fake_xen fake_xen;
extern const struct ctl_backend fake_backend;

/** As after a boot, with @mib of memory. */
void fake_reset(uint64_t mib);
/** Pages that no domain has. */
uint64_t fake_free_pages(void);
/** Domains but dom0. */
unsigned int fake_domains(void);
/** XEN_SYSCTL_cpupool_op, and scheduling parameters (fake-pool.c). */
long fake_cpupool(struct xen_sysctl_cpupool_op *p);
long fake_sched(struct fake_domain *d, struct xen_domctl_scheduler_op *s);
long fake_sched_pool(struct xen_sysctl_scheduler_op *s);
/** Cache monitoring and allocation, and XENPF_resource_op (fake-psr.c). */
long fake_psr_cmt(struct fake_domain *d, struct xen_domctl_psr_cmt_op *c);
long fake_psr_alloc(struct fake_domain *d, struct xen_domctl_psr_alloc *a);
long fake_psr_cmt_info(struct xen_sysctl_psr_cmt_op *c);
long fake_psr_alloc_info(struct xen_sysctl_psr_alloc *a);
long fake_resource(struct xen_platform_op *op);
/** Copy out of a guest's memory; false when a page is not there. */
bool fake_read(uint32_t domid, uint64_t at, void *to, size_t bytes);

#endif
