/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small languages of disk= and vif= (xl-disk-configuration(5), xl-network-configuration(5)). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define DEFAULT_INTERVAL_US 50000
#define PREFIX_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789"

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
		char *part = next, *comma = strchr(part, ','), *equals = strchr(part, '=');
		bool whole;
		int rc;

		if (equals && comma && equals > comma)
			equals = NULL;
		if (equals)
			*equals = '\0';
		whole = equals && rest && rest(trim(part));
		next = comma && !whole ? comma + 1 : NULL;
		if (next)
			*comma = '\0';
		/* What takes the rest takes its blanks too. */
		rc = fn(user, trim(part), whole ? equals + 1 : equals ? trim(equals + 1) : NULL);
		if (rc)
			return rc;
	}
	return 0;
}

struct disk_job {
	struct cfg_disk *disk;
	struct cfg_error *err;
	unsigned int position;		/* of the next bare word */
	bool old_order;			/* TARGET,VDEV,ACCESS: the format is a prefix */
	bool has_target;
};

static int refuse(struct cfg_error *err, const char *what, const char *why, const char *text)
{
	snprintf(err->text, sizeof(err->text), "%s: %s \"%.100s\"", what, why, text);
	return -EINVAL;
}

/* The same value again drops nothing where it is one of a few; @same says where. */
static int set_once(struct disk_job *j, const char **to, const char *v, bool same,
		    const char *twice)
{
	if (*to && **to && !(same && !strcmp(*to, v)))
		return refuse(j->err, "disk", twice, v);
	*to = v;
	return 0;
}

static int set_script(struct disk_job *j, const char *v)
{
	return set_once(j, &j->disk->script, v, false, "the script is said twice, at");
}

static int set_access(struct disk_job *j, const char *v)
{
	bool reads = !strcmp(v, "r") || !strcmp(v, "ro"), share = !strcmp(v, "w!");

	if (*v && !reads && !share && strcmp(v, "w") && strcmp(v, "rw"))
		return refuse(j->err, "disk", "access is r, ro, w, rw or w!, not", v);
	if (*v) {
		j->disk->readonly = reads;
		j->disk->share_writes = share;
	}
	return 0;
}

static int set_format(struct disk_job *j, const char *v)
{
	static const char *const known[] = { "raw", "qcow", "qcow2", "vhd", "qed" };

	if (!*v)
		return 0;
	if (j->disk->format && strcmp(j->disk->format, v))
		return refuse(j->err, "disk", "the format is said twice, at", v);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(v, known[i])) {
			j->disk->format = known[i];
			return 0;
		}
	}
	return refuse(j->err, "disk", "a format is raw, qcow, qcow2, vhd or qed, not", v);
}

static int set_devtype(struct disk_job *j, const char *v)
{
	if (strcmp(v, "cdrom") && strcmp(v, "disk"))
		return refuse(j->err, "disk", "a device's type is cdrom or disk, not", v);
	j->disk->cdrom = *v == 'c';
	return 0;
}

static int set_vdev(struct disk_job *j, char *v)
{
	char *colon = strchr(v, ':');

	if (j->disk->vdev && *v)
		return refuse(j->err, "disk", "the device is said twice, at", v);
	if (*v)
		j->disk->vdev = v;
	if (!colon)
		return 0;
	*colon = '\0';
	return set_devtype(j, colon + 1);
}

/* Prefixes of targets, and the formats or scripts that they name. */
static const struct prefix {
	const char *name, *format, *script;
} prefixes[] = {
	{ "phy", NULL, NULL }, { "file", NULL, NULL }, { "tap", NULL, NULL },
	{ "tap2", NULL, NULL }, { "tapdisk", NULL, NULL }, { "aio", NULL, NULL },
	{ "ioemu", NULL, NULL }, { "raw", "raw", NULL }, { "qcow2", "qcow2", NULL },
	{ "qcow", "qcow", NULL }, { "vhd", "vhd", NULL }, { "drbd", NULL, "block-drbd" },
	{ "iscsi", NULL, "block-iscsi" }, { "nbd", NULL, "block-nbd" },
	{ "enbd", NULL, "block-enbd" },
};

/* The length of a word of lower case that a colon ends; 0: the target begins otherwise. */
static size_t prefix_length(const char *v)
{
	size_t n = strspn(v, PREFIX_CHARACTERS);

	return *v < 'a' || v[n] != ':' ? 0 : n;
}

/*
 * Take the prefixes off. In an unknown word before a colon, what comes next decides: a letter or a
 * digit makes it a target with a colon of its own (HOST:PORT), anything else a prefix (foo:/a).
 */
