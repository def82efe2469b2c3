/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl info, dmesg, debug-keys. */
#include <getopt.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <sys/utsname.h>

#include "light/pool.h"
#include "light/sched.h"
#include "xl.h"

#define LOG_BYTES (1U << 20)
#define PAGES_PER_MIB 256
#define MAX_NODES 64

/* Where `xl info --json` gathers what is otherwise printed. */
static struct json_object *gathered;

static void line(const char *name, const char *value)
{
	if (gathered)
		json_object_object_add(gathered, name, json_object_new_string(value));
	else
		printf("%-23s: %s\n", name, value);
}

static void number(const char *name, unsigned long value)
{
	if (gathered)
		json_object_object_add(gathered, name, json_object_new_uint64(value));
	else
		printf("%-23s: %lu\n", name, value);
}

static void format(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void format(const char *name, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	line(name, text);
}

static void print_virt_caps(uint32_t c)
{
	static const struct {
		uint32_t need;
		const char *name;
	} caps[] = {
		{ XEN_SYSCTL_PHYSCAP_pv, "pv" }, { XEN_SYSCTL_PHYSCAP_hvm, "hvm" },
		{ XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_directio, "hvm_directio" },
		{ XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_directio, "pv_directio" },
		{ XEN_SYSCTL_PHYSCAP_hap, "hap" }, { XEN_SYSCTL_PHYSCAP_shadow, "shadow" },
		{ XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share, "iommu_hap_pt_share" },
		{ XEN_SYSCTL_PHYSCAP_vmtrace, "vmtrace" }, { XEN_SYSCTL_PHYSCAP_vpmu, "vpmu" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2" },
	};
	char text[256] = "";

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if ((c & caps[i].need) == caps[i].need)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				 *text ? " " : "", caps[i].name);
	line("virt_caps", text);
}

static void print_machine(const struct xen_sysctl_physinfo *p, unsigned long free_cpus)
{
	struct utsname u;

	if (!uname(&u)) {
		line("host", u.nodename);
		line("release", u.release);
		line("version", u.version);
		line("machine", u.machine);
	}
	number("nr_cpus", p->nr_cpus);
	number("max_cpu_id", p->max_cpu_id);
	number("nr_nodes", p->nr_nodes);
	number("cores_per_socket", p->cores_per_socket);
	number("threads_per_core", p->threads_per_core);
	format("cpu_mhz", "%u.%03u", p->cpu_khz / 1000, p->cpu_khz % 1000);
	format("hw_caps", "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x", p->hw_cap[0], p->hw_cap[1],
	       p->hw_cap[2], p->hw_cap[3], p->hw_cap[4], p->hw_cap[5], p->hw_cap[6], p->hw_cap[7]);
	print_virt_caps(p->capabilities);
	number("total_memory", p->total_pages / PAGES_PER_MIB);
	number("free_memory", (p->free_pages - p->outstanding_pages) / PAGES_PER_MIB);
	number("sharing_freed_memory", 0);
	number("sharing_used_memory", 0);
	number("outstanding_claims", p->outstanding_pages / PAGES_PER_MIB);
	number("free_cpus", free_cpus);
}

static void print_cpus(struct xl *xl)
{
	struct xen_sysctl_cputopo topo[LX_MAX_CPUS];
	int n = ctl_cpu_topology(xl->lx.ctl, topo, LX_MAX_CPUS);

	printf("cpu_topology           :\ncpu:    core    socket     node\n");
	for (int i = 0; i < n; i++)
		if (topo[i].core != XEN_INVALID_CORE_ID)
			printf("%3d:    %4u     %4u     %4u\n", i, topo[i].core, topo[i].socket,
			       topo[i].node);
	printf("device topology        :\ndevice           node\n"
	       "No device topology data available\n");
}

static void print_nodes(struct xl *xl)
{
	struct xen_sysctl_meminfo *mem = calloc(MAX_NODES, sizeof(*mem));
	uint32_t *distance = calloc((size_t)MAX_NODES * MAX_NODES, sizeof(*distance));
	int n = ctl_numa_info(xl->lx.ctl, NULL, NULL, 0);

	if (mem && distance && n > 0 && n <= MAX_NODES)
		n = ctl_numa_info(xl->lx.ctl, mem, distance, (uint32_t)n);
	printf("numa_info              :\nnode:    memsize    memfree    distances\n");
	for (int i = 0; mem && distance && i < n && n <= MAX_NODES; i++) {
		printf("%4d:    %6lu     %6lu      ", i, mem[i].memsize >> 20,
		       mem[i].memfree >> 20);
		for (int j = 0; j < n; j++)
			printf("%s%u", j ? "," : "", distance[i * n + j]);
		putchar('\n');
	}
	free(mem);
	free(distance);
}

static const char *scheduler(struct xl *xl)
{
	uint32_t id;

	return lx_sched_name(ctl_sched_id(xl->lx.ctl, &id) ? UINT32_MAX : id);
}

/* One text of the hypervisor's; empty when it does not say. */
#define VERSION_TEXT(name, cmd, type) \
	do { \
		type text_ = { 0 }; \
		ctl_version(ctl, cmd, &text_, sizeof(text_)); \
		((char *)&text_)[sizeof(text_) - 1] = '\0'; \
		line(name, (const char *)&text_); \
	} while (0)

static void print_compiler(struct ctl *ctl)
{
	xen_compile_info_t c = { { 0 } };

	ctl_version(ctl, XENVER_compile_info, &c, sizeof(c));
	format("cc_compiler", "%.*s", (int)sizeof(c.compiler), c.compiler);
	format("cc_compile_by", "%.*s", (int)sizeof(c.compile_by), c.compile_by);
	format("cc_compile_domain", "%.*s", (int)sizeof(c.compile_domain), c.compile_domain);
	format("cc_compile_date", "%.*s", (int)sizeof(c.compile_date), c.compile_date);
}

static void print_build_id(struct ctl *ctl)
{
	union {
		xen_build_id_t id;
		unsigned char bytes[sizeof(xen_build_id_t) + 64];
	} b = { .id.len = 64 };
	int n = ctl_version(ctl, XENVER_build_id, &b, sizeof(b));
	char text[129] = "";

	for (int i = 0; i < n && i < 64; i++)
		snprintf(text + 2 * i, 3, "%02x", b.bytes[sizeof(xen_build_id_t) + i]);
	line("build_id", text);
}

static void print_hypervisor(struct xl *xl)
{
	struct ctl *ctl = xl->lx.ctl;
	int version = ctl_version(ctl, XENVER_version, NULL, 0);
	xen_extraversion_t extra = "";
	xen_platform_parameters_t params = { 0 };

	ctl_version(ctl, XENVER_extraversion, extra, sizeof(extra));
	ctl_version(ctl, XENVER_platform_parameters, &params, sizeof(params));
	number("xen_major", (unsigned long)version >> 16);
	number("xen_minor", (unsigned long)version & 0xffff);
	format("xen_extra", "%.*s", (int)sizeof(extra), extra);
	format("xen_version", "%d.%d%.*s", version >> 16, version & 0xffff, (int)sizeof(extra),
	       extra);
	VERSION_TEXT("xen_caps", XENVER_capabilities, xen_capabilities_info_t);
	line("xen_scheduler", scheduler(xl));
	number("xen_pagesize", (unsigned long)ctl_version(ctl, XENVER_pagesize, NULL, 0));
	format("platform_params", "virt_start=0x%lx", params.virt_start);
	VERSION_TEXT("xen_changeset", XENVER_changeset, xen_changeset_info_t);
	VERSION_TEXT("xen_commandline", XENVER_commandline, xen_commandline_t);
	print_compiler(ctl);
	print_build_id(ctl);
	number("xend_config_format", 4);
}

static unsigned long count_free_cpus(struct xl *xl)
{
	struct lx_cpumap cpus;
	unsigned long n = 0;

	if (ctl_cpupool_free_cpus(xl->lx.ctl, (uint8_t *)cpus.w, sizeof(cpus.w)))
		return 0;
	for (uint32_t i = 0; i < LX_MAX_CPUS; i++)
		n += lx_cpumap_test(&cpus, i);
	return n;
}

static int main_info(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "numa", 0, NULL, 'n' }, { "json", 0, NULL, 'j' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct xen_sysctl_physinfo p;
	bool numa = false, json = false;
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "nh", lopts, 0)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		numa |= opt == 'n';
		json |= opt == 'j';
	}
	if (ctl_physinfo(xl_lx(xl)->ctl, &p)) {
		fprintf(stderr, "libxl_physinfo failed.\n");
		return 1;
	}
	gathered = json ? json_object_new_object() : NULL;
	print_machine(&p, count_free_cpus(xl));
	if (numa && !json) {
		print_cpus(xl);
		print_nodes(xl);
	}
	print_hypervisor(xl);
	return json ? xl_print_json(gathered) : 0;
}

