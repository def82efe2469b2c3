/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creating domains. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch.h"
#include "create.h"
#include "device.h"
#include "pci.h"
#include "pool.h"
#include "sched.h"

#include <public/grant_table.h>
#include <public/hvm/params.h>

#define DOM0 0
#define POPULATES_A_TURN 32
#define WRITES_A_TURN 16
#define KIB_PER_PAGE 4

int lx_config_check(struct lx *lx, const struct lx_domain_config *config)
{
	const struct lx_build_info *b = &config->b_info;
	const char *why = NULL;

	if (!config->c_info.name || !*config->c_info.name || strchr(config->c_info.name, '/'))
		why = "a domain needs a name without slashes: name = \"...\"";
	else if (!config->c_info.type || strcmp(config->c_info.type, b->hvm ? "hvm" : "pvh"))
		why = "only PVH and HVM guests are supported: type = \"pvh\" or \"hvm\"";
	else if (!b->kernel && !b->hvm)
		why = "no kernel is named: kernel = \"FILE\"";
	else if (!b->max_vcpus || b->max_vcpus > BLD_MAX_VCPUS)
		why = "a domain has 1 to 128 vCPUs: vcpus = N, maxvcpus = N";
	else if (!lx_cpumap_test(&b->avail_vcpus, 0))
		why = "vCPU 0 must be online";
	else if (b->target_memkb < 1024 || b->target_memkb > b->max_memkb)
		why = "memory is at least 1 and at most maxmem: memory = MIB, maxmem = MIB";
	else if (b->max_memkb != b->target_memkb)
		why = "memory must equal maxmem: there is no populate-on-demand";
	else
		why = lx_arch_check(config);
	if (!why && b->hvm)
		why = lx_hvm_check(config);
	if (!why)
		return 0;
	lx_error(lx, 0, "%s", why);
	return -EINVAL;
}

static int step_check(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc = lx_config_check(c->lx, c->config);

	if (rc)
		return rc;
	c->pool = 0;
	if (c->config->c_info.pool_name &&
	    lx_find_pool(c->lx, c->config->c_info.pool_name, &c->pool)) {
		lx_error(c->lx, 0, "there is no CPU pool %s (xl cpupool-list)",
			 c->config->c_info.pool_name);
		return -ENOENT;
	}
	return lx_sched_check(c->lx, c->pool, &c->config->b_info.sched_params);
}

static void undo_claim(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);

	lx_claim_drop(c->lx, c->config->c_info.uuid, c->claim);
	c->claim = -1;
}

/* Files and nodes are named after the UUID. The name is looked for here to tell early; what counts
 * is step_name(). */
static int step_claim(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	uint32_t other;
	int rc;

	assert(c->claim < 0 && !c->has_domain);
	c->claim = lx_claim_take(c->lx, c->config->c_info.uuid);
	if (c->claim < 0)
		return c->claim;
	rc = lx_find_handle(c->lx, c->config->c_info.uuid, &other);
	if (!rc)
		lx_error(c->lx, 0, "domain %u has this UUID already: leave uuid= out to have one "
			 "chosen", other);
	if (rc != -ENOENT)
		return rc ? rc : -EEXIST;
	return lx_find_name(c->lx, c->config->c_info.name, &other) ? 0 :
		lx_name_taken(c->lx, c->config->c_info.name, other);
}

int lx_create_map(struct lx *lx, const char *what, const char *path, void **map,
		  size_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	const char *why = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		why = "it is not a file";
	else if (!st.st_size)
		why = "it is empty";
	if (!rc && !why) {
		*map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		*bytes = (size_t)st.st_size;
		if (*map == MAP_FAILED) {
			*map = NULL;
			rc = -errno;
		}
	}
	if (fd >= 0)
		close(fd);
	if (why)
		lx_error(lx, 0, "cannot read the %s %s: %s", what, path, why);
	else if (rc)
		lx_error(lx, rc, "cannot read the %s %s", what, path);
	return why ? -EINVAL : rc;
}

static void free_files(struct lx_create *c)
{
	if (c->has_plan)
		bld_plan_free(&c->plan);
	bld_kernel_close(&c->kernel);
	if (c->kernel_file)
		munmap(c->kernel_file, c->kernel_bytes);
	if (c->ramdisk_file)
		munmap(c->ramdisk_file, c->ramdisk_bytes);
	if (c->tree_file)
		munmap(c->tree_file, c->tree_bytes);
	c->has_plan = false;
	c->kernel_file = c->ramdisk_file = c->tree_file = NULL;
}

