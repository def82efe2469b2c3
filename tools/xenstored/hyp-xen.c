/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor through Debian's stable libraries and the kernel's Xen devices; see hyp.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <public/xen.h>
#include <public/domctl.h>
#include <public/grant_table.h>
#include <public/io/xs_wire.h>
#include <xencall.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

#include "hyp.h"

#define PAGE_BYTES 4096U
/* More domains than a machine of this kind runs. */
#define MAX_GRANTS 4096U

static xenevtchn_handle *evtchn;
static xengnttab_handle *gnttab;
static xenforeignmemory_handle *foreign;
static xencall_handle *call;
static xen_domctl_t *domctl;
static int virq_port = -1;

/* Pages come from one of three places, and go back there. */
enum origin { ORIGIN_GRANT, ORIGIN_FOREIGN, ORIGIN_OWN };

struct mapping {
	struct mapping *next;
	void *page;
	enum origin origin;
};
static struct mapping *mappings;

const char *hyp_open(void)
{
	evtchn = xenevtchn_open(NULL, 0);
	if (!evtchn)
		return "/dev/xen/evtchn cannot be opened";
	if (fcntl(xenevtchn_fd(evtchn), F_SETFL, O_NONBLOCK))
		return "/dev/xen/evtchn cannot be read without waiting";
	call = xencall_open(NULL, 0);
	if (!call)
		return "/dev/xen/privcmd cannot be opened";
	domctl = xencall_alloc_buffer(call, sizeof(*domctl));
	if (!domctl)
		return "no memory for hypercalls";
	foreign = xenforeignmemory_open(NULL, 0);
	/* Without grants there is still foreign mapping, and the other way round. */
	gnttab = xengnttab_open(NULL, 0);
	if (gnttab)
		xengnttab_set_max_grants(gnttab, MAX_GRANTS);
	if (!gnttab && !foreign)
		return "neither /dev/xen/gntdev nor /dev/xen/privcmd can map pages";
	virq_port = xenevtchn_bind_virq(evtchn, VIRQ_DOM_EXC);
	return virq_port < 0 ? "the event of domains that end is taken by another process" : NULL;
}

int hyp_fd(void)
{
	return xenevtchn_fd(evtchn);
}

int hyp_pending(void)
{
	int port = xenevtchn_pending(evtchn);

	return port >= 0 && port == virq_port ? 0 : port;
}

void hyp_unmask(uint32_t port)
{
	xenevtchn_unmask(evtchn, port ? port : (evtchn_port_t)virq_port);
}

int hyp_bind(uint16_t domid, uint32_t port)
{
	int local = xenevtchn_bind_interdomain(evtchn, domid, port);

	return local < 0 ? -errno : local;
}

void hyp_unbind(uint32_t port)
{
	xenevtchn_unbind(evtchn, port);
}

void hyp_notify(uint32_t port)
{
	xenevtchn_notify(evtchn, port);
}

/* The kernel this runs on shares its page as a file. */
static void *map_own(void)
{
	int fd = open("/proc/xen/xsd_kva", O_RDWR | O_CLOEXEC);
	void *page;

	if (fd < 0)
		return NULL;
	page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return page == MAP_FAILED ? NULL : page;
}

static void *map_guest(uint16_t domid, uint64_t gfn, enum origin *origin)
{
	xen_pfn_t frame = gfn;
	void *page = NULL;
	int error = 0;

	*origin = ORIGIN_GRANT;
	if (gnttab)
		page = xengnttab_map_grant_ref(gnttab, domid, GNTTAB_RESERVED_XENSTORE,
					       PROT_READ | PROT_WRITE);
	if (page || !foreign)
		return page;
	*origin = ORIGIN_FOREIGN;
	page = xenforeignmemory_map(foreign, domid, PROT_READ | PROT_WRITE, 1, &frame, &error);
	if (page && error) {
		xenforeignmemory_unmap(foreign, page, 1);
		page = NULL;
		errno = EINVAL;
	}
	return page;
}

struct xenstore_domain_interface *hyp_map(uint16_t domid, uint64_t gfn)
{
	struct mapping *m = malloc(sizeof(*m));

	if (!m)
		return NULL;
	if (domid == 0) {
		m->origin = ORIGIN_OWN;
		m->page = map_own();
	} else {
		m->page = map_guest(domid, gfn, &m->origin);
	}
	if (!m->page) {
		free(m);
		return NULL;
	}
	m->next = mappings;
	mappings = m;
	return m->page;
}

void hyp_unmap(uint16_t domid, struct xenstore_domain_interface *page)
{
	struct mapping **p = &mappings, *m;

	(void)domid;
	while (*p && (*p)->page != page)
		p = &(*p)->next;
	m = *p;
	if (!m)
		return;
	*p = m->next;
	if (m->origin == ORIGIN_GRANT)
		xengnttab_unmap(gnttab, page, 1);
	else if (m->origin == ORIGIN_FOREIGN)
		xenforeignmemory_unmap(foreign, page, 1);
	else
		munmap(page, PAGE_BYTES);
	free(m);
}

uint32_t hyp_own_port(void)
{
	FILE *f = fopen("/proc/xen/xsd_port", "re");
	unsigned int port = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%u", &port) != 1)
		port = 0;
	fclose(f);
	return port;
}

enum hyp_state hyp_state(uint16_t domid)
{
	memset(domctl, 0, sizeof(*domctl));
	domctl->cmd = XEN_DOMCTL_getdomaininfo;
	domctl->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	domctl->domain = domid;
	/* A hypervisor that is old or busy may not answer: the domain is not forgotten for that. */
	if (xencall1(call, __HYPERVISOR_domctl, (uintptr_t)domctl) < 0)
		return errno == ESRCH ? HYP_GONE : HYP_RUNNING;
	if (domctl->u.getdomaininfo.domain != domid ||
	    domctl->u.getdomaininfo.flags & XEN_DOMINF_dying)
		return HYP_GONE;
	return domctl->u.getdomaininfo.flags & XEN_DOMINF_shutdown ? HYP_SHUTDOWN : HYP_RUNNING;
}
