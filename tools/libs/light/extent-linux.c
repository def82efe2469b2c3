/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a disk's data lie, from Linux: partitions, loop devices and device-mapper volumes lead to
 * the drive or the file below them (sysfs, Documentation/ABI/stable/sysfs-block of the kernel), and
 * /proc/self/mountinfo says what dom0 has mounted.
 */
#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device.h"
#include "host-linux.h"

#define SECTOR 512U
#define MAX_DEPTH 8		/* of volumes in volumes */

const char *lx_sys_root = "/sys", *lx_mountinfo = "/proc/self/mountinfo";

static void add(struct lx_extents *all, struct lx_extent e)
{
	if (all->n < LX_MAX_EXTENTS)
		all->e[all->n++] = e;
}

/* The sysfs folder of a block device, with @name in it. */
static void sysfs_path(uint64_t device, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%.200s/dev/block/%u:%u/%.200s", lx_sys_root, major(device),
		 minor(device), name);
}

static bool sysfs_line(uint64_t device, const char *name, char text[256])
{
	char path[PATH_MAX];
	FILE *f;
	bool ok;

	sysfs_path(device, name, path);
	f = fopen(path, "re");
	ok = f && fgets(text, 256, f);
	if (f)
		fclose(f);
	if (ok)
		text[strcspn(text, "\n")] = '\0';
	return ok;
}

static bool sysfs_number(uint64_t device, const char *name, uint64_t *n)
{
	char text[256];

	if (!sysfs_line(device, name, text))
		return false;
	*n = strtoull(text, NULL, 10);
	return true;
}

static bool device_number(const char *text, uint64_t *device)
{
	unsigned int maj, min;

	if (sscanf(text, "%u:%u", &maj, &min) != 2)
		return false;
	*device = makedev(maj, min);
	return true;
}

static void device_extents(uint64_t device, uint64_t from, uint64_t to, bool scattered,
			   unsigned int depth, struct lx_extents *all);

/* A part @from..@to of a partition is a part of its drive. */
static void add_drive(uint64_t device, uint64_t from, uint64_t to, bool scattered,
		      unsigned int depth, struct lx_extents *all)
{
	uint64_t start, sectors, drive;
	char text[256];

	if (!sysfs_number(device, "partition", &start) ||
	    !sysfs_number(device, "start", &start) || !sysfs_number(device, "size", &sectors) ||
	    !sysfs_line(device, "../dev", text) || !device_number(text, &drive))
		return;
	start *= SECTOR;
	to = to < sectors * SECTOR ? to : sectors * SECTOR;
	device_extents(drive, start + from, start + to, scattered, depth + 1, all);
}

/* The file or device that a loop device is made of. The name of a file may belong to another file
 * by now; the driver knows the inode. */
static void add_loop_backing(uint64_t device, uint64_t from, bool scattered, unsigned int depth,
			     struct lx_extents *all)
{
	struct lx_extent e = { .file = true, .from = from, .to = LX_EXTENT_END,
			       .scattered = scattered };
	char name[256], path[PATH_MAX];
	struct loop_info64 info;
	uint64_t below = 0;
	struct stat st;
	int fd;

	if (!sysfs_line(device, "loop/backing_file", name))
		return;
	snprintf(path, sizeof(path), "/dev/loop%u", minor(device));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && !ioctl(fd, LOOP_GET_STATUS64, &info)) {
		e.device = info.lo_device;
		e.inode = info.lo_inode;
		below = info.lo_rdevice;
		e.from += info.lo_offset;
		if (info.lo_sizelimit)
			e.to = info.lo_offset + info.lo_sizelimit;
	} else if (!stat(name, &st)) {
		e.device = st.st_dev;
		e.inode = st.st_ino;
		below = S_ISBLK(st.st_mode) ? st.st_rdev : 0;
	}
	if (fd >= 0)
		close(fd);
	if (below)
		device_extents(below, e.from, e.to, scattered, depth + 1, all);
	else if (e.inode)
		add(all, e);
}

