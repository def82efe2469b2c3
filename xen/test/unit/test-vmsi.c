/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI capability lists; MSI messages; MSI and MSI-X as a guest sees them, against a fake device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/x86/vmsi.h>
#include <xen/xmalloc.h>

#define MSI_CAP 0x50
#define MSIX_CAP 0x70
#define ENTRIES 4
#define NR_IRQS 8
#define GUEST_ADDRESS 0xfee03000U
#define GUEST_DATA 0x4041U

static bool no_memory;

void *xzalloc_bytes(size_t size)
{
	return no_memory ? NULL : calloc(1, size);
}

void xfree(void *p)
{
	free(p);
}

struct device {
	u8 config[256];
	u32 table[ENTRIES][4];
	bool used[NR_IRQS];
	struct vmsi_message guest[NR_IRQS];
	u32 limit;		/* interrupts the host has */
	struct vmsi m;
};

static u32 get(const u8 *p, u32 bytes)
{
	u32 v = 0;

	memcpy(&v, p, bytes);
	return v;
}

static u32 dev_read(void *ctx, u32 reg, u32 bytes)
{
	struct device *d = ctx;

	assert_true(reg + bytes <= 256 && !(reg % bytes));
	return get(d->config + reg, bytes);
}

static void dev_write(void *ctx, u32 reg, u32 bytes, u32 val)
{
	struct device *d = ctx;

	assert_true(reg + bytes <= 256 && !(reg % bytes));
	memcpy(d->config + reg, &val, bytes);
}

static void dev_table(void *ctx, u32 i, u32 word, u32 val)
{
	struct device *d = ctx;

	assert_true(i < ENTRIES && word < 4);
	d->table[i][word] = val;
}

static u32 host_alloc(void *ctx, const struct vmsi_message *guest, struct vmsi_message *host)
{
	struct device *d = ctx;

	for (u32 i = 0; i < d->limit; i++) {
		if (d->used[i])
			continue;
		d->used[i] = true;
		d->guest[i] = *guest;
		*host = (struct vmsi_message){ 0xfee00000, 0x80 + i };
		return i + 1;
	}
	return 0;
}

/* The host's message goes to CPU 0 at first, then to the CPU in bit 12 of the guest's address. */
static bool host_update(void *ctx, u32 irq, const struct vmsi_message *guest,
			struct vmsi_message *host)
{
	u64 address = 0xfee00000 | (guest->address & 0x1000);
	bool moved = host->address != address;

	struct device *d = ctx;

	assert_true(irq && irq <= NR_IRQS && d->used[irq - 1]);
	d->guest[irq - 1] = *guest;
	host->address = address;
	return moved;
}

static void host_free(void *ctx, u32 irq)
{
	struct device *d = ctx;

	assert_true(irq && irq <= NR_IRQS && d->used[irq - 1]);
	d->used[irq - 1] = false;
}

static const struct vmsi_ops ops = {
	dev_read, dev_write, dev_table, host_alloc, host_update, host_free,
};

static u32 nr_used(const struct device *d)
{
	u32 n = 0;

	for (u32 i = 0; i < NR_IRQS; i++)
		n += d->used[i];
	return n;
}

static void put16(struct device *d, u32 reg, u32 val)
{
	memcpy(d->config + reg, &val, 2);
}

/* A device with a 64-bit, four-message MSI capability and an MSI-X one. */
static struct device *make(void)
{
	struct device *d = calloc(1, sizeof(*d));
	struct pci_caps caps;

	assert_non_null(d);
	d->limit = NR_IRQS;
	put16(d, 0x06, 0x10);
	d->config[0x34] = MSI_CAP;
	put16(d, MSI_CAP, MSIX_CAP << 8 | 0x05);
	put16(d, MSI_CAP + 2, 0x0085);		/* as firmware left it: enabled */
	put16(d, MSIX_CAP, 0x11);
	put16(d, MSIX_CAP + 2, ENTRIES - 1);
	put16(d, MSIX_CAP + 4, 0x2000 | 2);
	pci_parse_caps(dev_read, d, &caps);
	assert_int_equal(caps.msi, MSI_CAP);
	assert_int_equal(caps.msix, MSIX_CAP);
	assert_int_equal(caps.express, 0);
	assert_int_equal(vmsi_init(&d->m, &caps, &ops, d), 0);
	return d;
}

