/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of vCPUs, and the random amounts in them. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "program.h"
#include "say.h"

u32 program_add(struct program *p, struct op op)
{
	if (p->nr == p->room) {
		p->room = p->room ? 2 * p->room : 8;
		p->op = grow_array(p->op, p->room, sizeof(*p->op));
	}
	p->op[p->nr] = op;
	return p->nr++;
}

void program_free(struct program *p)
{
	free(p->op);
	*p = (struct program){};
}

s64 amount_draw(const struct amount *a, u64 *state)
{
	double unit;
	s64 v;

	switch (a->kind) {
	case AMOUNT_FIXED:
		return a->a;
	case AMOUNT_UNIFORM:
		assert(a->b >= a->a);
		return a->a + (s64)(random_u64(state) % (u64)(a->b - a->a + 1));
	default:
		unit = (double)((random_u64(state) >> 11) + 1) / 9007199254740993.0;
		v = (s64)(-log(unit) * (double)a->a);
		return v < a->b ? v : a->b;
	}
}
