# SPDX-License-Identifier: GPL-2.0-or-later
"""Coverage of the hypervisor from inside: counters of the image, read out of the machine's memory.

The environment x86_64-coverage is built with GCC's counters. Nothing in the hypervisor reads them:
they are found by the descriptions that GCC leaves in the section .gcov_info (struct gcov_info of
GCC 12), and written as the .gcda files that lcov wants.
"""
import os
import struct
import subprocess

GCDA = 0x67636461
FUNCTION, COUNTERS = 0x01000000, 0x01a10000
MERGE_FUNCTIONS = 8
INFO = struct.Struct(f"<I4xQIIQ{8 * MERGE_FUNCTIONS}xI4xQ")
FUNCTION_INFO = struct.Struct("<QIII4xI4xQ")
GCC_MAJOR = 12


class CoverageError(Exception):
    """The counters cannot be read."""


def _symbols(elf):
    lines = subprocess.run(["nm", elf], check=True, capture_output=True, text=True).stdout
    found = {name: int(value, 16) for value, _, name in
             (line.split() for line in lines.splitlines() if len(line.split()) == 3)}
    try:
        return found["gcov_info_start"], found["gcov_info_end"], found["image_start"]
    except KeyError as err:
        raise CoverageError(f"{elf} has no symbol {err}: it is not built for coverage") from err


class Image:
    """The hypervisor in a dump of memory that begins at address 0."""

    def __init__(self, elf, memory, load):
        self.first, self.last, start = _symbols(elf)
        if self.first == self.last:
            raise CoverageError(f"{elf} is not built for coverage")
        self.offset = start - load
        self.memory = memory

    def unpack(self, kind, address):
        """A structure at a virtual address."""
        at = address - self.offset
        if not 0 <= at <= len(self.memory) - kind.size:
            raise CoverageError(f"a counter's description points to {address:#x}")
        return kind.unpack_from(self.memory, at)

    def text(self, address):
        """A string."""
        at = address - self.offset
        return self.memory[at:self.memory.index(b"\0", at)].decode()

    def objects(self):
        """The description of each object: (file name, its .gcda as bytes)."""
        for at in range(self.first, self.last, 8):
            (info,) = self.unpack(struct.Struct("<Q"), at)
            yield self._object(info)

    def _object(self, info):
        version, _, stamp, checksum, name, count, functions = self.unpack(INFO, info)
        major = (version >> 24 & 0xff) - ord("A")
        if 10 * major + (version >> 16 & 0xff) - ord("0") != GCC_MAJOR:
            raise CoverageError(f"the counters' layout is known for GCC {GCC_MAJOR} only")
        out = [struct.pack("<IIII", GCDA, version, stamp, checksum)]
        for i in range(count):
            (function,) = self.unpack(struct.Struct("<Q"), functions + 8 * i)
            key, ident, lines, graph, number, values = self.unpack(FUNCTION_INFO, function)
            if key != info:
                continue    # another object's copy of a function is the one that counts
            out.append(struct.pack("<IIIII", FUNCTION, 12, ident, lines, graph))
            counters = self.unpack(struct.Struct(f"<{number}Q"), values)
            out.append(struct.pack(f"<Ii{number}Q", COUNTERS, 8 * number, *counters))
        return self.text(name), b"".join(out) + struct.pack("<I", 0)


def write(elf, memory, load, folder):
    """Write the .gcda files of a dump below @folder; returns how many. load: where the image is."""
    count = 0
    for name, data in Image(elf, memory, load).objects():
        path = os.path.join(folder, name)
        if not os.path.isdir(os.path.dirname(path)):
            raise CoverageError(f"no folder for {name}: build x86_64-coverage here first")
        with open(path, "wb") as file:
            file.write(data)
        count += 1
    return count


def tally(info):
    """One line on an lcov file."""
    sums = dict.fromkeys(("LF", "LH", "FNF", "FNH"), 0)
    with open(info, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.rstrip().partition(":")
            if key in sums:
                sums[key] += int(value)
    return (f"COVERAGE lines {100 * sums['LH'] / sums['LF']:.1f}% {sums['LH']} {sums['LF']} "
            f"functions {100 * sums['FNH'] / sums['FNF']:.1f}% {sums['FNH']} {sums['FNF']}")
