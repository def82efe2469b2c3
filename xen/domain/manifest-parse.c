/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a boot manifest. Each domain is decoded and checked completely before it is accepted;
 * every complaint is one line that says what to change.
 */
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/manifest.h>
#include <xen/string.h>

#define FDT_MAGIC_BYTES "\xd0\x0d\xfe\xed"
#define MIN_MEMORY_KIB 1024
#define PAGE_KIB 4
#define MAX_GRANT_FRAMES 4096
#define MAX_EVENT_PORT 131071
#define MAX_WEIGHT 65535
#define CAP_PER_VCPU 100

/* The context for reading one description. */
struct reader {
	const struct fdt *t;
	const struct manifest_limits *lim;
	struct manifest *m;
	manifest_complain_fn *complain;
	void *ctx;
	fdt_node_t node;
	const char *who;		/* the node's name, for complaints */
};

/* Complain. Always returns false, so that a check can return its result. */
static bool __printf_like(2, 3) bad(const struct reader *r, const char *fmt, ...)
{
	char line[256];
	int n = scnprintf(line, sizeof(line), "%.40s: ", r->who);
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	r->complain(r->ctx, line);
	return false;
}

bool manifest_is_one(const void *module, size_t len)
{
	return len >= 4 && !memcmp(module, FDT_MAGIC_BYTES, 4);
}

/* The properties that a description and its module nodes may have. */
static bool is_known(const char *name)
{
	static const char *const known[] = {
		"compatible", "name", "phandle", "#address-cells", "#size-cells", "memory", "cpus",
		"bootargs", "module", "reg", "xenolith,name", "xenolith,arguments",
		"xenolith,hardware-domain", "xenolith,privileged", "xenolith,keep",
		"xenolith,hard-affinity", "xenolith,soft-affinity", "xenolith,numa-node",
		"xenolith,weight", "xenolith,cap", "xenolith,max-grant-frames",
		"xenolith,max-maptrack-frames", "xenolith,max-grant-version",
		"xenolith,max-event-port",
	};

	for (u32 i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(name, known[i]))
			return true;
	return false;
}

/* Report misspelt properties, but accept the domain: another hypervisor may know the property. */
static void note_unknown(const struct reader *r, fdt_node_t n)
{
	struct fdt_prop p;

	for (bool more = fdt_first_prop(r->t, n, &p); more; more = fdt_next_prop(r->t, &p))
		if (!is_known(p.name))
			bad(r, "the property \"%.40s\" is unknown and has no effect", p.name);
}

/* An absent property leaves *@v as it is. */
static bool get_u32(const struct reader *r, const char *name, u32 lo, u32 hi, u32 *v)
{
	struct fdt_prop p;
	u32 got;

	if (!fdt_get_prop(r->t, r->node, name, &p))
		return true;
	if (p.len != 4 || !fdt_prop_u32(&p, 0, &got))
		return bad(r, "\"%s\" has %u bytes; give it one cell", name, p.len);
	if (got < lo || got > hi)
		return bad(r, "\"%s\" is %u; it may be %u to %u", name, got, lo, hi);
	*v = got;
	return true;
}

static bool get_flag(const struct reader *r, const char *name)
{
	struct fdt_prop p;

	return fdt_get_prop(r->t, r->node, name, &p);
}

static bool name_is_clean(const char *s)
{
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		      (*s >= '0' && *s <= '9') || strchr("-_.+@", *s)))
			return false;
	return true;
}

static bool read_name(const struct reader *r, struct manifest_domain *d)
{
	const char *name = r->who;
	struct fdt_prop p;

	if (fdt_get_prop(r->t, r->node, "xenolith,name", &p)) {
		name = fdt_get_string(r->t, r->node, "xenolith,name");
		if (!name)
			return bad(r, "\"xenolith,name\" is not one string");
	}
	if (!*name || strlen(name) >= sizeof(d->name))
		return bad(r, "the name has %zu characters; it may have 1 to %zu",
			   strlen(name), sizeof(d->name) - 1);
	if (!name_is_clean(name))
		return bad(r, "the name may only have letters, digits and -_.+@");
	for (u32 i = 0; i < r->m->nr_domains; i++)
		if (!strcmp(r->m->domain[i].name, name))
			return bad(r, "another domain is called \"%s\" already; rename one", name);
	memcpy(d->name, name, strlen(name) + 1);
	return true;
}

