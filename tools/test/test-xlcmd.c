/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of xl on the small hypervisor: what they change, what they print, and how they exit, as
 * xl 4.17 does. A failure at any hypercall or any write to xenstore leaves nothing half done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xentoollog.h>

#include "fake-host.h"
#include "fake-store.h"
#include "fake-xen.h"
#include "light/device.h"
#include "light/host-linux.h"
#include "xl-run.h"

static struct fake_store store;

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

/* Four CPUs on two nodes, in one pool; two guests. */
static int setup(void **state)
{
	fake_reset(64);
	fake_xen.cpus = 4;
	fake_xen.pool[0] = (struct fake_pool){ true, XEN_SCHEDULER_CREDIT2, 0xf };
	fake_xen.credit = (struct xen_sysctl_credit_schedule){ 30, 1000, 0 };
	fake_xen.d[0].max_vcpus = 2;
	for (unsigned int i = 0; i < 3; i++) {
		memset(fake_xen.d[i].hard, 2, FAKE_VCPUS);
		memset(fake_xen.d[i].soft, 15, FAKE_VCPUS);
	}
	for (unsigned int i = 1; i < 3; i++) {
		fake_xen.d[i].used = true;
		fake_xen.d[i].max_vcpus = 2;
		fake_xen.d[i].credit.weight = 256;
		fake_xen.d[i].rtds[0] = fake_xen.d[i].rtds[1] =
			(struct xen_domctl_sched_rtds){ 10000, 4000, XEN_DOMCTL_SCHEDRT_extra };
	}
	fake_store_init(&store);
	memset(&xl, 0, sizeof(xl));
	xl.log = (void *)xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
	xl.lx.log = xl.log;
	xl.lx.ctl = ctl_open(&fake_backend, xl.log);
	xl.lx.store = &store.s;
	xl.lx.state_dir = "/nonexistent/domains";
	xl.lx.run_dir = "/nonexistent/run";
	xl.opened = true;
	put("/local/domain/0/name", "Domain-0");
	put("/local/domain/1/name", "u1");
	put("/local/domain/2/name", "u2");
	put("/local/pool/0/name", "Pool-0");
	return 0;
}

static int teardown(void **state)
{
	ctl_close(xl.lx.ctl);
	xtl_logger_destroy(xl.log);
	fake_store_free(&store);
	fake_reset(0);
	return 0;
}

static void assert_says(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("\"%s\" is not in \"%s\"", what, text);
}

static void test_usage(void **state)
{
	assert_int_equal(run("nonsense"), 1);
	assert_string_equal(err, "xl: unknown command nonsense: xl help lists the commands\n");
	assert_int_equal(run("help sched-rtds"), 0);
	assert_says(out, "Usage: xl [-vtTf] sched-rtds");
	assert_int_equal(run("help nonsense"), 0);
	assert_string_equal(err, "xl: unknown command nonsense: xl help lists the commands\n");
	assert_int_equal(run("rename -h"), 0);
	assert_says(out, "Usage: xl [-vtTf] rename <Domain> <NewDomainName>");
	assert_int_equal(run("rename u1"), 2);
	assert_says(err, "'xl rename' requires at least 2 arguments.\n");
	assert_int_equal(run("cpupool-list -x"), 2);
	assert_string_equal(err, "xl cpupool-list: unknown option -x: xl help cpupool-list lists "
			    "the options\n");
	assert_int_equal(run("cpupool-list --wrong"), 2);
	assert_string_equal(err, "xl cpupool-list: unknown option --wrong: xl help cpupool-list "
			    "lists the options\n");
	/* A name may be cut short, but must fit one command. */
	assert_int_equal(run("cpupool-l"), 0);
	assert_int_equal(run("cpupool-c"), 1);
	xl.dry_run = true;
	assert_int_equal(run("cpupool-list"), 1);
	assert_string_equal(err, "command does not implement -N (dryrun) option\n");
}

/*
 * What Xen's init script xendomains takes out of `xl list -l`, which it knows by libxl's layout: a
 * domain begins with a brace behind four blanks, its number is behind eight, and its name is the
 * next member "name" after that.
 */
