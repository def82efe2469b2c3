/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims of UUIDs by those who make domains. The file RUN/create-UUID is there before anything else
 * of the domain is, and its maker holds its lock. The kernel lets go of the lock when the maker
 * dies, so a file without it tells what may have been left half made: the domain with this handle,
 * nodes in xenstore, the configuration on disk.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

#define PREFIX "create-"
#define PATH_BYTES 512

static void claim_path(const struct lx *lx, const uint8_t uuid[16], char path[PATH_BYTES])
{
	char text[LX_UUID_TEXT];

	lx_uuid_text(uuid, text);
	snprintf(path, PATH_BYTES, "%.400s/" PREFIX "%s", lx->run_dir, text);
}

/* "PID" while the domain is made, "PID made DOMID" afterwards. */
static int write_text(int fd, uint32_t domid)
{
	char text[64];
	int n = domid ? snprintf(text, sizeof(text), "%ld made %u\n", (long)getpid(), domid) :
		snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	assert(n > 0 && (size_t)n < sizeof(text));
	return pwrite(fd, text, (size_t)n, 0) == n ? 0 : -EIO;
}

static void read_text(int fd, long *pid, uint32_t *domid)
{
	char text[64] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	*pid = 0;
	*domid = 0;
	if (n > 0)
		sscanf(text, "%ld made %u", pid, domid);
}

/* Lock the file; 1 when another process has it, whose number is *@pid. A file that its owner has
 * just removed is none. */
static int lock_file(int fd, const char *path, long *pid)
{
	struct flock whole = { .l_type = F_WRLCK };
	struct stat mine, there;
	uint32_t domid;

	if (fcntl(fd, F_OFD_SETLK, &whole)) {
		read_text(fd, pid, &domid);
		return errno == EAGAIN || errno == EACCES ? 1 : -errno;
	}
	if (fstat(fd, &mine) || stat(path, &there) || mine.st_ino != there.st_ino)
		return -ENOENT;
	return 0;
}

/* Open and lock; -ENOENT when it is not there (any more) and @create is not set. */
static int open_claim(const char *path, bool create, long *pid)
{
	int rc = -ENOENT, fd;

	do {
		fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0644);
		if (fd < 0)
			return -errno;
		rc = lock_file(fd, path, pid);
		if (rc)
			close(fd);
	} while (rc == -ENOENT && create);
	return rc == 1 ? -EEXIST : rc ? rc : fd;
}

/* The domain, if it is there; then what the toolstack kept of it, which may outlive it. */
static int remove_traces(struct lx *lx, const uint8_t uuid[16])
{
	char text[LX_UUID_TEXT];
	unsigned int n = 0;
	uint32_t domid;
	char **ids;
	int rc = lx_find_handle(lx, uuid, &domid);

	if (!rc)
		return lx_destroy(lx, domid);
	if (rc != -ENOENT)
		return rc;
	lx_uuid_text(uuid, text);
	ids = lx->store->ops->list(lx->store, 0, "/local/domain", &n);
	for (unsigned int i = 0; ids && i < n; i++) {
		uint32_t id = (uint32_t)strtoul(ids[i], NULL, 10);
		char *vm = lx_read(lx->store, 0, "/local/domain/%u/vm", id);

		if (vm && !strncmp(vm, "/vm/", 4) && !strcmp(vm + 4, text)) {
			lx_devices_remove(lx, id);
			lx_store_remove_domain(lx, id, text);
		}
		free(vm);
	}
	free(ids);
	lx_remove(lx->store, 0, "/vm/%s", text);
	lx_state_remove(lx, uuid);
	return 0;
}

