/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs commands of xl in a test, and keeps what they print. */
#ifndef TOOLS_TEST_XL_RUN_H
#define TOOLS_TEST_XL_RUN_H

#include "../xl/xl.h"

#define RUN_BYTES 16384

extern struct xl xl;
extern char out[RUN_BYTES], err[RUN_BYTES];	/* of the last command */

/** Run one line of words; its output goes to out and err. Returns the exit status. @ends: the
 * command ends the process, so it is run in a child, where what it changes is lost. */
int run_line(const char *line, bool ends);
int run(const char *line);

#endif
