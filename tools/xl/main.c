/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl: global options, and running the command. */
#include <unistd.h>
#include <xentoollog.h>

#include "xl.h"

int main(int argc, char **argv)
{
	xentoollog_level level = XTL_PROGRESS;
	unsigned int flags = 0;
	struct xl xl = { 0 };
	int opt, status;

	opterr = 0;
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
			flags |= XTL_STDIOSTREAM_PROGRESS_USE_CR;
			break;
		case 'T':
			flags |= XTL_STDIOSTREAM_SHOW_DATE | XTL_STDIOSTREAM_SHOW_PID;
			break;
		case 'h':
			xl_help(NULL);
			return 0;
		default:
			fprintf(stderr, "xl: unknown global option -%c: xl -h lists them\n",
				optopt);
			return 1;
		}
	}
	argc -= optind;
	argv += optind;
	if (!argc) {
		xl_help(NULL);
		return 1;
	}
	xl.log = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, level, flags);
	if (!xl.log)
		return 1;
	status = xl_read_conf(&xl, XL_CONF) ? 1 : xl_run(&xl, argc, argv);
	if (xl.opened)
		lx_close(&xl.lx);
	xl_free_conf(&xl);
	xtl_logger_destroy(xl.log);
	return status;
}
