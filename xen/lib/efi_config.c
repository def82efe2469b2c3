/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the EFI stub's configuration. No table of pointers: it runs at another address than it is
 * linked for. */
#include <xen/efi_config.h>

#include <xen/string.h>

struct reader {
	struct efi_text rest;
	u32 line;
};

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static struct efi_text trim(struct efi_text t)
{
	while (t.len && is_blank(t.at[0])) {
		t.at++;
		t.len--;
	}
	while (t.len && is_blank(t.at[t.len - 1]))
		t.len--;
	return t;
}

/* The next line that says something; false at the end. */
static bool next_line(struct reader *r, struct efi_text *line)
{
	while (r->rest.len) {
		u32 n = 0;

		while (n < r->rest.len && r->rest.at[n] != '\n')
			n++;
		*line = trim((struct efi_text){ r->rest.at, n });
		n += n < r->rest.len;
		r->rest.at += n;
		r->rest.len -= n;
		r->line++;
		if (line->len && line->at[0] != '#' && line->at[0] != ';')
			return true;
	}
	return false;
}

static bool is(struct efi_text t, const char *word)
{
	return strlen(word) == t.len && !memcmp(t.at, word, t.len);
}

static bool same(struct efi_text a, struct efi_text b)
{
	return a.len == b.len && !memcmp(a.at, b.at, a.len);
}

static bool section_of(struct efi_text line, struct efi_text *name)
{
	if (line.at[0] != '[' || line.at[line.len - 1] != ']' || line.len < 2)
		return false;
	*name = trim((struct efi_text){ line.at + 1, line.len - 2 });
	return true;
}

static bool split(struct efi_text line, struct efi_text *key, struct efi_text *value)
{
	u32 n = 0;

	while (n < line.len && line.at[n] != '=')
		n++;
	if (n == line.len)
		return false;
	*key = trim((struct efi_text){ line.at, n });
	*value = trim((struct efi_text){ line.at + n + 1, line.len - n - 1 });
	return key->len != 0;
}

struct efi_text efi_text_word(struct efi_text *t)
{
	struct efi_text word = { t->at, 0 };

	while (word.len < t->len && !is_blank(t->at[word.len]))
		word.len++;
	t->at += word.len;
	t->len -= word.len;
	*t = trim(*t);
	return word;
}

/* The section that [global] names, else the first other one. */
static bool find_section(struct reader r, struct efi_text *wanted)
{
	struct efi_text line, name = { 0 }, key, value;
	bool named = false;

	while (next_line(&r, &line)) {
		if (section_of(line, &name)) {
			if (!named && !is(name, "global")) {
				*wanted = name;
				named = true;
			}
		} else if (is(name, "global") && split(line, &key, &value) && is(key, "default")) {
			*wanted = value;
			return true;
		}
	}
	return named;
}

/* Kernel and RAM disk are the first two modules, wherever their lines are. */
struct parts {
	struct efi_text kernel, ramdisk;
};

static const char *take(struct efi_config *c, struct parts *p, struct efi_text key,
			struct efi_text value)
{
	if (is(key, "options")) {
		c->options = value;
	} else if (is(key, "kernel")) {
		p->kernel = value;
	} else if (is(key, "ramdisk")) {
		p->ramdisk = value;
	} else if (is(key, "module")) {
		if (c->nr_modules == EFI_CONFIG_MODULES)
			return "too many modules";
		if (!value.len)
			return "a module without a file";
		c->module[c->nr_modules++] = value;
	} else {
		return "an unknown key (there are: options, kernel, ramdisk, module)";
	}
	return NULL;
}

static const char *put_first(struct efi_config *c, struct efi_text t)
{
	if (!t.len)
		return NULL;
	if (c->nr_modules == EFI_CONFIG_MODULES)
		return "too many modules";
	for (u32 i = c->nr_modules++; i; i--)
		c->module[i] = c->module[i - 1];
	c->module[0] = t;
	return NULL;
}

static const char *read_section(struct reader *r, struct efi_text wanted, struct efi_config *c)
{
	struct efi_text line, name = { 0 }, key, value;
	struct parts p = { 0 };
	const char *error = NULL;
	bool found = false;

	while (!error && next_line(r, &line)) {
		if (section_of(line, &name))
			found |= same(name, wanted);
		else if (!same(name, wanted))
			continue;
		else
			error = split(line, &key, &value) ? take(c, &p, key, value) :
				"neither a section nor KEY=VALUE";
	}
	if (!error && !found)
		error = "the section that is to be used does not exist";
	if (!error && p.ramdisk.len && !p.kernel.len)
		error = "a ramdisk without a kernel";
	if (!error)
		error = put_first(c, p.ramdisk);
	return error ? error : put_first(c, p.kernel);
}

const char *efi_config_read(const char *text, u32 len, struct efi_config *c, u32 *where)
{
	struct reader r = { { text, len }, 0 };
	struct efi_text wanted = { 0 };
	const char *error;

	memset(c, 0, sizeof(*c));
	error = find_section(r, &wanted) ? read_section(&r, wanted, c) : "there is no section";
	*where = r.line;
	return error;
}
