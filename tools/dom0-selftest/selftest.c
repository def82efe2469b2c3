/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs in a Linux domain and exercises the hypervisor through the kernel's Xen devices: hypercalls,
 * event channels and grants. Prints one "XENOLITH: selftest.NAME=PASS|FAIL" line a test and exits
 * with the number of failures.
 *
 * It talks to the devices directly, so that it needs no Xen library and links statically.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/version.h>
#include <xen/grant_table.h>
#include <xen/evtchn.h>
#include <xen/gntalloc.h>
#include <xen/gntdev.h>
#include <xen/sys/privcmd.h>

#define PAGE_BYTES 4096U
#define EVENT_TIMEOUT_MS 10000
#define EVENT_ROUNDS 100
#define GRANT_PAGES 4U
#define GRANT_WORDS (GRANT_PAGES * PAGE_BYTES / sizeof(uint32_t))

/* The domain this runs in; a grant names its mapper, so DOMID_SELF would not do. */
static unsigned int self;

/* Why the running test failed; the first reason stands. */
static char reason[160];

static int __attribute__((format(printf, 1, 2))) fail(const char *fmt, ...)
{
	va_list args;

	if (!reason[0]) {
		va_start(args, fmt);
		vsnprintf(reason, sizeof(reason), fmt, args);
		va_end(args);
	}
	return -1;
}

static int open_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? fail("open %s: %s", path, strerror(errno)) : fd;
}

static long hypercall(int fd, uint64_t op, uint64_t arg0, uint64_t arg1)
{
	struct privcmd_hypercall call = { .op = op, .arg = { arg0, arg1 } };

	return ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call);
}

static int test_version(int fd)
{
	long version = hypercall(fd, __HYPERVISOR_xen_version, XENVER_version, 0);

	if (version < 0)
		return fail("xen_version: %s", strerror(errno));
	printf("XENOLITH: selftest.version.value=%ld.%ld\n", version >> 16, version & 0xffff);
	return version >> 16 ? 0 : fail("major version is 0");
}

/* The hypervisor writes into a buffer: the page must be one that cannot be paged out. */
static int test_copy_to_guest(int fd)
{
	int buffers = open_device("/dev/xen/hypercall");
	xen_extraversion_t *extra;
	int ret = 0;

	if (buffers < 0)
		return -1;
	extra = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, buffers, 0);
	close(buffers);
	if (extra == MAP_FAILED)
		return fail("mmap: %s", strerror(errno));
	memset(extra, 0x5a, PAGE_BYTES);
	if (hypercall(fd, __HYPERVISOR_xen_version, XENVER_extraversion, (uintptr_t)extra) < 0)
		ret = fail("XENVER_extraversion: %s", strerror(errno));
	else if (!memchr(*extra, 0, sizeof(*extra)))
		ret = fail("the string has no end");
	else if (((unsigned char *)extra)[sizeof(*extra)] != 0x5a)
		ret = fail("wrote past the end of the buffer");
	munmap(extra, PAGE_BYTES);
	return ret;
}

/* A wrong pointer, a wrong command and a wrong hypercall must each be refused, and nothing more. */
static int test_bad_arguments(int fd)
{
	if (hypercall(fd, __HYPERVISOR_xen_version, XENVER_extraversion, 8) != -1 ||
	    errno != EFAULT)
		return fail("a null page was not refused with EFAULT");
	if (hypercall(fd, __HYPERVISOR_xen_version, 0x7fff, 0) != -1 || errno != ENOSYS)
		return fail("an unknown command was not refused with ENOSYS");
	if (hypercall(fd, 55, 0, 0) != -1 || errno != ENOSYS)
		return fail("an unknown hypercall was not refused with ENOSYS");
	return test_version(fd);
}

/* Average cost of the smallest hypercall: for the eye, no verdict hangs on it. */
static int test_hypercall_rate(int fd)
{
	enum { CALLS = 10000 };
	struct timespec start, end;
	long ns;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < CALLS; i++) {
		if (hypercall(fd, __HYPERVISOR_xen_version, XENVER_version, 0) < 0)
			return fail("call %d: %s", i, strerror(errno));
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	ns = (end.tv_sec - start.tv_sec) * 1000000000L + end.tv_nsec - start.tv_nsec;
	printf("XENOLITH: selftest.hypercall.ns=%ld\n", ns / CALLS);
	return 0;
}

static int wait_event(int fd, uint32_t port)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint32_t got;

	if (poll(&pfd, 1, EVENT_TIMEOUT_MS) != 1)
		return fail("no event came on port %u", port);
	if (read(fd, &got, sizeof(got)) != sizeof(got))
		return fail("read: %s", strerror(errno));
	if (got != port)
		return fail("event on port %u, expected %u", got, port);
	return write(fd, &got, sizeof(got)) == sizeof(got) ? 0 :
	       fail("unmask: %s", strerror(errno));
}

