/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small languages of disk= and vif= (xl-disk-configuration(5), xl-network-configuration(5)). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define DEFAULT_INTERVAL_US 50000

static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

int cfg_spec(char *spec, bool (*rest)(const char *key),
	     int (*fn)(void *user, const char *key, const char *value), void *user)
{
	char *next = spec;

	while (next) {
		char *part = next, *comma = strchr(part, ','), *equals, *value = NULL;
		int rc;

		next = comma ? comma + 1 : NULL;
		equals = strchr(part, '=');
		if (equals && comma && equals > comma)
			equals = NULL;
		if (equals) {
			char *key;

			*equals = '\0';
			value = equals + 1;
			key = trim(part);
			if (rest && rest(key))
				next = NULL;
			else if (comma)
				*comma = '\0';
			rc = fn(user, key, trim(value));
		} else {
			if (comma)
				*comma = '\0';
			rc = fn(user, trim(part), NULL);
		}
		if (rc)
			return rc;
	}
	return 0;
}

struct disk_job {
	struct cfg_disk *disk;
	struct cfg_error *err;
	unsigned int position;		/* of the next bare word */
};

static int refuse(struct cfg_error *err, const char *what, const char *why, const char *text)
{
	snprintf(err->text, sizeof(err->text), "%s: %s \"%.100s\"", what, why, text);
	return -EINVAL;
}

static int set_access(struct disk_job *j, const char *v)
{
	if (!strcmp(v, "r") || !strcmp(v, "ro")) {
		j->disk->readonly = true;
		return 0;
	}
	j->disk->share_writes = !strcmp(v, "w!");
	if (!strcmp(v, "w") || !strcmp(v, "rw") || j->disk->share_writes)
		return 0;
	return refuse(j->err, "disk", "access is r, ro, w or rw, not", v);
}

static int set_format(struct disk_job *j, const char *v)
{
	static const char *const known[] = { "raw", "qcow", "qcow2", "vhd", "qed" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(v, known[i])) {
			j->disk->format = known[i];
			return 0;
		}
	}
	return *v ? refuse(j->err, "disk", "unknown format", v) : 0;
}

static int set_vdev(struct disk_job *j, char *v)
{
	char *colon = strchr(v, ':');

	if (colon && strcmp(colon, ":cdrom") && strcmp(colon, ":disk"))
		return refuse(j->err, "disk", "a device may end in :cdrom or :disk, not", colon);
	if (colon) {
		j->disk->cdrom = !strcmp(colon, ":cdrom");
		*colon = '\0';
	}
	j->disk->vdev = v;
	return 0;
}

/* The old way of writing a target: phy:/dev/sda1, file:/a, and others of the same kind. */
static const char *strip_prefix(struct disk_job *j, const char *v)
{
	static const struct {
		const char *prefix, *format, *backendtype;
	} known[] = {
		{ "phy:", NULL, "phy" }, { "file:", "raw", NULL }, { "raw:", "raw", NULL },
		{ "tapdisk:", NULL, NULL }, { "aio:", NULL, NULL }, { "tap:", NULL, NULL },
		{ "tap2:", NULL, NULL }, { "qcow2:", "qcow2", NULL }, { "qcow:", "qcow", NULL },
		{ "vhd:", "vhd", NULL },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = strlen(known[i].prefix);

		if (strncmp(v, known[i].prefix, n))
			continue;
		if (known[i].format)
			j->disk->format = known[i].format;
		if (known[i].backendtype)
			j->disk->backendtype = known[i].backendtype;
		v += n;
		i = (size_t)-1;
	}
	return v;
}

static int bare_word(struct disk_job *j, const char *word)
{
	if (!strcmp(word, "cdrom") || !strcmp(word, "devtype=cdrom")) {
		j->disk->cdrom = true;
		return 0;
	}
	if (!strcmp(word, "discard"))
		return 0;
	if (!strcmp(word, "no-discard")) {
		j->disk->no_discard = true;
		return 0;
	}
	if (!strcmp(word, "direct-io-safe")) {
		j->disk->direct_io_safe = true;
		return 0;
	}
	switch (j->position++) {
	case 0:
		word = strip_prefix(j, word);
		j->disk->target = *word ? word : NULL;
		return 0;
	case 1:
		/* "phy:/dev/x,xvda,w" leaves the format out. */
		if (*word && set_format(j, word)) {
			j->position++;
			return set_vdev(j, (char *)word);
		}
		return 0;
	case 2:
		return set_vdev(j, (char *)word);
	case 3:
		return set_access(j, word);
	default:
		return refuse(j->err, "disk", "too many words, at", word);
	}
}

static int disk_part(void *user, const char *key, const char *value)
{
	struct disk_job *j = user;
	struct cfg_disk *d = j->disk;

	if (!value)
		return bare_word(j, key);
	if (!strcmp(key, "target"))
		d->target = *value ? value : NULL;
	else if (!strcmp(key, "format"))
		return set_format(j, value);
	else if (!strcmp(key, "vdev"))
		return set_vdev(j, (char *)value);
	else if (!strcmp(key, "access"))
		return set_access(j, value);
	else if (!strcmp(key, "devtype"))
		d->cdrom = !strcmp(value, "cdrom");
	else if (!strcmp(key, "script"))
		d->script = value;
	else if (!strcmp(key, "backend"))
		d->backend = value;
	else if (!strcmp(key, "backendtype"))
		d->backendtype = value;
	else if (strcmp(key, "specification") && strcmp(key, "trusted"))
		return refuse(j->err, "disk", "unknown key", key);
	return 0;
}

