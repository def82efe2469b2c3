/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of CPUs in words. */
#include <ctype.h>
#include <json-c/json.h>

#include "xl.h"

#define LARGEST_NUMBER 65535	/* CPUs from LX_MAX_CPUS on may be named, without effect */

uint32_t xl_nr_cpus(struct xl *xl)
{
	struct xen_sysctl_physinfo info;

	if (ctl_physinfo(xl_lx(xl)->ctl, &info)) {
		fprintf(stderr, "libxl_get_physinfo failed.\n");
		exit(1);
	}
	return info.max_cpu_id + 1 < LX_MAX_CPUS ? info.max_cpu_id + 1 : LX_MAX_CPUS;
}

static bool number(const char **p, unsigned long *n)
{
	char *end;

	if (!isdigit((unsigned char)**p))
		return false;
	*n = strtoul(*p, &end, 10);
	*p = end;
	return *n <= LARGEST_NUMBER;
}

static bool range(const char **p, unsigned long *from, unsigned long *to)
{
	*from = 0;
	if (!strncmp(*p, "all", 3)) {
		*p += 3;
		*to = LARGEST_NUMBER;
		return true;
	}
	if (!number(p, from))
		return false;
	*to = *from;
	if (**p == '-') {
		++*p;
		return number(p, to) && *to >= *from;
	}
	return true;
}

static void put(struct lx_cpumap *map, unsigned int cpu, bool not)
{
	if (not)
		map->w[cpu / 64] &= ~((uint64_t)1 << cpu % 64);
	else
		lx_cpumap_set(map, cpu);
}

/* The CPUs of some nodes; false when there are none. */
static bool put_nodes(struct xl *xl, unsigned long from, unsigned long to, bool not,
		      struct lx_cpumap *map)
{
	struct xen_sysctl_cputopo topo[LX_MAX_CPUS];
	int n = xl ? ctl_cpu_topology(xl_lx(xl)->ctl, topo, LX_MAX_CPUS) : -ENODEV;
	bool any = false;

	for (int i = 0; i < n; i++) {
		if (topo[i].core == XEN_INVALID_CORE_ID || topo[i].node < from || topo[i].node > to)
			continue;
		put(map, (unsigned int)i, not);
		any = true;
	}
	return any;
}

static int part(struct xl *xl, const char **p, struct lx_cpumap *map)
{
	unsigned long from, to;
	bool not = **p == '^', nodes;

	*p += not;
	nodes = !strncmp(*p, "node:", 5) || !strncmp(*p, "nodes:", 6);
	if (nodes)
		*p = strchr(*p, ':') + 1;
	if (!range(p, &from, &to))
		return -EINVAL;
	if (nodes)
		return put_nodes(xl, from, to, not, map) ? 0 : -ENOENT;
	for (unsigned long i = from; i <= to && i < LX_MAX_CPUS; i++)
		put(map, (unsigned int)i, not);
	return 0;
}

int xl_parse_cpus(struct xl *xl, const char *text, struct lx_cpumap *map)
{
	int absent = 0;

	memset(map, 0, sizeof(*map));
	for (;;) {
		int rc;

		while (*text == ' ')
			text++;
		rc = part(xl, &text, map);
		if (rc == -EINVAL)
			return rc;
		absent = rc ? rc : absent;
		while (*text == ' ')
			text++;
		if (!*text)
			return absent;
		if (*text++ != ',')
			return -EINVAL;
	}
}

void xl_print_cpus(FILE *out, const struct lx_cpumap *map, uint32_t cpus)
{
	const char *comma = "";
	uint32_t n = 0;

	for (uint32_t i = 0; i < cpus; i++)
		n += lx_cpumap_test(map, i);
	if (n == cpus || !n) {
		fputs(n ? "all" : "none", out);
		return;
	}
	for (uint32_t i = 0; i < cpus; i++) {
		uint32_t last = i;

		if (!lx_cpumap_test(map, i))
			continue;
		while (last + 1 < cpus && lx_cpumap_test(map, last + 1))
			last++;
		fprintf(out, last > i ? "%s%u-%u" : "%s%u", comma, i, last);
		comma = ",";
		i = last;
	}
}

struct json_object *xl_cpus_json(const struct lx_cpumap *map, uint32_t cpus)
{
	struct json_object *a = json_object_new_array();

	for (uint32_t i = 0; i < cpus && i < LX_MAX_CPUS; i++)
		if (lx_cpumap_test(map, i))
			json_object_array_add(a, json_object_new_int((int)i));
	return a;
}

bool xl_parse_memory(const char *text, uint64_t unit, uint64_t *kib)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	switch (tolower((unsigned char)*end)) {
	case '\0':
		break;
	case 'b':
		unit = 1;
		break;
	case 'k':
		unit = 1UL << 10;
		break;
	case 'm':
		unit = 1UL << 20;
		break;
	case 'g':
		unit = 1UL << 30;
		break;
	case 't':
		unit = 1UL << 40;
		break;
	default:
		return false;
	}
	if (errno || (*end && end[1]) || __builtin_mul_overflow(n, unit, &n))
		return false;
	*kib = n >> 10;
	return true;
}
