/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols that the linker script defines in the image. */
#ifndef ASM_X86_SECTIONS_H
#define ASM_X86_SECTIONS_H

#include <xen/compiler.h>
#include <asm/page.h>

extern char image_start[], text_end[], rodata_end[], init_text_end[], init_data_end[], image_end[];
extern char __start_percpu_data[], __stop_percpu_data[], percpu_pristine[];
extern char boot_stack[];

static inline u64 image_pa(const void *p) { return (u64)p - XEN_LINK_BASE; }
static inline u64 image_start_pa(void) { return image_pa(image_start); }
static inline u64 image_end_pa(void) { return image_pa(image_end); }

#endif
