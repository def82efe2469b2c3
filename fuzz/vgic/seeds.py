#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of "vgic": what kernels do on purpose with ARM's interrupt controllers.

usage: seeds.py FOLDER [--check]     (--check: are they as they would be?)

The layout is that of struct step in target.c: what, vCPU with the access's size, register or
interrupt, value.
"""
import random
import struct
import sys
from pathlib import Path

(READ, WRITE, REDIST_READ, REDIST_WRITE, SGI, RAISE, LINE, DEVICE, RUN, TAKE, END, BACK,
 MOVE) = range(13)
SIZES = {1: 0, 2: 1, 4: 2, 8: 3}
CTLR, ENABLE, DISABLE, PEND, UNPEND, ACTIVATE, DEACTIVATE = 0, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380
PRIORITY, TARGETS, CONFIG, SGIR, UNPEND_SGI, PEND_SGI, ROUTER = 0x400, 0x800, 0xc00, 0xf00, 0xf10, 0xf20, 0x6000
HW = 40                 # the first of four interrupts that are the machine's
V2, V3 = 2, 3


def step(what, vcpu=0, at=0, val=0, size=4, of=0, sgi_frame=False):
    """One step."""
    return struct.pack("<BBHI", what, vcpu | SIZES[size] << 2 | of << 4 | sgi_frame << 7, at, val)


def write(at, val, vcpu=0, size=4):
    """The distributor."""
    return step(WRITE, vcpu, at, val, size)


def serve(vcpu=0):
    """Offer, take, end, and look again."""
    return [step(RUN, vcpu), step(TAKE, vcpu), *(step(END, vcpu, i) for i in range(4)), step(RUN, vcpu)]


def setup(version):
    """As a kernel starts the controller."""
    out = [write(CTLR, 3)]
    for vcpu in range(3):
        out.append(write(ENABLE, 0xffffffff, vcpu) if version == V2 else
                   step(REDIST_WRITE, vcpu, ENABLE, 0xffffffff, of=vcpu, sgi_frame=True))
    for word in 1, 2:
        out.append(write(ENABLE + 4 * word, 0xffffffff))
    return out


def send(version, sgi, to, vcpu=0):
    """A software-generated interrupt to a mask of vCPUs."""
    return write(SGIR, to << 16 | sgi, vcpu) if version == V2 else step(SGI, vcpu, 0, sgi << 24 | to)


def route(version, irq, vcpu):
    """Where a shared interrupt goes."""
    return write(TARGETS + irq, 1 << vcpu, size=1) if version == V2 else write(ROUTER + 8 * irq, vcpu, size=8)


def software(version):
    """SGIs to one, to all and to self; again while pending and while active."""
    out = [send(version, 1, 7), send(version, 2, 2)]
    for vcpu in range(3):
        out += serve(vcpu)
    out += [send(version, 3, 1), step(RUN), step(TAKE), send(version, 3, 1), send(version, 3, 1, 1), step(RUN),
            step(END), step(TAKE), step(END), step(RUN)] + serve()
    out += [write(PEND_SGI, 0x0606), step(READ, 0, PEND_SGI), *serve(), write(UNPEND_SGI, 0x0404)]
    return out


def shared(version):
    """Edges and levels, priorities, targets, more interrupts than registers."""
    out = [write(CONFIG + 8, 0x55), write(PRIORITY + 36, 0x80a0c0e0)]
    for irq in range(48, 56):
        out += [write(PRIORITY + irq, irq * 8 & 0xff, size=1), step(RAISE, 0, irq)]
    out += serve() * 4
    out += [step(LINE, 0, 33, 1), step(RUN), step(TAKE), step(LINE, 0, 33, 0), step(END), step(RUN)]
    out += [step(RAISE, 0, 60), route(version, 60, 2), *serve(2), step(RAISE, 0, 60), step(RUN, 2), step(TAKE, 2),
            route(version, 60, 1), step(RAISE, 0, 60), step(RUN, 2), step(END, 2), *serve(1), *serve(2)]
    # The guest has ended it at one vCPU, which nothing has seen, and sends the next one elsewhere.
    out += [step(RAISE, 0, 60), *serve(1), step(BACK, 1), step(RAISE, 0, 60), *serve(1), route(version, 60, 0),
            step(RAISE, 0, 60), step(RUN, 1), *serve(1), *serve()]
    # It comes again while it is active, and the guest looks at its state before the next exit.
    out += [step(RAISE, 0, 61), step(RUN), step(TAKE), step(RAISE, 0, 61), step(READ, 0, ACTIVATE + 4), step(BACK),
            step(RUN), step(END), *serve()]
    out += [write(PEND + 4, 1 << 20), step(READ, 0, PEND + 4), write(UNPEND + 4, 1 << 20), *serve(),
            write(ACTIVATE + 4, 1 << 21), step(RAISE, 0, 53), step(READ, 0, ACTIVATE + 4), *serve(),
            write(DEACTIVATE + 4, 1 << 21), *serve()]
    return out


def machine(version):
    """The machine's interrupts: taken, dropped, moved, disabled while they wait."""
    out = [write(CONFIG + 8, 2 << 16)]
    for i in range(4):
        out += [step(DEVICE, 0, i)]
    out += serve() * 2
    out += [step(DEVICE), write(UNPEND + 4, 1 << HW - 32), step(DEVICE), step(RUN), write(PEND + 4, 1 << HW - 32),
            step(TAKE), step(END), step(DEVICE), step(RUN), step(TAKE), step(END), *serve()]
    out += [step(DEVICE, 0, 1), route(version, HW + 1, 2), step(MOVE, 2), *serve(2), step(DEVICE, 0, 1), step(RUN, 2),
            write(DISABLE + 4, 1 << HW - 31), step(TAKE, 2), step(END, 2), write(ENABLE + 4, 1 << HW - 31),
            step(DEVICE, 0, 1), *serve(2)]
    out += [write(ACTIVATE + 4, 1 << HW - 30), step(DEVICE, 0, 2), *serve(), write(DEACTIVATE + 4, 1 << HW - 30),
            *serve(), write(CTLR, 0), step(DEVICE, 0, 3), *serve(), write(CTLR, 3), *serve()]
    return out


