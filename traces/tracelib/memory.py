# SPDX-License-Identifier: GPL-2.0-or-later
"""Physical memory out of a dump: raw bytes from one address on, or the ELF core that QEMU's
dump-guest-memory writes."""
import mmap
import os
import struct

from .errors import TraceError

ELF_HEADER = struct.Struct("<4sBB10xHHIQQQIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
PT_LOAD, ET_CORE = 1, 4


class Dump:
    """A dump file, mapped. areas: [(address, size, offset in the file)], by address."""

    def __init__(self, path, base=0):
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise TraceError("the file is empty", 0)
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.areas = self._elf_areas() if self.data[:4] == b"\x7fELF" else [(base, size, 0)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.data.close()

    def _elf_areas(self):
        if len(self.data) < ELF_HEADER.size:
            raise TraceError("the ELF header is cut off", 0)
        head = ELF_HEADER.unpack_from(self.data)
        if head[1] != 2 or head[2] != 1 or head[3] != ET_CORE:
            raise TraceError("not a 64-bit little-endian ELF core", 0)
        start, entry, count = head[7], head[11], head[12]
        if entry < PROGRAM_HEADER.size or start + count * entry > len(self.data):
            raise TraceError("the program headers are cut off", 32)
        areas = []
        for number in range(count):
            at = start + number * entry
            kind, _, offset, _, address, size, _, _ = PROGRAM_HEADER.unpack_from(self.data, at)
            if kind == PT_LOAD and size:
                if offset + size > len(self.data):
                    raise TraceError(f"a segment of {size} bytes at {offset} is cut off", at)
                areas.append((address, size, offset))
        if not areas:
            raise TraceError("the core holds no memory", start)
        return sorted(areas)

    def read(self, address, size):
        """Bytes of physical memory."""
        for start, length, offset in self.areas:
            if start <= address and address + size <= start + length:
                at = offset + address - start
                return self.data[at:at + size]
        raise TraceError(f"the dump does not hold {size} bytes at {address:#x}")
