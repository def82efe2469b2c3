#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzz the hypervisor's image from inside, with the exact clock (docs/fuzzing-system.md).

  search        random steps on Xenolith until an episode crashes it or loses memory; with --seconds,
                seed after seed
  replay        one episode again, every step printed
  triage        a failing episode made as short as it gets: what fails, where, the steps that it
                takes; --add WHAT makes a regression of it
  differential  the same steps on Xenolith and on Debian's Xen 4.17, compared one by one
  page          print docs/fuzzing-differences.md, which is made of accepted.toml
  coverage      what the steps reach (the environment x86_64-coverage), merged with the unit tests'

Exit status: 0 nothing found; 1 something found (a crash, a leak, a new difference); 2 the arguments
are wrong; 3 a run failed.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import re
import subprocess
import sys
import tempfile
import time

import coverage
import crash
import differences
import sides
import steps
import triage

from tracelib.errors import TraceError   # sides.py adds the folder  pylint: disable=import-error
from tracelib.qmp import Qmp             # pylint: disable=import-error

HERE = os.path.dirname(os.path.abspath(__file__))
ACCEPTED = os.path.join(HERE, "accepted.toml")
STEPS = 500
LOAD_PA = 0x200000    # asm/page.h, XEN_LOAD_PA
LAST_LINES = 30
REPORT_LINES = 150


class RunError(Exception):
    """A machine did not do what it had to."""


def log_path(args, name):
    """Where a console goes."""
    folder = os.path.join(args.build, "fuzz-system")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, name + ".log")


def read_log(path):
    """A console as a steps.Log."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return steps.read(line.rstrip("\r\n") for line in file)


def boot(args, name, machine, on_line=None, on_end=None):
    """Run a machine to its end; returns (qemu.Result, path of its log)."""
    path = log_path(args, name)
    return sides.qemu.run(machine, sides.SUCCESS, sides.PANIC, args.timeout, path, on_line,
                          on_end=on_end, report=sides.REPORT), path


def on_xenolith(args, stream, show, name="search", memory=True, append=""):
    """Run a stream on Xenolith; returns (result, log path, crash.Trace or None).

    @memory: read the child's log from the machine's memory if it dies; @append: more parameters.
    """
    found, succeeded = [], []

    def look(line):
        if re.search(sides.SUCCESS, line):
            succeeded.append(line)

    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        socket = os.path.join(folder, "qmp")

        def dump():
            if succeeded or not memory:
                return
            try:
                with Qmp(socket) as qmp:
                    qmp.pause()
                    found.append(crash.find(qmp.read(0, sides.MEMORY_MIB << 20)))
            except (TraceError, OSError) as err:
                print(f"fuzz: cannot read the machine's memory: {err}", file=sys.stderr)

        machine = sides.xenolith(args.build, args.env, stream, show, socket)
        machine.append += append
        result, path = boot(args, name, machine, look, dump)
    return result, path, found[0] if found else None


def command_of(args, seed, episode, count):
    """How to see an episode again."""
    return (f"fuzz/system/run.py replay --build {args.build} --env {args.env} --seed {seed} "
            f"--first {episode} --steps {count}")


def tell_crash(args, result, path, trace):
    """Everything known of a crash: the hypervisor's words, the last steps, how to repeat it."""
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line.rstrip() for line in file]
    start = next((i for i, line in enumerate(lines) if line == result.line.strip()), len(lines))
    if result.code == sides.qemu.TIMEOUT:
        print(f"CRASH no end within {args.timeout:.0f} s: a hang, or a host too busy (--timeout)")
    else:
        print(f"CRASH {sides.qemu.NAMES[result.code]}: {result.line or 'no word of the hypervisor'}")
    for line in lines[max(0, start - 2):start + REPORT_LINES]:
        print("  | " + line)
    if trace is None:
        print("the child's log is not in memory")
        return
    print(f"the last steps of episode {trace.episode}, seed {trace.seed}; the last was under way:")
    for line in trace.lines[-LAST_LINES:]:
        print("  | " + line)
    print(f"to repeat it: {command_of(args, trace.seed, trace.episode, args.steps)}")
    print("to make it short: the same with triage in place of replay")


