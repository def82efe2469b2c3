/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A toolstack on a simulated hypervisor, host and xenstore, with the configuration of one domain.
 * Tests change the variables as they like; each test begins with new ones. */
#ifndef LIGHT_WORLD_H
#define LIGHT_WORLD_H

#include "fake-host.h"
#include "fake-store.h"
#include "fake-xen.h"

extern struct fake_store store;
extern struct lx lx;
extern struct lx_domain_config config;	/* of a PVH domain "u1" with 8 MiB and 2 vCPUs */

/* Folders of this test's own, and a kernel in the first. */
extern char folder[64], kernel[96], states[96], libxls[96], runs[96], logs[96];

/* The errors that were logged, one after the other. */
extern char said[4096];

/* cmocka's functions for before and after a test; they return 0 if all went well. */
int light_world_setup(void **state);
int light_world_teardown(void **state);

/* Writes a file anew. */
void make_file(const char *path, const void *bytes, size_t n);

/* Adds a file and a block device as disks, and an interface, to the configuration. */
void add_devices(void);

/* The number of files in @dir, 0 if there is no such folder. */
unsigned int files_in(const char *dir);

/* No domain, node, watch, file, program, mapping or timer is left of what the test made. */
void assert_no_trace(void);

#define TEST(name) cmocka_unit_test_setup_teardown(name, light_world_setup, light_world_teardown)

#endif
