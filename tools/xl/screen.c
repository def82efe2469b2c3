/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal as a screen; see screen.h. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "screen.h"

#define ESCAPE_MS 50	/* within which the rest of a key's sequence comes */
#define DEFAULT_ROWS 24
#define DEFAULT_COLUMNS 80

static struct termios before;
static sigset_t waiting;	/* the mask while a key is waited for */
static bool is_open;
static volatile sig_atomic_t ended;
static int row;

static void on_end(int number)
{
	ended = 1;
}

/* It only has to interrupt the wait for a key. */
static void on_resize(int number)
{
}

bool screen_open(void)
{
	struct sigaction end = { .sa_handler = on_end }, resize = { .sa_handler = on_resize };
	struct termios raw;
	sigset_t block;

	if (!isatty(0) || !isatty(1) || tcgetattr(0, &before))
		return false;
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &end, NULL);
	sigaction(SIGWINCH, &resize, NULL);
	/* They come only while a key is waited for, so none is missed just before. */
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGHUP);
	sigaddset(&block, SIGWINCH);
	sigprocmask(SIG_BLOCK, &block, &waiting);
	tcsetattr(0, TCSADRAIN, &raw);
	/* Another screen than the shell's, without a cursor. */
	fputs("\033[?1049h\033[?25l", stdout);
	is_open = true;
	return true;
}

void screen_close(void)
{
	if (!is_open)
		return;
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	tcsetattr(0, TCSADRAIN, &before);
	sigprocmask(SIG_SETMASK, &waiting, NULL);
	is_open = false;
}

void screen_size(int *rows, int *columns)
{
	struct winsize size = { 0 };

	ioctl(1, TIOCGWINSZ, &size);
	*rows = size.ws_row ? size.ws_row : DEFAULT_ROWS;
	*columns = size.ws_col ? size.ws_col : DEFAULT_COLUMNS;
}

void screen_begin(void)
{
	row = 0;
	fputs("\033[H", stdout);
}

void screen_line(const char *text, bool reversed)
{
	int rows, columns;

	screen_size(&rows, &columns);
	if (row >= rows)
		return;
	/* The last column stays free: some terminals would wrap there. */
	printf("%s%s%.*s%s\033[K", row ? "\r\n" : "", reversed ? "\033[7m" : "", columns - 1, text,
	       reversed ? "\033[m" : "");
	row++;
}

void screen_end(void)
{
	fputs("\033[J", stdout);
	fflush(stdout);
}

/* The bytes behind an escape that came at once with it, such as "[A". */
static int sequence(void)
{
	static const struct {
		const char *bytes;
		int key;
	} keys[] = {
		{ "[A", SCREEN_UP }, { "[B", SCREEN_DOWN }, { "[C", SCREEN_RIGHT },
		{ "[D", SCREEN_LEFT }, { "OA", SCREEN_UP }, { "OB", SCREEN_DOWN },
		{ "OC", SCREEN_RIGHT }, { "OD", SCREEN_LEFT }, { "[5~", SCREEN_PAGE_UP },
		{ "[6~", SCREEN_PAGE_DOWN }, { "[H", SCREEN_HOME }, { "[1~", SCREEN_HOME },
	};
	struct pollfd in = { .fd = 0, .events = POLLIN };
	char bytes[8] = "";
	size_t n = 0;

	while (n < sizeof(bytes) - 1 && poll(&in, 1, ESCAPE_MS) == 1 &&
	       read(0, bytes + n, 1) == 1) {
		n++;
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (!strcmp(bytes, keys[i].bytes))
				return keys[i].key;
	}
	return n ? SCREEN_OTHER : '\033';
}

int screen_key(int timeout_ms)
{
	struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	struct pollfd in = { .fd = 0, .events = POLLIN };
	char c;

	if (ppoll(&in, 1, &timeout, &waiting) != 1)
		return ended ? SCREEN_END : SCREEN_TIMEOUT;
	if (read(0, &c, 1) != 1)
		return SCREEN_END;
	return c == '\033' ? sequence() : (unsigned char)c;
}
