/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols that the linker script and head.S define in the image. */
#ifndef ASM_ARM_SECTIONS_H
#define ASM_ARM_SECTIONS_H

#include <xen/types.h>

extern char image_start[], text_end[], rodata_end[], image_end[];
extern char __start_percpu_data[], __stop_percpu_data[], percpu_pristine[];
extern char boot_stack[], secondary_entry[];
extern u64 idle_root_table[];

#endif