static void finish(struct device *d)
{
	vmsi_destroy(&d->m);
	assert_int_equal(nr_used(d), 0);
	free(d);
}

/* The guest's accesses, as the owner of the model makes them. */
static void wr(struct device *d, u32 reg, u32 bytes, u32 val)
{
	if (!vmsi_config_write(&d->m, reg, bytes, val))
		dev_write(d, reg, bytes, val);
}

static u32 rd(struct device *d, u32 reg, u32 bytes)
{
	return vmsi_config_read(&d->m, reg, bytes, dev_read(d, reg, bytes));
}

static void test_decode(void **state)
{
	struct vmsi_message m = { 0xfee05000, 0x31 };
	struct apic_msg a;

	assert_true(vmsi_decode(&m, &a));
	assert_int_equal(a.dest, 5);
	assert_int_equal(a.vector, 0x31);
	assert_int_equal(a.mode, APIC_DM_FIXED);
	assert_false(a.logical || a.level || a.wide);
	m.address |= 4;
	assert_true(vmsi_decode(&m, &a) && a.logical && a.mode == APIC_DM_FIXED);
	m.address |= 8;
	assert_true(vmsi_decode(&m, &a) && a.mode == APIC_DM_LOWEST);
	m.data = 0x431;
	assert_true(vmsi_decode(&m, &a) && a.mode == APIC_DM_NMI);
	m.data = 0xc031;
	assert_true(vmsi_decode(&m, &a) && a.level && a.assert);
	m.data = 0x8031;
	assert_false(vmsi_decode(&m, &a));
	m = (struct vmsi_message){ 0, 0 };
	assert_false(vmsi_decode(&m, &a));
	m = (struct vmsi_message){ 0x1fee00000UL, 0x31 };
	assert_false(vmsi_decode(&m, &a));
}

static void test_caps(void **state)
{
	struct device *d = make();
	struct pci_caps c;

	put16(d, MSIX_CAP, MSI_CAP << 8 | 0x11);	/* a loop */
	pci_parse_caps(dev_read, d, &c);
	assert_int_equal(c.msix, MSIX_CAP);
	put16(d, MSI_CAP, 0x20 << 8 | 0x05);		/* into the header */
	pci_parse_caps(dev_read, d, &c);
	assert_int_equal(c.msi, MSI_CAP);
	assert_int_equal(c.msix, 0);
	put16(d, 0x06, 0);				/* no list */
	pci_parse_caps(dev_read, d, &c);
	assert_int_equal(c.msi, 0);
	memset(d->config, 0xff, sizeof(d->config));
	pci_parse_caps(dev_read, d, &c);
	assert_int_equal(c.msi, 0);
	finish(d);
}

static void test_cap_at_the_end(void **state)
{
	struct device *d = make();
	struct pci_caps c = { .msi = 0xfc, .msix = 0xfc };
	struct vmsi m;

	assert_int_equal(vmsi_init(&m, &c, &ops, d), 0);
	assert_int_equal(m.msi_cap, 0);
	assert_int_equal(m.msix_cap, 0);
	vmsi_destroy(&m);
	finish(d);
}

static void test_without_memory(void **state)
{
	struct device *d = make();
	struct pci_caps c = { .msi = MSI_CAP, .msix = MSIX_CAP };
	struct vmsi m;

	no_memory = true;
	assert_int_equal(vmsi_init(&m, &c, &ops, d), -XEN_ENOMEM);
	no_memory = false;
	assert_int_equal(m.msi_cap, MSI_CAP);
	assert_int_equal(m.msix_cap, 0);
	assert_false(vmsi_config_write(&m, MSIX_CAP + 2, 2, 0x8000));
	vmsi_destroy(&m);
	finish(d);
}