static bool read_memory(const struct reader *r, struct manifest_domain *d)
{
	struct fdt_prop p;
	u64 kib;

	if (!fdt_get_prop(r->t, r->node, "memory", &p))
		return d->is_hardware ||
		       bad(r, "\"memory\" is missing; give its size in KiB as two cells");
	if ((p.len != 4 && p.len != 8) || !fdt_prop_cells(&p, 0, p.len / 4, &kib))
		return bad(r, "\"memory\" has %u bytes; give its size in KiB as two cells", p.len);
	if (kib < MIN_MEMORY_KIB)
		return bad(r, "\"memory\" is %lu KiB; give at least %u KiB", kib, MIN_MEMORY_KIB);
	if (kib > r->lim->total_kib)
		return bad(r, "\"memory\" is %lu KiB, but the machine has only %lu KiB; give less",
			   kib, r->lim->total_kib);
	if (kib % PAGE_KIB)
		return bad(r, "\"memory\" is %lu KiB; give a multiple of %u KiB", kib, PAGE_KIB);
	d->memory_kib = kib;
	return true;
}

static bool read_cpus(const struct reader *r, struct manifest_domain *d)
{
	struct fdt_prop p;

	if (!d->is_hardware && !fdt_get_prop(r->t, r->node, "cpus", &p))
		return bad(r, "\"cpus\" is missing; give the number of vCPUs as one cell");
	return get_u32(r, "cpus", 1, MANIFEST_MAX_VCPUS, &d->vcpus);
}

/* A list is valid when it parses and names an online CPU. */
static bool check_list(const struct reader *r, const char *name, const char *list)
{
	cpumask_t mask;

	if (!list)
		return bad(r, "\"%s\" is not a list of strings", name);
	cpumask_clear(&mask);
	if (bitmap_parse_list(list, mask.bits, NR_CPUS) || cpumask_empty(&mask))
		return bad(r, "\"%s\" has \"%.40s\"; give a list of CPUs such as \"0-1,4\"", name,
			   list);
	if (!cpumask_intersects(&mask, r->lim->cpus))
		return bad(r, "\"%s\" has \"%.40s\", but none of these CPUs is online", name, list);
	return true;
}

static bool read_affinity(const struct reader *r, struct manifest_domain *d, const char *name,
			  struct fdt_prop *p, u32 *entries)
{
	u32 n = 0;

	if (!fdt_get_prop(r->t, r->node, name, p))
		return true;
	for (; n == 0 || fdt_prop_string(p, n); n++)
		if (!check_list(r, name, fdt_prop_string(p, n)))
			return false;
	if (n != 1 && n != d->vcpus)
		return bad(r, "\"%s\" has %u lists for %u vCPUs; give one, or one for each", name,
			   n, d->vcpus);
	*entries = n;
	return true;
}

bool manifest_affinity(const struct fdt_prop *lists, u32 entries, u32 vcpu, cpumask_t *out)
{
	cpumask_clear(out);
	return entries &&
	       !bitmap_parse_list(fdt_prop_string(lists, entries == 1 ? 0 : vcpu), out->bits,
				  NR_CPUS);
}

static bool read_limits(const struct reader *r, struct manifest_domain *d)
{
	u32 node = ~0U;

	d->max_grant_frames = d->is_hardware ? 64 : 32;
	d->max_maptrack_frames = 1024;
	d->max_grant_version = 2;
	if (!get_u32(r, "xenolith,max-grant-frames", 1, MAX_GRANT_FRAMES, &d->max_grant_frames) ||
	    !get_u32(r, "xenolith,max-maptrack-frames", 0, MAX_GRANT_FRAMES,
		     &d->max_maptrack_frames) ||
	    !get_u32(r, "xenolith,max-grant-version", 1, 2, &d->max_grant_version) ||
	    !get_u32(r, "xenolith,max-event-port", 1, MAX_EVENT_PORT, &d->max_event_port) ||
	    !get_u32(r, "xenolith,numa-node", 0, r->lim->nr_nodes - 1, &node))
		return false;
	d->node = node == ~0U ? MANIFEST_NO_NODE : (u8)node;
	return true;
}