static int notify(int fd, uint32_t port)
{
	struct ioctl_evtchn_notify request = { .port = port };

	return ioctl(fd, IOCTL_EVTCHN_NOTIFY, &request) ? fail("notify: %s", strerror(errno)) : 0;
}

/* A freshly bound channel may be pending once at each end: take those events, if they are there. */
static int drain_events(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint32_t port;

	for (int i = 0; poll(&pfd, 1, 100) == 1; i++) {
		if (i == 10)
			return fail("events keep coming that nobody sent");
		if (read(fd, &port, sizeof(port)) != sizeof(port) ||
		    write(fd, &port, sizeof(port)) != sizeof(port))
			return fail("first event: %s", strerror(errno));
	}
	return 0;
}

/* Both ends of one channel in this domain: each end's notification must come out of the other. */
static int test_event_loop(int fd)
{
	struct ioctl_evtchn_bind_unbound_port unbound = { .remote_domain = self };
	struct ioctl_evtchn_bind_interdomain bound = { .remote_domain = self };
	struct ioctl_evtchn_unbind unbind;
	int near, far;

	near = ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &unbound);
	if (near <= 0)
		return fail("bind unbound: %s", strerror(errno));
	bound.remote_port = near;
	far = ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bound);
	if (far <= 0)
		return fail("bind interdomain: %s", strerror(errno));
	if (drain_events(fd))
		return -1;
	for (int i = 0; i < EVENT_ROUNDS; i++) {
		if (notify(fd, near) || wait_event(fd, far) || notify(fd, far) ||
		    wait_event(fd, near))
			return -1;
	}
	unbind.port = far;
	if (ioctl(fd, IOCTL_EVTCHN_UNBIND, &unbind))
		return fail("unbind: %s", strerror(errno));
	unbind.port = near;
	return ioctl(fd, IOCTL_EVTCHN_UNBIND, &unbind) ? fail("unbind: %s", strerror(errno)) : 0;
}

/* What the granted pages hold before the hypervisor touches them, and after. */
static uint32_t pattern(unsigned int word, int round)
{
	return 0x9e3779b9U * (word + 1) + round;
}

static void fill(volatile uint32_t *words, int round)
{
	for (unsigned int i = 0; i < GRANT_WORDS; i++)
		words[i] = pattern(i, round);
}

static int expect(const volatile uint32_t *words, int round, const char *what)
{
	for (unsigned int i = 0; i < GRANT_WORDS; i++) {
		if (words[i] != pattern(i, round))
			return fail("%s: word %u is %#x", what, i, words[i]);
	}
	return 0;
}

/* Let the hypervisor copy each granted page to or from the buffer. */
static int grant_copy(int gntdev, const uint32_t *refs, void *buffer, int to_grant)
{
	struct gntdev_grant_copy_segment segments[GRANT_PAGES] = { 0 };
	struct ioctl_gntdev_grant_copy copy = { .count = GRANT_PAGES, .segments = segments };

	for (unsigned int i = 0; i < GRANT_PAGES; i++) {
		struct gntdev_grant_copy_segment *segment = &segments[i];
		void *page = (char *)buffer + i * PAGE_BYTES;

		segment->len = PAGE_BYTES;
		segment->flags = to_grant ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
		if (to_grant) {
			segment->source.virt = page;
			segment->dest.foreign.ref = refs[i];
			segment->dest.foreign.domid = self;
		} else {
			segment->source.foreign.ref = refs[i];
			segment->source.foreign.domid = self;
			segment->dest.virt = page;
		}
	}
	if (ioctl(gntdev, IOCTL_GNTDEV_GRANT_COPY, &copy))
		return fail("grant copy: %s", strerror(errno));
	for (unsigned int i = 0; i < GRANT_PAGES; i++) {
		if (segments[i].status != GNTST_okay)
			return fail("grant copy of page %u: status %d", i, segments[i].status);
	}
	return 0;
}

static int copy_and_check(int gntdev, const uint32_t *refs, void *granted)
{
	void *buffer = aligned_alloc(PAGE_BYTES, GRANT_PAGES * PAGE_BYTES);
	int ret;

	if (!buffer)
		return fail("out of memory");
	fill(granted, 1);
	memset(buffer, 0, GRANT_PAGES * PAGE_BYTES);
	ret = grant_copy(gntdev, refs, buffer, 0);
	if (!ret)
		ret = expect(buffer, 1, "copied out");
	if (!ret) {
		fill(buffer, 2);
		ret = grant_copy(gntdev, refs, buffer, 1);
	}
	if (!ret)
		ret = expect(granted, 2, "copied in");
	free(buffer);
	return ret;
}

