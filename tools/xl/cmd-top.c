/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl top: what domains use, as a screen that is drawn again and again, or as one table after the
 * other. */
#include <assert.h>
#include <getopt.h>
#include <time.h>
#include <unistd.h>

#include "screen.h"
#include "top.h"

#define LINE_BYTES 1024
#define HEAD_ROWS 4		/* three lines above the table, and its head */
#define MAX_SECONDS 3600

struct top {
	struct xl *xl;
	struct top_sample old, now;
	unsigned long seconds, rounds;	/* rounds 0: without end */
	unsigned int views;		/* TOP_*: lines below each domain's row */
	bool batch, full, reverse;
	int sort;			/* a column; below 0: the domain's number */
	unsigned int first_row, first_column;
};

static void take_sample(struct top *t)
{
	struct top_sample fresh;

	top_sample(t->xl, t->views, &t->now, &fresh);
	top_sample_free(&t->old);
	t->old = t->now;
	t->now = fresh;
}

static void print_table(const struct top *t)
{
	char line[LINE_BYTES];

	top_line(NULL, 0, t->full, line, sizeof(line));
	puts(line);
	for (unsigned int i = 0; i < t->now.n; i++) {
		const struct top_row *r = &t->now.row[i];

		top_line(r, 0, t->full, line, sizeof(line));
		puts(line);
		for (unsigned int k = 0; k < top_details(r, t->views); k++) {
			top_detail(r, t->views, k, line, sizeof(line));
			puts(line);
		}
	}
	fflush(stdout);
}

static unsigned int with_flag(const struct top_sample *s, uint32_t flag)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->n; i++)
		n += (s->row[i].flags & flag) != 0;
	return n;
}

static void draw_summary(const struct top *t)
{
	const struct top_sample *s = &t->now;
	char line[LINE_BYTES], clock[16];
	time_t now = time(NULL);

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	snprintf(line, sizeof(line), "xl top  %s  every %lu s, sorted by %s%s", clock, t->seconds,
		 top_title(t->sort), t->reverse ? " (reversed)" : "");
	screen_line(line, false);
	snprintf(line, sizeof(line), "%u domains: %u running, %u blocked, %u paused, %u shut down, "
		 "%u dying", s->n, with_flag(s, XEN_DOMINF_running),
		 with_flag(s, XEN_DOMINF_blocked), with_flag(s, XEN_DOMINF_paused),
		 with_flag(s, XEN_DOMINF_shutdown), with_flag(s, XEN_DOMINF_dying));
	screen_line(line, false);
	snprintf(line, sizeof(line), "Mem: %luk total, %luk used, %luk free    CPUs: %u @ %uMHz",
		 s->total_kib, s->total_kib - s->free_kib, s->free_kib, s->cpus, s->mhz);
	screen_line(line, false);
}

/* Rows of the table that there is room for, beside its head and the line of keys. */
static unsigned int room(void)
{
	int rows, columns;

	screen_size(&rows, &columns);
	return rows > HEAD_ROWS + 1 ? (unsigned int)rows - HEAD_ROWS - 1 : 1;
}

/* Lines below the head: a row for each domain, and the details of each below it. */
static unsigned int lines(const struct top *t)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < t->now.n; i++)
		n += 1 + top_details(&t->now.row[i], t->views);
	return n;
}

/* Draw @n of those lines, from @first on. */
static void draw_lines(const struct top *t, unsigned int first, unsigned int n)
{
	unsigned int at = 0;
	char line[LINE_BYTES];

	for (unsigned int i = 0; i < t->now.n && at < first + n; i++) {
		const struct top_row *r = &t->now.row[i];

		if (at++ >= first) {
			top_line(r, t->first_column, t->full, line, sizeof(line));
			screen_line(line, false);
		}
		for (unsigned int k = 0; k < top_details(r, t->views) && at < first + n; k++) {
			if (at++ < first)
				continue;
			top_detail(r, t->views, k, line, sizeof(line));
			screen_line(line, false);
		}
	}
	assert(at <= first + n);
	for (; at < first + n; at++)
		screen_line("", false);
}

static void draw(struct top *t)
{
	unsigned int rows = room(), n = lines(t), last = n > rows ? n - rows : 0;
	char line[LINE_BYTES];

	if (t->first_row > last)
		t->first_row = last;
	screen_begin();
	draw_summary(t);
	top_line(NULL, t->first_column, t->full, line, sizeof(line));
	screen_line(line, true);
	draw_lines(t, t->first_row, rows);
	screen_line(" Q quit  S sort  R reverse  F names  V vCPUs  N nets  B disks  +- delay  "
		    "arrows", true);
	screen_end();
}

static void change_delay(struct top *t, bool longer)
{
	if (longer && t->seconds < MAX_SECONDS)
		t->seconds++;
	else if (!longer && t->seconds > 1)
		t->seconds--;
}

