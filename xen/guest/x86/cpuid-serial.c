/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID policies to and from the ABI's arrays of leaves and MSRs (domctl, sysctl). */
#include "cpuid-private.h"

#include <xen/assert.h>
#include <xen/errno.h>

#define MSR_PLATFORM_INFO 0xceu
#define MSR_ARCH_CAPS 0x10au

struct sink {
	xen_cpuid_leaf_t *out;
	u32 cap, n;
};

static void put(struct sink *s, u32 leaf, u32 subleaf, const struct cpuid_leaf *l)
{
	if (s->n < s->cap)
		s->out[s->n] = (xen_cpuid_leaf_t){ leaf, subleaf, l->a, l->b, l->c, l->d };
	s->n++;
}

static void put_array(struct sink *s, u32 leaf, const struct cpuid_leaf *l, u32 n)
{
	for (u32 i = 0; i < n; i++)
		put(s, leaf, i, &l[i]);
}

int cpuid_policy_to_leaves(const struct cpuid_policy *p, xen_cpuid_leaf_t *out, u32 cap, u32 *n)
{
	struct sink s = { out, cap, 0 };
	u64 xstates = p->xcr0_max | 3;

	for (u32 i = 0; i <= p->basic[0].a; i++) {
		switch (i) {
		case 4:
			put_array(&s, i, p->cache, CPUID_NR_CACHE);
			break;
		case 7:
			put_array(&s, i, p->feat, p->max_feat + 1);
			break;
		case 0xb:
			put_array(&s, i, p->topo, CPUID_NR_TOPO);
			break;
		case 0xd:
			for (u32 x = 0; x < CPUID_NR_XSTATE; x++)
				if ((xstates >> x) & 1)
					put(&s, i, x, &p->xstate[x]);
			break;
		default:
			put(&s, i, XEN_CPUID_NO_SUBLEAF, &p->basic[i]);
			break;
		}
	}
	for (u32 i = 0; i <= (p->ext[0].a & 0xffff); i++)
		put(&s, 0x80000000 | i, XEN_CPUID_NO_SUBLEAF, &p->ext[i]);
	ASSERT(s.n <= CPUID_MAX_SERIALISED);
	*n = s.n;
	return s.n > cap ? -XEN_ENOBUFS : 0;
}

int cpuid_policy_to_msrs(const struct cpuid_policy *p, xen_msr_entry_t *out, u32 cap, u32 *n)
{
	*n = CPUID_MAX_SERIALISED_MSRS;
	if (cap < CPUID_MAX_SERIALISED_MSRS)
		return -XEN_ENOBUFS;
	out[0] = (xen_msr_entry_t){ .idx = MSR_PLATFORM_INFO, .val = p->platform_info };
	out[1] = (xen_msr_entry_t){ .idx = MSR_ARCH_CAPS,
				    .val = p->arch_caps[0] | (u64)p->arch_caps[1] << 32 };
	return 0;
}

/* The slot of @leaf, @subleaf in @p; NULL when there is none. */
static struct cpuid_leaf *slot(struct cpuid_policy *p, u32 leaf, u32 subleaf)
{
	u32 index = leaf & 0xffff;

	switch (leaf) {
	case 4:
		return subleaf < CPUID_NR_CACHE ? &p->cache[subleaf] : NULL;
	case 7:
		return subleaf < CPUID_NR_FEAT ? &p->feat[subleaf] : NULL;
	case 0xb:
		return subleaf < CPUID_NR_TOPO ? &p->topo[subleaf] : NULL;
	case 0xd:
		return subleaf < CPUID_NR_XSTATE ? &p->xstate[subleaf] : NULL;
	}
	if (subleaf != XEN_CPUID_NO_SUBLEAF)
		return NULL;
	if (leaf >> 16 == 0x8000)
		return index < CPUID_NR_EXT ? &p->ext[index] : NULL;
	return leaf < CPUID_NR_BASIC ? &p->basic[leaf] : NULL;
}

/* Hypervisor leaves are set by us alone; a toolstack may pass them back, and they are ignored. */
static bool is_hypervisor_leaf(u32 leaf)
{
	return leaf == 0x40000000 || leaf == 0x40000100;
}

