/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a kernel file: ELF, or a bzImage with an ELF file inside. */
#include <xen/decompress.h>

#include "builder/private.h"

#define EM_X86_64 62

static int unpack(struct bld_kernel *k, const void *file, size_t bytes, struct bld_error *err)
{
	struct bzimage_info info;
	enum unpack_error e = bzimage_parse(file, bytes, &info);
	uint8_t *out;
	int rc;

	if (e == UNPACK_NOT_BZIMAGE)
		return bld_fail(err, -ENOEXEC, "the kernel is neither an ELF file nor a Linux "
				"bzImage of boot protocol 2.08 or later");
	if (e != UNPACK_OK)
		return bld_fail(err, -ENOEXEC, "the kernel: %s", unpack_error_text(e));
	if (!info.unpacked_len || info.unpacked_len > BLD_MAX_KERNEL)
		return bld_fail(err, -ENOEXEC, "the bzImage says that it unpacks to %u bytes",
				info.unpacked_len);
	rc = bld_unpack(info.payload, info.payload_len, info.unpacked_len, &out, err);
	if (rc)
		return rc;
	k->unpacked = out;
	k->image = out;
	k->bytes = info.unpacked_len;
	return 0;
}

int bld_kernel_open(struct bld_kernel *k, const void *file, size_t bytes, struct bld_error *err)
{
	enum elf_error e;
	int rc;

	*k = (struct bld_kernel){ .image = file, .bytes = bytes };
	if (bytes < 4 || memcmp(file, "\177ELF", 4)) {
		rc = unpack(k, file, bytes, err);
		if (rc)
			return rc;
	}
	e = elf_parse(k->image, k->bytes, EM_X86_64, &k->elf);
	if (e == ELF_OK)
		return 0;
	bld_kernel_close(k);
	if (e == ELF_NO_PHYS32_ENTRY)
		return bld_fail(err, -ENOEXEC, "the kernel has no PVH entry point (build it with "
				"CONFIG_PVH)");
	return bld_fail(err, -ENOEXEC, "the kernel: %s", elf_error_text(e));
}

int bld_loader_open(struct bld_kernel *k, const void *file, size_t bytes, struct bld_error *err)
{
	enum elf_error e;

	*k = (struct bld_kernel){ .image = file, .bytes = bytes };
	e = elf_parse(k->image, k->bytes, EM_X86_64, &k->elf);
	/* It has no note, so its entry is the file's, which the parser has not looked at. */
	if (e != ELF_OK && e != ELF_NO_PHYS32_ENTRY)
		return bld_fail(err, -ENOEXEC, "the loader: %s", elf_error_text(e));
	k->elf.phys32_entry = k->elf.entry;
	if (k->elf.entry < k->elf.start || k->elf.entry >= k->elf.end || k->elf.end >> 32)
		return bld_fail(err, -ENOEXEC, "the loader: %s", elf_error_text(ELF_ENTRY_OUTSIDE));
	return 0;
}
