/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the stub needs of UEFI's interfaces (UEFI Specification 2.10; its sections beside each). */
#ifndef ARCH_ARM_EFI_EFI_H
#define ARCH_ARM_EFI_EFI_H

#include <xen/types.h>

#define EFI_ERROR BIT(63)
#define EFI_LOAD_ERROR (EFI_ERROR | 1)
#define EFI_BUFFER_TOO_SMALL (EFI_ERROR | 5)

/** 7.2, AllocatePages and GetMemoryMap. */
enum efi_allocate { EFI_ANY_PAGES };
enum efi_memory {
	EFI_LOADER_CODE = 1, EFI_LOADER_DATA, EFI_BOOT_CODE, EFI_BOOT_DATA, EFI_CONVENTIONAL = 7
};
#define EFI_MEMORY_WB BIT(3)

struct efi_memory_descriptor {
	u32 type, pad;
	u64 start, virtual_start, pages, attribute;
};

struct efi_guid {
	u32 a;
	u16 b, c;
	u8 d[8];
};

/** 12.4, Simple Text Output Protocol. */
struct efi_text_output {
	u64 (*reset)(struct efi_text_output *self, bool extended);
	u64 (*output)(struct efi_text_output *self, const u16 *text);
};

/** 13.5, File Protocol. */
struct efi_file {
	u64 revision;
	u64 (*open)(struct efi_file *self, struct efi_file **file, const u16 *name, u64 mode,
		    u64 attributes);
	u64 (*close)(struct efi_file *self);
	void *delete;
	u64 (*read)(struct efi_file *self, u64 *bytes, void *buffer);
	void *write;
	u64 (*get_position)(struct efi_file *self, u64 *position);
	u64 (*set_position)(struct efi_file *self, u64 position);
};
#define EFI_FILE_READ 1
#define EFI_FILE_END ~0UL

/** 13.4, Simple File System Protocol. */
struct efi_volume {
	u64 revision;
	u64 (*open)(struct efi_volume *self, struct efi_file **root);
};

/** 10.3.5.4, File Path Media Device Path; a node of any kind begins alike (10.2). */
struct efi_path {
	u8 type, subtype, length[2];
	u16 name[];
};
#define EFI_PATH_MEDIA 4
#define EFI_PATH_MEDIA_FILE 4
#define EFI_PATH_END 0x7f

/** 9.1, Loaded Image Protocol. */
struct efi_loaded_image {
	u32 revision, pad;
	void *parent, *system;
	void *device;
	const struct efi_path *path;
};

/** 4.4, Boot Services Table: what is not used is padding. */
struct efi_boot_services {
	u8 header[24];
	void *raise_tpl[2];
	u64 (*allocate_pages)(u32 how, u32 type, u64 pages, u64 *address);
	void *free_pages;
	u64 (*get_memory_map)(u64 *bytes, void *map, u64 *key, u64 *descriptor_bytes,
			      u32 *version);
	void *allocate_pool[11];
	u64 (*handle_protocol)(void *handle, const struct efi_guid *protocol, void **interface);
	void *reserved[9];
	u64 (*exit_boot_services)(void *image, u64 key);
};

struct efi_configuration {
	struct efi_guid guid;
	void *table;
};

/** 4.3, System Table. */
struct efi_system {
	u8 header[24];
	void *vendor;
	u64 vendor_revision;
	void *in_handle, *in, *out_handle;
	struct efi_text_output *out;
	void *error_handle, *error, *runtime;
	struct efi_boot_services *boot;
	u64 nr_tables;
	struct efi_configuration *table;
};

_Static_assert(offsetof(struct efi_boot_services, allocate_pages) == 24 + 2 * 8, "4.4");
_Static_assert(offsetof(struct efi_boot_services, get_memory_map) == 24 + 4 * 8, "4.4");
_Static_assert(offsetof(struct efi_boot_services, handle_protocol) == 24 + 16 * 8, "4.4");
_Static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 24 + 26 * 8, "4.4");
_Static_assert(offsetof(struct efi_system, out) == 64, "4.3");
_Static_assert(offsetof(struct efi_system, boot) == 96, "4.3");
_Static_assert(offsetof(struct efi_system, table) == 112, "4.3");

#endif
