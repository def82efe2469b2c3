/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page of `schedsim diff`: page.html with the decisions of both sides in it. */
#include <string.h>

#include "decision.h"
#include "machine/machine.h"
#include "say.h"

/* page.html, with one place for the data. */
__asm__(".section .rodata\n"
	"page_html:\n"
	"\t.incbin \"tools/schedsim/page.html\"\n"
	"\t.byte 0\n"
	".previous");
extern const char page_html[];

#define PLACE "/* the data */"

static void text(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		/* Nothing may end the string or the script. */
		if (strchr("\"\\<>&", *s) || (unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", (unsigned char)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void side(FILE *f, const char *name, const struct decision *d, u32 nr)
{
	fputs("{name:", f);
	text(f, name);
	fputs(",rows:[", f);
	for (u32 i = 0; i < nr; i++)
		fprintf(f, "%s[%lld,%u,%d,%u]", i ? "," : "", (long long)d[i].time, d[i].cpu,
			d[i].next_domid == MACHINE_IDLE ? -1 : (int)d[i].next_domid,
			d[i].next_id);
	fputs("]}", f);
}

void page_write(FILE *f, const char *a_name, const struct decision *a, u32 nr_a,
		const char *b_name, const struct decision *b, u32 nr_b, s64 differ_at)
{
	const char *place = strstr(page_html, PLACE);

	fwrite(page_html, 1, (size_t)(place - page_html), f);
	fprintf(f, "const differ = %lld, sides = [", (long long)differ_at);
	side(f, a_name, a, nr_a);
	fputc(',', f);
	side(f, b_name, b, nr_b);
	fputs("];", f);
	fputs(place + strlen(PLACE), f);
}
