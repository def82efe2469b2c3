/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing of the hypervisor's command line. */
#include <xen/format.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

/* Defined by the linker; weak because a program may contain no parameter. */
extern const struct param __start_params[] __attribute__((weak));
extern const struct param __stop_params[] __attribute__((weak));

/* The boot code allows no longer command line. */
static char saved_cmdline[2048];

const char *params_cmdline(void)
{
	return saved_cmdline;
}

const char *param_error(const char *fmt, ...)
{
	static char text[160];
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return text;
}

int param_word(const char *value, const char *const *words, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		if (!strcmp(value, words[i]))
			return (int)i;
	return -1;
}

int param_flag(const char *value)
{
	static const char *const yes[] = { "", "yes", "on", "true", "enable", "1" };
	static const char *const no[] = { "no", "off", "false", "disable", "0" };

	if (param_word(value, yes, ARRAY_SIZE(yes)) >= 0)
		return 1;
	return param_word(value, no, ARRAY_SIZE(no)) >= 0 ? 0 : -1;
}

static const char *store(const struct param *p, u64 v)
{
	ASSERT(p->len && p->len <= sizeof(v));
	if (p->len < 8 && v >> (8 * p->len))
		return param_error("larger than %lu", (1UL << 8 * p->len) - 1);
	/* The machine is little-endian, so the low bytes come first for any size. */
	memcpy(p->var, &v, p->len);
	return NULL;
}

static const char *set_number(const struct param *p, const char *value)
{
	bool size = p->type == PARAM_SIZE;
	const char *end;
	u64 v = size ? parse_size(value, &end) : parse_u64(value, &end, 0);

	if (end == value || *end)
		return size ? "not a size such as 512M" : "not a number";
	return store(p, v);
}

static const char *set_string(const struct param *p, const char *value)
{
	if (strlen(value) >= p->len)
		return param_error("longer than %u characters", p->len - 1);
	memcpy(p->var, value, strlen(value) + 1);
	return NULL;
}

static const char *set_word(const struct param *p, const char *value)
{
	int i = param_word(value, p->words, p->nr_words);
	char list[96];
	int n = 0;

	ASSERT(p->words && p->nr_words);
	if (i >= 0)
		return store(p, (u64)i);
	for (u32 k = 0; k < p->nr_words; k++)
		n += scnprintf(list + n, sizeof(list) - (size_t)n, "%s%s", k ? ", " : "",
			       p->words[k]);
	return param_error("not one of %s", list);
}

static const char *set_param(const struct param *p, const char *value)
{
	int flag;

	switch (p->type) {
	case PARAM_BOOL:
		flag = param_flag(value);
		return flag < 0 ? "neither yes nor no" : store(p, (u64)flag);
	case PARAM_UINT:
	case PARAM_SIZE:
		return set_number(p, value);
	case PARAM_STRING:
		return set_string(p, value);
	case PARAM_WORD:
		return set_word(p, value);
	case PARAM_CUSTOM:
		return p->parse(value);
	}
	return "of no known kind";
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
	const char *why;

	if (value)
		*value++ = '\0';
	p = find_param(word);
	if (!p && !value && !strncmp(word, "no-", 3)) {
		p = find_param(word + 3);
		value = (char *)"no";
		if (p && p->type != PARAM_BOOL && p->type != PARAM_CUSTOM)
			p = NULL;
	}
	if (!p) {
		printk(LOG_ERR "command line: unknown parameter \"%s\"; docs/command-line.md lists "
		       "all\n", word);
		return;
	}
	why = set_param(p, value ? value : "");
	if (why)
		printk(LOG_ERR "command line: %s=%s is ignored: %s\n", p->name, value ? value : "",
		       why);
}

void params_parse(const char *cmdline)
{
	char word[256];
	u32 n;

	if (scnprintf(saved_cmdline, sizeof(saved_cmdline), "%s", cmdline) < (int)strlen(cmdline))
		printk(LOG_ERR "command line: cut after %zu characters\n",
		       sizeof(saved_cmdline) - 1);
	for (const char *s = saved_cmdline; *s;) {
		if (*s == ' ' || *s == '\t') {
			s++;
			continue;
		}
		for (n = 0; *s && *s != ' ' && *s != '\t'; s++)
			if (n < sizeof(word))
				word[n++] = *s;
		if (n == sizeof(word)) {
			printk(LOG_ERR "command line: \"%.16s...\" is ignored: longer than %zu "
			       "characters\n", word, sizeof(word) - 1);
			continue;
		}
		word[n] = '\0';
		/* Words after "--" are not for the hypervisor. */
		if (!strcmp(word, "--"))
			return;
		parse_word(word);
	}
}
