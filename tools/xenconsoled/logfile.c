/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log files. A guest that writes without end fills two files of limited size, not a disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"

static void open_file(struct logfile *f)
{
	struct stat st;

	f->fd = open(f->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	f->bytes = f->fd >= 0 && !fstat(f->fd, &st) ? (uint64_t)st.st_size : 0;
	f->line_start = true;
}

/* A name with a slash would leave the folder; xl does not give such ones, but others might. */
void logfile_open(struct logfile *f, const char *dir, const char *name, uint64_t limit, bool stamp)
{
	int n;

	f->fd = -1;
	if (!dir)
		return;
	f->limit = limit;
	f->stamp = stamp;
	n = snprintf(f->path, sizeof(f->path), "%s/%.220s", dir, name);
	/* No folder has a longer name, so this is not one. */
	if (n < 0 || (size_t)n >= sizeof(f->path))
		return;
	for (char *p = f->path + strlen(dir) + 1; *p; p++)
		if (*p == '/')
			*p = '_';
	open_file(f);
}

void logfile_close(struct logfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

void logfile_reopen(struct logfile *f)
{
	if (f->fd < 0)
		return;
	close(f->fd);
	open_file(f);
}

static void turn_over(struct logfile *f)
{
	char old[sizeof(f->path) + 2];

	snprintf(old, sizeof(old), "%s.1", f->path);
	rename(f->path, old);
	logfile_reopen(f);
}

/* A full disk costs the log, not the console. */
static void put(struct logfile *f, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(f->fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		f->bytes += (uint64_t)done;
		p += done;
		n -= (size_t)done;
	}
}

static void put_stamp(struct logfile *f)
{
	char text[32];
	time_t now = time(NULL);
	size_t n = strftime(text, sizeof(text), "[%Y-%m-%d %H:%M:%S] ", localtime(&now));

	put(f, text, n);
}

void logfile_write(struct logfile *f, const char *p, size_t n)
{
	if (f->fd < 0)
		return;
	if (f->limit && f->bytes >= f->limit)
		turn_over(f);
	if (!f->stamp) {
		put(f, p, n);
		f->line_start = n ? p[n - 1] == '\n' : f->line_start;
		return;
	}
	while (n) {
		const char *end = memchr(p, '\n', n);
		size_t line = end ? (size_t)(end - p) + 1 : n;

		if (f->line_start)
			put_stamp(f);
		put(f, p, line);
		f->line_start = end != NULL;
		p += line;
		n -= line;
	}
}
