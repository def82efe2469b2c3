/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configurations of running domains on disk, as JSON. A file is written beside the old one,
 * flushed, and renamed over it; then the folder is flushed. A reader sees the old or the new one,
 * whole, whatever happens in between.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userdata.h"

#define PATH_BYTES LX_FILE_BYTES
#define MAX_FILE (1L << 20)

static void state_path(const struct lx *lx, const uint8_t uuid[16], char path[PATH_BYTES])
{
	char text[LX_UUID_TEXT];

	lx_uuid_text(uuid, text);
	snprintf(path, PATH_BYTES, "%.400s/%s.json", lx->state_dir, text);
}

/* The file that counts. */
static void current_path(struct lx *lx, const uint8_t uuid[16], char path[PATH_BYTES])
{
	if (!lx_userdata_find(lx, uuid, path))
		state_path(lx, uuid, path);
}

static int make_folders(const char *dir)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s", dir);
	for (char *p = path + 1;; p++) {
		char c = *p;

		if (c != '/' && c)
			continue;
		*p = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return -errno;
		*p = c;
		if (!c)
			return 0;
	}
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

static int sync_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	/* Some file systems cannot, and need not. */
	rc = fsync(fd) && errno != EINVAL ? -errno : 0;
	close(fd);
	return rc;
}

static int save(const char *path, const char *text)
{
	char dir[PATH_BYTES], fresh[PATH_BYTES + 8];
	int rc, fd;

	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	rc = make_folders(dir);
	if (rc)
		return rc;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, text);
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(fresh, path))
		rc = -errno;
	if (rc)
		unlink(fresh);
	return rc ? rc : sync_folder(dir);
}

int lx_state_save(struct lx *lx, const struct lx_domain_config *config)
{
	char path[PATH_BYTES], *text;
	int rc;

	assert(lx->state_dir && config->c_info.name);
	text = lx_to_text(&lx_domain_config_type, config);
	if (!text)
		return -ENOMEM;
	current_path(lx, config->c_info.uuid, path);
	rc = save(path, text);
	free(text);
	if (rc)
		lx_error(lx, rc, "cannot write the configuration to %s", path);
	return rc;
}

static char *read_file(const char *path, int *rc)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text = NULL;
	ssize_t n;

	*rc = 0;
	if (fd < 0) {
		*rc = -errno;
		return NULL;
	}
	if (fstat(fd, &st))
		*rc = -errno;
	else if (st.st_size > MAX_FILE)
		*rc = -EFBIG;
	else if (!(text = calloc(1, (size_t)st.st_size + 1)))
		*rc = -ENOMEM;
	for (size_t at = 0; !*rc && at < (size_t)st.st_size; at += (size_t)n) {
		n = read(fd, text + at, (size_t)st.st_size - at);
		if (n <= 0)
			*rc = n ? -errno : -EIO;
	}
	close(fd);
	if (*rc) {
		free(text);
		return NULL;
	}
	return text;
}

int lx_state_load(struct lx *lx, const uint8_t uuid[16], struct lx_domain_config *config)
{
	char path[PATH_BYTES], err[256] = "", *text;
	int rc;

	lx_init(&lx_domain_config_type, config);
	current_path(lx, uuid, path);
	text = read_file(path, &rc);
	if (rc == -ENOENT)
		return rc;
	if (!rc)
		rc = lx_from_text(&lx_domain_config_type, config, text, err);
	free(text);
	if (!rc)
		return 0;
	lx_error(lx, rc, "cannot read the configuration in %s: %s", path, err);
	lx_dispose(&lx_domain_config_type, config);
	return rc;
}

void lx_state_remove(struct lx *lx, const uint8_t uuid[16])
{
	char path[PATH_BYTES];

	state_path(lx, uuid, path);
	unlink(path);
	lx_userdata_remove(lx, uuid);
}

int lx_state_publish(struct lx *lx, const uint8_t uuid[16], uint32_t domid)
{
	char path[PATH_BYTES];
	int rc;

	state_path(lx, uuid, path);
	rc = lx_userdata_link(lx, uuid, domid, path);
	if (rc)
		lx_error(lx, rc, "cannot make the link in %s by which other tools find the "
			 "configuration", lx->libxl_dir);
	return rc;
}

int lx_state_update(struct lx *lx, uint32_t domid,
		    void (*change)(struct lx_domain_config *config, void *arg), void *arg)
{
	struct xen_domctl_getdomaininfo info;
	struct lx_domain_config config;
	int rc = ctl_domain_info(lx->ctl, domid, &info);

	if (rc) {
		lx_error(lx, rc, "Domain %u: its configuration on disk cannot be found", domid);
		return rc;
	}
	rc = lx_state_load(lx, info.handle, &config);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	change(&config, arg);
	rc = lx_state_save(lx, &config);
	lx_dispose(&lx_domain_config_type, &config);
	return rc;
}
