/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plugin for QEMU's TCG that gives the machine a last-level cache which counts by RMID and obeys
 * classes of service, as docs/cache-qos.md describes. It sees the loads and stores of all
 * instructions with their physical addresses. It does not see fetches of instructions, the
 * processor's own walks of page tables, and DMA; there is no smaller cache before this one.
 *
 * TCG ignores writes to MSRs that it does not know. The plugin looks at the registers whenever
 * WRMSR executes, and so learns each CPU's RMID and class, and the masks. WRMSR of a guest would be
 * seen before the hypervisor refuses it, so only that in a range of addresses counts, which is the
 * hypervisor's.
 *
 *   -plugin cache.so,page=FILE[,size=BYTES][,ways=N][,line=BYTES][,rmids=N][,coses=N][,unit=BYTES]
 *           [,from=ADDRESS][,to=ADDRESS]
 *
 * FILE is the memory of an ivshmem-plain device, of PSR_MODEL_BYTES (model.h).
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cache-model.h"
#include "qemu-api.h"

#define MAX_CPUS 256
#define MSR_PQR_ASSOC 0xc8f
#define PQR_RMID 0x3ff
#define MSR_L3_MASK 0xc90

int qemu_plugin_version = PLUGIN_API_VERSION;

static struct cache cache;
/* Of the instructions that count when they write an MSR. */
static uint64_t text_from = 0xffffffff80000000, text_to = 0xffffffff80ffffff;

/* What the CPUs' registers say. */
static uint32_t rmid_of[MAX_CPUS], cos_of[MAX_CPUS];

/* All CPUs are alike, so one set of handles serves all. */
static struct qemu_plugin_register *reg_rax, *reg_rcx, *reg_rdx;

/*
 * Which CPU runs. QEMU 10.0 gives callbacks the number of the CPU for which the code was
 * translated, unless each CPU has a thread of its own, and with -icount they share one. So the
 * emulator's own variable is asked, which is an exported symbol.
 */
static void *cpu_at[MAX_CPUS];
static void *(*get_cpu)(int index);
static __thread void **current_cpu;

static uint32_t running_cpu(void)
{
	static __thread uint32_t cpu;

	if (!current_cpu)
		current_cpu = dlsym(RTLD_DEFAULT, "current_cpu");
	while (cpu_at[cpu] != *current_cpu)
		cpu = (cpu + 1) % MAX_CPUS;
	return cpu;
}

static uint32_t read_low(struct qemu_plugin_register *reg)
{
	static GByteArray *bytes;
	uint32_t value = 0;

	if (!bytes)
		bytes = g_byte_array_new();
	g_byte_array_set_size(bytes, 0);
	if (qemu_plugin_read_register(reg, bytes) >= (int)sizeof(value))
		memcpy(&value, bytes->data, sizeof(value));
	return value;
}

static void on_wrmsr(unsigned int translated_for, void *arg)
{
	uint32_t msr = read_low(reg_rcx), cpu = running_cpu();

	(void)translated_for;
	(void)arg;
	if (msr == MSR_PQR_ASSOC) {
		rmid_of[cpu] = read_low(reg_rax) & PQR_RMID;
		cos_of[cpu] = read_low(reg_rdx);
	} else if (msr >= MSR_L3_MASK && msr < MSR_L3_MASK + CACHE_MAX_COSES) {
		cache_set_mask(&cache, msr - MSR_L3_MASK, read_low(reg_rax));
	}
}

static void on_access(unsigned int translated_for, qemu_plugin_meminfo_t info, uint64_t vaddr,
		      void *arg)
{
	struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, vaddr);
	uint32_t cpu = running_cpu();

	(void)translated_for;
	(void)arg;
	if (where && !qemu_plugin_hwaddr_is_io(where))
		cache_access(&cache, qemu_plugin_hwaddr_phys_addr(where),
			     1U << qemu_plugin_mem_size_shift(info),
			     qemu_plugin_mem_is_store(info), rmid_of[cpu], cos_of[cpu]);
}

