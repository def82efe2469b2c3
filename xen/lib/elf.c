/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF kernels of either width: program headers and the Xen note that names the PVH entry. */
#include <xen/compiler.h>
#include <xen/elf.h>
#include <xen/string.h>

#define EM_AARCH64 183	/* no PVH: entered at the header's entry, with the MMU off */
#define PT_LOAD 1
#define PT_NOTE 4
#define SHT_NOTE 7
#define ET_EXEC 2
#define ET_DYN 3
#define EM_386 3
#define EM_X86_64 62
#define CLASS_32 1
#define CLASS_64 2
#define NOTE_PHYS32_ENTRY 18	/* XEN_ELFNOTE_PHYS32_ENTRY in <public/elfnote.h> */
#define MAX_HEADERS 4096	/* of either kind; bounds the work for a hostile file */

/* The headers of a 64-bit file. Those of a 32-bit file are converted to this form when read. */
struct ehdr {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct phdr {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

struct shdr {
	u32 name, type;
	u64 flags, addr, offset, size;
	u32 link, info;
	u64 addralign, entsize;
};

struct ehdr32 {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u32 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct phdr32 {
	u32 type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct shdr32 {
	u32 name, type, flags, addr, offset, size, link, info, addralign, entsize;
};

struct note {
	u32 namesz, descsz, type;
};

struct file {
	const u8 *p;
	u64 len;
	bool is_32bit;
};

const char *elf_error_text(enum elf_error e)
{
	static const char *const text[] = {
		[ELF_OK] = "no error",
		[ELF_TRUNCATED_HEADER] = "the file is shorter than an ELF header",
		[ELF_BAD_MAGIC] = "not an ELF file",
		[ELF_BAD_CLASS] = "neither a 64-bit nor a 32-bit little-endian ELF file",
		[ELF_BAD_VERSION] = "unknown ELF version",
		[ELF_BAD_TYPE] = "not an executable",
		[ELF_BAD_MACHINE] = "made for another machine",
		[ELF_BAD_PHDRS] = "the program headers are malformed or outside the file",
		[ELF_BAD_SHDRS] = "the section headers are malformed or outside the file",
		[ELF_TOO_MANY_SEGMENTS] = "too many loadable segments",
		[ELF_NO_SEGMENTS] = "no loadable segment",
		[ELF_SEGMENT_OUTSIDE_FILE] = "a segment's data lies outside the file",
		[ELF_SEGMENT_SIZES] = "a segment has more data than memory",
		[ELF_SEGMENT_WRAPS] = "a segment wraps around the end of memory",
		[ELF_SEGMENTS_OVERLAP] = "two segments overlap in memory",
		[ELF_BAD_NOTE] = "a note is malformed",
		[ELF_NO_PHYS32_ENTRY] = "no PVH entry (Xen note 18)",
		[ELF_ENTRY_OUTSIDE] = "the PVH entry lies in no segment",
	};

	return e < ARRAY_SIZE(text) ? text[e] : "unknown error";
}

static bool inside(const struct file *f, u64 offset, u64 size)
{
	return offset <= f->len && size <= f->len - offset;
}

/* The machine type of 32-bit files for the family of @machine (PVH entry is in 32-bit mode). */
static u16 machine_32bit(u16 machine)
{
	return machine == EM_X86_64 ? EM_386 : 0;
}

static enum elf_error read_header(struct file *f, struct ehdr *eh)
{
	static const u8 magic[4] = { 0x7f, 'E', 'L', 'F' };
	struct ehdr32 h;

