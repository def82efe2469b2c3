#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plant known bugs in a copy of the tree: each way of fuzzing must find its own.

usage: control.py [--build BUILD] [--seconds S] [BUG...]

A bug counts as found within S seconds (default 60) of processor time, which hardly depends on the
host's load. Before, the same steps run without a bug, and must find nothing. The image is that of
x86_64-debug. The last line is `CONTROL total FOUND MISSED 0`.
"""
import argparse
import os
import resource
import subprocess
import sys

import sides

REPO = sides.REPO
MUTANTS = os.path.join(REPO, "scripts", "mutants")
sys.path.insert(0, MUTANTS)
import bug as bugs  # noqa: E402  pylint: disable=wrong-import-position,import-error
import tree         # noqa: E402  pylint: disable=wrong-import-position,import-error

ENV = "x86_64-debug"
ARGUMENTS = {"search": ["--episodes", "30"], "differential": ["--calls", "1000", "--steps", "250"]}
# Patches of scripts/mutants, and those of planted/, which are like them.
BUGS = {"domain/grant-map-put": "search", "domain/evtchn-virq-bound": "search",
        "name-anyone": "differential", "send-closed": "differential"}
FOUND = ("CRASH", "LEAK", "    ")      # how lines of run.py begin that say what was found


def search(build, how):
    """Run one way of fuzzing on an image; returns (what was found or "", processor seconds)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, os.path.join(REPO, "fuzz", "system", "run.py"), how, "--build", build,
               "--env", ENV, *ARGUMENTS[how]]
    if how == "differential":
        command += ["--known", os.path.join(build, "fuzz-system", "xen.log")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = [line for line in result.stdout.splitlines() if line.startswith(FOUND)]
    if result.returncode > 1 or bool(lines) != bool(result.returncode):
        sys.exit(f"control.py: {how} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return (lines[0].strip() if lines else "",
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def path_of(name):
    """The patch of a bug."""
    folder = MUTANTS if "/" in name else os.path.join(REPO, "fuzz", "system", "planted")
    return os.path.join(folder, name + ".patch")


def make(folder):
    """Build the image and the microguest of the copy."""
    subprocess.run(["make", "-s", "-C", folder, f"build/{ENV}/xenolith", "build/fuzz-system/fuzz.elf"],
                   check=True, stdout=subprocess.DEVNULL)


def try_bug(folder, bug, how, seconds):
    """Plant one bug, fuzz, remove it. True: it was found in time."""
    wrong = tree.plant(folder, bug)
    if wrong:
        sys.exit(f"control.py: {bug.name}: {wrong}")
    make(folder)
    found, took = search(os.path.join(folder, "build"), how)
    tree.restore(folder, bug)
    in_time = bool(found) and took <= seconds
    print(f"{'found ' if in_time else 'MISSED'} {took:5.1f} s  {bug.title}\n"
          f"    {how}: {found or 'nothing'}", flush=True)
    return in_time


def main():
    """The same steps without a bug, then each bug."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(REPO, "build"))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("names", metavar="BUG", nargs="*", help="some of: " + ", ".join(BUGS))
    args = parser.parse_args()
    unknown = set(args.names) - set(BUGS)
    if unknown:
        parser.error(f"no such bug: {', '.join(sorted(unknown))}")
    chosen = {name: how for name, how in BUGS.items() if not args.names or name in args.names}
    folder = os.path.join(os.path.abspath(args.build), "fuzz-control")
    tree.bring(folder, os.path.abspath(args.build), tree.sources())
    make(folder)
    failed = 0
    for how in sorted(set(chosen.values())):
        found, took = search(os.path.join(folder, "build"), how)
        failed += bool(found)
        print(f"{'FAILS ' if found else 'passes'} {took:5.1f} s  {how}, nothing planted"
              f"{': ' + found if found else ''}", flush=True)
    found = sum(try_bug(folder, bugs.read(path_of(name)), how, args.seconds)
                for name, how in chosen.items())
    print(f"CONTROL total {found} {len(chosen) - found + failed} 0")
    return 1 if found < len(chosen) or failed else 0


if __name__ == "__main__":
    sys.exit(main())
