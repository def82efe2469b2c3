#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of "exits" that have a name: what guests do on purpose, which mutation seldom finds.

usage: seeds.py FOLDER [--check]     (--check: are they as they would be?)

The layout is that of struct head and struct step in exits.h.
"""
import struct
import sys
from pathlib import Path

(CPUID, MSR, PORT, STRING_PORT, FAULT, FETCH, CONTROL, XCR, EXCEPTION, HLT, CALL, CONTROL_CALL, IRET,
 PLAIN, UNDEFINED, TIME, DEVICE, WRITE, MODE, SEGMENT, APIC, PCI, SHUTDOWN, ODD) = range(24)
GUEST, MACHINE, TOOLSTACK = range(3)
IF = 1
DELIVERY, TIME_20US, TIME_1MS = 0x20, 0x80, 0xc0
RAW = 0x80              # pick: use the step's own number

# Registers of the local APIC, and hypercalls.
TPR, EOI, LDR, DFR, SPIV, ICR, ICR2, LVTT, LVT0, TMICT, TDCR = (8, 11, 13, 14, 15, 48, 49, 50, 53, 56,
                                                               62)
MEMORY_OP, EVENT_OP, HVM_OP, VCPU_OP, SCHED_OP, PHYSDEV_OP = 12, 32, 34, 24, 29, 33


def step(kind, flags=IF, pick=0, reg=0, a=0, b=0, c=0, insn=b""):
    mask = (1 << 64) - 1
    return struct.pack("<BBBBIQQB15s", kind, flags, pick, reg, a & 0xffffffff, b & mask, c & mask,
                       len(insn), insn)


def apic(reg, val, flags=IF):
    return step(APIC, flags, reg, 0, b=val)


def msr(number, val, flags=IF):
    return step(MSR, flags, RAW, 1, number, val)


def call(number, command, data, buffer_at=0):
    """A hypercall whose argument is @data (at most 31 bytes), with a buffer's address at a byte of it."""
    data = data.ljust(31, b"\0")
    low, high = struct.unpack("<QQ", data[:16])
    s = bytearray(step(CALL, IF, number, 1 if buffer_at else 0, command | buffer_at << 24, low, high))
    s[24:40] = data[16:31].ljust(16, b"\0")
    return bytes(s)


def domctl(command_index, data=b"", reg=0, place=0, flags=IF):
    """domctl of the table in guest.c; bit 0 of @reg: a buffer's address at byte 8 * @place."""
    data = data.ljust(31, b"\0")
    low, high = struct.unpack("<QQ", data[:16])
    s = bytearray(step(CONTROL_CALL, flags, 0, reg, place << 19, low, high))
    s[2] = next(p for p in range(128, 256) if p % 24 == command_index)
    s[24:40] = data[16:31].ljust(16, b"\0")
    return bytes(s)


def memory_fault(address, val, write=True, wide=False):
    """mov %ecx, (%rax) and the like, at a guest physical address."""
    insn = (b"\x48" if wide else b"") + (b"\x89\x08" if write else b"\x8b\x08")
    # The address is b, so that the value is what mutation makes of RCX.
    return step(FAULT, IF, RAW, 0 if write else 1, 0, address, 2 if write else 0, insn)


def pci(function, register, val, size=4, read=False):
    return step(PCI, IF, function, (1 if read else 0) | {1: 0, 2: 2, 4: 4}[size], register, val)


ON = [apic(SPIV, 0x1ff), apic(TPR, 0)]
X2APIC = [msr(0x1b, 0xfee00d00), apic(SPIV, 0x1ff)]
IDLE = step(TIME, IF, b=100)


