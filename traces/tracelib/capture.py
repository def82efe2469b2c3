# SPDX-License-Identifier: GPL-2.0-or-later
"""Trace files out of a machine's memory, with no help from the machine."""
import os
import tempfile

from . import rings
from .files import write
from .memory import Dump
from .qmp import Qmp
from .records import RING_CUT, Parser, pack, pack_window, words_of


def _marked(cpu, data, before, after):
    """The window of a CPU's records, with marks at the ends beyond which records are missing."""
    parser = Parser()
    parser.window(words_of(data), 0, len(data) // 4, cpu)
    records = parser.by_cpu[cpu]
    if before and records:
        data = pack(RING_CUT, records[0][0], [0]) + data
    if after and records:
        data += pack(RING_CUT, max(r[0] for r in records), [1])
    return pack_window(cpu, data)


def _collect(memory, address, mode):
    """(bytes of a file with one window a CPU, what was found for people). mode: what the rings do
    when they are full, "wrap" or "stop", or None when nothing says so: then both are possible."""
    windows, full = [], []
    total = 0
    found = rings.directory(memory, address)
    for cpu, frames in found.items():
        data, is_full, moved = rings.unread(memory, frames)
        total += len(data)
        stopped = is_full and mode != "wrap"
        if data:
            windows.append(_marked(cpu, data, moved, stopped))
        if stopped:
            full.append(str(cpu))
    text = f"{total} bytes of records of {len(found)} CPUs, t_info at {address:#x}"
    if full:
        text += ("\nFull rings: CPU " + ", ".join(full) + ". Nothing is known of a CPU after its "
                 "last record; give larger rings, or see --overlap.")
    return b"".join(windows), text


def _address(t_info, log):
    """Where the rings are, as far as somebody said so."""
    return rings.address_in_log(log) if t_info is None and log is not None else t_info


def from_qmp(socket, t_info, log, output, wait=None):
    """Read a QEMU's memory while it is stopped; returns a line for people.

    wait: seconds to wait until the machine has shut down by itself. Without an address all memory
    is dumped and searched, which also finds the rings of Debian's Xen.
    """
    address, mode = _address(t_info, log), rings.mode_in_log(log) if log else None
    with Qmp(socket) as qmp:
        if wait is not None:
            qmp.wait_for_end(wait)
        qmp.pause()
        if address is None:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "core")
                qmp.dump(path)
                return from_memory(path, 0, None, None, output)
        data, found = _collect(qmp, address, mode)
    write(output, data)
    return found


def from_memory(path, base, t_info, log, output):
    """Read a dump; without an address, look for one. Returns a line for people."""
    address, mode = _address(t_info, log), rings.mode_in_log(log) if log else None
    with Dump(path, base) as dump:
        if address is None:
            address = rings.find(dump)
        data, found = _collect(dump, address, mode)
    write(output, data)
    return found
