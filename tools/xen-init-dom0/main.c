/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells xenstore of the control domain, once after xenstored has started. */
#include <stdio.h>
#include <string.h>
#include <xentoollog.h>

#include "light/light.h"

static const char help[] =
	"usage: xen-init-dom0\n\n"
	"Writes what xenstore is to know of the control domain: its number, its name, and the\n"
	"name of its CPU pool. Run it once after xenstored has started; again does no harm.\n";

int main(int argc, char **argv)
{
	struct lx lx = { 0 };
	int rc;

	if (argc > 1) {
		bool asked = !strcmp(argv[1], "-h") || !strcmp(argv[1], "--help");

		fputs(help, asked ? stdout : stderr);
		return asked ? 0 : 2;
	}
	lx.log = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_PROGRESS, 0);
	if (!lx.log)
		return 1;
	lx.store = lx_store_open();
	if (lx.store) {
		rc = lx_store_add_dom0(&lx);
		lx.store->ops->close(lx.store);
	} else {
		rc = -1;
		fprintf(stderr, "xen-init-dom0: cannot reach xenstore: is xenstored running?\n");
	}
	xtl_logger_destroy(lx.log);
	return rc ? 1 : 0;
}
