/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl.cfg parsing: any bytes give settings or an error with a line number, and nothing leaks. */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

static void visit(const struct cfg_value *v)
{
	struct cfg_error err;
	struct cfg_disk disk;
	struct cfg_vif vif;
	char mac[CFG_MAC_BYTES];

	for (size_t i = 0; i < v->items; i++)
		visit(v->item[i]);
	for (unsigned int k = 0; v->text && k < 2; k++) {
		char *spec = strdup(v->text);

		if (k && !cfg_parse_disk(spec, &disk, &err) && (!disk.vdev || !disk.format))
			abort();
		if (!k && !cfg_parse_vif(spec, &vif, &err) && vif.mac &&
		    (!cfg_parse_mac(vif.mac, mac) || strlen(mac) != CFG_MAC_BYTES - 1))
			abort();
		free(spec);
	}
}

/* A warning names the file and the line. */
static void warn(const char *text)
{
	if (!strchr(text, ':'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfg_error err = { "" };
	struct cfg *cfg = cfg_parse((const char *)data, size, "f", &err, warn);
	const struct cfg_setting *s;
	size_t at = 0;

	if (!cfg) {
		if (!strchr(err.text, ':'))
			abort();
		return 0;
	}
	while ((s = cfg_unused(cfg, &at))) {
		const struct cfg_value *const *items;
		const char *text;
		int64_t with_sign;
		uint64_t n;
		bool b;

		cfg_string(cfg, s->name, &text, &err);
		cfg_number(cfg, s->name, 1000, &n, &err);
		if (!cfg_signed(cfg, s->name, -50, 50, &with_sign, &err) &&
		    (with_sign < -50 || with_sign > 50))
			abort();
		cfg_bool(cfg, s->name, &b, &err);
		cfg_list(cfg, s->name, true, &items, &n, &err);
		visit(s->value);
	}
	cfg_free(cfg);
	return 0;
}
