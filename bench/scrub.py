#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scrubbing at boot: instructions for 4 KiB, and how evenly CPUs share the work.

Boots Xenolith under -icount with N CPUs (--cpus), chunk sizes (--chunk) and NUMA nodes (--nodes), and
reads what it says of its scrubbing. With --peer the same machine boots Debian's Xen, which tells no
shares: for it the time from its line on scrubbing to the one after its end is divided by all the
machine's memory, which favours it.

The clock is shared by all CPUs, so instructions are those of all of them together, waiting included;
no speed-up is to be read from them. Balance is the ideal share divided by the largest share.

Figures go to the screen and to OUT/scrub.tsv, OUT/scrub.json. Exit status: 0 measured, 1 a run failed.
"""
import argparse
import json
import os
import re
import sys
import time

import provenance
import run

sys.path.insert(0, os.path.join(run.REPO, "scripts"))
import qemu  # noqa: E402  pylint: disable=wrong-import-position,import-error

DONE = re.compile(r"Scrubbed (\d+) pages on (\d+) CPUs in (\d+) ns, chunks of (\d+) pages")
SHARES = re.compile(r"Scrub shares: min (\d+) max (\d+) pages a CPU, balance ([\d.]+)")
STAMP = re.compile(r"^\(XEN\) \[([0-9a-f]{16})\] (.*)")
XEN_START = "Scrubbing Free RAM"
PAGE = 4096
COLUMNS = ("hypervisor", "cpus", "nodes", "memory MiB", "chunk pages", "pages",
           "instructions a page", "bytes an instruction", "largest share", "balance")


def megabytes(text):
    """A size such as 2G in MiB."""
    found = re.fullmatch(r"(\d+)([MG])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 512M or 2G")
    return int(found.group(1)) * (1024 if found.group(2) == "G" else 1)


def machine_for(kernel, append, cpus, nodes, args):
    """One whose memory is split evenly among the nodes."""
    extra = list(run.IOMMU) if args.peer else []
    for node in range(nodes):
        extra += ["-object", f"memory-backend-ram,id=m{node},size={args.memory // nodes}M",
                  "-numa", f"node,nodeid={node},memdev=m{node},"
                  f"cpus={cpus * node // nodes}-{cpus * (node + 1) // nodes - 1}"]
    return qemu.Machine(kernel=kernel, append=append, cpu=run.CPU, smp=str(cpus),
                        mem=f"{args.memory}M", icount=True, extra=extra,
                        modules=[f"{run.guest_image(args)} bench=exit.cpuid rounds=16"],
                        qemu=qemu.find_qemu(run.EMULATORS[args.emulator]))


def boot(machine, success, args, log):
    """The console's lines up to the one that matches; raises RuntimeError."""
    result = qemu.run(machine, success, run.FAILURES, args.timeout, log)
    if result.code != qemu.SUCCESS:
        raise RuntimeError(f"{qemu.NAMES[result.code]}: {result.line} (see {log})")
    return result.lines


def row(name, cpus, nodes, args, pages, ticks, **more):
    """One line of the table."""
    return {"hypervisor": name, "cpus": cpus, "nodes": nodes, "memory MiB": args.memory,
            "pages": pages, "instructions a page": round(ticks / pages, 1),
            "bytes an instruction": round(pages * PAGE / ticks, 2), **more}


def xenolith(cpus, nodes, chunk, args):
    """One boot of ours."""
    words = f"bootscrub_chunk={chunk}" if chunk else ""
    machine = machine_for(os.path.join(args.build, "x86_64", "xenolith"),
                          f"console=com1 loglvl=info console_timestamps=raw scrub=boot {words}",
                          cpus, nodes, args)
    log = os.path.join(args.out, f"scrub-{cpus}-{nodes}-{chunk or 'default'}.log")
    text = "\n".join(boot(machine, SHARES.pattern, args, log))
    pages, said, ticks, size = map(int, DONE.search(text).groups())
    _, most, balance = SHARES.search(text).groups()
    if said != cpus:
        raise RuntimeError(f"{said} of {cpus} CPUs came up (see {log})")
    return row("Xenolith", cpus, nodes, args, pages, ticks, **{
        "chunk pages": size, "largest share": int(most), "balance": float(balance)})