static bool is_wrmsr(const struct qemu_plugin_insn *insn)
{
	static const uint8_t wrmsr[] = { 0x0f, 0x30 };
	uint64_t at = qemu_plugin_insn_vaddr(insn);
	uint8_t code[sizeof(wrmsr)];

	return at >= text_from && at <= text_to &&
	       qemu_plugin_insn_data(insn, code, sizeof(code)) == sizeof(code) &&
	       !memcmp(code, wrmsr, sizeof(code));
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (is_wrmsr(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_wrmsr,
							       QEMU_PLUGIN_CB_R_REGS, NULL);
		qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, NULL);
	}
}

static void on_cpu(qemu_plugin_id_t id, unsigned int cpu)
{
	const qemu_plugin_reg_descriptor *regs;
	GArray *all;

	(void)id;
	cpu_at[cpu] = get_cpu((int)cpu);
	if (reg_rax)
		return;
	all = qemu_plugin_get_registers();
	regs = (const qemu_plugin_reg_descriptor *)all->data;
	for (unsigned int i = 0; i < all->len; i++) {
		if (!strcmp(regs[i].name, "rax"))
			reg_rax = regs[i].handle;
		else if (!strcmp(regs[i].name, "rcx"))
			reg_rcx = regs[i].handle;
		else if (!strcmp(regs[i].name, "rdx"))
			reg_rdx = regs[i].handle;
	}
}

static struct psr_model *map_page(const char *path)
{
	int fd = open(path, O_RDWR);
	struct psr_model *page;

	if (fd < 0 || ftruncate(fd, PSR_MODEL_BYTES)) {
		perror(path);
		return NULL;
	}
	page = mmap(NULL, PSR_MODEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (page == MAP_FAILED) {
		perror(path);
		return NULL;
	}
	memset(page, 0, PSR_MODEL_BYTES);
	return page;
}

/* One NAME=VALUE; false: it is not one of ours, or not a number. */
static bool read_argument(const char *name, const char *value, struct psr_model *model)
{
	char *end;
	uint64_t n = strtoull(value, &end, 0);

	if (end == value || *end)
		return false;
	if (!strcmp(name, "size"))
		model->cache_bytes = n;
	else if (!strcmp(name, "ways"))
		model->ways = (u32)n;
	else if (!strcmp(name, "line"))
		model->line_bytes = (u32)n;
	else if (!strcmp(name, "rmids"))
		model->rmids = (u32)n;
	else if (!strcmp(name, "coses"))
		model->coses = (u32)n;
	else if (!strcmp(name, "unit"))
		model->unit_bytes = (u32)n;
	else if (!strcmp(name, "from"))
		text_from = n;
	else if (!strcmp(name, "to"))
		text_to = n;
	else
		return false;
	return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	struct psr_model wanted = { .magic = PSR_MODEL_MAGIC, .cache_bytes = 1 << 20,
				    .line_bytes = 64, .ways = 16, .rmids = 16, .coses = 8,
				    .unit_bytes = 2048 };
	struct psr_model *page = NULL;
	const char *path = NULL, *why;

	if (strcmp(info->target_name, "x86_64") || !info->system_emulation ||
	    info->system.max_vcpus > MAX_CPUS) {
		fprintf(stderr, "cache plugin: only for qemu-system-x86_64 with up to 256 CPUs\n");
		return -1;
	}
	get_cpu = dlsym(RTLD_DEFAULT, "qemu_get_cpu");
	if (!get_cpu || !dlsym(RTLD_DEFAULT, "current_cpu")) {
		fprintf(stderr, "cache plugin: this emulator does not export qemu_get_cpu and "
			"current_cpu\n");
		return -1;
	}
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (value)
			*value++ = '\0';
		if (value && !strcmp(argv[i], "page")) {
			path = value;
		} else if (!value || !read_argument(argv[i], value, &wanted)) {
			fprintf(stderr, "cache plugin: %s is not page, size, ways, line, rmids, "
				"coses, unit, from or to with a number\n", argv[i]);
			return -1;
		}
	}
	if (path)
		page = map_page(path);
	if (!page) {
		fprintf(stderr, "cache plugin: page=FILE is needed\n");
		return -1;
	}
	*page = wanted;
	why = cache_init(&cache, page);
	if (why) {
		fprintf(stderr, "cache plugin: %s\n", why);
		return -1;
	}
	qemu_plugin_register_vcpu_init_cb(id, on_cpu);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
