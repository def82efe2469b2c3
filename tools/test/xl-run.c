/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of xl with their output in memory. */
#include "xl-run.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct xl xl;
char out[RUN_BYTES], err[RUN_BYTES];

static void take(int fd, char text[RUN_BYTES])
{
	ssize_t n = pread(fd, text, RUN_BYTES - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	close(fd);
}

int run_line(const char *line, bool ends)
{
	char text[512], *argv[32], *rest = text;
	int o = memfd_create("out", 0), e = memfd_create("err", 0);
	int old[2] = { dup(1), dup(2) }, argc = 0, status;
	pid_t pid;

	snprintf(text, sizeof(text), "%s", line);
	while ((argv[argc] = strsep(&rest, " ")))
		argc++;
	fflush(stdout);
	dup2(o, 1);
	dup2(e, 2);
	pid = ends ? fork() : 0;
	if (!pid) {
		status = xl_run(&xl, argc, argv);
		fflush(stdout);
		if (ends)
			_exit(status);
	} else {
		waitpid(pid, &status, 0);
		status = WEXITSTATUS(status);
	}
	dup2(old[0], 1);
	dup2(old[1], 2);
	close(old[0]);
	close(old[1]);
	take(o, out);
	take(e, err);
	return status;
}

int run(const char *line)
{
	return run_line(line, false);
}
