/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's file; see journal.h. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"

#define STATE_FILE "state"
#define NEW_FILE "state.new"
/* The file grows by this much. */
#define GROW_BYTES (1U << 20)
/* A journal shorter than this is not worth writing anew. */
#define COMPACT_BYTES (8U << 20)

static const char magic[16] = "xenolith-xs-001";

struct head {
	uint32_t len, number;
	uint64_t sum;
};

static size_t padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

/* It has to tell a record from half a record; it is not against forgery. */
static uint64_t sum_of(uint32_t number, const char *p, size_t len)
{
	uint64_t sum = (uint64_t)number << 32 ^ len ^ 0x6a09e667f3bcc908ULL, word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum = (sum ^ word) * 0x9fb21c651e98df25ULL;
		sum ^= sum >> 32;
	}
	word = 0;
	memcpy(&word, p, len);
	sum = (sum ^ word) * 0x9fb21c651e98df25ULL;
	return sum ^ sum >> 29;
}

static int make_folders(const char *dir)
{
	char path[4096];
	size_t len = strlen(dir);

	if (len >= sizeof(path))
		return ENAMETOOLONG;
	memcpy(path, dir, len + 1);
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? errno : 0;
}

int journal_open(struct journal *j, const char *dir)
{
	int error = make_folders(dir);

	*j = (struct journal){ .dir = -1, .fd = -1 };
	if (error)
		return error;
	j->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->dir < 0)
		return errno;
	if (flock(j->dir, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? EBUSY : errno;
	return 0;
}

static const char *load_records(const char *map, size_t size,
				const char *(*fn)(void *ctx, const void *record, size_t len),
				void *ctx, unsigned long *records)
{
	size_t pos = sizeof(magic);
	struct head h;
	const char *wrong;

	while (size - pos >= sizeof(h)) {
		memcpy(&h, map + pos, sizeof(h));
		if (!h.len || h.len > size - pos - sizeof(h) || h.number != *records + 1 ||
		    h.sum != sum_of(h.number, map + pos + sizeof(h), h.len))
			break;
		wrong = fn(ctx, map + pos + sizeof(h), h.len);
		if (wrong)
			return wrong;
		pos += sizeof(h) + padded(h.len);
		++*records;
		if (pos > size)
			break;
	}
	return NULL;
}

const char *journal_load(struct journal *j, const char *(*fn)(void *ctx, const void *record,
							      size_t len), void *ctx,
			 unsigned long *records)
{
	int fd = openat(j->dir, STATE_FILE, O_RDONLY | O_CLOEXEC);
	const char *wrong = "it is not a journal of this version";
	struct stat st;
	char *map;

	*records = 0;
	if (fd < 0)
		return errno == ENOENT ? NULL : strerror(errno);
	if (fstat(fd, &st) || !st.st_size) {
		close(fd);
		return "it is empty";
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return strerror(errno);
	if ((size_t)st.st_size >= sizeof(magic) && !memcmp(map, magic, sizeof(magic)))
		wrong = load_records(map, (size_t)st.st_size, fn, ctx, records);
	munmap(map, (size_t)st.st_size);
	return wrong;
}

static int grow(struct journal *j, size_t need)
{
	size_t more = (need / GROW_BYTES + 1) * GROW_BYTES;
	int error = posix_fallocate(j->fd, (off_t)j->size, (off_t)more);
	void *map;

	if (error)
		return error == EINTR ? ENOSPC : error;
	if (j->map)
		map = mremap(j->map, j->size, j->size + more, MREMAP_MAYMOVE);
	else
		map = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_SHARED, j->fd, 0);
	if (map == MAP_FAILED)
		return ENOSPC;
	j->map = map;
	j->size += more;
	return 0;
}

int journal_begin(struct journal *j)
{
	int error;

	j->fd = openat(j->dir, NEW_FILE, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	j->map = NULL;
	j->size = j->used = 0;
	j->number = 1;
	if (j->fd < 0)
		return errno;
	error = grow(j, sizeof(magic));
	if (error)
		return error;
	memcpy(j->map, magic, sizeof(magic));
	j->used = sizeof(magic);
	return 0;
}

static void let_go(const struct journal *j)
{
	if (j->map)
		munmap(j->map, j->size);
	if (j->fd >= 0)
		close(j->fd);
}

int journal_commit(struct journal *j, const struct journal *old)
{
	assert(j->dir == old->dir && j->fd != old->fd);
	if (renameat(j->dir, NEW_FILE, j->dir, STATE_FILE))
		return errno;
	let_go(old);
	j->compact_at = 3 * j->used + COMPACT_BYTES;
	return 0;
}

void journal_abandon(struct journal *j, const struct journal *old)
{
	let_go(j);
	unlinkat(j->dir, NEW_FILE, 0);
	*j = *old;
	/* Not again for every record. */
	j->compact_at = 2 * j->used;
}

int journal_append(struct journal *j, const void *record, size_t len)
{
	size_t need = sizeof(struct head) + padded(len);
	struct head h = { .len = (uint32_t)len, .number = j->number };
	int error;

	assert(len && len <= UINT32_MAX && j->map);
	assert(j->used >= sizeof(magic) && j->used <= j->size);
	/* A head's worth of zeroes after it tells a reader that the file ends. */
	if (j->used + need + sizeof(h) > j->size) {
		error = grow(j, need + sizeof(h));
		if (error)
			return error;
	}
	h.sum = sum_of(h.number, record, len);
	assert(j->used % 8 == 0 && j->used + need + sizeof(h) <= j->size);
	memcpy(j->map + j->used + sizeof(h), record, len);
	memcpy(j->map + j->used, &h, sizeof(h));
	j->used += need;
	j->number++;
	return 0;
}

void journal_close(struct journal *j)
{
	let_go(j);
	if (j->dir >= 0)
		close(j->dir);
	*j = (struct journal){ .dir = -1, .fd = -1 };
}
