/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small hypervisor. */
#include "fake-xen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <public/event_channel.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/save.h>
#include <public/features.h>
#include <public/sched.h>
#include <public/version.h>

struct fake_xen fake_xen;

static struct fake_domain *find(uint32_t domid)
{
	return domid < FAKE_DOMAINS && fake_xen.d[domid].used ? &fake_xen.d[domid] : NULL;
}

static void free_domain(struct fake_domain *d)
{
	for (uint32_t i = 0; i < d->pages; i++)
		free(d->page[i].bytes);
	free(d->page);
	memset(d, 0, sizeof(*d));
}

void fake_reset(uint64_t mib)
{
	for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
		free_domain(&fake_xen.d[i]);
	memset(&fake_xen, 0, sizeof(fake_xen));
	fake_xen.d[0].used = true;
	fake_xen.total_pages = mib << 8;
	fake_xen.cpus = 2;
	fake_xen.pool[0] = (struct fake_pool){ true, XEN_SCHEDULER_CREDIT2, 3 };
}

uint64_t fake_free_pages(void)
{
	uint64_t used = 0;

	for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
		used += fake_xen.d[i].pages;
	return fake_xen.total_pages - used;
}

unsigned int fake_domains(void)
{
	unsigned int n = 0;

	for (unsigned int i = 1; i < FAKE_DOMAINS; i++)
		n += fake_xen.d[i].used;
	return n;
}

static struct fake_page *find_page(struct fake_domain *d, uint64_t gfn)
{
	for (uint32_t i = d->pages; i-- > 0;)
		if (d->page[i].gfn == gfn)
			return &d->page[i];
	return NULL;
}

static bool add_page(struct fake_domain *d, uint64_t gfn)
{
	if (d->pages == d->room) {
		d->room = d->room ? d->room * 2 : 1024;
		d->page = realloc(d->page, d->room * sizeof(*d->page));
	}
	if (!fake_free_pages() || d->pages >= d->max_pages)
		return false;
	d->page[d->pages++] = (struct fake_page){ gfn, NULL };
	return true;
}

bool fake_read(uint32_t domid, uint64_t at, void *to, size_t bytes)
{
	struct fake_domain *d = find(domid);

	for (; bytes; bytes--, at++, to = (char *)to + 1) {
		struct fake_page *p = d ? find_page(d, at >> 12) : NULL;

		if (!p)
			return false;
		*(uint8_t *)to = p->bytes ? p->bytes[at & 4095] : 0xa5;
	}
	return true;
}

static int inject(void)
{
	fake_xen.calls++;
	if (fake_xen.calls != fake_xen.fail_at)
		return 0;
	fake_xen.failed++;
	return fake_xen.fail_with;
}

static void fill_info(struct fake_domain *d, struct xen_domctl_getdomaininfo *info)
{
	memset(info, 0, sizeof(*info));
	info->domain = (domid_t)(d - fake_xen.d);
	info->flags = d->flags | (d->paused ? XEN_DOMINF_paused : 0) |
		      (d->dying ? XEN_DOMINF_dying : 0);
	info->tot_pages = d->pages;
	info->max_pages = d->max_pages;
	info->nr_online_vcpus = d->max_vcpus;
	info->max_vcpu_id = d->max_vcpus - 1;
	info->cpupool = d->pool;
	memcpy(info->handle, d->handle, 16);
}

static long create(struct xen_domctl *op)
{
	const struct xen_domctl_createdomain *c = &op->u.createdomain;
	bool v2 = fake_xen.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2;

	if ((c->grant_opts & XEN_DOMCTL_GRANT_version_mask) > (v2 ? 2 : 1))
		return -EINVAL;
	for (unsigned int i = 1; i < FAKE_DOMAINS; i++) {
		struct fake_domain *d = &fake_xen.d[i];

		if (d->used)
			continue;
		if (c->cpupool_id >= FAKE_POOLS || !fake_xen.pool[c->cpupool_id].used)
			return -ENOENT;
		d->used = d->paused = true;
		d->pool = c->cpupool_id;
		memcpy(d->handle, c->handle, 16);
		d->max_vcpus = c->max_vcpus;
		d->destroy_rounds = 3;
		d->cdf = c->flags;
		fake_xen.created++;
		op->domain = (domid_t)i;
		return 0;
	}
	return -ENOMEM;
}

