#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of "devices" that have a name: what drivers do on purpose with a PC's devices.

usage: seeds.py FOLDER [--check]     (--check: are they as they would be?)

The layout is that of struct step in target.c: device, size, register, time before it in ns, value.
"""
import struct
import sys
from pathlib import Path

PIC, IOAPIC, PIT, RTC, HPET, PM, APIC, MTRR = range(8)
WRITE = 0x80
SECOND = 1000000000
PIC_PORTS = [0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1]
ACK = 1                 # an odd time: the CPU takes the interrupt that waits


def step(device, at=0, val=0, ns=0, write=False, size=0):
    """One access."""
    return struct.pack("<BBHIQ", device | (WRITE if write else 0), size, at, ns, val & (1 << 64) - 1)


def pic(port, val=None, line=0, up=False, ns=0):
    """An access to the PIC, before which a line goes up or down."""
    return step(PIC, PIC_PORTS.index(port), (val or 0) | line << 8 | up << 16, ns, val is not None)


def init_pic(icw1=0x11, icw4=1):
    """Both chips."""
    return [pic(0x20, icw1), pic(0x21, 0x20), pic(0x21, 4), pic(0x21, icw4), pic(0xa0, icw1),
            pic(0xa1, 0x28), pic(0xa1, 2), pic(0xa1, icw4), pic(0x21, 0), pic(0xa1, 0)]


def interrupt_controllers():
    """Initialisation, masks, nested interrupts, every end of interrupt, polls, levels."""
    out = init_pic()
    for line in 0, 3, 9, 12, 15:
        out += [pic(0x20, line=line, up=True, ns=ACK), pic(0x20, 0x0b), pic(0x20), pic(0xa0),
                pic(0x20, 0x0a), pic(0xa0, 0x20, line=line), pic(0x20, 0x20)]
    for ocw2 in 0x60, 0xe3, 0xa0, 0xc5, 0x80, 0x00, 0x40:
        out += [pic(0x20, ocw2), pic(0x20, line=4, up=True, ns=ACK), pic(0x20, 0x60 | 4, line=4)]
    out += [pic(0x20, 0x68), pic(0x20, line=5, up=True, ns=ACK), pic(0x21, 0x20), pic(0x20, 0x20, line=5),
            pic(0x20, 0x48), pic(0x20, 0x0c), pic(0x20, line=6, up=True), pic(0x20, 0x0c), pic(0x21),
            pic(0xa0, 0x0c), pic(0xa0, line=10, up=True), pic(0xa0, 0x0c), pic(0xa1)]
    out += [pic(0x4d0, 0xff), pic(0x4d1, 0xff), pic(0x4d0), pic(0x4d1), pic(0x20, line=11, up=True, ns=ACK),
            pic(0xa0, 0x20), pic(0x20, 0x20, line=11)]
    for icw4 in 0x03, 0x13:         # automatic ends, special nesting
        out += init_pic(0x11, icw4) + [pic(0x20, 0x80), pic(0x20, line=1, up=True, ns=ACK), pic(0x20, line=1),
                                       pic(0xa0, line=8, up=True, ns=ACK), pic(0xa0, line=8)]
    for icw1 in 0x10, 0x12, 0x13:   # without the fourth word, and one chip alone
        out += [pic(0x20, icw1), pic(0x21, 0x20), pic(0x21, 0), pic(0x21, 0), pic(0x21), pic(0x20, ns=ACK)]
    return out


def pit_mode(channel, mode, count, access=3):
    """Set a channel."""
    out = [step(PIT, 3, channel << 6 | access << 4 | mode << 1, write=True)]
    if access & 1:
        out.append(step(PIT, channel, count & 0xff, write=True))
    if access & 2:
        out.append(step(PIT, channel, count >> 8, write=True))
    return out


def counters():
    """The timer 8254: every mode, access and latch; the gate of channel 2."""
    out = []
    for mode in range(8):
        for channel in 0, 2:
            out += pit_mode(channel, mode, 100, 3)
            out += [step(PIT, channel), step(PIT, channel), step(PIT, 4), step(PIT, channel, ns=50000),
                    step(PIT, 3, 0xc0 | 2 << channel, write=True), step(PIT, channel), step(PIT, channel),
                    step(PIT, channel), step(PIT, 3, 0xe0 | 2 << channel, write=True),
                    step(PIT, channel, ns=200000), step(PIT, 3, channel << 6, write=True),
                    step(PIT, 3, channel << 6, write=True)]
            out += [step(PIT, 4, v, 30000, True) for v in (1, 0, 3)] + [step(PIT, 4), step(PIT, 3)]
    for access in 1, 2:
        out += pit_mode(0, 2, 0x1212, access) + [step(PIT, 0), step(PIT, 0, ns=90000), step(PIT, 3, 0, write=True),
                                                 step(PIT, 0), step(PIT, 0)]
    return out[:128 * 2]


def rtc(register, val=None, ns=0):
    """A register of the clock."""
    return [step(RTC, 0, register, write=True), step(RTC, 1, val or 0, ns, val is not None)]


def clock():
    """The real-time clock: set, read, its alarm and periodic and update interrupts, in each format."""
    out = []
    for mode in 0x02, 0x06, 0x00, 0x04:
        date = (0x59, 0x30, 0x59, 0x30, 0x23, 0x12, 5, 0x28, 0x02, 0x24)
        if mode & 4:
            date = (59, 30, 59, 30, 23, 12, 5, 28, 2, 24)
        if not mode & 2:
            date = date[:4] + (0x91 if not mode & 4 else 0x8b, 0x01) + date[6:]
        out += rtc(11, 0x80 | mode)
        for register, val in enumerate(date):
            out += rtc(register, val)
        out += rtc(0x32, 0x20) + rtc(11, mode | 0x70) + rtc(10, 0x26) + rtc(12, ns=3 * SECOND)
        for register in range(14):
            out += rtc(register)
        out += rtc(12) + rtc(0, 5) + rtc(4, 1)
    for alarm in ((0xc0, 0xc0, 0xc0), (0x10, 0xc0, 0xc0), (0xc0, 0x10, 0xc0), (0xff, 0xff, 3), (0x99, 0, 0),
                  (0, 0, 0x99)):
        for register, val in zip((1, 3, 5), alarm):
            out += rtc(register, val)
        out += rtc(11, 0x22) + rtc(12, ns=4 * SECOND) + rtc(12)
    for rate in 0x20, 0x21, 0x22, 0x2f, 0x56:
        out += rtc(10, rate) + rtc(11, 0x42) + rtc(12, ns=2 * SECOND) + rtc(11, 0x02)
    return out


def hpet(at, val=None, ns=0, size=3):
    """A register of the HPET."""
    return step(HPET, at, val or 0, ns, val is not None, size)


def event_timers():
    """The HPET: one shot and periodic, edge and level, 32 bits, routes, a counter that stands still."""
    out = [hpet(0), hpet(0x10), hpet(0xf0), hpet(0xf0, 1000), hpet(0x10, 1)]
    for n, config in ((0, 0x04), (1, 0x06), (2, 0x4c), (0, 0x4e), (1, 0x10c), (2, 0x2a04), (0, 0x5006)):
        base = 0x100 + 0x20 * n
        out += [hpet(base, config), hpet(base), hpet(base + 8, 20000), hpet(base + 8, 5000), hpet(base + 8),
                hpet(0x20, ns=400000), hpet(base, config, ns=400000), hpet(base + 8, ns=900000),
                hpet(0x20, 7), hpet(base + 8, 1, size=2), hpet(base + 12, 0, size=2), hpet(base + 4, size=2)]
    out += [hpet(0xf0, 5), hpet(0x10, 0), hpet(0xf0, 5), hpet(0xf0), hpet(0x10, 3), hpet(0x20, 7, size=2),
            hpet(0x24, 7, size=2), hpet(0x3f8, 1), hpet(0x3f8), hpet(0x118, 1), hpet(0x118), hpet(0x160, 1),
            hpet(0x160), hpet(0x11, 1), hpet(0x12), hpet(0x10, 1, size=0), hpet(0x10, size=1)]
    return out


def io_apic():
    """The IO-APIC's registers by select and window; lines of both kinds; ends of interrupt."""
    out = []
    def reg(number, val=None):
        return [step(IOAPIC, 0, number, write=True, size=2),
                step(IOAPIC, 0x10, val or 0, write=val is not None, size=2)]
    for number in 0, 1, 2, 3, 0x60:
        out += reg(number) + reg(number, 0x01000000)
    for pin, low in ((1, 0x31), (2, 0x8032), (3, 0xa033), (4, 0x10034), (5, 0x8535)):
        out += reg(0x11 + 2 * pin, 0x01000000) + reg(0x10 + 2 * pin, low) + reg(0x10 + 2 * pin)
        out += reg(0x11 + 2 * pin)
        out += [step(IOAPIC, 0x8000 | pin, up) for up in (1, 1, 0, 1)] + [step(IOAPIC, 0x4000, low & 0xff)]
        out += reg(0x10 + 2 * pin, low | 0x10000) + reg(0x10 + 2 * pin, low) + [step(IOAPIC, 0x8000 | pin, 0)]
    out += [step(IOAPIC, 0x40, 0x32, write=True, size=2), step(IOAPIC, 0x8000 | 40, 1), step(IOAPIC, 0),
            step(IOAPIC, 0x10, size=0), step(IOAPIC, 0x20, 1, write=True, size=2), step(IOAPIC, 4, 1, write=True)]
    return out


