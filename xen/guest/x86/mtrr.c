/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MTRR and PAT state of a vCPU. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/nospec.h>
#include <xen/string.h>
#include <xen/x86/mtrr.h>

#include <public/xen.h>
#include <public/hvm/save.h>

/* Write combining, fixed ranges, eight variable ranges. */
#define CAP_VALUE (1u << 10 | 1u << 8 | MTRR_NR_VAR)
#define DEF_FIXED_ENABLE (1u << 10)
#define DEF_ENABLE (1u << 11)
#define VAR_VALID (1u << 11)

/* Number of the fixed register @msr, -1 when it is not one. */
static int fixed_index(u32 msr)
{
	if (msr == 0x250)
		return 0;
	if (msr == 0x258 || msr == 0x259)
		return (int)msr - 0x257;
	return msr >= 0x268 && msr <= 0x26f ? (int)msr - 0x265 : -1;
}

static bool is_var(u32 msr)
{
	return msr >= MSR_MTRR_VAR(0) && msr < MSR_MTRR_VAR(MTRR_NR_VAR);
}

static bool type_valid(u32 t)
{
	return t < 8 && (0x73 >> t & 1);
}

static bool fixed_valid(u64 val)
{
	for (u32 i = 0; i < 64; i += 8)
		if (!type_valid(val >> i & 0xff))
			return false;
	return true;
}

bool pat_valid(u64 pat)
{
	for (u32 i = 0; i < 64; i += 8)
		if ((pat >> i & 0xff) != MEM_UC_MINUS && !type_valid(pat >> i & 0xff))
			return false;
	return true;
}

void mtrr_init(struct mtrr_state *m, u32 phys_bits)
{
	memset(m, 0, sizeof(*m));
	m->pat = PAT_RESET_VALUE;
	m->def_type = DEF_ENABLE | MEM_WB;
	m->addr_mask = ((1UL << min(phys_bits, 52u)) - 1) & PAGE_MASK;
	for (u32 i = 0; i < MTRR_NR_FIXED; i++)
		m->fixed[i] = 0x0606060606060606UL;
}

bool mtrr_owns_msr(u32 msr)
{
	return is_var(msr) || fixed_index(msr) >= 0 || msr == MSR_MTRR_CAP ||
	       msr == MSR_MTRR_DEF_TYPE || msr == MSR_PAT;
}

static u32 var_index(u32 msr)
{
	return array_index_nospec((msr - MSR_MTRR_VAR(0)) / 2, MTRR_NR_VAR);
}

int mtrr_read(const struct mtrr_state *m, u32 msr, u64 *val)
{
	int f = fixed_index(msr);

	if (is_var(msr))
		*val = m->var[var_index(msr)][msr & 1];
	else if (f >= 0)
		*val = m->fixed[array_index_nospec((u32)f, ARRAY_SIZE(m->fixed))];
	else if (msr == MSR_MTRR_CAP)
		*val = CAP_VALUE;
	else if (msr == MSR_MTRR_DEF_TYPE)
		*val = m->def_type;
	else if (msr == MSR_PAT)
		*val = m->pat;
	else
		return -XEN_EINVAL;
	return 0;
}

static bool var_valid(const struct mtrr_state *m, u32 msr, u64 val)
{
	if (msr & 1)
		return !(val & ~(m->addr_mask | VAR_VALID));
	return !(val & ~(m->addr_mask | 0xff)) && type_valid(val & 0xff);
}

int mtrr_write(struct mtrr_state *m, u32 msr, u64 val)
{
	int f = fixed_index(msr);

	if (is_var(msr)) {
		if (!var_valid(m, msr, val))
			return -XEN_EINVAL;
		m->var[var_index(msr)][msr & 1] = val;
	} else if (f >= 0) {
		if (!fixed_valid(val))
			return -XEN_EINVAL;
		m->fixed[array_index_nospec((u32)f, ARRAY_SIZE(m->fixed))] = val;
	} else if (msr == MSR_MTRR_DEF_TYPE) {
		if ((val & ~0xcffUL) || !type_valid(val & 0xff))
			return -XEN_EINVAL;
		m->def_type = val;
	} else if (msr == MSR_PAT) {
		if (!pat_valid(val))
			return -XEN_EINVAL;
		m->pat = val;
	} else {
		return -XEN_EINVAL;
	}
	return 0;
}

static enum mem_type fixed_type(const struct mtrr_state *m, u64 addr)
{
	u32 reg, byte;

