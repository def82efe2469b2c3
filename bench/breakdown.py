#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the instructions of an exit go: function by function, from the guest's instruction to its next.

The emulator runs the measuring microguest in an endless loop of one benchmark, and for a moment logs
every instruction's address (one instruction a translation block, no chaining). The log is cut at the
guest's instructions; the most frequent course of an exit is shown, in the order of its functions. A
course is exact: it is not a sample of where time goes, but all that was executed.

Stages: "save" is svm_vmrun after VMRUN, "restore" what is before it; "dispatch" is everything between
them, by function.

--per FUNCTION is for benchmarks with several exits a turn, such as those of devices in another domain:
all instructions in the log by function, divided by the calls of FUNCTION (ioreq_send, schedule).

The lines of the table go to OUT/breakdown-BENCHMARK.tsv too. Exit status: 0 shown, 1 not to be had.
"""
import argparse
import bisect
import collections
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time

import run

sys.path.insert(0, os.path.join(run.REPO, "scripts"))
import qemu  # noqa: E402  pylint: disable=wrong-import-position,import-error

ADDRESS = re.compile(r"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")
# Hypervisors lie in the upper half of the address space, our guest in the lower.
UPPER = 1 << 63
ENTRY = "svm_vmrun"
INSIDE = {"svm_vmrun_end": ENTRY}    # a label in it, after VMRUN
# Turns: more than there is time for, and few enough for the empty loop to be over soon.
ENDLESS = 1 << 25
BENCHMARKS = ("exit.hypercall", "exit.cpuid", "exit.msr.read", "exit.port.pit",
              "exit.mmio.lapic.read", "event.self", "sched.yield", "timer.set.call",
              "irq.eoi.none.xapic")


class Done(Exception):
    """The log has enough."""


class Monitor:
    """The emulator's monitor, by QMP."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        self.file.readline()
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        """One command; returns its answer, or raises RuntimeError."""
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline() or '{"error": "the emulator is gone"}')
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def human(self, line):
        """A command of the monitor for people."""
        return self.execute("human-monitor-command", **{"command-line": line})


def record(kernel, benchmark, args, base):
    """Addresses of the instructions executed in some moments of a benchmark."""
    log, path = base + ".trace", base + ".qmp"
    for old in (log, path):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(old)
    side = run.Side("Xenolith", kernel)
    options = argparse.Namespace(**vars(args), bench=benchmark, rounds=ENDLESS, mode="icount",
                                 domain="dom0", peer=False, emulator="reference", xen="")
    machine = run.machine_for(side, run.SETS[args.set], options, base)
    machine.extra += ["-qmp", f"unix:{path},server=on,wait=off"]

    def on_line(line):
        if "BENCH-START" not in line:
            return
        monitor = Monitor(path)
        # Past the start of the loop.
        time.sleep(args.settle)
        monitor.human(f"logfile {log}")
        monitor.human("one-insn-per-tb on")
        monitor.human("log exec,nochain")
        time.sleep(args.seconds)
        monitor.human("log none")
        raise Done

    try:
        result = qemu.run(machine, None, run.FAILURES, args.timeout, base + ".log", on_line)
        raise RuntimeError(f"{qemu.NAMES[result.code]}: {result.line}{result.errors[-200:]}")
    except Done:
        pass
    with open(log, encoding="ascii", errors="replace") as file:
        found = [int(m.group(1), 16) for m in map(ADDRESS.match, file) if m]
    os.unlink(log)
    return found


class Symbols:
    """Names of the hypervisor's functions by address."""

    def __init__(self, elf):
        lines = subprocess.run(["nm", "-n", elf], capture_output=True, text=True,
                               check=True).stdout.split("\n")
        known = [(int(w[0], 16), w[2]) for w in map(str.split, lines)
                 if len(w) == 3 and w[1] in "tT"]
        self.starts = [a for a, _ in known]
        self.names = [n for _, n in known]

    def start(self, function):
        """Where a function begins; RuntimeError when there is none of this name."""
        if function not in self.names:
            raise RuntimeError(f"the hypervisor has no function {function}")
        return self.starts[self.names.index(function)]

    def name(self, address):
        """The function an address is in."""
        at = bisect.bisect_right(self.starts, address) - 1
        name = self.names[at] if at >= 0 else hex(address)
        return INSIDE.get(name, name)


