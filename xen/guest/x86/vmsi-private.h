/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by vmsi.c and vmsix.c. */
#ifndef GUEST_X86_VMSI_PRIVATE_H
#define GUEST_X86_VMSI_PRIVATE_H

#include <xen/assert.h>
#include <xen/x86/vmsi.h>

/** Both capabilities have their control register in the upper half of the first dword. */
#define CAP_CONTROL 2
#define MSI_CAP_SIZE 16
#define MSIX_CAP_SIZE 12

/** Merge the @bytes bytes of @val at @reg into the dword's old value @old. */
u32 vmsi_merge(u32 old, u32 reg, u32 bytes, u32 val);

int vmsix_init(struct vmsi *m, u32 cap);
void vmsix_reset(struct vmsi *m);
void vmsix_destroy(struct vmsi *m);
void vmsix_disable(struct vmsi *m);
/** vmsi_bind() and vmsi_unbind() for entry @i of the table. */
int vmsix_bind(struct vmsi *m, u32 i, const struct vmsi_message *message);
void vmsix_unbind(struct vmsi *m, u32 i);
bool vmsix_config_write(struct vmsi *m, u32 reg, u32 bytes, u32 val);

#endif