static void undo_load(struct lx_op *op)
{
	free_files(lx_to_create(op));
}

static int load_kernel(struct lx_create *c)
{
	const struct lx_build_info *b = &c->config->b_info;
	struct bld_config config = { .cmdline = b->cmdline, .vcpus = b->max_vcpus,
				     .ram_bytes = (b->target_memkb << 10) & PAGE_MASK,
				     .pci = c->config->nr_pcidevs };
	struct bld_error err;
	int rc = lx_create_map(c->lx, "kernel", b->kernel, &c->kernel_file,
			       &c->kernel_bytes);

	if (!rc && b->ramdisk)
		rc = lx_create_map(c->lx, "ramdisk", b->ramdisk, &c->ramdisk_file,
				   &c->ramdisk_bytes);
	if (!rc && b->device_tree)
		rc = lx_create_map(c->lx, "device tree", b->device_tree, &c->tree_file,
				   &c->tree_bytes);
	if (rc)
		return rc;
	config.kernel = &c->kernel;
	config.ramdisk = c->ramdisk_file;
	config.ramdisk_bytes = c->ramdisk_bytes;
	config.device_tree = c->tree_file;
	config.device_tree_bytes = c->tree_bytes;
	rc = bld_kernel_open(&c->kernel, c->kernel_file, c->kernel_bytes, &err);
	if (!rc)
		rc = bld_plan_make(&c->plan, &config, &err);
	if (rc)
		lx_error(c->lx, 0, "kernel %s: %s", b->kernel, err.text);
	return rc;
}

static int step_load(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc;

	assert(c->claim >= 0 && !c->has_plan && !c->kernel_file);
	rc = c->config->b_info.hvm ? lx_hvm_load(c) : load_kernel(c);
	c->has_plan = !rc;
	return rc;
}

static int step_memory(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	struct xen_domctl_getdomaininfo dom0;
	struct xen_sysctl_physinfo info;
	uint64_t want = c->plan.pages + lx_hvm_more_pages(c), have;
	bool keeps;
	int rc = ctl_physinfo(c->lx->ctl, &info);

	if (rc)
		return rc;
	/* A limit, which the hypervisor may have a lower one for (Xen on ARM has version 1). */
	c->grant_version = c->config->b_info.max_grant_version;
	if (c->grant_version > 1 && !(info.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2))
		c->grant_version = 1;
	have = info.free_pages > info.outstanding_pages ?
		info.free_pages - info.outstanding_pages : 0;
	if (want <= have)
		return 0;
	rc = lx_dom0_keeps_memory(c->lx, &keeps);
	if (!rc)
		rc = ctl_domain_info(c->lx->ctl, DOM0, &dom0);
	if (rc)
		return rc;
	lx_error(c->lx, 0, "the domain needs %lu MiB and %lu MiB are free: lower memory= or end "
		 "another domain; dom0 has %lu MiB, %s", (want * KIB_PER_PAGE + 1023) >> 10,
		 have * KIB_PER_PAGE >> 10, dom0.tot_pages * KIB_PER_PAGE >> 10, keeps ?
		 "which it keeps (dom0_mem= at boot)" : "of which xl mem-set 0 can free some");
	return -ENOMEM;
}

static void undo_domain(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc = -EAGAIN;

	while (c->has_domain && (rc == -EAGAIN || rc == -ERESTART))
		rc = ctl_domain_destroy(c->lx->ctl, c->domid);
	c->has_domain = false;
}

static int step_domain(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	const struct lx_build_info *b = &c->config->b_info;
	struct xen_domctl_createdomain d = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		.max_vcpus = b->max_vcpus,
		.max_evtchn_port = b->event_channels,
		.max_grant_frames = b->max_grant_frames ? (int32_t)b->max_grant_frames : -1,
		.max_maptrack_frames = b->max_maptrack_frames ?
				       (int32_t)b->max_maptrack_frames : -1,
		.grant_opts = XEN_DOMCTL_GRANT_version(c->grant_version),
		.cpupool_id = c->pool,
	};
	struct bld_platform platform;
	struct bld_error err;
	int rc;

	assert(c->has_plan && !c->has_domain);
	memcpy(d.handle, c->config->c_info.uuid, sizeof(d.handle));
	if (c->config->nr_pcidevs || c->config->nr_dtdevs)
		d.flags |= XEN_DOMCTL_CDF_iommu;
	lx_arch_config(&d.arch, c->config);
	c->domid = 0;
	rc = ctl_domain_create(c->lx->ctl, &d, &c->domid);
	c->has_domain = !rc;
	if (rc)
		return rc;
	platform = lx_arch_platform(&d.arch);
	rc = bld_plan_complete(&c->plan, &platform, &err);
	if (rc)
		lx_error(c->lx, 0, "%s", err.text);
	return rc;
}