static void assert_xendomains_finds(const char *domains)
{
	char found[1024] = "", line[256], id[16] = "";
	size_t used = 0;

	for (const char *p = out, *end; *p; p = end + 1) {
		char name[64];

		end = strchr(p, '\n');
		assert_non_null(end);
		snprintf(line, sizeof(line), "%.*s", (int)(end - p), p);
		if (!strcmp(line, "    {"))
			id[0] = '\0';
		else if (sscanf(line, "        \"domid\": %15[0-9],", id) == 1 && line[8] == '"')
			continue;
		else if (id[0] && sscanf(line, " \"name\": \"%63[^\"]\",", name) == 1)
			used += (size_t)snprintf(found + used, sizeof(found) - used, "%s %s\n", id,
						 name);
	}
	assert_string_equal(found, domains);
}

static void test_lists(void **state)
{
	assert_int_equal(run("vm-list"), 0);
	/* The description says otherwise, but so does 4.17. */
	assert_says(out, "UUID                                  ID    name\n"
		    "00000000-0000-0000-0000-000000000000  0    Domain-0                      \n");
	assert_int_equal(run("list --json u1"), 0);
	assert_says(out, "\"name\": \"u1\"");
	assert_int_equal(run("list -l"), 0);
	assert_xendomains_finds("0 Domain-0\n1 u1\n2 u2\n");
	assert_int_equal(run("vcpu-list u1"), 0);
	assert_says(out, "u1                                   1     1    1   -b-       1.5  1 / "
		    "all\n");
	assert_int_equal(run("vcpu-list --json u1"), 0);
	assert_says(out, "\"vcpu_time_ns\": 1500000000");
	assert_says(out, "\"cpumap_soft\": [");
	assert_int_equal(run("info"), 0);
	assert_says(out, "nr_cpus                : 4\n");
	assert_says(out, "free_cpus              : 0\n");
	assert_int_equal(run("info --json"), 0);
	assert_says(out, "\"nr_nodes\": 2");
	assert_says(out, "\"xen_scheduler\": \"credit2\"");
	assert_int_equal(run("list -n u1"), 0);
	assert_says(out, "State\tTime(s) NODE Affinity\n");
	assert_says(out, " 1\n");
	assert_int_equal(run("domid u2"), 0);
	assert_string_equal(out, "2\n");
	assert_int_equal(run("domid nobody"), 1);
	assert_int_equal(run("domname 1"), 0);
	assert_string_equal(out, "u1\n");
}

