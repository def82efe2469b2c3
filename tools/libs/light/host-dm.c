/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device models as processes of Linux, and the socket of QEMU's machine protocol. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "host-linux.h"

#define END_MS 10000		/* for a device model to end by itself */
#define POLL_MS 10
#define QMP_MS 30000		/* for an answer */
#define QMP_BYTES (1 << 20)	/* of an answer */
#define READY_FD 3

/* Become the device model, or write to @failed why not. Does not return. */
static void become(char *const *argv, int log, int ready, int failed)
{
	char number[16];
	int null = open("/dev/null", O_RDWR), why;

	setsid();
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &(sigset_t){ 0 }, NULL);
	dup2(null, 0);
	dup2(log, 1);
	dup2(log, 2);
	/* The descriptors that are kept lie above those that get numbers here. */
	failed = fcntl(failed, F_DUPFD_CLOEXEC, READY_FD + 1);
	if (ready >= 0) {
		if (dup2(ready, READY_FD) < 0 || fcntl(READY_FD, F_SETFD, 0))
			_exit(127);
		snprintf(number, sizeof(number), "%d", READY_FD);
		setenv("XENOLITH_READY_FD", number, 1);
	}
	execvp(argv[0], argv);
	why = errno;
	_exit(write(failed, &why, sizeof(why)) == sizeof(why) ? 127 : 126);
}

/* Wait until the child runs its own program: until then it has this one's command line. */
static int await_exec(int pid, int failed)
{
	int why;

	if (read(failed, &why, sizeof(why)) != sizeof(why))
		return 0;
	waitpid(pid, NULL, 0);
	return why > 0 ? -why : -EIO;
}

static void close_pipe(const int pipes[2])
{
	for (int i = 0; i < 2; i++)
		if (pipes[i] >= 0)
			close(pipes[i]);
}

static int start(char *const *argv, int log, int ready[2], int failed[2], int *pid)
{
	int rc;

	*pid = fork();
	if (!*pid)
		become(argv, log, ready[1], failed[1]);
	rc = *pid < 0 ? -errno : 0;
	close(failed[1]);
	failed[1] = -1;
	return rc ? rc : await_exec(*pid, failed[0]);
}

int lx_linux_dm_start(char *const *argv, const char *log_path, int *ready, int *pid)
{
	int pipes[2] = { -1, -1 }, failed[2] = { -1, -1 };
	int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int rc = log < 0 || (ready && pipe2(pipes, O_CLOEXEC)) || pipe2(failed, O_CLOEXEC) ?
		 -errno : 0;

	if (!rc)
		rc = start(argv, log, pipes, failed, pid);
	if (!rc && ready) {
		*ready = pipes[0];
		pipes[0] = -1;
	}
	close_pipe(pipes);
	close_pipe(failed);
	if (log >= 0)
		close(log);
	return rc;
}

/* One that has ended and was not waited for has no words any more. */
bool lx_linux_dm_runs(int pid, const char *word)
{
	char path[40], text[8192], *p = text;
	ssize_t n;
	int fd;

	waitpid(pid, NULL, WNOHANG);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	for (; p < text + n; p += strlen(p) + 1)
		if (!strcmp(p, word))
			return true;
	return false;
}

int lx_linux_dm_watch(int pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

static bool gone(int pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid || kill(pid, 0);
}

void lx_linux_dm_end(int pid)
{
	uint64_t until = lx_now() + END_MS * 1000000ULL;

	kill(pid, SIGTERM);
	while (!gone(pid)) {
		if (lx_now() > until) {
			kill(pid, SIGKILL);
			until = UINT64_MAX;
		}
		usleep(POLL_MS * 1000);
	}
}

/* One line, without its end, into @line. */
static int read_line(int fd, char *line, size_t room, uint64_t until)
{
	size_t n = 0;

	while (n + 1 < room) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = lx_now();

		if (now > until || poll(&p, 1, (int)((until - now) / 1000000) + 1) <= 0)
			return -ETIMEDOUT;
		if (read(fd, line + n, 1) != 1)
			return -ECONNRESET;
		if (line[n] == '\n') {
			line[n] = '\0';
			return 0;
		}
		n++;
	}
	return -E2BIG;
}

static int send_line(int fd, const char *text)
{
	struct iovec v[] = { { (void *)text, strlen(text) }, { "\n", 1 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)(v[0].iov_len + 1) ? 0 : -EIO;
}

/* Events come between; the answer has one of two members. */
static int converse(int fd, const char *request, char *line, uint64_t until)
{
	int rc = send_line(fd, request);

	do {
		if (!rc)
			rc = read_line(fd, line, QMP_BYTES, until);
	} while (!rc && strncmp(line, "{\"return\"", 9) && strncmp(line, "{\"error\"", 8));
	return rc;
}

int lx_linux_qmp(const char *path, const char *request, char **reply)
{
	uint64_t until = lx_now() + QMP_MS * 1000000ULL;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, rc = strlen(path) < sizeof(a.sun_path) ? 0 : -ENAMETOOLONG;
	char *line;

	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	memcpy(a.sun_path, path, strlen(path) + 1);
	line = malloc(QMP_BYTES);
	if (!line)
		rc = -ENOMEM;
	else if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		rc = -errno;
	if (!rc)
		rc = read_line(fd, line, QMP_BYTES, until);	/* the greeting */
	if (!rc)
		rc = converse(fd, "{\"execute\": \"qmp_capabilities\"}", line, until);
	if (!rc)
		rc = converse(fd, request, line, until);
	close(fd);
	if (rc)
		free(line);
	else
		*reply = line;
	return rc;
}
