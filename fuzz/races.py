#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plant races in a copy of the tree: each must be found by its seed, and come again under a debugger.

usage: races.py BUILD [--seconds S] [BUG...]

fuzz/hypercall searches with libFuzzer's seed 1, and what it finds is made short; unit tests try their
seeds. What was found is repeated twice with the same output, and under gdb up to the report. The
same is tried under rr, which needs performance counters that virtual machines seldom have. The last
line is `RACES total FOUND MISSED 0`.
"""
import argparse
import os
import re
import subprocess
import sys
import time

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MUTANTS = os.path.join(REPO, "scripts", "mutants")
sys.path.insert(0, MUTANTS)
import bug as bugs  # noqa: E402  pylint: disable=wrong-import-position,import-error
import tree         # noqa: E402  pylint: disable=wrong-import-position,import-error

TARGET = "build/fuzz/hypercall/target"
# A missing lock, a lost wake, a late flush: which program finds it.
BUGS = {"domain/evtchn-alloc-lock": TARGET, "domain/poll-race": "build/host-asan/unit/test-poll",
        "domain/grant-unmap-flush": "build/host-asan/unit/test-grant-flush"}
REASON = re.compile(r"Panic on CPU.*|ERROR: AddressSanitizer.*|runtime error:.*|ALARM.*")
# What differs between runs of one program: process numbers, and where libraries are.
ADDRESS = re.compile(r"==\d+==|0x[0-9a-f]{9,}")
STOPS = ["panic", "__sanitizer::Die"]
FRAMES = 8


def run(folder, command, seconds=600):
    """Run it there; returns (exit status, output)."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=seconds, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def reason(text):
    """The line that says what is wrong."""
    found = REASON.search(text)
    return found[0].strip() if found else ""


def search(folder, seconds):
    """Search with the target; returns (the command that repeats the failure or [], inputs tried)."""
    where = os.path.join(folder, "build", "races")
    subprocess.run(["rm", "-rf", where], check=True)
    os.makedirs(os.path.join(where, "corpus"))
    _, text = run(folder, [TARGET, "-seed=1", "-max_len=264", "-entropic=0", "-timeout=300",
                           f"-max_total_time={seconds:.0f}", "-artifact_prefix=build/races/",
                           "build/races/corpus", "fuzz/hypercall/seeds"], seconds + 300)
    found = [os.path.join(where, name) for name in os.listdir(where)
             if name.startswith("crash-")]
    runs = re.findall(r"^#(\d+)", text, re.M)
    if not found:
        return [], f"{runs[-1] if runs else 0} inputs"
    run(folder, [TARGET, "--minimise", found[0], found[0] + ".min"], 1200)
    short = found[0] + ".min" if os.path.exists(found[0] + ".min") else found[0]
    return [TARGET, "--replay", short], f"{runs[-1] if runs else 'the seeds and 0'} inputs"


def try_seeds(folder, program):
    """The same of a unit test, whose seeds are tried in turn."""
    _, text = run(folder, [program])
    seed = re.search(r"^(\w+_SEED)=(\d+)", text, re.M)
    return (["env", seed[0], program], f"{seed[2]} seeds") if seed else ([], "all seeds")


def under_gdb(folder, command):
    """The frames of the report, innermost first."""
    # Write faults are how the target notes which pages an input changes (fuzz/lib/undo.c).
    gdb = ["gdb", "-q", "-batch", "-ex", "set breakpoint pending on",
           "-ex", "handle SIGSEGV nostop noprint pass"]
    for stop in STOPS:
        gdb += ["-ex", f"break {stop}"]
    environment = command[:2] if command[0] == "env" else []
    gdb += ["-ex", "run", "-ex", f"bt {FRAMES}", "-ex", "kill", "--args", *command[len(environment):]]
    _, text = run(folder, environment + gdb)
    return [" ".join(line.split()) for line in text.splitlines() if re.match(r"#\d+ ", line)]


def under_rr(folder, command):
    """Record and replay under rr; returns what came of it."""
    environment = command[:2] if command[0] == "env" else []
    subprocess.run(["rm", "-rf", "build/races-rr"], cwd=folder, check=True)
    try:
        status, text = run(folder, [*environment, "rr", "record", "-o", "build/races-rr",
                                    *command[len(environment):]])
    except FileNotFoundError:
        return "not installed"
    if "perf_event_open" in text or "PerfCounters" in text:
        return "cannot run here: no performance counters"
    again, _ = run(folder, ["rr", "replay", "-a", "build/races-rr"])
    return f"recorded with status {status}, replayed with {again}"


def repeat(folder, bug, command, tried, took):
    """Repeat a failure and say all of it. True: the same each time, and gdb stopped there."""
    first, again = (ADDRESS.sub("", run(folder, command)[1]) for _ in range(2))
    frames = under_gdb(folder, command)
    print(f"found {bug.name}: {bug.title}\n  after {tried}, {took:.0f} s: {reason(first)}\n"
          f"  {' '.join(os.path.relpath(c, folder) if c.startswith('/') else c for c in command)}\n"
          f"  repeated twice: {'the same output' if first == again else 'ANOTHER OUTPUT'}")
    print("".join(f"  | {line}\n" for line in first.splitlines()
                  if re.match(r"seed |\s+\d+: | +d\dv\d: ", line)), end="")
    print("  under gdb:\n" + "".join(f"  | {frame}\n" for frame in frames), end="")
    print(f"  under rr: {under_rr(folder, command)}", flush=True)
    return first == again and bool(frames) and "panic" in frames[0] and bool(reason(first))


def try_bug(folder, bug, program, seconds):
    """Plant, find, repeat, remove. True: found, and the same each time."""
    wrong = tree.plant(folder, bug)
    if wrong:
        sys.exit(f"races.py: {bug.name}: {wrong}")
    try:
        subprocess.run(["make", "-s", "-C", folder, program], check=True, stdout=subprocess.DEVNULL)
        began = time.monotonic()
        command, tried = search(folder, seconds) if program == TARGET else try_seeds(folder, program)
        if command:
            return repeat(folder, bug, command, tried, time.monotonic() - began)
        print(f"MISSED {bug.name}: {bug.title}: nothing after {tried}", flush=True)
        return False
    finally:
        tree.restore(folder, bug)


def main():
    """Each race in turn."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("--seconds", type=float, default=300, help="of each search")
    parser.add_argument("names", metavar="BUG", nargs="*", help="of scripts/mutants: " + ", ".join(BUGS))
    args = parser.parse_intermixed_args()
    if set(args.names) - set(BUGS):
        parser.error(f"no such bug: {', '.join(sorted(set(args.names) - set(BUGS)))}")
    build = os.path.abspath(args.build)
    folder = os.path.join(build, "races")
    tree.bring(folder, build, tree.sources())
    found = [try_bug(folder, bugs.read(os.path.join(MUTANTS, name + ".patch")), BUGS[name],
                     args.seconds) for name in args.names or BUGS]
    print(f"RACES total {sum(found)} {len(found) - sum(found)} 0")
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main())
