/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest kernels. */
#include "fake-kernel.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <public/elfnote.h>

struct kernel_head {
	Elf64_Ehdr e;
	Elf64_Phdr p[2];
	Elf64_Nhdr n;
	char name[4];
	uint32_t entry, pad;
};

void fake_kernel(uint8_t elf[FAKE_KERNEL_BYTES])
{
	struct kernel_head h = { 0 };

	memcpy(h.e.e_ident, "\177ELF\2\1\1", 7);
	h.e.e_type = ET_EXEC;
	h.e.e_machine = EM_X86_64;
	h.e.e_version = 1;
	h.e.e_phoff = offsetof(struct kernel_head, p);
	h.e.e_ehsize = sizeof(h.e);
	h.e.e_phentsize = sizeof(h.p[0]);
	h.e.e_phnum = 2;
	h.e.e_shentsize = sizeof(Elf64_Shdr);
	h.p[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0, .p_paddr = FAKE_KERNEL_AT,
			       .p_filesz = FAKE_KERNEL_BYTES, .p_memsz = FAKE_KERNEL_MEMORY };
	h.p[1] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = offsetof(struct kernel_head, n),
			       .p_filesz = 20, .p_memsz = 20, .p_align = 4 };
	h.n = (Elf64_Nhdr){ .n_namesz = 4, .n_descsz = 4, .n_type = XEN_ELFNOTE_PHYS32_ENTRY };
	memcpy(h.name, "Xen", 4);
	h.entry = FAKE_KERNEL_ENTRY;
	for (unsigned int i = 0; i < FAKE_KERNEL_BYTES; i++)
		elf[i] = (uint8_t)(i * 7);
	memcpy(elf, &h, sizeof(h));
}

struct kernel_head32 {
	Elf32_Ehdr e;
	Elf32_Phdr p[2];
	Elf32_Nhdr n;
	char name[4];
	uint32_t entry;
};

void fake_kernel32(uint8_t elf[FAKE_KERNEL_BYTES])
{
	struct kernel_head32 h = { 0 };

	memcpy(h.e.e_ident, "\177ELF\1\1\1", 7);
	h.e.e_type = ET_EXEC;
	h.e.e_machine = EM_386;
	h.e.e_version = 1;
	h.e.e_phoff = offsetof(struct kernel_head32, p);
	h.e.e_ehsize = sizeof(h.e);
	h.e.e_phentsize = sizeof(h.p[0]);
	h.e.e_phnum = 2;
	h.e.e_shentsize = sizeof(Elf32_Shdr);
	h.p[0] = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset = 0, .p_paddr = FAKE_KERNEL_AT,
			       .p_filesz = FAKE_KERNEL_BYTES, .p_memsz = FAKE_KERNEL_MEMORY };
	h.p[1] = (Elf32_Phdr){ .p_type = PT_NOTE, .p_offset = offsetof(struct kernel_head32, n),
			       .p_filesz = 20, .p_memsz = 20, .p_align = 4 };
	h.n = (Elf32_Nhdr){ .n_namesz = 4, .n_descsz = 4, .n_type = XEN_ELFNOTE_PHYS32_ENTRY };
	memcpy(h.name, "Xen", 4);
	h.entry = FAKE_KERNEL_ENTRY;
	for (unsigned int i = 0; i < FAKE_KERNEL_BYTES; i++)
		elf[i] = (uint8_t)(i * 7);
	memcpy(elf, &h, sizeof(h));
}

void fake_loader(uint8_t elf[FAKE_KERNEL_BYTES])
{
	struct kernel_head32 *h = (void *)elf;

	fake_kernel32(elf);
	h->e.e_entry = FAKE_KERNEL_ENTRY;
	h->e.e_phnum = 1;
}

uint8_t *fake_bzimage(const void *payload, size_t bytes, uint32_t size, int append, size_t *total)
{
	const size_t setup = 2 * 512;	/* the boot sector and one more */
	uint32_t length = (uint32_t)bytes + (append ? 4 : 0), offset = 0;
	uint8_t *b = calloc(1, setup + length);

	b[0x1f1] = 1;
	b[0x1fe] = 0x55;
	b[0x1ff] = 0xaa;
	memcpy(b + 0x202, "HdrS", 4);
	b[0x206] = 0x0f;
	b[0x207] = 0x02;
	memcpy(b + 0x248, &offset, 4);
	memcpy(b + 0x24c, &length, 4);
	memcpy(b + setup, payload, bytes);
	if (append)
		memcpy(b + setup + bytes, &size, 4);
	*total = setup + length;
	return b;
}
