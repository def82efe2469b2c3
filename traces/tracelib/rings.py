# SPDX-License-Identifier: GPL-2.0-or-later
"""The rings of a hypervisor in physical memory (struct t_info and t_buf of <xen/trace.h>).

t_info: u16 pages of a ring; u16 for each CPU: where its list of frame numbers starts, in 32-bit
words from t_info, 0 for a CPU that has no ring; then the lists, u32 each. A ring's pages follow
one another in its list; the first starts with u32 cons and prod, which run modulo twice the size
of the data after them.
"""
import re
import struct

from .errors import TraceError
from .records import Parser, words_of

PAGE = 4096
HEADER = 8
LONGEST, LOST = 40, 28          # bytes of the longest record, and of one of lost records
MAX_RING = 0x8000               # pages
MAX_INFO = 96 * PAGE            # a list starts at most 65535 words in
T_INFO_LINE = re.compile(r"Trace: t_info at (0x[0-9a-fA-F]+)")


MODE = re.compile(r"Trace: t_info at .* (wrap|stop) when full")


def mode_in_log(path):
    """"wrap" or "stop", as the hypervisor's boot messages say, or None."""
    with open(path, encoding="utf-8", errors="replace") as file:
        found = MODE.findall(file.read())
    return found[-1] if found else None


def address_in_log(path):
    """The address that the hypervisor's boot messages name; the last one counts."""
    with open(path, encoding="utf-8", errors="replace") as file:
        found = T_INFO_LINE.findall(file.read())
    if not found:
        raise TraceError(f"{path} has no line `Trace: t_info at ADDR`: was tracing asked for "
                         "on the hypervisor's command line?")
    return int(found[-1], 16)


def directory(memory, address):
    """CPU -> frame numbers of its ring."""
    if address % PAGE:
        raise TraceError(f"t_info is page-aligned, {address:#x} is not")
    page = memory.read(address, PAGE)
    pages, *lists = struct.unpack(f"<{PAGE // 2}H", page)
    first = next((offset for offset in lists if offset), 0)
    # The array of offsets ends where the first list begins.
    lists = lists[:max(first * 2 - 1, 0)]
    if not pages or not any(lists):
        raise TraceError(f"no t_info at {address:#x}")
    end = 4 * (max(lists) + pages)
    if end > MAX_INFO or min(o for o in lists if o) < first:
        raise TraceError(f"no t_info at {address:#x}: its lists overlap or are too long")
    whole = memory.read(address, -(-end // PAGE) * PAGE)
    return {cpu: list(struct.unpack_from(f"<{pages}I", whole, 4 * offset))
            for cpu, offset in enumerate(lists) if offset}


def _runs(frames):
    """(first frame, number) of each run of consecutive ones: fewer, larger reads."""
    runs = []
    for frame in frames:
        if runs and sum(runs[-1]) == frame:
            runs[-1][1] += 1
        else:
            runs.append([frame, 1])
    return runs


def unread(memory, frames):
    """(bytes of a ring between cons and prod, oldest first; whether not even the longest record
    and a count of lost ones would fit after them; whether older ones have left the ring)."""
    ring = b"".join(memory.read(first * PAGE, count * PAGE) for first, count in _runs(frames))
    cons, prod = struct.unpack_from("<II", ring)
    size = len(ring) - HEADER
    held = (prod - cons) % (2 * size)
    if cons >= 2 * size or prod >= 2 * size or held > size or (cons | prod) % 4:
        raise TraceError(f"the ring at {frames[0] * PAGE:#x} is damaged: cons {cons}, prod {prod}, "
                         f"{size} bytes of data")
    start = HEADER + cons % size
    first = min(held, len(ring) - start)
    return (ring[start:start + first] + ring[HEADER:HEADER + held - first],
            size - held < LONGEST + LOST, cons != 0)


def _records(memory, address):
    """How many records the rings of a supposed t_info hold; TraceError when it is none."""
    parser = Parser()
    found = directory(memory, address)
    for cpu, frames in found.items():
        data, _, _ = unread(memory, frames)
        parser.window(words_of(data), 0, len(data) // 4, cpu)
    return sum(map(len, parser.by_cpu.values()))


def find(dump):
    """The address of t_info in a Dump, told by its form and by rings full of sound records.

    Much of a machine's memory looks like an empty one, so only those with records count; of
    several, the one with the most.
    """
    best = (0, 0)
    for start, size, offset in dump.areas:
        for at in range(-start % PAGE, size - PAGE + 1, PAGE):
            pages, first = struct.unpack_from("<HH", dump.data, offset + at)
            if not 0 < pages <= MAX_RING or not 0 < first < PAGE:
                continue
            try:
                best = max(best, (_records(dump, start + at), start + at))
            except TraceError:
                continue
    if not best[0]:
        raise TraceError("no rings with records in this memory; if there are any, give the "
                         "address of t_info with --t-info")
    return best[1]
