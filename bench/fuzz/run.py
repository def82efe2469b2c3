#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How many inputs a second do the fuzz targets try, on one processor?

Each target searches from its committed seeds for --seconds of a clock, one after another, with
libFuzzer's seed 1 and an empty corpus in memory. A second is one of processor time (user and
system), libFuzzer's start and its own work included, so a host that has other work gives nearly the
same figures; caches that others use still cost some. The column `share` is the part of a processor
that the target got: below 1 the host was busy.

The table goes to the standard output and, as TSV, to BUILD/bench/fuzz.tsv.
"""
import argparse
import dataclasses
import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(REPO, "bench"))
import provenance  # pylint: disable=wrong-import-position

EXECUTED = re.compile(r"^stat::number_of_executed_units:\s*(\d+)$", re.M)
FIELDS = ["target", "inputs", "cpu_s", "share", "inputs_per_s"]


@dataclasses.dataclass
class Speed:
    """What one target did."""

    target: str
    inputs: int
    cpu: float
    wall: float

    def row(self):
        """The fields of the table."""
        return [self.target, str(self.inputs), f"{self.cpu:.1f}", f"{self.cpu / self.wall:.2f}",
                f"{self.inputs / self.cpu:.0f}"]


def executed(text):
    """The number of inputs that libFuzzer says it tried."""
    match = EXECUTED.search(text)
    if not match:
        raise ValueError("libFuzzer printed no statistics:\n" + text[-2000:])
    return int(match[1])


def targets():
    """Names of all targets."""
    folder = os.path.join(REPO, "fuzz")
    return sorted(n for n in os.listdir(folder)
                  if os.path.isfile(os.path.join(folder, n, "target.c")))


def command(build, target):
    """How make says that the target is run."""
    text = subprocess.run(["make", "--no-print-directory", "-s", f"fuzz-command-{target}",
                           f"BUILD={build}"], cwd=REPO, check=True, text=True,
                          capture_output=True).stdout
    return shlex.split(text)


def measure(build, target, seconds, scratch):
    """Let a target search; Speed, or None when it finds a failure."""
    corpus = os.path.join(scratch, target)
    os.mkdir(corpus)
    seeds = os.path.join("fuzz", target, "seeds")
    argv = command(build, target) + ["-seed=1", "-reload=0", f"-max_total_time={seconds}",
                                     "-print_final_stats=1",
                                     f"-artifact_prefix={build}/fuzz/{target}/", corpus,
                                     *([seeds] if os.path.isdir(os.path.join(REPO, seeds)) else [])]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(argv, cwd=REPO, check=False, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    if done.returncode:
        print(f"bench-fuzz: {target} has found a failure, so it has no figure:\n"
              f"{done.stdout[-3000:]}", file=sys.stderr)
        return None
    return Speed(target, executed(done.stdout),
                 after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def write(path, rows):
    """The table as TSV, with what names the run."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        for key, value in (("commit", provenance.commit()), ("cpu", provenance.host_cpu())):
            print(f"# {key}\t{value}", file=file)
        for row in [FIELDS, *rows]:
            print(*row, sep="\t", file=file)


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("targets", nargs="*", help="which (default: all)")
    add("--build", default=os.path.join(REPO, "build"), help="build directory")
    add("--seconds", type=int, default=20, metavar="S", help="for each target (default: 20)")
    args = parser.parse_args()
    unknown = set(args.targets) - set(targets())
    if unknown:
        parser.error(f"no such target: {' '.join(sorted(unknown))}; there are {' '.join(targets())}")
    if args.seconds < 1:
        parser.error("--seconds is at least 1")
    args.build = os.path.abspath(args.build)
    missing = [t for t in args.targets or targets()
               if not os.path.exists(os.path.join(args.build, "fuzz", t, "target"))]
    if missing:
        parser.error(f"not built in {args.build}: {' '.join(missing)}; `make bench-fuzz` builds them")
    rows, failed = [], False
    print("{:<12} {:>9} {:>7} {:>6} {:>12}".format(*FIELDS))
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as scratch:
        for target in args.targets or targets():
            speed = measure(args.build, target, args.seconds, scratch)
            failed |= speed is None
            if speed:
                rows.append(speed.row())
                print("{:<12} {:>9} {:>7} {:>6} {:>12}".format(*rows[-1]), flush=True)
    write(os.path.join(args.build, "bench", "fuzz.tsv"), rows)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
