/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where libxl keeps configurations: /var/lib/xen/userdata-d.DOMID.UUID.libxl-json (the names are
 * in libxl's library; "d" is for data). For a domain of ours that is a link to our own file, so
 * that Debian's xl can list it. A file there that is not a link is libxl's: it made the domain, or
 * changed the configuration of one of ours, and then it is the one that counts.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userdata.h"

#define SUFFIX ".libxl-json"

/* Is @name that of a file about the domain with this UUID? */
static bool is_about(const char *name, const char *uuid)
{
	unsigned int domid;
	char kind;
	int at = 0;

	return sscanf(name, "userdata-%c.%u.%n", &kind, &domid, &at) == 2 && at &&
	       !strncmp(name + at, uuid, LX_UUID_TEXT - 1) && name[at + LX_UUID_TEXT - 1] == '.';
}

/* Call @fn with each such file's name; stops when that says true. */
static bool each_file(struct lx *lx, const uint8_t uuid[16],
		      bool (*fn)(struct lx *lx, const char *path, void *arg), void *arg)
{
	char text[LX_UUID_TEXT], path[LX_FILE_BYTES];
	DIR *dir = lx->libxl_dir ? opendir(lx->libxl_dir) : NULL;
	struct dirent *e;
	bool found = false;

	lx_uuid_text(uuid, text);
	while (dir && !found && (e = readdir(dir))) {
		if (!is_about(e->d_name, text))
			continue;
		snprintf(path, sizeof(path), "%.200s/%.256s", lx->libxl_dir, e->d_name);
		found = fn(lx, path, arg);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool is_libxls(struct lx *lx, const char *path, void *arg)
{
	size_t len = strlen(path);
	struct stat st;

	if (len < strlen(SUFFIX) || strcmp(path + len - strlen(SUFFIX), SUFFIX) ||
	    lstat(path, &st) || !S_ISREG(st.st_mode))
		return false;
	strcpy(arg, path);
	return true;
}

bool lx_userdata_find(struct lx *lx, const uint8_t uuid[16], char path[LX_FILE_BYTES])
{
	return each_file(lx, uuid, is_libxls, path);
}

static bool remove_one(struct lx *lx, const char *path, void *arg)
{
	unlink(path);
	return false;
}

void lx_userdata_remove(struct lx *lx, const uint8_t uuid[16])
{
	each_file(lx, uuid, remove_one, NULL);
}

int lx_userdata_link(struct lx *lx, const uint8_t uuid[16], uint32_t domid, const char *to)
{
	char text[LX_UUID_TEXT], path[LX_FILE_BYTES];

	if (!lx->libxl_dir)
		return 0;
	lx_uuid_text(uuid, text);
	lx_userdata_remove(lx, uuid);
	snprintf(path, sizeof(path), "%.200s/userdata-d.%u.%s" SUFFIX, lx->libxl_dir, domid, text);
	if (mkdir(lx->libxl_dir, 0755) && errno != EEXIST)
		return -errno;
	return symlink(to, path) ? -errno : 0;
}
