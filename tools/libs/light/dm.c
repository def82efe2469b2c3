/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting and ending device models, and what the toolstack notes of them. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "dm.h"

#define QEMU 0
#define TAIL_BYTES 600
#define STATE "/local/domain/0/device-model/%u"

static char *noted(struct lx *lx, uint32_t domid, unsigned int index, const char *what)
{
	return lx_read(lx->store, 0, "/libxl/%u/dm/%u/%s", domid, index, what);
}

struct note {
	struct lx *lx;
	uint32_t domid;
	unsigned int index;
	const char *log, *program;
	int pid;
};

static int put(struct lx_store *s, uint32_t tx, const struct note *n, const char *what,
	       const char *value)
{
	char path[LX_PATH_BYTES];

	snprintf(path, sizeof(path), "/libxl/%u/dm/%u/%s", n->domid, n->index, what);
	return s->ops->write(s, tx, path, value);
}

/* Xen's own toolstack looks for the process in the guest's folder, which the guest only reads. */
static int write_note(struct lx_store *s, uint32_t tx, void *arg)
{
	const struct note *n = arg;
	const struct lx_perm perms[] = { { 0, false, false }, { n->domid, true, false } };
	char path[LX_PATH_BYTES], pid[16];
	int rc;

	snprintf(pid, sizeof(pid), "%d", n->pid);
	rc = put(s, tx, n, "pid", pid);
	if (!rc)
		rc = put(s, tx, n, "log", n->log);
	if (!rc)
		rc = put(s, tx, n, "program", n->program);
	if (rc || n->index != QEMU)
		return rc;
	snprintf(path, sizeof(path), "/local/domain/%u/image/device-model-pid", n->domid);
	rc = s->ops->write(s, tx, path, pid);
	return rc ? rc : s->ops->set_perms(s, tx, path, perms, 2);
}

/* A log of before is kept once. */
static void name_log(const struct lx *lx, const char *guest, unsigned int index,
		     char path[LX_PATH_BYTES])
{
	char old[LX_PATH_BYTES + 4];

	mkdir(lx->log_dir, 0755);
	if (index == QEMU)
		snprintf(path, LX_PATH_BYTES, "%.64s/qemu-dm-%.128s.log", lx->log_dir, guest);
	else
		snprintf(path, LX_PATH_BYTES, "%.64s/dm-%u-%.128s.log", lx->log_dir, index, guest);
	snprintf(old, sizeof(old), "%s.1", path);
	rename(path, old);
}

int lx_dm_start(struct lx *lx, uint32_t domid, const char *guest, unsigned int index,
		const struct lx_words *w, int *ready)
{
	char log[LX_PATH_BYTES];
	struct note n = { lx, domid, index, log, w->n ? w->word[0] : "", 0 };
	int rc = w->rc ? w->rc : w->n ? 0 : -EINVAL;

	assert(index < LX_DM_MAX && domid);
	*ready = -1;
	name_log(lx, guest, index, log);
	if (!rc && index == QEMU)
		rc = lx_remove(lx->store, 0, STATE, domid);
	if (!rc)
		rc = lx->host->dm_start(w->word, log, index == QEMU ? NULL : ready, &n.pid);
	if (rc) {
		lx_error(lx, rc, "cannot start the device model %s%s", n.program, index == QEMU ?
			 " (Debian's package qemu-system-xen has QEMU)" : "");
		return rc;
	}
	rc = lx_transaction(lx->store, write_note, &n);
	if (rc) {
		lx_error(lx, rc, "cannot note the device model %s", n.program);
		lx->host->dm_end(n.pid);
		if (index == QEMU)
			lx_remove(lx->store, 0, STATE, domid);
	}
	if (rc && *ready >= 0)
		close(*ready);
	return rc;
}

int lx_dm_pid(struct lx *lx, uint32_t domid, unsigned int index)
{
	char *text = noted(lx, domid, index, "pid"), number[16];
	int pid = text ? atoi(text) : 0;

	free(text);
	/* The number of a process that has ended may be another's now. */
	snprintf(number, sizeof(number), "%u", domid);
	return pid > 0 && lx->host->dm_runs(pid, number) ? pid : 0;
}

/* The end of a file, from the beginning of a line on; "" when there is none. */
static void read_tail(const char *path, char text[TAIL_BYTES])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	off_t from = end > TAIL_BYTES - 1 ? end - (TAIL_BYTES - 1) : 0;
	ssize_t n = fd < 0 ? 0 : pread(fd, text, TAIL_BYTES - 1, from);
	char *line;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	line = from ? strchr(text, '\n') : NULL;
	if (line)
		memmove(text, line + 1, strlen(line));
	n = (ssize_t)strlen(text);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
}

