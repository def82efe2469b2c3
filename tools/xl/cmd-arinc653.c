/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl sched-arinc653: the schedule of a pool. It is a list of windows, one after the other, each for
 * one vCPU, and begins again at every major frame. What a frame has beyond its windows is idle.
 *
 * The hypervisor knows a window's domain by its UUID, so a schedule may name domains that are still
 * to come, and outlives those that it names.
 */
#include <assert.h>
#include <ctype.h>
#include <getopt.h>

#include "sched.h"

#define MAX_WINDOWS ARINC653_MAX_DOMAINS_PER_SCHEDULE
#define NS_PER_US 1000UL

struct options {
	const char *pool, *frame;
};

/* "10ms", "500", "250us", "100000ns", "1s"; without a unit microseconds. */
static bool parse_time(const char *text, const char *what, uint64_t *ns)
{
	static const struct { const char *name; uint64_t ns; } units[] = {
		{ "", NS_PER_US }, { "us", NS_PER_US }, { "ms", 1000000 }, { "s", 1000000000 },
		{ "ns", 1 },
	};
	unsigned long long n = 0;
	char *end = (char *)text;

	errno = 0;
	if (isdigit((unsigned char)*text))
		n = strtoull(text, &end, 10);
	for (size_t i = 0; end != text && !errno && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name))
			continue;
		*ns = n * units[i].ns;
		if (n && n <= INT64_MAX / units[i].ns)
			return true;
	}
	fprintf(stderr, "xl sched-arinc653: %s is a time above 0 such as 10ms, 500us or 100000ns, "
		"not \"%s\"\n", what, text);
	return false;
}

static void print_time(uint64_t ns)
{
	char text[32];

	snprintf(text, sizeof(text), ns % NS_PER_US ? "%lu.%03lu" : "%lu", ns / NS_PER_US,
		 ns % NS_PER_US);
	printf(" %12s", text);
}

static uint64_t sum_of(const struct xen_sysctl_arinc653_schedule *s)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < s->num_sched_entries; i++)
		sum += s->sched_entries[i].runtime;
	return sum;
}

static void print_schedule(struct xl *xl, const char *pool,
			   const struct xen_sysctl_arinc653_schedule *s)
{
	uint64_t sum = sum_of(s);

	assert(s->num_sched_entries <= MAX_WINDOWS);
	printf("Cpupool %s: sched=ARINC653 major-frame=%luus idle=%luus\n", pool,
	       s->major_frame / NS_PER_US,
	       s->major_frame > sum ? (s->major_frame - sum) / NS_PER_US : 0);
	printf("%-33s %4s %4s %12s %s\n", "Name", "ID", "VCPU", "Runtime(us)", "UUID");
	for (unsigned int i = 0; i < s->num_sched_entries; i++) {
		const uint8_t *handle = s->sched_entries[i].dom_handle;
		char uuid[LX_UUID_TEXT], *name = NULL;
		uint32_t domid;

		lx_uuid_text(handle, uuid);
		if (!lx_find_handle(&xl->lx, handle, &domid)) {
			name = xl_name(xl, domid);
			printf("%-33s %4u", name, domid);
		} else {
			printf("%-33s %4s", "-", "-");
		}
		printf(" %4u", s->sched_entries[i].vcpu_id);
		print_time(s->sched_entries[i].runtime);
		printf(" %s\n", uuid);
		free(name);
	}
}

static int get(struct xl *xl, uint32_t pool, struct xen_sysctl_arinc653_schedule *s)
{
	int rc = ctl_sched_arinc653(xl->lx.ctl, pool, XEN_SYSCTL_SCHEDOP_getinfo, s);

	if (!rc && s->num_sched_entries > MAX_WINDOWS)
		rc = -EPROTO;
	if (rc)
		fprintf(stderr, "xl sched-arinc653: cannot read the schedule of pool %u: %s\n",
			pool, strerror(-rc));
	return rc;
}

static int print_pool(struct xl *xl, uint32_t id, const char *name)
{
	struct xen_sysctl_arinc653_schedule s;

	if (get(xl, id, &s))
		return 1;
	print_schedule(xl, name, &s);
	return 0;
}

/* A domain by name, number or UUID. One that is there must be in the pool and have the vCPU. */
static bool find(struct xl *xl, uint32_t pool, const char *text, uint32_t vcpu,
		 xen_domain_handle_t handle)
{
	struct xen_domctl_getdomaininfo info;
	uint32_t domid;
	bool by_uuid = lx_uuid_parse(text, handle);

	if (by_uuid && lx_find_handle(&xl->lx, handle, &domid))
		return true;
	if (!by_uuid && lx_find_domain(&xl->lx, text, &domid)) {
		fprintf(stderr, "xl sched-arinc653: there is no domain %s: one that is still to "
			"come is named by its UUID\n", text);
		return false;
	}
	if (ctl_domain_info(xl->lx.ctl, domid, &info)) {
		fprintf(stderr, "xl sched-arinc653: domain %s has just gone\n", text);
		return false;
	}
	if (info.cpupool != pool) {
		char *in = lx_pool_name(&xl->lx, pool);

		fprintf(stderr, "xl sched-arinc653: domain %s is in another pool: xl "
			"cpupool-migrate %u %s\n", text, domid, in ? in : "?");
		free(in);
		return false;
	}
	memcpy(handle, info.handle, sizeof(xen_domain_handle_t));
	return xl_has_vcpu("sched-arinc653", text, &info, vcpu);
}

