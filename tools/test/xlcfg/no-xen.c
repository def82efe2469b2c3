/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into Debian's xl 4.17, so that `xl create -n` reads configurations on a machine without
 * a hypervisor: a host of 16 CPUs in two nodes, and an empty xenstore. (The functions are those of
 * libxenctrl, libxencall and libxenstore 4.17 that it calls then.)
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CPUS 16
#define NODES 2

struct topology { uint32_t core, socket, node; };
struct memory { uint64_t size, free; };

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned int flags);
int xc_interface_close(void *xc);
int xc_get_max_cpus(void *xc);
int xc_get_online_cpus(void *xc);
int xc_get_max_nodes(void *xc);
int xc_cputopoinfo(void *xc, unsigned int *max, struct topology *t);
int xc_numainfo(void *xc, unsigned int *max, struct memory *m, uint32_t *distance);
int xc_physinfo(void *xc, uint32_t *info);
int xc_version(void *xc, int cmd, void *arg);
long xc_sharing_freed_pages(void *xc);
long xc_sharing_used_frames(void *xc);
void *xencall_open(void *logger, unsigned int flags);
int xencall_close(void *call);
void *xencall_alloc_buffer(void *call, size_t bytes);
void xencall_free_buffer(void *call, void *p);
int xencall2(void *call, unsigned int op, uint64_t a, uint64_t b);
void *xs_open(unsigned long flags);
void xs_close(void *xs);
int xs_fileno(void *xs);
void *xs_read(void *xs, uint32_t t, const char *path, unsigned int *bytes);
char **xs_directory(void *xs, uint32_t t, const char *path, unsigned int *n);

static char handle[64];

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned int flags)
{
	return calloc(1, 4096);
}

int xc_interface_close(void *xc)
{
	return 0;
}

int xc_get_max_cpus(void *xc)
{
	return CPUS;
}

int xc_get_online_cpus(void *xc)
{
	return CPUS;
}

int xc_get_max_nodes(void *xc)
{
	return NODES;
}

int xc_cputopoinfo(void *xc, unsigned int *max, struct topology *t)
{
	for (uint32_t i = 0; t && i < *max && i < CPUS; i++)
		t[i] = (struct topology){ i, i / (CPUS / NODES), i / (CPUS / NODES) };
	if (!t)
		*max = CPUS;
	return 0;
}

int xc_numainfo(void *xc, unsigned int *max, struct memory *m, uint32_t *distance)
{
	for (uint32_t i = 0; m && i < *max && i < NODES; i++)
		m[i] = (struct memory){ 8ULL << 30, 4ULL << 30 };
	if (!m)
		*max = NODES;
	return 0;
}

/* The first words of struct xen_sysctl_physinfo (<xen/sysctl.h>). */
int xc_physinfo(void *xc, uint32_t *info)
{
	static const uint32_t words[] = { 1, CPUS / NODES, CPUS, CPUS - 1, NODES, NODES - 1,
					  2000000, 0x3f };

	memcpy(info, words, sizeof(words));
	return 0;
}

int xc_version(void *xc, int cmd, void *arg)
{
	return cmd ? 0 : 4 << 16 | 17;
}

long xc_sharing_freed_pages(void *xc)
{
	return 0;
}

long xc_sharing_used_frames(void *xc)
{
	return 0;
}

void *xencall_open(void *logger, unsigned int flags)
{
	return handle;
}

int xencall_close(void *call)
{
	return 0;
}

void *xencall_alloc_buffer(void *call, size_t bytes)
{
	return calloc(1, bytes + 4096);
}

void xencall_free_buffer(void *call, void *p)
{
}

int xencall2(void *call, unsigned int op, uint64_t a, uint64_t b)
{
	return 0;
}

void *xs_open(unsigned long flags)
{
	return handle;
}

void xs_close(void *xs)
{
}

int xs_fileno(void *xs)
{
	return 0;
}

void *xs_read(void *xs, uint32_t t, const char *path, unsigned int *bytes)
{
	errno = ENOENT;
	return NULL;
}

char **xs_directory(void *xs, uint32_t t, const char *path, unsigned int *n)
{
	errno = ENOENT;
	return NULL;
}