def search_seed(args):
    """Look for crashes and leaks; a digest of all results says whether two searches were alike."""
    began = time.monotonic()
    result, path, trace = on_xenolith(args, stream_of(args), args.show)
    took = time.monotonic() - began
    log = read_log(path)
    if result.code != sides.qemu.SUCCESS:
        tell_crash(args, result, path, trace)
        print(f"FUZZ-SYSTEM crash after {took:.1f} s")
        return 1
    for episode, pages in log.leaks.items():
        print(f"LEAK {pages} pages in episode {episode}; to repeat it: "
              f"{command_of(args, args.seed, episode, args.steps)}")
    print(f"FUZZ-SYSTEM seed {args.seed}: {log.count} steps in {took:.1f} s, {len(log.ends)} episodes "
          f"ended early, {len(log.leaks)} leaks, digest {log.digest}", flush=True)
    return 1 if log.leaks else 0


def search(args):
    """Search with the seed, and with those after it while there is time."""
    end = time.monotonic() + args.seconds
    status = search_seed(args)
    while not status and time.monotonic() < end:
        args.seed += 1
        status = search_seed(args)
    return status


def replay(args):
    """One episode again, with every step."""
    args.show, args.episodes = True, 1
    status = search(args)
    with open(log_path(args, "search"), encoding="utf-8", errors="replace") as file:
        print("".join(line for line in file if line.startswith("F ")), end="")
    return status


def failure_of(args, only, name="triage"):
    """How an episode of only these steps fails: the hypervisor's words, "a leak", or ""."""
    stream = dataclasses.replace(stream_of(args), only=only and frozenset(only))
    result, path, _ = on_xenolith(args, stream, False, name, memory=False)
    if result.code != sides.qemu.SUCCESS:
        return triage.reason(result.line or sides.qemu.NAMES[result.code])
    return "a leak" if read_log(path).leaks else ""


def shorten(args):
    """An episode that fails, with ever fewer steps, then once more with a trace."""
    args.episodes = 1
    why = failure_of(args, args.only)
    if not why:
        print(f"TRIAGE episode {args.first} of seed {args.seed} alone finds nothing: what fails needs "
              "earlier episodes (--first, --episodes with search)")
        return 3
    print(f"fails: {why}", flush=True)
    only, runs = triage.reduce(sorted(args.only or range(args.steps)),
                               lambda some: failure_of(args, some) == why, args.tries)
    print(f"takes {len(only)} of its steps ({runs} runs)", flush=True)
    args.only = frozenset(only)
    # Rings for the last records before the end, which the hypervisor prints when it dies.
    result, path, trace = on_xenolith(args, stream_of(args), True, "triage",
                                      append=" trace=all tbuf_mode=wrap tbuf_size=16")
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = trace.lines if trace else [line.rstrip() for line in file]
    if result.code != sides.qemu.SUCCESS:
        tell_crash(args, result, path, trace)
    found = triage.Regression(args.add or why, args.seed, args.first, only, triage.words(lines, only))
    for number, words in zip(found.only, found.steps):
        print(f"  {args.first}.{number} {words}")
    print(f"to see it again: {command_of(args, args.seed, args.first, args.steps)} "
          f"--only {','.join(map(str, only))}")
    if args.add:
        triage.add(found)
        print(f"added to {triage.REGRESSIONS}")
    print(f"TRIAGE {len(only)} steps after {runs} runs: {why}")
    return 1


def on_xen(args, stream):
    """The steps as Xen carries them out; returns the path of the log."""
    result, path = boot(args, "xen", sides.xen(args.build, stream, True))
    if result.code != sides.qemu.SUCCESS:
        raise RunError(f"Xen: {sides.qemu.NAMES[result.code]}: {result.line} "
                       f"{result.errors.strip()[-200:]} (see {path})")
    return path


def on_both(args):
    """Run the steps on both at once; returns (the crash of Xenolith or None, both logs)."""
    stream = stream_of(args)
    if args.again:
        return None, log_path(args, "xenolith"), log_path(args, "xen")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        known = args.known and os.path.exists(args.known)
        xen = None if known else pool.submit(on_xen, args, stream)
        result, path, trace = on_xenolith(args, stream, True, "xenolith")
        theirs = args.known if known else xen.result()
    return (result, trace) if result.code != sides.qemu.SUCCESS else None, path, theirs


