/* SPDX-License-Identifier: GPL-2.0-or-later */
/* schedsim: the hypervisor's scheduler on simulated machines, in virtual time. */
#include <stdio.h>
#include <string.h>

#include <xen/compiler.h>

#include "agree.h"
#include "decision.h"
#include "property/command.h"
#include "run.h"

static const char help[] =
"usage: schedsim COMMAND [OPTION...]\n"
"\n"
"Runs the hypervisor's own scheduler, core and policies, on simulated machines.\n"
"\n"
"  run        simulate a workload\n"
"  property   look for broken rules in random scenarios\n"
"  diff       find the first decision that two runs take differently\n"
"  agree      compare the decisions in a hypervisor's trace with the simulator's\n"
"  decisions  write the decisions of a run, for diff\n"
"  sets       random sets of periodic tasks: which of them meet all deadlines\n"
"\n"
"schedsim COMMAND --help explains a command; docs/schedsim.md explains all.\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", command_run },
	{ "diff", command_diff },
	{ "property", command_property },
	{ "agree", command_agree },
	{ "decisions", command_decisions },
	{ "sets", command_sets },
};

int main(int argc, char **argv)
{
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return STATUS_OK;
	}
	for (u32 i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "schedsim: %s%s\n", argc > 1 ? "no such command: " : "name a command",
		argc > 1 ? argv[1] : "; see schedsim --help");
	return STATUS_USAGE;
}