static void test_msi(void **state)
{
	struct device *d = make();

	assert_int_equal(get(d->config + MSI_CAP + 2, 2) & 1, 0);
	wr(d, MSI_CAP + 4, 4, GUEST_ADDRESS);
	wr(d, MSI_CAP + 8, 4, 0);
	wr(d, MSI_CAP + 12, 2, GUEST_DATA);
	assert_int_equal(nr_used(d), 0);
	assert_int_equal(get(d->config + MSI_CAP + 4, 4), 0);
	/* Asks for four messages; gets one. */
	wr(d, MSI_CAP + 2, 2, 0x00a1);
	assert_int_equal(nr_used(d), 1);
	assert_int_equal(d->guest[0].address, GUEST_ADDRESS);
	assert_int_equal(d->guest[0].data, GUEST_DATA);
	assert_int_equal(get(d->config + MSI_CAP + 2, 2) & 0x71, 1);
	assert_int_equal(get(d->config + MSI_CAP + 4, 4), 0xfee00000);
	assert_int_equal(get(d->config + MSI_CAP + 12, 2), 0x80);
	/* The guest sees what it wrote, whatever the width. */
	assert_int_equal(rd(d, MSI_CAP + 4, 4), GUEST_ADDRESS);
	assert_int_equal(rd(d, MSI_CAP + 13, 1), GUEST_DATA >> 8);
	assert_int_equal(rd(d, MSI_CAP + 2, 2) & 0x7f, 1);
	assert_int_equal(rd(d, MSI_CAP, 4) >> 16 & 0x7f, 1);
	assert_int_equal(rd(d, MSI_CAP, 2), MSIX_CAP << 8 | 5);
	/* Moved while enabled to a vCPU on the same CPU: the device does not notice. */
	wr(d, MSI_CAP + 5, 1, 0x40);
	assert_int_equal(d->guest[0].address, 0xfee04000);
	assert_int_equal(get(d->config + MSI_CAP + 4, 4), 0xfee00000);
	/* Moved to a vCPU on another CPU: the device's message changes, its vector does not. */
	wr(d, MSI_CAP + 5, 1, 0x50);
	assert_int_equal(d->guest[0].address, 0xfee05000);
	assert_int_equal(get(d->config + MSI_CAP + 4, 4), 0xfee01000);
	assert_int_equal(get(d->config + MSI_CAP + 12, 2), 0x80);
	wr(d, MSI_CAP + 2, 1, 0);
	assert_int_equal(nr_used(d), 0);
	assert_int_equal(get(d->config + MSI_CAP + 2, 2) & 1, 0);
	finish(d);
}

/* A reset of the function, and its end, give the interrupt back. */
static void test_msi_reset(void **state)
{
	struct device *d = make();

	for (u32 i = 0; i < 2; i++) {
		wr(d, MSI_CAP + 4, 4, GUEST_ADDRESS);
		wr(d, MSI_CAP + 12, 2, GUEST_DATA);
		wr(d, MSI_CAP + 2, 2, 1);
		assert_int_equal(nr_used(d), 1);
		if (!i)
			vmsi_reset(&d->m);
		assert_int_equal(nr_used(d), i);
		assert_int_equal(rd(d, MSI_CAP + 4, 4), i ? GUEST_ADDRESS : 0);
	}
	finish(d);
}

static void test_msi_without_vector(void **state)
{
	struct device *d = make();

	d->limit = 0;
	wr(d, MSI_CAP + 2, 2, 1);
	assert_int_equal(rd(d, MSI_CAP + 2, 2) & 1, 0);
	assert_int_equal(get(d->config + MSI_CAP + 2, 2) & 1, 0);
	finish(d);
}

static void set_entry(struct device *d, u32 i, u32 address, u32 data)
{
	vmsix_write(&d->m, i * 16, 4, address);
	vmsix_write(&d->m, i * 16 + 4, 4, 0);
	vmsix_write(&d->m, i * 16 + 8, 4, data);
	vmsix_write(&d->m, i * 16 + 12, 4, 0);
}