static int strip_prefixes(struct disk_job *j, char **v)
{
	size_t n;

	while ((n = prefix_length(*v))) {
		const struct prefix *p = prefixes, *end = p + sizeof(prefixes) / sizeof(*p);
		int rc;

		while (p < end && (strncmp(*v, p->name, n) || p->name[n]))
			p++;
		if (p == end && strspn(*v + n + 1, PREFIX_CHARACTERS))
			return 0;
		if (p == end)
			return refuse(j->err, "disk", "unknown prefix of a target, at", *v);
		rc = p->format ? set_format(j, p->format) : 0;
		if (!rc && p->script)
			rc = set_script(j, p->script);
		if (rc)
			return rc;
		j->old_order = true;
		*v += n + 1;
	}
	return 0;
}

static int set_target(struct disk_job *j, const char *v)
{
	if (j->has_target)
		return refuse(j->err, "disk", "the target is said twice, at", v);
	j->has_target = *v;
	j->disk->target = *v ? v : NULL;
	return 0;
}

static int set_position(struct disk_job *j, char *word)
{
	int rc;

	/* ",hdc:cdrom,r": an empty drive. */
	if (j->position == 1 && !j->has_target && strchr(word, ':'))
		j->old_order = true;
	if (j->old_order && j->position == 1)
		j->position++;
	switch (j->position++) {
	case 0:
		rc = strip_prefixes(j, &word);
		return rc ? rc : set_target(j, word);
	case 1:
		return set_format(j, word);
	case 2:
		return set_vdev(j, word);
	case 3:
		return set_access(j, word);
	default:
		return refuse(j->err, "disk", "too many words, at", word);
	}
}

static int bare_word(struct disk_job *j, char *word)
{
	struct cfg_disk *d = j->disk;

	if (!strcmp(word, "cdrom"))
		d->cdrom = true;
	else if (!strcmp(word, "discard") || !strcmp(word, "no-discard"))
		d->no_discard = *word == 'n';
	else if (!strcmp(word, "direct-io-safe"))
		d->direct_io_safe = true;
	else if (!strcmp(word, "trusted") || !strcmp(word, "untrusted"))
		d->untrusted = *word == 'u';
	else if (!strcmp(word, "colo"))
		return refuse(j->err, "disk", "replication is not built:", word);
	else
		return set_position(j, word);
	return 0;
}

static int disk_part(void *user, const char *key, const char *value)
{
	struct disk_job *j = user;
	struct cfg_disk *d = j->disk;

	if (!value)
		return bare_word(j, (char *)key);
	if (!strcmp(key, "target"))
		return set_target(j, value);
	if (!strcmp(key, "format"))
		return set_format(j, value);
	if (!strcmp(key, "vdev"))
		return set_vdev(j, (char *)value);
	if (!strcmp(key, "access"))
		return set_access(j, value);
	if (!strcmp(key, "devtype"))
		return set_devtype(j, value);
	if (!strcmp(key, "script"))
		return set_script(j, value);
	if (!strcmp(key, "backend"))
		return set_once(j, &d->backend, value, false, "the backend is said twice, at");
	if (!strcmp(key, "backendtype"))
		return set_once(j, &d->backendtype, value, true,
				"the backendtype is said twice, at");
	if (!strcmp(key, "specification"))
		return set_once(j, &d->specification, value, true,
				"the specification is said twice, at");
	return refuse(j->err, "disk", "unknown key", key);
}

static bool takes_rest(const char *key)
{
	return !strcmp(key, "target");
}

int cfg_parse_disk(char *spec, struct cfg_disk *disk, struct cfg_error *err)
{
	struct disk_job j = { .disk = disk, .err = err };
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

/* One or two digits, and a colon or a hyphen between two of them. */
bool cfg_parse_mac(const char *text, char mac[CFG_MAC_BYTES])
{
	unsigned int byte[6];

	for (unsigned int i = 0; i < 6; i++) {
		char *end;

		if (!isxdigit((unsigned char)*text))
			return false;
		byte[i] = (unsigned int)strtoul(text, &end, 16);
		if (end > text + 2 || (i < 5 ? *end != ':' && *end != '-' : *end))
			return false;
		text = end + 1;
	}
	snprintf(mac, CFG_MAC_BYTES, "%02x:%02x:%02x:%02x:%02x:%02x", byte[0] & 0xff,
		 byte[1] & 0xff, byte[2] & 0xff, byte[3] & 0xff, byte[4] & 0xff, byte[5] & 0xff);
	return true;
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
		{ "rate", &v->rate },
	};
	char mac[CFG_MAC_BYTES];

	if (!value && (!strcmp(key, "trusted") || !strcmp(key, "untrusted"))) {
		v->untrusted = *key == 'u';
		return 0;
	}
	if (!value)
		return *key ? refuse(j->err, "vif", "no value for", key) : 0;
	if (!strcmp(key, "rate") && !cfg_parse_rate(value, &bytes, &usecs))
		return refuse(j->err, "vif", "a rate is as in 10Mb/s or 1GB/s@20ms, not", value);
	if (!strcmp(key, "mac") && !cfg_parse_mac(value, mac))
		return refuse(j->err, "vif", "a mac is six bytes in hexadecimal with colons, not",
			      value);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		if (strcmp(key, strings[i].key))
			continue;
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
