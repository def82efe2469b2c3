/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's machine protocol (QMP): one command at a time, as JSON over a socket. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "dm.h"

static void socket_path(uint32_t domid, char path[LX_PATH_BYTES])
{
	snprintf(path, LX_PATH_BYTES, LX_QMP_DIR "/qmp-libxl-%u", domid);
}

/* Take the answer apart: {"return": ...} or {"error": {"desc": ...}}. */
static int take_reply(struct lx *lx, uint32_t domid, const char *command, const char *text,
		      struct json_object **reply)
{
	struct json_object *j = json_tokener_parse(text), *v, *why;
	int rc = -EPROTO;

	if (json_object_object_get_ex(j, "return", &v)) {
		if (reply)
			*reply = json_object_get(v);
		rc = 0;
	} else if (json_object_object_get_ex(j, "error", &v) &&
		   json_object_object_get_ex(v, "desc", &why)) {
		lx_error(lx, 0, "Domain %u: its device model refuses %s: %s", domid, command,
			 json_object_get_string(why));
		rc = -EINVAL;
	} else {
		lx_error(lx, 0, "Domain %u: its device model answers %s with what is not a reply",
			 domid, command);
	}
	json_object_put(j);
	return rc;
}

int lx_qmp(struct lx *lx, uint32_t domid, const char *command, struct json_object *arguments,
	   struct json_object **reply)
{
	struct json_object *j = json_object_new_object();
	char path[LX_PATH_BYTES], *text = NULL;
	int rc;

	if (!j) {
		json_object_put(arguments);
		return -ENOMEM;
	}
	json_object_object_add(j, "execute", json_object_new_string(command));
	if (arguments)
		json_object_object_add(j, "arguments", arguments);
	socket_path(domid, path);
	rc = lx->host->qmp(path, json_object_to_json_string(j), &text);
	json_object_put(j);
	if (rc)
		lx_error(lx, rc, "Domain %u: its device model does not answer at %s", domid, path);
	else
		rc = take_reply(lx, domid, command, text, reply);
	free(text);
	return rc;
}

static const char *member(struct json_object *j, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(j, name, &v) && json_object_is_type(v, json_type_string) ?
	       json_object_get_string(v) : NULL;
}

/* Node @path of the guest's folder, which the guest may read if @shown. */
static int publish(struct lx *lx, uint32_t domid, const char *name, const char *value, bool shown)
{
	const struct lx_perm perms[] = { { 0, false, false }, { domid, true, false } };
	char path[LX_PATH_BYTES];
	int rc;

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, name);
	rc = lx->store->ops->write(lx->store, 0, path, value);
	return rc ? rc : lx->store->ops->set_perms(lx->store, 0, path, perms, shown ? 2 : 1);
}

/* "serial0" is at "pty:/dev/pts/3". Other kinds of ports are not for xl console. */
static int publish_serials(struct lx *lx, uint32_t domid)
{
	struct json_object *all;
	int rc = lx_qmp(lx, domid, "query-chardev", NULL, &all);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && json_object_is_type(all, json_type_array) &&
	     i < json_object_array_length(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);
		const char *label = member(one, "label"), *file = member(one, "filename");
		char name[64];
		unsigned int n;

		if (!label || !file || sscanf(label, "serial%u", &n) != 1 || n > 99 ||
		    strncmp(file, "pty:", 4))
			continue;
		snprintf(name, sizeof(name), "serial/%u/tty", n);
		rc = publish(lx, domid, name, file + 4, true);
	}
	json_object_put(all);
	return rc;
}

static int set_password(struct lx *lx, uint32_t domid, const char *password)
{
	struct json_object *a = json_object_new_object();

	json_object_object_add(a, "protocol", json_object_new_string("vnc"));
	json_object_object_add(a, "password", json_object_new_string(password));
	return lx_qmp(lx, domid, "set_password", a, NULL);
}

/* Where a viewer finds the display, as Xen's own toolstack has it; the guest does not see the
 * password. */
static int publish_vnc(struct lx *lx, uint32_t domid, const struct lx_vnc *vnc)
{
	const char *host, *port;
	struct json_object *j;
	int rc = lx_qmp(lx, domid, "query-vnc", NULL, &j);

	if (rc)
		return rc;
	host = member(j, "host");
	port = member(j, "service");
	if (host && port)
		rc = publish(lx, domid, "console/vnc-listen", host, true);
	if (!rc && host && port)
		rc = publish(lx, domid, "console/vnc-port", port, true);
	json_object_put(j);
	if (!rc && vnc->passwd)
		rc = set_password(lx, domid, vnc->passwd);
	if (!rc && vnc->passwd)
		rc = publish(lx, domid, "console/vnc-pass", vnc->passwd, false);
	return rc;
}

int lx_qmp_publish(struct lx *lx, uint32_t domid, const struct lx_domain_config *config)
{
	const struct lx_hvm *h = config->b_info.hvm;
	int rc = h->serial || h->nr_serials ? publish_serials(lx, domid) : 0;

	return rc || !h->vnc.enable ? rc : publish_vnc(lx, domid, &h->vnc);
}
