#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the measuring microguest on Xenolith and beside it on Debian's Xen, and compare.

The same image runs on every side, in the same emulator, on the same machine. Two clocks:

  icount  (default) instructions, exact: each side runs twice (--repeat) and the table says whether
          both runs gave the same lines. It hides caches and parallel speed-up.
  wall    nanoseconds of this host: --pairs interleaved runs of all sides; medians, and for the
          ratios a 95 % confidence interval by bootstrap over the pairs.

Sides: Xenolith of --build; with --peer Debian's Xen 4.17; with --baseline IMAGE another build of
Xenolith. Ratios are Xenolith's figure divided by that side's. Sets are machines and groups of
benchmarks that fit together (--list); --bench takes single names (docs/benchmarks.md).

Results: a table on the screen; OUT/SET.tsv and OUT/SET.json, which has all that names the run, every
figure of every run; the serial logs.

Exit status: 0 measured; 1 a run failed or (icount) two runs differ; 2 the arguments are wrong.
"""
import argparse
import dataclasses
import json
import os
import sys
import time

import figures
import provenance

REPO = provenance.REPO
sys.path.insert(0, os.path.join(REPO, "scripts"))
import manifest  # noqa: E402  pylint: disable=wrong-import-position,import-error
import qemu  # noqa: E402  pylint: disable=wrong-import-position,import-error

# What both hypervisors can run on (docs/emulators.md).
CPU = "EPYC,-rdtscp,-monitor,-xsave,-avx,-avx2,-f16c,-fma"
EMULATORS = {"reference": "qemu-system-x86_64", "stable": "qemu-stable-system-x86_64"}
# Xen's PVH dom0 needs an IOMMU. In 10.0.2 it finds no timer interrupt with AMD's.
IOMMU = ["-device", "intel-iommu,intremap=on"]
FAILURES = [r"Panic on CPU", r"^Xen BUG", r"## bench: (error|failure)",
            r"Hardware Dom0 (crashed|halted)", r"Cannot boot"]
DONE = r"BENCH done"
COMMON = "loglvl=info console_timestamps=raw noreboot"
MEMORY_MIB, DOMAIN_MIB = 512, 128


@dataclasses.dataclass
class Set:
    """Benchmarks that one boot carries out, and the machine they want."""

    what: str
    bench: str
    cpus: int = 1
    vcpus: int = 1
    image: str = "bench"
    bare: bool = False      # on the machine itself, for what only that shows


SETS = {
    "up": Set("one vCPU on one CPU", "exits,events,timers,clocks,irqs"),
    "memory": Set("grants and memory, one vCPU on one CPU", "memory"),
    "smp": Set("two vCPUs on two CPUs", "event.other.busy,event.other.idle,ipi.other.busy,"
               "ipi.other.idle,sched.pingpong,sched.wake", cpus=2, vcpus=2),
    "ioreq": Set("a device model and its guest, a PC, on one CPU", "ioreq,hpet"),
    "trace": Set("what recording events costs", "trace"),
    "bare": Set("the machine without a hypervisor", "floor,clocks", image="bare", bare=True),
    "flat": Set("a 32-bit guest without paging, one vCPU on one CPU", "flat", image="flat"),
    "shared": Set("two vCPUs on one CPU", "sched.pingpong,sched.switch,sched.wake", vcpus=2),
}


@dataclasses.dataclass
class Side:
    """A hypervisor."""

    name: str
    kernel: str
    is_xen: bool = False

    def append(self, part, args):
        """Its command line."""
        if part.bare:
            return guest_words(part, args)
        if self.is_xen:
            words = ("console=com1 com1=115200,8n1 dom0=pvh bootscrub=0 "
                     f"dom0_mem={DOMAIN_MIB}M dom0_max_vcpus={part.vcpus} {args.xen}")
        else:
            words = f"console=com1 scrub=off guest_console_rate=0 {args.opts}"
            if args.domain == "dom0":
                words += f" dom0_mem={DOMAIN_MIB}M dom0_max_vcpus={part.vcpus}"
        return f"{COMMON} {words}".strip()


def guest_image(args, image="bench"):
    """The measuring microguest."""
    return os.path.join(args.build, "bench", f"{image}.elf")


def guest_words(part, args):
    """Its command line."""
    words = [f"bench={args.bench or part.bench}"]
    if args.rounds:
        words.append(f"rounds={args.rounds}")
    if args.mode == "icount":
        words.append("unit=instructions")
    return " ".join(words)


def modules(part, args, log):
    """The guest as dom0's kernel, or a manifest with it as a domain."""
    if part.bare:
        return []
    if args.domain == "dom0":
        return [f"{guest_image(args, part.image)} {guest_words(part, args)}"]
    guest = manifest.Domain(name="bench", kernel=guest_image(args, part.image),
                            cpus=part.vcpus, memory=f"{DOMAIN_MIB}M", bootargs=guest_words(part, args))
    return manifest.Manifest([guest]).write(log + ".dtb")


def machine_for(side, part, args, log):
    """The emulated machine, the same for every side but for the hypervisor."""
    extra = ["-serial", "null"]
    if args.peer:
        extra += IOMMU
    return qemu.Machine(kernel=side.kernel, append=side.append(part, args), cpu=CPU,
                        smp=str(part.cpus), mem=f"{MEMORY_MIB}M", icount=args.mode == "icount",
                        modules=modules(part, args, log), extra=extra,
                        qemu=qemu.find_qemu(EMULATORS[args.emulator]))