def xen_ticks(lines):
    """From Xen's first line on scrubbing to the one after its last: a line is stamped as it begins."""
    stamps = [(int(m.group(1), 16), m.group(2)) for m in map(STAMP.match, lines) if m]
    start = next((i for i, (_, text) in enumerate(stamps) if XEN_START in text), None)
    for i in range(start or 0, len(stamps) - 1):
        if start is not None and stamps[i][1].endswith("done."):
            return stamps[i + 1][0] - stamps[start][0]
    return None


def xen(cpus, nodes, args):
    """One boot of the peer."""
    machine = machine_for(os.path.join(qemu.image_dir(), "xen-4.17"),
                          "console=com1 com1=115200,8n1 loglvl=info console_timestamps=raw dom0=pvh "
                          "dom0_mem=64M bootscrub=1", cpus, nodes, args)
    log = os.path.join(args.out, f"scrub-{cpus}-{nodes}-xen.log")
    ticks = xen_ticks(boot(machine, run.DONE, args, log))
    if not ticks:
        raise RuntimeError(f"Xen says nothing of scrubbing (see {log})")
    return row("Xen 4.17", cpus, nodes, args, args.memory * 256, ticks)


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", default=os.path.join(run.REPO, "build"), help="build directory")
    add("--out", help="folder for the results (default: BUILD/bench)")
    add("--cpus", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64], metavar="N")
    add("--nodes", type=int, nargs="+", default=[0], metavar="N",
        help="NUMA nodes (default: none described)")
    add("--chunk", nargs="+", default=[""], metavar="SIZE",
        help="largest pieces, as for bootscrub_chunk= (default: the hypervisor's)")
    add("--memory", type=megabytes, default=megabytes("1G"), metavar="SIZE", help="default: 1G")
    add("--peer", action="store_true", help="also Debian's Xen 4.17, without chunk sizes")
    add("--emulator", choices=sorted(run.EMULATORS), default="reference")
    add("--timeout", type=float, default=300, help="seconds a run (default: %(default)s)")
    args = parser.parse_args()
    args.out = args.out or os.path.join(args.build, "bench")
    return args


def cells(entry):
    """A row's cells as text."""
    return [str(entry.get(c, "-")) for c in COLUMNS]


def main():
    """The command."""
    args = parse()
    os.makedirs(args.out, exist_ok=True)
    rows, failed, started = [], [], time.time()
    print("  ".join(COLUMNS), flush=True)
    todo = [(xenolith, (n, k, c, args)) for n in args.cpus for k in args.nodes if k <= n
            for c in args.chunk]
    if args.peer:
        todo += [(xen, (n, k, args)) for n in args.cpus for k in args.nodes if k <= n]
    for measure, what in todo:
        try:
            rows.append(measure(*what))
        except (RuntimeError, FileNotFoundError) as err:
            failed.append(str(err))
            print(f"scrub: {measure.__name__} {what[:-1]}: {err}", file=sys.stderr)
            continue
        print("  ".join(f"{c:>{len(h)}}" for c, h in zip(cells(rows[-1]), COLUMNS)), flush=True)
    base = os.path.join(args.out, "scrub")
    with open(base + ".tsv", "w", encoding="utf-8") as file:
        file.writelines("\t".join(line) + "\n" for line in [COLUMNS, *map(cells, rows)])
    images = [os.path.join(args.build, "x86_64", "xenolith"), run.guest_image(args)]
    facts = provenance.facts(images, qemu.find_qemu(run.EMULATORS[args.emulator]))
    with open(base + ".json", "w", encoding="utf-8") as file:
        json.dump({**facts, "started": started, "ended": time.time(), "arguments": sys.argv[1:],
                   "table": rows, "failed": failed}, file, indent=1)
    print(f"written: {base}.tsv {base}.json")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
