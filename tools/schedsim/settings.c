/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that say what is simulated. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "machine/machine.h"
#include "run.h"

#define MAX_HZ 1e12

const struct settings settings_default = {
	.policy = "credit2", .options = "", .machine = "host", .stall = 10000000000LL, .seed = 1,
	.hz = 1e9,
};

const char settings_help[] =
"  --policy NAME        the scheduling policy (default credit2)\n"
"  --options TEXT       more of the hypervisor's command line: \"credit2_runqueue=core\"\n"
"  --machine M          a number of CPUs, SOCKETSxCORESxTHREADS, a JSON file, a recording whose\n"
"                       CPUs count, a copy of a machine's /sys/devices/system, or host, this\n"
"                       machine (the default)\n"
"  --costs FILE         what the hypervisor's work takes (JSON); without it, nothing does\n"
"  --duration TIME      virtual time to simulate, such as 2s (default: the workload's)\n"
"  --stall TIME         fail when a vCPU waits longer for a CPU (default 10s)\n"
"  --seed N             of everything random (default 1)\n"
"  --tsc-hz HZ          cycles a second in a hypervisor's trace (default 1e9)\n"
"  --verbose            show the hypervisor's log, and memory used\n";

static u64 number(const char *option, const char *text)
{
	char *end;
	u64 v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (end == text || *end || strchr(text, '-') || errno)
		die_usage("--%s %s: a natural number must be here", option, text);
	return v;
}

static double frequency(const char *option, const char *text)
{
	char *end;
	double hz = strtod(text, &end);

	if (end == text || *end || !(hz >= 1 && hz <= MAX_HZ))
		die_usage("--%s %s: a frequency in Hz must be here, from 1 to 1e12", option, text);
	return hz;
}

static s64 duration(const char *option, const char *text)
{
	s64 ns;

	if (!parse_time(text, &ns) || !ns)
		die_usage("--%s %s: a time such as 10ms or 2s must be here", option, text);
	return ns;
}

void check_policy(const char *name)
{
	if (!machine_has_policy(name))
		die_usage("%s%s: there is no such policy; take null, credit, credit2, rtds or "
			  "arinc653", name[0] ? "policy " : "--policy", name);
}

bool settings_option(struct settings *s, int option, const char *value)
{
	switch (option) {
	case 'p':
		s->policy = value;
		return true;
	case 'O':
		s->options = value;
		return true;
	case 'm':
		s->machine = value;
		return true;
	case 'c':
		s->costs = value;
		return true;
	case 'd':
		s->duration = duration("duration", value);
		return true;
	case 'w':
		s->stall = duration("stall", value);
		return true;
	case 's':
		s->seed = number("seed", value);
		return true;
	case 'z':
		s->hz = frequency("tsc-hz", value);
		return true;
	case 'v':
		s->verbose = true;
		return true;
	default:
		return false;
	}
}
