#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare our xl with Debian's in dom0 on Xenolith, and see what 100 guests leave behind.

usage: run.py [--build FOLDER] [--out FOLDER] [--rounds N] [--cycles N] [--daemons ours|debian]

In one boot, under -icount, both programs create, use and end the same guests, turn by turn, through
the same daemons (ours; with --daemons debian, Debian's): a small guest of 32 MiB that sleeps, and
Debian's Linux. A time is from before xl's process is made until it has ended; for "console" until the
first byte of what the guest said before is shown. A nanosecond is an instruction of anybody on the
machine, and goes on while all CPUs wait. Figures are medians over the rounds with a 95 % confidence
interval of the median; the first round warms up and does not count.

Then our xl creates and destroys the small guest --cycles times: free pages, event channels, grants,
programs, files and the whole store must stay as they were (scripts/image/dom0/do/cycles).

Results: a table on the screen; OUT/table.md, toolstack.tsv, raw.csv, toolstack.json, serial.log.
Exit status: 0 measured and nothing is left behind; 1 otherwise.
"""
import argparse
import csv
import json
import os
import re
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import figures  # noqa: E402  pylint: disable=wrong-import-position
import provenance  # noqa: E402  pylint: disable=wrong-import-position

sys.path.insert(0, os.path.join(provenance.REPO, "scripts"))
import qemu  # noqa: E402  pylint: disable=wrong-import-position

SAMPLE = re.compile(r"^SAMPLE (\S+) (\S+) (\S+) (\d+) (\d+)\r?$")
LEFT = re.compile(r"^XENOLITH: cycles\.(\S+?)=(.*?)\r?$")
SUCCESS = r"XENOLITH: verdict=PASS"
FAILURES = [r"XENOLITH: verdict=FAIL", r"Panic on CPU", r"Cannot boot", r"Kernel panic"]
WHAT = {"small": "a guest of 32 MiB that sleeps", "linux": "Debian's Linux, 128 MiB"}
SIDES = ("ours", "debian")


def parse(lines):
    """([(kind, operation, side, round, ns)], {what: what the cycles left})."""
    samples, left = [], {}
    for line in lines:
        found = SAMPLE.match(line)
        if found:
            kind, operation, side, turn, ns = found.groups()
            samples.append((kind, operation, side, int(turn), int(ns)))
        found = LEFT.match(line)
        if found:
            left[found[1]] = found[2]
    return samples, left


def summarize(samples):
    """[{kind, operation, side: {median, interval, n}, ratio}] in the order in which they came."""
    rows = {}
    for kind, operation, side, turn, ns in samples:
        if turn:
            rows.setdefault((kind, operation), {}).setdefault(side, []).append(ns)
    table = []
    for (kind, operation), by_side in rows.items():
        row = {"kind": kind, "operation": operation}
        for side, values in by_side.items():
            row[side] = {"median": statistics.median(values), "interval": figures.median_interval(values),
                         "n": len(values)}
        if all(side in row for side in SIDES):
            row["ratio"] = row["debian"]["median"] / row["ours"]["median"]
        table.append(row)
    return table


def cell(figure):
    """Milliseconds with their interval."""
    low, high = figure["interval"]
    return f"{figure['median'] / 1e6:.2f} ({low / 1e6:.2f}-{high / 1e6:.2f})"


def markdown(table, left):
    """The table people read."""
    lines = ["| guest | operation | ours, ms | Debian's, ms | Debian's / ours |",
             "|---|---|---:|---:|---:|"]
    for row in table:
        cells = [cell(row[side]) if side in row else "-" for side in SIDES]
        ratio = f"{row['ratio']:.1f}" if "ratio" in row else "-"
        lines.append(f"| {WHAT[row['kind']]} | {row['operation']} | {cells[0]} | {cells[1]} | {ratio} |")
    lines += ["", f"Left behind by {left.get('done', '?')} guests (after the tenth and after the last "
              f"one the same: {left.get('counts', '?')}; store as before the first: "
              f"{left.get('store', '?')}): " +
              ", ".join(f"{k} {v}" for k, v in left.items() if re.fullmatch(r"-?\d+", v) and k != "done")]
    return "\n".join(lines) + "\n"


def write_tsv(path, table):
    """The same for programs: one line a figure."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("guest\toperation\tours, ns\tDebian's, ns\tDebian's / ours\n")
        for row in table:
            cells = [f"{row[s]['median']:.0f}" if s in row else "" for s in SIDES]
            ratio = f"{row['ratio']:.4f}" if "ratio" in row else ""
            file.write("\t".join([row["kind"], row["operation"], *cells, ratio]) + "\n")


def machine(args):
    """dom0 with both toolstacks on two CPUs."""
    img = qemu.image_dir()
    daemons = "" if args.daemons == "ours" else f"xenolith.daemons={args.daemons}"
    line = ("console=hvc0 loglevel=6 xenolith.do=xl+toolstack+cycles+poweroff "
            f"xenolith.rounds={args.rounds + 1} xenolith.cycles={args.cycles} {daemons}").strip()
    if args.daemons != "ours":
        line = line.replace("+cycles", "")
    return qemu.Machine(
        kernel=os.path.join(args.build, "x86_64", "xenolith"), smp="2", mem="1G", icount=True,
        append="console=com1 loglvl=all scrub=off cpu-features=+itsc console_timestamps=raw "
               "dom0_mem=512M guest_console_rate=0",
        modules=[f"{img}/vmlinux-amd64 {line}", f"{img}/dom0-tools-initramfs.cpio.gz"])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", default=os.path.join(provenance.REPO, "build"), help="build directory")
    add("--out", help="folder for the results (default: BUILD/bench/toolstack)")
    add("--rounds", type=int, default=11, help="lives of each guest by each xl (%(default)s)")
    add("--cycles", type=int, default=100, help="guests whose traces are looked for (%(default)s)")
    add("--daemons", choices=("ours", "debian"), default="ours", help="xenstored and xenconsoled "
        "(%(default)s; with Debian's no traces are looked for)")
    add("--timeout", type=float, default=3600, help="seconds (%(default)s)")
    args = parser.parse_args()
    args.out = args.out or os.path.join(args.build, "bench", "toolstack")
    os.makedirs(args.out, exist_ok=True)
    mach = machine(args)
    images = [mach.kernel] + [m.split(" ", 1)[0] for m in mach.modules]
    facts = provenance.facts(images, qemu.find_qemu())
    started, log = time.time(), os.path.join(args.out, "serial.log")
    result = qemu.run(mach, SUCCESS, FAILURES, args.timeout, log)
    samples, left = parse(result.lines)
    table = summarize(samples)
    with open(os.path.join(args.out, "raw.csv"), "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("guest", "operation", "side", "round", "ns"), *samples])
    facts.update(started=started, ended=time.time(), argv=mach.argv(), daemons=args.daemons,
                 rounds=args.rounds, cycles=args.cycles, verdict=qemu.NAMES[result.code])
    with open(os.path.join(args.out, "toolstack.json"), "w", encoding="utf-8") as file:
        json.dump({**facts, "table": table, "left": left}, file, indent=1)
    write_tsv(os.path.join(args.out, "toolstack.tsv"), table)
    text = markdown(table, left)
    with open(os.path.join(args.out, "table.md"), "w", encoding="utf-8") as file:
        file.write(text)
    print(text)
    if result.code != qemu.SUCCESS:
        print(f"bench-toolstack: {qemu.NAMES[result.code]} after {result.seconds:.0f} s: "
              f"{result.line or result.errors.strip()[-300:]} (see {log})", file=sys.stderr)
        return 1
    print(f"{result.seconds:.0f} s; commit {facts['commit'][:12]}"
          f"{' with changes' if facts['dirty'] else ''}; written: {args.out}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FileNotFoundError as err:
        sys.exit(f"bench-toolstack: no such file: {err}; scripts/setup.sh and make x86_64 make what "
                 "is needed")
    except KeyboardInterrupt:
        sys.exit(130)
