/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ELF reader: a valid file, each kind of invalid one, and random damage. */
#include "unit.h"

#include <elf.h>
#include <string.h>

#include <xen/elf.h>

#define FILE_SIZE 4096
#define NOTE_AT 0x800
#define TEXT_AT 0x400
#define SHDR_AT 0xc00

struct image {
	union {
		u8 bytes[FILE_SIZE];
		struct {
			Elf64_Ehdr eh;
			Elf64_Phdr ph[3];
		};
	};
};

static const struct { Elf64_Nhdr h; char name[4]; u32 desc; } entry_note = {
	{ 4, 4, 18 }, "Xen", 0x1000010,
};
static const struct { Elf64_Nhdr h; char name[8]; u8 desc[8]; } other_note = {
	{ 6, 5, 18 }, "Other", { 1, 2, 3, 4, 5 },
};

static struct image *make(void)
{
	/* Allocated with its exact size, so that the sanitizer sees any access outside. */
	struct image *f = calloc(1, sizeof(*f));

	f->eh = (Elf64_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_entry = 0xffffffff81000000, .e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3,
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	/* Out of order on purpose. */
	f->ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = TEXT_AT + 0x100,
				 .p_paddr = 0x1002000, .p_filesz = 0x80, .p_memsz = 0x3000 };
	f->ph[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = TEXT_AT, .p_paddr = 0x1000000,
				 .p_filesz = 0x100, .p_memsz = 0x2000 };
	f->ph[2] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = NOTE_AT,
				 .p_filesz = sizeof(other_note) + sizeof(entry_note) };
	memcpy(f->bytes + NOTE_AT, &other_note, sizeof(other_note));
	memcpy(f->bytes + NOTE_AT + sizeof(other_note), &entry_note, sizeof(entry_note));
	return f;
}

static void test_good(void **state)
{
	struct image *f = make();
	struct elf_image img;
	Elf64_Shdr sh = { .sh_type = SHT_NOTE, .sh_offset = NOTE_AT, .sh_size = 0x40 };

	assert_int_equal(elf_parse(f, sizeof(*f), EM_X86_64, &img), ELF_OK);
	assert_int_equal(img.nr_segments, 2);
	assert_int_equal(img.segment[0].paddr, 0x1000000);
	assert_int_equal(img.segment[0].offset, TEXT_AT);
	assert_int_equal(img.segment[1].memsz, 0x3000);
	assert_int_equal(img.entry, 0xffffffff81000000);
	assert_int_equal(img.phys32_entry, 0x1000010);
	assert_int_equal(img.start, 0x1000000);
	assert_int_equal(img.end, 0x1005000);
	/* The note only in a section. */
	f->ph[2].p_type = PT_NULL;
	f->eh.e_shoff = SHDR_AT;
	f->eh.e_shnum = 1;
	memcpy(f->bytes + SHDR_AT, &sh, sizeof(sh));
	assert_int_equal(elf_parse(f, sizeof(*f), EM_X86_64, &img), ELF_OK);
	assert_int_equal(img.phys32_entry, 0x1000010);
	free(f);
}

#define BAD(want, change)                                                             \
	do {                                                                          \
		struct image *f = make();                                             \
		struct elf_image img;                                                 \
		change;                                                               \
		assert_int_equal(elf_parse(f, sizeof(*f), EM_X86_64, &img), want);    \
		free(f);                                                              \
	} while (0)