static bool malformed(const char *word)
{
	fprintf(stderr, "xl sched-arinc653: a window is written DOMAIN[:VCPU]=TIME, as in "
		"guest:0=5ms, not \"%s\"\n", word);
	return false;
}

/* DOMAIN[:VCPU]=TIME. A name may have colons of its own. */
static bool parse_window(struct xl *xl, uint32_t pool, const char *word,
			 struct xen_sysctl_arinc653_schedule *s)
{
	unsigned int i = s->num_sched_entries;
	char who[128], *equals, *colon, *end;
	unsigned long vcpu = 0;
	uint64_t runtime;

	if (i == MAX_WINDOWS) {
		fprintf(stderr, "xl sched-arinc653: a schedule has at most %u windows\n",
			(unsigned int)MAX_WINDOWS);
		return false;
	}
	equals = strrchr(word, '=');
	if (!equals || equals == word || (size_t)(equals - word) >= sizeof(who))
		return malformed(word);
	memcpy(who, word, (size_t)(equals - word));
	who[equals - word] = '\0';
	colon = strrchr(who, ':');
	if (colon && isdigit((unsigned char)colon[1])) {
		vcpu = strtoul(colon + 1, &end, 10);
		if (*end || vcpu > UINT32_MAX || colon == who)
			return malformed(word);
		*colon = '\0';
	}
	if (!parse_time(equals + 1, "a window", &runtime) ||
	    !find(xl, pool, who, (uint32_t)vcpu, s->sched_entries[i].dom_handle))
		return false;
	s->sched_entries[i].vcpu_id = (uint32_t)vcpu;
	s->sched_entries[i].runtime = runtime;
	s->num_sched_entries++;
	return true;
}

static bool fits(const struct xen_sysctl_arinc653_schedule *s)
{
	uint64_t left = s->major_frame;

	assert(s->num_sched_entries <= MAX_WINDOWS);
	for (unsigned int i = 0; i < s->num_sched_entries; i++) {
		if (s->sched_entries[i].runtime > left) {
			fprintf(stderr, "xl sched-arinc653: the windows take longer than the major "
				"frame, %lu us, from number %u on: set --major-frame\n",
				s->major_frame / NS_PER_US, i + 1);
			return false;
		}
		left -= s->sched_entries[i].runtime;
	}
	return true;
}

/* What is not said stays: the frame without --major-frame, the windows when none is named. */
static int change(struct xl *xl, const struct options *o, int n, char **words)
{
	struct xen_sysctl_arinc653_schedule s;
	uint32_t pool;
	char *name;
	int rc;

	if (!sched_pool(xl, o->pool, XEN_SCHEDULER_ARINC653, &pool) || get(xl, pool, &s) ||
	    (o->frame && !parse_time(o->frame, "a major frame", &s.major_frame)))
		return 1;
	if (n)
		memset(s.sched_entries, 0, sizeof(s.sched_entries));
	s.num_sched_entries = n ? 0 : s.num_sched_entries;
	for (int i = 0; i < n; i++)
		if (!parse_window(xl, pool, words[i], &s))
			return 1;
	if (!fits(&s))
		return 1;
	if (xl->dry_run) {
		name = lx_pool_name(&xl->lx, pool);
		print_schedule(xl, name ? name : "?", &s);
		free(name);
		return 0;
	}
	rc = ctl_sched_arinc653(xl->lx.ctl, pool, XEN_SYSCTL_SCHEDOP_putinfo, &s);
	if (rc)
		fprintf(stderr, "xl sched-arinc653: the hypervisor refuses the schedule: %s%s\n",
			strerror(-rc), rc == -EINVAL ? " (Xenolith takes windows of 10us and more, "
			"and major frames of up to 60s)" : "");
	return rc ? 1 : 0;
}

static int main_sched_arinc653(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "cpupool", 1, NULL, 'p' }, { "major-frame", 1, NULL, 'm' },
		{ "help", 0, NULL, 'h' }, { 0 },
	};
	static const struct sched_view view = { XEN_SCHEDULER_ARINC653, print_pool, NULL, NULL };
	struct options o = { 0 };
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "p:m:h", lopts, 0)) != XL_OPT_DONE) {
		if (opt < XL_OPT_DONE)
			return XL_OPT_STATUS(opt);
		if (opt == 'p')
			o.pool = optarg;
		else
			o.frame = optarg;
	}
	xl_lx(xl);
	if (!o.frame && optind == argc)
		return sched_list(xl, &view, o.pool);
	return change(xl, &o, argc - optind, argv + optind);
}

const struct xl_command xl_arinc653_commands[] = {
	{ "sched-arinc653", main_sched_arinc653, true, true,
	  "Get/set the schedule of the scheduler ARINC 653",
	  "[-p CPUPOOL] [-m TIME] [<Domain|UUID>[:<VCPU>]=<TIME> ...]",
	  "-m TIME, --major-frame=TIME    After this time the schedule begins again\n"
	  "-p CPUPOOL, --cpupool=CPUPOOL  Of this pool; to set it, without: Pool-0\n"
	  "Windows that are named take the place of the whole schedule. A time is in\n"
	  "microseconds, or has a unit: s, ms, us, ns." },
	{ 0 },
};
