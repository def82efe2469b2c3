/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which streams a unit of version 1 or 2 can tell apart, and what their accesses may use.
 *
 * A unit has few registers that map streams, and each compares with a mask. The streams of one such
 * group reach the same memory, so they reach a space only while all of them are in it: a group
 * whose streams are in several spaces reaches nothing. A stream that was never moved is in
 * quarantine. Streams are numbered alike for all units, as devices are: two units' streams of the
 * same number are in the same space.
 */
#include "smmu2.h"

#include <xen/assert.h>
#include <xen/string.h>

#define NR_STREAMS 0x10000U

/* The space of each stream. [the lock of the callers of iommu_hw->attach] */
static u8 space_of[NR_STREAMS];

u16 smmu2_space_of(u16 stream) { return space_of[stream]; }

static bool overlap(u16 stream, u16 mask, const struct smmu2_group *g)
{
	return !((stream ^ g->stream) & ~(mask | g->mask));
}

static u32 nr_members(const struct smmu2_group *g)
{
	u32 n = 1;

	for (u32 mask = g->mask; mask; mask &= mask - 1)
		n *= 2;
	return n;
}

/* A stream must match once only, so what overlaps becomes one group. */
static const char *__init add_group(struct smmu2_unit *u, u16 stream, u16 mask)
{
	for (u32 i = 0; i < u->nr_groups;) {
		const struct smmu2_group *g = &u->group[i];

		if (!overlap(stream, mask, g)) {
			i++;
			continue;
		}
		mask |= g->mask;
		u->group[i] = u->group[--u->nr_groups];
		i = 0;
	}
	if (u->nr_groups == min(u->nr_mappings, SMMU2_MAX_GROUPS))
		return "a unit has fewer stream mapping groups than the device tree has streams "
		       "for it";
	u->group[u->nr_groups++] = (struct smmu2_group){
		.stream = (u16)(stream & ~mask), .mask = mask,
	};
	return NULL;
}

/* Without matching each stream has registers of its own, and a mask names several of them. */
static const char *__init add_streams(struct smmu2_unit *u, u16 stream, u16 mask)
{
	const char *why = NULL;
	u16 more = 0;

	if (u->matching)
		return add_group(u, stream, mask);
	do {
		why = add_group(u, (u16)((stream & ~mask) | more), 0);
		more = (u16)((more - mask) & mask);
	} while (more && !why);
	return why;
}

const char *__init smmu2_make_groups(struct smmu2_unit *u, const struct acpi_iommus *m, u32 index)
{
	u->nr_groups = 0;
	for (u32 i = 0; i < m->nr_streams; i++) {
		const struct iommu_streams *s = &m->streams[i];
		const char *why;

		if (s->unit != index)
			continue;
		if (s->stream & ~s->mask & ~u->stream_mask)
			return "the device tree names a stream that its unit cannot have";
		why = add_streams(u, s->stream & u->stream_mask, s->mask & u->stream_mask);
		if (why)
			return why;
	}
	for (u32 i = 0; i < u->nr_groups; i++)
		u->group[i].agree = nr_members(&u->group[i]);
	return NULL;
}

void __init smmu2_forget_streams(void)
{
	memset(space_of, 0, sizeof(space_of));
}

struct smmu2_group *smmu2_group_of(struct smmu2_unit *u, u16 stream)
{
	for (u32 i = 0; i < u->nr_groups; i++)
		if (overlap(stream, 0, &u->group[i]))
			return &u->group[i];
	return NULL;
}

u32 smmu2_mapping(const struct smmu2_unit *u, const struct smmu2_group *g)
{
	ASSERT(g >= u->group && g < u->group + u->nr_groups);
	return u->matching ? (u32)(g - u->group) : g->stream;
}

u16 smmu2_common_space(const struct smmu2_group *g)
{
	return g->agree == nr_members(g) ? g->space : 0;
}

static u32 count(const struct smmu2_group *g, u16 space)
{
	u32 n = 0;
	u16 more = 0;

	do {
		n += space_of[g->stream | more] == space;
		more = (u16)((more - g->mask) & g->mask);
	} while (more);
	return n;
}

void smmu2_move(struct smmu2_unit *units, u32 nr, u16 stream, u16 space)
{
	u16 from = space_of[stream];

	ASSERT(space < 1U << 8);
	space_of[stream] = (u8)space;
	for (u32 i = 0; i < nr; i++) {
		struct smmu2_group *g = smmu2_group_of(&units[i], stream);

		if (!g)
			continue;
		g->agree += (space == g->space) - (from == g->space);
		/* All streams are counted only when the last one has left what they were in. */
		if (!g->agree) {
			g->space = space;
			g->agree = count(g, space);
		}
		ASSERT(g->agree && g->agree <= nr_members(g));
	}
}