/* Volumes of the device mapper and of RAID lie somewhere in their slaves. */
static void add_slaves(uint64_t device, unsigned int depth, struct lx_extents *all)
{
	char path[PATH_MAX], text[256];
	struct dirent *e;
	uint64_t slave;
	DIR *dir;

	sysfs_path(device, "slaves", path);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		char name[300];

		snprintf(name, sizeof(name), "slaves/%.200s/dev", e->d_name);
		if (*e->d_name != '.' && sysfs_line(device, name, text) &&
		    device_number(text, &slave))
			device_extents(slave, 0, LX_EXTENT_END, true, depth + 1, all);
	}
	if (dir)
		closedir(dir);
}

static void device_extents(uint64_t device, uint64_t from, uint64_t to, bool scattered,
			   unsigned int depth, struct lx_extents *all)
{
	assert(depth <= MAX_DEPTH && all->n <= LX_MAX_EXTENTS);
	if (depth == MAX_DEPTH)
		return;
	add(all, (struct lx_extent){ .device = device, .from = from, .to = to,
				     .scattered = scattered });
	add_drive(device, from, to, scattered, depth, all);
	add_loop_backing(device, from, scattered, depth, all);
	add_slaves(device, depth, all);
}

int lx_linux_extents(const char *path, struct lx_extents *all)
{
	struct stat st;

	all->n = 0;
	if (stat(path, &st))
		return -errno;
	if (S_ISBLK(st.st_mode))
		device_extents(st.st_rdev, 0, LX_EXTENT_END, false, 0, all);
	else
		add(all, (struct lx_extent){ .file = true, .device = st.st_dev,
					     .inode = st.st_ino, .to = LX_EXTENT_END });
	return 0;
}

void lx_linux_device_extents(uint32_t maj, uint32_t min, struct lx_extents *all)
{
	all->n = 0;
	device_extents(makedev(maj, min), 0, LX_EXTENT_END, false, 0, all);
}

/* mountinfo writes blanks, tabs, newlines and backslashes as three octal digits. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) &&
		    isdigit((unsigned char)s[3])) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* "ID PARENT MAJ:MIN ROOT WHERE OPTIONS [TAGS] - TYPE SOURCE SUPEROPTIONS" (proc(5)). A file system
 * of several devices has a number of its own, so its source is looked at as well. */
static bool read_mount(char *line, char where[256], bool *writes, struct lx_extents *all)
{
	char number[32], source[PATH_MAX], options[256], *dash = strstr(line, " - ");
	struct stat st;
	uint64_t device;

	all->n = 0;
	if (!dash || sscanf(line, "%*s %*s %31s %*s %255s", number, where) != 2 ||
	    sscanf(dash, " - %*s %4095s %255s", source, options) != 2 ||
	    !device_number(number, &device))
		return false;
	unescape(where);
	unescape(source);
	*writes = !strncmp(options, "rw", 2) && (!options[2] || options[2] == ',');
	if (major(device))
		device_extents(device, 0, LX_EXTENT_END, false, 0, all);
	else if (*source == '/' && !stat(source, &st) && S_ISBLK(st.st_mode))
		device_extents(st.st_rdev, 0, LX_EXTENT_END, false, 0, all);
	return all->n;
}

bool lx_linux_mounted(const struct lx_extents *disk, bool writers_only, char where[256])
{
	FILE *f = fopen(lx_mountinfo, "re");
	struct lx_extents mounted;
	bool found = false, writes;
	char *line = NULL;
	size_t room = 0;

	while (f && !found && getline(&line, &room, f) > 0)
		found = read_mount(line, where, &writes, &mounted) &&
			(writes || !writers_only) && lx_extents_overlap(disk, &mounted);
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* Whoever uses a block device for itself (a file system, swap, LVM, RAID) has claimed it. */
bool lx_linux_held(const char *path)
{
	struct stat st;
	int fd;
	bool held;

	if (stat(path, &st) || !S_ISBLK(st.st_mode))
		return false;
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	held = fd < 0 && errno == EBUSY;
	if (fd >= 0)
		close(fd);
	return held;
}
