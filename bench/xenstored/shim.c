/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets Debian's xenstored start where there is no hypervisor: preloaded, it stands in for the Xen
 * libraries that the daemon calls. Domain 0's ring is a page that is never written, and no event
 * ever comes, so the daemon serves its socket and nothing else is different.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static int events = -1;
static char handle[64];

EXPORT void *xc_interface_open(void *logger, void *dombuild_logger, unsigned int flags);
EXPORT int xc_interface_close(void *h);
EXPORT int xc_domain_getinfo(void *h, uint32_t first, unsigned int max, void *info);
EXPORT void *xenevtchn_open(void *logger, unsigned int flags);
EXPORT void *xenevtchn_fdopen(void *logger, int fd, unsigned int flags);
EXPORT int xenevtchn_fd(void *h);
EXPORT int xenevtchn_bind_interdomain(void *h, uint32_t domid, uint32_t port);
EXPORT int xenevtchn_bind_virq(void *h, unsigned int virq);
EXPORT int xenevtchn_notify(void *h, uint32_t port);
EXPORT int xenevtchn_pending(void *h);
EXPORT int xenevtchn_unbind(void *h, uint32_t port);
EXPORT int xenevtchn_unmask(void *h, uint32_t port);
EXPORT void *xengnttab_open(void *logger, unsigned int flags);
EXPORT int xengnttab_close(void *h);
EXPORT int xengnttab_set_max_grants(void *h, uint32_t nr);
EXPORT void *xengnttab_map_grant_ref(void *h, uint32_t domid, uint32_t ref, int prot);
EXPORT int xengnttab_unmap(void *h, void *addr, uint32_t count);

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned int flags)
{
	return handle;
}

int xc_interface_close(void *h)
{
	return 0;
}

int xc_domain_getinfo(void *h, uint32_t first, unsigned int max, void *info)
{
	return 0;
}

void *xenevtchn_open(void *logger, unsigned int flags)
{
	events = eventfd(0, EFD_CLOEXEC);
	return handle;
}

void *xenevtchn_fdopen(void *logger, int fd, unsigned int flags)
{
	return handle;
}

int xenevtchn_fd(void *h)
{
	return events;
}

int xenevtchn_bind_interdomain(void *h, uint32_t domid, uint32_t port)
{
	return 1;
}

int xenevtchn_bind_virq(void *h, unsigned int virq)
{
	return 2;
}

int xenevtchn_notify(void *h, uint32_t port)
{
	return 0;
}

int xenevtchn_pending(void *h)
{
	return -1;
}

int xenevtchn_unbind(void *h, uint32_t port)
{
	return 0;
}

int xenevtchn_unmask(void *h, uint32_t port)
{
	return 0;
}

void *xengnttab_open(void *logger, unsigned int flags)
{
	return handle;
}

int xengnttab_close(void *h)
{
	return 0;
}

int xengnttab_set_max_grants(void *h, uint32_t nr)
{
	return 0;
}

void *xengnttab_map_grant_ref(void *h, uint32_t domid, uint32_t ref, int prot)
{
	return NULL;
}

int xengnttab_unmap(void *h, void *addr, uint32_t count)
{
	return 0;
}

/* A file in memory with this text, of at least @size bytes. */
static int memory_file(const char *text, size_t size)
{
	int fd = memfd_create("xen", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)size) ||
	    pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		return -1;
	return fd;
}

/* The kernel's two files about domain 0's ring. */
int open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, int) : 0;
	va_end(args);
	if (!strcmp(path, "/proc/xen/xsd_port"))
		return memory_file("1\n", 2);
	if (!strcmp(path, "/proc/xen/xsd_kva"))
		return memory_file("", 4096);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