/* Header, and MTRR state of each vCPU, as the builder looks for. */
static long get_context(struct fake_domain *d, struct xen_domctl_hvmcontext *c)
{
	struct hvm_save_descriptor desc = { HVM_SAVE_CODE(HEADER), 0, HVM_SAVE_LENGTH(HEADER) };
	uint32_t need = (uint32_t)(sizeof(desc) * 2 + HVM_SAVE_LENGTH(HEADER));
	HVM_SAVE_TYPE(HEADER) h = { .magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION };
	uint8_t *to = c->buffer.p;

	if (to && c->size >= need) {
		memcpy(to, &desc, sizeof(desc));
		memcpy(to + sizeof(desc), &h, sizeof(h));
		desc = (struct hvm_save_descriptor){ HVM_SAVE_CODE(END), 0, 0 };
		memcpy(to + need - sizeof(desc), &desc, sizeof(desc));
	}
	c->size = need;
	return 0;
}

static bool has_registers(const uint8_t *s, size_t bytes)
{
	struct hvm_save_descriptor r;

	for (; bytes >= sizeof(r); s += sizeof(r) + r.length, bytes -= sizeof(r) + r.length) {
		memcpy(&r, s, sizeof(r));
		if (r.typecode == HVM_SAVE_CODE(CPU) || r.length > bytes - sizeof(r))
			return r.typecode == HVM_SAVE_CODE(CPU);
	}
	return false;
}

static long set_context(struct fake_domain *d, const struct xen_domctl_hvmcontext *c)
{
	if (c->size > sizeof(d->context))
		return -E2BIG;
	d->up = has_registers(c->buffer.p, c->size);
	if (c->size > d->context_bytes) {
		memcpy(d->context, c->buffer.p, c->size);
		d->context_bytes = c->size;
	}
	return 0;
}

static long destroy(struct fake_domain *d)
{
	d->dying = true;
	if (--d->destroy_rounds)
		return -EAGAIN;
	if (fake_xen.pci_owner == (uint32_t)(d - fake_xen.d))
		fake_xen.pci_owner = FAKE_SPARE;
	free_domain(d);
	return 0;
}

static void one_affinity(bool set, uint8_t *map, struct xenctl_bitmap *b)
{
	if (set)
		*map = b->bitmap.p[0];
	else
		b->bitmap.p[0] = *map ? *map : 0xff;
}

static long affinity(struct fake_domain *d, bool set, struct xen_domctl_vcpuaffinity *a)
{
	if (a->vcpu >= FAKE_VCPUS)
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		one_affinity(set, &d->hard[a->vcpu], &a->cpumap_hard);
	if (a->flags & XEN_VCPUAFFINITY_SOFT)
		one_affinity(set, &d->soft[a->vcpu], &a->cpumap_soft);
	return 0;
}

/* Registers are mapped in order, at most 64 frames a call, and all need the right first. */
static long give(struct fake_domain *d, const struct xen_domctl *op)
{
	const struct xen_domctl_memory_mapping *m = &op->u.memory_mapping;
	const struct xen_domctl_assign_device *a = &op->u.assign_device;

	switch (op->cmd) {
	case XEN_DOMCTL_iomem_permission:
		d->may_first = op->u.iomem_permission.first_mfn;
		d->may_frames = op->u.iomem_permission.nr_mfns;
		return 0;
	case XEN_DOMCTL_memory_mapping:
		if (m->first_mfn != d->may_first + d->given_frames ||
		    m->nr_mfns > d->may_frames - d->given_frames)
			return -EPERM;
		d->given_frames += m->nr_mfns;
		return m->nr_mfns > 64 || !m->nr_mfns || m->add_mapping != 1 ? -E2BIG : 0;
	case XEN_DOMCTL_irq_permission:
		d->may_irq = op->u.irq_permission.pirq;
		return 0;
	case XEN_DOMCTL_bind_pt_irq:
		d->given_irq = op->u.bind_pt_irq.machine_irq;
		return d->given_irq == d->may_irq && op->u.bind_pt_irq.u.spi.spi == d->may_irq &&
		       op->u.bind_pt_irq.irq_type == PT_IRQ_TYPE_SPI ? 0 : -EPERM;
	default:
		if (a->dev != XEN_DOMCTL_DEV_DT || a->u.dt.size >= sizeof(d->given_path))
			return -EINVAL;
		memcpy(d->given_path, a->u.dt.path.p, a->u.dt.size);
		d->given_path[a->u.dt.size] = '\0';
		return 0;
	}
}