/* Page tables: a page for each vCPU's basics, and 1/256 of the memory and then some. */
static uint64_t paging_bytes(const struct lx_build_info *b)
{
	uint64_t kib = b->shadow_memkb ? b->shadow_memkb :
		KIB_PER_PAGE * (256 * (uint64_t)b->max_vcpus + 2 * (b->max_memkb / 1024));

	return (kib << 10) & PAGE_MASK;
}

static int set_affinity(struct lx_create *c)
{
	const struct lx_build_info *b = &c->config->b_info;
	uint32_t n = b->nr_hard > b->nr_soft ? b->nr_hard : b->nr_soft;
	int rc = 0;

	for (uint32_t i = 0; i < n && i < b->max_vcpus && !rc; i++) {
		struct lx_cpumap hard, soft;

		if (i < b->nr_hard)
			hard = b->hard[i];
		if (i < b->nr_soft)
			soft = b->soft[i];
		rc = ctl_vcpu_set_affinity(c->lx->ctl, c->domid, i,
					   i < b->nr_hard ? (uint8_t *)hard.w : NULL,
					   i < b->nr_soft ? (uint8_t *)soft.w : NULL,
					   sizeof(hard.w), false);
	}
	return rc;
}

static int step_limits(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	const struct lx_build_info *b = &c->config->b_info;
	static const struct lx_cpumap anywhere;
	struct ctl *ctl = c->lx->ctl;
	int rc = ctl_domain_max_vcpus(ctl, c->domid, b->max_vcpus);

	if (!rc)
		rc = set_affinity(c);
	if (!rc && memcmp(&b->nodes, &anywhere, sizeof(anywhere)))
		rc = ctl_domain_set_node_affinity(ctl, c->domid, (const uint8_t *)b->nodes.w,
						  sizeof(b->nodes.w));
	if (!rc)
		rc = ctl_domain_max_mem(ctl, c->domid, b->max_memkb + LX_SLACK_KIB);
	if (!rc)
		rc = lx_arch_limits(c->lx, c->domid, b);
	if (!rc && b->rtc_timeoffset)
		rc = ctl_domain_set_time_offset(ctl, c->domid, b->rtc_timeoffset);
	if (!rc)
		rc = ctl_domain_set_paging_pool(ctl, c->domid, paging_bytes(b));
	if (!rc)
		rc = lx_sched_apply(c->lx, c->domid, c->pool, &b->sched_params, b->max_vcpus);
	/* Fail now rather than halfway when somebody else takes the memory. */
	if (!rc)
		rc = ctl_claim_pages(ctl, c->domid, c->plan.pages);
	bld_job_init(&c->job, ctl, c->domid, &c->plan);
	return rc;
}

static void undo_pci(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);

	while (c->pci_given)
		lx_pci_take(c->lx, c->domid, &c->config->pcidevs[--c->pci_given]);
}

static int step_pci(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc = 0;

	for (c->pci_given = 0; c->pci_given < c->config->nr_pcidevs && !rc; c->pci_given += !rc)
		rc = lx_pci_give(c->lx, c->domid, &c->config->pcidevs[c->pci_given]);
	return rc;
}

static int step_populate(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc = 1;

	for (unsigned int i = 0; i < POPULATES_A_TURN && rc == 1; i++)
		rc = bld_populate(&c->job);
	return rc == 1 ? LX_MORE : rc;
}

static int step_write(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc = 1;

	for (unsigned int i = 0; i < WRITES_A_TURN && rc == 1; i++)
		rc = bld_write(&c->job);
	if (rc == 1)
		return LX_MORE;
	if (!rc)
		rc = ctl_claim_pages(c->lx->ctl, c->domid, 0);
	return rc ? rc : bld_finish(&c->job, c->config->b_info.max_vcpus);
}

/* The registers lie beside the memory, which is there already. The hypervisor takes them back when
 * the domain ends. */
