# SPDX-License-Identifier: GPL-2.0-or-later
"""Trace records as Xen's ABI lays them out (<xen/trace.h>), and the files that xentrace writes.

A file is a sequence of windows. Each starts with a TRC_TRACE_CPU_CHANGE record that names a CPU
and the window's size in bytes; then come that many bytes of the CPU's records.

In memory a record is a plain tuple (tsc, cpu, event, extra): cycles, number of the physical CPU,
28-bit event id, tuple of at most seven 32-bit words. Plain tuples, because a trace may hold
millions of them.
"""
import array
import sys

from .errors import TraceError

LOST_RECORDS = 0x0001f001
WRAP_BUFFER = 0x0001f002
CPU_CHANGE = 0x0001f003
RING_CUT = 0x0001f004           # ours: see the catalogue

EXTRA_SHIFT = 28
EXTRA_MAX = 7
CYCLES = 1 << 31
EVENT_MASK = 0x0fffffff
CLASSES = 0x0ffff000
CPU_CHANGE_HEADER = CPU_CHANGE | 2 << EXTRA_SHIFT
MAX_CPUS = 4096


def words_of(data):
    """The little-endian 32-bit words of bytes whose number is a multiple of four."""
    words = array.array("I")
    words.frombytes(data)
    if sys.byteorder == "big":
        words.byteswap()
    return words


class Parser:
    """Takes windows of records and keeps each CPU's records in the order they were made."""

    def __init__(self):
        self.by_cpu = {}        # CPU -> list of records
        self.wraps = 0          # padding records that were dropped

    def window(self, words, start, end, cpu, base=0):
        """Parse words[start:end], records of one CPU; base: the file offset of words[0].

        A record without a time stamp takes that of the record before it. Raises TraceError; the
        records before the bad one are kept.
        """
        out = self.by_cpu.setdefault(cpu, [])
        tsc = out[-1][0] if out else None
        unstamped = 0
        at = start
        while at < end:
            head = words[at]
            count = head >> EXTRA_SHIFT & EXTRA_MAX
            event = head & EVENT_MASK
            first = at + 3 if head & CYCLES else at + 1
            if not event & CLASSES:
                raise TraceError(f"{head:#010x} is not a record header", base + 4 * at)
            if event == CPU_CHANGE:
                raise TraceError("a change of CPU inside a window", base + 4 * at)
            if first + count > end:
                raise TraceError(f"a record of {4 * (first + count - at)} bytes does not fit in "
                                 f"the {4 * (end - at)} bytes left of its window", base + 4 * at)
            if head & CYCLES:
                tsc = words[at + 1] | words[at + 2] << 32
                if unstamped:
                    out[:] = [(tsc, *record[1:]) for record in out]
                    unstamped = 0
            elif tsc is None or unstamped:
                unstamped += 1
            at = first + count
            if event == WRAP_BUFFER:
                self.wraps += 1
            else:
                out.append((tsc or 0, cpu, event, tuple(words[first:at])))


def _windows(words, size):
    """Yields (cpu, first word, last word + 1) of each window of a file of size bytes."""
    at = 0
    while at < len(words):
        if words[at] != CPU_CHANGE_HEADER:
            hint = "" if at else ": this is not a file of xentrace's"
            raise TraceError(f"{words[at]:#010x} where a change of CPU should be{hint}", 4 * at)
        if at + 3 > len(words):
            raise TraceError("the file ends inside a change of CPU", 4 * at)
        cpu, window = words[at + 1], words[at + 2]
        if cpu >= MAX_CPUS:
            raise TraceError(f"CPU {cpu} is not below {MAX_CPUS}", 4 * at + 4)
        if window % 4:
            raise TraceError(f"a window of {window} bytes is not whole words", 4 * at + 8)
        at += 3
        if at + window // 4 > len(words):
            raise TraceError(f"a window of {window} bytes, but the file ends after "
                             f"{size - 4 * at}", 4 * at - 4)
        yield cpu, at, at + window // 4
        at += window // 4
    if size % 4:
        raise TraceError(f"{size % 4} bytes after the last whole word", 4 * len(words))


def parse_file(data, salvage=None):
    """Parse the bytes of a whole file; returns the Parser.

    salvage: called with the TraceError of a damaged file, to go on with what came before the
    damage; without it the error is raised.
    """
    parser = Parser()
    words = words_of(data[:len(data) & ~3])
    try:
        if not data:
            raise TraceError("the file is empty", 0)
        for cpu, start, end in _windows(words, len(data)):
            parser.window(words, start, end, cpu)
    except TraceError as error:
        if salvage is None:
            raise
        salvage(error)
    return parser


def pack(event, tsc=None, extra=()):
    """The bytes of one record."""
    head = event | len(extra) << EXTRA_SHIFT | (0 if tsc is None else CYCLES)
    words = [head] if tsc is None else [head, tsc & 0xffffffff, tsc >> 32]
    return _bytes_of(words + list(extra))


def pack_window(cpu, data):
    """A window of a file: the change of CPU, then the bytes of its records."""
    return _bytes_of([CPU_CHANGE_HEADER, cpu, len(data)]) + data


def _bytes_of(words):
    out = array.array("I", words)
    if sys.byteorder == "big":
        out.byteswap()
    return out.tobytes()
