/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Topologies from numbers, from a machine's sysfs, from recordings, and from JSON. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "recorded.h"
#include "say.h"
#include "topology.h"
#include "trace_read.h"

#define SYSFS "/sys/devices/system"

static struct topology make(u32 sockets, u32 cores, u32 threads, u32 nodes)
{
	struct topology t = { .cpus = sockets * cores * threads };

	t.place = zalloc(t.cpus, sizeof(*t.place));
	for (u32 cpu = 0; cpu < t.cpus; cpu++) {
		u32 core = cpu / threads;

		t.place[cpu].socket = core / cores;
		t.place[cpu].core = core % cores;
		t.place[cpu].node = (u8)((u64)cpu * nodes / t.cpus);
	}
	return t;
}

static u32 default_nodes(u32 sockets)
{
	return sockets < MACHINE_MAX_NODES ? sockets : MACHINE_MAX_NODES;
}

static bool fits(u32 sockets, u32 cores, u32 threads)
{
	u64 n = (u64)sockets * cores * threads;

	return sockets && cores && threads && sockets <= MACHINE_MAX_CPUS &&
	       cores <= MACHINE_MAX_CPUS && threads <= MACHINE_MAX_CPUS && n <= MACHINE_MAX_CPUS;
}

/* cpu/cpu@cpu/@name under a sysfs, to be freed. */
static char *file_of(const char *sysfs, u32 cpu, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/cpu/cpu%u/%s", sysfs, cpu, name) < 0)
		die("no memory");
	return path;
}

static bool has(const char *sysfs, u32 cpu, const char *name)
{
	char *path = file_of(sysfs, cpu, name);
	bool there = !access(path, F_OK);

	free(path);
	return there;
}

static u32 number_in(const char *sysfs, u32 cpu, const char *name)
{
	char *path = file_of(sysfs, cpu, name);
	FILE *f = fopen(path, "r");
	u32 v = 0;

	if (!f || fscanf(f, "%u", &v) != 1)
		v = 0;
	if (f)
		fclose(f);
	free(path);
	return v;
}

static u8 node_of(const char *sysfs, u32 cpu)
{
	char name[16];

	for (u32 node = 0; node < MACHINE_MAX_NODES; node++) {
		snprintf(name, sizeof(name), "node%u", node);
		if (has(sysfs, cpu, name))
			return (u8)node;
	}
	return 0;
}

/* The CPUs that are online: only those have a folder "topology". */
static struct topology from_sysfs(const char *sysfs)
{
	struct topology t = { .place = zalloc(MACHINE_MAX_CPUS, sizeof(*t.place)) };

	for (u32 cpu = 0; cpu < 2 * MACHINE_MAX_CPUS && t.cpus < MACHINE_MAX_CPUS; cpu++) {
		if (!has(sysfs, cpu, "topology"))
			continue;
		t.place[t.cpus].core = number_in(sysfs, cpu, "topology/core_id");
		t.place[t.cpus].socket = number_in(sysfs, cpu, "topology/physical_package_id");
		t.place[t.cpus].node = node_of(sysfs, cpu);
		t.cpus++;
	}
	if (!t.cpus)
		die("--machine %s: no CPU has a folder cpu/cpuN/topology there", sysfs);
	return t;
}

/* {"cpus": [{"socket": 0, "core": 0, "node": 0}, ...]} */
static struct topology one_by_one(struct json *j)
{
	struct json *list = json_list(j, "cpus", true);
	struct topology t = { .cpus = json_length(list) };

	if (!t.cpus || t.cpus > MACHINE_MAX_CPUS)
		json_die(j, "cpus", "there must be 1 to 4096 CPUs");
	t.place = zalloc(t.cpus, sizeof(*t.place));
	for (u32 i = 0; i < t.cpus; i++) {
		struct json *cpu = json_element(list, i);

		t.place[i].socket = (u32)json_int(cpu, "socket", 0, 65535);
		t.place[i].core = (u32)json_int(cpu, "core", 0, 65535);
		t.place[i].node = (u8)json_int_or(cpu, "node", 0, MACHINE_MAX_NODES - 1, 0);
	}
	return t;
}

static struct topology from_json(const char *path)
{
	struct json *j = json_open(path);
	struct topology t;

	if (json_has(j, "cpus")) {
		t = one_by_one(j);
	} else {
		u32 sockets = (u32)json_int(j, "sockets", 1, MACHINE_MAX_CPUS);
		u32 cores = (u32)json_int(j, "cores", 1, MACHINE_MAX_CPUS);
		u32 threads = (u32)json_int_or(j, "threads", 1, MACHINE_MAX_CPUS, 1);

		if (!fits(sockets, cores, threads))
			json_die(j, NULL, "more than 4096 CPUs");
		t = make(sockets, cores, threads, (u32)json_int_or(j, "nodes", 1, MACHINE_MAX_NODES,
								   default_nodes(sockets)));
	}
	json_close(j);
	return t;
}

/* Recordings count CPUs, and say nothing of cores and nodes. */
static struct topology from_recording(const char *path, u32 cpus)
{
	if (!cpus || cpus > MACHINE_MAX_CPUS)
		die("--machine %s: it was recorded on %u CPUs; a machine has 1 to %u", path, cpus,
		    MACHINE_MAX_CPUS);
	return make(1, cpus, 1, 1);
}

static struct topology from_file(const char *path)
{
	struct trace t;

	if (tracedat_is_one(path))
		return from_recording(path, tracedat_cpus(path));
	if (perfetto_is_one(path))
		die("--machine %s: the CPUs of a Perfetto trace are not counted; give their number",
		    path);
	if (!trace_is_one(path))
		return from_json(path);
	t = trace_read(path, 1e9);
	free(t.record);
	return from_recording(path, t.cpus);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

struct topology topology_read(const char *spec)
{
	u32 sockets, cores, threads, used = 0;
	char *end;
	unsigned long n = strtoul(spec, &end, 10);

	if (!strcmp(spec, "host"))
		return from_sysfs(SYSFS);
	if (end != spec && !*end) {
		if (n < 1 || n > MACHINE_MAX_CPUS)
			die_usage("--machine %s: a machine has 1 to %u CPUs", spec,
				  MACHINE_MAX_CPUS);
		return make(1, (u32)n, 1, 1);
	}
	if (sscanf(spec, "%ux%ux%u%n", &sockets, &cores, &threads, (int *)&used) == 3 &&
	    !spec[used]) {
		if (!fits(sockets, cores, threads))
			die_usage("--machine %s: a machine has 1 to %u CPUs", spec,
				  MACHINE_MAX_CPUS);
		return make(sockets, cores, threads, default_nodes(sockets));
	}
	if (!spec[strspn(spec, "0123456789x")])
		die_usage("--machine %s: a number of CPUs, or SOCKETSxCORESxTHREADS, must be here",
			  spec);
	return is_folder(spec) ? from_sysfs(spec) : from_file(spec);
}