def memory_types():
    """MTRRs: fixed, variable, overlapping, disabled; types looked up at addresses of each."""
    out = []
    def msr(number, val=None):
        return step(MTRR, number - 0x200, val or 0, write=val is not None)
    for number in (0x250, 0x258, 0x259, *range(0x268, 0x270)):
        out.append(msr(number, 0x0605040101000406))
    for define in 0xc06, 0x806, 0x006, 0xc00:
        out.append(msr(0x2ff, define))
        for n, (base, mask) in enumerate(((0x100006, 0xfffff00800), (0x180004, 0xffffff0800 | 0x80000),
                                          (0x200000, 0xfffff00800), (0x300001, 0xfffff00000),
                                          (0x100006, 0xfffff80800))):
            out += [msr(0x200 + 2 * n, base), msr(0x201 + 2 * n, mask)]
        # A read looks the type up at its value, so addresses are values of reads.
        out += [step(MTRR, 0x77, at) for at in (0x1000, 0x7ffff, 0x80000, 0xbffff, 0xc0000, 0xfffff, 0x100000,
                                                0x180000, 0x200000, 0x300000, 0x40000000)]
    return out + [msr(0x2ff, 0xffff), msr(0x250, 0x7070707), msr(0x200, 0x2), msr(0x277, 0x0007040600070406),
                  msr(0x277, 0x8), msr(0x277), msr(0x2fe), msr(0x2ff), msr(0x20f), msr(0x26f)]


