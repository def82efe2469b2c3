#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a boot spends its instructions: the steps between the hypervisor's stamped lines.

usage: stages.py [--least PERCENT] LOG...

Reads serial logs with console_timestamps=raw, of Xenolith or of Xen, up to the first domain's first
line. Under -icount a stamp is the count of instructions since power-on. A step is named by the line
that ends it; those below --least percent of the whole are added up. Lines are tab-separated:

    <log> <instructions> <percent> <line>
"""
import argparse
import os
import re
import sys

STAMP = re.compile(r"^\(XEN\) \[\s*([0-9a-f]{8,16})\] ?(.*)")
LAST = re.compile(r"BENCH-START|Linux version")


def steps(lines):
    """[(ticks, text)] from power-on to the last stamped line before the domain speaks."""
    before, found = 0, []
    for line in lines:
        match = STAMP.match(line)
        if LAST.search(line):
            break
        if match and int(match.group(1), 16) >= before:
            at = int(match.group(1), 16)
            found.append((at - before, match.group(2) if before else "power-on to the first line"))
            before = at
    return found


def table(found, least):
    """The steps of at least that many percent in their order, then the rest and the sum."""
    total = sum(ticks for ticks, _ in found)
    large = [s for s in found if s[0] * 100 >= least * total]
    rest = total - sum(ticks for ticks, _ in large)
    return [*large, (rest, f"{len(found) - len(large)} smaller steps"), (total, "all")], total


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", nargs="+")
    parser.add_argument("--least", type=float, default=1, help="default: %(default)s percent")
    args = parser.parse_args()
    for path in args.log:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                found = steps(file.read().split("\n"))
        except OSError as err:
            print(f"stages: {err}", file=sys.stderr)
            return 1
        if not found:
            print(f"stages: {path} has no raw stamps; boot with console_timestamps=raw",
                  file=sys.stderr)
            return 1
        rows, total = table(found, args.least)
        for ticks, text in rows:
            print(f"{os.path.basename(path)}\t{ticks}\t{ticks * 100 / total:.1f}\t{text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
