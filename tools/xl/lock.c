/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process waits for a domain's end? It holds the lock of a file that is named after the
 * domain, and removes the file when it ends in order. A file without a lock was therefore left by a
 * process that was killed. Another process can take over: all it needs is on disk and in the
 * hypervisor.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xl.h"

const char *xl_run_dir = "/run/xenolith";

static void lock_path(uint32_t domid, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%.200s/monitor-%u", xl_run_dir, domid);
}

void xl_monitor_note(int lock, pid_t pid)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)pid);

	if (lock < 0 || ftruncate(lock, 0) || pwrite(lock, text, (size_t)len, 0) != len)
		fprintf(stderr, "cannot write to %s: %s; when this process is killed, xl doctor "
			"does not see it\n", xl_run_dir, strerror(errno));
}

int xl_monitor_take(uint32_t domid, bool *taken)
{
	struct flock whole = { .l_type = F_WRLCK };
	char path[PATH_MAX];
	int fd;

	mkdir(xl_run_dir, 0755);
	lock_path(domid, path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	*taken = fd >= 0 && fcntl(fd, F_OFD_SETLK, &whole) && errno == EAGAIN;
	if (*taken) {
		close(fd);
		return -1;
	}
	xl_monitor_note(fd, getpid());
	return fd;
}

void xl_monitor_forget(uint32_t domid)
{
	char path[PATH_MAX];

	lock_path(domid, path);
	unlink(path);
}

bool xl_monitor_killed(uint32_t domid)
{
	struct flock whole = { .l_type = F_WRLCK };
	char path[PATH_MAX];
	bool killed;
	int fd;

	lock_path(domid, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* One that ends just now takes the file away before it lets go of the lock. */
	killed = !fcntl(fd, F_OFD_GETLK, &whole) && whole.l_type == F_UNLCK &&
		 !access(path, F_OK);
	close(fd);
	return killed;
}