static int check_ranges(const struct cpuid_policy *asked, const struct cpuid_policy *max,
			u32 *bad_leaf, u32 *bad_subleaf)
{
	*bad_subleaf = XEN_CPUID_NO_SUBLEAF;
	*bad_leaf = 0;
	if (asked->basic[0].a > max->basic[0].a || asked->basic[0].b != max->basic[0].b ||
	    asked->basic[0].c != max->basic[0].c || asked->basic[0].d != max->basic[0].d)
		return -XEN_EINVAL;
	*bad_leaf = 0x80000000;
	if (asked->ext[0].a > max->ext[0].a || asked->ext[0].a < 0x80000000)
		return -XEN_EINVAL;
	*bad_leaf = 0x80000008;
	if ((asked->ext[8].a & 0xff) > (max->ext[8].a & 0xff) || (asked->ext[8].a & 0xff) < 32)
		return -XEN_EINVAL;
	*bad_leaf = 7;
	*bad_subleaf = 0;
	if (asked->feat[0].a > max->max_feat)
		return -XEN_EINVAL;
	*bad_leaf = *bad_subleaf = ~0u;
	return 0;
}

/* Take from @asked what a toolstack may choose; everything else stays as in @max. */
static void merge(struct cpuid_policy *p, const struct cpuid_policy *asked,
		  const struct cpuid_policy *max)
{
	u32 want[CPUID_FEATURESET_WORDS], limit[CPUID_FEATURESET_WORDS];
	struct cpuid_time time = p->time;
	u32 topology = max->basic[1].d & (1u << (FEATURE(HTT) % 32));

	cpuid_policy_featureset(asked, want);
	cpuid_policy_featureset(max, limit);
	for (u32 w = 0; w < CPUID_FEATURESET_WORDS; w++)
		want[w] &= limit[w];
	want[0] |= topology;
	cpuid_drop_dependents(want);

	*p = *max;
	p->time = time;
	p->basic[0].a = asked->basic[0].a;
	p->ext[0].a = asked->ext[0].a;
	p->basic[1].a = asked->basic[1].a;
	p->ext[1].a = asked->ext[1].a;
	p->max_feat = asked->feat[0].a;
	p->feat[0].a = p->max_feat;
	for (u32 i = 2; i <= 4; i++)
		p->ext[i] = asked->ext[i];
	p->ext[8].a = (max->ext[8].a & 0xff00) | (asked->ext[8].a & 0xff);
	cpuid_apply_features(p, want);
}

static int check_msrs(const xen_msr_entry_t *msrs, u32 n, u32 *bad)
{
	for (u32 i = 0; i < n; i++) {
		*bad = msrs[i].idx;
		if (msrs[i].flags)
			return -XEN_EINVAL;
		if (msrs[i].idx != MSR_PLATFORM_INFO && msrs[i].idx != MSR_ARCH_CAPS)
			return -XEN_ERANGE;
		/* CPUID faulting and ARCH_CAPS are not offered, so they cannot be requested. */
		if (msrs[i].val)
			return -XEN_EINVAL;
	}
	*bad = ~0u;
	return 0;
}

int cpuid_policy_update(struct cpuid_policy *p, const struct cpuid_policy *max,
			const xen_cpuid_leaf_t *leaves, u32 nr_leaves, const xen_msr_entry_t *msrs,
			u32 nr_msrs, u32 *bad_leaf, u32 *bad_subleaf, u32 *bad_msr)
{
	struct cpuid_policy asked = *p;
	int rc;

	*bad_leaf = *bad_subleaf = *bad_msr = ~0u;
	for (u32 i = 0; i < nr_leaves; i++) {
		const xen_cpuid_leaf_t *l = &leaves[i];
		struct cpuid_leaf *s = slot(&asked, l->leaf, l->subleaf);

		if (s) {
			*s = (struct cpuid_leaf){ l->a, l->b, l->c, l->d };
		} else if (!is_hypervisor_leaf(l->leaf)) {
			*bad_leaf = l->leaf;
			*bad_subleaf = l->subleaf;
			return -XEN_ERANGE;
		}
	}
	rc = check_ranges(&asked, max, bad_leaf, bad_subleaf);
	if (!rc)
		rc = check_msrs(msrs, nr_msrs, bad_msr);
	if (!rc)
		merge(p, &asked, max);
	return rc;
}
