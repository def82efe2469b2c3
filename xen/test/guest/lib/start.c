/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start-up of a microguest, its verdict and its end. */
#include "cpu.h"

char cmdline[1024];
struct region memory_map[64];
u32 memory_map_entries;
u32 start_flags;
struct region boot_module;
/* In a page of its own, as another one is mapped over it. */
struct shared_info shared_info PAGE_ALIGNED __attribute__((section(".bss.alone")));

extern char image_end[];

static u64 next_free;	/* 0: behind the image */
static u32 failures;

/** Prints the line run.py looks for. */
static void verdict(const char *word, const char *fmt, va_list ap)
{
	char why[300];

	format(why, sizeof(why), fmt, ap);
	print("## %s: %s%s%s\n", test_name, word, why[0] ? ": " : "", why);
}

#define DEFINE_VERDICT(name)                                                                       \
	void (test_##name)(const char *fmt, ...)                                                   \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, fmt);                                                                 \
		verdict(#name, fmt, ap);                                                           \
		va_end(ap);                                                                        \
		shutdown(SHUTDOWN_poweroff);                                                       \
	}
DEFINE_VERDICT(skip)
DEFINE_VERDICT(error)
DEFINE_VERDICT(failure)

void (check_failed)(const char *where, const char *fmt, ...)
{
	char what[300];
	va_list ap;

	va_start(ap, fmt);
	format(what, sizeof(what), fmt, ap);
	va_end(ap);
	/* A check in a loop must not flood the output. */
	if (failures++ < 20)
		print("wrong: %s: %s\n", where, what);
}

void test_success_before_end(void)
{
	if (failures)
		test_failure("%u checks", failures);
	print("## %s: success\n", test_name);
}

void shutdown(u32 reason)
{
	struct sched_shutdown sd = { .reason = reason };

	for (;;)
		sched_op(SCHEDOP_shutdown, &sd);
}

bool arg_has(const char *word)
{
	size_t n = strlen(word);

	for (const char *s = cmdline; *s; s++)
		if ((s == cmdline || s[-1] == ' ') && !strncmp(s, word, n) &&
		    (s[n] == ' ' || !s[n]))
			return true;
	return false;
}

const char *arg_text(const char *name)
{
	size_t n = strlen(name);

	for (const char *s = cmdline; *s; s++)
		if ((s == cmdline || s[-1] == ' ') && !strncmp(s, name, n) && s[n] == '=')
			return s + n + 1;
	return NULL;
}

u64 arg_u64(const char *name, u64 fallback)
{
	const char *s = arg_text(name);
	u64 v = 0;

	if (!s)
		return fallback;
	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (u64)(*s - '0');
	return v;
}

bool is_privileged(void)
{
	return start_flags & SIF_PRIVILEGED;
}

bool is_mapped_1to1(void)
{
	return start_flags & SIF_INITDOMAIN;
}

void *alloc_pages(u32 count, u64 align)
{
	u64 from = next_free ? next_free : (u64)image_end, at = (from + align - 1) & ~(align - 1);

	for (u32 i = 0; i < memory_map_entries; i++) {
		const struct region *r = &memory_map[i];

		if (r->type == REGION_RAM && at >= r->start &&
		    at + count * PAGE_SIZE <= r->start + r->size) {
			next_free = at + count * PAGE_SIZE;
			return memset((void *)at, 0, count * PAGE_SIZE);
		}
	}
	test_error("no %u pages of memory left at %#lx", count, at);
}

static void map_shared_info(void)
{
	struct xen_add_to_physmap xatp = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
					   .gpfn = (u64)&shared_info / PAGE_SIZE };
	long rc = memory_op(XENMEM_add_to_physmap, &xatp);

	if (rc)
		test_error("cannot map the shared info page: %ld", rc);
}

void test_run(void)
{
	map_shared_info();
	test_main();
	test_success_before_end();
	shutdown(SHUTDOWN_poweroff);
}
