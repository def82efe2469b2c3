/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: the mappings that a domain holds, by handle. */
#include "private.h"

#include <xen/xmalloc.h>

#define NO_HANDLE (~0U)

static struct grant_mapping *mapping_of(const struct maptrack *mt, u32 handle)
{
	ASSERT(spin_is_locked_by_me(&mt->lock));
	ASSERT(handle / MAPPINGS_PER_CHUNK < mt->nr_chunks);
	return &mt->chunk[handle / MAPPINGS_PER_CHUNK][handle % MAPPINGS_PER_CHUNK];
}

int maptrack_init(struct maptrack *mt, u32 max_chunks)
{
	spin_lock_init(&mt->lock, "grant mappings", LOCK_RANK_GNTTAB_MAPTRACK);
	mt->free = NO_HANDLE;
	mt->max_chunks = max_chunks;
	mt->chunk = xzalloc_array(struct grant_mapping *, max_chunks);
	return mt->chunk ? 0 : -XEN_ENOMEM;
}

void maptrack_free_all(struct maptrack *mt)
{
	ASSERT(!mt->nr_used);
	for (u32 i = 0; i < mt->nr_chunks; i++)
		xfree(mt->chunk[i]);
	xfree(mt->chunk);
	mt->chunk = NULL;
	mt->nr_chunks = 0;
}

/* Add a chunk and its handles to the free list, lowest first. Lock held. */
static void grow(struct maptrack *mt)
{
	struct grant_mapping *c;

	ASSERT(mt->free == NO_HANDLE);
	ASSERT(mt->nr_used == mt->nr_chunks * MAPPINGS_PER_CHUNK);
	if (mt->nr_chunks == mt->max_chunks)
		return;
	c = xzalloc_array(struct grant_mapping, MAPPINGS_PER_CHUNK);
	if (!c)
		return;
	for (u32 i = MAPPINGS_PER_CHUNK; i-- > 0;) {
		c[i].ref = mt->free;
		mt->free = mt->nr_chunks * MAPPINGS_PER_CHUNK + i;
	}
	mt->chunk[mt->nr_chunks++] = c;
}

struct grant_mapping *maptrack_new(struct maptrack *mt, u32 *handle)
{
	struct grant_mapping *m = NULL;

	spin_lock(&mt->lock);
	if (mt->free == NO_HANDLE && !mt->closed)
		grow(mt);
	if (mt->free != NO_HANDLE && !mt->closed) {
		*handle = mt->free;
		m = mapping_of(mt, mt->free);
		ASSERT(!m->granter && !m->busy && !m->flags);
		mt->free = m->ref;
		mt->nr_used++;
		*m = (struct grant_mapping){ .busy = true };
	}
	spin_unlock(&mt->lock);
	return m;
}

struct grant_mapping *maptrack_claim(struct maptrack *mt, u32 handle)
{
	struct grant_mapping *m = NULL;

	spin_lock(&mt->lock);
	if (handle < mt->nr_chunks * MAPPINGS_PER_CHUNK) {
		m = mapping_of(mt, array_index_nospec(handle,
						      mt->nr_chunks * MAPPINGS_PER_CHUNK));
		if (!m->granter || m->busy)
			m = NULL;
		else
			m->busy = true;
	}
	spin_unlock(&mt->lock);
	return m;
}

void maptrack_keep(struct maptrack *mt, struct grant_mapping *m)
{
	spin_lock(&mt->lock);
	/* The caller had claimed the mapping, and it maps something. */
	ASSERT(m->busy && m->granter && m->flags);
	m->busy = false;
	spin_unlock(&mt->lock);
}

void maptrack_drop(struct maptrack *mt, u32 handle)
{
	struct grant_mapping *m;

	spin_lock(&mt->lock);
	m = mapping_of(mt, handle);
	ASSERT(m->busy && mt->nr_used);
	*m = (struct grant_mapping){ .ref = mt->free };
	mt->free = handle;
	mt->nr_used--;
	spin_unlock(&mt->lock);
}
