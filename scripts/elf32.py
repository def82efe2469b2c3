#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrap the segments of a 64-bit ELF image into a 32-bit ELF file that boot loaders accept.

Multiboot loaders take only 32-bit files. Addresses become the physical ones, so that every
loader agrees on where the image goes and where it starts. With --pvh the Multiboot 1 header is
disarmed, so that loaders which know both protocols (QEMU's -kernel) enter by PVH.
"""
import struct
import sys

EHDR64 = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR64 = struct.Struct("<IIQQQQQQ")
EHDR32 = struct.Struct("<16sHHIIIIIHHHHHH")
PHDR32 = struct.Struct("<IIIIIIII")
PT_LOAD, PT_NOTE = 1, 4
EM_386 = 3
MULTIBOOT1 = struct.pack("<II", 0x1badb002, 3)


def convert(data):
    (ident, kind, _machine, version, entry, phoff, _shoff, flags, _ehsize, phentsize, phnum,
     _shentsize, _shnum, _shstrndx) = EHDR64.unpack_from(data)
    if ident[:5] != b"\x7fELF\x02":
        raise ValueError("not a 64-bit ELF file")
    headers = [PHDR64.unpack_from(data, phoff + i * phentsize) for i in range(phnum)]
    load = [h for h in headers if h[0] == PT_LOAD]
    if len(load) != 1:
        raise ValueError("expected one loadable segment, found %d" % len(load))
    _, _, src, _, base, filesz, memsz, align = load[0]
    if base + memsz > 1 << 32 or not base <= entry < base + filesz:
        raise ValueError("segment or entry outside 32-bit physical memory")

    body = EHDR32.size + len(headers) * PHDR32.size
    body += -body % 64
    out = bytearray(body)
    EHDR32.pack_into(out, 0, b"\x7fELF\x01\x01\x01" + bytes(9), kind, EM_386, version, entry,
                     EHDR32.size, 0, flags, EHDR32.size, PHDR32.size, len(headers), 0, 0, 0)
    for i, (ptype, pflags, offset, _va, pa, psize, pmem, palign) in enumerate(headers):
        if ptype not in (PT_LOAD, PT_NOTE):
            raise ValueError("unexpected segment type %d" % ptype)
        PHDR32.pack_into(out, EHDR32.size + i * PHDR32.size, ptype, offset - src + body,
                         pa, pa, psize, pmem, pflags, 4 if ptype == PT_NOTE else 64)
    return bytes(out) + data[src:src + filesz]


def without_multiboot1(image):
    """The header must lie in the first 8 KiB (Multiboot 1, 3.1)."""
    at = image.index(MULTIBOOT1, 0, 8192)
    return image[:at] + bytes(len(MULTIBOOT1)) + image[at + len(MULTIBOOT1):]


def main():
    args = [a for a in sys.argv[1:] if a != "--pvh"]
    if len(args) != 2:
        sys.exit("usage: elf32.py [--pvh] IN OUT")
    with open(args[0], "rb") as f:
        data = f.read()
    try:
        image = convert(data)
        if "--pvh" in sys.argv:
            image = without_multiboot1(image)
    except (ValueError, struct.error) as e:
        sys.exit("elf32.py: %s: %s" % (args[0], e))
    with open(args[1], "wb") as f:
        f.write(image)


if __name__ == "__main__":
    main()