def interrupts():
    out = list(ON)
    for vector in 0x31, 0x55, 0xfe, 0x05:
        out += [apic(ICR, 0x40000 | vector), IDLE, step(PLAIN, IF, 2), apic(EOI, 0)]
    out += [apic(ICR, 0x40061), step(PLAIN, 0, 2), step(PLAIN, IF | 2, 2), step(PLAIN, IF, 2),
            step(FAULT, IF | DELIVERY, 5, 0), apic(EOI, 0)]
    out += [apic(ICR2, 0x02000000), apic(ICR, 0x4071), apic(ICR, 0xc0072), apic(ICR, 0x80073), IDLE]
    return GUEST, out


def others():
    """INIT, startup and NMI to the second vCPU, in xAPIC and x2APIC mode."""
    out = list(ON) + [apic(ICR2, 0x02000000), apic(ICR, 0x4500), IDLE, apic(ICR, 0x4608), IDLE,
                      apic(ICR, 0x4400), IDLE, apic(ICR, 0x4500), apic(ICR, 0x8500),
                      apic(ICR, 0x4610), apic(ICR, 0x4041), IDLE]
    out += X2APIC + [apic(ICR, 0x200004045), apic(ICR, 0x200000d00 | 0x55), apic(ICR, 0x44500),
                     step(APIC, IF, 63, 0, b=0x66), IDLE, IDLE]
    return GUEST, out


def nmis():
    out = list(ON) + [apic(ICR, 0x44400), IDLE, apic(ICR, 0x44400), step(IRET), IDLE,
                      step(EXCEPTION, IF, 0, 3), IDLE, apic(ICR, 0x44400), step(IRET),
                      apic(ICR, 0x44400), step(PLAIN, IF, 2), step(EXCEPTION, IF, 0, 1),
                      step(EXCEPTION, IF | 4, 0, 3), step(FAULT, IF | DELIVERY, 5, 0),
                      apic(ICR, 0x44400), step(MSR, IF, RAW, 1, 0x12345), step(HLT, 0)]
    return GUEST, out


def timers():
    out = list(ON) + [apic(LVTT, 0x40), apic(TDCR, 0xb), apic(TMICT, 1000), step(HLT),
                      step(TIME, IF, b=5000), apic(EOI, 0), apic(LVTT, 0x20041),
                      apic(TMICT, 30000)]
    out += [step(TIME, IF | TIME_1MS, b=100000), apic(EOI, 0)] * 3
    out += [step(APIC, IF, 57, 1), apic(LVTT, 0x40042), msr(0x6e0, 1), step(HLT), IDLE,
            msr(0x6e0, 1 << 40), step(MSR, IF, RAW, 0, 0x6e0), apic(LVTT, 0x10000)]
    return GUEST, out


def callbacks():
    vector = struct.pack("<HHIQ", 0x7ff0, 0, 0, 2 << 56 | 0x61)
    upcall = struct.pack("<IB", 0, 0x71)
    ipi = struct.pack("<II", 0, 0)
    out = [call(HVM_OP, 0, vector), call(EVENT_OP, 7, ipi), call(EVENT_OP, 4, struct.pack("<I", 1)),
           IDLE, step(PLAIN, 0, 2), step(PLAIN, IF, 2), step(HLT), call(HVM_OP, 23, upcall),
           call(EVENT_OP, 4, struct.pack("<I", 1)), *ON, IDLE, apic(EOI, 0), IDLE]
    for via in 0, 1 << 56 | 5, 3 << 56, 2 << 56 | 3:
        out.append(call(HVM_OP, 0, struct.pack("<HHIQ", 0x7ff0, 0, 0, via)))
    out += [call(HVM_OP, 23, struct.pack("<IB", 9, 0x71)), call(HVM_OP, 23, struct.pack("<IB", 0, 3)),
            call(MEMORY_OP, 9, struct.pack("<I", 8), 8), call(MEMORY_OP, 9, struct.pack("<I", 8)),
            call(MEMORY_OP, 10, struct.pack("<I", 8), 8), call(PHYSDEV_OP, 24, b"")]
    return GUEST, out