static void test_bad(void **state)
{
	struct elf_image img;
	struct image *g = make();

	assert_int_equal(elf_parse(g, 63, EM_X86_64, &img), ELF_TRUNCATED_HEADER);
	assert_int_equal(elf_parse(g, 100, EM_X86_64, &img), ELF_BAD_PHDRS);
	assert_int_equal(elf_parse(g, TEXT_AT + 0xff, EM_X86_64, &img), ELF_SEGMENT_OUTSIDE_FILE);
	assert_int_equal(elf_parse(g, NOTE_AT + 8, EM_X86_64, &img), ELF_BAD_NOTE);
	free(g);
	BAD(ELF_BAD_MAGIC, f->eh.e_ident[1] = 'F');
	BAD(ELF_BAD_CLASS, f->eh.e_ident[EI_CLASS] = 3);
	BAD(ELF_BAD_MACHINE, f->eh.e_ident[EI_CLASS] = ELFCLASS32);
	BAD(ELF_BAD_CLASS, f->eh.e_ident[EI_DATA] = ELFDATA2MSB);
	BAD(ELF_BAD_VERSION, f->eh.e_version = 2);
	BAD(ELF_BAD_TYPE, f->eh.e_type = ET_REL);
	BAD(ELF_BAD_MACHINE, f->eh.e_machine = EM_AARCH64);
	BAD(ELF_BAD_PHDRS, f->eh.e_phentsize = 32);
	BAD(ELF_BAD_PHDRS, f->eh.e_phoff = ~0UL - 8);
	BAD(ELF_BAD_PHDRS, f->eh.e_phnum = 0xffff);
	BAD(ELF_BAD_SHDRS, (f->eh.e_shnum = 1, f->eh.e_shoff = FILE_SIZE - 8));
	BAD(ELF_NO_SEGMENTS, f->ph[0].p_type = f->ph[1].p_type = PT_NULL);
	BAD(ELF_SEGMENT_OUTSIDE_FILE, f->ph[0].p_offset = ~0UL);
	BAD(ELF_SEGMENT_SIZES, f->ph[0].p_memsz = 0x7f);
	BAD(ELF_SEGMENT_WRAPS, f->ph[0].p_paddr = ~0UL - 100);
	BAD(ELF_SEGMENTS_OVERLAP, f->ph[1].p_memsz = 0x2001);
	BAD(ELF_BAD_NOTE, f->bytes[NOTE_AT] = 200);
	BAD(ELF_BAD_NOTE, memset(f->bytes + NOTE_AT, 0xff, 4));
	BAD(ELF_BAD_NOTE, f->bytes[NOTE_AT + sizeof(other_note) + 4] = 3);
	BAD(ELF_NO_PHYS32_ENTRY, f->bytes[NOTE_AT + sizeof(other_note) + 12] = 'x');
	BAD(ELF_ENTRY_OUTSIDE, f->bytes[NOTE_AT + sizeof(other_note) + 19] = 0x80);
}

/* The same image as a 32-bit file. */
struct image32 {
	union {
		u8 bytes[FILE_SIZE];
		struct {
			Elf32_Ehdr eh;
			Elf32_Phdr ph[3];
		};
	};
};

static struct image32 *make32(void)
{
	struct image32 *f = calloc(1, sizeof(*f));

	f->eh = (Elf32_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_386, .e_version = EV_CURRENT,
		.e_entry = 0xc1000000, .e_phoff = sizeof(Elf32_Ehdr),
		.e_ehsize = sizeof(Elf32_Ehdr), .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 3,
		.e_shentsize = sizeof(Elf32_Shdr),
	};
	f->ph[0] = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset = TEXT_AT + 0x100,
				 .p_paddr = 0x1002000, .p_filesz = 0x80, .p_memsz = 0x3000 };
	f->ph[1] = (Elf32_Phdr){ .p_type = PT_LOAD, .p_offset = TEXT_AT, .p_paddr = 0x1000000,
				 .p_vaddr = 0xc1000000, .p_filesz = 0x100, .p_memsz = 0x2000 };
	f->ph[2] = (Elf32_Phdr){ .p_type = PT_NOTE, .p_offset = NOTE_AT,
				 .p_filesz = sizeof(other_note) + sizeof(entry_note) };
	memcpy(f->bytes + NOTE_AT, &other_note, sizeof(other_note));
	memcpy(f->bytes + NOTE_AT + sizeof(other_note), &entry_note, sizeof(entry_note));
	return f;
}

static void test_32bit(void **state)
{
	struct image32 *f = make32();
	struct elf_image img;
	Elf32_Shdr sh = { .sh_type = SHT_NOTE, .sh_offset = NOTE_AT, .sh_size = 0x40 };

	assert_int_equal(elf_parse(f, sizeof(*f), EM_X86_64, &img), ELF_OK);
	assert_int_equal(img.nr_segments, 2);
	assert_int_equal(img.segment[0].paddr, 0x1000000);
	assert_int_equal(img.segment[0].filesz, 0x100);
	assert_int_equal(img.segment[1].offset, TEXT_AT + 0x100);
	assert_int_equal(img.segment[1].memsz, 0x3000);
	assert_int_equal(img.entry, 0xc1000000);
	assert_int_equal(img.phys32_entry, 0x1000010);
	assert_int_equal(img.end, 0x1005000);
	f->ph[2].p_type = PT_NULL;
	f->eh.e_shoff = SHDR_AT;
	f->eh.e_shnum = 1;
	memcpy(f->bytes + SHDR_AT, &sh, sizeof(sh));
	assert_int_equal(elf_parse(f, sizeof(*f), EM_X86_64, &img), ELF_OK);
	assert_int_equal(img.phys32_entry, 0x1000010);
	free(f);
}

