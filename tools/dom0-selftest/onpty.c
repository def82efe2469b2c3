/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * onpty COMMAND...: run a command on a terminal of its own. What comes on standard input is typed
 * there, what it shows goes to standard output. Some programs (Debian's xenconsole) listen to
 * their user on a terminal only.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int pass_on(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	for (ssize_t at = 0, done; at < n; at += done) {
		done = write(to, buf + at, (size_t)(n - at));
		if (done <= 0)
			return 0;
	}
	return n > 0;
}

int main(int argc, char **argv)
{
	struct pollfd fds[2] = { { .fd = 0, .events = POLLIN }, { .events = POLLIN } };
	int terminal, status;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: onpty COMMAND [ARGUMENT...]\n");
		return 2;
	}
	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid < 0) {
		perror("onpty");
		return 1;
	}
	if (!pid) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	fds[1].fd = terminal;
	while (poll(fds, 2, -1) > 0) {
		/* Nothing more to type; what it shows is still wanted. */
		if (fds[0].revents && !pass_on(0, terminal))
			fds[0].fd = -1;
		/* A terminal that nobody has open any more reads as an error. */
		if (fds[1].revents && !pass_on(terminal, 1))
			break;
	}
	close(terminal);
	if (waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
