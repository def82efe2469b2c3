/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUs of a simulated machine: sockets, cores, threads and NUMA nodes. */
#ifndef SCHEDSIM_TOPOLOGY_H
#define SCHEDSIM_TOPOLOGY_H

#include "machine/machine.h"

struct topology {
	u32 cpus;
	struct machine_place *place;	/* [cpus] */
};

/**
 * @spec: a number of CPUs (one socket, no threads), SxCxT (sockets, cores in each, threads in
 * each; a node for each socket), "host" (this machine), a JSON file, or a recording: the
 * hypervisor's trace or trace.dat, with as many CPUs as it was made on, in one socket. Dies when it
 * is none of them.
 */
struct topology topology_read(const char *spec);

#endif