def ioapic():
    select, window = 0xfec00000, 0xfec00010
    out = list(ON)
    for pin, low, high in ((4, 0x31, 0), (5, 0x8032, 0), (6, 0xa033, 0x02000000), (7, 0x10034, 0)):
        for register, val in ((0x11 + 2 * pin, high), (0x10 + 2 * pin, low)):
            out += [write(select, register), write(window, val)]
    for pin in 4, 5, 6, 7, 5:
        out += [step(DEVICE, IF, 0, 1, pin), IDLE, apic(EOI, 0)]
    for low in 0x8035, 0x10035, 0x2035:
        out += [write(select, 0x1a), write(window, low), step(DEVICE, IF, 0, 1, 5), IDLE]
    return MACHINE, out + [memory_fault(window, 0, False)]


def write(address, val):
    """movl $VAL, (%rax) at a device's address."""
    insn = b"\xc7\x00" + struct.pack("<I", val)
    return step(FAULT, IF, RAW, 0, 0, address, 2, insn)


def messages():
    out = list(ON)
    # The MSI capability of function 1 is at 0x40, that of MSI-X at 0x58; its table is at 0x800.
    out += [pci(1, 0x44, 0xfee00000), pci(1, 0x48, 0x51), pci(1, 0x4c, 0x51),
            pci(1, 0x42, 0x01, 2), step(DEVICE, IF, 0, 0, 0), IDLE, apic(EOI, 0),
            pci(1, 0x44, 0xfee02000), pci(1, 0x48, 0x52), pci(1, 0x42, 0, 2)]
    table = 0xf0010800
    for at, val in ((0, 0xfee00000), (4, 0), (8, 0x61), (12, 0), (16, 0xfee00000), (24, 0x4500),
                    (28, 0)):
        out.append(write(table + at, val))
    out += [pci(1, 0x5a, 0x8003, 2), step(DEVICE, IF, 0, 0, 0), step(DEVICE, IF, 0, 0, 1), IDLE,
            write(table + 8, 0x62), write(table, 0xfee02000), memory_fault(table, 0, False),
            write(table + 0x100, 5), write(table - 0x100, 5), pci(1, 0x5a, 0, 2),
            pci(2, 0x42, 0x11, 2), pci(2, 0x10, 0xffffffff), pci(2, 0x10, 0xf0020004),
            pci(2, 0x04, 0, 2), pci(2, 0x04, 2, 2), pci(1, 0x68, 1, 1), pci(2, 0x6d, 0x80, 1),
            pci(7, 0x00, 0, 4, True), pci(1, 0x00, 0, 4, True), pci(3, 0x40, 0, 1, True)]
    return MACHINE, out


def windows():
    reserve = struct.pack("<QHBB", 0xe0000000, 0, 0, 0)
    out = [call(PHYSDEV_OP, 24, reserve), call(PHYSDEV_OP, 24, reserve),
           call(PHYSDEV_OP, 24, struct.pack("<QHBB", 0xe0000000, 1, 0, 0)),
           call(PHYSDEV_OP, 24, struct.pack("<QHBB", 0xd0000000, 1, 3, 1)),
           call(PHYSDEV_OP, 24, struct.pack("<QHBB", 0x123, 1, 1, 1)),
           call(PHYSDEV_OP, 25, b""), call(PHYSDEV_OP, 1, b"")]
    for at in 0x0, 0x8000, 0x8100, 0x10040, 0x8ff8:
        out += [memory_fault(0xe0000000 + at, 0, False), write(0xe0000000 + at, 1),
                memory_fault(0xe0000000 + at, 0, False, True)]
    return MACHINE, out


def saved():
    """Save, change and load the state of a guest; one record; policies; TSC; the rest of domctl."""
    out = [domctl(11, b"", 0), domctl(11, struct.pack("<Q", 0x4000), 1, 1),
           domctl(12, struct.pack("<Q", 2700), 1, 1)]
    for size in range(2200, 3400, 100):
        out.append(domctl(12, struct.pack("<Q", size), 1, 1))
    for kind in 0, 1, 2, 5, 6, 14, 16, 19, 40:
        out.append(domctl(18, struct.pack("<IIQ", kind, 0, 0x1000), 1, 2))
    return TOOLSTACK, out


