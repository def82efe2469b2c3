/* SPDX-License-Identifier: GPL-2.0-or-later */
/* psr=, and what of it the machine can do. */
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/hal/smp.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

#include <asm/domain.h>

#include "private.h"

#define FORMS "not a list of cmt:FLAG, rmid_max:N, limbo:SIZE, cat:FLAG and cos_max:N"

struct psr_state psr;

/* What psr= asked for; Xen's defaults. */
struct options {
	bool cmt, cat;
	u32 rmid_max, cos_max;
	u64 limbo_bytes;	/* 0: choose */
};
static struct options opt = { .rmid_max = 255, .cos_max = 255 };

static bool parse_number(const char *s, u32 *out)
{
	const char *end;
	u64 v = parse_u64(s, &end, 0);

	if (end == s || *end || !v || v > ~0U)
		return false;
	*out = (u32)v;
	return true;
}

/* NULL, or why the word is refused. */
static const char *parse_word(const char *name, const char *value, struct options *o)
{
	int flag = param_flag(value);
	const char *end;

	if (!strcmp(name, "rmid_max"))
		return parse_number(value, &o->rmid_max) ? NULL : FORMS;
	if (!strcmp(name, "cos_max"))
		return parse_number(value, &o->cos_max) ? NULL : FORMS;
	if (!strcmp(name, "limbo")) {
		o->limbo_bytes = parse_size(value, &end);
		return end != value && !*end && o->limbo_bytes ? NULL : FORMS;
	}
	if (flag < 0)
		return FORMS;
	if (!strcmp(name, "cmt"))
		o->cmt = flag;
	else if (!strcmp(name, "cat"))
		o->cat = flag;
	else if (strcmp(name, "cdp") && strcmp(name, "mba"))
		return FORMS;
	else if (flag)
		return param_error("%s is not built", name);
	return NULL;
}

static const char *parse_psr(const char *s)
{
	struct options o = opt;
	char word[48];

	do {
		size_t len = strcspn(s, ","), name = strcspn(s, ":,");
		const char *why;

		if (len >= sizeof(word))
			return FORMS;
		memcpy(word, s, len);
		word[len] = '\0';
		word[name] = '\0';
		why = parse_word(word, name < len ? word + name + 1 : "", &o);
		if (why)
			return why;
		s += len;
	} while (*s++);
	opt = o;
	return NULL;
}
PARAM_CUSTOM_FN("psr", psr, parse_psr);

static const struct psr_provider *find_provider(struct psr_caps *caps)
{
	for (u32 i = 0; psr_providers[i]; i++)
		if (psr_providers[i]->probe(caps))
			return psr_providers[i];
	return NULL;
}

/* The sockets that have CPUs, as bits; 0 when one has too high a number. */
static u32 find_sockets(void)
{
	u32 sockets = 0;

	for (u32 cpu = cpumask_first(&cpu_online_map); cpu < NR_CPUS;
	     cpu = cpumask_next(&cpu_online_map, cpu + 1)) {
		u32 socket = hal_cpu_to_socket(cpu);

		if (socket >= PSR_MAX_SOCKETS)
			return 0;
		sockets |= 1U << socket;
	}
	return sockets;
}

/* Leave of what the machine has what is wanted, within what the tables hold. */
static void restrict_caps(struct psr_caps *c)
{
	if (opt.cmt && !c->rmids)
		printk(LOG_WARN "psr=cmt: this machine's cache cannot be monitored\n");
	if (opt.cat && !c->coses)
		printk(LOG_WARN "psr=cat: this machine's cache cannot be divided\n");
	c->rmids = opt.cmt ? min(c->rmids, min(opt.rmid_max, PSR_MAX_RMIDS - 1) + 1) : 0;
	c->coses = opt.cat ? min(c->coses, min(opt.cos_max, PSR_MAX_COSES - 1) + 1) : 0;
	if (!c->rmids)
		c->events = 0;
}

void psr_init(void)
{
	const struct psr_provider *provider;
	struct psr_caps caps = { 0 };

	if (!opt.cmt && !opt.cat)
		return;
	provider = find_provider(&caps);
	psr.sockets = find_sockets();
	if (!provider || !psr.sockets) {
		printk(LOG_WARN "psr= is ignored: %s\n",
		       provider ? "a socket has a number above 7" :
		       "neither CPUID nor a device describes a cache that can be monitored or "
		       "divided");
		return;
	}
	restrict_caps(&caps);
	if (!caps.rmids && !caps.coses)
		return;
	psr.caps = caps;
	psr.limbo_bytes = opt.limbo_bytes ? opt.limbo_bytes : caps.l3_bytes / max(caps.rmids, 1U);
	psr.provider = provider;
	psr_cmt_init();
	psr_cat_init();
	psr_assoc_init();
	printk(LOG_INFO "Cache of %lu KiB, by %s: %u RMIDs, %u classes of service\n",
	       caps.l3_bytes >> 10, provider->name, caps.rmids, caps.coses);
}

void psr_domain_destroy(struct domain *d)
{
	psr_cmt_release(&to_xd(d)->psr);
	psr_cat_release(&to_xd(d)->psr);
}
