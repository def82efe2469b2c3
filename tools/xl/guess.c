/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": the name among many that a misspelt word is nearest to. */
#include <assert.h>

#include "xl.h"

#define MAX_WORD 40
#define FAR 3		/* so many changes make it another word */

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters to change, to insert, to remove, or to swap with the next one. */
static unsigned int distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned int d[MAX_WORD + 1][MAX_WORD + 1];

	if (n > MAX_WORD || m > MAX_WORD)
		return FAR;
	assert(n <= MAX_WORD && m <= MAX_WORD);
	for (size_t i = 0; i <= n; i++)
		d[i][0] = (unsigned int)i;
	for (size_t k = 0; k <= m; k++)
		d[0][k] = (unsigned int)k;
	for (size_t i = 1; i <= n; i++) {
		for (size_t k = 1; k <= m; k++) {
			d[i][k] = least(d[i - 1][k] + 1, d[i][k - 1] + 1,
					d[i - 1][k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
			    d[i - 2][k - 2] + 1 < d[i][k])
				d[i][k] = d[i - 2][k - 2] + 1;
		}
	}
	return d[n][m];
}

void xl_guess(struct xl_guess *g, const char *name)
{
	unsigned int d = distance(g->word, name), near = (unsigned int)strlen(g->word) / 3;

	if (d >= FAR || d > near || (g->best && d >= g->distance))
		return;
	g->best = name;
	g->distance = d;
}