int lx_claim_take(struct lx *lx, const uint8_t uuid[16])
{
	char path[PATH_BYTES];
	uint32_t domid;
	long pid = 0, was;
	int fd;

	mkdir(lx->run_dir, 0755);
	claim_path(lx, uuid, path);
	fd = open_claim(path, true, &pid);
	if (fd == -EEXIST)
		lx_error(lx, 0, "process %ld is making a domain with this UUID", pid);
	else if (fd < 0)
		lx_error(lx, fd, "cannot write %s", path);
	if (fd < 0)
		return fd;
	read_text(fd, &was, &domid);
	if (was && !domid) {
		lx_info(lx, "removing what a killed process left of this domain");
		remove_traces(lx, uuid);
	}
	if (ftruncate(fd, 0) || write_text(fd, 0)) {
		lx_error(lx, -EIO, "cannot write %s", path);
		lx_claim_drop(lx, uuid, fd);
		return -EIO;
	}
	return fd;
}

int lx_claim_made(struct lx *lx, int claim, uint32_t domid)
{
	assert(domid);
	return claim < 0 ? 0 : write_text(claim, domid);
}

void lx_claim_drop(struct lx *lx, const uint8_t uuid[16], int claim)
{
	char path[PATH_BYTES];

	if (claim < 0)
		return;
	claim_path(lx, uuid, path);
	unlink(path);		/* while the lock is held, so that the file is still ours */
	close(claim);
}

void lx_claim_forget_dead(struct lx *lx, const uint8_t uuid[16])
{
	char path[PATH_BYTES];
	uint32_t domid;
	long pid;
	int fd;

	mkdir(lx->run_dir, 0755);
	claim_path(lx, uuid, path);
	fd = open_claim(path, true, &pid);
	if (fd < 0)
		return;
	read_text(fd, &pid, &domid);
	if (pid && !domid) {
		close(fd);	/* half made: what is there may be of use to see that */
		return;
	}
	if (lx_find_handle(lx, uuid, &domid) == -ENOENT)
		lx_state_remove(lx, uuid);
	lx_claim_drop(lx, uuid, fd);
}

/* -errno when the claim is not there or has its maker. */
static int look(struct lx *lx, const uint8_t uuid[16], struct lx_abandoned *a)
{
	char path[PATH_BYTES];
	long pid;
	int fd;

	claim_path(lx, uuid, path);
	fd = open_claim(path, false, &pid);
	if (fd < 0)
		return fd;
	memcpy(a->uuid, uuid, sizeof(a->uuid));
	read_text(fd, &pid, &a->domid);
	a->made = a->domid;
	close(fd);
	return 0;
}

bool lx_claim_abandoned(struct lx *lx, const uint8_t uuid[16])
{
	struct lx_abandoned a;

	return !look(lx, uuid, &a) && !a.made;
}

bool lx_claim_held(struct lx *lx, const uint8_t uuid[16])
{
	struct lx_abandoned a;

	return look(lx, uuid, &a) == -EEXIST;
}

struct lx_abandoned *lx_claims_abandoned(struct lx *lx, unsigned int *n)
{
	struct lx_abandoned *all = NULL;
	DIR *dir = opendir(lx->run_dir);
	struct dirent *e;

	*n = 0;
	while (dir && (e = readdir(dir))) {
		struct lx_abandoned a, *more;
		uint8_t uuid[16];

		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) ||
		    !lx_uuid_parse(e->d_name + strlen(PREFIX), uuid) || look(lx, uuid, &a))
			continue;
		more = realloc(all, (*n + 1) * sizeof(*all));
		if (!more)
			break;
		all = more;
		all[(*n)++] = a;
	}
	if (dir)
		closedir(dir);
	return all;
}

int lx_claim_clean(struct lx *lx, const struct lx_abandoned *a)
{
	char path[PATH_BYTES];
	long pid;
	int fd, rc;

	claim_path(lx, a->uuid, path);
	fd = open_claim(path, false, &pid);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = a->made ? 0 : remove_traces(lx, a->uuid);
	if (rc)
		close(fd);
	else
		lx_claim_drop(lx, a->uuid, fd);
	return rc;
}