def registers(version):
    """Every bank, read and written in each size."""
    out = []
    for at in (CTLR, 4, 8, 0x80, ENABLE, DISABLE, PEND, UNPEND, ACTIVATE, DEACTIVATE, PRIORITY, TARGETS, CONFIG, 0xd00,
               SGIR, UNPEND_SGI, PEND_SGI, 0xfe8, ROUTER + 8 * 40, 0xffe8):
        for size in SIZES:
            out += [step(READ, 1, at, size=size), write(at, 0x5a5a5a5a, 1, size)]
        if version == V3:
            out += [step(REDIST_READ, 1, at, of=2, sgi_frame=bool(at)), step(REDIST_READ, 1, at, of=1)]
    return out


def chance(seed):
    """Steps that mostly mean something."""
    rng = random.Random(seed)
    out = []
    for _ in range(100):
        out.append(step(rng.choice([WRITE, WRITE, SGI, RAISE, LINE, DEVICE, DEVICE, RUN, RUN, TAKE, TAKE, END, END, BACK]),
                        rng.randrange(3), rng.choice([rng.randrange(4), HW + rng.randrange(4), rng.randrange(96),
                                                      rng.randrange(0x1000) & ~3]),
                        rng.choice([1 << rng.randrange(32), 0xffffffff, rng.getrandbits(32)])))
    return out


def seeds():
    """{name: content}."""
    found = {}
    for version in V2, V3:
        def pack(steps, version=version):
            return bytes([version == V2]) + b"".join(setup(version) + steps)
        for maker in software, shared, machine, registers:
            found[f"{maker.__name__}-v{version}"] = pack(maker(version))
        for i in range(4):
            found[f"random-v{version}-{i}"] = pack(chance(i + 10 * version))
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