static int step_host_devices(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	const struct lx_build_info *b = &c->config->b_info;
	struct ctl *ctl = c->lx->ctl;
	int rc = 0;

	for (uint32_t i = 0; i < b->nr_iomem && !rc; i++)
		rc = ctl_domain_give_registers(ctl, c->domid, b->iomem[i].start,
					       b->iomem[i].number, b->iomem[i].gfn);
	for (uint32_t i = 0; i < b->nr_irqs && !rc; i++)
		rc = ctl_domain_give_interrupt(ctl, c->domid, b->irqs[i]);
	for (uint32_t i = 0; i < c->config->nr_dtdevs && !rc; i++)
		rc = ctl_domain_give_tree_device(ctl, c->domid, c->config->dtdevs[i].path);
	return rc;
}

/* Event channels and grants of the two rings, and the parameters by which the guest finds them. */
static int step_channels(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	struct ctl *ctl = c->lx->ctl;
	int store = ctl_evtchn_alloc_unbound(ctl, c->domid, DOM0);
	int console = store < 0 ? store : ctl_evtchn_alloc_unbound(ctl, c->domid, DOM0);
	int rc;

	if (console < 0)
		return console;
	c->store_port = (uint32_t)store;
	c->console_port = (uint32_t)console;
	rc = ctl_hvm_param_set(ctl, c->domid, HVM_PARAM_STORE_PFN, c->plan.store.v);
	if (!rc)
		rc = ctl_hvm_param_set(ctl, c->domid, HVM_PARAM_STORE_EVTCHN, c->store_port);
	if (!rc)
		rc = ctl_hvm_param_set(ctl, c->domid, HVM_PARAM_CONSOLE_PFN, c->plan.console.v);
	if (!rc)
		rc = ctl_hvm_param_set(ctl, c->domid, HVM_PARAM_CONSOLE_EVTCHN, c->console_port);
	if (!rc)
		rc = lx_hvm_params(c);
	if (!rc)
		rc = ctl_grant_reserved(ctl, c->domid, GNTTAB_RESERVED_CONSOLE, DOM0,
					c->plan.console);
	if (!rc)
		rc = ctl_grant_reserved(ctl, c->domid, GNTTAB_RESERVED_XENSTORE, DOM0,
					c->plan.store);
	return rc;
}

static void undo_name(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	char uuid[LX_UUID_TEXT];

	lx_uuid_text(c->config->c_info.uuid, uuid);
	if (c->named)
		lx_store_remove_domain(c->lx, c->domid, uuid);
	c->named = false;
}

static int step_name(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc;

	assert(c->has_domain && c->domid != DOM0 && !c->named);
	rc = lx_store_claim_domain(c->lx, c->config, c->domid);
	c->named = !rc;
	return rc;
}

static void undo_store(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);

	if (c->introduced)
		c->lx->store->ops->release(c->lx->store, c->domid);
	c->introduced = false;
}

static int step_store(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc;

	assert(c->named && !c->introduced && c->store_port != c->console_port);
	rc = lx_store_add_domain(c->lx, c->config, c->domid, c->store_port, c->plan.store,
				 c->console_port, c->plan.console);
	if (rc)
		return rc;
	rc = c->lx->store->ops->introduce(c->lx->store, c->domid, c->plan.store.v, c->store_port);
	c->introduced = !rc;
	if (rc)
		lx_error(c->lx, rc, "xenstored does not take the domain");
	return rc;
}

static void undo_devices(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);

	lx_devices_remove(c->lx, c->domid);
	lx_dispose(&lx_domain_config_type, &c->made);
}

/* Describe all devices, so that their backends get ready side by side. */
static int step_devices(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc = lx_copy(&lx_domain_config_type, &c->made, c->config);
	uint32_t devid;

	for (uint32_t i = 0; !rc && i < c->made.nr_disks; i++)
		rc = lx_hvm_only(&c->made, &c->made.disks[i]) ?
			lx_hvm_check_disk(c, &c->made.disks[i]) :
			lx_disk_add(c->lx, c->domid, &c->made.disks[i], &devid);
	for (uint32_t i = 0; !rc && i < c->made.nr_nics; i++)
		rc = lx_nic_add(c->lx, c->domid, &c->made.nics[i]);
	c->device = 0;
	c->device_until = lx_now() + lx_device_ms * 1000000ULL;
	return rc;
}

static int connect_device(struct lx_create *c)
{
	const struct lx_domain_config *m = &c->made;
	uint32_t devid;

	if (c->device >= m->nr_disks)
		return lx_nic_connect(c->lx, c->domid, &m->nics[c->device - m->nr_disks]);
	if (lx_hvm_only(m, &m->disks[c->device]))
		return 0;
	lx_vdev_number(m->disks[c->device].vdev, &devid);
	return lx_disk_ready(c->lx, c->domid, devid);
}

