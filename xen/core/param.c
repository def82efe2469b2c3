/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing of the hypervisor's command line. */
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

/* From the linker; weak because a program may hold no parameter at all. */
extern const struct param __start_params[] __attribute__((weak));
extern const struct param __stop_params[] __attribute__((weak));

static char saved_cmdline[1024];

const char *params_cmdline(void)
{
	return saved_cmdline;
}

static int parse_bool(const char *v)
{
	static const struct { const char *word; bool value; } words[] = {
		{ "yes", true }, { "on", true }, { "1", true }, { "true", true },
		{ "no", false }, { "off", false }, { "0", false }, { "false", false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(v, words[i].word))
			return words[i].value;
	return -XEN_EINVAL;
}

static int store_uint(const struct param *p, u64 v)
{
	if (p->len < 8 && v >> (8 * p->len))
		return -XEN_ERANGE;
	/* Little-endian: the low bytes come first whatever the variable's size. */
	memcpy(p->var, &v, p->len);
	return 0;
}

static int set_param(const struct param *p, const char *value)
{
	const char *end;
	u64 v;
	int rc;

	switch (p->type) {
	case PARAM_BOOL:
		rc = value ? parse_bool(value) : 1;
		return rc < 0 ? rc : store_uint(p, (u64)rc);
	case PARAM_UINT:
	case PARAM_SIZE:
		if (!value)
			return -XEN_EINVAL;
		v = p->type == PARAM_UINT ? parse_u64(value, &end, 0) : parse_size(value, &end);
		return end == value || *end ? -XEN_EINVAL : store_uint(p, v);
	case PARAM_STRING:
		value = value ? value : "";
		rc = scnprintf(p->var, p->len, "%s", value);
		if (value[rc])
			printk(LOG_WARN "command line: %s= is longer than %u characters, cut\n",
			       p->name, p->len - 1);
		return 0;
	case PARAM_CUSTOM:
		return p->parse(value ? value : "");
	}
	return -XEN_EINVAL;
}

static const struct param *find_param(const char *name)
{
	for (const struct param *p = __start_params; p != __stop_params; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

static void parse_word(char *word)
{
	char *value = strchr(word, '=');
	const struct param *p;
	int rc;

	if (value)
		*value++ = '\0';
	p = find_param(word);
	if (!p && !value && !strncmp(word, "no-", 3)) {
		p = find_param(word + 3);
		value = p && p->type == PARAM_BOOL ? "no" : NULL;
		p = value ? p : NULL;
	}
	if (!p) {
		printk(LOG_WARN "command line: unknown parameter \"%s\"\n", word);
		return;
	}
	rc = set_param(p, value);
	if (rc)
		printk(LOG_WARN "command line: bad value for %s: \"%s\" (error %d), ignored; see "
		       "docs/command-line.md\n", p->name, value ? value : "", rc);
}

void params_parse(const char *cmdline)
{
	char word[256];
	u32 n;

	if (scnprintf(saved_cmdline, sizeof(saved_cmdline), "%s", cmdline) < (int)strlen(cmdline))
		printk(LOG_WARN "command line: cut after %zu characters\n",
		       sizeof(saved_cmdline) - 1);
	for (const char *s = saved_cmdline; *s;) {
		if (*s == ' ' || *s == '\t') {
			s++;
			continue;
		}
		for (n = 0; *s && *s != ' ' && *s != '\t'; s++)
			if (n < sizeof(word) - 1)
				word[n++] = *s;
		word[n] = '\0';
		/* What follows is meant for someone else. */
		if (!strcmp(word, "--"))
			return;
		parse_word(word);
	}
}
