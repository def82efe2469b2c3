/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shared ring. Each index is read once and checked; contents are copied before use. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "console.h"

#include <public/xen.h>
#include <public/io/console.h>

static uint32_t load(const XENCONS_RING_IDX *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

int console_ring_take(struct xencons_interface *ring, char *to, size_t max)
{
	uint32_t cons = load(&ring->out_cons), prod = load(&ring->out_prod), n = prod - cons;

	if (n > sizeof(ring->out))
		return -EPROTO;
	if (n > max)
		n = (uint32_t)max;
	assert(n <= max && n <= sizeof(ring->out));
	for (uint32_t i = 0; i < n; i++)
		to[i] = ring->out[MASK_XENCONS_IDX(cons + i, ring->out)];
	__atomic_store_n(&ring->out_cons, cons + n, __ATOMIC_RELEASE);
	return (int)n;
}

int console_ring_give(struct xencons_interface *ring, const char *from, size_t n)
{
	uint32_t cons = load(&ring->in_cons), prod = load(&ring->in_prod), used = prod - cons, i;

	if (used > sizeof(ring->in))
		return -EPROTO;
	for (i = 0; i < n && used + i < sizeof(ring->in); i++)
		ring->in[MASK_XENCONS_IDX(prod + i, ring->in)] = from[i];
	assert(i <= n && used + i <= sizeof(ring->in));
	__atomic_store_n(&ring->in_prod, prod + i, __ATOMIC_RELEASE);
	return (int)i;
}

size_t console_ring_room(const struct xencons_interface *ring)
{
	uint32_t used = load(&ring->in_prod) - load(&ring->in_cons);

	return used > sizeof(ring->in) ? 0 : sizeof(ring->in) - used;
}