/* Map the granted pages a second time through the grant table, check that they are the same. */
static int map_and_check(int gntdev, const uint32_t *refs, void *granted)
{
	struct ioctl_gntdev_map_grant_ref *map;
	struct ioctl_gntdev_unmap_grant_ref unmap = { .count = GRANT_PAGES };
	void *mapped;
	int ret;

	map = calloc(1, sizeof(*map) + (GRANT_PAGES - 1) * sizeof(map->refs[0]));
	if (!map)
		return fail("out of memory");
	map->count = GRANT_PAGES;
	for (unsigned int i = 0; i < GRANT_PAGES; i++)
		map->refs[i] = (struct ioctl_gntdev_grant_ref){ .domid = self, .ref = refs[i] };
	ret = ioctl(gntdev, IOCTL_GNTDEV_MAP_GRANT_REF, map);
	unmap.index = map->index;
	free(map);
	if (ret)
		return fail("map grant: %s", strerror(errno));
	mapped = mmap(NULL, GRANT_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, gntdev,
		      unmap.index);
	if (mapped == MAP_FAILED)
		return fail("mmap of the grants: %s", strerror(errno));
	fill(granted, 1);
	ret = expect(mapped, 1, "read through the mapping");
	if (!ret) {
		fill(mapped, 2);
		ret = expect(granted, 2, "written through the mapping");
	}
	munmap(mapped, GRANT_PAGES * PAGE_BYTES);
	if (ioctl(gntdev, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap))
		ret = fail("unmap grant: %s", strerror(errno));
	return ret;
}

/* Grant pages to this domain itself and let use() try the grants. */
static int with_grants(int gntalloc, int (*use)(int gntdev, const uint32_t *refs, void *granted))
{
	struct ioctl_gntalloc_alloc_gref *alloc;
	struct ioctl_gntalloc_dealloc_gref dealloc = { .count = GRANT_PAGES };
	void *granted;
	int gntdev, ret;

	gntdev = open_device("/dev/xen/gntdev");
	if (gntdev < 0)
		return -1;
	alloc = calloc(1, sizeof(*alloc) + (GRANT_PAGES - 1) * sizeof(alloc->gref_ids[0]));
	if (!alloc)
		return fail("out of memory");
	alloc->domid = self;
	alloc->flags = GNTALLOC_FLAG_WRITABLE;
	alloc->count = GRANT_PAGES;
	if (ioctl(gntalloc, IOCTL_GNTALLOC_ALLOC_GREF, alloc)) {
		ret = fail("alloc grant: %s", strerror(errno));
		goto out;
	}
	granted = mmap(NULL, GRANT_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, gntalloc,
		       alloc->index);
	if (granted == MAP_FAILED) {
		ret = fail("mmap of granted pages: %s", strerror(errno));
		goto out;
	}
	ret = use(gntdev, alloc->gref_ids, granted);
	munmap(granted, GRANT_PAGES * PAGE_BYTES);
	dealloc.index = alloc->index;
	if (ioctl(gntalloc, IOCTL_GNTALLOC_DEALLOC_GREF, &dealloc))
		ret = fail("dealloc grant: %s", strerror(errno));
out:
	free(alloc);
	close(gntdev);
	return ret;
}

static int test_grant_copy(int gntalloc)
{
	return with_grants(gntalloc, copy_and_check);
}

static int test_grant_map(int gntalloc)
{
	return with_grants(gntalloc, map_and_check);
}

/*
 * A domain that maps its own grant gets a second address for the page. Xen 4.17 takes the first one
 * away from a translated domain then, so this test runs only when it is asked for.
 */
static const struct test {
	const char *name;
	const char *device;
	int (*run)(int fd);
	int on_request;
} tests[] = {
	{ "version", "/dev/xen/privcmd", test_version, 0 },
	{ "copy_to_guest", "/dev/xen/privcmd", test_copy_to_guest, 0 },
	{ "bad_arguments", "/dev/xen/privcmd", test_bad_arguments, 0 },
	{ "hypercall_rate", "/dev/xen/privcmd", test_hypercall_rate, 0 },
	{ "event_loop", "/dev/xen/evtchn", test_event_loop, 0 },
	{ "grant_copy", "/dev/xen/gntalloc", test_grant_copy, 0 },
	{ "grant_map", "/dev/xen/gntalloc", test_grant_map, 1 },
};

static int run_test(const struct test *test)
{
	int fd, ret;

	reason[0] = '\0';
	fd = open_device(test->device);
	ret = fd < 0 ? -1 : test->run(fd);
	if (fd >= 0)
		close(fd);
	printf("XENOLITH: selftest.%s=%s%s%s%s\n", test->name, ret ? "FAIL" : "PASS",
	       ret ? " (" : "", reason, ret ? ")" : "");
	fflush(stdout);
	return ret != 0;
}

int main(int argc, char **argv)
{
	int failures = 0, all = argc == 3 && !strcmp(argv[2], "all");

	if (argc < 2 || argc > 3 || argv[1][0] == '-' || (argc == 3 && !all)) {
		fprintf(stderr, "usage: %s DOMID [all]   (DOMID of the domain this runs in)\n",
			argv[0]);
		return 2;
	}
	self = strtoul(argv[1], NULL, 0);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (all || !tests[i].on_request)
			failures += run_test(&tests[i]);
	}
	return failures;
}