static void test_msix(void **state)
{
	struct device *d = make();

	assert_int_equal(d->m.msix_nr, ENTRIES);
	assert_int_equal(d->m.msix_bar, 2);
	assert_int_equal(d->m.msix_offset, 0x2000);
	assert_int_equal(vmsix_read(&d->m, 12, 4), 1);
	set_entry(d, 1, GUEST_ADDRESS, GUEST_DATA);
	assert_int_equal(nr_used(d), 0);
	wr(d, MSIX_CAP + 2, 2, 0xc000);
	assert_int_equal(nr_used(d), 1);
	assert_int_equal(d->table[0][3], 1);
	assert_int_equal(d->table[1][0], 0xfee00000);
	assert_int_equal(d->table[1][2], 0x80);
	assert_int_equal(d->table[1][3], 0);
	assert_int_equal(get(d->config + MSIX_CAP + 2, 2), 0xc000 | (ENTRIES - 1));
	wr(d, MSIX_CAP + 3, 1, 0x80);
	assert_int_equal(get(d->config + MSIX_CAP + 2, 2), 0x8000 | (ENTRIES - 1));
	assert_int_equal(vmsix_read(&d->m, 16, 4), GUEST_ADDRESS);
	assert_int_equal(vmsix_read(&d->m, 25, 1), GUEST_DATA >> 8);
	/* Masking reaches the device, but keeps the interrupt. */
	vmsix_write(&d->m, 16 + 12, 4, 1);
	assert_int_equal(d->table[1][3], 1);
	assert_int_equal(nr_used(d), 1);
	vmsix_write(&d->m, 16 + 8, 4, 0x4055);
	assert_int_equal(d->guest[0].data, 0x4055);
	/* A message for a vCPU on another CPU changes the device's message, but not its vector. */
	vmsix_write(&d->m, 16, 4, GUEST_ADDRESS | 0x1000);
	assert_int_equal(d->table[1][0], 0xfee01000);
	assert_int_equal(d->table[1][2], 0x80);
	assert_int_equal(d->table[1][3], 1);
	wr(d, MSIX_CAP + 2, 2, 0);
	assert_int_equal(nr_used(d), 0);
	finish(d);
}

static void test_msix_exhausted(void **state)
{
	struct device *d = make();

	d->limit = 1;
	wr(d, MSIX_CAP + 2, 2, 0x8000);
	set_entry(d, 0, GUEST_ADDRESS, GUEST_DATA);
	set_entry(d, 1, GUEST_ADDRESS, GUEST_DATA);
	assert_int_equal(d->table[0][3], 0);
	assert_int_equal(d->table[1][3], 1);
	assert_int_equal(vmsix_read(&d->m, 16 + 12, 4), 0);
	finish(d);
}

/* The device forgets everything (a bus reset); the guest restores what it saved. */
static void test_msix_reset_behind(void **state)
{
	struct device *d = make();

	wr(d, MSIX_CAP + 2, 2, 0x8000);
	set_entry(d, 2, GUEST_ADDRESS, GUEST_DATA);
	put16(d, MSIX_CAP + 2, ENTRIES - 1);
	memset(d->table, 0, sizeof(d->table));
	d->table[2][3] = 1;
	wr(d, MSIX_CAP + 2, 2, 0xc000);
	assert_int_equal(nr_used(d), 1);
	assert_int_equal(d->table[2][2], 0x80);
	assert_int_equal(d->table[2][3], 0);
	vmsi_reset(&d->m);
	assert_int_equal(nr_used(d), 0);
	assert_int_equal(vmsix_read(&d->m, 2 * 16 + 12, 4), 1);
	finish(d);
}

