/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which IOMMUs the device tree describes. */
#include <xen/dt_iommu.h>
#include <xen/hal/tree.h>

#include "private.h"

const bool iommu_kind_remaps = false;

const char *__init iommu_find(void)
{
	const char *why = dt_find_iommus(hal_machine_tree(), &iommu_firmware);

	if (why)
		return why;
	return iommu_use(iommu_firmware.unit[0].version == 3 ? &iommu_smmu3 : &iommu_smmu2);
}
