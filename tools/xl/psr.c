/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands about the last-level cache share: what errors mean, sockets, what there is. */
#include "psr.h"

const char *const psr_types[PSR_TYPES] = {
	"cache-occupancy", "total-mem-bandwidth", "local-mem-bandwidth",
};

/* One cause, and what to do about it. Returns the exit status. */
static int refused(struct xl *xl, const char *what, bool cat, int rc)
{
	const char *why = strerror(-rc);

	switch (rc) {
	case -ENODEV:
		why = cat ? "the hypervisor cannot divide the cache: boot it with psr=cat, on a "
			    "processor that has this (xl dmesg tells)"
			  : "the hypervisor does not monitor the cache: boot it with psr=cmt, on a "
			    "processor that has this (xl dmesg tells)";
		break;
	case -EEXIST:
		why = "it is attached already";
		break;
	case -ENOENT:
		why = cat ? "the socket has no CPUs" : "it is not attached: xl psr-cmt-attach";
		break;
	case -EOVERFLOW:
		why = cat ? "all classes of service have other masks: give a mask that another "
			    "domain has, or all bits to one that has a mask"
			  : "all RMIDs are in use, or lines of the cache still carry them: detach "
			    "another domain, or try again later";
		break;
	case -ERANGE:
		why = "there is no such socket";
		break;
	case -EINVAL:
		why = "a mask is one run of bits within those of xl psr-hwinfo --cat";
		break;
	case -ENXIO:
		why = "code and data have one mask";
		break;
	case -EIO:
		why = "the processor cannot tell at present: try again";
		break;
	}
	fprintf(stderr, "xl %s: %s: %s\n", xl->command, what, why);
	return 1;
}

int psr_cmt_refused(struct xl *xl, const char *what, int rc)
{
	return refused(xl, what, false, rc);
}

int psr_cat_refused(struct xl *xl, const char *what, int rc)
{
	return refused(xl, what, true, rc);
}

struct psr_sockets psr_find_sockets(struct xl *xl)
{
	uint32_t cpus = xl_nr_cpus(xl);
	struct xen_sysctl_cputopo *topo = calloc(cpus, sizeof(*topo));
	int n = topo ? ctl_cpu_topology(xl_lx(xl)->ctl, topo, cpus) : -ENOMEM;
	struct psr_sockets s = { 0 };

	for (int cpu = 0; cpu < n; cpu++) {
		bool known = topo[cpu].socket == XEN_INVALID_SOCKET_ID;

		for (unsigned int i = 0; i < s.n; i++)
			known |= s.at[i].id == topo[cpu].socket;
		if (known || s.n == PSR_MAX_SOCKETS)
			continue;
		s.at[s.n].id = topo[cpu].socket;
		s.at[s.n++].cpu = (uint32_t)cpu;
	}
	free(topo);
	if (!s.n) {
		fprintf(stderr, "xl %s: cannot list the sockets\n", xl->command);
		exit(1);
	}
	return s;
}

int psr_cmt_info(struct xl *xl, uint32_t cmd, uint32_t cpu, uint64_t *value)
{
	return ctl_psr_cmt_info(xl_lx(xl)->ctl, cmd, cpu, value);
}

int psr_cat_info(struct xl *xl, uint32_t socket, struct xen_sysctl_psr_alloc *info)
{
	*info = (struct xen_sysctl_psr_alloc){ .cmd = XEN_SYSCTL_PSR_get_l3_info,
					       .target = socket };
	return ctl_psr_alloc_info(xl_lx(xl)->ctl, info);
}

uint64_t psr_full_mask(const struct xen_sysctl_psr_alloc *info)
{
	uint32_t bits = info->u.cat_info.cbm_len;

	return bits < 64 ? ((uint64_t)1 << bits) - 1 : ~(uint64_t)0;
}