/* By hypercall: the device sends what was bound, and nothing once it was unbound or given away. */
static void test_bind(void **state)
{
	const struct vmsi_message a = { GUEST_ADDRESS, GUEST_DATA }, b = { GUEST_ADDRESS, 0x55 };
	struct device *d = make();

	assert_true(vmsi_has_entry(&d->m, 0) && vmsi_has_entry(&d->m, ENTRIES));
	assert_false(vmsi_has_entry(&d->m, ENTRIES + 1));
	assert_int_equal(vmsi_bind(&d->m, 0, &a), 0);
	assert_int_equal(d->guest[0].data, GUEST_DATA);
	assert_int_equal(get(d->config + MSI_CAP + 12, 2), 0x80);
	assert_int_equal(get(d->config + MSI_CAP + 2, 2) & 1, 1);
	assert_int_equal(vmsi_bind(&d->m, 0, &b), 0);
	assert_int_equal(d->guest[0].data, 0x55);
	assert_int_equal(nr_used(d), 1);
	vmsi_unbind(&d->m, 0);
	assert_int_equal(nr_used(d), 0);
	assert_int_equal(get(d->config + MSI_CAP + 2, 2) & 1, 0);
	assert_int_equal(vmsi_bind(&d->m, 2, &a), 0);
	assert_int_equal(get(d->config + MSIX_CAP + 2, 2), 0x8000 | (ENTRIES - 1));
	assert_int_equal(d->table[0][3], 1);
	assert_int_equal(d->table[1][2], 0x80);
	assert_int_equal(d->table[1][3], 0);
	assert_int_equal(vmsi_bind(&d->m, 2, &b), 0);
	assert_int_equal(d->guest[0].data, 0x55);
	vmsi_unbind(&d->m, 2);
	assert_int_equal(nr_used(d), 0);
	assert_int_equal(d->table[1][3], 1);
	vmsi_unbind(&d->m, 2);
	d->limit = 0;
	assert_int_equal(vmsi_bind(&d->m, 0, &a), -XEN_ENOSPC);
	assert_int_equal(get(d->config + MSI_CAP + 2, 2) & 1, 0);
	assert_int_equal(vmsi_bind(&d->m, 3, &a), -XEN_ENOSPC);
	assert_int_equal(d->table[2][3], 1);
	d->limit = NR_IRQS;
	assert_int_equal(vmsi_bind(&d->m, 0, &a), 0);
	assert_int_equal(vmsi_bind(&d->m, 3, &a), 0);
	vmsi_disable(&d->m);
	assert_int_equal(nr_used(d), 0);
	assert_int_equal(get(d->config + MSI_CAP + 2, 2) & 1, 0);
	assert_int_equal(get(d->config + MSIX_CAP + 2, 2), ENTRIES - 1);
	finish(d);
}

static void test_owned_registers(void **state)
{
	struct device *d = make();

	for (u32 reg = 0; reg < 256; reg++)
		assert_int_equal(vmsi_owns_register(&d->m, reg),
				 (reg >= MSI_CAP && reg < MSI_CAP + 16) ||
				 (reg >= MSIX_CAP && reg < MSIX_CAP + 4));
	finish(d);
}

/* For any writes: no interrupt is lost, and the device never gets the guest's own message. */
static void test_hostile(void **state)
{
	struct device *d = make();
	u32 seed = 1;

	for (u32 i = 0; i < 200000; i++) {
		u32 bytes, at, val;

		seed = seed * 1664525 + 1013904223;
		bytes = 1U << (seed >> 16) % 3;
		at = (seed >> 18 & 0x3f) & ~(bytes - 1);
		val = seed * 2654435761U;
		if (seed >> 22 == 1)
			vmsi_disable(&d->m);
		else if (seed >> 28 == 2 && vmsi_has_entry(&d->m, val % 8))
			vmsi_bind(&d->m, val % 8, &(struct vmsi_message){ val, seed });
		else if (seed >> 28 == 3 && vmsi_has_entry(&d->m, val % 8))
			vmsi_unbind(&d->m, val % 8);
		else if (seed >> 31)
			vmsix_write(&d->m, at, bytes, val);
		else
			vmsi_config_write(&d->m, MSI_CAP + at, bytes, val);
		if (d->config[MSI_CAP + 2] & 1)
			assert_int_equal(get(d->config + MSI_CAP + 4, 4) & ~0x1000U, 0xfee00000);
		for (u32 e = 0; e < ENTRIES; e++)
			assert_true(!d->table[e][0] || (d->table[e][0] & ~0x1000U) == 0xfee00000);
		assert_true(nr_used(d) <= ENTRIES + 1);
	}
	finish(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_cap_at_the_end),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_msi),
		cmocka_unit_test(test_msi_reset),
		cmocka_unit_test(test_msi_without_vector),
		cmocka_unit_test(test_msix),
		cmocka_unit_test(test_msix_exhausted),
		cmocka_unit_test(test_msix_reset_behind),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_owned_registers),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
