/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters of an image that was built with them, in the form of .gcda files. */
#include <xen/assert.h>
#include <xen/coverage.h>
#include <xen/string.h>

#include <public/sysctl.h>

/* Words of a .gcda file of GCC 12. Lengths are in bytes. */
#define GCDA_MAGIC 0x67636461
#define TAG_FUNCTION 0x01000000
#define TAG_COUNTERS 0x01a10000

struct file_head {
	u32 magic, version, stamp, checksum;
};

struct function_head {
	u32 tag, bytes, ident, lineno_checksum, cfg_checksum;
	u32 counters_tag, counters_bytes;
};

/* The section .gcov_info: set by the linker. */
extern const struct gcov_info *const gcov_info_start[], *const gcov_info_end[];

/* "B2" in the first two bytes is release 12. */
static bool is_known(const struct gcov_info *info)
{
	u32 major = ((info->version >> 24) - 'A') * 10 + (info->version >> 16 & 0xff) - '0';

	return major == GCOV_VERSION_MAJOR;
}

bool coverage_is_built(void)
{
	return &gcov_info_start[0] < &gcov_info_end[0] && is_known(gcov_info_start[0]);
}

/* A function that several objects have is counted in one of them. */
static bool is_own(const struct gcov_info *info, const struct gcov_function *f)
{
	return f->key == info;
}

static u32 counters_bytes(const struct gcov_function *f)
{
	return f->counters.nr * (u32)sizeof(*f->counters.values);
}

static u32 file_bytes(const struct gcov_info *info)
{
	u32 n = sizeof(struct file_head) + sizeof(u32);

	for (u32 i = 0; i < info->nr_functions; i++)
		if (is_own(info, info->functions[i]))
			n += sizeof(struct function_head) + counters_bytes(info->functions[i]);
	return n;
}

u32 coverage_bytes(void)
{
	u32 n = sizeof(u32);

	ASSERT(coverage_is_built());
	for (const struct gcov_info *const *at = gcov_info_start; at < gcov_info_end; at++)
		n += (u32)strlen((*at)->filename) + 1 + sizeof(u32) + file_bytes(*at);
	return n;
}

static int write_function(struct coverage_sink *k, const struct gcov_function *f)
{
	const struct function_head head = {
		.tag = TAG_FUNCTION,
		.bytes = 3 * sizeof(u32),
		.ident = f->ident,
		.lineno_checksum = f->lineno_checksum,
		.cfg_checksum = f->cfg_checksum,
		.counters_tag = TAG_COUNTERS,
		.counters_bytes = counters_bytes(f),
	};
	int rc = k->put(k, &head, sizeof(head));

	return rc ? rc : k->put(k, f->counters.values, head.counters_bytes);
}

static int write_file(struct coverage_sink *k, const struct gcov_info *info)
{
	const struct file_head head = { GCDA_MAGIC, info->version, info->stamp, info->checksum };
	const u32 bytes = file_bytes(info), end = 0;
	int rc = k->put(k, info->filename, (u32)strlen(info->filename) + 1);

	ASSERT(is_known(info));
	if (!rc)
		rc = k->put(k, &bytes, sizeof(bytes));
	if (!rc)
		rc = k->put(k, &head, sizeof(head));
	for (u32 i = 0; i < info->nr_functions && !rc; i++)
		if (is_own(info, info->functions[i]))
			rc = write_function(k, info->functions[i]);
	return rc ? rc : k->put(k, &end, sizeof(end));
}

int coverage_write(struct coverage_sink *k)
{
	const u32 magic = XEN_GCOV_FORMAT_MAGIC;
	int rc = k->put(k, &magic, sizeof(magic));

	ASSERT(coverage_is_built());
	for (const struct gcov_info *const *at = gcov_info_start; at < gcov_info_end && !rc; at++)
		rc = write_file(k, *at);
	return rc;
}

void coverage_reset(void)
{
	for (const struct gcov_info *const *at = gcov_info_start; at < gcov_info_end; at++)
		for (u32 i = 0; i < (*at)->nr_functions; i++) {
			const struct gcov_function *f = (*at)->functions[i];

			if (is_own(*at, f))
				memset(f->counters.values, 0, counters_bytes(f));
		}
}