static bool takes_rest(const char *key)
{
	return !strcmp(key, "target");
}

int cfg_parse_disk(char *spec, struct cfg_disk *disk, struct cfg_error *err)
{
	struct disk_job j = { disk, err, 0 };
	int rc;

	memset(disk, 0, sizeof(*disk));
	rc = cfg_spec(spec, takes_rest, disk_part, &j);
	if (rc)
		return rc;
	err->text[0] = '\0';
	if (!disk->format)
		disk->format = "raw";
	if (!disk->vdev || !*disk->vdev)
		return refuse(err, "disk", "no device (vdev=xvda) for", disk->target ?
			      disk->target : "");
	if (!disk->target && !disk->cdrom)
		return refuse(err, "disk", "no target for", disk->vdev);
	return 0;
}

struct vif_job {
	struct cfg_vif *vif;
	struct cfg_error *err;
};

static int vif_number(struct vif_job *j, const char *key, const char *value, uint32_t *out)
{
	uint64_t n;

	if (!cfg_parse_number(value, &n) || n > UINT32_MAX)
		return refuse(j->err, "vif", "a number is wanted, not", value);
	*out = (uint32_t)n;
	return 0;
}

/* Units are decimal, and b is for bits, B for bytes. */
static bool rate_part(const char **p, uint64_t *bytes_per_s)
{
	uint64_t unit = 1;
	char *end;

	if (!isdigit((unsigned char)**p))
		return false;
	errno = 0;
	*bytes_per_s = strtoull(*p, &end, 10);
	if (*end == 'G' || *end == 'M' || *end == 'K')
		unit = *end == 'G' ? 1000000000 : *end == 'M' ? 1000000 : 1000;
	end += unit > 1;
	if (errno || __builtin_mul_overflow(*bytes_per_s, unit, bytes_per_s) ||
	    (strncmp(end, "b/s", 3) && strncmp(end, "B/s", 3)))
		return false;
	if (*end == 'b')
		*bytes_per_s /= 8;
	*p = end + 3;
	return true;
}

bool cfg_parse_rate(const char *text, uint64_t *bytes, uint32_t *usecs)
{
	uint64_t n = DEFAULT_INTERVAL_US, unit = 1;
	char *end;

	if (!rate_part(&text, bytes))
		return false;
	if (*text == '@' && isdigit((unsigned char)text[1])) {
		n = strtoull(text + 1, &end, 10);
		unit = *end == 'u' ? 1 : *end == 'm' ? 1000 : 1000000;
		text = end + (unit < 1000000);
		if (*text++ != 's')
			return false;
	}
	if (*text || n > UINT32_MAX || n * unit > UINT32_MAX || !n)
		return false;
	*usecs = (uint32_t)(n * unit);
	if (__builtin_mul_overflow(*bytes, (uint64_t)*usecs, bytes))
		return false;
	*bytes /= 1000000;
	return true;
}

static bool valid_mac(const char *mac)
{
	for (unsigned int i = 0; i < 17; i++)
		if (i % 3 == 2 ? mac[i] != ':' : !isxdigit((unsigned char)mac[i]))
			return false;
	return !mac[17];
}

static int vif_part(void *user, const char *key, const char *value)
{
	struct vif_job *j = user;
	struct cfg_vif *v = j->vif;
	uint64_t bytes;
	uint32_t usecs;
	const struct {
		const char *key;
		const char **to;
	} strings[] = {
		{ "mac", &v->mac }, { "bridge", &v->bridge }, { "gatewaydev", &v->gatewaydev },
		{ "ip", &v->ip }, { "script", &v->script }, { "vifname", &v->vifname },
		{ "model", &v->model }, { "type", &v->type }, { "backend", &v->backend },
		{ "rate", &v->rate }, { "accel", NULL }, { "trusted", NULL },
	};

	if (!value)
		return *key ? refuse(j->err, "vif", "no value for", key) : 0;
	if (!strcmp(key, "rate") && !cfg_parse_rate(value, &bytes, &usecs))
		return refuse(j->err, "vif", "a rate is as in 10Mb/s or 1GB/s@20ms, not", value);
	if (!strcmp(key, "mac") && !valid_mac(value))
		return refuse(j->err, "vif", "a mac is six bytes in hexadecimal with colons, not",
			      value);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		if (strcmp(key, strings[i].key))
			continue;
		if (strings[i].to)
			*strings[i].to = value;
		return 0;
	}
	if (!strcmp(key, "mtu"))
		return vif_number(j, key, value, &v->mtu);
	if (!strcmp(key, "devid")) {
		v->has_devid = true;
		return vif_number(j, key, value, &v->devid);
	}
	return refuse(j->err, "vif", "unknown key", key);
}

int cfg_parse_vif(char *spec, struct cfg_vif *vif, struct cfg_error *err)
{
	struct vif_job j = { vif, err };

	memset(vif, 0, sizeof(*vif));
	return cfg_spec(spec, NULL, vif_part, &j);
}
