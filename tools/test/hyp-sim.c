/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hypervisor for xenstored made of files, for tests, in the folder $XENSTORED_SIM:
 *   page-N       the ring of domain N
 *   daemon       a datagram socket: two words, domain and port, are an event from there; two zeroes
 *                say that some domain ended
 *   guest-N      a datagram socket: anything there is an event for domain N
 *   shutdown-N   if it exists, domain N has shut down
 *   gone-N       if it exists, domain N is gone
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../xenstored/hyp.h"

#define PAGE_BYTES 4096U
#define MAX_PORTS 4096U

struct channel {
	bool bound;
	uint16_t domid;
	uint32_t port;
};

static const char *dir;
static int fd = -1;
static struct channel channels[MAX_PORTS];

static bool name_of(struct sockaddr_un *addr, const char *name)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return (size_t)snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/%s", dir, name) <
	       sizeof(addr->sun_path);
}

const char *hyp_open(void)
{
	struct sockaddr_un addr;

	dir = getenv("XENSTORED_SIM");
	if (!dir || !name_of(&addr, "daemon"))
		return "$XENSTORED_SIM names no folder";
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	unlink(addr.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return "the socket for events cannot be made";
	return NULL;
}

int hyp_fd(void)
{
	return fd;
}

int hyp_pending(void)
{
	uint32_t from[2];

	while (recv(fd, from, sizeof(from), 0) == sizeof(from)) {
		if (!from[0] && !from[1])
			return 0;
		for (uint32_t i = 1; i < MAX_PORTS; i++) {
			if (channels[i].bound && channels[i].domid == from[0] &&
			    channels[i].port == from[1])
				return (int)i;
		}
	}
	return -1;
}

void hyp_unmask(uint32_t port)
{
	(void)port;
}

int hyp_bind(uint16_t domid, uint32_t port)
{
	for (uint32_t i = 1; i < MAX_PORTS; i++) {
		if (channels[i].bound)
			continue;
		channels[i] = (struct channel){ true, domid, port };
		return (int)i;
	}
	return -ENOSPC;
}

void hyp_unbind(uint32_t port)
{
	channels[port].bound = false;
}

void hyp_notify(uint32_t port)
{
	struct sockaddr_un addr;
	char name[32];

	snprintf(name, sizeof(name), "guest-%u", channels[port].domid);
	if (name_of(&addr, name))
		sendto(fd, "", 1, MSG_DONTWAIT, (struct sockaddr *)&addr, sizeof(addr));
}

static int path_of(char path[256], const char *what, uint16_t domid)
{
	return snprintf(path, 256, "%s/%s-%u", dir, what, domid);
}

struct xenstore_domain_interface *hyp_map(uint16_t domid, uint64_t gfn)
{
	char path[256];
	void *page;
	int file;

	(void)gfn;
	path_of(path, "page", domid);
	file = open(path, O_RDWR | O_CLOEXEC);
	if (file < 0)
		return NULL;
	page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	return page == MAP_FAILED ? NULL : page;
}

void hyp_unmap(uint16_t domid, struct xenstore_domain_interface *page)
{
	(void)domid;
	munmap(page, PAGE_BYTES);
}

uint32_t hyp_own_port(void)
{
	return 0;
}

enum hyp_state hyp_state(uint16_t domid)
{
	char path[256];

	path_of(path, "gone", domid);
	if (!access(path, F_OK))
		return HYP_GONE;
	path_of(path, "shutdown", domid);
	return access(path, F_OK) ? HYP_RUNNING : HYP_SHUTDOWN;
}
