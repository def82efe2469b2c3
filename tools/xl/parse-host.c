/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of the host in a configuration: iomem, irqs, dtdev and device_tree (xl.cfg(5)). */
#include <errno.h>

#include "parse.h"

#define MAX_PAGE (1UL << 36)
#define FIRST_IRQ 32		/* of those that are not a CPU's own */
#define LAST_IRQ 1019
#define MAX_PATH_BYTES 255	/* the hypervisor's limit */

/* Hexadecimal digits up to @end's character; false: there are none, or too many. */
static bool hex(const char **at, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(*at, &end, 16);
	if (end == *at || errno || **at == '-' || **at == '+' || **at == ' ' || *out >= MAX_PAGE)
		return false;
	*at = end;
	return true;
}

/* START,NUMBER[@GFN] */
static bool parse_iomem(const char *text, struct lx_iomem *m)
{
	if (!hex(&text, &m->start) || *text++ != ',' || !hex(&text, &m->number) || !m->number)
		return false;
	m->gfn = m->start;
	if (*text == '@') {
		text++;
		if (!hex(&text, &m->gfn))
			return false;
	}
	return !*text && m->start + m->number <= MAX_PAGE && m->gfn + m->number <= MAX_PAGE;
}

/* The elements of the list @name, into an array of which each has @bytes, with their number in
 * *@count; NULL: there are none. */
static void *elements(struct parse *p, const char *name, size_t bytes,
		      const struct cfg_value *const **items, size_t *n)
{
	void *array;

	*n = 0;
	if (!parse_got(p, cfg_list(p->cfg, name, true, items, n, &p->err)) || !*n)
		return NULL;
	array = calloc(*n, bytes);
	if (!array)
		p->rc = -ENOMEM;
	return array;
}

static void iomem(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	const struct cfg_value *const *items;
	size_t n;

	b->iomem = elements(p, "iomem", sizeof(*b->iomem), &items, &n);
	for (size_t i = 0; b->iomem && i < n && !p->rc; i++) {
		b->nr_iomem = (uint32_t)i + 1;
		if (items[i]->is_list || !parse_iomem(items[i]->text, &b->iomem[i]))
			parse_wrong(p, "iomem", "is a list of \"START,NUMBER[@GUEST]\", counts of "
				    "pages of 4 KiB in hexadecimal, not \"%.40s\"",
				    items[i]->is_list ? "[...]" : items[i]->text);
	}
}

static void irqs(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	const struct cfg_value *const *items;
	uint64_t irq;
	size_t n;

	b->irqs = elements(p, "irqs", sizeof(*b->irqs), &items, &n);
	for (size_t i = 0; b->irqs && i < n && !p->rc; i++) {
		b->nr_irqs = (uint32_t)i + 1;
		if (items[i]->is_list || !cfg_parse_number(items[i]->text, &irq) ||
		    irq < FIRST_IRQ || irq > LAST_IRQ)
			parse_wrong(p, "irqs", "is a list of numbers from %d to %d, not \"%.40s\"",
				    FIRST_IRQ, LAST_IRQ,
				    items[i]->is_list ? "[...]" : items[i]->text);
		else
			b->irqs[i] = (uint32_t)irq;
	}
}

static void dtdev(struct parse *p)
{
	struct lx_domain_config *c = p->config;
	const struct cfg_value *const *items;
	size_t n;

	c->dtdevs = elements(p, "dtdev", sizeof(*c->dtdevs), &items, &n);
	for (size_t i = 0; c->dtdevs && i < n && !p->rc; i++) {
		c->nr_dtdevs = (uint32_t)i + 1;
		if (items[i]->is_list || items[i]->text[0] != '/' ||
		    strlen(items[i]->text) > MAX_PATH_BYTES)
			parse_wrong(p, "dtdev", "is a list of paths in the host's device tree, "
				    "which begin with a slash, not \"%.40s\"",
				    items[i]->is_list ? "[...]" : items[i]->text);
		else
			c->dtdevs[i].path = parse_copy(p, items[i]->text);
	}
}

void parse_host_devices(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	const char *tree;

	iomem(p);
	irqs(p);
	dtdev(p);
	if (parse_got(p, cfg_string(p->cfg, "device_tree", &tree, &p->err)))
		b->device_tree = *tree ? parse_copy(p, tree) : NULL;
}