def controlled():
    out = []
    for command in range(24):
        out += [domctl(command), domctl(command, struct.pack("<QQQ", 0x40, 1, 0), 1, 1),
                domctl(command, struct.pack("<QQQ", 0, 0, 0), 1, 0)]
    return TOOLSTACK, out[:64]


def policies():
    out = [domctl(19, struct.pack("<II", 512, 64)), domctl(19, struct.pack("<II", 512, 64), 1, 1),
           domctl(19, struct.pack("<II", 512, 64), 1, 2),
           domctl(20, struct.pack("<II", 8, 0), 1, 1)]
    for index in range(6):
        s = bytearray(step(CONTROL_CALL, IF, index, 1, 1 << 19, index | 64 << 32, 0))
        out.append(bytes(s))
    for pick in 64, 65, 66, 67:
        out += [step(CONTROL_CALL, IF, pick, 0, 0, 0), step(CONTROL_CALL, IF, pick, 0, 0, 1),
                step(CONTROL_CALL, IF, pick, 0, 0, 77)]
    fmap = struct.pack("<HxxxxxxIxxxx", 1, 2)
    for cmd in 9, 10, 13:
        out.append(call(MEMORY_OP, cmd, fmap if cmd == 13 else struct.pack("<I", 2), 16 if cmd == 13 else 8))
    return TOOLSTACK, out


def modes():
    out = []
    for mode in range(6):
        for cpl in 0, 3:
            out += [step(MODE, IF, mode, cpl), step(CALL, IF, 17, 0, 0), step(FAULT, IF, 5, 0),
                    step(CONTROL, IF, 0, 1, 0, 7), step(CPUID, IF | 0x10, 1)]
    return GUEST, out[:64]


def software_interrupts():
    """INT n with a stack in the hole, which is why it is emulated; INT3, INT1 and INTO."""
    out = [step(FAULT, IF, 5, 0, 0, 0, 2, b"\xcd" + bytes([n])) for n in (0, 1, 2, 3, 8, 14, 17, 31, 32)]
    return GUEST, out + [step(FAULT, IF, 5, 0, 0, 0, 2, bytes([n])) for n in (0xcc, 0xf1, 0xce)]


def keys():
    """Debug keys, while the guest runs, waits and is gone."""
    def press(which):
        return step(CONTROL_CALL, IF, 63, 1, 0, 0, len(which), which)
    return TOOLSTACK, [press(b"vxi"), domctl(0), press(b"vxi"), domctl(1), press(b"hregT"), IDLE]


def policy_given():
    """The guest's policy is read, and given back before it starts: whole, and with a byte changed."""
    def policy(command, leaves, msrs, byte=None):
        s = bytearray(domctl(command, struct.pack("<II", leaves, msrs), 9 if byte is None else 13, 1))
        s[4:8] = struct.pack("<I", 1 << 19 | 2 << 27 | (byte or 0))
        return bytes(s)
    out = [policy(19, 512, 64), policy(20, 30, 1), policy(20, 60, 1), policy(20, 60, 2), policy(20, 200, 1)]
    # A leaf is its number, its second number and four registers; the MSRs are two pages further.
    for byte in 0, 4, 8, 33, 57, 70, 150, 0x2000, 0x2004, 0x2008:
        out += [policy(19, 512, 64), policy(20, 30, 1, byte)]
    return TOOLSTACK, out + [domctl(1), IDLE, policy(20, 1, 1)]


