/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI functions in Linux' /sys: their drivers, and resets. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host-linux.h"

static void place(char path[PATH_MAX], const char *name, const char *what)
{
	snprintf(path, PATH_MAX, "%.200s/bus/pci/devices/%.32s%.32s", lx_sys_root, name, what);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int lx_linux_pci_driver(const char *name, char driver[64])
{
	char path[PATH_MAX], to[PATH_MAX];
	const char *base;
	ssize_t n;

	place(path, name, "");
	if (access(path, F_OK))
		return -errno;
	place(path, name, "/driver");
	n = readlink(path, to, sizeof(to) - 1);
	*driver = '\0';
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	to[n] = '\0';
	base = strrchr(to, '/');
	snprintf(driver, 64, "%.63s", base ? base + 1 : to);
	return 0;
}

int lx_linux_pci_unbind(const char *name)
{
	char path[PATH_MAX];

	place(path, name, "/driver/unbind");
	return write_file(path, name);
}

int lx_linux_pci_bind(const char *name, const char *driver)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.200s/bus/pci/drivers/%.64s/bind", lx_sys_root, driver);
	return write_file(path, name);
}

int lx_linux_pci_reset(const char *name)
{
	char path[PATH_MAX];

	place(path, name, "/reset");
	return write_file(path, "1");
}
