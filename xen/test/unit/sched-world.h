/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains and vCPUs with only the parts that the scheduler needs, and synthetic guests for them. */
#ifndef TEST_SCHED_WORLD_H
#define TEST_SCHED_WORLD_H

#include <asm/host.h>
#include <xen/hal/time.h>

#define MS 1000000LL
#define US 1000LL
#define SEC 1000000000LL

/** Boot a machine of @cpus CPUs with @cmdline and start it. */
void sw_start(u64 seed, u32 cpus, const char *cmdline);
/** The same, threads, cores and sockets given. */
void sw_start_cfg(const struct host_config *cfg);

/** A domain with @vcpus vCPUs, not paused; the vCPUs are down. */
struct domain *sw_domain(u16 id, u32 vcpus);
/** The same, scheduled by the instance @s; the UUID's first byte is @id. */
struct domain *sw_domain_in(u16 id, u32 vcpus, struct scheduler *s);
/** The same, its memory from the NUMA node @node. */
struct domain *sw_domain_on(u16 id, u32 vcpus, struct scheduler *s, u8 node);
void sw_domain_destroy(struct domain *d);

/** The policies that can schedule any domain on any number of CPUs, counted round. */
const struct sched_policy *sw_policy(u32 n);
u32 sw_nr_policies(void);

/** Bring @v up with this guest program. */
void sw_run_guest(struct vcpu *v, host_guest_fn fn, void *arg);
/** Guest programs: compute forever in chunks of 5 ms. */
void guest_spin(struct vcpu *v, void *arg);

/** Nanoseconds @v has run. */
u64 sw_ran(const struct vcpu *v);
/** Set weight and cap. */
void sw_set_params(struct domain *d, u32 weight, u32 cap);
void sw_set_hard(struct vcpu *v, const char *cpus);
void sw_set_soft(struct vcpu *v, const char *cpus);

#endif