def memory_maps():
    """The map that a guest will see is set by its toolstack, and read by the guest."""
    def fmap(entries):
        s = bytearray(call(MEMORY_OP, 13, struct.pack("<HxxxxxxIxxxx", 0, entries), 16))
        s[3] |= 8
        return bytes(s)
    return TOOLSTACK, [fmap(1), fmap(0), fmap(2), fmap(200), call(MEMORY_OP, 9, struct.pack("<I", 8), 8)]


def device_model():
    """The toolstack claims ports, memory and a PCI function of its guest, which then reaches them."""
    def dm(op, data=b"", flags=IF):
        data = data.ljust(31, b"\0")
        low, high = struct.unpack("<QQ", data[:16])
        s = bytearray(step(CONTROL_CALL, flags, 62, 0, op, low, high))
        s[25:40] = data[16:31]
        return bytes(s)
    def claim(kind, start, end):
        return dm(3, struct.pack("<HHIQQ", 0, 0, kind, start, end))
    out = [dm(1, b"\2"), dm(1, b"\1"), dm(2), dm(20)]
    out += [claim(0, 0x3f0, 0x3ff), claim(1, 0xa0000, 0xbffff), claim(2, 0, 0xff)]
    out += [dm(5, struct.pack("<HB", 0, 1))]
    for vector, kind, size in ((0x20, 0, 0), (2, 2, 0), (13, 3, 0), (14, 3, 0), (3, 4, 1), (1, 5, 1), (6, 6, 1), (99, 9, 0)):
        out.append(dm(14, struct.pack("<IBBBBIIQ", 0, vector, kind, size, 0, 0, 0, 0x1234)))
    out += [dm(15, struct.pack("<IIQ", 0x4031, 0, 0xfee00000)), dm(7, struct.pack("<BBBBBxxx", 0, 0, 3, 0, 1)),
            dm(8, struct.pack("<BB", 5, 1)), dm(9, struct.pack("<BB", 1, 10)), dm(19, struct.pack("<IB", 20, 1)),
            dm(12, struct.pack("<IHHQ", 2, 1, 0, 20)), dm(13), dm(10), dm(11), dm(17), dm(18), dm(31)]
    ports = [step(PORT, IF, 19, reg) for reg in (1, 0, 3, 5)]
    video = [memory_fault(0xa0000, 5), memory_fault(0xa0008, 0, False), memory_fault(0xb8000, 7)]
    return TOOLSTACK, out + ports + video + [pci(0, 0, 0, 4, True), dm(5, struct.pack("<HB", 0, 0)), dm(6), dm(16)]


def answered_devices():
    """Devices that are there from the start: each access waits until the toolstack answers."""
    def answer(data, how=0, at=0, byte=0):
        return step(CONTROL_CALL, IF, 61, how, at, data, byte)
    hole, out = 63 << 12, []
    for i in range(4):
        # Who takes a step is the seed's choice, so each is there twice.
        for access in (step(PORT, IF, RAW, 5, 0x300 + i), memory_fault(hole + 8 * i, 0, False),
                       step(PORT, IF, RAW, 4, 0x304), memory_fault(hole, 77)):
            out += [access, access, IDLE, answer(0x1122334455667788 + i)]
    late = [answer(1, 4), answer(2, 8, 24, 0x55), domctl(11, b"", 1, 1), domctl(12, b"", 1, 1)]
    return TOOLSTACK, (out[:44] + [step(PORT, IF, RAW, 5, 0x300)] * 2 + late[:1] + late[2:] +
                       [answer(3, 5), answer(4), *late[1:2]] + [pci(3, 0, 0, 4, True)] * 2 + [IDLE, answer(5)])


def port_out(port, val, size=1):
    return step(PORT, IF, RAW, {1: 0, 2: 2, 4: 4}[size], port, val)


def port_in(port, size=1):
    return step(PORT, IF, RAW, 1 | {1: 0, 2: 2, 4: 4}[size], port)


def rtc(index, val):
    return [port_out(0x70, index), port_out(0x71, val)]


