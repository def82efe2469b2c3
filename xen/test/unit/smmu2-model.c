/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"
#include "smmu2-model.h"

#include <string.h>

#include <xen/hal/io.h>
#include <xen/mm.h>

#define PAGE_BITS 12
#define BANKS_AT (MODEL_REGISTERS / 2)
#define GFSR 0x48
#define FSR 0x58
#define MULTI BIT(31)
#define VALID BIT(31)

enum global_fault { BAD_CONTEXT, UNKNOWN_STREAM, CONFLICT, NO_BANK };
enum context_fault { NOTHING = 1, NO_RIGHT = 3, WALK = 4 };

struct model_unit model_units[MODEL_UNITS];

u32 model_get(const struct model_unit *u, u32 reg)
{
	u32 v;

	memcpy(&v, u->regs + reg, sizeof(v));
	return v;
}

void model_set(struct model_unit *u, u32 reg, u32 v)
{
	memcpy(u->regs + reg, &v, sizeof(v));
}

static void forget(struct model_unit *u, u32 vmid)
{
	u32 kept = 0;

	for (u32 i = 0; i < u->nr_tlb; i++)
		if (vmid && u->tlb[i].vmid != vmid)
			u->tlb[kept++] = u->tlb[i];
	u->nr_tlb = kept;
}

static bool within(u32 reg, u32 first, u32 nr)
{
	return reg >= first && reg < first + 4 * nr;
}

static void write_page0(struct model_unit *u, u32 reg, u32 v)
{
	switch (reg) {
	case 0x64:
		assert_true(v && v < 256);
		forget(u, v);
		break;
	case 0x68:
	case 0x6c:
		forget(u, 0);
		break;
	case 0x70:
		u->syncs++;
		model_set(u, 0x74, u->stuck);
		break;
	case GFSR:
		model_set(u, GFSR, model_get(u, GFSR) & ~v);
		break;
	default:
		if (within(reg, 0x800, u->nr_groups))
			v &= u->kept | VALID;
		else if (reg && !within(reg, 0xc00, u->nr_groups))
			fail_msg("a write to register %#x", reg);
		model_set(u, reg, v);
	}
}

static void write_bank(struct model_unit *u, u32 at, u32 v)
{
	u32 reg = at % (1U << PAGE_BITS);

	assert_true((at - BANKS_AT) >> PAGE_BITS < u->nr_banks);
	if (reg == FSR)
		v = model_get(u, at) & ~v;
	else if (reg && reg != 0x20 && reg != 0x24 && reg != 0x30)
		fail_msg("a write to register %#x of a bank", reg);
	model_set(u, at, v);
}

static bool take_write(volatile void *reg, u64 v, u32 bytes)
{
	for (u32 i = 0; i < MODEL_UNITS; i++) {
		struct model_unit *u = &model_units[i];
		u64 at = (u64)reg - (u64)u->regs;

		if (at >= MODEL_REGISTERS)
			continue;
		assert_int_equal(bytes, 4);
		if (at < 1UL << PAGE_BITS) {
			write_page0(u, (u32)at, (u32)v);
		} else if (at < BANKS_AT) {
			at -= 1UL << PAGE_BITS;
			assert_true(within((u32)at, 0, u->nr_banks) ||
				    (u->version == 2 && within((u32)at, 0x800, u->nr_banks)));
			model_set(u, (u32)at + (1U << PAGE_BITS), (u32)v);
		} else {
			write_bank(u, (u32)at, (u32)v);
		}
		return true;
	}
	return false;
}

static void interrupt(const struct model_unit *u, bool enabled)
{
	if (enabled && u->handler)
		u->handler(u->arg);
}

/* Only the first fault is described, until it is cleared. */
static bool global_fault(struct model_unit *u, enum global_fault why, u16 stream, u64 address,
			 bool write)
{
	if (model_get(u, GFSR)) {
		model_set(u, GFSR, model_get(u, GFSR) | MULTI);
		return false;
	}
	model_set(u, GFSR, 1U << why);
	model_set(u, 0x40, (u32)address);
	model_set(u, 0x44, (u32)(address >> 32));
	model_set(u, 0x50, write ? 2 : 0);
	model_set(u, 0x54, stream);
	interrupt(u, model_get(u, 0) & BIT(2));
	return false;
}

static bool context_fault(struct model_unit *u, u32 bank, enum context_fault why, u16 stream,
			  u64 address, bool write)
{
	u32 page = BANKS_AT + (bank << PAGE_BITS);

	if (model_get(u, page + FSR)) {
		model_set(u, page + FSR, model_get(u, page + FSR) | MULTI);
		return false;
	}
	model_set(u, page + FSR, 1U << why);
	model_set(u, page + 0x60, (u32)address);
	model_set(u, page + 0x64, (u32)(address >> 32));
	model_set(u, page + 0x68, write ? 16 : 0);
	model_set(u, (1U << PAGE_BITS) + 0x400 + 4 * bank, stream);
	interrupt(u, model_get(u, page) & BIT(6));
	return false;
}

/* The size of input addresses: 64 minus a field, or in version 1 a number with a sign. */
static u32 input_bits(const struct model_unit *u, u32 tcr)
{
	if (u->version == 2)
		return 64 - (tcr & 0x3f);
	assert_int_equal(tcr >> 4 & 1, tcr >> 3 & 1);
	return 32 - (tcr & 0xf) + (tcr & 0x10 ? 16 : 0);
}

