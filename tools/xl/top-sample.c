/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each domain uses: from the hypervisor, and from dom0's backends of its devices. */
#include <ctype.h>
#include <dirent.h>

#include "light/host-linux.h"
#include "top.h"

#define KIB_PER_PAGE 4
/* Above this the hypervisor's maximum is none. */
#define NO_LIMIT_PAGES (UINT64_MAX / KIB_PER_PAGE / 2)

static uint64_t number_in(const char *folder, const char *name)
{
	unsigned long long n = 0;
	char path[600];
	FILE *f;

	snprintf(path, sizeof(path), "%.500s/%.50s", folder, name);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static struct top_row *by_domid(struct top_sample *s, unsigned int domid)
{
	for (unsigned int i = 0; i < s->n; i++)
		if (s->row[i].domid == domid)
			return &s->row[i];
	return NULL;
}

/* An interface vifDOMID.N. What it receives is what the guest has sent. */
static void add_net(struct top_sample *s, const char *folder, const char *name)
{
	struct top_row *r;
	unsigned int domid, device;
	char path[400], rest;

	if (sscanf(name, "vif%u.%u%c", &domid, &device, &rest) != 2 || !(r = by_domid(s, domid)))
		return;
	snprintf(path, sizeof(path), "%.200s/%.100s/statistics", folder, name);
	r->nets++;
	r->sent += number_in(path, "rx_bytes");
	r->received += number_in(path, "tx_bytes");
}

/* A backend vbd-DOMID-DEVICE. */
static void add_disk(struct top_sample *s, const char *folder, const char *name)
{
	struct top_row *r;
	unsigned int domid, device;
	char path[400], rest;

	if (sscanf(name, "vbd-%u-%u%c", &domid, &device, &rest) != 2 || !(r = by_domid(s, domid)))
		return;
	snprintf(path, sizeof(path), "%.200s/%.100s/statistics", folder, name);
	r->disks++;
	r->full += number_in(path, "oo_req");
	r->reads += number_in(path, "rd_req");
	r->writes += number_in(path, "wr_req");
	r->read_sectors += number_in(path, "rd_sect");
	r->written_sectors += number_in(path, "wr_sect");
}

static void look_at_devices(struct top_sample *s, const char *where,
			    void (*add)(struct top_sample *s, const char *folder,
					const char *name))
{
	char folder[300];
	struct dirent *e;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%.200s/%.90s", lx_sys_root, where);
	dir = opendir(folder);
	while (dir && (e = readdir(dir)))
		add(s, folder, e->d_name);
	if (dir)
		closedir(dir);
}

/* A name is anybody's who may write it: nothing in it may reach the terminal as a command. */
static void set_name(struct xl *xl, struct top_row *r)
{
	char *name = xl_name(xl, r->domid);

	snprintf(r->name, sizeof(r->name), "%s", name);
	for (char *p = r->name; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
	free(name);
}

static double percent_of(const struct top_sample *before, const struct top_sample *now,
			 const struct top_row *r)
{
	for (unsigned int i = 0; i < before->n; i++) {
		const struct top_row *b = &before->row[i];

		if (b->domid == r->domid && !memcmp(b->handle, r->handle, sizeof(r->handle)) &&
		    now->at > before->at && r->cpu_ns >= b->cpu_ns)
			return 100.0 * (double)(r->cpu_ns - b->cpu_ns) /
			       (double)(now->at - before->at);
	}
	return 0;
}

static void fill(struct xl *xl, const struct top_sample *before, struct top_sample *now,
		 struct top_row *r, const struct xen_domctl_getdomaininfo *d)
{
	r->domid = d->domain;
	r->flags = d->flags;
	memcpy(r->handle, d->handle, sizeof(r->handle));
	set_name(xl, r);
	r->cpu_ns = d->cpu_time;
	r->cpu_percent = percent_of(before, now, r);
	r->mem_kib = d->tot_pages * KIB_PER_PAGE;
	r->max_kib = d->max_pages > NO_LIMIT_PAGES ? UINT64_MAX : d->max_pages * KIB_PER_PAGE;
	if (now->total_kib) {
		r->mem_percent = 100.0 * (double)r->mem_kib / (double)now->total_kib;
		r->max_percent = 100.0 * (double)r->max_kib / (double)now->total_kib;
	}
	r->vcpus = d->nr_online_vcpus;
}

void top_sample(struct xl *xl, const struct top_sample *before, struct top_sample *now)
{
	struct xen_sysctl_physinfo p = { 0 };
	int n;
	struct xen_domctl_getdomaininfo *info = xl_domains(xl, &n);

	*now = (struct top_sample){ .at = lx_now(), .n = (unsigned int)n };
	now->row = calloc(now->n ? now->n : 1, sizeof(*now->row));
	if (!now->row)
		now->n = 0;
	if (!ctl_physinfo(xl->lx.ctl, &p)) {
		now->total_kib = p.total_pages * KIB_PER_PAGE;
		now->free_kib = p.free_pages * KIB_PER_PAGE;
		now->cpus = p.nr_cpus;
		now->mhz = p.cpu_khz / 1000;
	}
	for (unsigned int i = 0; i < now->n; i++)
		fill(xl, before, now, &now->row[i], &info[i]);
	free(info);
	look_at_devices(now, "class/net", add_net);
	look_at_devices(now, "bus/xen-backend/devices", add_disk);
}

void top_sample_free(struct top_sample *s)
{
	free(s->row);
	*s = (struct top_sample){ 0 };
}
