/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSI: decoding messages, and the capability in configuration space. */
#include <xen/errno.h>
#include <xen/string.h>
#include <xen/x86/vmsi.h>

#include "vmsi-private.h"

#define ADDRESS_AREA 0xfee
#define ADDRESS_LOGICAL BIT(2)
#define ADDRESS_REDIRECT BIT(3)
#define DATA_LEVEL BIT(15)
#define DATA_ASSERT BIT(14)

#define MSI_ENABLE 0x0001U
#define MSI_MULTIPLE 0x007eU	/* messages: capable of, enabled */
#define MSI_64BIT 0x0080U
#define MSI_ADDRESS 4
#define MSI_ADDRESS_HIGH 8

bool vmsi_decode(const struct vmsi_message *m, struct apic_msg *out)
{
	bool level = m->data & DATA_LEVEL;

	if (m->address >> 20 != ADDRESS_AREA || (level && !(m->data & DATA_ASSERT)))
		return false;
	*out = (struct apic_msg){
		.dest = m->address >> 12 & 0xff, .vector = (u8)m->data, .mode = m->data >> 8 & 7,
		.logical = m->address & ADDRESS_LOGICAL, .level = level, .assert = true,
	};
	if ((m->address & ADDRESS_REDIRECT) && out->mode == APIC_DM_FIXED)
		out->mode = APIC_DM_LOWEST;
	return true;
}

u32 vmsi_merge(u32 old, u32 reg, u32 bytes, u32 val)
{
	u32 shift = (reg & 3) * 8, mask = bytes == 4 ? ~0U : ((1U << bytes * 8) - 1) << shift;

	ASSERT(bytes >= 1 && (reg & 3) + bytes <= 4);
	return (old & ~mask) | (val << shift & mask);
}

static u32 extract(u32 dword, u32 reg, u32 bytes)
{
	u32 val = dword >> (reg & 3) * 8;

	return bytes == 4 ? val : val & ((1U << bytes * 8) - 1);
}

static u32 read_control(const struct vmsi *m)
{
	return m->ops->read(m->ctx, m->msi_cap + CAP_CONTROL, 2) & ~MSI_MULTIPLE;
}

static void init_msi(struct vmsi *m, u32 cap)
{
	u32 control;

	m->msi_cap = cap;
	control = read_control(m);
	m->msi_wide = control & MSI_64BIT;
	m->msi_data_reg = cap + (m->msi_wide ? 12 : 8);
	if (control & MSI_ENABLE)
		m->ops->write(m->ctx, cap + CAP_CONTROL, 2, control & ~MSI_ENABLE);
}

int vmsi_init(struct vmsi *m, const struct pci_caps *caps, const struct vmsi_ops *ops, void *ctx)
{
	memset(m, 0, sizeof(*m));
	m->ops = ops;
	m->ctx = ctx;
	/* Ignore a capability that would reach beyond the end of the space. */
	if (caps->msi && caps->msi + MSI_CAP_SIZE <= PCI_CONFIG_SIZE)
		init_msi(m, caps->msi);
	if (caps->msix && caps->msix + MSIX_CAP_SIZE <= PCI_CONFIG_SIZE)
		return vmsix_init(m, caps->msix);
	return 0;
}

static void release_msi(struct vmsi *m)
{
	if (m->msi_irq)
		m->ops->free(m->ctx, m->msi_irq);
	m->msi_irq = 0;
}

void vmsi_reset(struct vmsi *m)
{
	release_msi(m);
	m->msi = (struct vmsi_message){ 0 };
	vmsix_reset(m);
}

static void write_message(struct vmsi *m, const struct vmsi_message *host)
{
	m->ops->write(m->ctx, m->msi_cap + MSI_ADDRESS, 4, (u32)host->address);
	if (m->msi_wide)
		m->ops->write(m->ctx, m->msi_cap + MSI_ADDRESS_HIGH, 4,
			      (u32)(host->address >> 32));
	m->ops->write(m->ctx, m->msi_data_reg, 2, host->data);
}