static bool read_sched(const struct reader *r, struct manifest_domain *d)
{
	/* A hardware domain that takes every CPU may be capped at all of them. */
	u32 vcpus = d->vcpus ? d->vcpus : MANIFEST_MAX_VCPUS;

	d->has_weight = get_flag(r, "xenolith,weight");
	d->has_cap = get_flag(r, "xenolith,cap");
	return get_u32(r, "xenolith,weight", 1, MAX_WEIGHT, &d->weight) &&
	       get_u32(r, "xenolith,cap", 0, CAP_PER_VCPU * vcpus, &d->cap) &&
	       read_affinity(r, d, "xenolith,hard-affinity", &d->hard, &d->hard_entries) &&
	       read_affinity(r, d, "xenolith,soft-affinity", &d->soft, &d->soft_entries);
}

/* Append a word; false when there is no room. */
static bool append(struct manifest_domain *d, const char *s)
{
	size_t used = strlen(d->cmdline), len = strlen(s), gap = used && len;

	if (used + gap + len >= sizeof(d->cmdline))
		return false;
	if (gap)
		d->cmdline[used++] = ' ';
	memcpy(d->cmdline + used, s, len + 1);
	return true;
}

/* The kernel node's bootargs, then the workload's arguments. */
static bool read_cmdline(const struct reader *r, struct manifest_domain *d, fdt_node_t kernel)
{
	struct fdt_prop p;
	const char *s;
	bool fits = true;

	if (fdt_get_prop(r->t, kernel, "bootargs", &p)) {
		s = fdt_get_string(r->t, kernel, "bootargs");
		if (!s)
			return bad(r, "\"bootargs\" is not one string");
		fits = append(d, s);
	}
	if (fdt_get_prop(r->t, r->node, "xenolith,arguments", &p)) {
		if (!fdt_prop_string(&p, 0))
			return bad(r, "\"xenolith,arguments\" is not a list of strings");
		for (u32 i = 0; fits && (s = fdt_prop_string(&p, i)) != NULL; i++)
			fits = append(d, s);
	}
	return fits || bad(r, "the command line is longer than %zu characters; shorten it",
			   sizeof(d->cmdline) - 1);
}

/* Find the child that is compatible with @what; more than one is an error. */
static bool find_module_node(const struct reader *r, const char *what, fdt_node_t *found)
{
	fdt_node_t c;

	*found = FDT_NO_NODE;
	fdt_for_each_child(c, r->t, r->node) {
		if (!fdt_is_compatible(r->t, c, what))
			continue;
		if (fdt_node_ok(*found))
			return bad(r, "it has two \"%s\" nodes; keep one", what);
		*found = c;
	}
	return true;
}

/* Modules stay marked as named even if the description is rejected, so that the hardware
 * domain does not get them. */
static bool read_module(const struct reader *r, fdt_node_t n, const char *what, u32 *index)
{
	u32 nr;

	note_unknown(r, n);
	if (!fdt_get_u32(r->t, n, "module", &nr))
		return bad(r, "its %s lacks \"module\"; give the module's number as one cell",
			   what);
	if (nr < 1 || nr > r->lim->nr_modules)
		return bad(r, "its %s is module %u, but there are modules 1 to %u", what, nr,
			   r->lim->nr_modules);
	if (nr - 1 == r->lim->self)
		return bad(r, "its %s is module %u, which is the manifest itself", what, nr);
	*index = nr - 1;
	r->m->named |= 1UL << (nr - 1);
	return true;
}

/* Several domains may use a module, but only in one role; a device tree only one domain. */
static bool check_roles(const struct reader *r, const struct manifest_domain *d)
{
	if (d->kernel == d->ramdisk)
		return bad(r, "module %u is both its kernel and its ramdisk", d->kernel + 1);
	if (d->devices != MANIFEST_NO_MODULE &&
	    (d->devices == d->kernel || d->devices == d->ramdisk))
		return bad(r, "module %u is its device tree and another part", d->devices + 1);
	for (u32 i = 0; i < r->m->nr_domains; i++) {
		const struct manifest_domain *o = &r->m->domain[i];

		if (o->kernel == d->ramdisk)
			return bad(r, "its ramdisk, module %u, is the kernel of %s", o->kernel + 1,
				   o->name);
		if (o->ramdisk == d->kernel)
			return bad(r, "its kernel, module %u, is the ramdisk of %s", d->kernel + 1,
				   o->name);
		if (o->devices == d->kernel)
			return bad(r, "its kernel, module %u, is the device tree of %s",
				   d->kernel + 1, o->name);
		if (d->ramdisk != MANIFEST_NO_MODULE && o->devices == d->ramdisk)
			return bad(r, "its ramdisk, module %u, is the device tree of %s",
				   d->ramdisk + 1, o->name);
		if (d->devices != MANIFEST_NO_MODULE &&
		    (d->devices == o->kernel || d->devices == o->ramdisk ||
		     d->devices == o->devices))
			return bad(r, "its device tree, module %u, is one of the modules of %s",
				   d->devices + 1, o->name);
	}
	return true;
}