# Both 8259s: vectors from 0x20 and 0x28, nothing masked; heard through LINT0.
PICS = [port_out(port, val) for port, val in (
    (0x20, 0x11), (0x21, 0x20), (0x21, 4), (0x21, 1), (0xa0, 0x11), (0xa1, 0x28), (0xa1, 2), (0xa1, 1),
    (0x21, 0), (0xa1, 0))] + [apic(SPIV, 0x1ff), apic(LVT0, 0x700)]
EOIS = [port_out(0xa0, 0x20), port_out(0x20, 0x20)]
LATER = step(TIME, IF | TIME_1MS, b=0xffffff)


def pc_clocks():
    """A PC's 8254 and clock interrupt by the 8259s: ticks, one shot, alarm, end of the update."""
    out = PICS + [port_out(0x43, 0x34), port_out(0x40, 0), port_out(0x40, 4), LATER, port_out(0x20, 0x20),
                  port_out(0x43, 0), port_in(0x40), port_in(0x40), port_out(0x43, 0x30), port_out(0x40, 9),
                  port_out(0x40, 0), LATER, *EOIS, port_out(0x61, 3), port_in(0x61)]
    out += rtc(0x0a, 0x26) + rtc(0x0b, 0x42) + [LATER, port_out(0x70, 0x0c), port_in(0x71), *EOIS]
    out += rtc(0x0b, 0x82) + rtc(4, 0x23) + rtc(1, 0xff) + rtc(0x0b, 0x32) + [LATER, port_in(0x71)]
    return GUEST, out + [step(HLT), *EOIS, port_out(0xa0, 0x0b), port_in(0xa0)]


def pc_pic():
    """The 8259s' other words: rotation, special mask, poll, level lines, and words of the wrong size."""
    out = PICS + [port_out(0x4d0, 0xf8), port_out(0x4d1, 0xff), port_in(0x4d0), port_in(0x4d1)]
    for word in 0x0a, 0x0b, 0x0c, 0x60, 0x80, 0xa0, 0xc1, 0xe0, 0x68, 0x48, 0x40, 0x20:
        out += [port_out(0x20, word), port_in(0x20)]
    out += [port_in(0x21), port_out(0x20, 1, 2), port_in(0x20, 4), port_out(0xa0, 0x19), port_out(0xa1, 0x70),
            port_out(0xa1, 3), port_in(0xa1)]
    return GUEST, out


def pc_hpet():
    """The HPET instead of both, periodic and by a message of the IO-APIC."""
    base, out = 0xfed00000, list(PICS)
    for at, val in ((0x100, 0x4c), (0x108, 1000), (0x108, 1000), (0x120, 0x4), (0x128, 5000), (0x140, 0x2804),
                    (0x148, 3000), (0xf0, 0), (0x10, 3)):
        out.append(write(base + at, val))
    for at in 0, 4, 0x10, 0x20, 0xf0, 0x100, 0x108, 0x110, 0x160, 0x3f8:
        out += [memory_fault(base + at, 0, False), memory_fault(base + at, 0, False, True)]
    out += [LATER, *EOIS, LATER, *EOIS, step(HLT), write(base + 0x20, 7), write(base + 0x10, 1), LATER,
            write(base + 0x10, 0), write(base + 0xf0, 0xffffffff), memory_fault(base + 0xf0, 77, True, True)]
    return GUEST, out


def pc_power():
    """The ACPI timer and its event block, where firmware says it is."""
    out = list(PICS)
    def at(place):
        return call(HVM_OP, 0, struct.pack("<HHIQ", 0x7ff0, 0, 19, place))
    for place, first in ((0, 0x1f40), (1, 0xb000)):
        out += [at(place), port_out(first + 2, 0x121, 2), port_in(first + 8, 4), port_in(first + 9), LATER,
                port_in(first, 2), port_out(first, 0x721, 2), port_in(first, 4), port_out(first + 8, 1, 4)]
    return GUEST, out + [at(2), port_in(0x1f40, 2), port_out(0xe9, 65), port_in(0xe9), port_out(0xe9, 1, 2)]


