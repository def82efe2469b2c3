/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of the measuring microguest. A word that means nothing here ends the run: a
 * figure that was asked for and not measured must not pass unnoticed.
 */
#include "bench.h"

/* The keys of KEY=VALUE; all but the first two take a decimal number. */
static const char *const keys[] = { "bench", "unit", "rounds", "start_us", "work_ms",
					"spin", "sleep", "share", "cpus", "first", "seed",
					"horizon_ms", "kib", "split" };

/* Length of the word at @s, which ends at a blank or at @stop. */
static size_t word_length(const char *s, char stop)
{
	size_t n = 0;

	while (s[n] && s[n] != ' ' && s[n] != stop)
		n++;
	return n;
}

static bool same(const char *word, size_t n, const char *name)
{
	return strlen(name) == n && !strncmp(word, name, n);
}

/* The word at @s without what follows it, for a message. */
static const char *copy(const char *s, size_t n)
{
	static char out[64];

	n = MIN(n, sizeof(out) - 1);
	memcpy(out, s, n);
	out[n] = '\0';
	return out;
}

static bool is_benchmark(const char *word, size_t n)
{
	for (u32 g = 0; g < nr_groups; g++) {
		if (same(word, n, groups[g]->name))
			return true;
		for (u32 i = 0; i < groups[g]->count; i++)
			if (same(word, n, groups[g]->first[i].name))
				return true;
	}
	return false;
}

/* The value of "name=" on the command line, or NULL. */
static const char *value_of(const char *name)
{
	size_t n = strlen(name);

	for (const char *s = cmdline; *s; s += word_length(s, ' '), s += *s == ' ')
		if (!strncmp(s, name, n) && s[n] == '=')
			return s + n + 1;
	return NULL;
}

static void check_names(const char *s)
{
	for (; *s && *s != ' '; s += *s == ',') {
		size_t n = word_length(s, ',');

		NEED(is_benchmark(s, n), "no benchmark or group is called '%s'", copy(s, n));
		s += n;
	}
}

static void check_value(const char *key, const char *value, size_t n)
{
	if (!strcmp(key, "bench")) {
		NEED(n, "bench= names no benchmark");
		check_names(value);
		return;
	}
	if (!strcmp(key, "unit")) {
		NEED(same(value, n, "instructions") || same(value, n, "ns"),
		     "unit= is '%s'; it is instructions or ns", copy(value, n));
		return;
	}
	NEED(n, "%s= has no value; it is a decimal number", key);
	for (size_t i = 0; i < n; i++)
		NEED(value[i] >= '0' && value[i] <= '9', "%s= is '%s'; it is a decimal number", key,
		     copy(value, n));
}

void args_check(void)
{
	for (const char *s = cmdline; *s; s += *s == ' ') {
		size_t n = word_length(s, '=');
		const char *key = NULL;

		for (u32 i = 0; i < ARRAY_SIZE(keys); i++)
			if (same(s, n, keys[i]))
				key = keys[i];
		NEED(!n || (key && s[n] == '='), "'%s' is not a word of this command line",
		     copy(s, word_length(s, ' ')));
		if (n) {
			s += n + 1;
			check_value(key, s, word_length(s, ' '));
		}
		s += word_length(s, ' ');
	}
}

bool args_chosen(const char *group, const char *name)
{
	const char *s = value_of("bench");

	if (!s)
		return true;
	for (; *s && *s != ' '; s += *s == ',') {
		size_t n = word_length(s, ',');

		if (same(s, n, group) || same(s, n, name))
			return true;
		s += n;
	}
	return false;
}