	if (f->len < sizeof(h))
		return ELF_TRUNCATED_HEADER;
	memcpy(&h, f->p, sizeof(h));
	if (memcmp(h.ident, magic, sizeof(magic)))
		return ELF_BAD_MAGIC;
	if ((h.ident[4] != CLASS_32 && h.ident[4] != CLASS_64) || h.ident[5] != 1)
		return ELF_BAD_CLASS;
	f->is_32bit = h.ident[4] == CLASS_32;
	if (!f->is_32bit && f->len < sizeof(*eh))
		return ELF_TRUNCATED_HEADER;
	memcpy(eh, f->p, f->is_32bit ? offsetof(struct ehdr, entry) : sizeof(*eh));
	if (!f->is_32bit)
		return ELF_OK;
	eh->entry = h.entry;
	eh->phoff = h.phoff;
	eh->shoff = h.shoff;
	eh->phentsize = h.phentsize;
	eh->phnum = h.phnum;
	eh->shentsize = h.shentsize;
	eh->shnum = h.shnum;
	return ELF_OK;
}

static u32 phdr_bytes(const struct file *f)
{
	return f->is_32bit ? sizeof(struct phdr32) : sizeof(struct phdr);
}

static u32 shdr_bytes(const struct file *f)
{
	return f->is_32bit ? sizeof(struct shdr32) : sizeof(struct shdr);
}

static struct phdr read_phdr(const struct file *f, const struct ehdr *eh, u32 i)
{
	const u8 *at = f->p + eh->phoff + i * phdr_bytes(f);
	struct phdr32 h;
	struct phdr ph;

	if (!f->is_32bit) {
		memcpy(&ph, at, sizeof(ph));
		return ph;
	}
	memcpy(&h, at, sizeof(h));
	return (struct phdr){ .type = h.type, .offset = h.offset, .paddr = h.paddr,
			      .filesz = h.filesz, .memsz = h.memsz };
}

static struct shdr read_shdr(const struct file *f, const struct ehdr *eh, u32 i)
{
	const u8 *at = f->p + eh->shoff + i * shdr_bytes(f);
	struct shdr32 h;
	struct shdr sh;

	if (!f->is_32bit) {
		memcpy(&sh, at, sizeof(sh));
		return sh;
	}
	memcpy(&h, at, sizeof(h));
	return (struct shdr){ .type = h.type, .offset = h.offset, .size = h.size };
}

static enum elf_error check_header(struct file *f, u16 machine, struct ehdr *eh)
{
	enum elf_error e = read_header(f, eh);

	if (e)
		return e;
	if (eh->ident[6] != 1 || eh->version != 1)
		return ELF_BAD_VERSION;
	if (eh->type != ET_EXEC && eh->type != ET_DYN)
		return ELF_BAD_TYPE;
	if (eh->machine != (f->is_32bit ? machine_32bit(machine) : machine))
		return ELF_BAD_MACHINE;
	if (eh->phnum > MAX_HEADERS || (eh->phnum && eh->phentsize != phdr_bytes(f)) ||
	    !inside(f, eh->phoff, (u64)eh->phnum * phdr_bytes(f)))
		return ELF_BAD_PHDRS;
	if (eh->shnum > MAX_HEADERS || (eh->shnum && eh->shentsize != shdr_bytes(f)) ||
	    !inside(f, eh->shoff, (u64)eh->shnum * shdr_bytes(f)))
		return ELF_BAD_SHDRS;
	return ELF_OK;
}

/* Insert a segment in order of address; leave out empty ones. */
static enum elf_error add_segment(const struct file *f, const struct phdr *ph,
				  struct elf_image *img)
{
	struct elf_segment s = { ph->offset, ph->filesz, ph->memsz, ph->paddr };
	u32 i = img->nr_segments;

	if (!inside(f, ph->offset, ph->filesz))
		return ELF_SEGMENT_OUTSIDE_FILE;
	if (ph->filesz > ph->memsz)
		return ELF_SEGMENT_SIZES;
	if (ph->paddr + ph->memsz < ph->paddr ||
	    (f->is_32bit && ph->paddr + ph->memsz > 1UL << 32))
		return ELF_SEGMENT_WRAPS;
	if (!ph->memsz)
		return ELF_OK;
	if (i == ELF_MAX_SEGMENTS)
		return ELF_TOO_MANY_SEGMENTS;
	for (; i && img->segment[i - 1].paddr > s.paddr; i--)
		img->segment[i] = img->segment[i - 1];
	img->segment[i] = s;
	img->nr_segments++;
	return ELF_OK;
}

static enum elf_error read_segments(const struct file *f, const struct ehdr *eh,
				    struct elf_image *img)
{
	const struct elf_segment *last;
	enum elf_error e;