void lx_dm_report(struct lx *lx, uint32_t domid, unsigned int index)
{
	char *log = noted(lx, domid, index, "log"), *program = noted(lx, domid, index, "program");
	char tail[TAIL_BYTES] = "";

	if (log)
		read_tail(log, tail);
	lx_error(lx, 0, "Domain %u: its device model %s has ended; what it emulated reads as all "
		 "ones now. %s%s%s%s", domid, program ? program : "?", *tail ? "The end of " :
		 "Its log is empty: ", log ? log : "?", *tail ? ":\n" : "", tail);
	free(log);
	free(program);
}

/* Has a device model written to its descriptor? The other end closes with the process. */
static int told(int ready)
{
	struct pollfd p = { .fd = ready, .events = POLLIN };
	char c;

	if (poll(&p, 1, 0) <= 0)
		return -EAGAIN;
	return read(ready, &c, 1) == 1 ? 0 : -EIO;
}

static int qemu_runs(struct lx *lx, uint32_t domid)
{
	char *state = lx_read(lx->store, 0, STATE "/state", domid);
	int rc = state && !strcmp(state, "running") ? 0 : -EAGAIN;

	free(state);
	return rc;
}

int lx_dm_ready(struct lx *lx, uint32_t domid, unsigned int index, int ready)
{
	int rc = index == QEMU ? qemu_runs(lx, domid) : told(ready);

	if (rc == -EAGAIN && !lx_dm_pid(lx, domid, index))
		rc = -EIO;
	if (rc == -EIO)
		lx_dm_report(lx, domid, index);
	return rc;
}

/* Whoever watches the processes need not report these ends. */
static void note_ending(struct lx *lx, uint32_t domid)
{
	char path[LX_PATH_BYTES];

	snprintf(path, sizeof(path), "/libxl/%u/dm/ending", domid);
	lx->store->ops->write(lx->store, 0, path, "1");
}

static bool is_ending(struct lx *lx, uint32_t domid, unsigned int index)
{
	char *ending = lx_read(lx->store, 0, "/libxl/%u/dm/ending", domid);
	char *pid = noted(lx, domid, index, "pid");
	bool is = ending || !pid;

	free(ending);
	free(pid);
	return is;
}

void lx_dm_stop(struct lx *lx, uint32_t domid)
{
	bool told = false;

	for (unsigned int i = 0; i < LX_DM_MAX; i++) {
		int pid = lx_dm_pid(lx, domid, i);

		if (pid && !told)
			note_ending(lx, domid);
		told |= pid;
		if (pid)
			lx->host->dm_end(pid);
	}
	lx_remove(lx->store, 0, "/libxl/%u/dm", domid);
	lx_remove(lx->store, 0, STATE, domid);
}

static void stop_one(struct lx_dm_end *e)
{
	if (!e->watch)
		return;
	lx_fd_remove(&e->watch->lx->loop, &e->fd);
	close(e->fd.fd);
	e->watch = NULL;
}

/* The guest may have ended, and its device models with it. */
static void on_end(struct lx_fd *fd, short revents)
{
	struct lx_dm_end *e = fd->user;
	struct lx_dm_watch *w = e->watch;
	enum lx_death how;

	stop_one(e);
	if (!is_ending(w->lx, w->domid, e->index) && !lx_domain_ended(w->lx, w->domid, &how))
		lx_dm_report(w->lx, w->domid, e->index);
}

void lx_dm_watch_start(struct lx_dm_watch *w, struct lx *lx, uint32_t domid)
{
	*w = (struct lx_dm_watch){ .lx = lx, .domid = domid };
	for (unsigned int i = 0; i < LX_DM_MAX; i++) {
		struct lx_dm_end *e = &w->end[i];
		int pid = lx_dm_pid(lx, domid, i);
		int fd = pid ? lx->host->dm_watch(pid) : -1;

		if (fd < 0)
			continue;
		*e = (struct lx_dm_end){ .watch = w, .index = i };
		e->fd = (struct lx_fd){ .fn = on_end, .user = e };
		lx_fd_add(&lx->loop, &e->fd, fd, POLLIN);
	}
}

void lx_dm_watch_stop(struct lx_dm_watch *w)
{
	for (unsigned int i = 0; i < LX_DM_MAX; i++)
		stop_one(&w->end[i]);
}
