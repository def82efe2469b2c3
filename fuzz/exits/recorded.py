#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turns the exits of a real guest, out of a trace (docs/traces.md), into inputs of "exits" and steps of fuzz/system.

usage: recorded.py TRACE DOMAIN seeds FOLDER     one input for each 64 exits of a vCPU
       recorded.py TRACE DOMAIN table FILE.h     fuzz/system/guest/recorded.h

A trace has the numbers of hypercalls but not their arguments: those are the usual ones of Linux.
"""
import sys
from pathlib import Path

import seeds

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "traces"))
from tracelib.catalogue import Catalogue    # noqa: E402  pylint: disable=wrong-import-position
from tracelib.files import read             # noqa: E402  pylint: disable=wrong-import-position
from tracelib.merge import load             # noqa: E402  pylint: disable=wrong-import-position
from tracelib.model import Model            # noqa: E402  pylint: disable=wrong-import-position

APIC_BASE = 0xfee00000
INPUT_STEPS = 64
# Nothing is learned from the same exit again and again, as while a kernel calibrates its clock.
MOST_ALIKE = 3
WRITE_PORT, READ_PORT = 0, 1
# SVM's exit codes whose effect no other record tells (APM volume 2, appendix C).
CR0_WRITE, CR4_WRITE, INTR, IRET, PAUSE, WBINVD, XSETBV = 0x10, 0x14, 0x60, 0x74, 0x77, 0x89, 0x8d
# Leaves whose answer depends on ECX, which otherwise is what some code left there.
SUBLEAVES = {4, 7, 0xb, 0xd, 0xf, 0x10, 0x14, 0x17, 0x18, 0x1f, 0x8000001d}
# Of a hypercall, the command that Linux uses most: xen_version's features, the event channels' send,
# set_singleshot_timer, block.
COMMANDS = {17: 6, 32: 4, 24: 8, 29: 1, 34: 0, 12: 7, 20: 2}


def exits_of(model, domain):
    """The exits of each vCPU in the order of time: lists of (what, number, value)."""
    found = {}
    for (_, _, number, extra), owner in zip(model.trace.records, model.owner):
        if model.vcpus[owner][0] != domain:
            continue
        event = model.catalogue.find(number)
        step = _meaning(event.name, event.decode(extra))
        steps = found.setdefault(model.vcpus[owner], [])
        if step and steps[-MOST_ALIKE:] != [step] * MOST_ALIKE:
            steps.append(step)
    return found


def _meaning(name, fields):
    """What a record says of its exit, or None."""
    if name == "cpuid":
        return "cpuid", fields["leaf"], fields["subleaf"] if fields["leaf"] in SUBLEAVES else 0
    if name in ("msr_read", "msr_write"):
        return name, fields["msr"], fields["value"]
    if name in ("io_read", "io_write"):
        return name, fields["port"], fields["value"]
    if name in ("mmio_read", "mmio_write"):
        return name, fields["gpa"], fields["value"]
    if name == "hypercall":
        return name, fields["nr"], COMMANDS.get(fields["nr"], 0)
    if name == "evtchn_send":
        return name, fields["port"], 0
    if name == "halt":
        return name, 0, 0
    if name == "vmexit" and fields["reason"] in (CR0_WRITE, CR4_WRITE, INTR, IRET, PAUSE, WBINVD,
                                                 XSETBV):
        return "exit", fields["reason"], 0
    return None


def _width(value):
    return 1 if value < 0x100 else 2 if value < 0x10000 else 4


def _port(number, value, direction):
    wide = {1: 0, 2: 1, 4: 2}[_width(value)]
    return seeds.step(seeds.PORT, seeds.IF, seeds.RAW, wide << 1 | direction, number, value)


def _memory(address, value, write):
    if address & ~0xfff == APIC_BASE:
        return seeds.step(seeds.APIC, seeds.IF, (address & 0xfff) // 16, 0 if write else 1, b=value)
    return seeds.write(address, value) if write else seeds.memory_fault(address, 0, False)


def _exit(reason):
    return {CR0_WRITE: seeds.step(seeds.CONTROL, seeds.IF, 1, 2, b=3),
            CR4_WRITE: seeds.step(seeds.CONTROL, seeds.IF, 0, 1, b=7),
            INTR: seeds.step(seeds.TIME, seeds.IF | seeds.TIME_20US, b=1000),
            IRET: seeds.step(seeds.IRET), PAUSE: seeds.step(seeds.PLAIN, seeds.IF, 2),
            WBINVD: seeds.step(seeds.PLAIN, seeds.IF, 0),
            XSETBV: seeds.step(seeds.XCR, seeds.IF, 1, 0, b=7)}[reason]


def step_of(what, number, value):
    """One exit as the bytes of a step of "exits"."""
    return {
        "cpuid": lambda: seeds.step(seeds.CPUID, seeds.IF, seeds.RAW, 0, 0, number, value),
        "msr_read": lambda: seeds.step(seeds.MSR, seeds.IF, seeds.RAW, 0, number, value),
        "msr_write": lambda: seeds.step(seeds.MSR, seeds.IF, seeds.RAW, 1, number, value),
        "io_read": lambda: _port(number, value, READ_PORT),
        "io_write": lambda: _port(number, value, WRITE_PORT),
        "mmio_read": lambda: _memory(number, value, False),
        "mmio_write": lambda: _memory(number, value, True),
        "hypercall": lambda: seeds.call(number & 0x3f, value, b"", 0),
        "evtchn_send": lambda: seeds.call(seeds.EVENT_OP, 4, number.to_bytes(4, "little")),
        "halt": lambda: seeds.step(seeds.HLT),
        "exit": lambda: _exit(number),
    }[what]()


def write_seeds(found, folder):
    """An input for each 64 exits."""
    count = 0
    for (domain, vcpu), steps in sorted(found.items()):
        scene = seeds.GUEST if domain else seeds.MACHINE
        for at in range(0, len(steps), INPUT_STEPS):
            data = b"".join(step_of(*s) for s in steps[at:at + INPUT_STEPS])
            name = f"recorded-d{domain}v{vcpu}-{at // INPUT_STEPS:03}"
            (folder / name).write_bytes(bytes([scene, 1, 0, 0]) + data)
            count += 1
    print(f"recorded.py: {count} inputs in {folder}")


def _row(what, number, value):
    """The function of fuzz/system/guest/perform.c that does an exit again, with its arguments."""
    if what in ("mmio_read", "mmio_write") and number & ~0xfff == APIC_BASE:
        what, number = what.replace("mmio", "apic"), number & 0xfff
    return {
        "cpuid": ("do_cpuid", number, value), "msr_read": ("do_rdmsr", number),
        "msr_write": ("do_wrmsr", number, value), "io_read": ("do_in", number, _width(value)),
        "io_write": ("do_out", number, _width(value), value), "mmio_read": ("do_mmio_read", number),
        "mmio_write": ("do_mmio_write", number, 0, value), "apic_read": ("do_apic_read", number),
        "apic_write": ("do_apic_write", number, 0, value),
    }.get(what)


def write_table(found, path):
    """Each different exit, where it came first, as a row of C; hypercalls have rows of their own."""
    rows = dict.fromkeys(row for vcpu in sorted(found) for step in found[vcpu] if (row := _row(*step)))
    path.write_text("/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
                    "/* Exits of a Linux guest's boot, by fuzz/exits/recorded.py. */\n"
                    + "".join(f"{{ {fn}, {{ {', '.join(f'{a:#x}' for a in args)} }} }},\n"
                              for fn, *args in rows), encoding="utf-8")
    print(f"recorded.py: {len(rows)} exits in {path}")


def main():
    """Read the trace, write what is asked for."""
    if len(sys.argv) != 5 or sys.argv[3] not in ("seeds", "table"):
        sys.exit(__doc__)
    trace, domain, what, to = sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    found = exits_of(Model(load(read(trace), None, False), Catalogue()), domain)
    if not any(found.values()):
        sys.exit(f"recorded.py: {trace} has no exits of domain {domain}")
    (write_seeds if what == "seeds" else write_table)(found, to)


if __name__ == "__main__":
    main()