#define BAD32(want, change)                                                           \
	do {                                                                          \
		struct image32 *f = make32();                                         \
		struct elf_image img;                                                 \
		change;                                                               \
		assert_int_equal(elf_parse(f, sizeof(*f), EM_X86_64, &img), want);    \
		free(f);                                                              \
	} while (0)

static void test_bad_32bit(void **state)
{
	struct elf_image img;
	struct image32 *g = make32();

	assert_int_equal(elf_parse(g, 51, EM_X86_64, &img), ELF_TRUNCATED_HEADER);
	assert_int_equal(elf_parse(g, 100, EM_X86_64, &img), ELF_BAD_PHDRS);
	assert_int_equal(elf_parse(g, sizeof(*g), EM_AARCH64, &img), ELF_BAD_MACHINE);
	free(g);
	BAD32(ELF_BAD_MACHINE, f->eh.e_machine = EM_X86_64);
	BAD32(ELF_BAD_MACHINE, f->eh.e_machine = EM_ARM);
	BAD32(ELF_BAD_PHDRS, f->eh.e_phentsize = sizeof(Elf64_Phdr));
	BAD32(ELF_BAD_PHDRS, f->eh.e_phoff = ~0U - 8);
	BAD32(ELF_BAD_SHDRS, (f->eh.e_shnum = 1, f->eh.e_shentsize = sizeof(Elf64_Shdr)));
	BAD32(ELF_SEGMENT_OUTSIDE_FILE, f->ph[0].p_offset = ~0U);
	BAD32(ELF_SEGMENT_SIZES, f->ph[0].p_memsz = 0x7f);
	BAD32(ELF_SEGMENT_WRAPS, f->ph[0].p_paddr = ~0U - 100);
	BAD32(ELF_SEGMENTS_OVERLAP, f->ph[1].p_memsz = 0x2001);
	BAD32(ELF_ENTRY_OUTSIDE, f->bytes[NOTE_AT + sizeof(other_note) + 19] = 0x80);
}

static void test_too_many_segments(void **state)
{
	u8 *file = calloc(1, FILE_SIZE);
	struct image *f = make();
	Elf64_Phdr ph = f->ph[0];
	struct elf_image img;

	f->eh.e_phnum = ELF_MAX_SEGMENTS + 1;
	memcpy(file, &f->eh, sizeof(f->eh));
	for (u32 i = 0; i <= ELF_MAX_SEGMENTS; i++) {
		ph.p_paddr = 0x100000 * i;
		memcpy(file + sizeof(f->eh) + i * sizeof(ph), &ph, sizeof(ph));
	}
	assert_int_equal(elf_parse(file, FILE_SIZE, EM_X86_64, &img), ELF_TOO_MANY_SEGMENTS);
	free(f);
	free(file);
}

/* Whatever the damage: an error, or a result that lies inside the file. */
static void test_damage(void **state)
{
	unit_seed();
	for (u32 round = 0; round < 100000; round++) {
		struct image *f = round % 2 ? make() : (struct image *)make32();
		struct elf_image img;

		for (u32 n = 1 + unit_random_below(4); n; n--) {
			u32 at = unit_random_below(4) ? unit_random_below(64 + 3 * 56)
						       : NOTE_AT + unit_random_below(64);

			f->bytes[at] = unit_random_below(2) ? (u8)unit_random() : 0xff;
		}
		if (elf_parse(f, sizeof(*f), EM_X86_64, &img) == ELF_OK)
			for (u32 i = 0; i < img.nr_segments; i++) {
				const struct elf_segment *s = &img.segment[i];

				assert_true(s->offset <= FILE_SIZE &&
					    s->filesz <= FILE_SIZE - s->offset);
				assert_true(s->filesz <= s->memsz);
				assert_true(s->paddr + s->memsz >= s->paddr);
			}
		free(f);
	}
}

static void test_texts(void **state)
{
	for (u32 e = 0; e <= ELF_ENTRY_OUTSIDE; e++)
		assert_string_not_equal(elf_error_text((enum elf_error)e), "unknown error");
	assert_string_equal(elf_error_text((enum elf_error)99), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_32bit),
		cmocka_unit_test(test_bad_32bit),
		cmocka_unit_test(test_too_many_segments),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
