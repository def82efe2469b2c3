/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitoring and allocation of the last-level cache, as the ABI calls it "platform shared
 * resources" (psr). A domain's accesses carry a monitoring number (RMID) and a class of service
 * (COS): the cache counts lines and traffic by RMID, and a COS restricts which ways are filled.
 * Both are in IA32_PQR_ASSOC, one register of each CPU (SDM vol. 3B, "Intel Resource Director
 * Technology"). docs/cache-qos.md has the whole picture.
 */
#ifndef ASM_X86_PSR_H
#define ASM_X86_PSR_H

#include <xen/types.h>

struct domain;
struct vcpu;
struct xen_domctl;
struct xen_sysctl;
struct xenpf_resource_op;

#define PSR_MAX_SOCKETS 8

/** A domain's part. All zero: not monitored, may fill the whole cache. [control; CPUs read it] */
struct psr_domain {
	u32 rmid;
	u8 cos[PSR_MAX_SOCKETS];
};

/**
 * Find out what psr= asks for and what the machine has, and let context switches maintain the
 * register when something is on. Boot, when all CPUs are up and no guest runs.
 */
void psr_init(void);
/** @d is gone: its RMID and classes are free for others. No vCPU of it runs any more. */
void psr_domain_destroy(struct domain *d);

/** XEN_SYSCTL_psr_cmt_op and XEN_SYSCTL_psr_alloc. 0 or the ABI's error. Control lock held. */
long psr_cmt_sysctl(struct xen_sysctl *op);
long psr_alloc_sysctl(struct xen_sysctl *op);
/** XEN_DOMCTL_psr_cmt_op and XEN_DOMCTL_psr_alloc, also for the caller. Control lock held. */
long psr_cmt_domctl(struct domain *d, struct xen_domctl *op);
long psr_alloc_domctl(struct domain *d, struct xen_domctl *op);
/**
 * XENPF_resource_op: carry out a batch of at most three accesses to the counters on one CPU. The
 * number of accesses that were done, whose results are written back, or a negative error.
 */
long psr_resource_op(struct vcpu *v, const struct xenpf_resource_op *op);

#endif
