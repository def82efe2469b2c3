/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl: global options, and running the command. */
#include <unistd.h>
#include <xentoollog.h>

#include "xl.h"

int main(int argc, char **argv)
{
	xentoollog_level level = XTL_PROGRESS;
	struct xl xl = { 0 };
	int opt, status;

	while ((opt = getopt(argc, argv, "+vftTNh")) >= 0) {
		switch (opt) {
		case 'v':
			level = level > XTL_DEBUG ? level - 1 : level;
			xl.verbose = true;
			break;
		case 'f':
			xl.force = true;
			break;
		case 'N':
			xl.dry_run = true;
			break;
		case 't':
		case 'T':
			break;		/* forms of progress messages */
		default:
			fprintf(stderr, "unknown global option\n");
			return 1;
		}
	}
	argc -= optind;
	argv += optind;
	if (!argc) {
		xl_help(NULL);
		return 1;
	}
	xl.log = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, level, 0);
	if (!xl.log)
		return 1;
	status = xl_run(&xl, argc, argv);
	if (xl.opened)
		lx_close(&xl.lx);
	xtl_logger_destroy(xl.log);
	return status;
}
