# SPDX-License-Identifier: GPL-2.0-or-later
"""Trace files out of a machine's memory, with no help from the machine."""
import os
import tempfile

from . import rings
from .files import write
from .memory import Dump
from .qmp import Qmp
from .records import pack_window


def _collect(memory, address):
    """(bytes of a file with one window a CPU, what was found for people)."""
    windows, full = [], []
    total = 0
    found = rings.directory(memory, address)
    for cpu, frames in found.items():
        data, is_full = rings.unread(memory, frames)
        total += len(data)
        if data:
            windows.append(pack_window(cpu, data))
        if is_full:
            full.append(str(cpu))
    text = f"{total} bytes of records of {len(found)} CPUs, t_info at {address:#x}"
    if full:
        text += ("\nFull rings: CPU " + ", ".join(full) + ". Unless they wrap, records are missing "
                 "after their last one; see --overlap, or give larger rings.")
    return b"".join(windows), text


def _address(t_info, log):
    """Where the rings are, as far as somebody said so."""
    return rings.address_in_log(log) if t_info is None and log is not None else t_info


def from_qmp(socket, t_info, log, output, wait=None):
    """Read a QEMU's memory while it stands still; returns a line for people.

    wait: seconds to wait until the machine has shut down by itself. Without an address all memory
    is dumped and searched, which also finds the rings of Debian's Xen.
    """
    address = _address(t_info, log)
    with Qmp(socket) as qmp:
        if wait is not None:
            qmp.wait_for_end(wait)
        qmp.pause()
        if address is None:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "core")
                qmp.dump(path)
                return from_memory(path, 0, None, None, output)
        data, found = _collect(qmp, address)
    write(output, data)
    return found


def from_memory(path, base, t_info, log, output):
    """Read a dump; without an address, look for one. Returns a line for people."""
    address = _address(t_info, log)
    with Dump(path, base) as dump:
        if address is None:
            address = rings.find(dump)
        data, found = _collect(dump, address)
    write(output, data)
    return found
