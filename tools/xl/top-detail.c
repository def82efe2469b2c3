/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What single vCPUs, interfaces and disks of a domain use: lines below its row, as in xentop. */
#include <assert.h>

#include "top.h"

#define NS_PER_S 1000000000U
#define VCPUS_A_LINE 5

static unsigned int vcpu_lines(const struct top_row *r, unsigned int views)
{
	return views & TOP_VCPUS ? (r->nr_vcpu_ns + VCPUS_A_LINE - 1) / VCPUS_A_LINE : 0;
}

static unsigned int net_lines(const struct top_row *r, unsigned int views)
{
	return views & TOP_NETS ? r->nets : 0;
}

static unsigned int disk_lines(const struct top_row *r, unsigned int views)
{
	return views & TOP_DISKS ? r->disks : 0;
}

unsigned int top_details(const struct top_row *r, unsigned int views)
{
	return vcpu_lines(r, views) + net_lines(r, views) + disk_lines(r, views);
}

static void vcpus(const struct top_row *r, unsigned int line, char *text, size_t bytes)
{
	size_t used = (size_t)snprintf(text, bytes, line ? "            " : "VCPUs(sec): ");
	unsigned int first = line * VCPUS_A_LINE;

	for (unsigned int i = first; i < r->nr_vcpu_ns && i < first + VCPUS_A_LINE; i++) {
		if (used >= bytes)
			return;
		used += (size_t)snprintf(text + used, bytes - used, " %3u:%10lus",
					 r->vcpu_ns[i].vcpu, r->vcpu_ns[i].ns / NS_PER_S);
	}
}

/* @name: as the guest sees it, R for what it receives. */
static int flow(const char *name, const struct top_flow *f, char *text, size_t bytes)
{
	return snprintf(text, bytes, "%s: %8lubytes %8lupkts %8luerr %8ludrop", name, f->bytes,
			f->packets, f->errors, f->dropped);
}

static void net(const struct top_net *n, char *text, size_t bytes)
{
	size_t used = (size_t)snprintf(text, bytes, "Net%u ", n->device);

	used += (size_t)flow("RX", &n->received, text + used, bytes - used);
	used += (size_t)snprintf(text + used, bytes - used, "  ");
	flow("TX", &n->sent, text + used, bytes - used);
}

static void disk(const struct top_disk *d, char *text, size_t bytes)
{
	snprintf(text, bytes, "VBD BlkBack %4u [%2x:%2x]  OO: %8lu   RD: %8lu   WR: %8lu  "
		 "RSECT: %10lu  WSECT: %10lu", d->device, d->device >> 8 & 0xff, d->device & 0xff,
		 d->full, d->reads, d->writes, d->read_sectors, d->written_sectors);
}

void top_detail(const struct top_row *r, unsigned int views, unsigned int i, char *text,
		size_t bytes)
{
	unsigned int n = vcpu_lines(r, views);

	assert(i < top_details(r, views) && bytes >= TOP_DETAIL_BYTES);
	if (i < n) {
		vcpus(r, i, text, bytes);
		return;
	}
	i -= n;
	n = net_lines(r, views);
	if (i < n)
		net(&r->net[i], text, bytes);
	else
		disk(&r->disk[i - n], text, bytes);
}
