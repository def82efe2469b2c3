/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0_mem= and dom0_max_vcpus= in all of Xen's forms, and dom0_vcpus_pin. */
#include <xen/dom0_params.h>

#include <xen/domain.h>
#include <xen/format.h>
#include <xen/mm.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

#define MEM_FORMS "not a list of SIZE, min:SIZE and max:SIZE, where SIZE is like 512M, -512M, " \
		  "25% or 1G+25%"
#define VCPU_FORMS "not N or MIN-MAX with numbers from 1 to 128"

/* Bytes plus a percentage of the machine's memory, or all free memory less the bytes. */
struct size {
	bool given, negative;
	u32 percent;
	u64 bytes;
};

/* The exact size, the minimum and the maximum. */
struct mem {
	struct size size, min, max;
};
static struct mem mem;

/* N%; the end of the word must follow. */
static bool parse_percent(const char *s, struct size *z)
{
	const char *end;
	u64 v = parse_u64(s, &end, 10);

	if (end == s || strcmp(end, "%") || v >= 100)
		return false;
	z->percent = (u32)v;
	return true;
}

/* SIZE, -SIZE, N%, SIZE+N% */
static bool parse_amount(const char *s, struct size *z)
{
	const char *end;

	*z = (struct size){ .given = true, .negative = *s == '-' };
	s += z->negative;
	if (!z->negative && parse_percent(s, z))
		return true;
	z->bytes = parse_size(s, &end);
	if (end == s || z->bytes >> 52)
		return false;
	return !*end || (!z->negative && *end == '+' && parse_percent(end + 1, z));
}

static const char *parse_mem(const char *v)
{
	struct mem m = mem;
	char word[48];

	do {
		size_t len = strcspn(v, ",");
		struct size *z = !strncmp(v, "min:", 4) ? &m.min : !strncmp(v, "max:", 4) ? &m.max
											  : &m.size;

		if (len >= sizeof(word))
			return MEM_FORMS;
		memcpy(word, v, len);
		word[len] = '\0';
		if (!parse_amount(z == &m.size ? word : word + 4, z))
			return MEM_FORMS;
		v += len;
	} while (*v++);
	mem = m;
	return NULL;
}
PARAM_CUSTOM_FN("dom0_mem", dom0_mem, parse_mem);

static u64 amount_pages(const struct size *z, u64 free, u64 total)
{
	u64 pages = (z->bytes >> PAGE_SHIFT) + total / 100 * z->percent +
		    total % 100 * z->percent / 100;

	ASSERT(z->given && z->percent < 100);
	return !z->negative ? pages : pages < free ? free - pages : 0;
}

u64 dom0_mem_pages(u64 free, u64 total, u64 fallback)
{
	u64 pages = mem.size.given ? amount_pages(&mem.size, free, total) : fallback;

	if (mem.min.given)
		pages = max(pages, amount_pages(&mem.min, free, total));
	if (mem.max.given)
		pages = min(pages, amount_pages(&mem.max, free, total));
	return pages;
}

u64 dom0_mem_max_pages(u64 free, u64 total, u64 pages)
{
	return mem.max.given ? max(pages, amount_pages(&mem.max, free, total)) : pages;
}

/* Both 0: no bounds were given. */
static struct {
	u32 min, max;
} vcpus;

/* A number that may be missing: *@v keeps its value then. */
static bool parse_bound(const char **s, u32 *v)
{
	const char *end;
	u64 n = parse_u64(*s, &end, 10);

	if (end == *s)
		return true;
	*s = end;
	*v = (u32)min(n, (u64)DOM0_MAX_VCPUS + 1);
	return n;
}

/* N, MIN-MAX, MIN-, -MAX */
static const char *parse_vcpus(const char *v)
{
	u32 min = 0, max = 0;

	if (!parse_bound(&v, &min))
		return VCPU_FORMS;
	if (*v != '-') {
		max = min;
	} else {
		v++;
		max = DOM0_MAX_VCPUS;
		if ((!min && !*v) || !parse_bound(&v, &max))
			return VCPU_FORMS;
		min = min ? min : 1;
		/* Limit the bound to the most that a domain can have. */
		max = min(max, DOM0_MAX_VCPUS);
	}
	if (*v || !min || min > max || max > DOM0_MAX_VCPUS)
		return VCPU_FORMS;
	vcpus.min = min;
	vcpus.max = max;
	return NULL;
}
PARAM_CUSTOM_FN("dom0_max_vcpus", dom0_max_vcpus, parse_vcpus);

static bool pin;
PARAM_BOOL_VAR("dom0_vcpus_pin", dom0_vcpus_pin, pin);

void dom0_pin_vcpu(struct vcpu *v)
{
	cpumask_t cpus, one;
	u32 cpu, nth = 0;

	if (!pin)
		return;
	cpus_in_use(&cpus);
	cpumask_clear(&one);
	cpumask_for_each(cpu, &cpus)
		if (nth++ == v->id % cpumask_weight(&cpus))
			cpumask_set(&one, cpu);
	if (vcpu_set_affinity(v, &one, NULL))
		panic("dom0_vcpus_pin: vCPU %u cannot be pinned", v->id);
}

u32 dom0_vcpus(u32 cpus, u32 fallback)
{
	if (vcpus.max)
		return max(min(cpus, vcpus.max), vcpus.min);
	return fallback ? fallback : min(cpus, DOM0_MAX_VCPUS);
}
