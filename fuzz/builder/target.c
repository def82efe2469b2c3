/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels for the domain builder, or loaders of HVM guests: whatever the file holds, the answer is
 * an error, or a plan whose pieces lie inside the guest's memory and apart from each other. Then
 * the plan is carried out by a hypervisor that may fail. The first bytes of the input choose the
 * kind of guest, its size, the ramdisk's or the firmware's, and how the hypervisor answers.
 */
#include <stdlib.h>
#include <string.h>

#include "hypervisor.h"

/* Larger guests are planned only: making them takes long. */
#define MAX_STEPS 300

#define EXTRA_HVM 0x8000
#define EXTRA_PAGES 0x3f

struct shape {
	uint16_t ram_mib;
	uint16_t extra;		/* EXTRA_HVM, EXTRA_PAGES of ramdisk or firmware, the hole's size */
	uint8_t vcpus;
	struct answers answers;
};

static void check_piece(const struct bld_plan *p, const struct bld_piece *q)
{
	uint64_t n = q->bytes + q->zeros;
	bool inside = false;
	volatile uint8_t sink;

	if (n < q->bytes)
		abort();
	for (uint32_t r = 0; r < p->nr_regions; r++) {
		const struct bld_region *g = &p->region[r];

		inside |= q->at.v >= g->start.v && n <= g->bytes &&
			  q->at.v - g->start.v <= g->bytes - n;
	}
	if (!inside)
		abort();
	for (const struct bld_piece *o = p->piece; o < q; o++)
		if (q->at.v < o->at.v + o->bytes + o->zeros && o->at.v < q->at.v + n && n)
			abort();
	/* The sanitizer sees to it that the data is there. */
	for (uint64_t i = 0; i < q->bytes; i += 512)
		sink = q->data[i];
	if (q->bytes)
		sink = q->data[q->bytes - 1];
	(void)sink;
}

/* All steps of @step: 0 done, -errno. */
static int carry_out(struct bld_job *job, int (*step)(struct bld_job *job))
{
	int rc = 1;

	for (uint32_t i = 0; rc > 0 && i < MAX_STEPS; i++)
		rc = step(job);
	return rc > 0 ? -1 : rc;
}

static void build(const struct bld_plan *plan, const struct shape *s)
{
	struct bld_job job;
	int rc;

	hypervisor_start(plan, s->answers);
	bld_job_init(&job, NULL, 1, plan);
	rc = carry_out(&job, bld_populate);
	if (!rc)
		rc = carry_out(&job, bld_write);
	if (!rc)
		rc = bld_finish(&job, s->vcpus);
	if (!rc)
		hypervisor_check_end(s->vcpus);
}

static void check_and_build(struct bld_plan *p, const struct shape *s)
{
	for (uint32_t i = 0; i < p->nr_pieces; i++)
		check_piece(p, &p->piece[i]);
	build(p, s);
	bld_plan_free(p);
}

static void try_kernel(const struct shape *s, const uint8_t *file, size_t bytes,
		       const uint8_t *ramdisk)
{
	struct bld_error err;
	struct bld_kernel k;
	struct bld_plan p;

	if (bld_kernel_open(&k, file, bytes, &err))
		return;
	struct bld_config c = { .kernel = &k, .ramdisk = ramdisk, .vcpus = s->vcpus,
				.ramdisk_bytes = (s->extra & EXTRA_PAGES) * 4096UL,
				.cmdline = "console=hvc0",
				.ram_bytes = (uint64_t)s->ram_mib << 20 };
	if (!bld_plan_make(&p, &c, &err))
		check_and_build(&p, s);
	bld_kernel_close(&k);
}

/* The hole has 8 to 4088 MiB, of which some sizes are refused. */
static void try_loader(const struct shape *s, const uint8_t *file, size_t bytes,
		       const uint8_t *firmware)
{
	struct bld_error err;
	struct bld_kernel k;
	struct bld_plan p;

	if (bld_loader_open(&k, file, bytes, &err))
		return;
	struct bld_hvm_config c = { .loader = &k, .firmware = firmware, .vcpus = s->vcpus,
				    .firmware_bytes = (s->extra & EXTRA_PAGES) * 4096UL,
				    .hole_bytes = (uint64_t)(s->extra >> 6 & 0x1ff) << 23,
				    .online = { s->vcpus }, .apic = s->vcpus & 1,
				    .ram_bytes = (uint64_t)s->ram_mib << 20 };
	if (!bld_plan_make_hvm(&p, &c, &err))
		check_and_build(&p, s);
	bld_kernel_close(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shape s;
	uint8_t *extra;

	if (size < sizeof(s))
		return 0;
	memcpy(&s, data, sizeof(s));
	extra = calloc(s.extra & EXTRA_PAGES, 4096);
	if (s.extra & EXTRA_HVM)
		try_loader(&s, data + sizeof(s), size - sizeof(s), extra);
	else
		try_kernel(&s, data + sizeof(s), size - sizeof(s), extra);
	free(extra);
	return 0;
}
