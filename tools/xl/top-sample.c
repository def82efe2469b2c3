/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each domain uses: from the hypervisor, and from dom0's backends of its devices. */
#include <assert.h>
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

/* One more element at the end of an array; NULL: no memory. */
static void *more(void *array, uint32_t *n, size_t size)
{
	void **p = array;
	char *bigger;

	assert(!*n == !*p);
	bigger = realloc(*p, (*n + 1) * size);
	if (!bigger)
		return NULL;
	*p = bigger;
	return bigger + size * (*n)++;
}

static struct top_flow flow_in(const char *statistics, const char *direction)
{
	struct top_flow f;
	struct { const char *name; uint64_t *n; } parts[] = {
		{ "bytes", &f.bytes }, { "packets", &f.packets }, { "errors", &f.errors },
		{ "dropped", &f.dropped },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s_%s", direction, parts[i].name);
		*parts[i].n = number_in(statistics, name);
	}
	return f;
}

/* An interface vifDOMID.N. What it receives is what the guest has sent. */
static void add_net(struct top_sample *s, const char *folder, const char *name)
{
	unsigned int domid, device;
	struct top_row *r;
	struct top_net *net;
	char path[400], rest;

	if (sscanf(name, "vif%u.%u%c", &domid, &device, &rest) != 2 || !(r = by_domid(s, domid)) ||
	    !(net = more(&r->net, &r->nets, sizeof(*net))))
		return;
	snprintf(path, sizeof(path), "%.200s/%.100s/statistics", folder, name);
	*net = (struct top_net){ device, flow_in(path, "rx"), flow_in(path, "tx") };
}

/* A backend vbd-DOMID-DEVICE. */
static void add_disk(struct top_sample *s, const char *folder, const char *name)
{
	unsigned int domid, device;
	struct top_row *r;
	struct top_disk *disk;
	char path[400], rest;

	if (sscanf(name, "vbd-%u-%u%c", &domid, &device, &rest) != 2 || !(r = by_domid(s, domid)) ||
	    !(disk = more(&r->disk, &r->disks, sizeof(*disk))))
		return;
	snprintf(path, sizeof(path), "%.200s/%.100s/statistics", folder, name);
	*disk = (struct top_disk){
		.device = device, .full = number_in(path, "oo_req"),
		.reads = number_in(path, "rd_req"), .writes = number_in(path, "wr_req"),
		.read_sectors = number_in(path, "rd_sect"),
		.written_sectors = number_in(path, "wr_sect"),
	};
}

/* A folder names its entries in no order. Each element begins with its number. */
static int by_device(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
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

/* A vCPU that is gone by now is left out, as one is that is offline. */
static void add_vcpus(struct xl *xl, struct top_row *r, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct xen_domctl_getvcpuinfo info;
		struct top_vcpu *v;

		if (ctl_vcpu_info(xl->lx.ctl, r->domid, i, &info) || !info.online)
			continue;
		v = more(&r->vcpu_ns, &r->nr_vcpu_ns, sizeof(*v));
		if (!v)
			return;
		*v = (struct top_vcpu){ i, info.cpu_time };
	}
}

void top_sample(struct xl *xl, unsigned int views, const struct top_sample *before,
		struct top_sample *now)
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
	for (unsigned int i = 0; i < now->n; i++) {
		fill(xl, before, now, &now->row[i], &info[i]);
		if (views & TOP_VCPUS)
			add_vcpus(xl, &now->row[i], info[i].max_vcpu_id + 1);	/* or 0 */
	}
	free(info);
	look_at_devices(now, "class/net", add_net);
	look_at_devices(now, "bus/xen-backend/devices", add_disk);
	for (unsigned int i = 0; i < now->n; i++) {
		struct top_row *r = &now->row[i];

		if (r->nets)
			qsort(r->net, r->nets, sizeof(*r->net), by_device);
		if (r->disks)
			qsort(r->disk, r->disks, sizeof(*r->disk), by_device);
	}
}

void top_sample_free(struct top_sample *s)
{
	for (unsigned int i = 0; i < s->n; i++) {
		free(s->row[i].net);
		free(s->row[i].disk);
		free(s->row[i].vcpu_ns);
	}
	free(s->row);
	*s = (struct top_sample){ 0 };
}
