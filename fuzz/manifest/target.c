/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the reading of boot manifests: whatever the bytes, a description that is accepted keeps to
 * the limits, every complaint is one line, and affinities that were accepted can be read.
 */
#include <stdlib.h>
#include <string.h>

#include <xen/format.h>
#include <xen/manifest.h>

#define MAX_BYTES 65536

static u8 blob[MAX_BYTES] __aligned(8);
static struct manifest m;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void complain(void *ctx, const char *line)
{
	check(*line && strlen(line) < 256);
}

static void check_domain(const struct manifest_domain *d, const struct manifest_limits *lim)
{
	cpumask_t mask;

	check(d->name[0] && strnlen(d->name, sizeof(d->name)) < sizeof(d->name));
	check(strnlen(d->cmdline, sizeof(d->cmdline)) < sizeof(d->cmdline));
	check(d->kernel < lim->nr_modules && d->kernel != lim->self && d->kernel != d->ramdisk);
	check(d->ramdisk == MANIFEST_NO_MODULE || d->ramdisk < lim->nr_modules);
	check(d->memory_kib <= lim->total_kib && (d->memory_kib || d->is_hardware));
	check(d->vcpus <= MANIFEST_MAX_VCPUS && (d->vcpus || d->is_hardware));
	check(d->node == MANIFEST_NO_NODE || d->node < lim->nr_nodes);
	for (u32 v = 0; v < d->vcpus; v++) {
		check(!d->hard_entries || (manifest_affinity(&d->hard, d->hard_entries, v, &mask) &&
					   cpumask_intersects(&mask, lim->cpus)));
		check(!d->soft_entries || (manifest_affinity(&d->soft, d->soft_entries, v, &mask) &&
					   cpumask_intersects(&mask, lim->cpus)));
	}
}

static bool claim(u32 index, char *why, size_t size)
{
	check(index < 6 && index != 0);
	if (index & 1)
		return true;
	scnprintf(why, size, "they are another's");
	return false;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	cpumask_t cpus = { { 0xf } };
	struct manifest_limits lim = { .nr_modules = 6, .self = 0, .nr_nodes = 2,
				       .total_kib = 1 << 20, .cpus = &cpus,
				       .claim_devices = claim };
	struct fdt t;

	if (len > sizeof(blob))
		return 0;
	memcpy(blob, data, len);
	if (fdt_open(&t, blob, len))
		return 0;
	manifest_parse(&m, &t, &lim, complain, NULL);
	check(m.nr_domains <= MANIFEST_MAX_DOMAINS);
	check(!(m.named & ~0x3fUL));
	for (u32 i = 0; i < m.nr_domains; i++) {
		check_domain(&m.domain[i], &lim);
		check(!m.domain[i].is_hardware || i == 0);
	}
	return 0;
}