def pc_saved():
    """A PC's lines, buttons and clock as its toolstack works them; then it is saved and loaded."""
    def dm(op, data):
        data = data.ljust(31, b"\0")
        s = bytearray(step(CONTROL_CALL, IF, 62, 0, op, *struct.unpack("<QQ", data[:16])))
        s[25:40] = data[16:31]
        return bytes(s)
    out = PICS[:8] + [domctl(10, struct.pack("<I", 3600))]
    for level in 1, 0, 1:
        out += [dm(7, struct.pack("<BBBBB", 0, 0, 3, 1, level)), dm(8, struct.pack("<BB", 5, level)), IDLE]
        out += [dm(9, struct.pack("<BB", link, 10 + level)) for link in (0, 1)]
    out += [domctl(15, struct.pack("<II", which, 0)) for which in (1, 2, 3, 4)]
    out += [port_out(0x70, 0x20), port_in(0x71), port_out(0x71, 9), port_in(0xb000, 2), port_in(0x1f40, 2)]
    out += [domctl(11, struct.pack("<Q", 0x4000), 1, 1)] + [domctl(12, struct.pack("<Q", n), 1, 1)
                                                            for n in range(2200, 4600, 200)]
    out += [domctl(18, struct.pack("<IIQ", kind, 0, 0x1000), 1, 2) for kind in (3, 4, 7, 8, 9, 10, 11, 12)]
    return TOOLSTACK, out


# Calls about functions, as passed.c numbers them.
(ASSIGN, DEASSIGN, TEST_ASSIGN, GROUP, BIND, UNBIND, FRAMES, PORTS, MAP_PIRQ, UNMAP_PIRQ) = range(10)
BARS = 0xf0000000


def passed(which, b=0, c=0, reg=0, insn=b""):
    """Twice, as the guest may take a step that the toolstack was meant to take."""
    return [step(CONTROL_CALL, IF, 60, reg, which, b, c, insn)] * 2


def passed_interrupts():
    """Messages of the guest's function are numbered, bound, sent and taken away."""
    out = list(ON)
    for entry in 0, 1 << 16, 1 << 16 | 1 << 8, 1 << 16 | 9 << 8:
        out += passed(MAP_PIRQ, 1, entry)
    for pirq, vector, flags in ((0, 0x51, 0x10000), (1, 0x52, 0x10000), (2, 0x53, 0), (1, 0x54, 0x10100), (0, 5, 0)):
        out += passed(BIND, 0, pirq | vector << 8 | flags << 16)
    out += [step(DEVICE, IF, 0, 0, 0), IDLE, step(DEVICE, IF, 0, 0, 1), IDLE, apic(EOI, 0)]
    out += passed(MAP_PIRQ, 2, 0) + passed(MAP_PIRQ, 1, 5, 4) + passed(MAP_PIRQ, 1, 0, 8, b"\x01")
    out += passed(UNBIND, 0, 1) + passed(UNBIND, 7, 1, 8) + passed(UNMAP_PIRQ, 0, 2)
    return TOOLSTACK, out + passed(DEASSIGN, 1) + [step(DEVICE, IF, 0, 0, 0), IDLE] + passed(UNMAP_PIRQ, 0, 0)


def passed_functions():
    """Functions go to the guest, into quarantine and back; some cannot."""
    out = []
    for b, reg in ((2, 0), (2, 0), (4, 0), (7, 0), (2, 4), (0x42, 0)):
        out += passed(TEST_ASSIGN, b, 1, reg) + passed(ASSIGN, b, 1, reg)
    out += passed(GROUP, 1, 3) + passed(DEASSIGN, 1) + passed(DEASSIGN, 1) + passed(DEASSIGN, 1, 0, 8)
    out += passed(ASSIGN, 1, 0, 8) + passed(ASSIGN, 1) + [pci(1, 0, 0, 4, True)] * 2
    return TOOLSTACK, out + [domctl(1), step(SHUTDOWN, IF)] * 2