static bool read_modules(const struct reader *r, struct manifest_domain *d)
{
	fdt_node_t kernel, ramdisk, devices;
	bool ok;

	d->kernel = d->ramdisk = d->devices = MANIFEST_NO_MODULE;
	if (!find_module_node(r, "multiboot,kernel", &kernel) ||
	    !find_module_node(r, "multiboot,ramdisk", &ramdisk) ||
	    !find_module_node(r, "multiboot,device-tree", &devices))
		return false;
	if (!fdt_node_ok(kernel))
		return bad(r, "it has no kernel; add a \"multiboot,kernel\" node");
	ok = read_module(r, kernel, "kernel", &d->kernel);
	if (fdt_node_ok(ramdisk))
		ok &= read_module(r, ramdisk, "ramdisk", &d->ramdisk);
	if (fdt_node_ok(devices))
		ok &= read_module(r, devices, "device tree", &d->devices);
	return ok && check_roles(r, d) && read_cmdline(r, d, kernel);
}

/* Last, as what is set aside cannot be given back. */
static bool claim_devices(const struct reader *r, const struct manifest_domain *d)
{
	char why[200];

	if (d->devices == MANIFEST_NO_MODULE)
		return true;
	if (d->is_hardware)
		return bad(r, "it has a \"multiboot,device-tree\" node, but the hardware domain "
			   "gets all devices that no other domain gets; remove the node");
	return r->lim->claim_devices(d->devices, why, sizeof(why)) ||
	       bad(r, "module %u: %s", d->devices + 1, why);
}

static bool read_domain(const struct reader *r, struct manifest_domain *d)
{
	memset(d, 0, sizeof(*d));
	d->is_hardware = get_flag(r, "xenolith,hardware-domain");
	d->is_privileged = d->is_hardware || get_flag(r, "xenolith,privileged");
	d->keep = get_flag(r, "xenolith,keep");
	note_unknown(r, r->node);
	/* Modules first: a description that fails in another way still names its modules. */
	if (!read_modules(r, d) || !read_name(r, d) || !read_memory(r, d) || !read_cpus(r, d) ||
	    !read_limits(r, d) || !read_sched(r, d))
		return false;
	if (d->is_hardware && r->m->nr_domains && r->m->domain[0].is_hardware)
		return bad(r, "%s is the hardware domain already; there can be one",
			   r->m->domain[0].name);
	return claim_devices(r, d);
}

/* The hardware domain is built first, wherever it is in the tree. */
static void hardware_first(struct manifest *m)
{
	struct manifest_domain *last = &m->domain[m->nr_domains - 1];

	if (!last->is_hardware)
		return;
	for (; last > m->domain; last--) {
		/* Swap by bytes: the structures are too large for the stack. */
		u8 *a = (u8 *)last, *b = (u8 *)(last - 1);

		for (size_t i = 0; i < sizeof(*last); i++) {
			u8 x = a[i];

			a[i] = b[i];
			b[i] = x;
		}
	}
}

void manifest_parse(struct manifest *m, const struct fdt *t, const struct manifest_limits *lim,
		    manifest_complain_fn *complain, void *ctx)
{
	struct reader r = { t, lim, m, complain, ctx, FDT_NO_NODE, "/chosen" };
	fdt_node_t chosen = fdt_find_path(t, "/chosen"), n;

	m->nr_domains = m->nr_rejected = 0;
	m->named = 0;
	if (!fdt_node_ok(chosen)) {
		bad(&r, "the manifest has no such node; put the domains there");
		return;
	}
	fdt_for_each_child(n, t, chosen) {
		if (!fdt_is_compatible(t, n, "xen,domain"))
			continue;
		r.node = n;
		r.who = fdt_node_name(t, n);
		if (m->nr_domains == MANIFEST_MAX_DOMAINS) {
			bad(&r, "there are more than %u domains", MANIFEST_MAX_DOMAINS);
			m->nr_rejected++;
		} else if (read_domain(&r, &m->domain[m->nr_domains])) {
			m->nr_domains++;
			hardware_first(m);
		} else {
			m->nr_rejected++;
		}
	}
	if (!m->nr_domains && !m->nr_rejected)
		bad(&r, "no node in it is compatible with \"xen,domain\"");
}