def differential(args):
    """The same steps on both; the differences that accepted.toml does not have."""
    rules = differences.load(ACCEPTED)
    args.episodes = -(-args.calls // args.steps)
    crashed, ours, xen = on_both(args)
    if crashed:
        tell_crash(args, crashed[0], ours, crashed[1])
        return 1
    found = differences.compare(read_log(ours), read_log(xen), rules)
    for line in differences.summary(found):
        print(line)
    print(f"FUZZ-DIFFERENTIAL {found.compared} calls compared: {found.same} alike, {found.accepted} "
          f"accepted differences, {len(found.new)} new; {found.uncounted} after a difference that "
          "changed the domain")
    return 1 if found.new else 0


def page(_):
    """The accepted differences, for people."""
    print(differences.page(ACCEPTED), end="")
    return 0


def counters(args):
    """Run the steps on the image with counters and write the .gcda files."""
    env = "x86_64-coverage"
    memory = []
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        socket = os.path.join(folder, "qmp")
        machine = sides.xenolith(args.build, env, stream_of(args), False, socket)
        machine.extra = [*machine.extra, "-no-shutdown"]    # memory outlives the machine's end

        def dump():
            with Qmp(socket) as qmp:
                qmp.pause()
                memory.append(qmp.read(0, sides.MEMORY_MIB << 20))

        result, path = boot(args, "coverage", machine, on_end=dump)
    if result.code != sides.qemu.SUCCESS or not memory:
        raise RunError(f"coverage: {sides.qemu.NAMES[result.code]}: {result.line} (see {path})")
    return coverage.write(os.path.join(args.build, env, "xenolith.elf64"), memory[0], LOAD_PA,
                          sides.REPO)


def cover(args):
    """Coverage of the steps alone, and with that of the unit tests (`make coverage`)."""
    count = counters(args)
    out = os.path.join(args.build, "fuzz-system", "coverage")
    os.makedirs(out, exist_ok=True)
    print(f"counters of {count} objects; the steps alone:", flush=True)
    subprocess.run(["sh", "xen/test/unit/coverage.sh", os.path.join(args.build, "x86_64-coverage"),
                    out], check=True, cwd=sides.REPO)
    units = os.path.join(args.build, "coverage", "xen.info")
    if not os.path.exists(units):
        print("not merged with the unit tests': `make coverage` was not run")
        return 0
    print("with the unit tests:", flush=True)
    both = os.path.join(out, "both.info")
    subprocess.run(["lcov", "--quiet", "--add-tracefile", os.path.join(out, "xen.info"),
                    "--add-tracefile", units, "--output-file", both], check=True)
    subprocess.run(["genhtml", "--quiet", "--prefix", sides.REPO, "--output-directory",
                    os.path.join(out, "both"), both], check=True)
    print(f"{coverage.tally(both)}; by file and function: {out}/both/index.html")
    return 0


def stream_of(args):
    """The steps that the arguments name."""
    return sides.Stream(args.seed, args.first, args.episodes, args.steps, args.only,
                        args.what == "differential")


def numbers(text):
    """3,17-20: the numbers of steps."""
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found)


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("search", "replay", "triage", "differential", "coverage", "page"))
    add = parser.add_argument
    add("--build", default=os.path.join(sides.REPO, "build"), help="build directory")
    add("--env", default="x86_64", help="environment of the image (default: %(default)s)")
    add("--seed", type=int, default=1)
    add("--first", type=int, default=0, metavar="N", help="the first episode")
    add("--episodes", type=int, default=20, metavar="N", help="how many (default: %(default)s)")
    add("--steps", type=int, default=STEPS, metavar="N",
        help="of an episode (default: %(default)s)")
    add("--only", type=numbers, metavar="N,N-N", help="pass over all other steps")
    add("--calls", type=int, default=2000, metavar="N",
        help="differential: how many steps in all (default: %(default)s)")
    add("--again", action="store_true",
        help="differential: compare the logs of the last run again")
    add("--known", metavar="LOG", help="differential: Xen's log of these steps, if it is there")
    add("--show", action="store_true", help="search: print every step to the log")
    add("--seconds", type=float, default=0, metavar="S",
        help="search: go on with the seeds after this one for so long")
    add("--tries", type=int, default=200, metavar="N", help="triage: runs at most")
    add("--add", metavar="WHAT", help="triage: add the steps to regressions.toml, with these words")
    add("--timeout", type=float, default=1200, metavar="S", help="a machine (default: %(default)s)")
    return parser.parse_args()


def main():
    """The command."""
    args = parse()
    try:
        return {"search": search, "replay": replay, "triage": shorten, "differential": differential,
                "coverage": cover, "page": page}[args.what](args)
    except (RunError, FileNotFoundError, TraceError, subprocess.CalledProcessError,
            coverage.CoverageError, differences.DifferenceError) as err:
        print(f"fuzz: {err}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
