/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of domains: the columns of xentop, their widths and orders. */
#include "top.h"

#include <public/sched.h>

#define NS_PER_S 1000000000U
#define NAME_WIDTH 10

struct column {
	const char *title;
	int width;
	void (*text)(const struct top_row *r, char *to, size_t bytes);
	double (*value)(const struct top_row *r);
};

#define TEXT(column, ...) \
static void column##_text(const struct top_row *r, char *to, size_t bytes) \
{ \
	snprintf(to, bytes, __VA_ARGS__); \
}
#define VALUE(column, expression) \
static double column##_value(const struct top_row *r) \
{ \
	return (double)(expression); \
}
/* A whole number. */
#define NUMBER(column, expression) \
TEXT(column, "%lu", (unsigned long)(expression)) \
VALUE(column, expression)

/* One letter each, in xentop's order. */
static void state_text(const struct top_row *r, char *to, size_t bytes)
{
	bool down = r->flags & XEN_DOMINF_shutdown;
	uint32_t code = r->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

	snprintf(to, bytes, "%c%c%c%c%c%c", r->flags & XEN_DOMINF_dying ? 'd' : '-',
		 down ? 's' : '-', r->flags & XEN_DOMINF_blocked ? 'b' : '-',
		 down && code == SHUTDOWN_crash ? 'c' : '-',
		 r->flags & XEN_DOMINF_paused ? 'p' : '-',
		 r->flags & XEN_DOMINF_running ? 'r' : '-');
}

VALUE(state, r->flags)
NUMBER(cpu_seconds, r->cpu_ns / NS_PER_S)
TEXT(cpu_percent, "%.1f", r->cpu_percent)
VALUE(cpu_percent, r->cpu_percent)
NUMBER(mem, r->mem_kib)
TEXT(mem_percent, "%.1f", r->mem_percent)
VALUE(mem_percent, r->mem_percent)

static void max_text(const struct top_row *r, char *to, size_t bytes)
{
	if (r->max_kib == UINT64_MAX)
		snprintf(to, bytes, "no limit");
	else
		snprintf(to, bytes, "%lu", r->max_kib);
}

static void max_percent_text(const struct top_row *r, char *to, size_t bytes)
{
	if (r->max_kib == UINT64_MAX)
		snprintf(to, bytes, "n/a");
	else
		snprintf(to, bytes, "%.1f", r->max_percent);
}

/* The sum of a number over a domain's interfaces or disks. */
#define SUM(name, array, nr, member) \
static uint64_t name##_of(const struct top_row *r) \
{ \
	uint64_t sum = 0; \
	for (uint32_t i = 0; i < r->nr; i++) \
		sum += r->array[i].member; \
	return sum; \
}
SUM(sent, net, nets, sent.bytes)
SUM(received, net, nets, received.bytes)
SUM(full, disk, disks, full)
SUM(reads, disk, disks, reads)
SUM(writes, disk, disks, writes)
SUM(read_sectors, disk, disks, read_sectors)
SUM(written_sectors, disk, disks, written_sectors)

VALUE(max, r->max_kib)
VALUE(max_percent, r->max_percent)
NUMBER(vcpus, r->vcpus)
NUMBER(nets, r->nets)
NUMBER(sent, sent_of(r) / 1024)
NUMBER(received, received_of(r) / 1024)
NUMBER(disks, r->disks)
NUMBER(full, full_of(r))
NUMBER(reads, reads_of(r))
NUMBER(writes, writes_of(r))
NUMBER(read_sectors, read_sectors_of(r))
NUMBER(written_sectors, written_sectors_of(r))

#define COLUMN(title, width, name) { title, width, name##_text, name##_value }
static const struct column columns[] = {
	{ "NAME", NAME_WIDTH, NULL, NULL },
	COLUMN("STATE", 6, state),
	COLUMN("CPU(sec)", 10, cpu_seconds),
	COLUMN("CPU(%)", 6, cpu_percent),
	COLUMN("MEM(k)", 10, mem),
	COLUMN("MEM(%)", 6, mem_percent),
	COLUMN("MAXMEM(k)", 10, max),
	COLUMN("MAXMEM(%)", 9, max_percent),
	COLUMN("VCPUS", 5, vcpus),
	COLUMN("NETS", 4, nets),
	COLUMN("NETTX(k)", 8, sent),
	COLUMN("NETRX(k)", 8, received),
	COLUMN("VBDS", 4, disks),
	COLUMN("VBD_OO", 8, full),
	COLUMN("VBD_RD", 8, reads),
	COLUMN("VBD_WR", 8, writes),
	COLUMN("VBD_RSECT", 10, read_sectors),
	COLUMN("VBD_WSECT", 10, written_sectors),
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

unsigned int top_columns(void)
{
	return COLUMNS;
}

const char *top_title(int column)
{
	return column < 0 ? "ID" : columns[column].title;
}

void top_line(const struct top_row *row, unsigned int from, bool full, char *text, size_t bytes)
{
	const char *name = row ? row->name : columns[0].title;
	size_t used = (size_t)snprintf(text, bytes, full ? "%*s" : "%*.10s", NAME_WIDTH, name);

	for (size_t i = from > 1 ? from : 1; i < COLUMNS && used < bytes; i++) {
		const struct column *c = &columns[i];
		char cell[32];

		if (row)
			c->text(row, cell, sizeof(cell));
		used += (size_t)snprintf(text + used, bytes - used, " %*s", c->width,
					 row ? cell : c->title);
	}
}

struct order {
	int column;
	bool reverse;
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct top_row *x = a, *y = b;
	const struct order *o = arg;
	int by_domid = (x->domid > y->domid) - (x->domid < y->domid), c;

	if (o->column < 0) {
		c = by_domid;
	} else if (!columns[o->column].value) {
		c = strcmp(x->name, y->name);
	} else {
		double p = columns[o->column].value(x), q = columns[o->column].value(y);

		c = (p < q) - (p > q);
	}
	if (o->reverse)
		c = -c;
	return c ? c : by_domid;
}

void top_sort(struct top_sample *s, int column, bool reverse)
{
	struct order o = { column, reverse };

	qsort_r(s->row, s->n, sizeof(*s->row), compare, &o);
}
