/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI-X: the capability, and the table in the device's memory. An entry has a host interrupt from
 * its first unmasking until MSI-X is disabled; without one it stays masked in the device.
 */
#include <xen/errno.h>
#include <xen/nospec.h>
#include <xen/string.h>
#include <xen/xmalloc.h>

#include "vmsi-private.h"

#define MSIX_ENABLE 0x8000U
#define MSIX_MASK_ALL 0x4000U
#define MSIX_WRITABLE (MSIX_ENABLE | MSIX_MASK_ALL)
#define MSIX_SIZE 0x07ffU
#define MSIX_TABLE 4
#define MSIX_TABLE_BAR 7U
#define NR_BARS 6

static struct vmsi_message guest_message(const struct msix_entry *e)
{
	return (struct vmsi_message){ e->word[0] | (u64)e->word[1] << 32, e->word[2] };
}

static void write_control(struct vmsi *m, u32 control)
{
	m->ops->write(m->ctx, m->msix_cap + CAP_CONTROL, 2, control);
}

static u32 read_control(const struct vmsi *m)
{
	return m->ops->read(m->ctx, m->msix_cap + CAP_CONTROL, 2);
}

int vmsix_init(struct vmsi *m, u32 cap)
{
	u32 table, nr;

	table = m->ops->read(m->ctx, cap + MSIX_TABLE, 4);
	nr = (m->ops->read(m->ctx, cap + CAP_CONTROL, 2) & MSIX_SIZE) + 1;
	if ((table & MSIX_TABLE_BAR) >= NR_BARS)
		return 0;
	m->entry = xzalloc_array(struct msix_entry, nr);
	if (!m->entry)
		return -XEN_ENOMEM;
	m->msix_cap = cap;
	m->msix_nr = nr;
	m->msix_bar = table & MSIX_TABLE_BAR;
	m->msix_offset = table & ~MSIX_TABLE_BAR;
	vmsix_reset(m);
	write_control(m, read_control(m) & ~MSIX_WRITABLE);
	return 0;
}

static void release(struct vmsi *m)
{
	for (u32 i = 0; i < m->msix_nr; i++) {
		if (m->entry[i].irq)
			m->ops->free(m->ctx, m->entry[i].irq);
		m->entry[i].irq = 0;
	}
	m->msix_enabled = false;
}

void vmsix_reset(struct vmsi *m)
{
	release(m);
	for (u32 i = 0; i < m->msix_nr; i++) {
		memset(m->entry[i].word, 0, sizeof(m->entry[i].word));
		m->entry[i].word[MSIX_WORD_CONTROL] = MSIX_ENTRY_MASKED;
	}
}

void vmsix_destroy(struct vmsi *m)
{
	xfree(m->entry);
	m->entry = NULL;
	m->msix_nr = m->msix_cap = 0;
}

static void sync_entry(struct vmsi *m, u32 i)
{
	struct msix_entry *e = &m->entry[i];
	u32 control = e->word[MSIX_WORD_CONTROL];
	struct vmsi_message guest = guest_message(e);

	ASSERT(i < m->msix_nr && m->msix_enabled);
	if (!e->irq && !(control & MSIX_ENTRY_MASKED))
		e->irq = m->ops->alloc(m->ctx, &guest, &e->host);
	if (e->irq) {
		m->ops->write_table(m->ctx, i, 0, (u32)e->host.address);
		m->ops->write_table(m->ctx, i, 1, (u32)(e->host.address >> 32));
		m->ops->write_table(m->ctx, i, 2, e->host.data);
	}
	m->ops->write_table(m->ctx, i, MSIX_WORD_CONTROL,
			    e->irq ? control : control | MSIX_ENTRY_MASKED);
}

void vmsix_sync(struct vmsi *m)
{
	for (u32 i = 0; m->msix_enabled && i < m->msix_nr; i++)
		sync_entry(m, i);
}

static void control_changed(struct vmsi *m, u32 old, u32 control)
{
	control = (old & ~MSIX_WRITABLE) | (control & MSIX_WRITABLE);
	/* If the device says that MSI-X is disabled it was reset: its table is no longer ours. */
	if ((control & MSIX_ENABLE) && !(m->msix_enabled && (old & MSIX_ENABLE))) {
		write_control(m, control | MSIX_MASK_ALL);
		m->msix_enabled = true;
		vmsix_sync(m);
	}
	write_control(m, control);
	if (!(control & MSIX_ENABLE))
		release(m);
}

bool vmsix_config_write(struct vmsi *m, u32 reg, u32 bytes, u32 val)
{
	u32 control;

	if ((reg & ~3U) != m->msix_cap)
		return false;
	control = read_control(m);
	if ((reg & 3) + bytes > 2)
		control_changed(m, control, vmsi_merge(control << 16, reg, bytes, val) >> 16);
	return true;
}

void vmsix_disable(struct vmsi *m)
{
	if (m->msix_cap)
		control_changed(m, read_control(m), 0);
}

/* Put @guest and the mask into an entry, in force at once. */
static void set_entry(struct vmsi *m, u32 i, const struct vmsi_message *guest, u32 control)
{
	struct msix_entry *e = &m->entry[i];

	e->word[0] = (u32)guest->address;
	e->word[1] = (u32)(guest->address >> 32);
	e->word[2] = guest->data;
	e->word[MSIX_WORD_CONTROL] = control;
	if (!m->msix_enabled)
		return;
	if (e->irq)
		m->ops->update(m->ctx, e->irq, guest, &e->host);
	sync_entry(m, i);
}

int vmsix_bind(struct vmsi *m, u32 i, const struct vmsi_message *message)
{
	i = (u32)array_index_nospec(i, m->msix_nr);
	set_entry(m, i, message, 0);
	if (!m->msix_enabled)
		control_changed(m, read_control(m), MSIX_ENABLE);
	return m->entry[i].irq ? 0 : -XEN_ENOSPC;
}

void vmsix_unbind(struct vmsi *m, u32 i)
{
	struct msix_entry *e = &m->entry[array_index_nospec(i, m->msix_nr)];

	set_entry(m, (u32)(e - m->entry), &(struct vmsi_message){ 0 }, MSIX_ENTRY_MASKED);
	if (e->irq)
		m->ops->free(m->ctx, e->irq);
	e->irq = 0;
}

u32 vmsix_read(const struct vmsi *m, u32 offset, u32 bytes)
{
	u64 i = array_index_nospec(offset / MSIX_ENTRY_SIZE, m->msix_nr);
	u32 val = m->entry[i].word[offset / 4 % 4] >> (offset & 3) * 8;

	return bytes == 4 ? val : val & ((1U << bytes * 8) - 1);
}

void vmsix_write(struct vmsi *m, u32 offset, u32 bytes, u32 val)
{
	struct msix_entry *e =
		&m->entry[array_index_nospec(offset / MSIX_ENTRY_SIZE, m->msix_nr)];
	u32 *word = &e->word[offset / 4 % 4];
	struct vmsi_message guest;
	bool moved;

	ASSERT(offset < m->msix_nr * MSIX_ENTRY_SIZE && (offset & 3) + bytes <= 4);
	*word = vmsi_merge(*word, offset, bytes, val);
	guest = guest_message(e);
	moved = e->irq && m->ops->update(m->ctx, e->irq, &guest, &e->host);
	/* Messages may be written in pieces: they take effect only when unmasked. */
	if (m->msix_enabled && (moved || word == &e->word[MSIX_WORD_CONTROL]))
		sync_entry(m, offset / MSIX_ENTRY_SIZE);
}