/* The entry that maps the page; 0: none. */
static u64 walk(const struct model_unit *u, u32 page, u64 address)
{
	u32 tcr = model_get(u, page + 0x30), bits = input_bits(u, tcr);
	u32 levels = (tcr >> 6 & 3) + 2, top = PAGE_BITS + 9 * (levels - 1);
	u64 table = model_get(u, page + 0x20) | (u64)model_get(u, page + 0x24) << 32, e = 0;

	/* What is reserved is 0, but for one bit; the size of outputs exists in version 2 only. */
	assert_int_equal(tcr & (u->version == 2 ? 0xfff8c000 : 0xffffc020), BIT(31));
	assert_true((tcr >> 16 & 7) <= (model_get(u, 0x28) >> 4 & 7));
	assert_true(levels == 3 || (levels == 4 && u->version == 2));
	/* At most 16 tables side by side, aligned as one. */
	assert_true(bits > top && bits <= top + 13);
	assert_int_equal(table & ((8UL << (bits - top)) - 1), 0);
	if (address >> bits)
		return 0;
	for (u32 shift = top;; shift -= 9) {
		u64 index = address >> shift & (shift == top ? ~0UL : 511);

		e = ((u64 *)mfn_to_virt(mfn_make(table >> PAGE_BITS)))[index];
		if (!(e & 1) || shift == PAGE_BITS)
			return e & 1 ? e : 0;
		assert_true(e & 2);
		table = e & 0xfffffffff000UL;
	}
}

static bool translate(struct model_unit *u, u32 bank, u16 stream, u64 address, bool write,
		      u64 *reached)
{
	u32 page = BANKS_AT + (bank << PAGE_BITS), sctlr = model_get(u, page), i = 0;
	u32 vmid = model_get(u, (1U << PAGE_BITS) + 4 * bank) & 0xff;
	u64 e;

	assert_int_equal(model_get(u, (1U << PAGE_BITS) + 4 * bank) & 0x30000, 0);
	*reached = address;
	if (!(sctlr & 1))
		return true;
	assert_int_equal(model_get(u, (1U << PAGE_BITS) + 0x800 + 4 * bank), u->version == 2);
	/* Accesses during a fault end, unless the bank goes on. */
	if (model_get(u, page + FSR) && !(sctlr & BIT(8)))
		return false;
	while (i < u->nr_tlb && (u->tlb[i].vmid != vmid || u->tlb[i].page != address >> PAGE_BITS))
		i++;
	e = i < u->nr_tlb ? u->tlb[i].entry : walk(u, page, address);
	if (!e)
		return context_fault(u, bank, NOTHING, stream, address, write);
	if (!(e & (write ? BIT(7) : BIT(6))))
		return context_fault(u, bank, NO_RIGHT, stream, address, write);
	if (i == u->nr_tlb) {
		assert_true(i < MODEL_TLB);
		u->tlb[u->nr_tlb].vmid = vmid;
		u->tlb[u->nr_tlb].page = address >> PAGE_BITS;
		u->tlb[u->nr_tlb++].entry = e;
	}
	*reached = (e & 0xfffffffff000UL) | (address & 0xfff);
	return true;
}

bool model_dma(struct model_unit *u, u16 stream, u64 address, bool write, u64 *reached)
{
	u32 control = model_get(u, 0), found = 0, map = 0;

	*reached = address;
	if (control & 1)
		return true;
	for (u32 i = 0; i < u->nr_groups; i++) {
		u32 smr = model_get(u, 0x800 + 4 * i);

		if (model_get(u, 0x20) & BIT(27) ?
		    smr & VALID && !((smr ^ stream) & ~(smr >> 16) & 0x7fff) : i == stream) {
			map = model_get(u, 0xc00 + 4 * i);
			found++;
		}
	}
	if (!found)
		return !(control & BIT(10)) ||
		       global_fault(u, UNKNOWN_STREAM, stream, address, write);
	if (found > 1)
		return !(control & BIT(21)) ||
		       global_fault(u, CONFLICT, stream, address, write);
	switch (map >> 16 & 3) {
	case 0:
		if ((map & 0xff) >= u->nr_banks)
			return global_fault(u, NO_BANK, stream, address, write);
		return translate(u, map & 0xff, stream, address, write, reached);
	case 1:
		return true;
	default:
		return global_fault(u, BAD_CONTEXT, stream, address, write);
	}
}

void model_reset(void)
{
	memset(model_units, 0, sizeof(model_units));
	for (u32 i = 0; i < MODEL_UNITS; i++) {
		struct model_unit *u = &model_units[i];

		u->version = i ? 1 : 2;
		u->nr_groups = i ? 8 : 4;
		u->nr_banks = i ? 2 : 3;
		u->kept = 0x7fff7fff;
		model_set(u, 0, 1);
		/* Second stage, matching, walks see caches, streams of 15 bits. */
		model_set(u, 0x20, BIT(29) | BIT(27) | BIT(14) | 15U << 9 | u->nr_groups);
		/* 16 pages in each half. */
		model_set(u, 0x24, 3U << 28 | u->nr_banks);
		model_set(u, 0x28, i ? 0x22 : BIT(12) | 0x55);
	}
	host_device_write = take_write;
}