def power():
    """The PM timer and its event registers."""
    out = [step(PM, 2, 0x21, write=True, size=1), step(PM, 0x4000, 0x21), step(PM, 0x8000, ns=4 * SECOND),
           step(PM, 0x8000, ns=4 * SECOND), step(PM, 0, size=1), step(PM, 2, size=1), step(PM, 0, 0xffff, write=True, size=1)]
    return out + [step(PM, at, 1, 1000, w, size) for at in range(4) for w in (True, False) for size in range(3)]


def local_apic():
    """The local APIC: timer modes and dividers, priorities, errors, both ways to its registers."""
    def reg(number, val=None, ns=0):
        return step(APIC, number * 16, val or 0, ns, val is not None, 2)
    def x2(number, val=None):
        return step(APIC, 0x8000 | number, val or 0, 0, val is not None)
    out = [reg(15, 0x1ff), reg(8, 0)]
    for mode in 0x31, 0x20032, 0x40033, 0x10034:
        for divide in 0xb, 0, 3, 8:
            out += [reg(50, mode), reg(62, divide), reg(56, 1000), reg(57, ns=3001), reg(57), reg(11, 0, 200001),
                    reg(50, mode ^ 0x10000), reg(56, 0), reg(57)]
    out += [reg(n) for n in range(64)] + [reg(n, 0x55) for n in range(2, 64)]
    out += [reg(48, 0x40061), reg(48, 0x4061, ACK), reg(11, 0), reg(48, 0x44400), reg(49, 0x01000000),
            reg(8, 0x50), reg(48, 0x40061, ACK), reg(55, 0xfe), reg(40, 0), reg(40)]
    out += [step(APIC, 0x4000, 0xfee00d00)]
    return out + [x2(n) for n in range(64)] + [x2(n, v) for n in range(2, 64) for v in (0, 0x1ff)]


NAMED = [interrupt_controllers, counters, clock, event_timers, io_apic, memory_types, power, local_apic]


def main():
    """The command line."""
    check = sys.argv[-1] == "--check"
    if len(sys.argv) != 2 + check:
        raise SystemExit(__doc__.split("\n\n")[1])
    for make in NAMED:
        path, data = Path(sys.argv[1]) / make.__name__, b"".join(make())
        if not check:
            path.write_bytes(data)
        elif not path.exists() or path.read_bytes() != data:
            raise SystemExit(f"seeds.py: {path} would be written otherwise; run it without --check")


if __name__ == "__main__":
    main()
