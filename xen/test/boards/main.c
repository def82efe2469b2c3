/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read device trees as the hypervisor does, and print what it has found: for each file its parts,
 * one a line, in hexadecimal. A tree that is refused costs a line "refused: " and the reason.
 */
#include <stdio.h>
#include <stdlib.h>

#include <xen/dt_iommu.h>
#include <xen/dt_machine.h>

#define TREE_MAX (2U << 20)

static void print_ranges(const char *name, const struct dt_range *r, u32 nr)
{
	printf("%s:", name);
	for (u32 i = 0; i < nr; i++)
		printf(" %lx+%lx", (unsigned long)r[i].start, (unsigned long)r[i].size);
	printf("\n");
}

static void print_machine(const struct dt_machine *m)
{
	static const char *const kinds[] = { "none", "pl011", "ns16550", "other" };
	const struct dt_uart *u = &m->uart;
	u32 by_psci = 0;

	printf("model: %s\n", m->model ? m->model : "none");
	print_ranges("memory", m->bank, m->nr_banks);
	for (u32 i = 0; i < m->nr_cpus; i++)
		by_psci += m->cpu_psci[i];
	printf("cpus: %u, last %lx, %u by PSCI\n", m->nr_cpus,
	       m->nr_cpus ? (unsigned long)m->cpu_mpidr[m->nr_cpus - 1] : 0, by_psci);
	printf("gic: %u, %u redistributor regions, stride %lx\n", m->gic_version,
	       m->gic_redist_regions, (unsigned long)m->gic_redist_stride);
	print_ranges("gic-registers", m->gic, m->nr_gic);
	printf("timer: %u %u %u %u, %u Hz\n", m->timer_ppi[0], m->timer_ppi[1], m->timer_ppi[2],
	       m->timer_ppi[3], m->timer_hz);
	printf("psci: %u.%u %s\n", m->psci_version >> 16, m->psci_version & 0xffff,
	       !m->has_psci ? "none" : m->psci_uses_hvc ? "hvc" : "smc");
	printf("uart: %s %lx+%lx, interrupt %u, shift %u, width %u\n", kinds[u->kind],
	       (unsigned long)u->regs.start, (unsigned long)u->regs.size, u->irq, u->reg_shift,
	       u->reg_width);
}

/* A line for each SMMU that is enabled, with its streams as number/mask; else why there is none. */
static void print_smmus(const struct fdt *tree)
{
	static struct acpi_iommus m;
	const char *why = dt_find_iommus(tree, &m);

	if (why)
		printf("smmu: none, %s\n", why);
	for (u32 i = 0; !why && i < m.nr_units; i++) {
		const struct acpi_iommu_unit *u = &m.unit[i];

		printf("smmu: version %u, %lx+%lx%s, interrupts", u->version,
		       (unsigned long)u->base.v, (unsigned long)u->size,
		       u->coherent ? ", coherent" : "");
		for (u32 j = 0; j < IOMMU_MAX_IRQS && u->irq[j]; j++)
			printf(" %u", u->irq[j]);
		printf(", streams");
		for (u32 j = 0; j < m.nr_streams; j++)
			if (m.streams[j].unit == i)
				printf(" %x/%x", m.streams[j].stream, m.streams[j].mask);
		printf("\n");
	}
}

/* The blob has exactly as many bytes as the file, so that a sanitizer sees reads beyond it. */
static void read_tree(const char *path)
{
	static struct dt_machine m;
	FILE *file = fopen(path, "rb");
	u8 *blob = malloc(TREE_MAX);
	const char *error;
	enum fdt_error e;
	struct fdt tree;
	size_t len;

	if (!file || !blob) {
		perror(path);
		exit(2);
	}
	len = fread(blob, 1, TREE_MAX, file);
	fclose(file);
	blob = realloc(blob, len ? len : 1);
	e = fdt_open(&tree, blob, len);
	if (e != FDT_OK) {
		printf("refused: %s\n", fdt_error_text(e));
	} else {
		error = dt_machine_parse(&tree, &m);
		print_machine(&m);
		print_smmus(&tree);
		if (error)
			printf("refused: %s\n", error);
	}
	free(blob);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		read_tree(argv[i]);
	return 0;
}
