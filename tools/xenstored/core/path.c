/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of nodes; see path.h. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "util.h"
#include "wire.h"

size_t path_home(char home[PATH_HOME_MAX], uint16_t domid)
{
	return (size_t)snprintf(home, PATH_HOME_MAX, "/local/domain/%u/", domid);
}

static bool valid_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '/' || c == '_' || c == '@';
}

static bool valid_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!valid_byte((unsigned char)name[i]))
			return false;
		if (name[i] == '/' && i > 0 && name[i - 1] == '/')
			return false;
	}
	return len == 1 || name[len - 1] != '/';
}

char *path_absolute(const char *name, uint16_t domid, size_t *home_len)
{
	size_t len = strlen(name);
	char home[PATH_HOME_MAX];
	char *path;

	*home_len = 0;
	if (!len || len > XENSTORE_ABS_PATH_MAX || name[0] == '@' || !valid_name(name, len))
		return NULL;
	if (name[0] == '/')
		return xs_strndup(name, len);
	if (len > XENSTORE_REL_PATH_MAX)
		return NULL;
	*home_len = path_home(home, domid);
	path = xs_alloc(*home_len + len + 1);
	memcpy(path, home, *home_len);
	memcpy(path + *home_len, name, len + 1);
	return path;
}

bool path_is_absolute(const char *path, size_t len)
{
	return len && len <= XENSTORE_ABS_PATH_MAX && path[0] == '/' && valid_name(path, len);
}

bool path_is_special(const char *name)
{
	return name[0] == '@';
}

bool path_special_valid(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++) {
		if (!valid_byte((unsigned char)name[i]) || name[i] == '/')
			return false;
	}
	return name[0] == '@' && len <= XENSTORE_REL_PATH_MAX;
}

size_t path_next(const char **p, const char *end)
{
	const char *s = *p, *slash;

	assert(s <= end);
	if (s < end && *s == '/')
		s++;
	slash = memchr(s, '/', (size_t)(end - s));
	*p = s;
	return (size_t)((slash ? slash : end) - s);
}

size_t path_parent_len(const char *path, size_t len)
{
	assert(len && path[0] == '/');
	while (len > 1 && path[len - 1] != '/')
		len--;
	return len > 1 ? len - 1 : 1;
}
