/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl mem-set, mem-max. */
#include <getopt.h>

#include "xl.h"

static int memory(struct xl *xl, int argc, char **argv,
		  int (*set)(struct lx *lx, uint32_t domid, uint64_t kib))
{
	uint32_t domid;
	uint64_t kib;
	int status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	domid = xl_domain(xl, argv[optind]);
	if (!xl_parse_memory(argv[optind + 1], 1UL << 20, &kib)) {
		fprintf(stderr, "invalid memory size: %s\n", argv[optind + 1]);
		return 1;
	}
	return set(&xl->lx, domid, kib) ? 1 : 0;
}

static int main_mem_set(struct xl *xl, int argc, char **argv)
{
	return memory(xl, argc, argv, lx_set_memory_target);
}

static int main_mem_max(struct xl *xl, int argc, char **argv)
{
	return memory(xl, argc, argv, lx_set_max_memory);
}

#define SIZE "<Domain> <MemMB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]|'t'[TB]]>"

const struct xl_command xl_memory_commands[] = {
	{ "mem-max", main_mem_max, false, true,
	  "Set the maximum amount reservation for a domain", SIZE, NULL },
	{ "mem-set", main_mem_set, false, true, "Set the current memory usage for a domain", SIZE,
	  NULL },
	{ 0 },
};