static int main_dmesg(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "clear", 0, NULL, 'c' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	bool clear = false;
	char *log;
	int opt, n;

	while ((opt = xl_getopt(xl, argc, argv, "ch", lopts, 0)) != XL_OPT_DONE) {
		if (opt != 'c')
			return XL_OPT_STATUS(opt);
		clear = true;
	}
	log = malloc(LOG_BYTES);
	if (!log)
		return 1;
	n = ctl_read_console(xl_lx(xl)->ctl, log, LOG_BYTES, clear);
	if (n > 0)
		fwrite(log, 1, (size_t)n, stdout);
	free(log);
	return n < 0 ? 1 : 0;
}

static int main_debug_keys(struct xl *xl, int argc, char **argv)
{
	int status;

	if (!xl_plain(xl, argc, argv, 1, &status))
		return status;
	if (ctl_debug_keys(xl_lx(xl)->ctl, argv[optind])) {
		fprintf(stderr, "cannot send debug keys: %s\n", argv[optind]);
		return 1;
	}
	return 0;
}

const struct xl_command xl_host_commands[] = {
	{ "info", main_info, false, false, "Get information about Xen host",
	  "-n, --numa         List host NUMA topology information", NULL },
	{ "debug-keys", main_debug_keys, false, true, "Send debug keys to Xen", "<Keys>", NULL },
	{ "dmesg", main_dmesg, false, false, "Read and/or clear dmesg buffer", "[-c]",
	  "  -c                        Clear dmesg buffer as well as printing it" },
	{ 0 },
};
