/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's configuration from an xl.cfg file. */
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parse.h"

static void warn(const char *text)
{
	fprintf(stderr, "xl: warning: %s\n", text);
}

void parse_warn(const struct parse *p, unsigned int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%u: warning: ", p->cfg->file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

char *parse_copy(struct parse *p, const char *text)
{
	char *s = strdup(text);

	if (!s)
		p->rc = -ENOMEM;
	return s;
}

void parse_wrong(struct parse *p, const char *name, const char *fmt, ...)
{
	const struct cfg_value *v = cfg_get(p->cfg, name);
	char why[CFG_ERROR_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (!p->rc)
		p->rc = cfg_fail(p->cfg, v ? v->line : 1, &p->err, "%s %s", name, why);
}

bool parse_got(struct parse *p, int rc)
{
	if (rc && rc != -ENOENT && !p->rc)
		p->rc = rc;
	return !rc && !p->rc;
}

static void string(struct parse *p, const char *name, char **to)
{
	const char *s;

	if (!parse_got(p, cfg_string(p->cfg, name, &s, &p->err)))
		return;
	free(*to);
	*to = parse_copy(p, s);
}

static bool number(struct parse *p, const char *name, int64_t min, int64_t max, uint64_t *to)
{
	int64_t n;

	if (!parse_got(p, cfg_signed(p->cfg, name, min, max, &n, &p->err)))
		return false;
	*to = (uint64_t)n;
	return true;
}

static void number32(struct parse *p, const char *name, int64_t max, uint32_t *to)
{
	uint64_t n;

	if (number(p, name, 0, max, &n))
		*to = (uint32_t)n;
}

static void action(struct parse *p, const char *name, uint32_t *to)
{
	const char *s;
	int n;

	if (!parse_got(p, cfg_string(p->cfg, name, &s, &p->err)))
		return;
	n = lx_value_of(lx_action_names, s);
	if (n < 0)
		parse_wrong(p, name, "is destroy, restart, rename-restart, preserve, "
			    "coredump-destroy, coredump-restart or soft-reset, not \"%.40s\"", s);
	else
		*to = (uint32_t)n;
}

/* builder= is an older way to write type=. */
static void guest_type(struct parse *p)
{
	struct lx_create_info *c = &p->config->c_info;
	bool named = cfg_get(p->cfg, "type");
	const char *s;

	string(p, "type", &c->type);
	if (!named && !p->rc)
		c->type = parse_copy(p, "pvh");
	if (parse_got(p, cfg_string(p->cfg, "builder", &s, &p->err))) {
		if (named && strcmp(c->type, s)) {
			parse_wrong(p, "builder", "= \"%.20s\" says something else than type = "
				    "\"%.20s\": remove builder", s, c->type);
			return;
		}
		if (strcmp(s, "hvm")) {
			parse_wrong(p, "builder", "= \"%.20s\" is an older way to write type = "
				    "\"pv\", and only \"pvh\" and \"hvm\" guests are built", s);
			return;
		}
		free(c->type);
		c->type = parse_copy(p, "hvm");
	}
	if (p->rc)
		return;
	if (!strcmp(c->type, "hvm"))
		p->rc = lx_hvm_init(&p->config->b_info);
	else if (strcmp(c->type, "pvh"))
		parse_wrong(p, "type", "is \"%.20s\", and only \"pvh\" and \"hvm\" guests are "
			    "built", c->type);
}

static void identity(struct parse *p)
{
	struct lx_create_info *c = &p->config->c_info;
	const char *s;

	string(p, "name", &c->name);
	if (!c->name && !p->rc)
		p->rc = cfg_fail(p->cfg, 1, &p->err, "Domain name must be specified: "
				 "name = \"...\"");
	guest_type(p);
	string(p, "pool", &c->pool_name);
	lx_uuid_random(c->uuid);
	if (parse_got(p, cfg_string(p->cfg, "uuid", &s, &p->err)) && !lx_uuid_parse(s, c->uuid))
		parse_wrong(p, "uuid", "has the form 01234567-89ab-cdef-0123-456789abcdef, not "
			    "\"%.40s\"", s);
}

/* A path that counts wherever it is used from: the guest may be restarted from another folder. */
static void file(struct parse *p, const char *name, char **to)
{
	char cwd[PATH_MAX], *whole;

	string(p, name, to);
	if (p->rc || !*to || **to == '/' || !**to || !getcwd(cwd, sizeof(cwd)))
		return;
	if (asprintf(&whole, "%s/%s", strcmp(cwd, "/") ? cwd : "", *to) < 0) {
		p->rc = -ENOMEM;
		return;
	}
	free(*to);
	*to = whole;
}

/* In the oldest files an HVM guest's kernel is the loader, which is so anyway. */
static void drop_loader(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	const char *slash = b->kernel ? strrchr(b->kernel, '/') : NULL;

	if (!b->hvm || !slash || strcmp(slash + 1, "hvmloader"))
		return;
	warn("kernel names the loader of HVM guests, which is used anyway: firmware_override "
	     "names another one");
	free(b->kernel);
	b->kernel = NULL;
}

/* cmdline= is all of it; without it, root= and extra= make it. */
static void kernel(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	const char *root = NULL, *extra = NULL;

	file(p, "kernel", &b->kernel);
	drop_loader(p);
	if (!b->kernel && !b->hvm && !p->rc)
		p->rc = cfg_fail(p->cfg, 1, &p->err, "no kernel is named: kernel = \"FILE\"");
	file(p, "ramdisk", &b->ramdisk);
	string(p, "cmdline", &b->cmdline);
	parse_got(p, cfg_string(p->cfg, "root", &root, &p->err));
	parse_got(p, cfg_string(p->cfg, "extra", &extra, &p->err));
	if (p->rc || (!root && !extra))
		return;
	if (b->cmdline) {
		warn("cmdline is set: root and extra are ignored");
		return;
	}
	if (asprintf(&b->cmdline, "%s%s%s%s", root ? "root=" : "", root ? root : "",
		     root && extra ? " " : "", extra ? extra : "") < 0) {
		b->cmdline = NULL;
		p->rc = -ENOMEM;
	}
}

static void memory(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	uint64_t n;

	b->target_memkb = 32 << 10;
	if (number(p, "memory", 1, 1UL << 30, &n))
		b->target_memkb = n << 10;
	b->max_memkb = b->target_memkb;
	if (number(p, "maxmem", 0, 1UL << 30, &n))
		b->max_memkb = n << 10;
	if (b->max_memkb != b->target_memkb)
		parse_wrong(p, "maxmem", "is %lu and memory %lu: they must be equal, as filling a "
			    "guest's memory later is not built", b->max_memkb >> 10,
			    b->target_memkb >> 10);
	if (number(p, "shadow_memory", 0, 1UL << 30, &n))
		b->shadow_memkb = n << 10;
}

/* A set that has none of the host's CPUs. Without a hypervisor they are not known. */
static void check_cpus(struct parse *p, const char *name, const char *text,
		       const struct lx_cpumap *map)
{
	uint32_t cpus = p->xl && xl_reaches(p->xl) ? xl_nr_cpus(p->xl) : LX_MAX_CPUS, i = 0;

	while (i < cpus && !lx_cpumap_test(map, i))
		i++;
	if (i < cpus)
		return;
	if (cpus == LX_MAX_CPUS)
		parse_wrong(p, name, "= \"%.40s\" leaves no CPU", text);
	else
		parse_wrong(p, name, "= \"%.40s\" has none of this host's CPUs, 0 to %u", text,
			    cpus - 1);
}

static void one_affinity(struct parse *p, const char *name, struct lx_cpumap **maps, uint32_t *nr)
{
	const struct cfg_value *const *items;
	uint32_t vcpus = p->config->b_info.max_vcpus;
	size_t n;

	if (!parse_got(p, cfg_list(p->cfg, name, true, &items, &n, &p->err)))
		return;
	*maps = calloc(vcpus, sizeof(**maps));
	if (!*maps) {
		p->rc = -ENOMEM;
		return;
	}
	*nr = vcpus;
	/* One set is for all vCPUs; of a list the first is for the first, and so on. */
	for (uint32_t i = 0; i < vcpus; i++) {
		const struct cfg_value *v = n == 1 ? items[0] : i < n ? items[i] : NULL;
		bool list = v && v->is_list;
		int rc = list ? -EINVAL : xl_parse_cpus(p->xl, v ? v->text : "all", &(*maps)[i]);

		if (rc == -ENOENT)
			parse_wrong(p, name, "= \"%.40s\" " XL_NO_NODE, v->text);
		else if (rc)
			parse_wrong(p, name, "is a set of CPUs such as \"0-3,^2\", \"node:1\" or "
				    "\"all\", not \"%.40s\"", list ? "[...]" : v->text);
		else if (v)
			check_cpus(p, name, v->text, &(*maps)[i]);
	}
}

static void vcpus(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	uint64_t online = 1, max;

	number(p, "vcpus", 1, BLD_MAX_VCPUS, &online);
	max = online;
	number(p, "maxvcpus", 1, BLD_MAX_VCPUS, &max);
	if (max < online)
		parse_wrong(p, "maxvcpus", "is %lu, which is less than vcpus, %lu", max, online);
	if (p->rc)
		return;
	b->max_vcpus = (uint32_t)max;
	for (uint32_t i = 0; i < online; i++)
		lx_cpumap_set(&b->avail_vcpus, i);
	one_affinity(p, "cpus", &b->hard, &b->nr_hard);
	one_affinity(p, "cpus_soft", &b->soft, &b->nr_soft);
}

/* Which of them the pool's scheduler has is found when the domain is made. */
static void scheduling(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	struct lx_sched *s = &b->sched_params;
	int64_t cap;
	uint64_t n;

	if (number(p, "cpu_weight", 1, LX_MAX_WEIGHT, &n))
		s->weight = (int32_t)n;
	if (parse_got(p, cfg_signed(p->cfg, "cap", INT64_MIN, INT64_MAX, &cap, &p->err))) {
		s->cap = (int32_t)cap;
		if (cap < 0 || cap > b->max_vcpus * LX_CAP_PER_VCPU)
			parse_wrong(p, "cap", "is from 0 to %u for %u vCPUs (percent of a CPU), "
				    "not %ld", b->max_vcpus * LX_CAP_PER_VCPU, b->max_vcpus, cap);
	}
	if (number(p, "period", 1, INT32_MAX, &n))
		s->period = (int32_t)n;
	if (number(p, "budget", 1, INT32_MAX, &n))
		s->budget = (int32_t)n;
	if (s->period >= 0 && s->budget > s->period)
		parse_wrong(p, "budget", "is at most the period, %d us, not %d", s->period,
			    s->budget);
	if (number(p, "extratime", 0, 1, &n))
		s->extratime = (int32_t)n;
}

static void limits(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	const char *s;
	int64_t seconds;

	scheduling(p);
	if (p->xl) {
		b->max_grant_frames = p->xl->defaults.max_grant_frames;
		b->max_maptrack_frames = p->xl->defaults.max_maptrack_frames;
		if (p->xl->defaults.max_grant_version)
			b->max_grant_version = p->xl->defaults.max_grant_version;
	}
	number32(p, "max_grant_frames", 1 << 20, &b->max_grant_frames);
	number32(p, "max_maptrack_frames", 1 << 20, &b->max_maptrack_frames);
	number32(p, "max_grant_version", 2, &b->max_grant_version);
	number32(p, "max_event_channels", 131071, &b->event_channels);
	if (parse_got(p, cfg_signed(p->cfg, "rtc_timeoffset", INT32_MIN, INT32_MAX, &seconds,
				    &p->err)))
		b->rtc_timeoffset = (int32_t)seconds;
	if (parse_got(p, cfg_string(p->cfg, "tsc_mode", &s, &p->err))) {
		int mode = lx_value_of(lx_tsc_names, s);

		if (mode < 0 && *s >= '0' && *s <= '2' && !s[1])
			mode = *s - '0';
		if (mode < 0)
			parse_wrong(p, "tsc_mode", "is default, native or always_emulate, not "
				    "\"%.40s\"", s);
		b->tsc_mode = mode < 0 ? 0 : (uint32_t)mode;
	}
}

int xl_parse_text(struct xl *xl, const char *text, size_t bytes, const char *file,
		  struct lx_domain_config *config)
{
	struct parse p = { .xl = xl, .config = config };

	lx_init(&lx_domain_config_type, config);
	p.cfg = cfg_parse(text, bytes, file, &p.err, warn);
	if (!p.cfg) {
		fprintf(stderr, "%s\n", p.err.text);
		return -EINVAL;
	}
	identity(&p);
	kernel(&p);
	memory(&p);
	vcpus(&p);
	limits(&p);
	action(&p, "on_poweroff", &config->on_poweroff);
	action(&p, "on_reboot", &config->on_reboot);
	action(&p, "on_watchdog", &config->on_watchdog);
	action(&p, "on_crash", &config->on_crash);
	action(&p, "on_soft_reset", &config->on_soft_reset);
	parse_disks(&p);
	parse_pci(&p);
	parse_nics(&p);
	parse_host_devices(&p);
	if (!p.rc && config->b_info.hvm)
		parse_hvm(&p);
	if (!p.rc)
		parse_rest(&p);
	if (!p.rc && config->b_info.hvm)
		parse_hvm_check(&p);
	if (p.rc == -ENOMEM)
		fprintf(stderr, "no memory\n");
	else if (p.rc)
		fprintf(stderr, "%s\n", p.err.text);
	cfg_free(p.cfg);
	if (p.rc)
		lx_dispose(&lx_domain_config_type, config);
	return p.rc;
}

/* The bytes of the file (if there is one), followed by the extra words, each as a line. */
static char *slurp(const char *file, char **extra, int nr_extra, size_t *bytes)
{
	size_t room = 0, n = 0;
	char *text = NULL;
	FILE *f = fopen(file ? file : "/dev/null", "re");

	if (!f)
		return NULL;
	do {
		char *more;

		room += 65536;
		more = realloc(text, room);
		if (!more)
			break;
		text = more;
		n += fread(text + n, 1, room - n, f);
	} while (n == room && room <= CFG_MAX_BYTES);
	if (ferror(f)) {
		free(text);
		text = NULL;
	}
	fclose(f);
	for (int i = 0; text && i < nr_extra; i++) {
		size_t len = strlen(extra[i]);
		char *more = realloc(text, n + len + 3);

		if (!more)
			break;
		text = more;
		text[n++] = '\n';
		memcpy(text + n, extra[i], len);
		n += len;
	}
	*bytes = n;
	return text;
}

struct cfg *xl_read_config(const char *file, char **extra, int nr_extra)
{
	struct cfg_error err;
	struct cfg *cfg;
	size_t bytes;
	char *text;

	errno = 0;
	text = slurp(file, extra, nr_extra, &bytes);
	if (!text) {
		fprintf(stderr, "Failed to read config file: %s: %s\n", file, strerror(errno));
		return NULL;
	}
	cfg = cfg_parse(text, bytes, file ? file : "command line", &err, warn);
	if (!cfg)
		fprintf(stderr, "%s\n", err.text);
	free(text);
	return cfg;
}

int xl_parse_file(struct xl *xl, const char *file, char **extra, int nr_extra,
		  struct lx_domain_config *config)
{
	size_t bytes;
	char *text;
	int rc;

	errno = 0;
	text = slurp(file, extra, nr_extra, &bytes);
	if (!text) {
		fprintf(stderr, "Failed to read config file: %s: %s\n", file, strerror(errno));
		return -ENOENT;
	}
	rc = xl_parse_text(xl, text, bytes, file, config);
	free(text);
	return rc;
}