def run_once(side, part, args, log):
    """One boot; returns {command line, lines, figures, skips, seconds}, or raises RuntimeError."""
    machine = machine_for(side, part, args, log)
    result = qemu.run(machine, DONE, FAILURES, args.timeout, log)
    if result.code != qemu.SUCCESS:
        raise RuntimeError(f"{side.name}: {qemu.NAMES[result.code]} after {result.seconds:.0f} s: "
                           f"{result.line or result.errors.strip()[-300:]} (see {log})")
    got, skips = figures.parse(result.lines)
    return {"side": side.name, "argv": machine.argv(), "seconds": round(result.seconds, 1),
            "log": os.path.relpath(log, args.out), "figures": got, "skips": skips}


def sides_of(part, args):
    """Who is compared; the first is Xenolith of this build."""
    if part.bare:
        return [Side("bare", guest_image(args, part.image))]
    sides = [Side("Xenolith", os.path.join(args.build, "x86_64", "xenolith"))]
    if args.baseline:
        sides.append(Side("baseline", args.baseline))
    if args.peer:
        sides.append(Side("Xen 4.17", os.path.join(qemu.image_dir(), "xen-4.17"), True))
    return sides


def measure(name, part, args):
    """All runs of a set, interleaved by side."""
    runs = []
    rounds = args.repeat if args.mode == "icount" else args.pairs
    for turn in range(rounds):
        # Every other turn backwards, so that none is always measured on a warmer host.
        for side in sides_of(part, args)[::-1 if turn % 2 else 1]:
            log = os.path.join(args.out, f"{name}-{side.name.replace(' ', '-').lower()}-{turn}.log")
            run = run_once(side, part, args, log)
            run["turn"] = turn
            print(f"bench: {name}: {side.name}, run {turn + 1} of {rounds}: "
                  f"{len(run['figures'])} figures in {run['seconds']} s", file=sys.stderr)
            runs.append(run)
    return runs


def run_set(name, part, args):
    """Measure, print, write; True when every side repeated itself (or the clock is the host's)."""
    started = time.time()
    images = [s.kernel for s in sides_of(part, args)] + [guest_image(args, part.image)]
    facts = provenance.facts(images, qemu.find_qemu(EMULATORS[args.emulator]))
    runs = measure(name, part, args)
    if provenance.digests(images) != facts["images"]:
        raise RuntimeError(f"{name}: an image changed while it was measured; run it again")
    names = [s.name for s in sides_of(part, args)]
    rows = figures.compare(runs, names, args.mode)
    facts.update(set=name, what=part.what, mode=args.mode, domain=args.domain, started=started,
                 ended=time.time(), arguments=sys.argv[1:])
    base = os.path.join(args.out, name)
    with open(base + ".json", "w", encoding="utf-8") as file:
        json.dump({**facts, "table": rows, "runs": runs}, file, indent=1)
    figures.write_tsv(base + ".tsv", rows, names)
    print(f"\n{part.what}; {facts['emulator']}; commit {facts['commit'][:12]}"
          f"{' with changes' if facts['dirty'] else ''}; {args.mode}; as {args.domain}")
    figures.print_table(rows, names, args.mode)
    for side, name, why in sorted({(r["side"], n, w) for r in runs
                                   for n, w in r["skips"].items()}):
        print(f"not measured on {side}: {name}: {why}")
    print(f"written: {base}.tsv {base}.json")
    differing = [f"{row['metric']} ({side})" for row in rows for side in names
                 if row["sides"].get(side, {}).get("repeats") is False]
    if differing and args.mode == "icount":
        print(f"bench: runs differ in: {', '.join(differing)}", file=sys.stderr)
    return not differing or args.mode == "wall"


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", default=os.path.join(REPO, "build"), help="build directory")
    add("--out", help="folder for the results (default: BUILD/bench)")
    add("--set", action="append", choices=sorted(SETS), help="which (default: all); may repeat")
    add("--bench", help="these benchmarks or groups instead of the set's, with commas")
    add("--rounds", type=int, default=0, help="turns of each benchmark (default: its own)")
    add("--peer", action="store_true", help="also on Debian's Xen 4.17")
    add("--baseline", metavar="IMAGE", help="also on that build of Xenolith")
    add("--domain", choices=("dom0", "manifest"), default="dom0",
        help="as the first domain, or as an unprivileged one (Xenolith only)")
    add("--mode", choices=("icount", "wall"), default="icount")
    add("--repeat", type=int, default=2, help="runs a side under icount (default: %(default)s)")
    add("--pairs", type=int, default=10, help="runs a side in wall mode (default: %(default)s)")
    add("--emulator", choices=sorted(EMULATORS), default="reference", help="which QEMU "
        "(default: %(default)s)")
    add("--opts", default="", help="more words for Xenolith's command line")
    add("--xen", default="", help="more words for Xen's command line")
    add("--timeout", type=float, default=300, help="seconds a run (default: %(default)s)")
    add("--list", action="store_true", help="list the sets and stop")
    args = parser.parse_args()
    if args.peer and args.domain != "dom0":
        parser.error("Xen starts no domain from a manifest: leave out --peer or --domain manifest")
    args.out = args.out or os.path.join(args.build, "bench")
    return args


def main():
    """The command."""
    args = parse()
    if args.list:
        for name, part in SETS.items():
            print(f"{name:10} {part.what}")
        return 0
    os.makedirs(args.out, exist_ok=True)
    same = True
    try:
        for name in args.set or SETS:
            same &= run_set(name, SETS[name], args)
    except FileNotFoundError as err:
        print(f"bench: no such file: {err}; make bench-guests x86_64 and scripts/setup.sh make "
              "what is needed", file=sys.stderr)
        return 1
    except (RuntimeError, figures.FigureError) as err:
        print(f"bench: {err}", file=sys.stderr)
        return 1
    return 0 if same else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
