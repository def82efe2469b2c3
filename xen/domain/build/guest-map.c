/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Editing a guest's memory map. */
#include <xen/assert.h>
#include <xen/guest_map.h>

/* In order of addresses, none empty, none overlapping. */
static bool __unused is_sound(const struct guest_map *m)
{
	for (u32 i = 0; i < m->nr; i++) {
		const struct guest_region *r = &m->region[i];

		if (!r->size || r->start + r->size < r->start ||
		    (i && r->start < r[-1].start + r[-1].size))
			return false;
	}
	return m->nr <= GUEST_MAP_MAX;
}

static bool insert_at(struct guest_map *m, u32 i, u64 start, u64 size, u32 type)
{
	if (m->nr == GUEST_MAP_MAX)
		return false;
	for (u32 k = m->nr++; k > i; k--)
		m->region[k] = m->region[k - 1];
	m->region[i] = (struct guest_region){ start, size, type };
	return true;
}

bool guest_map_add(struct guest_map *m, u64 start, u64 size, u32 type)
{
	u32 i = 0;

	ASSERT(is_sound(m) && size);
	while (i < m->nr && m->region[i].start < start)
		i++;
	if (i && m->region[i - 1].type == type &&
	    m->region[i - 1].start + m->region[i - 1].size == start) {
		m->region[i - 1].size += size;
		return true;
	}
	return insert_at(m, i, start, size, type);
}

bool guest_map_carve(struct guest_map *m, u64 start, u64 size, u32 type)
{
	ASSERT(is_sound(m) && size && type != GUEST_REGION_RAM);
	for (u32 i = 0; i < m->nr; i++) {
		struct guest_region *r = &m->region[i];
		u64 end = r->start + r->size;

		if (r->type != GUEST_REGION_RAM || start < r->start || start + size > end)
			continue;
		if (m->nr + 2 > GUEST_MAP_MAX)
			return false;
		if (start + size < end)
			insert_at(m, i + 1, start + size, end - start - size, r->type);
		if (start > r->start) {
			r->size = start - r->start;
			return insert_at(m, i + 1, start, size, type);
		}
		*r = (struct guest_region){ start, size, type };
		return true;
	}
	return false;
}

u64 guest_map_find_ram(const struct guest_map *m, u64 from, u64 limit, u64 size, u64 align)
{
	ASSERT(is_sound(m) && size && align && !(align & (align - 1)));
	for (u32 i = 0; i < m->nr; i++) {
		const struct guest_region *r = &m->region[i];
		u64 start = ROUND_UP(max(r->start, from), align);

		if (r->type == GUEST_REGION_RAM && start >= r->start &&
		    start + size <= r->start + r->size && start + size <= limit)
			return start;
	}
	return 0;
}

bool guest_map_is_ram(const struct guest_map *m, u64 start, u64 size)
{
	for (u32 i = 0; i < m->nr; i++) {
		const struct guest_region *r = &m->region[i];

		if (r->type == GUEST_REGION_RAM && start >= r->start && size <= r->size &&
		    start - r->start <= r->size - size)
			return true;
	}
	return false;
}
