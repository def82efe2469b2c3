# SPDX-License-Identifier: GPL-2.0-or-later
"""Trace files out of a machine's memory, with no help from the machine."""
from . import rings
from .errors import TraceError
from .files import write
from .memory import Dump
from .qmp import Qmp
from .records import pack_window


def _collect(memory, address):
    """(bytes of a file with one window a CPU, what was found for people)."""
    windows = []
    total = 0
    found = rings.directory(memory, address)
    for cpu, frames in found.items():
        data = rings.unread(memory, frames)
        total += len(data)
        if data:
            windows.append(pack_window(cpu, data))
    return b"".join(windows), f"{total} bytes of records of {len(found)} CPUs"


def _address(t_info, log):
    if t_info is None and log is None:
        raise TraceError("where are the rings? Give --log (the serial log) or --t-info")
    return rings.address_in_log(log) if t_info is None else t_info


def from_qmp(socket, t_info, log, output):
    """Read a QEMU's memory while it stands still; returns a line for people."""
    address = _address(t_info, log)
    with Qmp(socket) as qmp:
        qmp.pause()
        data, found = _collect(qmp, address)
    write(output, data)
    return found


def from_memory(path, base, t_info, log, output):
    """Read a dump; without an address, look for one. Returns a line for people."""
    with Dump(path, base) as dump:
        if t_info is None and log is None:
            address = rings.find(dump)
        else:
            address = _address(t_info, log)
        data, found = _collect(dump, address)
    write(output, data)
    return f"{found}, t_info at {address:#x}"