/* Scrolling moves by one; a page is what there is room for. */
static void scroll(struct top *t, int key)
{
	unsigned int page = room();

	if (key == SCREEN_UP && t->first_row)
		t->first_row--;
	else if (key == SCREEN_DOWN)
		t->first_row++;
	else if (key == SCREEN_PAGE_UP)
		t->first_row -= t->first_row > page ? page : t->first_row;
	else if (key == SCREEN_PAGE_DOWN)
		t->first_row += page;
	else if (key == SCREEN_HOME)
		t->first_row = t->first_column = 0;
	else if (key == SCREEN_LEFT && t->first_column > 1)
		t->first_column--;
	else if (key == SCREEN_RIGHT && t->first_column + 1 < top_columns())
		t->first_column += t->first_column ? 1 : 2;
}

/* The vCPUs are asked for anew; the rest is in each sample. */
static void toggle(struct top *t, unsigned int view)
{
	t->views ^= view;
	if (t->views & view & TOP_VCPUS)
		take_sample(t);
}

/* False: that was the end. */
static bool act(struct top *t, int key)
{
	switch (key) {
	case SCREEN_END:
	case '\033':
	case 'q':
	case 'Q':
		return false;
	case 's':
	case 'S':
		t->sort = t->sort + 1 < (int)top_columns() ? t->sort + 1 : -1;
		break;
	case 'r':
	case 'R':
		t->reverse = !t->reverse;
		break;
	case 'f':
	case 'F':
		t->full = !t->full;
		break;
	case 'v':
	case 'V':
		toggle(t, TOP_VCPUS);
		break;
	case 'n':
	case 'N':
		toggle(t, TOP_NETS);
		break;
	case 'b':
	case 'B':
		toggle(t, TOP_DISKS);
		break;
	case '+':
	case '-':
		change_delay(t, key == '+');
		break;
	default:
		scroll(t, key);
	}
	return true;
}

/* Until the next sample is due, keys are answered at once. False: that was the end. */
static bool wait_on_screen(struct top *t)
{
	uint64_t now;

	while ((now = lx_now()) - t->now.at < t->seconds * 1000000000U) {
		uint64_t left = t->seconds * 1000000000U - (now - t->now.at);

		if (!act(t, screen_key((int)(left / 1000000) + 1)))
			return false;
		top_sort(&t->now, t->sort, t->reverse);
		draw(t);
	}
	return true;
}

static void loop(struct top *t)
{
	for (unsigned long i = 1;; i++) {
		take_sample(t);
		top_sort(&t->now, t->sort, t->reverse);
		if (t->batch)
			print_table(t);
		else
			draw(t);
		if (i == t->rounds)
			return;
		if (t->batch)
			sleep((unsigned int)t->seconds);
		else if (!wait_on_screen(t))
			return;
	}
}

static bool number(const char *what, const char *text, unsigned long min, unsigned long *n)
{
	char *end;

	*n = strtoul(text, &end, 10);
	if (end != text && !*end && *text != '-' && *n >= min && *n <= MAX_SECONDS * 1000UL)
		return true;
	fprintf(stderr, "xl top: %s is a number from %lu on, not \"%s\"\n", what, min, text);
	return false;
}

static int main_top(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "batch", 0, NULL, 'b' }, { "delay", 1, NULL, 'd' }, { "full-name", 0, NULL, 'f' },
		{ "iterations", 1, NULL, 'i' }, { "vcpus", 0, NULL, 'v' },
		{ "networks", 0, NULL, 'n' }, { "vbds", 0, NULL, 'x' }, { "help", 0, NULL, 'h' },
		{ 0 },
	};
	struct top t = { .xl = xl, .seconds = 3, .sort = -1 };
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "hbfd:i:vnx", lopts, 0)) != XL_OPT_DONE) {
		if (opt == 'b')
			t.batch = true;
		else if (opt == 'f')
			t.full = true;
		else if (opt == 'v')
			t.views |= TOP_VCPUS;
		else if (opt == 'n')
			t.views |= TOP_NETS;
		else if (opt == 'x')
			t.views |= TOP_DISKS;
		else if (opt != 'd' && opt != 'i')
			return XL_OPT_STATUS(opt);
		else if (!number(opt == 'd' ? "the delay" : "the count", optarg, 1,
				 opt == 'd' ? &t.seconds : &t.rounds))
			return 1;
	}
	xl_lx(xl);
	if (!t.batch && !screen_open())
		t.batch = true;
	loop(&t);
	screen_close();
	top_sample_free(&t.old);
	top_sample_free(&t.now);
	return 0;
}

const struct xl_command xl_top_commands[] = {
	{ "top", main_top, false, false, "Monitor a host and the domains in real time", "[options]",
	  "-b, --batch             One table after another, no screen control\n"
	  "-d, --delay SECONDS     Time between samples (3)\n"
	  "-f, --full-name         Names of any length, instead of ten characters\n"
	  "-i, --iterations COUNT  End after so many samples\n"
	  "-v, --vcpus             Each vCPU of each domain as well\n"
	  "-n, --networks          Each interface\n"
	  "-x, --vbds              Each disk" },
	{ 0 },
};