	for (u32 i = 0; i < eh->phnum; i++) {
		struct phdr ph = read_phdr(f, eh, i);

		if (ph.type != PT_LOAD)
			continue;
		e = add_segment(f, &ph, img);
		if (e)
			return e;
	}
	if (!img->nr_segments)
		return ELF_NO_SEGMENTS;
	for (u32 i = 1; i < img->nr_segments; i++)
		if (img->segment[i - 1].paddr + img->segment[i - 1].memsz > img->segment[i].paddr)
			return ELF_SEGMENTS_OVERLAP;
	last = &img->segment[img->nr_segments - 1];
	img->start = img->segment[0].paddr;
	img->end = last->paddr + last->memsz;
	return ELF_OK;
}

/* Search a sequence of notes for the PVH entry; sets *@found. */
static enum elf_error scan_notes(const struct file *f, u64 offset, u64 size,
				 struct elf_image *img, bool *found)
{
	const u8 *p;
	struct note n;

	if (!inside(f, offset, size))
		return ELF_BAD_NOTE;
	p = f->p + offset;
	while (size >= sizeof(n)) {
		u64 name, total;

		memcpy(&n, p, sizeof(n));
		name = ROUND_UP((u64)n.namesz, 4);
		total = sizeof(n) + name + ROUND_UP((u64)n.descsz, 4);
		/* The padding of the last note may be missing. */
		if (sizeof(n) + name + n.descsz > size)
			return ELF_BAD_NOTE;
		if (n.type == NOTE_PHYS32_ENTRY && n.namesz == 4 &&
		    !memcmp(p + sizeof(n), "Xen", 4)) {
			if (n.descsz != 4 && n.descsz != 8)
				return ELF_BAD_NOTE;
			img->phys32_entry = 0;
			memcpy(&img->phys32_entry, p + sizeof(n) + name, n.descsz);
			*found = true;
			return ELF_OK;
		}
		total = min(total, size);
		p += total;
		size -= total;
	}
	return ELF_OK;
}

static enum elf_error find_entry(const struct file *f, const struct ehdr *eh,
				 struct elf_image *img)
{
	enum elf_error e = ELF_OK;
	bool found = false;

	for (u32 i = 0; i < eh->phnum && !found && !e; i++) {
		struct phdr ph = read_phdr(f, eh, i);

		if (ph.type == PT_NOTE)
			e = scan_notes(f, ph.offset, ph.filesz, img, &found);
	}
	for (u32 i = 0; i < eh->shnum && !found && !e; i++) {
		struct shdr sh = read_shdr(f, eh, i);

		if (sh.type == SHT_NOTE)
			e = scan_notes(f, sh.offset, sh.size, img, &found);
	}
	return e || found ? e : ELF_NO_PHYS32_ENTRY;
}

enum elf_error elf_parse(const void *file, u64 len, u16 machine, struct elf_image *img)
{
	struct file f = { .p = file, .len = len };
	struct ehdr eh;
	enum elf_error e;

	memset(img, 0, sizeof(*img));
	e = check_header(&f, machine, &eh);
	if (!e)
		e = read_segments(&f, &eh, img);
	if (e)
		return e;
	img->entry = img->phys32_entry = eh.entry;
	if (machine != EM_AARCH64)
		e = find_entry(&f, &eh, img);
	if (e)
		return e;
	for (u32 i = 0; i < img->nr_segments; i++)
		if (img->phys32_entry - img->segment[i].paddr < img->segment[i].memsz)
			return ELF_OK;
	return ELF_ENTRY_OUTSIDE;
}
