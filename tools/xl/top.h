/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What domains use: gathered (top-sample.c), as a table (top-table.c), in detail (top-detail.c). */
#ifndef TOOLS_XL_TOP_H
#define TOOLS_XL_TOP_H

#include "xl.h"

#define TOP_NAME_BYTES 64

/** Lines below a domain's row. */
#define TOP_VCPUS 1U
#define TOP_NETS 2U
#define TOP_DISKS 4U
#define TOP_DETAIL_BYTES 256

struct top_vcpu {
	uint32_t vcpu;
	uint64_t ns;				/* that it has run */
};

/** One direction of an interface. */
struct top_flow {
	uint64_t bytes, packets, errors, dropped;
};

struct top_net {
	uint32_t device;
	struct top_flow sent, received;		/* as the guest sees it */
};

struct top_disk {
	uint32_t device;
	uint64_t full, reads, writes;		/* requests; times a ring was full */
	uint64_t read_sectors, written_sectors;
};

/** One domain at one moment. */
struct top_row {
	char name[TOP_NAME_BYTES];
	uint32_t domid;
	uint8_t handle[16];
	uint32_t flags;				/* XEN_DOMINF_* */
	uint64_t cpu_ns;
	double cpu_percent;			/* of one CPU, since the sample before */
	uint64_t mem_kib, max_kib;		/* max_kib UINT64_MAX: no limit */
	double mem_percent, max_percent;	/* of the machine's memory */
	uint32_t vcpus;
	uint32_t nets, disks;			/* of net and disk, in the order of their numbers */
	struct top_net *net;
	struct top_disk *disk;
	struct top_vcpu *vcpu_ns;		/* those online; only with TOP_VCPUS */
	uint32_t nr_vcpu_ns;
};

struct top_sample {
	uint64_t at;				/* ns */
	struct top_row *row;
	unsigned int n;
	uint64_t total_kib, free_kib;
	uint32_t cpus, mhz;
};

/** All domains now, by number; their percentage of a CPU is that since @before (may be empty).
 *  @views: TOP_VCPUS asks for each vCPU, which costs a hypercall each. What there is no memory for
 *  is left out. */
void top_sample(struct xl *xl, unsigned int views, const struct top_sample *before,
		struct top_sample *now);
void top_sample_free(struct top_sample *s);

/** Columns of the table; the first is the name. */
unsigned int top_columns(void);
/** Sort rows by a column, the largest (of names: the first) on top, or the other way round; @column
 *  below 0: by the domain's number. */
void top_sort(struct top_sample *s, int column, bool reverse);
/** The head of the table, or (@row not NULL) a line of it: the name, and the columns from @from on.
 *  @full: names are not cut to ten characters. */
void top_line(const struct top_row *row, unsigned int from, bool full, char *text, size_t bytes);
/** The title of a column. */
const char *top_title(int column);
/** How many lines a domain has below its row, of those kinds (TOP_*). */
unsigned int top_details(const struct top_row *r, unsigned int views);
/** One of them; @bytes is TOP_DETAIL_BYTES or more. */
void top_detail(const struct top_row *r, unsigned int views, unsigned int i, char *text,
		size_t bytes);

#endif