def courses(addresses):
    """For each exit, its instructions in the hypervisor; the guest's own in between as a count."""
    host, guest = [], 0
    for address in addresses:
        if address >= UPPER:
            host.append(address)
            continue
        if host:
            yield tuple(host), guest
            host, guest = [], 0
        guest += 1


def stages(course, symbols):
    """[(stage, function, instructions)] in the order of first execution."""
    named = [symbols.name(a) for a in course]
    first = next((i for i, n in enumerate(named) if n != ENTRY), len(named))
    last = next((i for i in range(len(named) - 1, -1, -1) if named[i] != ENTRY), -1)
    counts = collections.Counter(named[first:last + 1])
    return ([("save", ENTRY, first)] + [("dispatch", n, c) for n, c in counts.items()]
            + [("restore", ENTRY, len(named) - 1 - last)])


def show(benchmark, found, symbols, path):
    """Print and write the most frequent course."""
    cut = list(courses(found))[1:]
    if not cut:
        raise RuntimeError("no exit in the log; try a larger --seconds")
    tally = collections.Counter(course for course, _ in cut)
    course, times = tally.most_common(1)[0]
    guest = collections.Counter(g for c, g in cut if c == course).most_common(1)[0][0]
    rows = [("guest", "between two exits", guest), *stages(course, symbols)]
    print(f"\n{benchmark}: {len(cut)} exits in the log, {times} of them by this course, "
          f"{len(tally)} different ones")
    with open(path, "w", encoding="utf-8") as file:
        file.write("stage\tfunction\tinstructions\n")
        for stage, name, count in [*rows, ("total", "", sum(r[2] for r in rows))]:
            print(f"  {stage:10} {name:32} {count:6}")
            file.write(f"{stage}\t{name}\t{count}\n")


def show_average(benchmark, found, symbols, function, path):
    """Print and write what a call of this function goes with, on average, and the guests' part."""
    start = symbols.start(function)
    calls = [i for i, address in enumerate(found) if address == start]
    if len(calls) < 2:
        raise RuntimeError(f"{function} is called {len(calls)} times in the log; try a larger --seconds")
    turns = len(calls) - 1
    named = collections.Counter(symbols.name(a) if a >= UPPER else "(guests)"
                                for a in found[calls[0]:calls[-1]])
    print(f"\n{benchmark}: {turns} turns in the log, by calls of {function}")
    with open(path, "w", encoding="utf-8") as file:
        file.write("function\tinstructions\n")
        for name, count in [*named.most_common(), ("total", sum(named.values()))]:
            print(f"  {name:32} {count / turns:8.1f}")
            file.write(f"{name}\t{count / turns:.1f}\n")


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("benchmark", nargs="*", help=f"which (default: {' '.join(BENCHMARKS[:3])}; good ones are "
        f"those with one exit a turn: {' '.join(BENCHMARKS)})")
    add("--set", choices=[n for n, s in run.SETS.items() if not s.bare], default="up",
        help="machine (default: %(default)s); sched.switch needs 'shared'")
    add("--per", metavar="FUNCTION", help="average over the calls of this function instead")
    add("--build", default=os.path.join(run.REPO, "build"), help="build directory")
    add("--out", help="folder for the results (default: BUILD/bench)")
    add("--opts", default="", help="more words for Xenolith's command line")
    add("--settle", type=float, default=0.3, help="seconds before the log (default: %(default)s)")
    add("--seconds", type=float, default=0.5, help="of log (default: %(default)s)")
    add("--timeout", type=float, default=120, help="seconds a run (default: %(default)s)")
    args = parser.parse_args()
    args.out = args.out or os.path.join(args.build, "bench")
    return args


def main():
    """The command."""
    args = parse()
    os.makedirs(args.out, exist_ok=True)
    kernel = os.path.join(args.build, "x86_64", "xenolith")
    try:
        symbols = Symbols(kernel + ".elf64")
        wanted, per = args.benchmark or BENCHMARKS[:3], args.per
        del args.benchmark, args.per
        for benchmark in wanted:
            base = os.path.join(args.out, f"breakdown-{benchmark}")
            found = record(kernel, benchmark, args, base)
            if per:
                show_average(benchmark, found, symbols, per, base + ".tsv")
            else:
                show(benchmark, found, symbols, base + ".tsv")
    except (OSError, RuntimeError, subprocess.CalledProcessError) as err:
        print(f"breakdown: {err}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
