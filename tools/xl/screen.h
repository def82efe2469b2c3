/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A full screen on any terminal that knows the control sequences of ECMA-48, which every one in use
 * does. (xl is a static program, and a small dom0 has no terminfo files for a curses library.)
 */
#ifndef TOOLS_XL_SCREEN_H
#define TOOLS_XL_SCREEN_H

#include <stdbool.h>

enum screen_key {
	SCREEN_TIMEOUT = 0,	/* nothing was pressed, or the size has changed */
	SCREEN_END = -1,	/* a signal, or the terminal is gone */
	SCREEN_UP = 256, SCREEN_DOWN, SCREEN_LEFT, SCREEN_RIGHT, SCREEN_PAGE_UP, SCREEN_PAGE_DOWN,
	SCREEN_HOME, SCREEN_OTHER,
};

/** Take the terminal over; false when standard input or output is not one. */
bool screen_open(void);
/** Give it back as it was. */
void screen_close(void);
/** Its size now. */
void screen_size(int *rows, int *columns);
/** Draw: begin, lines from the top (clipped to the size), end. Only then something is written. */
void screen_begin(void);
void screen_line(const char *text, bool reversed);
void screen_end(void);
/** The next key: a character, or enum screen_key. */
int screen_key(int timeout_ms);

#endif
