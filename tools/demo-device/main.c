/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device model as small as one can be: it gives a running domain a device with four ports. Read
 * it to learn how ioreq servers are used: make one, claim addresses, map its page, bind a channel
 * for each vCPU, enable it, answer. It needs Debian's libraries only, so it serves on Xen, too.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>

#include "request.h"

#include <public/hvm/hvm_op.h>
#include <public/memory.h>

#define DEFAULT_PORT 0x5f0
#define MAX_VCPUS 128
#define LOOK_MS 1000	/* how often to see whether the domain is still there */

static const char help[] =
	"usage: demo-device DOMAIN-NUMBER [PORT]\n\n"
	"Gives a running domain a device at four ports from PORT (0x5f0) on. What the guest\n"
	"writes to the first, as text, is printed line by line. Ends with the domain, or by\n"
	"Ctrl-C; the ports then read as all ones.\n";

struct model {
	domid_t domid;
	uint64_t base;
	xendevicemodel_handle *dm;
	xenforeignmemory_handle *memory;
	xenevtchn_handle *events;
	bool made;
	ioservid_t server;
	unsigned int nr_vcpus;
	struct shared_iopage *page;
	evtchn_port_t port[MAX_VCPUS];	/* our end of each vCPU's channel */
	struct demo device;
};

static volatile sig_atomic_t asked_to_end;

static void end(int signal)
{
	asked_to_end = 1;
}

static void print_line(void *arg, const char *line)
{
	const struct model *m = arg;

	printf("d%u: %s\n", m->domid, line);
	fflush(stdout);
}

static int failed(const struct model *m, const char *what)
{
	fprintf(stderr, "demo-device: domain %u: %s: %s\n", m->domid, what, strerror(errno));
	return -1;
}

static int make_server(struct model *m)
{
	if (xendevicemodel_nr_vcpus(m->dm, m->domid, &m->nr_vcpus))
		return failed(m, "it cannot have a device model (is there such a domain?)");
	if (m->nr_vcpus > MAX_VCPUS) {
		errno = E2BIG;
		return failed(m, "it has too many vCPUs");
	}
	if (xendevicemodel_create_ioreq_server(m->dm, m->domid, HVM_IOREQSRV_BUFIOREQ_OFF,
					       &m->server))
		return failed(m, "no ioreq server can be made (it may have eight already)");
	m->made = true;
	if (xendevicemodel_map_io_range_to_ioreq_server(m->dm, m->domid, m->server, 0, m->base,
							m->base + DEMO_REGISTERS - 1))
		return failed(m, "the ports cannot be claimed");
	return 0;
}

static int connect_to(struct model *m)
{
	void *at = NULL;

	if (!xenforeignmemory_map_resource(m->memory, m->domid, XENMEM_resource_ioreq_server,
					   m->server, XENMEM_resource_ioreq_server_frame_ioreq(0),
					   1, &at, PROT_READ | PROT_WRITE, 0))
		return failed(m, "the page of requests cannot be mapped");
	m->page = at;
	for (unsigned int i = 0; i < m->nr_vcpus; i++) {
		xenevtchn_port_or_error_t port = xenevtchn_bind_interdomain(
			m->events, m->domid, m->page->vcpu_ioreq[i].vp_eport);

		if (port < 0)
			return failed(m, "a vCPU's channel cannot be bound");
		m->port[i] = (evtchn_port_t)port;
	}
	if (xendevicemodel_set_ioreq_server_state(m->dm, m->domid, m->server, 1))
		return failed(m, "the server cannot be enabled");
	return 0;
}

/* Who started this program may wait for the device: xl does, before the guest runs. */
static void tell_ready(void)
{
	const char *text = getenv("XENOLITH_READY_FD");
	int fd = text ? atoi(text) : -1;

	if (fd < 0)
		return;
	if (write(fd, "", 1) != 1)
		perror("demo-device: telling that the device is there");
	close(fd);
}

static void answer(struct model *m, evtchn_port_t port)
{
	for (unsigned int i = 0; i < m->nr_vcpus; i++)
		if (m->port[i] == port &&
		    request_answer(&m->page->vcpu_ioreq[i], &m->device, m->base))
			xenevtchn_notify(m->events, port);
}

static bool is_there(struct model *m)
{
	unsigned int n;

	return !xendevicemodel_nr_vcpus(m->dm, m->domid, &n);
}

static int serve(struct model *m)
{
	struct pollfd p = { .fd = xenevtchn_fd(m->events), .events = POLLIN };

	while (!asked_to_end) {
		int n = poll(&p, 1, LOOK_MS);
		xenevtchn_port_or_error_t port;

		if (n < 0 && errno != EINTR)
			return failed(m, "waiting for events");
		if (n == 0 && !is_there(m))
			return 0;
		if (n <= 0)
			continue;
		port = xenevtchn_pending(m->events);
		if (port < 0 || xenevtchn_unmask(m->events, (evtchn_port_t)port))
			return failed(m, "taking an event");
		answer(m, (evtchn_port_t)port);
	}
	return 0;
}

static bool parse(int argc, char **argv, struct model *m)
{
	unsigned long domid, port = DEFAULT_PORT;
	char *rest;

	if (argc < 2 || argc > 3)
		return false;
	domid = strtoul(argv[1], &rest, 10);
	if (!*argv[1] || *rest || domid >= DOMID_FIRST_RESERVED)
		return false;
	if (argc == 3) {
		port = strtoul(argv[2], &rest, 0);
		if (!*argv[2] || *rest || port > 0x10000 - DEMO_REGISTERS)
			return false;
	}
	m->domid = (domid_t)domid;
	m->base = port;
	return true;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end };
	struct model m = { .device = { .say = print_line } };
	int rc = -1;

	if (argc == 2 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		fputs(help, stdout);
		return 0;
	}
	if (!parse(argc, argv, &m)) {
		fputs(help, stderr);
		return 2;
	}
	m.device.arg = &m;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	m.dm = xendevicemodel_open(NULL, 0);
	m.memory = xenforeignmemory_open(NULL, 0);
	m.events = xenevtchn_open(NULL, 0);
	if (!m.dm || !m.memory || !m.events) {
		failed(&m, "the hypervisor cannot be reached (only a control domain's root can)");
	} else if (!make_server(&m) && !connect_to(&m)) {
		tell_ready();
		rc = serve(&m);
	}
	if (m.made)
		xendevicemodel_destroy_ioreq_server(m.dm, m.domid, m.server);
	if (m.events)
		xenevtchn_close(m.events);
	if (m.memory)
		xenforeignmemory_close(m.memory);
	if (m.dm)
		xendevicemodel_close(m.dm);
	return rc ? 1 : 0;
}