/* The backend of the device in turn does not get ready. */
static void tell_silent(struct lx_create *c)
{
	const struct lx_domain_config *m = &c->made;
	bool disk = c->device < m->nr_disks;
	const char *backend = disk ? m->disks[c->device].backend_domname :
			      m->nics[c->device - m->nr_disks].backend_domname;
	char name[64];

	if (disk)
		snprintf(name, sizeof(name), "disk %s", m->disks[c->device].vdev);
	else
		snprintf(name, sizeof(name), "interface %u",
			 m->nics[c->device - m->nr_disks].devid);
	if (backend)
		lx_error(c->lx, 0, "%s: its backend in domain %s does not answer: run xl devd "
			 "there", name, backend);
	else
		lx_error(c->lx, 0, "%s: its backend does not answer: modprobe %s", name,
			 disk ? "xen-blkback" : "xen-netback");
}

static int step_connect(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc;

	assert(c->device <= c->made.nr_disks + c->made.nr_nics);
	if (c->device == c->made.nr_disks + c->made.nr_nics)
		return 0;
	rc = connect_device(c);
	if (!rc) {
		c->device++;
		return LX_MORE;
	}
	if (rc != -EAGAIN)
		return rc;
	if (lx_now() > c->device_until) {
		tell_silent(c);
		return -ETIMEDOUT;
	}
	lx_op_wake_after(op, LX_DEVICE_POLL_MS);
	return LX_WAIT;
}

static void undo_state(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);

	lx_state_remove(c->lx, c->config->c_info.uuid);
}

static int step_state(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc;

	assert(c->introduced && !memcmp(c->made.c_info.uuid, c->config->c_info.uuid, 16));
	rc = lx_state_save(c->lx, &c->made);
	return rc ? rc : lx_state_publish(c->lx, c->made.c_info.uuid, c->domid);
}

static int step_start(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc = lx_claim_made(c->lx, c->claim, c->domid);

	if (!rc && !c->paused)
		rc = ctl_domain_unpause(c->lx->ctl, c->domid);

	if (!rc) {
		free_files(c);
		lx_dispose(&lx_domain_config_type, &c->made);
	}
	return rc;
}

static const struct lx_step create_steps[] = {
	{ "checking the configuration", step_check, NULL },
	{ "claiming the UUID", step_claim, undo_claim },
	{ "reading what to load", step_load, undo_load },
	{ "looking for memory", step_memory, NULL },
	{ "making the domain", step_domain, undo_domain },
	{ "claiming the name", step_name, undo_name },
	{ "setting limits", step_limits, NULL },
	{ "giving PCI devices", step_pci, undo_pci },
	{ "giving memory", step_populate, NULL },
	{ "loading", step_write, NULL },
	{ "giving devices of the host", step_host_devices, NULL },
	{ "connecting rings", step_channels, NULL },
	{ "writing xenstore", step_store, undo_store },
	{ "describing devices", step_devices, undo_devices },
	{ "starting device models", lx_hvm_step_models, lx_hvm_undo_models },
	{ "waiting for device models", lx_hvm_step_wait, NULL },
	{ "connecting devices", step_connect, NULL },
	{ "connecting emulated interfaces", lx_hvm_step_taps, NULL },
	{ "keeping the configuration", step_state, undo_state },
	{ "starting", step_start, NULL },
	{ 0 },
};

void lx_create_start(struct lx_create *c, struct lx *lx, const struct lx_domain_config *config,
		     bool paused)
{
	c->lx = lx;
	c->config = config;
	c->paused = paused;
	c->claim = -1;
	lx_op_start(&c->op, &lx->loop, create_steps);
}

struct create_wait {
	int rc;
	struct lx_loop *loop;
};

static void wait_done(struct lx_op *op, int rc)
{
	struct create_wait *w = op->user;

	w->rc = rc;
	lx_loop_stop(w->loop);
}

int lx_create_now(struct lx *lx, const struct lx_domain_config *config, bool paused,
		  uint32_t *domid)
{
	struct create_wait w = { -EINTR, &lx->loop };
	struct lx_create *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	c->op.done = wait_done;
	c->op.user = &w;
	lx_create_start(c, lx, config, paused);
	rc = lx_loop_run(&lx->loop);
	if (!rc)
		rc = w.rc;
	*domid = c->domid;
	if (!rc)
		lx_claim_drop(lx, config->c_info.uuid, c->claim);
	free(c);
	return rc;
}
