/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IOMMUs of a device tree (Linux's bindings arm,smmu-v3.yaml and arm,smmu.yaml). Pure, as
 * dt_machine.h is.
 */
#ifndef XEN_DT_IOMMU_H
#define XEN_DT_IOMMU_H

#include <xen/acpi_iommu.h>
#include <xen/fdt.h>

/**
 * Fill in the units of @out, the streams of those of version 1 and 2, and what devices must reach
 * beside memory: the frames to which they write their MSIs. NULL, or a phrase that says why the
 * IOMMUs of @t cannot be used.
 */
const char *dt_find_iommus(const struct fdt *t, struct acpi_iommus *out);

#endif