def passed_windows():
    """Frames and ports of the machine are mapped, reached and unmapped."""
    out = []
    for b, c, reg in ((0x110, 0, 1), (0x410, 0x10, 1), (0x7f00, 0, 1), (0, 0, 1), (0x13f, 0, 1), (0x110, 1 << 40, 5),
                      (0x110, 0, 2), (0x110, 0, 0), (0x110, 0, 0)):
        out += passed(FRAMES, b, c, reg)
    out += [memory_fault(BARS + 0x10000, 1), memory_fault(BARS + 0x10000, 0, False)] * 2
    for b, c, reg in ((0x400, 0, 1), (0x408, 8, 1), (0x1200, 0, 1), (0, 0, 1), (0x400, 0x10000, 5), (0x400, 0, 2)):
        out += passed(PORTS, b, c, reg)
    out += [port_in(0x300), port_out(0x302, 1, 2), port_in(0x308, 4)] * 2
    return TOOLSTACK, out + passed(PORTS, 0x400, 0, 0) + passed(PORTS, 0x400, 0, 0) + [port_in(0x300)] * 2


def passed_bus():
    """The guest finds its function, moves its windows, and works its message tables."""
    def both(*steps):
        return [s for s in steps for _ in range(2)]
    out = both(pci(0, 0, 0, 4, True), pci(1, 0, 0, 4, True), pci(1, 8, 0, 4, True), pci(1, 0x34, 0, 1, True))
    for bar in 0x10, 0x14, 0x18:
        out += both(pci(1, bar, 0xffffffff), pci(1, bar, 0, 4, True))
    out += both(pci(1, 0x10, BARS + 0x10000), pci(1, 0x18, 0xe8000000), pci(1, 4, 6, 2), pci(1, 4, 0, 2, True))
    table = BARS + 0x10800
    for at, val in ((0, 0xfee00000), (4, 0), (8, 0x61), (12, 0)):
        out += both(write(table + at, val))
    out += both(pci(1, 0x5a, 0x8000, 2), step(DEVICE, IF, 0, 0, 0), memory_fault(table, 0, False), pci(1, 4, 0, 2))
    return TOOLSTACK, out + both(pci(1, 0x44, 0xfee00000), pci(1, 0x48, 0x51), pci(1, 0x42, 1, 2))


NAMED = [interrupts, others, nmis, timers, callbacks, ioapic, messages, windows, saved, controlled,
         policies, modes, software_interrupts, keys, policy_given, memory_maps,
         device_model, answered_devices, pc_clocks, pc_pic, pc_hpet, pc_power, pc_saved,
         passed_interrupts, passed_functions, passed_windows, passed_bus]
FLAGS = {policy_given: 0x80, memory_maps: 0x80, answered_devices: 0x40,     # HEAD_NOT_STARTED, HEAD_MODEL
         pc_clocks: 0x20, pc_pic: 0x20, pc_hpet: 0x20, pc_power: 0x20, pc_saved: 0x60,  # HEAD_CHIPSET
         passed_interrupts: 0x10, passed_functions: 0x10, passed_windows: 0x10, passed_bus: 0x10}  # HEAD_PASSED


def main():
    check = sys.argv[-1] == "--check"
    for make in NAMED:
        scene, steps = make()
        flags = FLAGS.get(make, 0)
        path, data = Path(sys.argv[1]) / make.__name__, bytes([scene, 1, flags, 0]) + b"".join(steps[:64])
        if not check:
            path.write_bytes(data)
        elif not path.exists() or path.read_bytes() != data:
            raise SystemExit(f"seeds.py: {path} would be written otherwise; run it without --check")


if __name__ == "__main__":
    main()
