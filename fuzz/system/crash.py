# SPDX-License-Identifier: GPL-2.0-or-later
"""What the machine's memory says after the hypervisor died: the child's last steps.

The layout is that of guest/log.h.
"""
import dataclasses
import struct

MAGIC = struct.pack("<QQ", 0x676f6c2d7a7a7566, 0xf0e1d2c3b4a59687)
HEADER = struct.Struct("<16xQIIQQQII")
TEXT_BYTES = 64 * 4096 - HEADER.size


@dataclasses.dataclass
class Trace:
    """The child's log: its last lines, the last of which may be the step that never ended."""

    seed: int
    episode: int
    step: int
    lines: list


def find(memory):
    """The newest log in the machine's memory, or None. A frame of an earlier child may still have
    its own."""
    best = None
    at = memory.find(MAGIC)
    while at >= 0:
        trace = _read(memory, at) if at % 4096 == 0 else None
        if trace and (best is None or (trace.episode, trace.step) > (best.episode, best.step)):
            best = trace
        at = memory.find(MAGIC, at + 1)
    return best


def _read(memory, at):
    if at + HEADER.size + TEXT_BYTES > len(memory):
        return None
    seed, episode, step, _, drafted, _, _, _ = HEADER.unpack_from(memory, at)
    text = memory[at + HEADER.size:at + HEADER.size + TEXT_BYTES]
    cut = drafted % TEXT_BYTES
    ring = text[:drafted] if drafted <= TEXT_BYTES else text[cut:] + text[:cut]
    lines = ring.decode("ascii", "replace").split("\n")
    if drafted > TEXT_BYTES:
        del lines[0]    # its beginning was overwritten
    return Trace(seed, episode, step, [line for line in lines if line])