static void write_control(struct vmsi *m, u32 control)
{
	control &= ~MSI_MULTIPLE;
	if (!(control & MSI_ENABLE)) {
		m->ops->write(m->ctx, m->msi_cap + CAP_CONTROL, 2, control);
		release_msi(m);
		return;
	}
	if (!m->msi_irq)
		m->msi_irq = m->ops->alloc(m->ctx, &m->msi, &m->msi_host);
	/* Also when it was enabled before: the device may have been reset without our knowledge. */
	if (m->msi_irq)
		write_message(m, &m->msi_host);
	else
		control &= ~MSI_ENABLE;
	m->ops->write(m->ctx, m->msi_cap + CAP_CONTROL, 2, control);
}

/* The guest's view of the dword at @reg of the capability; false: it is the device's own. */
static bool msi_dword(const struct vmsi *m, u32 reg, u32 *val)
{
	reg &= ~3U;
	if (reg == m->msi_cap + MSI_ADDRESS)
		*val = (u32)m->msi.address;
	else if (m->msi_wide && reg == m->msi_cap + MSI_ADDRESS_HIGH)
		*val = (u32)(m->msi.address >> 32);
	else if (reg == m->msi_data_reg)
		*val = m->msi.data;
	else
		return false;
	return true;
}

u32 vmsi_config_read(const struct vmsi *m, u32 reg, u32 bytes, u32 val)
{
	u32 dword;

	if (!m->msi_cap)
		return val;
	ASSERT(bytes >= 1 && (reg & 3) + bytes <= 4);
	if ((reg & ~3U) == m->msi_cap)
		return val & ~extract(MSI_MULTIPLE << 16, reg, bytes);
	return msi_dword(m, reg, &dword) ? extract(dword, reg, bytes) : val;
}

static bool msi_write(struct vmsi *m, u32 reg, u32 bytes, u32 val)
{
	u32 dword;

	if ((reg & ~3U) == m->msi_cap) {
		dword = vmsi_merge(read_control(m) << 16, reg, bytes, val);
		if ((reg & 3) + bytes > 2)
			write_control(m, dword >> 16);
		return true;
	}
	if (!msi_dword(m, reg, &dword))
		return false;
	dword = vmsi_merge(dword, reg, bytes, val);
	if ((reg & ~3U) == m->msi_data_reg)
		m->msi.data = dword & 0xffff;
	else if ((reg & ~3U) == m->msi_cap + MSI_ADDRESS)
		m->msi.address = (m->msi.address & ~0xffffffffUL) | (dword & ~3U);
	else
		m->msi.address = (u32)m->msi.address | (u64)dword << 32;
	if (m->msi_irq && m->ops->update(m->ctx, m->msi_irq, &m->msi, &m->msi_host))
		write_message(m, &m->msi_host);
	return true;
}

bool vmsi_config_write(struct vmsi *m, u32 reg, u32 bytes, u32 val)
{
	if (m->msi_cap && msi_write(m, reg, bytes, val))
		return true;
	return m->msix_cap && vmsix_config_write(m, reg, bytes, val);
}

void vmsi_disable(struct vmsi *m)
{
	if (m->msi_cap)
		write_control(m, read_control(m) & ~MSI_ENABLE);
	vmsix_disable(m);
	vmsi_reset(m);
}

bool vmsi_has_entry(const struct vmsi *m, u32 entry)
{
	return entry ? m->msix_cap && entry <= m->msix_nr : m->msi_cap != 0;
}

int vmsi_bind(struct vmsi *m, u32 entry, const struct vmsi_message *message)
{
	ASSERT(vmsi_has_entry(m, entry));
	if (entry)
		return vmsix_bind(m, entry - 1, message);
	m->msi = *message;
	if (m->msi_irq)
		m->ops->update(m->ctx, m->msi_irq, message, &m->msi_host);
	write_control(m, read_control(m) | MSI_ENABLE);
	return m->msi_irq ? 0 : -XEN_ENOSPC;
}

void vmsi_unbind(struct vmsi *m, u32 entry)
{
	ASSERT(vmsi_has_entry(m, entry));
	if (entry)
		vmsix_unbind(m, entry - 1);
	else
		write_control(m, read_control(m) & ~MSI_ENABLE);
}

bool vmsi_owns_register(const struct vmsi *m, u32 reg)
{
	u32 dword, at = reg & ~3U;

	return (m->msi_cap && (at == m->msi_cap || msi_dword(m, reg, &dword))) ||
	       (m->msix_cap && at == m->msix_cap);
}

void vmsi_destroy(struct vmsi *m)
{
	vmsi_reset(m);
	vmsix_destroy(m);
}