/* As Xenolith: from dom0 or quarantine to a guest, from there to quarantine, from there to dom0. */
static long pci(const struct xen_domctl *op, const struct fake_domain *d)
{
	uint32_t *owner = &fake_xen.pci_owner;

	if (!d && op->domain != FAKE_SPARE)
		return -ESRCH;
	if (op->u.assign_device.u.pci.machine_sbdf != 4 << 3)
		return -ENODEV;
	if (op->cmd == XEN_DOMCTL_deassign_device) {
		if (*owner != op->domain || !*owner)
			return -ENODEV;
		*owner = *owner == FAKE_SPARE ? 0 : FAKE_SPARE;
		return 0;
	}
	if (*owner && *owner != FAKE_SPARE)
		return -EBUSY;
	if (fake_xen.pci_refused || (d && !(d->cdf & XEN_DOMCTL_CDF_iommu)))
		return fake_xen.pci_refused ? fake_xen.pci_refused : -EOPNOTSUPP;
	*owner = op->domain;
	return 0;
}

static long domctl(struct xen_domctl *op)
{
	struct fake_domain *d = find(op->domain);

	if (op->interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	if (op->cmd == XEN_DOMCTL_createdomain)
		return create(op);
	if (op->cmd == XEN_DOMCTL_deassign_device ||
	    (op->cmd == XEN_DOMCTL_assign_device &&
	     op->u.assign_device.dev == XEN_DOMCTL_DEV_PCI))
		return pci(op, d);
	if (!d)
		return -ESRCH;
	switch (op->cmd) {
	case XEN_DOMCTL_destroydomain:
		return destroy(d);
	case XEN_DOMCTL_pausedomain:
		d->paused = true;
		return 0;
	case XEN_DOMCTL_unpausedomain:
		d->paused = false;
		return d->has_vcpus ? 0 : -EINVAL;
	case XEN_DOMCTL_getdomaininfo:
		fill_info(d, &op->u.getdomaininfo);
		return 0;
	case XEN_DOMCTL_max_vcpus:
		d->has_vcpus = op->u.max_vcpus.max == d->max_vcpus;
		return d->has_vcpus ? 0 : -EINVAL;
	case XEN_DOMCTL_max_mem:
		d->max_pages = op->u.max_mem.max_memkb >> 2;
		return 0;
	case XEN_DOMCTL_gethvmcontext:
		return get_context(d, &op->u.hvmcontext);
	case XEN_DOMCTL_sethvmcontext:
		return set_context(d, &op->u.hvmcontext);
	case XEN_DOMCTL_getvcpuinfo:
		if (op->u.getvcpuinfo.vcpu >= d->max_vcpus)
			return -ESRCH;
		op->u.getvcpuinfo = (struct xen_domctl_getvcpuinfo){
			.vcpu = op->u.getvcpuinfo.vcpu, .online = 1, .blocked = 1, .cpu = 1,
			.cpu_time = 1500000000 };
		return 0;
	case XEN_DOMCTL_getvcpuaffinity:
	case XEN_DOMCTL_setvcpuaffinity:
		return affinity(d, op->cmd == XEN_DOMCTL_setvcpuaffinity, &op->u.vcpuaffinity);
	case XEN_DOMCTL_settscinfo:
	case XEN_DOMCTL_set_paging_mempool_size:
	case XEN_DOMCTL_setnodeaffinity:
	case XEN_DOMCTL_settimeoffset:
		return 0;
	case XEN_DOMCTL_iomem_permission:
	case XEN_DOMCTL_memory_mapping:
	case XEN_DOMCTL_irq_permission:
	case XEN_DOMCTL_bind_pt_irq:
	case XEN_DOMCTL_assign_device:
		return give(d, op);
	case XEN_DOMCTL_sendtrigger:
		d->trigger = op->u.sendtrigger.trigger + 1;
		return 0;
	case XEN_DOMCTL_getnodeaffinity:
		op->u.nodeaffinity.nodemap.bitmap.p[0] = 2;
		return 0;
	case XEN_DOMCTL_scheduler_op:
		return fake_sched(d, &op->u.scheduler_op);
	case XEN_DOMCTL_psr_cmt_op:
		return fake_psr_cmt(d, &op->u.psr_cmt_op);
	case XEN_DOMCTL_psr_alloc:
		return fake_psr_alloc(d, &op->u.psr_alloc);
	default:
		return -ENOSYS;
	}
}

static long features(uint64_t cmd, struct xen_feature_info *fi)
{
	if (cmd != XENVER_get_features || fi->submap_idx)
		return -ENOSYS;
	fi->submap = fake_xen.features;
	return 0;
}

static long list(struct xen_sysctl_getdomaininfolist *l)
{
	uint32_t n = 0;

	for (unsigned int i = l->first_domain; i < FAKE_DOMAINS && n < l->max_domains; i++)
		if (fake_xen.d[i].used)
			fill_info(&fake_xen.d[i], &l->buffer.p[n++]);
	l->num_domains = n;
	return 0;
}

static long topology(struct xen_sysctl_cputopoinfo *t)
{
	for (unsigned int i = 0; i < fake_xen.cpus && t->cputopo.p && i < t->num_cpus; i++)
		t->cputopo.p[i] = (struct xen_sysctl_cputopo){ .core = i, .node = i / 2,
			.socket = i / FAKE_SOCKET_CPUS };
	t->num_cpus = fake_xen.cpus;
	return 0;
}

/* The ring has overwritten what is before its first byte. */
static long read_console(struct xen_sysctl_readconsole *r)
{
	uint32_t at = r->incremental && (int32_t)(r->index - fake_xen.log_first) > 0 ?
		r->index - fake_xen.log_first : 0, n;

	if (at > fake_xen.log_bytes)
		at = fake_xen.log_bytes;
	n = fake_xen.log_bytes - at < r->count ? fake_xen.log_bytes - at : r->count;
	memcpy(r->buffer.p, fake_xen.log + at, n);
	r->count = n;
	r->index = fake_xen.log_first + at + n;
	return 0;
}

static long sysctl_call(struct xen_sysctl *op)
{
	switch (op->cmd) {
	case XEN_SYSCTL_physinfo:
		memset(&op->u.physinfo, 0, sizeof(op->u.physinfo));
		op->u.physinfo.free_pages = fake_free_pages();
		op->u.physinfo.total_pages = fake_xen.total_pages;
		op->u.physinfo.capabilities = fake_xen.capabilities;
		op->u.physinfo.nr_nodes = (fake_xen.cpus + 1) / 2;
		op->u.physinfo.nr_cpus = fake_xen.cpus;
		op->u.physinfo.max_cpu_id = fake_xen.cpus - 1;
		return 0;
	case XEN_SYSCTL_getdomaininfolist:
		return list(&op->u.getdomaininfolist);
	case XEN_SYSCTL_sched_id:
		op->u.sched_id.sched_id = fake_xen.pool[0].sched;
		return 0;
	case XEN_SYSCTL_cputopoinfo:
		return topology(&op->u.cputopoinfo);
	case XEN_SYSCTL_readconsole:
		return read_console(&op->u.readconsole);
	case XEN_SYSCTL_cpupool_op:
		return fake_cpupool(&op->u.cpupool_op);
	case XEN_SYSCTL_scheduler_op:
		return fake_sched_pool(&op->u.scheduler_op);
	case XEN_SYSCTL_psr_cmt_op:
		return fake_psr_cmt_info(&op->u.psr_cmt_op);
	case XEN_SYSCTL_psr_alloc:
		return fake_psr_alloc_info(&op->u.psr_alloc);
	default:
		return -ENOSYS;
	}
}

static long populate(const struct xen_memory_reservation *r)
{
	struct fake_domain *d = find(r->domid);
	unsigned long i;

	if (!d)
		return -ESRCH;
	if (fake_xen.small_only && r->extent_order)
		return 0;
	for (i = 0; i < r->nr_extents; i++)
		for (unsigned long k = 0; k < 1UL << r->extent_order; k++)
			if (!add_page(d, r->extent_start.p[i] + k))
				return (long)i;
	return (long)i;
}

static long memory_op(uint64_t cmd, void *arg)
{
	struct xen_foreign_memory_map *m = arg;
	struct fake_domain *d;

	switch (cmd) {
	case XENMEM_populate_physmap:
		return populate(arg);
	case XENMEM_claim_pages:
		return 0;
	case XENMEM_set_memory_map:
		d = find(m->domid);
		if (!d || m->map.nr_entries * 20 > sizeof(d->map))
			return -EINVAL;
		memcpy(d->map, m->map.buffer.p, m->map.nr_entries * 20);
		d->map_entries = m->map.nr_entries;
		return 0;
	default:
		return -ENOSYS;
	}
}

static long hvm_op(uint64_t cmd, struct xen_hvm_param *p)
{
	struct fake_domain *d = find(p->domid);

	if (!d || p->index >= FAKE_PARAMS)
		return -EINVAL;
	if (cmd == HVMOP_set_param)
		d->params[p->index] = p->value;
	else
		p->value = d->params[p->index];
	return 0;
}

static long evtchn_op(uint64_t cmd, struct evtchn_alloc_unbound *op)
{
	struct fake_domain *d = find(op->dom);

	if (cmd != EVTCHNOP_alloc_unbound || !d)
		return -EINVAL;
	op->port = ++d->ports;
	return 0;
}

static long sched_call(uint64_t cmd, const struct sched_remote_shutdown *op)
{
	struct fake_domain *d = find(op->domain_id);

	if (cmd != SCHEDOP_remote_shutdown || !d)
		return -EINVAL;
	d->flags |= XEN_DOMINF_shutdown | op->reason << XEN_DOMINF_shutdownshift;
	return 0;
}

static long fake_hypercall(void *priv, unsigned int op, const uint64_t arg[5])
{
	int rc = inject();

	if (rc)
		return rc;
	switch (op) {
	case __HYPERVISOR_domctl:
		return domctl((void *)arg[0]);
	case __HYPERVISOR_xen_version:
		return features(arg[0], (void *)arg[1]);
	case __HYPERVISOR_sysctl:
		return sysctl_call((void *)arg[0]);
	case __HYPERVISOR_platform_op:
		return fake_resource((void *)arg[0]);
	case __HYPERVISOR_memory_op:
		return memory_op(arg[0], (void *)arg[1]);
	case __HYPERVISOR_hvm_op:
		return hvm_op(arg[0], (void *)arg[1]);
	case __HYPERVISOR_event_channel_op:
		return evtchn_op(arg[0], (void *)arg[1]);
	case __HYPERVISOR_sched_op:
		return sched_call(arg[0], (void *)arg[1]);
	default:
		return -ENOSYS;
	}
}

static void *fake_open(struct xentoollog_logger *log)
{
	return &fake_xen;
}

static void fake_close(void *priv)
{
}

static void *fake_buf_alloc(void *priv, size_t bytes)
{
	fake_xen.bufs++;
	return malloc(bytes);
}

static void fake_buf_free(void *priv, void *buf)
{
	fake_xen.bufs--;
	free(buf);
}

/* Pages lie anywhere, so a mapping is a copy that goes back when it is unmapped. */
static struct fake_mapping {
	uint8_t *bytes;
	struct fake_page *page[1024];
} mapping;

static void *fake_map(void *priv, uint32_t domid, int prot, size_t n, const xen_pfn_t *gfn,
		      int *err)
{
	struct fake_domain *d = find(domid);
	int rc = inject();

	if (rc || !d || n > 1024 || mapping.bytes) {
		errno = rc ? -rc : EINVAL;
		return NULL;
	}
	mapping.bytes = malloc(n * 4096);
	for (size_t i = 0; i < n; i++) {
		mapping.page[i] = find_page(d, gfn[i]);
		err[i] = mapping.page[i] ? 0 : -EINVAL;
		if (mapping.page[i] && mapping.page[i]->bytes)
			memcpy(mapping.bytes + i * 4096, mapping.page[i]->bytes, 4096);
		else
			memset(mapping.bytes + i * 4096, 0xa5, 4096);
	}
	fake_xen.maps++;
	return mapping.bytes;
}

static void fake_unmap(void *priv, void *addr, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!mapping.page[i])
			continue;
		if (!mapping.page[i]->bytes)
			mapping.page[i]->bytes = malloc(4096);
		memcpy(mapping.page[i]->bytes, mapping.bytes + i * 4096, 4096);
	}
	free(mapping.bytes);
	mapping.bytes = NULL;
	fake_xen.maps--;
}

static void *fake_map_grants(void *priv, uint32_t domid, void **addr)
{
	struct fake_domain *d = find(domid);
	int rc = inject();

	*addr = d && !rc ? d->grants : NULL;
	errno = rc ? -rc : EINVAL;
	return *addr;
}

static void fake_unmap_grants(void *priv, void *token)
{
}

const struct ctl_backend fake_backend = {
	.open = fake_open,
	.close = fake_close,
	.hypercall = fake_hypercall,
	.buf_alloc = fake_buf_alloc,
	.buf_free = fake_buf_free,
	.map = fake_map,
	.unmap = fake_unmap,
	.map_grants = fake_map_grants,
	.unmap_grants = fake_unmap_grants,
};