/* xl doctor on a machine whose /sys is a folder of ours. */
static void test_doctor(void **state)
{
	const char *was = lx_sys_root;
	char folder[] = "/tmp/xenolith-doctor-XXXXXX", path[64], command[64];
	FILE *f;

	assert_non_null(mkdtemp(folder));
	lx_sys_root = folder;
	/* One cause, and nothing that follows from it. */
	assert_int_equal(run("doctor"), 1);
	assert_string_equal(out, "MISSING this Linux runs on Xen or Xenolith: boot the hypervisor, "
			    "with this kernel as its dom0\n1 thing is wrong or missing\n");
	snprintf(path, sizeof(path), "%s/hypervisor", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/hypervisor/type", folder);
	f = fopen(path, "w");
	fputs("xen\n", f);
	fclose(f);
	run("doctor");
	assert_says(out, "ok      this Linux runs on Xen or Xenolith\n");
	assert_says(out, "ok      nothing is left of domains that are gone\n");
	put("/local/domain/7/name", "dead");
	assert_int_equal(run("doctor"), 1);
	assert_says(out, "WRONG   xenstore has nodes of domain 7, which is not there; its disks "
		    "cannot be given to others: xl doctor --repair removes them\n");
	run("doctor --repair");
	assert_says(out, "mended  xenstore has nodes of domain 7");
	assert_null(fake_store_get(&store, "/local/domain/7/name"));
	run("doctor");
	assert_says(out, "ok      nothing is left of domains that are gone\n");
	lx_sys_root = was;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

static void test_pool_list(void **state)
{
	assert_int_equal(run("cpupool-list"), 0);
	assert_string_equal(out, "Name               CPUs   Sched     Active   Domain count\n"
			    "Pool-0               4   credit2       y          3\n");
	assert_int_equal(run("cpupool-list -c Pool-0"), 0);
	assert_string_equal(out, "Name               CPU list\nPool-0             0,1,2,3\n");
	assert_int_equal(run("cpupool-list nowhere"), 1);
	assert_string_equal(err, "Pool 'nowhere' does not exist\n");
	assert_int_equal(run("cpupool-list --json"), 0);
	assert_says(out, "\"pool_name\": \"Pool-0\"");
	assert_says(out, "\"sched\": \"credit2\"");
	assert_int_equal(run("list -c u1"), 0);
	assert_says(out, "          Pool-0\n");
}

static void test_pools(void **state)
{
	fake_xen.busy = 2;
	assert_int_equal(run("cpupool-cpu-remove Pool-0 2-3"), 0);
	assert_string_equal(err, "");
	assert_int_equal(fake_xen.pool[0].cpus, 3);
	assert_int_equal(run("cpupool-create name=\"p\" sched=\"credit\" cpus=[\"2\"]"), 0);
	assert_string_equal(out, "Using config file \"command line\"\ncpupool name:   p\n"
			    "scheduler:      credit\nnumber of cpus: 1\n");
	assert_int_equal(fake_xen.pool[1].sched, XEN_SCHEDULER_CREDIT);
	assert_int_equal(fake_xen.pool[1].cpus, 4);
	assert_string_equal(fake_store_get(&store, "/local/pool/1/name"), "p");
	assert_non_null(fake_store_get(&store, "/local/pool/1/uuid"));
	assert_int_equal(run("cpupool-create name=\"p\""), 1);
	assert_string_equal(err, "Pool name \"p\" already exists\n");
	assert_int_equal(run("cpupool-cpu-add p node:1"), 0);
	assert_says(err, "some cpus may not have been added to p\n");	/* 2 was there */
	assert_int_equal(fake_xen.pool[1].cpus, 12);
	assert_int_equal(run("cpupool-rename p q"), 0);
	assert_int_equal(run("cpupool-rename q Pool-0"), 1);
	assert_says(err, "pool 0 is named Pool-0 already\n");
	assert_int_equal(run("cpupool-rename q 7"), 1);
	assert_int_equal(run("cpupool-migrate u1 q"), 0);
	assert_int_equal(fake_xen.d[1].pool, 1);
	assert_int_equal(run("cpupool-migrate 0 q"), 1);
	assert_says(err, "the control domain stays in its pool");
	assert_int_equal(run("cpupool-migrate u9 q"), 1);
	assert_string_equal(err, "unknown domain 'u9'\n");
	assert_int_equal(run("cpupool-destroy q"), 1);
	assert_says(err, "xl cpupool-migrate");
	assert_int_equal(run("cpupool-migrate u1 0"), 0);
	assert_int_equal(run("cpupool-destroy 1"), 0);
	assert_false(fake_xen.pool[1].used);
	assert_null(fake_store_get(&store, "/local/pool/1/name"));
	assert_int_equal(run("cpupool-destroy q"), 1);
	assert_string_equal(err, "unknown cpupool 'q'\n");
	assert_int_equal(run("cpupool-cpu-add Pool-0 all"), 0);
	assert_string_equal(err, "");
	assert_int_equal(fake_xen.pool[0].cpus, 15);
}

static void test_pool_refused(void **state)
{
	assert_int_equal(run("cpupool-create"), 1);
	assert_string_equal(err, "Missing cpupool name!\n");
	assert_int_equal(run("cpupool-create name=\"p\" sched=\"sedf\""), 1);
	assert_says(err, "sched is credit, credit2, rtds, arinc653 or null, not \"sedf\"\n");
	assert_int_equal(run("cpupool-create name=\"p\" cpus=\"0\""), 1);
	assert_string_equal(err, "cpu 0 illegal or not free\n");
	assert_int_equal(run("cpupool-create name=\"p\" nodes=[\"0\"]"), 1);
	assert_string_equal(err, "no free cpu found\n");
	assert_int_equal(run("cpupool-create name=\"p\" nodes=[\"9\"]"), 1);
	assert_int_equal(run("cpupool-create name=\"12\""), 1);
	assert_int_equal(run("cpupool-create -n name=\"12\""), 1);
	assert_says(err, "a name is not of digits alone");
	assert_int_equal(run("cpupool-create -n name=\"\""), 1);
	assert_int_equal(run("cpupool-create /nonexistent"), 1);
	assert_int_equal(run("cpupool-create a b"), 1);
	assert_int_equal(run("cpupool-create -n name=\"p\""), 0);
	assert_says(out, "number of cpus: 0\n");
	assert_int_equal(run("cpupool-destroy Pool-0"), 1);
	assert_int_equal(run("cpupool-cpu-remove Pool-0 x"), 1);
	assert_string_equal(err, "Invalid pcpu range: x.\n");
	/* What cannot be moved is told of, and all the same a success. */
	assert_int_equal(run("cpupool-cpu-add Pool-0 3"), 0);
	assert_says(err, "some cpus may not have been added to Pool-0\n");
	assert_int_equal(run("cpupool-cpu-add Pool-0 all,^0"), 0);
	assert_false(fake_xen.pool[1].used);
	assert_int_equal(fake_xen.pool[0].cpus, 15);
}

/* A hypervisor with one pool: the error names what is so. */
static void test_one_pool(void **state)
{
	fake_xen.one_pool = true;
	assert_int_equal(run("cpupool-list"), 0);
	assert_int_equal(run("cpupool-create name=\"p\""), 1);
	assert_says(err, "the hypervisor has one pool with all CPUs, Pool-0");
	assert_int_equal(run("cpupool-cpu-remove Pool-0 1"), 0);
	assert_says(err, "the hypervisor has one pool with all CPUs, Pool-0");
	assert_int_equal(run("cpupool-rename Pool-0 all"), 0);
	assert_int_equal(run("cpupool-list all"), 0);
}

static void test_numa_split(void **state)
{
	assert_int_equal(run("cpupool-numa-split"), 0);
	assert_int_equal(fake_xen.pool[0].cpus, 3);
	assert_int_equal(fake_xen.pool[1].cpus, 12);
	assert_string_equal(fake_store_get(&store, "/local/pool/0/name"), "Pool-node0");
	assert_string_equal(fake_store_get(&store, "/local/pool/1/name"), "Pool-node1");
	assert_int_equal(run("cpupool-numa-split"), 1);
	assert_string_equal(err, "splitting not possible, already cpupools in use\n");
}

/* Hypercalls and writes to xenstore fail in turn; nothing of a pool may be left. */
static void test_pool_create_fails(void **state)
{
	unsigned int *fail[] = { &fake_xen.fail_at, &store.fail_at };
	unsigned int *count[] = { &fake_xen.calls, &store.changes };

	fake_xen.pool[0].cpus = 3;
	fake_xen.fail_with = -EPERM;
	for (unsigned int k = 0; k < 2; k++) {
		unsigned int at = 0, nodes = store.nodes;
		int status;

		do {
			fake_xen.calls = store.changes = 0;
			*fail[k] = ++at;
			status = run("cpupool-create name=\"p\" cpus=\"2-3\"");
			*fail[k] = 0;
			assert_int_equal(fake_xen.bufs, 0);
			if (!status && *count[k] >= at)
				break;		/* it could do without that one */
			if (!status)
				assert_int_equal(run("cpupool-destroy p"), 0);
			assert_false(fake_xen.pool[1].used);
			assert_int_equal(fake_xen.pool[0].cpus, 3);
			assert_int_equal(store.nodes, nodes);
		} while (status);
		assert_true(at > 2);
		if (fake_xen.pool[1].used)
			assert_int_equal(run("cpupool-destroy p"), 0);
	}
}

static void test_credit2(void **state)
{
	assert_int_equal(run("sched-credit2"), 0);
	assert_says(out, "Cpupool Pool-0: ratelimit=30us\n"
		    "Name                                ID Weight  Cap\n"
		    "Domain-0                             0      0    0\n"
		    "u1                                   1    256    0\n");
	assert_int_equal(run("sched-credit2 -d u1 -w 512 -c 150"), 0);
	assert_int_equal(fake_xen.d[1].credit.weight, 512);
	assert_int_equal(run("sched-credit2 -d u1"), 0);
	assert_string_equal(out, "Name                                ID Weight  Cap\n"
			    "u1                                   1    512  150\n");
	assert_int_equal(run("sched-credit2 -d u1 -c 201"), 1);
	assert_string_equal(err, "Cpu cap out of range, valid values are from 0 to 200\n");
	assert_int_equal(run("sched-credit2 -d u1 -w 0"), 1);
	assert_int_equal(run("sched-credit2 -d u1 -w 65536"), 1);
	assert_int_equal(run("sched-credit2 -d u1 -w much"), 1);
	assert_string_equal(err, "a weight is a number, not \"much\"\n");
	assert_int_equal(run("sched-credit2 -w 5"), 1);
	assert_string_equal(err, "Must specify a domain.\n");
	assert_int_equal(run("sched-credit2 -p Pool-0 -d u1"), 1);
	assert_int_equal(run("sched-credit2 -p Pool-9"), 1);
	assert_string_equal(err, "unknown cpupool 'Pool-9'\n");
	assert_int_equal(run("sched-credit2 -s -r 99"), 1);
	assert_int_equal(run("sched-credit2 -s -r 2000"), 0);
	assert_int_equal(run_line("sched-credit2 -d nobody", true), 1);
	assert_says(err, "nobody is an invalid domain identifier");
}

/* The scheduler that runs is named when another one is asked for. */
static void test_other_scheduler(void **state)
{
	assert_int_equal(run("sched-credit"), 1);
	assert_string_equal(err, "Cpupool Pool-0 has the scheduler credit2, not credit: use "
			    "xl sched-credit2\n");
	assert_int_equal(run("sched-rtds -d u1"), 1);
	assert_string_equal(err, "domain 1 has the scheduler credit2, not rtds: use xl "
			    "sched-credit2\n");
	assert_int_equal(run("sched-rtds -v all"), 1);
	assert_int_equal(run("sched-credit -s -t 5"), 1);
	fake_xen.pool[0].sched = XEN_SCHEDULER_NULL;
	assert_int_equal(run("sched-credit2 -d u1 -w 5"), 1);
	assert_string_equal(err, "domain 1 has the scheduler null, not credit2: it has no "
			    "parameters\n");
}

static void test_credit(void **state)
{
	fake_xen.pool[0].sched = XEN_SCHEDULER_CREDIT;
	assert_int_equal(run("sched-credit"), 0);
	assert_says(out, "Cpupool Pool-0: tslice=30ms ratelimit=1000us migration-delay=0us\n");
	assert_int_equal(run("sched-credit -s -t 10 -r 500 -m 100"), 0);
	assert_int_equal(fake_xen.credit.tslice_ms, 10);
	assert_int_equal(fake_xen.credit.ratelimit_us, 500);
	assert_int_equal(fake_xen.credit.vcpu_migr_delay_us, 100);
	assert_int_equal(run("sched-credit -s -t 1 -r 2000"), 1);
	assert_string_equal(err, "Ratelimit cannot be greater than timeslice\n");
	assert_int_equal(run("sched-credit -s -t 1001"), 1);
	assert_int_equal(run("sched-credit -s -m 100001"), 1);
	assert_int_equal(run("sched-credit -s -r 0"), 0);
	assert_int_equal(run("sched-credit -t 5"), 1);
	assert_string_equal(err, "Must specify schedparam to set schedule parameter values.\n");
	assert_int_equal(run("sched-credit -s -d u1"), 1);
	assert_int_equal(run("sched-credit -d u1 -w 300"), 0);
	assert_int_equal(fake_xen.d[1].credit.weight, 300);
}

static void test_rtds(void **state)
{
	fake_xen.pool[0].sched = XEN_SCHEDULER_RTDS;
	assert_int_equal(run("sched-rtds -d u1"), 0);
	assert_string_equal(out, "Name                                ID    Period    Budget  "
			    "Extratime\nu1                                   1     10000      "
			    "4000        yes\n");
	assert_int_equal(run("sched-rtds -d u1 -v 1 -p 8000 -b 2000 -e 0"), 0);
	assert_int_equal(run("sched-rtds -d u1 -v all"), 0);
	assert_string_equal(out, "Name                                ID VCPU    Period    Budget  "
			    "Extratime\n"
			    "u1                                   1    0     10000      4000"
			    "        yes\n"
			    "u1                                   1    1      8000      2000"
			    "         no\n");
	assert_int_equal(run("sched-rtds -d u1 -v all -p 9000 -b 9000 -e 1"), 0);
	assert_int_equal(fake_xen.d[1].rtds[0].budget, 9000);
	assert_int_equal(fake_xen.d[1].rtds[1].flags, XEN_DOMCTL_SCHEDRT_extra);
	assert_int_equal(run("sched-rtds -v all"), 0);
	assert_says(out, "Cpupool Pool-0: sched=RTDS\n");
	assert_int_equal(run("sched-rtds -d u1 -v 2"), 1);
	assert_string_equal(err, "Invalid VCPU 2: valid range is [0, 1]\n");
	assert_int_equal(run("sched-rtds -d u1 -v 0 -p 100 -b 200 -e 0"), 1);
	assert_int_equal(run("sched-rtds -d u1 -v 0 -p 100 -b 0 -e 0"), 1);
	assert_int_equal(run("sched-rtds -d u1 -v 0 -p 100 -b 50"), 1);
	assert_string_equal(err, "Incorrect number of period, budget and extratime\n");
	/* What would have no effect. */
	assert_int_equal(run("sched-rtds -d u1 -v 0 -p 100 -b 50 -e 0 -p 200 -b 60 -e 1"), 1);
	assert_string_equal(err, "Incorrect number of period, budget and extratime\n");
	assert_int_equal(run("sched-rtds -d u1 -v all -p 100 -b 50 -e 0 -p 200 -b 60 -e 1"), 1);
	assert_string_equal(err, "Incorrect number of period, budget and extratime\n");
	assert_int_equal(run("sched-rtds -d u1 -p 100 -b 50 -e 0"), 1);
	assert_string_equal(err, "Must specify VCPU.\n");
	assert_int_equal(run("sched-rtds -v 1"), 1);
	assert_string_equal(err, "Missing parameters.\n");
	assert_int_equal(run("sched-rtds -d u1 -v 1 -v all"), 1);
	assert_string_equal(err, "Incorrect VCPU IDs.\n");
	assert_int_equal(run("sched-rtds -d u1 -e 2"), 1);
	assert_string_equal(err, "Invalid extratime.\n");
	assert_int_equal(run("sched-rtds -c Pool-0 -d u1"), 1);
}

/* What was set for all vCPUs is in the guest's file, for the next time it is made. */
static void test_rtds_remembered(void **state)
{
	char dir[] = "/tmp/xlcmd-XXXXXX", command[64];
	struct lx_domain_config config;

	assert_non_null(mkdtemp(dir));
	xl.lx.state_dir = dir;
	fake_xen.pool[0].sched = XEN_SCHEDULER_RTDS;
	memset(fake_xen.d[1].handle, 1, 16);
	lx_init(&lx_domain_config_type, &config);
	config.c_info.name = strdup("u1");
	memcpy(config.c_info.uuid, fake_xen.d[1].handle, 16);
	assert_int_equal(lx_state_save(&xl.lx, &config), 0);
	lx_dispose(&lx_domain_config_type, &config);
	assert_int_equal(run("sched-rtds -d u1 -v all -p 9000 -b 800 -e 0"), 0);
	assert_int_equal(run("sched-rtds -d u1 -v 0 -p 7000 -b 700 -e 1"), 0);
	assert_int_equal(lx_state_load(&xl.lx, fake_xen.d[1].handle, &config), 0);
	assert_int_equal(config.b_info.sched_params.period, 9000);
	assert_int_equal(config.b_info.sched_params.budget, 800);
	assert_int_equal(config.b_info.sched_params.extratime, 0);
	lx_dispose(&lx_domain_config_type, &config);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* A schedule is set, shown, and kept as it is where nothing is said. */
static void test_arinc653(void **state)
{
	struct fake_pool *p = &fake_xen.pool[1];
	struct xen_sysctl_arinc653_schedule *s = &p->schedule;
	static const char shown[] =
		"Cpupool rt: sched=ARINC653 major-frame=20000us idle=12498us\n"
		"Name                                ID VCPU  Runtime(us) UUID\n"
		"u1                                   1    0         5000 "
		"01010101-0101-0101-0101-010101010101\n"
		"u1                                   1    1     2500.001 "
		"01010101-0101-0101-0101-010101010101\n"
		"-                                    -    3            1 "
		"01234567-89ab-cdef-0123-456789abcdef\n";

	*p = (struct fake_pool){ true, XEN_SCHEDULER_ARINC653, 0 };
	s->major_frame = 10000000;
	put("/local/pool/1/name", "rt");
	fake_xen.d[1].pool = 1;
	memset(fake_xen.d[1].handle, 1, 16);
	memset(fake_xen.d[2].handle, 2, 16);
	assert_int_equal(run("sched-arinc653 -p rt -m 20ms u1=5ms u1:1=2500001ns "
			     "01234567-89ab-cdef-0123-456789abcdef:3=1"), 0);
	assert_string_equal(out, "");
	assert_int_equal(s->major_frame, 20000000);
	assert_int_equal(s->num_sched_entries, 3);
	assert_int_equal(s->sched_entries[1].vcpu_id, 1);
	assert_int_equal(s->sched_entries[1].runtime, 2500001);
	assert_memory_equal(s->sched_entries[1].dom_handle, fake_xen.d[1].handle, 16);
	assert_int_equal(run("sched-arinc653"), 0);
	assert_string_equal(out, shown);
	assert_int_equal(run("sched-arinc653 -p rt"), 0);
	assert_string_equal(out, shown);
	assert_int_equal(run("sched-arinc653 -p rt -m 1s"), 0);
	assert_int_equal(s->num_sched_entries, 3);
	assert_int_equal(s->major_frame, 1000000000);
	assert_int_equal(run("sched-arinc653 -p rt u1=20ms"), 0);
	assert_int_equal(s->num_sched_entries, 1);
	assert_int_equal(s->major_frame, 1000000000);
	xl.dry_run = true;
	assert_int_equal(run("sched-arinc653 -p rt u1=30ms"), 0);
	assert_says(out, "30000");
	assert_int_equal(s->sched_entries[0].runtime, 20000000);
}

static void test_arinc653_refused(void **state)
{
	static const struct {
		const char *words, *error;
	} cases[] = {
		{ "-m 0", "a major frame is a time above 0 such as 10ms, 500us or 100000ns, not "
		  "\"0\"\n" },
		{ "-m -5", "a major frame is a time above 0 such as 10ms, 500us or 100000ns, not "
		  "\"-5\"\n" },
		{ "u1=1min", "a window is a time above 0 such as 10ms, 500us or 100000ns, not "
		  "\"1min\"\n" },
		{ "u1=10000000000s", "a window is a time above 0 such as 10ms, 500us or 100000ns, "
		  "not \"10000000000s\"\n" },
		{ "u1", "a window is written DOMAIN[:VCPU]=TIME, as in guest:0=5ms, not \"u1\"\n" },
		{ "u1:0x=1", "a window is written DOMAIN[:VCPU]=TIME, as in guest:0=5ms, not "
		  "\"u1:0x=1\"\n" },
		{ "u9=1", "there is no domain u9: one that is still to come is named by its "
		  "UUID\n" },
		{ "u2=1", "domain u2 is in another pool: xl cpupool-migrate 2 rt\n" },
		{ "u1:2=1", "domain u1 has vCPUs 0 to 1, not 2\n" },
		{ "u1=6ms u1=5ms", "the windows take longer than the major frame, 10000 us, from "
		  "number 2 on: set --major-frame\n" },
	};
	char line[2048] = "sched-arinc653 -p rt";

	fake_xen.pool[1] = (struct fake_pool){ true, XEN_SCHEDULER_ARINC653, 0 };
	fake_xen.pool[1].schedule.major_frame = 10000000;
	put("/local/pool/1/name", "rt");
	fake_xen.d[1].pool = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "sched-arinc653 -p rt %s", cases[i].words);
		assert_int_equal(run(line), 1);
		assert_int_equal(strncmp(err, "xl sched-arinc653: ", 19), 0);
		assert_string_equal(err + 19, cases[i].error);
		assert_string_equal(out, "");
		assert_int_equal(fake_xen.pool[1].schedule.num_sched_entries, 0);
	}
	/* No windows at all are no schedule. */
	assert_int_equal(run("sched-arinc653 -p rt -m 5ms"), 1);
	assert_int_equal(run("sched-arinc653 u1=1"), 1);
	assert_string_equal(err, "Cpupool Pool-0 has the scheduler credit2, not arinc653: use xl "
			    "sched-credit2\n");
	assert_int_equal(run("sched-credit2 -p rt"), 1);
	assert_string_equal(err, "Cpupool rt has the scheduler arinc653, not credit2: use xl "
			    "sched-arinc653\n");
}

/* Whatever hypercall fails, the command says so, and has freed what it took. */
static void test_sched_fails(void **state)
{
	static const char *const lines[] = {
		"sched-credit2", "sched-credit2 -d 1 -w 7", "sched-credit2 -s -r 500",
	};

	fake_xen.fail_with = -EPERM;
	for (unsigned int i = 0; i < 3; i++) {
		unsigned int at = 0;
		int status;

		do {
			fake_xen.calls = fake_xen.failed = 0;
			fake_xen.fail_at = ++at;
			status = run_line(lines[i], true);
			if (status)
				assert_true(*err);
		} while (status || at < 3);
		fake_xen.fail_at = 0;
		assert_true(at > 3);
	}
}

/* An interface gets the number that was asked for, or else the next one. */
static void test_network_attach(void **state)
{
	xl.lx.host = &fake_host_ops;
	put("/libxl/1/device/vif/1/backend", "/local/domain/0/backend/vif/1/1");
	put("/local/domain/0/backend/vif/1/1/state", "4");
	xl.dry_run = true;
	assert_int_equal(run("network-attach u1 bridge=b"), 0);
	assert_says(out, "\"devid\": 2");
	assert_int_equal(run("network-attach u1 devid=5 bridge=b"), 0);
	assert_says(out, "\"devid\": 5");
	xl.dry_run = false;
	assert_int_equal(run("network-attach u1 devid=1 bridge=b"), 1);
	assert_says(err, "Domain 1: it has a device vif 1 already");
	assert_int_equal(run("network-attach u1 devid=70000 bridge=b"), 1);
	assert_says(err, "its number is above 65535");
}

/* A daemon stays where it would leave its parent's session, until the test ends. */
static int hold[2];

pid_t __wrap_setsid(void);
pid_t __wrap_setsid(void)
{
	char c;

	close(hold[1]);
	_exit(read(hold[0], &c, 1) != 0);
}

/* The claim of a create that is killed right after its fork does not live on in the daemon. */
static void test_killed_after_fork(void **state)
{
	static const uint8_t uuid[16] = { 1, 2, 3 };
	char dir[] = "/tmp/xlcmd-XXXXXX";
	struct lx_abandoned *left;
	unsigned int n;
	int claim;

	assert_non_null(mkdtemp(dir));
	xl.lx.run_dir = xl_run_dir = dir;
	claim = lx_claim_take(&xl.lx, uuid);
	assert_true(claim >= 0);
	assert_int_equal(lx_claim_made(&xl.lx, claim, 1), 0);
	assert_int_equal(pipe(hold), 0);
	assert_int_equal(xl_monitor_start(&xl, 1, "u1", false, claim), 0);
	close(claim);		/* as the kernel does for a process that is killed */
	for (int i = 0; i < 200 && lx_claim_held(&xl.lx, uuid); i++)
		usleep(50000);
	left = lx_claims_abandoned(&xl.lx, &n);
	assert_int_equal(n, 1);
	assert_int_equal(left[0].made, 1);
	assert_int_equal(lx_claim_clean(&xl.lx, left), 0);
	free(left);
	close(hold[0]);
	close(hold[1]);
	assert_true(wait(NULL) > 0);
	xl_monitor_forget(1);
	assert_int_equal(rmdir(dir), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_usage), TEST(test_lists), TEST(test_doctor),
		TEST(test_pool_list), TEST(test_pools),
		TEST(test_pool_refused),
		TEST(test_one_pool), TEST(test_numa_split), TEST(test_pool_create_fails),
		TEST(test_credit2), TEST(test_other_scheduler), TEST(test_credit), TEST(test_rtds),
		TEST(test_rtds_remembered), TEST(test_arinc653),
		TEST(test_arinc653_refused),
		TEST(test_sched_fails), TEST(test_network_attach),
		TEST(test_killed_after_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