	if (addr < 0x80000) {
		reg = 0;
		byte = (u32)(addr >> 16);
	} else if (addr < 0xc0000) {
		reg = 1 + (u32)((addr - 0x80000) >> 17);
		byte = (u32)(addr >> 14) & 7;
	} else {
		reg = 3 + (u32)((addr - 0xc0000) >> 15);
		byte = (u32)(addr >> 12) & 7;
	}
	return (enum mem_type)(m->fixed[reg] >> (byte * 8) & 0xff);
}

enum mem_type mtrr_type(const struct mtrr_state *m, gpaddr_t addr)
{
	int type = -1;

	if (!(m->def_type & DEF_ENABLE))
		return MEM_UC;
	if (addr.v < 0x100000 && (m->def_type & DEF_FIXED_ENABLE))
		return fixed_type(m, addr.v);
	for (u32 i = 0; i < MTRR_NR_VAR; i++) {
		u64 base = m->var[i][0], mask = m->var[i][1] & m->addr_mask;
		int t = (int)(base & 0xff);

		if (!(m->var[i][1] & VAR_VALID) || (addr.v & mask) != (base & mask))
			continue;
		if (type < 0 || type == t)
			type = t;
		else if ((type == MEM_WT && t == MEM_WB) || (type == MEM_WB && t == MEM_WT))
			type = MEM_WT;
		else
			return MEM_UC;
	}
	return (enum mem_type)(type < 0 ? (int)(m->def_type & 0xff) : type);
}

enum mem_type mem_type_combine(enum mem_type mtrr, enum mem_type pat)
{
	switch (pat) {
	case MEM_WC:
		return MEM_WC;
	case MEM_UC_MINUS:
		return mtrr == MEM_WC ? MEM_WC : MEM_UC;
	case MEM_WB:
		return mtrr;
	case MEM_WT:
		return mtrr == MEM_WB || mtrr == MEM_WT ? MEM_WT : MEM_UC;
	case MEM_WP:
		return mtrr == MEM_WB || mtrr == MEM_WP ? MEM_WP : MEM_UC;
	default:
		return MEM_UC;
	}
}

static s32 save(void *state, u32 instance, void *record, s_time_t now)
{
	const struct mtrr_state *m = state;
	struct hvm_hw_mtrr *rec = record;

	ASSERT(pat_valid(m->pat));
	rec->msr_pat_cr = m->pat;
	rec->msr_mtrr_cap = CAP_VALUE;
	rec->msr_mtrr_def_type = m->def_type;
	memcpy(rec->msr_mtrr_fixed, m->fixed, sizeof(rec->msr_mtrr_fixed));
	memcpy(rec->msr_mtrr_var, m->var, sizeof(rec->msr_mtrr_var));
	return sizeof(*rec);
}

/*
 * Write the record's values to @m as a guest would; when one fails, earlier ones are already
 * written.
 */
static int write_all(struct mtrr_state *m, const struct hvm_hw_mtrr *rec)
{
	static const u16 fixed_msr[] = {
		0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f,
	};
	int rc = mtrr_write(m, MSR_PAT, rec->msr_pat_cr);

	BUILD_BUG_ON(ARRAY_SIZE(fixed_msr) != NUM_FIXED_MSR || MTRR_VCNT != MTRR_NR_VAR);
	if (!rc)
		rc = mtrr_write(m, MSR_MTRR_DEF_TYPE, rec->msr_mtrr_def_type);
	for (u32 i = 0; !rc && i < ARRAY_SIZE(fixed_msr); i++)
		rc = mtrr_write(m, fixed_msr[i], rec->msr_mtrr_fixed[i]);
	for (u32 i = 0; !rc && i < 2 * MTRR_NR_VAR; i++)
		rc = mtrr_write(m, MSR_MTRR_VAR(0) + i, rec->msr_mtrr_var[i]);
	return rc;
}

static int check(const void *state, u32 instance, const void *record, u32 len)
{
	struct mtrr_state trial = *(const struct mtrr_state *)state;

	return write_all(&trial, record);
}

static void load(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
	write_all(state, record);
}

const struct save_kind mtrr_record = {
	.type = HVM_SAVE_CODE(MTRR),
	.min_bytes = HVM_SAVE_LENGTH(MTRR), .max_bytes = HVM_SAVE_LENGTH(MTRR),
	.save = save, .check = check, .load = load,
};
