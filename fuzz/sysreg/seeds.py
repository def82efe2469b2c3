#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of "sysreg": what kernels do on purpose with registers and calls that trap.

usage: seeds.py FOLDER [--check]     (--check: are they as they would be?)

The layout is that of struct step in target.c: what, vCPU, register, more, syndrome, two values.
"""
import random
import struct
import sys
from pathlib import Path

SYSREG, NAMED, FIRMWARE, LOAD, STORE, EXCEPTION, SKIP, TIME = range(8)
WRITE, READ = 0, 1
SGI1R, TVAL, CTL, CVAL = 9, 12, 13, 14         # their places among the registers with a name
NAMES = 26
CPU_ON, AFFINITY_INFO, CALL_64 = 0x84000003, 0x84000004, 0x40000000


def step(what, vcpu=0, reg=0, more=0, iss=0, x=0, y=0):
    """One step."""
    return struct.pack("<BBBBIQQ", what, vcpu, reg, more, iss, x, y)


def head(machine, version=3, bits=40):
    """The machine."""
    return struct.pack("<QBB", machine, version == 2, bits - 32)


def sysreg(op0, op1, crn, crm, op2, rt=0, read=True):
    """The syndrome of an access."""
    return op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 | crm << 1 | read


def identification():
    """Every identification register, as kernels read them at the start."""
    return [step(SYSREG, iss=sysreg(3, 0, 0, crm, op2)) for crm in range(9) for op2 in range(8)]


def named():
    """All registers with a meaning, written and read."""
    return [step(NAMED, reg=1, more=more, iss=i, x=0xfedcba9876543210) for i in range(NAMES) for more in (WRITE, READ)]


def named_zero():
    """The same by the zero register."""
    return [step(NAMED, reg=31, more=more, iss=i) for i in range(NAMES) for more in (WRITE, READ)]


def timer():
    """Set it forwards and backwards, look at it before and after its time."""
    out = []
    for value in 0, 1000, 0xffffffff, 0x80000000, 1 << 63:
        out += [step(NAMED, more=WRITE, iss=TVAL, x=value), step(NAMED, more=WRITE, iss=CTL, x=1)]
        for _ in range(2):
            out += [step(NAMED, more=READ, iss=reg) for reg in (TVAL, CTL, CVAL)] + [step(TIME, x=1000)]
        out += [step(NAMED, more=WRITE, iss=CVAL, x=value), step(NAMED, more=READ, iss=CTL)]
    return out


def firmware():
    """Start all vCPUs, ask for them, stop them; each function there is, and its features."""
    out = [step(FIRMWARE, iss=fn) for fn in (0x80000000, 0x84000000, 0x84000006)]
    targets = [*range(17), 0x100, 0x101, 0x102, 0x103, 0x104, 0x200, 1 << 31]
    for mpidr in targets:
        out += [step(FIRMWARE, iss=CPU_ON | CALL_64, x=mpidr, y=0x40080000),
                step(FIRMWARE, vcpu=mpidr & 15, iss=AFFINITY_INFO, x=mpidr)]
    return out


def firmware_features():
    """What is there, and what is not."""
    numbers = [*range(0x84000000, 0x84000010), *range(0xc4000000, 0xc4000006), 0x80000000, 0x80000001, 0x80008000]
    out = []
    for number in numbers:
        out += [step(FIRMWARE, iss=0x8400000a, x=number), step(FIRMWARE, iss=0x80000001, x=number),
                step(FIRMWARE, iss=number, x=1)]
    return out


def interrupts():
    """Software-generated interrupts to each cluster and to all."""
    return [step(NAMED, vcpu, iss=SGI1R, x=sgi << 24 | value) for vcpu in (0, 1) for sgi in (0, 15)
            for value in (1, 0xffff, 1 << 16 | 0xf, 1 << 40, 1 << 32 | 1, 1 << 44 | 1, 1 << 48 | 1, 2 << 16 | 1)]


def loads_and_stores():
    """All widths, with and without a sign."""
    return [step(what, reg=reg, iss=size << 22 | sign << 21 | reg << 16 | wide << 15, x=0x8182838485868788)
            for what in (LOAD, STORE) for size in range(4) for sign in (0, 1) for wide in (0, 1) for reg in (2, 31)]


def exceptions():
    """From each mode, with each bit of PSTATE that matters; and instructions that are skipped."""
    out = [step(EXCEPTION, x=mode | more, y=sctlr) for mode in (0, 4, 5, 16) for more in (0, 1 << 22, 1 << 24, 15 << 28)
           for sctlr in (0, 1 << 23, 1 << 44)]
    out += [step(SKIP, more=short, x=mode | it << 10 | low << 25) for mode in (0, 16) for short in (0, 1)
            for it, low in ((0, 0), (2, 1), (63, 3), (4, 0), (1, 0))]
    return out


def chance(seed):
    """Steps that mostly mean something."""
    rng = random.Random(seed)
    return [step(rng.randrange(8), rng.randrange(20), rng.randrange(32), rng.randrange(2),
                 rng.choice([rng.getrandbits(25), CPU_ON + rng.randrange(-3, 7), rng.randrange(NAMES)]),
                 rng.choice([rng.randrange(20), 0x100 + rng.randrange(4), rng.getrandbits(64)]),
                 rng.choice([0x40080000, rng.getrandbits(64)])) for _ in range(60)]


def seeds():
    """{name: content}."""
    found = {"identification-v2": head(0x1111111111111112, 2) + b"".join(identification()),
             "identification-newest": head(0xeeeeeeeeeeeeeeee, 3, 48) + b"".join(identification()),
             "identification-none": head(0xffffffffffffffff, 3, 32) + b"".join(identification())}
    for maker in named, named_zero, timer, firmware, firmware_features, interrupts, loads_and_stores, exceptions:
        found[maker.__name__.replace("_", "-")] = head(0x1101000011112222) + b"".join(maker())
    for i in range(4):
        found[f"random-{i}"] = head(random.Random(i).getrandbits(64), 2 + i % 2) + b"".join(chance(i))
    return found


def main():
    folder = Path(sys.argv[1])
    if sys.argv[2:] == ["--check"]:
        bad = [name for name, data in seeds().items()
               if not (folder / name).is_file() or (folder / name).read_bytes() != data]
        for name in bad:
            print(f"{folder / name}: not as seeds.py makes it")
        return 1 if bad else 0
    folder.mkdir(exist_ok=True)
    for name, data in seeds().items():
        (folder / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
